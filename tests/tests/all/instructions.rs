//! Instructions per image on a board for each kernel, layer by layer, against the committed table. Needs what
//! `foldnet-sim --emulate` needs, and the real images.

use crate::firmware;
use foldnet_data::View;
use foldnet_sim::emulate::Task;
use foldnet_sim::{Firmware, emulate};
use foldnet_tests::exported::{Exported, test};
use foldnet_tests::instructions::{Row, read, write};

/// Images that are averaged over: enough that a timer's tick does not count.
const IMAGES: usize = 1_000;

/// Layers of the network.
const LAYERS: usize = 3;

/// A board for each core, with the widths that it has room for.
const BOARDS: [(&str, &[u8]); 6] = [
    ("netduinoplus2", &[8, 4, 2]),
    ("mps2-an505", &[8, 4, 2]),
    ("mps2-an385", &[8, 4, 2]),
    ("mps2-an385-m0", &[8]),
    ("microbit", &[4, 2]),
    ("riscv32", &[8, 4, 2]),
];

fn measure(firmware: &Firmware, bits: u8, exported: &Exported, images: View) -> Row {
    let board = firmware.board().name;
    let task = Task { firmware, model: &exported.model, examples: images, layers: true };
    let run = emulate(&task, &mut |_| ()).unwrap_or_else(|error| panic!("{board} at {bits} bits: {error}"));
    assert!(run.identical() && run.layers.len() == LAYERS, "{board} at {bits} bits");
    let mut counts = run.layers.iter().chain([&run.instructions]).map(|count| count.mean.round() as u64);
    let counts: [u64; LAYERS + 1] = std::array::from_fn(|_| counts.next().unwrap_or_default());
    // The layers are all there is, but for the class and the way past layers that are not timed.
    let (layers, all) = (counts[..LAYERS].iter().sum::<u64>(), counts[LAYERS]);
    assert!(all.abs_diff(layers) < all / 50, "{board} at {bits} bits: {layers} in layers, {all} in all");
    let compiler = firmware.compiler().unwrap_or_default().to_owned();
    Row { board: board.to_owned(), bits, kernel: run.kernel, counts, compiler }
}

#[test]
fn instructions_have_not_grown() {
    let models = [8, 4, 2].map(|bits| (bits, Exported::keras("after", bits, IMAGES)));
    let mut found = Vec::new();
    for (board, widths) in BOARDS {
        let models = models.iter().filter(|(bits, _)| widths.contains(bits));
        found.extend(models.map(|(bits, exported)| measure(firmware::of(board), *bits, exported, test(IMAGES))));
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.golden");
    if std::env::var_os("FOLDNET_BLESS").is_some() {
        std::fs::write(file, write(&found)).unwrap();
    }
    let golden = read(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut grown = Vec::new();
    for found in &found {
        println!("{found}");
        let same = |golden: &&Row| (&golden.board, golden.bits) == (&found.board, found.bits);
        match golden.iter().find(same).map(|golden| found.check(golden)) {
            Some(Ok(notice)) => notice.iter().for_each(|notice| println!("{notice}")),
            Some(Err(message)) => grown.push(message),
            None => grown.push(format!("{} at {} bits: not in the table", found.board, found.bits)),
        }
    }
    assert!(grown.is_empty(), "{}\nwhere it is wanted, bless it: see the head of {file}", grown.join("\n"));
}
