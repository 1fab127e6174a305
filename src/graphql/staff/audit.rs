//! `auditLog`.

use std::borrow::Cow;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{
    Site, fault,
    input::{Input, WORD},
    must,
    problems::{Found, Language},
};
use crate::{
    auth::{
        accounts::{AuditEntry, AuditFilter},
        rights::Right,
    },
    graphql::{
        error::{Code, GraphqlError},
        plain::{ArgMap, Plain, PlainObject},
        resolve::{Call, Resolver},
    },
    value::{Value, rfc3339},
};

/// The list's name, to which its cursors are bound.
const LIST: &str = "AuditEntry/ID-";

/// `auditLog`.
pub struct Log(pub(super) Site);

#[async_trait]
impl Resolver for Log {
    async fn resolve(&self, call: Call<'_>) -> Result<Plain<'static>, GraphqlError> {
        must(call.context, Right::AuditRead)?;
        let asked = self.0.asked(call.args, LIST)?;
        let filter = filter(Input::of(call.args, "filter"))?;
        let before = match asked.after {
            Some(Value::Int(id)) => Some(id),
            _ => None,
        };
        let accounts = &self.0.accounts;
        let read = accounts.audit(&filter, before, asked.size + 1);
        let counted = async {
            let wanted = call.selected.selects("totalCount");
            Ok(if wanted { Some(accounts.count_audit(&filter).await?) } else { None })
        };
        let (entries, total) = futures::try_join!(read, counted).map_err(|e| fault(&e))?;
        Ok(Plain::object(self.0.page(&asked, LIST, entries, total, |entry| Value::Int(entry.id))))
    }
}

fn filter(input: Input<'_>) -> Result<AuditFilter, GraphqlError> {
    let mut found = Found::default();
    let mut text = |name: &str| {
        let text = input.text(name)?;
        WORD.check(name, text, Language::English, &mut found);
        Some(text.to_owned())
    };
    let (actor, action, target) = (text("actor"), text("action"), text("target"));
    if !found.0.is_empty() {
        let message = format!("A text of the filter has 1 to {} characters.", WORD.most);
        return Err(GraphqlError::new(Code::BadArgument, message));
    }
    let moment = |name: &str| -> Result<Option<DateTime<Utc>>, GraphqlError> {
        let parsed = input.text(name).map(DateTime::parse_from_rfc3339).transpose();
        let moment = parsed.map_err(|_| {
            GraphqlError::new(Code::BadArgument, format!("`{name}` is not a moment that the calendar has."))
        })?;
        Ok(moment.map(|moment| moment.with_timezone(&Utc)))
    };
    Ok(AuditFilter { actor, action, target, since: moment("since")?, until: moment("until")? })
}

impl PlainObject for AuditEntry {
    fn field(&self, name: &str, _: &ArgMap) -> Plain<'_> {
        match name {
            "id" => Plain::owned(Some(self.id.to_string())),
            "at" => Plain::owned(Some(rfc3339(&self.at))),
            "actor" => Plain::text(Some(&self.actor)),
            "action" => Plain::text(Some(&self.action)),
            "target" => Plain::text(Some(&self.target)),
            "detail" if self.detail.is_null() => Plain::Null,
            "detail" => Plain::Json(Cow::Borrowed(&self.detail)),
            "requestId" => Plain::text(self.request_id.as_deref()),
            _ => Plain::Null,
        }
    }
}
