//! `foldnet demo`: the whole flow in one command, with the requested images or the ones available.

use crate::tool::{Done, FOLDNET, Folder, number};
use serde_json::Value;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// The demo's results for both models, each exported at 32, 8 and 4 bits.
fn check_models(result: &Value, folder: &Folder) {
    let models = result["models"].as_array().expect("a list");
    let found: Vec<_> = models.iter().map(|m| (m["model"].as_str(), m["export"]["bits"][0].as_u64())).collect();
    let expected = ["after", "before"].map(|name| [32, 8, 4].map(|bits| (Some(name), Some(bits))));
    assert_eq!(found, expected.concat());
    for model in models {
        let export = &model["export"];
        // Ten classes, so .1 is chance; an epoch reached .78 and .76. Fewer bits cost a point at most (seen: .5).
        assert!(number(export, "float_accuracy") > 0.7, "{model}");
        assert!(number(export, "float_accuracy") - number(export, "accuracy") < 0.01, "{model}");
        assert!(number(export, "folded_max_deviation") <= 2e-4, "{model}");
        assert_eq!(&model["simulated"]["accuracy"], &export["accuracy"]);
        let board = [None, Some("netduinoplus2"), Some("microbit")][found_index(export)];
        assert_eq!(model["emulated"]["board"].as_str(), board, "{model}");
        assert_eq!(model["emulated"]["identical"].as_bool(), board.map(|_| true), "{model}");
        let file = model["file"].as_str().expect("a path");
        let inspected = folder.run(&format!("inspect {file} --json")).json();
        assert_eq!(inspected["bytes"], export["bytes"]);
    }
}

/// Index among the demo's exports.
fn found_index(export: &Value) -> usize {
    [32, 8, 4].iter().position(|bits| export["bits"][0] == *bits).expect("one of the demo's widths")
}

#[test]
fn both_models_from_images_to_the_simulated_device() {
    let folder = Folder::new();
    let result = folder.run("demo --dataset synthetic --epochs 1 --board-images 5 --out out --json").json();
    check_models(&result, &folder);
    for (name, parameters) in [("after", 271_346), ("before", 267_810)] {
        let summary = folder.run(&format!("summary out/{name} --json")).json();
        assert_eq!(summary["parameters"]["total"], parameters);
    }
}

/// A command in an isolated environment: no data sets installed, an empty cache, and an unreachable server.
fn without_images(folder: &Folder, arguments: &str) -> Command {
    // A port that was free a moment ago, with no listener.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let mut command = folder.program(Path::new(FOLDNET));
    command.args(arguments.split(' ')).env_remove("FOLDNET_DATA").env("FOLDNET_DATA_URL", url);
    command.env("XDG_DATA_DIRS", folder.path("none")).env("XDG_CACHE_HOME", folder.path("cache"));
    command
}

#[test]
fn without_images_the_demo_goes_on_and_the_others_stop() {
    let folder = Folder::new();
    let arguments = "train --norm after --out run";
    let words = ["Fashion-MNIST is not on this machine", "cannot be reached", "--dataset synthetic", "FOLDNET_DATA"];
    Done::of(&mut without_images(&folder, arguments), arguments).refused(&words);
    assert!(folder.contents().is_empty(), "{:?}", folder.contents().keys());
    let arguments = "demo --epochs 1 --board-images 5 --out out --json";
    let done = Done::of(&mut without_images(&folder, arguments), arguments);
    let said = done.stderr.clone();
    assert!(said.starts_with("Fashion-MNIST is not on this machine and http://127.0.0.1:"), "{said}");
    assert!(said.contains("Continuing with the built-in synthetic images instead."), "{said}");
    check_models(&done.json(), &folder);
}
