//! Building what one source is asked on a level: which columns, texts, markers and children of its
//! map serve the wanted fields.

use std::{collections::HashMap, sync::Arc};

use super::{
    Attribute, Attributes, Columns, NEVER_EMPTY, SourceShape, Want, branch, key_type, snake, statements::Kept,
};
use crate::{
    connectors::map::{EntityMap, FieldMap, Format, RowSource},
    federation::{
        children,
        engine::Engine,
        model::{Entity, EntityId, Field, FieldId, Rule, SourceId},
    },
    sources::{
        Dialect, Expr, Select, Statement,
        expr::{CastType, CompareOp},
        select::{Branch, Decode, Item, Missing, Output, Predicate, Table},
    },
    value::Type,
};

pub(super) fn source_shape(
    engine: &Engine,
    entity: EntityId,
    want: &Want,
    source: SourceId,
    map: &Arc<EntityMap>,
    language: Option<&str>,
) -> Option<SourceShape> {
    let model = &engine.model;
    let e = &model.entities[entity];
    let decides = e.decides == source;
    let keys = map.rows.iter().map(|r| r.key.len()).max().unwrap_or(0);

    let listed: Vec<FieldId> = want
        .fields
        .iter()
        .copied()
        .filter(|f| e.fields[*f].name != "code" && e.fields[*f].sources.contains(&source))
        .collect();
    let fields: Vec<FieldId> = listed
        .iter()
        .copied()
        .filter(|f| map.rows.iter().any(|r| r.fields.contains_key(e.fields[*f].name.as_str())))
        .collect();
    let listed_lists: Vec<usize> =
        want.lists.iter().copied().filter(|l| e.lists[*l].sources.contains(&source)).collect();
    let texts = language.and(map.texts.as_ref()).and_then(|t| {
        let names = spellings(e, listed.iter().filter(|f| e.fields[**f].localized), [].iter());
        (!names.is_empty()).then(|| {
            let items = [&t.code, &t.field, &t.value];
            let statement = attribute_statement(&t.table, t.filter.as_ref(), items, Some(&t.language));
            Attributes::new(statement, names)
        })
    });
    let markers = map.markers.as_ref().and_then(|m| {
        let may = |f: &&FieldId| !NEVER_EMPTY.contains(&&*e.fields[**f].name);
        let names = spellings(e, listed.iter().filter(may), listed_lists.iter());
        (!names.is_empty()).then(|| {
            let items = [&m.code, &m.field, &m.language];
            let statement = attribute_statement(&m.table, m.filter.as_ref(), items, None);
            Attributes::new(statement, names)
        })
    });

    let mut build = Build::new(&map.rows);
    build.column("row", Decode::of(Type::Int), |i, _| Item::from(Expr::Number(i.to_string())));
    for k in 0..keys {
        let ty = map.rows.iter().find_map(|r| r.key.get(k)).map_or(CastType::Text(0), |c| c.ty);
        // Beside the first, a key column may be blank, and that is a value of its own.
        let decode = Decode { blank_absent: k == 0, ..key_decode(engine, source, ty) };
        build.column("key", decode, |_, r| or_null(r.key.get(k).map(|c| &c.expr)));
    }
    let own = build.column("code", Decode::of(Type::Text), |_, r| or_null(r.code.own.as_ref()));
    let mut columns = Columns {
        keys,
        own,
        fields: vec![None; e.fields.len()],
        translated: vec![None; e.fields.len()],
        ..Columns::default()
    };
    if map.rows.iter().any(|r| r.native.is_some()) {
        columns.native =
            Some(build.column("native", Decode::of(Type::Text), |_, r| or_null(r.native.as_ref())));
    }
    if e.inherits.is_some() && map.rows.iter().any(|r| r.parent.is_some()) {
        columns.parent =
            Some(build.column("parent", Decode::of(Type::Text), |_, r| or_null(r.parent.as_ref())));
    }
    if map.exists && map.rows.iter().any(|r| r.visible.is_some() || r.closed.is_some()) {
        let flag = |e: Option<&Expr>, or: bool| Item::from(e.cloned().unwrap_or(Expr::Bool(or)));
        let visible =
            build.column("visible", Decode::of(Type::Boolean), |_, r| flag(r.visible.as_ref(), true));
        let closed = build.column("closed", Decode::of(Type::Boolean), |_, r| flag(r.closed.as_ref(), false));
        columns.flags = Some((visible, closed));
    }
    let recent = fields.iter().any(|f| e.fields[*f].rule == Rule::Recent);
    let change = map.rows.iter().find_map(|r| r.change.as_ref());
    if let Some(change) = change.filter(|_| want.changes || recent) {
        let decode = Decode { zone: change.zone, ..Decode::of(Type::DateTime) };
        columns.change =
            Some(build.column("change", decode, |_, r| or_null(r.change.as_ref().map(|c| &c.expr))));
    }
    let mut children = Vec::new();
    for id in &fields {
        let name = e.fields[*id].name.as_str();
        let Some(first) = map.rows.iter().find_map(|r| r.fields.get(name)) else { continue };
        if let Some(child) = &first.child {
            if let Some(shape) = children::joined(map, child, first.format, language, engine.zone(source)) {
                columns.joined.insert(*id, children.len());
                children.push(shape);
            }
            continue;
        }
        let decode = decode_of(&e.fields[*id], first, engine.zone(source));
        let column = build.column(name, decode.clone(), |_, r| field_item(r.fields.get(name)));
        columns.fields[*id] = Some(column);
        if e.fields[*id].ty == Type::Html {
            columns.html.push((column, first.format));
        }
        if !e.fields[*id].enumeration.is_empty() {
            columns.enums.push((column, *id));
        }
        let Some(language) = language else { continue };
        if map.rows.iter().any(|r| r.fields.get(name).is_some_and(|f| f.languages.contains_key(language))) {
            let column = build.column(name, decode, |_, r| {
                or_null(r.fields.get(name).and_then(|f| f.languages.get(language)))
            });
            columns.translated[*id] = Some(column);
            if e.fields[*id].ty == Type::Html {
                columns.html.push((column, first.format));
            }
        }
    }
    for id in &listed_lists {
        if let Some(shape) = children::list(map, &e.lists[*id], *id, engine.zone(source)) {
            // Images and documents may be rows of one table: asked once.
            match children.iter_mut().find(|c| c.reads_like(&shape)) {
                Some(known) => known.lists.push(*id),
                None => children.push(shape),
            }
        }
    }
    let rows = decides
        || map.exists
        || columns.fields.iter().any(Option::is_some)
        || (want.changes && columns.change.is_some());
    if !rows && children.is_empty() && texts.is_none() && markers.is_none() {
        return None;
    }
    let Build { outputs, items, .. } = build;
    let mut shape = SourceShape {
        entity,
        source,
        map: map.clone(),
        columns,
        rows,
        outputs,
        items,
        by_code: Arc::new(Statement::new(Select::default())),
        doubles: None,
        texts,
        markers,
        children,
        kept: Kept::default(),
    };
    shape.by_code = Arc::new(Statement::new(shape.select(|i, row| Some(vec![shape.code_predicate(i, row)]))));
    if decides && map.rows.iter().any(|r| r.code.own.is_some()) {
        // By own code or key alone, each by its index: rows without an own code differ by their keys.
        let mut select = shape.select(|i, row| {
            let exprs = match &row.code.own {
                Some(own) => vec![own.clone()],
                None => row.key.iter().map(|k| k.expr.clone()).collect(),
            };
            let (types, slot) = match &row.code.own {
                Some(_) => (vec![CastType::Text(0)], 0),
                None => (row.key.iter().map(|k| k.ty).collect(), 1 + i),
            };
            Some(vec![Predicate::In { exprs, types, slot }])
        });
        let kept = shape.columns.own + 1;
        select.outputs.truncate(kept);
        select.branches.iter_mut().for_each(|b| b.items.truncate(kept));
        shape.doubles = Some(Arc::new(Statement::new(select)));
    }
    Some(shape)
}

