//! One field's rule, laid together from the type's default, the field's own `@precedence` and the
//! shop's change of it.

use std::time::Duration;

use async_graphql_value::ConstValue;
use indexmap::IndexMap;

use super::{Declare, is_list_rule};
use crate::{
    diagnostics::Place,
    federation::model::{OnUnknown, Rule, SourceId},
    graphql::{
        sdl,
        types::{Applied, FieldDef, TypeDef},
    },
};

/// Where `@inherit` leads.
#[derive(Clone, Debug)]
pub(super) struct From {
    /// The entity it names.
    pub entity: String,
    /// Where it stands.
    pub place: Place,
}

/// A field's rule, read.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    pub rule: Rule,
    pub sources: Vec<SourceId>,
    /// The sources were written by the shop, so each must be able to say something.
    pub chosen: bool,
    pub key: Vec<String>,
    pub group: Option<String>,
    pub blank_is_value: bool,
    pub zero_is_absent: bool,
    pub lock: Option<String>,
    pub on_unknown: OnUnknown,
    pub max_age: Option<Duration>,
    /// Where the last word on it stands.
    pub place: Place,
}

/// Arguments as written, each with its place.
type Written<'a> = IndexMap<&'a str, (&'a ConstValue, &'a Place)>;

impl Declare<'_, '_> {
    /// Reads the rule of a field.
    pub(super) fn rule(&mut self, ty: &TypeDef, field: &FieldDef) -> Declared {
        let path = format!("{}.{}", ty.name, field.name);
        let mut written = Written::new();
        let mut place = field.place.clone();
        let own: Vec<&Applied> = field.applied.iter().filter(|a| a.name == "precedence").collect();
        if own.len() > 1 {
            self.twice(own.get(1).map(|a| &a.place), &path);
        }
        // The type's default: the last one said, so a shop's wins over ours.
        for applied in ty.applied.iter().filter(|a| a.name == "precedence" && !a.args.contains_key("field")) {
            lay(&mut written, applied);
        }
        // The default speaks of sources; a group, a key or a lock belongs to one field.
        written.retain(|name, _| !matches!(*name, "group" | "key" | "lock"));
        if let Some(applied) = own.first() {
            lay(&mut written, applied);
            if applied.args.contains_key("field") {
                self.diags.error(
                    "BAD_RULE",
                    applied.place.clone(),
                    format!("`@precedence` on the field `{path}` names a field"),
                    "leave out `field`; it is for `@precedence` on a type",
                );
            }
            place = applied.place.clone();
        }
        let locked =
            own.first().filter(|a| sdl::is_built_in(&a.place)).and_then(|a| text(a.args.get("lock")));
        let changes: Vec<&Applied> = ty
            .applied
            .iter()
            .filter(|a| a.name == "precedence" && text(a.args.get("field")) == Some(field.name.as_str()))
            .collect();
        if changes.len() > 1 {
            self.twice(changes.get(1).map(|a| &a.place), &path);
        }
        if let Some(change) = changes.first() {
            if let Some(reason) = locked
                && change.args.keys().any(|k| matches!(k.as_str(), "rule" | "sources" | "group" | "lock"))
            {
                self.diags.error(
                    "LOCKED_RULE",
                    change.place.clone(),
                    format!("the rule of `{path}` is locked: {reason}"),
                    "remove this change",
                );
            } else {
                lay(&mut written, change);
            }
            place = change.place.clone();
        }
        self.read(&path, &written, place)
    }

    fn twice(&mut self, place: Option<&Place>, path: &str) {
        self.diags.error(
            "DUPLICATE_RULE",
            place.cloned().unwrap_or_default(),
            format!("the rule of `{path}` is declared twice"),
            "leave one of them",
        );
    }

