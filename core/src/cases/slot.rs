//! Test cases of model slots: the header byte by byte, the position of slots, which one boots.

use super::model::with_integer_model;
use crate::model::{Aligned, ParseError, encode};
use crate::slot::{BootError, Fault, HEADER_LEN, Region, Room, SlotHeader, bare, boot};

/// Size of each slot below, in bytes.
const SLOT: usize = 512;

const ROOM: Room = Room::halves(0x1_0000, 2 * SLOT as u32, 64);

pub(super) fn a_slots_header_is_what_its_table_says() {
    let model = [1, 2, 3, 4, 5, 6, 7, 8];
    let room = Room::halves(0x0802_0000, 0xE_0000, 0x2_0000);
    let header = SlotHeader::for_slot(&room, 1, 0x0102_0304, &model).unwrap();
    let bytes = header.to_bytes();
    assert_eq!(bytes[..16], *b"FSLT\x01\0\x01\0\0\0\x08\x08\x04\x03\x02\x01");
    assert_eq!(bytes[16..28], *b"\x08\0\0\0\x05\x06\x07\x08\0\0\0\0");
    // Computed independently with zlib's crc32 over the first 28 bytes.
    assert_eq!(bytes[28..32], 0x9AA1_D433u32.to_le_bytes());
    assert_eq!(bytes[32..], *b"Foldnet: this slot is complete.\n");
    assert_eq!(SlotHeader::from_bytes(&bytes), Ok(header));
    assert_eq!(SlotHeader::from_bytes(&[0xFF; HEADER_LEN]), Err(Fault::Empty));
    for bit in 0..8 * HEADER_LEN {
        let mut damaged = bytes;
        damaged[bit / 8] ^= 1 << (bit % 8);
        let fault = if bit < 8 * 32 { Fault::Header } else { Fault::Unfinished };
        assert_eq!(SlotHeader::from_bytes(&damaged), Err(fault), "bit {bit}");
    }
}

pub(super) fn a_room_is_one_slot_or_two() {
    let room = Room::halves(0, 7 * 128, 128);
    assert_eq!(
        (room.slot(0), room.slot(1)),
        (Some(Region { offset: 0, len: 384 }), Some(Region { offset: 384, len: 384 }))
    );
    assert_eq!((room.slots_for(320), room.slots_for(321), room.slots_for(832), room.slots_for(833)), (2, 1, 1, 0));
    assert_eq!((room.place(0, 321), room.place(1, 321)), (Some(room.whole()), None));
    let uneven = Room::split(0x4000, 496, 512);
    assert_eq!((uneven.slot_address(1), uneven.slots_for(432), uneven.slots_for(448)), (Some(0x41F0), 2, 1));
    let single = Room::halves(0, 100, 64);
    assert_eq!((single.slot(1), single.slots_for(36), single.slots_for(37)), (None, 1, 0));
    assert_eq!(Room::halves(0, 100, 0).slots_for(1), 1);
}

/// Boots from slots that hold the model of `with_integer_model` with these sequences, changed by `change`. Compares the
/// number of the slot that boots, and the reasons why others do not.
fn check(
    sequences: [u32; 2],
    change: impl FnOnce(&mut [u8]),
    expected: Result<(Option<u8>, Option<Fault>), BootError>,
) {
    let mut flash = Aligned([0xFF; 2 * SLOT]);
    for (number, slot) in flash.0.chunks_exact_mut(SLOT).enumerate() {
        let (header, model) = slot.split_at_mut(HEADER_LEN);
        let len = with_integer_model(|spec| encode(spec, model).unwrap());
        let written = SlotHeader::for_slot(&ROOM, number as u8, sequences[number], &model[..len]).unwrap();
        header.copy_from_slice(&written.to_bytes());
    }
    change(&mut flash.0);
    let found = boot(&flash.0, &ROOM).map(|boot| (boot.running.slot, boot.other));
    assert_eq!(found, expected, "{sequences:?}");
}

pub(super) fn the_newest_whole_slot_boots() {
    let both = |sequences, slot| check(sequences, |_| (), Ok((Some(slot), None)));
    both([1, 2], 1);
    both([2, 1], 0);
    both([7, 7], 0);
    both([u32::MAX, 0], 1);
    both([0, u32::MAX], 0);
    both([0x8000_0000, 0x7FFF_FFFF], 0);
    let mend = |at: usize, to: u8, slot, fault| check([1, 2], |flash| flash[at] = to, Ok((Some(slot), Some(fault))));
    mend(SLOT + HEADER_LEN + 20, 0xA5, 0, Fault::Model(ParseError::Crc));
    mend(SLOT + 63, 0xFF, 0, Fault::Unfinished);
    mend(SLOT + 12, 0xFF, 0, Fault::Header);
    mend(0, 0xFF, 1, Fault::Header);
    // The older slot's model is not checked.
    check([1, 2], |flash| flash[HEADER_LEN + 20] ^= 1, Ok((Some(1), None)));
    check([1, 2], |flash| flash[..SLOT].fill(0xFF), Ok((Some(1), None)));
}

pub(super) fn slots_that_do_not_boot_say_why() {
    let fail = |change: fn(&mut [u8]), slots, bare| check([2, 1], change, Err(BootError { slots, bare }));
    let damaged = Fault::Model(ParseError::Crc);
    fail(|flash| flash.fill(0xFF), [Fault::Empty; 2], ParseError::NoModel);
    fail(|flash| flash.fill(0), [Fault::Empty; 2], ParseError::NoModel);
    let rot = |flash: &mut [u8]| [HEADER_LEN + 30, SLOT + HEADER_LEN + 30].iter().for_each(|at| flash[*at] ^= 4);
    check([1, 2], rot, Err(BootError { slots: [damaged; 2], bare: ParseError::NoModel }));
    fail(
        |flash| {
            flash.copy_within(SLOT.., 0);
            flash[SLOT..].fill(0xFF);
        },
        [Fault::WrongSlot, Fault::Empty],
        ParseError::NoModel,
    );
    let large = |flash: &mut [u8]| {
        let header = SlotHeader { slot: 0, address: ROOM.address(), sequence: 1, model_len: 961, model_crc: 0 };
        flash[..HEADER_LEN].copy_from_slice(&header.to_bytes());
        flash[SLOT..].fill(0xFF);
    };
    fail(large, [Fault::TooLarge, Fault::Empty], ParseError::NoModel);
}

pub(super) fn a_bare_model_boots_where_no_slot_does() {
    let bare_front = |flash: &mut [u8]| flash.copy_within(HEADER_LEN..SLOT, 0);
    check([1, 2], bare_front, Ok((Some(1), None)));
    let alone = |flash: &mut [u8]| {
        bare_front(flash);
        flash[SLOT + 40] = 0xFF;
    };
    check([1, 2], alone, Ok((None, Some(Fault::Unfinished))));
    let mut flash = Aligned([0xFF; SLOT]);
    let len = with_integer_model(|spec| encode(spec, &mut flash.0).unwrap());
    assert_eq!(bare(&flash.0).map(|model| model.bytes()), Ok(len));
    assert_eq!(bare(&flash.0[..len - 1]).err(), Some(ParseError::Length { declared: len as u32, found: len - 1 }));
}
