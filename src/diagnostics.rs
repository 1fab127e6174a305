//! Configuration errors, all at once: each says where (file, line, column), what is wrong and what
//! to do.

use std::fmt;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; the shop runs.
    Warning,
    /// The shop cannot run with it.
    Error,
}

/// A place in a file of the shop or of the built-in schema.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Place {
    /// The file's name as the user knows it (relative to the shop folder, or `built-in: …`).
    pub file: String,
    /// Line, from 1; 0 when the whole file is meant.
    pub line: usize,
    /// Column in characters, from 1; 0 when the whole line is meant.
    pub column: usize,
}

impl Place {
    /// A place in a file; line and column count from 1.
    pub fn new(file: impl Into<String>, line: usize, column: usize) -> Self {
        Self { file: file.into(), line, column }
    }

    /// The place of a byte offset in a text, counting characters for the column.
    pub fn of_offset(file: impl Into<String>, text: &str, offset: usize) -> Self {
        let offset = offset.min(text.len());
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Self::new(file, line, column)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        Ok(())
    }
}

/// One finding of the configuration check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// Stable code in SCREAMING_SNAKE_CASE (`UNKNOWN_KEY`, `UNKNOWN_SOURCE`, `TYPE_CLASH`…).
    pub code: &'static str,
    /// Where.
    pub place: Place,
    /// What is wrong, one sentence.
    pub message: String,
    /// What to do about it, one sentence.
    pub help: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}[{}]: {}\n  --> {}", self.code, self.message, self.place)?;
        if !self.help.is_empty() {
            write!(f, "\n  help: {}", self.help)?;
        }
        Ok(())
    }
}

/// Collects findings, so that the user sees all of them in one run.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    /// The findings in the order they were found.
    pub items: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Notes an error.
    pub fn error(
        &mut self,
        code: &'static str,
        place: Place,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Severity::Error, code, place, message, help);
    }

    /// Notes a warning.
    pub fn warn(
        &mut self,
        code: &'static str,
        place: Place,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Severity::Warning, code, place, message, help);
    }

    fn push(
        &mut self,
        severity: Severity,
        code: &'static str,
        place: Place,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.items.push(Diagnostic { severity, code, place, message: message.into(), help: help.into() });
    }

    /// Whether any finding is an error.
    pub fn has_errors(&self) -> bool {
        self.items.iter().any(|d| d.severity == Severity::Error)
    }
}

impl Diagnostics {
    /// How many findings there are so far; see [`Diagnostics::errors_since`].
    pub fn mark(&self) -> usize {
        self.items.len()
    }

    /// Whether an error stands at exactly this place: what is found there next may only be its echo.
    pub fn told(&self, place: &Place) -> bool {
        self.items.iter().any(|d| d.severity == Severity::Error && d.place == *place)
    }

    /// Puts the findings in order of file and position, and takes away what says nothing new: the same
    /// finding again, and whatever else is found at the place of a variable that is not set.
    pub fn settle(&mut self) {
        const UNSET: [&str; 2] = ["MISSING_VARIABLE", "BAD_VARIABLE"];
        let unset: Vec<Place> =
            self.items.iter().filter(|d| UNSET.contains(&d.code)).map(|d| d.place.clone()).collect();
        self.items.retain(|d| UNSET.contains(&d.code) || !unset.contains(&d.place));
        let key = |d: &Diagnostic| (d.place.file.clone(), d.place.line, d.place.column);
        self.items.sort_by_cached_key(key);
        let mut kept: Vec<Diagnostic> = Vec::with_capacity(self.items.len());
        for item in self.items.drain(..) {
            let again = kept.iter().rev().take_while(|k| k.place == item.place).any(|k| *k == item);
            if !again {
                kept.push(item);
            }
        }
        self.items = kept;
    }

    /// Whether an error was found since a [`Diagnostics::mark`].
    pub fn errors_since(&self, mark: usize) -> bool {
        self.items.iter().skip(mark).any(|d| d.severity == Severity::Error)
    }
}

/// The known word nearest to a mistyped one, when one is near enough to be meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|candidate| (distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance, a swap of neighbours counting as one.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            next[j] = (row[j - 1] + same).min(row[j] + 1).min(next[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                next[j] = next[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settled_findings_are_in_order_and_each_once() {
        let mut diags = Diagnostics::default();
        diags.error("B", Place::new("b.toml", 2, 1), "two", "");
        diags.error("A", Place::new("b.toml", 1, 9), "one", "");
        diags.error("B", Place::new("b.toml", 2, 1), "two", "");
        diags.error("MISSING_VARIABLE", Place::new("a.toml", 3, 1), "unset", "");
        diags.error("BAD_VALUE", Place::new("a.toml", 3, 1), "its echo", "");
        diags.settle();
        let found: Vec<&str> = diags.items.iter().map(|d| d.message.as_str()).collect();
        assert_eq!(found, ["unset", "one", "two"]);
    }

    #[test]
    fn the_nearest_word_is_the_one_meant() {
        assert_eq!(nearest("currancy", ["name", "currency"]), Some("currency"));
        assert_eq!(nearest("titel", ["title", "table"]), Some("title"));
        assert_eq!(nearest("zzz", ["title", "table"]), None);
    }
}
