//! "Did you mean": the nearest known name to one that is not known.

use crate::diagnostics::nearest;

/// A help text that names the nearest of `known` to `name`, or says `otherwise`.
pub(crate) fn help<'a>(name: &str, known: impl IntoIterator<Item = &'a str>, otherwise: &str) -> String {
    nearest(name, known).map_or_else(|| otherwise.to_owned(), |nearest| format!("did you mean `{nearest}`?"))
}
