//! Reads SDL files and lays definitions and extensions together. Finds what can be found while
//! reading: syntax errors, things defined twice, extensions of nothing. Everything else is
//! [`super::check`]'s.

use std::collections::{HashMap, HashSet};

use async_graphql_parser::{
    Pos, Positioned, parse_schema,
    types::{
        BaseType, ConstDirective, DirectiveDefinition, DirectiveLocation, FieldDefinition,
        InputValueDefinition, SchemaDefinition, Type, TypeDefinition, TypeKind, TypeSystemDefinition,
    },
};
use async_graphql_value::{ConstValue, Name};
use indexmap::IndexMap;

use super::is_built_in;
use crate::{
    diagnostics::{Diagnostics, Place},
    graphql::{
        lexer::{Lexer, Token},
        types::{
            Applied, DirectiveDef, EnumValueDef, FieldDef, InputDef, Kind, TypeDef, TypeRef, TypeSystem,
        },
    },
};

/// A type system still unchecked, with the places that its own structures do not keep.
#[derive(Debug, Default)]
pub(super) struct Merged {
    /// The types.
    pub types: TypeSystem,
    /// Places by a path: `@directive`, `Type.VALUE` of an enum, `Type&Interface`, `Type|Member`,
    /// `schema.query`.
    pub places: HashMap<String, Place>,
    /// Extensions of the shop: type, what it is called in SDL, place.
    pub extensions: Vec<(String, &'static str, Place)>,
    /// The words of files that could not be parsed: what they define is not known, so nothing is blamed
    /// for naming it.
    pub unread: HashSet<String>,
}

impl Merged {
    /// The place noted under a path.
    pub fn place(&self, path: &str) -> Place {
        self.places.get(path).cloned().unwrap_or_default()
    }
}

/// Merges files in order. `base` brings the specified scalars and directives.
pub(super) fn merge<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
    base: Option<&TypeSystem>,
    diags: &mut Diagnostics,
) -> Merged {
    let mut reader = Reader {
        merged: Merged::default(),
        diags,
        file: String::new(),
        taken: HashSet::new(),
        repeatable: HashSet::new(),
    };
    let mut extensions = Vec::new();
    let mut schemas = Vec::new();
    for (name, text) in files {
        name.clone_into(&mut reader.file);
        if is_blank(text) {
            continue;
        }
        match parse_schema(text) {
            Ok(document) => {
                reader.repeatable = repeatable_directives(text);
                for definition in document.definitions {
                    match definition {
                        TypeSystemDefinition::Type(ty) if ty.node.extend => extensions.push((name, ty)),
                        TypeSystemDefinition::Type(ty) => reader.define(ty),
                        TypeSystemDefinition::Directive(directive) => reader.directive(directive),
                        TypeSystemDefinition::Schema(schema) => schemas.push((name, schema)),
                    }
                }
            }
            Err(error) => {
                reader.syntax(&error);
                let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
                reader.merged.unread.extend(words.filter(|w| !w.is_empty()).map(str::to_owned));
            }
        }
    }
    for (name, extension) in extensions {
        name.clone_into(&mut reader.file);
        reader.extend(extension);
    }
    for (name, schema) in schemas {
        name.clone_into(&mut reader.file);
        reader.schema(&schema);
    }
    let mut merged = reader.merged;
    if let Some(base) = base {
        // In the order in which the reference implementation lists directives: ours first.
        for (name, directive) in &base.directives {
            merged.types.directives.entry(name.clone()).or_insert_with(|| directive.clone());
        }
        for name in super::SPECIFIED_SCALARS {
            if let Some(scalar) = base.types.get(name) {
                merged.types.types.entry(name.to_owned()).or_insert_with(|| scalar.clone());
            }
        }
    }
    if merged.types.query.is_empty() {
        "Query".clone_into(&mut merged.types.query);
    }
    for ty in merged.types.types.values_mut() {
        if let Kind::Scalar { specified_by } = &mut ty.kind {
            *specified_by = text_argument(&ty.applied, "specifiedBy", "url", None);
        }
    }
    merged
}

