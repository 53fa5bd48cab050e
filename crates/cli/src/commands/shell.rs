//! `quintet completions` and `quintet man`: what shells and `man` know of the command line.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args as ClapArgs, Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::args::Args;
use crate::failure::{Failure, output};
use crate::replace::replace;

/// Print what a shell needs to complete commands and flags with Tab.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  source <(quintet completions bash)                                               for this shell
  quintet completions bash > ~/.local/share/bash-completion/completions/quintet    for each one from now on
  quintet completions zsh > ~/.zfunc/_quintet                                      with ~/.zfunc in $fpath
  quintet completions fish > ~/.config/fish/completions/quintet.fish")]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Write the manual pages: one for the command and one for each verb.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  quintet man --out ~/.local/share/man/man1
  quintet man --out man && man -l man/quintet-compare.1

Exit status: 0 written; 2 a file cannot be written.")]
pub struct ManArgs {
    /// The folder that they are written to.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

pub fn completions(args: &CompletionsArgs) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "quintet", &mut script);
    std::io::stdout().lock().write_all(&script).map_err(output)?;
    Ok(ExitCode::SUCCESS)
}

pub fn man(args: &ManArgs) -> Result<ExitCode, Failure> {
    std::fs::create_dir_all(&args.out).map_err(|e| Failure::unusable(format!("{}: {e}", args.out.display())))?;
    let mut paths = String::new();
    for page in pages() {
        let path = args.out.join(page.get_filename());
        let mut text = Vec::new();
        let written = page.render(&mut text).and_then(|()| replace(&path, &keep_examples(&String::from_utf8_lossy(&text))));
        written.map_err(|e| Failure::unusable(format!("{}: {e}", path.display())))?;
        paths += &format!("{}\n", path.display());
    }
    write!(std::io::stdout().lock(), "{paths}").map_err(output)?;
    Ok(ExitCode::SUCCESS)
}

/// The command's page, and one for each verb that help lists.
fn pages() -> Vec<Man> {
    let mut command = Args::command().disable_help_subcommand(true);
    command.build();
    let verbs: Vec<Command> = command.get_subcommands().filter(|verb| !verb.is_hide_set()).cloned().collect();
    let version = format!("quintet {}", env!("CARGO_PKG_VERSION"));
    [command].into_iter().chain(verbs).map(|page| Man::new(page).manual("Quintet").source(&version)).collect()
}

/// A page whose indented lines, which are examples, stay as they are instead of being filled.
fn keep_examples(page: &str) -> String {
    let mut kept = String::new();
    let mut within = false;
    for line in page.lines().map(|line| if line == ".SH EXTRA" { ".SH EXAMPLES" } else { line }) {
        if line.starts_with("  ") != within {
            within = !within;
            kept += if within { ".nf\n" } else { ".fi\n" };
        }
        kept += line;
        kept.push('\n');
    }
    if within { kept + ".fi\n" } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_a_verb_are_distinct_and_explained() {
        for verb in Args::command().get_subcommands() {
            let mut seen = std::collections::BTreeSet::new();
            for flag in verb.get_arguments() {
                let id = flag.get_id().as_str();
                assert!(seen.insert(id), "{}: two flags have the id {id}", verb.get_name());
                assert!(flag.get_help().is_some(), "{}: {id} is not explained", verb.get_name());
            }
        }
    }
}
