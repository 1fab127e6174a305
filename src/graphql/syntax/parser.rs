//! The parser: graphql-js 16's grammar for executable documents, its verdicts and its messages. It
//! decides what a document is; nothing recursive sees a text that it has not measured first.

use super::{
    Argument, Directive, Document, Field, Fragment, Ident, Inline, Operation, OperationKind, Selection,
    SelectionSet, Spread, Value, ValueNode, VariableDef,
};
use crate::graphql::{
    error::{Code, GraphqlError},
    lexer::{LexError, Lexer, Pos, Token},
    types::TypeRef,
};

/// Braces, brackets and list types may nest this deep, whatever the configuration says: the parsers
/// and visitors behind us are recursive, and this keeps them far from the end of a 2 MB stack.
pub const MAX_NESTING: usize = 100;

type Parsed<T> = Result<T, GraphqlError>;

/// Parses an executable document.
///
/// `max_tokens` is `limits.tokens`; reading stops at the token above it.
///
/// # Errors
/// `GRAPHQL_PARSE_FAILED` with place, `TOO_MANY_TOKENS`, `TOO_DEEP` above [`MAX_NESTING`], or
/// `GRAPHQL_VALIDATION_FAILED` for type system definitions.
pub fn parse(source: &str, max_tokens: usize) -> Parsed<Document> {
    let mut parser = Parser {
        lexer: Lexer::new(source),
        token: Token::Eof,
        pos: Pos::default(),
        tokens: 0,
        max_tokens,
        depth: 0,
    };
    parser.advance()?;
    let mut document = Document::default();
    loop {
        parser.definition(&mut document)?;
        if parser.token == Token::Eof {
            break;
        }
    }
    document.tokens = parser.tokens;
    for (index, fragment) in document.fragments.iter().enumerate() {
        document.by_name.entry(fragment.name.name.clone()).or_insert(index);
    }
    Ok(document)
}

fn syntax_error(pos: Pos, message: &str) -> GraphqlError {
    GraphqlError::new(Code::GraphqlParseFailed, format!("Syntax Error: {message}"))
        .at(pos.line as usize, pos.column as usize)
}

impl From<LexError> for GraphqlError {
    fn from(error: LexError) -> Self {
        syntax_error(error.pos, &error.message)
    }
}

struct Parser<'s> {
    lexer: Lexer<'s>,
    token: Token,
    pos: Pos,
    tokens: usize,
    max_tokens: usize,
    depth: usize,
}

