SELECT "a"."AR_Ref" AS "c0", 0 AS "c1", FALSE AS "c2", SUBSTR(CAST(COALESCE(NULLIF("a"."CL_No4", 0), NULLIF("a"."CL_No3", 0), NULLIF("a"."CL_No2", 0), "a"."CL_No1") AS TEXT), 1, 11) AS "c3", 1 AS "c4", NULL AS "c5"
FROM "F_ARTICLE" AS "a"
WHERE ((COALESCE("a"."CL_No1", 0) <> 0) OR (COALESCE("a"."CL_No2", 0) <> 0) OR (COALESCE("a"."CL_No3", 0) <> 0) OR (COALESCE("a"."CL_No4", 0) <> 0))
AND "a"."AR_Ref" IN (SELECT value FROM json_each(?1))
