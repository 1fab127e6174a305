//! The other side: one engine that holds both databases, as two schemas of one database, and the
//! lists written for it by hand: LEFT JOIN, COALESCE, keyset.
//!
//! It knows less than the gateway: nothing of what is empty on purpose (`marker`), of languages, of
//! doubled codes; what it answers here is the same all the same, and is compared.

use rust_decimal::Decimal;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row as _};

use super::{Outcome, server::isoshop};

/// Code, title, weight, months of warranty.
pub type Item = (String, String, Option<Decimal>, Option<i32>);

/// In which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Code,
    Weight,
    Updated,
}

/// What is asked of it.
#[derive(Clone, Debug)]
pub struct Question {
    pub share: u8,
    pub by: By,
    /// After this code.
    pub after: Option<String>,
    /// At least so heavy.
    pub heavier: Option<Decimal>,
    /// In this department or below.
    pub under: Option<&'static str>,
    pub count: bool,
}

/// Weight and warranty. The ERP's 0 says nothing, IsoShop's is a value.
const WEIGHT: &str = "COALESCE(o.weight_kg, NULLIF(ROUND(CASE a.\"AR_UnitePoids\" WHEN 0 THEN 1000 WHEN 1 THEN 100 \
     WHEN 2 THEN 1 WHEN 3 THEN 0.001 WHEN 4 THEN 0.000001 END * a.\"AR_PoidsNet\", 9), 0))";
const WARRANTY: &str = "COALESCE(NULLIF(CAST(a.\"Durée garantie\" AS integer), 0), o.warranty_months)";
const TITLE: &str =
    "COALESCE(NULLIF(RTRIM(o.title), ''), NULLIF(RTRIM(a.\"AR_Design\"), ''), a.\"AR_Ref\"::text)";
const UPDATED: &str =
    "GREATEST(a.\"cbModification\" AT TIME ZONE 'Europe/Paris' AT TIME ZONE 'UTC', o.updated_at)";
const CODE: &str = "a.\"AR_Ref\" COLLATE \"C\"";

impl Question {
    /// Its statement.
    pub fn sql(&self) -> String {
        let shop = isoshop(self.share);
        let collation = format!("COLLATE {shop}.french_ci_as");
        let mut with = String::new();
        // Written so that PostgreSQL's statistics apply: it knows how often a column is 1, not an expression.
        let mut conditions = vec![
            "a.\"AR_Publie\" = 1 AND a.\"AR_Sommeil\" IS DISTINCT FROM 1 AND o.published IS DISTINCT FROM 0"
                .to_owned(),
        ];
        // The parameters are those that there are, in this order.
        let mut parameters = (1..).map(|n| format!("${n}"));
        let mut next = || parameters.next().unwrap_or_default();
        if self.after.is_some() {
            conditions.push(format!("{CODE} > {}", next()));
        }
        if self.heavier.is_some() {
            conditions.push(format!("{WEIGHT} >= {}", next()));
        }
        if self.under.is_some() {
            let root = next();
            with = format!(
                "WITH RECURSIVE d AS (SELECT COALESCE(c.code, o.code) AS code, COALESCE(NULLIF(RTRIM(o.parent_code), ''), c.parent) AS \
                 parent FROM (SELECT \"CL_No\"::text {collation} AS code, NULLIF(\"CL_NoParent\", 0)::text {collation} AS parent FROM \
                 erp.\"F_CATALOGUE\") c FULL JOIN {shop}.department o ON o.code = c.code WHERE COALESCE(o.published, 1) <> 0), \
                 tree AS (SELECT code FROM d WHERE code = {root} UNION SELECT d.code FROM d JOIN tree ON d.parent = tree.code) "
            );
            conditions.push(format!(
                "(CAST(COALESCE(NULLIF(a.\"CL_No4\", 0), NULLIF(a.\"CL_No3\", 0), NULLIF(a.\"CL_No2\", 0), NULLIF(a.\"CL_No1\", 0)) AS text) \
                 {collation} IN (SELECT code FROM tree) AND NOT EXISTS (SELECT 1 FROM {shop}.article_department x WHERE x.article_code = \
                 a.\"AR_Ref\" {collation} AND x.department_code = CAST(COALESCE(NULLIF(a.\"CL_No4\", 0), NULLIF(a.\"CL_No3\", 0), \
                 NULLIF(a.\"CL_No2\", 0), NULLIF(a.\"CL_No1\", 0)) AS text) AND x.removed = 1) OR EXISTS (SELECT 1 FROM \
                 {shop}.article_department x WHERE x.article_code = a.\"AR_Ref\" {collation} AND x.department_code IN (SELECT code FROM \
                 tree) AND COALESCE(x.removed, 0) <> 1))"
            ));
        }
        let from = format!(
            "FROM erp.\"F_ARTICLE\" a LEFT JOIN {shop}.article o ON o.code = a.\"AR_Ref\" {collation} WHERE {}",
            conditions.join(" AND ")
        );
        if self.count {
            return format!("{with}SELECT count(*) {from}");
        }
        let order = match self.by {
            By::Code => CODE.to_owned(),
            By::Weight => format!("{WEIGHT} DESC NULLS LAST, {CODE}"),
            By::Updated => format!("{UPDATED} DESC NULLS LAST, {CODE}"),
        };
        format!(
            "{with}SELECT a.\"AR_Ref\"::text, {TITLE}, {WEIGHT}, {WARRANTY} {from} ORDER BY {order} LIMIT {}",
            super::PAGE + 1
        )
    }
}

/// A connection to it.
pub struct Engine(PgConnection);

impl Engine {
    pub async fn connect(url: &str) -> Outcome<Self> {
        Ok(Self(PgConnection::connect(url).await?))
    }

    fn query(
        question: &Question,
    ) -> sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments> {
        let mut query = sqlx::query(AssertSqlSafe(question.sql()));
        if let Some(code) = &question.after {
            query = query.bind(code.clone());
        }
        if let Some(weight) = question.heavier {
            query = query.bind(weight);
        }
        match question.under {
            Some(code) => query.bind(code),
            None => query,
        }
    }

    /// A page and whether there is more.
    pub async fn page(&mut self, question: &Question) -> Outcome<(Vec<Item>, bool)> {
        let rows = Self::query(question).fetch_all(&mut self.0).await?;
        let mut items = Vec::with_capacity(rows.len());
        for row in rows.iter().take(super::PAGE) {
            items.push((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?));
        }
        Ok((items, rows.len() > super::PAGE))
    }

    /// How many there are.
    pub async fn count(&mut self, question: &Question) -> Outcome<i64> {
        Ok(Self::query(question).fetch_one(&mut self.0).await?.try_get(0)?)
    }
}