    fn read(&mut self, path: &str, written: &Written<'_>, place: Place) -> Declared {
        // An argument of it has been reported: what it leaves behind may contradict the others.
        let echo = self.diags.told(&place);
        let rule = match written.get("rule").and_then(|(v, _)| name(v)) {
            Some("ONLY") => Rule::Only,
            Some("UNION") => Rule::Union,
            Some("RECENT") => Rule::Recent,
            Some("MIN") => Rule::Min,
            Some("MAX") => Rule::Max,
            _ => Rule::Priority,
        };
        let (sources, chosen) = self.listed(path, written);
        if rule == Rule::Only && written.get("sources").is_some_and(|(v, _)| texts(v).len() > 1) {
            self.diags.error(
                "BAD_RULE",
                place.clone(),
                format!("`{path}` is ONLY, but lists several sources"),
                "list the one source that may say something, or use PRIORITY",
            );
        }
        let on_unknown = match written.get("onUnknown").and_then(|(v, _)| name(v)) {
            Some("FAIL") => OnUnknown::Fail,
            Some("FALLBACK") => OnUnknown::Fallback,
            Some("STALE") => OnUnknown::Stale,
            _ if rule == Rule::Only => OnUnknown::Fail,
            _ => OnUnknown::Fallback,
        };
        let max_age = self.max_age(path, written);
        if written.contains_key("maxAge") && on_unknown != OnUnknown::Stale && !echo {
            self.diags.error(
                "BAD_RULE",
                place.clone(),
                format!("`{path}` gives a `maxAge` without `onUnknown: STALE`"),
                "remove `maxAge`",
            );
        }
        if on_unknown == OnUnknown::Stale && !written.contains_key("maxAge") && !echo {
            self.diags.error(
                "BAD_RULE",
                place.clone(),
                format!("`{path}` is STALE, but does not say for how long"),
                "add `maxAge: \"PT1H\"`: how old a value may be that is served while its source is down",
            );
        }
        let text_of = |argument: &str| written.get(argument).and_then(|(v, _)| text(Some(v)));
        if let Some(lock) = text_of("lock")
            && lock.trim().is_empty()
        {
            self.diags.error(
                "BAD_RULE",
                place.clone(),
                format!("the lock of `{path}` says nothing"),
                "say why the back office may not override the field",
            );
        }
        let key: Vec<String> = text_of("key")
            .map(|k| {
                k.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
            })
            .unwrap_or_default();
        if !is_list_rule(rule)
            && !key.is_empty()
            && !echo
            && written.get("key").is_some_and(|(_, p)| !sdl::is_built_in(p))
        {
            self.diags.error(
                "BAD_RULE",
                place.clone(),
                format!("`{path}` gives a `key`, but its rule is not UNION"),
                "remove `key`, or use `rule: UNION`",
            );
        }
        let is = |argument: &str, word: &str| written.get(argument).and_then(|(v, _)| name(v)) == Some(word);
        Declared {
            rule,
            sources,
            chosen,
            key,
            group: text_of("group").map(str::to_owned),
            blank_is_value: is("blank", "VALUE"),
            zero_is_absent: is("zero", "ABSENT"),
            lock: text_of("lock").map(str::to_owned),
            on_unknown,
            max_age,
            place,
        }
    }

    fn max_age(&mut self, path: &str, written: &Written<'_>) -> Option<Duration> {
        let (value, place) = written.get("maxAge")?;
        let text = text(Some(value))?;
        let found = duration(text);
        if found.is_none() {
            self.diags.error(
                "BAD_DURATION",
                (*place).clone(),
                format!("the `maxAge` of `{path}` is \"{text}\", which is no duration"),
                "write weeks, days, hours, minutes or seconds as ISO 8601 does: \"PT5M\", \"PT1H30M\", \"P1D\"",
            );
        }
        found
    }

