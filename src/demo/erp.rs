//! The ERP's half of the demo: a Sage-shaped company. Here the parameters, the rayons,
//! the families and the articles; prices, stock, customers and documents are in `trade`.

use std::collections::BTreeMap;

use super::DemoError;
use super::erp_tables::ArticleTables;
use super::load::{Cell, Loader, row};
use super::rng::mix;
use super::vocabulary::Vocabulary;

/// The company's own columns (informations libres) besides `Durée garantie`.
pub(crate) const OWN_COLUMNS: &str = r#"
ALTER TABLE "F_ARTICLE" ADD COLUMN "Délai expédition" NUMERIC(24,6);
ALTER TABLE "F_ARTICLE" ADD COLUMN "Indice réparabilité" NUMERIC(24,6);
ALTER TABLE "F_ARTICLE" ADD COLUMN "Classe énergie" TEXT;
ALTER TABLE "F_ARTICLE" ADD COLUMN "Conso annuelle" NUMERIC(24,6);
"#;

/// Cents as a decimal of euros.
pub(crate) fn euros(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.abs();
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

/// Thousandths as a decimal.
pub(crate) fn milli(thousandths: i64) -> String {
    format!("{}.{:03}", thousandths / 1000, thousandths % 1000)
}

/// A day of 2026, from a number.
pub(crate) fn day(number: u64) -> String {
    const DAYS: [u64; 9] = [31, 28, 31, 30, 31, 30, 31, 31, 30];
    let mut n = number % DAYS.iter().sum::<u64>();
    let mut month = 1;
    for length in DAYS {
        if n < length {
            break;
        }
        n -= length;
        month += 1;
    }
    format!("2026-{month:02}-{:02}", n + 1)
}

/// A minute of 2026: `cbModification` knows no seconds.
pub(crate) fn minute(number: u64) -> String {
    format!("{} {:02}:{:02}:00", day(number), 7 + (number >> 20) % 12, (number >> 32) % 60)
}

/// Writes parameters, rayons, families and the texts that lines share.
pub(crate) async fn company(
    erp: &mut Loader,
    tables: &ArticleTables,
    vocabulary: &Vocabulary,
    seed: u64,
) -> Result<(), DemoError> {
    let p = &vocabulary.parameters;
    let shop =
        erp.table("P_DOSSIERCIAL", &["D_RaisonS", "D_FormatQte", "D_FormatPrix", "N_DeviseCompte"], &[]);
    erp.add(shop, row!["Le Comptoir du Quai", "# ##0,##", "# ##0,00", 1]).await?;
    let table = erp.table("P_DEVISE", &["D_Intitule", "D_CodeISO", "D_Sigle", "D_Cours", "cbIndice"], &[]);
    erp.add(table, row!["Euro", "EUR", "€", "1", 1]).await?;
    erp.add(table, row!["Franc suisse", "CHF", "Fr.", "0.95", 2]).await?;
    let table = erp.table(
        "P_UNITE",
        &["U_Intitule", "cbIndice"],
        &[("U_Correspondance", "0"), ("U_NbUnite", "0"), ("U_EdiCode", "''")],
    );
    for (n, unit) in (1..).zip(&p.units) {
        erp.add(table, row![unit, n]).await?;
    }
    let table = erp.table("P_GAMME", &["G_Intitule", "G_Type", "cbIndice"], &[]);
    let mut index = 0;
    for name in &p.options {
        index += 1;
        erp.add(table, row![name, 0, index]).await?;
    }
    erp.add(table, row![&p.steps, 1, index + 1]).await?;
    let table = erp.table("P_CATTARIF", &["CT_Intitule", "CT_PrixTTC", "cbIndice"], &[]);
    for (n, (name, gross)) in (1..).zip(&p.price_categories) {
        erp.add(table, row![name, *gross, n]).await?;
    }
    let table = erp.table("P_CATCOMPTA", &["CA_ComptaVen01", "CA_ComptaVen02", "CA_ComptaVen03"], &[]);
    erp.add(table, row![&p.tax_categories[0], &p.tax_categories[1], &p.tax_categories[2]]).await?;
    let table = erp.table("P_CONDITIONNEMENT", &["P_Conditionnement", "cbIndice"], &[]);
    erp.add(table, row!["Lots et cartons", 1]).await?;
    let table = erp.table(
        "P_EXPEDITION",
        &["E_Intitule", "E_ValFrais", "cbIndice"],
        &[("E_TypeFrais", "0"), ("E_TypeLigneFrais", "0")],
    );
    for (n, (name, cost)) in (1..).zip(&p.carriers) {
        erp.add(table, row![name, cost, n]).await?;
    }
    let table = erp.table("P_CONDLIVR", &["C_Intitule", "cbIndice"], &[("C_Mode", "''")]);
    for (n, name) in (1..).zip(&p.terms) {
        erp.add(table, row![name, n]).await?;
    }
    let table = erp.table("P_SOUCHEVENTE", &["S_Intitule", "cbIndice"], &[("S_Valide", "1")]);
    for (n, name) in (1..).zip(&p.series) {
        erp.add(table, row![name, n]).await?;
    }
    let stamp = || minute(mix(seed, 0, 3));
    let table = erp.table(
        "F_DEPOT",
        &[
            "DE_No",
            "DE_Intitule",
            "DE_Code",
            "DE_Principal",
            "DE_Exclure",
            "DE_CodePostal",
            "DE_Ville",
            "cbModification",
        ],
        &[("DE_Pays", "'France'")],
    );
    for (n, (name, code, postal, town)) in (1..).zip(&p.depots) {
        erp.add(table, row![n, name, code, n == 1, n == 4, postal, town, stamp()]).await?;
    }
    let table = erp.table(
        "F_TAXE",
        &["TA_Code", "TA_No", "TA_Intitule", "TA_Taux", "TA_TTaux", "cbModification"],
        &[("TA_Type", "0"), ("TA_Sens", "1"), ("CG_Num", "'445710'")],
    );
    let mut taxes = 0;
    for (code, name, rate) in &p.taxes {
        taxes += 1;
        erp.add(table, row![code, taxes, name, rate, 0, stamp()]).await?;
    }
    // An amount for each unit, in the second slot of what runs on electricity.
    erp.add(table, row![ECO_TAX, taxes + 1, "Éco-participation DEEE", "0.42", 1, stamp()]).await?;
    let table = erp.table("F_PAYS", &["PA_Intitule", "PA_Code", "PA_CodeISO2", "cbModification"], &[]);
    for (name, code) in &p.countries {
        erp.add(table, row![name, code, code, stamp()]).await?;
    }
    let table = erp.table(
        "cbSysLibre",
        &["CB_File", "CB_Name", "CB_Pos", "CB_Type", "CB_Len"],
        &[("CB_Flag", "0"), ("CB_Formule", "NULL"), ("CB_Creator", "'COLU'")],
    );
    let own =
        ["Durée garantie", "Délai expédition", "Indice réparabilité", "Classe énergie", "Conso annuelle"];
    for (n, name) in (1..).zip(own) {
        let (kind, length) = if name == "Classe énergie" { (9, 5) } else { (7, 8) };
        erp.add(table, row!["F_ARTICLE", name, n, kind, length]).await?;
    }
    rayons(erp, vocabulary, seed).await?;
    families(erp, vocabulary, seed).await?;
    option_values(erp, vocabulary, seed).await?;
    for (n, line) in (1..).zip(&vocabulary.lines) {
        let care = line.sentences.last().map_or("", String::as_str);
        let title: String = format!("Conseil {}", line.rayon).chars().take(35).collect();
        let text = format!("Le conseil du comptoir : {}", lower_first(care));
        erp.add(tables.text, row![n, title, "1753-01-01 00:00:00", text, Cell::Null, stamp()]).await?;
    }
    Ok(())
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
}

async fn rayons(erp: &mut Loader, vocabulary: &Vocabulary, seed: u64) -> Result<(), DemoError> {
    let table = erp.table(
        "F_CATALOGUE",
        &["CL_No", "CL_Intitule", "CL_Code", "CL_NoParent", "cbCL_NoParent", "CL_Niveau", "cbModification"],
        &[("CL_Stock", "0")],
    );
    for rayon in &vocabulary.rayons {
        // A short code that is often blank, sometimes NULL, and never a key.
        let short: Cell = match rayon.number % 7 {
            0 => Cell::Null,
            1 => rayon.title.chars().take(3).collect::<String>().to_uppercase().into(),
            _ => "".into(),
        };
        let parent: Option<i64> = (rayon.parent != 0).then_some(rayon.parent);
        let when = minute(mix(seed, rayon.number.unsigned_abs(), 4));
        erp.add(table, row![rayon.number, &rayon.title, short, rayon.parent, parent, rayon.level, when])
            .await?;
    }
    Ok(())
}

/// The code of the eco-participation.
const ECO_TAX: &str = "ECO";
/// The families that bear it.
const ELECTRIC: [&str; 3] = ["ELECTROMENA", "LUMINAIRE", "ELECTROPORT"];

async fn families(erp: &mut Loader, vocabulary: &Vocabulary, seed: u64) -> Result<(), DemoError> {
    let family = erp.table(
        "F_FAMILLE",
        &["FA_CodeFamille", "FA_Type", "FA_Intitule", "FA_Central", "cbModification"],
        &[
            ("FA_UniteVen", "1"),
            ("FA_SuiviStock", "2"),
            ("FA_Publie", "1"),
            ("CL_No1", "0"),
            ("CL_No2", "0"),
            ("CL_No3", "0"),
            ("CL_No4", "0"),
        ],
    );
    let vat = erp.table(
        "F_FAMCOMPTA",
        &["FA_CodeFamille", "FCP_Champ", "FCP_ComptaCPT_Taxe1", "FCP_ComptaCPT_Taxe2", "cbModification"],
        &[
            ("FCP_TypeFacture", "0"),
            ("FCP_Type", "0"),
            ("FCP_ComptaCPT_CompteG", "'707100'"),
            ("FCP_ComptaCPT_Date1", "'1900-01-01 00:00:00'"),
            ("FCP_ComptaCPT_TaxeAnc1", "NULL"),
        ],
    );
    let tariff = erp.table(
        "F_FAMTARIF",
        &["FA_CodeFamille", "FT_Categorie", "FT_Coef", "FT_Remise", "cbModification"],
        &[("FT_PrixTTC", "0"), ("FT_TypeRem", "0")],
    );
    let step = erp.table(
        "F_FAMTARIFQTE",
        &["FA_CodeFamille", "FQ_RefCF", "FQ_BorneSup", "FQ_Remise01REM_Valeur", "cbModification"],
        &[
            ("FQ_Remise01REM_Type", "1"),
            ("FQ_Remise02REM_Valeur", "0"),
            ("FQ_Remise02REM_Type", "0"),
            ("FQ_Remise03REM_Valeur", "0"),
            ("FQ_Remise03REM_Type", "0"),
        ],
    );
    for (n, (code, label)) in (0..).zip(&vocabulary.families.central) {
        erp.add(family, row![code, 2, label, "", minute(mix(seed, n, 5))]).await?;
    }
    for (n, (code, label, central, tax, _)) in (0..).zip(&vocabulary.families.detail) {
        let when = minute(mix(seed, n, 6));
        erp.add(family, row![code, 0, label, central, when.as_str()]).await?;
        let eco = ELECTRIC.contains(&code.as_str()).then_some(ECO_TAX);
        erp.add(vat, row![code, 1, tax, eco, when.as_str()]).await?;
        erp.add(vat, row![code, 2, "D00", Cell::Null, when.as_str()]).await?;
        erp.add(vat, row![code, 3, "D00", Cell::Null, when.as_str()]).await?;
        // Two families are priced for professionals by coefficient, the others by discount.
        let (coefficient, discount) = if n % 13 == 5 { ("1.45", "0") } else { ("0", "12") };
        erp.add(tariff, row![code, 2, coefficient, discount, when.as_str()]).await?;
        // One family has steps of its own, which replace its discount.
        if n % 13 == 7 {
            for (bound, discount) in [(12, 12), (0, 18)] {
                erp.add(step, row![code, "a02", bound, discount, when.as_str()]).await?;
            }
        }
    }
    // One code in two types: a join without FA_Type would double these articles.
    erp.add(family, row!["EPICERIE", 1, "Total épicerie", "", minute(mix(seed, 1, 6))]).await?;
    Ok(())
}

/// `F_ENUMGAMME`: the values each option may take, in the order people expect.
async fn option_values(erp: &mut Loader, vocabulary: &Vocabulary, seed: u64) -> Result<(), DemoError> {
    let table = erp.table(
        "F_ENUMGAMME",
        &["EG_Champ", "EG_Ligne", "EG_Enumere", "EG_BorneSup", "cbModification"],
        &[],
    );
    let mut values: BTreeMap<i64, Vec<&String>> = BTreeMap::new();
    for axis in vocabulary.lines.iter().flat_map(|l| &l.axes) {
        let known = values.entry(vocabulary.option_index(&axis[0])).or_default();
        for value in &axis[1..] {
            if !known.contains(&value) {
                known.push(value);
            }
        }
    }
    for (option, mut known) in values {
        known.sort_by(|a, b| magnitude(a).total_cmp(&magnitude(b)));
        for (n, value) in (1..).zip(known) {
            let when = minute(mix(seed, option.unsigned_abs(), 7));
            erp.add(table, row![option, n, value, "0", when]).await?;
        }
    }
    let steps = i64::try_from(vocabulary.parameters.options.len() + 1).unwrap_or(0);
    for (n, bound) in (1..).zip([10, 40, 99_999]) {
        let when = minute(mix(seed, 99, 7));
        erp.add(table, row![steps, n, format!("Jusqu'à {bound}"), bound.to_string(), when]).await?;
    }
    Ok(())
}

/// Puts `25 cl` before `2,5 L` and S before XL; words keep their order (all equal).
fn magnitude(value: &str) -> f64 {
    if let Some(size) = ["S", "M", "L", "XL"].iter().position(|s| *s == value) {
        return [1.0, 2.0, 3.0, 4.0][size];
    }
    let number: String = value
        .chars()
        .filter(|c| *c != ' ')
        .take_while(|c| c.is_ascii_digit() || *c == ',')
        .map(|c| if c == ',' { '.' } else { c })
        .collect();
    let factor = match value.rsplit(' ').next() {
        Some("cl" | "cm") => 0.01,
        Some("mm") => 0.001,
        _ => 1.0,
    };
    number.parse::<f64>().map_or(0.0, |n| n * factor)
}
