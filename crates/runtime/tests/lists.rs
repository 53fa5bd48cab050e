//! Lists in files: what is read, what is refused and how, and how long it takes.

use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use quintet_lang::Type;
use quintet_runtime::{List, Lists, SetMatcher, Value};

fn parse(name: &str, text: &[u8], ty: Type) -> Result<List, String> {
    List::parse(Path::new(name), text, &ty).map_err(|e| e.to_string())
}

fn list(name: &str, text: &[u8], ty: Type) -> List {
    parse(name, text, ty).unwrap_or_else(|e| panic!("{}: {e}", text.escape_ascii()))
}

fn ip(text: &str) -> Value<'static> {
    Value::Ip(text.parse().expect("an address"))
}

#[test]
fn lines_of_each_type() {
    let ints = list("l", b"\xef\xbb\xbf# ports\n80\r\n\n  0x10..0x1f # a range\n\t-5\n", Type::Int);
    for (value, holds) in [(80, true), (16, true), (31, true), (32, false), (-5, true), (0, false)] {
        assert_eq!(ints.contains(&Value::Int(value)), holds, "{value}");
    }
    let ips = list("l", b"10.0.0.0/8\n192.168.0.1..192.168.0.9\n::1 # here\n2001:db8::/32", Type::Ip);
    for (value, holds) in [("10.1.2.3", true), ("192.168.0.10", false), ("::1", true), ("2001:db8::5", true), ("::ffff:10.0.0.1", false)] {
        assert_eq!(ips.contains(&ip(value)), holds, "{value}");
    }
    let text = b"plain\n two words \n\"  kept \"\n\"#1\" # a comment\n#2\na#b\n\"q\\\"\\\\\\x0a\\377\"\n\xff\xfe\n\"\"\nr\"x\"\r\n";
    let bytes = list("l", text, Type::Bytes);
    let members: Vec<&[u8]> = vec![b"", b"  kept ", b"#1", b"a#b", b"plain", b"q\"\\\n\xff", b"r\"x\"", b"two words", b"\xff\xfe"];
    let SetMatcher::Bytes(set) = bytes.members() else { panic!("a set of Bytes") };
    assert!(set.len() == members.len() && members.iter().all(|member| set.contains(member)));
    assert!(!list("l", b"", Type::Int).contains(&Value::Int(0)) && !ints.contains(&Value::Nil) && !ints.contains(&Value::Bytes(b"80")));
}

#[test]
fn csv_has_values() {
    let text = b"# member, reason\n10.0.0.0/8,private\n10.1.0.0/16,\"lab, east\"\n10.1.0.0/16,lab\n::1\n\n192.168.0.1 ,\n";
    let ips = list("l.CSV", text, Type::Ip);
    let value = |text: &str| ips.value(&ip(text)).map(|v| String::from_utf8_lossy(v).into_owned());
    assert_eq!(value("10.9.9.9").as_deref(), Some("private"));
    assert_eq!(value("10.1.2.3").as_deref(), Some("lab"), "the smallest range, and the last of two");
    assert_eq!((value("::1"), value("8.8.8.8"), value("192.168.0.1")), (None, None, Some(String::new())));
    assert!(ips.contains(&ip("::1")) && ips.contains(&ip("192.168.0.1")));
    let bytes = list("l.csv", b"\"#a\",1\n\" b \"\n\"c\"\"d,\ne\",\xff\n f\n", Type::Bytes);
    for member in [b"#a".as_slice(), b" b ", b"c\"d,\ne", b" f"] {
        assert!(bytes.contains(&Value::Bytes(member)), "{}", member.escape_ascii());
    }
    assert_eq!(bytes.value(&Value::Bytes(b"c\"d,\ne")), Some(b"\xff".as_slice()));
    let ints = list("l.csv", b"1..100,low\n50,fifty\n", Type::Int);
    assert_eq!((ints.value(&Value::Int(50)), ints.value(&Value::Int(51))), (Some(b"fifty".as_slice()), Some(b"low".as_slice())));
}

