//! A list of articles: twelve fields, the department, the first references.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    Shop, json,
    read::{
        Markers, Result, by_code, fold, int, keys, local, number, rfc3339, rows, slug, text, today, truth,
        utc, weight,
    },
    tree::{Brief, Tree},
};
use crate::sql;

const FIELDS: &str =
    r#"["title","subtitle","summary","slug","brand","unit","weight","published","placements"]"#;
const REFERENCE_FIELDS: &str = r#"["articleCode","title","barcode","published"]"#;
const REFERENCES: usize = 4;

#[derive(Serialize)]
struct Data<T> {
    articles: Nodes<T>,
}

#[derive(Serialize)]
pub struct Nodes<T> {
    pub nodes: Vec<T>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Article<'a> {
    code: &'a str,
    title: &'a str,
    subtitle: Option<&'a str>,
    summary: Option<&'a str>,
    slug: String,
    brand: Option<&'a str>,
    family: Option<&'a str>,
    unit: Option<&'a str>,
    weight: Option<&'a str>,
    vat_rate: Option<&'a str>,
    updated_at: Option<String>,
    published: bool,
    department: Option<Brief<'a>>,
    references: Nodes<Reference<'a>>,
}

#[derive(Serialize)]
struct Reference<'a> {
    code: String,
    title: &'a str,
    barcode: Option<&'a str>,
}

struct Erp {
    code: String,
    changed: Option<DateTime<Utc>>,
    title: Option<String>,
    family: Option<String>,
    unit: Option<String>,
    weight: Option<String>,
    vat_rate: Option<String>,
}

#[derive(Default)]
struct Overlay {
    code: String,
    changed: Option<DateTime<Utc>>,
    title: Option<String>,
    subtitle: Option<String>,
    summary: Option<String>,
    slug: Option<String>,
    brand: Option<String>,
    unit: Option<String>,
    weight: Option<String>,
    published: Option<bool>,
}

/// Where an article hangs.
pub struct Placement {
    pub article: String,
    removed: bool,
    pub department: String,
    pub main: bool,
}

struct ErpReference {
    article: String,
    code: String,
    native: String,
    barcode: Option<String>,
}

struct OverlayReference {
    code: String,
    native: Option<String>,
    title: Option<String>,
    barcode: Option<String>,
    published: Option<bool>,
}

pub async fn placements(pool: &sqlx::SqlitePool, sql: &'static str, codes: String) -> Result<Vec<Placement>> {
    let make = |row: &sqlx::sqlite::SqliteRow| {
        Ok(Placement {
            article: text(row, 0)?.unwrap_or_default(),
            removed: truth(row, 2)? == Some(true),
            department: text(row, 3)?.unwrap_or_default(),
            main: truth(row, 4)? == Some(true),
        })
    };
    rows(pool, sqlx::query(sql).bind(codes), make).await
}

/// The departments on the web in which an article hangs: IsoShop's word first, department by
/// department.
pub fn placed(tree: &Tree, own: &[&Placement], erp: &[&Placement]) -> Vec<(usize, bool)> {
    let mut seen = HashSet::new();
    let mut placed = Vec::new();
    for p in own.iter().chain(erp) {
        if seen.insert(fold(&p.department))
            && !p.removed
            && let Some(d) = tree.find(&p.department)
        {
            placed.push((d, p.main));
        }
    }
    placed
}

/// The code of a reference: the ERP's own, else made of its key.
pub fn reference_code(row: &sqlx::sqlite::SqliteRow) -> Result<(String, String, String)> {
    let article = text(row, 1)?.unwrap_or_default();
    let (first, second) = (int(row, 2)?.unwrap_or(0), int(row, 3)?.unwrap_or(0));
    let native = match int(row, 0)? {
        Some(0) => article.clone(),
        Some(1) if second == 0 => format!("{article}~{first}"),
        Some(1) => format!("{article}~{first}~{second}"),
        _ => format!("{article}~c{first}"),
    };
    let code = text(row, 4)?.map_or_else(|| native.clone(), |own| own.trim().to_owned());
    Ok((article, code, native))
}

