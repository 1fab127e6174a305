//! One article's page.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    Shop,
    articles::{Nodes, Pick, Placement, matched, placed, placements, reference_code, undoubled},
    json,
    read::{
        Markers, Result, by_code, fold, int, keys, local, number, rfc3339, rows, slug, text, today, truth,
        utc, weight,
    },
    tree::{Brief, Tree},
};
use crate::sql;

const FIELDS: &str = r#"["title","subtitle","description","summary","slug","brand","unit","weight","published","seoTitle","seoDescription","seoKeywords","images","documents","placements","related"]"#;
const REFERENCE_FIELDS: &str = r#"["articleCode","title","barcode","weight","published","option1Value","option1Name","option2Value","option2Name"]"#;
const RELATED_FIELDS: &str = r#"["title","slug","published"]"#;
const REFERENCES: usize = 20;
const IMAGES: [&str; 10] = ["jpg", "jpeg", "png", "gif", "webp", "avif", "svg", "bmp", "tif", "tiff"];

#[derive(Serialize)]
struct Data<'a> {
    article: Option<Article<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Article<'a> {
    code: &'a str,
    title: &'a str,
    subtitle: Option<&'a str>,
    description: Option<String>,
    summary: Option<&'a str>,
    slug: &'a str,
    brand: Option<&'a str>,
    family: Option<&'a str>,
    unit: Option<&'a str>,
    weight: Option<&'a str>,
    vat_rate: Option<&'a str>,
    created_at: Option<String>,
    updated_at: Option<String>,
    departments: Vec<Brief<'a>>,
    department: Option<Department<'a>>,
    options: Vec<Axis<'a>>,
    references: Nodes<Reference<'a>>,
    images: Vec<Image<'a>>,
    documents: Vec<Document<'a>>,
    related: Vec<Related<'a>>,
    seo: Seo<'a>,
}

#[derive(Serialize)]
struct Department<'a> {
    code: &'a str,
    title: &'a str,
    path: Vec<Brief<'a>>,
}

#[derive(Serialize)]
struct Axis<'a> {
    name: &'a str,
    values: Vec<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference<'a> {
    code: &'a str,
    title: &'a str,
    barcode: Option<&'a str>,
    weight: Option<&'a str>,
    option_values: Vec<OptionValue<'a>>,
}

#[derive(Serialize)]
struct OptionValue<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct Image<'a> {
    url: String,
    alt: Option<&'a str>,
    usage: &'a str,
    position: i64,
}

#[derive(Serialize)]
struct Document<'a> {
    url: String,
    title: Option<&'a str>,
    usage: &'a str,
    position: i64,
}

#[derive(Serialize)]
struct Related<'a> {
    code: &'a str,
    title: &'a str,
    slug: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Seo<'a> {
    title: Option<&'a str>,
    description: Option<&'a str>,
    keywords: Option<&'a str>,
    canonical_path: String,
}

struct Erp {
    code: String,
    shown: bool,
    changed: Option<DateTime<Utc>>,
    title: Option<String>,
    family: Option<String>,
    unit: Option<String>,
    weight: Option<String>,
    vat_rate: Option<String>,
    created: Option<DateTime<Utc>>,
}

#[derive(Default)]
struct Overlay {
    changed: Option<DateTime<Utc>>,
    title: Option<String>,
    subtitle: Option<String>,
    description: Option<String>,
    summary: Option<String>,
    slug: Option<String>,
    brand: Option<String>,
    unit: Option<String>,
    weight: Option<String>,
    published: Option<bool>,
    seo: [Option<String>; 3],
}

struct File {
    removed: bool,
    path: String,
    title: Option<String>,
    usage: String,
    position: i64,
    language: Option<String>,
}

struct Relation {
    removed: bool,
    article: String,
    kind: String,
}

struct ErpReference {
    code: String,
    native: String,
    shown: bool,
    barcode: Option<String>,
    options: [(Option<String>, Option<String>); 2],
    weight: Option<String>,
}

