//! The firmware's exit codes: every error has its own, and nothing hangs.

use crate::{KINDS, firmware, models};
use foldnet_core::Refusal;
use foldnet_sim::EmulateError;
use foldnet_sim::emulate::{Request, Run, run};
use foldnet_sim::exit::Exit;
use foldnet_sim::job::Job;
use std::time::Duration;

/// One image of `example_len` bytes for the model of the caller.
fn job(example_len: u32) -> Job {
    Job {
        examples: 1,
        example_len,
        model_offset: 0,
        scratch_limit: u32::MAX,
        timed_layer: Job::ALL_LAYERS,
        more: false,
    }
}

fn start(board: &str, flash: &[u8], job: Job) -> Result<Run, EmulateError> {
    let pixels = vec![7; (job.examples * job.example_len) as usize];
    let request = Request { flash, job, examples: &pixels, stall_limit: Duration::from_secs(30) };
    run(&firmware(board), &request, &mut |_| ())
}

/// On a board of each kind, the run ends with `expected`.
fn check(what: &str, flash: &[u8], job: Job, expected: Exit) {
    for board in KINDS {
        match start(board, flash, job) {
            Err(EmulateError::Device(exit)) => assert_eq!(exit, expected, "{board}: {what}"),
            other => panic!("{board}: {what}: {expected:?} expected, but: {other:?}"),
        }
    }
}

/// A model with some bytes changed and a correct checksum.
fn changed(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut model = models::random_integer(4, 4, &[3, 2], 8, 1);
    model[at..at + bytes.len()].copy_from_slice(bytes);
    let body = model.len() - 4;
    let crc = crc32(&model[..body]);
    model[body..].copy_from_slice(&crc.to_le_bytes());
    model
}

/// CRC-32 as in zlib, computed bit by bit.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

#[test]
fn a_good_model_runs() {
    for board in KINDS {
        let run = start(board, &changed(0, b"FNET"), job(16)).unwrap();
        assert_eq!((run.answers.len(), run.end.examples), (1, 1), "{board}");
    }
}

#[test]
fn a_bad_model_is_told_apart() {
    let good = changed(0, b"FNET");
    let damaged: Vec<u8> = good.iter().enumerate().map(|(at, byte)| byte ^ u8::from(at == good.len() - 9)).collect();
    let mut halved = good.clone();
    halved[good.len() / 2..].fill(0xff);
    let mut endless = good.clone();
    endless[8..12].fill(0xff);
    check("nothing is flashed", &[0xff; 64], job(16), Exit::Refused(Refusal::NoModel));
    check("one bit is flipped", &damaged, job(16), Exit::Refused(Refusal::Crc));
    check("half flashed", &halved, job(16), Exit::Refused(Refusal::Crc));
    check("a later version", &changed(4, &[4, 0]), job(16), Exit::Refused(Refusal::Version));
    check("longer than the flash", &endless, job(16), Exit::Refused(Refusal::Length));
    check("an empty header", &changed(6, &[0, 0]), job(16), Exit::Refused(Refusal::Header));
    // The header, which begins with the height, is the first section: after 16 bytes and 12 per section.
    let header = (16 + 12 * usize::from(good[6])).next_multiple_of(16);
    // Its input section is that of the lower image.
    check("a taller image", &changed(header, &[5]), job(20), Exit::Refused(Refusal::InputSection));
}

#[test]
fn a_model_at_an_odd_address_is_refused() {
    let good = changed(0, b"FNET");
    for model_offset in 1..4 {
        let flash = [&vec![0xff; model_offset as usize], &good[..]].concat();
        check("an odd address", &flash, Job { model_offset, ..job(16) }, Exit::Refused(Refusal::Unaligned));
    }
    let flash = [&[0xff; 4], &good[..]].concat();
    for board in KINDS {
        assert!(start(board, &flash, Job { model_offset: 4, ..job(16) }).is_ok(), "{board}: 4 bytes further");
    }
    check(
        "an offset behind the flash",
        &good,
        Job { model_offset: u32::MAX, ..job(16) },
        Exit::Refused(Refusal::TooShort),
    );
}

#[test]
fn memory_that_is_too_small_is_reported() {
    let good = changed(0, b"FNET");
    check("no scratch memory", &good, Job { scratch_limit: 0, ..job(16) }, Exit::Refused(Refusal::Scratch));
    // 17 KB of scratch memory, which the microbit does not have.
    let wide = models::random(4, 4, &[2100, 2, 2, 2100], 1);
    let Err(EmulateError::Device(exit)) = start("microbit", &wide, job(16)) else { panic!("it has no room") };
    assert_eq!(exit, Exit::Refused(Refusal::Scratch));
}

#[test]
fn images_that_do_not_belong_to_the_model_are_reported() {
    let good = changed(0, b"FNET");
    check("images of another size", &good, job(17), Exit::Job);
    let request =
        Request { flash: &good, job: Job { examples: 2, ..job(16) }, examples: &[0; 31], stall_limit: Duration::MAX };
    match run(&firmware("microbit"), &request, &mut |_| ()) {
        Err(EmulateError::Device(Exit::Job)) => (),
        other => panic!("half an image is missing: {other:?}"),
    }
}

#[test]
fn a_run_that_does_not_get_on_is_stopped() {
    let good = changed(0, b"FNET");
    let pixels = vec![0; 16 * 100_000];
    let request = Request {
        flash: &good,
        job: Job { examples: 100_000, ..job(16) },
        examples: &pixels,
        stall_limit: Duration::ZERO,
    };
    match run(&firmware("microbit"), &request, &mut |_| ()) {
        Err(EmulateError::Stalled { seconds: 0, images }) => assert!(images < 100_000),
        other => panic!("not stopped: {other:?}"),
    }
}
