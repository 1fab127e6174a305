-- The tables of a Sage 100 Gestion commerciale company (level 100c V3), as the
-- demo and the tests need them, for SQLite. Names are spelt as Sage spells them.
--
-- Differences from SQL Server, all forced by the engine:
-- * the usual collation French_CI_AS is NOCASE here, on the columns that hold codes
--   (NOCASE folds ASCII only; codes are ASCII in practice);
-- * dates are text, YYYY-MM-DD HH:MM:SS, in server local time as Sage stores them;
-- * numeric(24,6) is SQLite NUMERIC: write decimals as text, read them as text,
--   integer or real;
-- * the computed varbinary copies of the keys (cbAR_Ref…) are virtual blobs.
-- There are no foreign keys: the traps of a real base must fit in.

-- F_CATALOGUE: rayon tree
CREATE TABLE "F_CATALOGUE" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "CL_No" INTEGER, "CL_Intitule" TEXT NOT NULL, "CL_Code" TEXT,
    "CL_Stock" SMALLINT, "CL_NoParent" INTEGER, "cbCL_NoParent" INTEGER, "CL_Niveau" SMALLINT,
    "cbProt" SMALLINT DEFAULT 0, "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_CATALOGUE_CL_No" ON "F_CATALOGUE" ("CL_No");
CREATE UNIQUE INDEX "U_F_CATALOGUE_CL_NoParent_CL_Intitule" ON "F_CATALOGUE" ("CL_NoParent", "CL_Intitule");
CREATE INDEX "I_F_CATALOGUE_CL_NoParent" ON "F_CATALOGUE" ("CL_NoParent");

-- F_FAMILLE: families
CREATE TABLE "F_FAMILLE" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "FA_CodeFamille" TEXT COLLATE NOCASE NOT NULL, "FA_Type" SMALLINT,
    "FA_Intitule" TEXT, "FA_Central" TEXT COLLATE NOCASE, "FA_UniteVen" SMALLINT, "FA_SuiviStock" SMALLINT,
    "FA_Publie" SMALLINT, "CL_No1" INTEGER, "CL_No2" INTEGER, "CL_No3" INTEGER, "CL_No4" INTEGER,
    "cbFA_CodeFamille" BLOB GENERATED ALWAYS AS (CAST("FA_CodeFamille" AS BLOB)) VIRTUAL, "cbProt" SMALLINT DEFAULT 0,
    "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_FAMILLE_FA_CodeFamille_FA_Type" ON "F_FAMILLE" ("FA_CodeFamille", "FA_Type");
CREATE INDEX "I_F_FAMILLE_FA_Central" ON "F_FAMILLE" ("FA_Central");
CREATE INDEX "B_F_FAMILLE_FA_CodeFamille_FA_Type" ON "F_FAMILLE" ("FA_CodeFamille" COLLATE BINARY, "FA_Type");
CREATE INDEX "B_F_FAMILLE_cbFA_CodeFamille_FA_Type" ON "F_FAMILLE" ("cbFA_CodeFamille", "FA_Type");

-- P_UNITE: units (no cb trailer except cbMarq)
CREATE TABLE "P_UNITE" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "U_Intitule" TEXT, "U_Correspondance" SMALLINT, "U_NbUnite" SMALLINT,
    "U_EdiCode" TEXT, "cbIndice" SMALLINT
);

-- P_GAMME: option names
CREATE TABLE "P_GAMME" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "G_Intitule" TEXT, "G_Type" SMALLINT, "cbIndice" SMALLINT
);

-- P_CATTARIF: price categories
CREATE TABLE "P_CATTARIF" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "CT_Intitule" TEXT, "CT_PrixTTC" SMALLINT, "cbIndice" SMALLINT
);

-- P_DEVISE: currencies
CREATE TABLE "P_DEVISE" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "D_Intitule" TEXT, "D_CodeISO" TEXT, "D_Sigle" TEXT,
    "D_Cours" NUMERIC(24,6), "cbIndice" SMALLINT
);

-- P_SOUCHEVENTE: numbering series
CREATE TABLE "P_SOUCHEVENTE" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "S_Intitule" TEXT, "S_Valide" SMALLINT, "cbIndice" SMALLINT
);

-- P_EXPEDITION: carriers
CREATE TABLE "P_EXPEDITION" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "E_Intitule" TEXT, "E_TypeFrais" SMALLINT, "E_ValFrais" NUMERIC(24,6),
    "E_TypeLigneFrais" SMALLINT, "cbIndice" SMALLINT
);

-- P_CONDLIVR: delivery terms
CREATE TABLE "P_CONDLIVR" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "C_Intitule" TEXT, "C_Mode" TEXT, "cbIndice" SMALLINT
);

-- F_DEPOT: warehouses
CREATE TABLE "F_DEPOT" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "DE_No" INTEGER, "DE_Intitule" TEXT NOT NULL,
    "DE_Code" TEXT COLLATE NOCASE, "DE_Principal" SMALLINT, "DE_Exclure" SMALLINT, "DE_CodePostal" TEXT,
    "DE_Ville" TEXT, "DE_Pays" TEXT, "cbProt" SMALLINT DEFAULT 0, "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_DEPOT_DE_No" ON "F_DEPOT" ("DE_No");
CREATE UNIQUE INDEX "U_F_DEPOT_DE_Intitule" ON "F_DEPOT" ("DE_Intitule");

-- F_TAXE: VAT codes
CREATE TABLE "F_TAXE" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "TA_Code" TEXT COLLATE NOCASE NOT NULL, "TA_No" INTEGER NOT NULL,
    "TA_Intitule" TEXT, "TA_Taux" NUMERIC(24,6), "TA_TTaux" SMALLINT, "TA_Type" SMALLINT, "TA_Sens" SMALLINT,
    "CG_Num" TEXT NOT NULL, "cbProt" SMALLINT DEFAULT 0, "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_TAXE_TA_Code" ON "F_TAXE" ("TA_Code");
