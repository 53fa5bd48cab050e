//! `quintet serve`.

mod answers;
mod http;
mod site;
mod times;

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args as ClapArgs;
use quintet::Limits;

use crate::failure::{Failure, output};
use crate::limits::LimitArgs;

use answers::Answers;
use site::Site;

/// Serve the explorer, with machine code of this host and times of all backends beside what it shows by itself.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  scripts/web.sh && quintet serve                     builds the pages, then serves them at http://127.0.0.1:8155/
  quintet serve --port 0 --web /srv/quintet           at a free port, which is printed; the pages lie elsewhere

Only programs of this machine reach it, and of pages only its own. docs/browser.md says what else it can be asked.

Exit status: 2 it cannot serve; else it runs until it is ended.")]
pub struct ServeArgs {
    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, value_name = "N", default_value_t = 8155)]
    pub port: u16,
    /// The built pages, which scripts/web.sh makes.
    #[arg(long, value_name = "DIR", default_value = "web/dist")]
    pub web: PathBuf,
    #[command(flatten)]
    pub limits: LimitArgs,
}

pub fn run(args: &ServeArgs) -> Result<ExitCode, Failure> {
    // What a person looks at is small, and code of all backends is made of it while they wait.
    let limits = args.limits.over(Limits { expressions: 50_000, ..Limits::default() });
    let answers = Answers::new(limits);
    let site = Site::read(&args.web, &answers.host())?;
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (address, listener) = bound.map_err(|e| Failure::unusable(format!("127.0.0.1:{}: {e}", args.port)))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "http://{address}/").and_then(|()| out.flush()).map_err(output)?;
    drop(out);
    let ended = http::serve(listener, address.port(), site, answers);
    Err(Failure::unusable(ended.map_or_else(|e| e.to_string(), |()| "the listener has ended".into())))
}
