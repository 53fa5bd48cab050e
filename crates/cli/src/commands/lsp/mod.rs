//! `quintet lsp`.

mod answers;
mod schemes;
mod server;
mod wire;

use std::io::{BufReader, Write};
use std::process::ExitCode;

use clap::Args as ClapArgs;
use quintet::Engine;

use crate::args::SchemeArgs;
use crate::failure::{Failure, output};
use crate::limits::LimitArgs;

use schemes::Schemes;
use server::{Next, Server};
use wire::Incoming;

/// Answer editors about rules while they are written: a language server on standard input and output.
///
/// It says what is wrong and mends it, completes fields, functions, operators and values, says what a word means, and formats.
#[derive(ClapArgs)]
#[command(after_help = "\
Editors start it; docs/editor.md says how VS Code, Neovim and Helix are told to.

The scheme is the one that the first line of the rules names (`# scheme: packets`, or http, cloudflare, or a TOML file beside the rules), else
that of the editor's initialisation options {\"scheme\": NAME|FILE, \"format\": NAME}, else that of the flags, else the ready-made one that
fits best.

Exit status: 0 the editor ended it; 1 it went away without a word; 2 it cannot be talked to.")]
pub struct LspArgs {
    #[command(flatten)]
    pub scheme: SchemeArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

pub fn run(args: LspArgs) -> Result<ExitCode, Failure> {
    let engine = Engine::new().with_limits(args.limits.limits());
    let mut server = Server::new(Schemes::new(engine, args.scheme));
    let mut input = BufReader::new(std::io::stdin().lock());
    let mut out = std::io::stdout().lock();
    loop {
        let messages = match wire::read(&mut input).map_err(|e| Failure::unusable(format!("standard input: {e}")))? {
            Incoming::Message(message) => match server.take(&message) {
                Next::Say(messages) => messages,
                Next::End(status) => return Ok(ExitCode::from(status)),
            },
            Incoming::Wrong(what) => vec![wire::error(&serde_json::Value::Null, wire::NO_JSON, &what)],
            Incoming::End => return Ok(ExitCode::from(crate::failure::FOUND)),
        };
        for message in messages {
            wire::write(&mut out as &mut dyn Write, &message).map_err(output)?;
        }
    }
}
