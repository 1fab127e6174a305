SELECT "l"."AR_Ref" AS "c0", 0 AS "c1", FALSE AS "c2", "g"."GL_Text" AS "c3"
FROM "F_ARTGLOSS" AS "l"
LEFT JOIN "F_GLOSSAIRE" AS "g" ON ("g"."GL_No" = "l"."GL_No")
WHERE ((COALESCE(DATE("g"."GL_PeriodeDeb"), DATE('1900-01-01')) <= ?1) AND (("g"."GL_PeriodeFin" IS NULL) OR (DATE("g"."GL_PeriodeFin") <= DATE('1900-01-01')) OR (DATE("g"."GL_PeriodeFin") >= ?1)))
AND "l"."AR_Ref" IN (SELECT value FROM json_each(?2))
ORDER BY "l"."AGL_Num", "l"."GL_No"
