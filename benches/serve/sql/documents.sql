SELECT "f"."code" AS "c0", 0 AS "c1", "f"."removed" AS "c2", "f"."file" AS "c3", "f"."title" AS "c4", "f"."usage" AS "c5", "f"."position" AS "c6", "f"."language" AS "c7"
FROM "document" AS "f"
WHERE ("f"."entity" = 'article')
AND "f"."code" IN (SELECT value FROM json_each(?1))
ORDER BY "f"."usage", "f"."position", "f"."file"