struct OverlayReference {
    code: String,
    native: Option<String>,
    title: Option<String>,
    barcode: Option<String>,
    options: [(Option<String>, Option<String>); 2],
    weight: Option<String>,
    published: Option<bool>,
}

struct RelatedArticle {
    code: String,
    shown: bool,
    title: Option<String>,
}

struct OverlayRelated {
    code: String,
    title: Option<String>,
    slug: Option<String>,
    published: Option<bool>,
}

struct References {
    erp: Vec<ErpReference>,
    overlay: Vec<OverlayReference>,
    markers: Markers,
}

struct Relations {
    wanted: Vec<Relation>,
    erp: Vec<RelatedArticle>,
    overlay: Vec<OverlayRelated>,
    markers: Markers,
}

/// The page of an article.
pub async fn article(shop: &Shop, code: &str) -> Result<Vec<u8>> {
    let key = keys([code])?;
    let query = sqlx::query(sql::ARTICLE).bind(0).bind(1).bind(today()).bind(key.clone());
    let erp = rows(&shop.erp, query, |row| {
        Ok(Erp {
            code: text(row, 1)?.unwrap_or_default(),
            shown: truth(row, 3)? == Some(true) && truth(row, 4)? != Some(true),
            changed: local(row, 5)?,
            title: text(row, 6)?,
            family: text(row, 7)?,
            unit: text(row, 8)?,
            weight: weight(row, 9)?,
            vat_rate: number(row, 10)?,
            created: local(row, 11)?,
        })
    });
    let overlay = rows(&shop.overlay, sqlx::query(sql::OVERLAY_ARTICLE).bind(key.clone()), |row| {
        Ok(Overlay {
            changed: utc(row, 3)?,
            title: text(row, 4)?,
            subtitle: text(row, 5)?,
            description: text(row, 6)?,
            summary: text(row, 7)?,
            slug: text(row, 8)?,
            brand: text(row, 9)?,
            unit: text(row, 10)?,
            weight: weight(row, 11)?,
            published: truth(row, 12)?,
            seo: [text(row, 13)?, text(row, 14)?, text(row, 15)?],
        })
    });
    let glossary =
        rows(&shop.erp, sqlx::query(sql::GLOSSARY).bind(today()).bind(key.clone()), |row| text(row, 3));
    let options = rows(&shop.erp, sqlx::query(sql::OPTIONS).bind(0).bind(key.clone()), |row| {
        Ok((text(row, 3)?, text(row, 4)?))
    });
    let (tree, erp, overlay, markers, glossary, options, files, hung, references, relations) = futures::try_join!(
        Tree::read(shop),
        erp,
        overlay,
        Markers::read(&shop.overlay, sql::MARKERS_ARTICLE, key.clone(), FIELDS),
        glossary,
        options,
        files(shop, key.clone()),
        async {
            futures::try_join!(
                placements(&shop.overlay, sql::OVERLAY_PLACEMENTS, key.clone()),
                placements(&shop.erp, sql::PLACEMENTS, key.clone()),
            )
        },
        references(shop, key.clone()),
        relations(shop, key.clone()),
    )?;
    let o = overlay.into_iter().next().unwrap_or_default();
    let Some(a) = erp.first().filter(|a| a.shown && o.published != Some(false)) else {
        return json(Data { article: None });
    };
    let code = a.code.as_str();
    let pick = Pick { markers: &markers, code };
    let title = pick.of("title", &o.title, &a.title).unwrap_or(code);
    let slug = pick.of("slug", &o.slug, &None).map_or_else(|| slug(title, code), str::to_owned);
    let description = if pick.empty("description") {
        None
    } else {
        match &o.description {
            Some(html) if html.contains(['<', '&', '>']) => Some(ammonia::clean(html)),
            Some(plain) => Some(plain.clone()),
            None => long_text(&glossary),
        }
    };
    let (own, hung): (Vec<&Placement>, Vec<&Placement>) = (hung.0.iter().collect(), hung.1.iter().collect());
    let own: &[&Placement] = if pick.empty("placements") { &[] } else { &own };
    let placed = placed(&tree, own, &hung);
    let mut axes: Vec<Axis<'_>> = Vec::new();
    for (name, value) in &options {
        let (name, Some(value)) = (name.as_deref().unwrap_or(""), value) else { continue };
        match axes.iter_mut().find(|a| a.name == name) {
            Some(axis) if axis.values.contains(&value.as_str()) => {}
            Some(axis) => axis.values.push(value),
            None => axes.push(Axis { name, values: vec![value] }),
        }
    }
    let weight = pick.of("weight", &o.weight, &a.weight);
    let images = shown_files(&files, true).map(|f| Image {
        url: url(&f.path),
        alt: f.title.as_deref(),
        usage: &f.usage,
        position: f.position,
    });
    let documents = shown_files(&files, false).map(|f| Document {
        url: url(&f.path),
        title: f.title.as_deref(),
        usage: &f.usage,
        position: f.position,
    });
    let seo = |field, i: usize| pick.of(field, &o.seo[i], &None);
    json(Data {
        article: Some(Article {
            code,
            title,
            subtitle: pick.of("subtitle", &o.subtitle, &None),
            description,
            summary: pick.of("summary", &o.summary, &None),
            slug: &slug,
            brand: pick.of("brand", &o.brand, &None),
            family: a.family.as_deref(),
            unit: pick.of("unit", &o.unit, &a.unit),
            weight,
            vat_rate: a.vat_rate.as_deref(),
            created_at: a.created.map(rfc3339),
            updated_at: a.changed.max(o.changed).map(rfc3339),
            departments: placed.iter().map(|(d, _)| tree.brief(*d)).collect(),
            department: placed.iter().find(|(_, main)| *main).map(|(d, _)| Department {
                code: &tree.all[*d].code,
                title: &tree.all[*d].title,
                path: tree.path(*d),
            }),
            options: axes,
            references: Nodes { nodes: references.shown(title, weight) },
            images: images.collect(),
            documents: documents.collect(),
            related: relations.shown(),
            seo: Seo {
                title: seo("seoTitle", 0),
                description: seo("seoDescription", 1),
                keywords: seo("seoKeywords", 2),
                canonical_path: format!("/article/{slug}"),
            },
        }),
    })
}

