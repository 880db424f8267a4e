//! What shells complete, and the man page, from a command line's own description: both programs print theirs by this.

use clap::Command;

pub use clap_complete::Shell;

/// The script that makes `shell` complete the words of `command`.
pub fn completions(shell: Shell, command: &mut Command) -> String {
    let (mut script, name) = (Vec::new(), command.get_name().to_owned());
    clap_complete::generate(shell, command, name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The manual of `command`, in roff.
///
/// # Errors
/// Never, as long as there is memory.
pub fn man_page(command: Command) -> std::io::Result<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
