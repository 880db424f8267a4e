//! Tables and arrays: what is accepted, how it is typed, cut and split, and every way it can be wrong.

use std::path::PathBuf;

use foldnet_data::{
    Cut, DataError, Dataset, InputType, Known, Options, Part, Search, Shape, Source, Targets, Task, TestSplit,
    ValuesRef, Wanted, load_with, read_inputs,
};

use crate::sample::Folder;

fn search() -> Search {
    Search { chosen: None, cache: None, system: Vec::new(), url: String::new() }
}

fn load(path: PathBuf, options: &Options) -> Result<Dataset, DataError> {
    load_with(&Source::Path(path), options, &search(), &mut |_| ())
}

/// A table with this text, read with these options.
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
    refused("x,y\n-1,a\n200,b\n", &options, "column 'x' holds 200, which does not fit i8");
    let folder = Folder::empty();
    folder.put("x.npy", b"\x93NUMPY\x01\0");
    let array = folder.path().join("x.npy");
    let error = load(array.clone(), &options).unwrap_err().to_string();
    assert!(error.ends_with("--column-type is for the columns of a table of text, but this is none; leave it out"));
    assert_eq!(Source::Path(array).applicable(&options), Options::default(), "options of other data");
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

/// Recordings of 40 samples; the last two are abnormal, according to the columns for group and normality.
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
    check("a,b\n1,x\n2\n", "line 3 has 1 fields, but earlier lines have 2");
    check("a,b\n1,x\n,y\n", "line 3, column 'a': no value where a value is needed");
    check("a,b\n1,x\nNaN,y\n", "line 3, column 'a': NaN where a value is needed");
    check("a,b\n1,x\n3,y\n?,y\n", "line 4, column 'a': ? where a value is needed");
    check("a,b\n1,x\none,y\n", "line 3, column 'a': 'one' is not a number");
    check("a,b\n1,x\n\"1,5\",y\n", "line 3, column 'a': '1,5' is not a number");
    check("a,b\n1,x\ninf,y\n", "line 3, column 'a': 'inf' is not a number");
    check("a,b\n1,x\n1e300,y\n", "line 3, column 'a': 1e300 is beyond 32-bit floats");
    check("a,b\n1,x\n2,\n", "line 3, column 'b': no value");
    check("a,b\n1,x\n2,x\n3,x\n", "all examples are of one class, 'x'");
    check("a,b\n1,0.5\n2,1.5\n", "column 'b' holds 0.5 where classes are whole numbers or names");
    check("a,b\r\n1,x\r\none,y\r\n", "line 3, column 'a': 'one' is not a number");
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
    check(Options { step: Some(4), ..options() }, "line 2, column 'run': 'run0' is not a number");
    let grouped = || Options { group: Some("run".into()), ..options() };
    check(Options { window: Some(41), ..grouped() }, "--window 41: the longest recording has 40 rows");
    check(Options { step: Some(4), ..grouped() }, "--step is for windows");
    let normal = Some("strange=7".parse().unwrap());
    check(Options { normal, task: Task::Reconstruct, ..grouped() }, "--normal strange=7: no row has this value");
    check(
        Options { target: vec!["run".into()], ..regress() },
        "line 2, column 'run': 'run0' is not a number, which --task regress needs",
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
        "1 of 2 columns have the same value in all training examples, so they carry no information: b"
    );
    assert!(notes(&format!("a,b,c\n{rows}99,1,9\n")).contains("1 of 3 classes have only one training example: 9"));
}

