SELECT 0 AS "c0", "a"."AR_Ref" AS "c1", NULL AS "c2", (COALESCE("a"."AR_Publie", 0) = 1) AS "c3", ((COALESCE("a"."AR_Sommeil", 0) = 1) OR (COALESCE(NULL, 0) = 1)) AS "c4", "a"."AR_Design" AS "c5"
FROM "F_ARTICLE" AS "a"
WHERE "a"."AR_Ref" IN (SELECT value
FROM json_each(?1))
