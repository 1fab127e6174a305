//! A list that a limit refuses: which filter or sort is to blame, and what would help.

use std::sync::Arc;

use super::{Scope, Way, Why, sort_words};
use crate::federation::{
    engine::{Ask, Engine, Fault},
    filter::{Filter, Test},
    gather::ListAsk,
    model::{EntityId, FieldId},
    pushdown::{CODES, NOT, condition::unsent, stays},
};

/// A list that is refused, and what is to blame.
#[derive(Clone, Debug)]
pub struct Blame {
    /// The list, for people.
    pub list: String,
    /// The setting that refuses it (`limits.scan_rows`).
    pub setting: &'static str,
    /// Its value.
    pub limit: usize,
    /// Only a search index could sort it.
    pub needs_index: bool,
    /// The filter is by an inherited field, which no source leaves out by.
    pub unsupported: bool,
    /// The fields to blame: of the filter, or the one that is sorted by.
    pub fields: Vec<String>,
    /// The sort to blame, as clients write it.
    pub sort: Option<String>,
    /// What is wrong, for people.
    pub why: String,
    /// What would help, for people.
    pub helps: Vec<String>,
}

impl Engine {
    /// A list's fault with what is to blame for it; any other fault as it is. `total`: it was counted.
    pub async fn blame(
        &self,
        ask: &Ask,
        entity: EntityId,
        list: &ListAsk<'_>,
        (scope, total): (Scope, bool),
        language: Option<&str>,
        fault: Fault,
    ) -> Fault {
        let (setting, limit, index) = match &fault {
            Fault::Budget { setting, limit } => (*setting, *limit, None),
            Fault::NeedsIndex { field, limit } => ("limits.gather", *limit, Some(field.clone())),
            _ => return fault,
        };
        let model = &self.model;
        let e = &model.entities[entity];
        let records = format!("{}s", e.name.to_lowercase());
        let name = match scope {
            Scope::All => records.clone(),
            Scope::Parents => match e.inherits {
                Some(parent) => {
                    format!("{records} of {}s", model.entities[parent].name.to_lowercase())
                }
                None => format!("{records} under others"),
            },
            Scope::Departments => format!("{records} of departments"),
        };
        let mut fields = Vec::new();
        let mut sort = None;
        let mut helps = Vec::new();
        let mut unsupported = false;
        let why;
        if setting == "limits.gather" {
            fields.extend(index.clone());
            sort = Some(sort_words(list.order, model, entity).unwrap_or_else(|| "CODE".into()));
            let plan = self.plan(ask, entity, list, scope).await;
            why = if matches!(plan.way, Way::MergeScan(_)) {
                "too many records share a value to be sorted among themselves".to_owned()
            } else {
                plan.because(self, entity, list.order)
            };
            helps.push(if index.is_some() {
                "sort by CODE, or by a number, a date or a truth value".to_owned()
            } else {
                "sort by CODE, or by one key whose values few records share".to_owned()
            });
            helps.push("a filter that fewer records pass".to_owned());
        } else {
            let mut stay = Vec::new();
            let mut all = Vec::new();
            leaves(list.filter, false, &mut |field, test| {
                let f = field.ok().map(|field| &e.fields[field]);
                let name = field.map_or_else(|other| other, |field| e.fields[field].name.as_str());
                if !all.iter().any(|known| known == name) {
                    all.push(name.to_owned());
                }
                let reason = match (f, test) {
                    (_, None) => Some(NOT),
                    (Some(f), Some(test)) => {
                        stays(f, test, language).or_else(|| unsent(f, test).map(Why::of))
                    }
                    (None, Some(Test::In(_) | Test::IsNull(_))) => None,
                    (None, Some(_)) => Some(CODES),
                };
                if let Some(reason) = reason
                    && !stay.iter().any(|(known, _)| known == name)
                {
                    stay.push((name.to_owned(), reason.words(model)));
                }
            });
            unsupported = stay
                .first()
                .is_some_and(|(field, _)| e.fields.get(field.as_str()).is_some_and(|f| f.inherit.is_some()));
            let quoted =
                |names: &[String]| names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
            why = if let Some((field, reason)) = stay.first() {
                format!("the filter by `{field}` is decided on merged values alone: {reason}")
            } else if !all.is_empty() {
                format!(
                    "the filter by {} lets few of the records pass that the sources cannot leave out beforehand",
                    quoted(&all)
                )
            } else if total {
                "`totalCount` reads the whole list".to_owned()
            } else if list.filter.is_all() {
                sort = sort_words(list.order, model, entity);
                let shopper = ask.shopper(entity);
                if let Some(sort) = &sort {
                    let plan = self.plan(ask, entity, list, scope).await;
                    sorted(sort, &plan.way, &plan.because(self, entity, list.order), shopper)
                } else {
                    unsorted(scope, shopper).to_owned()
                }
            } else {
                "the filter lets few records pass, and the sources cannot leave the others out beforehand"
                    .into()
            };
            fields = if stay.is_empty() { all } else { stay.into_iter().map(|(field, _)| field).collect() };
            if !list.filter.is_all() {
                helps.push(
                    "`eq` or `in` on `code`, or on a field that the ERP holds and has an index of".to_owned(),
                );
                helps.push(format!(
                    "a condition that at most {} rows of other sources fulfil (limits.gather)",
                    self.limits.gather
                ));
            }
            if total {
                helps.push("leave `totalCount` out".to_owned());
            }
            if sort.is_some() {
                helps.push("sort by CODE".to_owned());
            }
        }
        if scope == Scope::All && e.inherits.is_none() {
            helps.push("ask a department for its list".to_owned());
        }
        if scope != Scope::All && setting == "limits.scan_rows" {
            helps.push("ask of fewer at once".to_owned());
        }
        helps.push(format!("a higher {setting}, now {limit}"));
        let blame = Blame {
            list: name,
            setting,
            limit,
            needs_index: index.is_some(),
            unsupported,
            fields,
            sort,
            why,
            helps,
        };
        Fault::List(Arc::new(blame))
    }
}

