//! The plain objects of the catalogue: shop, viewer, images, documents, options, SEO, provenance.

use std::borrow::Cow;

use super::plain::{ArgMap, Plain, PlainObject};
use crate::{
    auth::{rights::Rights, viewer::Viewer},
    config::{Limits, ShopConfig},
    federation::{
        media,
        model::Rule,
        overrides::Override,
        provenance::{Candidate, FieldProvenance},
    },
    value::{Value, rfc3339},
};

/// `Shop`.
pub struct Shop<'a> {
    /// Its settings.
    pub config: &'a ShopConfig,
    /// Its limits.
    pub limits: &'a Limits,
    /// Prices with taxes are shown large.
    pub gross: bool,
}

impl PlainObject for Shop<'_> {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "name" => Plain::text(Some(&self.config.name)),
            "currency" => Plain::text(Some(&self.config.currency)),
            "languages" => Plain::List(self.config.languages.iter().map(|l| Plain::text(Some(l))).collect()),
            "limits" => Plain::object(ShopLimits(self.limits)),
            "priceDisplay" => Plain::text(Some(if self.gross { "GROSS" } else { "NET" })),
            _ => Plain::Null,
        }
    }
}

/// `Viewer`.
pub struct ViewerObject<'a> {
    /// Who.
    pub viewer: &'a Viewer,
    /// All that it may: what everybody of its kind may, too.
    pub rights: &'a Rights,
}

impl PlainObject for ViewerObject<'_> {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        let texts = |all: &'_ [std::sync::Arc<str>]| {
            Plain::List(all.iter().map(|t| Plain::owned(Some(t.to_string()))).collect())
        };
        match name {
            "kind" => Plain::owned(Some(self.viewer.kind.word().to_uppercase())),
            "subject" => Plain::text(self.viewer.subject.as_deref()),
            "customerCode" => Plain::text(self.viewer.customer.as_deref()),
            "contact" => Plain::text(self.viewer.contact.as_deref()),
            "scopes" => texts(&self.viewer.scopes),
            "groups" => texts(&self.viewer.groups),
            "rights" => Plain::List(self.rights.0.iter().map(Plain::object).collect()),
            _ => Plain::Null,
        }
    }
}

struct ShopLimits<'a>(&'a Limits);

impl PlainObject for ShopLimits<'_> {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        let l = self.0;
        let count = |n: usize| Plain::Int(i64::try_from(n).unwrap_or(i64::MAX));
        match name {
            "body" => count(l.body),
            "tokens" => count(l.tokens),
            "depth" => count(l.depth),
            "aliases" => count(l.aliases),
            "rootFields" => count(l.root_fields),
            "page" => count(l.page),
            "cost" => Plain::Int(i64::try_from(l.cost).unwrap_or(i64::MAX)),
            "requestSeconds" => Plain::Int(i64::try_from(l.request.as_secs()).unwrap_or(i64::MAX)),
            _ => Plain::Null,
        }
    }
}

/// `Image` or `Document`.
pub struct Medium<'a> {
    /// Its file's path.
    pub file: &'a str,
    /// The URL of the file.
    pub url: String,
    /// Its title.
    pub title: Option<&'a str>,
    /// Its usage.
    pub usage: &'a str,
    /// Its position.
    pub position: i64,
    /// Its language.
    pub language: Option<&'a str>,
}

impl Medium<'_> {
    fn mime(&self) -> Option<&'static str> {
        Some(match media::extension(self.file)?.as_str() {
            "pdf" => "application/pdf",
            "txt" => "text/plain",
            "csv" => "text/csv",
            "htm" | "html" => "text/html",
            "zip" => "application/zip",
            "doc" => "application/msword",
            "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "xls" => "application/vnd.ms-excel",
            "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "odt" => "application/vnd.oasis.opendocument.text",
            "ods" => "application/vnd.oasis.opendocument.spreadsheet",
            "mp4" => "video/mp4",
            "mp3" => "audio/mpeg",
            "step" | "stp" => "model/step",
            "dwg" => "image/vnd.dwg",
            _ => return None,
        })
    }
}

