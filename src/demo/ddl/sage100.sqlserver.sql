-- The tables of a Sage 100 Gestion commerciale company (level 100c V3), as the tests need them, for
-- SQL Server 2008 R2 and later, with the types that Sage gives them. Names are spelt as Sage spells
-- them; texts have the database's collation (French_CI_AS as a rule).
--
-- The computed varbinary copies of the keys (cbAR_Ref…) are as Sage has them: one byte longer than
-- the text. There are no foreign keys: the traps of a real base must fit in.

-- F_CATALOGUE: rayon tree
CREATE TABLE "F_CATALOGUE" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "CL_No" int,
    "CL_Intitule" varchar(35) NOT NULL, "CL_Code" varchar(3), "CL_Stock" smallint, "CL_NoParent" int,
    "cbCL_NoParent" int, "CL_Niveau" smallint, "cbProt" smallint DEFAULT 0, "cbCreateur" char(4) DEFAULT 'CSQL',
    "cbModification" smalldatetime DEFAULT GETDATE(), "cbReplication" int DEFAULT 0,
    "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_CATALOGUE_CL_No" ON "F_CATALOGUE" ("CL_No");
CREATE UNIQUE INDEX "U_F_CATALOGUE_CL_NoParent_CL_Intitule" ON "F_CATALOGUE" ("CL_NoParent", "CL_Intitule");
CREATE INDEX "I_F_CATALOGUE_CL_NoParent" ON "F_CATALOGUE" ("CL_NoParent");

-- F_FAMILLE: families
CREATE TABLE "F_FAMILLE" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "FA_CodeFamille" varchar(11) NOT NULL, "FA_Type" smallint, "FA_Intitule" varchar(35),
    "FA_Central" varchar(11), "FA_UniteVen" smallint, "FA_SuiviStock" smallint,
    "FA_Publie" smallint, "CL_No1" int, "CL_No2" int, "CL_No3" int, "CL_No4" int,
    "cbFA_CodeFamille" AS CAST("FA_CodeFamille" AS varbinary(12)),
    "cbProt" smallint DEFAULT 0, "cbCreateur" char(4) DEFAULT 'CSQL',
    "cbModification" smalldatetime DEFAULT GETDATE(), "cbReplication" int DEFAULT 0,
    "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_FAMILLE_FA_CodeFamille_FA_Type" ON "F_FAMILLE" ("FA_CodeFamille", "FA_Type");
CREATE INDEX "I_F_FAMILLE_FA_Central" ON "F_FAMILLE" ("FA_Central");
CREATE INDEX "B_F_FAMILLE_cbFA_CodeFamille_FA_Type" ON "F_FAMILLE" ("cbFA_CodeFamille", "FA_Type");

-- P_UNITE: units (no cb trailer except cbMarq)
CREATE TABLE "P_UNITE" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "U_Intitule" varchar(21),
    "U_Correspondance" smallint, "U_NbUnite" smallint, "U_EdiCode" varchar(3), "cbIndice" smallint
);

-- P_GAMME: option names
CREATE TABLE "P_GAMME" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "G_Intitule" varchar(35), "G_Type" smallint,
    "cbIndice" smallint
);

-- P_CATTARIF: price categories
CREATE TABLE "P_CATTARIF" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "CT_Intitule" varchar(35), "CT_PrixTTC" smallint,
    "cbIndice" smallint
);

-- P_DEVISE: currencies
CREATE TABLE "P_DEVISE" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "D_Intitule" varchar(35), "D_CodeISO" varchar(3),
    "D_Sigle" varchar(5), "D_Cours" numeric(24,6), "cbIndice" smallint
);

-- P_SOUCHEVENTE: numbering series
CREATE TABLE "P_SOUCHEVENTE" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "S_Intitule" varchar(35), "S_Valide" smallint,
    "cbIndice" smallint
);

-- P_EXPEDITION: carriers
CREATE TABLE "P_EXPEDITION" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "E_Intitule" varchar(35), "E_TypeFrais" smallint,
    "E_ValFrais" numeric(24,6), "E_TypeLigneFrais" smallint, "cbIndice" smallint
);

-- P_CONDLIVR: delivery terms
CREATE TABLE "P_CONDLIVR" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "C_Intitule" varchar(35), "C_Mode" varchar(5),
    "cbIndice" smallint
);

-- F_DEPOT: warehouses
CREATE TABLE "F_DEPOT" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "DE_No" int,
    "DE_Intitule" varchar(35) NOT NULL, "DE_Code" varchar(9), "DE_Principal" smallint,
    "DE_Exclure" smallint, "DE_CodePostal" varchar(9), "DE_Ville" varchar(35), "DE_Pays" varchar(35),
    "cbProt" smallint DEFAULT 0, "cbCreateur" char(4) DEFAULT 'CSQL',
    "cbModification" smalldatetime DEFAULT GETDATE(), "cbReplication" int DEFAULT 0,
    "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_DEPOT_DE_No" ON "F_DEPOT" ("DE_No");
CREATE UNIQUE INDEX "U_F_DEPOT_DE_Intitule" ON "F_DEPOT" ("DE_Intitule");