CREATE UNIQUE INDEX "U_F_TAXE_TA_No" ON "F_TAXE" ("TA_No");

-- F_FAMCOMPTA: VAT by family
CREATE TABLE "F_FAMCOMPTA" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "FA_CodeFamille" TEXT COLLATE NOCASE NOT NULL,
    "FCP_TypeFacture" SMALLINT, "FCP_Type" SMALLINT, "FCP_Champ" SMALLINT, "FCP_ComptaCPT_CompteG" TEXT,
    "FCP_ComptaCPT_Taxe1" TEXT COLLATE NOCASE, "FCP_ComptaCPT_Date1" DATETIME,
    "FCP_ComptaCPT_TaxeAnc1" TEXT COLLATE NOCASE,
    "FCP_ComptaCPT_Taxe2" TEXT COLLATE NOCASE, "FCP_ComptaCPT_Taxe3" TEXT COLLATE NOCASE,
    "cbFA_CodeFamille" BLOB GENERATED ALWAYS AS (CAST("FA_CodeFamille" AS BLOB)) VIRTUAL, "cbProt" SMALLINT DEFAULT 0,
    "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_FAMCOMPTA_FA_CodeFamille_FCP_TypeFacture_FCP_Type_FCP_Champ" ON "F_FAMCOMPTA" ("FA_CodeFamille", "FCP_TypeFacture", "FCP_Type", "FCP_Champ");

-- F_ARTCOMPTA: VAT by article (overrides family)
CREATE TABLE "F_ARTCOMPTA" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "AR_Ref" TEXT COLLATE NOCASE NOT NULL, "ACP_TypeFacture" SMALLINT,
    "ACP_Type" SMALLINT, "ACP_Champ" SMALLINT, "ACP_ComptaCPT_Taxe1" TEXT COLLATE NOCASE,
    "ACP_ComptaCPT_Date1" DATETIME, "ACP_ComptaCPT_TaxeAnc1" TEXT COLLATE NOCASE,
    "ACP_ComptaCPT_Taxe2" TEXT COLLATE NOCASE, "ACP_ComptaCPT_Taxe3" TEXT COLLATE NOCASE,
    "cbAR_Ref" BLOB GENERATED ALWAYS AS (CAST("AR_Ref" AS BLOB)) VIRTUAL, "cbProt" SMALLINT DEFAULT 0,
    "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_ARTCOMPTA_AR_Ref_ACP_TypeFacture_ACP_Type_ACP_Champ" ON "F_ARTCOMPTA" ("AR_Ref", "ACP_TypeFacture", "ACP_Type", "ACP_Champ");

-- F_ARTICLE: articles
CREATE TABLE "F_ARTICLE" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "AR_Ref" TEXT COLLATE NOCASE NOT NULL, "AR_Design" TEXT,
    "FA_CodeFamille" TEXT COLLATE NOCASE NOT NULL, "AR_Substitut" TEXT COLLATE NOCASE, "AR_UnitePoids" SMALLINT,
    "AR_PoidsNet" NUMERIC(24,6), "AR_PoidsBrut" NUMERIC(24,6), "AR_UniteVen" SMALLINT, "AR_PrixAch" NUMERIC(24,6),
    "AR_Coef" NUMERIC(24,6), "AR_PrixVen" NUMERIC(24,6), "AR_PrixTTC" SMALLINT, "AR_Gamme1" SMALLINT,
    "AR_Gamme2" SMALLINT, "AR_SuiviStock" SMALLINT, "AR_Nomencl" SMALLINT, "AR_Stat01" TEXT, "AR_Stat02" TEXT,
    "AR_Sommeil" SMALLINT, "AR_Langue1" TEXT, "AR_Langue2" TEXT, "AR_CodeBarre" TEXT COLLATE NOCASE,
    "AR_CodeFiscal" TEXT, "AR_Pays" TEXT, "AR_Condition" SMALLINT, "AR_Contremarque" SMALLINT,
    "AR_DateCreation" DATETIME, "AR_DateModif" DATETIME, "AR_Publie" SMALLINT, "AR_Photo" TEXT, "CL_No1" INTEGER,
    "cbCL_No1" INTEGER, "CL_No2" INTEGER, "cbCL_No2" INTEGER, "CL_No3" INTEGER, "cbCL_No3" INTEGER, "CL_No4" INTEGER,
    "cbCL_No4" INTEGER, "AR_Type" SMALLINT, "Durée garantie" NUMERIC(24,6),
    "cbAR_Ref" BLOB GENERATED ALWAYS AS (CAST("AR_Ref" AS BLOB)) VIRTUAL,
    "cbFA_CodeFamille" BLOB GENERATED ALWAYS AS (CAST("FA_CodeFamille" AS BLOB)) VIRTUAL,
    "cbAR_CodeBarre" BLOB GENERATED ALWAYS AS (CAST("AR_CodeBarre" AS BLOB)) VIRTUAL, "cbProt" SMALLINT DEFAULT 0,
    "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_ARTICLE_AR_Ref" ON "F_ARTICLE" ("AR_Ref");
