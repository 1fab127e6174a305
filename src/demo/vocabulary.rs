//! The words of the demo: product lines, rayons, families, names. They are data, in
//! `data/*.toml`, embedded in the binary; this room only reads them.

use serde::Deserialize;
use std::collections::HashMap;

use super::DemoError;

/// One product line: what its articles are called, cost, weigh and vary on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    pub(crate) prefix: String,
    pub(crate) family: String,
    pub(crate) rayon: String,
    pub(crate) brands: Vec<String>,
    /// Net price in euros, lowest and highest.
    pub(crate) price: [f64; 2],
    /// Weight in kilograms, lightest and heaviest.
    pub(crate) weight: [f64; 2],
    /// Months of warranty; 0 for none.
    pub(crate) warranty: i64,
    #[serde(default)]
    pub(crate) energy: bool,
    #[serde(default)]
    pub(crate) assembly: bool,
    /// Weights are kept in grams in the ERP.
    #[serde(default)]
    pub(crate) grams: bool,
    #[serde(default)]
    pub(crate) season: Option<String>,
    pub(crate) materials: Vec<String>,
    /// Which collection its model names come from.
    pub(crate) models: String,
    /// `French|English`.
    pub(crate) nouns: Vec<String>,
    pub(crate) qualities: Vec<String>,
    /// Option name, then its values in the order a shopper expects.
    #[serde(default)]
    pub(crate) axes: Vec<Vec<String>>,
    #[serde(default)]
    pub(crate) packs: Vec<(String, i64)>,
    pub(crate) sentences: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct LineFile {
    line: Vec<Line>,
}

/// A root rayon with its two lower levels.
#[derive(Debug, Deserialize)]
pub(crate) struct Root {
    pub(crate) title: String,
    pub(crate) english: String,
    pub(crate) intro: String,
    pub(crate) group: Vec<Group>,
}

/// A rayon of the middle level.
#[derive(Debug, Deserialize)]
pub(crate) struct Group {
    pub(crate) title: String,
    pub(crate) leaves: Vec<String>,
}

/// Families of the ERP.
#[derive(Debug, Deserialize)]
pub(crate) struct Families {
    pub(crate) central: Vec<(String, String)>,
    /// Code, label, centralising family, VAT code, coefficient.
    pub(crate) detail: Vec<(String, String, String, String, String)>,
}

/// The company's parameter tables.
#[derive(Debug, Deserialize)]
pub(crate) struct Parameters {
    pub(crate) options: Vec<String>,
    pub(crate) steps: String,
    pub(crate) units: Vec<String>,
    pub(crate) price_categories: Vec<(String, i64)>,
    pub(crate) tax_categories: Vec<String>,
    pub(crate) taxes: Vec<(String, String, String)>,
    pub(crate) carriers: Vec<(String, String)>,
    pub(crate) terms: Vec<String>,
    pub(crate) series: Vec<String>,
    pub(crate) depots: Vec<(String, String, String, String)>,
    pub(crate) countries: Vec<(String, String)>,
    pub(crate) origins: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct CatalogueFile {
    root: Vec<Root>,
    families: Families,
    parameters: Parameters,
}

/// Names of people, streets, towns and firms.
#[derive(Debug, Deserialize)]
pub(crate) struct People {
    pub(crate) first: Vec<String>,
    pub(crate) last: Vec<String>,
    pub(crate) streets: Vec<String>,
    pub(crate) towns: Vec<(String, String)>,
    pub(crate) shops: Vec<String>,
    pub(crate) shop_names: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct NamesFile {
    collections: HashMap<String, Vec<String>>,
    people: People,
}

/// A rayon with the number the ERP gives it.
#[derive(Debug)]
pub(crate) struct Rayon {
    pub(crate) number: i64,
    pub(crate) parent: i64,
    pub(crate) level: i64,
    pub(crate) title: String,
}

/// All the words, ready to use.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    pub(crate) lines: Vec<Line>,
    pub(crate) roots: Vec<Root>,
    pub(crate) rayons: Vec<Rayon>,
    pub(crate) families: Families,
    pub(crate) parameters: Parameters,
    pub(crate) people: People,
    collections: HashMap<String, Vec<String>>,
    paths: HashMap<String, [i64; 3]>,
}

const LINES: [&str; 5] = [
    include_str!("data/lines_kitchen.toml"),
    include_str!("data/lines_home.toml"),
    include_str!("data/lines_linen_garden.toml"),
    include_str!("data/lines_diy.toml"),
    include_str!("data/lines_outdoor_desk.toml"),
];

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, DemoError> {
    toml::from_str(text).map_err(|e| DemoError::Vocabulary(e.to_string()))
}

impl Vocabulary {
    /// Reads the embedded files.
    pub(crate) fn load() -> Result<Self, DemoError> {
        let mut lines = Vec::new();
        for text in LINES {
            lines.extend(parse::<LineFile>(text)?.line);
        }
        let catalogue: CatalogueFile = parse(include_str!("data/catalogue.toml"))?;
        let names: NamesFile = parse(include_str!("data/names.toml"))?;

        let mut rayons = Vec::new();
        let mut paths = HashMap::new();
        let mut number = 0;
        let mut push = |parent: i64, level: i64, title: &str| {
            number += 1;
            rayons.push(Rayon { number, parent, level, title: title.to_owned() });
            number
        };
        for root in &catalogue.root {
            let a = push(0, 0, &root.title);
            for group in &root.group {
                let b = push(a, 1, &group.title);
                for leaf in &group.leaves {
                    let c = push(b, 2, leaf);
                    paths.insert(leaf.clone(), [a, b, c]);
                }
            }
        }
        for line in &lines {
            if !paths.contains_key(&line.rayon) || !names.collections.contains_key(&line.models) {
                return Err(DemoError::Vocabulary(format!(
                    "line {} names an unknown rayon or collection",
                    line.prefix
                )));
            }
        }
        Ok(Self {
            lines,
            roots: catalogue.root,
            rayons,
            families: catalogue.families,
            parameters: catalogue.parameters,
            people: names.people,
            collections: names.collections,
            paths,
        })
    }

    /// The names of the collection a line draws from.
    pub(crate) fn models(&self, line: &Line) -> &[String] {
        self.collections.get(&line.models).map_or(&[], Vec::as_slice)
    }

    /// The catalogue numbers of a leaf rayon, root first.
    pub(crate) fn path(&self, leaf: &str) -> [i64; 3] {
        self.paths.get(leaf).copied().unwrap_or_default()
    }

    /// The number of the rayon of this title, at any level; 0 when there is none.
    pub(crate) fn rayon(&self, title: &str) -> i64 {
        self.rayons.iter().find(|r| r.title == title).map_or(0, |r| r.number)
    }

    /// The 1-based index of an option name in the company's parameters.
    pub(crate) fn option_index(&self, name: &str) -> i64 {
        let at = self.parameters.options.iter().position(|o| o == name);
        at.and_then(|p| i64::try_from(p + 1).ok()).unwrap_or(0)
    }

    /// VAT code and usual coefficient of a family.
    pub(crate) fn family(&self, code: &str) -> (&str, f64) {
        self.families
            .detail
            .iter()
            .find(|f| f.0 == code)
            .map_or(("D20", 2.0), |f| (f.3.as_str(), f.4.parse().unwrap_or(2.0)))
    }

    /// VAT rate in percent, times ten (200, 100, 55, 0).
    pub(crate) fn rate_tenths(code: &str) -> i64 {
        match code {
            "D20" => 200,
            "D10" => 100,
            "D05" => 55,
            _ => 0,
        }
    }
}