-- F_TAXE: VAT codes
CREATE TABLE "F_TAXE" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "TA_Code" varchar(5) NOT NULL,
    "TA_No" int NOT NULL, "TA_Intitule" varchar(35), "TA_Taux" numeric(24,6), "TA_TTaux" smallint,
    "TA_Type" smallint, "TA_Sens" smallint, "CG_Num" varchar(13) NOT NULL, "cbProt" smallint DEFAULT 0,
    "cbCreateur" char(4) DEFAULT 'CSQL', "cbModification" smalldatetime DEFAULT GETDATE(),
    "cbReplication" int DEFAULT 0, "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_TAXE_TA_Code" ON "F_TAXE" ("TA_Code");
CREATE UNIQUE INDEX "U_F_TAXE_TA_No" ON "F_TAXE" ("TA_No");

-- F_FAMCOMPTA: VAT by family
CREATE TABLE "F_FAMCOMPTA" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "FA_CodeFamille" varchar(11) NOT NULL, "FCP_TypeFacture" smallint, "FCP_Type" smallint,
    "FCP_Champ" smallint, "FCP_ComptaCPT_CompteG" varchar(13), "FCP_ComptaCPT_Taxe1" varchar(5),
    "FCP_ComptaCPT_Date1" datetime, "FCP_ComptaCPT_TaxeAnc1" varchar(5),
    "FCP_ComptaCPT_Taxe2" varchar(5), "FCP_ComptaCPT_Taxe3" varchar(5),
    "cbFA_CodeFamille" AS CAST("FA_CodeFamille" AS varbinary(12)),
    "cbProt" smallint DEFAULT 0, "cbCreateur" char(4) DEFAULT 'CSQL',
    "cbModification" smalldatetime DEFAULT GETDATE(), "cbReplication" int DEFAULT 0,
    "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_FAMCOMPTA_FA_CodeFamille_FCP_TypeFacture_FCP_Type_FCP_Champ" ON "F_FAMCOMPTA" ("FA_CodeFamille", "FCP_TypeFacture", "FCP_Type", "FCP_Champ");

-- F_ARTCOMPTA: VAT by article (overrides family)
CREATE TABLE "F_ARTCOMPTA" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "AR_Ref" varchar(19) NOT NULL,
    "ACP_TypeFacture" smallint, "ACP_Type" smallint, "ACP_Champ" smallint,
    "ACP_ComptaCPT_Taxe1" varchar(5), "ACP_ComptaCPT_Date1" datetime,
    "ACP_ComptaCPT_TaxeAnc1" varchar(5),
    "ACP_ComptaCPT_Taxe2" varchar(5), "ACP_ComptaCPT_Taxe3" varchar(5),
    "cbAR_Ref" AS CAST("AR_Ref" AS varbinary(20)), "cbProt" smallint DEFAULT 0,
    "cbCreateur" char(4) DEFAULT 'CSQL', "cbModification" smalldatetime DEFAULT GETDATE(),
    "cbReplication" int DEFAULT 0, "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_ARTCOMPTA_AR_Ref_ACP_TypeFacture_ACP_Type_ACP_Champ" ON "F_ARTCOMPTA" ("AR_Ref", "ACP_TypeFacture", "ACP_Type", "ACP_Champ");

-- F_ARTICLE: articles
CREATE TABLE "F_ARTICLE" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "AR_Ref" varchar(19) NOT NULL,
    "AR_Design" varchar(69), "FA_CodeFamille" varchar(11) NOT NULL,
    "AR_Substitut" varchar(19), "AR_UnitePoids" smallint, "AR_PoidsNet" numeric(24,6),
    "AR_PoidsBrut" numeric(24,6), "AR_UniteVen" smallint, "AR_PrixAch" numeric(24,6), "AR_Coef" numeric(24,6),
    "AR_PrixVen" numeric(24,6), "AR_PrixTTC" smallint, "AR_Gamme1" smallint, "AR_Gamme2" smallint,
    "AR_SuiviStock" smallint, "AR_Nomencl" smallint, "AR_Stat01" varchar(21), "AR_Stat02" varchar(21),
    "AR_Sommeil" smallint, "AR_Langue1" varchar(69), "AR_Langue2" varchar(69),
    "AR_CodeBarre" varchar(19), "AR_CodeFiscal" varchar(25), "AR_Pays" varchar(35),
    "AR_Condition" smallint, "AR_Contremarque" smallint, "AR_DateCreation" datetime, "AR_DateModif" datetime,
    "AR_Publie" smallint, "AR_Photo" varchar(259), "CL_No1" int, "cbCL_No1" int, "CL_No2" int,
    "cbCL_No2" int, "CL_No3" int, "cbCL_No3" int, "CL_No4" int, "cbCL_No4" int,
    "AR_Type" smallint, "Durée garantie" numeric(24,6),
    "cbAR_Ref" AS CAST("AR_Ref" AS varbinary(20)),
    "cbFA_CodeFamille" AS CAST("FA_CodeFamille" AS varbinary(12)),
    "cbAR_CodeBarre" AS CAST("AR_CodeBarre" AS varbinary(20)), "cbProt" smallint DEFAULT 0,
    "cbCreateur" char(4) DEFAULT 'CSQL', "cbModification" smalldatetime DEFAULT GETDATE(),
    "cbReplication" int DEFAULT 0, "cbFlag" smallint DEFAULT 0
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
CREATE INDEX "B_F_ARTICLE_cbAR_Ref" ON "F_ARTICLE" ("cbAR_Ref");