fn spellings<'a>(
    e: &Entity,
    fields: impl Iterator<Item = &'a FieldId>,
    lists: impl Iterator<Item = &'a usize>,
) -> HashMap<String, Attribute> {
    let fields = fields.map(|f| (e.fields[*f].snake.clone(), Attribute::Field(*f)));
    let lists = lists.map(|l| (snake(&e.lists[*l].name), Attribute::List(*l)));
    fields.chain(lists).collect()
}

/// How a native key is read: with its trailing blanks where the database tells keys apart by them, for there
/// the next page begins after the key as it is stored. Codes never have any.
fn key_decode(engine: &Engine, source: SourceId, ty: CastType) -> Decode {
    let padded = engine.sources.get(source).is_none_or(|s| s.dialect() == Dialect::SqlServer);
    Decode { trim: padded, ..Decode::of(key_type(ty)) }
}

fn or_null(expr: Option<&Expr>) -> Item {
    Item::from(expr.cloned().unwrap_or(Expr::Null))
}

/// How a field's column is decoded: the source's map decides what means nothing, the field's
/// modifiers otherwise.
fn decode_of(field: &Field, map: &FieldMap, zone: chrono_tz::Tz) -> Decode {
    let absent = &map.absent_when;
    Decode {
        ty: field.ty.clone(),
        trim: true,
        rtf: map.format == Format::Rtf,
        blank_absent: absent.blank.unwrap_or(!field.blank_is_value),
        zero_absent: absent.zero.unwrap_or(field.zero_is_absent),
        false_absent: absent.false_.unwrap_or(field.zero_is_absent),
        sentinels: absent.dates.as_slice().into(),
        absent_texts: absent.texts.as_slice().into(),
        zone: map.zone.unwrap_or(zone),
    }
}

