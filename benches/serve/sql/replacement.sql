SELECT "a"."AR_Ref" AS "c0", 0 AS "c1", FALSE AS "c2", "a"."AR_Substitut" AS "c3", 'replacement' AS "c4", 1 AS "c5"
FROM "F_ARTICLE" AS "a"
WHERE (("a"."AR_Substitut" IS NOT NULL) AND (RTRIM("a"."AR_Substitut") <> ''))
AND "a"."AR_Ref" IN (SELECT value FROM json_each(?1))
