//! The records that no stream of values holds: which rows of the deciding source may be served nothing,
//! or the default.

use futures::future::join_all;

use super::Scan;
use crate::{
    connectors::map::{MarkerRows, RowSource},
    federation::{
        engine::{Ask, Engine},
        filter::Test,
        pushdown::{
            coded,
            condition::{On, condition},
        },
        shape::{Attributes, Shape, SourceShape, Want, branch, has_key},
    },
    sources::{
        Expr, Param, Select, Statement,
        expr::{CastType, Function},
        select::{Branch, Decode, Item, OrderBy, Output, Predicate, Window},
    },
    value::{Type, Value},
};

impl Scan<'_> {
    /// A condition that every row fulfils whose record is served no source's value: its own cell says
    /// nothing, or it is emptied on purpose, or another source has two rows of it, or one that cannot be
    /// read. `None`: it cannot be told, and all rows are read.
    pub(super) async fn nothing(
        &self,
        row: &RowSource,
        base: usize,
        params: &mut Vec<Param>,
    ) -> Option<Predicate> {
        let engine = self.engine;
        let e = &engine.model.entities[self.light.entity];
        let f = &e.fields[self.can.field];
        let column = self.can.own.as_ref()?;
        let map = row.fields.get(f.name.as_str())?;
        let mut any = vec![Predicate::Expr(Expr::IsNull(Box::new(column.cell.clone()), false)), column.odd()];
        let absent = &map.absent_when;
        if !absent.texts.is_empty() {
            return None;
        }
        let dialect = engine.sources.get(e.decides)?.dialect();
        let family = engine.kinds(e.decides, row, &column.cell).await.family(&column.cell, dialect);
        let on = On { field: f, map, family, dialect };
        let zero = absent.zero.unwrap_or(f.zero_is_absent);
        let no = absent.false_.unwrap_or(f.zero_is_absent);
        let means_nothing: Vec<Value> = match f.ty {
            Type::Int | Type::Decimal if zero => vec![Value::Int(0)],
            Type::Boolean if no => vec![Value::Bool(false)],
            Type::Date | Type::DateTime => absent.dates.iter().map(|day| Value::Date(*day)).collect(),
            _ => Vec::new(),
        };
        if !means_nothing.is_empty() {
            any.push(condition(on, &Test::In(means_nothing))?);
        }
        let codes = self.troubled().await?;
        if !codes.is_empty() {
            any.push(coded(row, &codes, base, params));
        }
        Some(Predicate::Or(any))
    }

    /// The codes of records whose own cell may not be what is served though no other source has a value:
    /// emptied on purpose, doubled or unreadable in another source, emptied by the back office. `None` when
    /// there are more than may be gathered.
    async fn troubled(&self) -> Option<Vec<String>> {
        let engine = self.engine;
        let e = &engine.model.entities[self.light.entity];
        let f = &e.fields[self.can.field];
        let mut codes = Vec::new();
        if self.can.site
            && let Some(overrides) = &engine.overrides
        {
            codes.extend(overrides.codes(&e.name, &f.name).await.ok()?);
        }
        let want = Want { fields: [self.can.field].into(), ..Want::default() };
        let shape = Shape::new(engine, self.light.entity, want, None);
        let of_sources = shape.sources.iter().flatten().map(|source| async {
            let marked = async {
                match (&source.map.markers, &source.markers) {
                    (Some(rows), Some(asked)) => self.marked(source, rows, asked).await,
                    _ => Some(Vec::new()),
                }
            };
            let overlay = source.source != e.decides && source.rows;
            let doubled =
                async { if overlay { engine.doubled(self.ask, source).await } else { Some(Vec::new()) } };
            let column = self.can.overlays.iter().find(|(s, _)| *s == source.source).map(|(_, c)| c);
            let odd = async {
                let Some(column) = column else { return Some(Vec::new()) };
                let odd = column.odd();
                engine.codes_where(self.ask, source, |_, _| Some(vec![odd.clone()])).await.ok()
            };
            let (marked, doubled, odd) = futures::join!(marked, doubled, odd);
            Some([marked?, doubled?, odd?].concat())
        });
        for found in join_all(of_sources).await {
            codes.extend(found?);
        }
        (codes.len() <= engine.limits.gather).then_some(codes)
    }

    /// The codes of a source's records of which the field is empty on purpose.
    async fn marked(
        &self,
        source: &SourceShape,
        rows: &MarkerRows,
        asked: &Attributes,
    ) -> Option<Vec<String>> {
        let mut filter: Vec<Predicate> = rows.filter.clone().map(Predicate::Expr).into_iter().collect();
        filter.push(Predicate::In {
            exprs: vec![rows.field.clone()],
            types: vec![CastType::Text(0)],
            slot: 1,
        });
        let select = Select {
            outputs: vec![Output { decode: Decode::of(Type::Text), label: "code".into() }],
            branches: vec![Branch {
                items: vec![Item::from(rows.code.clone())],
                filter,
                limit: Some(0),
                ..branch(rows.table.clone())
            }],
            ..Select::default()
        };
        self.engine.some(self.ask, source, select, Param::Keys(asked.spellings.clone())).await
    }
}

impl Engine {
    /// The codes that several rows of an overlay have. `None` when there are more than may be gathered, or
    /// when it does not answer.
    pub(in crate::federation) async fn doubled(
        &self,
        ask: &Ask,
        source: &SourceShape,
    ) -> Option<Vec<String>> {
        let mut select = source.select(|_, row| Some(vec![has_key(row)]));
        let key = SourceShape::key(0);
        select.outputs = vec![select.outputs.get(key)?.clone()];
        for (branch, row) in select.branches.iter_mut().zip(&source.map.rows) {
            branch.items = vec![branch.items.get(key)?.clone()];
            let code = row.key.first()?.expr.clone();
            let alike = Expr::Call(Function::Upper, vec![Expr::Call(Function::RTrim, vec![code.clone()])]);
            branch.window = Some(Window {
                partition: vec![alike],
                order: vec![OrderBy { expr: code, ty: CastType::Text(0), descending: false }],
                limit: 1,
                last: true,
            });
        }
        self.some(ask, source, select, Param::Value(Value::Int(2))).await
    }

    /// The codes that a select gives; slot 0 is its limit.
    async fn some(
        &self,
        ask: &Ask,
        source: &SourceShape,
        select: Select,
        second: Param,
    ) -> Option<Vec<String>> {
        let most = self.limits.gather;
        let limit = Value::Int(i64::try_from(most).unwrap_or(i64::MAX - 1) + 1);
        let params = [Param::Value(limit), second];
        let rows = self.run(source.source, &Statement::new(select), &params, &ask.moment).await.ok()?;
        if rows.len() > most {
            return None;
        }
        Some((0..rows.len()).filter_map(|r| rows.get(r, 0).as_str().map(str::to_owned)).collect())
    }
}