-- F_ARTGAMME: option values of an article
CREATE TABLE "F_ARTGAMME" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "AR_Ref" varchar(19) NOT NULL,
    "AG_No" int, "EG_Enumere" varchar(21), "AG_Type" smallint,
    "cbAR_Ref" AS CAST("AR_Ref" AS varbinary(20)), "cbProt" smallint DEFAULT 0,
    "cbCreateur" char(4) DEFAULT 'CSQL', "cbModification" smalldatetime DEFAULT GETDATE(),
    "cbReplication" int DEFAULT 0, "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_ARTGAMME_AG_No" ON "F_ARTGAMME" ("AG_No");
CREATE UNIQUE INDEX "U_F_ARTGAMME_AR_Ref_EG_Enumere_AG_Type" ON "F_ARTGAMME" ("AR_Ref", "EG_Enumere", "AG_Type");
CREATE INDEX "I_F_ARTGAMME_AR_Ref_AG_Type_AG_No" ON "F_ARTGAMME" ("AR_Ref", "AG_Type", "AG_No");

-- F_ARTENUMREF: variants
CREATE TABLE "F_ARTENUMREF" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "AR_Ref" varchar(19) NOT NULL,
    "AG_No1" int, "AG_No2" int, "AE_Ref" varchar(19), "AE_PrixAch" numeric(24,6),
    "AE_CodeBarre" varchar(19), "AE_Sommeil" smallint,
    "cbAR_Ref" AS CAST("AR_Ref" AS varbinary(20)),
    "cbAE_Ref" AS CAST("AE_Ref" AS varbinary(20)),
    "cbAE_CodeBarre" AS CAST("AE_CodeBarre" AS varbinary(20)), "cbProt" smallint DEFAULT 0,
    "cbCreateur" char(4) DEFAULT 'CSQL', "cbModification" smalldatetime DEFAULT GETDATE(),
    "cbReplication" int DEFAULT 0, "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_ARTENUMREF_AR_Ref_AG_No1_AG_No2" ON "F_ARTENUMREF" ("AR_Ref", "AG_No1", "AG_No2");
CREATE INDEX "I_F_ARTENUMREF_AE_Ref" ON "F_ARTENUMREF" ("AE_Ref");
CREATE INDEX "I_F_ARTENUMREF_AE_CodeBarre" ON "F_ARTENUMREF" ("AE_CodeBarre");
CREATE INDEX "I_F_ARTENUMREF_AG_No1" ON "F_ARTENUMREF" ("AG_No1");
CREATE INDEX "I_F_ARTENUMREF_AG_No2" ON "F_ARTENUMREF" ("AG_No2");
CREATE INDEX "B_F_ARTENUMREF_cbAR_Ref_AG_No1_AG_No2" ON "F_ARTENUMREF" ("cbAR_Ref", "AG_No1", "AG_No2");

-- F_CONDITION: packagings
CREATE TABLE "F_CONDITION" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "AR_Ref" varchar(19) NOT NULL,
    "CO_No" int, "EC_Enumere" varchar(21), "EC_Quantite" numeric(24,6), "CO_Ref" varchar(19),
    "CO_CodeBarre" varchar(19), "CO_Principal" smallint,
    "cbAR_Ref" AS CAST("AR_Ref" AS varbinary(20)),
    "cbCO_Ref" AS CAST("CO_Ref" AS varbinary(20)),
    "cbCO_CodeBarre" AS CAST("CO_CodeBarre" AS varbinary(20)), "cbProt" smallint DEFAULT 0,
    "cbCreateur" char(4) DEFAULT 'CSQL', "cbModification" smalldatetime DEFAULT GETDATE(),
    "cbReplication" int DEFAULT 0, "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_CONDITION_CO_No" ON "F_CONDITION" ("CO_No");
CREATE INDEX "I_F_CONDITION_AR_Ref" ON "F_CONDITION" ("AR_Ref");
CREATE INDEX "I_F_CONDITION_CO_Ref" ON "F_CONDITION" ("CO_Ref");
CREATE INDEX "I_F_CONDITION_CO_CodeBarre" ON "F_CONDITION" ("CO_CodeBarre");
CREATE INDEX "B_F_CONDITION_cbAR_Ref_CO_No" ON "F_CONDITION" ("cbAR_Ref", "CO_No");

-- F_ARTSTOCK: stock, article × warehouse
CREATE TABLE "F_ARTSTOCK" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "AR_Ref" varchar(19) NOT NULL,
    "DE_No" int NOT NULL, "AS_QteMini" numeric(24,6), "AS_QteMaxi" numeric(24,6), "AS_MontSto" numeric(24,6),
    "AS_QteSto" numeric(24,6), "AS_QteRes" numeric(24,6), "AS_QteCom" numeric(24,6), "AS_QteResCM" numeric(24,6),
    "AS_QteComCM" numeric(24,6), "AS_QtePrepa" numeric(24,6), "AS_QteAControler" numeric(24,6),
    "AS_Principal" smallint, "cbAR_Ref" AS CAST("AR_Ref" AS varbinary(20)),
    "cbProt" smallint DEFAULT 0, "cbCreateur" char(4) DEFAULT 'CSQL',
    "cbModification" smalldatetime DEFAULT GETDATE(), "cbReplication" int DEFAULT 0,
    "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_ARTSTOCK_AR_Ref_DE_No" ON "F_ARTSTOCK" ("AR_Ref", "DE_No");
CREATE INDEX "I_F_ARTSTOCK_DE_No" ON "F_ARTSTOCK" ("DE_No");