CREATE INDEX "I_F_ARTICLE_FA_CodeFamille" ON "F_ARTICLE" ("FA_CodeFamille");
CREATE INDEX "I_F_ARTICLE_CL_No1" ON "F_ARTICLE" ("CL_No1");
CREATE INDEX "I_F_ARTICLE_CL_No2" ON "F_ARTICLE" ("CL_No2");
CREATE INDEX "I_F_ARTICLE_CL_No3" ON "F_ARTICLE" ("CL_No3");
CREATE INDEX "I_F_ARTICLE_CL_No4" ON "F_ARTICLE" ("CL_No4");
CREATE INDEX "I_F_ARTICLE_AR_CodeBarre" ON "F_ARTICLE" ("AR_CodeBarre");
CREATE INDEX "I_F_ARTICLE_AR_Substitut" ON "F_ARTICLE" ("AR_Substitut");
CREATE INDEX "I_F_ARTICLE_AR_PrixVen" ON "F_ARTICLE" ("AR_PrixVen");
CREATE INDEX "I_F_ARTICLE_cbModification" ON "F_ARTICLE" ("cbModification");
CREATE INDEX "B_F_ARTICLE_AR_Ref" ON "F_ARTICLE" ("AR_Ref" COLLATE BINARY);
CREATE INDEX "B_F_ARTICLE_cbAR_Ref" ON "F_ARTICLE" ("cbAR_Ref");

-- F_ARTGAMME: option values of an article
CREATE TABLE "F_ARTGAMME" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "AR_Ref" TEXT COLLATE NOCASE NOT NULL, "AG_No" INTEGER,
    "EG_Enumere" TEXT COLLATE NOCASE, "AG_Type" SMALLINT,
    "cbAR_Ref" BLOB GENERATED ALWAYS AS (CAST("AR_Ref" AS BLOB)) VIRTUAL, "cbProt" SMALLINT DEFAULT 0,
    "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_ARTGAMME_AG_No" ON "F_ARTGAMME" ("AG_No");
CREATE UNIQUE INDEX "U_F_ARTGAMME_AR_Ref_EG_Enumere_AG_Type" ON "F_ARTGAMME" ("AR_Ref", "EG_Enumere", "AG_Type");
CREATE INDEX "I_F_ARTGAMME_AR_Ref_AG_Type_AG_No" ON "F_ARTGAMME" ("AR_Ref", "AG_Type", "AG_No");

-- F_ARTENUMREF: variants
CREATE TABLE "F_ARTENUMREF" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "AR_Ref" TEXT COLLATE NOCASE NOT NULL, "AG_No1" INTEGER,
    "AG_No2" INTEGER, "AE_Ref" TEXT COLLATE NOCASE, "AE_PrixAch" NUMERIC(24,6), "AE_CodeBarre" TEXT COLLATE NOCASE,
    "AE_Sommeil" SMALLINT, "cbAR_Ref" BLOB GENERATED ALWAYS AS (CAST("AR_Ref" AS BLOB)) VIRTUAL,
    "cbAE_Ref" BLOB GENERATED ALWAYS AS (CAST("AE_Ref" AS BLOB)) VIRTUAL,
    "cbAE_CodeBarre" BLOB GENERATED ALWAYS AS (CAST("AE_CodeBarre" AS BLOB)) VIRTUAL, "cbProt" SMALLINT DEFAULT 0,
    "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_ARTENUMREF_AR_Ref_AG_No1_AG_No2" ON "F_ARTENUMREF" ("AR_Ref", "AG_No1", "AG_No2");
CREATE INDEX "I_F_ARTENUMREF_AE_Ref" ON "F_ARTENUMREF" ("AE_Ref");
CREATE INDEX "I_F_ARTENUMREF_AE_CodeBarre" ON "F_ARTENUMREF" ("AE_CodeBarre");
CREATE INDEX "I_F_ARTENUMREF_AG_No1" ON "F_ARTENUMREF" ("AG_No1");
CREATE INDEX "I_F_ARTENUMREF_AG_No2" ON "F_ARTENUMREF" ("AG_No2");
CREATE INDEX "B_F_ARTENUMREF_AR_Ref_AG_No1_AG_No2" ON "F_ARTENUMREF" ("AR_Ref" COLLATE BINARY, "AG_No1", "AG_No2");
CREATE INDEX "B_F_ARTENUMREF_cbAR_Ref_AG_No1_AG_No2" ON "F_ARTENUMREF" ("cbAR_Ref", "AG_No1", "AG_No2");

-- F_CONDITION: packagings
CREATE TABLE "F_CONDITION" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "AR_Ref" TEXT COLLATE NOCASE NOT NULL, "CO_No" INTEGER,
    "EC_Enumere" TEXT, "EC_Quantite" NUMERIC(24,6), "CO_Ref" TEXT COLLATE NOCASE, "CO_CodeBarre" TEXT COLLATE NOCASE,
    "CO_Principal" SMALLINT, "cbAR_Ref" BLOB GENERATED ALWAYS AS (CAST("AR_Ref" AS BLOB)) VIRTUAL,
    "cbCO_Ref" BLOB GENERATED ALWAYS AS (CAST("CO_Ref" AS BLOB)) VIRTUAL,
    "cbCO_CodeBarre" BLOB GENERATED ALWAYS AS (CAST("CO_CodeBarre" AS BLOB)) VIRTUAL, "cbProt" SMALLINT DEFAULT 0,
    "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_CONDITION_CO_No" ON "F_CONDITION" ("CO_No");
CREATE INDEX "I_F_CONDITION_AR_Ref" ON "F_CONDITION" ("AR_Ref");
CREATE INDEX "I_F_CONDITION_CO_Ref" ON "F_CONDITION" ("CO_Ref");
CREATE INDEX "I_F_CONDITION_CO_CodeBarre" ON "F_CONDITION" ("CO_CodeBarre");
CREATE INDEX "B_F_CONDITION_AR_Ref_CO_No" ON "F_CONDITION" ("AR_Ref" COLLATE BINARY, "CO_No");
CREATE INDEX "B_F_CONDITION_cbAR_Ref_CO_No" ON "F_CONDITION" ("cbAR_Ref", "CO_No");