fn field_item(field: Option<&FieldMap>) -> Item {
    field.map_or(Item::from(Expr::Null), |f| Item {
        expr: f.expr.clone().unwrap_or(Expr::Null),
        missing: match (f.complement, f.optional) {
            (true, _) => Missing::Bad,
            (false, true) => Missing::Absent,
            (false, false) => Missing::Refuse,
        },
    })
}

/// `(code, field, value)` rows for a batch of codes (slot 0) and spellings (slot 1), of one
/// language (slot 2) when asked.
fn attribute_statement(
    table: &Table,
    filter: Option<&Expr>,
    items: [&Expr; 3],
    language: Option<&Expr>,
) -> Arc<Statement> {
    let text = vec![CastType::Text(0)];
    let mut predicates: Vec<Predicate> = filter.cloned().map(Predicate::Expr).into_iter().collect();
    for (slot, expr) in items[..2].iter().enumerate() {
        predicates.push(Predicate::In { exprs: vec![(*expr).clone()], types: text.clone(), slot });
    }
    if let Some(language) = language {
        let equal = Expr::Compare(CompareOp::Eq, Box::new(language.clone()), Box::new(Expr::Slot(2)));
        predicates.push(Predicate::Expr(equal));
    }
    Arc::new(Statement::new(Select {
        outputs: ["code", "field", "value"]
            .map(|l| Output { decode: Decode::of(Type::Text), label: l.into() })
            .into(),
        branches: vec![Branch {
            items: items.map(|e| Item::from(e.clone())).into(),
            filter: predicates,
            ..branch(table.clone())
        }],
        order: Vec::new(),
        descending: false,
        count: false,
    }))
}

struct Build<'a> {
    rows: &'a [RowSource],
    outputs: Vec<Output>,
    items: Vec<Vec<Item>>,
}

impl<'a> Build<'a> {
    fn new(rows: &'a [RowSource]) -> Self {
        Self { rows, outputs: Vec::new(), items: vec![Vec::new(); rows.len()] }
    }

    /// Adds an output column; the closure gives each row source's item.
    fn column(&mut self, label: &str, decode: Decode, item: impl Fn(usize, &RowSource) -> Item) -> usize {
        for (i, row) in self.rows.iter().enumerate() {
            self.items[i].push(item(i, row));
        }
        self.outputs.push(Output { decode, label: label.into() });
        self.outputs.len() - 1
    }
}
