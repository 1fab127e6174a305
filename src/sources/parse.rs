//! Reads the portable subset of SQL that connector maps are written in.
//!
//! Precedence, loosest first: `OR`, `AND`, `NOT`, comparison with `IN`/`IS`/`LIKE`/`BETWEEN` (not
//! chained), `+ - ||`, `* /`, unary minus. Keywords and functions in any case. There are no
//! sub-queries, comments or semicolons, and no way to nest deep enough to harm the stack.

use super::{
    expr::{BinaryOp, CastType, Expr, ExprError, Function},
    lex::{Kind, Token, lex},
};

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

pub(super) fn error(offset: usize, message: impl Into<String>, help: impl Into<String>) -> ExprError {
    ExprError { offset, message: message.into(), help: help.into() }
}

fn foreign(offset: usize, word: &str) -> ExprError {
    error(
        offset,
        format!("{} is not part of the expression language", word.to_uppercase()),
        format!("write a plain expression; a column of that name is written \"{word}\""),
    )
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
