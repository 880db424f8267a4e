//! Speed as noise-resistant ratios: training steps versus their matrix products, SIMD versus scalar, two threads versus
//! one next to a busy core. All sides of a ratio run in turn in one process; judged by medians or undisturbed samples;
//! near the floor, by the best of up to three measurements, because a real slowdown shows in all of them.
//!
//! `cargo test --release -p foldnet-tests --test speed`; without `--release`, where sums are checked for overflow, these
//! tests are left out.

use foldnet::compute::{Fast, Isa};
use foldnet::network::architecture::NormPlacement;
use foldnet_core::Network;
use foldnet_tests::speed::busy::Busy;
use foldnet_tests::speed::products::Products;
use foldnet_tests::speed::steps::{Data, Steps};
use foldnet_tests::speed::{CLASSES, SHAPE, in_turn, lowest_tenth, ratio, reached};
use std::sync::Mutex;

const BATCH: usize = 32;
/// How often a measurement may be repeated until it reaches its floor.
const ATTEMPTS: usize = 3;

/// One measurement at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Training with `norm` reaches at least the fraction `floor` of the speed of its matrix products alone.
fn check_share(norm: NormPlacement, floor: f64) {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (layers, data, fast) = (norm.layers(&[300, 100], CLASSES as u32), Data::random(), Fast::new(1));
    let (mut products, mut steps) =
        (Products::new(Network::of(&layers, SHAPE), BATCH), Steps::new(&data, layers, BATCH));
    let share = reached(ATTEMPTS, floor, || {
        let [products, steps] = in_turn(501, [&mut || products.time(&fast, 3), &mut || steps.time(&fast, 3)]);
        // The fastest tenth, presumably undisturbed: other processes on the core spoil whole rounds.
        lowest_tenth(products) / lowest_tenth(steps)
    });
    println!("{norm}: {share:.3} of the speed of its products; at least {floor}");
    assert!(share >= floor, "{norm}: {share:.3} of the speed of its products instead of {floor}");
}

#[test]
#[cfg_attr(debug_assertions, ignore = "speed is judged as users build it: cargo test --release")]
fn a_step_of_before_runs_at_the_speed_of_its_products() {
    check_share(NormPlacement::Before, 0.75);
}

/// The fraction that `after` reaches depends on the processor: with the same build .80 on an EPYC with AVX-512 (Zen 4),
/// .745 on one without (Zen 2), .70 on a Xeon.
fn floor_of_after() -> f64 {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    match (text.contains("GenuineIntel"), text.contains("avx512f")) {
        (true, _) => 0.67,
        (false, true) => 0.75,
        (false, false) => 0.71,
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "speed is judged as users build it: cargo test --release")]
fn a_step_of_after_runs_at_the_speed_of_its_products() {
    check_share(NormPlacement::After, floor_of_after());
}

#[test]
#[cfg_attr(debug_assertions, ignore = "speed is judged as users build it: cargo test --release")]
fn vectors_are_chosen_and_pay() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (fast, plain) = (Fast::new(1), Fast::with_isa(1, Isa::Baseline).expect("everywhere"));
    if fast.isa() == Isa::Baseline {
        println!("skipped: {} is all this processor has", fast.description());
        return;
    }
    let layers = NormPlacement::After.layers(&[300, 100], CLASSES as u32);
    let (mut a, mut b) =
        (Products::new(Network::of(&layers, SHAPE), BATCH), Products::new(Network::of(&layers, SHAPE), BATCH));
    let [fast_seconds, plain_seconds] = in_turn(301, [&mut || a.time(&fast, 2), &mut || b.time(&plain, 2)]);
    let factor = lowest_tenth(plain_seconds) / lowest_tenth(fast_seconds);
    println!("{}: {factor:.2} times the speed of {}", fast.description(), plain.description());
    assert!(factor >= 2.0, "only {factor:.2} times as fast as {}", plain.description());
}

#[test]
#[cfg_attr(debug_assertions, ignore = "speed is judged as users build it: cargo test --release")]
fn a_busy_core_does_not_make_two_threads_slower_than_one() {
    const FLOOR: f64 = 0.8;
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let data = Data::random();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let _busy = Busy::cores(cores.div_ceil(2)).expect("a shell");
    for norm in [NormPlacement::After, NormPlacement::Before] {
        let layers = norm.layers(&[300, 100], CLASSES as u32);
        let (one, two) = (Fast::new(1), Fast::new(2));
        let (mut a, mut b) = (Steps::new(&data, layers.clone(), BATCH), Steps::new(&data, layers, BATCH));
        let factor = reached(ATTEMPTS, FLOOR, || {
            let [one, two] = in_turn(15, [&mut || a.time(&one, 100), &mut || b.time(&two, 100)]);
            ratio(&one, &two)
        });
        println!("{norm}: two threads beside a busy core {factor:.2} times as fast as one");
        assert!(factor >= FLOOR, "{norm}: two threads are {factor:.2} times as fast as one beside a busy core");
    }
}
