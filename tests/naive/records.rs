//! Departments, articles and references as the two databases hold them, and their merged fields.

use std::collections::HashMap;

use chrono::{NaiveDateTime, TimeZone, Timelike};
use comptoir::value::Value;
use serde_json::{Value as Json, json};

use super::{
    merge::{Cell, Merged, Rules, apply},
    tables::{self, Cells, Row, Tables},
};
use crate::support::{
    gateway::{Override, Say},
    shops::Folder,
};

/// The entities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entity {
    Department,
    Article,
    Reference,
}

impl Entity {
    pub fn name(self) -> &'static str {
        match self {
            Self::Department => "Department",
            Self::Article => "Article",
            Self::Reference => "Reference",
        }
    }

    fn table(self) -> &'static str {
        match self {
            Self::Department => "department",
            Self::Article => "article",
            Self::Reference => "reference",
        }
    }
}

/// A whole shop in memory.
pub struct Twin {
    erp: Tables,
    isoshop: Tables,
    pub rules: Rules,
    pub overrides: Vec<Override>,
    pub own_codes: Vec<String>,
    pub own_prefix: String,
    /// Who decides what is on the web: `erp`, `isoshop`, `either` or `both`.
    pub decision: &'static str,
    /// Who looks at it; `None`: a shopper.
    pub viewer: Option<super::Sees>,
    pub language1: &'static str,
    /// The statistic that holds the brand.
    pub brand: Option<&'static str>,
    pub tax_category: i64,
    pub media: String,
    /// Complementary columns: field → (erp column, isoshop column).
    pub complements: HashMap<&'static str, (Option<&'static str>, Option<&'static str>)>,
    /// raw text → enum value of `terrain` and its like, by field.
    pub enums: HashMap<&'static str, Vec<(&'static str, &'static str)>>,
}

/// A reference: its code and where the ERP keeps it.
#[derive(Clone, Debug)]
pub struct Native {
    pub code: String,
    pub article: String,
    kind: NativeKind,
    row: Row,
}

/// Where an article is placed: as the main place, or by the ERP, whose place is the main one where nobody says so.
pub(super) struct Placement {
    pub(super) department: String,
    main: bool,
    erp: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NativeKind {
    Plain,
    Variant,
    Pack,
}

const FR: &str = "fr";

fn same(a: &str, b: &str) -> bool {
    a.trim_end().to_uppercase() == b.trim_end().to_uppercase()
}

fn decimal(n: rust_decimal::Decimal) -> Json {
    Json::String(n.normalize().to_string())
}

impl Twin {
    /// Reads a shop made of the base fixture's settings.
    pub async fn load(folder: &Folder) -> Self {
        let (erp, isoshop) = tables::read(folder).await;
        Self {
            erp,
            isoshop,
            rules: Rules::default(),
            overrides: Vec::new(),
            own_codes: Vec::new(),
            own_prefix: "w-".to_owned(),
            decision: "erp",
            viewer: None,
            language1: "en",
            brand: Some("AR_Stat01"),
            tax_category: 1,
            media: "https://media.example.com".to_owned(),
            complements: HashMap::from([
                ("warrantyMonths", (Some("Durée garantie"), Some("warranty_months"))),
                ("origin", (Some("AR_Pays"), None)),
                ("terrain", (None, Some("terrain"))),
                ("tags", (None, Some("tags"))),
                ("electric", (None, Some("electric"))),
            ]),
            enums: HashMap::from([(
                "terrain",
                vec![("route", "ROUTE"), ("sentier", "SENTIER"), ("randonnée", "RANDONNEE")],
            )]),
        }
    }

    fn erp_rows(&self, table: &str) -> &[Row] {
        self.erp.get(table).map_or(&[], Vec::as_slice)
    }

    fn iso_rows(&self, table: &str) -> &[Row] {
        self.isoshop.get(table).map_or(&[], Vec::as_slice)
    }

    fn erp_find(&self, table: &str, test: impl Fn(&Row) -> bool) -> Option<&Row> {
        self.erp_rows(table).iter().find(|row| test(row))
    }

    // --- existence and visibility --------------------------------------------------------------

    /// All article codes of the ERP, in code order.
    pub fn all_articles(&self) -> Vec<String> {
        let mut codes: Vec<String> =
            self.erp_rows("F_ARTICLE").iter().filter_map(|r| r.text("AR_Ref")).collect();
        codes.sort();
        codes
    }

    /// The articles on the web, in code order.
    pub fn articles(&self) -> Vec<String> {
        self.all_articles().into_iter().filter(|code| self.article_visible(code)).collect()
    }

    fn article_row(&self, code: &str) -> Option<&Row> {
        self.erp_find("F_ARTICLE", |r| r.text("AR_Ref").is_some_and(|c| same(&c, code)))
    }

    /// Whether whoever looks at the shop sees an article.
    pub fn article_visible(&self, code: &str) -> bool {
        match &self.viewer {
            None => self.article_on_web(code),
            Some(viewer) => self.article_row(code).is_some() && viewer.sees(self, Entity::Article, code),
        }
    }

    pub(super) fn article_on_web(&self, code: &str) -> bool {
        self.article_row(code).is_some_and(|row| {
            row.whole("AR_Sommeil") != 1
                && !self.hidden(Entity::Article, code)
                && self.decided(row.whole("AR_Publie") == 1, self.article_published(code))
        })
    }

