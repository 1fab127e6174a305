//! Reads the portable subset of SQL that connector maps are written in.
//!
//! Precedence, loosest first: `OR`, `AND`, `NOT`, comparison with `IN`/`IS`/`LIKE`/`BETWEEN` (not
//! chained), `+ - ||`, `* /`, unary minus. Keywords and functions in any case. There are no
//! sub-queries, comments or semicolons, and no way to nest deep enough to harm the stack.

use super::expr::{BinaryOp, CastType, CompareOp, Expr, ExprError, Function};

/// Parentheses, calls, CASEs, NOTs and minus signs may nest this deep.
const MAX_NESTING: usize = 48;
/// Binary operators in one expression: bounds the depth of left-leaning chains.
const MAX_OPERATORS: usize = 400;
/// Bytes of one expression.
const MAX_BYTES: usize = 64 * 1024;

/// Words with a meaning in this grammar.
const KEYWORDS: [&str; 16] = [
    "AND", "OR", "NOT", "IN", "IS", "NULL", "LIKE", "BETWEEN", "CASE", "WHEN", "THEN", "ELSE", "END", "TRUE",
    "FALSE", "CAST",
];
/// Words of SQL that are not part of the subset; as column names they need double quotes.
const FOREIGN: [&str; 20] = [
    "AS", "SELECT", "FROM", "WHERE", "EXISTS", "ANY", "ALL", "UNION", "JOIN", "ORDER", "GROUP", "HAVING",
    "LIMIT", "DISTINCT", "COLLATE", "ESCAPE", "OVER", "WITH", "INSERT", "DELETE",
];

/// Whether a bare word cannot be a column's name.
pub(super) fn is_reserved(word: &str) -> bool {
    KEYWORDS.iter().chain(&FOREIGN).any(|k| k.eq_ignore_ascii_case(word))
}

/// Reads one expression.
///
/// # Errors
/// The first thing that is not understood, with its byte offset and what to do about it.
pub fn parse(text: &str) -> Result<Expr, ExprError> {
    if text.len() > MAX_BYTES {
        return Err(error(0, "the expression is too long", format!("keep it under {MAX_BYTES} bytes")));
    }
    let mut parser = Parser { tokens: lex(text)?, next: 0, end: text.len(), nesting: 0, operators: 0 };
    if parser.tokens.is_empty() {
        return Err(error(0, "the expression is empty", "write a column such as a.AR_Ref"));
    }
    let expr = parser.expr()?;
    match parser.tokens.get(parser.next) {
        None => Ok(expr),
        Some(token) if token.kind == Kind::Close => {
            Err(error(token.offset, "unbalanced parenthesis", "remove this `)` or add the `(` it closes"))
        }
        Some(token) => Err(match &token.kind {
            Kind::Comma => error(
                token.offset,
                "a comma outside a list",
                "an expression is one value: commas stand only between arguments and in IN (…)",
            ),
            Kind::Compare(_) => error(
                token.offset,
                "comparisons cannot be chained",
                "join two comparisons with AND, or use parentheses",
            ),
            Kind::Word(word) if FOREIGN.iter().any(|k| k.eq_ignore_ascii_case(word)) => {
                foreign(token.offset, word)
            }
            other => error(
                token.offset,
                format!("unexpected {}", other.describe()),
                "an operator is missing before it; names with blanks are written in double quotes",
            ),
        }),
    }
}

impl CastType {
    /// Reads a type as maps write it: `varchar(19)`, `int`, `numeric(24,6)`, `date`, `datetime`…
    ///
    /// # Errors
    /// An unknown type, or text after it.
    pub fn parse(text: &str) -> Result<Self, ExprError> {
        let mut parser = Parser { tokens: lex(text)?, next: 0, end: text.len(), nesting: 0, operators: 0 };
        let ty = parser.cast_type()?;
        match parser.tokens.get(parser.next) {
            None => Ok(ty),
            Some(token) => Err(error(
                token.offset,
                format!("unexpected {} after the type", token.kind.describe()),
                "write one type, such as varchar(19)",
            )),
        }
    }
}

fn error(offset: usize, message: impl Into<String>, help: impl Into<String>) -> ExprError {
    ExprError { offset, message: message.into(), help: help.into() }
}