-- F_ARTSTOCK: stock, article × warehouse
CREATE TABLE "F_ARTSTOCK" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "AR_Ref" TEXT COLLATE NOCASE NOT NULL, "DE_No" INTEGER NOT NULL,
    "AS_QteMini" NUMERIC(24,6), "AS_QteMaxi" NUMERIC(24,6), "AS_MontSto" NUMERIC(24,6), "AS_QteSto" NUMERIC(24,6),
    "AS_QteRes" NUMERIC(24,6), "AS_QteCom" NUMERIC(24,6), "AS_QteResCM" NUMERIC(24,6), "AS_QteComCM" NUMERIC(24,6),
    "AS_QtePrepa" NUMERIC(24,6), "AS_QteAControler" NUMERIC(24,6), "AS_Principal" SMALLINT,
    "cbAR_Ref" BLOB GENERATED ALWAYS AS (CAST("AR_Ref" AS BLOB)) VIRTUAL, "cbProt" SMALLINT DEFAULT 0,
    "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_ARTSTOCK_AR_Ref_DE_No" ON "F_ARTSTOCK" ("AR_Ref", "DE_No");
CREATE INDEX "I_F_ARTSTOCK_DE_No" ON "F_ARTSTOCK" ("DE_No");

-- F_GAMSTOCK: stock, variant × warehouse
CREATE TABLE "F_GAMSTOCK" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "AR_Ref" TEXT COLLATE NOCASE NOT NULL, "AG_No1" INTEGER,
    "AG_No2" INTEGER, "DE_No" INTEGER NOT NULL, "GS_MontSto" NUMERIC(24,6), "GS_QteSto" NUMERIC(24,6),
    "GS_QteRes" NUMERIC(24,6), "GS_QteCom" NUMERIC(24,6), "GS_QtePrepa" NUMERIC(24,6),
    "GS_QteAControler" NUMERIC(24,6), "cbAR_Ref" BLOB GENERATED ALWAYS AS (CAST("AR_Ref" AS BLOB)) VIRTUAL,
    "cbProt" SMALLINT DEFAULT 0, "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_GAMSTOCK_AR_Ref_DE_No_AG_No1_AG_No2" ON "F_GAMSTOCK" ("AR_Ref", "DE_No", "AG_No1", "AG_No2");

-- F_ARTCLIENT: prices by category or customer
CREATE TABLE "F_ARTCLIENT" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "AR_Ref" TEXT COLLATE NOCASE NOT NULL, "AC_Categorie" SMALLINT,
    "AC_PrixVen" NUMERIC(24,6), "AC_Coef" NUMERIC(24,6), "AC_PrixTTC" SMALLINT, "AC_Arrondi" SMALLINT,
    "AC_QteMont" SMALLINT, "EG_Champ" SMALLINT, "AC_PrixDev" NUMERIC(24,6), "AC_Devise" SMALLINT,
    "CT_Num" TEXT COLLATE NOCASE, "AC_Remise" NUMERIC(24,6), "AC_Calcul" SMALLINT, "AC_TypeRem" SMALLINT,
    "AC_RefClient" TEXT COLLATE NOCASE, "AC_DateApplication" DATETIME,
    "cbAR_Ref" BLOB GENERATED ALWAYS AS (CAST("AR_Ref" AS BLOB)) VIRTUAL,
    "cbCT_Num" BLOB GENERATED ALWAYS AS (CAST("CT_Num" AS BLOB)) VIRTUAL, "cbProt" SMALLINT DEFAULT 0,
    "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE INDEX "I_F_ARTCLIENT_AR_Ref_AC_Categorie_CT_Num" ON "F_ARTCLIENT" ("AR_Ref", "AC_Categorie", "CT_Num");
CREATE INDEX "I_F_ARTCLIENT_CT_Num" ON "F_ARTCLIENT" ("CT_Num");

-- F_TARIFQTE: quantity breaks
CREATE TABLE "F_TARIFQTE" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "AR_Ref" TEXT COLLATE NOCASE NOT NULL, "TQ_RefCF" TEXT COLLATE NOCASE,
    "TQ_BorneSup" NUMERIC(24,6), "TQ_Remise01REM_Valeur" NUMERIC(24,6), "TQ_Remise01REM_Type" SMALLINT,
    "TQ_Remise02REM_Valeur" NUMERIC(24,6), "TQ_Remise02REM_Type" SMALLINT, "TQ_Remise03REM_Valeur" NUMERIC(24,6),
    "TQ_Remise03REM_Type" SMALLINT, "TQ_PrixNet" NUMERIC(24,6),
    "cbAR_Ref" BLOB GENERATED ALWAYS AS (CAST("AR_Ref" AS BLOB)) VIRTUAL, "cbProt" SMALLINT DEFAULT 0,
    "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE INDEX "I_F_TARIFQTE_AR_Ref_TQ_RefCF" ON "F_TARIFQTE" ("AR_Ref", "TQ_RefCF");

-- F_TARIFGAM: variant prices
CREATE TABLE "F_TARIFGAM" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "AR_Ref" TEXT COLLATE NOCASE NOT NULL, "TG_RefCF" TEXT COLLATE NOCASE,
    "AG_No1" INTEGER, "AG_No2" INTEGER, "TG_Prix" NUMERIC(24,6), "TG_Ref" TEXT COLLATE NOCASE,
    "TG_CodeBarre" TEXT COLLATE NOCASE, "cbAR_Ref" BLOB GENERATED ALWAYS AS (CAST("AR_Ref" AS BLOB)) VIRTUAL,
    "cbProt" SMALLINT DEFAULT 0, "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_TARIFGAM_AR_Ref_TG_RefCF_AG_No1_AG_No2" ON "F_TARIFGAM" ("AR_Ref", "TG_RefCF", "AG_No1", "AG_No2");
