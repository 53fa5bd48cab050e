//! Literal sets and named lists.

use std::net::IpAddr;

use super::{Checked, Checker, Failed, hint};
use crate::ast::{ListId, ListRef, Set, SetId};
use crate::diagnostic::Diagnostic;
use crate::literal::{self, IntError, NetworkError};
use crate::syntax::{Member, Name};
use crate::types::Type;

impl Checker<'_> {
    /// The set of these members, all of type `ty`.
    pub(super) fn literal_set(&mut self, ty: &Type, members: &[Member]) -> Checked<SetId> {
        let set = match ty {
            Type::Int => self.each_member(members, Self::int_member).map(Set::Int),
            Type::Ip => self.each_member(members, Self::ip_member).map(Set::Ip),
            _ => self.each_member(members, Self::bytes_member).map(Set::Bytes),
        }?;
        self.program.sets.push(set);
        Ok(SetId(self.program.sets.len() as u32 - 1))
    }

    fn each_member<T>(&mut self, members: &[Member], read: fn(&mut Self, &Member) -> Checked<T>) -> Checked<Vec<T>> {
        // Those behind one that is wrong are read too, so that each can say what is wrong with it.
        let mut all = Some(Vec::with_capacity(members.len()));
        for member in members {
            match (read(self, member), &mut all) {
                (Ok(value), Some(all)) => all.push(value),
                (Err(Failed), _) => all = None,
                (Ok(_), None) => {}
            }
        }
        all.ok_or(Failed)
    }

    fn word_of<'m, 's>(&mut self, member: &'m Member<'s>, ty: &str) -> Checked<&'m Name<'s>> {
        match member {
            Member::Word(name) => Ok(name),
            Member::Bytes(_, span) => {
                let d = Diagnostic::error("member-type", *span, format!("the set should hold {ty}, but this is Bytes"));
                let bare = self.text(*span).trim_matches(['"', '\'']).to_owned();
                let help = match bare.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == ':') {
                    true => format!("{ty} stands without quotes: `{bare}`"),
                    false => format!("every member of this set is {ty}, such as `{}`", if ty == "Int" { "80" } else { "10.0.0.0/8" }),
                };
                self.fail(d.help(help))
            }
        }
    }

    fn int_member(&mut self, member: &Member) -> Checked<(i64, i64)> {
        let name = self.word_of(member, "Int")?;
        let word = name.text;
        let (first, last) = ends(word).unwrap_or((word, word));
        match (literal::int(first), literal::int(last)) {
            (Some(Ok(a)), Some(Ok(b))) if a <= b => return Ok((a, b)),
            (Some(Ok(_)), Some(Ok(_))) => {
                let d = Diagnostic::error("empty-range", name.span, "this range ends before it starts");
                return self.fail(d.help(format!("write `{last}..{first}`")));
            }
            (Some(Err(IntError::Range)), _) | (_, Some(Err(IntError::Range))) => {
                let d = Diagnostic::error("int-range", name.span, "this does not fit in a 64-bit Int");
                return self.fail(d.help(format!("Int goes from {} to {}", i64::MIN, i64::MAX)));
            }
            _ => {}
        }
        let d = Diagnostic::error("bad-member", name.span, format!("`{word}` is neither an integer nor a range of integers"));
        let int = |s: &str| literal::int(s).is_some_and(|i| i.is_ok());
        // Where a minus sign could end one number and start the next, a range was most likely meant.
        let split = word.char_indices().skip(1).find(|(i, c)| *c == '-' && int(&word[..*i]) && int(&word[*i + 1..]));
        let help = if let Some((i, _)) = split {
            Some(format!(
                "a range is written `{}..{}`; separate members are written `{} {}`",
                &word[..i],
                &word[i + 1..],
                &word[..i],
                &word[i..]
            ))
        } else if first.is_empty() || last.is_empty() {
            Some("a range is written `1..3`, without blanks and with both ends".into())
        } else {
            word.find([';', '|']).map(|i| format!("members are separated by blanks: `{} {}`", &word[..i], &word[i + 1..]))
        };
        self.fail(d.help(help.unwrap_or_else(|| hint::int_member(word))))
    }

    fn ip_member(&mut self, member: &Member) -> Checked<(IpAddr, IpAddr)> {
        let name = self.word_of(member, "Ip")?;
        let word = name.text;
        if let Some((first, last)) = ends(word) {
            let d = match (literal::ip(first), literal::ip(last)) {
                (Some(a), Some(b)) if a.is_ipv4() != b.is_ipv4() => {
                    Diagnostic::error("mixed-families", name.span, "a range has two ends of the same family")
                        .help("write one range for IPv4 and one for IPv6")
                }
                (Some(a), Some(b)) if a > b => {
                    Diagnostic::error("empty-range", name.span, "this range ends before it starts").help(format!("write `{last}..{first}`"))
                }
                (Some(a), Some(b)) => return Ok((a, b)),
                _ => Diagnostic::error("bad-member", name.span, format!("`{word}` is no range of addresses"))
                    .help("a range is written `10.0.0.1..10.0.0.9`, without blanks and with both ends"),
            };
            return self.fail(d);
        }
        let d = match literal::network(word) {
            Ok(range) => return Ok(range),
            Err(NetworkError::HostBits(first, prefix)) => {
                Diagnostic::error("host-bits", name.span, "this network has bits set after its prefix")
                    .help(format!("the network is `{first}/{prefix}`; the address alone is `{}`", word.split('/').next().unwrap_or(word)))
            }
            Err(NetworkError::Prefix(most)) => {
                Diagnostic::error("bad-prefix", name.span, format!("the prefix of this network is longer than {most} bits"))
                    .help(format!("write a prefix from 0 to {most}"))
            }
            Err(NetworkError::Malformed) => {
                Diagnostic::error("bad-member", name.span, format!("`{word}` is no address, network or range of addresses"))
                    .help(hint::address(word))
            }
        };
        self.fail(d)
    }

    fn bytes_member(&mut self, member: &Member) -> Checked<Vec<u8>> {
        match member {
            Member::Bytes(bytes, _) => Ok(bytes.to_vec()),
            Member::Word(name) => match literal::sequence(name.text.as_bytes()) {
                Some((bytes, len)) if len == name.text.len() => Ok(bytes),
                _ => {
                    let d = Diagnostic::error("bad-member", name.span, format!("`{}` is not Bytes", name.text));
                    self.fail(d.help(format!("text stands in double quotes: `\"{}\"`", name.text)))
                }
            },
        }
    }

    /// The list of this name for values of this type.
    pub(super) fn list(&mut self, name: &Name, ty: Type) -> ListId {
        let key = (name.text.to_owned(), ty);
        if let Some(id) = self.lists.get(&key) {
            return *id;
        }
        let id = ListId(self.program.lists.len() as u32);
        self.program.lists.push(ListRef { name: key.0.clone(), ty: key.1.clone(), span: name.span });
        self.lists.insert(key, id);
        id
    }
}

/// The ends of a range.
fn ends(word: &str) -> Option<(&str, &str)> {
    let dots = word.as_bytes().windows(2).position(|two| two == b"..")?;
    Some((word.get(..dots)?, word.get(dots + 2..)?))
}