    /// What comes of the ERP's flag and of IsoShop's.
    fn decided(&self, erp: bool, isoshop: bool) -> bool {
        match self.decision {
            "erp" => erp,
            "isoshop" => isoshop,
            "either" => erp || isoshop,
            "both" => erp && isoshop,
            other => panic!("no such decision: {other}"),
        }
    }

    /// Whether IsoShop publishes an article; of two rows nobody knows, and what is not known is shown.
    fn article_published(&self, code: &str) -> bool {
        let said = self.isoshop_cell(Entity::Article, code, "published", None);
        matches!(said, Cell::Unknown | Cell::Value(Json::Bool(true)))
    }

    /// A reference of which IsoShop says nothing follows its article.
    fn reference_published(&self, reference: &Native) -> bool {
        match self.isoshop_cell(Entity::Reference, &reference.code, "published", None) {
            Cell::Unknown => true,
            Cell::Value(value) => value == true,
            Cell::Absent | Cell::Empty => self.article_published(&reference.article),
        }
    }

    /// Whether IsoShop or the back office says that it is not published.
    fn hidden(&self, entity: Entity, code: &str) -> bool {
        let says_no = |cell: &Cell| matches!(cell, Cell::Value(Json::Bool(false)));
        says_no(&self.isoshop_cell(entity, code, "published", None))
            || says_no(&self.site_cell(entity, code, "published", None))
    }

    /// All references in code order: plain, variants, packs, each by its native key.
    pub fn all_references(&self) -> Vec<Native> {
        let mut plain = Vec::new();
        let mut variants = Vec::new();
        let mut packs = Vec::new();
        for row in self.erp_rows("F_ARTICLE") {
            let Some(article) = row.text("AR_Ref") else { continue };
            if row.whole("AR_Gamme1") == 0 && row.whole("AR_Condition") == 0 {
                plain.push((
                    (article.clone(), 0, 0),
                    Native { code: article.clone(), article, kind: NativeKind::Plain, row: row.clone() },
                ));
            }
        }
        for row in self.erp_rows("F_ARTENUMREF") {
            let Some(article) = row.text("AR_Ref") else { continue };
            if self.article_row(&article).is_none_or(|a| a.whole("AR_Gamme1") == 0) {
                continue;
            }
            let (first, second) = (row.whole("AG_No1"), row.whole("AG_No2"));
            let generated = if second == 0 {
                format!("{article}~{first}")
            } else {
                format!("{article}~{first}~{second}")
            };
            let code = row.text("AE_Ref").unwrap_or(generated);
            variants.push((
                (article.clone(), first, second),
                Native { code, article, kind: NativeKind::Variant, row: row.clone() },
            ));
        }
        for row in self.erp_rows("F_CONDITION") {
            let Some(article) = row.text("AR_Ref") else { continue };
            if self
                .article_row(&article)
                .is_none_or(|a| a.whole("AR_Gamme1") != 0 || a.whole("AR_Condition") == 0)
            {
                continue;
            }
            let number = row.whole("CO_No");
            let code = row.text("CO_Ref").unwrap_or_else(|| format!("{article}~c{number}"));
            packs.push((
                (article.clone(), number, 0),
                Native { code, article, kind: NativeKind::Pack, row: row.clone() },
            ));
        }
        let mut all = Vec::new();
        for mut part in [plain, variants, packs] {
            part.sort_by(|a, b| a.0.cmp(&b.0));
            all.extend(part.into_iter().map(|(_, native)| native));
        }
        all
    }

    /// The references on the web, in code order.
    pub fn references(&self) -> Vec<Native> {
        self.all_references().into_iter().filter(|r| self.reference_visible(r)).collect()
    }

    fn reference_visible(&self, reference: &Native) -> bool {
        match &self.viewer {
            None => self.reference_on_web(reference),
            Some(viewer) => viewer.sees(self, Entity::Reference, &reference.code),
        }
    }

    pub(super) fn reference_on_web(&self, reference: &Native) -> bool {
        self.article_on_web(&reference.article)
            && (reference.kind != NativeKind::Variant || reference.row.whole("AE_Sommeil") != 1)
            && !self.hidden(Entity::Reference, &reference.code)
            && self.decided(
                self.article_row(&reference.article).is_some_and(|a| a.whole("AR_Publie") == 1),
                self.reference_published(reference),
            )
    }

    pub(super) fn reference(&self, code: &str) -> Option<Native> {
        self.all_references().into_iter().find(|r| same(&r.code, code))
    }

    // --- cells -----------------------------------------------------------------------------------

    /// What the back office says.
    fn site_cell(&self, entity: Entity, code: &str, field: &str, language: Option<&str>) -> Cell {
        let hit = self.overrides.iter().rev().find(|o| {
            o.entity == entity.name()
                && same(&o.code, code)
                && o.field == field
                && o.language.as_deref() == language
        });
        match hit.map(|o| &o.say) {
            None => Cell::Absent,
            Some(Say::Empty) => Cell::Empty,
            Some(Say::Value(value)) => Cell::Value(json_of(value)),
        }
    }

    fn isoshop_row(&self, entity: Entity, code: &str) -> Result<Option<&Row>, ()> {
        let mut rows =
            self.iso_rows(entity.table()).iter().filter(|r| r.text("code").is_some_and(|c| same(&c, code)));
        let first = rows.next();
        if rows.next().is_some() { Err(()) } else { Ok(first) }
    }

