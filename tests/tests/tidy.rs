//! Checks the rules of style on the whole repository, as ordinary tests.
//!
//! A gate that gets in the way of a clearer program is argued about in the commit that changes it, not worked around.

use foldnet::format::thousands;
use foldnet_tests::tidy::circles::circles;
use foldnet_tests::tidy::figures::{Quote, cell, figure, number, quotes};
use foldnet_tests::tidy::rooms::Rooms;
use foldnet_tests::tidy::{
    File, Finding, code, dependencies, figures, files, functions, manifests, paths, scripts, text,
};
use std::process::Command;

fn all() -> Vec<File> {
    files::read(&files::root()).unwrap()
}

/// Every Rust file; too few would mean that the search root is wrong.
fn rust() -> Vec<File> {
    let files: Vec<_> = all().into_iter().filter(|file| file.path.ends_with(".rs")).collect();
    for package in ["core/src/", "host/src/", "host/data/src/", "tests/src/"] {
        assert!(files.iter().any(|file| file.path.starts_with(package)), "no Rust file in {package}");
    }
    files
}

fn manifest(path: &str) -> File {
    all().into_iter().find(|file| file.path == path).unwrap_or_else(|| panic!("{path} is missing"))
}

/// Every package's manifest, without the workspace's.
fn packages() -> Vec<File> {
    let packages: Vec<_> = all().into_iter().filter(|file| file.path.ends_with("/Cargo.toml")).collect();
    assert!(packages.len() >= 4, "only {} packages found", packages.len());
    packages
}

/// Fails with one finding per line.
fn none(findings: impl IntoIterator<Item = Finding>) {
    let lines: Vec<_> = findings.into_iter().map(|finding| format!("\n  {finding}")).collect();
    assert!(lines.is_empty(), "{} found:{}", lines.len(), lines.concat());
}

/// Runs a check on every Rust file in `files`.
fn gate(files: &[File], gate: impl Fn(&File) -> Result<Vec<Finding>, String>) {
    none(files.iter().flat_map(|file| gate(file).unwrap_or_else(|error| panic!("{error}"))));
}

#[test]
fn every_source_file_begins_with_what_it_owns() {
    none(rust().iter().flat_map(text::opening));
}

#[test]
fn no_file_is_longer_than_500_lines() {
    none(rust().iter().flat_map(text::length));
}

#[test]
fn no_function_is_longer_than_80_lines() {
    gate(&rust(), functions::longest);
}

#[test]
fn nine_functions_of_ten_have_at_most_30_lines() {
    let mut found = Vec::new();
    for file in rust() {
        for function in functions::functions(&file).unwrap() {
            found.push((function.lines, format!("{}:{}: `{}`", file.path, function.line, function.name)));
        }
    }
    found.sort_by(|a, b| b.cmp(a));
    assert!(found.len() > 100, "only {} functions found", found.len());
    let lengths: Vec<_> = found.iter().map(|(lines, _)| *lines).collect();
    let percentile = functions::percentile_90(&lengths);
    println!("{} functions, 90th percentile {percentile}, longest {} lines", found.len(), lengths[0]);
    let longest: Vec<_> =
        found.iter().take(10).map(|(lines, place)| format!("\n  {place} has {lines} lines")).collect();
    assert!(percentile <= functions::PERCENTILE_90, "90th percentile {percentile}; the longest:{}", longest.concat());
}

#[test]
fn unsafe_stays_in_its_folders() {
    gate(&rust(), code::no_unsafe);
}

/// Files that may silence a lint, each with the reason. None so far.
const SILENCED_WITH_REASON: [(&str, &str); 0] = [];

#[test]
fn no_lint_is_silenced() {
    let excused = |file: &File| SILENCED_WITH_REASON.iter().any(|(path, _reason)| *path == file.path);
    let files: Vec<_> = rust().into_iter().filter(|file| !excused(file)).collect();
    gate(&files, code::no_silenced_lint);
    let mut manifests = packages();
    manifests.push(manifest("Cargo.toml"));
    gate(&manifests, manifests::lints);
}

#[test]
fn core_names_neither_std_nor_alloc() {
    // The build script runs on the PC.
    let mine = |path: &str| path.starts_with("core/") && path != "core/build.rs";
    let core: Vec<_> = rust().into_iter().filter(|file| mine(&file.path)).collect();
    let root = core.iter().find(|file| file.path == "core/src/lib.rs").unwrap();
    assert!(root.text.contains("\n#![no_std]\n"), "core/src/lib.rs:1: must be `#![no_std]` on every target");
    gate(&core, code::no_std_no_alloc);
}

