//! Lists that command lines and workloads name, with the files that hold them.

/// The examples of the documentation of lists, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/lists.md")]
struct Documentation;

use std::path::{Path, PathBuf};

use quintet_lang::{Scheme, Type};
use quintet_runtime::{List, ListError, ListFileError};

use crate::engine::Engine;

/// A list and the text of the file that holds it.
#[derive(Clone, Debug)]
pub struct ListText {
    name: String,
    /// Where absent, each type of value that the rules test against the list.
    ty: Option<Type>,
    path: PathBuf,
    text: Vec<u8>,
}

/// Why lists cannot be loaded.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListTextError {
    /// The type is none that lists have.
    #[error("list `{0}`: there are no lists of `{1}`; write `{0}:int`, `{0}:ip` or `{0}:bytes`")]
    Type(String, String),
    /// The name is none.
    #[error(transparent)]
    Name(#[from] ListError),
    /// One list has two files.
    #[error("list `{0}` is given twice; two lists of one name need different types, such as `{0}:int` and `{0}:ip`")]
    Twice(String),
    /// The file is wrong.
    #[error("list `{0}` of {1}: {2}")]
    File(String, Type, ListFileError),
}

impl ListText {
    /// The list that `spec`, `NAME` or `NAME:TYPE`, names, with the text of the file at `path`.
    ///
    /// # Errors
    /// When lists have no such type.
    pub fn new(spec: &str, path: &Path, text: Vec<u8>) -> Result<ListText, ListTextError> {
        let (name, ty) = match spec.split_once(':') {
            None => (spec, None),
            Some((name, ty)) => {
                let known = [Type::Int, Type::Ip, Type::Bytes].into_iter().find(|t| t.to_string().eq_ignore_ascii_case(ty));
                (name, Some(known.ok_or_else(|| ListTextError::Type(name.into(), ty.into()))?))
            }
        };
        Ok(ListText { name: name.into(), ty, path: path.into(), text })
    }

    /// The list that it is: `NAME` or `NAME:TYPE`, as [`ListText::new`] reads it.
    pub fn spec(&self) -> String {
        self.ty.as_ref().map_or_else(|| self.name.clone(), |ty| format!("{}:{}", self.name, ty.to_string().to_lowercase()))
    }

    /// The file that holds it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's text.
    pub fn text(&self) -> &[u8] {
        &self.text
    }
}

impl Engine {
    /// Fills the engine's lists, before rules or a value expression are checked. A list whose type is not given has the types of the values that the rules of
    /// `source` test against it; where they test none, it is declared without members, and its name is in the answer.
    ///
    /// # Errors
    /// See [`ListTextError`]. Rules with errors are not among them: then nothing is filled, and checking the rules tells why.
    pub fn load_lists<'l>(&self, lists: &'l [ListText], source: &str, scheme: &Scheme) -> Result<Vec<&'l str>, ListTextError> {
        if lists.is_empty() {
            return Ok(Vec::new());
        }
        let program = quintet_lang::compile(source, scheme, self.limits());
        let Ok(program) = program.or_else(|_| quintet_lang::compile_value(source, scheme, self.limits())) else { return Ok(Vec::new()) };
        let mut unused = Vec::new();
        for (i, list) in lists.iter().enumerate() {
            if lists[..i].iter().any(|other| other.name == list.name && (other.ty == list.ty || other.ty.is_none() || list.ty.is_none())) {
                return Err(ListTextError::Twice(list.name.clone()));
            }
            let types: Vec<Type> = match &list.ty {
                Some(ty) => vec![ty.clone()],
                None => program.lists.iter().filter(|l| l.name == list.name).map(|l| l.ty.clone()).collect(),
            };
            for ty in &types {
                let contents =
                    List::parse(&list.path, &list.text, ty).map_err(|e| ListTextError::File(list.name.clone(), ty.clone(), e))?;
                self.lists().replace(&list.name, contents)?;
            }
            if types.is_empty() {
                for ty in [Type::Int, Type::Ip, Type::Bytes] {
                    self.lists().declare(&list.name, ty)?;
                }
                unused.push(list.name.as_str());
            }
        }
        Ok(unused)
    }
}
