//! The standard functions, one table of calls for each topic.

use std::net::IpAddr;

use quintet_lang::ast::{Const, Site, Span};
use quintet_lang::signature::{ArgKind, Pattern, Signature};
use quintet_lang::{Limits, Scheme, Type, stdlib};
use quintet_runtime::{ArrayRef, Library, Linked, Lists, MapRef, Scratch, Trap, Value};

const NIL: Value<'static> = Value::Nil;

fn b(text: &str) -> Value<'_> {
    Value::Bytes(text.as_bytes())
}

fn i(int: i64) -> Value<'static> {
    Value::Int(int)
}

fn ip(text: &str) -> Value<'static> {
    Value::Ip(text.parse::<IpAddr>().expect("an address"))
}

fn array<'a>(items: &'a [Value<'a>]) -> Value<'a> {
    Value::Array(ArrayRef::Built(items))
}

fn yes(yes: bool) -> Value<'static> {
    Value::Bool(yes)
}

fn signature(name: &str) -> Signature {
    stdlib::signatures().into_iter().find(|s| s.name == name).unwrap_or_else(|| panic!("there is no {name}"))
}

fn constant(value: &Value<'_>) -> Option<Const> {
    match value {
        Value::Bool(b) => Some(Const::Bool(*b)),
        Value::Int(i) => Some(Const::Int(*i)),
        Value::Float(f) => Some(Const::Float(*f)),
        Value::Bytes(b) => Some(Const::Bytes(b.to_vec())),
        Value::Ip(ip) => Some(Const::Ip(*ip)),
        _ => None,
    }
}

/// A place where these arguments are given, those as constants of which `literal` says so; and all arguments, with defaults.
fn site<'a>(signature: &'a Signature, args: &[Value<'a>], literal: impl Fn(ArgKind) -> bool) -> (Site, Vec<Value<'a>>) {
    let mut args = args.to_vec();
    let given = args.len();
    args.extend(signature.params.iter().skip(given).filter_map(|p| p.default.as_ref()).map(Value::of));
    let kind = |n: usize| signature.param(n).expect("a parameter").kind;
    let constants = args.iter().enumerate().map(|(n, v)| constant(v).filter(|_| n >= given || literal(kind(n)))).collect();
    let ty = |v: &Value<'_>| constant(v).map_or(Type::Bytes, |c| c.ty());
    let function = quintet_lang::FunctionId(0);
    (Site { function, args: args.iter().map(ty).collect(), constants, result: Type::Bytes, span: Span::default() }, args)
}

