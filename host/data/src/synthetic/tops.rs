//! Clothes worn above the waist, and dresses: a torso with or without sleeves.
//!
//! Shirts, pullovers, T-shirts and coats are similar on purpose: they differ in the length of sleeves, a row of buttons
//! or a collar, and these vary, as in Fashion-MNIST.

use super::patch::{Patch, mirrored, symmetric};
use crate::dice::Dice;

/// Sleeves end here when they are short, and here when they are long.
const SHORT: (i32, i32) = (280, 470);
const LONG: (i32, i32) = (660, 930);

/// A torso; widths are from the middle outwards.
struct Torso {
    neck: i32,
    shoulder: i32,
    chest: i32,
    waist: i32,
    hem: i32,
    /// y of the hem.
    bottom: i32,
}

impl Torso {
    fn random(dice: &mut Dice) -> Self {
        let chest = dice.range(190, 260);
        Self {
            neck: dice.range(60, 120),
            shoulder: chest + dice.range(10, 50),
            chest,
            waist: chest - dice.range(-10, 40),
            hem: chest + dice.range(-20, 40),
            bottom: dice.range(840, 970),
        }
    }

    fn patch(&self) -> Patch {
        let top = 60;
        symmetric(&[
            (self.neck, top),
            (self.shoulder, top + 70),
            (self.chest, 330),
            (self.waist, (330 + self.bottom) / 2),
            (self.hem, self.bottom),
        ])
    }

    /// Both sleeves, down to `end`.
    fn sleeves(&self, end: i32, dice: &mut Dice) -> [Patch; 2] {
        // The lower an arm hangs, the closer it is to the body.
        let reach = dice.range(70, 170) + (end - 300).clamp(0, 400) / 8;
        let cuff = dice.range(80, 125);
        let tip = self.shoulder + reach;
        mirrored(&[
            (self.shoulder - 60, 75),
            (self.shoulder, 125),
            (tip, end),
            (tip - cuff, end + 25),
            (self.chest - 20, 360),
        ])
    }

    /// The neck's hole, of one cut or the other.
    fn neckline(&self, dice: &mut Dice) -> Patch {
        let depth = dice.range(70, 180);
        let below = if dice.chance(50) { self.neck * 2 / 3 } else { 10 };
        symmetric(&[(self.neck, 0), (self.neck, 60), (below, depth)]).toned(0)
    }

    /// A line down the middle: buttons, or a front that opens.
    fn front(&self, width: i32, tone: i32) -> Patch {
        symmetric(&[(width, 110), (width, self.bottom)]).toned(tone)
    }

    /// Two flaps beside the neck.
    fn collar(&self, length: i32, tone: i32) -> [Patch; 2] {
        mirrored(&[(self.neck - 30, 40), (self.neck + 40, 60), (self.neck + 20, 80 + length), (10, 120 + length)])
            .map(|flap| flap.toned(tone))
    }
}

fn between(ends: (i32, i32), dice: &mut Dice) -> i32 {
    dice.range(ends.0, ends.1)
}

pub(super) fn t_shirt(dice: &mut Dice) -> Vec<Patch> {
    let torso = Torso::random(dice);
    let end = between(SHORT, dice);
    let mut patches = torso.sleeves(end, dice).to_vec();
    patches.extend([torso.patch(), torso.neckline(dice)]);
    if dice.chance(25) {
        let print = dice.range(90, 330);
        patches.push(symmetric(&[(110, 380), (110, 560)]).toned(print));
    }
    patches
}

pub(super) fn pullover(dice: &mut Dice) -> Vec<Patch> {
    let torso = Torso::random(dice);
    let end = between(LONG, dice);
    let mut patches = torso.sleeves(end, dice).to_vec();
    patches.extend([torso.patch(), torso.neckline(dice)]);
    if dice.chance(50) {
        let (rib, tone) = (dice.range(40, 90), dice.range(170, 240));
        patches.push(symmetric(&[(torso.hem, torso.bottom - rib), (torso.hem, torso.bottom)]).toned(tone));
    }
    patches
}

pub(super) fn shirt(dice: &mut Dice) -> Vec<Patch> {
    let torso = Torso::random(dice);
    let sleeve = if dice.chance(60) { LONG } else { SHORT };
    let end = between(sleeve, dice);
    let mut patches = torso.sleeves(end, dice).to_vec();
    patches.extend([torso.patch(), torso.neckline(dice)]);
    let (length, collar) = (dice.range(20, 90), dice.range(140, 330));
    patches.extend(torso.collar(length, collar));
    let (width, buttons) = (dice.range(12, 24), dice.range(90, 240));
    patches.push(torso.front(width, buttons));
    patches
}

pub(super) fn coat(dice: &mut Dice) -> Vec<Patch> {
    let mut torso = Torso::random(dice);
    torso.bottom = dice.range(900, 1000);
    torso.hem += dice.range(0, 60);
    let end = between(LONG, dice);
    let mut patches = torso.sleeves(end, dice).to_vec();
    patches.extend([torso.patch(), torso.neckline(dice)]);
    let (length, lapel) = (dice.range(80, 260), dice.range(120, 240));
    patches.extend(torso.collar(length, lapel));
    let (width, opening) = (dice.range(8, 30), dice.range(0, 190));
    patches.push(torso.front(width, opening));
    patches
}

pub(super) fn dress(dice: &mut Dice) -> Vec<Patch> {
    let chest = dice.range(120, 220);
    let waist = chest - dice.range(0, 60);
    let torso = Torso {
        neck: dice.range(50, 100),
        shoulder: chest - dice.range(-20, 30),
        chest,
        waist,
        hem: waist + dice.range(0, 200),
        bottom: dice.range(930, 1000),
    };
    let mut patches = Vec::new();
    if dice.chance(50) {
        let sleeve = if dice.chance(70) { SHORT } else { LONG };
        let end = between(sleeve, dice);
        patches.extend(torso.sleeves(end, dice));
    }
    patches.extend([torso.patch(), torso.neckline(dice)]);
    patches
}
