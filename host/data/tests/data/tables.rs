//! Tables and arrays: what is accepted, how it is typed, cut and split, and every way it can be wrong.

use std::path::PathBuf;

use foldnet_data::{
    DataError, Dataset, InputType, Known, Options, Part, Search, Shape, Source, Targets, Task, TestSplit, ValuesRef,
    Wanted, load_with, read_inputs,
};

use crate::sample::Folder;

fn search() -> Search {
    Search { chosen: None, cache: None, system: Vec::new(), url: String::new() }
}

fn load(path: PathBuf, options: &Options) -> Result<Dataset, DataError> {
    load_with(&Source::Path(path), options, &search(), &mut |_| ())
}

/// A table by this text, read by these options.
fn table(text: &str, options: &Options) -> Result<Dataset, DataError> {
    let folder = Folder::empty();
    folder.put("t.csv", text.as_bytes());
    load(folder.path().join("t.csv"), options)
}

/// Expects a message with this fault behind the file's name, and a remedy behind it.
fn refused(text: &str, options: &Options, fault: &str) {
    let error = table(text, options).expect_err(fault).to_string();
    let (_, told) = error.split_once("t.csv: ").unwrap_or_else(|| panic!("no file: {error}"));
    assert!(told.starts_with(fault), "\n     got {told}\nexpected {fault}");
    assert!(told.split_once("; ").is_some_and(|(_, remedy)| remedy.len() > 8) && !told.contains('\n'), "{told}");
}

fn regress() -> Options {
    Options { task: Task::Regress, ..Options::default() }
}

/// `count` lines of two numbers and a class.
fn flowers(count: usize) -> String {
    let line = |row: usize| format!("{},{}.5,{}\n", row, row * 7 % 5, ["rose", "tulip"][row % 2]);
    format!("length,width,kind\n{}", (0..count).map(line).collect::<String>())
}

#[test]
fn a_table_of_features() {
    let set = table(&flowers(40), &Options::default()).unwrap();
    let [train, valid, test] = [Part::Train, Part::Valid, Part::Test].map(|part| set.part(part));
    assert_eq!((train.len(), valid.len(), test.len()), (28, 4, 8));
    assert_eq!((set.shape(), train.inputs.input_type()), (Shape::features(2), InputType::F32));
    assert_eq!((set.labels.join(" "), set.channels.join(" ")), ("rose tulip".into(), "length width".into()));
    for part in [train, valid, test] {
        for (index, class) in part.classes().unwrap().iter().enumerate() {
            assert_eq!(part.example(index).get(0) as u16 % 2, *class, "inputs and class of one line");
        }
    }
}

#[test]
fn the_same_table_however_it_is_saved() {
    let text = flowers(40);
    let expected = table(&text, &Options::default()).unwrap();
    let check = |what: &str, bytes: &[u8]| {
        let folder = Folder::empty();
        folder.put("t.csv", bytes);
        let found = load(folder.path().join("t.csv"), &Options::default()).unwrap();
        assert_eq!(found.part(Part::Train), expected.part(Part::Train), "{what}");
        assert_eq!(found.labels, expected.labels, "{what}");
    };
    check("semicolons", text.replace(',', ";").as_bytes());
    check("tabs, with spaces", text.replace(',', " \t ").as_bytes());
    check("a mark, and line ends of DOS", format!("\u{feff}{}", text.replace('\n', "\r\n")).as_bytes());
    let units = |swap: bool| {
        text.encode_utf16().flat_map(move |unit| if swap { unit.to_be_bytes() } else { unit.to_le_bytes() })
    };
    check("UTF-16", &[0xff, 0xfe].into_iter().chain(units(false)).collect::<Vec<_>>());
    check("UTF-16, big-endian", &[0xfe, 0xff].into_iter().chain(units(true)).collect::<Vec<_>>());
    check("without a header", text.split_once('\n').unwrap().1.as_bytes());
    check("quoted", text.replace("rose", "\"rose\"").as_bytes());
}

#[test]
fn whole_numbers_keep_their_type() {
    let check = |values: [&str; 2], expected| {
        let text: String = (0..20).map(|row| format!("{},{}\n", values[row % 2], row % 2)).collect();
        let set = table(&format!("x,y\n{text}"), &Options::default()).unwrap();
        assert_eq!(set.part(Part::Train).inputs.input_type(), expected, "{values:?}");
    };
    check(["0", "255"], InputType::U8);
    check(["-1", "255"], InputType::I16);
    check(["0", "40000"], InputType::U16);
    check(["-1", "40000"], InputType::F32);
    check(["0.5", "1"], InputType::F32);
    let options = Options { input: Some(InputType::I8), ..Options::default() };
    refused("x,y\n-1,a\n200,b\n", &options, "column 'x' holds 200, which is no i8");
}