/// Calls a function with what must be literal, and with all that may be literal, as constants, and expects the same of both.
fn check(name: &str, args: &[Value<'_>], expected: Value<'_>) {
    let signature = signature(name);
    let library = Library::standard();
    for eager in [false, true] {
        let literal = |kind| kind == ArgKind::Literal || eager && kind == ArgKind::Either;
        let (site, args) = site(&signature, args, literal);
        let function = library.get(name).expect("a function").bind(&site).unwrap_or_else(|e| panic!("{name}{args:?}: {e}"));
        let scratch = Scratch::new(&quintet_lang::Limits { memory_bytes: 1 << 20, ..Default::default() });
        let found = function.call(&args, &scratch).expect("no trap");
        assert_eq!(found, expected, "{name}{args:?} with constants {:?}", site.constants);
        assert!(!found.is_nil() || signature.may_be_nil, "{name} may not be nil");
    }
}

fn all(table: &[(&str, &[Value<'_>], Value<'_>)]) {
    for (name, args, expected) in table {
        check(name, args, *expected);
    }
}

/// Expects a constant argument to be refused with a message that says this.
fn refused(name: &str, args: &[Value<'_>], says: &str) {
    let signature = signature(name);
    let (site, _) = site(&signature, args, |kind| kind != ArgKind::Dynamic);
    match Library::standard().get(name).expect("a function").bind(&site) {
        Ok(_) => panic!("{name}{args:?} is accepted"),
        Err(message) => assert!(message.contains(says), "{name}{args:?}: {message}"),
    }
}

#[test]
fn bytes() {
    let every: Vec<u8> = (0..=255).collect();
    let forty = every.repeat(40);
    all(&[
        ("find", &[b("abcabc"), b("c")], i(2)),
        ("find", &[b("abcabc"), b("c"), i(3)], i(5)),
        ("find", &[b("abcabc"), b("c"), i(6)], NIL),
        ("find", &[b("abcabc"), b(""), i(6)], i(6)),
        ("find", &[b("abcabc"), b("a"), i(7)], NIL),
        ("find", &[b("abcabc"), b("a"), i(-1)], NIL),
        ("xor_bytes", &[b("abc"), b("")], b("abc")),
        ("xor_bytes", &[b("abcde"), b(" \0")], b("AbCdE")),
        ("sum_bytes", &[b("")], i(0)),
        ("sum_bytes", &[b("aaa9")], i(3 * 97 + 57)),
        ("entropy", &[b("")], Value::Float(0.0)),
        ("entropy", &[b("aaaa")], Value::Float(0.0)),
        ("entropy", &[b("abcd")], Value::Float(2.0)),
        ("entropy", &[Value::Bytes(&forty)], Value::Float(8.0)),
        ("crc32", &[b("123456789")], i(0xcbf4_3926)),
        ("crc32", &[b("")], i(0)),
        ("adler32", &[b("Wikipedia")], i(0x11e6_0398)),
        ("adler32", &[b("")], i(1)),
        ("encode_hex", &[b("\0AZ~")], b("00415a7e")),
        ("decode_hex", &[b("00415A7e")], b("\0AZ~")),
        ("decode_hex", &[b("0")], NIL),
        ("decode_hex", &[b("0g")], NIL),
    ]);
    let of = |hex: &str| -> Vec<u8> { (0..hex.len()).step_by(2).filter_map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok()).collect() };
    let (zlib, raw, gzip) = (
        of("789ccb48cdc9c957c8402701680308b1"),
        of("cb48cdc9c957c8402701"),
        of("1f8b0800000000000203cb48cdc9c957c8402701e3513d8d17000000"),
    );
    let hello = b("hello hello hello hello");
    all(&[
        ("inflate", &[Value::Bytes(&zlib)], hello),
        ("inflate", &[Value::Bytes(&raw), b("r")], hello),
        ("inflate", &[Value::Bytes(&gzip), b("g")], hello),
        ("inflate", &[Value::Bytes(&zlib[..zlib.len() - 5])], NIL),
        ("inflate", &[b("no data")], NIL),
        ("inflate", &[Value::Bytes(&zlib), b("r")], NIL),
        ("md5", &[b("abc")], Value::Bytes(&of("900150983cd24fb0d6963f7d28e17f72"))),
        ("sha1", &[b("abc")], Value::Bytes(&of("a9993e364706816aba3e25717850c26c9cd0d89d"))),
    ]);
    refused("inflate", &[b(""), b("rg")], "exclude");
    refused("inflate", &[b(""), b("x")], "no flag");
}

/// Little data may stand for very much.
#[test]
fn inflating_ends_at_the_limits() {
    use std::io::Write;
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&vec![0; 64 << 20]).expect("memory");
    let bomb = packer.finish().expect("memory");
    assert!(bomb.len() < 100_000);
    let signature = signature("inflate");
    let (site, args) = site(&signature, &[Value::Bytes(&bomb)], |kind| kind == ArgKind::Literal);
    let function = Library::standard().get("inflate").expect("a function").bind(&site).expect("bound");
    for (limits, trap) in [
        (Limits { memory_bytes: 1 << 20, ..Limits::default() }, Trap::Memory),
        (Limits { memory_bytes: 128 << 20, steps: 10_000, ..Limits::default() }, Trap::Budget),
    ] {
        assert_eq!(function.call(&args, &Scratch::new(&limits)).expect_err("a trap"), trap);
    }
}

#[test]
fn text() {
    all(&[
        ("lower", &[b("AbZ\u{c4}")], b("abz\u{c4}")),
        ("upper", &[b("aBz\u{e4}")], b("ABZ\u{e4}")),
        ("len", &[b("abc")], i(3)),
        ("len", &[array(&[i(1), i(2)])], i(2)),
        ("starts_with", &[b("/api/x"), b("/api")], yes(true)),
        ("starts_with", &[b("/api"), b("/API")], yes(false)),
        ("ends_with", &[b("a.png"), b(".png")], yes(true)),
        ("ends_with", &[b("png"), b(".png")], yes(false)),
        ("contains", &[b("abc"), b("bc")], yes(true)),
        ("contains", &[b("abc"), b("BC")], yes(false)),
        ("contains", &[b(""), b("")], yes(true)),
        ("concat", &[b("/"), NIL, b("/p")], b("//p")),
        ("concat", &[array(&[i(1)]), array(&[i(2)])], array(&[i(1), i(2)])),
        ("concat", &[NIL, NIL], NIL),
        ("substring", &[b("asdfghjk"), i(2), i(5)], b("dfg")),
        ("substring", &[b("asdfghjk"), i(2)], b("dfghjk")),
        ("substring", &[b("asdfghjk"), i(-2)], b("jk")),
        ("substring", &[b("asdfghjk"), i(0), i(-2)], b("asdfgh")),
        ("substring", &[b("asdfghjk"), i(6), i(99)], b("jk")),
        ("substring", &[b("asdfghjk"), i(-99), i(1)], b("a")),
        ("substring", &[b("asdfghjk"), i(5), i(2)], b("")),
        ("split", &[b("a,,b"), b(","), i(128)], array(&[b("a"), b(""), b("b")])),
        ("split", &[b("groceries,electronics,diy,auto"), b(","), i(3)], array(&[b("groceries"), b("electronics"), b("diy,auto")])),
        ("split", &[b("a,b"), b(","), i(1)], array(&[b("a,b")])),
        ("split", &[b(""), b(","), i(9)], array(&[b("")])),
        ("split", &[b(",a,"), b(","), i(9)], array(&[b(""), b("a"), b("")])),
        ("split", &[b("a--b---c"), b("--"), i(9)], array(&[b("a"), b("b"), b("-c")])),
        ("join", &[array(&[]), b(",")], b("")),
        ("join", &[array(&[b("a")]), b(",")], b("a")),
        ("join", &[array(&[b("a"), b(""), b("c")]), b(", ")], b("a, , c")),
        ("to_string", &[i(5)], b("5")),
        ("to_string", &[i(i64::MIN)], b("-9223372036854775808")),
        ("to_string", &[yes(true)], b("true")),
        ("to_string", &[yes(false)], b("false")),
        ("to_string", &[ip("10.0.0.1")], b("10.0.0.1")),
        ("to_string", &[ip("2001:0:130f::9c0:876a:130b")], b("2001:0:130f::9c0:876a:130b")),
        ("to_string", &[ip("1111:2222:3333:4444:5555:6666:7777:8888")], b("1111:2222:3333:4444:5555:6666:7777:8888")),
        ("to_string", &[Value::Float(1.0)], b("1.0")),
        ("to_string", &[Value::Float(-2.2250738585072014e-308)], b("-2.2250738585072014e-308")),
        ("remove_bytes", &[b("www.cloudflare.com"), b("\x2e\x77")], b("cloudflarecom")),
        ("remove_bytes", &[b("abc"), b("")], b("abc")),
        ("remove_bytes", &[b("aaa"), b("a")], b("")),
        ("remove_query_args", &[b("order=asc&country=GB"), b("country")], b("order=asc")),
        ("remove_query_args", &[b("category=Foo&order=desc&category=Bar"), b("category")], b("order=desc")),
        ("remove_query_args", &[b("category=Foo&order=desc"), b("x")], b("category=Foo&order=desc")),
        ("remove_query_args", &[b("a=1&b&c=3&&B"), b("c"), b("b")], b("a=1&&B")),
        ("remove_query_args", &[b("a=1"), b("a")], b("")),
        ("remove_query_args", &[b(""), b("a")], b("")),
    ]);
    refused("split", &[b("a"), b(""), i(2)], "separator is empty");
    refused("split", &[b("a"), b(","), i(0)], "from 1 to 128");
    refused("split", &[b("a"), b(","), i(129)], "from 1 to 128");
}

#[test]
fn replacing() {
    let url = b("https://apps.example.com/calendar/admin?expand=true");
    all(&[
        ("regex_replace", &[b("/foo/bar"), b("/bar$"), b("/baz")], b("/foo/baz")),
        ("regex_replace", &[b("/x"), b("^/y$"), b("/b")], b("/x")),
        ("regex_replace", &[b("/b"), b("^/B$"), b("/c")], b("/b")),
        ("regex_replace", &[b("/b"), b("^/b$"), b("/b$$")], b("/b$")),
        ("regex_replace", &[b("/a/a"), b("/a"), b("/b")], b("/b/a")),
        ("regex_replace", &[b("/foo/a/path"), b("^/foo/([^/]*)/(.*)$"), b("/bar/${2}/${1}")], b("/bar/path/a")),
        ("regex_replace", &[b("ab"), b("(?<x>a)|(c)"), b("[${x}${2}${0}]")], b("[aa]b")),
        ("regex_replace", &[b("ab"), b(""), b("-")], b("-ab")),
        ("regex_replace", &[b("\u{e4}x"), b(r"\xa4"), b("")], Value::Bytes(b"\xc3x")),
        ("wildcard", &[b("/Apps/x"), b("/apps/*")], yes(true)),
        ("wildcard", &[b("/apps"), b("/apps/*")], yes(false)),
        ("wildcard", &[b("a*\\"), b(r"a\*\\")], yes(true)),
        ("wildcard_replace", &[b("/Apps/calendar"), b("/apps/*"), b("/${1}")], b("/calendar")),
        ("wildcard_replace", &[b("/Apps/calendar"), b("/apps/*"), b("/${1}"), b("s")], b("/Apps/calendar")),
        ("wildcard_replace", &[b("/apps/Calendar"), b("/apps/*"), b("/${1}"), b("s")], b("/Calendar")),
        (
            "wildcard_replace",
            &[url, b("https://*.example.com/*/*"), b("https://example.com/${1}/${2}/${3}")],
            b("https://example.com/apps/calendar/admin?expand=true"),
        ),
        ("wildcard_replace", &[b("abXab"), b("*ab"), b("<${1}>")], b("<abX>")),
        ("wildcard_replace", &[b("a-b-c"), b("*-*"), b("${2}|${1}")], b("b-c|a")),
        ("wildcard_replace", &[b("aba"), b("ab*ba"), b("")], b("aba")),
        ("wildcard_replace", &[b("a*\\b"), b(r"a\*\\*"), b("$$${1}")], b("$b")),
        ("wildcard_replace", &[b("x"), b("x"), b("y")], b("y")),
        ("wildcard_replace", &[b("xx"), b("x"), b("y")], b("xx")),
        ("wildcard_replace", &[b(""), b("*"), b("[${1}]")], b("[]")),
    ]);
    let nine = "${1}".repeat(9);
    refused("regex_replace", &[b("a"), b("(a"), b("")], "malformed");
    refused("regex_replace", &[b("a"), b("(?:a{1000}){1000}"), b("")], "limit");
    refused("regex_replace", &[b("a"), b("(a)"), b("${2}")], "has 1");
    refused("regex_replace", &[b("a"), b("(a)"), b("${x}")], "no group of that name");
    refused("regex_replace", &[b("a"), b("(a)"), b("$1")], "no reference");
    refused("regex_replace", &[b("a"), b("(a)"), b("${1")], "no reference");
    refused("regex_replace", &[b("a"), b("(a)"), b(&nine)], "9 references");
    refused("regex_replace", &[b("a"), b(&"(a)".repeat(10_000)), b("")], "groups");
    refused("wildcard_replace", &[b("a"), b("a**"), b("")], "`**`");
    refused("wildcard_replace", &[b("a"), b("a\\"), b("")], "backslash");
    refused("wildcard_replace", &[b("a"), b("*"), b("${2}")], "from 1 to 1");
    refused("wildcard_replace", &[b("a"), b("*"), b("${0}")], "from 1 to 1");
    refused("wildcard_replace", &[b("a"), b("a"), b("${1}")], "no `*`");
    refused("wildcard_replace", &[b("a"), b("*"), b(&nine)], "9 references");
    refused("wildcard_replace", &[b("a"), b("*"), b(""), b("i")], "no flag \"i\"");
    refused("wildcard", &[b("a"), b("**")], "`**`");
}

#[test]
fn encodings() {
    all(&[
        ("url_decode", &[b("a%20b+c")], b("a b c")),
        ("url_decode", &[b("%2520")], b("%20")),
        ("url_decode", &[b("%2520"), b("r")], b(" ")),
        ("url_decode", &[b("%252525252B"), b("r")], b(" ")),
        ("url_decode", &[b("%2B")], b("+")),
        ("url_decode", &[b("%u2601"), b("u")], Value::Bytes(b"\xe2\x98\x81")),
        ("url_decode", &[b("%u2601")], b("%u2601")),
        ("url_decode", &[b("%u0041%uD83D%uDE00"), b("u")], b("A\u{1f600}")),
        ("url_decode", &[b("%uD83D%u0041"), b("u")], b("%uD83DA")),
        ("url_decode", &[b("%25u2601%25%75d83d%ude00"), b("ur")], b("\u{2601}\u{1f600}")),
        ("url_decode", &[b("%u0025%u0032%u0030"), b("ru")], b(" ")),
        ("url_decode", &[b("100%"), b("r")], b("100%")),
        ("url_decode", &[b("%zz%4%")], b("%zz%4%")),
        ("url_decode", &[b("%fF")], Value::Bytes(b"\xff")),
        ("encode_base64", &[b("hello world")], b("aGVsbG8gd29ybGQ")),
        ("encode_base64", &[b("hello world"), b("p")], b("aGVsbG8gd29ybGQ=")),
        ("encode_base64", &[Value::Bytes(b"\xfb\xff")], b("+/8")),
        ("encode_base64", &[Value::Bytes(b"\xfb\xff"), b("u")], b("-_8")),
        ("encode_base64", &[Value::Bytes(b"\xfb\xff"), b("up")], b("-_8=")),
        ("encode_base64", &[b("")], b("")),
        ("decode_base64", &[b("aGVsbG8gd29ybGQ")], b("hello world")),
        ("decode_base64", &[b("aGVsbG8gd29ybGQ=")], b("hello world")),
        ("decode_base64", &[b("aGVsbG8h")], b("hello!")),
        ("decode_base64", &[b("")], b("")),
        ("decode_base64", &[b("a")], NIL),
        ("decode_base64", &[b("aGVs bG8")], NIL),
        ("decode_base64", &[b("-_8=")], NIL),
    ]);
    refused("url_decode", &[b(""), b("x")], "no flag \"x\"");
    refused("encode_base64", &[b(""), b("x")], "no flag \"x\"");
}

/// Bytes written as hexadecimal digits.
fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).expect("digits")).collect()
}

