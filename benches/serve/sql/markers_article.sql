SELECT "m"."code" AS "c0", "m"."field" AS "c1", "m"."language" AS "c2"
FROM "marker" AS "m"
WHERE ("m"."entity" = 'article')
AND "m"."code" IN (SELECT value FROM json_each(?1))
AND "m"."field" IN (SELECT value FROM json_each(?2))
