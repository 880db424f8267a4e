//! Options that say how a model is written for a device's flash.

use crate::deploy::format::{Destination, Format, Slot, Target};
use anyhow::bail;
use clap::Args;
use foldnet_sim::board::{Board, BoardArgs};
use std::path::Path;

/// The position of the model in a device.
#[derive(Debug, Args)]
pub(super) struct FlashArgs {
    /// Format of the model
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    #[command(flatten)]
    board: BoardArgs,
    /// Write it for this address in flash, such as 0x08020000
    #[arg(long, value_name = "A", value_parser = address, conflicts_with = "for_board")]
    address: Option<u32>,
    /// Write it as slot 0 or 1, with a slot header in front
    #[arg(long, value_name = "N", value_parser = slot)]
    slot: Option<u8>,
    /// Sequence number of the slot; the slot with the later one boots [default: 1]
    #[arg(long, value_name = "N")]
    sequence: Option<u32>,
}

impl FlashArgs {
    /// The requested target.
    pub(super) fn target(&self) -> anyhow::Result<Target> {
        if let (None, Some(sequence)) = (self.slot, self.sequence) {
            bail!("--sequence {sequence}: only a slot has one; also give --slot 0 or --slot 1");
        }
        let board = self.chosen_board()?.map(Destination::Board);
        let slot = self.slot.map(|number| Slot { number, sequence: self.sequence.unwrap_or(1) });
        Target::new(self.format, board.or(self.address.map(Destination::Address)), slot)
    }

    /// The file that describes it, if one is given.
    pub(super) fn board_file(&self) -> Option<&Path> {
        self.board.board_file.as_deref()
    }

    /// The board that the model is for, if one is named.
    pub(super) fn chosen_board(&self) -> anyhow::Result<Option<&'static Board>> {
        Ok(self.board.chosen()?)
    }
}

/// A number, which is checked with the other flags.
fn slot(text: &str) -> Result<u8, &'static str> {
    text.parse().map_err(|_| "give 0 or 1")
}

/// Decimal, or hexadecimal after `0x`.
fn address(text: &str) -> Result<u32, &'static str> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let number = digits.map_or_else(|| text.parse(), |digits| u32::from_str_radix(digits, 16));
    number.map_err(|_| "give a 32-bit address, such as 0x08020000")
}