#[test]
fn hashes() {
    let sha256 = hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    let sha512 = hex(concat!(
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a",
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
    ));
    // RFC 4231, test case 2.
    let mac256 = hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    let mac512 = hex(concat!(
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554",
        "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
    ));
    let random = b"\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff\x12";
    all(&[
        ("sha256", &[b("abc")], Value::Bytes(&sha256)),
        ("sha512", &[b("abc")], Value::Bytes(&sha512)),
        ("hmac", &[b("what do ya want for nothing?"), b("Jefe"), b("sha256")], Value::Bytes(&mac256)),
        ("hmac", &[b("what do ya want for nothing?"), b("Jefe"), b("sha512")], Value::Bytes(&mac512)),
        ("uuidv4", &[Value::Bytes(random)], b("00112233-4455-4677-8899-aabbccddeeff")),
        ("uuidv4", &[Value::Bytes(&[0xff; 16])], b("ffffffff-ffff-4fff-bfff-ffffffffffff")),
        ("uuidv4", &[Value::Bytes(&[0; 15])], NIL),
        ("hash_in_range", &[i(7), i(8), b("x")], i(7)),
    ]);
    refused("hmac", &[b(""), b(""), b("md5")], "no algorithm \"md5\"");
    refused("hash_in_range", &[i(5), i(5), b("")], "larger than the first");
}

