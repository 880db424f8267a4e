//! Core's own tests on an emulated board: the results of the firmware in `examples/cases`.

use super::error::EmulateError;
use super::firmware::Firmware;
use super::qemu::{Input, STALL_LIMIT, execute};
use super::results::words;
use crate::cases::CasesJob;

/// A complete run of the table of cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CasesRun {
    /// Number of passed cases, as counted by the board.
    pub passed: usize,
    /// `[cases]`: the peak of each case's stack in bytes, including about 200 for the loop around it.
    pub stack_peaks: Vec<u32>,
    /// The words of `foldnet_core::cases::steps_to_the_bit`.
    pub training: Vec<u32>,
}

/// Runs the table of cases on the emulated board; `firmware` comes from [`Firmware::build_cases`].
///
/// # Errors
/// [`EmulateError::Case`] with the number of the case that did not pass. Also without an emulator, or if the results
/// are incomplete.
pub fn run_cases(firmware: &Firmware, job: &CasesJob) -> Result<CasesRun, EmulateError> {
    let job: Vec<u8> = job.words().iter().flat_map(|word| word.to_le_bytes()).collect();
    let input = Input { flash: &[], job: [&job, &[]], stall_limit: STALL_LIMIT };
    // A case takes two words.
    let end = execute(firmware, &input, &|len| len as usize / (2 * size_of::<u32>()), &mut |_| ())?;
    // Without a file, it failed before the first case.
    let results = words(&end.results.unwrap_or_default());
    match end.ended {
        Ok(()) => read(&results),
        Err(cause) => Err(match case_begun(&results) {
            Some(number) => EmulateError::Case { board: firmware.board().name, number, cause: Box::new(cause) },
            None => cause,
        }),
    }
}

/// The case whose number is the last word; `None` before the first and after the last.
fn case_begun(results: &[u32]) -> Option<usize> {
    let (&cases, walk) = results.split_first()?;
    let number = walk.len() / 2;
    (walk.len() % 2 == 1 && number < cases as usize).then_some(number)
}

/// Decodes the results of a complete run.
fn read(results: &[u32]) -> Result<CasesRun, EmulateError> {
    let cut = || EmulateError::Results("they are truncated");
    let (&cases, rest) = results.split_first().ok_or_else(cut)?;
    let (walk, rest) = rest.split_at_checked(2 * cases as usize).ok_or_else(cut)?;
    let (&passed, training) = rest.split_first().ok_or_else(cut)?;
    if walk.chunks_exact(2).zip(0..).any(|(case, number)| case[0] != number) {
        return Err(EmulateError::Results("the cases are not in the table's order"));
    }
    let stack_peaks = walk.chunks_exact(2).map(|case| case[1]).collect();
    Ok(CasesRun { passed: passed as usize, stack_peaks, training: training.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_walk_is_taken_apart() {
        let run = read(&[2, 0, 300, 1, 400, 2, 77, 78]).unwrap();
        assert_eq!(run, CasesRun { passed: 2, stack_peaks: vec![300, 400], training: vec![77, 78] });
        for results in [&[] as &[u32], &[2], &[2, 0, 300, 1], &[2, 0, 300, 1, 400], &[2, 0, 300, 0, 400, 2]] {
            assert!(matches!(read(results), Err(EmulateError::Results(_))), "{results:?}");
        }
    }

    #[test]
    fn the_case_that_did_not_pass_is_the_last_one_begun() {
        assert_eq!(case_begun(&[2, 0]), Some(0));
        assert_eq!(case_begun(&[2, 0, 300, 1]), Some(1));
        for results in [&[] as &[u32], &[2], &[2, 0, 300], &[2, 0, 300, 1, 400, 2]] {
            assert_eq!(case_begun(results), None, "{results:?}");
        }
    }
}
