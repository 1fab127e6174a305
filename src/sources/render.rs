//! SQL text of a [`super::Select`] per dialect.

/// A rendered statement.
#[derive(Debug)]
pub struct Rendered {
    /// The SQL text.
    pub sql: String,
}
