SELECT "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"
FROM (SELECT "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"
FROM (SELECT "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"
FROM (SELECT 0 AS "c0", "a"."AR_Ref" AS "c1", NULL AS "c2", NULL AS "c3", NULL AS "c4", "a"."AR_Ref" AS "c5", (COALESCE("a"."AR_Publie", 0) = 1) AS "c6", ((COALESCE("a"."AR_Sommeil", 0) = 1) OR (COALESCE(NULL, 0) = 1)) AS "c7", "a"."AR_CodeBarre" AS "c8", ROW_NUMBER() OVER (PARTITION BY "a"."AR_Ref"
ORDER BY "a"."AR_Ref" COLLATE BINARY) AS "n"
FROM "F_ARTICLE" AS "a"
WHERE ((COALESCE("a"."AR_Gamme1", 0) = 0) AND (COALESCE("a"."AR_Condition", 0) = 0)) AND (RTRIM("a"."AR_Ref") <> '') AND (COALESCE("a"."AR_Publie", 0) = 1) AND (NOT ((COALESCE("a"."AR_Sommeil", 0) = 1) OR (COALESCE(NULL, 0) = 1))) AND "a"."AR_Ref" IN (SELECT value
FROM json_each(?1))) AS "w"
WHERE "n" <= ?2) AS "u0"
UNION ALL SELECT "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"
FROM (SELECT "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"
FROM (SELECT 1 AS "c0", "e"."AR_Ref" AS "c1", "e"."AG_No1" AS "c2", COALESCE("e"."AG_No2", 0) AS "c3", "e"."AE_Ref" AS "c4", "e"."AR_Ref" AS "c5", (COALESCE("a"."AR_Publie", 0) = 1) AS "c6", ((COALESCE("e"."AE_Sommeil", 0) = 1) OR (COALESCE("a"."AR_Sommeil", 0) = 1) OR (COALESCE(NULL, 0) = 1)) AS "c7", "e"."AE_CodeBarre" AS "c8", ROW_NUMBER() OVER (PARTITION BY "e"."AR_Ref"
ORDER BY "e"."AR_Ref" COLLATE BINARY, "e"."AG_No1", COALESCE("e"."AG_No2", 0)) AS "n"
FROM "F_ARTENUMREF" AS "e"
LEFT JOIN "F_ARTICLE" AS "a" ON ("a"."AR_Ref" = "e"."AR_Ref")
WHERE (COALESCE("a"."AR_Gamme1", 0) <> 0) AND (RTRIM("e"."AR_Ref") <> '') AND (COALESCE("a"."AR_Publie", 0) = 1) AND (NOT ((COALESCE("e"."AE_Sommeil", 0) = 1) OR (COALESCE("a"."AR_Sommeil", 0) = 1) OR (COALESCE(NULL, 0) = 1))) AND "e"."AR_Ref" IN (SELECT value
FROM json_each(?1))) AS "w"
WHERE "n" <= ?2) AS "u1"
UNION ALL SELECT "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"
FROM (SELECT "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"
FROM (SELECT 2 AS "c0", "p"."AR_Ref" AS "c1", "p"."CO_No" AS "c2", NULL AS "c3", "p"."CO_Ref" AS "c4", "p"."AR_Ref" AS "c5", (COALESCE("a"."AR_Publie", 0) = 1) AS "c6", ((COALESCE("a"."AR_Sommeil", 0) = 1) OR (COALESCE(NULL, 0) = 1)) AS "c7", "p"."CO_CodeBarre" AS "c8", ROW_NUMBER() OVER (PARTITION BY "p"."AR_Ref"
ORDER BY "p"."AR_Ref" COLLATE BINARY, "p"."CO_No") AS "n"
FROM "F_CONDITION" AS "p"
LEFT JOIN "F_ARTICLE" AS "a" ON ("a"."AR_Ref" = "p"."AR_Ref")
WHERE ((COALESCE("a"."AR_Gamme1", 0) = 0) AND (COALESCE("a"."AR_Condition", 0) <> 0)) AND (RTRIM("p"."AR_Ref") <> '') AND (COALESCE("a"."AR_Publie", 0) = 1) AND (NOT ((COALESCE("a"."AR_Sommeil", 0) = 1) OR (COALESCE(NULL, 0) = 1))) AND "p"."AR_Ref" IN (SELECT value
FROM json_each(?1))) AS "w"
WHERE "n" <= ?2) AS "u2") AS "u"
ORDER BY "c0", "c1" COLLATE BINARY, "c2", "c3"
