//! Any sensor in, any answer out: tables, windows of recordings, values and anomaly scores, as a new user meets them; and
//! every kind of bad input in one line.

use crate::tool::{Folder, number};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;

/// `table.csv`: rows of two numbers and a class determined by the first number. Sets are remembered by their contents,
/// on the whole machine: tests that run at the same time take different numbers of rows.
fn table(folder: &Folder, rows: usize) {
    let mut text = String::from("length,width,kind\n");
    for row in 0..rows {
        let kind = ["long", "short"][row % 2];
        let length = if row % 2 == 0 { 60 } else { 20 } + row * 7 % 13;
        let _ = writeln!(text, "{length},{},{kind}", row * 5 % 17);
    }
    folder.write("table.csv", text.as_bytes());
}

/// `walk.csv`: four two-channel recordings; in the last one the amplitude is larger.
fn walk(folder: &Folder) {
    let mut text = String::from("x,y,recording,strange\n");
    for (recording, size) in ["a", "b", "c", "d"].iter().zip([400.0, 380.0, 420.0, 900.0]) {
        for sample in 0..200 {
            let phase = f64::from(sample) * 0.4;
            let (x, y) = (size * phase.sin(), size * (phase + 1.0).cos() + f64::from(sample * 37 % 11));
            let _ = writeln!(text, "{},{},{recording},{}", x as i32, y as i32, u8::from(*recording == "d"));
        }
    }
    folder.write("walk.csv", text.as_bytes());
}

/// `values.csv`: 150 rows of two inputs and the values computed from them.
fn values(folder: &Folder) {
    let mut text = String::from("a,b,sum\n");
    for row in 0..150 {
        let (a, b) = (f64::from(row * 31 % 50) / 10.0, f64::from(row * 17 % 40) / 8.0);
        let _ = writeln!(text, "{a},{b},{}", 100.0 + 20.0 * a - 10.0 * b);
    }
    folder.write("values.csv", text.as_bytes());
}

/// The program with rows on its standard input; the set of a `.fnet` is remembered in `cache`.
fn fed(folder: &Folder, arguments: &str, rows: &[u8]) -> crate::tool::Done {
    let mut command = folder.command(arguments);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    child.stdin.take().expect("a pipe").write_all(rows).expect("taken");
    crate::tool::Done::from_output(child.wait_with_output().expect("ends"), arguments)
}

/// Shape and values of a `.npy` of floats.
fn floats(folder: &Folder, name: &str) -> (String, Vec<f32>) {
    let bytes = folder.read(name);
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]])) + 10;
    let text = String::from_utf8(bytes[10..header].to_vec()).expect("text");
    let shape = text.split_once("'shape': ").and_then(|(_, rest)| rest.split_once(')')).expect("a shape").0.to_owned();
    (
        shape + ")",
        bytes[header..].chunks_exact(4).map(|item| f32::from_le_bytes([item[0], item[1], item[2], item[3]])).collect(),
    )
}

#[test]
fn a_table_of_features_and_rows_without_answers() {
    let folder = Folder::new();
    table(&folder, 120);
    for head in ["softmax", "sigmoid"] {
        let train =
            format!("train --dataset table.csv --hidden 8 --epochs 20 --batch-size 8 --head {head} --out run --json");
        assert!(number(&folder.run(&train).json()["test"], "accuracy") > 0.95, "{head}");
        let exported = folder.run("export run --bits 8 --out a.fnet --json").json();
        assert!(number(&exported, "accuracy") > 0.95, "{head}: {exported}");
        assert!(
            number(&folder.run("evaluate a.fnet --json").json(), "accuracy") > 0.95,
            "the set is known by its digest"
        );
        for model in ["run", "run/model.safetensors", "a.fnet"] {
            for rows in ["65,3\n22,4\n", "length,width\n65,3\n22,4\n", "width,length,kind\n3,65,?\n4,22,?\n"] {
                let predicted =
                    fed(&folder, &format!("predict {model} --input - --json --outputs out.npy"), rows.as_bytes());
                let labels: Vec<_> = predicted.json()["answers"]
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map(|a| a["label"].clone())
                    .collect();
                assert_eq!(labels, ["long", "short"], "{model} {rows:?}");
                let (shape, values) = floats(&folder, "out.npy");
                assert_eq!(shape, "(2, 2)");
                assert!(values.chunks_exact(2).all(|row| (row[0] + row[1] - 1.0).abs() < 1e-5), "probabilities");
            }
        }
        let raw = fed(&folder, "predict a.fnet --input - --json", &[65, 3, 22, 4]).json();
        assert_eq!((&raw["examples"], &raw["answers"][1]["label"]), (&2.into(), &"short".into()));
    }
    let report = folder.run("report run --model a.fnet --json").json();
    let html = String::from_utf8(folder.read("run/report.html")).expect("text");
    let body = html.split_once("<body").expect("a page").1.replace("--images", "");
    for word in ["image", "pixel", "always black"] {
        assert!(
            !body.contains(word),
            "{word}: {:?}",
            body.split_once(word).map(|(_, rest)| rest.chars().take(60).collect::<String>())
        );
    }
    assert_eq!(report["report"]["labels"], serde_json::json!(["long", "short"]));
}

