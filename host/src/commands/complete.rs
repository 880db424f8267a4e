//! `foldnet completions` and `foldnet man`: shell completions and the man pages, generated from the command line's own
//! description.

use crate::show::terminal::Ui;
use crate::write::atomic_write;
use clap::{Args, Command};
use foldnet_sim::manual::{Shell, completions, man_page};
use serde_json::json;
use std::path::PathBuf;

/// Print the completion script of a shell: bash, zsh, fish, elvish or powershell
#[derive(Debug, Args)]
#[command(after_help = "Example:
  foldnet completions bash > ~/.local/share/bash-completion/completions/foldnet")]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    /// Prints the script.
    pub(super) fn run(&self, mut cli: Command, ui: Ui) -> anyhow::Result<()> {
        let script = completions(self.shell, &mut cli);
        ui.document(&script);
        ui.result(&json!({ "shell": self.shell.to_string(), "script": script }))
    }
}

/// Print the man page, or write it and one for each command into a folder
#[derive(Debug, Args)]
#[command(after_help = "Example:
  foldnet man --out ~/.local/share/man/man1")]
pub(super) struct Man {
    /// Folder for foldnet.1, foldnet-train.1 and so on
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Man {
    /// Prints or writes.
    pub(super) fn run(&self, mut root: Command, ui: Ui) -> anyhow::Result<()> {
        root.build();
        let Some(folder) = &self.out else {
            let page = man_page(root)?;
            ui.document(&page);
            return ui.result(&json!({ "page": page }));
        };
        let mut files = Vec::new();
        let commands = root.get_subcommands().filter(|command| command.get_name() != "help");
        for command in [&root].into_iter().chain(commands) {
            // clap names a command `foldnet-train` here, once it is built.
            let file = folder.join(format!("{}.1", command.get_display_name().unwrap_or("foldnet")));
            let page = man_page(command.clone())?;
            atomic_write(&file, |out| out.write_all(page.as_bytes()))?;
            files.push(file);
        }
        ui.say(format!("wrote {} pages to {}", files.len(), folder.display()));
        ui.result(&json!({ "files": files }))
    }
}