#[test]
fn inputs_may_come_without_answers() {
    let folder = Folder::empty();
    let channels = ["length", "width"].map(String::from);
    let wanted = Wanted {
        input: InputType::F32,
        shape: Shape::features(2),
        channels: &channels,
        cut: Cut::default(),
        usual: Cut::default(),
    };
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
    check("c.csv", b"1,2,3\n", Err("has 3 columns, but the model takes 2"));
    check("d.bin", &[0, 0, 128, 63, 0, 0, 0, 64], Ok(&[1.0, 2.0]));
    check("e.bin", &[0, 0, 128, 63], Err("holds 4 bytes, but an example of f32 values has 8"));
    check("f.csv", b"width,length\n", Err("has a header and no rows"));
    check("g.bin", &[0, 0, 192, 127, 0, 0, 0, 64], Err("input 0 of example 0 (both counted from 0) is NaN"));
    check(
        "h.npz",
        b"PK\x03\x04\0\0\0\0",
        Err("is a zip archive, such as an .npz, but inputs without labels are a .npy"),
    );
    check(
        "i.csv",
        b"1,5;2,5\n3,5;4,5\n",
        Err("line 1, column '1': '1,5' is not a number; correct it (with a decimal point"),
    );
    check("j.csv", b"1,5;2,5\n", Err("line 1, column '1': '1,5' is not a number"));
    let error = read_inputs(folder.path(), &wanted).unwrap_err().to_string();
    assert!(error.contains("is a folder, but inputs without labels are a .npy"), "{error}");
    check("l.csv", b"0,1\n0.5,2\n", Err("its first line (0, 1) could be column numbers or values; remove it"));
    check("k.csv", b"width,length,\n1,2,\n3,4,\n", Ok(&[2.0, 1.0, 4.0, 3.0]));
}

#[test]
fn columns_go_by_all_the_names_or_none() {
    let folder = Folder::empty();
    let check = |text: &str, channels: &[&str], expected: Result<&[f32], &str>| {
        folder.put("t.csv", text.as_bytes());
        let channels: Vec<String> = channels.iter().map(|&name| name.to_owned()).collect();
        let shape = Shape::features(channels.len());
        let wanted =
            Wanted { input: InputType::F32, shape, channels: &channels, cut: Cut::default(), usual: Cut::default() };
        match (read_inputs(&folder.path().join("t.csv"), &wanted), expected) {
            (Ok(found), Ok(values)) => assert_eq!(found.inputs.view().to_f32(), values, "{text}"),
            (Err(error), Err(fault)) => assert!(error.to_string().contains(fault), "{text}: {error}"),
            (found, _) => panic!("{text}: {found:?}"),
        }
    };
    let abc = ["a", "b", "c"];
    check("c,b,a\n1,2,3\n", &abc, Ok(&[3.0, 2.0, 1.0]));
    check("C,B,A\n1,2,3\n", &abc, Ok(&[3.0, 2.0, 1.0]));
    check("A,c,b,a\n9,1,2,3\n", &abc, Ok(&[3.0, 2.0, 1.0]));
    check("x,y,z\n1,2,3\n", &abc, Ok(&[1.0, 2.0, 3.0]));
    check("1,2,3\n", &abc, Ok(&[1.0, 2.0, 3.0]));
    check("c,b,aa\n1,2,3\n", &abc, Err("its header names 2 of the model's 3 inputs, but not 'a'; name these too"));
    check("C,y,z\n1,2,3\n", &abc, Err("names 1 of the model's 3 inputs, but not 'a', 'b'; name these too"));
    check("f,g\n1,2\n", &["a", "b", "c", "d", "e", "f"], Err("but not 'a', 'b', 'c', 'd' and 1 more; name"));
    check("c,b,a,a\n1,2,3,4\n", &abc, Err("its header has 2 columns called 'a', an input of the model"));
    check("a,b,b\n1,2,3\n", &abc, Err("its header has 2 columns called 'b'"));
    check("c,A,A,b\n1,2,3,4\n", &abc, Err("its header has 2 columns called 'a'"));
    // Numbers as names, and a first line that is one.
    check("1,0,2,y\n1,2,3,4\n", &["0", "1", "2"], Ok(&[2.0, 1.0, 3.0]));
    check("0,1,2\n1,2,3\n", &["0", "1", "2"], Ok(&[1.0, 2.0, 3.0]));
    check("0,1,2\n1,2,3\n", &abc, Err("its first line (0, 1, 2) could be column numbers or values"));
    check("0,1,2\n", &abc, Ok(&[0.0, 1.0, 2.0]));
    let eight = ["a", "b", "c", "d", "e", "f", "g", "h"];
    check("0,1,2,3,4,5,6,7\n1,1,1,1,1,1,1,1\n", &eight, Ok(&[1.0; 8]));
    // Trained on columns of one name.
    check("b,a,a\n1,2,3\n", &["a", "a", "b"], Ok(&[2.0, 3.0, 1.0]));
    check("b,a,a\n1,2,3\n", &["a", "A", "b"], Err("its header has 2 columns called 'a'"));
    check("b,a,c\n1,2,3\n", &["a", "A", "b"], Err("its header names"));
}