#[test]
fn values_may_be_estimated() {
    let text: String = (0..20).map(|row| format!("{row},{}.5,{row}\n", row * 2)).collect();
    let options = Options { target: vec!["b".into(), "a".into()], ..regress() };
    let set = table(&format!("a,b,c\n{text}"), &options).unwrap();
    let test = set.part(Part::Test);
    let values = test.targets.values().unwrap();
    for index in 0..test.len() {
        let row = test.example(index).get(0);
        assert_eq!(values[2 * index..][..2], [2.0 * row + 0.5, row]);
    }
    assert_eq!(set.channels, ["c"]);
}

/// Recordings of 40 samples, the last two strange, as the group column and the normal column tell.
fn recordings() -> String {
    let line = |row: usize| format!("{},{},run{},{}\n", row % 40 * 3, -(row as i32), row / 40, usize::from(row >= 120));
    format!("x,y,run,strange\n{}", (0..200).map(line).collect::<String>())
}

#[test]
fn recordings_are_cut_into_windows() {
    let options = Options {
        task: Task::Reconstruct,
        group: Some("run".into()),
        window: Some(8),
        step: Some(4),
        normal: Some("strange=0".parse().unwrap()),
        ..Options::default()
    };
    let set = table(&recordings(), &options).unwrap();
    let [train, valid, test] = [Part::Train, Part::Valid, Part::Test].map(|part| set.part(part));
    assert_eq!(set.shape(), Shape::window(8, 2));
    // 9 windows of each of 5 recordings; of the normal ones the last is for testing.
    assert_eq!((test.len(), set.labels.join(" ")), (27, "normal abnormal".into()));
    assert_eq!(test.classes().unwrap().iter().filter(|&&class| class == 0).count(), 9);
    assert_eq!(train.classes().unwrap(), vec![0; train.len()]);
    let rows =
        |part: foldnet_data::View| (0..part.len()).map(|at| -part.example(at).get(1) as usize / 40).collect::<Vec<_>>();
    assert!(rows(train).iter().chain(&rows(valid)).all(|&run| run < 2));
    assert!(rows(test).iter().all(|&run| run >= 2));
    let ValuesRef::I16(first) = test.example(0) else { panic!("whole numbers") };
    assert_eq!(first[..4], [0, -80, 3, -81], "sample by sample, channel by channel");
}

#[test]
fn tables_that_are_wrong() {
    let options = Options::default();
    let check = |text: &str, fault: &str| refused(text, &options, fault);
    check("a,b\n1,x\n2\n", "line 3 has 1 fields, the lines before have 2");
    check("a,b\n1,x\n,y\n", "line 3, column 'a': no value where a value is needed");
    check("a,b\n1,x\nNaN,y\n", "line 3, column 'a': NaN where a value is needed");
    check("a,b\n1,x\n3,y\n?,y\n", "line 4, column 'a': ? where a value is needed");
    check("a,b\n1,x\none,y\n", "line 3, column 'a': 'one' is no number");
    check("a,b\n1,x\n\"1,5\",y\n", "line 3, column 'a': '1,5' is no number");
    check("a,b\n1,x\ninf,y\n", "line 3, column 'a': 'inf' is no number");
    check("a,b\n1,x\n2,\n", "line 3, column 'b': no value");
    check("a,b\n1,x\n2,x\n3,x\n", "all examples are of one class, 'x'");
    check("a,b\n1,0.5\n2,1.5\n", "column 'b' holds 0.5 where classes are whole numbers or names");
    check("a,b\r\n1,x\r\none,y\r\n", "line 3, column 'a': 'one' is no number");
    check("a,b\r\n1,x\r\n2\r\n", "line 3 has 1 fields");
    check("", "is empty");
}

#[test]
fn options_that_do_not_fit() {
    let check = |options: Options, fault: &str| refused(&recordings(), &options, fault);
    let options = Options::default;
    check(
        Options { target: vec!["z".into()], ..options() },
        "--target z: no such column; there are x, y, run, strange",
    );
    check(Options { group: Some("9".into()), ..options() }, "--group 9: no such column");
    check(Options { step: Some(4), ..options() }, "line 2, column 'run': 'run0' is no number");
    let grouped = || Options { group: Some("run".into()), ..options() };
    check(Options { window: Some(41), ..grouped() }, "--window 41: the longest recording has 40 rows");
    check(Options { step: Some(4), ..grouped() }, "--step is for windows");
    let normal = Some("strange=7".parse().unwrap());
    check(Options { normal, task: Task::Reconstruct, ..grouped() }, "--normal strange=7: no row has this value");
    check(
        Options { target: vec!["run".into()], ..regress() },
        "line 2, column 'run': 'run0' is no number, which --task regress needs",
    );
    let text: String = (0..20).map(|row| format!("{row},{},{}\n", row % 2, row % 2)).collect();
    refused(&format!("x,run,kind\n{text}"), &grouped(), "no recording is left for testing");
}

