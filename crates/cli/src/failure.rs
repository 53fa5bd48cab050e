//! How a command fails: what it prints and the exit status.

use std::fmt::Display;
use std::process::ExitCode;

/// The exit status of a command that ran and found something wrong: differing answers, rules with errors, failed cases.
pub const FOUND: u8 = 1;
/// The exit status of a command that could not do its work: a wrong flag, an unreadable file.
pub const UNUSABLE: u8 = 2;
/// The exit status of a command that ran with `--strict` on an input that was not all in order.
pub const NOT_IN_ORDER: u8 = 3;

/// A command's failure.
#[derive(Debug)]
pub struct Failure {
    message: String,
    status: u8,
}

impl Failure {
    /// Something that the command was to find out is wrong.
    pub fn found(message: impl Display) -> Failure {
        Failure { message: message.to_string(), status: FOUND }
    }

    /// The command could not do its work.
    pub fn unusable(message: impl Display) -> Failure {
        Failure { message: message.to_string(), status: UNUSABLE }
    }

    /// What is wrong, for those who say it elsewhere.
    pub fn into_message(self) -> String {
        self.message
    }

    /// Prints the failure and answers the exit status.
    pub fn report(self) -> ExitCode {
        if !self.message.is_empty() {
            eprintln!("quintet: {}", self.message);
        }
        ExitCode::from(self.status)
    }
}

/// Prints what clap has to say: the help that was asked for, or what is wrong with the command line.
pub fn usage(said: clap::Error) -> Result<ExitCode, Failure> {
    match said.print() {
        Err(error) if said.exit_code() == 0 => Err(output(error)),
        _ => Ok(ExitCode::from(u8::try_from(said.exit_code()).unwrap_or(UNUSABLE))),
    }
}

/// What a failed write to standard output means: a reader that has seen enough, or a real fault.
pub fn output(error: std::io::Error) -> Failure {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe => Failure { message: String::new(), status: 0 },
        _ => Failure::unusable(format!("cannot write: {error}")),
    }
}
