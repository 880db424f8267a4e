//! A file assembled byte by byte, and damaged ones.

use super::*;

#[test]
fn what_is_no_file_is_an_error() {
    assert!(Hdf5::open(b"").is_err());
    assert!(Hdf5::open(MAGIC).is_err());
    let mut bytes = MAGIC.to_vec();
    bytes.extend([0; 200]);
    assert!(Hdf5::open(&bytes).is_err(), "addresses of 0 bytes");
}

/// Writes every number of every data set in the files of the folders listed in `FOLDNET_HDF5`, for
/// `scripts/import-oracle`, which compares them with h5py's: one line each, in the file named by `FOLDNET_HDF5_OUT`.
#[test]
fn data_sets_for_the_oracle() {
    let (Ok(folders), Ok(out)) = (std::env::var("FOLDNET_HDF5"), std::env::var("FOLDNET_HDF5_OUT")) else {
        println!("skipped: run by scripts/import-oracle");
        return;
    };
    let mut lines = String::new();
    for folder in std::env::split_paths(&folders) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            let bytes = std::fs::read(&path).unwrap_or_default();
            match &ending[..] {
                "h5" => describe(&path.display().to_string(), &bytes, &mut lines),
                "keras" => {
                    let weights = crate::zip::Zip::parse(&bytes).and_then(|zip| zip.read("model.weights.h5")).unwrap();
                    describe(&path.display().to_string(), &weights, &mut lines);
                }
                _ => {}
            }
        }
    }
    std::fs::write(out, lines).unwrap();
}

/// `file`, path, sizes and the checksum of the numbers as 32-bit floats, separated by tabs; or why there are none.
fn describe(file: &str, bytes: &[u8], lines: &mut String) {
    let all = match Hdf5::open(bytes).and_then(|file| file.root()).and_then(|root| root.data_sets()) {
        Ok(all) => all,
        Err(error) => return lines.push_str(&format!("{file}\t\trefused\t{error}\n")),
    };
    for (path, object) in all {
        let found = match object.tensor() {
            Ok(tensor) => {
                let mut crc = flate2::Crc::new();
                tensor.floats().iter().for_each(|value| crc.update(&value.to_le_bytes()));
                format!("{:?}\t{:08x}", tensor.shape, crc.sum())
            }
            Err(error) => format!("refused\t{error}"),
        };
        lines.push_str(&format!("{file}\t{path}\t{found}\n"));
    }
}