/// Refuses codes that two references have: whoever orders by such a code gets either.
pub async fn undoubled(pool: &sqlx::SqlitePool, codes: String) -> Result<()> {
    let query = sqlx::query(sql::DOUBLED).bind(codes.clone()).bind(codes);
    let found = rows(pool, query, |row| Ok(fold(&reference_code(row)?.1))).await?;
    let mut seen = HashSet::with_capacity(found.len());
    match found.iter().find(|code| !seen.insert(code.as_str())) {
        Some(code) => Err(sqlx::Error::Protocol(format!("two references have the code {code}"))),
        None => Ok(()),
    }
}

/// Which of IsoShop's rows speaks of which reference.
pub fn matched<T>(
    rows: &[T],
    code: impl Fn(&T) -> &str,
    native: impl Fn(&T) -> Option<&str>,
) -> (HashMap<String, &T>, HashMap<String, &T>) {
    let mut by_code = HashMap::with_capacity(rows.len());
    let mut by_native = HashMap::new();
    for row in rows {
        match native(row) {
            Some(key) => by_native.insert(fold(key), row),
            None => by_code.insert(fold(code(row)), row),
        };
    }
    (by_code, by_native)
}

/// `first` articles.
pub async fn list(shop: &Shop, first: usize) -> Result<Vec<u8>> {
    let limit = i64::try_from(first + 1).unwrap_or(i64::MAX);
    let query = sqlx::query(sql::ARTICLES).bind(0).bind(1).bind(today()).bind(limit);
    let erp = rows(&shop.erp, query, |row| {
        Ok(Erp {
            code: text(row, 1)?.unwrap_or_default(),
            changed: local(row, 5)?,
            title: text(row, 6)?,
            family: text(row, 7)?,
            unit: text(row, 8)?,
            weight: weight(row, 9)?,
            vat_rate: number(row, 10)?,
        })
    });
    let (tree, erp) = futures::try_join!(Tree::read(shop), erp)?;
    let codes = keys(erp.iter().map(|a| a.code.as_str()))?;
    let overlay = rows(&shop.overlay, sqlx::query(sql::OVERLAY_ARTICLES).bind(codes.clone()), |row| {
        Ok(Overlay {
            code: text(row, 1)?.unwrap_or_default(),
            changed: utc(row, 3)?,
            title: text(row, 4)?,
            subtitle: text(row, 5)?,
            summary: text(row, 6)?,
            slug: text(row, 7)?,
            brand: text(row, 8)?,
            unit: text(row, 9)?,
            weight: weight(row, 10)?,
            published: truth(row, 11)?,
        })
    });
    let (hung, own_hung, overlay, markers, references) = futures::try_join!(
        placements(&shop.erp, sql::PLACEMENTS, codes.clone()),
        placements(&shop.overlay, sql::OVERLAY_PLACEMENTS, codes.clone()),
        overlay,
        Markers::read(&shop.overlay, sql::MARKERS_ARTICLE, codes.clone(), FIELDS),
        references(shop, codes.clone()),
    )?;
    let (references, overlay_references, reference_markers) = references;
    let overlay = by_code(overlay, |o| &o.code);
    let (by_reference, by_native) = matched(&overlay_references, |r| &r.code, |r| r.native.as_deref());
    let none = Overlay::default();
    let mut hung_by: HashMap<&str, (Vec<&Placement>, Vec<&Placement>)> = HashMap::with_capacity(erp.len());
    let folded: Vec<(String, &Erp)> = erp.iter().map(|a| (fold(&a.code), a)).collect();
    for (code, _) in &folded {
        hung_by.insert(code, Default::default());
    }
    let mut of: HashMap<&str, Vec<&ErpReference>> = HashMap::with_capacity(erp.len());
    let own_folded: Vec<String> = own_hung.iter().map(|p| fold(&p.article)).collect();
    for (p, article) in own_hung.iter().zip(&own_folded) {
        if let Some((own, _)) = hung_by.get_mut(article.as_str()) {
            own.push(p);
        }
    }
    for p in &hung {
        if let Some((_, erp)) = hung_by.get_mut(p.article.as_str()) {
            erp.push(p);
        }
    }
    for r in &references {
        of.entry(&r.article).or_default().push(r);
    }
    let mut nodes = Vec::with_capacity(first);
    for (key, a) in &folded {
        let o = overlay.get(key).unwrap_or(&none);
        if o.published == Some(false) {
            continue;
        }
        let code = a.code.as_str();
        let pick = Pick { markers: &markers, code };
        let title = pick.of("title", &o.title, &a.title).unwrap_or(code);
        let (own, erp_hung) = &hung_by[key.as_str()];
        let own: &[&Placement] = if markers.has(code, "placements") { &[] } else { own };
        let placed = placed(&tree, own, erp_hung);
        let listed = of.get(code).map_or(&[][..], Vec::as_slice).iter().filter_map(|r| {
            let o = by_native.get(&fold(&r.native)).or_else(|| by_reference.get(&fold(&r.code)));
            if o.is_some_and(|o| o.published == Some(false)) {
                return None;
            }
            let pick = Pick { markers: &reference_markers, code: &r.code };
            let own_title = o.and_then(|o| o.title.as_deref());
            let own_title = if reference_markers.has(&r.code, "title") { Some("") } else { own_title };
            let barcode = o.and_then(|o| o.barcode.as_deref());
            Some(Reference {
                code: r.code.clone(),
                title: own_title.unwrap_or(title),
                barcode: r.barcode.as_deref().or(if pick.empty("barcode") { None } else { barcode }),
            })
        });
        nodes.push(Article {
            code,
            title,
            subtitle: pick.of("subtitle", &o.subtitle, &None),
            summary: pick.of("summary", &o.summary, &None),
            slug: pick.of("slug", &o.slug, &None).map_or_else(|| slug(title, code), str::to_owned),
            brand: pick.of("brand", &o.brand, &None),
            family: a.family.as_deref(),
            unit: pick.of("unit", &o.unit, &a.unit),
            weight: pick.of("weight", &o.weight, &a.weight),
            vat_rate: a.vat_rate.as_deref(),
            updated_at: a.changed.max(o.changed).map(rfc3339),
            published: true,
            department: placed.iter().find(|(_, main)| *main).map(|(d, _)| tree.brief(*d)),
            references: Nodes { nodes: listed.take(REFERENCES).collect() },
        });
        if nodes.len() == first {
            break;
        }
    }
    json(Data { articles: Nodes { nodes } })
}

