//! The statements of Sage's tariff: one table each, the columns in the order the rows are read in. The first two of those
//! that are grouped are the article or family and the order in which rows were written.

use crate::{
    connectors::{map::ConnectorMap, reading::Reading},
    sources::expr::CastType,
};

/// One statement a table.
#[derive(Debug)]
pub(super) struct Statements {
    pub customers: Reading,
    pub articles: Reading,
    pub variants: Reading,
    pub packs: Reading,
    pub currencies: Reading,
    pub taxes: Reading,
    pub categories: Reading,
    pub prices: Reading,
    pub steps: Reading,
    pub variant_prices: Reading,
    pub pack_prices: Reading,
    pub family: Reading,
    pub family_steps: Reading,
    pub family_customers: Reading,
    pub article_taxes: Reading,
    pub family_taxes: Reading,
    pub promotions: Reading,
}

/// When rows of equal rank were written: the engine numbers them.
const WRITTEN: &str = "OPTIONAL(cbMarq)";

fn by_article(name: &'static str, map: &ConnectorMap) -> Reading {
    Reading::new(name, map).keyed(&[("AR_Ref", CastType::Text(19))]).text("AR_Ref").int(WRITTEN)
}

fn by_family(name: &'static str, map: &ConnectorMap) -> Reading {
    let column = "FA_CodeFamille";
    Reading::new(name, map).keyed(&[(column, CastType::Text(11))]).text(column).int(WRITTEN)
}

/// Rows of the lists of the buyer: the mixed key of its category, its own code, its group's.
fn listed(reading: Reading, column: &str) -> Reading {
    let scalars = reading.scalar("customer").scalar("group").scalar("list");
    scalars.filter(&format!("{column} = :customer OR {column} = :group OR {column} = :list")).text(column)
}

fn discounts(mut reading: Reading, prefix: &str) -> Reading {
    for n in 1..=3 {
        let column = format!("{prefix}_Remise0{n}REM");
        reading = reading.decimal(&format!("{column}_Valeur")).int(&format!("{column}_Type"));
    }
    reading
}

/// The three slots: code, former code, day of change. Old versions have no change, small bases not all slots.
fn slots(mut reading: Reading, prefix: &str) -> Reading {
    for n in 1..=3 {
        let column = format!("{prefix}_ComptaCPT_");
        let code = format!("{column}Taxe{n}");
        reading = reading
            .text(&if n == 1 { code } else { format!("OPTIONAL({code})") })
            .text(&format!("OPTIONAL({column}TaxeAnc{n})"))
            .date(&format!("CAST(OPTIONAL({column}Date{n}) AS date)"));
    }
    reading
}

impl Statements {
    pub fn new(map: &ConnectorMap) -> Self {
        let accounting = |reading: Reading, prefix: &str| {
            let reading = reading.scalar("category").filter(&format!(
                "{prefix}_Type = 0 AND {prefix}_TypeFacture = 0 AND {prefix}_Champ = :category"
            ));
            slots(reading, prefix)
        };
        let steps = listed(by_article("F_TARIFQTE", map), "TQ_RefCF").decimal("TQ_BorneSup");
        let family_steps = by_family("F_FAMTARIFQTE", map).spare();
        let family_steps = listed(family_steps, "FQ_RefCF").decimal("FQ_BorneSup");
        Self {
            customers: Reading::new("F_COMPTET", map)
                .keyed(&[("CT_Num", CastType::Text(17))])
                .text("CT_Num")
                .int("CT_Type")
                .int("CT_Sommeil")
                .text("CT_NumCentrale")
                .int("N_CatTarif")
                .int("N_CatCompta")
                .int("N_Devise")
                .decimal("CT_Taux01"),
            articles: by_article("F_ARTICLE", map)
                .text("AR_Ref")
                .text("FA_CodeFamille")
                .decimal("AR_PrixAch")
                .decimal("AR_Coef")
                .decimal("AR_PrixVen")
                .int("AR_PrixTTC"),
            variants: by_article("F_ARTENUMREF", map)
                .int("AG_No1")
                .int("COALESCE(AG_No2, 0)")
                .decimal("AE_PrixAch"),
            packs: by_article("F_CONDITION", map).int("CO_No").decimal("EC_Quantite"),
            // The company's row is the one that P_DOSSIERCIAL names; the format of prices is there in any case.
            currencies: Reading::new("P_DEVISE", map)
                .join("P_DOSSIERCIAL", "d", "d.N_DeviseCompte = t.cbIndice OR COALESCE(d.N_DeviseCompte, 0) = 0")
                .int("cbIndice")
                .text("D_CodeISO")
                .int("d.N_DeviseCompte")
                .text("OPTIONAL(d.D_FormatPrix)"),
            taxes: Reading::new("F_TAXE", map)
                .prefixed("accounting_database")
                .text("TA_Code")
                .text("TA_Intitule")
                .decimal("TA_Taux")
                .int("TA_TTaux"),
            categories: Reading::new("P_CATTARIF", map).spare().int("cbIndice").int("CT_PrixTTC"),
            prices: by_article("F_ARTCLIENT", map)
                .scalar("customer")
                .scalar("group")
                .scalar("category")
                .filter(
                    "CT_Num = :customer OR CT_Num = :group OR (AC_Categorie = :category AND COALESCE(RTRIM(CT_Num), '') = '')",
                )
                .int("AC_Categorie")
                .text("CT_Num")
                .decimal("AC_PrixVen")
                .decimal("AC_Coef")
                .int("AC_PrixTTC")
                .int("AC_QteMont")
                .int("EG_Champ")
                .decimal("AC_PrixDev")
                .int("AC_Devise")
                .decimal("AC_Remise")
                .int("AC_TypeRem"),
            steps: discounts(steps, "TQ").decimal("TQ_PrixNet"),
            variant_prices: listed(by_article("F_TARIFGAM", map), "TG_RefCF")
                .int("AG_No1")
                .int("COALESCE(AG_No2, 0)")
                .decimal("TG_Prix"),
            pack_prices: listed(by_article("F_TARIFCOND", map).spare(), "TC_RefCF")
                .int("CO_No")
                .decimal("TC_Prix"),
            family: by_family("F_FAMTARIF", map)
                .scalar("category")
                .filter("FT_Categorie = :category")
                .int("FT_Categorie")
                .decimal("FT_Coef")
                .int("FT_PrixTTC")
                .decimal("FT_Remise")
                .int("FT_TypeRem"),
            family_steps: discounts(family_steps, "FQ"),
            family_customers: by_family("F_FAMCLIENT", map)
                .scalar("customer")
                .scalar("group")
                .filter("CT_Num = :customer OR CT_Num = :group")
                .text("CT_Num")
                .decimal("FC_Remise"),
            article_taxes: accounting(by_article("F_ARTCOMPTA", map), "ACP"),
            family_taxes: accounting(by_family("F_FAMCOMPTA", map), "FCP"),
            // Of purchases (TF_Domaine 1) none matters. The oldest dates stand for none.
            promotions: Reading::new("F_TARIF", map)
                .spare()
                .filter(
                    "COALESCE(OPTIONAL(TF_Domaine), 0) = 0 AND COALESCE(CAST(TF_Debut AS date), CAST('1900-01-01' AS date)) <= :today AND (TF_Fin IS NULL OR CAST(TF_Fin AS date) <= CAST('1900-01-01' AS date) OR CAST(TF_Fin AS date) >= :today)",
                )
                .int("TF_No")
                .text("OPTIONAL(TF_Intitule)")
                .date("CAST(TF_Debut AS date)")
                .date("CAST(TF_Fin AS date)"),
        }
    }
}