#[test]
fn packages_depend_as_designed() {
    let workspace = manifest("Cargo.toml");
    gate(&packages(), |manifest| manifests::arrows(manifest, &workspace));
}

#[test]
fn sources_name_no_crate_they_may_not_know() {
    // The inner folders first, since `host/` holds them.
    let folders = ["core", "c", "firmware-sim", "host/data", "host/import", "host"];
    let owner = |file: &File| folders.into_iter().find(|folder| file.path.starts_with(&format!("{folder}/")));
    for folder in folders {
        let foreign = manifests::foreign_crates(folder);
        let foreign: Vec<_> = foreign.iter().map(String::as_str).collect();
        let files: Vec<_> = rust().into_iter().filter(|file| owner(file) == Some(folder)).collect();
        assert!(!foreign.is_empty() && files.len() > 3, "{folder}: {} files", files.len());
        let why = format!("`{folder}` must not depend on");
        gate(&files, |file| code::named_crates(file, &foreign, &why));
    }
}

/// The crates whose docs state an order of rooms, with the least number of them.
const IN_ROOMS: [(&str, usize); 2] = [("core/src/lib.rs", 14), ("host/src/lib.rs", 10)];

#[test]
fn rooms_use_only_those_before_them() {
    for (path, least) in IN_ROOMS {
        let root = manifest(path);
        let rooms = Rooms::stated(&root);
        assert!(rooms.len() >= least, "{path} states {} rooms", rooms.len());
        gate(&[root], |root| rooms.missing(root));
        gate(&rust(), |file| rooms.upward(file));
    }
}

/// The sources of the crates, with the least number of their files.
const CRATES: [(&str, usize); 8] = [
    ("core/src/", 80),
    ("host/src/", 150),
    ("host/data/src/", 50),
    ("host/import/src/", 30),
    ("firmware-sim/src/", 40),
    ("firmware-sim/plugin/src/", 3),
    ("c/src/", 3),
    ("tests/src/", 30),
];

#[test]
fn no_files_use_each_other() {
    for (folder, least) in CRATES {
        let files: Vec<_> = rust().into_iter().filter(|file| file.path.starts_with(folder)).collect();
        assert!(files.len() >= least, "{folder}: {} files", files.len());
        none(circles(folder, &files).unwrap_or_else(|error| panic!("{error}")));
    }
}

/// The stages, in the same words wherever the flow is drawn.
#[test]
fn readme_and_crate_docs_state_the_same_flow() {
    let readme = manifest("README.md");
    let flow = readme.text.lines().find(|line| line.starts_with("dataset -> ")).expect("the flow");
    for (path, _) in IN_ROOMS {
        let doc = manifest(path).text.replace("\n//! ", " ");
        assert!(doc.contains(&format!("`{flow}`")), "{path} does not state the README's flow");
    }
}

#[test]
fn markdown_is_at_most_120_columns_wide() {
    let pages: Vec<_> = all().into_iter().filter(|file| file.path.ends_with(".md")).collect();
    assert!(pages.len() > 15, "only {} pages found", pages.len());
    none(pages.iter().flat_map(text::columns));
}

#[test]
fn tests_that_scripts_name_exist() {
    let files = all();
    let scripts: Vec<_> = files.iter().filter(|file| file.path.starts_with("scripts/")).collect();
    assert!(scripts.len() > 10, "only {} scripts found", scripts.len());
    none(scripts.iter().flat_map(|script| scripts::tests_exist(script, &files)));
}

#[test]
fn every_path_that_is_named_exists() {
    let files = all();
    let known: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    none(files.iter().flat_map(|file| paths::dead(file, &known)));
}

#[test]
fn no_file_mentions_one_machine_or_a_registry() {
    none(all().iter().flat_map(text::mentions));
}

#[test]
fn every_dependency_comes_from_the_registry() {
    let locks: Vec<_> = all().into_iter().filter(|file| file.path.ends_with("Cargo.lock")).collect();
    assert!(locks.iter().any(|lock| lock.path == "Cargo.lock"), "Cargo.lock is missing");
    for lock in &locks {
        assert!(lock.text.contains("\nsource = "), "{}:1: names no source at all", lock.path);
    }
    none(locks.iter().flat_map(text::sources));
}

#[test]
fn every_dependency_has_its_reason_and_all_are_counted() {
    let page = manifest("docs/dependencies.md");
    none(dependencies::reasons(&page, &packages(), &manifest("Cargo.toml")).unwrap_or_else(|error| panic!("{error}")));
    none(dependencies::count(&page, &manifest("Cargo.lock")));
}

