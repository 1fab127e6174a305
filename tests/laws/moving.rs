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
    let strategy = (shop::shops_of(14), (vec(list(), 1..4), changes(), any::<bool>()));
    law_with(
        "law 4 while others write",
        super::shops(),
        &strategy,
        async |shop, (lists, changes, backward), folder, gateway, twin| {
            // Lists of articles: what is written of an article may move its references.
            for list in lists.iter().filter(|list| entity_of(&list.scope) == Entity::Article) {
                let before = {
                    let Some((codes, _)) = asked(list, gateway, twin, Way::Planned) else { continue };
                    let language = list.english.then_some("en");
                    twin.list(Entity::Article, &codes, &list.filter, &list.sort, language)
                };
                let Some((_, asked)) = asked(list, gateway, twin, Way::Planned) else { continue };
                let (size, side) = if *backward { ("last", "before") } else { ("first", "after") };
                let mut from: Option<Json> = None;
                let mut found: Vec<String> = Vec::new();
                let mut left = changes.iter();
                let mut touched = BTreeSet::new();
                for _ in 0..before.len() + changes.len() + 3 {
                    let mut with = vec![(size, Json::from(list.page))];
                    with.extend(from.clone().map(|cursor| (side, cursor)));
                    let page = asked.page(&with).await?;
                    let (more, next) =
                        if *backward { (page.before, page.start) } else { (page.after, page.end) };
                    let at = if *backward { 0 } else { found.len() };
                    found.splice(at..at, page.codes);
                    if !more {
                        break;
                    }
                    from = Some(next);
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
                        "{:?} filter {} sort {} {size} {}, while {touched:?} changed\n  before  {expected:?}\n  found   {now:?}",
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

/// The ERP's row of the record at which a cursor stands is deleted: the list goes on from there, either way and
/// however it is read.
#[test]
fn a_cursor_survives_the_deletion_of_its_own_row() {
    let strategy = (shop::shops_of(14), vec(list(), 1..8));
    law_with(
        "law 4 of a cursor whose record is written away",
        super::shops(),
        &strategy,
        async |_, lists, folder, gateway, twin| {
            let mut held = Vec::new();
            for list in lists.iter().filter(|list| entity_of(&list.scope) == Entity::Article) {
                let language = list.english.then_some("en");
                for way in [Way::Planned, Way::Gather] {
                    let Some((codes, asked)) = asked(list, gateway, twin, way) else { continue };
                    let expected = twin.list(Entity::Article, &codes, &list.filter, &list.sort, language);
                    let page = asked.page(&[("first", Json::from(expected.len().max(1)))]).await?;
                    held.push((list, way, asked, expected, page.cursors));
                }
            }
            // The record in the middle of the longest list stands in the most others, too.
            let Some(longest) = held.iter().max_by_key(|(.., expected, _)| expected.len()) else {
                return Ok(());
            };
            let Some(gone) = longest.3.get(longest.3.len() / 2).cloned() else { return Ok(()) };
            folder.execute("erp", &format!("DELETE FROM \"F_ARTICLE\" WHERE \"AR_Ref\" = '{gone}'")).await;
            for (list, way, asked, expected, cursors) in &held {
                let Some(at) = expected.iter().position(|code| *code == gone) else { continue };
                let Some(cursor) = cursors.get(at) else {
                    return Err(format!("{} cursors of {expected:?}", cursors.len()));
                };
                let size = Json::from(list.page);
                let after = asked.page(&[("first", size.clone()), ("after", cursor.clone())]).await?;
                let before = asked.page(&[("last", size), ("before", cursor.clone())]).await?;
                let told = (
                    &expected[at.saturating_sub(list.page)..at],
                    &expected[at + 1..expected.len().min(at + 1 + list.page)],
                );
                if (&*before.codes, &*after.codes) != told {
                    return Err(format!(
                        "{:?} {way:?} filter {} sort {} around {gone} by {}\n  expected {told:?}\n  found    {:?} {:?}",
                        list.scope, list.filter, list.sort, list.page, before.codes, after.codes
                    ));
                }
            }
            Ok(())
        },
    );
}
