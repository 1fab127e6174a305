//! The command line: one file per command. Every command is a small function over [`backend`], which is the only
//! place that knows how a shop is opened.
//!
//! Exit codes: 0 done, 1 errors were found (in the configuration, in a question, in a database), 2 wrong usage, 3
//! cannot start or cannot write, 4 `check` found warnings and no error.

mod accounts;
mod backend;
mod check;
mod demo;
mod examples;
mod explain;
mod explain_price;
mod groups;
mod init;
mod isoshop;
mod plan;
mod schema;
mod serve;
mod site;
mod staff;
mod token;

use std::{
    fmt,
    io::{IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{
    diagnostics::{Diagnostics, Severity},
    telemetry::{self, Format},
};

/// A GraphQL gateway that merges a shop's ERP with its IsoShop source, field by field.
#[derive(Parser)]
#[command(
    name = "comptoir",
    version,
    max_term_width = 100,
    after_help = "\
Start here:
  comptoir demo                 a demo shop, made and served
  comptoir init my-shop         a commented shop folder for your own databases

Exit codes: 0 done, 1 errors found, 2 wrong usage, 3 cannot start, 4 warnings found (check)."
)]
struct Cli {
    #[command(flatten)]
    logs: Logs,
    #[command(subcommand)]
    command: Command,
}

/// Logging, on standard error.
#[derive(Args)]
struct Logs {
    /// How much is logged: error, warn, info, debug, trace, or a filter (`info,comptoir::request=debug`).
    /// Goes before the variable RUST_LOG
    #[arg(long, global = true, value_name = "LEVEL", help_heading = "Logs")]
    log_level: Option<String>,
    /// How it looks; auto is text on a terminal and JSON lines otherwise
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "auto",
        value_name = "FORMAT",
        help_heading = "Logs"
    )]
    log: LogFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    Auto,
    Text,
    Json,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Demo),
    Init(init::Init),
    Check(check::Check),
    Serve(serve::Serve),
    Explain(explain::Explain),
    ExplainPrice(explain_price::ExplainPrice),
    Plan(plan::Plan),
    Schema(schema::Schema),
    Token(token::Token),
    #[command(name = "isoshop")]
    IsoShop(isoshop::IsoShop),
    Staff(staff::Staff),
    Groups(groups::Groups),
    Grant(groups::Grant),
    Revoke(groups::Revoke),
    Site(site::SiteCommand),
}

/// Where the shop is.
#[derive(Args)]
struct ShopArg {
    /// The shop's folder, with its comptoir.toml
    #[arg(
        long = "shop",
        value_name = "DIR",
        default_value = ".",
        env = "COMPTOIR_SHOP",
        hide_env_values = true
    )]
    dir: PathBuf,
}

/// How a command ends when it does not end well.
#[derive(Debug)]
enum Failure {
    /// Errors were found and have been printed.
    Found,
    /// Warnings were found and have been printed, and no error.
    Warned,
    /// The configuration has errors: all of them are to be printed.
    Invalid(Diagnostics),
    /// Errors were found: one line.
    Wrong(String),
    /// Cannot start or cannot write: one line.
    CannotStart(String),
}

impl Failure {
    fn wrong(error: impl fmt::Display) -> Self {
        Self::Wrong(error.to_string())
    }

    fn cannot_start(error: impl fmt::Display) -> Self {
        Self::CannotStart(error.to_string())
    }
}

/// Opening a shop fails either because of what is written in it, or because something is not there.
impl From<backend::OpenError> for Failure {
    fn from(error: backend::OpenError) -> Self {
        match error {
            backend::OpenError::Invalid(diagnostics) => Self::Invalid(diagnostics),
            other => Self::CannotStart(other.to_string()),
        }
    }
}

/// Reads the arguments and runs the command.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Found) => ExitCode::from(1),
        Err(Failure::Warned) => ExitCode::from(4),
        Err(Failure::Invalid(diagnostics)) => {
            err(&report(&diagnostics));
            ExitCode::from(1)
        }
        Err(Failure::Wrong(message)) => {
            err(&format!("error: {message}\n"));
            ExitCode::from(1)
        }
        Err(Failure::CannotStart(message)) => {
            err(&format!("error: {message}\n"));
            ExitCode::from(3)
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let format = match cli.logs.log {
        LogFormat::Auto => Format::Auto,
        LogFormat::Text => Format::Text,
        LogFormat::Json => Format::Json,
    };
    // Commands that answer a question do not chat.
    let quiet = !matches!(cli.command, Command::Serve(_) | Command::Demo(_))
        && std::env::var_os("RUST_LOG").is_none();
    let level = cli.logs.log_level.as_deref().or(quiet.then_some("warn"));
    telemetry::init(format, level).map_err(Failure::cannot_start)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::CannotStart(format!("the system gives no threads: {error}")))?;
    let done = runtime.block_on(async {
        match cli.command {
            Command::Demo(command) => command.run().await,
            Command::Init(command) => command.run(),
            Command::Check(command) => command.run().await,
            Command::Serve(command) => command.run().await,
            Command::Explain(command) => command.run().await,
            Command::ExplainPrice(command) => command.run().await,
            Command::Plan(command) => command.run().await,
            Command::Schema(command) => command.run(),
            Command::Token(command) => command.run().await,
            Command::IsoShop(command) => command.run().await,
            Command::Staff(command) => command.run().await,
            Command::Groups(command) => command.run().await,
            Command::Grant(command) => command.run().await,
            Command::Revoke(command) => command.run().await,
            Command::Site(command) => command.run().await,
        }
    });
    // Nothing that still runs in a thread may hold up the end.
    runtime.shutdown_background();
    done
}

/// Writes to standard output. A reader that has gone (`| head`) is no error.
fn out(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Writes to standard error.
fn err(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn stderr_is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// All findings and their number.
fn report(diagnostics: &Diagnostics) -> String {
    let mut text = String::new();
    for item in &diagnostics.items {
        text.push_str(&item.to_string());
        text.push_str("\n\n");
    }
    text.push_str(&summary(diagnostics));
    text.push('\n');
    text
}

/// `N errors, M warnings`.
fn summary(diagnostics: &Diagnostics) -> String {
    let count = |severity| diagnostics.items.iter().filter(|item| item.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    format!("{}, {}", plural(errors, "error"), plural(warnings, "warning"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::diagnostics::Place;

    #[test]
    fn the_command_line_is_consistent_and_every_command_has_examples() {
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            let help = sub.clone().render_long_help().to_string();
            assert!(help.contains("Examples:"), "{help}");
        }
    }

    #[test]
    fn findings_are_counted() {
        let mut diagnostics = Diagnostics::default();
        assert_eq!(summary(&diagnostics), "0 errors, 0 warnings");
        diagnostics.error("X", Place::new("a.toml", 2, 3), "Wrong.", "Mend it.");
        diagnostics.warn("Y", Place::default(), "Odd.", "");
        diagnostics.warn("Y", Place::default(), "Odd.", "");
        let text = report(&diagnostics);
        assert!(text.contains("error[X]: Wrong.\n  --> a.toml:2:3\n  help: Mend it."), "{text}");
        assert!(text.ends_with("1 error, 2 warnings\n"), "{text}");
    }
}
