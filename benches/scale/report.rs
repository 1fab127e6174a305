//! What was measured, as tables.

use std::time::Duration;

use super::cases::{Aim, Case};

/// What became of a case at a size.
pub enum Outcome {
    Measured(Figures),
    /// The gateway's error.
    Refused(String),
    /// The two sides answer differently: no figures.
    Differ(String),
}

/// What was measured of one case at one size.
pub struct Figures {
    pub statements: usize,
    /// Read from the sources, for one request.
    pub rows: usize,
    /// Returned to the client.
    pub returned: usize,
    /// Resident at the peak of one request, in megabytes.
    pub memory: f64,
    pub ours: Vec<Duration>,
    pub theirs: Vec<Duration>,
}

/// One case at one size.
pub struct Result {
    pub case: usize,
    pub size: u32,
    pub told: Outcome,
}

fn quantile(took: &[Duration], per_cent: usize) -> f64 {
    let mut took = took.to_vec();
    took.sort_unstable();
    let at = (took.len() * per_cent / 100).min(took.len().saturating_sub(1));
    took.get(at).copied().unwrap_or_default().as_secs_f64() * 1e3
}

#[allow(clippy::cast_precision_loss, reason = "counts of rows")]
fn per(rows: usize, returned: usize) -> f64 {
    rows as f64 / returned.max(1) as f64
}

impl Figures {
    fn p50(&self) -> f64 {
        quantile(&self.ours, 50)
    }

    fn ratio(&self) -> f64 {
        self.p50() / quantile(&self.theirs, 50)
    }
}

fn judged(met: bool) -> &'static str {
    if met { "met" } else { "missed" }
}

/// `1000000` is `1,000,000`.
fn grouped(n: u32) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|g| str::from_utf8(g).ok()).collect();
    groups.join(",")
}

/// The head of a size's table.
pub fn size(articles: u32) {
    println!();
    println!("{} articles; ms; {} of a page", grouped(articles), super::PAGE);
    println!(
        "{:<32}{:>9}{:>9}{:>7}{:>7}{:>10}{:>8}{:>11}{:>9}{:>8}",
        "", "p50", "p99", "stmts", "rows", "rows/row", "MB", "engine p50", "p99", "ratio"
    );
}

/// One line of it.
pub fn line(case: &Case, result: &Result) {
    let name = case.name();
    match &result.told {
        Outcome::Refused(code) => println!("{name:<32}{code}"),
        Outcome::Differ(how) => println!("{name:<32}NO FIGURES, the answers differ: {how}"),
        Outcome::Measured(f) => {
            let spared =
                if case.counts() { String::new() } else { format!("{:.1}", per(f.rows, f.returned)) };
            print!("{name:<32}");
            if f.ours.is_empty() {
                println!("{:>18}{:>7}{:>7}{spared:>10}{:>8.0}", "equal", f.statements, f.rows, f.memory);
                return;
            }
            println!(
                "{:>9.2}{:>9.2}{:>7}{:>7}{spared:>10}{:>8.0}{:>11.2}{:>9.2}{:>8.2}",
                f.p50(),
                quantile(&f.ours, 99),
                f.statements,
                f.rows,
                f.memory,
                quantile(&f.theirs, 50),
                quantile(&f.theirs, 99),
                f.ratio()
            );
        }
    }
}

/// Growth and aims.
pub fn summary(cases: &[Case], results: &[Result]) {
    println!();
    println!("growth from 10,000 to 1,000,000 articles, and the aims at the largest size measured");
    println!(
        "{:<32}{:>10}  {:<22}{:<26}ratio: at most 2.00",
        "", "growth", "flat: at most 2.00", "rows/row: at most 3.0"
    );
    for (n, case) in cases.iter().enumerate() {
        let at = |size: Option<u32>| {
            let found = results.iter().filter(|r| r.case == n && size.is_none_or(|s| s == r.size));
            found.max_by_key(|r| r.size).map(|r| &r.told)
        };
        let name = case.name();
        let largest = match at(None) {
            Some(Outcome::Measured(figures)) => figures,
            Some(Outcome::Refused(code)) => {
                println!("{name:<32}{code}");
                continue;
            }
            Some(Outcome::Differ(_)) => {
                println!("{name:<32}the answers differ");
                continue;
            }
            None => continue,
        };
        let timed = !largest.ours.is_empty();
        let growth = match (at(Some(10_000)), at(Some(1_000_000))) {
            (Some(Outcome::Measured(small)), Some(Outcome::Measured(large))) if timed => {
                Some(large.p50() / small.p50())
            }
            _ => None,
        };
        let told = growth.map_or_else(|| "-".to_owned(), |g| format!("{g:.2}"));
        let flat = growth.filter(|_| case.aim == Aim::Flat).map_or("", |g| judged(g <= 2.0));
        let rows = per(largest.rows, largest.returned);
        let spared =
            if case.spares_rows() { format!("{rows:.1} {}", judged(rows <= 3.0)) } else { String::new() };
        let ratio = if timed {
            format!("{:.2} {}", largest.ratio(), judged(largest.ratio() <= 2.0))
        } else {
            String::new()
        };
        println!("{name:<32}{told:>10}  {flat:<22}{spared:<26}{ratio}");
    }
}
