//! The cores of `foldnet-core`'s table, as the scripts and the emulator's plugin have them.

use foldnet_core::quantized::kernel::table::CORES;
use foldnet_plugin::timing::Core;
use foldnet_sim::board::{cores, timed_cores};
use foldnet_tests::tidy::files::root;
use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn the_scripts_build_for_every_core() {
    let mut bash = Command::new("bash");
    bash.current_dir(root())
        .args(["-c", ". scripts/lib.sh; printf '%s\\n' \"${bare_metal_targets[@]}\"; bare_metal_rows"]);
    let output = bash.output().unwrap_or_else(|error| panic!("bash: {error}"));
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    let said: BTreeSet<_> = said.lines().map(|line| line.trim().to_owned()).collect();
    let rows = cores().map(|core| format!("{} {}", core.target, core.feature.unwrap_or_default()).trim().to_owned());
    let expected: BTreeSet<_> = rows.chain(cores().map(|core| core.target.to_owned())).collect();
    assert!(expected.len() > 5, "{expected:?}");
    assert_eq!(
        said, expected,
        "bare_metal_rows in scripts/lib.sh must read every row of core/src/quantized/kernel/table.rs"
    );
}

#[test]
fn the_plugin_times_the_cores_that_have_an_estimate() {
    let timed: Vec<_> = timed_cores().collect();
    for core in CORES {
        assert_eq!(Core::named(core.name).is_some(), timed.contains(&core.name), "{}", core.name);
    }
    assert!(timed.iter().all(|name| CORES.iter().any(|core| core.name == *name)), "{timed:?}");
}
