//! Which members of an object are fields.

use std::collections::HashSet;

use quintet_lang::Scheme;
use serde_json::Value as Json;

use crate::stats::Stats;

/// The names that members of objects may have.
pub(super) struct Keys {
    fields: HashSet<String>,
    /// What stands before a dot in a field's name.
    prefixes: HashSet<String>,
}

impl Keys {
    pub(super) fn new(scheme: &Scheme) -> Keys {
        let mut keys = Keys { fields: HashSet::new(), prefixes: HashSet::new() };
        for field in scheme.fields() {
            let dots = field.name.match_indices('.').map(|(at, _)| field.name[..at].to_owned());
            keys.prefixes.extend(dots);
            keys.fields.insert(field.name.clone());
        }
        keys
    }

    /// Counts members that no field of the scheme is.
    pub(super) fn count_unknown(&self, object: &Json, stats: &mut Stats) {
        let Json::Object(members) = object else { return };
        for (key, member) in members {
            if self.fields.contains(key) {
                continue;
            }
            if member.is_object() && self.prefixes.contains(key) {
                self.count_below(key, member, stats);
            } else {
                stats.unknown_key(key);
            }
        }
    }

    fn count_below(&self, path: &str, object: &Json, stats: &mut Stats) {
        let Json::Object(members) = object else { return };
        for (key, member) in members {
            let path = format!("{path}.{key}");
            if self.fields.contains(&path) {
                continue;
            }
            if member.is_object() && self.prefixes.contains(&path) {
                self.count_below(&path, member, stats);
            } else {
                stats.unknown_key(&path);
            }
        }
    }
}

/// The member of an object that a field is: under the whole name, or under a part of it in the member under the part before.
pub(super) fn find<'a>(object: &'a Json, name: &str) -> Option<&'a Json> {
    let members = object.as_object()?;
    if let Some(member) = members.get(name) {
        return Some(member);
    }
    name.match_indices('.').find_map(|(dot, _)| find(members.get(&name[..dot])?, &name[dot + 1..]))
}
