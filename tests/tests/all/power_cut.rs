//! Power cut while a model is replaced: at any moment, either the old or the new model boots, never a mix.
//!
//! The flash is [`NorFlash`], stricter than any chip. Models up to 8 KB are cut at every byte, larger ones at the edges
//! of erase blocks and beside them; on the flash of every board, and on one of blocks of different sizes.

use foldnet_core::slot::{Fault, HEADER_LEN, Region, Room, Running, SlotHeader, WriteError, Writer, boot};
use foldnet_sim::board::{BOARDS, Board};
use foldnet_tests::model_file::{FloatLayer, file, spec};
use foldnet_tests::nor_flash::{ERASE_TICKS, Failed, NorFlash};
use foldnet_tests::random::Dice;
use std::ops::Range;

/// Number of boots tried with weak bits, which read differently every time.
const VIEWS: usize = 3;

/// A model file of about `len` bytes, with weights by `seed`.
fn model(len: usize, seed: u32) -> Vec<u8> {
    let (inputs, units) = (28, len.saturating_sub(150) / (4 * 29));
    let weight = |at: usize| ((at as u32).wrapping_mul(2_654_435_761).wrapping_add(seed) >> 8) as f32;
    let (kernel, bias) = ((0..inputs * units).map(weight).collect(), (0..units).map(weight).collect());
    let layers = [FloatLayer { kernel, bias, inputs, relu: false }];
    let bytes = file(&spec(4, 7, "", &layers)).unwrap();
    assert!(bytes.len() <= len && bytes.len() + 300 > len, "{} of {len} bytes", bytes.len());
    bytes
}

/// A device: its flash, and the region for models.
#[derive(Clone)]
struct Device<const READ: usize, const WRITE: usize, const ERASE: usize> {
    flash: NorFlash<READ, WRITE, ERASE>,
    room: Room,
    /// Start of the region in flash, after a block used by something else.
    offset: usize,
}

/// Read size, write size, and the smallest erase block.
type Small = Device<4, 4, 1024>;
type Fpga = Device<4, 4, 4096>;
type Stm32 = Device<1, 4, 131_072>;

impl<const READ: usize, const WRITE: usize, const ERASE: usize> Device<READ, WRITE, ERASE> {
    /// A region of these blocks, with a guard block before it and another after it. The rest of the room, where halves
    /// leave one, is not simulated.
    fn new(room: Room, blocks: &[usize]) -> Self {
        let all = [&[ERASE], blocks, &[ERASE]].concat();
        let flash = NorFlash::new(&all, 42);
        let mut device = Self { flash, room, offset: ERASE };
        device.guard(None);
        device
    }

    fn of(board: &Board) -> Self {
        assert_eq!(board.erase_block as usize, ERASE, "{}", board.name);
        let blocks = board.room().slot(1).unwrap().end() as usize / ERASE;
        Self::new(board.room(), &vec![ERASE; blocks])
    }

    /// Flash address of an offset in the room.
    fn range(&self, place: &Region) -> Range<usize> {
        self.offset + place.offset as usize..self.offset + place.end() as usize
    }

    fn slot(&self, number: u8) -> Range<usize> {
        self.range(&self.room.slot(number).unwrap())
    }

    /// Checks that nothing outside the region and nothing of the running model was changed.
    fn guard(&mut self, running: Option<&Running>) {
        let end = self.slot(1).end;
        let mut guarded = vec![0..self.offset, end..end + ERASE];
        guarded.extend(running.map(|running| self.range(&running.place)));
        self.flash.guard(&guarded);
    }

    /// The slot that boots, and the bytes of its model.
    fn boot(&mut self) -> Option<(Running, Vec<u8>)> {
        let flash = &self.flash.view()[self.offset..];
        let running = boot(flash, &self.room).ok()?.running;
        let place = &running.place;
        let start = place.offset as usize + if running.slot.is_some() { HEADER_LEN } else { 0 };
        Some((running, flash[start..place.end() as usize].to_vec()))
    }

