//! Model files that no exporter writes, with correct checksums, at the very end of a board's flash. A board must do the
//! same as the PC, and even if sums exceed all bounds it must end normally. After the flash of the Cortex-M boards there
//! is no memory, so that reading past the end faults.

use crate::errors::crc32;
use crate::{KINDS, firmware, models};
use foldnet_core::Model;
use foldnet_core::model::LayerHeader;
use foldnet_core::quantized::BitWidth;
use foldnet_sim::board::by_name;
use foldnet_sim::emulate::{Request, run};
use foldnet_sim::exit::Exit;
use foldnet_sim::job::Job;
use foldnet_sim::simulate::simulate_each;
use foldnet_sim::{AlignedBytes, EmulateError};
use std::ops::Range;
use std::time::Duration;

/// Offsets of the rows, order and weights of each integer layer.
fn sections(model: &[u8]) -> Vec<[Range<usize>; 3]> {
    let bytes = AlignedBytes::from_slice(model);
    let layers = Model::parse(&bytes).unwrap().header().layers.clone();
    // The third section is the layers; its list comes first, 12 bytes each; byte 7 says that there is no order.
    let list = u32::from_le_bytes(model[44..48].try_into().unwrap()) as usize;
    let mut at = (list + 12 * layers.len()).next_multiple_of(16);
    let mut cut = |len: usize| {
        let section = at..at + len;
        at = section.end.next_multiple_of(16);
        section
    };
    let of = |(index, layer): (usize, &LayerHeader)| {
        let (inputs, units) = (usize::from(layer.inputs), usize::from(layer.units));
        let weights = BitWidth::from_bits(layer.bits).unwrap().weights_len(inputs, units);
        [8 * units, if index == 0 && model[list + 7] == 0 { 2 * inputs } else { 0 }, weights].map(&mut cut)
    };
    layers.iter().enumerate().map(of).collect()
}

/// The model with some bytes changed, and a matching checksum.
fn changed(model: &[u8], change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut model = model.to_vec();
    change(&mut model);
    let body = model.len() - 4;
    let crc = crc32(&model[..body]);
    model[body..].copy_from_slice(&crc.to_le_bytes());
    model
}

/// The PC's result for one image.
fn on_the_pc(model: &[u8], image: &[u8]) -> Result<Vec<u32>, Exit> {
    let (bytes, mut logits) = (AlignedBytes::from_slice(model), Vec::new());
    let model = Model::parse(&bytes)?;
    simulate_each(&model, models::view(image, &[0]), &mut |_, _, found| logits = found.words().to_vec());
    Ok(logits)
}

/// A board's outcome.
fn on(board: &str, model: &[u8], image: &[u8]) -> Result<Vec<u32>, Exit> {
    let model_offset = by_name(board).unwrap().model_region().len - model.len() as u32;
    let flash = [&vec![0xFF; model_offset as usize], model].concat();
    let example_len = image.len() as u32;
    let job = Job {
        examples: 1,
        example_len,
        model_offset,
        scratch_limit: u32::MAX,
        timed_layer: Job::ALL_LAYERS,
        more: false,
    };
    let request = Request { flash: &flash, job, examples: image, stall_limit: Duration::from_secs(30) };
    match run(&firmware(board), &request, &mut |_| ()) {
        Ok(run) => Ok(run.answers[0].words.clone()),
        Err(EmulateError::Device(exit)) => Err(exit),
        Err(other) => panic!("{board}: {other}"),
    }
}

#[test]
fn hostile_models_are_to_a_board_what_they_are_to_the_pc() {
    let model = models::random_integer(5, 4, &[3, 2], 8, 1);
    let image: Vec<u8> = (0..20).map(|i| i * 13).collect();
    let [[rows, order, weights], [last, ..]] = &sections(&model)[..] else { panic!("it has two layers") };
    assert_eq!(order.len(), 40, "inputs in an order of their own");
    // A bias, a multiplier, a shift, the worst sum; padding; pixels that are taken twice, and
    // some that do not exist; weights.
    let (row, padding) = (rows.start, last.end + 24);
    let flips =
        [row + 3, row + 4, row + 5, row + 6, row + 7, rows.end, order.start, order.end - 1, weights.end - 8, padding];
    for (at, bit) in flips.into_iter().flat_map(|at| [(at, 0), (at, 7)]) {
        let model = changed(&model, |bytes| bytes[at] ^= 1 << bit);
        let expected = on_the_pc(&model, &image);
        // All of them on one board, some on the others.
        for board in KINDS.into_iter().filter(|board| *board == "netduinoplus2" || bit == 0) {
            assert_eq!(on(board, &model, &image), expected, "{board}: bit {bit} of byte {at}");
        }
    }
}

#[test]
fn hostile_sums_beyond_all_bounds_end_as_they_should() {
    for board in KINDS.into_iter().chain(["lm3s6965evb"]) {
        for (bits, filler) in [(8, [0, 0x80]), (4, [0, 0]), (4, [0xFF, 0x7F]), (2, [0, 0x80])] {
            let model = models::random_integer(25, 25, &[9, 6, 3], bits, 1);
            let layers = sections(&model);
            let model = changed(&model, |bytes| {
                for [rows, _, weights] in &layers {
                    bytes[weights.clone()].chunks_exact_mut(2).for_each(|half| half.copy_from_slice(&filler));
                    bytes[rows.clone()].chunks_exact_mut(8).for_each(|row| row[7] = 0);
                }
            });
            let found = on(board, &model, &[255; 625]);
            assert_eq!(found.map(|logits| logits.len()), Ok(3), "{board}: {bits} bits of {filler:?}");
        }
    }
}
