//! Pages of what the site database keeps, by key: Relay connections with sealed cursors.

use super::{Site, fault};
use crate::{
    auth::accounts::AccountError,
    federation::{order::Spot, page::Position},
    graphql::{
        arguments,
        error::{Code, GraphqlError},
        plain::{ArgMap, Plain, PlainObject},
        resolve::Call,
    },
    value::Value,
};

/// What a page is asked by.
pub struct Asked {
    /// How many.
    pub size: usize,
    /// After the record of this key.
    pub after: Option<Value>,
}

impl Site {
    /// Reads `first` and `after` of a list.
    pub(super) fn asked(&self, args: &ArgMap, list: &str) -> Result<Asked, GraphqlError> {
        let size = arguments::page_size(self.catalog.engine.limits.page, args, "first")?;
        let Some(cursor) = arguments::text(args, "after") else { return Ok(Asked { size, after: None }) };
        let spot = self.catalog.sealer.open(list, 0, &cursor);
        let Some(after) = spot.and_then(|spot| spot.position.key.into_iter().next()) else {
            let message = "`after` is not a cursor of this list. Use an edge's `cursor`, or `pageInfo`'s, as it was given.";
            return Err(GraphqlError::new(Code::BadCursor, message));
        };
        Ok(Asked { size, after: Some(after) })
    }

    /// A list by name: `read` gives some of it after a name, `count` how many there are, which is asked only when
    /// it is selected.
    pub(super) async fn listed<T: PlainObject + Send + Sync + 'static, R>(
        &self,
        call: &Call<'_>,
        list: &str,
        read: impl FnOnce(Option<String>, usize) -> R,
        count: impl Future<Output = Result<u64, AccountError>>,
        key: impl Fn(&T) -> Value,
    ) -> Result<Plain<'static>, GraphqlError>
    where
        R: Future<Output = Result<Vec<T>, AccountError>>,
    {
        let asked = self.asked(call.args, list)?;
        let read = read(asked.after.as_ref().and_then(Value::as_str).map(str::to_owned), asked.size + 1);
        let counted =
            async { Ok(if call.selected.selects("totalCount") { Some(count.await?) } else { None }) };
        let (items, total) = futures::try_join!(read, counted).map_err(|error| fault(&error))?;
        Ok(Plain::object(self.page(&asked, list, items, total, key)))
    }

    /// A page of what was read, which is one more than asked where there is more.
    pub(super) fn page<T>(
        &self,
        asked: &Asked,
        list: &str,
        mut items: Vec<T>,
        total: Option<u64>,
        key: impl Fn(&T) -> Value,
    ) -> Connection<T> {
        let more = items.len() > asked.size;
        items.truncate(asked.size);
        let cursor = |item: &T| {
            let position = Position { row: 0, key: vec![key(item)] };
            self.catalog.sealer.seal(list, &Spot::from(position))
        };
        let edges = items.into_iter().map(|node| Edge { cursor: cursor(&node), node }).collect();
        Connection { edges, more, from: asked.after.is_some(), total }
    }
}

/// A page.
pub struct Connection<T> {
    edges: Vec<Edge<T>>,
    more: bool,
    from: bool,
    total: Option<u64>,
}

struct Edge<T> {
    cursor: String,
    node: T,
}

struct PageInfo<'a, T>(&'a Connection<T>);

impl<T: PlainObject + Sync> PlainObject for Connection<T> {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "edges" => Plain::List(self.edges.iter().map(Plain::object).collect()),
            "nodes" => Plain::List(self.edges.iter().map(|edge| Plain::object(&edge.node)).collect()),
            "pageInfo" => Plain::object(PageInfo(self)),
            "totalCount" => self.total.map_or(Plain::Null, count),
            _ => Plain::Null,
        }
    }
}

impl<T: PlainObject + Sync> PlainObject for Edge<T> {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "cursor" => Plain::text(Some(&self.cursor)),
            "node" => Plain::object(&self.node),
            _ => Plain::Null,
        }
    }
}

impl<T: PlainObject + Sync> PlainObject for PageInfo<'_, T> {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        let cursor = |edge: Option<&Edge<T>>| Plain::owned(edge.map(|edge| edge.cursor.clone()));
        match name {
            "hasNextPage" => Plain::Bool(self.0.more),
            // What lies before where the page began is taken to be there.
            "hasPreviousPage" => Plain::Bool(self.0.from),
            "startCursor" => cursor(self.0.edges.first()),
            "endCursor" => cursor(self.0.edges.last()),
            _ => Plain::Null,
        }
    }
}

/// A count as an `Int`.
pub fn count(n: u64) -> Plain<'static> {
    Plain::Int(i64::from(i32::try_from(n).unwrap_or(i32::MAX)))
}

impl<T: PlainObject + Sync> PlainObject for &T {
    fn field(&self, name: &str, args: &ArgMap) -> Plain<'_> {
        (**self).field(name, args)
    }
}