CREATE INDEX "I_F_TARIFGAM_TG_CodeBarre" ON "F_TARIFGAM" ("TG_CodeBarre");

-- F_FAMTARIF: family price rule
CREATE TABLE "F_FAMTARIF" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "FA_CodeFamille" TEXT COLLATE NOCASE NOT NULL,
    "FT_Categorie" SMALLINT, "FT_Coef" NUMERIC(24,6), "FT_PrixTTC" SMALLINT, "FT_Remise" NUMERIC(24,6),
    "FT_TypeRem" SMALLINT, "cbFA_CodeFamille" BLOB GENERATED ALWAYS AS (CAST("FA_CodeFamille" AS BLOB)) VIRTUAL,
    "cbProt" SMALLINT DEFAULT 0, "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_FAMTARIF_FA_CodeFamille_FT_Categorie" ON "F_FAMTARIF" ("FA_CodeFamille", "FT_Categorie");

-- F_FAMTARIFQTE: family quantity breaks
CREATE TABLE "F_FAMTARIFQTE" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "FA_CodeFamille" TEXT COLLATE NOCASE NOT NULL,
    "FQ_RefCF" TEXT COLLATE NOCASE, "FQ_BorneSup" NUMERIC(24,6),
    "FQ_Remise01REM_Valeur" NUMERIC(24,6), "FQ_Remise01REM_Type" SMALLINT,
    "FQ_Remise02REM_Valeur" NUMERIC(24,6), "FQ_Remise02REM_Type" SMALLINT,
    "FQ_Remise03REM_Valeur" NUMERIC(24,6), "FQ_Remise03REM_Type" SMALLINT,
    "cbFA_CodeFamille" BLOB GENERATED ALWAYS AS (CAST("FA_CodeFamille" AS BLOB)) VIRTUAL,
    "cbProt" SMALLINT DEFAULT 0, "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE INDEX "I_F_FAMTARIFQTE_FA_CodeFamille_FQ_RefCF" ON "F_FAMTARIFQTE" ("FA_CodeFamille", "FQ_RefCF");

-- F_FAMCLIENT: family discount of one customer
CREATE TABLE "F_FAMCLIENT" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "FA_CodeFamille" TEXT COLLATE NOCASE NOT NULL,
    "CT_Num" TEXT COLLATE NOCASE NOT NULL, "FC_Remise" NUMERIC(24,6),
    "cbFA_CodeFamille" BLOB GENERATED ALWAYS AS (CAST("FA_CodeFamille" AS BLOB)) VIRTUAL,
    "cbCT_Num" BLOB GENERATED ALWAYS AS (CAST("CT_Num" AS BLOB)) VIRTUAL, "cbProt" SMALLINT DEFAULT 0,
    "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_FAMCLIENT_FA_CodeFamille_CT_Num" ON "F_FAMCLIENT" ("FA_CodeFamille", "CT_Num");
CREATE INDEX "I_F_FAMCLIENT_CT_Num" ON "F_FAMCLIENT" ("CT_Num");

-- F_COMPTET: third parties
CREATE TABLE "F_COMPTET" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "CT_Num" TEXT COLLATE NOCASE NOT NULL, "CT_Intitule" TEXT,
    "CT_Type" SMALLINT, "CG_NumPrinc" TEXT, "CT_Qualite" TEXT, "CT_Classement" TEXT, "CT_Contact" TEXT,
    "CT_Adresse" TEXT, "CT_Complement" TEXT, "CT_CodePostal" TEXT, "CT_Ville" TEXT, "CT_CodeRegion" TEXT,
    "CT_Pays" TEXT, "N_Devise" SMALLINT, "CT_Identifiant" TEXT, "CT_Siret" TEXT, "CT_NumPayeur" TEXT COLLATE NOCASE,
    "N_CatTarif" SMALLINT, "CT_Taux01" NUMERIC(24,6), "CT_Taux02" NUMERIC(24,6), "N_CatCompta" SMALLINT,
    "N_Period" SMALLINT, "CT_Facture" SMALLINT, "CT_BLFact" SMALLINT, "CT_Langue" SMALLINT, "CT_LangueISO2" TEXT,
    "N_Expedition" SMALLINT, "N_Condition" SMALLINT, "CT_Sommeil" SMALLINT, "DE_No" INTEGER, "CT_ControlEnc" SMALLINT,
    "CT_Telephone" TEXT, "CT_EMail" TEXT COLLATE NOCASE, "CT_NumCentrale" TEXT COLLATE NOCASE,
    "CT_DateCreate" DATETIME, "CT_Prospect" SMALLINT,
    "cbCT_Num" BLOB GENERATED ALWAYS AS (CAST("CT_Num" AS BLOB)) VIRTUAL, "cbProt" SMALLINT DEFAULT 0,
    "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_COMPTET_CT_Num" ON "F_COMPTET" ("CT_Num");
CREATE INDEX "I_F_COMPTET_CT_NumCentrale" ON "F_COMPTET" ("CT_NumCentrale");
CREATE INDEX "I_F_COMPTET_CT_NumPayeur" ON "F_COMPTET" ("CT_NumPayeur");
CREATE INDEX "I_F_COMPTET_CT_EMail" ON "F_COMPTET" ("CT_EMail");
CREATE INDEX "B_F_COMPTET_CT_Num" ON "F_COMPTET" ("CT_Num" COLLATE BINARY);
CREATE INDEX "B_F_COMPTET_cbCT_Num" ON "F_COMPTET" ("cbCT_Num");

