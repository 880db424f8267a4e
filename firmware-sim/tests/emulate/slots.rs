//! Model slots on emulated boards: which model boots after updates, power cuts and bit rot, identified by its logits;
//! if none boots, the exit code says why. It never hangs.

use crate::{firmware, models};
use foldnet_core::slot::{HEADER_LEN, SlotHeader};
use foldnet_core::{Model, Refusal};
use foldnet_sim::board::{Board, by_name};
use foldnet_sim::emulate::{Request, run};
use foldnet_sim::exit::Exit;
use foldnet_sim::job::{Booted, Job};
use foldnet_sim::simulate::simulate_each;
use foldnet_sim::{AlignedBytes, EmulateError};
use std::time::Duration;

/// An M0 of 1 KB blocks, an M4 of 128 KB blocks, and RISC-V.
const BOARDS: [&str; 3] = ["microbit", "netduinoplus2", "riscv32"];

pub(crate) const IMAGE: [u8; 16] = [200, 0, 3, 90, 7, 255, 1, 60, 0, 0, 12, 33, 250, 128, 9, 77];

/// A model whose logits no other seed has.
pub(crate) fn model(seed: u32) -> Vec<u8> {
    models::random_integer(4, 4, &[9, 5, 3], 8, seed)
}

/// The flash for models of a board, erased at first.
struct Flash {
    board: &'static Board,
    bytes: Vec<u8>,
}

impl Flash {
    fn erased(board: &str) -> Self {
        let board = by_name(board).unwrap();
        Self { board, bytes: vec![0xFF; board.room().slot(1).unwrap().end() as usize] }
    }

    /// Slot 0 with the model of seed 1, slot 1 with that of seed 2.
    fn with_sequences(board: &str, sequences: [u32; 2]) -> Self {
        let mut flash = Self::erased(board);
        for (number, sequence) in (0..2).zip(sequences) {
            flash.put_slot(number, sequence, &model(u32::from(number) + 1));
        }
        flash
    }

    fn put_slot(&mut self, number: u8, sequence: u32, model: &[u8]) {
        let image = self.board.slot_image(number, sequence, model).unwrap();
        let at = self.slot(number);
        self.bytes[at..at + image.len()].copy_from_slice(&image);
    }

    /// Start of a slot.
    fn slot(&self, number: u8) -> usize {
        self.board.room().slot(number).unwrap().offset as usize
    }

    /// The logits of [`IMAGE`] and what booted.
    fn boot(&self) -> Result<(Vec<u32>, Booted), Exit> {
        let job = Job {
            examples: 1,
            example_len: 16,
            model_offset: 0,
            scratch_limit: u32::MAX,
            timed_layer: Job::ALL_LAYERS,
            more: false,
        };
        let request = Request { flash: &self.bytes, job, examples: &IMAGE, stall_limit: Duration::from_secs(30) };
        match run(&firmware(self.board.name), &request, &mut |_| ()) {
            Ok(run) => Ok((run.answers[0].words.clone(), run.start.booted)),
            Err(EmulateError::Device(exit)) => Err(exit),
            Err(other) => panic!("{}: {other}", self.board.name),
        }
    }
}

pub(crate) fn logits(model: &[u8]) -> Vec<u32> {
    let bytes = AlignedBytes::from_slice(model);
    let mut logits = Vec::new();
    simulate_each(&Model::parse(&bytes).unwrap(), models::view(&IMAGE, &[0]), &mut |_, _, found| {
        logits = found.words().to_vec()
    });
    logits
}

/// Slot `slot`, with the model of seed `slot + 1`, boots; `passed_over` is what is wrong with the other one.
fn check_boot(what: &str, flash: &Flash, slot: u8, passed_over: Option<Exit>) {
    let name = flash.board.name;
    let (found, booted) = flash.boot().unwrap_or_else(|exit| panic!("{name}: {what}: {exit:?}"));
    assert_eq!((booted.slot, booted.passed_over), (Some(slot), passed_over), "{name}: {what}");
    assert_eq!(found, logits(&model(u32::from(slot) + 1)), "{name}: {what}");
}

/// On every board, with slots of these sequences changed by `change`.
fn check(what: &str, sequences: [u32; 2], change: impl Fn(&mut Flash), expected: Result<(u8, Option<Exit>), Exit>) {
    for board in BOARDS {
        let mut flash = Flash::with_sequences(board, sequences);
        change(&mut flash);
        match expected {
            Ok((slot, passed_over)) => check_boot(what, &flash, slot, passed_over),
            Err(exit) => assert_eq!(flash.boot().err(), Some(exit), "{board}: {what}"),
        }
    }
}

/// Flips a bit of slot `number`, `at` bytes after its start.
fn rot(number: u8, at: usize) -> impl Fn(&mut Flash) {
    move |flash| {
        let slot = flash.slot(number);
        flash.bytes[slot + at] ^= 0x10;
    }
}

#[test]
fn slots_with_the_later_sequence_boot_also_where_it_wraps_around() {
    assert_ne!(logits(&model(1)), logits(&model(2)), "the models can be told apart");
    check("1 and 2", [1, 2], |_| (), Ok((1, None)));
    check("2 and 1", [2, 1], |_| (), Ok((0, None)));
    check("the last and 0", [u32::MAX, 0], |_| (), Ok((1, None)));
    check("0 and the last", [0, u32::MAX], |_| (), Ok((0, None)));
    for board in BOARDS {
        let (_, booted) = Flash::with_sequences(board, [u32::MAX, 0]).boot().unwrap();
        assert_eq!(booted.sequence, 0, "{board}");
    }
}