/// The ERP's numbered texts as one, as HTML.
fn long_text(glossary: &[Option<String>]) -> Option<String> {
    let parts: Vec<&str> = glossary.iter().flatten().map(String::as_str).collect();
    if parts.is_empty() {
        return None;
    }
    let text = parts.join("\n\n").replace("\r\n", "\n").replace('\r', "\n");
    let mut html = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '&' => html.push_str("&amp;"),
            '"' => html.push_str("&quot;"),
            '\n' => html.push_str("<br>\n"),
            c => html.push(c),
        }
    }
    Some(html)
}

fn url(path: &str) -> String {
    let mut url = String::with_capacity(path.len() + 8);
    for segment in path.split('/') {
        url.push('/');
        for b in segment.bytes() {
            if b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&b) {
                url.push(char::from(b));
            } else {
                url.push_str(&format!("%{b:02X}"));
            }
        }
    }
    url
}

/// A file's path without the ERP's own folder.
fn clean(path: &str) -> String {
    let path = path.replace('\\', "/");
    let path = path.trim_start_matches("./").trim_start_matches('/');
    let folder = path.get(..11).filter(|f| f.eq_ignore_ascii_case("multimedia/"));
    folder.map_or(path, |f| &path[f.len()..]).to_owned()
}

/// IsoShop's files, then the ERP's: of one usage, language and position the first counts.
async fn files(shop: &Shop, key: String) -> Result<Vec<File>> {
    let own = rows(&shop.overlay, sqlx::query(sql::DOCUMENTS).bind(key.clone()), |row| {
        Ok(File {
            removed: truth(row, 2)? == Some(true),
            path: clean(&text(row, 3)?.unwrap_or_default()),
            title: text(row, 4)?,
            usage: text(row, 5)?.unwrap_or_default(),
            position: int(row, 6)?.unwrap_or(1),
            language: text(row, 7)?,
        })
    });
    let mut rank = 0;
    let erp = rows(&shop.erp, sqlx::query(sql::MEDIA).bind(key), |row| {
        let ranked = int(row, 1)? == Some(1);
        rank += i64::from(ranked);
        Ok(File {
            removed: false,
            path: clean(&text(row, 3)?.unwrap_or_default()),
            title: text(row, 4)?,
            usage: text(row, 5)?.unwrap_or_default(),
            position: if ranked { rank } else { int(row, 6)?.unwrap_or(1) },
            language: None,
        })
    });
    let (mut files, erp) = futures::try_join!(own, erp)?;
    files.extend(erp);
    let mut seen = HashSet::new();
    files
        .retain(|f| seen.insert((fold(&f.usage), f.language.as_deref().map(fold), f.position)) && !f.removed);
    files.sort_by_key(|f| (f.usage != "principal", f.position));
    Ok(files)
}

