//! Which members of an object are fields.

use std::collections::HashMap;

use bumpalo::Bump;
use foldhash::fast::FixedState;
use quintet_lang::Scheme;

use crate::raw::{self, Raw};
use crate::stats::Stats;

/// What the objects of a line may hold: the whole object, and those that members of it are. A field `a.b` is the member `a.b` of the
/// object, or the member `b` of its member `a`.
pub(super) struct Keys {
    /// The first one is the whole line.
    levels: Vec<Level>,
}

/// The members of one object that matter.
struct Level {
    /// What stands before the members' names.
    path: String,
    /// The members' places by their names, which are a scheme's: no input can make them collide.
    places: HashMap<Box<[u8]>, usize, FixedState>,
    /// Shorter names before longer ones.
    members: Vec<Member>,
}

#[derive(Default)]
struct Member {
    /// The field that it is.
    field: Option<usize>,
    /// What it may hold where it is an object.
    below: Option<usize>,
}

/// Fields by their number, and where in their names the part begins that a level knows.
type Rests = Vec<(usize, usize)>;

impl Keys {
    /// The keys of a scheme's fields.
    pub(super) fn new(scheme: &Scheme) -> Keys {
        let names: Vec<&str> = scheme.fields().iter().map(|f| f.name.as_str()).collect();
        let all: Rests = (0..names.len()).map(|field| (field, 0)).collect();
        let mut keys = Keys { levels: Vec::new() };
        // The same rests make the same level, however they were come by, so that there are no more levels than parts of names.
        let mut known: HashMap<Rests, usize> = HashMap::from([(all.clone(), 0)]);
        let mut open = vec![all];
        while keys.levels.len() < open.len() {
            let rests = open[keys.levels.len()].clone();
            let mut members: HashMap<&str, (Option<usize>, Rests)> = HashMap::new();
            for (field, at) in &rests {
                let rest = &names[*field][*at..];
                members.entry(rest).or_default().0 = Some(*field);
                for (dot, _) in rest.match_indices('.') {
                    members.entry(&rest[..dot]).or_default().1.push((*field, at + dot + 1));
                }
            }
            let mut members: Vec<_> = members.into_iter().collect();
            members.sort_unstable_by_key(|(name, _)| (name.len(), *name));
            let path = rests.first().map_or("", |(field, at)| &names[*field][..*at]).to_owned();
            let mut level = Level { path, places: HashMap::default(), members: Vec::new() };
            for (name, (field, rests)) in members {
                let below = (!rests.is_empty()).then(|| {
                    *known.entry(rests.clone()).or_insert_with(|| {
                        open.push(rests);
                        open.len() - 1
                    })
                });
                level.places.insert(name.as_bytes().into(), level.members.len());
                level.members.push(Member { field, below });
            }
            keys.levels.push(level);
        }
        keys
    }

    /// Finds the values of fields in a line, into `found` by the fields' numbers, and counts the members that no field is. Of members with
    /// one name the last one counts, with all that is in it; a name found whole goes before one in parts, and of those the one with the
    /// shorter first part.
    ///
    /// # Errors
    /// When the line is no JSON object.
    pub(super) fn find<'a>(
        &self,
        line: &'a str,
        bump: &'a Bump,
        found: &mut [Option<Raw<'a>>],
        stats: &mut Stats,
    ) -> serde_json::Result<()> {
        self.find_in(0, line, bump, found, Some(stats))
    }

    fn find_in<'a>(
        &self,
        level: usize,
        object: &'a str,
        bump: &'a Bump,
        found: &mut [Option<Raw<'a>>],
        mut stats: Option<&mut Stats>,
    ) -> serde_json::Result<()> {
        let Level { path, places, members } = &self.levels[level];
        let here = bump.alloc_slice_fill_copy(members.len(), None::<Raw<'a>>);
        raw::members(object, bump, |name, value| match places.get(name) {
            Some(place) => here[*place] = Some(value),
            None => {
                if let Some(stats) = &mut stats {
                    stats.unknown_key(path, name);
                }
            }
        })?;
        for (member, value) in members.iter().zip(&*here) {
            if let (Some(field), Some(_)) = (member.field, value) {
                found[field] = found[field].or(*value);
            }
        }
        for (member, value) in members.iter().zip(&*here) {
            let (Some(below), Some(value)) = (member.below, value) else { continue };
            let unknown = if member.field.is_none() { stats.as_deref_mut() } else { None };
            if raw::is_object(*value) {
                self.find_in(below, value.text, bump, found, unknown)?;
            } else if let Some(stats) = unknown {
                stats.unknown_key("", self.levels[below].path.trim_end_matches('.').as_bytes());
            }
        }
        Ok(())
    }
}
