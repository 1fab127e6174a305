//! What a client is told of a level that has no answer.

use super::error::{Code, GraphqlError};
use crate::federation::{batch::Cause, engine::Fault, planner::blame::Blame};

/// The client's error for a level's fault.
pub fn fault(fault: &Fault) -> GraphqlError {
    match fault {
        Fault::Source(cause) => unavailable(cause),
        Fault::Budget { setting, limit } => GraphqlError::new(
            Code::ScanBudgetExceeded,
            format!("Answering exactly would read more than {limit} rows ({setting}). Narrow the filter or ask for less at once."),
        )
        .with("limit", *setting)
        .with("maximum", *limit),
        Fault::NeedsIndex { field, limit } => GraphqlError::new(
            Code::SortNeedsIndex,
            format!(
                "Sorting by `{field}` would hold more than {limit} records in memory (limits.gather). Narrow the filter, \
                 or sort by code."
            ),
        )
        .with("field", field.as_str())
        .with("limit", "limits.gather")
        .with("maximum", *limit),
        Fault::List(blame) => refused(blame),
        Fault::Internal(reason) => {
            tracing::error!(%reason, "internal fault");
            GraphqlError::new(Code::Internal, "Something is wrong on our side; the log has the reason.")
        }
    }
}

/// The client's error for a list that a limit refuses.
fn refused(blame: &Blame) -> GraphqlError {
    let Blame { list, setting, limit, .. } = blame;
    let (code, what) = if blame.needs_index {
        (Code::SortNeedsIndex, "hold more than {limit} records")
    } else if *setting == "limits.gather" {
        (Code::ScanBudgetExceeded, "hold more than {limit} records")
    } else if blame.unsupported {
        (Code::UnsupportedFilter, "read more than {limit} rows")
    } else {
        (Code::ScanBudgetExceeded, "read more than {limit} rows")
    };
    let what = what.replace("{limit}", &limit.to_string());
    let message = format!(
        "Answering the list of {list} exactly would {what} ({setting}): {}. What helps: {}.",
        blame.why,
        blame.helps.join("; ")
    );
    let mut error = GraphqlError::new(code, message).with("limit", *setting).with("maximum", *limit);
    if let Some(field) = blame.fields.first() {
        error = error.with("field", field.as_str());
    }
    if blame.fields.len() > 1 {
        error = error.with("fields", blame.fields.clone());
    }
    if let Some(sort) = &blame.sort {
        error = error.with("sort", sort.as_str());
    }
    error
}

/// The client's error for a cause.
pub fn unavailable(cause: &Cause) -> GraphqlError {
    let (code, message) = match cause.code {
        "DUPLICATE_KEY" => (Code::DuplicateKey, format!("In source `{}` {}.", cause.source, cause.message)),
        "BAD_VALUE" => (
            Code::BadValue,
            format!("Source `{}` holds a value that does not fit: {}.", cause.source, cause.message),
        ),
        // What the database said may tell of its inside: that is for the log, and for `provenance`.
        code => {
            let why = match code {
                "CONNECT" => "it cannot be reached",
                "POOL_TIMEOUT" => "all its connections are in use",
                "TIMEOUT" => "it took too long",
                "CONNECTION_LOST" => "the connection broke off",
                "REFUSED" => "it refused what it was asked",
                "WRONG_DATABASE" => "it is not the database that its connector reads",
                _ => "its answer cannot be read",
            };
            (Code::SourceUnavailable, format!("Source `{}` did not answer: {why}.", cause.source))
        }
    };
    GraphqlError::new(code, message).with("source", cause.source.as_str()).with("cause", cause.code)
}

/// The site database does not answer.
pub fn site_unavailable() -> GraphqlError {
    GraphqlError::new(Code::SiteUnavailable, "The site database does not answer: try again later.")
}
