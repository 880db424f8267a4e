//! Terminal conveniences: completions, man pages, `--quiet`, and no colour unless wanted.

use crate::sample;
use crate::tool::Folder;
use std::process::Command;

#[test]
fn completions_know_every_command_and_flag() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = folder.run(&format!("completions {shell}")).succeeded().stdout;
        for word in ["compare", "calibration", "learning-rate", "quiet"] {
            assert!(script.contains(word), "{shell}: no {word}");
        }
        let object = folder.run(&format!("completions {shell} --json")).json();
        assert_eq!(object["script"], script.as_str());
    }
    folder.run("completions tcsh").misused("possible values: bash");
    folder.write("script", folder.run("completions bash").stdout.as_bytes());
    let parsed = folder.program("bash".as_ref()).args(["-n", "script"]).status();
    assert!(parsed.is_ok_and(|status| status.success()), "bash cannot read it");
}

#[test]
fn man_pages_are_one_a_command() {
    let folder = Folder::new();
    let page = folder.run("man").succeeded().stdout;
    assert!(page.starts_with(".ie") && page.contains(".TH foldnet 1"), "{page}");
    std::fs::create_dir(folder.path("man1")).expect("made");
    let files = folder.run("man --out man1 --json").json();
    let files = files["files"].as_array().expect("a list").clone();
    for file in files.iter().map(|file| file.as_str().expect("a name")) {
        let page = String::from_utf8(folder.read(file)).expect("text");
        assert!(page.contains(".SH SYNOPSIS") && page.contains("\\fBfoldnet"), "{file}: {page}");
    }
    let train = String::from_utf8(folder.read("man1/foldnet-train.1")).expect("text");
    assert!(train.contains("learning\\-rate") && files.len() >= 11, "{train}");
    folder.run("man --out none").refused(&["none/foldnet.1: cannot be written", "create its folder first"]);
}

#[test]
fn quiet_is_silent_but_for_errors_and_objects() {
    let folder = sample::folder();
    for command in [
        "train --norm after --hidden 5 --epochs 1 --dataset set --out run -q",
        "summary run --quiet",
        "evaluate run --dataset set -q",
        "export run --bits 8 --dataset set --out a.fnet -q",
        "inspect a.fnet -q",
        "predict a.fnet --index 0 --dataset set -q",
        "compare run a.fnet --dataset set -q",
    ] {
        let done = folder.run(command).succeeded();
        assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("", ""), "{command}");
        let done = folder.run(&format!("{command} --json")).succeeded();
        assert_eq!((done.stdout.lines().count(), done.stderr.as_str()), (1, ""), "{command}");
    }
    folder.run("summary none -q").refused(&["none: cannot be read"]);
}

/// A pseudo-terminal by util-linux's `script`: bold there and only there.
#[test]
fn colour_is_for_terminals_that_want_it() {
    let folder = sample::folder();
    let bold = "\u{1b}[1m";
    let on_a_terminal = |no_color: Option<&str>| {
        let mut command = Command::new("script");
        let line = format!("{} evaluate good.fnet --dataset set", crate::tool::FOLDNET);
        command.current_dir(folder.path("")).args(["-qec", &line, "/dev/null"]).env("TERM", "xterm");
        command.env_remove("NO_COLOR").env_remove("CI");
        no_color.map(|value| command.env("NO_COLOR", value));
        let output = command.output().expect("script, of util-linux, gives a terminal");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(on_a_terminal(None).contains(bold), "{:?}", on_a_terminal(None));
    assert!(!on_a_terminal(Some("1")).contains('\u{1b}'), "{:?}", on_a_terminal(Some("1")));
    let piped = folder.run("evaluate good.fnet --dataset set").succeeded();
    assert!(!piped.stdout.contains('\u{1b}') && piped.stderr.is_empty(), "{piped:?}");
}
