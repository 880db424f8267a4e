//! The predicted cost of a slow layer matches the boards' counts for the same network with and without its cause.

use crate::errors::crc32;
use crate::{firmware, models};
use foldnet_core::Model;
use foldnet_core::quantized::Row;
use foldnet_sim::board::{by_name, slow_layers};
use foldnet_sim::emulate::Task;
use foldnet_sim::{AlignedBytes, emulate};

/// Instructions per example; the outputs do not matter.
fn count(board: &str, model: &[u8], inputs: usize) -> f64 {
    let (pixels, labels) = models::images(5, inputs, 3);
    let (firmware, model) = (firmware(board), AlignedBytes::from_slice(model));
    let task = Task { firmware: &firmware, model: &model, examples: models::view(&pixels, &labels), layers: false };
    emulate(&task, &mut |_| ()).unwrap_or_else(|error| panic!("{board}: {error}")).instructions.mean
}

/// The model with modified rows in its first layer.
fn with_rows(model: &[u8], change: impl Fn(Row) -> Row) -> Vec<u8> {
    let mut bytes = model.to_vec();
    let units = Model::parse(&AlignedBytes::from_slice(model)).unwrap().header().layers[0].units;
    // The section of layers is the third; the rows follow its list of two layers.
    let entry = 16 + 2 * 12 + 4;
    let start = u32::from_le_bytes(bytes[entry..entry + 4].try_into().unwrap()) as usize + 32;
    for row in bytes[start..][..usize::from(units) * Row::LEN].chunks_exact_mut(Row::LEN) {
        let changed = change(Row::from_bytes((&*row).try_into().unwrap()));
        row.copy_from_slice(&changed.to_bytes());
    }
    let body = bytes.len() - 4;
    let crc = crc32(&bytes[..body]);
    bytes[body..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// The estimate is within a quarter of what is counted.
fn check(board: &str, slow: &[u8], quick: &[u8], inputs: usize) {
    let parsed = AlignedBytes::from_slice(slow);
    let said = slow_layers(&Model::parse(&parsed).unwrap(), by_name(board).unwrap().kernel());
    let counted = count(board, slow, inputs) - count(board, quick, inputs);
    println!("{board}: {counted:.0} more instructions, {said:?}");
    let [said] = said[..] else { panic!("{board}: {said:?}") };
    assert!((said.instructions as f64 / counted - 1.0).abs() < 0.25, "{board}: {counted} counted, {said}");
}

#[test]
fn strips_cost_what_is_said() {
    let wide = |bits| models::random_integer(56, 56, &[32, 10], bits, 1);
    let claimed = |model: &[u8]| with_rows(model, |row| Row { worst: 0, ..row });
    for (board, widths) in [
        ("netduinoplus2", &[8, 4, 2][..]),
        ("mps3-an547", &[8, 4, 2]),
        ("mps2-an385", &[8]),
        ("mps2-an385-m0", &[8]),
        ("riscv32", &[8]),
    ] {
        for &bits in widths {
            let model = wide(bits);
            check(board, &model, &claimed(&model), 56 * 56);
        }
    }
}

#[test]
fn rows_that_are_not_steady_cost_what_is_said() {
    for bits in [8, 4, 2] {
        let steady = models::random_integer(16, 16, &[200, 10], bits, 1);
        let unsteady = with_rows(&steady, |row| Row { shift: 0, ..row });
        let steady = with_rows(&steady, |row| Row { shift: 1, ..row });
        for board in ["netduinoplus2", "mps3-an547"] {
            check(board, &unsteady, &steady, 256);
        }
    }
}