/// An `.npy` of 32-bit floats that count up.
fn npy(shape: &[usize]) -> Vec<u8> {
    let values: Vec<u8> = (0..shape.iter().product::<usize>()).flat_map(|value| (value as f32).to_le_bytes()).collect();
    npy_of("<f4", shape, &values)
}

fn npy_of(descr: &str, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let sizes: String = shape.iter().map(|size| format!("{size},")).collect();
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}\n");
    [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), data].concat()
}

/// What was recorded for a table plays no role for an array, or for a set that has test examples of its own.
#[test]
fn recorded_options_apply_only_where_they_can() {
    let folder = Folder::empty();
    folder.put("a_x.npy", &npy(&[20, 3]));
    let options = Options {
        task: Task::Reconstruct,
        input: Some(InputType::I8),
        group: Some("who".into()),
        test_split: Some(TestSplit::Every(5)),
        ..Options::default()
    };
    assert_eq!(Source::FashionMnist.applicable(&options), Options { task: Task::Reconstruct, ..Options::default() });
    let known = Known { path: folder.path().join("a_x.npy"), options, channels: Vec::new(), stamp: None };
    let set = known.test_set(&"0".repeat(64), &Options::default(), &mut |_| {}).expect("read without columns");
    assert_eq!(set.examples.len(), 4);
}

#[test]
fn axes_of_arrays_are_those_of_the_model() {
    let folder = Folder::empty();
    let check = |bytes: &[u8], shape: Shape, step, expected: Result<(usize, f32), &str>| {
        folder.put("x.npy", bytes);
        let wanted = Wanted {
            input: InputType::F32,
            shape,
            channels: &[],
            cut: Cut::default(),
            usual: Cut { step, group: None },
        };
        match (read_inputs(&folder.path().join("x.npy"), &wanted), expected) {
            (Ok(found), Ok((examples, last))) => {
                let values = found.inputs.view().to_f32();
                assert_eq!((found.len(), values.last()), (examples, Some(&last)), "{shape}");
            }
            (Err(error), Err(fault)) => assert!(error.to_string().contains(fault), "{shape}: {error}"),
            (found, _) => panic!("{shape}: {found:?}"),
        }
    };
    let (features, window) = (Shape::features(30), Shape::window(32, 9));
    check(&npy(&[2, 30]), features, None, Ok((2, 59.0)));
    check(&npy(&[30]), features, None, Ok((1, 29.0)));
    check(
        &npy(&[30, 2]),
        features,
        None,
        Err("is an array of 30x2, but the model takes Nx30; give the axes in this order"),
    );
    check(&npy(&[900]), features, None, Err("is an array of 900, but the model takes Nx30"));
    let takes = "but the model takes Nx32x9, Nx288, or one recording of samples x 9; give";
    check(&npy(&[2, 32, 9]), window, None, Ok((2, 575.0)));
    check(&npy(&[2, 9, 32]), window, None, Err(&format!("is an array of 2x9x32, {takes}")));
    check(&npy(&[9, 1760]), window, None, Err(&format!("is an array of 9x1760, {takes}")));
    check(&npy(&[1760, 9]), window, None, Ok((55, 15_839.0)));
    check(&npy(&[1760, 9]), window, Some(16), Ok((109, 15_839.0)));
    check(&npy(&[20, 9]), window, None, Err("the longest recording has 20 rows, but one window of the model needs 32"));
    check(
        &npy(&[28, 28]),
        Shape::image(28, 28),
        None,
        Err("is an array of 28x28, but the model takes Nx28x28 or Nx784"),
    );
}

