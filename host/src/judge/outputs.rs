//! Outputs in a file for other programs: NumPy's `.npy`, 32-bit floats `[N][outputs]`.

use super::evaluate::Outputs;
use crate::write::atomic_write;
use foldnet_core::train::softmax;
use std::path::Path;

/// Writes the outputs of every example: with `classes` the probabilities, else the values as they are.
///
/// # Errors
/// When the file cannot be written; what was there before stays.
pub fn write(path: &Path, outputs: &Outputs, classes: bool) -> anyhow::Result<()> {
    let rows = outputs.logits.len() / outputs.classes.max(1);
    let header = header(rows, outputs.classes);
    Ok(atomic_write(path, |out| {
        out.write_all(&header)?;
        for row in outputs.logits.chunks_exact(outputs.classes.max(1)) {
            let mut row = row.to_vec();
            if classes {
                softmax(&mut row);
            }
            row.iter().try_for_each(|value| out.write_all(&value.to_le_bytes()))?;
        }
        Ok(())
    })?)
}

/// Everything before the elements, a multiple of 64 bytes long.
fn header(rows: usize, columns: usize) -> Vec<u8> {
    let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    let length = (10 + text.len() + 1).next_multiple_of(64) - 10;
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend((length as u16).to_le_bytes());
    header.extend(text.bytes().chain(std::iter::repeat(b' ')).take(length - 1));
    header.push(b'\n');
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldnet_data::{InputType, Shape, Wanted, read_inputs};

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.npy");
        let outputs = Outputs { logits: vec![1.5, -2.0, 0.0, 4.0, 5.0, 6.0], classes: 3, ..Outputs::default() };
        write(&path, &outputs, false).unwrap();
        let wanted = Wanted { input: InputType::F32, shape: Shape::features(3), channels: &[], step: None };
        assert_eq!(read_inputs(&path, &wanted).unwrap().inputs.view().to_f32(), outputs.logits);
        write(&path, &outputs, true).unwrap();
        let found = read_inputs(&path, &wanted).unwrap().inputs.view().to_f32();
        assert!((found[..3].iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!(header(1, 2).len() % 64, 0);
    }
}
