//! Shell completions and the man page, from a command line's own description; used by both programs.

use clap::Command;

pub use clap_complete::Shell;

/// The completion script of `command` for `shell`.
pub fn completions(shell: Shell, command: &mut Command) -> String {
    let (mut script, name) = (Vec::new(), command.get_name().to_owned());
    clap_complete::generate(shell, command, name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The man page of `command`, in roff.
///
/// # Errors
/// Never.
pub fn man_page(command: Command) -> std::io::Result<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
