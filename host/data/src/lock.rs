//! Mutual exclusion through the system's lock on a file, which is released when its holder ends, however it ends.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use fs4::{FileExt, TryLockError};

/// A lock that is held. Its file is removed when it is dropped; a file left by a killed program is taken over.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the lock, unless another program or thread has it. Its file is created if it is missing.
    pub(crate) fn try_take(path: &Path) -> io::Result<Option<Self>> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        match FileExt::try_lock(&file) {
            Ok(()) => Ok(Some(Self { path: path.to_owned(), _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_it_at_a_time_and_nothing_is_left() {
        let path = std::env::temp_dir().join(format!("foldnet-lock-{}", std::process::id()));
        let take = || Lock::try_take(&path).expect("a folder that can be written");
        let first = take();
        assert!(first.is_some() && take().is_none());
        drop(first);
        assert!(!path.exists());
        fs::write(&path, "").expect("written");
        assert!(take().is_some(), "a file that a killed program left is no lock");
        assert!(!path.exists());
    }
}
