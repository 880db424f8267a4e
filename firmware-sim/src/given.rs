//! The flags that a user gave, and what is said of those that play no role. A default or a preset may set a value that is
//! not used; a flag on the command line is refused, or noted if it does no harm.

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Id};

/// The flags given on the command line, by name, without those set by default.
///
/// It must be the first field of a command's arguments: clap takes each argument out of its matches as it reads it.
#[derive(Debug, Clone, Default)]
pub struct Given(Vec<String>);

/// Flags separated by spaces, whether they play a role here, and what they are for. The text follows the flag and may
/// end with a remedy after a semicolon; otherwise the remedy is to leave the flag out.
pub type FlagRole<'a> = (&'a str, bool, &'a str);

/// A flag that plays no role, with the reason and a remedy.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("--{flag} {why}{}", if why.contains("; ") { "" } else { "; leave it out" })]
pub struct Idle {
    flag: String,
    why: String,
}

impl Given {
    /// The first of these flags, separated by spaces, that is given.
    pub fn first_of<'a>(&self, flags: &'a str) -> Option<&'a str> {
        flags.split(' ').find(|flag| self.0.iter().any(|given| given == flag))
    }

    /// Refuses flags that play no role: what they ask for will not happen.
    ///
    /// # Errors
    /// The first of them.
    pub fn check(&self, roles: &[FlagRole]) -> Result<(), Idle> {
        self.idle(roles).next().map_or(Ok(()), Err)
    }

    /// A note on each flag that plays no role and does no harm, such as one that says how data is read, which scripts give
    /// to every command.
    pub fn notes(&self, roles: &[FlagRole]) -> Vec<String> {
        self.idle(roles).map(|Idle { flag, why }| format!("note: --{flag} {why}")).collect()
    }

    fn idle(&self, roles: &[FlagRole]) -> impl Iterator<Item = Idle> {
        let without = roles.iter().filter(|(_, applies, _)| !applies);
        let given = without.flat_map(|(flags, _, why)| flags.split(' ').map(move |flag| (flag, why)));
        let idle = given.filter(|(flag, _)| self.0.iter().any(|given| given == flag));
        idle.map(|(flag, why)| Idle { flag: flag.to_owned(), why: (*why).to_owned() })
    }

    /// Refuses all flags except these, separated by spaces, and those of every command.
    ///
    /// # Errors
    /// The first of them.
    pub fn only(&self, flags: &str, why: &str) -> Result<(), Idle> {
        let is_allowed = |given: &&String| flags.split(' ').chain(["json", "quiet"]).any(|flag| flag == *given);
        match self.0.iter().find(|given| !is_allowed(given)) {
            Some(flag) => Err(Idle { flag: flag.clone(), why: why.to_owned() }),
            None => Ok(()),
        }
    }
}

impl FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let is_group = |id: &str| matches.try_get_many::<Id>(id).is_ok_and(|members| members.is_some());
        let given = |id: &&str| matches.value_source(id) == Some(ValueSource::CommandLine) && !is_group(id);
        Ok(Self(matches.ids().map(Id::as_str).filter(given).map(|id| id.replace('_', "-")).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Given {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        given: Given,
        #[arg(long, default_value_t = 2)]
        epochs: u32,
        #[command(flatten)]
        more: More,
    }

    #[derive(Args)]
    #[group(id = "for_more", multiple = true)]
    struct More {
        #[arg(long)]
        batch_size: Option<u32>,
    }

    fn given(words: &str) -> Given {
        let Program { given, epochs: _, more: More { batch_size: _ } } = Program::parse_from(words.split(' '));
        given
    }

    #[test]
    fn only_flags_of_the_command_line_are_refused() {
        let check = |words: &str, expected: Option<&str>| {
            let roles = [("epochs", true, ""), ("seed epochs batch-size", false, "is for b")];
            let found = given(words).check(&roles).map_err(|idle| idle.to_string());
            assert_eq!(found.err().as_deref(), expected, "{words}");
        };
        check("program", None);
        check("program --batch-size 3", Some("--batch-size is for b; leave it out"));
        check("program --batch-size 3 --epochs 2", Some("--epochs is for b; leave it out"));
    }

    #[test]
    fn all_idle_flags_are_noted() {
        let found = given("program --batch-size 3 --epochs 2").notes(&[("seed epochs batch-size", false, "is for b")]);
        assert_eq!(found, ["note: --epochs is for b", "note: --batch-size is for b"]);
    }

    #[test]
    fn a_reason_may_bring_its_own_remedy() {
        let found = given("program --epochs 2").check(&[("epochs", false, "is for a; give --a")]);
        assert_eq!(found.expect_err("idle").to_string(), "--epochs is for a; give --a");
    }

    #[test]
    fn all_but_the_named_ones_are_refused() {
        let found = given("program --batch-size 3").only("epochs", "is for a").expect_err("idle");
        assert_eq!(found.to_string(), "--batch-size is for a; leave it out");
        assert_eq!(given("program --batch-size 3").only("batch-size", ""), Ok(()));
    }
}