#[test]
fn every_dependency_is_used() {
    let unused = dependencies::unused(&packages(), &all(), &manifest("Cargo.toml"));
    none(unused.unwrap_or_else(|error| panic!("{error}")));
}

/// Rows of the README's device tables: prefix, board for flash size and 4 or 2 bits, board for 8 bits.
const CORES: [(&str, &str, &str); 5] = [
    ("Cortex-M4F", "netduinoplus2", "netduinoplus2"),
    ("Cortex-M55", "mps3-an547", "mps3-an547"),
    ("Cortex-M3", "mps2-an385", "mps2-an385"),
    ("Cortex-M0", "microbit", "mps2-an385-m0"),
    ("RISC-V", "riscv32", "riscv32"),
];

#[test]
fn the_readme_quotes_the_measured_figures() {
    let (instructions, footprint) =
        (manifest("tests/instructions.golden"), manifest("firmware-sim/tests/emulate/footprint.golden"));
    let mut expected = Vec::new();
    for (row, board, large) in CORES {
        for (column, (board, bits)) in [(large, "8"), (board, "4"), (board, "2")].into_iter().enumerate() {
            expected.push(Quote { row, column: column + 1, figure: figure(&instructions, &["after", board, bits], 7) });
        }
    }
    let (first, second) = readme_tables();
    none(quotes(&first, &expected));
    let flash = CORES.map(|(row, board, _)| Quote { row, column: 1, figure: figure(&footprint, &[board], 2) });
    let ram = CORES.map(|(row, _, board)| Quote { row, column: 3, figure: figure(&footprint, &[board, "8"], 6) });
    none(quotes(&second, &[flash, ram].concat()));
    for (row, board, widths) in [
        ("Cortex-M4F", "netduinoplus2", &["8", "4", "2"][..]),
        ("Cortex-M0", "microbit", &["4"]),
        ("RISC-V", "riscv32", &["4"]),
    ] {
        let alone = |bits: &&str| figure(&footprint, &[&format!("{board}+alone"), bits], 2);
        let figures = widths
            .iter()
            .enumerate()
            .map(|(index, bits)| format!("{} ({bits}{})", alone(bits), if index == 0 { " bits" } else { "" }));
        assert_eq!(
            cell(&second, row, 2),
            figures.collect::<Vec<_>>().join(", "),
            "README.md, inference alone on {row}"
        );
    }
}

/// Bytes of scratch memory for the notebook's network: what the committed RAM has besides statics, image and stack.
fn scratch(footprint: &File, board: &str) -> usize {
    let [statics, stack, ram] = [4, 5, 6].map(|column| number(footprint, &[board], column));
    ram - statics - 784 - stack
}

/// The README's example on a device has room for the network on the core that needs most; the one in C states the words.
#[test]
fn examples_state_the_scratch_words_of_the_network() {
    let footprint = manifest("firmware-sim/tests/emulate/footprint.golden");
    let [m4, m0] = ["netduinoplus2", "microbit"].map(|board| scratch(&footprint, board) / 4);
    for (path, expected) in [
        ("README.md", format!("let mut scratch = [0u32; {m0}];")),
        ("c/example/main.c", format!("{m4} words on an M4, {m0} on an M0.")),
    ] {
        assert!(manifest(path).text.contains(&expected), "{path} does not say '{expected}'");
    }
}

/// The README quotes the cost of an image on a light background, for the M4 at 8 bits.
#[test]
fn the_readme_quotes_the_cost_of_light_backgrounds() {
    let instructions = manifest("tests/instructions.golden");
    let [light, dark] = ["light", "after"].map(|images| figure(&instructions, &[images, "netduinoplus2", "8"], 7));
    let expected = format!("{light} instructions instead of {dark} on the M4 at 8 bits");
    let text = manifest("README.md").text.replace('\n', " ");
    assert!(text.contains(&expected), "README.md does not say '{expected}'");
}

