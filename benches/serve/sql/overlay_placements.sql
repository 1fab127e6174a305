SELECT "p"."article_code" AS "c0", 0 AS "c1", "p"."removed" AS "c2", "p"."department_code" AS "c3", "p"."is_main" AS "c4", "p"."position" AS "c5"
FROM "article_department" AS "p"
WHERE "p"."article_code" IN (SELECT value FROM json_each(?1))
ORDER BY "p"."position", "p"."department_code"
