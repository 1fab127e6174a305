//! `comptoir demo`: a shop to play with, made and served.

use std::{fmt::Write as _, path::PathBuf, time::Duration};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    Failure, accounts, err, examples, out,
    serve::{self, Listen},
    staff, stderr_is_terminal,
};
use crate::{
    auth::{
        accounts::MemberChange,
        grants,
        issue::{Issue, NewToken},
        rights::Right,
        viewer::ViewerKind,
    },
    demo::{self, DemoOptions, Progress},
    http::Example,
    shop::Shop,
    site,
};

/// How many examples are printed.
const PRINTED: usize = 3;

/// Make a demo shop and serve it
///
/// A French home shop of our own invention: an ERP shaped like Sage 100 and an IsoShop base that completes and
/// overrides it, both in SQLite files. The same number of articles and seed give the same data; a folder that holds
/// this very shop already is used as it is. Prints where it is served, a token of each kind and queries to try; the
/// examples of GraphiQL that need staff carry the staff token.
#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir demo
  comptoir demo --articles 100000 --port 9000
  comptoir demo --articles 1000000 --overlay 1 --no-serve
  comptoir demo --dir other-shop --seed 7 --no-serve && comptoir explain article COC1001 --shop other-shop")]
pub(super) struct Demo {
    /// The folder to make it in
    #[arg(long, value_name = "DIR", default_value = "./demo-shop")]
    dir: PathBuf,
    /// How many articles, with variants on top; up to 1000000
    #[arg(long, value_name = "N", default_value_t = DemoOptions::default().articles)]
    articles: u32,
    /// Another seed makes another shop
    #[arg(long, default_value_t = DemoOptions::default().seed)]
    seed: u64,
    /// On how many articles in a hundred IsoShop has a say, its own weight and warranty included; about a quarter,
    /// each field now and then, when left out
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    overlay: Option<u8>,
    /// The port to serve it on, instead of the shop's 8080; 0 takes a free one
    #[arg(long)]
    port: Option<u16>,
    /// Make the shop and stop there
    #[arg(long)]
    no_serve: bool,
}

impl Demo {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let bar = bar();
        let mut on_progress = |progress: Progress| {
            bar.set_length(progress.total);
            bar.set_position(progress.done);
            if bar.message() != progress.step {
                bar.set_message(progress.step);
            }
        };
        let options = DemoOptions { articles: self.articles, seed: self.seed, overlay: self.overlay };
        let made = demo::create(&self.dir, &options, &mut on_progress).await;
        bar.finish_and_clear();
        let report = made.map_err(Failure::cannot_start)?;
        let verb = if report.reused { "is there already" } else { "made" };
        err(&format!(
            "Demo shop {verb} in {}: {} articles, {} references\n",
            self.dir.display(),
            report.articles,
            report.references
        ));
        if self.no_serve {
            err(&format!("Serve it: comptoir serve --shop {}\n", self.dir.display()));
            return Ok(());
        }
        let shop = serve::open(&self.dir)?;
        let bound = serve::bind(&shop, Listen { port: self.port, bind: None }).await?;
        let mut examples = examples::read(&self.dir);
        let tokens = tokens(shop.issuer().as_ref()).map_err(Failure::CannotStart)?;
        let password = staff(&shop).await?;
        // Whoever reads the examples has the token: nobody but this machine may.
        if bound.address.ip().is_loopback() {
            examples::authorize(&mut examples, &tokens.staff);
            examples::log_in(&mut examples, LOGIN, &password);
        }
        let graphiql = shop.config().http.graphiql;
        out(&welcome(&bound.base(), graphiql, &tokens, &password, &examples));
        serve::run(&shop, bound, examples).await
    }
}