    /// An update as on a device: the data arrive in pieces of any size.
    fn update(&mut self, running: Option<Running>, model: &[u8]) -> Result<Running, WriteError<Failed>> {
        self.guard(running.as_ref());
        let (offset, len) = (self.offset as u32, model.len() as u32);
        let mut writer = Writer::new(&mut self.flash, offset, &self.room, running, len)?;
        model.chunks(100).try_for_each(|piece| writer.write(piece))?;
        writer.finish()
    }

    /// A device running `model` from slot `slot` with `sequence`, with an older model in the other slot.
    fn running(mut self, slot: u8, sequence: u32, model: &[u8], former: &[u8]) -> Self {
        for (slot, sequence, model) in [(1 - slot, sequence.wrapping_sub(1), former), (slot, sequence, model)] {
            let header = SlotHeader::for_slot(&self.room, slot, sequence, model).unwrap().to_bytes();
            let at = self.slot(slot).start;
            self.flash.set(at, &[&header, model].concat());
        }
        let (running, bytes) = self.boot().unwrap();
        assert!(running.slot == Some(slot) && running.sequence == sequence && bytes == model);
        self
    }

    /// Number of ticks of a complete, successful update.
    fn ticks(&self, new: &[u8]) -> u64 {
        let mut device = self.clone();
        let (running, _) = device.boot().unwrap();
        let before = device.flash.ticks();
        let written = device.update(Some(running), new).unwrap();
        let ticks = device.flash.ticks() - before;
        assert_eq!(device.boot(), Some((written, new.to_vec())), "the update is what runs then");
        assert_eq!(written.sequence, running.sequence.wrapping_add(1));
        ticks
    }

    /// Cuts the update from `old`, which runs, to `new` at each of `cuts`, in ticks. How often the old one booted
    /// then, and how often the new one.
    fn check_cuts(&self, old: &[u8], new: &[u8], cuts: impl Iterator<Item = u64>) -> [usize; 2] {
        let (mut device, mut booted, mut made) = (self.clone(), [0; 2], 0);
        let (running, _) = device.boot().unwrap();
        let target = self.slot(u8::from(running.slot == Some(0)));
        for cut in cuts {
            made += 1;
            device.flash.take_back(&self.flash, target.clone());
            device.flash.cut_after(cut);
            let done = device.update(Some(running), new);
            device.flash.restore_power();
            for _ in 0..if device.flash.is_weak() { VIEWS } else { 1 } {
                let (now, bytes) = device.boot().unwrap_or_else(|| panic!("nothing boots after {cut} ticks"));
                let is_new = now.slot != running.slot;
                assert!(bytes == if is_new { new } else { old }, "a mix boots after {cut} ticks");
                assert!(is_new || done.is_err(), "the update was reported to be done after {cut} ticks");
                let may_be_new = matches!(done, Ok(_) | Err(WriteError::Unconfirmed));
                assert!(!is_new || may_be_new, "{done:?} promised the old model after {cut} ticks");
                booted[usize::from(is_new)] += 1;
            }
            // Whatever the cut left behind, the next update works.
            if cut % 61 == 0 {
                let (now, _) = device.boot().unwrap();
                let written = device.update(Some(now), old).unwrap_or_else(|error| panic!("{cut} ticks: {error}"));
                assert_eq!(device.boot(), Some((written, old.to_vec())), "{cut} ticks");
                device.flash.take_back(&self.flash, self.slot(0));
                device.flash.take_back(&self.flash, self.slot(1));
            }
        }
        let [stayed, moved] = booted;
        println!("{} bytes: {made} cuts, the old one booted {stayed} times, the new one {moved} times", new.len());
        booted
    }

    /// Every tick of an update from `old`, which runs from slot `slot` with `sequence`, to `new`. Returns how often the
    /// new one booted.
    fn check_all(self, slot: u8, sequence: u32, old: &[u8], new: &[u8]) -> usize {
        let device = self.running(slot, sequence, old, &model(new.len(), 3));
        let ticks = device.ticks(new);
        let [stayed, moved] = device.check_cuts(old, new, 0..=ticks);
        assert!((stayed + moved) as u64 > ticks);
        // Only around the end of the commit word may the new one boot.
        assert!((1..VIEWS * 40).contains(&moved), "the new one booted {moved} times, the old one {stayed}");
        moved
    }

