SELECT 0 AS "c0", "c"."CL_No" AS "c1", NULL AS "c2", "c"."CL_Intitule" AS "c3", SUBSTR(CAST(NULLIF("c"."CL_NoParent", 0) AS TEXT), 1, 11) AS "c4"
FROM "F_CATALOGUE" AS "c"
WHERE ("c"."CL_No" IS NOT NULL)