-- F_GAMSTOCK: stock, variant × warehouse
CREATE TABLE "F_GAMSTOCK" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "AR_Ref" varchar(19) NOT NULL,
    "AG_No1" int, "AG_No2" int, "DE_No" int NOT NULL, "GS_MontSto" numeric(24,6),
    "GS_QteSto" numeric(24,6), "GS_QteRes" numeric(24,6), "GS_QteCom" numeric(24,6), "GS_QtePrepa" numeric(24,6),
    "GS_QteAControler" numeric(24,6), "cbAR_Ref" AS CAST("AR_Ref" AS varbinary(20)),
    "cbProt" smallint DEFAULT 0, "cbCreateur" char(4) DEFAULT 'CSQL',
    "cbModification" smalldatetime DEFAULT GETDATE(), "cbReplication" int DEFAULT 0,
    "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_GAMSTOCK_AR_Ref_DE_No_AG_No1_AG_No2" ON "F_GAMSTOCK" ("AR_Ref", "DE_No", "AG_No1", "AG_No2");

-- F_ARTCLIENT: prices by category or customer
CREATE TABLE "F_ARTCLIENT" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "AR_Ref" varchar(19) NOT NULL,
    "AC_Categorie" smallint, "AC_PrixVen" numeric(24,6), "AC_Coef" numeric(24,6), "AC_PrixTTC" smallint,
    "AC_Arrondi" smallint, "AC_QteMont" smallint, "EG_Champ" smallint, "AC_PrixDev" numeric(24,6),
    "AC_Devise" smallint, "CT_Num" varchar(17), "AC_Remise" numeric(24,6), "AC_Calcul" smallint,
    "AC_TypeRem" smallint, "AC_RefClient" varchar(19), "AC_DateApplication" datetime,
    "cbAR_Ref" AS CAST("AR_Ref" AS varbinary(20)),
    "cbCT_Num" AS CAST("CT_Num" AS varbinary(18)), "cbProt" smallint DEFAULT 0,
    "cbCreateur" char(4) DEFAULT 'CSQL', "cbModification" smalldatetime DEFAULT GETDATE(),
    "cbReplication" int DEFAULT 0, "cbFlag" smallint DEFAULT 0
);
CREATE INDEX "I_F_ARTCLIENT_AR_Ref_AC_Categorie_CT_Num" ON "F_ARTCLIENT" ("AR_Ref", "AC_Categorie", "CT_Num");
CREATE INDEX "I_F_ARTCLIENT_CT_Num" ON "F_ARTCLIENT" ("CT_Num");

-- F_TARIFQTE: quantity breaks
CREATE TABLE "F_TARIFQTE" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "AR_Ref" varchar(19) NOT NULL,
    "TQ_RefCF" varchar(17), "TQ_BorneSup" numeric(24,6), "TQ_Remise01REM_Valeur" numeric(24,6),
    "TQ_Remise01REM_Type" smallint, "TQ_Remise02REM_Valeur" numeric(24,6), "TQ_Remise02REM_Type" smallint,
    "TQ_Remise03REM_Valeur" numeric(24,6), "TQ_Remise03REM_Type" smallint, "TQ_PrixNet" numeric(24,6),
    "cbAR_Ref" AS CAST("AR_Ref" AS varbinary(20)), "cbProt" smallint DEFAULT 0,
    "cbCreateur" char(4) DEFAULT 'CSQL', "cbModification" smalldatetime DEFAULT GETDATE(),
    "cbReplication" int DEFAULT 0, "cbFlag" smallint DEFAULT 0
);
CREATE INDEX "I_F_TARIFQTE_AR_Ref_TQ_RefCF" ON "F_TARIFQTE" ("AR_Ref", "TQ_RefCF");

-- F_TARIFGAM: variant prices
CREATE TABLE "F_TARIFGAM" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "AR_Ref" varchar(19) NOT NULL,
    "TG_RefCF" varchar(17), "AG_No1" int, "AG_No2" int, "TG_Prix" numeric(24,6),
    "TG_Ref" varchar(19), "TG_CodeBarre" varchar(19),
    "cbAR_Ref" AS CAST("AR_Ref" AS varbinary(20)), "cbProt" smallint DEFAULT 0,
    "cbCreateur" char(4) DEFAULT 'CSQL', "cbModification" smalldatetime DEFAULT GETDATE(),
    "cbReplication" int DEFAULT 0, "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_TARIFGAM_AR_Ref_TG_RefCF_AG_No1_AG_No2" ON "F_TARIFGAM" ("AR_Ref", "TG_RefCF", "AG_No1", "AG_No2");
CREATE INDEX "I_F_TARIFGAM_TG_CodeBarre" ON "F_TARIFGAM" ("TG_CodeBarre");

-- F_FAMTARIF: family price rule
CREATE TABLE "F_FAMTARIF" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "FA_CodeFamille" varchar(11) NOT NULL, "FT_Categorie" smallint, "FT_Coef" numeric(24,6),
    "FT_PrixTTC" smallint, "FT_Remise" numeric(24,6), "FT_TypeRem" smallint,
    "cbFA_CodeFamille" AS CAST("FA_CodeFamille" AS varbinary(12)),
    "cbProt" smallint DEFAULT 0, "cbCreateur" char(4) DEFAULT 'CSQL',
    "cbModification" smalldatetime DEFAULT GETDATE(), "cbReplication" int DEFAULT 0,
    "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_FAMTARIF_FA_CodeFamille_FT_Categorie" ON "F_FAMTARIF" ("FA_CodeFamille", "FT_Categorie");

