//! Named lists: sets that the host fills and may replace while programs run.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use quintet_lang::Type;

use crate::matchers::SetMatcher;

/// Named lists by type and name. Clones share their contents, so a list can be replaced under programs that use it.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    lists: Arc<RwLock<HashMap<Key, Arc<List>>>>,
}

type Key = (Type, String);

/// The contents of one list, looked up by each program once.
pub(crate) type List = RwLock<Option<Arc<SetMatcher>>>;

/// Why a list cannot be replaced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a list: names are lower-case letters, digits, `_` and `.`, and neither begin nor end with `.`")]
pub struct ListError(String);

impl Lists {
    /// No lists.
    pub fn new() -> Lists {
        Lists::default()
    }

    /// Sets the members of a list, at once for all programs that use it.
    ///
    /// # Errors
    /// When no rule could name such a list.
    pub fn replace(&self, name: &str, members: SetMatcher) -> Result<(), ListError> {
        let letters = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.');
        if !letters || name.is_empty() || name.starts_with('.') || name.ends_with('.') {
            return Err(ListError(name.into()));
        }
        let list = self.list(members.ty(), name);
        *list.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(members));
        Ok(())
    }

    /// The list of this type and name; without members while it has not been set.
    pub(crate) fn list(&self, ty: Type, name: &str) -> Arc<List> {
        let mut lists = self.lists.write().unwrap_or_else(PoisonError::into_inner);
        lists.entry((ty, name.to_owned())).or_default().clone()
    }
}
