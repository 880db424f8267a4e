//! NumPy's `.npy`: one array.
//!
//! | offset | bytes | |
//! |---|---|---|
//! | 0 | 6 | `\x93NUMPY` |
//! | 6 | 2 | version, 1.0 to 3.0 |
//! | 8 | 2 or 4 | length of the header, little-endian; 4 bytes from version 2 on |
//! | | | header: a Python dictionary with `descr`, `fortran_order` and `shape` |
//! | | | elements |
//!
//! The reader supports booleans, integers of 8 to 64 bits, floats of 32 and 64 bits, and text, of either byte order, in
//! C or Fortran order. It refuses objects, which would be Python programs, and records.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::examples;
use super::reader::{Content, Format, Inputs, Names, Start};
use super::rows::{Answers, Rows};
use crate::array::{Array, Element, shape_of_examples};
use crate::error::{AnswerProblem, DataError, NpyProblem, Problem};
use crate::file_kind::NPY;
use crate::open;
use crate::options::{Options, Task};

pub(super) const FORMAT: Format = Format {
    names: Names::File { short: "NPY", kind: ".npy" },
    is: |start| matches!(start, Start::File(start) if start.starts_with(NPY)),
    content: Content::Arrays(read),
    inputs: Inputs::Read {
        file: |path, wanted| examples::of_array(path, read_array(path)?, wanted),
        stream: |name, bytes, wanted| {
            let array = parse(&mut &bytes[..], bytes.len() as u64).map_err(|problem| DataError::file(name, problem))?;
            examples::of_array(name, array, wanted)
        },
    },
};

/// Maximum length of a header; NumPy's own have a few hundred bytes.
const MOST_HEADER: usize = 1 << 16;

/// Reads a file `NAME_x.npy`, and `NAME_y.npy` beside it.
fn read(path: &Path, options: &Options) -> Result<(Rows, Option<Rows>), DataError> {
    let x = read_array(path)?;
    let beside = answers_of(path).filter(|beside| beside.exists());
    let y = match &beside {
        Some(beside) if options.task != Task::Reconstruct => Some((beside.as_path(), read_array(beside)?)),
        _ => None,
    };
    Ok((rows(path, x, y, options)?, None))
}

/// The path of `NAME_y.npy` for `NAME_x.npy`, and of `y.npy` for `x.npy`.
fn answers_of(path: &Path) -> Option<PathBuf> {
    let stem = path.file_stem()?.to_str()?;
    let front = stem.strip_suffix('x').filter(|front| front.is_empty() || front.ends_with(['_', '-', '.']))?;
    Some(path.with_file_name(format!("{front}y.npy")))
}

/// Inputs with their answers.
pub(super) fn rows(path: &Path, x: Array, y: Option<(&Path, Array)>, options: &Options) -> Result<Rows, DataError> {
    let fail = |problem: Problem| DataError::file(path, problem);
    let (count, axes) = (x.len(), x.shape.clone());
    if axes.contains(&0) {
        return Err(fail(Problem::Nothing("examples")));
    }
    let answers = match (y, options.task) {
        (_, Task::Reconstruct) => Answers::None,
        (None, _) => return Err(fail(AnswerProblem::NoAnswers.into())),
        (Some((path, y)), task) => {
            Answers::of_array(y, count, task).map_err(|problem| DataError::file(path, problem))?
        }
    };
    let (inputs, lost) = x.into_inputs().map_err(fail)?;
    let shape = shape_of_examples(&axes, &inputs);
    let mut rows = Rows::new(path, inputs, shape, answers);
    rows.note_lost(lost);
    Ok(rows)
}

/// Reads the array of a file.
fn read_array(path: &Path) -> Result<Array, DataError> {
    let mut file = open::regular(path)?;
    let length = file.metadata().map_err(|cause| DataError::file(path, Problem::Unreadable(cause.to_string())))?.len();
    parse(&mut file, length).map_err(|problem| DataError::file(path, problem))
}

