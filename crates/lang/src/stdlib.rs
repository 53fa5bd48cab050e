//! The signatures of the functions that Quintet brings along. What they do is the runtime's, under the same names.

use std::sync::LazyLock;

use crate::ast::Const;
use crate::signature::{NilRule, Param, Pattern, Signature};
use crate::types::Type;

/// The most arguments that functions of any number of arguments take.
pub const ARGUMENTS_MOST: usize = 32;
/// The most pieces that `split` makes.
pub const SPLIT_MOST: i64 = 128;
/// The most references that the replacement of `regex_replace` or `wildcard_replace` has.
pub const REFERENCES_MOST: usize = 8;

/// All of them.
pub fn signatures() -> Vec<Signature> {
    [text(), replace(), encoding(), searching(), hashing(), json(), collections(), network()].concat()
}

fn bytes(name: &str) -> Param {
    Param::new(name, Type::Bytes)
}

fn int(name: &str) -> Param {
    Param::new(name, Type::Int)
}

/// Letters that each say something, none where left out.
fn flags() -> Param {
    bytes("flags").literal().default(Const::Bytes(Vec::new()))
}

/// A parameter of the type variable 0.
fn variable(name: &str) -> Param {
    bytes(name).pattern(Pattern::Variable(0))
}

fn one_of(types: &[Type]) -> Pattern {
    Pattern::OneOf(types.iter().cloned().map(Pattern::Exact).collect())
}

impl Signature {
    /// The same signature with more arguments of a kind, up to [`ARGUMENTS_MOST`] altogether.
    fn rest(mut self, param: Param) -> Signature {
        self.rest = Some((param, ARGUMENTS_MOST));
        self
    }

    /// The same signature of a function that may answer nil although no argument is nil.
    fn may_be_nil(mut self) -> Signature {
        self.may_be_nil = true;
        self
    }

    /// The same signature with a variable for a type within this bound.
    fn variable(mut self, bound: Pattern) -> Signature {
        self.variables.push(bound);
        self
    }

    /// The same signature of a function that is called with missing arguments too, all of one type, and results in that.
    fn any_of(mut self, bound: Pattern) -> Signature {
        self.result = Pattern::Variable(0);
        self.nil = NilRule::Handled;
        self.variable(bound).may_be_nil()
    }
}

/// The signature of `len`. Passes ask of each call whether it is this function's, and so of the two below.
pub(crate) static LEN: LazyLock<Signature> = LazyLock::new(|| {
    let of = Pattern::OneOf(vec![Pattern::Exact(Type::Bytes), Pattern::ArrayOf(Box::new(Pattern::Any))]);
    Signature::new("len", vec![bytes("value").pattern(of)], Type::Int).doc("The number of bytes, or of elements of an array.")
});

/// The signature of `lower`.
pub(crate) static LOWER: LazyLock<Signature> =
    LazyLock::new(|| Signature::new("lower", vec![bytes("text")], Type::Bytes).doc("The text with ASCII letters in lower case."));

/// The signature of `upper`.
pub(crate) static UPPER: LazyLock<Signature> =
    LazyLock::new(|| Signature::new("upper", vec![bytes("text")], Type::Bytes).doc("The text with ASCII letters in upper case."));

fn text() -> Vec<Signature> {
    let array = || Pattern::ArrayOf(Box::new(Pattern::Any));
    let bytes_or_array = || Pattern::OneOf(vec![Pattern::Exact(Type::Bytes), array()]);
    let printed = one_of(&[Type::Int, Type::Bool, Type::Ip, Type::Float]);
    vec![
        LOWER.clone(),
        UPPER.clone(),
        LEN.clone(),
        Signature::new("starts_with", vec![bytes("text"), bytes("prefix")], Type::Bool)
            .doc("Whether the text starts with the prefix, byte for byte."),
        Signature::new("ends_with", vec![bytes("text"), bytes("suffix")], Type::Bool)
            .doc("Whether the text ends with the suffix, byte for byte."),
        Signature::new("contains", vec![bytes("text"), bytes("part")], Type::Bool)
            .doc("Whether the part occurs in the text, byte for byte. Like the operator of this name."),
        Signature::new("concat", vec![variable("first"), variable("second")], Type::Bytes)
            .any_of(bytes_or_array())
            .rest(variable("more"))
            .doc("The arguments one after another, all Bytes or all arrays of one type. Missing ones are left out, and only if all are missing so is the result."),
        Signature::new("substring", vec![bytes("text"), int("start"), int("end").default(Const::Int(i64::MAX))], Type::Bytes)
            .doc("The bytes from `start` up to, but without, `end`. Negative counts from the end, and both are clamped to the text."),
        Signature::new("split", vec![bytes("text"), bytes("separator").literal(), int("limit").literal()], Type::array(Type::Bytes))
            .doc("The pieces between separators, at most `limit` (1 to 128). The last has what is left, and empty ones are kept."),
        Signature::new("join", vec![Param::new("texts", Type::array(Type::Bytes)), bytes("separator")], Type::Bytes)
            .doc("The texts one after another, with the separator between them."),
        Signature::new("to_string", vec![int("value").pattern(printed)], Type::Bytes)
            .doc("The value as text. A Float is in the shortest form that reads back as the same."),
        Signature::new("remove_bytes", vec![bytes("text"), bytes("unwanted")], Type::Bytes)
            .doc("The text without any of the unwanted bytes."),
        Signature::new("remove_query_args", vec![bytes("query").dynamic(), bytes("name")], Type::Bytes)
            .rest(bytes("names"))
            .doc("The query string without the arguments of these names. Names are compared byte for byte, and the others keep their order."),
    ]
}

