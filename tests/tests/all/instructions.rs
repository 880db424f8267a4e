//! Instructions per inference on a board for each kernel, layer by layer, against the committed table, and of large inputs
//! against small ones. Needs what `foldnet-sim --emulate` needs, and the real images.

use crate::firmware;
use foldnet_data::{Part, View};
use foldnet_sim::emulate::Task;
use foldnet_sim::{AlignedBytes, Firmware, emulate};
use foldnet_tests::exported::{Exported, light_images, test};
use foldnet_tests::generated;
use foldnet_tests::instructions::{Row, read, write};

/// Number of images to average over: enough to make a timer tick negligible.
const IMAGES: usize = 1_000;

/// Boards, and the widths that they have room for.
type Boards = [(&'static str, &'static [u8])];

/// A board for each core.
const BOARDS: &Boards = &[
    ("netduinoplus2", &[8, 4, 2]),
    ("mps2-an505", &[8, 4, 2]),
    ("mps3-an547", &[8, 4, 2]),
    ("mps2-an385", &[8, 4, 2]),
    ("mps2-an385-m0", &[8]),
    ("microbit", &[4, 2]),
    ("riscv32", &[8, 4, 2]),
];

/// One board per kernel, with enough RAM for the list of a large input.
const LARGE_BOARDS: &Boards = &[
    ("netduinoplus2", &[8, 4, 2]),
    ("mps3-an547", &[8, 4, 2]),
    ("mps2-an385", &[8, 4, 2]),
    ("mps2-an385-m0", &[8, 4, 2]),
    ("riscv32", &[8, 4, 2]),
];

/// Widths, and boards for each, that are measured with light images.
const LIGHT_BOARDS: &[(u8, &Boards)] = &[
    (8, &[("netduinoplus2", &[8]), ("mps2-an385-m0", &[8]), ("riscv32", &[8])]),
    (2, &[("netduinoplus2", &[2]), ("mps2-an385", &[2])]),
];

/// Maximum cost relative to `after`, in percent, of an image on a light background, which is copied, and of lists in
/// strips.
const MOST_OF_AFTER: u64 = 103;

/// Inputs of a generated network that are averaged over.
const GENERATED: usize = 10;

/// Maximum cost of a product of a large network relative to one of a network of 784 inputs with as many units, in
/// percent.
const MOST_OF_SMALL: u64 = 120;

/// A network that is measured, at one width.
struct Case<'a> {
    network: &'static str,
    bits: u8,
    model: &'a AlignedBytes,
    examples: View<'a>,
    /// Its layers.
    layers: usize,
}

impl Case<'_> {
    fn measure(&self, firmware: &Firmware) -> Row {
        let &Case { network, bits, model, examples, layers } = self;
        let (board, mut counts) = (firmware.board().name, [0; 4]);
        let what = format!("{network} on {board} at {bits} bits");
        let task = Task { firmware, model, examples, layers: true };
        let run = emulate(&task, &mut |_| ()).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(run.identical() && run.layers.len() == layers, "{what}");
        run.layers.iter().zip(&mut counts).for_each(|(count, to)| *to = count.mean.round() as u64);
        counts[3] = run.instructions.mean.round() as u64;
        // The layers account for everything except the argmax and the dispatch of layers that are not timed.
        let (layers, all) = (counts[..3].iter().sum::<u64>(), counts[3]);
        assert!(all.abs_diff(layers) < all / 50, "{what}: {layers} in layers, {all} in all");
        let compiler = firmware.compiler().unwrap_or_default().to_owned();
        Row { network: network.to_owned(), board: board.to_owned(), bits, kernel: run.kernel, counts, compiler }
    }

    /// On all of these boards that have room for the width.
    fn measure_on<'b>(&'b self, boards: &'b Boards) -> impl Iterator<Item = Row> + 'b {
        let boards = boards.iter().filter(|(_, widths)| widths.contains(&self.bits));
        boards.map(|(board, _)| self.measure(firmware::of(board)))
    }
}

/// The notebook's network on its images.
fn notebook() -> Vec<Row> {
    let of = |bits| {
        let exported = Exported::keras("after", bits, IMAGES);
        let case = Case { network: "after", bits, model: &exported.model, examples: test(IMAGES), layers: 3 };
        case.measure_on(BOARDS).collect::<Vec<_>>()
    };
    [8, 4, 2].into_iter().flat_map(of).collect()
}

/// The same network at 8 bits, by firmware with the feature `low-ram`.
fn low_ram() -> Vec<Row> {
    let exported = Exported::keras("after", 8, IMAGES);
    let case = Case { network: "low-ram", bits: 8, model: &exported.model, examples: test(IMAGES), layers: 3 };
    firmware::low_ram().iter().map(|firmware| case.measure(firmware)).collect()
}

