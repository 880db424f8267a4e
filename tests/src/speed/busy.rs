//! Processes that keep cores busy as long as a value lives.

use std::process::{Child, Command, Stdio};

/// Processes that do nothing but use a core each.
pub struct Busy(Vec<Child>);

impl Busy {
    /// Starts `count` of them.
    ///
    /// # Errors
    /// If the system's shell cannot be started.
    pub fn cores(count: usize) -> std::io::Result<Self> {
        let mut busy = Self(Vec::new());
        for _ in 0..count {
            let mut command = Command::new("sh");
            command.args(["-c", "while :; do :; done"]).stdin(Stdio::null());
            busy.0.push(command.spawn()?);
        }
        Ok(busy)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // Killed when dropped; a failure to kill it cannot be handled here.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