-- F_FAMTARIFQTE: family quantity breaks
CREATE TABLE "F_FAMTARIFQTE" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "FA_CodeFamille" varchar(11) NOT NULL,
    "FQ_RefCF" varchar(17), "FQ_BorneSup" numeric(24,6),
    "FQ_Remise01REM_Valeur" numeric(24,6), "FQ_Remise01REM_Type" smallint,
    "FQ_Remise02REM_Valeur" numeric(24,6), "FQ_Remise02REM_Type" smallint,
    "FQ_Remise03REM_Valeur" numeric(24,6), "FQ_Remise03REM_Type" smallint,
    "cbFA_CodeFamille" AS CAST("FA_CodeFamille" AS varbinary(12)),
    "cbProt" smallint DEFAULT 0, "cbCreateur" char(4) DEFAULT 'CSQL',
    "cbModification" smalldatetime DEFAULT GETDATE(), "cbReplication" int DEFAULT 0,
    "cbFlag" smallint DEFAULT 0
);
CREATE INDEX "I_F_FAMTARIFQTE_FA_CodeFamille_FQ_RefCF" ON "F_FAMTARIFQTE" ("FA_CodeFamille", "FQ_RefCF");

-- F_FAMCLIENT: family discount of one customer
CREATE TABLE "F_FAMCLIENT" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "FA_CodeFamille" varchar(11) NOT NULL, "CT_Num" varchar(17) NOT NULL,
    "FC_Remise" numeric(24,6),
    "cbFA_CodeFamille" AS CAST("FA_CodeFamille" AS varbinary(12)),
    "cbCT_Num" AS CAST("CT_Num" AS varbinary(18)), "cbProt" smallint DEFAULT 0,
    "cbCreateur" char(4) DEFAULT 'CSQL', "cbModification" smalldatetime DEFAULT GETDATE(),
    "cbReplication" int DEFAULT 0, "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_FAMCLIENT_FA_CodeFamille_CT_Num" ON "F_FAMCLIENT" ("FA_CodeFamille", "CT_Num");
CREATE INDEX "I_F_FAMCLIENT_CT_Num" ON "F_FAMCLIENT" ("CT_Num");

-- F_COMPTET: third parties
CREATE TABLE "F_COMPTET" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "CT_Num" varchar(17) NOT NULL,
    "CT_Intitule" varchar(35), "CT_Type" smallint, "CG_NumPrinc" varchar(13), "CT_Qualite" varchar(17),
    "CT_Classement" varchar(17), "CT_Contact" varchar(35), "CT_Adresse" varchar(35), "CT_Complement" varchar(35),
    "CT_CodePostal" varchar(9), "CT_Ville" varchar(35), "CT_CodeRegion" varchar(25), "CT_Pays" varchar(35),
    "N_Devise" smallint, "CT_Identifiant" varchar(25), "CT_Siret" varchar(15),
    "CT_NumPayeur" varchar(17), "N_CatTarif" smallint, "CT_Taux01" numeric(24,6),
    "CT_Taux02" numeric(24,6), "N_CatCompta" smallint, "N_Period" smallint, "CT_Facture" smallint,
    "CT_BLFact" smallint, "CT_Langue" smallint, "CT_LangueISO2" varchar(3), "N_Expedition" smallint,
    "N_Condition" smallint, "CT_Sommeil" smallint, "DE_No" int, "CT_ControlEnc" smallint,
    "CT_Telephone" varchar(21), "CT_EMail" varchar(69),
    "CT_NumCentrale" varchar(17), "CT_DateCreate" datetime, "CT_Prospect" smallint,
    "cbCT_Num" AS CAST("CT_Num" AS varbinary(18)), "cbProt" smallint DEFAULT 0,
    "cbCreateur" char(4) DEFAULT 'CSQL', "cbModification" smalldatetime DEFAULT GETDATE(),
    "cbReplication" int DEFAULT 0, "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_COMPTET_CT_Num" ON "F_COMPTET" ("CT_Num");
CREATE INDEX "I_F_COMPTET_CT_NumCentrale" ON "F_COMPTET" ("CT_NumCentrale");
CREATE INDEX "I_F_COMPTET_CT_NumPayeur" ON "F_COMPTET" ("CT_NumPayeur");
CREATE INDEX "I_F_COMPTET_CT_EMail" ON "F_COMPTET" ("CT_EMail");
CREATE INDEX "B_F_COMPTET_cbCT_Num" ON "F_COMPTET" ("cbCT_Num");

-- F_LIVRAISON: delivery places
CREATE TABLE "F_LIVRAISON" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "LI_No" int NOT NULL,
    "CT_Num" varchar(17) NOT NULL, "LI_Intitule" varchar(35), "LI_Adresse" varchar(35),
    "LI_Complement" varchar(35), "LI_CodePostal" varchar(9), "LI_Ville" varchar(35), "LI_CodeRegion" varchar(25),
    "LI_Pays" varchar(35), "LI_Contact" varchar(35), "N_Expedition" smallint, "N_Condition" smallint,
    "LI_Principal" smallint, "LI_Telephone" varchar(21), "LI_EMail" varchar(69),
    "cbCT_Num" AS CAST("CT_Num" AS varbinary(18)), "cbProt" smallint DEFAULT 0,
    "cbCreateur" char(4) DEFAULT 'CSQL', "cbModification" smalldatetime DEFAULT GETDATE(),
    "cbReplication" int DEFAULT 0, "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_LIVRAISON_LI_No" ON "F_LIVRAISON" ("LI_No");