#[test]
fn windows_are_scored_and_the_strange_ones_stand_out() {
    let folder = Folder::new();
    walk(&folder);
    let train = "train --dataset walk.csv --group recording --window 16 --step 4 --task reconstruct --normal strange=0 --hidden 16,4,16 \
                 --optimizer adam --epochs 30 --batch-size 16 --standardize channel --out run --json";
    let history = folder.run(train).json();
    assert!(number(&history["test"], "auc") > 0.9, "{history}");
    for bits in [32, 8, 4] {
        let exported = folder.run(&format!("export run --bits {bits} --out a.fnet --json")).json();
        // 16 samples of two channels.
        let instructions = exported["conversion"]["cortex_m0"].as_u64();
        assert_eq!(instructions, (bits != 32).then_some(32 * 52), "{bits}: {exported}");
        let loss = number(&exported, "float_auc") - number(&exported, "auc");
        assert!(loss < 0.05 && exported.get("accuracy").is_none(), "{bits}: {exported}");
        assert_eq!(folder.run("evaluate a.fnet --json").json()["metrics"]["auc"], exported["auc"], "{bits}");
    }
    let rows: String = String::from_utf8(folder.read("walk.csv"))
        .expect("text")
        .lines()
        .take(41)
        .map(|line| format!("{line}\n"))
        .collect();
    folder.write("some.csv", rows.as_bytes());
    let answers = folder.run("predict a.fnet --input some.csv --step 8 --outputs out.npy --json").json();
    assert_eq!(
        (&answers["examples"], floats(&folder, "out.npy").0.as_str()),
        (&4.into(), "(4, 32)"),
        "40 samples, windows of 16 by 8"
    );
    let text = folder.run("predict a.fnet --input some.csv").succeeded().stdout;
    assert!(text.contains("threshold of "), "{text}");
    folder.write("few.csv", b"x,y\n1,2\n3,4\n");
    folder
        .run("predict a.fnet --input few.csv")
        .refused(&["few.csv: the longest recording has 2 rows, but one window of the model needs 16"]);
    let strict = folder.run("export run --bits 4 --threshold 0 --out b.fnet").succeeded();
    assert!(strict.stdout.contains("a score above 0.0000 is abnormal"), "{strict:?}");
    assert!(strict.stdout.contains("about 1,664 instructions on a Cortex-M0, 1,056 on a Cortex-M4F"), "{strict:?}");
    assert_eq!(fed(&folder, "predict b.fnet --input some.csv --json", b"").json()["answers"][0]["above"], true);
    folder
        .run("export run --bits 4 --threshold nan --out b.fnet")
        .refused(&["--threshold NaN: give a score of at least 0"]);
    folder.run("report run --model a.fnet").succeeded();
    let page = String::from_utf8(folder.read("run/report.html")).expect("text");
    assert!(page.contains("about 1,664 instructions on a Cortex-M0"), "no cost of the conversion in the report");
    let compared = folder.run("compare run a.fnet").succeeded().stdout;
    assert!(compared.contains("AUC") && !compared.contains("accuracy"), "{compared}");
}

#[test]
fn values_come_back_in_their_unit() {
    let folder = Folder::new();
    values(&folder);
    for loss in ["mse", "huber"] {
        let train = format!(
            "train --dataset values.csv --task regress --target sum --hidden 16 --epochs 60 --batch-size 8 --loss {loss} --valid-split 0 --out run --json"
        );
        let history = folder.run(&train).json();
        // The standard deviation of the target is 32.
        assert!(number(&history["test"], "rmse") < 8.0, "{loss}: {history}");
        assert!(history["epochs"][0].get("val_loss").is_none(), "nothing validates: {history}");
        assert_eq!(folder.history("run")["test"], history["test"], "the record can be read again");
        let exported = folder.run("export run --bits 8 --out a.fnet --json").json();
        assert!(number(&exported, "rmse") < 1.1 * number(&exported, "float_rmse") + 0.5, "{exported}");
        let answers = fed(&folder, "predict a.fnet --input - --json", b"2,1\n").json();
        let value = answers["answers"][0]["values"][0].as_f64().expect("a number");
        assert!((value - 130.0).abs() < 20.0, "{loss}: {answers}");
    }
    folder.run("report run --model a.fnet").succeeded();
    folder.run("evaluate run --split valid").refused(&["--split valid: the set has no such examples"]);
    assert!(folder.run("compare run a.fnet").succeeded().stdout.contains("RMSE"));
}

