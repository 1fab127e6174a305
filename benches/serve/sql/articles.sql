SELECT 0 AS "c0", "a"."AR_Ref" AS "c1", NULL AS "c2", (COALESCE("a"."AR_Publie", 0) = 1) AS "c3", ((COALESCE("a"."AR_Sommeil", 0) = 1) OR (COALESCE(NULL, 0) = 1)) AS "c4", "a"."cbModification" AS "c5", "a"."AR_Design" AS "c6", "a"."FA_CodeFamille" AS "c7", "u"."U_Intitule" AS "c8", ROUND((CASE "a"."AR_UnitePoids" WHEN 0 THEN 1000 WHEN 1 THEN 100 WHEN 2 THEN 1 WHEN 3 THEN 0.001 WHEN 4 THEN 0.000001 END * "a"."AR_PoidsNet"), 9) AS "c9", CASE WHEN (COALESCE("t"."TA_TTaux", 0) = ?1) THEN "t"."TA_Taux" END AS "c10"
FROM "F_ARTICLE" AS "a"
LEFT JOIN "P_UNITE" AS "u" ON ("u"."cbIndice" = "a"."AR_UniteVen")
LEFT JOIN "F_ARTCOMPTA" AS "ac" ON (("ac"."AR_Ref" = "a"."AR_Ref") AND ("ac"."ACP_Type" = 0) AND ("ac"."ACP_Champ" = ?2) AND ("ac"."ACP_TypeFacture" = 0))
LEFT JOIN "F_FAMCOMPTA" AS "fc" ON (("fc"."FA_CodeFamille" = "a"."FA_CodeFamille") AND ("fc"."FCP_Type" = 0) AND ("fc"."FCP_Champ" = ?2) AND ("fc"."FCP_TypeFacture" = 0))
LEFT JOIN "F_TAXE" AS "t" ON ("t"."TA_Code" = COALESCE(COALESCE(CASE WHEN (DATE("ac"."ACP_ComptaCPT_Date1") > ?3) THEN NULLIF(RTRIM("ac"."ACP_ComptaCPT_TaxeAnc1"), '') END, NULLIF(RTRIM("ac"."ACP_ComptaCPT_Taxe1"), '')), COALESCE(CASE WHEN (DATE("fc"."FCP_ComptaCPT_Date1") > ?3) THEN NULLIF(RTRIM("fc"."FCP_ComptaCPT_TaxeAnc1"), '') END, NULLIF(RTRIM("fc"."FCP_ComptaCPT_Taxe1"), ''))))
WHERE (RTRIM("a"."AR_Ref") <> '') AND (COALESCE("a"."AR_Publie", 0) = 1) AND (NOT ((COALESCE("a"."AR_Sommeil", 0) = 1) OR (COALESCE(NULL, 0) = 1)))
ORDER BY "a"."AR_Ref" COLLATE BINARY LIMIT ?4
