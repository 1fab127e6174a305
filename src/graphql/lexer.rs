//! Tokens of a GraphQL document, read exactly as the specification (October 2021) and graphql-js 16
//! read them. Lexing is lazy: one token at a time, so that a document is refused at its first
//! fault and a token limit stops the work, not just the result.

/// A place in a document: line and column from 1; columns count UTF-16 units, as graphql-js does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Pos {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// End of the document.
    Eof,
    /// A punctuator, in its own spelling.
    Punctuator(&'static str),
    /// A name.
    Name(String),
    /// An integer, as written.
    Int(String),
    /// A number with fraction or exponent, as written.
    Float(String),
    /// A string's value, escapes resolved, block strings dedented.
    Str {
        /// The value.
        value: String,
        /// Written with three quotes.
        block: bool,
    },
}

impl Token {
    /// How graphql-js names the token in its messages.
    pub fn describe(&self) -> String {
        match self {
            Self::Eof => "<EOF>".into(),
            Self::Punctuator(text) => format!("\"{text}\""),
            Self::Name(text) => format!("Name \"{text}\""),
            Self::Int(text) => format!("Int \"{text}\""),
            Self::Float(text) => format!("Float \"{text}\""),
            Self::Str { value, block: false } => format!("String \"{value}\""),
            Self::Str { value, block: true } => format!("BlockString \"{value}\""),
        }
    }
}

/// A fault of the text, with its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Syntax Error: {message}")]
pub struct LexError {
    /// What is wrong, without the prefix.
    pub message: String,
    /// Where.
    pub pos: Pos,
}

/// Reads tokens from a text. Cheap to clone, which is how a parser looks ahead.
#[derive(Clone, Debug)]
pub struct Lexer<'s> {
    source: &'s str,
    bytes: &'s [u8],
    at: usize,
    line: u32,
    /// A byte offset on the current line and its column; columns are counted forward from here, so
    /// that long lines cost one pass.
    mark: usize,
    mark_column: u32,
}

const fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