#[test]
fn a_network_without_its_set_is_exported_by_rows() {
    let folder = Folder::new();
    table(&folder, 118);
    folder.run("train --dataset table.csv --hidden 8 --epochs 10 --batch-size 8 --out run").succeeded();
    std::fs::rename(folder.path("table.csv"), folder.path("gone.csv")).expect("renamed");
    folder.run("export run --out a.fnet").refused(&["export needs examples (", "); give --dataset or --calibration"]);
    let exported = folder.run("export run --out a.fnet --calibration gone.csv --calibration-limit 50").succeeded();
    assert!(exported.stdout.contains("note: not compared on labelled examples"), "{exported:?}");
    folder.run("export run --bits 32 --out b.fnet").succeeded();
    folder.run("predict a.fnet --input gone.csv").succeeded();
    folder.run("export run --out a.fnet --calibration nothing.csv").refused(&["nothing.csv: no such file"]);
    folder.run("evaluate a.fnet").refused(&["the dataset named in ", "no such file or folder"]);
    folder.run("evaluate a.fnet --dataset gone.csv").succeeded();
}

/// `train` refuses a table with `words`.
fn refuses(table: &str, flags: &str, words: &str) {
    let folder = Folder::new();
    folder.write("x.csv", table.as_bytes());
    folder.run(&format!("train --dataset x.csv --hidden 4 --epochs 1 --out run {flags}")).refused(&[words]);
    assert!(!folder.path("run/model.safetensors").exists());
}

/// `rows` times two lines, one of each class.
fn rows(rows: usize) -> String {
    (0..rows).map(|row| format!("{row},{},cat\n{},{row},dog\n", row * 3 % 7, row + 20)).collect()
}

#[test]
fn bad_tables() {
    let good = format!("a,b,class\n{}", rows(15));
    let with = |line: &str| format!("{good}{line}\n");
    refuses(&with("1,2"), "", "line 32 has 2 fields, but earlier lines have 3");
    refuses(&with("1,NaN,cat"), "", "line 32, column 'b': NaN where a value is needed");
    refuses(&with("1,,cat"), "", "line 32, column 'b': no value where a value is needed");
    refuses(&with("1,many,cat"), "", "line 32, column 'b': 'many' is not a number");
    refuses(&good.replace("dog", "cat"), "", "all examples are of one class, 'cat'");
    refuses("a,b,class\n1,2,cat\n3,4,dog\n", "", "no example is left for testing");
    refuses(&good, "--target nothing", "--target nothing: no such column; there are a, b, class");
    refuses(&good, "--task regress", "line 2, column 'class': 'cat' is not a number, which --task regress needs");
    refuses(&good, "--window 40", "--window 40: the longest recording has 30 rows");
    refuses(&good, "--step 4", "--step is for windows");
    refuses(&good, "--group class --target a", "no recording is left for testing");
    let misused = |flags: &str, words: &str| {
        Folder::new().run(&format!("train --dataset x.csv --hidden 4 --out run {flags}")).misused(words);
    };
    misused("--loss huber", "--loss is for --task regress or reconstruct");
    misused(
        "--task regress --head sigmoid",
        "--head is for --task classify, but this network does not classify; leave",
    );
    refuses(&format!("{good}1,2,cow\n2,3,cow\n"), "--head sigmoid", "is for two classes, but the dataset has 3");
    refuses(&good, "--monitor val_loss --valid-split 0", "there are no examples to validate on");
    refuses(&good, "--schedule plateau:2,0.5 --valid-split 0", "there are no examples to validate on");
}

/// `train` accepts a table and prints `words`.
fn takes(table: &str, flags: &str, words: &str) {
    let folder = Folder::new();
    folder.write("x.csv", table.as_bytes());
    let done = folder.run(&format!("train --dataset x.csv --hidden 4 --epochs 1 --out run {flags}")).succeeded();
    assert!(done.stdout.contains(words), "no {words:?}: {done:?}");
}

#[test]
fn odd_tables_that_are_fine() {
    let good = format!("a,b,class\n{}", rows(15));
    takes(&format!("{good}1,2,cow\n"), "", "1 of 3 classes have only one training example: cow");
    takes(
        &good.replace("a,b", "a,b,k").replace(",cat", ",5,cat").replace(",dog", ",5,dog"),
        "",
        "1 of 3 columns have the same value",
    );
    takes(&good, "--batch-size 1000", "test - loss");
    takes(&good.replace("cat", "7").replace("dog", "3"), "", "test - loss");
    takes(&good.replace(',', ";"), "", "test - loss");
    takes(&rows(15), "", "test - loss");
}

#[test]
fn the_usual_epochs_are_said_to_be_few_for_a_small_set() {
    let folder = Folder::new();
    table(&folder, 116);
    let note = "note: 2 epochs are only 6 training steps; give more --epochs, such as 60";
    let train = |flags: &str| {
        folder.run(&format!("train --dataset table.csv --hidden 4 --out run {flags}")).succeeded().stdout.contains(note)
    };
    assert_eq!((train(""), train("--epochs 2")), (true, false));
}
