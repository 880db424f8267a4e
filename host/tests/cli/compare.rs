//! `foldnet compare`: models side by side, and placements of BatchNormalization over several seeds.

use crate::sample::{self, CLASSES, PIXELS, write_network};
use crate::tool::{Folder, keys, number};
use foldnet::network::architecture::NormPlacement;
use serde_json::Value;

const STUDY: &str = "compare --seeds 3 --epochs 2 --hidden 4 --dataset set --runs runs";

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("no list {key} in {value}"))
}

#[test]
fn models_are_what_evaluate_says_and_differ_where_their_predictions_do() {
    let folder = sample::folder();
    write_network(&folder, "other", &NormPlacement::Without.layers(&[7], CLASSES), PIXELS);
    let files = ["good.safetensors", "other.safetensors", "good.fnet"];
    let found = folder.run(&format!("compare {} --dataset set --json", files.join(" "))).json();
    assert_eq!(keys(&found), ["disagreements", "images", "labels", "models", "pairs"]);
    let mut classes = Vec::new();
    for (file, model) in files.iter().zip(list(&found, "models")) {
        let evaluated = folder.run(&format!("evaluate {file} --dataset set --predictions out --json")).json();
        for key in ["accuracy", "loss", "per_class", "images", "logits_sha256"] {
            assert_eq!(model[key], evaluated[key], "{file} {key}");
        }
        assert_eq!((model["name"].as_str(), number(model, "bytes")), (Some(*file), folder.read(file).len() as f64));
        let lines = String::from_utf8(folder.read("out")).expect("text");
        classes.push(lines.lines().map(|line| line.parse::<u64>().expect("a class")).collect::<Vec<_>>());
    }
    let differing = (0..9).filter(|&image| classes.iter().any(|of| of[image] != classes[0][image])).collect::<Vec<_>>();
    assert!(!differing.is_empty(), "networks that agree test nothing");
    let listed = list(&found, "disagreements");
    assert_eq!(listed.iter().map(|image| number(image, "image") as usize).collect::<Vec<_>>(), differing);
    assert!(listed.iter().all(|found| {
        let image = number(found, "image") as usize;
        found["classes"] == serde_json::json!(classes.iter().map(|of| of[image]).collect::<Vec<_>>())
    }));
    for (pair, of) in list(&found, "pairs").iter().zip(&classes[1..]) {
        let disagree = of.iter().zip(&classes[0]).filter(|(a, b)| a != b).count();
        assert_eq!(number(pair, "disagree") as usize, disagree);
        assert!((0.0..=1.0).contains(&number(pair, "p_value")), "{pair}");
    }
    let text = folder.run(&format!("compare {} --dataset set --list 1", files.join(" "))).succeeded().stdout;
    for words in ["parameters", "alone is right on", "McNemar's exact test, p = ", "the first 1:", "other.safetensors"]
    {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
}

#[test]
fn a_model_is_as_good_as_itself() {
    let folder = sample::folder();
    let found = folder.run("compare good.fnet good.fnet --dataset set --json").json();
    assert_eq!(found["disagreements"], serde_json::json!([]));
    let pair = &list(&found, "pairs")[0];
    assert_eq!((number(pair, "p_value"), &pair["significant"]), (1.0, &false.into()));
}

#[test]
fn a_study_trains_once_and_is_the_same_again() {
    let folder = sample::folder();
    let first = folder.run(&format!("{STUDY} --out plot.svg --json")).json();
    assert_eq!(keys(&first), ["dataset", "differences", "norms", "plot", "seeds"]);
    assert_eq!(first["seeds"], serde_json::json!([1, 2, 3]));
    let norms = list(&first, "norms");
    assert_eq!(
        norms.iter().map(|norm| norm["norm"].as_str()).collect::<Option<Vec<_>>>(),
        Some(vec!["after", "before", "none"])
    );
    for norm in norms {
        let runs = list(norm, "runs");
        let accuracies: Vec<f64> = runs.iter().map(|run| number(&run["test"], "accuracy")).collect();
        let mean = accuracies.iter().sum::<f64>() / 3.0;
        assert!((number(&norm["test"]["accuracy"], "mean") - mean).abs() < 1e-12, "{norm}");
        assert_eq!((runs.len(), list(norm, "epochs").len()), (3, 2));
        for run in runs {
            assert_eq!(run["reused"], false);
            let folder_of = run["folder"].as_str().expect("a folder");
            let history: Value = folder.history(folder_of);
            assert_eq!((&history["epochs"], &history["seed"]), (&run["epochs"], &run["seed"]));
        }
    }
    assert_eq!(list(&first, "differences").len(), 3);
    let svg = String::from_utf8(folder.read("plot.svg")).expect("text");
    // Lines of 3 norms with 2 epochs each in 2 panels; 3 norms with 3 seeds in the third.
    let counts = ["class=\"line\"", "class=\"band\"", "class=\"name\"", "class=\"mean\"", "<circle"];
    assert_eq!(counts.map(|part| svg.matches(part).count()), [6, 6, 9, 3, 9], "{svg}");
    let marks = svg.split("class=\"marks\" d=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default());
    assert_eq!(marks.map(|path| path.matches('Z').count()).collect::<Vec<_>>(), [2; 6], "{svg}");
    let before = folder.contents();
    let again = folder.run(&format!("{STUDY} --json")).json();
    assert!(folder.contents() == before, "nothing is trained again");
    assert!(list(&again, "norms").iter().all(|norm| list(norm, "runs").iter().all(|run| run["reused"] == true)));
    let text = folder.run(&format!("{STUDY} --norms none,after")).succeeded().stdout;
    for words in ["none   seed 3: test accuracy 0.", "found runs/none-3", " ± ", "none - after: ", "95 % interval"] {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
}

/// A run with the same name but different settings is not reused.
#[test]
fn other_recipes_are_trained_anew() {
    let folder = sample::folder();
    let study = "compare --seeds 1 --norms none --epochs 1 --hidden 4 --dataset set --runs runs --json";
    let reused = |folder: &Folder, command: &str| {
        list(&list(&folder.run(command).json(), "norms")[0], "runs")[0]["reused"] == true
    };
    assert!(!reused(&folder, study) && reused(&folder, study));
    assert!(!reused(&folder, &study.replace("--hidden 4", "--hidden 5")));
    assert!(!reused(&folder, &study.replace("--epochs 1", "--epochs 2").replace("--hidden 4", "--hidden 5")));
    let train = "train --norm none --epochs 1 --hidden 4 --dataset set --seed 1 --out runs/none-1";
    folder.run(&format!("{train} --learning-rate 0.1")).succeeded();
    assert!(!reused(&folder, study));
    folder.run(train).succeeded();
    assert!(reused(&folder, study), "what train made by the same recipe is taken");
    let one = folder.run(study).json();
    assert_eq!(one["differences"], serde_json::json!([]), "a single seed has no spread");
}

#[test]
fn what_cannot_be_compared() {
    let folder = sample::folder();
    write_network(&folder, "four", &NormPlacement::After.layers(&[5], 4), PIXELS);
    folder.run("compare good.fnet").misused("give at least 2 values");
    folder.run("compare").misused("required arguments");
    folder.run("compare good.fnet good.fnet --seeds 2").misused("cannot be used with");
    let study = "--epochs is for networks that are trained here; also give --seeds N, or leave it out";
    ["good.fnet good.fnet", ""].iter().for_each(|models| {
        folder.run(&format!("compare {models} --epochs 2")).misused(study);
    });
    folder.run("compare --seeds 2 --norms middle").misused("give after, before or none");
    folder.run("compare good.fnet none.fnet --dataset set").refused(&["none.fnet: cannot be read"]);
    let words = &["four.safetensors: has 4 classes, but good.fnet has 3; compare models with the same classes"];
    folder.run("compare good.fnet four.safetensors --dataset set").refused(words);
    folder.run("compare --seeds 0 --dataset set").refused(&["--seeds 0: give a number from 1 to 1000"]);
    folder.run("compare --seeds 2 --norms none,after,none --dataset set").refused(&["none is named twice"]);
    folder.run("compare --seeds 2 --epochs 0 --dataset set").refused(&["--epochs 0: give a number"]);
    let done = folder.run("compare --seeds 2 --hidden 0 --dataset set --runs runs");
    done.refused(&["--hidden", "a width must be 1 to 65535"]);
}