/// The directives of a text that are declared `repeatable`: the SDL parser says so of all.
fn repeatable_directives(text: &str) -> HashSet<String> {
    let mut found = HashSet::new();
    let mut lexer = Lexer::new(text);
    let mut next = || lexer.next_token().map_or(Token::Eof, |(token, _)| token);
    let mut token = next();
    while token != Token::Eof {
        let keyword = matches!(&token, Token::Name(word) if word == "directive");
        token = next();
        if !keyword || token != Token::Punctuator("@") {
            continue;
        }
        let Token::Name(name) = next() else { continue };
        token = next();
        let mut depth = 0usize;
        loop {
            match token {
                Token::Punctuator("(") => depth += 1,
                Token::Punctuator(")") => depth = depth.saturating_sub(1),
                Token::Eof => break,
                _ if depth == 0 => break,
                _ => {}
            }
            token = next();
        }
        if matches!(&token, Token::Name(word) if word == "repeatable") {
            found.insert(name);
        }
    }
    found
}

/// A file without any definition (only comments) is nothing to merge, and no syntax error.
fn is_blank(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim_matches(|c: char| c.is_whitespace() || c == ',' || c == '\u{feff}');
        line.is_empty() || line.starts_with('#')
    })
}

struct Reader<'d> {
    merged: Merged,
    diags: &'d mut Diagnostics,
    file: String,
    /// Kinds of things already complained of, so that one mistake is one finding.
    taken: HashSet<String>,
    /// Directives of the file that are declared `repeatable`.
    repeatable: HashSet<String>,
}

