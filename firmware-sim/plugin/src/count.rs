//! The sum of cycles: executed blocks, the branches between them, and wait states for lines of flash.
//!
//! A read of a flash line that is not among the last [`DATA_BYTES`] costs the wait states, and so does an instruction
//! from a line that is not in a direct-mapped cache of [`CODE_BYTES`]; the STM32F4's accelerator has caches of these
//! sizes. Prefetching and bus conflicts are not modelled.

/// Size of the data cache in bytes.
pub const DATA_BYTES: u64 = 128;

/// Size of the code cache in bytes.
pub const CODE_BYTES: u64 = 1024;

/// The firmware's marker before an inference: `mov r10, r10`.
pub const START: [u8; 2] = [0xD2, 0x46];

/// The firmware's marker after an inference: `mov r11, r11`.
pub const STOP: [u8; 2] = [0xDB, 0x46];

/// Flash as the processor sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flash {
    /// Address of the first byte.
    pub origin: u64,
    /// Address after the last byte.
    pub end: u64,
    /// Bytes per line.
    pub line: u64,
    /// Wait states for reading a line.
    pub wait_states: u64,
}

/// A sequence of instructions that is always executed from the first to the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Address of the first instruction.
    pub start: u64,
    /// Address after the last one.
    pub end: u64,
    /// Number of instructions.
    pub instructions: u64,
    /// Their cycles, in half cycles.
    pub half_cycles: u64,
    /// Additional cycles if execution does not continue at `end`.
    pub taken: u64,
}

/// Counts so far, or between two markers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// Instructions.
    pub instructions: u64,
    /// Half cycles, including wait states.
    pub half_cycles: u64,
    /// Cycles spent waiting for flash.
    pub waiting: u64,
}

/// The counter.
#[derive(Debug)]
pub struct Counter {
    flash: Flash,
    sum: Sum,
    started: Option<Sum>,
    /// End of the previous block, and its [`Block::taken`].
    previous: Option<(u64, u64)>,
    /// The lines in the data cache, the most recent first.
    data: Vec<u64>,
    /// The code cache, indexed by the line's number.
    code: Vec<u64>,
}

impl Counter {
    /// A counter at zero with empty caches.
    pub fn new(flash: Flash) -> Self {
        let lines = |bytes: u64| vec![u64::MAX; (bytes / flash.line).max(1) as usize];
        let (data, code) = (lines(DATA_BYTES), lines(CODE_BYTES));
        Self { flash, sum: Sum::default(), started: None, previous: None, data, code }
    }

    /// `block` starts.
    pub fn execute(&mut self, block: &Block) {
        let previous = self.previous.replace((block.end, block.taken));
        self.sum.half_cycles += previous.filter(|(end, _)| *end != block.start).map_or(0, |(_, taken)| 2 * taken);
        self.sum.instructions += block.instructions;
        self.sum.half_cycles += block.half_cycles;
        if self.waits(block.start) {
            for line in block.start / self.flash.line..block.end.div_ceil(self.flash.line) {
                let place = line as usize % self.code.len();
                let place = &mut self.code[place];
                if std::mem::replace(place, line) != line {
                    self.wait();
                }
            }
        }
    }

    /// Data is read at `address`.
    pub fn read(&mut self, address: u64) {
        if !self.waits(address) {
            return;
        }
        let line = address / self.flash.line;
        let found = self.data.iter().position(|kept| *kept == line);
        // The line comes to the front, the others move back by one.
        let last = found.unwrap_or(self.data.len() - 1);
        self.data[..=last].rotate_right(1);
        self.data[0] = line;
        if found.is_none() {
            self.wait();
        }
    }

    fn waits(&self, address: u64) -> bool {
        self.flash.wait_states > 0 && (self.flash.origin..self.flash.end).contains(&address)
    }

    fn wait(&mut self) {
        self.sum.waiting += self.flash.wait_states;
        self.sum.half_cycles += 2 * self.flash.wait_states;
    }

    /// The marker before an inference is executed; `rest` is the remainder of its block.
    pub fn start(&mut self, rest: &Sum) {
        self.started = Some(self.sum.less(rest));
    }

    /// The marker after an inference is executed, likewise; returns the counts of the inference, if one had begun.
    pub fn stop(&mut self, rest: &Sum) -> Option<Sum> {
        let started = self.started.take()?;
        Some(self.sum.less(rest).less(&started))
    }
}

impl Sum {
    fn less(&self, other: &Self) -> Self {
        Self {
            instructions: self.instructions.saturating_sub(other.instructions),
            half_cycles: self.half_cycles.saturating_sub(other.half_cycles),
            waiting: self.waiting.saturating_sub(other.waiting),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLASH: Flash = Flash { origin: 0x1000, end: 0x2000, line: 16, wait_states: 5 };

    fn block(start: u64, instructions: u64) -> Block {
        let end = start + 2 * instructions;
        Block { start, end, instructions, half_cycles: 2 * instructions, taken: 2 }
    }

    /// Checks cycles and wait states of `run` between the markers.
    fn check(flash: Flash, run: impl Fn(&mut Counter), cycles: u64, waiting: u64) {
        let mut counter = Counter::new(flash);
        counter.start(&Sum::default());
        run(&mut counter);
        let sum = counter.stop(&Sum::default()).unwrap();
        assert_eq!((sum.half_cycles, sum.waiting), (2 * cycles, waiting));
        assert_eq!(counter.stop(&Sum::default()), None);
    }

    #[test]
    fn a_loop_waits_once_and_pays_for_its_branch() {
        let run = |counter: &mut Counter| (0..10).for_each(|_| counter.execute(&block(0x1000, 8)));
        check(FLASH, run, 80 + 9 * 2 + 5, 5);
        check(Flash { wait_states: 0, ..FLASH }, run, 80 + 9 * 2, 0);
    }

    #[test]
    fn blocks_in_a_row_are_no_branch() {
        let run = |counter: &mut Counter| (0..4).for_each(|at| counter.execute(&block(at * 16, 8)));
        check(FLASH, run, 32, 0);
    }

    #[test]
    fn each_line_of_data_is_waited_for_unless_it_is_kept() {
        check(FLASH, |counter| (0..32).for_each(|word| counter.read(0x1000 + 4 * word)), 8 * 5, 8 * 5);
        check(FLASH, |counter| [0x1000, 0x1010, 0x1004, 0x3000].iter().for_each(|&at| counter.read(at)), 10, 10);
        let again =
            |counter: &mut Counter| (0..2).for_each(|_| (0..9).for_each(|line| counter.read(0x1000 + 16 * line)));
        check(FLASH, again, 18 * 5, 18 * 5);
    }

    #[test]
    fn markers_within_a_block_count_what_is_between() {
        let mut counter = Counter::new(Flash { wait_states: 0, ..FLASH });
        let rest = |instructions| Sum { instructions, half_cycles: 2 * instructions, waiting: 0 };
        counter.execute(&block(0, 10));
        counter.start(&rest(4));
        counter.stop(&rest(1)).map(|sum| assert_eq!(sum, rest(3))).unwrap();
    }
}
