SELECT 0 AS "c0", "a"."code" AS "c1", NULL AS "c2", "a"."updated_at" AS "c3", "a"."title" AS "c4", "a"."subtitle" AS "c5", "a"."description" AS "c6", "a"."summary" AS "c7", "a"."slug" AS "c8", "a"."brand" AS "c9", "a"."unit" AS "c10", "a"."weight_kg" AS "c11", "a"."published" AS "c12", "a"."seo_title" AS "c13", "a"."seo_description" AS "c14", "a"."seo_keywords" AS "c15"
FROM "article" AS "a"
WHERE "a"."code" IN (SELECT value FROM json_each(?1))