/// CMSIS-NN's figures in the README and in docs/cycles.md.
#[test]
fn the_pages_quote_the_measured_peer() {
    let (peers, instructions) = (manifest("tests/peers.golden"), manifest("tests/instructions.golden"));
    let quote = |(row, core)| Quote { row, column: 4, figure: figure(&peers, &["notebook", core], 3) };
    let cores = ["Cortex-M4F", "Cortex-M55", "Cortex-M3", "Cortex-M0+", "RV32IMC"];
    let expected: Vec<_> = CORES.iter().map(|(row, _, _)| *row).zip(cores).map(quote).collect();
    none(quotes(&readme_tables().0, &expected));

    let [count, cycles] = [3, 4].map(|column| number(&peers, &["notebook", "Cortex-M4F"], column));
    let fewer = count as f64 / number(&instructions, &["after", "netduinoplus2", "8"], 7) as f64;
    let ms = cycles as f64 / 168e3;
    let ours: f64 = cell(&manifest("docs/boards.md"), "netduinoplus2", 13).parse().expect("milliseconds");
    let expected = format!(
        "with CMSIS-NN it takes {ms:.2} ms ({} cycles). Executing {fewer:.1} times fewer instructions saves only a factor \
         of {:.1} in time",
        thousands(cycles),
        ms / ours
    );
    assert!(manifest("README.md").text.replace('\n', " ").contains(&expected), "README.md does not say '{expected}'");

    let [cycles, waiting] = [4, 5].map(|column| number(&peers, &["anomaly", "Cortex-M4F"], column));
    let figures = [("modelled, without wait states", cycles - waiting), ("modelled |", cycles)];
    let expected = figures.map(|(row, cycles)| Quote { row, column: 1, figure: thousands(cycles) });
    none(quotes(&manifest("docs/cycles.md"), &expected));
}

/// The table of memory in docs/on-a-board.md: the firmware's figures are those of the golden file, the others the README's.
#[test]
fn the_page_on_boards_quotes_the_measured_figures() {
    let (page, readme) = (manifest("docs/on-a-board.md"), manifest("README.md"));
    let footprint = manifest("firmware-sim/tests/emulate/footprint.golden");
    let mut expected = Vec::new();
    for (index, board) in ["netduinoplus2", "microbit"].into_iter().enumerate() {
        let quote = |row, golden| Quote { row, column: index + 1, figure: figure(&footprint, &[board], golden) };
        let figure = thousands(scratch(&footprint, board));
        expected.extend([quote("flash: the simulator's firmware", 3), quote("RAM: peak of the stack", 5)]);
        expected.push(Quote { row: "RAM: scratch memory", column: index + 1, figure });
    }
    for (row, model) in [
        ("flash: model at 8 bits", "`after` | 8 bit"),
        ("flash: model at 4 bits", "`after` | 4 bit"),
        ("flash: model at 2 bits", "`after` | 2 bit"),
    ] {
        expected.push(Quote { row, column: 1, figure: cell(&readme, model, 2).to_owned() });
    }
    let instructions = manifest("tests/instructions.golden");
    for (row, board) in [("Cortex-M0, 8 bits", "mps2-an385-m0"), ("Cortex-M3, 8 bits", "mps2-an385")] {
        let low = format!("{board}+low-ram");
        let ram = [board, &low].map(|board| figure(&footprint, &[board, "8"], 6));
        let counts = ["after", "low-ram"].map(|network| figure(&instructions, &[network, board, "8"], 7));
        let figures = ram.into_iter().chain(counts).enumerate();
        expected.extend(figures.map(|(index, figure)| Quote { row, column: index + 1, figure }));
    }
    none(quotes(&page, &expected));
    let (_, sizes) = readme_tables();
    for (column, core) in [(1, "Cortex-M4F"), (2, "Cortex-M0")] {
        let (alone, stated) = (cell(&page, "flash: inference alone", column), cell(&sizes, core, 2));
        assert!(!alone.is_empty() && stated.contains(&format!("{alone} (4")), "{core}: {alone:?}, README: {stated:?}");
    }
}

