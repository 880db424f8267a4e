//! Sets of sensor values on the command line: tables cut into windows, arrays, inputs of every type with and without
//! right answers, and mismatches with the model.

use crate::command::{Room, check_error, run, str, text};
use crate::typed_models::{Typed, examples, typed, windows};
use foldnet_core::Model;
use foldnet_core::model::{HeadKind, InputType};
use foldnet_data::{Shape, TargetsRef, Values, ValuesRef, View};
use foldnet_sim::{AlignedBytes, simulate};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Rows of a recording.
const ROWS: usize = 30;

/// Recordings, of which the last one is abnormal.
const RECORDINGS: [&str; 4] = ["a", "b", "c", "d"];

/// A model of windows of six samples of two channels.
fn model(kind: InputType, head: HeadKind, bits: u8) -> AlignedBytes {
    AlignedBytes::from_vec(typed(Typed { kind, head, bits, grouped: false }, 7))
}

/// Sample number `row` of a recording.
fn sample(recording: usize, row: usize) -> [i16; 2] {
    let at = (recording * ROWS + row) as i16;
    [at * 97 % 19_001 - 9_000, 9_000 - at * 61 % 18_001]
}

/// All recordings as a table.
fn table() -> String {
    let mut text = String::from("x,y,recording,strange\n");
    for (number, name) in RECORDINGS.iter().enumerate() {
        for [x, y] in (0..ROWS).map(|row| sample(number, row)) {
            let _ = writeln!(text, "{x},{y},{name},{}", u8::from(*name == "d"));
        }
    }
    text
}

/// Windows of six samples, every `step`, of these recordings, `[N][6][2]`.
fn cut(recordings: &[usize], step: usize) -> Vec<i16> {
    let starts = || (0..=ROWS - 6).step_by(step);
    let window = |recording: usize, start: usize| (start..start + 6).flat_map(move |row| sample(recording, row));
    recordings.iter().flat_map(|&number| starts().flat_map(move |start| window(number, start))).collect()
}

/// The command's JSON object.
fn object(args: &[&str]) -> serde_json::Value {
    let output = run(&[args, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The command runs `expected`, and nothing else.
fn check(args: &[&str], model: &[u8], expected: ValuesRef) {
    let view = View { inputs: expected, targets: TargetsRef::None, shape: Shape::window(6, 2) };
    let simulated = simulate(&Model::parse(model).unwrap(), view, &mut |_| ());
    let found = object(args);
    assert_eq!((&found["images"], &found["logits_sha256"]), (&view.len().into(), &simulated.logits_sha256.into()));
}

#[test]
fn recordings_are_cut_into_the_model_s_windows() {
    let room = Room::new();
    let (file, table) = (model(InputType::I16, HeadKind::Reconstruction, 8), room.file("walk.csv", table().as_bytes()));
    let path = room.file("walk.fnet", &file);
    let args = [str(&path), "--dataset", str(&table), "--group", "recording", "--normal", "strange=0", "--step", "3"];
    // The last normal recording and the abnormal one are test data.
    check(&args, &file, ValuesRef::I16(&cut(&[2, 3], 3)));
    check(&[&args[..], &["--window", "6"]].concat(), &file, ValuesRef::I16(&cut(&[2, 3], 3)));
    check(&[&args[..], &["--images", "5"]].concat(), &file, ValuesRef::I16(&cut(&[2], 3)[..5 * 12]));
    // Without a step windows touch.
    check(&args[..7], &file, ValuesRef::I16(&cut(&[2, 3], 6)));
    check(&[&args[..], &["--test-split", "every:2"]].concat(), &file, ValuesRef::I16(&cut(&[1, 3], 3)));
    let auc = object(&args)["metrics"]["auc"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&auc), "{auc}");
    let said = text(&run(&args).stdout);
    for line in ["auc ", "normal    9: mean ", "abnormal  9: mean ", "threshold "] {
        assert!(said.contains(line), "no '{line}' in {said}");
    }
}

/// A `.npy` of floats, `[N][6][2]` or of another shape.
fn npy(shape: &str, values: &[f32]) -> Vec<u8> {
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = (header.len() as u16).to_le_bytes();
    let values = values.iter().flat_map(|value| value.to_le_bytes());
    [&b"\x93NUMPY\x01\x00"[..], &length, header.as_bytes()].concat().into_iter().chain(values).collect()
}

#[test]
fn values_without_answers_are_run_alone() {
    let room = Room::new();
    for kind in [InputType::F32, InputType::I16, InputType::I8, InputType::U16, InputType::U8] {
        let (file, values) = (model(kind, HeadKind::Softmax, 4), examples(kind, 4, 3));
        let path = room.file("model.fnet", &file);
        let mut rows = String::from("x,y\n");
        for row in 0..4 * 6 {
            let _ = writeln!(rows, "{},{}", values.view().get(2 * row), values.view().get(2 * row + 1));
        }
        let table = room.file("rows.csv", rows.as_bytes());
        let args = [str(&path), "--dataset", str(&table)];
        check(&args, &file, values.view());
        assert!(text(&run(&args).stdout).contains("4 examples of "), "{kind:?}");
        assert!(windows(&values).len() == 4, "{kind:?}");
        if let Values::F32(floats) = &values {
            let array = room.file("rows.npy", &npy("(4, 6, 2)", floats));
            check(&[str(&path), "--dataset", str(&array)], &file, values.view());
        }
    }
}

/// Shape and values of a `.npy` of floats.
fn array(bytes: &[u8]) -> (String, Vec<f32>) {
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]])) + 10;
    let text = text(&bytes[10..header]);
    let shape = text.split_once("'shape': ").and_then(|(_, rest)| rest.split_once(')')).expect("a shape").0.to_owned();
    (shape, bytes[header..].chunks_exact(4).map(|item| f32::from_le_bytes(item.try_into().unwrap())).collect())
}

