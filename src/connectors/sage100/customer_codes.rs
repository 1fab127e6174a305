//! The codes that customers have for articles: F_ARTCLIENT.AC_RefClient of the customer's own rows (AC_Categorie 0), one for
//! an article, whatever its variants and packagings.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;

use crate::{
    connectors::{
        customer_codes::CustomerCodes,
        map::ConnectorMap,
        reading::{Reading, keys},
    },
    sources::{Keys, Moment, Source, SourceError, expr::CastType},
    value::{KeyCompare, Value},
};

/// Reads them.
#[derive(Debug)]
pub struct Sage100CustomerCodes {
    by_article: Reading,
    by_code: Reading,
}

impl Sage100CustomerCodes {
    /// Of a company with these settings.
    pub fn new(map: &ConnectorMap) -> Self {
        let own = || {
            Reading::new("F_ARTCLIENT", map)
                .scalar("customer")
                .filter("CT_Num = :customer AND COALESCE(AC_Categorie, 0) = 0")
        };
        Self {
            by_article: own().keyed(&[("AR_Ref", CastType::Text(19))]).text("AR_Ref").text("AC_RefClient"),
            by_code: own().keyed(&[("AC_RefClient", CastType::Text(19))]).text("AR_Ref").text("AC_RefClient"),
        }
    }
}

#[async_trait]
impl CustomerCodes for Sage100CustomerCodes {
    async fn codes(
        &self,
        source: &dyn Source,
        customer: &str,
        articles: &[&str],
        moment: &Moment,
    ) -> Result<HashMap<String, String>, SourceError> {
        let asked: Keys = keys(articles.iter().map(|code| Value::text(*code)));
        let rows = self.by_article.rows(source, asked, &[Value::text(customer)], moment).await?;
        let fold = |code: &str| KeyCompare::CiAs.fold(code).into_owned();
        let mut found: HashMap<String, Arc<str>> = HashMap::new();
        for row in 0..rows.len() {
            if let [Value::Text(article), Value::Text(code)] = rows.row(row) {
                found.entry(fold(article)).or_insert_with(|| Arc::from(&**code));
            }
        }
        let of = |code: &&str| Some(((*code).to_owned(), found.get(&fold(code))?.to_string()));
        Ok(articles.iter().filter_map(of).collect())
    }

    async fn articles(
        &self,
        source: &dyn Source,
        customer: &str,
        code: &str,
        moment: &Moment,
    ) -> Result<Vec<String>, SourceError> {
        let code = code.trim_end();
        if code.is_empty() || code.chars().count() > 19 {
            return Ok(Vec::new());
        }
        let rows =
            self.by_code.rows(source, keys([Value::text(code)]), &[Value::text(customer)], moment).await?;
        let mut articles: Vec<String> =
            (0..rows.len()).filter_map(|row| rows.row(row).first()?.as_str().map(str::to_owned)).collect();
        articles.sort_unstable();
        articles.dedup();
        Ok(articles)
    }
}