fn replace() -> Vec<Signature> {
    vec![
        Signature::new("wildcard", vec![bytes("text"), bytes("pattern").literal()], Type::Bool)
            .doc("Whether the pattern matches all of the text, ASCII case folded. Like the operator of this name."),
        Signature::new(
            "wildcard_replace",
            vec![bytes("text"), bytes("pattern").literal(), bytes("replacement").literal(), flags()],
            Type::Bytes,
        )
        .doc("The replacement if the pattern matches all of the text, else the text. `${1}` is what the first `*` matched (the shortest that fits), `$$` a dollar sign. ASCII case is folded unless the flag is \"s\"."),
        Signature::new("regex_replace", vec![bytes("text"), bytes("regex").literal(), bytes("replacement").literal()], Type::Bytes)
            .doc("The text with the first match of the regular expression replaced. `${1}` or `${name}` is what that group matched, `${0}` the match, `$$` a dollar sign."),
    ]
}

fn encoding() -> Vec<Signature> {
    vec![
        Signature::new("url_decode", vec![bytes("text"), flags()], Type::Bytes)
            .doc("The text with `%XX` decoded and `+` as a blank. Flag \"r\" decodes again until nothing changes, \"u\" decodes `%uXXXX` to UTF-8 too. What is no escape stays."),
        Signature::new("decode_base64", vec![bytes("text").dynamic()], Type::Bytes)
            .may_be_nil()
            .doc("The bytes that the Base64 text stands for, or nil if it is none. The alphabet is the standard one, with or without padding."),
        Signature::new("encode_base64", vec![bytes("bytes"), flags()], Type::Bytes)
            .doc("The bytes in Base64, without padding. Flag \"p\" pads, \"u\" uses the URL-safe alphabet."),
    ]
}

fn searching() -> Vec<Signature> {
    vec![
        Signature::new("find", vec![bytes("text"), bytes("part"), int("from").default(Const::Int(0))], Type::Int)
            .may_be_nil()
            .doc("Where the part first occurs from an offset on, or nil if it does not."),
        Signature::new("xor_bytes", vec![bytes("text"), bytes("key")], Type::Bytes)
            .doc("Each byte of the text xor one of the key, which repeats. An empty key changes nothing."),
        Signature::new("sum_bytes", vec![bytes("bytes")], Type::Int).doc("The sum of all bytes."),
        Signature::new("entropy", vec![bytes("bytes")], Type::Float)
            .doc("The Shannon entropy in bits per byte, from 0 to 8. Of no bytes it is 0."),
        Signature::new("crc32", vec![bytes("bytes")], Type::Int).doc("The CRC-32 of IEEE 802.3, as of zip and Ethernet."),
        Signature::new("adler32", vec![bytes("bytes")], Type::Int).doc("The Adler-32 checksum, as of zlib."),
        Signature::new("encode_hex", vec![bytes("bytes")], Type::Bytes).doc("The bytes as pairs of hexadecimal digits, in lower case."),
        Signature::new("decode_hex", vec![bytes("text")], Type::Bytes)
            .may_be_nil()
            .doc("The bytes that hexadecimal digits stand for, or nil if they are none."),
        Signature::new("inflate", vec![bytes("data"), flags()], Type::Bytes)
            .may_be_nil()
            .doc("The data that was compressed, or nil if it is malformed. It is zlib's format, raw DEFLATE with flag \"r\" or gzip with flag \"g\". The limits on memory and steps bound it."),
    ]
}

