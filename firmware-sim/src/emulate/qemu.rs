//! One run of firmware under QEMU: files in a separate folder, a supervised process, and its exit code.

use super::confine;
use super::cycles::{self, CYCLES_FILE, Cycles};
use super::error::EmulateError;
use super::firmware::Firmware;
use super::results::{self, Answer};
use super::toolchain::find_program;
use crate::board::Board;
use crate::exit::Exit;
use crate::job::{End, JOB_FILE, Job, RESULTS_FILE, Start, answer_words};
use foldnet_core::slot;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Time without a new answer after which a run counts as hung. The slowest image takes well below a second.
pub const STALL_LIMIT: Duration = Duration::from_secs(60);

/// Interval at which a run is checked.
const POLL: Duration = Duration::from_millis(20);

/// A processor with only the base, multiplication and compressed instructions, which starts at the firmware.
const RV32IMC: [&str; 4] =
    ["-bios", "none", "-cpu", "rv32,a=false,f=false,d=false,zba=false,zbb=false,zbc=false,zbs=false"];

const MODEL_FILE: &str = "model";
const FIRMWARE_FILE: &str = "firmware";
const LOG_FILE: &str = "log";

/// Contents of the board's memory and its job, unchecked: tests also use broken models.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Bytes flashed to the board's model address.
    pub flash: &'a [u8],
    /// The firmware's job.
    pub job: Job,
    /// `[job.examples][job.example_len]`
    pub examples: &'a [u8],
    /// Time without a new answer after which the run is stopped.
    pub stall_limit: Duration,
}

/// The firmware's output.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Written before the first example.
    pub start: Start,
    /// `[job.examples]`
    pub answers: Vec<Answer>,
    /// Written after the last example.
    pub end: End,
    /// Modelled cycles, if requested.
    pub cycles: Option<Cycles>,
}

/// Runs `firmware` on its emulated board; `progress` repeatedly receives the number of finished examples.
///
/// # Errors
/// If the emulator is missing or fails, the firmware stops with an error or hangs, or its results are incomplete.
pub fn run(firmware: &Firmware, request: &Request, progress: &mut dyn FnMut(usize)) -> Result<Run, EmulateError> {
    let job: Vec<u8> = request.job.words().iter().flat_map(|word| word.to_le_bytes()).collect();
    let input = Input { flash: request.flash, job: [&job, request.examples], stall_limit: request.stall_limit };
    let (words, examples) = (words_of(request.flash, firmware.board()), request.job.examples as usize);
    let answered = |len| results::answered(len, words).min(examples);
    let end = execute(firmware, &input, &answered, progress)?;
    let (bytes, cycles) = end.whole()?;
    let found = results::read(&bytes, &[request.job])?.pop();
    let (start, answers, end) = found.ok_or(EmulateError::Results("they are empty"))?;
    progress(answers.len());
    let cycles = cycles.map(|text| cycles::read(&text, answers.len())).transpose()?;
    Ok(Run { start, answers, end, cycles })
}

/// Runs several jobs in one boot, each with its examples. A job's `model_offset` is the position of its model in
/// `flash`; this function sets whether another job follows.
///
/// # Errors
/// As [`run`].
pub fn run_all(
    firmware: &Firmware,
    flash: &[u8],
    jobs: &[(Job, Vec<u8>)],
    stall_limit: Duration,
) -> Result<Vec<Run>, EmulateError> {
    let last = jobs.len().saturating_sub(1);
    let of_file = |(at, (job, examples)): (usize, &(Job, Vec<u8>))| {
        let words = Job { more: at < last, ..*job }.words();
        words.into_iter().flat_map(u32::to_le_bytes).chain(examples.iter().copied()).collect::<Vec<u8>>()
    };
    let file: Vec<u8> = jobs.iter().enumerate().flat_map(of_file).collect();
    let input = Input { flash, job: [&file, &[]], stall_limit };
    let end = execute(firmware, &input, &|len| len as usize, &mut |_| ())?;
    let jobs: Vec<Job> = jobs.iter().map(|(job, _)| *job).collect();
    let found = results::read(&end.whole()?.0, &jobs)?.into_iter();
    Ok(found.map(|(start, answers, end)| Run { start, answers, end, cycles: None }).collect())
}

/// Input for any firmware.
pub(super) struct Input<'a> {
    /// Bytes flashed to the board's model address, if any.
    pub(super) flash: &'a [u8],
    /// The job file, in two parts.
    pub(super) job: [&'a [u8]; 2],
    /// Time without a new answer after which the run is stopped.
    pub(super) stall_limit: Duration,
}

/// The end of a run, and the bytes of its results, even after an error.
pub(super) struct Ended {
    pub(super) ended: Result<(), EmulateError>,
    pub(super) results: std::io::Result<Vec<u8>>,
    /// The plugin's output, if there was one.
    pub(super) cycles: Option<String>,
}

impl Ended {
    /// The results of a successful run, and the plugin's output.
    fn whole(self) -> Result<(Vec<u8>, Option<String>), EmulateError> {
        self.ended?;
        let bytes = self.results.map_err(EmulateError::io("the firmware's results cannot be read"))?;
        Ok((bytes, self.cycles))
    }
}

