//! What was measured, as a table.

use std::time::Duration;

use super::process::Memory;

/// One measurement of one server.
pub struct Sample {
    pub took: Vec<Duration>,
    pub time: Duration,
    pub processor: Duration,
}

/// All of one operation: pairs of the gateway and the hand-written server.
pub struct Measured {
    letter: char,
    title: &'static str,
    pub pairs: Vec<(Sample, Sample)>,
}

impl Measured {
    pub fn new(letter: char, title: &'static str) -> Self {
        Self { letter, title, pairs: Vec::new() }
    }
}

struct Row {
    rate: f64,
    p50: f64,
    p99: f64,
    processor: f64,
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[allow(clippy::cast_precision_loss)] // counts of requests
fn row<'a>(samples: impl Iterator<Item = &'a Sample>) -> Row {
    let mut took = Vec::new();
    let (mut time, mut processor) = (Duration::ZERO, Duration::ZERO);
    for sample in samples {
        took.extend(&sample.took);
        time += sample.time;
        processor += sample.processor;
    }
    took.sort_unstable();
    let quantile = |per_cent: usize| took.get(took.len() * per_cent / 100).copied().unwrap_or_default();
    let count = took.len().max(1) as f64;
    Row {
        rate: count / time.as_secs_f64(),
        p50: micros(quantile(50)),
        p99: micros(quantile(99)),
        processor: micros(processor) / count,
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[allow(clippy::cast_precision_loss)] // kilobytes
fn megabytes(kilobytes: u64) -> f64 {
    kilobytes as f64 / 1024.0
}

fn judged(met: bool) -> &'static str {
    if met { "met" } else { "missed" }
}

/// Prints two gateways against each other; `aim`: the processor's time that the first may take of the second's.
pub fn print_pair(first: &str, second: &str, pairs: &[(Sample, Sample)], aim: Option<f64>) {
    println!("{:<4}{:<14}{:>11}{:>9}{:>9}{:>14}", "", "", "requests/s", "p50", "p99", "CPU/request");
    let (a, b) = (row(pairs.iter().map(|p| &p.0)), row(pairs.iter().map(|p| &p.1)));
    for (name, r) in [(first, &a), (second, &b)] {
        println!("{:<4}{name:<14}{:>11.0}{:>9.0}{:>9.0}{:>14.0}", "", r.rate, r.p50, r.p99, r.processor);
    }
    let ratio = |value: fn(&Row) -> f64| {
        let one = |s| row(std::iter::once(s));
        median(pairs.iter().map(|(a, b)| value(&one(a)) / value(&one(b))).collect())
    };
    let (rate, processor) = (ratio(|r| r.rate), ratio(|r| r.processor));
    println!(
        "{:<4}{:<14}{rate:>11.2}{:>9.2}{:>9.2}{processor:>14.2}",
        "",
        "ratio",
        ratio(|r| r.p50),
        ratio(|r| r.p99)
    );
    if let Some(aim) = aim {
        println!("    aim: at most {aim:.1} of the time: {}", judged(ratio(|r| r.p50) <= aim));
    }
    println!();
}

/// Prints it.
pub fn print(results: &[Measured], connections: usize, gateway: Memory, handwritten: Memory) {
    println!();
    println!("{connections} connections, each asking again when answered; times in µs");
    println!();
    println!("{:<4}{:<14}{:>11}{:>9}{:>9}{:>14}", "", "", "requests/s", "p50", "p99", "CPU/request");
    for m in results {
        let (theirs, ours) = (row(m.pairs.iter().map(|p| &p.0)), row(m.pairs.iter().map(|p| &p.1)));
        println!("({}) {}", m.letter, m.title);
        for (name, r) in [("gateway", &theirs), ("hand-written", &ours)] {
            println!("{:<4}{name:<14}{:>11.0}{:>9.0}{:>9.0}{:>14.0}", "", r.rate, r.p50, r.p99, r.processor);
        }
        // Pair by pair, so that what else the machine does meets both sides.
        let paired = |value: fn(&Row) -> f64, how: fn(f64, f64) -> f64| {
            let pairs = m
                .pairs
                .iter()
                .map(|(a, b)| how(value(&row(std::iter::once(a))), value(&row(std::iter::once(b)))));
            median(pairs.collect())
        };
        let ratio = |value| paired(value, |a, b| a / b);
        let rate = ratio(|r: &Row| r.rate);
        let more = paired(|r| r.processor, |a, b| a - b);
        println!(
            "{:<4}{:<14}{rate:>11.2}{:>9.2}{:>9.2}{:>14.2}",
            "",
            "ratio",
            ratio(|r| r.p50),
            ratio(|r| r.p99),
            ratio(|r| r.processor)
        );
        println!("    aim: at least 0.80 of its requests/s: {}", judged(rate >= 0.8));
        if m.letter == 'a' {
            println!("    aim: at most 30 µs more CPU: {more:+.0} µs, {}", judged(more <= 30.0));
        }
        println!();
    }
    for (name, memory) in [("gateway", gateway), ("hand-written", handwritten)] {
        println!(
            "memory of the {name}: {:.0} MB resident, {:.0} MB at its peak",
            megabytes(memory.now),
            megabytes(memory.peak)
        );
    }
    println!("    aim: the gateway under 60 MB: {}", judged(megabytes(gateway.peak) < 60.0));
}
