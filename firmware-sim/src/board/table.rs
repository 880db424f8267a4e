//! The boards, and how their memory is laid out: one table for the PC, which checks what fits, and for the build of
//! the firmware, which writes linker scripts from it. It knows no other file.
//!
//! Flash, from its origin: the firmware ([`FIRMWARE_LEN`] at most), then, from `model_address`, the room for models: two
//! slots of as many erase blocks each as there are, or one (`foldnet_core::slot`). RAM, from its origin: the firmware's statics,
//! an image, the scratch memory; the stack grows down from its end.

/// A stretch of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// Address of the first byte.
    pub origin: u32,
    /// Bytes.
    pub len: u32,
}

impl Region {
    const fn new(origin: u32, len: u32) -> Self {
        Self { origin, len }
    }

    /// Address behind the last byte.
    pub const fn end(&self) -> u32 {
        self.origin + self.len
    }
}

/// A board: a chip with its memory, and the QEMU machine that emulates it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Board {
    /// What it is called on the command line.
    pub name: &'static str,
    /// QEMU's name of the machine.
    pub machine: &'static str,
    /// The chip, or the FPGA image that stands for one.
    pub chip: &'static str,
    /// The processor core.
    pub core: &'static str,
    /// Rust's name of the target that firmware is compiled for.
    pub target: &'static str,
    /// Whether an ARMv8-M core has the DSP extension, which its target does not tell.
    pub dsp: bool,
    /// Flash, or the memory that stands for it.
    pub flash: Region,
    /// RAM in one piece.
    pub ram: Region,
    /// Where the room for models begins, in flash: at the border of an erase block.
    pub model_address: u32,
    /// Bytes of the largest erase block from there on.
    pub erase_block: u32,
    /// Clock of the processor in Hz; 0 where the firmware's clock counts instructions.
    pub clock_hz: u32,
}

impl Board {
    /// The flash that belongs to models.
    pub const fn model_region(&self) -> Region {
        Region::new(self.model_address, self.flash.end() - self.model_address)
    }
}

/// Flash that is set aside for the firmware.
pub const FIRMWARE_LEN: u32 = 20 * KB;

/// RAM that is set aside for the firmware: its statics and its stack.
pub const FIRMWARE_RAM: u32 = STATICS_LEN + STACK_LEN;

/// RAM for the firmware's statics at most.
pub const STATICS_LEN: u32 = 256;

/// RAM for the stack at most.
pub const STACK_LEN: u32 = 2 * KB;

const KB: u32 = 1024;
const MB: u32 = 1024 * KB;

const THUMB_V6M: &str = "thumbv6m-none-eabi";
const THUMB_V7M: &str = "thumbv7m-none-eabi";
const THUMB_V7EM: &str = "thumbv7em-none-eabihf";
const THUMB_V8M: &str = "thumbv8m.main-none-eabihf";
const RISCV32: &str = "riscv32imc-unknown-none-elf";

/// The FPGA boards' memory has no erase blocks: it is taken as such of 4 KB.
const FPGA_BLOCK: u32 = 4 * KB;

/// The STM32F405 erases 4 blocks of 16 KB, one of 64 KB, then seven of 128 KB. Models have these seven.
const STM32_BLOCK: u32 = 128 * KB;

/// An MPS2 FPGA board with a Cortex-M3, M4 or M7 at 25 MHz.
const fn mps2(
    name: &'static str,
    machine: &'static str,
    chip: &'static str,
    core: &'static str,
    target: &'static str,
) -> Board {
    Board {
        name,
        machine,
        chip,
        core,
        target,
        dsp: false,
        flash: Region::new(0, 4 * MB),
        ram: Region::new(0x2000_0000, 4 * MB),
        model_address: FIRMWARE_LEN,
        erase_block: FPGA_BLOCK,
        clock_hz: 25_000_000,
    }
}

/// All boards that are known.
pub const BOARDS: &[Board] = &[
    Board {
        name: "netduinoplus2",
        machine: "netduinoplus2",
        chip: "STM32F405",
        core: "Cortex-M4F",
        target: THUMB_V7EM,
        dsp: false,
        flash: Region::new(0x0800_0000, MB),
        // What lies in one piece; the other 64 KB are the core-coupled memory.
        ram: Region::new(0x2000_0000, 128 * KB),
        model_address: 0x0800_0000 + STM32_BLOCK,
        erase_block: STM32_BLOCK,
        clock_hz: 168_000_000,
    },
    Board {
        name: "microbit",
        machine: "microbit",
        chip: "nRF51822",
        core: "Cortex-M0",
        target: THUMB_V6M,
        dsp: false,
        flash: Region::new(0, 256 * KB),
        ram: Region::new(0x2000_0000, 16 * KB),
        model_address: FIRMWARE_LEN,
        erase_block: KB,
        clock_hz: 16_000_000,
    },
    Board {
        name: "lm3s6965evb",
        machine: "lm3s6965evb",
        chip: "LM3S6965",
        core: "Cortex-M3",
        target: THUMB_V7M,
        dsp: false,
        flash: Region::new(0, 256 * KB),
        ram: Region::new(0x2000_0000, 64 * KB),
        model_address: FIRMWARE_LEN,
        erase_block: KB,
        clock_hz: 12_500_000,
    },
    mps2("mps2-an385", "mps2-an385", "MPS2 AN385", "Cortex-M3", THUMB_V7M),
    mps2("mps2-an386", "mps2-an386", "MPS2 AN386", "Cortex-M4F", THUMB_V7EM),
    mps2("mps2-an500", "mps2-an500", "MPS2 AN500", "Cortex-M7", THUMB_V7EM),
    Board {
        name: "mps2-an505",
        machine: "mps2-an505",
        chip: "MPS2 AN505",
        core: "Cortex-M33",
        target: THUMB_V8M,
        dsp: true,
        flash: Region::new(0x1000_0000, 4 * MB),
        ram: Region::new(0x3800_0000, 4 * MB),
        model_address: 0x1000_0000 + FIRMWARE_LEN,
        erase_block: FPGA_BLOCK,
        clock_hz: 20_000_000,
    },
    Board {
        name: "riscv32",
        machine: "virt",
        chip: "QEMU virt",
        core: "RV32IMC",
        target: RISCV32,
        dsp: false,
        // RAM throughout: the first half stands for flash.
        flash: Region::new(0x8000_0000, 4 * MB),
        ram: Region::new(0x8040_0000, 4 * MB),
        model_address: 0x8000_0000 + FIRMWARE_LEN,
        erase_block: FPGA_BLOCK,
        clock_hz: 0,
    },
    // Code for an M0 on the M3's machine: a stand-in for an M0 with more flash than the microbit has.
    mps2("mps2-an385-m0", "mps2-an385", "MPS2 AN385", "Cortex-M3 as M0", THUMB_V6M),
];
