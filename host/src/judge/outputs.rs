//! Outputs in a file for other programs: NumPy's `.npy`, 32-bit floats `[N][outputs]`.

use crate::run::Outputs;
use foldnet_core::softmax;
use std::path::Path;

/// Writes the outputs of every example: as probabilities, or unchanged values.
///
/// # Errors
/// If the file cannot be written; an existing file is then kept.
pub fn write(path: &Path, outputs: &Outputs, probabilities: bool) -> anyhow::Result<()> {
    let mut values = outputs.logits.clone();
    if probabilities {
        values.chunks_exact_mut(outputs.classes.max(1)).for_each(softmax);
    }
    Ok(crate::write::npy(path, &values, outputs.classes)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldnet_data::{Cut, InputType, Shape, Wanted, read_inputs};

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.npy");
        let outputs = Outputs { logits: vec![1.5, -2.0, 0.0, 4.0, 5.0, 6.0], classes: 3, ..Outputs::default() };
        write(&path, &outputs, false).unwrap();
        let wanted = Wanted {
            input: InputType::F32,
            shape: Shape::features(3),
            channels: &[],
            cut: Cut::default(),
            usual: Cut::default(),
        };
        assert_eq!(read_inputs(&path, &wanted).unwrap().inputs.view().to_f32(), outputs.logits);
        write(&path, &outputs, true).unwrap();
        let found = read_inputs(&path, &wanted).unwrap().inputs.view().to_f32();
        assert!((found[..3].iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }
}
