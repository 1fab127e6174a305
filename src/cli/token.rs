//! `comptoir token`: a token of the shop's own, for development and for programs of the shop.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{Failure, ShopArg, backend, err, out};
use crate::{
    auth::{issue::NewToken, rights::Right, viewer::ViewerKind},
    shop::Shop,
};

/// Issue a token signed with the shop's own key
///
/// Prints the token alone, so that it can be put into a variable; how long it is good is told on standard error. It is
/// signed with auth.key of the shop's folder, and told by the audit log, with the id by which `comptoir revoke` takes it back. A token cannot be taken back one by one here: keep lifetimes short.
#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir token --kind staff --subject ada --group admin --minutes 60
  comptoir token --kind customer --subject 4711 --customer CBRUN
  TOKEN=$(comptoir token --kind integration --subject pim --scope read --scope provenance --days 7)
  curl -H \"authorization: Bearer $TOKEN\" ...
  comptoir token --jwks                 the public key, by which others verify these tokens")]
pub(super) struct Token {
    #[command(flatten)]
    shop: ShopArg,
    /// Who it is for: staff, a customer, or another program
    #[arg(long, value_enum, required_unless_present = "jwks")]
    kind: Option<Kind>,
    /// Whose it is: a login, an account, a program's name
    #[arg(long, value_name = "NAME", required_unless_present = "jwks")]
    subject: Option<String>,
    /// The ERP's code of the customer it is for, or acts for
    #[arg(long, value_name = "CODE", required_if_eq("kind", "customer"))]
    customer: Option<String>,
    /// The contact of that customer
    #[arg(long, value_name = "CODE", requires = "customer")]
    contact: Option<String>,
    /// What an integration may: read, hidden, provenance, plan, sources…; may be repeated
    #[arg(long = "scope", value_name = "RIGHT")]
    scopes: Vec<String>,
    /// A staff group it belongs to; may be repeated
    #[arg(long = "group", value_name = "NAME")]
    groups: Vec<String>,
    /// How many days it is good; one when left out
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=366), conflicts_with = "minutes")]
    days: Option<u64>,
    /// How many minutes it is good
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=527_040))]
    minutes: Option<u64>,
    /// Print the public key instead, as a JWKS
    #[arg(
        long,
        conflicts_with_all = ["kind", "subject", "customer", "contact", "scopes", "groups", "days", "minutes"]
    )]
    jwks: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Staff,
    Customer,
    Integration,
}

impl Token {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let shop = backend::open(&self.shop.dir)?;
        if self.jwks {
            if shop.config().auth.keys.is_empty() {
                let dir = self.shop.dir.display();
                return Err(Failure::CannotStart(format!(
                    "the shop has no key of its own: `comptoir init {dir}` makes one"
                )));
            }
            out(&format!("{:#}\n", shop.authenticator().tokens().public_set()));
            return Ok(());
        }
        let kind = match self.kind {
            Some(Kind::Customer) => ViewerKind::Customer,
            Some(Kind::Integration) => ViewerKind::Integration,
            _ => ViewerKind::Staff,
        };
        for scope in self.scopes.iter().filter(|scope| Right::named(scope).is_none()) {
            err(&format!("note: `{scope}` is no right of this version; it is in the token all the same\n"));
        }
        let minutes = self.minutes.unwrap_or(self.days.unwrap_or(1) * 24 * 60);
        let token = NewToken {
            kind,
            subject: self.subject.unwrap_or_default(),
            session: None,
            customer: self.customer,
            contact: self.contact,
            scopes: self.scopes,
            groups: self.groups,
            lifetime: Duration::from_secs(minutes * 60),
        };
        if token.subject.trim().is_empty() {
            return Err(Failure::wrong("--subject is blank: name who the token is for"));
        }
        let (signed, ends) = shop.issuer().issue(&token).map_err(Failure::CannotStart)?;
        note(&shop, &signed).await;
        err(&format!(
            "good for {}, until {}; whoever has it is {} `{}`\n",
            span(minutes),
            ends.format("%Y-%m-%d %H:%M UTC"),
            kind.word(),
            token.subject
        ));
        out(&format!("{signed}\n"));
        Ok(())
    }
}

/// Writes the token into the audit log. Where that cannot be it is good all the same, for it needs no database.
async fn note(shop: &Shop, signed: &str) {
    let said = async {
        shop.site().prepare().await.map_err(|error| error.to_string())?;
        let viewer = shop.authenticator().tokens().verify(signed).await.map_err(|error| error.to_string())?;
        shop.staff().token_issued(viewer).await.map_err(|error| error.to_string())
    };
    if let Err(reason) = said.await {
        err(&format!("note: it is not in the audit log: {reason}\n"));
    }
    shop.close().await;
}

/// Minutes in words.
fn span(minutes: u64) -> String {
    let (n, word) = match minutes {
        days if days % (24 * 60) == 0 => (days / (24 * 60), "day"),
        hours if hours % 60 == 0 => (hours / 60, "hour"),
        minutes => (minutes, "minute"),
    };
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_in_the_largest_unit_that_fits() {
        let said: Vec<String> = [1, 60, 90, 120, 1_440, 10_080].into_iter().map(span).collect();
        assert_eq!(said, ["1 minute", "1 hour", "90 minutes", "2 hours", "1 day", "7 days"]);
    }
}
