//! The schemes of the formats: their fields, to which you add functions.

use quintet_lang::signature::Signature;
use quintet_lang::{Field, Scheme, SchemeBuilder, Type};

use crate::{Format, http, packets, table};

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
    packets_fields().into_iter().fold(with_lists(), SchemeBuilder::field)
}

/// A scheme with the fields of HTTP requests.
pub fn http() -> SchemeBuilder {
    http_fields().into_iter().fold(with_lists(), SchemeBuilder::field)
}

/// A scheme without fields whose rules may test values against lists of each type.
fn with_lists() -> SchemeBuilder {
    [Type::Int, Type::Ip, Type::Bytes].into_iter().fold(Scheme::builder(), SchemeBuilder::lists)
}

/// The ready-made scheme of a format, with these functions; JSON lines have none, nor has a format whose fields and functions share a name.
pub fn of(format: Format, functions: impl IntoIterator<Item = Signature>) -> Option<Scheme> {
    match format {
        Format::Packets => packets().functions(functions).build().ok(),
        Format::Http => http().functions(functions).build().ok(),
        Format::JsonLines => None,
    }
}