impl Parser<'_> {
    fn advance(&mut self) -> Parsed<Token> {
        let (token, pos) = self.lexer.next_token()?;
        if token != Token::Eof {
            self.tokens += 1;
            if self.tokens > self.max_tokens {
                return Err(GraphqlError::new(
                    Code::TooManyTokens,
                    format!(
                        "The document has more than {} tokens (limits.tokens). Split it into several requests.",
                        self.max_tokens
                    ),
                )
                .at(pos.line as usize, pos.column as usize)
                .with("limit", "limits.tokens")
                .with("maximum", self.max_tokens));
            }
        }
        self.pos = pos;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn fail<T>(&self, message: &str) -> Parsed<T> {
        Err(syntax_error(self.pos, message))
    }

    fn unexpected<T>(&self) -> Parsed<T> {
        self.fail(&format!("Unexpected {}.", self.token.describe()))
    }

    fn peek(&self, punctuator: &str) -> bool {
        matches!(self.token, Token::Punctuator(found) if found == punctuator)
    }

    fn skip(&mut self, punctuator: &str) -> Parsed<bool> {
        let found = self.peek(punctuator);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect(&mut self, punctuator: &str) -> Parsed<Pos> {
        let pos = self.pos;
        if self.skip(punctuator)? {
            Ok(pos)
        } else {
            self.fail(&format!("Expected \"{punctuator}\", found {}.", self.token.describe()))
        }
    }

    fn keyword(&mut self, word: &str) -> Parsed<()> {
        if matches!(&self.token, Token::Name(found) if found == word) {
            self.advance()?;
            Ok(())
        } else {
            self.fail(&format!("Expected \"{word}\", found {}.", self.token.describe()))
        }
    }

    fn name(&mut self) -> Parsed<Ident> {
        let pos = self.pos;
        if !matches!(self.token, Token::Name(_)) {
            return self.fail(&format!("Expected Name, found {}.", self.token.describe()));
        }
        match self.advance()? {
            Token::Name(name) => Ok(Ident { name: name.into(), pos }),
            _ => self.unexpected(),
        }
    }

    fn fragment_name(&mut self) -> Parsed<Ident> {
        if matches!(&self.token, Token::Name(name) if name == "on") {
            return self.unexpected();
        }
        self.name()
    }

    /// Runs a rule one level deeper.
    fn nested<T>(&mut self, rule: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_NESTING {
            return Err(GraphqlError::new(
                Code::TooDeep,
                format!(
                    "The document nests more than {MAX_NESTING} levels of braces and brackets; this bound is fixed \
                     (limits.depth sets, below it, how deep fields may nest). Ask for fewer levels at once."
                ),
            )
            .at(self.pos.line as usize, self.pos.column as usize)
            .with("limit", "nesting")
            .with("maximum", MAX_NESTING));
        }
        self.depth += 1;
        let result = rule(self);
        self.depth -= 1;
        result
    }

    /// `open item+ close`.
    fn many<T>(
        &mut self,
        open: &str,
        close: &str,
        mut item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        self.expect(open)?;
        let mut items = Vec::new();
        loop {
            items.push(item(self)?);
            if self.skip(close)? {
                return Ok(items);
            }
        }
    }

    fn optional_many<T>(
        &mut self,
        open: &str,
        close: &str,
        item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        if self.peek(open) { self.many(open, close, item) } else { Ok(Vec::new()) }
    }

    fn definition(&mut self, document: &mut Document) -> Parsed<()> {
        let start = self.pos;
        let described = matches!(self.token, Token::Str { .. });
        if described {
            // A description; graphql-js allows it on named definitions and ignores it.
            let next = self.lexer.clone().next_token()?.0;
            match next {
                Token::Punctuator("{") => {
                    return self.fail(
                        "Unexpected description, descriptions are not supported on shorthand queries.",
                    );
                }
                Token::Name(_) => {}
                _ => {
                    self.advance()?;
                    return self.unexpected();
                }
            }
            let description = self.pos;
            self.advance()?;
            let known =
                matches!(&self.token, Token::Name(word) if is_executable(word) || is_type_system(word));
            if !known || matches!(&self.token, Token::Name(word) if word == "extend") {
                return Err(syntax_error(
                    description,
                    "Unexpected description, only GraphQL definitions support descriptions.",
                ));
            }
        }
        if self.peek("{") {
            let selection = self.selection_set()?;
            document.operations.push(Operation {
                kind: OperationKind::Query,
                name: None,
                variables: Vec::new(),
                directives: Vec::new(),
                selection,
                pos: start,
            });
            return Ok(());
        }
        let word = match &self.token {
            Token::Name(word) if is_executable(word) => word.clone(),
            Token::Name(word) if is_type_system(word) => {
                return Err(GraphqlError::new(
                    Code::GraphqlValidationFailed,
                    format!("The \"{word}\" definition is not executable."),
                )
                .at(self.pos.line as usize, self.pos.column as usize));
            }
            _ => return self.unexpected(),
        };
        self.advance()?;
        if word == "fragment" {
            let name = self.fragment_name()?;
            self.keyword("on")?;
            document.fragments.push(Fragment {
                name,
                on: self.name()?,
                directives: self.directives(false)?,
                selection: self.selection_set()?,
                pos: start,
            });
        } else {
            let name = if matches!(self.token, Token::Name(_)) { Some(self.name()?) } else { None };
            document.operations.push(Operation {
                kind: match word.as_str() {
                    "mutation" => OperationKind::Mutation,
                    "subscription" => OperationKind::Subscription,
                    _ => OperationKind::Query,
                },
                name,
                variables: self.optional_many("(", ")", Self::variable_definition)?,
                directives: self.directives(false)?,
                selection: self.selection_set()?,
                pos: start,
            });
        }
        Ok(())
    }

    fn variable_definition(&mut self) -> Parsed<VariableDef> {
        if matches!(self.token, Token::Str { .. }) {
            self.advance()?;
        }
        let pos = self.expect("$")?;
        let name = Ident { name: self.name()?.name, pos };
        self.expect(":")?;
        let (ty, ty_pos) = self.type_ref()?;
        let default = if self.skip("=")? { Some(self.value(true)?) } else { None };
        Ok(VariableDef { name, ty, ty_pos, default, directives: self.directives(true)? })
    }

    fn type_ref(&mut self) -> Parsed<(TypeRef, Pos)> {
        let (inner, pos) = if self.skip("[")? {
            let (item, pos) = self.nested(Self::type_ref)?;
            self.expect("]")?;
            (TypeRef::List(Box::new(item)), pos)
        } else {
            let name = self.name()?;
            (TypeRef::Named(name.name.as_ref().to_owned()), name.pos)
        };
        Ok((if self.skip("!")? { TypeRef::NonNull(Box::new(inner)) } else { inner }, pos))
    }

    fn selection_set(&mut self) -> Parsed<SelectionSet> {
        let pos = self.pos;
        let items = self.nested(|this| this.many("{", "}", Self::selection))?;
        Ok(SelectionSet { items, pos })
    }

    fn selection(&mut self) -> Parsed<Selection> {
        let pos = self.pos;
        if !self.skip("...")? {
            return Ok(Selection::Field(self.field()?));
        }
        let on = match &self.token {
            Token::Name(word) if word == "on" => {
                self.advance()?;
                Some(self.name()?)
            }
            Token::Name(_) => {
                let name = self.fragment_name()?;
                return Ok(Selection::Spread(Spread { name, directives: self.directives(false)?, pos }));
            }
            _ => None,
        };
        Ok(Selection::Inline(Inline {
            on,
            directives: self.directives(false)?,
            selection: self.selection_set()?,
            pos,
        }))
    }

    fn field(&mut self) -> Parsed<Field> {
        let pos = self.pos;
        let first = self.name()?;
        let (alias, name) = if self.skip(":")? { (Some(first), self.name()?) } else { (None, first) };
        Ok(Field {
            alias,
            name,
            args: self.arguments(false)?,
            directives: self.directives(false)?,
            selection: if self.peek("{") { Some(self.selection_set()?) } else { None },
            pos,
        })
    }

    fn arguments(&mut self, constant: bool) -> Parsed<Vec<Argument>> {
        self.optional_many("(", ")", |this| this.argument(constant))
    }

    fn argument(&mut self, constant: bool) -> Parsed<Argument> {
        let name = self.name()?;
        self.expect(":")?;
        Ok(Argument { name, value: self.value(constant)? })
    }

    fn directives(&mut self, constant: bool) -> Parsed<Vec<Directive>> {
        let mut directives = Vec::new();
        while self.peek("@") {
            let pos = self.expect("@")?;
            let name = Ident { name: self.name()?.name, pos };
            directives.push(Directive { name, args: self.arguments(constant)? });
        }
        Ok(directives)
    }

    fn value(&mut self, constant: bool) -> Parsed<Value> {
        let pos = self.pos;
        let node = match &self.token {
            Token::Punctuator("[") => self.nested(|this| {
                this.advance()?;
                let mut items = Vec::new();
                while !this.skip("]")? {
                    items.push(this.value(constant)?);
                }
                Ok(ValueNode::List(items))
            })?,
            Token::Punctuator("{") => self.nested(|this| {
                this.advance()?;
                let mut fields = Vec::new();
                while !this.skip("}")? {
                    fields.push(this.argument(constant)?);
                }
                Ok(ValueNode::Object(fields))
            })?,
            Token::Punctuator("$") => {
                self.advance()?;
                if constant {
                    return match &self.token {
                        Token::Name(name) => Err(syntax_error(
                            pos,
                            &format!("Unexpected variable \"${name}\" in constant value."),
                        )),
                        _ => Err(syntax_error(pos, "Unexpected \"$\".")),
                    };
                }
                ValueNode::Variable(self.name()?.name)
            }
            Token::Punctuator(_) | Token::Eof => return self.unexpected(),
            _ => match self.advance()? {
                Token::Int(text) => ValueNode::Int(text.into()),
                Token::Float(text) => ValueNode::Float(text.into()),
                Token::Str { value, block } => ValueNode::Str { value: value.into(), block },
                Token::Name(word) => match word.as_str() {
                    "true" => ValueNode::Boolean(true),
                    "false" => ValueNode::Boolean(false),
                    "null" => ValueNode::Null,
                    _ => ValueNode::Enum(word.into()),
                },
                Token::Punctuator(_) | Token::Eof => return self.unexpected(),
            },
        };
        Ok(Value { node, pos })
    }
}

fn is_executable(word: &str) -> bool {
    matches!(word, "query" | "mutation" | "subscription" | "fragment")
}

fn is_type_system(word: &str) -> bool {
    matches!(
        word,
        "schema" | "scalar" | "type" | "interface" | "union" | "enum" | "input" | "directive" | "extend"
    )
}
