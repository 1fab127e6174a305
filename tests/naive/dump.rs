//! The merged shop as the JSON that `tests/js/lib/resolvers.mjs` answers operations out of.

use serde_json::{Map, Value as Json, json};

use super::records::{Entity, Twin};

const ARTICLE: &[&str] = &[
    "title",
    "subtitle",
    "description",
    "summary",
    "brand",
    "family",
    "unit",
    "weight",
    "vatRate",
    "createdAt",
    "warrantyMonths",
    "origin",
    "terrain",
    "tags",
    "electric",
];

impl Twin {
    /// Everything on the web. `opaque(entity, code)` gives what only the gateway can know: `id`,
    /// `slug`, `canonicalPath` and `updatedAt`.
    pub fn dump(&self, opaque: &dyn Fn(Entity, &str) -> Map<String, Json>, shop: &Json) -> Json {
        let mut departments = Map::new();
        for code in self.all_departments().into_iter().filter(|c| self.department_visible(c)) {
            let mut record = self.known(Entity::Department, &code, opaque);
            for field in ["title", "description"] {
                record.insert(field.into(), self.value(Entity::Department, &code, field));
            }
            record.insert("position".into(), self.position(&code));
            record.insert("level".into(), self.path(&code).len().into());
            record.insert("path".into(), self.path(&code).into());
            record.insert("parent".into(), self.parent(&code).into());
            record.insert("children".into(), self.children(Some(&code)).into());
            record.insert("articles".into(), self.articles_in(&code).into());
            self.add_media(Entity::Department, &code, &mut record);
            departments.insert(code, record.into());
        }
        let mut articles = Map::new();
        for code in self.articles() {
            let mut record = self.known(Entity::Article, &code, opaque);
            for field in ARTICLE {
                record.insert((*field).into(), self.value(Entity::Article, &code, field));
            }
            let (list, main) = self.departments(&code);
            record.insert("departments".into(), list.into());
            record.insert("department".into(), main.into());
            record.insert("options".into(), self.options(&code).into());
            let references: Vec<String> =
                self.references().into_iter().filter(|r| r.article == code).map(|r| r.code).collect();
            record.insert("references".into(), references.into());
            let related: Vec<Json> = self
                .related(&code)
                .into_iter()
                .map(|(code, kind)| json!({ "code": code, "kind": kind.to_uppercase() }))
                .collect();
            record.insert("related".into(), related.into());
            self.add_media(Entity::Article, &code, &mut record);
            let image = record["images"]
                .as_array()
                .and_then(|list| list.iter().find(|i| i["usage"] == "principal" && i["position"] == 1))
                .cloned();
            record.insert("image".into(), image.into());
            articles.insert(code, record.into());
        }
        let mut references = Map::new();
        for reference in self.references() {
            let code = reference.code.clone();
            let mut record = self.known(Entity::Reference, &code, opaque);
            for field in ["title", "barcode", "weight", "unit"] {
                record.insert(field.into(), self.value(Entity::Reference, &code, field));
            }
            record.insert("article".into(), reference.article.clone().into());
            record.insert("optionValues".into(), self.option_values(&code).into());
            if self.media(Entity::Reference, &code).is_empty() {
                self.add_media(Entity::Article, &reference.article, &mut record);
            } else {
                self.add_media(Entity::Reference, &code, &mut record);
            }
            references.insert(code, record.into());
        }
        let order: Vec<&String> = references.keys().collect();
        json!({
            "shop": shop,
            "roots": self.children(None),
            "order": { "departments": departments.keys().collect::<Vec<_>>(), "references": order },
            "caseBlindCodes": true,
            "departments": departments,
            "articles": articles,
            "references": references,
        })
    }

    fn known(
        &self,
        entity: Entity,
        code: &str,
        opaque: &dyn Fn(Entity, &str) -> Map<String, Json>,
    ) -> Map<String, Json> {
        let mut record = opaque(entity, code);
        record.insert("published".into(), true.into());
        record.insert("hiddenReason".into(), Json::Null);
        if let Some(path) = record.remove("canonicalPath") {
            let of = |field| self.value(entity, code, field);
            record.insert(
                "seo".into(),
                json!({ "title": of("seoTitle"), "description": of("seoDescription"), "keywords": of("seoKeywords"), "canonicalPath": path }),
            );
        }
        record
    }

    fn add_media(&self, entity: Entity, code: &str, record: &mut Map<String, Json>) {
        let (mut images, mut documents) = (Vec::new(), Vec::new());
        for item in self.media(entity, code) {
            let file = item["file"].as_str().unwrap_or_default().to_owned();
            let url = format!("{}/{file}", self.media);
            let extension = file.rsplit('.').next().unwrap_or("").to_lowercase();
            if ["jpg", "jpeg", "png", "gif", "webp", "svg", "avif"].contains(&extension.as_str()) {
                images.push(json!({ "url": url, "alt": item["title"], "usage": item["usage"], "position": item["position"] }));
            } else {
                let mime = if extension == "pdf" { json!("application/pdf") } else { Json::Null };
                documents.push(json!({ "url": url, "title": item["title"], "usage": item["usage"], "position": item["position"], "mimeType": mime, "language": item["language"] }));
            }
        }
        let rank = |item: &Json| (item["usage"] != "principal", item["position"].as_i64());
        images.sort_by_key(rank);
        documents.sort_by_key(rank);
        record.insert("images".into(), images.into());
        record.insert("documents".into(), documents.into());
    }
}
