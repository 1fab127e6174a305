SELECT 0 AS "c0", "r"."code" AS "c1", NULL AS "c2", "r"."erp_key" AS "c3", "r"."article_code" AS "c4", "r"."title" AS "c5", "r"."barcode" AS "c6", "r"."option1_value" AS "c7", "r"."option1_name" AS "c8", "r"."option2_value" AS "c9", "r"."option2_name" AS "c10", "r"."weight_kg" AS "c11", "r"."published" AS "c12"
FROM "reference" AS "r"
WHERE ("r"."code" IN (SELECT value FROM json_each(?1)) OR "r"."erp_key" IN (SELECT value FROM json_each(?2)))
