//! The tokens of the expression language.

use super::{
    expr::{CompareOp, ExprError},
    parse::error,
};

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A bare word: keyword, function or identifier.
    Word(String),
    /// A double-quoted identifier.
    Quoted(String),
    Text(String),
    Number(String),
    Setting(String),
    Compare(CompareOp),
    Plus,
    Minus,
    Star,
    Slash,
    Concat,
    Open,
    Close,
    Comma,
    Dot,
}

impl Kind {
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Word(word) => format!("`{word}`"),
            Self::Quoted(name) => format!("`\"{name}\"`"),
            Self::Text(_) => "text".into(),
            Self::Number(number) => format!("the number {number}"),
            Self::Setting(name) => format!("`:{name}`"),
            Self::Compare(op) => format!("`{}`", op.sql()),
            Self::Plus => "`+`".into(),
            Self::Minus => "`-`".into(),
            Self::Star => "`*`".into(),
            Self::Slash => "`/`".into(),
            Self::Concat => "`||`".into(),
            Self::Open => "`(`".into(),
            Self::Close => "`)`".into(),
            Self::Comma => "`,`".into(),
            Self::Dot => "`.`".into(),
        }
    }
}

/// A token and where it starts.
pub(super) struct Token {
    pub kind: Kind,
    pub offset: usize,
}

/// The text up to the closing quote (doubled quotes stand for one) and the bytes it took.
fn until_quote(rest: &str, quote: char) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != quote {
            text.push(c);
        } else if chars.peek().is_some_and(|next| next.1 == quote) {
            chars.next();
            text.push(quote);
        } else {
            return Some((text, at + 1));
        }
    }
    None
}

fn word(rest: &str) -> &str {
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    &rest[..end]
}

/// Cuts the text into tokens.
pub(super) fn lex(text: &str) -> Result<Vec<Token>, ExprError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let second = rest[c.len_utf8()..].chars().next();
        let (kind, length) = match c {
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '\'' => {
                let (value, length) = until_quote(rest, '\'').ok_or_else(|| {
                    error(
                        at,
                        "text without its closing quote",
                        "add `'`; a quote inside text is doubled: 'it''s'",
                    )
                })?;
                if value.contains('\0') {
                    return Err(error(at, "a NUL character in text", "remove it: no database can hold it"));
                }
                (Kind::Text(value), length)
            }
            '"' => {
                let (name, length) = until_quote(rest, '"').ok_or_else(|| {
                    error(at, "a name without its closing double quote", "add `\"` after the column's name")
                })?;
                if name.is_empty() || name.contains('\0') {
                    return Err(error(
                        at,
                        "an empty or impossible name",
                        "write the column's name between the quotes",
                    ));
                }
                (Kind::Quoted(name), length)
            }
            ':' => {
                let name = word(&rest[1..]);
                if name.is_empty() {
                    return Err(error(at, "`:` without a name", "settings are written :name"));
                }
                (Kind::Setting(name.to_owned()), 1 + name.len())
            }
            '.' if !second.is_some_and(|c| c.is_ascii_digit()) => (Kind::Dot, 1),
            '.' | '0'..='9' => number(rest, at)?,
            '=' => (Kind::Compare(CompareOp::Eq), if second == Some('=') { 2 } else { 1 }),
            '<' if second == Some('>') => (Kind::Compare(CompareOp::Ne), 2),
            '<' if second == Some('=') => (Kind::Compare(CompareOp::Le), 2),
            '<' => (Kind::Compare(CompareOp::Lt), 1),
            '>' if second == Some('=') => (Kind::Compare(CompareOp::Ge), 2),
            '>' => (Kind::Compare(CompareOp::Gt), 1),
            '!' if second == Some('=') => (Kind::Compare(CompareOp::Ne), 2),
            '|' if second == Some('|') => (Kind::Concat, 2),
            '-' if second == Some('-') => return Err(comment(at)),
            '/' if second == Some('*') => return Err(comment(at)),
            '+' => (Kind::Plus, 1),
            '-' => (Kind::Minus, 1),
            '*' => (Kind::Star, 1),
            '/' => (Kind::Slash, 1),
            '(' => (Kind::Open, 1),
            ')' => (Kind::Close, 1),
            ',' => (Kind::Comma, 1),
            ';' => {
                return Err(error(at, "`;` is not allowed", "an expression is one value, not a statement"));
            }
            '[' | '`' => {
                return Err(error(
                    at,
                    format!("`{c}` is not portable"),
                    "names with blanks or accents are written in double quotes",
                ));
            }
            c if c.is_alphabetic() || c == '_' => {
                let word = word(rest);
                (Kind::Word(word.to_owned()), word.len())
            }
            c => {
                return Err(error(
                    at,
                    format!("unexpected character `{c}`"),
                    "remove it, or put it in quotes",
                ));
            }
        };
        tokens.push(Token { kind, offset: at });
        at += length;
    }
    Ok(tokens)
}

fn comment(at: usize) -> ExprError {
    error(
        at,
        "comments are not allowed",
        "comment in the TOML file with `#`; two minus signs need parentheses",
    )
}

fn number(rest: &str, at: usize) -> Result<(Kind, usize), ExprError> {
    let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let written = &rest[..length];
    if rest[length..].starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return Err(error(
            at,
            format!("`{written}{}` is neither a number nor a name", word(&rest[length..])),
            "numbers have no exponent; a name that starts with a digit is written in double quotes",
        ));
    }
    let value = if written.starts_with('.') { format!("0{written}") } else { written.to_owned() };
    if value.ends_with('.') || value.parse::<rust_decimal::Decimal>().is_err() {
        return Err(error(
            at,
            format!("`{written}` is not a number"),
            "write digits with at most one point: 0.001",
        ));
    }
    Ok((Kind::Number(value), length))
}