CREATE INDEX "I_F_LIVRAISON_CT_Num" ON "F_LIVRAISON" ("CT_Num");

-- F_CONTACTT: contacts
CREATE TABLE "F_CONTACTT" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "CT_Num" varchar(17) NOT NULL,
    "CT_No" int, "CT_Nom" varchar(35), "CT_Prenom" varchar(35), "N_Service" smallint, "CT_Fonction" varchar(35),
    "CT_Civilite" smallint, "CT_Telephone" varchar(21), "CT_TelPortable" varchar(21),
    "CT_EMail" varchar(69),
    "cbCT_Num" AS CAST("CT_Num" AS varbinary(18)), "cbProt" smallint DEFAULT 0,
    "cbCreateur" char(4) DEFAULT 'CSQL', "cbModification" smalldatetime DEFAULT GETDATE(),
    "cbReplication" int DEFAULT 0, "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_CONTACTT_CT_No" ON "F_CONTACTT" ("CT_No");
CREATE UNIQUE INDEX "U_F_CONTACTT_CT_Num_CT_Nom_CT_Prenom" ON "F_CONTACTT" ("CT_Num", "CT_Nom", "CT_Prenom");
CREATE INDEX "I_F_CONTACTT_CT_EMail" ON "F_CONTACTT" ("CT_EMail");

-- F_PAYS: countries
CREATE TABLE "F_PAYS" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "PA_Intitule" varchar(35),
    "PA_Code" varchar(3), "PA_CodeISO2" varchar(3), "cbProt" smallint DEFAULT 0, "cbCreateur" char(4) DEFAULT 'CSQL',
    "cbModification" smalldatetime DEFAULT GETDATE(), "cbReplication" int DEFAULT 0,
    "cbFlag" smallint DEFAULT 0
);
CREATE INDEX "I_F_PAYS_PA_Intitule" ON "F_PAYS" ("PA_Intitule");

-- F_DOCCURRENTPIECE: next document number
CREATE TABLE "F_DOCCURRENTPIECE" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "DC_Domaine" smallint, "DC_IdCol" smallint,
    "DC_Souche" smallint, "DC_Piece" varchar(13), "cbProt" smallint DEFAULT 0,
    "cbCreateur" char(4) DEFAULT 'CSQL', "cbModification" smalldatetime DEFAULT GETDATE(),
    "cbReplication" int DEFAULT 0, "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_DOCCURRENTPIECE_DC_Domaine_DC_IdCol_DC_Souche" ON "F_DOCCURRENTPIECE" ("DC_Domaine", "DC_IdCol", "DC_Souche");

-- F_DOCENTETE: document headers
CREATE TABLE "F_DOCENTETE" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "DO_Domaine" smallint, "DO_Type" smallint,
    "DO_Piece" varchar(13), "DO_Date" datetime, "DO_Ref" varchar(17),
    "DO_Tiers" varchar(17), "CO_No" int, "DO_Period" smallint, "DO_Devise" smallint,
    "DO_Cours" numeric(24,6), "DE_No" int, "cbDE_No" int, "LI_No" int, "cbLI_No" int,
    "CT_NumPayeur" varchar(17), "DO_Expedit" smallint, "DO_NbFacture" smallint,
    "DO_BLFact" smallint, "DO_TxEscompte" numeric(24,6), "DO_Reliquat" smallint, "DO_Imprim" smallint,
    "DO_Coord01" varchar(25), "DO_Souche" smallint, "DO_DateLivr" datetime, "DO_Condition" smallint,
    "DO_Tarif" smallint, "DO_Colisage" smallint, "DO_TypeColis" smallint, "DO_Transaction" smallint,
    "DO_Langue" smallint, "DO_Regime" smallint, "N_CatCompta" smallint, "CG_Num" varchar(13), "DO_Statut" smallint,
    "DO_Heure" varchar(9), "DO_Cloture" smallint, "DO_NoWeb" varchar(17),
    "DO_Provenance" smallint, "DO_TypeFrais" smallint, "DO_ValFrais" numeric(24,6), "DO_TypeLigneFrais" smallint,
    "DO_ValFranco" numeric(24,6), "DO_Taxe1" numeric(24,6), "DO_CodeTaxe1" varchar(5),
    "DO_Contact" varchar(35), "DO_DateLivrRealisee" datetime, "DO_DateExpedition" datetime, "DO_Valide" smallint,
    "DO_TotalHT" numeric(24,6), "DO_DocType" smallint,
    "cbDO_Piece" AS CAST("DO_Piece" AS varbinary(14)),
    "cbDO_Tiers" AS CAST("DO_Tiers" AS varbinary(18)), "cbProt" smallint DEFAULT 0,
    "cbCreateur" char(4) DEFAULT 'CSQL', "cbModification" smalldatetime DEFAULT GETDATE(),
    "cbReplication" int DEFAULT 0, "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_DOCENTETE_DO_Type_DO_Piece" ON "F_DOCENTETE" ("DO_Type", "DO_Piece");
CREATE INDEX "I_F_DOCENTETE_DO_Tiers" ON "F_DOCENTETE" ("DO_Tiers");
CREATE INDEX "I_F_DOCENTETE_DO_NoWeb" ON "F_DOCENTETE" ("DO_NoWeb");
CREATE INDEX "I_F_DOCENTETE_DO_Ref" ON "F_DOCENTETE" ("DO_Ref");
CREATE INDEX "I_F_DOCENTETE_DO_Domaine_DO_Type_DO_Date" ON "F_DOCENTETE" ("DO_Domaine", "DO_Type", "DO_Date");

