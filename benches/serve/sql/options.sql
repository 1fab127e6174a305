SELECT "v"."AR_Ref" AS "c0", 0 AS "c1", FALSE AS "c2", "g"."G_Intitule" AS "c3", "v"."EG_Enumere" AS "c4", "n"."EG_Ligne" AS "c5"
FROM "F_ARTGAMME" AS "v"
LEFT JOIN "F_ARTICLE" AS "a" ON ("a"."AR_Ref" = "v"."AR_Ref")
LEFT JOIN "P_GAMME" AS "g" ON ("g"."cbIndice" = CASE WHEN (COALESCE("v"."AG_Type", 0) = 0) THEN "a"."AR_Gamme1" ELSE "a"."AR_Gamme2" END)
LEFT JOIN "F_ENUMGAMME" AS "n" ON (("n"."EG_Champ" = "g"."cbIndice") AND ("n"."EG_Enumere" = "v"."EG_Enumere"))
WHERE ((COALESCE("g"."G_Type", 0) = ?1) AND (COALESCE(CASE WHEN (COALESCE("v"."AG_Type", 0) = 0) THEN "a"."AR_Gamme1" ELSE "a"."AR_Gamme2" END, 0) <> 0)) AND "v"."AR_Ref" IN (SELECT value
FROM json_each(?2))
ORDER BY COALESCE("v"."AG_Type", 0), "n"."EG_Ligne", "v"."AG_No"
