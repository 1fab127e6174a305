//! Random small shops: every cell state, duplicates, markers, tombstones, overrides and rules.

use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::{
    naive::{FieldRule, Rule, Rules, Twin},
    support::{
        gateway::{Override, Say},
        shops::{self, Folder, Recipe},
    },
};

/// An article of the ERP with what IsoShop says of it.
#[derive(Clone, Debug)]
pub struct RandomArticle {
    title: Option<&'static str>,
    english: Option<&'static str>,
    family: &'static str,
    weight: (Option<u8>, Option<&'static str>),
    unit: Option<u8>,
    brand: Option<&'static str>,
    published: Option<u8>,
    asleep: Option<u8>,
    path: &'static [u16],
    shape: u8,
    barcode: Option<&'static str>,
    created: Option<&'static str>,
    changed: Option<&'static str>,
    warranty: Option<u8>,
    origin: Option<&'static str>,
    own_code: Option<u8>,
    variant_asleep: u8,
    overlay: Option<RandomOverlay>,
    markers: Vec<(&'static str, Option<&'static str>)>,
    english_texts: Vec<(&'static str, &'static str)>,
    placements: Vec<(&'static str, bool)>,
    main: bool,
    /// The ERP's photo and its further files.
    photo: Option<&'static str>,
    gallery: Vec<&'static str>,
    /// IsoShop's files: usage, position, the file or a tombstone, language.
    files: Vec<(&'static str, u8, Option<&'static str>, Option<&'static str>)>,
    /// A file of its first reference.
    reference_file: Option<&'static str>,
    /// A list that is empty on purpose.
    emptied: Option<&'static str>,
    /// In which case the ERP spells its code, where it may, and in which IsoShop does.
    cases: (usize, usize),
}

/// An IsoShop row.
#[derive(Clone, Debug)]
pub struct RandomOverlay {
    title: Option<&'static str>,
    subtitle: Option<&'static str>,
    brand: Option<&'static str>,
    unit: Option<&'static str>,
    weight: Option<&'static str>,
    published: Option<u8>,
    warranty: Option<u8>,
    terrain: Option<&'static str>,
    tags: Option<&'static str>,
    electric: Option<u8>,
    updated: &'static str,
    twice: bool,
    reference_title: Option<&'static str>,
    reference_published: Option<u8>,
}

/// A whole shop.
#[derive(Clone, Debug)]
pub struct RandomShop {
    articles: Vec<RandomArticle>,
    /// Parents of departments 1 to 5: of itself, of a lower one, of an unknown one, or none.
    parents: Vec<u16>,
    departments: Vec<RandomDepartment>,
    pub overrides: Vec<Override>,
    rules: Vec<(&'static str, Rule, bool, bool, bool)>,
    /// Who decides what is on the web.
    decision: &'static str,
    /// The ERP's codes are in upper case, and its map says so.
    upper: bool,
    /// `limits.gather`, when it is small.
    pub gather: Option<usize>,
    /// Rows of IsoShop of which the ERP has none.
    orphans: Vec<(&'static str, RandomOverlay)>,
    /// What its schema says beside the rules.
    schema: &'static str,
}

/// Title, slug or parent, position and flag of an overlay's department.
type RandomDepartment = (Option<&'static str>, Option<&'static str>, u8, Option<u8>);

/// Texts of which many are equal once folded, and some are no text at all.
pub const TEXTS: &[&str] = &[
    "Vélo",
    "velo",
    "VÉLO   ",
    "Ve\u{301}lo",
    " vélo",
    "  ",
    "",
    "0",
    "L'œuvre",
    "L’ŒUVRE",
    "loeuvre",
    "Straße",
    "STRAẞE",
    "strasse  ",
    "Æther",
    "aether",
    "Øre",
    "İzmir",
    "ızmir",
    "IZMIR",
    "🚲 50%",
    "50_[x]",
    "50\\%",
    "Casque noir   ",
];
/// Codes that are no article's: in another script, in between, at either end, and none at all.
const ORPHANS: &[&str] = &[
    "AAA",
    "zzz",
    "ÄRT-1",
    "ART-É",
    "art-ß",
    "ART-1x",
    "ART-\u{1F6B2}",
    "art-1 b",
    "É",
    "art",
    "Art-10\u{17f}",
    "  ",
];
const PATHS: &[&[u16]] = &[&[0, 0, 0, 0], &[1, 0, 0, 0], &[1, 2, 0, 0], &[3, 0, 0, 0], &[1, 2, 4, 0]];
/// Local ones, of both nights in which clocks are changed too; one means nothing.
pub const MOMENTS: &[&str] = &[
    "2024-03-31 00:00:00",
    "1753-01-01 00:00:00",
    "2024-03-30 00:00:00",
    "2023-07-14 00:00:00",
    "2024-03-31 01:59:00",
    "2024-03-31 02:00:00",
    "2024-03-31 02:30:00",
    "2024-03-31 02:30",
    "2024-03-31 03:00:00",
    "2024-10-27T02:15:00",
    "2024-10-27 02:30:00",
    "2024-10-27 03:00:00",
    "2024-10-27",
];
/// Moments in UTC near those.
pub const UTC: &[&str] = &[
    "2024-03-31 00:59:00",
    "2024-03-31 01:00:00",
    "2024-03-31T01:00:00",
    "2024-03-30 23:00:00",
    "2024-10-27 00:30:00",
    "2024-10-27 01:00:00",
    "2024-10-27 01:30:00",
    "2024-10-27 01:30:00.5",
    "2024-10-27 02:00:00",
    "2023-07-13",
];
const FILES: &[&str] = &["a.jpg", "b.PNG", "notice.pdf", "plan"];
const FIELDS: &[&str] =
    &["title", "subtitle", "brand", "unit", "weight", "warranty_months", "terrain", "summary", "updated_at"];

fn overlays() -> impl Strategy<Value = RandomOverlay> {
    let texts = (
        option::of(select(TEXTS)),
        option::of(select(TEXTS)),
        option::of(select(TEXTS)),
        option::of(select(&["Lot", " "][..])),
        option::of(select(&["0", "1.25", "0.5", "12.000001"][..])),
    );
    let flags = (
        prop_oneof![4 => Just(None), 3 => Just(Some(1)), 1 => Just(Some(0))],
        option::of(select(&[0_u8, 6, 24][..])),
        option::of(select(&["route", "sentier", "plage", "randonnée"][..])),
        option::of(select(&["a", "a|b", ""][..])),
        option::of(0..2_u8),
        select(UTC),
    );
    let rest = (
        prop::bool::weighted(0.08),
        option::of(select(TEXTS)),
        prop_oneof![4 => Just(None), 1 => Just(Some(1)), 1 => Just(Some(0))],
    );
    (texts, flags, rest).prop_map(|(t, f, r)| RandomOverlay {
        title: t.0,
        subtitle: t.1,
        brand: t.2,
        unit: t.3,
        weight: t.4,
        published: f.0,
        warranty: f.1,
        terrain: f.2,
        tags: f.3,
        electric: f.4,
        updated: f.5,
        twice: r.0,
        reference_title: r.1,
        reference_published: r.2,
    })
}

fn articles() -> impl Strategy<Value = RandomArticle> {
    let texts = (
        option::of(select(TEXTS)),
        option::of(select(&["Bike", "", "Helmet", "hélmet"][..])),
        select(&["FAM1", "FAM2", "FAM3"][..]),
        (option::of(0..5_u8), option::of(select(&["0", "280", "1.5", "13.25"][..]))),
        option::of(1..4_u8),
        option::of(select(TEXTS)),
        option::of(select(MOMENTS)),
        option::weighted(0.8, select(MOMENTS)),
    );
    let flags = (
        prop_oneof![6 => Just(Some(1)), 1 => Just(Some(0)), 1 => Just(None)],
        prop_oneof![6 => Just(Some(0)), 1 => Just(Some(1)), 1 => Just(None)],
        select(PATHS),
        0..4_u8,
        option::of(select(&["376000", "", "376001"][..])),
        option::of(select(&[0_u8, 12, 36][..])),
        option::of(select(&["France", " ", "FRANCE", "Thaïlande"][..])),
    );
    let rest = (
        option::of(0..3_u8),
        0..3_u8,
        option::of(overlays()),
        vec((select(FIELDS), select(&[None, Some("fr"), Some("en")][..])), 0..2),
        vec((select(&["title", "subtitle", "summary"][..]), select(&["English", "  "][..])), 0..2),
        vec((select(&["1", "2", "3", "5", "w-a"][..]), any::<bool>()), 0..3),
        any::<bool>(),
    );
    let files = (
        option::weighted(0.3, select(FILES)),
        vec(select(FILES), 0..2),
        vec(
            (
                select(&["principal", "gallery"][..]),
                1..3_u8,
                option::weighted(0.7, select(FILES)),
                option::weighted(0.3, select(&["fr", "en"][..])),
            ),
            0..3,
        ),
        option::weighted(0.2, select(FILES)),
        option::weighted(0.15, select(&["images", "documents", "placements"][..])),
        (0..3_usize, 0..3_usize),
    );
    (texts, flags, rest, files).prop_map(|(t, f, r, d)| RandomArticle {
        photo: d.0,
        gallery: d.1,
        files: d.2,
        reference_file: d.3,
        emptied: d.4,
        cases: d.5,
        title: t.0,
        english: t.1,
        family: t.2,
        weight: t.3,
        unit: t.4,
        brand: t.5,
        created: t.6,
        changed: t.7,
        published: f.0,
        asleep: f.1,
        path: f.2,
        shape: f.3,
        barcode: f.4,
        warranty: f.5,
        origin: f.6,
        own_code: r.0,
        variant_asleep: r.1,
        overlay: r.2,
        markers: r.3,
        english_texts: r.4,
        placements: r.5,
        main: r.6,
    })
}

/// The strategy.
pub fn shops() -> impl Strategy<Value = RandomShop> {
    shops_of(6)
}

/// Shops of at most so many articles.
pub fn shops_of(most: usize) -> impl Strategy<Value = RandomShop> {
    let overrides = vec(
        (
            0..most,
            select(
                &["title", "subtitle", "weight", "brand", "published", "warrantyMonths", "origin", "family"]
                    [..],
            ),
            0..4_u8,
        ),
        0..4,
    );
    let rules = vec(
        (
            select(&["warrantyMonths", "weight", "title", "brand", "origin"][..]),
            select(&[Rule::Priority, Rule::Min, Rule::Max, Rule::Only][..]),
            any::<bool>(),
            any::<bool>(),
            prop::bool::weighted(0.2),
        ),
        0..3,
    );
    let departments = vec(
        (
            option::of(select(&["Rayon", " "][..])),
            option::of(select(&["1", "2", "3"][..])),
            0..9_u8,
            prop_oneof![5 => Just(None), 2 => Just(Some(1)), 1 => Just(Some(0))],
        ),
        6,
    );
    let decisions = select(&["erp", "isoshop", "either", "both"][..]);
    let codes = (any::<bool>(), option::of(1..6_usize), vec((select(ORPHANS), overlays()), 0..4));
    (vec(articles(), 1..=most), vec(0..7_u16, 5), departments, overrides, rules, decisions, codes).prop_map(
        |(articles, parents, departments, overrides, rules, decision, (upper, gather, orphans))| {
            let mut shop = RandomShop {
                articles,
                parents,
                departments,
                overrides: Vec::new(),
                rules,
                decision,
                upper,
                gather,
                orphans,
                schema: "",
            };
            shop.overrides = overrides
                .into_iter()
                .filter(|(article, ..)| *article < shop.articles.len())
                .map(|(article, field, what)| over(&shop.code(article), field, what))
                .collect();
            shop
        },
    )
}

/// An article's code in one of three cases.
fn spelled(n: usize, case: usize) -> String {
    format!("{}-{n}", ["ART", "art", "Art"][case])
}

fn over(code: &str, field: &str, what: u8) -> Override {
    use comptoir::value::Value;
    let say = match (field, what) {
        ("published", 0) => Say::Value(Value::Bool(false)),
        ("published", _) => Say::Value(Value::Bool(true)),
        ("title", _) => Say::Value(Value::text("Titre du site")),
        (_, 0) => Say::Empty,
        ("weight", n) => Say::Value(Value::Decimal(rust_decimal::Decimal::new(i64::from(n) * 75, 2))),
        ("warrantyMonths", n) => Say::Value(Value::Int(n.into())),
        _ => Say::Value(Value::text("Du site")),
    };
    Override { entity: "Article".into(), code: code.into(), field: field.into(), language: None, say }
}

fn text(value: Option<&str>) -> String {
    value.map_or("NULL".to_owned(), |v| format!("'{}'", v.replace('\'', "''")))
}

fn number(value: Option<impl std::fmt::Display>) -> String {
    value.map_or("NULL".to_owned(), |v| v.to_string())
}

impl RandomOverlay {
    fn insert(&self, code: &str) -> String {
        format!(
            "INSERT INTO \"article\" (code, title, subtitle, brand, unit, weight_kg, published, warranty_months, terrain, tags, electric, updated_at) VALUES ('{code}', {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, '{}');\n",
            text(self.title),
            text(self.subtitle),
            text(self.brand),
            text(self.unit),
            number(self.weight),
            number(self.published),
            number(self.warranty),
            text(self.terrain),
            text(self.tags),
            number(self.electric),
            self.updated,
        )
    }
}

impl RandomShop {
    /// The shop with more in its schema.
    pub fn with_schema(mut self, schema: &'static str) -> Self {
        self.schema = schema;
        self
    }

    /// The shop with the ERP's codes in upper case, and so few records that may be gathered.
    pub fn in_parts(mut self, gather: usize) -> Self {
        (self.upper, self.gather) = (true, Some(gather));
        // What the back office gives was named by another spelling.
        self.overrides.clear();
        self
    }

    /// Whether the ERP's codes are in upper case, and its map says so.
    pub fn upper(&self) -> bool {
        self.upper
    }

    /// An article's code as the ERP spells it.
    pub fn code(&self, n: usize) -> String {
        let case = self.articles.get(n).map_or(0, |a| a.cases.0);
        spelled(n, if self.upper { 0 } else { case })
    }

    /// The shop as an ERP on SQL Server can hold it: its texts are of a code page, and it reads moments in one spelling.
    pub fn of_code_page(mut self) -> Self {
        let held = |text: &&'static str| !encoding_rs::WINDOWS_1252.encode(text).2;
        for article in &mut self.articles {
            article.title = article.title.filter(held);
            article.brand = article.brand.filter(held);
            let spelled = |at: &&'static str| at.len() == 19 && !at.contains('T');
            article.created = article.created.filter(spelled);
            article.changed = article.changed.filter(spelled);
        }
        self
    }

    /// The changed rules, for the shop's schema and for the twin.
    fn rules(&self) -> Rules {
        let mut rules: Vec<(String, String, FieldRule)> = Vec::new();
        for (field, rule, turned, zero, locked) in &self.rules {
            if rules.iter().any(|(_, known, _)| known == field) {
                continue;
            }
            // MIN and MAX compare numbers.
            let numeric = matches!(*field, "warrantyMonths" | "weight");
            // A column in a source that the rule does not list is a mistake of the shop's file, and so is
            // a title that may fail.
            let only = *rule == Rule::Only && !matches!(*field, "warrantyMonths" | "title");
            let compared = numeric && matches!(rule, Rule::Min | Rule::Max);
            let rule = if only || compared { *rule } else { Rule::Priority };
            let sources = match (rule, turned) {
                // IsoShop has no column for it.
                _ if *field == "origin" => vec!["erp"],
                (Rule::Only, _) => vec!["erp"],
                (_, true) => vec!["erp", "isoshop"],
                (_, false) => vec!["isoshop", "erp"],
            };
            // Sage's map says itself that a weight of 0 is nothing.
            let zero_absent = *zero && *field == "warrantyMonths" || *field == "weight";
            let rule = FieldRule { rule, sources, locked: *locked, zero_absent };
            rules.push(("Article".into(), (*field).to_owned(), rule));
        }
        Rules(rules)
    }

    /// The shop to be made. `limited`: with the small `limits.gather`.
    pub fn recipe(&self, limited: bool) -> Recipe {
        let mut recipe = shops::base();
        let spelling = if self.upper { "upper" } else { "any" };
        recipe.settings.push(format!("[sources.erp.settings]\ncode_spelling = \"{spelling}\"\n"));
        if let Some(gather) = self.gather.filter(|_| limited) {
            recipe.settings.push(format!("[limits]\ngather = {gather}\n"));
        }
        recipe.settings.push(format!("[web]\ndecision = \"{}\"\n", self.decision));
        recipe.erp = vec![self.erp()];
        recipe.isoshop = vec![self.isoshop()];
        recipe.files.push(("schema/rules.graphql".into(), format!("{}{}", self.rules().sdl(), self.schema)));
        recipe
    }

    /// The twin of the shop that was made.
    pub async fn twin(&self, folder: &Folder) -> Twin {
        let mut twin = Twin::load(folder).await;
        twin.rules = self.rules();
        twin.decision = self.decision;
        twin.overrides.clone_from(&self.overrides);
        twin
    }

    fn erp(&self) -> String {
        let mut sql = String::from(
            "INSERT INTO \"P_UNITE\" (\"U_Intitule\", \"cbIndice\") VALUES ('Pièce', 1), ('Paire', 2);\n\
             INSERT INTO \"P_GAMME\" (\"G_Intitule\", \"G_Type\", \"cbIndice\") VALUES ('Couleur', 0, 1), ('Taille', 0, 2);\n\
             INSERT INTO \"P_CONDITIONNEMENT\" (\"P_Conditionnement\", \"cbIndice\") VALUES ('Lots', 1);\n\
             INSERT INTO \"F_TAXE\" (\"TA_Code\", \"TA_No\", \"TA_Taux\", \"TA_TTaux\", \"CG_Num\") VALUES ('D20', 1, 20, 0, ''), ('D05', 2, 5.5, 0, '');\n\
             INSERT INTO \"F_FAMCOMPTA\" (\"FA_CodeFamille\", \"FCP_TypeFacture\", \"FCP_Type\", \"FCP_Champ\", \"FCP_ComptaCPT_Taxe1\") VALUES ('FAM1', 0, 0, 1, 'D20'), ('FAM2', 0, 0, 1, 'D05'), ('FAM2', 0, 1, 1, 'D20');\n",
        );
        for (n, parent) in self.parents.iter().enumerate() {
            let n = n + 1;
            // A lower one, itself, or one that is not there (6): never a longer cycle.
            let parent = if usize::from(*parent) > n && *parent != 6 { 0 } else { *parent };
            sql.push_str(&format!(
                "INSERT INTO \"F_CATALOGUE\" (\"CL_No\", \"CL_Intitule\", \"CL_NoParent\") VALUES ({n}, 'Rayon {n}', {parent});\n"
            ));
        }
        for (n, a) in self.articles.iter().enumerate() {
            let code = self.code(n);
            let (one, two, pack) = match a.shape {
                1 => (1, 0, 0),
                2 => (1, 2, 0),
                3 => (0, 0, 1),
                _ => (0, 0, 0),
            };
            sql.push_str(&format!(
                "INSERT INTO \"F_ARTICLE\" (\"AR_Ref\", \"AR_Design\", \"AR_Langue1\", \"FA_CodeFamille\", \"AR_UnitePoids\", \"AR_PoidsNet\", \"AR_UniteVen\", \"AR_Stat01\", \"AR_Publie\", \"AR_Sommeil\", \"AR_Gamme1\", \"AR_Gamme2\", \"AR_Condition\", \"AR_CodeBarre\", \"AR_Pays\", \"Durée garantie\", \"AR_DateCreation\", \"CL_No1\", \"CL_No2\", \"CL_No3\", \"CL_No4\", \"AR_Photo\", \"cbModification\") VALUES ('{code}', {}, {}, '{}', {}, {}, {}, {}, {}, {}, {one}, {two}, {pack}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {});\n",
                text(a.title), text(a.english), a.family, number(a.weight.0), number(a.weight.1), number(a.unit),
                text(a.brand), number(a.published), number(a.asleep), text(a.barcode), text(a.origin),
                number(a.warranty), text(a.created), a.path[0], a.path[1], a.path[2], a.path[3], text(a.photo), text(a.changed),
            ));
            for file in &a.gallery {
                sql.push_str(&format!("INSERT INTO \"F_ARTICLEMEDIA\" (\"cbMarq\", \"AR_Ref\", \"ME_Fichier\") VALUES ({}, '{code}', '{file}');\n", n + 1));
            }
            let base = n * 10;
            if one != 0 {
                for (k, value) in ["Noir", "Rouge"].iter().enumerate() {
                    sql.push_str(&format!("INSERT INTO \"F_ARTGAMME\" (\"AR_Ref\", \"AG_No\", \"EG_Enumere\", \"AG_Type\") VALUES ('{code}', {}, '{value}', 0);\n", base + k + 1));
                }
                if two != 0 {
                    sql.push_str(&format!("INSERT INTO \"F_ARTGAMME\" (\"AR_Ref\", \"AG_No\", \"EG_Enumere\", \"AG_Type\") VALUES ('{code}', {}, 'M', 1);\n", base + 3));
                }
                for k in 0..2 {
                    let second = if two == 0 { 0 } else { base + 3 };
                    let own = if a.own_code == Some(k) { format!("'V-{n}-{k}'") } else { "''".to_owned() };
                    let asleep = u8::from(a.variant_asleep == k);
                    sql.push_str(&format!("INSERT INTO \"F_ARTENUMREF\" (\"AR_Ref\", \"AG_No1\", \"AG_No2\", \"AE_Ref\", \"AE_Sommeil\") VALUES ('{code}', {}, {second}, {own}, {asleep});\n", base + usize::from(k) + 1));
                }
            }
            if pack != 0 {
                let own = if a.own_code == Some(0) { format!("'V-{n}-P'") } else { "NULL".to_owned() };
                sql.push_str(&format!("INSERT INTO \"F_CONDITION\" (\"AR_Ref\", \"CO_No\", \"EC_Enumere\", \"EC_Quantite\", \"CO_Ref\") VALUES ('{code}', {}, 'Lot de 6', 6, {own});\n", n + 1));
            }
        }
        sql
    }

    fn isoshop(&self) -> String {
        let mut sql = String::from(
            "DROP INDEX article_code_key;\n\
             ALTER TABLE \"article\" ADD COLUMN warranty_months INTEGER; ALTER TABLE \"article\" ADD COLUMN terrain TEXT;\n\
             ALTER TABLE \"article\" ADD COLUMN tags TEXT; ALTER TABLE \"article\" ADD COLUMN electric SMALLINT;\n",
        );
        for (n, (title, parent, position, published)) in self.departments.iter().enumerate() {
            let code = if n == 5 { "w-a".to_owned() } else { (n + 1).to_string() };
            // Only a lower parent, so that there is no cycle; a position only beside a parent.
            let parent = parent.filter(|p| n == 5 || p.parse::<usize>().is_ok_and(|p| p < n + 1));
            let position = parent.map(|_| *position);
            sql.push_str(&format!(
                "INSERT INTO \"department\" (code, title, parent_code, \"position\", published) VALUES ('{code}', {}, {}, {}, {});\n",
                text(*title), text(parent), number(position), number(*published),
            ));
        }
        for (code, o) in &self.orphans {
            sql.push_str(&o.insert(code));
        }
        for (n, a) in self.articles.iter().enumerate() {
            let code = spelled(n, a.cases.1);
            if let Some(o) = &a.overlay {
                for _ in 0..=usize::from(o.twice) {
                    sql.push_str(&o.insert(&code));
                }
                sql.push_str(&format!(
                    "INSERT INTO \"reference\" (code, article_code, title, published, updated_at) VALUES ('{code}', '{code}', {}, {}, '{3}'), ('V-{n}-0', '{code}', {}, NULL, '{3}');\n",
                    text(o.reference_title), number(o.reference_published), text(o.reference_title), o.updated,
                ));
            }
            // A doubled record's markers and texts would be beside the point.
            if !a.overlay.as_ref().is_some_and(|o| o.twice) {
                let mut seen = std::collections::BTreeSet::new();
                for (field, language) in a.markers.iter().filter(|m| seen.insert(**m)) {
                    // An empty title on purpose is no title at all, and titles are never null.
                    if *field != "title" {
                        sql.push_str(&format!("INSERT INTO \"marker\" (entity, code, field, language) VALUES ('article', '{code}', '{field}', {});\n", text(*language)));
                    }
                }
                let mut seen = std::collections::BTreeSet::new();
                for (field, value) in a.english_texts.iter().filter(|t| seen.insert(t.0)) {
                    sql.push_str(&format!("INSERT INTO \"text\" (entity, code, language, field, \"value\") VALUES ('article', '{code}', 'en', '{field}', '{value}');\n"));
                }
            }
            let mut seen = std::collections::BTreeSet::new();
            for (usage, position, file, language) in a.files.iter().filter(|f| seen.insert((f.0, f.1, f.3))) {
                sql.push_str(&format!(
                    "INSERT INTO \"document\" (entity, code, usage, \"position\", file, language, removed) VALUES ('article', '{code}', '{usage}', {position}, {}, {}, {});\n",
                    text(*file), text(*language), u8::from(file.is_none()),
                ));
            }
            if let Some(file) = a.reference_file {
                sql.push_str(&format!("INSERT INTO \"document\" (entity, code, usage, \"position\", file, removed) VALUES ('reference', '{code}', 'gallery', 1, '{file}', 0), ('reference', 'V-{n}-0', 'gallery', 1, '{file}', 0);\n"));
            }
            if let Some(list) = a.emptied {
                sql.push_str(&format!("INSERT INTO \"marker\" (entity, code, field, language) VALUES ('article', '{code}', '{list}', NULL);\n"));
            }
            let mut seen = std::collections::BTreeSet::new();
            for (k, (department, removed)) in a.placements.iter().filter(|p| seen.insert(p.0)).enumerate() {
                let main = u8::from(a.main && k == 0 && !*removed);
                sql.push_str(&format!(
                    "INSERT INTO \"article_department\" (article_code, department_code, \"position\", is_main, removed) VALUES ('{code}', '{department}', {k}, {main}, {});\n",
                    u8::from(*removed),
                ));
            }
        }
        sql
    }
}