fn foreign(offset: usize, word: &str) -> ExprError {
    error(
        offset,
        format!("{} is not part of the expression language", word.to_uppercase()),
        format!("write a plain expression; a column of that name is written \"{word}\""),
    )
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
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
    fn describe(&self) -> String {
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

struct Token {
    kind: Kind,
    offset: usize,
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

fn lex(text: &str) -> Result<Vec<Token>, ExprError> {
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

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    end: usize,
    nesting: usize,
    operators: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.next).map(|t| &t.kind)
    }

    fn offset(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |t| t.offset)
    }

    fn is_word(&self, ahead: usize, keyword: &str) -> bool {
        matches!(self.tokens.get(self.next + ahead).map(|t| &t.kind),
            Some(Kind::Word(w)) if w.eq_ignore_ascii_case(keyword))
    }

    fn eat_word(&mut self, keyword: &str) -> bool {
        let found = self.is_word(0, keyword);
        self.next += usize::from(found);
        found
    }

    fn eat(&mut self, kind: &Kind) -> bool {
        let found = self.peek() == Some(kind);
        self.next += usize::from(found);
        found
    }

    fn expected(&self, what: &str, help: &str) -> ExprError {
        let found = self.peek().map_or_else(|| "the end".to_owned(), Kind::describe);
        error(self.offset(), format!("expected {what}, found {found}"), help)
    }

    fn close(&mut self, opened: usize) -> Result<(), ExprError> {
        if self.eat(&Kind::Close) {
            Ok(())
        } else if self.peek().is_none() {
            Err(error(opened, "unbalanced parenthesis", "add the `)` that closes this `(`"))
        } else {
            Err(self.expected("`)`", "a comma, an operator or the closing parenthesis is missing here"))
        }
    }

    /// One level deeper, for whatever makes the tree deeper by recursion.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, ExprError>) -> Result<T, ExprError> {
        if self.nesting >= MAX_NESTING {
            return Err(error(
                self.offset(),
                format!("nested more than {MAX_NESTING} deep"),
                "make the expression simpler, or put it in a view of the database",
            ));
        }
        self.nesting += 1;
        let result = read(self);
        self.nesting -= 1;
        result
    }

    fn operator(&mut self) -> Result<(), ExprError> {
        self.operators += 1;
        if self.operators > MAX_OPERATORS {
            return Err(error(
                self.offset(),
                format!("more than {MAX_OPERATORS} operators"),
                "make the expression simpler, or put it in a view of the database",
            ));
        }
        Ok(())
    }

    fn expr(&mut self) -> Result<Expr, ExprError> {
        self.nested(|p| p.chain("OR", Self::and, Expr::Or))
    }

    fn and(&mut self) -> Result<Expr, ExprError> {
        self.chain("AND", Self::not, Expr::And)
    }

    fn chain(
        &mut self,
        keyword: &str,
        operand: fn(&mut Self) -> Result<Expr, ExprError>,
        make: fn(Vec<Expr>) -> Expr,
    ) -> Result<Expr, ExprError> {
        let first = operand(self)?;
        if !self.is_word(0, keyword) {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.eat_word(keyword) {
            all.push(operand(self)?);
        }
        Ok(make(all))
    }

    fn not(&mut self) -> Result<Expr, ExprError> {
        if self.eat_word("NOT") {
            return self.nested(|p| Ok(Expr::Not(Box::new(p.not()?))));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expr, ExprError> {
        let left = self.sum()?;
        if let Some(Kind::Compare(op)) = self.peek() {
            let op = *op;
            self.next += 1;
            let right = self.sum()?;
            return Ok(Expr::Compare(op, Box::new(left), Box::new(right)));
        }
        if self.eat_word("IS") {
            let negated = self.eat_word("NOT");
            if !self.eat_word("NULL") {
                return Err(self.expected("NULL", "only IS NULL and IS NOT NULL are portable"));
            }
            return Ok(Expr::IsNull(Box::new(left), negated));
        }
        let negated = self.is_word(0, "NOT") && ["IN", "LIKE", "BETWEEN"].iter().any(|k| self.is_word(1, k));
        self.next += usize::from(negated);
        if self.eat_word("IN") {
            let opened = self.offset();
            if !self.eat(&Kind::Open) {
                return Err(self.expected("`(`", "IN is followed by a list in parentheses"));
            }
            if self.is_word(0, "SELECT") {
                return Err(error(
                    self.offset(),
                    "sub-queries are not allowed",
                    "use a join of the map instead",
                ));
            }
            let list = self.list(opened)?;
            return Ok(Expr::In(Box::new(left), list, negated));
        }
        if self.eat_word("LIKE") {
            let pattern = self.sum()?;
            return Ok(Expr::Like(Box::new(left), Box::new(pattern), negated));
        }
        if self.eat_word("BETWEEN") {
            let low = self.sum()?;
            if !self.eat_word("AND") {
                return Err(self.expected("AND", "BETWEEN is written x BETWEEN low AND high"));
            }
            let high = self.sum()?;
            return Ok(Expr::Between(Box::new(left), Box::new(low), Box::new(high), negated));
        }
        Ok(left)
    }

    fn list(&mut self, opened: usize) -> Result<Vec<Expr>, ExprError> {
        if self.peek() == Some(&Kind::Close) {
            return Err(self.expected("a value", "the list cannot be empty"));
        }
        let mut list = vec![self.expr()?];
        while self.eat(&Kind::Comma) {
            list.push(self.expr()?);
        }
        self.close(opened)?;
        Ok(list)
    }

    fn sum(&mut self) -> Result<Expr, ExprError> {
        let mut left = self.product()?;
        loop {
            let op = match self.peek() {
                Some(Kind::Plus) => BinaryOp::Add,
                Some(Kind::Minus) => BinaryOp::Subtract,
                Some(Kind::Concat) => BinaryOp::Concat,
                _ => return Ok(left),
            };
            self.operator()?;
            self.next += 1;
            left = Expr::Binary(op, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Result<Expr, ExprError> {
        let mut left = self.unary()?;
        loop {
            let op = match self.peek() {
                Some(Kind::Star) => BinaryOp::Multiply,
                Some(Kind::Slash) => BinaryOp::Divide,
                _ => return Ok(left),
            };
            self.operator()?;
            self.next += 1;
            left = Expr::Binary(op, Box::new(left), Box::new(self.unary()?));
        }
    }

    fn unary(&mut self) -> Result<Expr, ExprError> {
        if self.eat(&Kind::Minus) {
            return self.nested(|p| Ok(Expr::Negate(Box::new(p.unary()?))));
        }
        if self.eat(&Kind::Plus) {
            return self.nested(Self::unary);
        }
        self.atom()
    }

    fn atom(&mut self) -> Result<Expr, ExprError> {
        let offset = self.offset();
        let Some(kind) = self.peek().cloned() else {
            return Err(self.expected("a value", "complete the expression"));
        };
        match kind {
            Kind::Open => {
                self.next += 1;
                if self.is_word(0, "SELECT") {
                    return Err(error(
                        self.offset(),
                        "sub-queries are not allowed",
                        "use a join of the map instead",
                    ));
                }
                let inner = self.expr()?;
                self.close(offset)?;
                Ok(inner)
            }
            Kind::Text(text) => {
                self.next += 1;
                Ok(Expr::Text(text))
            }
            Kind::Number(number) => {
                self.next += 1;
                Ok(Expr::Number(number))
            }
            Kind::Setting(name) => {
                self.next += 1;
                Ok(match name.as_str() {
                    "today" => Expr::Today,
                    "now" => Expr::Now,
                    "rank" => Expr::Rank,
                    _ => Expr::Setting(name),
                })
            }
            Kind::Quoted(name) => {
                self.next += 1;
                self.column(name)
            }
            Kind::Word(word) => {
                self.next += 1;
                self.word(word, offset)
            }
            _ => Err(self.expected("a value", "a column, a literal or a parenthesis belongs here")),
        }
    }

    fn word(&mut self, word: String, offset: usize) -> Result<Expr, ExprError> {
        match word.to_ascii_uppercase().as_str() {
            "NULL" => return Ok(Expr::Null),
            "TRUE" => return Ok(Expr::Bool(true)),
            "FALSE" => return Ok(Expr::Bool(false)),
            "CASE" => return self.nested(|p| p.case(offset)),
            "CAST" => return self.cast(),
            "NOT" => {
                return Err(error(offset, "NOT in the middle of an operand", "put NOT (…) in parentheses"));
            }
            upper if KEYWORDS.contains(&upper) => {
                return Err(error(
                    offset,
                    format!("a value is missing before {upper}"),
                    "a column, a literal or a parenthesis belongs here",
                ));
            }
            upper if FOREIGN.contains(&upper) => return Err(foreign(offset, &word)),
            _ => {}
        }
        if self.peek() == Some(&Kind::Open) {
            return self.call(&word, offset);
        }
        self.column(word)
    }

    fn column(&mut self, first: String) -> Result<Expr, ExprError> {
        if !self.eat(&Kind::Dot) {
            return Ok(Expr::Column { table: None, name: first });
        }
        let name = match self.peek() {
            Some(Kind::Word(name) | Kind::Quoted(name)) => name.clone(),
            _ => return Err(self.expected("a column's name", "write alias.column")),
        };
        self.next += 1;
        if self.peek() == Some(&Kind::Dot) {
            return Err(error(
                self.offset(),
                "too many parts in a column's name",
                "write alias.column; the table and its prefix are named once, in the row source or the join",
            ));
        }
        Ok(Expr::Column { table: Some(first), name })
    }

    fn call(&mut self, name: &str, offset: usize) -> Result<Expr, ExprError> {
        let Some((function, canonical, least, most)) =
            Function::ALL.into_iter().find(|f| f.1.eq_ignore_ascii_case(name))
        else {
            let names: Vec<_> = Function::ALL.iter().map(|f| f.1).collect();
            return Err(error(
                offset,
                format!("unknown function {name}"),
                format!("use one of {}, CAST", names.join(", ")),
            ));
        };
        let opened = self.offset();
        self.next += 1;
        let arguments = if self.eat(&Kind::Close) { Vec::new() } else { self.list(opened)? };
        if arguments.len() < least || arguments.len() > most {
            let takes = if least == most { format!("{least}") } else { format!("{least} to {most}") };
            return Err(error(
                offset,
                format!("{canonical} has {} argument(s)", arguments.len()),
                format!("it takes {takes}"),
            ));
        }
        Ok(Expr::Call(function, arguments))
    }

    fn cast(&mut self) -> Result<Expr, ExprError> {
        let opened = self.offset();
        if !self.eat(&Kind::Open) {
            return Err(self.expected("`(`", "write CAST(x AS type)"));
        }
        let inner = self.expr()?;
        if !self.eat_word("AS") {
            return Err(self.expected("AS", "write CAST(x AS type)"));
        }
        let ty = self.cast_type()?;
        self.close(opened)?;
        Ok(Expr::Cast(Box::new(inner), ty))
    }

    fn cast_type(&mut self) -> Result<CastType, ExprError> {
        const HELP: &str =
            "use varchar(n), text, int, bigint, smallint, decimal, numeric(p,s), date or datetime";
        let Some(Kind::Word(name)) = self.peek() else {
            return Err(self.expected("a type", HELP));
        };
        let lower = name.to_ascii_lowercase();
        let (ty, numbers) = match lower.as_str() {
            "varchar" | "nvarchar" | "char" | "nchar" => (CastType::Text(0), 1),
            "text" => (CastType::Text(0), 0),
            "int" | "integer" | "bigint" | "smallint" | "tinyint" => (CastType::Integer, 0),
            "decimal" | "numeric" => (CastType::Decimal, 2),
            "date" => (CastType::Date, 0),
            "datetime" | "timestamp" => (CastType::DateTime, 0),
            _ => return Err(error(self.offset(), format!("unknown type {name}"), HELP)),
        };
        self.next += 1;
        let opened = self.offset();
        if numbers == 0 || !self.eat(&Kind::Open) {
            return Ok(ty);
        }
        let first = self.size(HELP)?;
        if numbers == 2 && self.eat(&Kind::Comma) {
            self.size(HELP)?;
        }
        self.close(opened)?;
        Ok(if let CastType::Text(_) = ty { CastType::Text(first) } else { ty })
    }

    fn size(&mut self, help: &str) -> Result<u32, ExprError> {
        let size = match self.peek() {
            Some(Kind::Number(number)) => number.parse().ok(),
            Some(Kind::Word(word)) if word.eq_ignore_ascii_case("max") => Some(0),
            _ => None,
        };
        let size = size.ok_or_else(|| self.expected("a length", help))?;
        self.next += 1;
        Ok(size)
    }

    fn case(&mut self, offset: usize) -> Result<Expr, ExprError> {
        let operand = if self.is_word(0, "WHEN") { None } else { Some(Box::new(self.expr()?)) };
        let mut whens = Vec::new();
        while self.eat_word("WHEN") {
            let when = self.expr()?;
            if !self.eat_word("THEN") {
                return Err(self.expected("THEN", "write CASE WHEN condition THEN value END"));
            }
            whens.push((when, self.expr()?));
        }
        if whens.is_empty() {
            return Err(self.expected("WHEN", "a CASE has at least one WHEN … THEN …"));
        }
        let otherwise = if self.eat_word("ELSE") { Some(Box::new(self.expr()?)) } else { None };
        if !self.eat_word("END") {
            return Err(if self.peek().is_none() {
                error(offset, "CASE without END", "add END after the last value")
            } else {
                self.expected("END", "a CASE ends with END")
            });
        }
        Ok(Expr::Case { operand, whens, otherwise })
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