-- F_LIVRAISON: delivery places
CREATE TABLE "F_LIVRAISON" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "LI_No" INTEGER NOT NULL, "CT_Num" TEXT COLLATE NOCASE NOT NULL,
    "LI_Intitule" TEXT, "LI_Adresse" TEXT, "LI_Complement" TEXT, "LI_CodePostal" TEXT, "LI_Ville" TEXT,
    "LI_CodeRegion" TEXT, "LI_Pays" TEXT, "LI_Contact" TEXT, "N_Expedition" SMALLINT, "N_Condition" SMALLINT,
    "LI_Principal" SMALLINT, "LI_Telephone" TEXT, "LI_EMail" TEXT,
    "cbCT_Num" BLOB GENERATED ALWAYS AS (CAST("CT_Num" AS BLOB)) VIRTUAL, "cbProt" SMALLINT DEFAULT 0,
    "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_LIVRAISON_LI_No" ON "F_LIVRAISON" ("LI_No");
CREATE INDEX "I_F_LIVRAISON_CT_Num" ON "F_LIVRAISON" ("CT_Num");

-- F_CONTACTT: contacts
CREATE TABLE "F_CONTACTT" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "CT_Num" TEXT COLLATE NOCASE NOT NULL, "CT_No" INTEGER, "CT_Nom" TEXT,
    "CT_Prenom" TEXT, "N_Service" SMALLINT, "CT_Fonction" TEXT, "CT_Civilite" SMALLINT, "CT_Telephone" TEXT,
    "CT_TelPortable" TEXT, "CT_EMail" TEXT COLLATE NOCASE,
    "cbCT_Num" BLOB GENERATED ALWAYS AS (CAST("CT_Num" AS BLOB)) VIRTUAL, "cbProt" SMALLINT DEFAULT 0,
    "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_CONTACTT_CT_No" ON "F_CONTACTT" ("CT_No");
CREATE UNIQUE INDEX "U_F_CONTACTT_CT_Num_CT_Nom_CT_Prenom" ON "F_CONTACTT" ("CT_Num", "CT_Nom", "CT_Prenom");
CREATE INDEX "I_F_CONTACTT_CT_EMail" ON "F_CONTACTT" ("CT_EMail");

-- F_PAYS: countries
CREATE TABLE "F_PAYS" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "PA_Intitule" TEXT COLLATE NOCASE, "PA_Code" TEXT, "PA_CodeISO2" TEXT,
    "cbProt" SMALLINT DEFAULT 0, "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE INDEX "I_F_PAYS_PA_Intitule" ON "F_PAYS" ("PA_Intitule");

-- F_DOCCURRENTPIECE: next document number
CREATE TABLE "F_DOCCURRENTPIECE" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "DC_Domaine" SMALLINT, "DC_IdCol" SMALLINT, "DC_Souche" SMALLINT,
    "DC_Piece" TEXT COLLATE NOCASE, "cbProt" SMALLINT DEFAULT 0, "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_DOCCURRENTPIECE_DC_Domaine_DC_IdCol_DC_Souche" ON "F_DOCCURRENTPIECE" ("DC_Domaine", "DC_IdCol", "DC_Souche");

-- F_DOCENTETE: document headers
CREATE TABLE "F_DOCENTETE" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "DO_Domaine" SMALLINT, "DO_Type" SMALLINT,
    "DO_Piece" TEXT COLLATE NOCASE, "DO_Date" DATETIME, "DO_Ref" TEXT COLLATE NOCASE, "DO_Tiers" TEXT COLLATE NOCASE,
    "CO_No" INTEGER, "DO_Period" SMALLINT, "DO_Devise" SMALLINT, "DO_Cours" NUMERIC(24,6), "DE_No" INTEGER,
    "cbDE_No" INTEGER, "LI_No" INTEGER, "cbLI_No" INTEGER, "CT_NumPayeur" TEXT COLLATE NOCASE, "DO_Expedit" SMALLINT,
    "DO_NbFacture" SMALLINT, "DO_BLFact" SMALLINT, "DO_TxEscompte" NUMERIC(24,6), "DO_Reliquat" SMALLINT,
    "DO_Imprim" SMALLINT, "DO_Coord01" TEXT, "DO_Souche" SMALLINT, "DO_DateLivr" DATETIME, "DO_Condition" SMALLINT,
    "DO_Tarif" SMALLINT, "DO_Colisage" SMALLINT, "DO_TypeColis" SMALLINT, "DO_Transaction" SMALLINT,
    "DO_Langue" SMALLINT, "DO_Regime" SMALLINT, "N_CatCompta" SMALLINT, "CG_Num" TEXT, "DO_Statut" SMALLINT,
    "DO_Heure" TEXT, "DO_Cloture" SMALLINT, "DO_NoWeb" TEXT COLLATE NOCASE, "DO_Provenance" SMALLINT,
    "DO_TypeFrais" SMALLINT, "DO_ValFrais" NUMERIC(24,6), "DO_TypeLigneFrais" SMALLINT, "DO_ValFranco" NUMERIC(24,6),
    "DO_Taxe1" NUMERIC(24,6), "DO_CodeTaxe1" TEXT COLLATE NOCASE, "DO_Contact" TEXT, "DO_DateLivrRealisee" DATETIME,
    "DO_DateExpedition" DATETIME, "DO_Valide" SMALLINT, "DO_TotalHT" NUMERIC(24,6), "DO_DocType" SMALLINT,
    "cbDO_Piece" BLOB GENERATED ALWAYS AS (CAST("DO_Piece" AS BLOB)) VIRTUAL,
    "cbDO_Tiers" BLOB GENERATED ALWAYS AS (CAST("DO_Tiers" AS BLOB)) VIRTUAL, "cbProt" SMALLINT DEFAULT 0,
    "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_DOCENTETE_DO_Type_DO_Piece" ON "F_DOCENTETE" ("DO_Type", "DO_Piece");
