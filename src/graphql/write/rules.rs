//! The rules of the fields that the viewer may be told of.

use std::borrow::Cow;

use super::Writer;
use crate::{
    federation::model::{Entity, Model, Rule, SourceId},
    graphql::{
        guard::Verdict,
        objects::rule_name,
        plain::{ArgMap, Plain, PlainObject},
    },
};

/// `PrecedenceRule`.
pub(super) struct RuleOf<'a> {
    entity: &'a str,
    field: &'a str,
    rule: Rule,
    sources: Vec<&'a str>,
    group: Option<&'a str>,
    inherited: bool,
    lock: Option<&'a str>,
}

impl<'a> Writer<'a> {
    /// The rules of all fields and lists, in the schema's order, of which the viewer may see for some record what the
    /// sources say.
    pub(super) fn rules(&self) -> Vec<RuleOf<'a>> {
        let catalog = self.run.catalog;
        let model: &'a Model = &catalog.engine.model;
        let told = |id: usize, name: &str| {
            let need = self.judged.plan.told.get(&(id, name.to_owned()));
            need.and_then(|need| self.judged.verdicts.get(*need))
                .is_some_and(|v| !matches!(v, Verdict::Closed(_)))
        };
        let of = |(id, e): (usize, &'a Entity)| {
            let fields = e.fields.values().filter(|f| told(id, &f.name)).map(|f| RuleOf {
                entity: &e.name,
                field: &f.name,
                rule: f.rule,
                sources: names(model, &f.sources),
                group: f.group.as_ref().map(|g| g.name.as_str()),
                inherited: f.inherit.is_some(),
                lock: f.lock.as_deref(),
            });
            let lists = e.lists.values().filter(|l| told(id, &l.name)).map(|l| RuleOf {
                entity: &e.name,
                field: &l.name,
                rule: l.rule,
                sources: names(model, &l.sources),
                group: None,
                inherited: l.inherit,
                lock: None,
            });
            fields.chain(lists).collect::<Vec<_>>()
        };
        model.entities.iter().enumerate().flat_map(of).collect()
    }
}

fn names<'a>(model: &'a Model, sources: &[SourceId]) -> Vec<&'a str> {
    sources.iter().filter_map(|source| model.sources.get(*source)).map(|s| s.name.as_str()).collect()
}

impl PlainObject for RuleOf<'_> {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "entity" => Plain::text(Some(self.entity)),
            "field" => Plain::text(Some(self.field)),
            "rule" => Plain::text(Some(rule_name(self.rule))),
            "sources" => Plain::List(self.sources.iter().map(|s| Plain::Text(Cow::Borrowed(s))).collect()),
            "group" => Plain::text(self.group),
            "inherited" => Plain::Bool(self.inherited),
            "locked" => Plain::Bool(self.lock.is_some()),
            "lockedReason" => Plain::text(self.lock),
            _ => Plain::Null,
        }
    }
}
