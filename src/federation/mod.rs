//! The heart: which source wins, field by field. [`model`] says what is merged and by which rule;
//! the other rooms plan, fetch, merge and explain. Knows no ERP and no GraphQL library.

pub mod model;