fn hash(low: i64, high: i64, values: &[Value<'_>]) -> i64 {
    let args = [&[i(low), i(high)], values].concat();
    let signature = signature("hash_in_range");
    let (site, args) = site(&signature, &args, |_| false);
    let function = Library::standard().get("hash_in_range").expect("a function").bind(&site).expect("binds");
    match function.call(&args, &Scratch::new(&quintet_lang::Limits { memory_bytes: 0, ..Default::default() })) {
        Ok(Value::Int(hash)) => hash,
        other => panic!("{other:?}"),
    }
}

#[test]
fn hashes_in_ranges_are_fixed_and_even() {
    // These must never change: samples are drawn by them.
    assert_eq!(hash(0, 1_000_000, &[b("seed")]), 964_373);
    assert_eq!(hash(i64::MIN, i64::MAX, &[i(1), yes(true), ip("10.0.0.1"), ip("::1"), Value::Float(0.5)]), -21_120_652_673_932_231);
    assert_ne!(hash(0, i64::MAX, &[b("ab"), b("c")]), hash(0, i64::MAX, &[b("a"), b("bc")]));
    let below = (0..10_000).filter(|n| hash(-50, 50, &[i(*n)]) < -40).count();
    assert!((900..1100).contains(&below), "{below}");
    let signature = signature("hash_in_range");
    let (site, args) = site(&signature, &[i(1), i(0), b("")], |_| false);
    let function = Library::standard().get("hash_in_range").expect("a function").bind(&site).expect("binds");
    assert_eq!(function.call(&args, &Scratch::new(&quintet_lang::Limits { memory_bytes: 0, ..Default::default() })), Ok(NIL));
}

#[test]
fn timed_macs() {
    // The HMAC-SHA256 of "/download/cat.jpg1484063788" under this key.
    let key = b("mysecrettoken");
    let signed = b("/download/cat.jpg?verify=1484063788-%2B3WWYHr1JjvNYd4LB8h%2FcpLKOQD5KuWbB2wBMVBuglk%3D");
    let plain = b("/download/cat.jpg1484063788-+3WWYHr1JjvNYd4LB8h/cpLKOQD5KuWbB2wBMVBuglk");
    let safe = b("/download/cat.jpg1484063788--3WWYHr1JjvNYd4LB8h_cpLKOQD5KuWbB2wBMVBuglk");
    let other = b("/download/cat.jpg1484063789-+3WWYHr1JjvNYd4LB8h/cpLKOQD5KuWbB2wBMVBuglk");
    let ttl = i(100);
    let stamp = 1_484_063_788;
    let name = "is_timed_hmac_valid_v0";
    all(&[
        (name, &[key, signed, ttl, i(stamp), i(8)], yes(true)),
        (name, &[key, signed, ttl, i(stamp + 100), i(8)], yes(true)),
        (name, &[key, signed, ttl, i(stamp + 101), i(8)], yes(false)),
        (name, &[key, signed, i(i64::MAX), i(i64::MAX), i(8)], yes(true)),
        (name, &[key, signed, ttl, i(stamp), i(7)], yes(false)),
        (name, &[key, signed, ttl, i(stamp), i(4_000_000)], yes(false)),
        (name, &[b("other"), signed, ttl, i(stamp), i(8)], yes(false)),
        (name, &[key, plain, ttl, i(stamp)], yes(true)),
        (name, &[key, other, ttl, i(stamp)], yes(false)),
        (name, &[key, safe, ttl, i(stamp), i(0), b("s")], yes(true)),
        (name, &[key, safe, ttl, i(stamp)], yes(false)),
        (name, &[key, plain, ttl, i(stamp), i(0), b("s")], yes(false)),
        (name, &[key, b(""), ttl, i(0)], yes(false)),
        (name, &[key, b("-"), ttl, i(0)], yes(false)),
        (name, &[key, b("a1484063788-"), ttl, i(0)], yes(false)),
    ]);
    refused(name, &[key, signed, i(-1), i(0)], "from 0 to");
    refused(name, &[key, signed, i(1), i(0), i(-1)], "from 0 to");
    refused(name, &[key, signed, i(1), i(0), i(0), b("t")], "no flag \"t\"");
}

#[test]
fn json() {
    let company = b(
        r#"{"company": "cloudflare", "product": "rulesets", "sites": [1, {"n": 42, "x": "a\u00e9\n"}], "f": 42.0, "big": 9223372036854775808}"#,
    );
    let text = "lookup_json_string";
    let int = "lookup_json_integer";
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let beside = format!(r#"{{"deep": {deep}, "a": "x"}}"#);
    all(&[
        (text, &[company, b("company")], b("cloudflare")),
        (text, &[company, b("sites"), i(1), b("x")], b("a\u{e9}\n")),
        (text, &[company, b("sites"), i(0)], NIL),
        (text, &[company, b("sites")], NIL),
        (text, &[company, b("company"), b("x")], NIL),
        (text, &[company, b("absent")], NIL),
        (text, &[company, i(0)], NIL),
        (text, &[b(r#"["other_company", "demo_company"]"#), i(1)], b("demo_company")),
        (text, &[b(r#"[["a"]]"#), i(0), i(0)], b("a")),
        (text, &[b(r#"["a"]"#), i(1)], NIL),
        (text, &[b(r#"["a"]"#), b("0")], NIL),
        (text, &[b(r#"{"a": "x", "a": "y"}"#), b("a")], b("y")),
        (text, &[b(r#"{"\u0061": "x"}"#), b("a")], b("x")),
        (text, &[b(r#"{"\ud800": "y", "b": "\udfff", "c": 1e999, "a": "x"}"#), b("a")], b("x")),
        (text, &[b(r#"{"a": "\ud800"}"#), b("a")], NIL),
        (int, &[b(r#"{"a": -0}"#), b("a")], i(0)),
        (int, &[b(r#"{"a": 1.0}"#), b("a")], NIL),
        (int, &[b(r#"{"a": 1e3}"#), b("a")], NIL),
        (int, &[b(r#"{"a": 1e999}"#), b("a")], NIL),
        (int, &[b(r#"{"a": 1, "a": 2}"#), b("a")], i(2)),
        (text, &[b(r#"{"a": "x"} z"#), b("a")], NIL),
        (text, &[b(r#"{"a": "x""#), b("a")], NIL),
        (text, &[b(""), b("a")], NIL),
        (text, &[b(&beside), b("a")], b("x")),
        (text, &[b(&deep), i(0), i(0)], NIL),
        (int, &[b(r#"{"record_id": "aed53a", "version": 2}"#), b("version")], i(2)),
        (int, &[b(r#"["x", -234]"#), i(1)], i(-234)),
        (int, &[b(r#"[["product_id", 123]]"#), i(0), i(1)], i(123)),
        (int, &[company, b("sites"), i(1), b("n")], i(42)),
        (int, &[company, b("f")], NIL),
        (int, &[company, b("big")], NIL),
        (int, &[company, b("company")], NIL),
        (int, &[b("[1e2]"), i(0)], NIL),
        (int, &[b("[null, true, -9223372036854775808]"), i(2)], i(i64::MIN)),
        (int, &[b("[null, true]"), i(0)], NIL),
        (int, &[b("[null, true]"), i(1)], NIL),
    ]);
    refused(text, &[company, i(-1)], "numbered from 0");
    let lookup = signature(int);
    let (site, args) = site(&lookup, &[b("[1]"), i(-1)], |_| false);
    let function = Library::standard().get(int).expect("a function").bind(&site).expect("binds");
    assert_eq!(function.call(&args, &Scratch::new(&quintet_lang::Limits { memory_bytes: 0, ..Default::default() })), Ok(NIL));
}

#[test]
fn collections() {
    let entries = [(b"a".as_slice(), i(1)), (b"b".as_slice(), i(2))];
    let map = Value::Map(MapRef::Built(&entries));
    let nan = Value::Float(f64::NAN);
    all(&[
        ("has_key", &[map, b("a")], yes(true)),
        ("has_key", &[map, b("c")], yes(false)),
        ("count", &[map], i(2)),
        ("count", &[array(&[b("x"), b(""), b("x")])], i(3)),
        ("count", &[array(&[])], i(0)),
        ("has_value", &[map, i(2)], yes(true)),
        ("has_value", &[map, i(3)], yes(false)),
        ("has_value", &[array(&[b("x"), b("y")]), b("y")], yes(true)),
        ("has_value", &[array(&[]), b("y")], yes(false)),
        ("has_value", &[array(&[nan]), nan], yes(false)),
        ("has_value", &[array(&[Value::Float(0.0)]), Value::Float(-0.0)], yes(true)),
        ("coalesce", &[NIL, i(0)], i(0)),
        ("coalesce", &[NIL, NIL, b("x"), b("y")], b("x")),
        ("coalesce", &[b(""), b("y")], b("")),
        ("coalesce", &[NIL, NIL], NIL),
    ]);
}

#[test]
fn networks() {
    all(&[
        ("cidr", &[ip("113.10.0.2"), i(24), i(24)], ip("113.10.0.0")),
        ("cidr", &[ip("2001:0:130f::9c0:876a:130b"), i(24), i(24)], ip("2001::")),
        ("cidr", &[ip("255.255.255.255"), i(1), i(128)], ip("128.0.0.0")),
        ("cidr", &[ip("255.255.255.255"), i(32), i(1)], ip("255.255.255.255")),
        ("cidr", &[ip("::1"), i(32), i(128)], ip("::1")),
        ("cidr6", &[ip("2001:0:130f::9c0:876a:130b"), i(24)], ip("2001::")),
        ("cidr6", &[ip("113.10.0.2"), i(24)], ip("113.10.0.2")),
        ("ip_in_range", &[ip("10.1.2.3"), b("10.0.0.0/8")], yes(true)),
        ("ip_in_range", &[ip("11.1.2.3"), b("10.0.0.0/8")], yes(false)),
        ("ip_in_range", &[ip("11.1.2.3"), b("0.0.0.0/0")], yes(true)),
        ("ip_in_range", &[ip("::1"), b("0.0.0.0/0")], yes(false)),
        ("ip_in_range", &[ip("2001:db8::7"), b("2001:db8::/32")], yes(true)),
        ("ip_in_range", &[ip("10.0.0.1"), b("10.0.0.1")], yes(true)),
    ]);
    refused("cidr", &[ip("::"), i(0), i(1)], "IPv4 network is 0, but must be from 1 to 32");
    refused("cidr", &[ip("::"), i(33), i(1)], "from 1 to 32");
    refused("cidr", &[ip("::"), i(1), i(129)], "from 1 to 128");
    refused("cidr6", &[ip("::"), i(0)], "from 1 to 128");
    refused("ip_in_range", &[ip("::"), b("10.0.0.1/8")], "write \"10.0.0.0/8\"");
    refused("ip_in_range", &[ip("::"), b("10.0.0.0/33")], "at most 32");
    refused("ip_in_range", &[ip("::"), b("10.0.0.0/+8")], "is no network");
    refused("ip_in_range", &[ip("::"), b("ten")], "is no network");
}

#[test]
fn bits() {
    let packet = Value::Bytes(&[0x12, 0x34, 0x56, 0x78, 0x9a, 0xff]);
    all(&[
        ("bit_slice", &[packet, i(0), i(4)], i(1)),
        ("bit_slice", &[packet, i(4), i(8)], i(2)),
        ("bit_slice", &[packet, i(4), i(12)], i(0x23)),
        ("bit_slice", &[packet, i(0), i(1)], i(0)),
        ("bit_slice", &[packet, i(3), i(4)], i(1)),
        ("bit_slice", &[packet, i(0), i(32)], i(0x1234_5678)),
        ("bit_slice", &[packet, i(4), i(36)], i(0x2345_6789)),
        ("bit_slice", &[packet, i(7), i(39)], i(0x1a2b_3c4d)),
        ("bit_slice", &[packet, i(16), i(48)], i(0x5678_9aff)),
        ("bit_slice", &[packet, i(47), i(48)], i(1)),
        ("bit_slice", &[packet, i(47), i(49)], NIL),
        ("bit_slice", &[packet, i(48), i(49)], NIL),
        ("bit_slice", &[packet, i(2040), i(2072)], NIL),
        ("bit_slice", &[b(""), i(0), i(1)], NIL),
        ("bit_slice", &[Value::Bytes(&[0xff; 259]), i(2040), i(2072)], i(0xffff_ffff)),
    ]);
    refused("bit_slice", &[packet, i(-1), i(1)], "from 0 to 2040");
    refused("bit_slice", &[packet, i(2041), i(2042)], "from 0 to 2040");
    refused("bit_slice", &[packet, i(8), i(8)], "from 9 to 40");
    refused("bit_slice", &[packet, i(8), i(4)], "from 9 to 40");
    refused("bit_slice", &[packet, i(8), i(41)], "from 9 to 40");
    refused("bit_slice", &[packet, i(0), i(i64::MAX)], "from 1 to 32");
    refused("bit_slice", &[packet, i(0), i(i64::MIN)], "from 1 to 32");
}

/// Functions that make something trap once they pass the limit, and those that answer a part of an argument cost nothing.
#[test]
fn memory() {
    let long = "a%20,B".repeat(100);
    let call = |name: &str, args: &[Value<'_>]| {
        let signature = signature(name);
        let (site, args) = site(&signature, args, |kind| kind == ArgKind::Literal);
        let function = Library::standard().get(name).expect("a function").bind(&site).expect("binds");
        let scratch = Scratch::new(&quintet_lang::Limits { memory_bytes: 20, ..Default::default() });
        function.call(&args, &scratch).map(|_| ())
    };
    let texts = vec![b(&long); 100];
    let traps: &[(&str, &[Value<'_>])] = &[
        ("split", &[b(&long), b(","), i(9)]),
        ("join", &[array(&texts), b(",")]),
        ("remove_bytes", &[b(&long), b("a")]),
        ("remove_query_args", &[b("a=1&b=2&c=3&d=4&e=5&f=6&g=7"), b("a")]),
        ("regex_replace", &[b(&long), b("a"), b("b")]),
        ("wildcard_replace", &[b(&long), b("*"), b("${1}${1}")]),
        ("url_decode", &[b(&long)]),
        ("decode_base64", &[b("aGVsbG8gd29ybGQaGVsbG8gd29ybGQ")]),
        ("encode_base64", &[b(&long)]),
        ("sha256", &[b("")]),
        ("hmac", &[b(""), b(""), b("sha256")]),
        ("uuidv4", &[b("0123456789abcdef")]),
        ("lookup_json_string", &[b(r#"["\u0061aaaaaaaaaaaaaaaaaaaaa"]"#), i(0)]),
    ];
    for (name, args) in traps {
        assert_eq!(call(name, args), Err(Trap::Memory), "{name}");
    }
    let free: &[(&str, &[Value<'_>])] = &[
        ("join", &[array(&texts[..1]), b(",")]),
        ("remove_bytes", &[b(&long), b("x")]),
        ("remove_query_args", &[b(&long), b("x")]),
        ("regex_replace", &[b(&long), b("x"), b("y")]),
        ("wildcard_replace", &[b(&long), b("x"), b("y")]),
        ("url_decode", &[b("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]),
        ("lookup_json_string", &[b(r#"["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]"#), i(0)]),
    ];
    for (name, args) in free {
        assert_eq!(call(name, args), Ok(()), "{name}");
    }
}

/// Rules that call every function, through the checker and the linker.
#[test]
fn rules() {
    let scheme = Scheme::builder()
        .mandatory("s", Type::Bytes)
        .mandatory("n", Type::Int)
        .mandatory("x", Type::Float)
        .mandatory("ip", Type::Ip)
        .optional("args", Type::map(Type::array(Type::Bytes)))
        .optional("texts", Type::array(Type::Bytes))
        .optional("counts", Type::map(Type::Int))
        .functions(Library::standard().signatures())
        .build()
        .expect("a scheme");
    let rules = [
        r#"contains(s, "x") and not contains(s, s) and s contains "y""#,
        r#"wildcard(s, "a*") and s wildcard "a*""#,
        r#"split(s, ",", 3)[0] == "a" and any(split(s, ",", 3)[*] == "b")"#,
        r#"join(texts, ",") == "a,b" and join(split(s, ",", 9), ";") == "a""#,
        r#"to_string(n) == "5" and to_string(ip) == "::" and to_string(n == 1) == "true" and to_string(x) == "1.0""#,
        r#"remove_bytes(s, "\x2e\x77") == "a" and any(remove_bytes(texts[*], "a")[*] == "")"#,
        r#"remove_query_args(s, "a", "b") == "c=1""#,
        r#"regex_replace(s, r"^/a/(\d+)$", "/${1}") == "/1" and wildcard_replace(s, "a*", "${1}", "s") == "b""#,
        r#"url_decode(s) == "a" and url_decode(s, "ur") == "b" and decode_base64(s) == "a" and encode_base64(sha256("a"), "p") == "b""#,
        r#"sha512(s) == "" or hmac(s, "key", "sha256") == "" or uuidv4(s) == """#,
        r#"hash_in_range(0, 100, s, n, ip) < 10"#,
        r#"lookup_json_string(s, "a", 0, "b") == "c" and lookup_json_integer(s, 1) == -234"#,
        r#"has_key(args, "a") and has_key(counts, s) and has_value(counts, 5) and has_value(texts, "a") and has_value(args["a"], s)"#,
        r#"coalesce(len(args["a"][0]), 0) == 0 and coalesce(args["first"][0], "") == coalesce(args["second"][0], "")"#,
        r#"cidr(ip, 24, 64) == 10.0.0.0 and cidr6(ip, 64) == 10.0.0.1 and ip_in_range(ip, "10.0.0.0/8")"#,
        r#"is_timed_hmac_valid_v0("key", s, 100, n) and is_timed_hmac_valid_v0("key", concat(s, s), 100, n, 8, "s")"#,
    ];
    let library = Library::standard();
    for rule in rules {
        let program = quintet_lang::compile(rule, &scheme, &Limits::default()).unwrap_or_else(|e| panic!("{rule}: {e:?}"));
        Linked::new(program, &library, &Lists::new(), &Limits::default()).unwrap_or_else(|e| panic!("{rule}: {e}"));
    }
    for rule in [
        r#"split(s, s, 3)[0] == "a""#,
        r#"split(s, ",")[0] == "a""#,
        r#"to_string(s) == "a""#,
        r#"decode_base64("YQ") == "a""#,
        r#"has_value(counts, "a")"#,
        r#"has_value(args, "a")"#,
        r#"coalesce(s, 1) == "a""#,
        r#"cidr(10.0.0.1, 24, 24) == 10.0.0.0"#,
        r#"hash_in_range(0, 100) == 0"#,
    ] {
        assert!(quintet_lang::compile(rule, &scheme, &Limits::default()).is_err(), "{rule}");
    }
    let program = quintet_lang::compile(r#"split(s, "", 3)[0] == "a""#, &scheme, &Limits::default()).expect("checks");
    let error = Linked::new(program, &library, &Lists::new(), &Limits::default()).expect_err("is refused");
    assert!(error.to_string().starts_with("split: the separator is empty"), "{error}");
}

#[test]
fn signatures_are_sound() {
    for signature in stdlib::signatures() {
        let optional = signature.params.iter().skip_while(|p| p.default.is_none());
        assert!(optional.clone().all(|p| p.default.is_some()), "{}: defaults stand last", signature.name);
        assert!(signature.rest.is_none() || optional.count() == 0, "{}: no defaults before more arguments", signature.name);
        let bound = |p: &Pattern| !matches!(p, Pattern::Variable(n) if *n >= signature.variables.len());
        assert!(signature.params.iter().all(|p| bound(&p.pattern)) && bound(&signature.result), "{}", signature.name);
        assert!(signature.doc.ends_with('.'), "{}: sentences", signature.name);
        let summary = signature.summary();
        assert!(summary.ends_with('.') && (10..=76).contains(&summary.len()), "{}: {} bytes: {summary}", signature.name, summary.len());
        assert!(!summary.contains(". ") && !summary.contains(';'), "{}: one sentence: {summary}", signature.name);
    }
}

#[test]
fn signatures_read_like_their_calls() {
    for (name, shown) in [
        ("lower", "lower(text: Bytes) -> Bytes"),
        ("len", "len(value: Bytes|Array<any>) -> Int"),
        ("substring", "substring(text: Bytes, start: Int[, end: Int]) -> Bytes"),
        ("split", "split(text: Bytes, separator: literal Bytes, limit: literal Int) -> Array<Bytes>"),
        ("concat", "concat(first: T, second: T[, more: T]...) -> T? where T is Bytes|Array<any>"),
        ("decode_base64", "decode_base64(text: non-literal Bytes) -> Bytes?"),
        ("has_key", "has_key(map: Map<any>, key: Bytes) -> Bool"),
        (
            "is_timed_hmac_valid_v0",
            "is_timed_hmac_valid_v0(key: literal Bytes, signed: Bytes, lifetime: literal Int, now: Int[, separator_length: literal Int[, flags: literal Bytes]]) -> Bool",
        ),
    ] {
        assert_eq!(signature(name).to_string(), shown);
    }
}
