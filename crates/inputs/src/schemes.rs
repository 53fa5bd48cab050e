//! Ready-made schemes: the fields of packets and of HTTP requests, as the formats give them, and those of Cloudflare's rules. You add
//! functions.

use quintet_lang::signature::Signature;
use quintet_lang::{Field, Scheme, SchemeBuilder, Type};

use crate::{Format, http, packets, table, usual};

/// The fields of packets, under Wireshark's names. Where Wireshark has a `-` in a name there is a `_` here (`sip.Status_Code`).
///
/// Fields that can be several times in one packet, because it holds both ends' addresses or headers inside headers, are multi-valued
/// arrays. Protocols (`tcp`, `dns`, ...), `http.request` and `http.response` are Bools that every record has. Hardware addresses are
/// 6 bytes.
pub fn packets_fields() -> Vec<Field> {
    table::declare(packets::FIELDS)
}

/// The fields of HTTP requests, under Cloudflare's names. What a request must have, and the headers that Cloudflare gives as plain
/// strings (`http.host`, `http.user_agent`, ...), are always there, empty if need be; nothing is percent-decoded but the names of cookies.
pub fn http_fields() -> Vec<Field> {
    table::declare(http::FIELDS)
}

/// A scheme with the fields of packets.
pub fn packets() -> SchemeBuilder {
    usual::numbers(packets_fields().into_iter().fold(with_lists(), SchemeBuilder::field))
}

/// A scheme with the fields of HTTP requests.
pub fn http() -> SchemeBuilder {
    usual::methods(http_fields().into_iter().fold(with_lists(), SchemeBuilder::field))
}

/// A scheme without fields whose rules may test values against lists of each type.
fn with_lists() -> SchemeBuilder {
    [Type::Int, Type::Ip, Type::Bytes].into_iter().fold(Scheme::builder(), SchemeBuilder::lists)
}

/// The fields that Cloudflare documents for its rules, or that are seen in them: of requests and responses, of packets and of Gateway. All
/// are optional, `in $name` works on Bytes, Int and Ip, and `nil != x` is false.
pub fn cloudflare() -> SchemeBuilder {
    // The text is a part of the program, and tested.
    let scheme = Scheme::from_toml(include_str!("cloudflare.toml"), []).expect("a scheme");
    let fields = scheme.fields().iter().cloned().fold(Scheme::builder(), SchemeBuilder::field);
    let fields = scheme.fields().iter().fold(fields, |builder, field| match scheme.values(&field.name) {
        [] => builder,
        values => builder.values(&field.name, values.iter().cloned()),
    });
    usual::methods(scheme.list_types().cloned().fold(fields, SchemeBuilder::lists)).nil_not_equal(scheme.nil_not_equal())
}

/// The names of all ready-made schemes.
pub const NAMES: [&str; 3] = ["cloudflare", "http", "packets"];

/// The ready-made scheme of this name, and the format of the records that usually fill it.
pub fn named(name: &str) -> Option<(SchemeBuilder, Format)> {
    match name {
        "cloudflare" => Some((cloudflare(), Format::JsonLines)),
        "http" => Some((http(), Format::Http)),
        "packets" => Some((packets(), Format::Packets)),
        _ => None,
    }
}

/// The ready-made scheme of a format, with these functions; JSON lines have none, nor has a format whose fields and functions share a name.
pub fn of(format: Format, functions: impl IntoIterator<Item = Signature>) -> Option<Scheme> {
    match format {
        Format::Packets => packets().functions(functions).build().ok(),
        Format::Http => http().functions(functions).build().ok(),
        Format::JsonLines => None,
        // The table itself says what it has: see `Input::columns`.
        #[cfg(feature = "tables")]
        Format::Table => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quintet_lang::{Presence, Type, stdlib};

    #[test]
    fn every_named_scheme_can_be_built() {
        for name in NAMES {
            let (builder, _) = named(name).expect("a scheme");
            assert!(!builder.functions(stdlib::signatures()).build().expect("no name twice").fields().is_empty());
        }
        assert!(named("nope").is_none());
    }

    #[test]
    fn cloudflare_fields_are_optional() {
        let scheme = cloudflare().build().expect("a scheme");
        assert_eq!(scheme.fields().len(), 248);
        assert!(scheme.values("http.request.method").len() > 5 && scheme.values("ip.src.continent").len() == 8);
        assert!(scheme.fields().iter().all(|f| f.presence == Presence::Optional && !f.multi));
        assert!(!scheme.nil_not_equal() && [Type::Int, Type::Ip, Type::Bytes].iter().all(|t| scheme.has_lists(t)));
    }

    /// Where both schemes have a field, rules for one check against the other.
    #[test]
    fn http_fields_have_the_types_of_cloudflare() {
        let scheme = cloudflare().build().expect("a scheme");
        for field in http_fields() {
            let id = scheme.field_id(&field.name).unwrap_or_else(|| panic!("{}", field.name));
            assert_eq!(scheme.field(id).ty, field.ty, "{}", field.name);
        }
    }
}
