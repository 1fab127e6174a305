//! The maps that come with the program.

/// Every built-in map: its connector's name and its text.
const MAPS: [(&str, &str); 3] = [
    ("sage100", include_str!("../../schema/connectors/sage100.toml")),
    ("cegid", include_str!("../../schema/connectors/cegid.toml")),
    ("isoshop", include_str!("../../schema/connectors/isoshop.toml")),
];

/// The text of a built-in map.
pub fn text(connector: &str) -> Option<&'static str> {
    MAPS.iter().find(|(name, _)| *name == connector).map(|(_, text)| *text)
}

/// The names of the built-in maps.
pub fn names() -> impl Iterator<Item = &'static str> {
    MAPS.iter().map(|(name, _)| *name)
}
