//! Boards that replace their own model: the new one answers, or the old one if power failed in between. The firmware
//! only links if the slot writer contains no panic.

use crate::slots::{IMAGE, logits, model};
use foldnet_core::Refusal;
use foldnet_sim::Firmware;
use foldnet_sim::board::by_name;
use foldnet_sim::emulate::{Answered, Update, Updated, run_update};
use foldnet_sim::exit::Exit;
use foldnet_sim::job::Booted;
use foldnet_sim::update::{Outcome, UpdateJob};

/// Words of a slot's header, the last that are written, and of the commit word at its end.
const HEADER_WORDS: u32 = 16;
const COMMIT_WORDS: u32 = 8;

/// The output of a board that runs model 1 from slot 0 and receives `new`, with the power failing at an operation.
fn update(firmware: &Firmware, new: &[u8], power_fails_at: u32) -> Updated {
    let flash = firmware.board().slot_image(0, u32::MAX, &model(1)).unwrap();
    let update = Update { flash: &flash, image: &IMAGE, model: new, power_fails_at };
    run_update(firmware, &update).unwrap_or_else(|error| panic!("{}, {power_fails_at}: {error}", firmware.board().name))
}

fn answered(slot: u8, sequence: u32, passed_over: Option<Exit>, seed: u32) -> Answered {
    Answered { booted: Booted { slot: Some(slot), sequence, passed_over }, logits: logits(&model(seed)) }
}

fn check(board: &str) {
    let board = by_name(board).unwrap();
    let firmware = Firmware::build_update(board).unwrap_or_else(|error| panic!("{}: {error}", board.name));
    let old = answered(0, u32::MAX, None, 1);
    let whole = update(&firmware, &model(2), UpdateJob::NEVER);
    let total = whole.operations;
    let words = (model(2).len() as u32).div_ceil(4) + HEADER_WORDS;
    assert_eq!(total, board.room().slot(1).unwrap().len / board.erase_block + words, "{}", board.name);
    // Sequences wrap around.
    let expected =
        Updated { before: old.clone(), outcome: Outcome::Written, operations: total, after: answered(1, 0, None, 2) };
    assert_eq!(whole, expected, "{}", board.name);
    assert_eq!(update(&firmware, &model(2), total), expected, "{}: power fails after the update", board.name);
    let check = |new: &[u8], power_fails_at: u32, outcome, passed_over| {
        let found = update(&firmware, new, power_fails_at);
        let after = answered(0, u32::MAX, passed_over, 1);
        assert_eq!(
            (found.before, found.outcome, found.after),
            (old.clone(), outcome, after),
            "{}, {power_fails_at}",
            board.name
        );
    };
    let erased = total - words;
    for at in [0, erased - 1, erased, erased + words / 2, total - HEADER_WORDS] {
        check(&model(2), at, Outcome::Flash, None);
    }
    for at in [total - COMMIT_WORDS, total - 1] {
        check(&model(2), at, Outcome::Unconfirmed, Some(Exit::Refused(Refusal::SlotUnfinished)));
    }
    let mut damaged = model(2);
    damaged[40] ^= 1;
    check(&damaged, UpdateJob::NEVER, Outcome::Damaged, None);
}

#[test]
fn update_on_the_m4f() {
    check("mps2-an386");
}

#[test]
fn update_on_the_m0_with_its_flash_controller() {
    check("microbit");
}