/// Reads an array of `length` bytes in total.
///
/// # Errors
/// If it is not an array, has an unsupported type, or does not have its declared length.
pub(crate) fn parse(from: &mut dyn Read, length: u64) -> Result<Array, Problem> {
    let mut length = usize::try_from(length).map_err(|_| Problem::NoMemory(usize::MAX))?;
    let header = header(from, &mut length)?;
    let count = Array::count(&header.shape);
    let declared = count.and_then(|count| count.checked_mul(header.element.size()));
    if declared != Some(length) {
        let declared =
            header.shape.iter().map(|&size| size as u128).try_fold(header.element.size() as u128, u128::checked_mul);
        return Err(
            NpyProblem::Length { shape: header.shape, declared: declared.unwrap_or(u128::MAX), found: length }.into()
        );
    }
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length).map_err(|_| Problem::NoMemory(length))?;
    from.take(length as u64).read_to_end(&mut bytes).map_err(|cause| Problem::Unreadable(cause.to_string()))?;
    if bytes.len() < length {
        return Err(NpyProblem::EndsEarly.into());
    }
    let data = header.element.decode(bytes, header.big_endian);
    match header.fortran {
        true => Ok(Array::from_fortran(header.shape, data)),
        false => Ok(Array { shape: header.shape, data }),
    }
}

/// The contents of a header.
#[derive(Debug, PartialEq)]
struct NpyHeader {
    element: Element,
    big_endian: bool,
    fortran: bool,
    shape: Vec<usize>,
}

/// Reads the header; `left` is the number of bytes available, and is reduced to those after it.
fn header(from: &mut dyn Read, left: &mut usize) -> Result<NpyHeader, NpyProblem> {
    let mut take = |count: usize| -> Result<Vec<u8>, NpyProblem> {
        *left = left.checked_sub(count).ok_or(NpyProblem::EndsEarly)?;
        let mut bytes = vec![0; count];
        from.read_exact(&mut bytes).map_err(|_| NpyProblem::EndsEarly)?;
        Ok(bytes)
    };
    let start = take(8).map_err(|_| NpyProblem::NotNpy)?;
    if !start.starts_with(NPY) {
        return Err(NpyProblem::NotNpy);
    }
    let length = match start[6] {
        1 => take(2)?.iter().rev().fold(0, |n, &byte| n << 8 | usize::from(byte)),
        2 | 3 => take(4)?.iter().rev().fold(0, |n, &byte| n << 8 | usize::from(byte)),
        version => return Err(NpyProblem::Version(version)),
    };
    if length > MOST_HEADER {
        return Err(NpyProblem::LongHeader { found: length, most: MOST_HEADER });
    }
    parse_header(&String::from_utf8_lossy(&take(length)?))
}

fn parse_header(text: &str) -> Result<NpyHeader, NpyProblem> {
    let broken = || NpyProblem::Header(text.chars().filter(|c| !c.is_control()).take(80).collect());
    let value = |key: &str| {
        let at = [format!("'{key}'"), format!("\"{key}\"")].iter().find_map(|key| Some(text.find(key)? + key.len()));
        at.and_then(|at| text[at..].trim_start().strip_prefix(':')).map(str::trim_start).ok_or_else(broken)
    };
    let (element, big_endian) = element(value("descr")?).ok_or_else(broken)??;
    let fortran = match value("fortran_order")? {
        text if text.starts_with("True") => true,
        text if text.starts_with("False") => false,
        _ => return Err(broken()),
    };
    let shape = value("shape")?.strip_prefix('(').and_then(|text| text.split_once(')')).ok_or_else(broken)?.0;
    let sizes = shape.split(',').map(str::trim).filter(|size| !size.is_empty());
    let shape: Vec<usize> = sizes.map(str::parse).collect::<Result<_, _>>().map_err(|_| broken())?;
    if shape.len() > 32 {
        return Err(broken());
    }
    Ok(NpyHeader { element, big_endian, fortran, shape })
}

