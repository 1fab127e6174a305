//! The ERP's tables that every article fills, and their columns.

use super::load::{Loader, Table};

/// Tables that every article fills.
#[derive(Debug)]
pub(crate) struct ArticleTables {
    pub(crate) article: Table,
    pub(crate) option_value: Table,
    pub(crate) variant: Table,
    pub(crate) pack: Table,
    pub(crate) vat: Table,
    pub(crate) media: Table,
    pub(crate) text: Table,
    pub(crate) text_link: Table,
    pub(crate) part: Table,
}

impl ArticleTables {
    pub(crate) fn declare(erp: &mut Loader) -> Self {
        Self {
            article: erp.table(
                "F_ARTICLE",
                &[
                    "AR_Ref",
                    "AR_Design",
                    "FA_CodeFamille",
                    "AR_Substitut",
                    "AR_UnitePoids",
                    "AR_PoidsNet",
                    "AR_PoidsBrut",
                    "AR_UniteVen",
                    "AR_PrixAch",
                    "AR_Coef",
                    "AR_PrixVen",
                    "AR_PrixTTC",
                    "AR_Gamme1",
                    "AR_Gamme2",
                    "AR_SuiviStock",
                    "AR_Nomencl",
                    "AR_Stat01",
                    "AR_Stat02",
                    "AR_Sommeil",
                    "AR_Langue1",
                    "AR_CodeBarre",
                    "AR_CodeFiscal",
                    "AR_Pays",
                    "AR_Condition",
                    "AR_Contremarque",
                    "AR_DateCreation",
                    "AR_DateModif",
                    "AR_Publie",
                    "AR_Photo",
                    "CL_No1",
                    "cbCL_No1",
                    "CL_No2",
                    "cbCL_No2",
                    "CL_No3",
                    "cbCL_No3",
                    "Durée garantie",
                    "Délai expédition",
                    "Indice réparabilité",
                    "Classe énergie",
                    "Conso annuelle",
                    "cbModification",
                ],
                &[("AR_Langue2", "''"), ("CL_No4", "0"), ("cbCL_No4", "NULL"), ("AR_Type", "0")],
            ),
            option_value: erp.table(
                "F_ARTGAMME",
                &["AR_Ref", "AG_No", "EG_Enumere", "AG_Type", "cbModification"],
                &[],
            ),
            variant: erp.table(
                "F_ARTENUMREF",
                &[
                    "AR_Ref",
                    "AG_No1",
                    "AG_No2",
                    "AE_Ref",
                    "AE_PrixAch",
                    "AE_CodeBarre",
                    "AE_Sommeil",
                    "cbModification",
                ],
                &[],
            ),
            pack: erp.table(
                "F_CONDITION",
                &[
                    "AR_Ref",
                    "CO_No",
                    "EC_Enumere",
                    "EC_Quantite",
                    "CO_Ref",
                    "CO_CodeBarre",
                    "CO_Principal",
                    "cbModification",
                ],
                &[],
            ),
            vat: erp.table(
                "F_ARTCOMPTA",
                &["AR_Ref", "ACP_Champ", "ACP_ComptaCPT_Taxe1", "cbModification"],
                &[
                    ("ACP_TypeFacture", "0"),
                    ("ACP_Type", "0"),
                    ("ACP_ComptaCPT_Date1", "'1900-01-01 00:00:00'"),
                    ("ACP_ComptaCPT_TaxeAnc1", "NULL"),
                ],
            ),
            media: erp.table(
                "F_ARTICLEMEDIA",
                &["AR_Ref", "ME_Commentaire", "ME_Fichier", "cbModification"],
                &[],
            ),
            text: erp.table(
                "F_GLOSSAIRE",
                &["GL_No", "GL_Intitule", "GL_PeriodeDeb", "GL_Text", "GL_TextLangue1", "cbModification"],
                &[
                    ("GL_Domaine", "0"),
                    ("GL_Raccourci", "''"),
                    ("GL_PeriodeFin", "'1753-01-01 00:00:00'"),
                    ("GL_TextLangue2", "NULL"),
                ],
            ),
            text_link: erp.table("F_ARTGLOSS", &["AR_Ref", "GL_No", "AGL_Num", "cbModification"], &[]),
            part: erp.table(
                "F_NOMENCLAT",
                &["AR_Ref", "NO_RefDet", "NO_Qte", "NO_Ordre", "cbModification"],
                &[("AG_No1", "0"), ("AG_No2", "0"), ("NO_Type", "0")],
            ),
        }
    }
}