#[test]
fn raw_samples_are_cut_where_windows_overlap() {
    let folder = Folder::empty();
    let check = |bytes: &[u8], step, expected: Result<&[u8], &str>| {
        folder.put("x.bin", bytes);
        let shape = Shape::window(4, 2);
        let wanted = Wanted {
            input: InputType::U8,
            shape,
            channels: &[],
            cut: Cut::default(),
            usual: Cut { step, group: None },
        };
        match (read_inputs(&folder.path().join("x.bin"), &wanted), expected) {
            (Ok(found), Ok(values)) => assert_eq!(found.inputs.view().u8(), Some(values), "{step:?}"),
            (Err(error), Err(fault)) => assert!(error.to_string().contains(fault), "{error}"),
            (found, _) => panic!("{step:?}: {found:?}"),
        }
    };
    let bytes: Vec<u8> = (0..16).collect();
    let overlapping: Vec<u8> = (0..8).chain(4..12).chain(8..16).collect();
    check(&bytes, None, Ok(&bytes));
    check(&bytes, Some(4), Ok(&bytes));
    check(&bytes, Some(2), Ok(&overlapping));
    check(&bytes[..10], Some(2), Ok(&bytes[..8]));
    check(&bytes[..10], None, Err("holds 10 bytes, but an example of u8 values has 8; give a whole number of them"));
    check(&bytes[..9], Some(2), Err("holds 9 bytes, but a sample of u8 values has 2; give a whole number of them"));
    check(&bytes[..4], Some(2), Err("the longest recording has 2 rows, but one window of the model needs 4"));
}

#[test]
fn headers_that_number_the_columns_are_no_rows() {
    let rows: String = (0..20).map(|row| format!("{row},{},{}\n", row * 3, ["a", "b"][row % 2])).collect();
    let target = |name: &str| Options { target: vec![name.into()], ..Options::default() };
    let set = table(&format!("0,1,y\n{rows}"), &target("y")).unwrap();
    assert_eq!((set.channels.join(" "), set.labels.join(" ")), ("0 1".into(), "a b".into()));
    let parts = [Part::Train, Part::Valid, Part::Test].map(|part| set.part(part).len());
    assert_eq!(parts.iter().sum::<usize>(), 20);
    assert_eq!(set.notes, ["the first line (0, ..., y) numbers the columns, and is read as their names"]);
    let numbers = rows.replace('a', "5").replace('b', "6");
    assert_eq!(table(&format!("0,1,2\n{numbers}"), &target("2")).unwrap().labels, ["5", "6"]);
    assert_eq!(table(&numbers, &target("3")).unwrap().channels, ["1", "2"]);
}

#[test]
fn what_could_mean_two_columns_is_refused() {
    let text = "a,b,a,y\n1,2,3,x\n4,5,6,z\n";
    let target = |names: &[&str]| Options { target: names.iter().map(|&name| name.into()).collect(), ..regress() };
    refused(text, &target(&["a"]), "--target a: columns 1 and 3 both have this name");
    refused(text, &target(&["b", "b"]), "column 'b' is named twice, as --target and as --target");
    refused(text, &target(&["b", "2"]), "column 'b' is named twice");
    let both = Options { group: Some("y".into()), target: vec!["y".into()], ..Options::default() };
    refused(text, &both, "column 'y' is named twice, as --group and as --target");
}