/// The type in NumPy's notation, such as `'<f4'`; `None` if there is none.
fn element(text: &str) -> Option<Result<(Element, bool), NpyProblem>> {
    if text.starts_with('[') {
        return Some(Err(NpyProblem::Type("records".into())));
    }
    let letters = ['\'', '"'].iter().find_map(|&quote| text.strip_prefix(quote)?.split_once(quote))?.0;
    let (big_endian, kind) = match letters.strip_prefix(['<', '|', '=']) {
        Some(kind) => (false, kind),
        None => letters.strip_prefix('>').map_or((false, letters), |kind| (true, kind)),
    };
    let element = match kind {
        "b1" => Element::Bool,
        "u1" => Element::U8,
        "i1" => Element::I8,
        "u2" => Element::U16,
        "i2" => Element::I16,
        "u4" => Element::U32,
        "i4" => Element::I32,
        "u8" => Element::U64,
        "i8" => Element::I64,
        "f4" => Element::F32,
        "f8" => Element::F64,
        _ => match (kind.get(..1), kind.get(1..).and_then(|count| count.parse().ok())) {
            (Some("S"), Some(count)) if count > 0 => Element::Bytes(count),
            (Some("U"), Some(count)) if count > 0 => Element::Chars(count),
            (Some("O"), _) => return Some(Err(NpyProblem::Type("Python objects".into()))),
            _ => return Some(Err(NpyProblem::Type(letters.chars().filter(|c| !c.is_control()).take(20).collect()))),
        },
    };
    Some(Ok((element, big_endian)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::Data;
    use crate::values::Values;

    fn npy(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
        let fortran = if fortran { "True" } else { "False" };
        let header = format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
        [NPY, &[1, 0], &(header.len() as u16).to_le_bytes(), header.as_bytes(), data].concat()
    }

    fn parsed(bytes: &[u8]) -> Result<Array, Problem> {
        parse(&mut &bytes[..], bytes.len() as u64)
    }

    #[test]
    fn arrays_of_every_kind() {
        let check = |bytes: Vec<u8>, shape: &[usize], data: Data| {
            assert_eq!(parsed(&bytes), Ok(Array { shape: shape.to_vec(), data }));
        };
        check(npy("'|u1'", false, "(2, 2)", &[1, 2, 3, 4]), &[2, 2], Data::Values(Values::U8(vec![1, 2, 3, 4])));
        check(npy("'|u1'", true, "(2, 2)", &[1, 2, 3, 4]), &[2, 2], Data::Values(Values::U8(vec![1, 3, 2, 4])));
        check(npy("'>i2'", false, "(2,)", &[0, 1, 255, 255]), &[2], Data::Values(Values::I16(vec![1, -1])));
        check(npy("'<i8'", false, "(1,)", &(-7i64).to_le_bytes()), &[1], Data::Wide(vec![-7.0]));
        check(npy("'|S2'", false, "(2,)", b"abc\0"), &[2], Data::Text(vec!["ab".into(), "c".into()]));
        check(npy("\"<f4\"", false, "()", &1f32.to_le_bytes()), &[], Data::Values(Values::F32(vec![1.0])));
    }

    #[test]
    fn what_is_no_array_is_refused() {
        let check = |bytes: Vec<u8>, fault: &str| {
            let text = parsed(&bytes).expect_err(fault).to_string();
            assert!(text.starts_with(fault), "{text}");
        };
        check(b"PK".to_vec(), "is not an .npy file");
        check(npy("'|O'", false, "(2,)", &[]), "holds Python objects");
        check(npy("[('a', '<f4')]", false, "(2,)", &[]), "holds records");
        check(npy("'<c8'", false, "(2,)", &[]), "holds <c8");
        for quote in ["\u{fffd}'<f4'", "", "x"] {
            check(npy(quote, false, "(2,)", &[]), "its header");
        }
        check(npy("'|u1'", false, "(3,)", &[1, 2]), "declares an array of 3, 3 bytes, but holds 2");
        check(npy("'|u1'", false, "(99999999999, 99999999999)", &[1]), "declares an array of 99999999999x99999999999,");
        check([NPY, &[2, 0, 0, 0, 0, 0x80]].concat(), "its header has 2147483648 bytes");
        check([NPY, &[7, 0, 0, 0]].concat(), "is an .npy of version 7");
        check([NPY, &[1, 0, 2, 0, 65, 65]].concat(), "its header (AA) cannot be understood");
    }
}