impl Reader<'_> {
    fn place(&self, pos: Pos) -> Place {
        Place::new(self.file.clone(), pos.line, pos.column)
    }

    fn syntax(&mut self, error: &async_graphql_parser::Error) {
        use async_graphql_parser::Error;
        let pos = error.positions().next().unwrap_or_default();
        let message = match error {
            Error::Syntax { message, .. } => {
                let expected = message.rsplit("= ").next().unwrap_or("").trim().replace('_', " ");
                format!("this is not GraphQL schema language: {expected}")
            }
            other => other.to_string(),
        };
        let place = self.place(pos);
        self.diags.error(
            "SYNTAX",
            place,
            message,
            "mend the text here; whatever stands behind it in this file is checked after that",
        );
    }

    fn duplicate(&mut self, place: Place, what: &str, first: Option<&Place>) {
        let help = match first {
            Some(first) if first.line > 0 => {
                format!("it is defined at {first}; remove or rename one of them")
            }
            _ => "remove or rename one of them".to_owned(),
        };
        self.diags.error("DUPLICATE_DEFINITION", place, format!("{what} is defined twice"), help);
    }

    /// A field of ours, defined again by a shop.
    fn redefined(&mut self, owner: &str, first: &FieldDef, ty: &TypeRef, place: Place) {
        let path = format!("{owner}.{}", first.name);
        let again = if *ty == first.ty { String::new() } else { format!(", as `{ty}`") };
        self.diags.error(
            "DUPLICATE_DEFINITION",
            place,
            format!(
                "the field `{path}` is built in, as `{}`, and the shop defines it again{again}",
                first.ty
            ),
            format!(
                "choose another name for a field of your own; to change which source wins `{path}`: \
                 `extend type {owner} @precedence(field: \"{}\", …)`",
                first.name
            ),
        );
    }

    fn define(&mut self, ty: Positioned<TypeDefinition>) {
        let place = self.place(ty.node.name.pos);
        let name = ty.node.name.node.to_string();
        if let Some(first) = self.merged.types.types.get(&name).map(|t| t.place.clone()) {
            self.duplicate(place, &format!("the type `{name}`"), Some(&first));
            return;
        }
        let applied = self.applied(&ty.node.directives);
        let kind = self.kind(&name, ty.node.kind);
        let description = ty.node.description.map(|d| d.node);
        self.merged.types.types.insert(name.clone(), TypeDef { name, description, kind, applied, place });
    }

    fn kind(&mut self, name: &str, kind: TypeKind) -> Kind {
        match kind {
            TypeKind::Scalar => Kind::Scalar { specified_by: None },
            TypeKind::Object(object) => Kind::Object {
                interfaces: self.interfaces(name, &object.implements, &[]),
                fields: self.fields(name, object.fields, IndexMap::new()),
            },
            TypeKind::Interface(interface) => Kind::Interface {
                interfaces: self.interfaces(name, &interface.implements, &[]),
                fields: self.fields(name, interface.fields, IndexMap::new()),
            },
            TypeKind::Union(union) => Kind::Union { members: self.members(name, &union.members, &[]) },
            TypeKind::Enum(definition) => {
                let mut values = IndexMap::new();
                self.values(name, definition.values, &mut values);
                Kind::Enum { values }
            }
            TypeKind::InputObject(input) => {
                let mut fields = IndexMap::new();
                self.inputs(&format!("{name}."), input.fields, &mut fields);
                Kind::Input { fields }
            }
        }
    }

    fn extend(&mut self, extension: Positioned<TypeDefinition>) {
        let name = extension.node.name.node.to_string();
        let place = self.place(extension.node.name.pos);
        let Some(mut target) = self.merged.types.types.shift_remove_full(&name) else {
            if self.merged.unread.contains(&name) {
                return;
            }
            let help = super::suggest::help(
                &name,
                self.merged.types.types.keys().map(String::as_str),
                "define the type, or mend its name",
            );
            self.diags.error("UNKNOWN_TYPE", place, format!("there is no type `{name}` to extend"), help);
            return;
        };
        let applied = self.applied(&extension.node.directives);
        target.2.applied.extend(applied);
        let spelled = spelled(&extension.node.kind);
        if !is_built_in(&place) {
            self.merged.extensions.push((name.clone(), spelled, place.clone()));
        }
        match (&mut target.2.kind, extension.node.kind) {
            (Kind::Scalar { .. }, TypeKind::Scalar) => {}
            (Kind::Object { interfaces, fields }, TypeKind::Object(more)) => {
                let found = self.interfaces(&name, &more.implements, interfaces);
                interfaces.extend(found);
                *fields = self.fields(&name, more.fields, std::mem::take(fields));
            }
            (Kind::Interface { interfaces, fields }, TypeKind::Interface(more)) => {
                let found = self.interfaces(&name, &more.implements, interfaces);
                interfaces.extend(found);
                *fields = self.fields(&name, more.fields, std::mem::take(fields));
            }
            (Kind::Union { members }, TypeKind::Union(more)) => {
                let found = self.members(&name, &more.members, members);
                members.extend(found);
            }
            (Kind::Enum { values }, TypeKind::Enum(more)) => self.values(&name, more.values, values),
            (Kind::Input { fields }, TypeKind::InputObject(more)) => {
                self.inputs(&format!("{name}."), more.fields, fields);
            }
            (kind, _) => {
                let is = kind_word(kind);
                self.diags.error(
                    "KIND_CLASH",
                    place,
                    format!("`{name}` is not {}", article(spelled)),
                    format!("it is {}: write `extend {is} {name}`", article(is)),
                );
            }
        }
        let (index, key, ty) = target;
        self.merged.types.types.shift_insert(index, key, ty);
    }

    fn schema(&mut self, schema: &Positioned<SchemaDefinition>) {
        let place = self.place(schema.pos);
        if !is_built_in(&place) {
            self.merged.extensions.push(("schema".to_owned(), "schema", place));
            return;
        }
        let types = &mut self.merged.types;
        if let Some(query) = &schema.node.query {
            types.query = query.node.to_string();
        }
        if let Some(mutation) = &schema.node.mutation {
            types.mutation = Some(mutation.node.to_string());
        }
        if let Some(subscription) = &schema.node.subscription {
            types.subscription = Some(subscription.node.to_string());
        }
        for (path, root) in [
            ("schema.query", &schema.node.query),
            ("schema.mutation", &schema.node.mutation),
            ("schema.subscription", &schema.node.subscription),
        ] {
            if let Some(root) = root {
                let place = self.place(root.pos);
                self.merged.places.insert(path.to_owned(), place);
            }
        }
    }

    fn directive(&mut self, directive: Positioned<DirectiveDefinition>) {
        let name = directive.node.name.node.to_string();
        let place = self.place(directive.node.name.pos);
        let path = format!("@{name}");
        if self.merged.types.directives.contains_key(&name) {
            let first = self.merged.places.get(&path).cloned();
            self.duplicate(place, &format!("the directive `{path}`"), first.as_ref());
            return;
        }
        let mut args = IndexMap::new();
        self.inputs(&format!("@{name}("), directive.node.arguments, &mut args);
        self.merged.places.insert(path, place);
        let repeatable = self.repeatable.contains(&name);
        self.merged.types.directives.insert(
            name.clone(),
            DirectiveDef {
                name,
                description: directive.node.description.map(|d| d.node),
                args,
                repeatable,
                locations: directive.node.locations.iter().map(|l| location(l.node).to_owned()).collect(),
            },
        );
    }

    fn interfaces(&mut self, name: &str, found: &[Positioned<Name>], already: &[String]) -> Vec<String> {
        self.names(name, '&', "implements", found, already)
    }

    fn members(&mut self, name: &str, found: &[Positioned<Name>], already: &[String]) -> Vec<String> {
        self.names(name, '|', "has the member", found, already)
    }

    fn names(
        &mut self,
        owner: &str,
        mark: char,
        verb: &str,
        found: &[Positioned<Name>],
        already: &[String],
    ) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in found {
            let place = self.place(name.pos);
            let text = name.node.to_string();
            if already.contains(&text) || names.contains(&text) {
                self.diags.error(
                    "DUPLICATE_DEFINITION",
                    place,
                    format!("`{owner}` {verb} `{text}` twice"),
                    "name it once",
                );
                continue;
            }
            self.merged.places.insert(format!("{owner}{mark}{text}"), place);
            names.push(text);
        }
        names
    }

    fn fields(
        &mut self,
        owner: &str,
        found: Vec<Positioned<FieldDefinition>>,
        mut fields: IndexMap<String, FieldDef>,
    ) -> IndexMap<String, FieldDef> {
        for field in found {
            let name = field.node.name.node.to_string();
            let place = self.place(field.node.name.pos);
            if let Some(first) = fields.get(&name) {
                if is_built_in(&first.place) && !is_built_in(&place) {
                    self.redefined(owner, first, &type_ref(&field.node.ty.node), place);
                } else {
                    let first = first.place.clone();
                    self.duplicate(place, &format!("the field `{owner}.{name}`"), Some(&first));
                }
                continue;
            }
            let mut args = IndexMap::new();
            self.inputs(&format!("{owner}.{name}("), field.node.arguments, &mut args);
            let applied = self.applied(&field.node.directives);
            fields.insert(
                name.clone(),
                FieldDef {
                    name,
                    description: field.node.description.map(|d| d.node),
                    args,
                    ty: type_ref(&field.node.ty.node),
                    deprecated: deprecation(&applied),
                    applied,
                    place,
                },
            );
        }
        fields
    }

    fn inputs(
        &mut self,
        owner: &str,
        found: Vec<Positioned<InputValueDefinition>>,
        into: &mut IndexMap<String, InputDef>,
    ) {
        for input in found {
            let name = input.node.name.node.to_string();
            let place = self.place(input.node.name.pos);
            if let Some(first) = into.get(&name).map(|f| f.place.clone()) {
                let close = if owner.ends_with('(') { ":)" } else { "" };
                self.duplicate(place, &format!("`{owner}{name}{close}`"), Some(&first));
                continue;
            }
            let applied = self.applied(&input.node.directives);
            into.insert(
                name.clone(),
                InputDef {
                    name,
                    description: input.node.description.map(|d| d.node),
                    ty: type_ref(&input.node.ty.node),
                    default: input.node.default_value.map(|d| d.node),
                    deprecated: deprecation(&applied),
                    applied,
                    place,
                },
            );
        }
    }

    fn values(
        &mut self,
        owner: &str,
        found: Vec<Positioned<async_graphql_parser::types::EnumValueDefinition>>,
        into: &mut IndexMap<String, EnumValueDef>,
    ) {
        for value in found {
            let name = value.node.value.node.to_string();
            let place = self.place(value.node.value.pos);
            let path = format!("{owner}.{name}");
            if into.contains_key(&name) {
                let first = self.merged.places.get(&path).cloned();
                self.duplicate(place, &format!("the enum value `{path}`"), first.as_ref());
                continue;
            }
            let applied = self.applied(&value.node.directives);
            self.merged.places.insert(path, place);
            into.insert(
                name.clone(),
                EnumValueDef {
                    name,
                    description: value.node.description.map(|d| d.node),
                    deprecated: deprecation(&applied),
                    applied,
                },
            );
        }
    }

    fn applied(&mut self, found: &[Positioned<ConstDirective>]) -> Vec<Applied> {
        let mut all = Vec::with_capacity(found.len());
        for directive in found {
            let place = self.place(directive.node.name.pos);
            let name = directive.node.name.node.to_string();
            let mut args: IndexMap<String, ConstValue> = IndexMap::new();
            for (argument, value) in &directive.node.arguments {
                let argument_place = self.place(argument.pos);
                if args.insert(argument.node.to_string(), value.node.clone()).is_some()
                    && self.taken.insert(argument_place.to_string())
                {
                    self.duplicate(argument_place, &format!("`@{name}({}:)`", argument.node), None);
                }
            }
            all.push(Applied { name, args, place });
        }
        all
    }
}

