//! The bare-metal shell around the app: the model from flash, images and answers by semihosting, an exit code at the end.
//!
//! What it reads and writes is described in [`foldnet_sim::job`]; its exit codes are [`Exit`]. It never hangs: every
//! way out, a panic and a fault included, is an exit code.

mod arch;

use core::panic::PanicInfo;
use foldnet_core::infer::{Answer, Outputs};
use foldnet_core::slot::boot;
use foldnet_sim::app::{App, Shell};
use foldnet_sim::arch::clock::{Clock, Instant};
use foldnet_sim::arch::memory;
use foldnet_sim::arch::semihosting::{File, exit};
use foldnet_sim::exit::Exit;
use foldnet_sim::job::{ANSWER_WORDS, Booted, End, Job, Start};

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

/// Reads the job, opens the model, classifies all images.
fn run() -> Result<(), Exit> {
    let mut images = File::open(c"job").map_err(|_| Exit::Job)?;
    let job = read_job(&mut images)?;
    let flash = memory::model_flash().get(job.model_offset as usize..).ok_or(Exit::TooShort)?;
    let booted = boot(flash, &memory::room())?;
    let model = &booted.model;
    if model.inputs() != job.image_len as usize {
        return Err(Exit::Job);
    }
    let memory = memory::take_free(model.inputs()).ok_or(Exit::Panic)?;
    let limit = memory.scratch.len().min(job.scratch_limit as usize);
    let scratch = memory.scratch.get_mut(..limit).ok_or(Exit::Scratch)?;
    let mut app = App::new(model, scratch, memory.image)?;
    let booted = Booted::of(&booted);
    let mut shell = Semihosted::new(images, &job, model.outputs() as u32, app.kernel(), booted)?;
    app.run(&mut shell)?;
    shell.finish(job.images)
}

fn read_job(file: &mut File) -> Result<Job, Exit> {
    let mut words = [0; Job::WORDS];
    file.read_words(&mut words).map_err(|_| Exit::Job)?;
    Job::from_words(words).ok_or(Exit::Job)
}

/// Images from one file of the debugger's machine, answers into another, time from the clock.
struct Semihosted {
    images: File,
    left: u32,
    results: File,
    clock: Clock,
    started: Instant,
    ticks: u32,
    timed_layer: Option<usize>,
}

impl Semihosted {
    fn new(images: File, job: &Job, logits: u32, kernel: &str, booted: Booted) -> Result<Self, Exit> {
        let clock = Clock::start();
        let start = Start::new(logits, clock.calibrate(), kernel, booted);
        let mut results = File::create(c"results").map_err(|_| Exit::Results)?;
        results.write_words(&start.words()).map_err(|_| Exit::Results)?;
        let started = clock.now();
        let timed_layer = (job.timed_layer != Job::ALL_LAYERS).then_some(job.timed_layer as usize);
        Ok(Self { images, left: job.images, results, clock, started, ticks: 0, timed_layer })
    }

    fn finish(mut self, images: u32) -> Result<(), Exit> {
        let stack_peak = memory::stack_peak().ok_or(Exit::Stack)? as u32;
        self.results.write_words(&End { images, stack_peak }.words()).map_err(|_| Exit::Results)
    }
}

impl Shell for Semihosted {
    type Error = Exit;

    fn next_image(&mut self, image: &mut [u8]) -> Result<bool, Exit> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(false) };
        self.left = left;
        self.images.read(image).map_err(|_| Exit::Job)?;
        Ok(true)
    }

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

    fn answer(&mut self, answer: Answer, outputs: Outputs) -> Result<(), Exit> {
        let class = answer.class().unwrap_or(0);
        let front: [u32; ANSWER_WORDS] = [class as u32, self.ticks];
        self.results.write_words(&front).map_err(|_| Exit::Results)?;
        self.results.write_words(outputs.words()).map_err(|_| Exit::Results)
    }
}