#[test]
fn an_empty_last_column_is_left_out() {
    let rows: String = (0..20).map(|row| format!("{row},{},{},\n", row * 3, ["a", "b"][row % 2])).collect();
    let set = table(&format!("f1,f2,y,\n{rows}"), &Options::default()).unwrap();
    assert_eq!((set.channels.join(" "), set.labels.join(" ")), ("f1 f2".into(), "a b".into()));
    assert_eq!(set.notes, ["column 4 is empty in header and rows, and is left out"]);
    refused(&format!("f1,f2,y,\n{rows}1,2,a,7\n"), &Options::default(), "line 22 has a value in column 4");
}

#[test]
fn tables_too_wide_for_any_network() {
    let wide = |columns: usize| vec!["1"; columns].join(",") + "\n";
    let check = |text: &str, fault: &str| refused(text, &Options::default(), fault);
    check(&wide(1_000_000), "has 1000000 columns, but a network has at most 65535 inputs");
    check(&wide(65_537).repeat(2), "has 65536 columns, but a network has at most 65535 inputs");
    check(&format!("a,b\n{}", wide(300_000)), "has 300000 columns");
    check(&"1".repeat(40_000_000), "has a line of 40000000 bytes, more than the limit of 33553920");
    let rows: String = (0..20).map(|row| wide(65_536).replacen('1', &row.to_string(), 1)).collect();
    let options = Options { target: vec!["1".into()], ..regress() };
    assert_eq!(table(&rows, &options).unwrap().shape(), Shape::features(65_535));
}

/// A set of `NAME_x.npy` and `NAME_y.npy`.
fn arrays(x: &[u8], y: &[u8]) -> Result<Dataset, DataError> {
    let folder = Folder::empty();
    folder.put("s_x.npy", x);
    folder.put("s_y.npy", y);
    load(folder.path().join("s_x.npy"), &Options::default())
}

#[test]
fn values_that_change_as_floats_are_told() {
    let classes: Vec<u8> = (0..20).map(|row| row % 2).collect();
    let y = npy_of("|u1", &[20], &classes);
    let notes = |first: f64| {
        let values = (0..20).flat_map(|row| [if row == 0 { first } else { f64::from(row) / 7.0 }, 3.5]);
        let bytes: Vec<u8> = values.flat_map(f64::to_le_bytes).collect();
        arrays(&npy_of("<f8", &[20, 2], &bytes), &y).map(|set| set.notes.join("; "))
    };
    let constant = "1 of 2 columns have the same value in all training examples, so they carry no information: 2";
    let changed = "1 inputs change when converted to 32-bit floats: whole numbers above 16777216 are rounded, and \
                   values below 1e-45 become 0";
    assert_eq!(notes(0.1).unwrap(), constant);
    assert_eq!(notes(16_777_216.0).unwrap(), constant);
    assert_eq!(notes(16_777_217.0).unwrap(), format!("{changed}; {constant}"));
    assert_eq!(notes(1e-60).unwrap(), format!("{changed}; {constant}"));
    let beyond = notes(1e300).unwrap_err().to_string();
    assert!(
        beyond.contains("input 0 of example 0 (both counted from 0) is 1e300, beyond 32-bit floats; scale"),
        "{beyond}"
    );
    let text: String = (0..20).map(|row| format!("{row}e-42,{row},{}\n", row % 2)).collect();
    let tiny = table(&format!("a,b,y\n{text}"), &Options::default()).unwrap().notes;
    let few = "1 of 2 columns hold only values below 1.2e-38, of which 32-bit floats keep few digits, and should be scaled: a";
    assert_eq!(tiny, [few]);
}

#[test]
fn three_axes_are_images_of_bytes_or_windows_of_other_values() {
    let y = npy_of("|u1", &[20], &(0..20).map(|row| row % 2).collect::<Vec<u8>>());
    let check = |descr: &str, axes: &[usize], expected: Shape| {
        let size = usize::from(descr.as_bytes()[2] - b'0');
        let values = (0..axes.iter().product::<usize>()).flat_map(|at| (at % 7).to_le_bytes()[..size].to_vec());
        let set = arrays(&npy_of(descr, axes, &values.collect::<Vec<u8>>()), &y).unwrap();
        assert_eq!(set.shape(), expected, "{descr} {axes:?}");
    };
    check("|u1", &[20, 4, 3], Shape::image(4, 3));
    check("<i2", &[20, 4, 3], Shape::window(4, 3));
    check("<f4", &[20, 4, 3], Shape::window(4, 3));
    check("<f4", &[20, 4, 3, 1], Shape::image(4, 3));
    check("|i1", &[20, 4, 1, 3], Shape::window(4, 3));
    check("<f4", &[20, 12], Shape::features(12));
}

