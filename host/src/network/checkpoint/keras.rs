//! Lines of Python: to save a Keras 3 model as a checkpoint, to load one into Keras, and to save a PyTorch model.

use std::fmt::Write;

/// Saves the Keras model `model` as a checkpoint `file`, with the pixel statistics `mean` and `std` (of pixels from 0
/// to 1, any shape). Without standardization, omit the part after `|` and use `--pixels`.
pub fn save_line(file: &str) -> String {
    let file = quoted(file);
    format!(
        "import numpy, safetensors.numpy; safetensors.numpy.save_file({{v.path: numpy.ascontiguousarray(v.numpy()) for v in \
         model.weights}} | {{k: numpy.ravel(v).astype(\"float32\") for k, v in dict(pixel_mean=mean, \
         pixel_std=std).items()}}, {file})"
    )
}

/// Saves the PyTorch model `model` as a checkpoint `file`; `mean` and `std` as in [`save_line`]. Without
/// standardization, omit the part after `|` and use `--pixels`.
pub fn torch_save_line(file: &str) -> String {
    let file = quoted(file);
    format!(
        "import torch, safetensors.torch; safetensors.torch.save_file({{k: v.contiguous() for k, v in \
         model.state_dict().items()}} | {{k: torch.as_tensor(v, dtype=torch.float32).flatten() for k, v in \
         dict(pixel_mean=mean, pixel_std=std).items()}}, {file})"
    )
}

/// Loads a checkpoint `file` written by Foldnet into the Keras model `model` with the same layers. The n-th Dense of
/// the model is the n-th of the file, and likewise for BatchNormalization, whatever numbers Keras gives them. If a
/// shape does not match, Keras reports an error.
pub fn load_line(file: &str) -> String {
    let file = quoted(file);
    format!(
        "import re, safetensors.numpy; t = safetensors.numpy.load_file({file}); p = \
         [re.search(r\"(.*(dense|batch_normalization)\\w*)/(\\w+)$\", w.path).groups() for w in model.weights]; n = {{k: \
         list(dict.fromkeys(l for l, j, v in p if j == k)) for l, k, v in p}}; \
         model.set_weights([t[f\"{{k}}_{{n[k].index(l)}}/{{v}}\".replace(\"_0/\", \"/\")] for l, k, v in p])"
    )
}

/// A Python string.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            control if control.is_control() => {
                let fits = write!(out, "\\U{:08x}", u32::from(control));
                debug_assert!(fits.is_ok(), "a String takes everything");
            }
            plain => out.push(plain),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_as_python_does() {
        assert_eq!(quoted("runs/a.safetensors"), r#""runs/a.safetensors""#);
        assert_eq!(quoted("C:\\a \"b\"\n"), r#""C:\\a \"b\"\U0000000a""#);
    }
}
