//! What tiberius reports, as what it means: which of our causes, and what to do.

use std::time::Duration;

use tiberius::error::{Error, IoErrorKind, TokenError};

use super::address::{Address, Tls};
use crate::sources::{SourceError, pooled::Fault};

/// Why there is no connection.
pub(super) fn login(error: &Error, address: &Address) -> SourceError {
    let place = address.place();
    SourceError::Connect(match error {
        Error::Server(token) => match token.code() {
            18456 => format!(
                "{place} refuses the login {}: check user and password, and that the server allows SQL logins (18456)",
                address.user
            ),
            18452 | 18470 | 18486 | 18487 | 18488 => {
                format!("{place} refuses the login {}: {} ({})", address.user, token.message(), token.code())
            }
            4060 | 911 => format!(
                "the database {} does not exist on {place}, or the login {} may not open it ({})",
                address.database,
                address.user,
                token.code()
            ),
            code => format!("{place}: {} ({code})", token.message()),
        },
        Error::Tls(why) => certificate(why, address),
        Error::Io { kind: IoErrorKind::TimedOut, .. } => {
            format!("{place} accepts connections but does not answer the login in time")
        }
        // What is no TLS at all comes as invalid data: a server that does not begin with it.
        Error::Io {
            kind: IoErrorKind::UnexpectedEof | IoErrorKind::ConnectionReset | IoErrorKind::InvalidData,
            ..
        } => match address.tls {
            Tls::Strict => format!(
                "{place} breaks the connection off: tls = \"strict\" needs SQL Server 2022; set tls = \"required\" for older ones"
            ),
            Tls::Required => format!(
                "{place} breaks the connection off during TLS: a server without TLS 1.2 must be updated (tls = \"none\" \
                 sends password and data readable by all)"
            ),
            Tls::None => {
                format!("{place} breaks the connection off: it may demand encryption; set tls = \"required\"")
            }
        },
        Error::Io { message, .. } => format!("{place}: {message}"),
        // tiberius says so when one side demands what the other does not have.
        Error::Protocol(why) if why.to_ascii_lowercase().contains("encrypt") => match address.tls {
            Tls::None => format!("{place} demands encryption: set tls = \"required\""),
            _ => format!(
                "{place} offers no encryption: update it, or set tls = \"none\" (password and data readable by all)"
            ),
        },
        Error::Protocol(why) => format!("{place} does not answer as SQL Server does: {why}"),
        Error::Conversion(why) => format!("{place}: {why}"),
        other => format!("{place}: {other}"),
    })
}

/// A sentence on a TLS failure; what the library advises its own callers is left out.
fn certificate(why: &str, address: &Address) -> String {
    let place = address.place();
    let why = why.split(" To connect anyway").next().unwrap_or(why);
    let short = why.trim_start_matches("the server's certificate was rejected during the TLS handshake: ");
    let low = short.to_ascii_lowercase();
    let advice = if low.contains("unknownissuer") || low.contains("unknown issuer") {
        "it is signed by nobody known here; put the authority's certificate (PEM) in a file and name it: ca_file = \"ca.pem\""
    } else if low.contains("notvalidforname") || low.contains("not valid for") {
        "it is made out to another name; write that name as host"
    } else if low.contains("expired") || low.contains("notvalidyet") || low.contains("not valid yet") {
        "its dates are over or still to come; renew it, and check the clocks"
    } else if low.contains("unsupportedcertversion")
        || low.contains("causedasendentity")
        || low.contains("caused as end")
    {
        "a certificate that the server made for itself will not do: give it one of an authority, and name the authority's: ca_file = \"ca.pem\""
    } else {
        "check the server's certificate, and ca_file"
    };
    format!("TLS with {place} fails: {}: {advice}", short.trim_end_matches(['.', ' ']))
}

/// What went wrong on a connection.
pub(super) fn fault(error: &Error) -> Fault {
    let error = match error {
        Error::Server(token) => return server(token),
        Error::Io { kind: IoErrorKind::TimedOut, .. } => SourceError::Timeout(Duration::ZERO),
        Error::Io { message, .. } => SourceError::Lost(message.clone()),
        Error::Tls(_) => SourceError::Lost("the TLS connection broke off".into()),
        Error::Protocol(why) | Error::Encoding(why) => SourceError::Lost(why.to_string()),
        other => SourceError::Lost(other.to_string()),
    };
    error.into()
}

fn server(token: &TokenError) -> Fault {
    let message = token.message();
    let code = token.code();
    let error = match code {
        // A lock was not given up in time.
        1222 => SourceError::Timeout(Duration::ZERO),
        // Shutting down, killed, the database taken away.
        596 | 6001..=6006 | 945 | 952 | 983 | 988 => SourceError::Lost(format!("{message} ({code})")),
        // The server closes the connection itself.
        _ if token.class() >= 20 => SourceError::Lost(format!("{message} ({code})")),
        3952 => SourceError::Refused(format!(
            "the database does not allow snapshots: ALTER DATABASE … SET ALLOW_SNAPSHOT_ISOLATION ON, or set \
             isolation = \"read committed\" ({code})"
        )),
        _ => {
            // 207, 208: no such column or table; 4413, 4502: a view over them that is out of date.
            let stale = matches!(code, 207 | 208 | 4413 | 4502);
            return Fault { error: SourceError::Refused(format!("{message} ({code})")), stale };
        }
    };
    error.into()
}
