//! Tokens at the door: a served shop, and everything that may come in an `Authorization` header. What the executor is
//! given is shown by one that answers with nothing else.

mod jwks;
mod lab;
mod requests;
mod tokens;
