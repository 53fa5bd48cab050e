//! Named lists: sets that the host declares before rules are checked, and may fill and replace while programs run.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use quintet_lang::ast::Program;
use quintet_lang::diagnostic::{Diagnostic, nearest};
use quintet_lang::{Diagnostics, Type};

use crate::list::List;
use crate::value::Value;

/// Named lists by name and type. Clones share their contents, so a list can be replaced under programs that use it: each test of a value
/// asks the list as it is at that moment, and replacing waits for no run to end.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    lists: Arc<RwLock<BTreeMap<Key, Arc<Slot>>>>,
}

type Key = (String, Type);

/// The contents of one list, looked up by each program once; without members while it has not been filled.
#[derive(Debug, Default)]
pub(crate) struct Slot(RwLock<Option<Arc<List>>>);

/// Why a list cannot be declared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// No rule could name such a list.
    #[error("`{0}` is not the name of a list: names are lower-case letters, digits, `_` and `.`, and neither begin nor end with `.`")]
    Name(String),
    /// Only Int, Ip and Bytes can be listed.
    #[error("list `{0}`: there are lists of Int, Ip and Bytes, not of {1}")]
    Type(String, Type),
}

impl Lists {
    /// No lists.
    pub fn new() -> Lists {
        Lists::default()
    }

    /// Lets rules name a list of `ty` (Int, Ip or Bytes). Until it is filled, it holds nothing; one that is there stays as it is. There may
    /// be a list of each type under one name.
    ///
    /// # Errors
    /// When no rule could name such a list, or there are no lists of the type.
    pub fn declare(&self, name: &str, ty: Type) -> Result<(), ListError> {
        let letters = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.');
        if !letters || name.is_empty() || name.starts_with('.') || name.ends_with('.') {
            return Err(ListError::Name(name.into()));
        }
        if !matches!(ty, Type::Int | Type::Ip | Type::Bytes) {
            return Err(ListError::Type(name.into(), ty));
        }
        self.lists.write().unwrap_or_else(PoisonError::into_inner).entry((name.into(), ty)).or_default();
        Ok(())
    }

    /// Declares a list and sets its contents, at once for all programs that use it.
    ///
    /// # Errors
    /// As [`Lists::declare`].
    pub fn replace(&self, name: &str, contents: impl Into<List>) -> Result<(), ListError> {
        let contents = contents.into();
        let ty = contents.ty();
        self.declare(name, ty.clone())?;
        if let Some(slot) = self.slot(name, &ty) {
            *slot.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(contents));
        }
        Ok(())
    }

    /// The contents of the list of this name and type; `None` while it has not been filled.
    pub fn get(&self, name: &str, ty: &Type) -> Option<Arc<List>> {
        self.slot(name, ty)?.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The lists that are declared, by name and type.
    pub fn declared(&self) -> Vec<(String, Type)> {
        self.lists.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// Looks for lists that a program names and that are not declared.
    ///
    /// # Errors
    /// One finding for each, at the first place in `source` that names it.
    pub fn check(&self, program: &Program, source: &str) -> Result<(), Diagnostics> {
        if program.lists.is_empty() {
            return Ok(());
        }
        let missing = program.lists.iter().filter(|l| self.slot(&l.name, &l.ty).is_none());
        let mut findings = missing.map(|l| self.missing(&l.name, &l.ty, l.span)).peekable();
        if findings.peek().is_none() { Ok(()) } else { Err(Diagnostics::of(source, findings)) }
    }

    /// What is wrong with naming a list that is not declared.
    fn missing(&self, name: &str, ty: &Type, span: quintet_lang::ast::Span) -> Diagnostic {
        let declared = self.declared();
        let others: Vec<String> = declared.iter().filter(|(n, _)| n == name).map(|(_, ty)| ty.to_string()).collect();
        if !others.is_empty() {
            let others = others.join(" and ");
            return Diagnostic::error("list-type", span, format!("`${name}` is a list of {others}, but the value is {ty}"))
                .label(format!("holds {others}"))
                .help(format!("test a value of type {others}, or give a list of {ty} under this name"));
        }
        let d = Diagnostic::error("unknown-list", span, format!("there is no list `${name}`")).label("not declared");
        let of_type = declared.iter().filter(|(_, t)| t == ty).map(|(n, _)| n.as_str());
        let near = nearest(name, of_type).or_else(|| nearest(name, declared.iter().map(|(n, _)| n.as_str())));
        let give = format!("`--list {name}=FILE` on the command line, or `Lists::declare` in a program, gives one");
        d.help(match near {
            Some(near) => format!("did you mean `${near}`? Otherwise {give}"),
            None => give,
        })
    }

    pub(crate) fn slot(&self, name: &str, ty: &Type) -> Option<Arc<Slot>> {
        let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner);
        lists.get(&(name.to_owned(), ty.clone())).cloned()
    }
}

impl Slot {
    /// Whether the list holds a value.
    #[inline]
    pub(crate) fn contains(&self, value: &Value<'_>) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(|list| list.contains(value))
    }
}