fn deprecation(applied: &[Applied]) -> Option<String> {
    text_argument(applied, "deprecated", "reason", Some("No longer supported"))
}

fn text_argument(
    applied: &[Applied],
    directive: &str,
    argument: &str,
    default: Option<&str>,
) -> Option<String> {
    let found = applied.iter().find(|a| a.name == directive)?;
    match found.args.get(argument) {
        Some(ConstValue::String(text)) => Some(text.clone()),
        _ => default.map(str::to_owned),
    }
}

fn type_ref(ty: &Type) -> TypeRef {
    let inner = match &ty.base {
        BaseType::Named(name) => TypeRef::Named(name.to_string()),
        BaseType::List(item) => TypeRef::List(Box::new(type_ref(item))),
    };
    if ty.nullable { inner } else { TypeRef::NonNull(Box::new(inner)) }
}

fn spelled(kind: &TypeKind) -> &'static str {
    match kind {
        TypeKind::Scalar => "scalar",
        TypeKind::Object(_) => "type",
        TypeKind::Interface(_) => "interface",
        TypeKind::Union(_) => "union",
        TypeKind::Enum(_) => "enum",
        TypeKind::InputObject(_) => "input",
    }
}

/// The keyword by which a kind is defined.
pub(super) fn kind_word(kind: &Kind) -> &'static str {
    match kind {
        Kind::Scalar { .. } => "scalar",
        Kind::Object { .. } => "type",
        Kind::Interface { .. } => "interface",
        Kind::Union { .. } => "union",
        Kind::Enum { .. } => "enum",
        Kind::Input { .. } => "input",
    }
}

