//! Reads a connector map: the built-in one of that name, the shop's own laid over it, resolved
//! against the source's settings. All findings at once, each with its place.

use std::{path::Path, sync::Arc};

use chrono_tz::Tz;
use indexmap::IndexMap;

use super::{
    builtin, detect,
    expression::Reader,
    map::{AbsentWhen, ConnectorMap},
    merge,
    settings::Settings,
    twins,
};
use crate::{
    config::{
        ReferencesConfig, ShopConfig, SourceConfig,
        doc::{self, Node, known_keys},
    },
    diagnostics::{Diagnostics, Place, nearest},
};

/// Reads the map of a source's connector: the built-in file, overridden entity by entity and field
/// by field by `schema/connectors/NAME.toml` of the shop, which may also bring a map of its own.
/// `None` when there were errors; they are in `diags`.
pub fn load(
    connector: &str,
    shop_dir: &Path,
    source: &SourceConfig,
    shop: &ShopConfig,
    references: &ReferencesConfig,
    diags: &mut Diagnostics,
) -> Option<ConnectorMap> {
    let mark = diags.mark();
    let built_in = builtin::text(connector)
        .and_then(|text| doc::parse(&format!("built-in: schema/connectors/{connector}.toml"), text, diags));
    let name = format!("schema/connectors/{connector}.toml");
    let own = match std::fs::read_to_string(shop_dir.join(&name)) {
        Ok(text) => Some(doc::parse(&name, &text, diags)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            let message = format!("cannot read this connector map: {error}");
            let help = "make it readable, or take it away";
            diags.error("UNREADABLE_FILE", Place::new(name, 0, 0), message, help);
            return None;
        }
    };
    let root = match (built_in, own) {
        (Some(mut base), Some(over)) => {
            // Before they are one: a mistyped key of the shop's file is reported either way.
            merge::lay_over(&mut base, over, diags);
            base
        }
        (Some(root), None) | (None, Some(root)) => root,
        (None, None) => {
            let message = format!("there is no connector map \"{connector}\"");
            let help = match nearest(connector, builtin::names()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("built-in maps: {}; a map of your own goes to {name}", {
                    builtin::names().collect::<Vec<_>>().join(", ")
                }),
            };
            diags.error("UNKNOWN_CONNECTOR", source.place.clone(), message, help);
            return None;
        }
    };
    let map = read(connector, &root, source, shop, references.generated_codes, diags);
    (!diags.errors_since(mark)).then_some(map)
}

fn read(
    connector: &str,
    root: &Node,
    source: &SourceConfig,
    shop: &ShopConfig,
    generated_codes: bool,
    diags: &mut Diagnostics,
) -> ConnectorMap {
    let empty = IndexMap::new();
    let table = root.as_table().unwrap_or(&empty);
    known_keys(
        table,
        "a connector map",
        &["settings", "defaults", "detect", "twins", "expressions", "entity"],
        diags,
    );
    let settings = Settings::read(root.get("settings"), source, shop, diags);
    let mut reader = Reader {
        diags,
        settings,
        shop,
        zone: Tz::UTC,
        defaults: AbsentWhen::default(),
        generated_codes,
        named: IndexMap::new(),
    };
    defaults(root.get("defaults"), &mut reader);
    reader.named_expressions(root.get("expressions"));
    let detect = detect::read(root.get("detect"), reader.diags);
    let twins = twins::read(root.get("twins"), reader.diags);
    let mut map = ConnectorMap {
        name: connector.to_owned(),
        entities: IndexMap::new(),
        zone: reader.zone,
        detect,
        twins,
        settings: Arc::new(reader.settings.values.clone()),
        no_dates: reader.defaults.dates.as_slice().into(),
    };
    match root.get("entity").and_then(|node| node.table("entity", reader.diags)) {
        Some(entities) => {
            for (name, entry) in entities {
                map.entities.insert(name.clone(), reader.entity(name, entry));
            }
        }
        None if root.get("entity").is_none() => {
            let help = "add [entity.Article] with its rows";
            reader.diags.error("MISSING_KEY", root.place(), "this map has no entity", help);
        }
        None => {}
    }
    map
}

/// `[defaults]`: what means nothing anywhere in the source, and the zone of its times.
fn defaults(node: Option<&Node>, reader: &mut Reader<'_>) {
    let Some(node) = node else { return };
    let Some(table) = node.table("defaults", reader.diags) else { return };
    known_keys(table, "[defaults]", &["absent_when", "dates", "zone"], reader.diags);
    let mut absent = reader.absent_when(node.get("absent_when"));
    // A list of dates reads as absent_when does; anything else in it is not a date.
    if let Some(dates) = node.get("dates") {
        let listed = reader.absent_when(Some(dates));
        absent.dates.extend(listed.dates);
        if listed.blank.is_some()
            || listed.zero.is_some()
            || listed.false_.is_some()
            || !listed.texts.is_empty()
        {
            let help = "list days such as 1753-01-01; other things go to absent_when";
            reader.diags.error("WRONG_TYPE", dates.place(), "`dates` holds what is no date", help);
        }
    }
    reader.defaults = absent;
    if let Some(zone) = node.get("zone").and_then(|zone| self::zone(zone, reader.shop, reader.diags)) {
        reader.zone = zone;
    }
}

/// A time zone: `local` (the shop's), `UTC`, or a zone's name.
pub(super) fn zone(node: &Node, shop: &ShopConfig, diags: &mut Diagnostics) -> Option<Tz> {
    let text = node.text("zone", diags)?;
    if text == "local" {
        return Some(shop.timezone);
    }
    let zone = text.parse().ok();
    if zone.is_none() {
        let message = format!("`zone` {} is no time zone", node.shown());
        let help = "write \"local\" (the shop's), \"UTC\", or a name such as \"Europe/Paris\"";
        diags.error("BAD_VALUE", node.place(), message, help);
    }
    zone
}