-- F_DOCLIGNE: document lines
CREATE TABLE "F_DOCLIGNE" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "DO_Domaine" smallint, "DO_Type" smallint NOT NULL,
    "CT_Num" varchar(17), "DO_Piece" varchar(13) NOT NULL,
    "DL_PieceBC" varchar(13), "DL_PieceBL" varchar(13),
    "DL_PiecePL" varchar(13), "DL_PieceDE" varchar(13), "DO_Date" datetime,
    "DL_DateBC" datetime, "DL_DateBL" datetime, "DL_Ligne" int, "DO_Ref" varchar(17),
    "DL_TNomencl" smallint, "DL_TRemPied" smallint, "DL_TRemExep" smallint, "AR_Ref" varchar(19),
    "DL_Design" varchar(69), "DL_Qte" numeric(24,6), "DL_QteBC" numeric(24,6), "DL_QteBL" numeric(24,6),
    "DL_QtePL" numeric(24,6), "DL_PoidsNet" numeric(24,6), "DL_PoidsBrut" numeric(24,6),
    "DL_Remise01REM_Valeur" numeric(24,6), "DL_Remise01REM_Type" smallint, "DL_PrixUnitaire" numeric(24,6),
    "DL_PUTTC" numeric(24,6), "DL_TTC" smallint, "DL_Taxe1" numeric(24,6), "DL_TypeTaux1" smallint,
    "DL_TypeTaxe1" smallint, "DL_CodeTaxe1" varchar(5), "AG_No1" int, "AG_No2" int,
    "DL_MvtStock" smallint, "DT_No" int, "EU_Enumere" varchar(21), "EU_Qte" numeric(24,6), "DE_No" int,
    "cbDE_No" int, "DL_No" int, "DO_DateLivr" datetime, "DL_Valorise" smallint,
    "AR_RefCompose" varchar(19), "DL_NonLivre" smallint,
    "AC_RefClient" varchar(19), "DL_MontantHT" numeric(24,6), "DL_MontantTTC" numeric(24,6),
    "DL_Escompte" smallint, "DL_NoColis" varchar(19), "PF_Num" varchar(9) NOT NULL,
    "DO_DocType" smallint, "cbCT_Num" AS CAST("CT_Num" AS varbinary(18)),
    "cbDO_Piece" AS CAST("DO_Piece" AS varbinary(14)),
    "cbAR_Ref" AS CAST("AR_Ref" AS varbinary(20)), "cbProt" smallint DEFAULT 0,
    "cbCreateur" char(4) DEFAULT 'CSQL', "cbModification" smalldatetime DEFAULT GETDATE(),
    "cbReplication" int DEFAULT 0, "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_DOCLIGNE_DL_No" ON "F_DOCLIGNE" ("DL_No");
CREATE INDEX "I_F_DOCLIGNE_DO_Domaine_DO_Type_DO_Piece_DL_Ligne" ON "F_DOCLIGNE" ("DO_Domaine", "DO_Type", "DO_Piece", "DL_Ligne");
CREATE INDEX "I_F_DOCLIGNE_AR_Ref" ON "F_DOCLIGNE" ("AR_Ref");
CREATE INDEX "I_F_DOCLIGNE_CT_Num" ON "F_DOCLIGNE" ("CT_Num");
CREATE INDEX "I_F_DOCLIGNE_DL_PieceBC" ON "F_DOCLIGNE" ("DL_PieceBC");
CREATE INDEX "I_F_DOCLIGNE_DL_PieceDE" ON "F_DOCLIGNE" ("DL_PieceDE");

-- F_DOCREGL: due dates of a document
CREATE TABLE "F_DOCREGL" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "DR_No" int, "DO_Domaine" smallint,
    "DO_Type" smallint, "DO_Piece" varchar(13), "DR_TypeRegl" smallint, "DR_Date" datetime,
    "DR_Pourcent" numeric(24,6), "DR_Montant" numeric(24,6), "DR_Equil" smallint, "DR_Regle" smallint,
    "N_Reglement" smallint, "cbDO_Piece" AS CAST("DO_Piece" AS varbinary(14)),
    "cbProt" smallint DEFAULT 0, "cbCreateur" char(4) DEFAULT 'CSQL',
    "cbModification" smalldatetime DEFAULT GETDATE(), "cbReplication" int DEFAULT 0,
    "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_DOCREGL_DR_No" ON "F_DOCREGL" ("DR_No");
CREATE INDEX "I_F_DOCREGL_DO_Domaine_DO_Type_DO_Piece" ON "F_DOCREGL" ("DO_Domaine", "DO_Type", "DO_Piece");

-- F_ARTICLEMEDIA: extra media
CREATE TABLE "F_ARTICLEMEDIA" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "AR_Ref" varchar(19) NOT NULL,
    "ME_Commentaire" varchar(69), "ME_Fichier" varchar(259),
    "cbAR_Ref" AS CAST("AR_Ref" AS varbinary(20)), "cbProt" smallint DEFAULT 0,
    "cbCreateur" char(4) DEFAULT 'CSQL', "cbModification" smalldatetime DEFAULT GETDATE(),
    "cbReplication" int DEFAULT 0, "cbFlag" smallint DEFAULT 0
);
CREATE INDEX "I_F_ARTICLEMEDIA_AR_Ref" ON "F_ARTICLEMEDIA" ("AR_Ref");