fn article(word: &'static str) -> &'static str {
    match word {
        "scalar" => "a scalar",
        "type" => "an object type",
        "interface" => "an interface",
        "union" => "a union",
        "enum" => "an enum",
        _ => "an input type",
    }
}

fn location(location: DirectiveLocation) -> &'static str {
    match location {
        DirectiveLocation::Query => "QUERY",
        DirectiveLocation::Mutation => "MUTATION",
        DirectiveLocation::Subscription => "SUBSCRIPTION",
        DirectiveLocation::Field => "FIELD",
        DirectiveLocation::FragmentDefinition => "FRAGMENT_DEFINITION",
        DirectiveLocation::FragmentSpread => "FRAGMENT_SPREAD",
        DirectiveLocation::InlineFragment => "INLINE_FRAGMENT",
        DirectiveLocation::Schema => "SCHEMA",
        DirectiveLocation::Scalar => "SCALAR",
        DirectiveLocation::Object => "OBJECT",
        DirectiveLocation::FieldDefinition => "FIELD_DEFINITION",
        DirectiveLocation::ArgumentDefinition => "ARGUMENT_DEFINITION",
        DirectiveLocation::Interface => "INTERFACE",
        DirectiveLocation::Union => "UNION",
        DirectiveLocation::Enum => "ENUM",
        DirectiveLocation::EnumValue => "ENUM_VALUE",
        DirectiveLocation::InputObject => "INPUT_OBJECT",
        DirectiveLocation::InputFieldDefinition => "INPUT_FIELD_DEFINITION",
        DirectiveLocation::VariableDefinition => "VARIABLE_DEFINITION",
    }
}
