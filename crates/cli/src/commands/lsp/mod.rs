//! `quintet lsp`.

mod schemes;

use std::io::BufReader;
use std::process::ExitCode;

use clap::Args as ClapArgs;
use quintet::Engine;

use crate::args::SchemeArgs;
use crate::failure::{FOUND, Failure};
use crate::limits::LimitArgs;

use schemes::Ready;

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
    let mut input = BufReader::new(std::io::stdin().lock());
    let mut out = std::io::stdout().lock();
    let served = quintet_lsp::serve(&mut input, &mut out, Ready::new(engine, args.scheme));
    let in_order = served.map_err(|e| Failure::unusable(format!("the editor cannot be talked to: {e}")))?;
    Ok(if in_order { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}