#[test]
fn what_is_odd_but_fine_is_said() {
    let notes = |text: &str| table(text, &Options::default()).unwrap().notes.join("; ");
    let rows: String = (0..20).map(|row| format!("{row},5,{}\n", [3, 7][row % 2])).collect();
    assert_eq!(
        notes(&format!("a,b,c\n{rows}")),
        "1 of 2 columns have one value in all training examples and tell nothing: b"
    );
    assert!(notes(&format!("a,b,c\n{rows}99,1,9\n")).contains("1 of 3 classes have one training example only: 9"));
}

#[test]
fn inputs_may_come_without_answers() {
    let folder = Folder::empty();
    let channels = ["length", "width"].map(String::from);
    let wanted =
        Wanted { input: InputType::F32, shape: Shape::features(2), channels: &channels, step: None, group: None };
    let check = |name: &str, bytes: &[u8], expected: Result<&[f32], &str>| {
        folder.put(name, bytes);
        match (read_inputs(&folder.path().join(name), &wanted), expected) {
            (Ok(found), Ok(values)) => {
                assert_eq!((found.inputs.view().to_f32().as_slice(), found.targets), (values, Targets::None), "{name}");
            }
            (Err(error), Err(fault)) => assert!(error.to_string().contains(fault), "{name}: {error}"),
            (found, _) => panic!("{name}: {found:?}"),
        }
    };
    check("a.csv", b"width,kind,length\n1,x,2\n3,y,4\n", Ok(&[2.0, 1.0, 4.0, 3.0]));
    check("b.csv", b"1,2\n3,4\n", Ok(&[1.0, 2.0, 3.0, 4.0]));
    check("c.csv", b"1,2,3\n", Err("has 3 columns, the model takes 2"));
    check("d.bin", &[0, 0, 128, 63, 0, 0, 0, 64], Ok(&[1.0, 2.0]));
    check("e.bin", &[0, 0, 128, 63], Err("holds 4 bytes, and an example of f32 values has 8"));
    check("f.csv", b"width,length\n", Err("has a header and no rows"));
}

#[test]
fn inputs_of_several_recordings_are_cut_apart() {
    let folder = Folder::empty();
    let channels = ["x".to_owned()];
    let shape = Shape::window(2, 1);
    let wanted = Wanted { input: InputType::F32, shape, channels: &channels, step: Some(1), group: Some("who") };
    let check = |name: &str, text: &str, expected: Result<&[f32], &str>| {
        folder.put(name, text.as_bytes());
        match (read_inputs(&folder.path().join(name), &wanted), expected) {
            (Ok(found), Ok(values)) => assert_eq!(found.inputs.view().to_f32(), values, "{name}"),
            (Err(error), Err(fault)) => assert!(error.to_string().contains(fault), "{name}: {error}"),
            (found, _) => panic!("{name}: {found:?}"),
        }
    };
    check("a.csv", "who,x\na,1\na,2\nb,3\nb,4\nb,5\nc,6\n", Ok(&[1.0, 2.0, 3.0, 4.0, 4.0, 5.0]));
    check("mixed.csv", "x,who\n1,a\n3,b\n2,a\n4,b\n", Ok(&[1.0, 2.0, 3.0, 4.0]));
    check("one.csv", "x\n1\n2\n3\n", Ok(&[1.0, 2.0, 2.0, 3.0]));
    check("other.csv", "y,who\n1,a\n2,a\n3,b\n", Ok(&[1.0, 2.0]));
    check(
        "short.csv",
        "who,x\na,1\nb,2\n",
        Err("the longest recording has 1 rows, and one window of the model needs 2"),
    );
}

#[test]
fn a_remembered_set_that_changed_says_so() {
    let folder = Folder::empty();
    let rows = |first: u32| format!("a,b,c\n{first},2,x\n{}", "3,4,y\n5,6,x\n".repeat(10));
    folder.put("set.csv", rows(1).as_bytes());
    let path = folder.path().join("set.csv");
    let set = load(path.clone(), &Options::default()).unwrap();
    let known = Known { path: path.clone(), options: Options::default(), channels: Vec::new(), stamp: None };
    let test = |own: &Options| known.test_set(&set.digest(), own, &mut |_| ()).unwrap();
    let same = test(&Options::default());
    assert_eq!((same.examples.view(), same.notes), (set.part(Part::Test), set.notes.clone()));
    folder.put("set.csv", rows(9).as_bytes());
    let said = format!("{} has changed since the network was trained on it", path.display());
    assert_eq!(test(&Options::default()).notes, [said]);
    // Read otherwise it has another digest anyway.
    let own = Options { test_split: Some(TestSplit::Every(4)), ..Options::default() };
    assert!(test(&own).notes.is_empty());
}