    /// The listed sources. One that the shop does not declare is dropped from a built-in rule, and
    /// an error in the shop's own.
    fn listed(&mut self, path: &str, written: &Written<'_>) -> (Vec<SourceId>, bool) {
        let Some((value, place)) = written.get("sources") else { return (Vec::new(), false) };
        let chosen = !sdl::is_built_in(place);
        let mut ids: Vec<SourceId> = Vec::new();
        for source in texts(value) {
            if source == "site" {
                self.diags.error(
                    "BAD_RULE",
                    (*place).clone(),
                    format!("the rule of `{path}` lists `site`"),
                    "leave it out: the back office is above all sources, unless the field is locked",
                );
                continue;
            }
            match self.source(source) {
                Some(id) if ids.contains(&id) => self.diags.error(
                    "BAD_RULE",
                    (*place).clone(),
                    format!("the rule of `{path}` lists `{source}` twice"),
                    "list each source once",
                ),
                Some(id) => ids.push(id),
                None if chosen && self.sources_known => {
                    self.unknown_source(source, &format!("the rule of `{path}`"), place);
                }
                None => {}
            }
        }
        if chosen && texts(value).is_empty() && !self.diags.told(place) {
            self.diags.error(
                "NO_SOURCE",
                (*place).clone(),
                format!("the rule of `{path}` lists no source"),
                "list at least one source",
            );
        }
        (ids, chosen)
    }

    /// The id of a source by name.
    pub(super) fn source(&self, name: &str) -> Option<SourceId> {
        self.sources.iter().position(|s| *s == name)
    }

    /// Reports a source that the shop does not declare.
    pub(super) fn unknown_source(&mut self, name: &str, what: &str, place: &Place) {
        let known: Vec<String> = self.sources.iter().map(|s| format!("`{s}`")).collect();
        let otherwise = format!("the shop declares: {}", known.join(", "));
        let help = sdl::suggest(name, self.sources.iter().copied(), &otherwise);
        self.diags.error(
            "UNKNOWN_SOURCE",
            place.clone(),
            format!("{what} names the source `{name}`, which the shop does not declare"),
            help,
        );
    }
}

/// An ISO 8601 duration longer than nothing. Years and months have no fixed length and are not taken.
fn duration(text: &str) -> Option<Duration> {
    let rest = text.strip_prefix('P')?;
    let (days, time) = rest.split_once('T').map_or((rest, None), |(days, time)| (days, Some(time)));
    let mut seconds = 0u64;
    let mut read = |mut part: &str, units: &[(char, u64)]| {
        let mut units = units.iter();
        while !part.is_empty() {
            let end = part.find(|c: char| !c.is_ascii_digit())?;
            let number: u64 = part.get(..end)?.parse().ok()?;
            let unit = part.get(end..)?.chars().next()?;
            // In their order, each once.
            let (_, length) = units.find(|(known, _)| *known == unit)?;
            seconds = seconds.checked_add(number.checked_mul(*length)?)?;
            part = part.get(end + 1..)?;
        }
        Some(())
    };
    read(days, &[('W', 604_800), ('D', 86_400)])?;
    if let Some(time) = time {
        // `P1DT` says nothing behind its T.
        (!time.is_empty()).then_some(())?;
        read(time, &[('H', 3_600), ('M', 60), ('S', 1)])?;
    }
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

/// Lays a directive's arguments over what was written before. A new rule takes its modifiers with
/// it only as far as it names them.
fn lay<'a>(written: &mut Written<'a>, applied: &'a Applied) {
    for (name, value) in &applied.args {
        if name != "field" {
            written.insert(name, (value, &applied.place));
        }
    }
}

pub(super) fn text(value: Option<&ConstValue>) -> Option<&str> {
    match value {
        Some(ConstValue::String(text)) => Some(text),
        _ => None,
    }
}

fn name(value: &ConstValue) -> Option<&str> {
    match value {
        ConstValue::Enum(name) => Some(name),
        _ => None,
    }
}

pub(super) fn texts(value: &ConstValue) -> Vec<&str> {
    match value {
        ConstValue::List(items) => items.iter().filter_map(|i| text(Some(i))).collect(),
        ConstValue::String(one) => vec![one],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_iso_8601_without_years_and_months() {
        let seconds = |text: &str| duration(text).map(|d| d.as_secs());
        assert_eq!(seconds("PT5M"), Some(300));
        assert_eq!(seconds("P1DT2H"), Some(93_600));
        assert_eq!(seconds("P2W"), Some(1_209_600));
        for wrong in
            ["", "P", "PT", "P1DT", "5M", "PT5", "PT5M3H", "P1M", "PT0S", "5 minutes", "PT1.5S", "Pé"]
        {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
