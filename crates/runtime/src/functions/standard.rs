//! The standard functions by name, and what their preparation shares.

use std::sync::Arc;

use quintet_lang::Limits;
use quintet_lang::ast::Site;

use super::{Bind, Function, bytes as of_bytes, collections, encoding, hashing, json, network, replace, text};
use crate::room::Room;
use crate::scratch::Scratch;
use crate::trap::Trap;
use crate::value::Value;

/// Prepares a constant pattern within the limits on such.
type Within = fn(&Site, &Room) -> Result<Arc<dyn Function>, String>;

/// What stands behind the name of a standard function.
#[derive(Clone, Copy)]
pub(super) enum Standard {
    /// Code for whom constants make no difference.
    Plain(for<'a> fn(&[Value<'a>], &'a Scratch) -> Result<Value<'a>, Trap>),
    /// Code that prepares constant arguments.
    Prepared(fn(&Site) -> Result<Arc<dyn Function>, String>),
    /// Code that prepares a constant pattern within the limits on such.
    Wildcard(Within),
    /// Code that compiles a constant regular expression.
    Regex(Within),
}

use Standard::{Plain, Prepared, Regex, Wildcard};

impl Standard {
    /// The standard function of this name.
    pub(super) fn named(name: &str) -> Option<Standard> {
        Some(match name {
            "lower" => Plain(text::lower),
            "upper" => Plain(text::upper),
            "len" => Plain(text::len),
            "starts_with" => Plain(text::starts_with),
            "ends_with" => Plain(text::ends_with),
            "contains" => Prepared(text::contains),
            "concat" => Plain(text::concat),
            "substring" => Plain(text::substring),
            "split" => Prepared(text::split),
            "join" => Plain(text::join),
            "to_string" => Plain(text::to_string),
            "remove_bytes" => Prepared(text::remove_bytes),
            "remove_query_args" => Plain(text::remove_query_args),
            "wildcard" => Wildcard(replace::wildcard),
            "wildcard_replace" => Wildcard(replace::wildcard_replace),
            "regex_replace" => Regex(replace::regex_replace),
            "url_decode" => Prepared(encoding::url_decode),
            "decode_base64" => Plain(encoding::decode_base64),
            "encode_base64" => Prepared(encoding::encode_base64),
            "find" => Plain(of_bytes::find),
            "xor_bytes" => Plain(of_bytes::xor_bytes),
            "sum_bytes" => Plain(of_bytes::sum_bytes),
            "entropy" => Plain(of_bytes::entropy),
            "crc32" => Plain(of_bytes::crc32),
            "adler32" => Plain(of_bytes::adler32),
            "encode_hex" => Plain(of_bytes::encode_hex),
            "decode_hex" => Plain(of_bytes::decode_hex),
            "inflate" => Prepared(of_bytes::inflate),
            "md5" => Plain(hashing::md5),
            "sha1" => Plain(hashing::sha1),
            "sha256" => Plain(hashing::sha256),
            "sha512" => Plain(hashing::sha512),
            "hmac" => Prepared(hashing::hmac),
            "is_timed_hmac_valid_v0" => Prepared(hashing::is_timed_hmac_valid),
            "uuidv4" => Plain(hashing::uuidv4),
            "hash_in_range" => Prepared(hashing::hash_in_range),
            "lookup_json_string" => Prepared(json::lookup_string),
            "lookup_json_integer" => Prepared(json::lookup_integer),
            "count" => Plain(collections::count),
            "has_key" => Plain(collections::has_key),
            "has_value" => Plain(collections::has_value),
            "coalesce" => Plain(collections::coalesce),
            "cidr" => Prepared(network::cidr),
            "cidr6" => Prepared(network::cidr6),
            "bit_slice" => Prepared(network::bit_slice),
            "ip_in_range" => Prepared(network::ip_in_range),
            _ => return None,
        })
    }
}

impl Bind for Standard {
    fn bind(&self, site: &Site) -> Result<Arc<dyn Function>, String> {
        self.bind_within(site, &Room::new(&Limits::default(), 1))
    }

    fn bind_within(&self, site: &Site, room: &Room) -> Result<Arc<dyn Function>, String> {
        match self {
            Plain(body) => Ok(Arc::new(*body)),
            Prepared(bind) => bind(site),
            Wildcard(bind) | Regex(bind) => bind(site, room),
        }
    }

    fn has_regex(&self) -> bool {
        matches!(self, Regex(_))
    }
}

/// What `bind` answers for prepared code.
pub(super) fn prepared(
    function: impl for<'a> Fn(&[Value<'a>], &'a Scratch) -> Result<Value<'a>, Trap> + Send + Sync + 'static,
) -> Result<Arc<dyn Function>, String> {
    Ok(Arc::new(function))
}

/// The value of argument `index` where it is a constant.
pub(super) fn constant(site: &Site, index: usize) -> Option<Value<'_>> {
    site.constants.get(index)?.as_ref().map(Value::of)
}

/// Argument `index`, a literal text.
pub(super) fn bytes(site: &Site, index: usize) -> Result<&[u8], String> {
    match constant(site, index) {
        Some(Value::Bytes(bytes)) => Ok(bytes),
        _ => Err(format!("argument {} must be a literal text", index + 1)),
    }
}

/// Argument `index`, a literal number.
pub(super) fn int(site: &Site, index: usize) -> Result<i64, String> {
    match constant(site, index) {
        Some(Value::Int(int)) => Ok(int),
        _ => Err(format!("argument {} must be a literal Int", index + 1)),
    }
}

/// Argument `index`, a literal number from `least` to `most`.
pub(super) fn int_within(site: &Site, index: usize, what: &str, least: i64, most: i64) -> Result<i64, String> {
    let int = int(site, index)?;
    if (least..=most).contains(&int) { Ok(int) } else { Err(format!("{what} is {int}, but must be from {least} to {most}")) }
}

/// Argument `index`, a literal text of letters that `known` describes one by one.
pub(super) fn flags<'s>(site: &'s Site, index: usize, known: &[(u8, &str)]) -> Result<&'s [u8], String> {
    let flags = bytes(site, index)?;
    match flags.iter().find(|f| !known.iter().any(|(k, _)| k == *f)) {
        None => Ok(flags),
        Some(flag) => {
            let known: Vec<String> = known.iter().map(|(k, meaning)| format!("\"{}\" ({meaning})", k.escape_ascii())).collect();
            Err(format!("there is no flag \"{}\"; flags are {}", flag.escape_ascii(), known.join(" and ")))
        }
    }
}