/// The page that `scripts/boards` writes agrees with the committed figures: RAM exactly, instructions to 1 %, since they
/// are measured with other weights and images. README and docs/on-a-board.md quote its M4.
#[test]
fn the_page_of_all_boards_is_not_outdated() {
    let (page, readme) = (manifest("docs/boards.md"), manifest("README.md"));
    let [instructions, footprint] =
        ["tests/instructions.golden", "firmware-sim/tests/emulate/footprint.golden"].map(manifest);
    let row = |board: &str, bits: &str, column| {
        let line = page.text.lines().find(|line| {
            let mut cells = line.split('|').map(str::trim).skip(1);
            cells.next() == Some(board) && cells.nth(2) == Some(&format!("after{bits}"))
        });
        line.and_then(|line| line.split('|').nth(column)).map_or("", str::trim).to_owned()
    };
    let rows = |table: &File| -> Vec<Vec<String>> {
        let lines = table.text.lines().filter(|line| !line.starts_with('#') && !line.contains("+"));
        lines.map(|line| line.split_ascii_whitespace().map(str::to_owned).collect()).collect()
    };
    let sizes = rows(&footprint);
    assert!(sizes.len() >= 10, "{}", footprint.path);
    for words in &sizes {
        let (board, bits) = (&words[0], &words[1]);
        assert_eq!(
            row(board, bits, 13),
            thousands(words[6].parse().expect("RAM")),
            "{}: {board}, {bits} bits",
            page.path
        );
    }
    let counts: Vec<_> = rows(&instructions).into_iter().filter(|words| words[0] == "after").collect();
    assert!(counts.len() >= 15, "{}", instructions.path);
    for words in &counts {
        let (board, bits) = (&words[1], &words[2]);
        let (stated, measured) = (row(board, bits, 9).replace(',', ""), words[7].parse::<f64>().expect("instructions"));
        let near = stated.parse::<f64>().is_ok_and(|stated| (stated / measured - 1.0).abs() < 0.01);
        assert!(near, "{}: {board}, {bits} bits: {stated:?} instructions, {measured} measured", page.path);
    }
    let [eight, four, two] = ["8", "4", "2"].map(|bits| row("netduinoplus2", bits, 14));
    let [mean, least, most] = [9, 10, 11].map(|column| row("netduinoplus2", "4", column));
    for (quoting, expected) in [
        (readme, format!("{eight} ms at 8 bits, {four} ms at 4 bits and {two} ms at 2 bits")),
        (
            manifest("docs/on-a-board.md"),
            format!("they are {mean} on average over all test images, from {least} to {most} "),
        ),
    ] {
        assert!(quoting.text.replace('\n', " ").contains(&expected), "{} does not say '{expected}'", quoting.path);
    }
}

/// The README's seconds per epoch and those of docs/training-speed.md, from two programs, are of the same commit and agree.
#[test]
fn both_pages_on_training_speed_agree() {
    let (readme, page) = (manifest("README.md"), manifest("docs/training-speed.md"));
    let commit = page.text.lines().find_map(|line| line.strip_prefix("- Commit: ")).expect("a commit");
    let stamp = format!("Measured at commit {commit}");
    assert!(readme.text.contains(&stamp), "README.md does not say '{stamp}': run scripts/compare and the benchmark");
    for (row, threads) in [("SGD, one thread", "1"), ("SGD |", "2")] {
        for (column, model) in [(1, "after"), (2, "before")] {
            let benchmark = cell(&page, &format!("`{model}` | {threads} "), 2);
            let [stated, measured] = [cell(&readme, row, column), benchmark].map(|cell| cell.parse::<f64>());
            // Two programs on one idle machine, minutes apart: they differed by up to 4 % when this was written.
            let near =
                matches!((&stated, &measured), (Ok(stated), Ok(measured)) if (stated / measured - 1.0).abs() < 0.1);
            assert!(near, "README.md: {row}, {model}: {stated:?} s, docs/training-speed.md: {measured:?} s");
        }
    }
}

/// Every part of a page that a script writes says what it was measured with.
#[test]
fn measured_parts_of_pages_are_stamped() {
    let pages: Vec<_> = all().into_iter().filter(|file| file.path.ends_with(".md")).collect();
    let parts: Vec<_> = pages.iter().flat_map(figures::written_by_scripts).collect();
    assert!(parts.len() >= 6, "{parts:?}");
    for (script, part) in parts {
        assert!(part.contains("Measured at commit "), "{script}: no stamp; run it again");
    }
}

/// The README, split at its table of firmware sizes.
fn readme_tables() -> (File, File) {
    let File { path, text } = manifest("README.md");
    let (before, behind) = text.split_once("| core | firmware without harness").expect("a table of sizes");
    (File::new(&path, before), File::new(&path, behind))
}

#[test]
fn every_licence_is_permitted() {
    let host = Command::new("rustc").arg("-vV").output().expect("rustc starts");
    let text = String::from_utf8(host.stdout).expect("text");
    let host = text.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
    // Dependencies of this build are already in the local registry.
    let arguments = ["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(files::root()).output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > 50, "only {} packages", packages.len());
    let allowed = dependencies::licences(&manifest("deny.toml")).unwrap_or_else(|error| panic!("{error}"));
    none(dependencies::licences_are_named(&manifest("docs/dependencies.md"), &allowed));
    for package in packages {
        let licence = package["license"].as_str().unwrap_or_default();
        assert!(
            dependencies::is_permitted(licence, &allowed),
            "{}: licence {licence:?}; see docs/dependencies.md",
            package["name"]
        );
    }
}