const fn is_name_continue(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn hex(byte: Option<u8>) -> Option<u32> {
    byte.and_then(|byte| char::from(byte).to_digit(16))
}

impl<'s> Lexer<'s> {
    /// A lexer at the start of a text.
    pub fn new(source: &'s str) -> Self {
        Self { source, bytes: source.as_bytes(), at: 0, line: 1, mark: 0, mark_column: 1 }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    fn char_at(&self, at: usize) -> Option<char> {
        self.source.get(at..).and_then(|rest| rest.chars().next())
    }

    /// The place of a byte offset on the current line, at or after the mark.
    fn place(&mut self, at: usize) -> Pos {
        if let Some(text) = self.source.get(self.mark..at) {
            let units: usize =
                if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() };
            self.mark_column = self.mark_column.saturating_add(u32::try_from(units).unwrap_or(u32::MAX));
            self.mark = at;
        }
        Pos { line: self.line, column: self.mark_column }
    }

    fn new_line(&mut self) {
        self.line = self.line.saturating_add(1);
        self.mark = self.at;
        self.mark_column = 1;
    }

    fn fail<T>(&mut self, at: usize, message: impl Into<String>) -> Result<T, LexError> {
        Err(LexError { message: message.into(), pos: self.place(at) })
    }

    /// How graphql-js prints a character in messages.
    fn show(&self, at: usize) -> String {
        match self.char_at(at) {
            None => "<EOF>".into(),
            Some('"') => "'\"'".into(),
            Some(c) if (' '..='~').contains(&c) => format!("\"{c}\""),
            Some(c) => format!("U+{:04X}", u32::from(c)),
        }
    }

    /// The next token and its place.
    ///
    /// # Errors
    /// The first fault of the text.
    pub fn next_token(&mut self) -> Result<(Token, Pos), LexError> {
        self.skip_ignored();
        let start = self.at;
        let pos = self.place(start);
        let Some(byte) = self.byte(start) else { return Ok((Token::Eof, pos)) };
        let punctuator = match byte {
            b'!' => "!",
            b'$' => "$",
            b'&' => "&",
            b'(' => "(",
            b')' => ")",
            b':' => ":",
            b'=' => "=",
            b'@' => "@",
            b'[' => "[",
            b']' => "]",
            b'{' => "{",
            b'|' => "|",
            b'}' => "}",
            b'.' if self.bytes[start..].starts_with(b"...") => "...",
            _ => "",
        };
        if !punctuator.is_empty() {
            self.at += punctuator.len();
            return Ok((Token::Punctuator(punctuator), pos));
        }
        let token = match byte {
            b'"' if self.bytes[start..].starts_with(b"\"\"\"") => self.block_string()?,
            b'"' => self.string()?,
            b'-' | b'0'..=b'9' => self.number()?,
            byte if is_name_start(byte) => {
                while self.byte(self.at).is_some_and(is_name_continue) {
                    self.at += 1;
                }
                Token::Name(self.source[start..self.at].to_owned())
            }
            b'\'' => {
                return self.fail(
                    start,
                    "Unexpected single quote character ('), did you mean to use a double quote (\")?",
                );
            }
            _ => {
                let shown = self.show(start);
                return self.fail(start, format!("Unexpected character: {shown}."));
            }
        };
        Ok((token, pos))
    }

    fn skip_ignored(&mut self) {
        while let Some(byte) = self.byte(self.at) {
            match byte {
                b' ' | b'\t' | b',' => self.at += 1,
                b'\n' => {
                    self.at += 1;
                    self.new_line();
                }
                b'\r' => {
                    self.at += if self.byte(self.at + 1) == Some(b'\n') { 2 } else { 1 };
                    self.new_line();
                }
                b'#' => {
                    while self.byte(self.at).is_some_and(|b| b != b'\n' && b != b'\r') {
                        self.at += 1;
                    }
                }
                // U+FEFF in UTF-8.
                0xEF if self.bytes[self.at..].starts_with(&[0xEF, 0xBB, 0xBF]) => self.at += 3,
                _ => return,
            }
        }
    }

    fn digits(&mut self) -> Result<(), LexError> {
        if !self.byte(self.at).is_some_and(|b| b.is_ascii_digit()) {
            let shown = self.show(self.at);
            return self.fail(self.at, format!("Invalid number, expected digit but got: {shown}."));
        }
        while self.byte(self.at).is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Token, LexError> {
        let start = self.at;
        let mut float = false;
        if self.byte(self.at) == Some(b'-') {
            self.at += 1;
        }
        if self.byte(self.at) == Some(b'0') {
            self.at += 1;
            if self.byte(self.at).is_some_and(|b| b.is_ascii_digit()) {
                let shown = self.show(self.at);
                return self.fail(self.at, format!("Invalid number, unexpected digit after 0: {shown}."));
            }
        } else {
            self.digits()?;
        }
        if self.byte(self.at) == Some(b'.') {
            float = true;
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(self.at), Some(b'e' | b'E')) {
            float = true;
            self.at += 1;
            if matches!(self.byte(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        if self.byte(self.at).is_some_and(|b| b == b'.' || is_name_start(b)) {
            let shown = self.show(self.at);
            return self.fail(self.at, format!("Invalid number, expected digit but got: {shown}."));
        }
        let text = self.source[start..self.at].to_owned();
        Ok(if float { Token::Float(text) } else { Token::Int(text) })
    }

    fn string(&mut self) -> Result<Token, LexError> {
        self.at += 1;
        let mut value = String::new();
        let mut chunk = self.at;
        loop {
            match self.byte(self.at) {
                Some(b'"') => {
                    value.push_str(&self.source[chunk..self.at]);
                    self.at += 1;
                    return Ok(Token::Str { value, block: false });
                }
                Some(b'\\') => {
                    value.push_str(&self.source[chunk..self.at]);
                    value.push(self.escape()?);
                    chunk = self.at;
                }
                None | Some(b'\n' | b'\r') => return self.fail(self.at, "Unterminated string."),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<char, LexError> {
        let start = self.at;
        let plain = match self.byte(start + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let read = if self.byte(start + 2) == Some(b'{') {
                    self.braced_unicode(start + 3)
                } else {
                    self.fixed_unicode(start + 2)
                };
                return if let Some((found, end)) = read {
                    self.at = end;
                    Ok(found)
                } else {
                    let shown: String = self.source[start..].chars().take(6).collect();
                    self.fail(start, format!("Invalid Unicode escape sequence: \"{shown}\"."))
                };
            }
            _ => {
                let shown: String = self.source[start..].chars().take(2).collect();
                return self.fail(start, format!("Invalid character escape sequence: \"{shown}\"."));
            }
        };
        self.at += 2;
        Ok(plain)
    }

    /// `\u{…}`: one to eight digits of a scalar value.
    fn braced_unicode(&self, mut at: usize) -> Option<(char, usize)> {
        let first = at;
        let mut point: u32 = 0;
        while at < first + 9 {
            if self.byte(at) == Some(b'}') {
                return (at > first)
                    .then_some(())
                    .and_then(|()| char::from_u32(point))
                    .map(|found| (found, at + 1));
            }
            point = point.checked_mul(16)?.checked_add(hex(self.byte(at))?)?;
            at += 1;
        }
        None
    }

    fn four_hex(&self, at: usize) -> Option<u32> {
        (0..4).try_fold(0u32, |point, i| Some(point * 16 + hex(self.byte(at + i))?))
    }

    /// `\uXXXX`, or two of them that make a surrogate pair.
    fn fixed_unicode(&self, at: usize) -> Option<(char, usize)> {
        let code = self.four_hex(at)?;
        if let Some(found) = char::from_u32(code) {
            return Some((found, at + 4));
        }
        if !(0xD800..0xDC00).contains(&code) || !self.bytes[at + 4..].starts_with(b"\\u") {
            return None;
        }
        let low = self.four_hex(at + 6).filter(|low| (0xDC00..0xE000).contains(low))?;
        char::from_u32(0x1_0000 + ((code - 0xD800) << 10) + (low - 0xDC00)).map(|found| (found, at + 10))
    }

    fn block_string(&mut self) -> Result<Token, LexError> {
        self.at += 3;
        let mut lines = Vec::new();
        let mut line = String::new();
        let mut chunk = self.at;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            if rest.starts_with(b"\"\"\"") {
                line.push_str(&self.source[chunk..self.at]);
                lines.push(line);
                self.at += 3;
                return Ok(Token::Str { value: dedent(&lines), block: true });
            }
            if rest.starts_with(b"\\\"\"\"") {
                line.push_str(&self.source[chunk..self.at]);
                chunk = self.at + 1;
                self.at += 4;
                continue;
            }
            match rest.first() {
                None => return self.fail(self.at, "Unterminated string."),
                Some(b'\n' | b'\r') => {
                    line.push_str(&self.source[chunk..self.at]);
                    lines.push(std::mem::take(&mut line));
                    self.at += if rest.starts_with(b"\r\n") { 2 } else { 1 };
                    self.new_line();
                    chunk = self.at;
                }
                Some(_) => self.at += 1,
            }
        }
    }
}

/// A block string's lines without common indentation and blank edges.
fn dedent(lines: &[String]) -> String {
    let indent = |line: &str| line.bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let filled = |line: &&String| indent(line) < line.len();
    let common = lines.iter().skip(1).filter(filled).map(|line| indent(line)).min().unwrap_or(0);
    let Some(first) = lines.iter().position(|line| filled(&line)) else { return String::new() };
    let last = lines.iter().rposition(|line| filled(&line)).unwrap_or(first);
    let kept: Vec<&str> = lines
        .iter()
        .enumerate()
        .take(last + 1)
        .skip(first)
        .map(|(i, line)| if i == 0 { line.as_str() } else { line.get(common..).unwrap_or("") })
        .collect();
    kept.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Vec<Token>, LexError> {
        let mut lexer = Lexer::new(text);
        let mut tokens = Vec::new();
        loop {
            match lexer.next_token()?.0 {
                Token::Eof => return Ok(tokens),
                token => tokens.push(token),
            }
        }
    }

    fn string(text: &str) -> String {
        match all(text).unwrap().remove(0) {
            Token::Str { value, .. } => value,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn strings_and_escapes() {
        assert_eq!(string(r#""\u00e9\u{1F600}\uD83D\uDE00\n""#), "é😀😀\n");
        assert_eq!(
            string("\"\"\"\n    Hello,\n      World!\n\n    Yours\n  \"\"\""),
            "Hello,\n  World!\n\nYours"
        );
        assert_eq!(string(r#""""a \""" b""""#), "a \"\"\" b");
        for bad in [r#""\uD83D""#, r#""\u{}""#, r#""\u{110000}""#, r#""\x""#, "\"a\nb\"", "\"a", "\"\"\"a"] {
            assert!(all(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers() {
        for good in ["0", "-0", "1.5e-3", "12E+4"] {
            assert_eq!(all(good).unwrap().len(), 1, "{good}");
        }
        for bad in ["00", "01", "1.", "1.a", "1e", "-", "1a", "1_", "1.2.3", ".5", "0x1", "- 1", "1.5é"] {
            assert!(all(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn places_count_utf16_and_every_line_ending() {
        let mut lexer = Lexer::new("\u{feff}a\r\nb\r\"é😀\" c");
        let mut seen = Vec::new();
        while let Ok((token, pos)) = lexer.next_token() {
            if token == Token::Eof {
                break;
            }
            seen.push((pos.line, pos.column));
        }
        assert_eq!(seen, [(1, 2), (2, 1), (3, 1), (3, 7)]);
    }
}