/// Chooses between IsoShop's and the ERP's text of one article.
pub struct Pick<'a> {
    pub markers: &'a Markers,
    pub code: &'a str,
}

impl Pick<'_> {
    pub fn empty(&self, field: &str) -> bool {
        self.markers.has(self.code, field)
    }

    #[allow(clippy::ref_option)] // the rows' own fields, as they stand
    pub fn of<'a>(&self, field: &str, own: &'a Option<String>, erp: &'a Option<String>) -> Option<&'a str> {
        if self.empty(field) { None } else { own.as_deref().or(erp.as_deref()) }
    }
}

async fn references(
    shop: &Shop,
    articles: String,
) -> Result<(Vec<ErpReference>, Vec<OverlayReference>, Markers)> {
    let limit = i64::try_from(REFERENCES + 1).unwrap_or(i64::MAX);
    let erp = rows(&shop.erp, sqlx::query(sql::REFERENCES).bind(articles).bind(limit), |row| {
        let (article, code, native) = reference_code(row)?;
        Ok(ErpReference { article, code, native, barcode: text(row, 8)? })
    })
    .await?;
    let codes = keys(erp.iter().map(|r| r.code.as_str()))?;
    let natives = keys(erp.iter().map(|r| r.native.as_str()))?;
    let query = sqlx::query(sql::OVERLAY_REFERENCES).bind(codes.clone()).bind(natives);
    let overlay = rows(&shop.overlay, query, |row| {
        Ok(OverlayReference {
            code: text(row, 1)?.unwrap_or_default(),
            native: text(row, 3)?,
            title: text(row, 5)?,
            barcode: text(row, 6)?,
            published: truth(row, 7)?,
        })
    });
    let undoubled = undoubled(&shop.erp, codes.clone());
    let markers = Markers::read(&shop.overlay, sql::MARKERS_REFERENCE, codes, REFERENCE_FIELDS);
    let (overlay, markers, ()) = futures::try_join!(overlay, markers, undoubled)?;
    Ok((erp, overlay, markers))
}