/// Why a list without a filter reads more rows than it may, when it is sorted.
fn sorted(sort: &str, way: &Way, because: &str, shopper: bool) -> String {
    let dropped = match (way, shopper) {
        (Way::MergeScan(_), true) => {
            "; rows whose cell is not the value that is served, and records that are not on the web, are read all the \
             same"
        }
        (Way::MergeScan(_), false) => {
            "; rows whose cell is not the value that is served, and rows without one, are read all the same"
        }
        _ => "",
    };
    format!("it is sorted by {sort}: {because}{dropped}")
}

/// Why a list without a filter reads more rows than it may in CODE order.
fn unsorted(scope: Scope, shopper: bool) -> &'static str {
    match (scope, shopper) {
        (Scope::All, true) => {
            "few of its records are on the web, and the source that decides existence does not tell which"
        }
        (Scope::All, false) => "a page takes more rows than may be read",
        (_, true) => "too much is asked for at once, or few of what stands there is on the web",
        (_, false) => "too much is asked for at once",
    }
}

/// Every test in a filter: of a field, or of something else by name; without the test in a `not`.
fn leaves(filter: &Filter, not: bool, see: &mut impl FnMut(Result<FieldId, &'static str>, Option<&Test>)) {
    // What hangs on a record has no test of its own: this one blames nothing in particular.
    let hangs = Some(&Test::IsNull(false)).filter(|_| !not);
    match filter {
        Filter::And(all) | Filter::Or(all) => {
            for inner in all {
                leaves(inner, not, see);
            }
        }
        Filter::Not(inner) => leaves(inner, true, see),
        Filter::Field(field, test) => see(Ok(*field), Some(test).filter(|_| !not)),
        Filter::Code(test) => see(Err("code"), Some(test).filter(|_| !not)),
        Filter::Under(_) => see(Err("department"), hangs),
        Filter::OnTheWeb => {}
        Filter::Inherited(inner) => leaves(inner, not, see),
        Filter::Related(_) => see(Err("references"), hangs),
        Filter::Computed(by) if by.test.is_none() => {}
        Filter::Computed(by) => see(Err(by.what.name()), hangs),
        Filter::Media(media) => see(Err(if media.images { "images" } else { "documents" }), hangs),
    }
}