fn hashing() -> Vec<Signature> {
    let hashed = |name: &str| bytes(name).pattern(Pattern::Primitive);
    vec![
        Signature::new("md5", vec![bytes("bytes")], Type::Bytes).doc("The 16 bytes of the MD5 hash."),
        Signature::new("sha1", vec![bytes("bytes")], Type::Bytes).doc("The 20 bytes of the SHA-1 hash."),
        Signature::new("sha256", vec![bytes("bytes")], Type::Bytes).doc("The 32 bytes of the SHA-256 hash."),
        Signature::new("sha512", vec![bytes("bytes")], Type::Bytes).doc("The 64 bytes of the SHA-512 hash."),
        Signature::new("hmac", vec![bytes("bytes"), bytes("key"), bytes("algorithm").literal()], Type::Bytes)
            .doc("The bytes of the HMAC under the key. The algorithm is \"sha256\" or \"sha512\"."),
        Signature::new(
            "is_timed_hmac_valid_v0",
            vec![
                bytes("key").literal(),
                bytes("signed"),
                int("lifetime").literal(),
                int("now"),
                int("separator_length").literal().default(Const::Int(0)),
                flags(),
            ],
            Type::Bool,
        )
        .doc("Whether `signed` is right and not older than `lifetime` seconds. It is a message, a separator of that many bytes, ten digits of seconds, `-` and the Base64 of the HMAC-SHA256 of message and digits. The Base64 is URL-encoded, or URL-safe with flag \"s\"."),
        Signature::new("uuidv4", vec![bytes("random")], Type::Bytes)
            .may_be_nil()
            .doc("The version 4 UUID of the first 16 bytes, or nil if there are fewer."),
        Signature::new("hash_in_range", vec![int("low"), int("high"), hashed("value")], Type::Int)
            .rest(hashed("values"))
            .may_be_nil()
            .doc("A number from `low` up to, but without, `high`, made of the values. A SHA-256 of them decides; nil if there is no such number."),
    ]
}

fn json() -> Vec<Signature> {
    let key = |name: &str| bytes(name).pattern(one_of(&[Type::Bytes, Type::Int]));
    let lookup = |name: &str, ty| Signature::new(name, vec![bytes("json"), key("key")], ty).rest(key("keys")).may_be_nil();
    vec![
        lookup("lookup_json_string", Type::Bytes)
            .doc("The string in a JSON text that the keys and indexes lead to. Keys are of objects, indexes of arrays; nil if there is none or the text is no JSON."),
        lookup("lookup_json_integer", Type::Int)
            .doc("The integer in a JSON text that the keys and indexes lead to. Keys are of objects, indexes of arrays; nil if there is none or the text is no JSON."),
    ]
}

fn collections() -> Vec<Signature> {
    let element = || Box::new(Pattern::Variable(0));
    let values = Pattern::OneOf(vec![Pattern::ArrayOf(element()), Pattern::MapOf(element())]);
    let counted = Pattern::OneOf(vec![Pattern::ArrayOf(Box::new(Pattern::Any)), Pattern::MapOf(Box::new(Pattern::Any))]);
    vec![
        Signature::new("count", vec![bytes("values").pattern(counted)], Type::Int)
            .doc("The number of elements of an array, of a field's values, or of a map's keys."),
        Signature::new("has_key", vec![bytes("map").pattern(Pattern::MapOf(Box::new(Pattern::Any))), bytes("key")], Type::Bool)
            .doc("Whether the map has the key."),
        Signature::new("has_value", vec![bytes("values").pattern(values), variable("value")], Type::Bool)
            .variable(Pattern::Primitive)
            .doc("Whether the value is an element of the array or under a key of the map. Compares as `==` does."),
        Signature::new("coalesce", vec![variable("first"), variable("second")], Type::Bytes)
            .any_of(Pattern::Any)
            .rest(variable("more"))
            .doc("The first argument that is not missing."),
    ]
}

fn network() -> Vec<Signature> {
    let ip = || Param::new("ip", Type::Ip);
    vec![
        Signature::new("cidr", vec![ip().dynamic(), int("v4_bits").literal(), int("v6_bits").literal()], Type::Ip)
            .doc("The network of that many bits that the address lies in. IPv4 has 1 to 32 bits, IPv6 1 to 128."),
        Signature::new("cidr6", vec![ip().dynamic(), int("v6_bits").literal()], Type::Ip)
            .doc("The network of that many bits (1 to 128) that an IPv6 address lies in. An IPv4 address stays as it is."),
        Signature::new("bit_slice", vec![bytes("packet").dynamic(), int("start").literal(), int("end").literal()], Type::Int)
            .may_be_nil()
            .doc("The bits of a packet from `start` up to, but without, `end` as a number. They are at most 32, from bit 0 to 2040 on, the first highest; nil if the packet ends before."),
        Signature::new("ip_in_range", vec![ip(), bytes("network").literal()], Type::Bool)
            .doc("Whether the address lies in the network, written as \"10.0.0.0/8\"."),
    ]
}