    /// What IsoShop says: a marker is empty on purpose; then the row's column, or a text row in the
    /// language.
    fn isoshop_cell(&self, entity: Entity, code: &str, field: &str, language: Option<&str>) -> Cell {
        let Some(column) = isoshop_column(entity, field, &self.complements) else { return Cell::Absent };
        let spelt = snake(field);
        let marked = self.iso_rows("marker").iter().any(|m| {
            m.text("entity").as_deref() == Some(entity.table())
                && m.text("code").is_some_and(|c| same(&c, code))
                && m.text("field").as_deref() == Some(spelt.as_str())
                && m.text("language").is_none_or(|l| l == language.unwrap_or(FR))
        });
        let row = self.isoshop_row(entity, code);
        if row.is_err() {
            return Cell::Unknown;
        }
        if marked && field != "updatedAt" {
            return Cell::Empty;
        }
        if let Some(language) = language {
            let text = self.iso_rows("text").iter().find(|t| {
                t.text("entity").as_deref() == Some(entity.table())
                    && t.text("code").is_some_and(|c| same(&c, code))
                    && t.text("field").as_deref() == Some(spelt.as_str())
                    && t.text("language").as_deref() == Some(language)
            });
            return Cell::of(text.and_then(|t| t.text("value")));
        }
        let Ok(Some(row)) = row else { return Cell::Absent };
        match field {
            "updatedAt" => Cell::of(moment(row, column, chrono_tz::UTC)),
            "weight" => row.number(column).map_or(Cell::Absent, |n| Cell::Value(decimal(n))),
            "position" | "warrantyMonths" => {
                row.number(column).map_or(Cell::Absent, |_| Cell::Value(row.whole(column).into()))
            }
            "published" | "electric" => {
                row.number(column).map_or(Cell::Absent, |_| Cell::Value((row.whole(column) != 0).into()))
            }
            "tags" => Cell::of(
                row.text(column).map(|t| t.split('|').map(str::trim).map(Json::from).collect::<Vec<_>>()),
            ),
            "description" => Cell::of(row.text(column).map(|html| without_scripts(&html))),
            _ => match self.enums.get(field) {
                Some(values) => Cell::of(
                    row.text(column)
                        .and_then(|raw| values.iter().find(|(r, _)| *r == raw).map(|(_, name)| *name)),
                ),
                None => Cell::of(row.text(column)),
            },
        }
    }

    /// What the ERP says.
    fn erp_cell(&self, entity: Entity, code: &str, field: &str, language: Option<&str>) -> Cell {
        match entity {
            Entity::Department => self.erp_department_cell(code, field, language),
            Entity::Article => self.erp_article_cell(code, field, language),
            Entity::Reference => match self.reference(code) {
                Some(reference) if language.is_none() => self.erp_reference_cell(&reference, field),
                _ => Cell::Absent,
            },
        }
    }

    fn catalogue_row(&self, code: &str) -> Option<&Row> {
        let number: i64 = code.trim().parse().ok()?;
        self.erp_find("F_CATALOGUE", |r| r.whole("CL_No") == number)
    }

    fn erp_department_cell(&self, code: &str, field: &str, language: Option<&str>) -> Cell {
        let (Some(row), None) = (self.catalogue_row(code), language) else { return Cell::Absent };
        match field {
            "title" => Cell::of(row.text("CL_Intitule")),
            "parentCode" => match row.whole("CL_NoParent") {
                0 => Cell::Absent,
                n => Cell::Value(n.to_string().into()),
            },
            _ => Cell::Absent,
        }
    }

    fn erp_article_cell(&self, code: &str, field: &str, language: Option<&str>) -> Cell {
        let Some(row) = self.article_row(code) else { return Cell::Absent };
        if let Some(language) = language {
            return if language == self.language1 {
                match field {
                    "title" => Cell::of(row.text("AR_Langue1")),
                    "description" => Cell::of(self.glossary(code, "GL_TextLangue1")),
                    _ => Cell::Absent,
                }
            } else {
                Cell::Absent
            };
        }
        match field {
            "code" => Cell::of(row.text("AR_Ref")),
            "title" => Cell::of(row.text("AR_Design")),
            "description" => Cell::of(self.glossary(code, "GL_Text")),
            "brand" => Cell::of(self.brand.and_then(|column| row.text(column))),
            "family" => Cell::of(row.text("FA_CodeFamille")),
            "unit" => {
                let number = row.whole("AR_UniteVen");
                Cell::of(
                    self.erp_find("P_UNITE", |u| u.whole("cbIndice") == number)
                        .and_then(|u| u.text("U_Intitule")),
                )
            }
            "weight" => kilograms(row).map_or(Cell::Absent, |n| Cell::Value(decimal(n))),
            "vatRate" => self.vat(row),
            "createdAt" => Cell::of(sage_moment(row, "AR_DateCreation")),
            "updatedAt" => Cell::of(moment(row, "cbModification", chrono_tz::Europe::Paris)),
            _ => match self.complements.get(field) {
                Some((Some(column), _)) => {
                    if field == "warrantyMonths" {
                        let zero = self.rules.of("Article", field).zero_absent && row.whole(column) == 0;
                        match row.number(column) {
                            Some(_) if !zero => Cell::Value(row.whole(column).into()),
                            _ => Cell::Absent,
                        }
                    } else {
                        Cell::of(row.text(column))
                    }
                }
                _ => Cell::Absent,
            },
        }
    }

