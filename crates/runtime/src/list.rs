//! The contents of a list: its members, and what a file says of each.

use std::net::IpAddr;

use quintet_lang::Type;

use crate::matchers::{BytesSet, IntSet, IpSet, SetMatcher};
use crate::value::Value;

/// The members of a list, never changed. A list that was read from a CSV file also keeps the value beside each member: rules do not see
/// it; it is for the host that wants to say why a member is listed (a reason, a source, an id), see [`List::value`].
#[derive(Clone, Debug)]
pub struct List {
    members: SetMatcher,
    values: Vec<Valued>,
}

/// A member and the value beside it.
#[derive(Clone, Debug)]
struct Valued {
    member: Member,
    value: Box<[u8]>,
}

/// A member as files give it. Ranges are inclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    /// A range of integers.
    Int(i64, i64),
    /// A range of addresses of one family.
    Ip(IpAddr, IpAddr),
    /// Bytes.
    Bytes(Box<[u8]>),
}

impl Member {
    /// How many values it has less one, if it has this one.
    fn spread(&self, value: &Value<'_>) -> Option<u128> {
        let within = |first: u128, last: u128, value: u128| (first <= value && value <= last).then(|| last - first);
        match (self, value) {
            (Member::Int(first, last), Value::Int(i)) => (first <= i && i <= last).then(|| u128::from(first.abs_diff(*last))),
            (Member::Ip(IpAddr::V4(first), IpAddr::V4(last)), Value::Ip(IpAddr::V4(ip))) => {
                within(first.to_bits().into(), last.to_bits().into(), ip.to_bits().into())
            }
            (Member::Ip(IpAddr::V6(first), IpAddr::V6(last)), Value::Ip(IpAddr::V6(ip))) => {
                within(first.to_bits(), last.to_bits(), ip.to_bits())
            }
            (Member::Bytes(member), Value::Bytes(bytes)) => (**member == **bytes).then_some(0),
            _ => None,
        }
    }
}

impl List {
    /// The list of these members and values. All members are of type `ty`, which is Int, Ip or Bytes.
    pub(crate) fn new(ty: &Type, entries: Vec<(Member, Option<Box<[u8]>>)>) -> List {
        let members = || entries.iter().map(|(member, _)| member);
        let members = match ty {
            Type::Int => {
                SetMatcher::Int(IntSet::new(members().filter_map(|m| if let Member::Int(a, b) = m { Some((*a, *b)) } else { None })))
            }
            Type::Ip => SetMatcher::Ip(IpSet::new(members().filter_map(|m| if let Member::Ip(a, b) = m { Some((*a, *b)) } else { None }))),
            _ => SetMatcher::Bytes(BytesSet::new(members().filter_map(|m| if let Member::Bytes(b) = m { Some(&**b) } else { None }))),
        };
        let values = entries.into_iter().filter_map(|(member, value)| Some(Valued { member, value: value? })).collect();
        List { members, values }
    }

    /// The type of the members.
    pub fn ty(&self) -> Type {
        self.members.ty()
    }

    /// The members.
    pub fn members(&self) -> &SetMatcher {
        &self.members
    }

    /// Whether it holds a value; false for nil and for values of another type.
    #[inline]
    pub fn contains(&self, value: &Value<'_>) -> bool {
        self.members.contains(value)
    }

    /// What the file has beside the member that holds `value`; of several, beside the smallest range, and the last of those. `None` also
    /// where the file has nothing there. Takes time in proportion to the length of the list: it is for explaining a match, not for
    /// every record.
    pub fn value(&self, value: &Value<'_>) -> Option<&[u8]> {
        let holding = self.values.iter().filter_map(|v| Some((v.member.spread(value)?, &*v.value)));
        // The last of several that are least: `min_by_key` answers the first.
        holding.rev().min_by_key(|(spread, _)| *spread).map(|(_, value)| value)
    }
}

impl From<SetMatcher> for List {
    fn from(members: SetMatcher) -> List {
        List { members, values: Vec::new() }
    }
}
