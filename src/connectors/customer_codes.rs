//! The codes that a customer has for articles, as an ERP keeps them.

use std::collections::HashMap;

use async_trait::async_trait;

use crate::sources::{Moment, Source, SourceError};

/// Where an ERP keeps the codes that its customers have for articles. Codes of other customers than the one that is named
/// are never read.
#[async_trait]
pub trait CustomerCodes: Send + Sync + std::fmt::Debug {
    /// The codes that a customer has for some articles, by the articles' codes as they are asked for.
    ///
    /// # Errors
    /// The source does not answer.
    async fn codes(
        &self,
        source: &dyn Source,
        customer: &str,
        articles: &[&str],
        moment: &Moment,
    ) -> Result<HashMap<String, String>, SourceError>;

    /// The articles for which a customer has this code.
    ///
    /// # Errors
    /// The source does not answer.
    async fn articles(
        &self,
        source: &dyn Source,
        customer: &str,
        code: &str,
        moment: &Moment,
    ) -> Result<Vec<String>, SourceError>;
}
