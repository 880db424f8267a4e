//! A board of the user's stands beside the built-in ones wherever boards are listed.

use crate::sample;
use serde_json::Value;

const BOARD: &str = r#"[[board]]
name = "mine"
chip = "STM32F405"
core = "Cortex-M4F"
flash = { origin = 0x0800_0000, len = 0x4_0000 }
ram = { origin = 0x2000_0000, len = 0x1_0000 }
model_address = 0x0802_0000
erase_block = 0x2_0000
clock_hz = 100_000_000
"#;

#[test]
fn a_board_of_the_users_is_listed_with_the_others() {
    let folder = sample::folder();
    folder.write("mine.toml", BOARD.as_bytes());
    folder.run("export good.safetensors --dataset set --bits 8 --out eight.fnet").succeeded();
    let run = |arguments: &str| folder.run(&format!("{arguments} --board-file mine.toml --json")).json();
    let names = |value: &Value| -> Vec<String> {
        let boards = value.as_array().expect("boards").iter();
        boards.map(|board| board["board"].as_str().or(board.as_str()).expect("a name").to_owned()).collect()
    };
    let inspected = run("inspect eight.fnet");
    let reported = run("report good.safetensors --model eight.fnet --dataset set --out report.html");
    let compared = run("compare eight.fnet eight.fnet --dataset set");
    for listed in [names(&inspected["boards"]), names(&reported["report"]["models"][0]["boards"])] {
        assert!(listed.len() > 5 && listed[0] == "mine", "{listed:?}");
    }
    assert!(compared["models"][0]["ms_without_zeros"]["mine"].as_f64() > Some(0.0), "{compared}");
    let page = String::from_utf8(folder.read("report.html")).expect("text");
    assert!(page.contains(">mine<"), "the page shows it");
}
