SELECT 0 AS "c0", "d"."code" AS "c1", NULL AS "c2", "d"."title" AS "c3", "d"."slug" AS "c4", "d"."parent_code" AS "c5", "d"."position" AS "c6", "d"."published" AS "c7"
FROM "department" AS "d"
WHERE (RTRIM("d"."code") <> '')