    fn erp_reference_cell(&self, reference: &Native, field: &str) -> Cell {
        let row = &reference.row;
        let gamme = |axis: i64| {
            let index = self.article_row(&reference.article)?.whole(if axis == 1 {
                "AR_Gamme1"
            } else {
                "AR_Gamme2"
            });
            self.erp_find("P_GAMME", |g| g.whole("cbIndice") == index)?.text("G_Intitule")
        };
        let value = |number: i64| {
            self.erp_find("F_ARTGAMME", |v| {
                v.whole("AG_No") == number && v.text("AR_Ref").is_some_and(|c| same(&c, &reference.article))
            })?
            .text("EG_Enumere")
        };
        match (reference.kind, field) {
            (_, "code") => Cell::Value(reference.code.clone().into()),
            (_, "updatedAt") => Cell::of(moment(row, "cbModification", chrono_tz::Europe::Paris)),
            (NativeKind::Plain, "barcode") => Cell::of(row.text("AR_CodeBarre")),
            (NativeKind::Variant, "barcode") => Cell::of(row.text("AE_CodeBarre")),
            (NativeKind::Pack, "barcode") => Cell::of(row.text("CO_CodeBarre")),
            (NativeKind::Pack, "weight") => {
                let one = self.article_row(&reference.article).and_then(kilograms);
                match (one, row.number("EC_Quantite")) {
                    (Some(one), Some(many)) if !(one * many).is_zero() => Cell::Value(decimal(one * many)),
                    _ => Cell::Absent,
                }
            }
            (NativeKind::Variant, "option1Name") => Cell::of(gamme(1)),
            (NativeKind::Variant, "option1Value") => Cell::of(value(row.whole("AG_No1"))),
            (NativeKind::Variant, "option2Name") if row.whole("AG_No2") != 0 => Cell::of(gamme(2)),
            (NativeKind::Variant, "option2Value") if row.whole("AG_No2") != 0 => {
                Cell::of(value(row.whole("AG_No2")))
            }
            (NativeKind::Pack, "option1Name") => {
                let index = self.article_row(&reference.article).map_or(0, |a| a.whole("AR_Condition"));
                Cell::of(
                    self.erp_find("P_CONDITIONNEMENT", |k| k.whole("cbIndice") == index)
                        .and_then(|k| k.text("P_Conditionnement")),
                )
            }
            (NativeKind::Pack, "option1Value") => Cell::of(row.text("EC_Enumere")),
            _ => Cell::Absent,
        }
    }