CREATE INDEX "I_F_DOCENTETE_DO_Tiers" ON "F_DOCENTETE" ("DO_Tiers");
CREATE INDEX "I_F_DOCENTETE_DO_NoWeb" ON "F_DOCENTETE" ("DO_NoWeb");
CREATE INDEX "I_F_DOCENTETE_DO_Ref" ON "F_DOCENTETE" ("DO_Ref");
CREATE INDEX "I_F_DOCENTETE_DO_Domaine_DO_Type_DO_Date" ON "F_DOCENTETE" ("DO_Domaine", "DO_Type", "DO_Date");

-- F_DOCLIGNE: document lines
CREATE TABLE "F_DOCLIGNE" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "DO_Domaine" SMALLINT, "DO_Type" SMALLINT NOT NULL,
    "CT_Num" TEXT COLLATE NOCASE, "DO_Piece" TEXT COLLATE NOCASE NOT NULL, "DL_PieceBC" TEXT COLLATE NOCASE,
    "DL_PieceBL" TEXT COLLATE NOCASE, "DL_PiecePL" TEXT COLLATE NOCASE, "DL_PieceDE" TEXT COLLATE NOCASE,
    "DO_Date" DATETIME, "DL_DateBC" DATETIME, "DL_DateBL" DATETIME, "DL_Ligne" INTEGER, "DO_Ref" TEXT COLLATE NOCASE,
    "DL_TNomencl" SMALLINT, "DL_TRemPied" SMALLINT, "DL_TRemExep" SMALLINT, "AR_Ref" TEXT COLLATE NOCASE,
    "DL_Design" TEXT, "DL_Qte" NUMERIC(24,6), "DL_QteBC" NUMERIC(24,6), "DL_QteBL" NUMERIC(24,6),
    "DL_QtePL" NUMERIC(24,6), "DL_PoidsNet" NUMERIC(24,6), "DL_PoidsBrut" NUMERIC(24,6),
    "DL_Remise01REM_Valeur" NUMERIC(24,6), "DL_Remise01REM_Type" SMALLINT, "DL_PrixUnitaire" NUMERIC(24,6),
    "DL_PUTTC" NUMERIC(24,6), "DL_TTC" SMALLINT, "DL_Taxe1" NUMERIC(24,6), "DL_TypeTaux1" SMALLINT,
    "DL_TypeTaxe1" SMALLINT, "DL_CodeTaxe1" TEXT COLLATE NOCASE, "AG_No1" INTEGER, "AG_No2" INTEGER,
    "DL_MvtStock" SMALLINT, "DT_No" INTEGER, "EU_Enumere" TEXT, "EU_Qte" NUMERIC(24,6), "DE_No" INTEGER,
    "cbDE_No" INTEGER, "DL_No" INTEGER, "DO_DateLivr" DATETIME, "DL_Valorise" SMALLINT,
    "AR_RefCompose" TEXT COLLATE NOCASE, "DL_NonLivre" SMALLINT, "AC_RefClient" TEXT COLLATE NOCASE,
    "DL_MontantHT" NUMERIC(24,6), "DL_MontantTTC" NUMERIC(24,6), "DL_Escompte" SMALLINT, "DL_NoColis" TEXT,
    "PF_Num" TEXT COLLATE NOCASE NOT NULL, "DO_DocType" SMALLINT,
    "cbCT_Num" BLOB GENERATED ALWAYS AS (CAST("CT_Num" AS BLOB)) VIRTUAL,
    "cbDO_Piece" BLOB GENERATED ALWAYS AS (CAST("DO_Piece" AS BLOB)) VIRTUAL,
    "cbAR_Ref" BLOB GENERATED ALWAYS AS (CAST("AR_Ref" AS BLOB)) VIRTUAL, "cbProt" SMALLINT DEFAULT 0,
    "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_DOCLIGNE_DL_No" ON "F_DOCLIGNE" ("DL_No");
CREATE INDEX "I_F_DOCLIGNE_DO_Domaine_DO_Type_DO_Piece_DL_Ligne" ON "F_DOCLIGNE" ("DO_Domaine", "DO_Type", "DO_Piece", "DL_Ligne");
CREATE INDEX "I_F_DOCLIGNE_AR_Ref" ON "F_DOCLIGNE" ("AR_Ref");
CREATE INDEX "I_F_DOCLIGNE_CT_Num" ON "F_DOCLIGNE" ("CT_Num");
CREATE INDEX "I_F_DOCLIGNE_DL_PieceBC" ON "F_DOCLIGNE" ("DL_PieceBC");
CREATE INDEX "I_F_DOCLIGNE_DL_PieceDE" ON "F_DOCLIGNE" ("DL_PieceDE");

-- F_DOCREGL: due dates of a document
CREATE TABLE "F_DOCREGL" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "DR_No" INTEGER, "DO_Domaine" SMALLINT, "DO_Type" SMALLINT,
    "DO_Piece" TEXT COLLATE NOCASE, "DR_TypeRegl" SMALLINT, "DR_Date" DATETIME, "DR_Pourcent" NUMERIC(24,6),
    "DR_Montant" NUMERIC(24,6), "DR_Equil" SMALLINT, "DR_Regle" SMALLINT, "N_Reglement" SMALLINT,
    "cbDO_Piece" BLOB GENERATED ALWAYS AS (CAST("DO_Piece" AS BLOB)) VIRTUAL, "cbProt" SMALLINT DEFAULT 0,
    "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_DOCREGL_DR_No" ON "F_DOCREGL" ("DR_No");
