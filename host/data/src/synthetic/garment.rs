//! The ten classes as patches of cloth: their outlines, tones and order.
//!
//! Outlines are in garment units (see `canvas`): 0..=1000 in both directions, with the middle at 500. This file has
//! trousers, shoes and bags; `tops` has the rest.

use super::canvas::Point;
use super::patch::{Patch, symmetric};
use super::tops;
use crate::dice::Dice;

/// A garment of class `class`, 0 to 9 as in Fashion-MNIST, to be painted in this order.
pub(super) fn patches(class: u8, dice: &mut Dice) -> Vec<Patch> {
    match class {
        0 => tops::t_shirt(dice),
        1 => trouser(dice),
        2 => tops::pullover(dice),
        3 => tops::dress(dice),
        4 => tops::coat(dice),
        5 => sandal(dice),
        6 => tops::shirt(dice),
        7 => sneaker(dice),
        8 => bag(dice),
        _ => ankle_boot(dice),
    }
}

fn trouser(dice: &mut Dice) -> Vec<Patch> {
    let (waist, hip) = (dice.range(120, 180), dice.range(150, 220));
    let (outer, bottom) = (dice.range(140, 250), dice.range(900, 1000));
    let (crotch, gap) = (dice.range(260, 420), dice.range(10, 90));
    vec![
        symmetric(&[(waist, 20), (hip, crotch - 60), (outer, bottom)]),
        symmetric(&[(0, crotch), (gap, bottom + 20)]).toned(0),
    ]
}

/// Shoes point to the left, sole at the bottom.
struct Shoe {
    toe: i32,
    heel: i32,
    sole: i32,
}

impl Shoe {
    fn random(dice: &mut Dice) -> Self {
        Self { toe: dice.range(10, 80), heel: dice.range(900, 990), sole: dice.range(700, 790) }
    }

    /// From the toe over an instep to an opening at `top`.
    fn upper(&self, instep: Point, top: i32, back: i32) -> Patch {
        Patch::new(vec![
            (self.toe, self.sole),
            (self.toe + 20, self.sole - 80),
            (self.toe + 170, self.sole - 150),
            instep,
            (instep.0 + 60, top),
            (back, top - 10),
            (self.heel, self.sole),
        ])
    }

    fn sole(&self, thickness: i32, tone: i32) -> Patch {
        let (top, bottom) = (self.sole - 15, self.sole + thickness);
        Patch::new(vec![(self.toe - 10, top), (self.heel + 10, top), (self.heel, bottom), (self.toe + 20, bottom)])
            .toned(tone)
    }
}

fn sneaker(dice: &mut Dice) -> Vec<Patch> {
    let shoe = Shoe::random(dice);
    let top = shoe.sole - dice.range(190, 330);
    let instep = (dice.range(380, 540), top + dice.range(20, 80));
    let back = shoe.heel - dice.range(0, 60);
    let mut patches = vec![shoe.upper(instep, top, back)];
    if dice.chance(50) {
        let (x, tone) = (dice.range(480, 640), dice.range(60, 360));
        patches.push(
            Patch::new(vec![(x, top + 90), (x + 60, top + 90), (x + 10, shoe.sole), (x - 60, shoe.sole)]).toned(tone),
        );
    }
    let (thickness, tone) = (dice.range(30, 80), dice.range(120, 330));
    patches.push(shoe.sole(thickness, tone));
    patches
}

fn ankle_boot(dice: &mut Dice) -> Vec<Patch> {
    let mut shoe = Shoe::random(dice);
    shoe.sole += 60;
    let top = shoe.sole - dice.range(300, 700);
    let instep = (dice.range(400, 540), shoe.sole - dice.range(200, 300));
    let back = shoe.heel - dice.range(-20, 90);
    let mut patches = vec![shoe.upper((instep.0, instep.1.max(top + 20)), top, back)];
    let (thickness, tone) = (dice.range(20, 60), dice.range(120, 330));
    patches.push(shoe.sole(thickness, tone));
    if dice.chance(60) {
        let height = dice.range(60, 170);
        patches.push(Patch::new(vec![
            (shoe.heel - 230, shoe.sole),
            (shoe.heel, shoe.sole),
            (shoe.heel - 20, shoe.sole + height),
            (shoe.heel - 180, shoe.sole + height),
        ]));
    }
    patches
}

fn sandal(dice: &mut Dice) -> Vec<Patch> {
    let shoe = Shoe::random(dice);
    let (thickness, lift) = (dice.range(30, 90), dice.range(0, 160));
    let top = shoe.sole - dice.range(120, 420);
    let outline = vec![
        (shoe.toe, shoe.sole - 10),
        (450, shoe.sole - 20),
        (shoe.heel, shoe.sole - lift),
        (shoe.heel, shoe.sole + thickness),
        (shoe.toe + 20, shoe.sole + thickness),
    ];
    let mut patches = vec![Patch::new(outline)];
    for _ in 0..dice.range(2, 4) {
        let (foot, head) = (dice.range(90, 900), dice.range(180, 880));
        let (width, rise) = (dice.range(40, 110), dice.range(0, 150));
        let peak = top + rise;
        patches.push(Patch::new(vec![
            (foot, shoe.sole),
            (head, peak),
            (head + width, peak),
            (foot + width, shoe.sole),
        ]));
    }
    patches
}

fn bag(dice: &mut Dice) -> Vec<Patch> {
    let (top, bottom) = (dice.range(300, 520), dice.range(780, 960));
    let (upper, lower) = (dice.range(280, 470), dice.range(300, 480));
    let mut patches = Vec::new();
    if dice.chance(80) {
        let (reach, rise) = (dice.range(120, upper - 40), dice.range(100, 290));
        let strap = dice.range(25, 70);
        let inside = reach - strap;
        patches.push(symmetric(&[(reach * 2 / 3, top - rise), (reach, top + 20)]));
        patches.push(symmetric(&[(inside * 2 / 3, top - rise + strap), (inside, top + 20)]).toned(0));
    }
    patches.push(symmetric(&[(upper, top), (lower, bottom)]));
    if dice.chance(50) {
        let (flap, tone) = (top + dice.range(60, 250), dice.range(120, 230));
        patches.push(symmetric(&[(upper, top), (upper, flap)]).toned(tone));
    }
    patches
}
