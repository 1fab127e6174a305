//! `[customers]` and `[[assortments]]`: which field of a customer is its class, and what classes are limited to.

use indexmap::IndexMap;

use super::{
    doc::{Entry, Node, known_keys},
    read::{key, section},
};
use crate::diagnostics::{Diagnostics, Place};

/// `[customers]` and `[[assortments]]`.
#[derive(Clone, Debug)]
pub struct CustomersConfig {
    /// The field of `Customer` that is its class (`class`, priceCategory).
    pub class: String,
    /// Where that stands.
    pub class_place: Place,
    /// What classes are limited to, in the order of the file.
    pub assortments: Vec<AssortmentConfig>,
}

/// One of `[[assortments]]`: what one class of customers sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssortmentConfig {
    /// The class, as the field says it.
    pub class: String,
    /// Departments, with everything below them.
    pub departments: Vec<String>,
    /// Families.
    pub families: Vec<String>,
    /// Articles.
    pub articles: Vec<String>,
    /// Where it stands.
    pub place: Place,
}

impl Default for CustomersConfig {
    fn default() -> Self {
        Self { class: "priceCategory".to_owned(), class_place: Place::default(), assortments: Vec::new() }
    }
}

pub(super) fn read(root: &Node, diags: &mut Diagnostics) -> CustomersConfig {
    let usual = CustomersConfig::default();
    let table = section(root, "customers", &["class"], diags);
    let node = key(table, "class");
    let class = node.and_then(|node| node.filled("class", diags)).map_or(usual.class, str::to_owned);
    let listed = root.get("assortments").and_then(|node| node.list("assortments", diags)).unwrap_or(&[]);
    CustomersConfig {
        class,
        class_place: node.map(Node::place).unwrap_or_default(),
        assortments: listed.iter().filter_map(|node| assortment(node, diags)).collect(),
    }
}

fn assortment(node: &Node, diags: &mut Diagnostics) -> Option<AssortmentConfig> {
    const HELP: &str = "add departments, families or articles: what the class may see";
    let table = node.table("assortments", diags)?;
    known_keys(table, "[[assortments]]", &["class", "departments", "families", "articles"], diags);
    let table: Option<&IndexMap<String, Entry>> = Some(table);
    let mark = diags.mark();
    let mut texts = |name: &str| -> Vec<String> {
        let texts = key(table, name).map(|node| node.texts(name, diags)).unwrap_or_default();
        texts.into_iter().map(|(text, _)| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
    };
    let (departments, families, articles) = (texts("departments"), texts("families"), texts("articles"));
    let Some(class) = key(table, "class") else {
        let help = "add class = \"…\": the value of the field that [customers] class names";
        diags.error("MISSING_KEY", node.place(), "an assortment has no `class`", help);
        return None;
    };
    let class = class.filled("class", diags)?.trim().to_owned();
    if diags.errors_since(mark) {
        return None;
    }
    if departments.is_empty() && families.is_empty() && articles.is_empty() {
        let message = format!("the assortment of the class `{class}` holds nothing");
        diags.error("EMPTY_ASSORTMENT", node.place(), message, HELP);
        return None;
    }
    Some(AssortmentConfig { class, departments, families, articles, place: node.place() })
}