#[test]
fn slots_that_rot_fall_back_and_say_so() {
    check("rot in the newest model", [1, 2], rot(1, HEADER_LEN + 40), Ok((0, Some(Exit::Refused(Refusal::Crc)))));
    check("rot in its header", [1, 2], rot(1, 14), Ok((0, Some(Exit::Refused(Refusal::SlotHeader)))));
    check("rot in its commit word", [2, 1], rot(0, 63), Ok((1, Some(Exit::Refused(Refusal::SlotUnfinished)))));
    check("rot in the older model", [1, 2], rot(0, HEADER_LEN + 40), Ok((1, None)));
    let both = |flash: &mut Flash| (0..2).for_each(|slot| rot(slot, 90)(flash));
    check("rot in both", [1, 2], both, Err(Exit::Refused(Refusal::SlotsBad)));
}

#[test]
fn slots_cut_while_they_were_written_leave_the_other_in_charge() {
    let len = HEADER_LEN + model(2).len();
    let erased = |from: usize, to: usize| {
        move |flash: &mut Flash| {
            let slot = flash.slot(1);
            flash.bytes[slot + from..slot + to].fill(0xFF);
        }
    };
    check("nothing but erased", [1, 2], erased(0, len), Ok((0, None)));
    check("half the model", [1, 2], erased(len / 2, len), Ok((0, Some(Exit::Refused(Refusal::SlotOther)))));
    check("no header", [1, 2], erased(0, HEADER_LEN), Ok((0, None)));
    check("no commit word", [1, 2], erased(32, HEADER_LEN), Ok((0, Some(Exit::Refused(Refusal::SlotUnfinished)))));
    check("half a commit word", [1, 2], erased(48, HEADER_LEN), Ok((0, Some(Exit::Refused(Refusal::SlotUnfinished)))));
}

#[test]
fn slots_that_are_wrong_are_told_apart() {
    let alone = |number: u8, image: fn(&Board) -> Vec<u8>| {
        move |flash: &mut Flash| {
            flash.bytes.fill(0xFF);
            let (at, image) = (flash.slot(number), image(flash.board));
            flash.bytes[at..at + image.len()].copy_from_slice(&image);
        }
    };
    let image = |board: &Board| board.slot_image(1, 1, &model(2)).unwrap();
    check("slot 1 written into slot 0", [1, 2], alone(0, image), Err(Exit::Refused(Refusal::SlotWrong)));
    let elsewhere = |_: &Board| {
        let header = SlotHeader::at(0x4000_0000, 0, 1, &model(1)).unwrap();
        [&header.to_bytes()[..], &model(1)].concat()
    };
    check("for another address", [1, 2], alone(0, elsewhere), Err(Exit::Refused(Refusal::SlotWrong)));
    let large = |board: &Board| {
        let room = board.room();
        let (address, model_len) = (room.slot_address(1).unwrap(), room.slot(1).unwrap().model_len() + 1);
        let header = SlotHeader { slot: 1, address, sequence: 1, model_len, model_crc: 0 };
        [&header.to_bytes()[..], &model(2)].concat()
    };
    check("larger than the slot", [1, 2], alone(1, large), Err(Exit::Refused(Refusal::SlotTooLarge)));
    let cut = |board: &Board| image_of(board)[..HEADER_LEN / 2].to_vec();
    check("without a commit word", [1, 2], alone(0, cut), Err(Exit::Refused(Refusal::SlotUnfinished)));
    let rotten = |board: &Board| {
        let mut image = image_of(board);
        image[HEADER_LEN + 50] ^= 1;
        image
    };
    check("rot in the only one", [1, 2], alone(0, rotten), Err(Exit::Refused(Refusal::Crc)));
    check("nothing at all", [1, 2], alone(0, |_| Vec::new()), Err(Exit::Refused(Refusal::NoModel)));
}

/// Slot 0 with the model of seed 1.
fn image_of(board: &Board) -> Vec<u8> {
    board.slot_image(0, 1, &model(1)).unwrap()
}

#[test]
fn slots_are_not_needed_for_a_bare_model() {
    for board in BOARDS {
        let mut flash = Flash::erased(board);
        let bare = model(3);
        flash.bytes[..bare.len()].copy_from_slice(&bare);
        let booted = Booted { slot: None, sequence: 0, passed_over: None };
        assert_eq!(flash.boot(), Ok((logits(&bare), booted)), "{board}");
        flash.put_slot(1, 1, &model(2));
        check_boot("an update of a bare model", &flash, 1, None);
    }
}

#[test]
fn slots_of_the_whole_room_hold_what_half_of_it_does_not() {
    let flash = Flash::erased("microbit");
    let large = models::random_integer(28, 28, &[200, 10], 8, 1);
    assert!(large.len() > flash.board.room().slot(0).unwrap().len as usize);
    let image = flash.board.slot_image(0, 1, &large).unwrap();
    let job = Job {
        examples: 1,
        example_len: 784,
        model_offset: 0,
        scratch_limit: u32::MAX,
        timed_layer: Job::ALL_LAYERS,
        more: false,
    };
    let request = Request { flash: &image, job, examples: &[9; 784], stall_limit: Duration::from_secs(30) };
    let run = run(&firmware("microbit"), &request, &mut |_| ()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(run.start.booted, Booted { slot: Some(0), sequence: 1, passed_over: None });
}
