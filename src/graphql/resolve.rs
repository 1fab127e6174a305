//! Root fields that code answers and no plan: mutations, and questions about what is not the catalogue.
//!
//! A part adds a mutation by a field in `schema/*.graphql` and a [`Resolver`] of its name in a [`Resolvers`]. A resolver
//! gives plain objects; a field of its payload that is an entity of the catalogue (`article`) it gives as
//! [`Plain::Record`], a code, and what is selected of it is read by a plan, after the resolver is done.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;

use super::{
    error::{Code, GraphqlError},
    plain::{ArgMap, Plain},
    plan::PlainOut,
    request::{RefreshCookie, RequestContext},
    types::TypeSystem,
};

/// One root field that is to be answered.
pub struct Call<'a> {
    /// Its arguments, coerced.
    pub args: &'a ArgMap,
    /// What is selected of its answer.
    pub selected: &'a PlainOut,
    /// The request: who asks, from where.
    pub context: &'a RequestContext,
    /// The operation's language.
    pub language: &'a str,
    /// What the transport is to do.
    pub effects: &'a Effects,
}

/// Answers one root field.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// The field's value.
    ///
    /// # Errors
    /// What the caller cannot mend: no right, a fault. It stands at the field's path.
    async fn resolve(&self, call: Call<'_>) -> Result<Plain<'static>, GraphqlError>;
}

/// What a request does beside its answer.
#[derive(Debug, Default)]
pub struct Effects(Mutex<Option<RefreshCookie>>);

impl Effects {
    /// Sets or clears the refresh cookie; the last one counts.
    pub fn refresh_cookie(&self, cookie: RefreshCookie) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(cookie);
    }

    /// What becomes of the refresh cookie.
    pub fn into_refresh_cookie(self) -> Option<RefreshCookie> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The resolvers of a shop, by type and field.
#[derive(Clone, Default)]
pub struct Resolvers(HashMap<(String, String), Arc<dyn Resolver>>);

impl Resolvers {
    /// Adds the resolver of a field.
    pub fn add(&mut self, ty: &str, field: &str, resolver: impl Resolver + 'static) {
        self.0.insert((ty.to_owned(), field.to_owned()), Arc::new(resolver));
    }

    /// The resolver of a field.
    pub fn get(&self, ty: &str, field: &str) -> Option<&dyn Resolver> {
        // Owned keys: a look-up costs two small copies, once per root field that is no plan's.
        self.0.get(&(ty.to_owned(), field.to_owned())).map(AsRef::as_ref)
    }

    /// The mutations of a schema that nothing answers.
    pub fn missing<'t>(&self, types: &'t TypeSystem) -> Vec<&'t str> {
        let Some(root) = types.mutation.as_deref() else { return Vec::new() };
        let fields = types.fields(root).into_iter().flat_map(|fields| fields.keys());
        fields.map(String::as_str).filter(|field| self.get(root, field).is_none()).collect()
    }
}

/// What root fields that code answers need of one request.
#[derive(Clone, Copy)]
pub struct Resolving<'a> {
    /// Who answers.
    pub resolvers: &'a Resolvers,
    /// The request.
    pub context: &'a RequestContext,
    /// The operation's language.
    pub language: &'a str,
    /// What the transport is to do.
    pub effects: &'a Effects,
}

impl Resolving<'_> {
    /// Answers a root field.
    pub async fn resolve(
        &self,
        ty: &str,
        field: &str,
        args: &ArgMap,
        selected: &PlainOut,
    ) -> Result<Plain<'static>, GraphqlError> {
        let Self { context, language, effects, .. } = *self;
        let Some(resolver) = self.resolvers.get(ty, field) else {
            return Err(GraphqlError::new(Code::Internal, format!("Nothing answers `{ty}.{field}` here.")));
        };
        resolver.resolve(Call { args, selected, context, language, effects }).await.map_err(|error| {
            let fault = error.is(Code::Internal) || error.is(Code::SiteUnavailable);
            if fault { error.with("traceId", context.request_id.as_str()) } else { error }
        })
    }
}
