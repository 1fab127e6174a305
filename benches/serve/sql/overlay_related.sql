SELECT 0 AS "c0", "a"."code" AS "c1", NULL AS "c2", "a"."title" AS "c3", "a"."slug" AS "c4", "a"."published" AS "c5"
FROM "article" AS "a"
WHERE "a"."code" IN (SELECT value FROM json_each(?1))