    /// The glossary texts in their order, as HTML.
    fn glossary(&self, code: &str, column: &str) -> Option<String> {
        let mut links: Vec<&Row> = self
            .erp_rows("F_ARTGLOSS")
            .iter()
            .filter(|l| l.text("AR_Ref").is_some_and(|c| same(&c, code)))
            .collect();
        links.sort_by_key(|l| (l.whole("AGL_Num"), l.whole("GL_No")));
        let texts: Vec<String> = links
            .iter()
            .filter_map(|l| {
                self.erp_find("F_GLOSSAIRE", |g| g.whole("GL_No") == l.whole("GL_No"))?.text(column)
            })
            .map(without_rtf)
            .filter(|text| !text.trim().is_empty())
            .collect();
        if texts.is_empty() {
            return None;
        }
        let text = texts.join("\n\n");
        Some(text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br>\n"))
    }

    fn vat(&self, article: &Row) -> Cell {
        let code = article.text("AR_Ref").unwrap_or_default();
        let family = article.text("FA_CodeFamille").unwrap_or_default();
        let own = self
            .erp_find("F_ARTCOMPTA", |r| {
                r.text("AR_Ref").is_some_and(|c| same(&c, &code))
                    && r.whole("ACP_Type") == 0
                    && r.whole("ACP_Champ") == self.tax_category
                    && r.whole("ACP_TypeFacture") == 0
            })
            .and_then(|r| r.text("ACP_ComptaCPT_Taxe1"));
        let tax = own.or_else(|| {
            self.erp_find("F_FAMCOMPTA", |r| {
                r.text("FA_CodeFamille").is_some_and(|c| same(&c, &family))
                    && r.whole("FCP_Type") == 0
                    && r.whole("FCP_Champ") == self.tax_category
                    && r.whole("FCP_TypeFacture") == 0
            })
            .and_then(|r| r.text("FCP_ComptaCPT_Taxe1"))
        });
        let rate = tax
            .and_then(|tax| self.erp_find("F_TAXE", |t| t.text("TA_Code").is_some_and(|c| same(&c, &tax))))
            .filter(|t| t.whole("TA_TTaux") == 0)
            .and_then(|t| t.number("TA_Taux"));
        rate.map_or(Cell::Absent, |n| Cell::Value(decimal(n)))
    }

    // --- merged fields ---------------------------------------------------------------------------

    /// A merged field of a record, whether it is on the web or not.
    pub fn field(&self, entity: Entity, code: &str, field: &str, language: Option<&str>) -> Merged {
        let language = language.filter(|l| *l != FR && localized(field));
        let rule = self.rules.of(entity.name(), field);
        let cells = |language: Option<&str>| -> Vec<(String, Cell)> {
            rule.sources
                .iter()
                .map(|source| {
                    let cell = match *source {
                        "erp" => self.erp_cell(entity, code, field, language),
                        _ => self.isoshop_cell(entity, code, field, language),
                    };
                    ((*source).to_owned(), cell)
                })
                .collect()
        };
        let mut won = None;
        for language in [language, None].into_iter().skip(usize::from(language.is_none())) {
            if !rule.locked {
                won = apply(
                    super::merge::Rule::Priority,
                    &[("site".to_owned(), self.site_cell(entity, code, field, language))],
                );
            }
            won = won.or_else(|| apply(rule.rule, &cells(language)));
            if won.is_some() {
                break;
            }
        }
        let mut candidates = cells(None);
        if !rule.locked {
            candidates.insert(0, ("site".to_owned(), self.site_cell(entity, code, field, None)));
        }
        if won.is_none() && entity == Entity::Reference && inherited(field) {
            let article = self.reference(code).map(|r| r.article).unwrap_or_default();
            let theirs = self.field(Entity::Article, &article, field, language);
            let said = theirs.winner.is_some() && theirs.winner.as_deref() != Some("default");
            if said || field == "title" {
                won = Some(("article".to_owned(), theirs.value));
            }
        }
        let (winner, value) = match won {
            Some((winner, value)) => (Some(winner), value),
            None if field == "title" => (Some("default".to_owned()), Json::String(code.to_owned())),
            None => (None, Json::Null),
        };
        Merged { value, winner, candidates }
    }

    /// A merged field's value.
    pub fn value(&self, entity: Entity, code: &str, field: &str) -> Json {
        self.field(entity, code, field, None).value
    }

    /// The option values of a reference: won together by the source of the first one's value.
    pub fn option_values(&self, code: &str) -> Vec<Json> {
        let cell = |source: &str, field: &str| match source {
            "erp" => self.erp_cell(Entity::Reference, code, field, None),
            _ => self.isoshop_cell(Entity::Reference, code, field, None),
        };
        let Some(winner) = ["erp", "isoshop"]
            .into_iter()
            .find(|s| matches!(cell(s, "option1Value"), Cell::Value(_) | Cell::Empty))
        else {
            return Vec::new();
        };
        let mut values = Vec::new();
        for axis in ["option1", "option2"] {
            let (name, value) = (cell(winner, &format!("{axis}Name")), cell(winner, &format!("{axis}Value")));
            if let (Cell::Value(name), Cell::Value(value)) = (name, value) {
                values.push(json!({ "name": name, "value": value }));
            }
        }
        values
    }

    /// An article's options: the values that its gammes have, in the company's order.
    pub fn options(&self, code: &str) -> Vec<Json> {
        let Some(article) = self.article_row(code) else { return Vec::new() };
        let mut options = Vec::new();
        for (axis, column) in [(0, "AR_Gamme1"), (1, "AR_Gamme2")] {
            let index = article.whole(column);
            let Some(gamme) = self.erp_find("P_GAMME", |g| index != 0 && g.whole("cbIndice") == index) else {
                continue;
            };
            if gamme.whole("G_Type") != 0 {
                continue;
            }
            let mut values: Vec<(i64, i64, String)> = self
                .erp_rows("F_ARTGAMME")
                .iter()
                .filter(|v| v.text("AR_Ref").is_some_and(|c| same(&c, code)) && v.whole("AG_Type") == axis)
                .filter_map(|v| {
                    let value = v.text("EG_Enumere")?;
                    let rank = self
                        .erp_find("F_ENUMGAMME", |n| {
                            n.whole("EG_Champ") == index
                                && n.text("EG_Enumere").is_some_and(|e| same(&e, &value))
                        })
                        .map_or(i64::MAX, |n| n.whole("EG_Ligne"));
                    Some((rank, v.whole("AG_No"), value))
                })
                .collect();
            values.sort();
            if !values.is_empty() {
                let values: Vec<String> = values.into_iter().map(|(.., value)| value).collect();
                options.push(json!({ "name": gamme.text("G_Intitule"), "values": values }));
            }
        }
        options
    }

    // --- departments -----------------------------------------------------------------------------

    /// All departments in code order: the ERP's by number, then IsoShop's own.
    pub fn all_departments(&self) -> Vec<String> {
        let mut numbers: Vec<i64> = self.erp_rows("F_CATALOGUE").iter().map(|r| r.whole("CL_No")).collect();
        numbers.sort_unstable();
        let mut codes: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let mut own: Vec<String> = self
            .iso_rows("department")
            .iter()
            .filter_map(|r| r.text("code"))
            .filter(|code| {
                self.catalogue_row(code).is_none()
                    && (self.own_codes.iter().any(|own| same(own, code))
                        || (!self.own_prefix.is_empty() && code.to_lowercase().starts_with(&self.own_prefix)))
            })
            .collect();
        own.sort();
        codes.extend(own);
        codes
    }

    /// The merged parent: none at the root, for an unknown one, and for one's own self.
    pub fn parent(&self, code: &str) -> Option<String> {
        let parent = self.value(Entity::Department, code, "parentCode").as_str()?.to_owned();
        self.all_departments().into_iter().find(|known| same(known, &parent) && !same(known, code))
    }

    /// The position, which comes from the source that says the parent; else each source's own.
    pub fn position(&self, code: &str) -> Json {
        let parent = self.field(Entity::Department, code, "parentCode", None);
        match parent.winner.as_deref() {
            Some("erp") => Json::Null,
            _ => self.value(Entity::Department, code, "position"),
        }
    }

    /// The way to a department, root first, itself last.
    pub fn path(&self, code: &str) -> Vec<String> {
        let mut path = vec![code.to_owned()];
        while let Some(parent) = self.parent(&path[0]) {
            if path.contains(&parent) {
                break;
            }
            path.insert(0, parent);
        }
        path
    }

    /// Whether whoever looks at the shop sees a department.
    pub fn department_visible(&self, code: &str) -> bool {
        match &self.viewer {
            None => self.department_on_web(code),
            Some(viewer) => self.is_department(code) && viewer.sees(self, Entity::Department, code),
        }
    }

    pub(super) fn is_department(&self, code: &str) -> bool {
        self.all_departments().iter().any(|known| same(known, code))
    }

    /// On the web: it and everything above it.
    pub(super) fn department_on_web(&self, code: &str) -> bool {
        self.all_departments().iter().any(|known| same(known, code))
            && self.path(code).iter().all(|c| !self.hidden(Entity::Department, c))
    }

    /// The departments on the web under one, or the roots, in their position.
    pub fn children(&self, parent: Option<&str>) -> Vec<String> {
        let mut found = self.under(parent);
        found.retain(|code| self.department_visible(code));
        found
    }

    /// The departments at the top for whoever looks at the shop: those that one sees under none that one sees.
    pub fn tops(&self) -> Vec<String> {
        let mut tops = Vec::new();
        self.add_tops(None, &mut tops);
        tops
    }

    fn add_tops(&self, parent: Option<&str>, tops: &mut Vec<String>) {
        for code in self.under(parent) {
            if self.department_visible(&code) {
                tops.push(code);
            } else {
                self.add_tops(Some(&code), tops);
            }
        }
    }

    /// All departments under one, or the roots, in their position.
    fn under(&self, parent: Option<&str>) -> Vec<String> {
        let mut found: Vec<String> = self
            .all_departments()
            .into_iter()
            .filter(|code| self.parent(code).as_deref() == parent)
            .collect();
        // The sort is stable: code order where positions are equal or missing.
        found.sort_by_key(|code| self.position(code).as_i64().unwrap_or(i64::MAX));
        found
    }

    /// An article's placements that one sees, the main one first when there is one.
    pub fn departments(&self, code: &str) -> (Vec<String>, Option<String>) {
        let mut list = self.placements(code);
        list.retain(|p| self.department_visible(&p.department));
        let said = list.iter().find(|p| p.main).or(list.iter().find(|p| p.erp));
        let main = said.map(|p| p.department.clone());
        list.sort_by_key(|p| main.as_ref() != Some(&p.department));
        (list.into_iter().map(|p| p.department).collect(), main)
    }

    /// Every department that an article is placed in.
    pub(super) fn placements(&self, code: &str) -> Vec<Placement> {
        if self.iso_rows("marker").iter().any(|m| {
            m.text("entity").as_deref() == Some("article")
                && m.text("code").is_some_and(|c| same(&c, code))
                && m.text("field").as_deref() == Some("placements")
        }) {
            return Vec::new();
        }
        let mut rows: Vec<&Row> = self
            .iso_rows("article_department")
            .iter()
            .filter(|p| p.text("article_code").is_some_and(|c| same(&c, code)))
            .collect();
        rows.sort_by_key(|p| {
            let position = p.number("position").map_or(i64::MAX, |_| p.whole("position"));
            (position, p.text("department_code"))
        });
        let mut seen: Vec<String> = Vec::new();
        let mut list: Vec<Placement> = Vec::new();
        for row in rows {
            let Some(department) = row.text("department_code") else { continue };
            if seen.iter().any(|s| same(s, &department)) {
                continue;
            }
            seen.push(department.clone());
            if row.whole("removed") != 1 {
                list.push(Placement { department, main: row.whole("is_main") == 1, erp: false });
            }
        }
        let deepest = self.article_row(code).and_then(|row| {
            ["CL_No4", "CL_No3", "CL_No2", "CL_No1"].iter().map(|c| row.whole(c)).find(|n| *n != 0)
        });
        if let Some(number) = deepest.map(|n| n.to_string())
            && !seen.iter().any(|s| same(s, &number))
        {
            list.push(Placement { department: number, main: false, erp: true });
        }
        list
    }

    /// The articles on the web that hang directly in a department, in code order.
    pub fn articles_in(&self, department: &str) -> Vec<String> {
        self.articles()
            .into_iter()
            .filter(|code| self.departments(code).0.iter().any(|d| same(d, department)))
            .collect()
    }

    // --- child lists -----------------------------------------------------------------------------

    /// Images and documents of a record: IsoShop's first, the ERP's where the key is free.
    pub fn media(&self, entity: Entity, code: &str) -> Vec<Json> {
        let mut rows: Vec<Row> = self
            .iso_rows("document")
            .iter()
            .filter(|d| {
                d.text("entity").as_deref() == Some(entity.table())
                    && d.text("code").is_some_and(|c| same(&c, code))
            })
            .cloned()
            .collect();
        rows.sort_by_key(|d| (d.text("usage"), d.whole("position"), d.text("file")));
        let mut items: Vec<(Json, bool)> = rows
            .iter()
            .map(|d| {
                let item = json!({
                    "file": d.text("file"), "title": d.text("title"), "usage": d.text("usage"),
                    "position": d.whole("position"), "language": d.text("language"),
                });
                (item, d.whole("removed") == 1)
            })
            .collect();
        if entity == Entity::Article {
            if let Some(photo) = self.article_row(code).and_then(|r| r.text("AR_Photo")) {
                items.push((json!({ "file": file(&photo), "title": null, "usage": "principal", "position": 1, "language": null }), false));
            }
            let mut media: Vec<&Row> = self
                .erp_rows("F_ARTICLEMEDIA")
                .iter()
                .filter(|m| {
                    m.text("AR_Ref").is_some_and(|c| same(&c, code)) && m.text("ME_Fichier").is_some()
                })
                .collect();
            media.sort_by_key(|m| m.whole("cbMarq"));
            for (n, row) in media.iter().enumerate() {
                let name = row.text("ME_Fichier").unwrap_or_default();
                items.push((json!({ "file": file(&name), "title": row.text("ME_Commentaire"), "usage": "gallery", "position": n + 1, "language": null }), false));
            }
        }
        let mut seen: Vec<Json> = Vec::new();
        let mut kept = Vec::new();
        for (item, removed) in items {
            let key = json!([item["usage"], item["language"], item["position"]]);
            if !seen.contains(&key) {
                seen.push(key);
                if !removed {
                    kept.push(item);
                }
            }
        }
        kept
    }

    /// The images or the documents of a record as they are served in a language: its article's, where a
    /// reference has no files of its own.
    pub fn files(&self, entity: Entity, code: &str, images: bool, language: Option<&str>) -> Vec<Json> {
        let field = if images { "images" } else { "documents" };
        let emptied = |entity: Entity, code: &str| {
            self.iso_rows("marker").iter().any(|m| {
                m.text("entity").as_deref() == Some(entity.table())
                    && m.text("code").is_some_and(|c| same(&c, code))
                    && m.text("field").as_deref() == Some(field)
            })
        };
        let mut found = if emptied(entity, code) { Vec::new() } else { self.media(entity, code) };
        if entity == Entity::Reference && !emptied(entity, code) && found.is_empty() {
            let article = self.reference(code).map(|r| r.article).unwrap_or_default();
            found = if emptied(Entity::Article, &article) {
                Vec::new()
            } else {
                self.media(Entity::Article, &article)
            };
        }
        found.retain(|item| {
            let Some(file) = item["file"].as_str() else { return false };
            let extension = file.rsplit('.').next().unwrap_or("").to_lowercase();
            let image = ["jpg", "jpeg", "png", "gif", "webp", "svg", "avif"].contains(&extension.as_str());
            let spoken = item["language"].is_null() || item["language"] == language.unwrap_or(FR);
            image == images && (!images || spoken)
        });
        found
    }

    /// Related articles on the web: code and kind.
    pub fn related(&self, code: &str) -> Vec<(String, String)> {
        let mut rows: Vec<&Row> = self
            .iso_rows("article_relation")
            .iter()
            .filter(|r| r.text("article_code").is_some_and(|c| same(&c, code)))
            .collect();
        rows.sort_by_key(|r| (r.text("kind"), r.whole("position"), r.text("related_code")));
        let mut items: Vec<(String, String, bool)> = rows
            .iter()
            .filter_map(|r| Some((r.text("related_code")?, r.text("kind")?, r.whole("removed") == 1)))
            .collect();
        if let Some(substitute) = self.article_row(code).and_then(|r| r.text("AR_Substitut")) {
            items.push((substitute, "replacement".to_owned(), false));
        }
        let mut seen: Vec<(String, String)> = Vec::new();
        let mut kept = Vec::new();
        for (related, kind, removed) in items {
            let key = (related.to_uppercase(), kind.clone());
            if !seen.contains(&key) {
                seen.push(key);
                if !removed && self.article_visible(&related) {
                    kept.push((related, kind));
                }
            }
        }
        kept
    }
}

/// As much sanitising as the fixtures need: attributes that begin with `on` are dropped.
/// The text of RTF as simple as the demo's: groups inside the document are no text.
fn without_rtf(text: String) -> String {
    let Some(body) = text.strip_prefix("{\\rtf1") else { return text };
    let (mut plain, mut depth, mut at) = (String::new(), 1, 0);
    let chars: Vec<char> = body.chars().collect();
    while at < chars.len() {
        let rest: String = chars[at..].iter().take(40).collect();
        let word: String = rest.chars().skip(1).take_while(char::is_ascii_alphanumeric).collect();
        let (step, put) = match chars[at] {
            '{' => (1, None),
            '}' => (1, None),
            '\\' if rest.starts_with("\\'") => (4, u8::from_str_radix(&rest[2..4], 16).ok().map(char::from)),
            '\\' if word.is_empty() => (2, chars.get(at + 1).copied()),
            '\\' if word.starts_with('u') && word[1..].parse::<u32>().is_ok() => {
                (word.len() + 2, word[1..].parse().ok().and_then(char::from_u32))
            }
            '\\' => {
                let blank = usize::from(rest.chars().nth(1 + word.len()) == Some(' '));
                (1 + word.len() + blank, (word == "par").then_some('\n'))
            }
            c => (1, Some(c)),
        };
        depth += match chars[at] {
            '{' => 1,
            '}' => -1,
            _ => 0,
        };
        plain.extend(put.filter(|_| depth == 1));
        at += step;
    }
    plain.trim_end().to_owned()
}

fn without_scripts(html: &str) -> String {
    let mut parts = html.split(" on");
    let mut clean = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let inside = clean.rfind('<') > clean.rfind('>');
        match part.split_once("=\"").and_then(|(_, value)| value.split_once('"')) {
            Some((_, rest)) if inside => clean.push_str(rest),
            _ => {
                clean.push_str(" on");
                clean.push_str(part);
            }
        }
    }
    clean
}

fn file(name: &str) -> String {
    let name = name.replace('\\', "/");
    let name = name.strip_prefix("./").unwrap_or(&name);
    name.strip_prefix("Multimedia/").unwrap_or(name).to_owned()
}

fn kilograms(row: &Row) -> Option<rust_decimal::Decimal> {
    use rust_decimal::Decimal;
    let unit = match row.number("AR_UnitePoids")?.to_string().as_str() {
        "0" => Decimal::new(1000, 0),
        "1" => Decimal::new(100, 0),
        "2" => Decimal::new(1, 0),
        "3" => Decimal::new(1, 3),
        "4" => Decimal::new(1, 6),
        _ => return None,
    };
    let kilograms = row.number("AR_PoidsNet")? * unit;
    (!kilograms.is_zero()).then_some(kilograms)
}

/// A local time of a zone as a moment: of an hour that exists twice the earlier, and of one that clocks leap
/// over the end of the leap, looked for second by second.
fn moment(row: &Row, column: &str, zone: chrono_tz::Tz) -> Option<String> {
    let text = row.text(column)?.replace('T', " ");
    let text = match text.len() {
        10 => format!("{text} 00:00:00"),
        16 => format!("{text}:00"),
        _ => text,
    };
    let mut local = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f").ok()?;
    loop {
        match zone.from_local_datetime(&local).earliest() {
            Some(at) => {
                let at = at.with_timezone(&chrono::Utc);
                return Some(at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true));
            }
            None => local = local.with_nanosecond(0)? + chrono::TimeDelta::seconds(1),
        }
    }
}

