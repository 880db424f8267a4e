//! Table columns are matched by name, whatever their order.

use crate::tool::{Folder, number};
use std::fmt::Write as _;

/// A table with a column for each name; `rows` rows; class `x` if `first` exceeds 50; the second column is noise.
fn table(folder: &Folder, file: &str, names: [&str; 2], swapped: bool, rows: usize) {
    let mut text = format!("{},{},kind\n", names[0], names[1]);
    for row in 0..rows {
        let (first, second) = (if row % 2 == 0 { 60 } else { 20 } + row * 7 % 13, row * 5 % 17);
        let (left, right) = if swapped { (second, first) } else { (first, second) };
        let _ = writeln!(text, "{left},{right},{}", ["x", "y"][row % 2]);
    }
    folder.write(file, text.as_bytes());
}

#[test]
fn names_of_columns_decide_not_their_order() {
    let folder = Folder::new();
    table(&folder, "set.csv", ["first", "second"], false, 131);
    table(&folder, "swapped.csv", ["second", "first"], true, 131);
    table(&folder, "cased.csv", ["SECOND", "First"], true, 131);
    table(&folder, "renamed.csv", ["second", "1st"], true, 131);
    table(&folder, "others.csv", ["a", "b"], false, 131);
    folder.run("train --dataset set.csv --hidden 8 --epochs 60 --batch-size 8 --out run --json").succeeded();
    folder.run("export run --bits 8 --out a.fnet --json").succeeded();
    for model in ["run", "a.fnet"] {
        let own = number(&folder.run(&format!("evaluate {model} --json")).json(), "accuracy");
        assert!(own > 0.95, "{own}");
        for (set, words) in [
            ("swapped.csv", "were reordered by name to match the network's"),
            ("cased.csv", "were reordered by name to match the network's"),
            ("others.csv", "are named differently from the network's, and are used in their order"),
        ] {
            let command = format!("evaluate {model} --dataset {set}");
            let done = folder.run(&command).succeeded();
            assert!(done.stdout.contains(words) || done.stderr.contains(words), "{command}: {done:?}");
            assert_eq!(number(&folder.run(&format!("{command} --json")).json(), "accuracy"), own, "{command}");
        }
        let missing = ["takes columns that the dataset lacks: first"];
        folder.run(&format!("evaluate {model} --dataset renamed.csv")).refused(&missing);
        folder.run(&format!("predict {model} --dataset renamed.csv --index 0")).refused(&missing);
    }
    let export = |set: &str| folder.run(&format!("export run --bits 8 --dataset {set} --out b.fnet"));
    export("swapped.csv").succeeded();
    assert_eq!(folder.read("a.fnet").len(), folder.read("b.fnet").len());
    export("renamed.csv").refused(&["takes columns that the dataset lacks: first"]);
    folder.run("report run --dataset renamed.csv --out r.html").refused(&["lacks: first"]);
    folder.run("train --init run --dataset swapped.csv --epochs 1 --out c").refused(&[
        "--init",
        "in a different order",
        "reorder them as in the network",
    ]);
}