    /// Around the edges of all erase blocks that the update touches, while they are erased and while they are written.
    fn check_edges(self, old: &[u8], new: &[u8]) {
        let device = self.running(0, 7, old, &model(new.len(), 3));
        let (ticks, slot) = (device.ticks(new), device.slot(1));
        let erasing = (slot.len() / ERASE) as u64 * ERASE_TICKS;
        let words = |bytes: usize| bytes.div_ceil(WRITE) as u64 * (WRITE as u64 + 1);
        let edges = (1..).map(|block| block * ERASE).take_while(|edge| *edge < HEADER_LEN + new.len());
        let writing = edges.map(|edge| erasing + words(edge - HEADER_LEN));
        let erased = (0..=erasing / ERASE_TICKS).map(|block| block * ERASE_TICKS);
        let centres: Vec<u64> = erased.chain(writing).chain([ticks - words(32), ticks]).collect();
        // A byte before and behind, and the ticks between.
        let cuts = centres.iter().flat_map(|at| at.saturating_sub(2)..=(at + 2).min(ticks));
        let [stayed, moved] = device.check_cuts(old, new, cuts);
        assert!(stayed > 0 && moved > 0, "{stayed}, {moved}");
    }
}

/// Calls the check for each distinct kind of flash among the boards.
fn on_every_board<T>(small: impl Fn(Small) -> T, fpga: impl Fn(Fpga) -> T, stm32: impl Fn(Stm32) -> T) {
    let flash = |board: &Board| (board.erase_block, board.room().slot(1));
    for (row, board) in BOARDS.iter().enumerate() {
        if BOARDS[..row].iter().any(|before| flash(before) == flash(board)) {
            continue;
        }
        println!("{}: blocks of {} bytes, {:?}", board.name, board.erase_block, board.room());
        let _checked = match board.erase_block {
            1024 => small(Small::of(board)),
            4096 => fpga(Fpga::of(board)),
            131_072 => stm32(Stm32::of(board)),
            other => panic!("{}: blocks of {other} bytes are new here", board.name),
        };
    }
}

#[test]
fn models_of_8_kb_cut_at_every_byte_on_every_board() {
    let (old, new) = (model(8_192, 1), model(8_192, 2));
    on_every_board(
        |device| device.check_all(0, 0x7FFF_FFFF, &old, &new),
        |device| device.check_all(0, 0x7FFF_FFFF, &old, &new),
        |device| device.check_all(0, 0x7FFF_FFFF, &old, &new),
    );
}

#[test]
fn the_other_direction_and_across_the_wrap_cut_at_every_byte() {
    let (old, new) = (model(2_000, 1), model(2_048, 2));
    on_every_board(
        |device| device.check_all(1, u32::MAX, &old, &new),
        |device| device.check_all(1, u32::MAX, &old, &new),
        |device| device.check_all(1, u32::MAX, &old, &new),
    );
}

/// Size of the notebook's network: at 2 bits on boards with 256 KB, at 8 bits on the others.
#[test]
fn every_board_cut_at_the_edges_of_its_blocks() {
    let old = model(8_192, 1);
    let (at_2_bits, at_8_bits) = (model(70_100, 2), model(269_620, 2));
    on_every_board(
        |device| device.check_edges(&old, &at_2_bits),
        |device| {
            // A part of 512 KB has no slot for the model at 8 bits.
            let new = if device.slot(1).len() > HEADER_LEN + at_8_bits.len() { &at_8_bits } else { &at_2_bits };
            device.check_edges(&old, new);
        },
        |device| device.check_edges(&old, &at_8_bits),
    );
}

/// Every tick with write sizes and read sizes up to the writer's maximum.
#[test]
fn words_of_every_size_cut_at_every_byte() {
    fn check<const READ: usize, const WRITE: usize>() -> usize {
        let room = Room::halves(0x1000, 8 * 256, 256);
        let device = Device::<READ, WRITE, 256>::new(room, &[256; 8]);
        device.check_all(1, 5, &model(900, 1), &model(800, 2))
    }
    let narrow = [check::<1, 1>(), check::<1, 2>(), check::<2, 4>()];
    let wide = [check::<8, 8>(), check::<1, 16>(), check::<16, 16>(), check::<64, 32>()];
    // Without its weak bits a commit word that is cut would never read as whole, and this would test less.
    assert!(narrow.iter().chain(&wide).any(|moved| *moved > 1), "{narrow:?}, {wide:?}");
}