/// Runs any firmware; `answered` computes the number of answers in a results file from its length.
///
/// # Errors
/// If it cannot be started.
pub(super) fn execute(
    firmware: &Firmware,
    input: &Input,
    answered: &dyn Fn(u64) -> usize,
    progress: &mut dyn FnMut(usize),
) -> Result<Ended, EmulateError> {
    let board = firmware.board();
    let emulator = emulator(board)?;
    let folder = tempfile::tempdir().map_err(EmulateError::io("no temporary folder can be made"))?;
    fill(folder.path(), firmware, input)?;
    let child = start(emulator, firmware, folder.path(), !input.flash.is_empty())?;
    let results = folder.path().join(RESULTS_FILE);
    let count = || answered(std::fs::metadata(&results).map_or(0, |file| file.len()));
    let status = watch(child, input.stall_limit, &count, progress);
    let ended = status.and_then(|status| check(emulator, status, folder.path()));
    let cycles =
        firmware.plugin().map(|_| std::fs::read_to_string(folder.path().join(CYCLES_FILE)).unwrap_or_default());
    Ok(Ended { ended, results: std::fs::read(&results), cycles })
}

/// Checks that the emulator of `board` is installed, before firmware is built for it.
///
/// # Errors
/// If it is not.
pub fn check_emulator(board: &Board) -> Result<(), EmulateError> {
    emulator(board).map(drop)
}

/// The emulator of `board`, if it is installed.
fn emulator(board: &Board) -> Result<&'static str, EmulateError> {
    let (emulator, package) = match board.target.starts_with("riscv") {
        true => ("qemu-system-riscv32", "qemu-system-misc (from Debian 13 on: qemu-system-riscv)"),
        false => ("qemu-system-arm", "qemu-system-arm"),
    };
    if find_program(emulator).is_some() {
        return Ok(emulator);
    }
    Err(EmulateError::Missing { tool: emulator.into(), remedy: format!("apt-get install {package}") })
}

/// The name and version reported by the emulator of `board`.
///
/// # Errors
/// If it is not installed.
pub fn emulator_version(board: &Board) -> Result<String, EmulateError> {
    let emulator = emulator(board)?;
    let output = Command::new(emulator).arg("--version").output();
    let said = output.map_err(EmulateError::io(format!("{emulator}: cannot be started")))?.stdout;
    Ok(String::from_utf8_lossy(&said).lines().next().unwrap_or(emulator).to_owned())
}

/// Writes firmware, model and job into `folder`.
fn fill(folder: &Path, firmware: &Firmware, input: &Input) -> Result<(), EmulateError> {
    let write = |name: &str, parts: &[&[u8]]| {
        let mut file = File::create(folder.join(name))?;
        parts.iter().try_for_each(|part| file.write_all(part))
    };
    write(FIRMWARE_FILE, &[firmware.file()])
        .and_then(|()| write(MODEL_FILE, &[input.flash]))
        .and_then(|()| write(JOB_FILE, &input.job))
        .map_err(EmulateError::io(format!("{} cannot be written", folder.display())))
}

/// Starts the emulated board in `folder`; `with_model` loads the model to its flash address separately from the
/// firmware.
fn start(emulator: &str, firmware: &Firmware, folder: &Path, with_model: bool) -> Result<Running, EmulateError> {
    let board = firmware.board();
    let io = |what: &str| EmulateError::io(format!("{emulator}: {what}"));
    let log = File::create(folder.join(LOG_FILE)).map_err(io("cannot create its log file"))?;
    let also_log = log.try_clone().map_err(io("cannot create its log file"))?;
    let model = format!("loader,file={MODEL_FILE},addr={:#x},force-raw=on", board.model_address);
    let device = ["-device", &model];
    let machine = board.qemu.ok_or(EmulateError::NoMachine { board: board.name })?.machine;
    let mut command = confine::command(emulator, folder);
    command
        .args(["-M", machine])
        .args(if board.target.starts_with("riscv") { &RV32IMC[..] } else { &[] })
        .args(["-nographic", "-monitor", "none", "-serial", "none"])
        .args(["-icount", "shift=0", "-semihosting-config", "enable=on,target=native"])
        .args(["-kernel", FIRMWARE_FILE])
        .args(if with_model { &device[..] } else { &[] })
        .args(firmware.plugin().map(|plugin| cycles::arguments(plugin, board)).into_iter().flatten())
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(also_log);
    Ok(Running(confine::spawn(command, emulator, folder, firmware.plugin()).map_err(io("cannot be started"))?))
}

/// A process that is killed when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may already have exited.
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// Waits for the end as long as answers keep arriving.
fn watch(
    mut child: Running,
    stall_limit: Duration,
    count: &dyn Fn() -> usize,
    progress: &mut dyn FnMut(usize),
) -> Result<ExitStatus, EmulateError> {
    let (mut done, mut last) = (0, Instant::now());
    loop {
        let ended = child.0.try_wait().map_err(EmulateError::io("cannot wait for the emulator"))?;
        if let Some(status) = ended {
            return Ok(status);
        }
        let answered = count();
        if answered > done {
            (done, last) = (answered, Instant::now());
            progress(done);
        } else if last.elapsed() > stall_limit {
            return Err(EmulateError::Stalled { seconds: stall_limit.as_secs(), images: done });
        }
        std::thread::sleep(POLL);
    }
}

/// Number of words in an answer; 0 if `flash` holds no model, which never answers.
fn words_of(flash: &[u8], board: &Board) -> usize {
    let bytes = crate::aligned::AlignedBytes::from_slice(flash);
    slot::boot(&bytes, &board.room()).map_or(0, |boot| answer_words(&boot.model))
}

/// Converts the end of a run to a result or an error.
fn check(emulator: &'static str, status: ExitStatus, folder: &Path) -> Result<(), EmulateError> {
    match status.code().and_then(Exit::from_code) {
        Some(Exit::Done) => Ok(()),
        Some(exit) => Err(EmulateError::Device(exit)),
        None if confine::was_forbidden(status) => Err(EmulateError::Forbidden),
        None => {
            let log = std::fs::read_to_string(folder.join(LOG_FILE)).unwrap_or_default();
            let said = log.lines().next().unwrap_or("no output").to_owned();
            Err(EmulateError::Emulator { emulator, status: status.to_string(), said })
        }
    }
}
