//! Who asks, and what they may: tokens become a [`viewer::Viewer`], groups become its [`rights::Rights`], and
//! accounts give tokens. Knows no GraphQL and no source; the site database stands behind [`accounts::Accounts`]
//! and [`grants::Grants`].

pub mod accounts;
pub mod authenticator;
pub mod grants;
pub mod issue;
pub mod people;
pub mod rate;
pub mod rights;
pub mod tokens;
pub mod viewer;