CREATE INDEX "I_F_DOCREGL_DO_Domaine_DO_Type_DO_Piece" ON "F_DOCREGL" ("DO_Domaine", "DO_Type", "DO_Piece");

-- F_ARTICLEMEDIA: extra media
CREATE TABLE "F_ARTICLEMEDIA" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "AR_Ref" TEXT COLLATE NOCASE NOT NULL, "ME_Commentaire" TEXT,
    "ME_Fichier" TEXT, "cbAR_Ref" BLOB GENERATED ALWAYS AS (CAST("AR_Ref" AS BLOB)) VIRTUAL,
    "cbProt" SMALLINT DEFAULT 0, "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE INDEX "I_F_ARTICLEMEDIA_AR_Ref" ON "F_ARTICLEMEDIA" ("AR_Ref");

-- cbSysLibre: declaration of the informations libres (no cb trailer)
CREATE TABLE "cbSysLibre" (
    "CB_File" TEXT NOT NULL, "CB_Name" TEXT NOT NULL, "CB_Pos" SMALLINT NOT NULL, "CB_Type" SMALLINT NOT NULL,
    "CB_Len" SMALLINT NOT NULL, "CB_Flag" SMALLINT, "CB_Formule" TEXT, "CB_Creator" TEXT,
    PRIMARY KEY ("CB_File", "CB_Name")
);

-- F_ENUMGAMME: possible option values and quantity steps
CREATE TABLE "F_ENUMGAMME" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "EG_Champ" SMALLINT, "EG_Ligne" SMALLINT,
    "EG_Enumere" TEXT COLLATE NOCASE, "EG_BorneSup" NUMERIC(24,6), "cbProt" SMALLINT DEFAULT 0,
    "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE INDEX "I_F_ENUMGAMME_EG_Champ_EG_Enumere" ON "F_ENUMGAMME" ("EG_Champ", "EG_Enumere");

-- F_GLOSSAIRE: long texts
CREATE TABLE "F_GLOSSAIRE" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "GL_No" INTEGER NOT NULL, "GL_Domaine" SMALLINT, "GL_Intitule" TEXT,
    "GL_Raccourci" TEXT, "GL_PeriodeDeb" DATETIME, "GL_PeriodeFin" DATETIME, "GL_Text" TEXT, "GL_TextLangue1" TEXT,
    "GL_TextLangue2" TEXT, "cbProt" SMALLINT DEFAULT 0, "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_GLOSSAIRE_GL_No" ON "F_GLOSSAIRE" ("GL_No");

-- F_ARTGLOSS: long texts of an article
CREATE TABLE "F_ARTGLOSS" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "AR_Ref" TEXT COLLATE NOCASE NOT NULL, "GL_No" INTEGER NOT NULL,
    "AGL_Num" SMALLINT, "cbAR_Ref" BLOB GENERATED ALWAYS AS (CAST("AR_Ref" AS BLOB)) VIRTUAL,
    "cbProt" SMALLINT DEFAULT 0, "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_ARTGLOSS_AR_Ref_GL_No" ON "F_ARTGLOSS" ("AR_Ref", "GL_No");

-- F_NOMENCLAT: components of kits
CREATE TABLE "F_NOMENCLAT" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "AR_Ref" TEXT COLLATE NOCASE NOT NULL,
    "NO_RefDet" TEXT COLLATE NOCASE, "NO_Qte" NUMERIC(24,6), "AG_No1" INTEGER, "AG_No2" INTEGER, "NO_Type" SMALLINT,
    "NO_Ordre" SMALLINT, "cbAR_Ref" BLOB GENERATED ALWAYS AS (CAST("AR_Ref" AS BLOB)) VIRTUAL,
    "cbProt" SMALLINT DEFAULT 0, "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE INDEX "I_F_NOMENCLAT_AR_Ref_NO_Ordre" ON "F_NOMENCLAT" ("AR_Ref", "NO_Ordre");
CREATE INDEX "I_F_NOMENCLAT_NO_RefDet" ON "F_NOMENCLAT" ("NO_RefDet");

-- F_TARIFCOND: packaging prices
CREATE TABLE "F_TARIFCOND" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "AR_Ref" TEXT COLLATE NOCASE NOT NULL, "TC_RefCF" TEXT COLLATE NOCASE,
    "CO_No" INTEGER, "TC_Prix" NUMERIC(24,6), "cbAR_Ref" BLOB GENERATED ALWAYS AS (CAST("AR_Ref" AS BLOB)) VIRTUAL,
    "cbProt" SMALLINT DEFAULT 0, "cbCreateur" TEXT DEFAULT 'CSQL',
    "cbModification" DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:00', 'now', 'localtime')),
    "cbReplication" INTEGER DEFAULT 0, "cbFlag" SMALLINT DEFAULT 0
);
CREATE INDEX "I_F_TARIFCOND_AR_Ref_TC_RefCF_CO_No" ON "F_TARIFCOND" ("AR_Ref", "TC_RefCF", "CO_No");

-- P_CATCOMPTA: accounting categories (one row)
CREATE TABLE "P_CATCOMPTA" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "CA_ComptaVen01" TEXT, "CA_ComptaVen02" TEXT, "CA_ComptaVen03" TEXT
);

-- P_CONDITIONNEMENT: packaging kinds
CREATE TABLE "P_CONDITIONNEMENT" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "P_Conditionnement" TEXT, "cbIndice" SMALLINT
);

-- P_DOSSIERCIAL: the company
CREATE TABLE "P_DOSSIERCIAL" (
    "cbMarq" INTEGER PRIMARY KEY AUTOINCREMENT, "D_RaisonS" TEXT, "D_FormatQte" TEXT, "D_FormatPrix" TEXT,
    "N_DeviseCompte" SMALLINT
);