#[test]
fn answers_and_examples_are_as_many() {
    let error = arrays(&npy(&[20, 2]), &npy_of("|u1", &[18], &[0; 18])).unwrap_err().to_string();
    assert!(error.ends_with("s_y.npy: holds 18 labels for 20 examples; save one label per example"), "{error}");
}

/// A zip archive of entries that are stored.
fn npz(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in entries {
        let mut crc = flate2::Crc::new();
        crc.update(data);
        let (size, name_len) = ((data.len() as u32).to_le_bytes(), (name.len() as u16).to_le_bytes());
        let common =
            [&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0], &crc.sum().to_le_bytes()[..], &size, &size, &name_len, &[0, 0]].concat();
        let offset = (out.len() as u32).to_le_bytes();
        directory.extend([b"PK\x01\x02\x14\0", &common[..], &[0; 10], &offset, name.as_bytes()].concat());
        out.extend([b"PK\x03\x04", &common[..], name.as_bytes(), data].concat());
    }
    let count = (entries.len() as u16).to_le_bytes();
    let [size, offset] = [directory.len(), out.len()].map(|n| (n as u32).to_le_bytes());
    [out, directory, [b"PK\x05\x06\0\0\0\0", &count[..], &count, &size, &offset, &[0, 0]].concat()].concat()
}

#[test]
fn archives_that_could_mean_two_sets_are_refused() {
    let (x, y) = (npy(&[20, 2]), npy_of("|u1", &[20], &(0..20).map(|row| row % 2).collect::<Vec<u8>>()));
    let read = |entries: &[(&str, &Vec<u8>)]| {
        let folder = Folder::empty();
        let entries: Vec<(&str, Vec<u8>)> = entries.iter().map(|&(name, data)| (name, data.clone())).collect();
        folder.put("s.npz", &npz(&entries));
        load(folder.path().join("s.npz"), &Options::default())
            .map(|set| set.notes.join("; "))
            .map_err(|e| e.to_string())
    };
    assert_eq!(read(&[("x_train.npy", &x), ("y_train.npy", &y)]), Ok(String::new()));
    let two = read(&[("x_train.npy", &x), ("y_train.npy", &y), ("x.npy", &x), ("y.npy", &y)]).unwrap_err();
    assert!(two.contains("s.npz: has x and y as well as x_train and y_train; keep one pair"), "{two}");
    let twice = read(&[("x.npy", &x), ("X.npy", &x), ("y.npy", &y)]).unwrap_err();
    assert!(twice.contains("s.npz: has two arrays called x; keep one"), "{twice}");
    let more = read(&[("x_train.npy", &x), ("y_train.npy", &y), ("x_val.npy", &x), ("y_val.npy", &y)]).unwrap();
    assert!(more.starts_with("x_val, y_val in the file are ignored; only x_train, y_train"), "{more}");
}

#[test]
fn inputs_of_several_recordings_are_cut_apart() {
    let folder = Folder::empty();
    let channels = ["x".to_owned()];
    let shape = Shape::window(2, 1);
    let wanted = Wanted {
        input: InputType::F32,
        shape,
        channels: &channels,
        cut: Cut::default(),
        usual: Cut { step: Some(1), group: Some("who") },
    };
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
        Err("the longest recording has 1 rows, but one window of the model needs 2"),
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
    // Reading it differently gives a different digest anyway.
    let own = Options { test_split: Some(TestSplit::Every(4)), ..Options::default() };
    assert!(test(&own).notes.is_empty());
}
