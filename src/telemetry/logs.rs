//! Logs: text for people at a terminal, JSON lines for machines, on standard error.

use std::{io::IsTerminal, panic, sync::Once};

use tracing_subscriber::{EnvFilter, filter::ParseError};

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Text on a terminal, JSON otherwise.
    #[default]
    Auto,
    /// Text.
    Text,
    /// One JSON object per line.
    Json,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TelemetryError {
    /// The level or `RUST_LOG` cannot be read.
    #[error(
        "the log level `{text}` cannot be read ({source}): use error, warn, info, debug or trace, or a filter like `info,comptoir=debug`"
    )]
    Level {
        /// What was given.
        text: String,
        /// What is wrong with it.
        source: ParseError,
    },
}

/// Starts logging. `level` (of `--log-level`) goes before `RUST_LOG`; without either it is `info`. A second call
/// changes nothing.
pub fn init(format: Format, level: Option<&str>) -> Result<(), TelemetryError> {
    let text = level
        .map(ToOwned::to_owned)
        .or_else(|| std::env::var("RUST_LOG").ok())
        .filter(|text| !text.trim().is_empty())
        .unwrap_or_else(|| "info".to_owned());
    let filter = EnvFilter::try_new(&text).map_err(|source| TelemetryError::Level { text, source })?;
    let terminal = std::io::stderr().is_terminal();
    let json = match format {
        Format::Auto => !terminal,
        Format::Text => false,
        Format::Json => true,
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let installed = if json {
        builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
    } else {
        builder.with_ansi(terminal && std::env::var_os("NO_COLOR").is_none()).try_init()
    };
    if installed.is_ok() {
        log_panics();
    }
    Ok(())
}

/// Panics become log lines, with their place, instead of loose text between JSON lines.
fn log_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|info| {
            let place = info.location().map(ToString::to_string);
            let message = info.payload_as_str().unwrap_or("no message");
            tracing::error!(place, "panic: {message}");
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_level_is_named() {
        let error = init(Format::Auto, Some("comptoir=loudest")).unwrap_err().to_string();
        assert!(error.contains("comptoir=loudest"), "{error}");
    }
}