fn shown_files(files: &[File], images: bool) -> impl Iterator<Item = &File> {
    files.iter().filter(move |f| {
        let extension = f.path.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase());
        let image = extension.is_some_and(|e| IMAGES.contains(&e.as_str()));
        image == images && (!images || f.language.as_deref().is_none_or(|l| l == "fr"))
    })
}

async fn references(shop: &Shop, article: String) -> Result<References> {
    let limit = i64::try_from(REFERENCES + 1).unwrap_or(i64::MAX);
    let erp = rows(&shop.erp, sqlx::query(sql::REFERENCES_FULL).bind(article).bind(limit), |row| {
        let (_, code, native) = reference_code(row)?;
        Ok(ErpReference {
            code,
            native,
            shown: truth(row, 6)? == Some(true) && truth(row, 7)? != Some(true),
            barcode: text(row, 8)?,
            options: [(text(row, 9)?, text(row, 10)?), (text(row, 11)?, text(row, 12)?)],
            weight: weight(row, 13)?,
        })
    })
    .await?;
    let codes = keys(erp.iter().map(|r| r.code.as_str()))?;
    let natives = keys(erp.iter().map(|r| r.native.as_str()))?;
    let query = sqlx::query(sql::OVERLAY_REFERENCES_FULL).bind(codes.clone()).bind(natives);
    let overlay = rows(&shop.overlay, query, |row| {
        Ok(OverlayReference {
            code: text(row, 1)?.unwrap_or_default(),
            native: text(row, 3)?,
            title: text(row, 5)?,
            barcode: text(row, 6)?,
            options: [(text(row, 7)?, text(row, 8)?), (text(row, 9)?, text(row, 10)?)],
            weight: weight(row, 11)?,
            published: truth(row, 12)?,
        })
    });
    let undoubled = undoubled(&shop.erp, codes.clone());
    let markers = Markers::read(&shop.overlay, sql::MARKERS_REFERENCE, codes, REFERENCE_FIELDS);
    let (overlay, markers, ()) = futures::try_join!(overlay, markers, undoubled)?;
    Ok(References { erp, overlay, markers })
}

impl References {
    fn shown<'a>(&'a self, title: &'a str, weight: Option<&'a str>) -> Vec<Reference<'a>> {
        let (by_code, by_native) = matched(&self.overlay, |r| &r.code, |r| r.native.as_deref());
        let shown = self.erp.iter().filter_map(|r| {
            let o = by_native.get(&fold(&r.native)).or_else(|| by_code.get(&fold(&r.code))).copied();
            if !r.shown || o.is_some_and(|o| o.published == Some(false)) {
                return None;
            }
            let pick = Pick { markers: &self.markers, code: &r.code };
            let none = &None;
            let values = (0..2).filter_map(|i| {
                let fields = [("option1Value", "option1Name"), ("option2Value", "option2Name")][i];
                let own = o.map_or((none, none), |o| (&o.options[i].0, &o.options[i].1));
                let value = pick.of(fields.0, own.0, &r.options[i].0)?;
                Some(OptionValue { name: pick.of(fields.1, own.1, &r.options[i].1).unwrap_or(""), value })
            });
            Some(Reference {
                code: &r.code,
                title: pick.of("title", o.map_or(none, |o| &o.title), none).unwrap_or(title),
                barcode: r
                    .barcode
                    .as_deref()
                    .or_else(|| pick.of("barcode", o.map_or(none, |o| &o.barcode), none)),
                weight: pick.of("weight", o.map_or(none, |o| &o.weight), &r.weight).or(weight),
                option_values: values.collect(),
            })
        });
        shown.take(REFERENCES).collect()
    }
}