#[test]
fn outputs_have_a_probability_for_each_class() {
    let room = Room::new();
    for (head, columns) in [(HeadKind::Softmax, 4), (HeadKind::Sigmoid, 2)] {
        let file = model(InputType::F32, head, 8);
        let Values::F32(floats) = examples(InputType::F32, 4, 3) else { panic!("floats") };
        let (path, set) = (room.file("model.fnet", &file), room.file("rows.npy", &npy("(4, 6, 2)", &floats)));
        let out = set.with_file_name("out.npy");
        object(&[str(&path), "--dataset", str(&set), "--outputs", str(&out)]);
        let inputs = ValuesRef::F32(&floats);
        let view = View { inputs, targets: TargetsRef::None, shape: Shape::window(6, 2) };
        let classes = simulate(&Model::parse(&file).unwrap(), view, &mut |_| ()).classes;
        let (shape, values) = array(&std::fs::read(&out).unwrap());
        assert_eq!((shape, values.len()), (format!("(4, {columns}"), 4 * columns), "{head:?}");
        for (row, class) in values.chunks_exact(columns).zip(classes) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{head:?}: {row:?}");
            assert!(row.iter().all(|&probability| probability <= row[class as usize]), "{head:?}: {class} of {row:?}");
        }
    }
}

/// One line that names the files and the remedy.
fn refused(model: &AlignedBytes, set: (&str, &[u8]), flags: &[&str], parts: &[&str]) {
    let room = Room::new();
    let (path, set): (PathBuf, PathBuf) = (room.file("model.fnet", model), room.file(set.0, set.1));
    check_error(&[&[str(&path), "--dataset", str(&set)], flags].concat(), 1, parts);
}

#[test]
fn values_that_are_not_the_model_s_are_refused_in_a_line() {
    let (shorts, floats) =
        (model(InputType::I16, HeadKind::Reconstruction, 8), model(InputType::F32, HeadKind::Values, 8));
    let rows = table();
    let walk = ("walk.csv", rows.as_bytes());
    let group = ["--group", "recording"];
    let takes = "the model takes 6 samples of 2 channels (i16)";
    refused(&shorts, walk, &["--group", "day"], &["--group day: no such column; there are x, y, recording, strange"]);
    refused(
        &shorts,
        walk,
        &[&group[..], &["--normal", "strange=2"]].concat(),
        &["--normal strange=2: no row has this value"],
    );
    refused(
        &shorts,
        walk,
        &[&group[..], &["--normal", "strange=0", "--window", "7"]].concat(),
        &["model.fnet", takes, "7 samples of 2 channels (i16)"],
    );
    refused(
        &shorts,
        walk,
        &["--window", "31", "--group", "recording"],
        &["--window 31: the longest recording has 30 rows"],
    );
    refused(&shorts, ("x.npy", &npy("(4, 6, 2)", &[0.5; 48])), &[], &["x.npy", "(i16)", "(f32)"]);
    refused(
        &floats,
        ("x.npy", &npy("(4, 5, 2)", &[0.5; 40])),
        &[],
        &["x.npy: is an array of 4x5x2, but the model takes Nx6x2, Nx12, or one recording of samples x 2"],
    );
    refused(&shorts, ("x.csv", b"x,y\n1.5,2\n3,4\n"), &[], &["x.csv", "1.5, which does not fit i16"]);
    refused(&shorts, ("x.csv", b"x,y\n1,2\n3,40000\n"), &[], &["x.csv", "40000, which does not fit i16"]);
    refused(&shorts, ("x.csv", b"x,y\n1,2\n3,NaN\n"), &[], &["x.csv", "line 3, column 'y': NaN"]);
    refused(&shorts, ("x.csv", b"x,y\n1,2\n3,4\n"), &[], &["x.csv", "6"]);
    for wrong in [["--window", "0"], ["--step", "0"], ["--normal", "strange"], ["--test-split", "every:1"]] {
        check_error(&[&["model.fnet"], &wrong[..]].concat(), 2, &[wrong[0], "--help"]);
    }
}
