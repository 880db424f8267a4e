//! Runs the bodies of the fuzz targets on their committed corpora and on mutations of them: a few at every
//! `cargo test`, or for as long as `FOLDNET_FUZZ_SECONDS` says.

use foldnet_tests::files::{TARGETS, clean, corpus};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::time::{Duration, Instant};

/// Default number of mutations per target.
const MUTATIONS: usize = 300;

/// Makes one to four changes: bits, bytes, numbers at limits, ranges that are removed or duplicated.
fn mutate(bytes: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    for _ in 0..=random.next_u32() % 4 {
        let below = |random: &mut ChaCha8Rng, end: usize| random.next_u64() as usize % end.max(1);
        let at = below(random, bytes.len());
        let end = (at + 1 + below(random, 16)).min(bytes.len());
        match random.next_u32() % 7 {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << below(random, 8),
            1 if !bytes.is_empty() => bytes[at] = random.next_u32() as u8,
            2 if !bytes.is_empty() => bytes[at..end].fill([0, 0x7f, 0x80, 0xff][below(random, 4)]),
            3 => bytes.truncate(at),
            4 => drop(bytes.drain(at..end)),
            5 => {
                let twice = bytes[at..end].to_vec();
                bytes.splice(at..at, twice);
            }
            _ => {
                let words: [&[u8]; 6] = [b"1e999", b"-1", b"18446744073709551616", b"\x1b[2J\n", b"null", b"{\"a\":["];
                bytes.splice(at..at, words[below(random, words.len())].iter().copied());
            }
        }
    }
}

/// Runs a target; returns the number of inputs tried.
fn run(name: &str, body: fn(&[u8]), time: Option<Duration>) -> usize {
    let seeds = corpus(name);
    assert!(!seeds.is_empty(), "{name}: no corpus");
    seeds.iter().for_each(|bytes| body(bytes));
    let (start, mut random, mut count) = (Instant::now(), ChaCha8Rng::seed_from_u64(13), 0);
    while time.map_or(count < MUTATIONS, |time| start.elapsed() < time) {
        let mut bytes = seeds[random.next_u64() as usize % seeds.len()].clone();
        mutate(&mut bytes, &mut random);
        body(&bytes);
        count += 1;
    }
    clean();
    count + seeds.len()
}

#[test]
fn hostile_files_are_read_or_refused() {
    let seconds = std::env::var("FOLDNET_FUZZ_SECONDS").ok();
    let time = seconds.map(|seconds| Duration::from_secs(seconds.parse().expect("FOLDNET_FUZZ_SECONDS: a number")));
    let wanted = std::env::var("FOLDNET_FUZZ_TARGETS").ok();
    let is_wanted = |name: &str| wanted.as_deref().is_none_or(|list| list.split(',').any(|wanted| wanted == name));
    for (name, body) in TARGETS.into_iter().filter(|(name, _)| is_wanted(name)) {
        println!("{name}: {} inputs", run(name, body, time));
    }
}
