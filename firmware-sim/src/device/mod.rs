//! The bare-metal shell around the app: the model from flash, examples and answers over semihosting, an exit code at
//! the end.
//!
//! [`foldnet_sim::job`] describes the files that it reads and writes; its exit codes are [`Exit`]. It never hangs:
//! every way out, including a panic or a fault, is an exit code.

mod arch;

use core::panic::PanicInfo;
use foldnet_core::infer::{Answer, Input, Outputs};
use foldnet_core::model::InputType;
use foldnet_core::quantized::KernelKind;
use foldnet_core::slot::{Boot, boot};
use foldnet_core::{Model, Refusal};
use foldnet_sim::app::{App, Examples, Shell};
use foldnet_sim::arch::clock::{Clock, Instant};
use foldnet_sim::arch::memory;
use foldnet_sim::arch::semihosting::{File, exit};
use foldnet_sim::exit::Exit;
use foldnet_sim::job::{Booted, End, Job, LEADING_WORDS, Start, answer_words, score, verdict};

foldnet_sim::entry!(main);

fn main() -> ! {
    memory::paint_stack();
    let end = run().err().unwrap_or(Exit::Done);
    exit(end.code())
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    exit(Exit::Panic.code())
}

/// Runs all jobs, one after the other.
fn run() -> Result<(), Exit> {
    let mut files = Files {
        job: File::open(c"job").map_err(|_| Exit::Job)?,
        results: File::create(c"results").map_err(|_| Exit::Results)?,
    };
    let free = memory::take_free().ok_or(Exit::Panic)?;
    loop {
        let job = read_job(&mut files.job)?;
        answer_job(&job, &mut files, free)?;
        if !job.more {
            return Ok(());
        }
    }
}

/// Opens the job's model, and processes all examples.
fn answer_job(job: &Job, files: &mut Files, free: &mut [u32]) -> Result<(), Exit> {
    let flash = memory::model_flash().get(job.model_offset as usize..).ok_or(Exit::Refused(Refusal::TooShort))?;
    let booted = boot(flash, &memory::room())?;
    match booted.model.input_type() {
        InputType::U8 => answer_all::<u8>(&booted, job, files, free),
        InputType::I8 => answer_all::<i8>(&booted, job, files, free),
        InputType::I16 => answer_all::<i16>(&booted, job, files, free),
        InputType::U16 => answer_all::<u16>(&booted, job, files, free),
        InputType::F32 => answer_all::<f32>(&booted, job, files, free),
    }
}

/// Processes all examples, with values of type `I`.
fn answer_all<I: Input>(booted: &Boot, job: &Job, files: &mut Files, free: &mut [u32]) -> Result<(), Exit> {
    let model = &booted.model;
    if model.inputs() * size_of::<I>() != job.example_len as usize {
        return Err(Exit::Job);
    }
    let memory = memory::split::<I>(free, model.inputs());
    let limit = memory.scratch.len().min(job.scratch_limit as usize);
    let scratch = memory.scratch.get_mut(..limit).ok_or(Exit::Refused(Refusal::Scratch))?;
    let app = App::new(model, scratch, memory.example)?;
    let mut shell = Semihosted::new(files, job, model, Booted::of(booted))?;
    app.run(&mut shell)?;
    shell.finish(job.examples)
}

/// The debugger's files.
struct Files {
    job: File,
    results: File,
}

fn read_job(file: &mut File) -> Result<Job, Exit> {
    let mut words = [0; Job::WORDS];
    file.read_words(&mut words).map_err(|_| Exit::Job)?;
    Job::from_words(words).ok_or(Exit::Job)
}

/// Examples from one file of the debugger's machine, answers into another, time from the clock.
struct Semihosted<'f> {
    files: &'f mut Files,
    left: u32,
    clock: Clock,
    started: Instant,
    ticks: u32,
    timed_layer: Option<usize>,
}

impl<'f> Semihosted<'f> {
    fn new(files: &'f mut Files, job: &Job, model: &Model, booted: Booted) -> Result<Self, Exit> {
        let clock = Clock::start();
        let kernel = if model.is_float() { "float" } else { KernelKind::CURRENT.name() };
        let start = Start::new(answer_words(model) as u32, clock.calibrate(), kernel, booted);
        files.results.write_words(&start.words()).map_err(|_| Exit::Results)?;
        let started = clock.now();
        let timed_layer = (job.timed_layer != Job::ALL_LAYERS).then_some(job.timed_layer as usize);
        Ok(Self { files, left: job.examples, clock, started, ticks: 0, timed_layer })
    }

    fn finish(self, examples: u32) -> Result<(), Exit> {
        let stack_peak = memory::stack_peak().ok_or(Exit::Stack)? as u32;
        self.files.results.write_words(&End { examples, stack_peak }.words()).map_err(|_| Exit::Results)
    }
}

impl<I: Input> Examples<I> for Semihosted<'_> {
    fn next_example(&mut self, example: &mut [I]) -> Result<bool, Exit> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(false) };
        self.left = left;
        self.files.job.read(example).map_err(|_| Exit::Job)?;
        Ok(true)
    }
}

impl Shell for Semihosted<'_> {
    type Error = Exit;

    fn timed_layer(&self) -> Option<usize> {
        self.timed_layer
    }

    #[inline(always)]
    fn start(&mut self) {
        self.started = self.clock.begin();
    }

    #[inline(always)]
    fn stop(&mut self) {
        self.ticks = self.clock.end(self.started);
    }

    #[inline(never)]
    fn answer(&mut self, answer: Answer, outputs: Outputs) -> Result<(), Exit> {
        let front: [u32; LEADING_WORDS] = [verdict(answer), self.ticks];
        self.files.results.write_words(&front).map_err(|_| Exit::Results)?;
        self.files.results.write_words(outputs.words()).map_err(|_| Exit::Results)?;
        score(answer).map_or(Ok(()), |score| self.files.results.write_words(&score)).map_err(|_| Exit::Results)
    }
}
