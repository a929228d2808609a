//! The ratio of our time to that of clap on the same line, with its bounds:
//! `cargo bench -p luna-grammar --bench ratios`.

#![allow(clippy::print_stdout, reason = "a measurement, not a product")]

mod commands;
mod rival;

use std::hint::black_box;
use std::time::{Duration, Instant};

use luna_grammar::Outcome;
use rival::{CLAP, OURS, clap_tree};

/// Fully abbreviated, with options.
const ABBREVIATED: &str = "c reg -c app -h app-cert";
/// Number of measurements, for the median.
const SAMPLES: usize = 101;

fn main() {
    let grammar = commands::grammar();
    let resolve = |line: &str| matches!(grammar.resolve(black_box(line)), Outcome::Match(_));
    let declarations = commands::declarations();
    let mut clap = clap_tree(&declarations);
    // Both understand it: otherwise errors would be compared.
    assert!(resolve(ABBREVIATED) && resolve(OURS));
    assert!(clap.try_get_matches_from_mut(CLAP).is_ok());

    let abbreviated = median(2_000, || resolve(ABBREVIATED));
    println!(
        "{ABBREVIATED}: median {abbreviated:?} (bound: 1 µs){}",
        missed(abbreviated <= Duration::from_micros(1))
    );
    let ours = median(2_000, || resolve(OURS));
    let reused = median(200, || clap.try_get_matches_from_mut(black_box(CLAP)).is_ok());
    let rebuilt =
        median(5, || clap_tree(&declarations).try_get_matches_from(black_box(CLAP)).is_ok());
    println!("{OURS}: median {ours:?}");
    for (how, theirs, bound) in
        [("one tree reused", reused, 3.0), ("a tree built for each line", rebuilt, 100.0)]
    {
        let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
        println!(
            "clap, {how}: median {theirs:?}, {ratio:.1} times ours (bound: {bound} times){}",
            missed(ratio >= bound)
        );
    }
    let tabs = (0..=ABBREVIATED.len()).map(|end| {
        median(200, || !grammar.complete(black_box(&ABBREVIATED[..end]), end).candidates.is_empty())
    });
    let slowest = tabs.max().unwrap_or_default();
    println!(
        "Tab behind any prefix of it: median {slowest:?} at the slowest (bound: 2 ms){}",
        missed(slowest <= Duration::from_millis(2))
    );
}

/// The median time of one of `rounds` calls.
fn median(rounds: u32, mut call: impl FnMut() -> bool) -> Duration {
    let mut times: Vec<Duration> = (0..SAMPLES)
        .map(|_| {
            let time = Instant::now();
            for _ in 0..rounds {
                black_box(call());
            }
            time.elapsed() / rounds
        })
        .collect();
    times.sort();
    times[SAMPLES / 2]
}

fn missed(holds: bool) -> &'static str {
    if holds { "" } else { " MISSED" }
}
