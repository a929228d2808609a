//! How long the shells' own tables take: every command in its shortest spelling, and Tab behind
//! every prefix of it.
//!
//! `cargo bench -p luna-tests --bench tables`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement, not a product")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use luna_grammar::{Grammar, Outcome};

/// How often a line is read for one measurement.
const ROUNDS: u32 = 2_000;

fn main() {
    measure("lunash", &lunash::catalogue().grammar);
    measure("lunacm", &lunacm::catalogue().grammar);
}

fn measure(name: &str, grammar: &Grammar) {
    let table = grammar.abbreviations();
    let lines: Vec<String> =
        table.lines().map(|line| filled(line.split('\t').next().unwrap())).collect();
    let mut resolved: Vec<Duration> =
        lines.iter().filter_map(|line| resolving(grammar, line)).collect();
    resolved.sort();
    let (median, slowest) = (resolved[resolved.len() / 2], resolved[resolved.len() - 1]);
    println!(
        "{name}: {} commands, shortest spelling: median {median:?} (bound: 1 µs){}, slowest \
         {slowest:?}",
        resolved.len(),
        missed(median <= Duration::from_micros(1)),
    );
    let mut completed: Vec<Duration> = lines
        .iter()
        .flat_map(|line| (0..=line.len()).map(|end| completing(grammar, &line[..end])))
        .collect();
    completed.sort();
    let (median, slowest) = (completed[completed.len() / 2], completed[completed.len() - 1]);
    println!(
        "{name}: Tab behind {} prefixes: median {median:?}, slowest {slowest:?} (bound: 2 ms){}",
        completed.len(),
        missed(slowest <= Duration::from_millis(2)),
    );
}

fn missed(holds: bool) -> &'static str {
    if holds { "" } else { " MISSED" }
}

/// The line with a value where the table has a placeholder; lines it does not fit are left out.
fn filled(line: &str) -> String {
    let mut filled = String::new();
    let mut inside = false;
    for c in line.chars() {
        match c {
            '<' => {
                inside = true;
                filled.push('1');
            }
            '>' => inside = false,
            _ if inside => {}
            _ => filled.push(c),
        }
    }
    filled
}

fn resolving(grammar: &Grammar, line: &str) -> Option<Duration> {
    if !matches!(grammar.resolve(line), Outcome::Match(_)) {
        return None;
    }
    let time = Instant::now();
    for _ in 0..ROUNDS {
        black_box(grammar.resolve(black_box(line)));
    }
    Some(time.elapsed() / ROUNDS)
}

fn completing(grammar: &Grammar, line: &str) -> Duration {
    let time = Instant::now();
    black_box(grammar.complete(black_box(line), line.len()));
    time.elapsed()
}