/// The URL of a file: base, then the path with each segment percent-encoded.
pub fn file_url(base: &str, file: &str) -> String {
    let mut url = String::with_capacity(base.len() + file.len() + 8);
    url.push_str(base);
    for segment in file.split('/') {
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

impl PlainObject for Medium<'_> {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "url" => Plain::text(Some(&self.url)),
            "alt" | "title" => Plain::text(self.title),
            "usage" => Plain::text(Some(self.usage)),
            "position" => Plain::Int(self.position),
            "language" => Plain::text(self.language),
            "mimeType" => Plain::text(self.mime()),
            _ => Plain::Null,
        }
    }
}

/// `Option`: a name and its values.
pub struct OptionAxis {
    /// Its name.
    pub name: String,
    /// Its values, in order.
    pub values: Vec<String>,
}

impl PlainObject for OptionAxis {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "name" => Plain::text(Some(&self.name)),
            "values" => Plain::List(self.values.iter().map(|v| Plain::text(Some(v))).collect()),
            _ => Plain::Null,
        }
    }
}

/// `OptionValue`.
pub struct OptionPair(pub String, pub String);

impl PlainObject for OptionPair {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "name" => Plain::text(Some(&self.0)),
            "value" => Plain::text(Some(&self.1)),
            _ => Plain::Null,
        }
    }
}

/// `Seo`.
pub struct Seo {
    /// Its title.
    pub title: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// Its keywords.
    pub keywords: Option<String>,
    /// The path of the page.
    pub path: String,
}

impl PlainObject for Seo {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "title" => Plain::text(self.title.as_deref()),
            "description" => Plain::text(self.description.as_deref()),
            "keywords" => Plain::text(self.keywords.as_deref()),
            "canonicalPath" => Plain::text(Some(&self.path)),
            _ => Plain::Null,
        }
    }
}

/// `FieldProvenance`.
pub struct Provenance(pub FieldProvenance);

impl PlainObject for Provenance {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        let p = &self.0;
        match name {
            "field" => Plain::text(Some(&p.field)),
            "rule" => Plain::text(Some(rule_name(p.rule))),
            "winner" => Plain::text(p.winner.as_deref()),
            "value" => Plain::Json(Cow::Borrowed(&p.value)),
            "locked" => Plain::Bool(p.lock.is_some()),
            "lockedReason" => Plain::text(p.lock.as_deref()),
            "erpHash" => Plain::text(p.erp_hash.as_deref()),
            "candidates" => Plain::List(p.candidates.iter().map(|c| Plain::object(Said(c))).collect()),
            "override" => p.override_.as_ref().map_or(Plain::Null, |o| {
                let changed = o.erp_hash.is_some() && o.erp_hash != p.erp_hash;
                Plain::object(Overridden(o, changed))
            }),
            _ => Plain::Null,
        }
    }
}

/// A rule's name in the schema.
pub const fn rule_name(rule: Rule) -> &'static str {
    match rule {
        Rule::Priority => "PRIORITY",
        Rule::Only => "ONLY",
        Rule::Union => "UNION",
        Rule::Recent => "RECENT",
        Rule::Min => "MIN",
        Rule::Max => "MAX",
    }
}

struct Said<'a>(&'a Candidate);

impl PlainObject for Said<'_> {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "source" => Plain::text(Some(&self.0.source)),
            "state" => Plain::text(Some(self.0.state)),
            "value" => Plain::Json(Cow::Borrowed(&self.0.value)),
            "asOf" => match &self.0.as_of {
                Value::DateTime(at) => Plain::owned(Some(rfc3339(at))),
                _ => Plain::Null,
            },
            "cause" => Plain::text(self.0.cause.as_deref()),
            _ => Plain::Null,
        }
    }
}

struct Overridden<'a>(&'a Override, bool);

impl PlainObject for Overridden<'_> {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        let o = self.0;
        match name {
            "author" => Plain::text(Some(&o.author)),
            "at" => Plain::owned(Some(rfc3339(&o.at))),
            "expires" => Plain::text(Some(if o.erp_hash.is_some() { "WHEN_ERP_CHANGES" } else { "NEVER" })),
            "validFrom" => Plain::owned(o.valid_from.as_ref().map(rfc3339)),
            "validUntil" => Plain::owned(o.valid_until.as_ref().map(rfc3339)),
            "erpChangedSince" => Plain::Bool(self.1),
            _ => Plain::Null,
        }
    }
}