#[test]
fn errors_name_the_line_the_cause_and_the_mend() {
    for (name, text, ty, says) in [
        ("p.txt", b"80\n\n443x\n".as_slice(), Type::Int, "p.txt:3: `443x`: "),
        ("p.txt", b"80-90", Type::Int, "a range is written `80..90`"),
        ("p.txt", b"80 443", Type::Int, "one member a line"),
        ("p.txt", b"9..1", Type::Int, "write `1..9`"),
        ("p.txt", b"99999999999999999999", Type::Int, "64-bit"),
        ("p.txt", b"#\n1\xff", Type::Int, "p.txt:2: `1\\xff` is not UTF-8; a list of Int is text"),
        ("p.txt", b"10.0.0.1/8", Type::Ip, "`10.0.0.0/8`"),
        ("p.txt", b"10.0.0.256", Type::Ip, "from 0 to 255"),
        ("p.txt", b"example.org", Type::Ip, "no address"),
        ("p.txt", b"10.0.0.1..::1", Type::Ip, "same family"),
        ("p.txt", b"\"abc", Type::Bytes, "p.txt:1: this quote is not closed"),
        ("p.txt", b"a\n\"a\" b", Type::Bytes, "p.txt:2: `b` stands after the closing quote"),
        ("p.txt", b"\"\\n\"", Type::Bytes, "unknown escape"),
        ("p.txt", b"\"\\400\"", Type::Bytes, "unknown escape"),
        ("p.csv", b"# x\n\n80,a\nhost,b\n", Type::Int, "p.csv:4: `host`"),
        ("p.csv", b"80,a\r\n# c\r\n81,a,b\r\n", Type::Int, "p.csv:3: 3 columns"),
        ("p.csv", b"a,1\n\"b,2\nc,3\n", Type::Bytes, "p.csv:2: a quote is not closed"),
        ("p.csv", b",1\n", Type::Ip, "p.csv:1: ``"),
    ] {
        let message = parse(name, text, ty).err().unwrap_or_else(|| panic!("{} is accepted", text.escape_ascii()));
        assert!(message.contains(says), "{}: {message}", text.escape_ascii());
    }
    let message = List::read(Path::new("no/such/file"), &Type::Int).expect_err("no file").to_string();
    assert!(message.starts_with("no/such/file: "), "{message}");
}

#[test]
fn a_hundred_thousand_members_load_at_once() {
    let mut texts = [String::new(), String::new(), String::new()];
    for i in 0..100_000 {
        let (a, b, c) = (i >> 16, i >> 8 & 255, i & 255);
        writeln!(texts[0], "{}", i * 7).unwrap();
        writeln!(texts[1], "10.{a}.{b}.{c}/32").unwrap();
        writeln!(texts[2], "host-{i}.example.org").unwrap();
    }
    for (text, ty) in texts.iter().zip([Type::Int, Type::Ip, Type::Bytes]) {
        for name in ["l.txt", "l.csv"] {
            let start = Instant::now();
            let list = list(name, text.as_bytes(), ty.clone());
            println!("{ty} {name}: {:?}", start.elapsed());
            assert!(start.elapsed() < Duration::from_millis(if cfg!(debug_assertions) { 5000 } else { 500 }), "{ty} {name}");
            let last = [Value::Int(699_993), ip("10.1.134.159"), Value::Bytes(b"host-99999.example.org")];
            assert_eq!(last.iter().filter(|v| list.contains(v)).count(), 1);
        }
    }
}

#[test]
fn lists_are_declared_filled_and_replaced() {
    let lists = Lists::new();
    assert!(lists.declare("a.b_1", Type::Ip).is_ok() && lists.get("a.b_1", &Type::Ip).is_none());
    for name in ["", "A", "a-b", ".a", "a.", "a b"] {
        assert!(lists.declare(name, Type::Ip).is_err(), "{name}");
    }
    assert!(lists.declare("f", Type::Float).is_err_and(|e| e.to_string().contains("not of Float")));
    lists.clone().replace("a.b_1", list("l", b"::1", Type::Ip)).expect("a list");
    assert!(lists.get("a.b_1", &Type::Ip).is_some_and(|l| l.contains(&ip("::1"))));
    lists.declare("a.b_1", Type::Ip).expect("declared again");
    assert!(lists.get("a.b_1", &Type::Ip).is_some(), "declaring again changes nothing");
    assert_eq!(lists.declared(), [("a.b_1".to_owned(), Type::Ip)]);
}