/// The STM32F405's sectors 1 to 11: 16, 64 and 128 KB, in two slots aligned to sectors; scaled down to a sixteenth.
#[test]
fn blocks_of_different_sizes_cut_at_every_byte() {
    let (small, middle, large) = (1024, 4096, 8192);
    let blocks = [small, small, small, middle, large, large, large, large, large, large, large];
    let first = 3 * small + middle + 3 * large;
    let room = Room::split(0x0800_4000, first as u32, 4 * large as u32);
    let device = || Device::<1, 1, 1024>::new(room, &blocks);
    device().check_all(0, 1, &model(1_500, 1), &model(1_000, 2));
    device().check_all(1, 1, &model(1_500, 1), &model(1_000, 2));
    // If the slots do not end at sector boundaries, nothing is touched.
    let mut wrong = device();
    wrong.room = Room::split(0x0800_4000, first as u32 + small as u32, 4 * large as u32);
    let refused = wrong.update(None, &model(1_000, 1));
    assert_eq!(refused, Err(WriteError::Flash(Failed::NotAligned)));
    wrong.room = Room::split(0x0800_4000, first as u32 + 100, 4 * large as u32);
    assert_eq!(wrong.update(None, &model(1_000, 1)), Err(WriteError::Borders));
    assert_eq!(wrong.flash.ticks(), 0);
}

/// 400 updates, most of them cut, one after the other, with sequence numbers that wrap; the running model always
/// survives.
#[test]
fn cuts_upon_cuts() {
    let models: Vec<Vec<u8>> = (0..5).map(|seed| model(1_200 + 150 * seed as usize, seed)).collect();
    let mut device = Device::<1, 8, 256>::new(Room::halves(0x1000, 16 * 256, 256), &[256; 16]);
    device = device.running(0, u32::MAX - 20, &models[0], &models[1]);
    let whole = device.ticks(&models[4]);
    let (mut updates, mut dice) = (0, Dice::new(12_345));
    for round in 0..400usize {
        let (running, old) = device.boot().unwrap();
        let new = &models[(round + 1) % models.len()];
        device.flash.cut_after(dice.below((whole + whole / 8) as usize) as u64);
        let done = device.update(Some(running), new);
        device.flash.restore_power();
        let (now, bytes) = device.boot().unwrap_or_else(|| panic!("round {round}: nothing boots"));
        let moved = now.slot != running.slot;
        assert!(&bytes == if moved { new } else { &old }, "round {round}: a mix");
        assert!(moved || done.is_err(), "round {round}");
        updates += u32::from(moved);
    }
    assert!(updates > 40, "only {updates} updates came to their end, too few to wrap around");
}

#[test]
fn an_update_that_cannot_be_touches_nothing() {
    let board = &BOARDS[1];
    let (small, large) = (model(1_000, 1), model(136_740, 2));
    let mut device = Small::of(board).running(0, 1, &small, &small);
    let (running, _) = device.boot().unwrap();
    let ticks = device.flash.ticks();
    let available = board.room().slot(1).unwrap().model_len();
    assert_eq!(device.update(Some(running), &large), Err(WriteError::TooLarge { available }));
    // At 4 bits the notebook's network fills this board's region, so no second slot fits.
    let mut device = Small::of(board);
    let written = device.update(None, &large).unwrap();
    assert_eq!(device.boot(), Some((written, large)));
    let before = device.flash.ticks();
    assert_eq!(device.update(Some(written), &small), Err(WriteError::NoFreeSlot));
    assert_eq!((device.flash.ticks(), ticks), (before, 0));
    assert_eq!(device.boot().map(|(running, _)| running), Some(written));
}