async fn relations(shop: &Shop, key: String) -> Result<Relations> {
    let own = rows(&shop.overlay, sqlx::query(sql::OVERLAY_RELATIONS).bind(key.clone()), |row| {
        Ok(Relation {
            removed: truth(row, 2)? == Some(true),
            article: text(row, 3)?.unwrap_or_default(),
            kind: text(row, 4)?.unwrap_or_default(),
        })
    });
    let erp = rows(&shop.erp, sqlx::query(sql::REPLACEMENT).bind(key), |row| {
        Ok(Relation {
            removed: false,
            article: text(row, 3)?.unwrap_or_default(),
            kind: text(row, 4)?.unwrap_or_default(),
        })
    });
    let (mut wanted, erp) = futures::try_join!(own, erp)?;
    wanted.extend(erp);
    let mut seen = HashSet::new();
    wanted.retain(|r| seen.insert((fold(&r.article), fold(&r.kind))) && !r.removed);
    let mut once = HashSet::new();
    wanted.retain(|r| once.insert(fold(&r.article)));
    if wanted.is_empty() {
        return Ok(Relations { wanted, erp: Vec::new(), overlay: Vec::new(), markers: Markers::default() });
    }
    let codes = keys(wanted.iter().map(|r| r.article.as_str()))?;
    let erp = rows(&shop.erp, sqlx::query(sql::RELATED).bind(codes.clone()), |row| {
        Ok(RelatedArticle {
            code: text(row, 1)?.unwrap_or_default(),
            shown: truth(row, 3)? == Some(true) && truth(row, 4)? != Some(true),
            title: text(row, 5)?,
        })
    });
    let overlay = rows(&shop.overlay, sqlx::query(sql::OVERLAY_RELATED).bind(codes.clone()), |row| {
        Ok(OverlayRelated {
            code: text(row, 1)?.unwrap_or_default(),
            title: text(row, 3)?,
            slug: text(row, 4)?,
            published: truth(row, 5)?,
        })
    });
    let markers = Markers::read(&shop.overlay, sql::MARKERS_ARTICLE, codes, RELATED_FIELDS);
    let (erp, overlay, markers) = futures::try_join!(erp, overlay, markers)?;
    Ok(Relations { wanted, erp, overlay, markers })
}

impl Relations {
    fn shown(&self) -> Vec<Related<'_>> {
        let erp = by_code(self.erp.iter().collect(), |a| &a.code);
        let overlay = by_code(self.overlay.iter().collect(), |a| &a.code);
        let shown = self.wanted.iter().filter_map(|r| {
            let key = fold(&r.article);
            let a = erp.get(&key).filter(|a| a.shown)?;
            let o = overlay.get(&key);
            if o.is_some_and(|o| o.published == Some(false)) {
                return None;
            }
            let pick = Pick { markers: &self.markers, code: &a.code };
            let none = &None;
            let title = pick.of("title", o.map_or(none, |o| &o.title), &a.title).unwrap_or(&a.code);
            let own = pick.of("slug", o.map_or(none, |o| &o.slug), none);
            Some(Related {
                code: &a.code,
                title,
                slug: own.map_or_else(|| slug(title, &a.code), str::to_owned),
            })
        });
        shown.collect()
    }
}