/// A bar on a terminal; nothing in a log.
fn bar() -> ProgressBar {
    let target = if stderr_is_terminal() {
        ProgressDrawTarget::stderr_with_hz(10)
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(None, target);
    let style =
        ProgressStyle::with_template("{msg:24} [{bar:40}] {human_pos}/{human_len} articles {elapsed}");
    if let Ok(style) = style {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// A token of each kind.
struct Tokens {
    staff: String,
    customer: String,
    integration: String,
}

/// The staff account.
const LOGIN: &str = "demo";

/// Makes the group that may everything and a member of it with a new password; gives the password.
async fn staff(shop: &Shop) -> Result<String, Failure> {
    let password = site::generate_password().map_err(Failure::CannotStart)?;
    shop.site().prepare().await.map_err(accounts::site_failure)?;
    shop.staff().save_group_as_system(staff::admins()).await.map_err(accounts::failure)?;
    let change = MemberChange {
        login: LOGIN.to_owned(),
        name: Some("Demo".to_owned()),
        password: Some(password.clone()),
        active: Some(true),
        groups: Some(vec![grants::ADMIN.to_owned()]),
    };
    shop.staff().save_member_as_system(change).await.map_err(accounts::failure)?;
    Ok(password)
}

/// How long they are good.
const GOOD: Duration = Duration::from_hours(24);

/// A token of each kind: staff of the group that may everything, a customer with prices of their own, and a program
/// that reads and sees where values come from.
fn tokens(issuer: &dyn Issue) -> Result<Tokens, String> {
    let issue = |kind, subject: &str, change: &dyn Fn(&mut NewToken)| {
        let mut token = NewToken {
            kind,
            subject: subject.to_owned(),
            session: None,
            customer: None,
            contact: None,
            scopes: Vec::new(),
            groups: Vec::new(),
            lifetime: GOOD,
        };
        change(&mut token);
        issuer.issue(&token).map(|(text, _)| text)
    };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    Ok(Tokens {
        staff: issue(ViewerKind::Staff, "demo-staff", &|token| token.groups = words(&[grants::ADMIN]))?,
        customer: issue(ViewerKind::Customer, "demo-customer", &|token| {
            token.customer = Some(demo::CUSTOMER.to_owned());
        })?,
        integration: issue(ViewerKind::Integration, "demo-integration", &|token| {
            token.scopes = words(&[Right::Read.word(), Right::Provenance.word()]);
        })?,
    })
}

/// What one needs to start: addresses, tokens, a line to paste, queries to try.
fn welcome(base: &str, graphiql: bool, tokens: &Tokens, password: &str, examples: &[Example]) -> String {
    let mut text = format!("\nGraphQL   {base}/graphql\n");
    if graphiql {
        let _ = writeln!(text, "GraphiQL  {base}/graphiql");
    }
    let _ = write!(
        text,
        "\nTokens, good for a day, to be sent as `Authorization: Bearer TOKEN`:\n\n\
         staff\n{}\n\ncustomer {}\n{}\n\nintegration (read, provenance)\n{}\n",
        tokens.staff,
        demo::CUSTOMER,
        tokens.customer,
        tokens.integration
    );
    let _ = write!(text, "\nStaff login (mutation `login`): {LOGIN}, password {password}\n");
    if let Some(first) = examples.first() {
        let _ = write!(
            text,
            "\nPaste this into another terminal:\n\n{}\n",
            examples::curl(&format!("{base}/graphql"), first)
        );
        text.push_str("\nOr try these (they are GraphiQL's tabs too):\n");
    }
    for example in examples.iter().take(PRINTED) {
        let _ = write!(text, "\n── {} ──\n{}\n", example.title, example.query.trim());
    }
    text.push_str("\nCtrl-C stops it.\n\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::tokens::{keys::OwnKey, own::Signer, settings::AuthConfig};

    #[test]
    fn the_welcome_has_all_one_needs() {
        let example =
            |title: &str| Example { title: title.into(), query: "{ a }\n".into(), ..Example::default() };
        let examples = [example("One"), example("Two"), example("Three"), example("Four")];
        let key = OwnKey::read(&OwnKey::generate().unwrap()).unwrap();
        let config = AuthConfig { issuer: "demo".into(), keys: key, ..AuthConfig::default() };
        let tokens = tokens(&Signer::new(&config)).unwrap();
        let text = welcome("http://127.0.0.1:1", true, &tokens, "Pa55", &examples);
        for part in [
            "/graphql\n",
            "/graphiql\n",
            "curl -s http://127.0.0.1:1/graphql",
            "── Three ──\n{ a }\n",
            &tokens.staff,
            "demo, password Pa55\n",
            &tokens.customer,
            &tokens.integration,
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("Four"));
    }
}
