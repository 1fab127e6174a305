SELECT "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"
FROM (SELECT "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"
FROM (SELECT "a"."AR_Ref" AS "c0", 0 AS "c1", FALSE AS "c2", "a"."AR_Photo" AS "c3", NULL AS "c4", 'principal' AS "c5", 1 AS "c6", NULL AS "c7", NULL AS "c8"
FROM "F_ARTICLE" AS "a"
WHERE (("a"."AR_Photo" IS NOT NULL) AND (RTRIM("a"."AR_Photo") <> ''))
AND "a"."AR_Ref" IN (SELECT value FROM json_each(?1))) AS "u0"
UNION ALL SELECT "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"
FROM (SELECT "m"."AR_Ref" AS "c0", 1 AS "c1", FALSE AS "c2", "m"."ME_Fichier" AS "c3", "m"."ME_Commentaire" AS "c4", 'gallery' AS "c5", NULL AS "c6", NULL AS "c7", "m"."cbMarq" AS "c8"
FROM "F_ARTICLEMEDIA" AS "m"
WHERE (("m"."ME_Fichier" IS NOT NULL) AND (RTRIM("m"."ME_Fichier") <> ''))
AND "m"."AR_Ref" IN (SELECT value FROM json_each(?1))) AS "u1") AS "u"
ORDER BY "c1", "c8"
