SELECT "r"."article_code" AS "c0", 0 AS "c1", "r"."removed" AS "c2", "r"."related_code" AS "c3", "r"."kind" AS "c4", "r"."position" AS "c5"
FROM "article_relation" AS "r"
WHERE "r"."article_code" IN (SELECT value FROM json_each(?1))
ORDER BY "r"."kind", "r"."position", "r"."related_code"
