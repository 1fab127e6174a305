//! The ERP's half of the demo: a Sage-shaped company. Here the parameters, the rayons,
//! the families and the articles; prices, stock, customers and documents are in `trade`.

use std::collections::BTreeMap;

use super::article::{Article, Kind};
use super::load::{Cell, Loader, Table, row};
use super::rng::{Rng, mix};
use super::traps::{self, at, falls};
use super::vocabulary::Vocabulary;
use super::{DemoError, GENERATOR_VERSION};

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

/// Tables that every article fills.
#[derive(Debug)]
pub(crate) struct ArticleTables {
    article: Table,
    option_value: Table,
    variant: Table,
    pack: Table,
    vat: Table,
    media: Table,
    text: Table,
    text_link: Table,
    part: Table,
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
        &["TA_Code", "TA_No", "TA_Intitule", "TA_Taux", "cbModification"],
        &[("TA_TTaux", "0"), ("TA_Type", "0"), ("TA_Sens", "1"), ("CG_Num", "'445710'")],
    );
    for (n, (code, name, rate)) in (1..).zip(&p.taxes) {
        erp.add(table, row![code, n, name, rate, stamp()]).await?;
    }
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
        &["FA_CodeFamille", "FCP_Champ", "FCP_ComptaCPT_Taxe1", "cbModification"],
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
    for (n, (code, label)) in (0..).zip(&vocabulary.families.central) {
        erp.add(family, row![code, 2, label, "", minute(mix(seed, n, 5))]).await?;
    }
    for (n, (code, label, central, tax, _)) in (0..).zip(&vocabulary.families.detail) {
        let when = minute(mix(seed, n, 6));
        erp.add(family, row![code, 0, label, central, when.as_str()]).await?;
        erp.add(vat, row![code, 1, tax, when.as_str()]).await?;
        erp.add(vat, row![code, 2, "D00", when.as_str()]).await?;
        erp.add(vat, row![code, 3, "D00", when.as_str()]).await?;
        // Two families are priced for professionals by coefficient, the others by discount.
        let (coefficient, discount) = if n % 13 == 5 { ("1.45", "0") } else { ("0", "12") };
        erp.add(tariff, row![code, 2, coefficient, discount, when.as_str()]).await?;
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

/// Writes one article with its options, variants, packs, VAT, media, texts and parts.
pub(crate) async fn article(
    erp: &mut Loader,
    t: &ArticleTables,
    vocabulary: &Vocabulary,
    seed: u64,
    a: &Article<'_>,
) -> Result<(), DemoError> {
    let (i, code) = (a.i, a.code.as_str());
    let n = u64::from(i);
    let mut rng = Rng::of(seed, n, 10);
    // Every 50th article was touched by the same mass update.
    let changed = if i % 50 == 21 { "2026-06-16 06:00:00".to_owned() } else { minute(mix(seed, n, 11)) };

    let path = vocabulary.path(&a.line.rayon);
    let [l1, l2, l3] = match i {
        at::DEPOSIT | at::UNPLACED => [0, 0, 0],
        _ if falls(i, at::NO_RAYON, 71) => [0, 0, 0],
        _ if falls(i, at::UPPER_RAYON, 31) => [path[0], path[1], 0],
        _ => path,
    };
    let twin = |n: i64| (n != 0).then_some(n);
    let (gamme1, gamme2) = match &a.kind {
        Kind::Variants { axes, .. } => {
            (vocabulary.option_index(&axes[0].0), axes.get(1).map_or(0, |x| vocabulary.option_index(&x.0)))
        }
        _ => (0, 0),
    };
    let by_coefficient = falls(i, at::BY_COEFFICIENT, 41);
    let gross = falls(i, at::GROSS, 37);
    let sale = match i {
        at::NO_PRICE | at::DEPOSIT | at::KIT_BY_PARTS => 0,
        _ if by_coefficient => 0,
        _ if gross => (a.net * (1000 + Vocabulary::rate_tenths(a.vat)) + 500) / 1000,
        _ => a.net,
    };
    let grams = a.line.grams || falls(i, at::GRAMS, 13);
    let (unit, weight): (Cell, String) = match i {
        at::NULL_UNIT => (Cell::Null, milli(a.grams)),
        at::QUINTAL => (Cell::Int(1), format!("{}.{:05}", a.grams / 100_000, a.grams % 100_000)),
        at::DEPOSIT => (Cell::Int(2), "0".to_owned()),
        _ if i % 17 == 4 => (Cell::Int(2), "0".to_owned()),
        _ if grams => (Cell::Int(3), a.grams.to_string()),
        _ => (Cell::Int(2), milli(a.grams)),
    };
    let brand: Cell = match i % 6 {
        1 => "".into(),
        2 => Cell::Null,
        _ if i == at::BRAND => "MARQUE À DÉFINIR".into(),
        _ => a.brand.chars().take(21).collect::<String>().into(),
    };
    let season: Cell = match &a.line.season {
        _ if falls(i, at::BAD_SEASON, 67) => "mi-saison".into(),
        Some(season) if i % 5 != 0 => season.into(),
        _ if i % 4 == 0 => "toute saison".into(),
        _ if i % 4 == 1 => Cell::Null,
        _ => "".into(),
    };
    let kit = matches!(a.kind, Kind::Kit(_));
    let english: Cell = match i % 3 {
        0 => a.english.as_str().into(),
        1 => "".into(),
        _ => Cell::Null,
    };
    let modified: Cell = match i {
        _ if falls(i, at::DATE_1753, 101) => "1753-01-01 00:00:00".into(),
        _ if falls(i, at::DATE_1900, 103) => "1900-01-01 00:00:00".into(),
        at::DATE_NULL => Cell::Null,
        _ => format!("{} 00:00:00", day(mix(seed, n, 12))).into(),
    };
    let photo: Cell = match i {
        at::DEPOSIT => "".into(),
        _ => match i % 8 {
            0 | 3 | 5 => format!("{}.jpg", photo_name(code)).into(),
            1 | 2 | 4 => format!(".\\Multimedia\\{}.jpg", photo_name(code)).into(),
            6 => Cell::Null,
            _ => "".into(),
        },
    };
    let replacement: Option<String> = if falls(i, at::REPLACED, 47) || i == at::RELATED {
        Some(super::article::code_at(
            vocabulary,
            if i >= 2 * traps::STEP { i - traps::STEP } else { i + traps::STEP },
        ))
    } else {
        None
    };
    // 0 and NULL both mean that nobody filled it in.
    let warranty: Cell = match i {
        at::COMPLETED => Cell::Null,
        _ => match i % 5 {
            1 | 3 => a.line.warranty.into(),
            2 => Cell::Null,
            _ if a.line.warranty > 0 && i % 10 == 4 => 6.into(),
            _ => 0.into(),
        },
    };
    let delay: Cell =
        if i % 3 == 0 || i == at::EXTREMES { (2 + i64::from(i % 9)).into() } else { Cell::Null };
    let repair: Cell = if a.line.energy || i == at::EXTREMES || i % 7 == 2 {
        format!("{}.{}", 4 + i % 6, i % 10).into()
    } else {
        Cell::Null
    };
    let (energy, usage): (Cell, Cell) = if a.line.energy && i % 4 != 1 {
        ((*rng.pick(&["A", "B", "C", "D", "E"])).into(), (12 + 7 * i64::from(i % 40)).into())
    } else {
        (Cell::Null, Cell::Null)
    };
    erp.add(
        t.article,
        row![
            code,
            a.erp_title.as_deref(),
            &a.line.family,
            replacement,
            unit,
            weight.as_str(),
            weight.as_str(),
            unit_of_sale(a),
            euros(a.cost),
            if by_coefficient { "2.35" } else { "0" },
            euros(sale),
            gross,
            gamme1,
            gamme2,
            if kit || i == at::DEPOSIT { 0 } else { 2 },
            if let Kind::Kit(k) = a.kind { k } else { 0 },
            brand,
            season,
            a.asleep,
            english,
            a.barcode.as_deref(),
            if i % 4 == 0 { format!("{:08}", 39_240_000 + i % 900) } else { String::new() },
            rng.pick(&vocabulary.parameters.origins),
            i64::from(matches!(a.kind, Kind::Packs(_))),
            falls(i, at::TO_ORDER, 61),
            format!("{} 00:00:00", day(mix(seed, n, 13)).replace("2026", "2024")),
            modified,
            a.published,
            photo,
            l1,
            twin(l1),
            l2,
            twin(l2),
            l3,
            twin(l3),
            warranty,
            delay,
            repair,
            energy,
            usage,
            changed.as_str(),
        ],
    )
    .await?;
    references(erp, t, a, &changed).await?;
    if a.vat == "D10" && falls(i, at::OWN_VAT, 59) {
        erp.add(t.vat, row![code, 1, "D10", changed.as_str()]).await?;
    }
    media(erp, t, a, &changed).await?;
    texts(erp, t, vocabulary, a, &mut rng, &changed).await?;
    if kit {
        for (n, part) in (1..).zip([at::OVERRIDDEN, at::COMPLETED, at::BLANK_BARCODE]) {
            let part = super::article::code_at(vocabulary, part);
            erp.add(t.part, row![code, part, if n == 2 { "2" } else { "1" }, n, changed.as_str()]).await?;
        }
    }
    Ok(())
}

fn unit_of_sale(a: &Article<'_>) -> i64 {
    match a.line.prefix.as_str() {
        "GRA" => 6,
        "DEV" | "RAL" if a.i % 8 == 5 => 5,
        "RID" => 2,
        _ => 1,
    }
}

fn photo_name(code: &str) -> String {
    code.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

async fn references(
    erp: &mut Loader,
    t: &ArticleTables,
    a: &Article<'_>,
    changed: &str,
) -> Result<(), DemoError> {
    let code = a.code.as_str();
    match &a.kind {
        Kind::Variants { axes, rows } => {
            for (kind, (_, values)) in (0..).zip(axes) {
                for value in values {
                    erp.add(t.option_value, row![code, value.number, &value.label, kind, changed]).await?;
                }
            }
            for v in rows {
                // Blank or NULL: both are in use for "no code".
                let own: Cell = match &v.own_code {
                    Some(own) => own.into(),
                    None if v.first.number % 2 == 0 => Cell::Null,
                    None => "".into(),
                };
                let cost = if a.i % 3 == 0 { "0".to_owned() } else { euros(a.cost) };
                erp.add(
                    t.variant,
                    row![
                        code,
                        v.first.number,
                        v.second_number(),
                        own,
                        cost,
                        v.barcode.as_deref().unwrap_or(""),
                        if a.i % 5 == 0 && !v.asleep { Cell::Null } else { v.asleep.into() },
                        changed,
                    ],
                )
                .await?;
            }
        }
        Kind::Packs(packs) => {
            for (n, pack) in packs.iter().enumerate() {
                erp.add(
                    t.pack,
                    row![
                        code,
                        pack.number,
                        &pack.label,
                        pack.quantity,
                        pack.own_code.as_deref().unwrap_or(""),
                        &pack.barcode,
                        n == 0,
                        changed,
                    ],
                )
                .await?;
            }
        }
        Kind::Plain | Kind::Kit(_) => {}
    }
    Ok(())
}

async fn media(erp: &mut Loader, t: &ArticleTables, a: &Article<'_>, changed: &str) -> Result<(), DemoError> {
    let name = photo_name(&a.code);
    let count = match a.i {
        at::MEDIA => 3,
        at::DEPOSIT => 0,
        i => i % 3,
    };
    for n in 1..=count {
        let caption: Cell = match (a.i + n) % 3 {
            0 => format!("{}, vue {}", a.line.rayon, ["de face", "de côté", "en situation"][n as usize % 3])
                .into(),
            1 => "".into(),
            _ => Cell::Null,
        };
        erp.add(t.media, row![&a.code, caption, format!(".\\Multimedia\\{name}_vue{n}.jpg"), changed])
            .await?;
    }
    if a.line.assembly || a.line.energy {
        erp.add(
            t.media,
            row![&a.code, "Notice de montage et d'emploi", format!("{name}_notice.pdf"), changed],
        )
        .await?;
    }
    Ok(())
}

async fn texts(
    erp: &mut Loader,
    t: &ArticleTables,
    vocabulary: &Vocabulary,
    a: &Article<'_>,
    rng: &mut Rng,
    changed: &str,
) -> Result<(), DemoError> {
    let (i, code) = (a.i, a.code.as_str());
    let own = match i {
        at::DEPOSIT | at::COMPLETED | at::HTML => i == at::HTML,
        at::RTF | at::MARKUP | at::BLANK_TEXT | at::EMPTY => true,
        _ => i % 10 < 7,
    };
    if own {
        let number = 1_000 + i64::from(i);
        let picked = description(a, rng);
        let text = match i {
            _ if falls(i, at::RTF, 113) => format!(
                "{{\\rtf1\\ansi\\ansicpg1252\\deff0{{\\fonttbl{{\\f0 Arial;}}}}\\f0\\fs20 {}\\par}}",
                rtf(&picked)
            ),
            at::MARKUP => {
                format!("{picked}\nPour une hauteur < 2 m & une pente > 5 %, prévoir « l'écarteur ».")
            }
            _ if falls(i, at::BLANK_TEXT, 109) => "   ".to_owned(),
            _ => picked,
        };
        let english: Cell = if i % 6 == 0 {
            format!("{}. Made to be used every day, and to be mended rather than replaced.", a.english).into()
        } else {
            Cell::Null
        };
        let title: String = a.title.chars().take(35).collect();
        let start = if i % 2 == 0 { "1753-01-01 00:00:00" } else { "1900-01-01 00:00:00" };
        erp.add(t.text, row![number, title, start, text, english, changed]).await?;
        erp.add(t.text_link, row![code, number, 1, changed]).await?;
    }
    if i % 9 == 5 {
        let line = i64::from(i) % i64::try_from(vocabulary.lines.len()).unwrap_or(1) + 1;
        erp.add(t.text_link, row![code, line, 2, changed]).await?;
    }
    Ok(())
}

/// Two to four sentences of the line, in its own order.
pub(crate) fn description(a: &Article<'_>, rng: &mut Rng) -> String {
    let all = &a.line.sentences;
    let skip = rng.below(all.len());
    let also = rng.below(all.len());
    let kept: Vec<&str> =
        all.iter().enumerate().filter(|(n, _)| *n != skip && *n != also).map(|(_, s)| s.as_str()).collect();
    format!("{} {}", kept.join(" "), signature(a))
}

fn signature(a: &Article<'_>) -> String {
    match a.i % 4 {
        0 => format!("Collection {}, par {}.", a.model, a.brand),
        1 => format!("Un modèle {} de la maison {}.", a.model, a.brand),
        2 => format!("{} signe ici sa ligne {}.", a.brand, a.model),
        _ => format!("De la série {}, chez {}.", a.model, a.brand),
    }
}

/// Text as old word processors escape it.
fn rtf(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\\' | '{' | '}' => format!("\\{c}"),
            c if c.is_ascii() => c.to_string(),
            c if (c as u32) < 256 => format!("\\'{:02x}", c as u32),
            c => format!("\\u{}?", c as u32),
        })
        .collect()
}

/// What tells one generation of the demo from the next.
pub(crate) fn generator() -> String {
    format!("comptoir demo {GENERATOR_VERSION}")
}
