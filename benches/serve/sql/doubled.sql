SELECT "c0", "c1", "c2", "c3", "c4"
FROM (SELECT 0 AS "c0", "a"."AR_Ref" AS "c1", NULL AS "c2", NULL AS "c3", NULL AS "c4"
FROM "F_ARTICLE" AS "a"
WHERE ((COALESCE("a"."AR_Gamme1", 0) = 0) AND (COALESCE("a"."AR_Condition", 0) = 0)) AND "a"."AR_Ref" IN (SELECT value FROM json_each(?1))) AS "u0"
UNION ALL SELECT "c0", "c1", "c2", "c3", "c4"
FROM (SELECT 1 AS "c0", "e"."AR_Ref" AS "c1", "e"."AG_No1" AS "c2", COALESCE("e"."AG_No2", 0) AS "c3", "e"."AE_Ref" AS "c4"
FROM "F_ARTENUMREF" AS "e"
LEFT JOIN "F_ARTICLE" AS "a" ON ("a"."AR_Ref" = "e"."AR_Ref")
WHERE (COALESCE("a"."AR_Gamme1", 0) <> 0) AND "e"."AE_Ref" IN (SELECT value FROM json_each(?2))) AS "u1"
UNION ALL SELECT "c0", "c1", "c2", "c3", "c4"
FROM (SELECT 2 AS "c0", "p"."AR_Ref" AS "c1", "p"."CO_No" AS "c2", NULL AS "c3", "p"."CO_Ref" AS "c4"
FROM "F_CONDITION" AS "p"
LEFT JOIN "F_ARTICLE" AS "a" ON ("a"."AR_Ref" = "p"."AR_Ref")
WHERE ((COALESCE("a"."AR_Gamme1", 0) = 0) AND (COALESCE("a"."AR_Condition", 0) <> 0)) AND "p"."CO_Ref" IN (SELECT value FROM json_each(?2))) AS "u2"
