//! A list that is paged while others write: nothing breaks off, no record comes twice, and none is lost
//! that nobody touched.

use std::collections::BTreeSet;

use comptoir::graphql::request::Strategy as Way;
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::Value as Json;

use super::{
    law_with,
    lists::{asked, entity_of, list},
    shop,
};
use crate::naive::Entity;

/// What a writer does to one article.
#[derive(Clone, Copy, Debug)]
enum Change {
    Weight(&'static str),
    Retitle,
    Unpublish,
    Close,
    Delete,
    Complete(u8),
    Forget,
    Touch(&'static str),
    Update(&'static str),
}

impl Change {
    /// The source, and the statement.
    fn sql(self, code: &str) -> (&'static str, String) {
        let erp = |set: &str| ("erp", format!("UPDATE \"F_ARTICLE\" SET {set} WHERE \"AR_Ref\" = '{code}'"));
        let isoshop = |set: &str| ("isoshop", format!("UPDATE article SET {set} WHERE code = '{code}'"));
        match self {
            Self::Weight(value) => erp(&format!("\"AR_PoidsNet\" = {value}")),
            Self::Retitle => erp("\"AR_Design\" = 'Autre titre'"),
            Self::Unpublish => isoshop("published = 0"),
            Self::Close => erp("\"AR_Sommeil\" = 1"),
            Self::Delete => ("erp", format!("DELETE FROM \"F_ARTICLE\" WHERE \"AR_Ref\" = '{code}'")),
            Self::Complete(n) => {
                isoshop(&format!("warranty_months = {n}, weight_kg = {n}, title = 'Complété'"))
            }
            Self::Touch(at) => erp(&format!("\"cbModification\" = '{at}'")),
            Self::Update(at) => isoshop(&format!("updated_at = '{at}'")),
            Self::Forget => ("isoshop", format!("DELETE FROM article WHERE code = '{code}'")),
        }
    }
}

fn changes() -> impl Strategy<Value = Vec<(usize, Change)>> {
    let change = prop_oneof![
        select(&["0", "NULL", "0.28", "1.25", "12.000001"][..]).prop_map(Change::Weight),
        Just(Change::Retitle),
        Just(Change::Unpublish),
        Just(Change::Close),
        Just(Change::Delete),
        (0..36_u8).prop_map(Change::Complete),
        Just(Change::Forget),
        select(super::shop::MOMENTS).prop_map(Change::Touch),
        select(super::shop::UTC).prop_map(Change::Update),
    ];
    vec((0..14_usize, change), 1..5)
}

#[test]
fn a_list_stays_sane_while_others_write() {
    let strategy = (shop::shops_of(14), (vec(list(), 1..4), changes()));
    law_with(
        "law 4 while others write",
        super::shops(),
        &strategy,
        async |shop, (lists, changes), folder, gateway, twin| {
            // Lists of articles: what is written of an article may move its references.
            for list in lists.iter().filter(|list| entity_of(&list.scope) == Entity::Article) {
                let before = {
                    let Some((codes, _)) = asked(list, gateway, twin, Way::Planned) else { continue };
                    let language = list.english.then_some("en");
                    twin.list(Entity::Article, &codes, &list.filter, &list.sort, language)
                };
                let Some((_, asked)) = asked(list, gateway, twin, Way::Planned) else { continue };
                let mut from: Option<Json> = None;
                let mut found: Vec<String> = Vec::new();
                let mut left = changes.iter();
                let mut touched = BTreeSet::new();
                for _ in 0..before.len() + changes.len() + 3 {
                    let mut with = vec![("first", Json::from(list.page))];
                    with.extend(from.clone().map(|cursor| ("after", cursor)));
                    let page = asked.page(&with).await?;
                    found.extend(page.codes);
                    if !page.after {
                        break;
                    }
                    from = Some(page.end);
                    if let Some((n, change)) = left.next() {
                        let code = shop.code(*n);
                        let (source, sql) = change.sql(&code);
                        folder.execute(source, &sql).await;
                        touched.insert(code);
                    }
                }
                let untouched = |codes: &[String]| -> Vec<String> {
                    codes.iter().filter(|c| !touched.contains(*c)).cloned().collect()
                };
                let (now, expected) = (untouched(&found), untouched(&before));
                if now != expected {
                    return Err(format!(
                        "{:?} filter {} sort {} by {}, while {touched:?} changed\n  before  {expected:?}\n  found   {now:?}",
                        list.scope, list.filter, list.sort, list.page
                    ));
                }
                // The shop has changed: the next list would start from another.
                return Ok(());
            }
            Ok(())
        },
    );
}