-- cbSysLibre: declaration of the informations libres (no cb trailer)
CREATE TABLE "cbSysLibre" (
    "CB_File" varchar(128) NOT NULL, "CB_Name" varchar(128) NOT NULL, "CB_Pos" smallint NOT NULL,
    "CB_Type" smallint NOT NULL, "CB_Len" smallint NOT NULL, "CB_Flag" smallint, "CB_Formule" varchar(1024),
    "CB_Creator" char(4), PRIMARY KEY ("CB_File", "CB_Name")
);

-- F_ENUMGAMME: possible option values and quantity steps
CREATE TABLE "F_ENUMGAMME" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "EG_Champ" smallint, "EG_Ligne" smallint,
    "EG_Enumere" varchar(21), "EG_BorneSup" numeric(24,6), "cbProt" smallint DEFAULT 0,
    "cbCreateur" char(4) DEFAULT 'CSQL', "cbModification" smalldatetime DEFAULT GETDATE(),
    "cbReplication" int DEFAULT 0, "cbFlag" smallint DEFAULT 0
);
CREATE INDEX "I_F_ENUMGAMME_EG_Champ_EG_Enumere" ON "F_ENUMGAMME" ("EG_Champ", "EG_Enumere");

-- F_GLOSSAIRE: long texts
CREATE TABLE "F_GLOSSAIRE" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "GL_No" int NOT NULL, "GL_Domaine" smallint,
    "GL_Intitule" varchar(35), "GL_Raccourci" varchar(7), "GL_PeriodeDeb" datetime, "GL_PeriodeFin" datetime,
    "GL_Text" varchar(max), "GL_TextLangue1" varchar(max), "GL_TextLangue2" varchar(max), "cbProt" smallint DEFAULT 0,
    "cbCreateur" char(4) DEFAULT 'CSQL', "cbModification" smalldatetime DEFAULT GETDATE(),
    "cbReplication" int DEFAULT 0, "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_GLOSSAIRE_GL_No" ON "F_GLOSSAIRE" ("GL_No");

-- F_ARTGLOSS: long texts of an article
CREATE TABLE "F_ARTGLOSS" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "AR_Ref" varchar(19) NOT NULL,
    "GL_No" int NOT NULL, "AGL_Num" smallint,
    "cbAR_Ref" AS CAST("AR_Ref" AS varbinary(20)), "cbProt" smallint DEFAULT 0,
    "cbCreateur" char(4) DEFAULT 'CSQL', "cbModification" smalldatetime DEFAULT GETDATE(),
    "cbReplication" int DEFAULT 0, "cbFlag" smallint DEFAULT 0
);
CREATE UNIQUE INDEX "U_F_ARTGLOSS_AR_Ref_GL_No" ON "F_ARTGLOSS" ("AR_Ref", "GL_No");

-- F_NOMENCLAT: components of kits
CREATE TABLE "F_NOMENCLAT" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "AR_Ref" varchar(19) NOT NULL,
    "NO_RefDet" varchar(19), "NO_Qte" numeric(24,6), "AG_No1" int, "AG_No2" int,
    "NO_Type" smallint, "NO_Ordre" smallint, "cbAR_Ref" AS CAST("AR_Ref" AS varbinary(20)),
    "cbProt" smallint DEFAULT 0, "cbCreateur" char(4) DEFAULT 'CSQL',
    "cbModification" smalldatetime DEFAULT GETDATE(), "cbReplication" int DEFAULT 0,
    "cbFlag" smallint DEFAULT 0
);
CREATE INDEX "I_F_NOMENCLAT_AR_Ref_NO_Ordre" ON "F_NOMENCLAT" ("AR_Ref", "NO_Ordre");
CREATE INDEX "I_F_NOMENCLAT_NO_RefDet" ON "F_NOMENCLAT" ("NO_RefDet");

-- F_TARIFCOND: packaging prices
CREATE TABLE "F_TARIFCOND" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "AR_Ref" varchar(19) NOT NULL,
    "TC_RefCF" varchar(17), "CO_No" int, "TC_Prix" numeric(24,6),
    "cbAR_Ref" AS CAST("AR_Ref" AS varbinary(20)), "cbProt" smallint DEFAULT 0,
    "cbCreateur" char(4) DEFAULT 'CSQL', "cbModification" smalldatetime DEFAULT GETDATE(),
    "cbReplication" int DEFAULT 0, "cbFlag" smallint DEFAULT 0
);
CREATE INDEX "I_F_TARIFCOND_AR_Ref_TC_RefCF_CO_No" ON "F_TARIFCOND" ("AR_Ref", "TC_RefCF", "CO_No");

-- P_CATCOMPTA: accounting categories (one row)
CREATE TABLE "P_CATCOMPTA" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "CA_ComptaVen01" varchar(35),
    "CA_ComptaVen02" varchar(35), "CA_ComptaVen03" varchar(35)
);

-- P_CONDITIONNEMENT: packaging kinds
CREATE TABLE "P_CONDITIONNEMENT" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "P_Conditionnement" varchar(35),
    "cbIndice" smallint
);

-- P_DOSSIERCIAL: the company
CREATE TABLE "P_DOSSIERCIAL" (
    "cbMarq" int IDENTITY(1,1) NOT NULL PRIMARY KEY, "D_RaisonS" varchar(35), "D_FormatQte" varchar(31),
    "D_FormatPrix" varchar(31), "N_DeviseCompte" smallint
);
