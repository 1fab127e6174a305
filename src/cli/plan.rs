//! `comptoir plan`: how an operation would be answered.

use std::{io::Read, path::PathBuf};

use clap::Args;
use serde_json::{Map, Value};

use super::{Failure, ShopArg, backend, err, out};
use crate::graphql::{error::GraphqlError, request::GraphqlRequest};

/// Show how an operation would be answered: levels, strategies and statements
///
/// Prints one block per level: the entity, how its records are found, and for each source that is asked its SQL
/// statements, with placeholders for their parameters. A source that cannot contribute is named as not contacted.
/// Nothing is executed.
#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir plan --query demo-shop/queries/1-completed.graphql --shop demo-shop
  comptoir plan --query list.graphql --operation List --variables '{\"first\": 20}'
  echo '{ article(code: \"COC1001\") { title } }' | comptoir plan --query - --shop demo-shop")]
pub(super) struct Plan {
    #[command(flatten)]
    shop: ShopArg,
    /// The file with the GraphQL document; - reads standard input
    #[arg(long, value_name = "FILE")]
    query: PathBuf,
    /// The variables' values as a JSON object
    #[arg(long, value_name = "JSON", value_parser = object)]
    variables: Option<Map<String, Value>>,
    /// Which of the document's operations, when it has several
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
}

impl Plan {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let query = self.read().map_err(|error| {
            Failure::CannotStart(format!("{} cannot be read: {error}", self.query.display()))
        })?;
        let shop = backend::open(&self.shop.dir)?;
        let variables = self.variables.unwrap_or_default();
        let request =
            GraphqlRequest { query, variables, operation_name: self.operation, ..GraphqlRequest::default() };
        let planned = shop.plan(&request).await;
        shop.close().await;
        let mut text = planned.map_err(|errors| {
            err(&errors.iter().map(line).collect::<String>());
            Failure::Found
        })?;
        if !text.ends_with('\n') {
            text.push('\n');
        }
        out(&text);
        Ok(())
    }

    fn read(&self) -> std::io::Result<String> {
        if self.query.as_os_str() == "-" {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            return Ok(text);
        }
        std::fs::read_to_string(&self.query)
    }
}

/// `3:7: message (CODE)`.
fn line(error: &GraphqlError) -> String {
    let places = error.locations.iter().map(|place| format!("{}:{}: ", place.line, place.column));
    let code = error.extensions.get("code").and_then(Value::as_str).unwrap_or("INTERNAL");
    format!("error: {}{} ({code})\n", places.collect::<String>(), error.message)
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err("a JSON object is needed, such as '{\"first\": 20}'".to_owned()),
        Err(error) => Err(format!("not JSON: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_their_place() {
        let error = GraphqlError::new(crate::graphql::error::Code::TooDeep, "Too deep.").at(3, 7);
        assert_eq!(line(&error), "error: 3:7: Too deep. (TOO_DEEP)\n");
    }

    #[test]
    fn variables_are_an_object() {
        assert_eq!(object("{\"a\": 1}").unwrap()["a"], 1);
        assert!(object("[1]").unwrap_err().contains("object"));
        assert!(object("{").unwrap_err().contains("not JSON"));
    }
}