#[test]
fn a_stream_that_is_wrong_is_not_committed() {
    let board = &BOARDS[1];
    let (old, new) = (model(1_000, 1), model(1_100, 2));
    let mut device = Small::of(board).running(0, 1, &old, &old);
    let (running, _) = device.boot().unwrap();
    let mut flipped = new.clone();
    flipped[500] ^= 1;
    assert_eq!(device.update(Some(running), &flipped), Err(WriteError::Damaged));
    assert_eq!(device.update(Some(running), &[0; 64]), Err(WriteError::Damaged), "zeros, whose checksum is not 0");
    let text = [&[0u8; 60][..], &foldnet_tests::hostile::crc32(&[0; 60]).to_le_bytes()].concat();
    assert_eq!(device.update(Some(running), &text), Err(WriteError::Damaged), "not a model, but with a valid checksum");
    let offset = device.offset as u32;
    let mut writer = Writer::new(&mut device.flash, offset, &device.room, Some(running), new.len() as u32).unwrap();
    assert_eq!(writer.write(&new[..900]), Ok(()));
    assert_eq!(writer.finish(), Err(WriteError::TooFew { missing: new.len() as u32 - 900 }));
    let mut writer = Writer::new(&mut device.flash, offset, &device.room, Some(running), 16).unwrap();
    assert_eq!(writer.write(&new), Err(WriteError::TooMany));
    assert_eq!(writer.finish(), Err(WriteError::TooMany), "more than the announced 16 bytes");
    let mut writer = Writer::new(&mut device.flash, offset, &device.room, Some(running), new.len() as u32).unwrap();
    assert_eq!(writer.write(&[&new[..], &[0]].concat()), Err(WriteError::TooMany));
    assert_eq!(writer.finish(), Err(WriteError::TooMany), "the bytes before are a whole model");
    assert_eq!(device.boot(), Some((running, old)));
}

/// Nothing runs, but the other slot has a header: the new sequence is later than its own.
#[test]
fn a_repair_is_newer_than_what_it_repairs() {
    let (old, new) = (model(1_000, 1), model(1_100, 2));
    let mut device = Small::of(&BOARDS[1]).running(1, 9, &old, &old);
    for slot in 0..2 {
        let at = device.slot(slot).start + 300;
        let flipped = device.flash.view()[at] ^ 2;
        device.flash.set(at, &[flipped]);
    }
    let view = device.flash.view()[device.offset..].to_vec();
    let error = boot(&foldnet_tests::hostile::AlignedBytes::new(&view), &device.room).unwrap_err();
    assert!(error.slots.iter().all(|fault| matches!(fault, Fault::Model(_))), "{error}");
    let written = device.update(None, &new).unwrap();
    assert_eq!((written.slot, written.sequence), (Some(0), 10));
    assert_eq!(device.boot(), Some((written, new)));
}

/// Corruption of the running slot between two boots: the other slot runs, and the next update replaces the corrupted
/// one.
#[test]
fn rot_is_replaced() {
    let (old, new) = (model(1_000, 1), model(1_100, 2));
    let mut device = Small::of(&BOARDS[1]).running(1, 0, &old, &new);
    let at = device.slot(1).start + 200;
    device.flash.set(at, &[0]);
    let (running, bytes) = device.boot().unwrap();
    assert_eq!((running.slot, running.sequence, &bytes), (Some(0), u32::MAX, &new));
    let written = device.update(Some(running), &old).unwrap();
    assert_eq!((written.slot, written.sequence), (Some(1), 0));
    assert_eq!(device.boot(), Some((written, old)));
}

#[test]
fn a_bare_model_is_kept_until_its_update_is_whole() {
    let (old, new) = (model(1_000, 1), model(1_100, 2));
    let mut device = Small::of(&BOARDS[1]);
    device.flash.set(device.offset, &old);
    let (running, bytes) = device.boot().unwrap();
    assert_eq!((running.slot, &bytes), (None, &old));
    let ticks = device.ticks(&new);
    let [stayed, moved] = device.check_cuts(&old, &new, (0..=ticks).step_by(7).chain([ticks]));
    assert!(stayed > moved && moved >= 1, "{stayed}, {moved}");
}