/// A moment of the ERP; two days mean none.
fn sage_moment(row: &Row, column: &str) -> Option<String> {
    let text = row.text(column)?;
    let none = text.starts_with("1753-01-01") || text.starts_with("1900-01-01");
    if none { None } else { moment(row, column, chrono_tz::Europe::Paris) }
}

fn localized(field: &str) -> bool {
    matches!(
        field,
        "title" | "subtitle" | "description" | "summary" | "seoTitle" | "seoDescription" | "seoKeywords"
    )
}

fn inherited(field: &str) -> bool {
    matches!(field, "title" | "weight" | "unit")
}

/// camelCase → snake_case, as IsoShop's marker and text rows spell fields.
fn snake(field: &str) -> String {
    let mut spelt = String::new();
    for c in field.chars() {
        if c.is_ascii_uppercase() {
            spelt.push('_');
        }
        spelt.push(c.to_ascii_lowercase());
    }
    spelt
}

fn isoshop_column(
    entity: Entity,
    field: &str,
    complements: &HashMap<&'static str, (Option<&'static str>, Option<&'static str>)>,
) -> Option<&'static str> {
    let columns: &[(&str, &'static str)] = match entity {
        Entity::Department => &[
            ("title", "title"),
            ("description", "description"),
            ("position", "position"),
            ("parentCode", "parent_code"),
            ("updatedAt", "updated_at"),
            ("published", "published"),
            ("slug", "slug"),
            ("seoTitle", "seo_title"),
            ("seoDescription", "seo_description"),
            ("seoKeywords", "seo_keywords"),
        ],
        Entity::Article => &[
            ("title", "title"),
            ("subtitle", "subtitle"),
            ("description", "description"),
            ("summary", "summary"),
            ("brand", "brand"),
            ("unit", "unit"),
            ("weight", "weight_kg"),
            ("updatedAt", "updated_at"),
            ("published", "published"),
            ("slug", "slug"),
            ("seoTitle", "seo_title"),
            ("seoDescription", "seo_description"),
            ("seoKeywords", "seo_keywords"),
        ],
        Entity::Reference => &[
            ("title", "title"),
            ("barcode", "barcode"),
            ("weight", "weight_kg"),
            ("unit", "unit"),
            ("updatedAt", "updated_at"),
            ("published", "published"),
            ("option1Name", "option1_name"),
            ("option1Value", "option1_value"),
            ("option2Name", "option2_name"),
            ("option2Value", "option2_value"),
        ],
    };
    columns.iter().find(|(name, _)| *name == field).map(|(_, column)| *column).or_else(|| {
        if entity == Entity::Article {
            complements.get(field).and_then(|(_, isoshop)| *isoshop)
        } else {
            None
        }
    })
}

fn json_of(value: &Value) -> Json {
    match value {
        Value::Bool(b) => Json::Bool(*b),
        Value::Int(n) => Json::from(*n),
        Value::Decimal(n) => decimal(*n),
        Value::Text(text) => Json::from(&**text),
        Value::List(items) => items.iter().map(json_of).collect(),
        other => panic!("no override of this kind: {other:?}"),
    }
}
