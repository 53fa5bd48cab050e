//! The lists that a command line names.

use std::path::PathBuf;

use clap::Args;
use quintet::lang::Scheme;
use quintet::{Engine, ListText};

use crate::failure::Failure;
use crate::source;

/// Named lists for `in $name`.
#[derive(Args, Default)]
pub struct ListArgs {
    /// The list that rules name `$NAME`, one member a line, or a `.csv` with the member in the first column. The rules tell the type of its
    /// members, unless NAME:int, NAME:ip or NAME:bytes does. Repeat for several.
    #[arg(long = "list", value_name = "NAME[:TYPE]=FILE", value_parser = flag)]
    lists: Vec<Flag>,
}

/// One flag.
#[derive(Clone)]
struct Flag {
    spec: String,
    path: PathBuf,
}

fn flag(text: &str) -> Result<Flag, String> {
    match text.split_once('=') {
        Some((spec, path)) if !spec.is_empty() && !path.is_empty() => Ok(Flag { spec: spec.into(), path: path.into() }),
        _ => Err("a list is given as NAME=FILE or NAME:TYPE=FILE".into()),
    }
}

impl ListArgs {
    /// Whether the flags name any.
    pub fn any(&self) -> bool {
        !self.lists.is_empty()
    }

    /// The files' texts.
    pub fn read(&self) -> Result<Vec<ListText>, Failure> {
        let read = |flag: &Flag| {
            let text = std::fs::read(source::file(&flag.path)).map_err(|e| Failure::unusable(format!("{}: {e}", flag.path.display())))?;
            ListText::new(&flag.spec, &flag.path, text).map_err(Failure::unusable)
        };
        self.lists.iter().map(read).collect()
    }
}

/// Fills the lists of the engine for rules that are about to be checked.
pub fn fill(engine: &Engine, lists: &[ListText], source: &str, scheme: &Scheme) -> Result<(), Failure> {
    for name in engine.load_lists(lists, source, scheme).map_err(Failure::unusable)? {
        eprintln!("quintet: no rule tests a value against list `{name}`, so its file was not used");
    }
    Ok(())
}
