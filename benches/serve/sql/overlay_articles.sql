SELECT 0 AS "c0", "a"."code" AS "c1", NULL AS "c2", "a"."updated_at" AS "c3", "a"."title" AS "c4", "a"."subtitle" AS "c5", "a"."summary" AS "c6", "a"."slug" AS "c7", "a"."brand" AS "c8", "a"."unit" AS "c9", "a"."weight_kg" AS "c10", "a"."published" AS "c11"
FROM "article" AS "a"
WHERE "a"."code" IN (SELECT value FROM json_each(?1))