/// The same network for images on a light background, on these images.
fn light() -> Vec<Row> {
    let (pixels, labels) = light_images(Part::Test, IMAGES);
    let images = View::images(&pixels, &labels, 28, 28);
    let of = |(bits, boards)| {
        let exported = Exported::light(bits, images);
        let case = Case { network: "light", bits, model: &exported.model, examples: images, layers: 3 };
        case.measure_on(boards).collect::<Vec<_>>()
    };
    LIGHT_BOARDS.iter().copied().flat_map(of).collect()
}

/// What is wrong with a row for light images or `low-ram` firmware, compared with the row of `after`.
fn dearer_than_after(row: &Row, after: &[Row]) -> Option<String> {
    let same = |after: &&Row| (&after.board, after.bits) == (&row.board, row.bits);
    let (of_after, of_row) = (after.iter().find(same)?.counts[3], row.counts[3]);
    let Row { network, board, bits, .. } = row;
    (of_row * 100 > of_after * MOST_OF_AFTER)
        .then(|| format!("{network} on {board} at {bits} bits: {of_row} instructions, after {of_after}"))
}

/// A generated network.
struct Generated {
    name: &'static str,
    side: u16,
    units: &'static [u16],
}

const SMALL: Generated = Generated { name: "784", side: 28, units: &[300, 100, 10] };
/// First layer as narrow as that of a large network: the cost of its input list is spread over fewer products.
const NARROW: Generated = Generated { name: "784-32", side: 28, units: &[32, 10] };
const LARGE: [Generated; 2] =
    [Generated { name: "3136", side: 56, units: &[32, 10] }, Generated { name: "4096", side: 64, units: &[32, 10] }];

impl Generated {
    fn measure(&self) -> Vec<Row> {
        let inputs = usize::from(self.side) * usize::from(self.side);
        let (pixels, labels) = (generated::inputs(GENERATED, inputs, 1), [0; GENERATED]);
        let of = |bits| {
            let (model, examples) =
                (generated::model(self.side, self.units, bits, 1), View::images(&pixels, &labels, 1, inputs));
            let case = Case { network: self.name, bits, model: &model, examples, layers: self.units.len() };
            case.measure_on(LARGE_BOARDS).collect::<Vec<_>>()
        };
        [8, 4, 2].into_iter().flat_map(of).collect()
    }

    /// Products of weights and inputs.
    fn products(&self) -> u64 {
        let (mut inputs, mut products) = (u64::from(self.side) * u64::from(self.side), 0);
        for &units in self.units {
            products += inputs * u64::from(units);
            inputs = units.into();
        }
        products
    }
}

/// The cost per product of a large network relative to the small one in percent, as text.
fn beside(large: &Generated, row: &Row, small: &Generated, of_small: &[Row]) -> Option<(u64, String)> {
    let same = |other: &&Row| (&other.board, other.bits) == (&row.board, row.bits);
    let of_small = of_small.iter().find(same)?.counts[3];
    let percent = 100 * row.counts[3] * small.products() / large.products() / of_small;
    let Row { network, board, bits, .. } = row;
    Some((
        percent,
        format!("{network} on {board} at {bits} bits: a product costs {percent} % of one of {}", small.name),
    ))
}

#[test]
fn instructions_have_not_grown() {
    let (mut found, light, low_ram, mut wrong) = (notebook(), light(), low_ram(), Vec::new());
    let (small, narrow) = (SMALL.measure(), NARROW.measure());
    wrong.extend(light.iter().chain(&low_ram).filter_map(|row| dearer_than_after(row, &found)));
    found.extend(light);
    found.extend(low_ram);
    found.extend(small.iter().chain(&narrow).cloned());
    for large in &LARGE {
        let rows = large.measure();
        for row in &rows {
            let _ = beside(large, row, &SMALL, &small).map(|(_, what)| println!("{what}"));
            let (percent, what) = beside(large, row, &NARROW, &narrow).expect("a row of every board");
            println!("{what}");
            wrong.extend((percent > MOST_OF_SMALL).then_some(what));
        }
        found.extend(rows);
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.golden");
    if std::env::var_os("FOLDNET_BLESS").is_some() {
        std::fs::write(file, write(&found)).unwrap();
    }
    let golden = read(&std::fs::read_to_string(file).unwrap()).unwrap();
    for found in &found {
        println!("{found}");
        let of = |row: &Row| (row.network.clone(), row.board.clone(), row.bits);
        match golden.iter().find(|golden| of(golden) == of(found)).map(|golden| found.check(golden)) {
            Some(Ok(notice)) => notice.iter().for_each(|notice| println!("{notice}")),
            Some(Err(message)) => wrong.push(message),
            None => {
                wrong.push(format!("{} on {} at {} bits: not in the table", found.network, found.board, found.bits))
            }
        }
    }
    assert!(wrong.is_empty(), "{}\nif intended, regenerate it: see the header of {file}", wrong.join("\n"));
}
