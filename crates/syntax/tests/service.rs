//! What the language service answers.

mod common;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use quintet_lang::ast::Const;
use quintet_lang::{Field, FieldValue, Limits, Presence, Scheme, Type, compile, stdlib};
use serde_json::Value;

use quintet_syntax::service::{Completion, CompletionKind, Positions, Service, operators};

fn scheme() -> Scheme {
    let multi =
        Field { name: "tcp.port".into(), ty: Type::array(Type::Int), presence: Presence::Optional, multi: true, doc: "Both ports.".into() };
    let value = |value: Const, doc: &str| FieldValue { value, doc: doc.into() };
    Scheme::builder()
        .field(multi)
        .mandatory("tcp.srcport", Type::Int)
        .mandatory("http.request.method", Type::Bytes)
        .mandatory("http.host", Type::Bytes)
        .mandatory("ip.src", Type::Ip)
        .mandatory("ip.proto", Type::Int)
        .mandatory("ssl", Type::Bool)
        .optional("score", Type::Float)
        .mandatory("headers", Type::map(Type::array(Type::Bytes)))
        .values("http.request.method", [value(Const::Bytes(b"GET".to_vec()), ""), value(Const::Bytes(b"POST".to_vec()), "")])
        .values("ip.proto", [value(Const::Int(6), "TCP"), value(Const::Int(17), "UDP")])
        .functions(stdlib::signatures())
        .lists(Type::Ip)
        .build()
        .expect("a scheme")
}

fn service() -> Service {
    Service::new(scheme(), Limits::default())
}

/// The text without the mark `|`, and where that stood.
fn marked(text: &str) -> (String, usize) {
    let at = text.find('¦').expect("a mark");
    (text.replace('¦', ""), at)
}

fn complete(text: &str) -> Vec<Completion> {
    let (text, at) = marked(text);
    service().complete(&text, at).items
}

fn labels(text: &str) -> Vec<String> {
    complete(text).into_iter().map(|item| item.label).collect()
}

/// The text after the first completion was taken.
fn taken(text: &str) -> String {
    let (text, at) = marked(text);
    let found = service().complete(&text, at);
    let first = found.items.first().unwrap_or_else(|| panic!("nothing at {at} of {text}"));
    [&text[..found.at.start.byte], &first.insert, &text[found.at.end.byte..]].concat()
}

#[test]
fn a_misspelt_field_is_underlined_and_mended() {
    let service = service();
    let text = "tcp.prt == 80";
    let found = service.check(text);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].code, found[0].at.start.byte, found[0].at.end.byte), ("unknown-name", 0, 7));
    let mend = found[0].mend.as_ref().expect("an edit");
    let mended = [&text[..mend.at.start.byte], &mend.text, &text[mend.at.end.byte..]].concat();
    assert_eq!(mended, "tcp.port == 80");
    assert!(service.check(&mended).is_empty());
    assert_eq!(taken("tcp.prt¦ == 80"), mended);
    assert_eq!(taken("tcp.prt¦"), "tcp.port");
}

/// Each edit that is offered takes the error away that it is offered for.
#[test]
fn mends() {
    let service = service();
    for (text, mended) in [
        ("ssl AND ssl", "ssl and ssl"),
        ("http.host === \"a\"", "http.host == \"a\""),
        ("http.host = \"a\"", "http.host == \"a\""),
        ("http.host == 'é a'", "http.host == \"é a\""),
        ("http.host like \"a*\"", "http.host wildcard \"a*\""),
        ("http.host contians \"a\"", "http.host contains \"a\""),
        ("lowr(http.host) == \"a\"", "lower(http.host) == \"a\""),
        ("ssl == TRUE", "ssl == true"),
        ("tcp.srcport in {9..1}", "tcp.srcport in {1..9}"),
        ("ip.src in {10.0.0.9..10.0.0.1}", "ip.src in {10.0.0.1..10.0.0.9}"),
        ("rule r { let count = 1\n cuont = 2\n return count == 2 }", "rule r { let count = 1\n count = 2\n return count == 2 }"),
        ("rule r { let n = 1\n n++\n return n == 2 }", "rule r { let n = 1\n n += 1\n return n == 2 }"),
        ("rule r { let n: integer = 1\n return n == 2 }", "rule r { let n: Int = 1\n return n == 2 }"),
    ] {
        let found = service.check(text);
        let mend = found.iter().find_map(|f| f.mend.as_ref()).unwrap_or_else(|| panic!("{text}: {found:?}"));
        assert_eq!([&text[..mend.at.start.byte], &mend.text, &text[mend.at.end.byte..]].concat(), mended);
        let errors: Vec<_> = service.check(mended).into_iter().filter(|f| f.severity == "error").collect();
        assert!(errors.is_empty(), "{mended}: {errors:?}");
    }
    // What one edit does not mend has none.
    for text in ["http.host !~ \"a\"", "tcp.port ==", "zzzzzz == 1"] {
        let found = service.check(text);
        assert!(!found.is_empty() && found.iter().all(|f| f.mend.is_none()), "{found:?}");
    }
}

#[test]
fn findings_are_seen_and_counted_in_utf16() {
    let service = service();
    let text = "http.host == \"😀é\" and nope";
    let at = service.check(text)[0].at;
    assert_eq!(
        (&text[at.start.byte..at.end.byte], at.start.utf16, at.end.utf16, at.start.line, at.start.character),
        ("nope", 23, 27, 0, 23)
    );
    let at = service.check("ssl\n and tcp.srcport ==  \n").first().expect("an error").at;
    assert_eq!((at.start.line, at.start.character, at.end.character), (1, 18, 19));
    for text in ["tcp.port == ", "ssl and", "rule a = ", "(", "any(", "tcp.port in {", "", "rule r { let x = "] {
        for found in service.check(text) {
            assert!(text.is_empty() || found.at.start.byte < found.at.end.byte, "{text:?}: {found:?}");
        }
    }
    let warnings = service.check("rule r { let x = 1\n return true }");
    assert_eq!((warnings.len(), warnings[0].severity), (1, "warning"));
}

#[test]
fn positions_go_there_and_back() {
    let text = "a😀b\r\n\u{feff}é\rx\n\n€";
    let positions = Positions::new(text);
    for byte in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
        let place = positions.place(byte);
        assert_eq!(place.utf16, text[..byte].encode_utf16().count());
        assert_eq!(positions.byte_of_utf16(place.utf16), byte);
        // Between the two signs of a line's end, the line has ended.
        if !text[..byte].ends_with('\r') || !text[byte..].starts_with('\n') {
            assert_eq!(positions.byte_of(place.line, place.character), byte, "{place:?}");
        }
    }
    let places: Vec<_> = [6, 8, 11, 14, 16, 17].map(|byte| positions.place(byte)).iter().map(|p| (p.line, p.character)).collect();
    assert_eq!(places, [(0, 4), (1, 0), (1, 1), (2, 0), (3, 0), (4, 0)]);
    assert_eq!((positions.byte_of(0, 99), positions.byte_of(99, 0), positions.byte_of_utf16(999)), (6, text.len(), text.len()));
    let long = "é😀x".repeat(1_000);
    let positions = Positions::new(&long);
    for byte in (0..=long.len()).filter(|at| long.is_char_boundary(*at)) {
        let place = positions.place(byte);
        assert_eq!((place.utf16, place.character), (byte / 7 * 4 + [0, 0, 1, 0, 0, 0, 3][byte % 7], place.utf16));
        assert_eq!((positions.byte_of_utf16(place.utf16), positions.byte_of(0, place.character)), (byte, byte));
    }
    let positions = Positions::new(text);
    // Inside of a pair of surrogates is before it.
    assert_eq!((positions.byte_of_utf16(2), positions.byte_of(0, 2), positions.place(3).byte), (1, 1, 1));
}

#[test]
fn fields_functions_and_words() {
    assert!(labels("¦").starts_with(&["headers".into()]), "{:?}", labels("¦"));
    for name in ["tcp.port", "lower", "not", "rule", "any", "present", "u16be"] {
        assert!(labels("¦").contains(&name.to_owned()), "{name}");
    }
    assert_eq!(labels("ssl and http.h¦")[0], "http.host");
    assert_eq!(labels("tcp.¦")[..2], ["tcp.port", "tcp.srcport"]);
    assert_eq!(labels("any(meth¦")[0], "http.request.method");
    let lower = complete("lowe¦").into_iter().next().expect("a function");
    assert_eq!((lower.label.as_str(), lower.insert.as_str(), lower.kind), ("lower", "lower(", CompletionKind::Function));
    assert_eq!((lower.detail.as_str(), lower.doc.is_empty()), ("lower(text: Bytes) -> Bytes", false));
    assert_eq!(taken("lowe¦(http.host) == \"a\""), "lower(http.host) == \"a\"");
    let port = complete("tcp.po¦").into_iter().next().expect("a field");
    assert_eq!((port.detail.as_str(), port.kind), ("Array<Int>?", CompletionKind::Field));
    // What fits comes first.
    assert_eq!(labels("tcp.srcport == ¦")[0], "ip.proto");
    for text in [
        "rule ¦",
        "fn ¦",
        "ssl # an¦",
        "http.host matches ¦",
        "http.host == \"a¦\"",
        "http.host contains \"a¦",
        "rule r { let ¦",
        "fn f(a¦",
    ] {
        assert_eq!(labels(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn operators_by_type() {
    assert_eq!(labels("ssl ¦")[..3], ["and", "or", "xor"]);
    assert_eq!(labels("http.host ¦")[0], "==");
    assert!(labels("http.host ¦").contains(&"strict wildcard".into()) && !labels("http.host ¦").contains(&"<<".into()));
    assert!(labels("ip.src ¦").contains(&"not in".into()) && !labels("ip.src ¦").contains(&"contains".into()));
    assert!(labels("tcp.port ¦").contains(&"in".into()));
    assert!(labels("score ¦").contains(&"??".into()) && !labels("score ¦").contains(&"in".into()));
    for text in [
        "tcp.port == 80 ¦",
        "tcp.port in {80} ¦",
        "rule a = not (ssl and ip.src in {::1}) and len(http.host) > 3 ¦",
        "http.host matches \"a\" ¦",
    ] {
        assert_eq!(labels(text), ["and", "or", "xor"], "{text}");
    }
    assert!(labels("len(lower(http.host)) ¦").contains(&"<<".into()));
    assert!(labels("headers[\"a\"][0] ¦").contains(&"contains".into()));
    assert!(labels("any(headers[\"a\"][*] ¦").contains(&"contains".into()));
    assert!(labels("lower(http.host)[0:2] con¦")[0] == "contains");
    assert_eq!(labels("ip.src not ¦"), ["in"]);
    assert_eq!(labels("http.host strict ¦"), ["wildcard"]);
}

/// Each operator that is offered after a type can stand there, and no other can.
#[test]
fn offered_operators_check() {
    let rest = [
        (Type::Bool, "ssl", "ssl"),
        (Type::Int, "tcp.srcport", "1"),
        (Type::Bytes, "http.host", "\"a\""),
        (Type::Ip, "ip.src", "::1"),
        (Type::Float, "score", "1.5"),
    ];
    let every: Vec<&str> = {
        let mut all: Vec<&str> = rest.iter().flat_map(|(ty, ..)| operators(ty, true)).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let scheme = scheme();
    for (ty, name, literal) in rest {
        let offered = operators(&ty, true);
        for operator in &every {
            let right = match *operator {
                "in" | "not in" if ty == Type::Bytes || ty == Type::Ip || ty == Type::Int => format!("{{{literal}}}"),
                "in" | "not in" => "{1.5}".into(),
                "matches" | "wildcard" | "strict wildcard" => "\"a\"".into(),
                _ => literal.into(),
            };
            let text = format!("{name} {operator} {right}");
            let good = compile(&text, &scheme, &Limits::default()).is_ok()
                || quintet_lang::compile_value(&text, &scheme, &Limits::default()).is_ok();
            assert_eq!(good, offered.contains(operator), "{text}");
        }
    }
}

#[test]
fn enumerated_values() {
    assert_eq!(labels("http.request.method == ¦")[..2], ["\"GET\"", "\"POST\""]);
    assert_eq!(taken("http.request.method == \"PO¦\" and ssl"), "http.request.method == \"POST\" and ssl");
    assert_eq!(taken("http.request.method == \"PO¦"), "http.request.method == \"POST\"");
    assert_eq!(labels("http.request.method in {¦"), ["\"GET\"", "\"POST\""]);
    assert_eq!(labels("http.request.method not in {\"GET\" ¦}"), ["\"GET\"", "\"POST\""]);
    let udp = complete("ip.proto eq ud¦");
    assert_eq!((udp[0].label.as_str(), udp[0].detail.as_str()), ("17", "UDP"));
}

#[test]
fn scripts_know_their_names() {
    let script = "# Counts.\n# All of it.\nfn count(text: Bytes, first: Int) -> Int {\n  let total = first\n  for byte in text {\n    if byte ¦\n  }\n  return total\n}\nconst LIMIT: Int = 3\n";
    assert_eq!(labels(script)[0], "==");
    assert!(labels(script).contains(&"<<".into()) && !labels(script).contains(&"contains".into()));
    let inside = script.replace("if byte ¦", "total = ¦");
    for name in ["total", "byte", "text", "first", "LIMIT", "count"] {
        assert!(labels(&inside).contains(&name.to_owned()), "{name}");
    }
    let total = complete(&inside).into_iter().find(|item| item.label == "total").expect("a local");
    assert_eq!((total.kind, total.detail.as_str()), (CompletionKind::Local, "Int"));
    // Outside of its block a local is not known.
    let after = script.replace("if byte ¦", "").replace("return total", "return ¦");
    assert!(labels(&after).contains(&"total".into()) && !labels(&after).contains(&"byte".into()));
    let statement = script.replace("if byte ¦", "¦");
    for name in ["if", "let", "byte", "total", "return", "push"] {
        assert!(labels(&statement).contains(&name.to_owned()), "{name}");
    }
    assert!(labels("rule r {\n  let x: ¦").contains(&"Int".into()));
    assert!(labels("fn f(a: ¦").contains(&"Bytes".into()));
    assert!(labels("fn f(a: Int) -> ¦").contains(&"Bytes".into()));
    assert!(labels("const A: ¦").contains(&"Ip".into()));
    assert_eq!(labels("rule r {\n  for x ¦"), ["in"]);
    assert!(labels("rule r {\n  for x in ¦").contains(&"http.host".into()));
    assert!(labels("rule r {\n  let x = http.host\n  if x con¦")[0] == "contains");
    assert!(labels("rule a = ssl\nru¦")[0] == "rule");
    assert_eq!(labels("rule r { return ssl }\n¦"), ["const", "fn", "on", "output", "rule", "state", "time"]);
}

#[test]
fn hovers() {
    let hover = |text: &str| {
        let (text, at) = marked(text);
        service().hover(&text, at).map(|hover| (hover.signature, hover.doc, text[hover.at.start.byte..hover.at.end.byte].to_owned()))
    };
    let text = |signature: &str, doc: &str, word: &str| Some((signature.to_owned(), doc.to_owned(), word.to_owned()));
    let port = text(
        "tcp.port: Array<Int>?",
        "Both ports. A comparison holds where it holds for any of its values. It may be missing.",
        "tcp.port",
    );
    assert_eq!(hover("tcp.po¦rt == 80"), port);
    assert_eq!(hover("tcp.port¦ == 80"), port);
    assert_eq!(hover("not(tcp.port¦==80 and"), port);
    assert_eq!(hover("tcp.port =¦= 80"), text("==", "Equal.", "=="));
    assert_eq!(hover("ssl ¦&& ssl"), text("&&", "True where both sides are.", "&&"));
    let (signature, doc, _) = hover("¦lower(http.host) == \"a\"").expect("a function");
    assert!(signature.starts_with("lower(text: Bytes)") && doc.contains("lower case"));
    assert!(hover("u16be¦(http.host, 0) == 1").is_some_and(|(signature, ..)| signature == "u16be(Bytes, Int) -> Int?"));
    assert_eq!(hover("ip.proto == 1¦7"), text("17", "UDP.", "17"));
    assert_eq!(hover("ip.proto in {6 1¦7}"), text("17", "UDP.", "17"));
    assert_eq!(hover("tcp.srcport == 1¦7"), text("17: Int", "", "17"));
    assert_eq!(hover("ssl # ¦why"), None);
    assert_eq!(hover("¦"), None);
    let script = "# Counts.\n# All of it.\nfn count(text: Bytes) -> Int {\n  let total = 1.5\n  return int(total)\n}\nconst LIMIT: Int = 3\nrule r = count(http.host) > LIMIT";
    assert_eq!(hover(&script.replace("r = count", "r = co¦unt")), text("fn count(text: Bytes) -> Int", "Counts. All of it.", "count"));
    assert_eq!(hover(&script.replace("let total", "let to¦tal")), text("total: Float", "A local.", "total"));
    assert_eq!(hover(&script.replace("int(total", "int(to¦tal")), text("total: Float", "A local.", "total"));
    assert_eq!(hover(&script.replace("(text", "(te¦xt")), text("text: Bytes", "A local.", "text"));
    assert_eq!(hover(&script.replace("> LIMIT", "> LI¦MIT")), text("const LIMIT: Int = 3", "", "LIMIT"));
}

#[test]
fn colours_and_format() {
    let service = service();
    let text = "rule a = http.host ~ \"é#\" # x\r\nrule b = 'oops' and $ tcp.srcport in {1..2}";
    let colours: Vec<_> = service.tokens(text).into_iter().map(|c| (c.kind, text[c.at.start.byte..c.at.end.byte].to_owned())).collect();
    let expected = [
        ("keyword", "rule"),
        ("rule_name", "a"),
        ("operator", "="),
        ("name", "http.host"),
        ("operator", "~"),
        ("regex", "\"é#\""),
        ("comment", "# x"),
        ("keyword", "rule"),
        ("rule_name", "b"),
    ];
    assert_eq!(colours[..9], expected.map(|(kind, text)| (kind, text.to_owned())));
    assert_eq!(colours[colours.len() - 2], ("range", "1..2".to_owned()));
    assert_eq!(service.format("ssl&&ssl"), Ok("ssl and ssl\n".into()));
    assert_eq!(service.format("ssl &&").map_err(|found| found[0].code), Err("unexpected-end"));
}

/// The names in the TypeScript types are those of the answers.
#[test]
fn typescript_says_what_answers_have() {
    let types = quintet_syntax::typescript();
    let names = |interface: &str| {
        let body = types.split(&format!("export interface {interface} {{\n")).nth(1).unwrap_or_else(|| panic!("no {interface}"));
        let lines = body.split("\n}").next().expect("a body").lines().map(str::trim).filter(|line| !line.starts_with("/**"));
        lines.map(|line| line.split(':').next().expect("a name").to_owned()).collect::<BTreeSet<_>>()
    };
    let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<BTreeSet<_>>();
    let service = service();
    let finding = serde_json::to_value(&service.check("tcp.prt == 80")[0]).expect("JSON");
    let completions = serde_json::to_value(service.complete("tcp.po", 6)).expect("JSON");
    let hover = serde_json::to_value(service.hover("ssl", 1)).expect("JSON");
    let colour = serde_json::to_value(&service.tokens("ssl")[0]).expect("JSON");
    for (interface, value) in [
        ("Finding", &finding),
        ("Edit", &finding["mend"]),
        ("Stretch", &finding["at"]),
        ("Place", &finding["at"]["start"]),
        ("Completions", &completions),
        ("Completion", &completions["items"][0]),
        ("Hover", &hover),
        ("Colour", &colour),
    ] {
        assert_eq!(names(interface), keys(value), "{interface}");
    }
    let line = types.lines().find(|line| line.starts_with("  kind: \"value\"")).expect("the kinds");
    let kinds: Vec<&str> = line.split([' ', ';']).collect();
    use CompletionKind as K;
    for kind in [K::Value, K::Local, K::Field, K::Operator, K::Constant, K::Function, K::Keyword, K::Type] {
        let name = serde_json::to_string(&kind).expect("JSON");
        assert!(kinds.contains(&name.as_str()), "{name}");
    }
}

/// A long text takes as long as it is long: what is looked back at does not grow with it.
#[test]
fn long_texts_do_not_hang() {
    let service = service();
    let start = Instant::now();
    for piece in ["a ", "a, ", "(", "a[", "{", "let (", "x in {", "\"", "rule r { let a = 1\n", "))", "a.b == "] {
        let text = piece.repeat(200_000 / piece.len());
        let _ = (service.complete(&text, text.len()), service.hover(&text, text.len() / 2), service.tokens(&text), service.check(&text));
    }
    println!("{:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

/// Wherever one asks in whatever text, there is an answer and no panic.
#[test]
fn nothing_panics() {
    let service = service();
    let mut runner = TestRunner::deterministic();
    let mut texts: Vec<String> = common::own().into_iter().filter(|text| text.len() < 1_000).collect();
    texts.extend((0..100).map(|_| quintet_testing::script().new_tree(&mut runner).expect("a script").current().source()));
    let mut asked = 0;
    for text in &texts {
        for at in (0..=text.len() + 3).step_by(1 + text.len() / 12) {
            let cut = text.get(..at).unwrap_or(text);
            let garbled = format!("{cut}\"{}", text.get(at..).unwrap_or(""));
            for text in [text, cut, &garbled] {
                asked += 1;
                let _ = (service.complete(text, at), service.hover(text, at));
            }
            let _ = (service.check(&garbled), service.tokens(&garbled), service.format(&garbled));
        }
    }
    println!("asked {asked} times in {} texts", texts.len());
    assert!(asked > 5_000);
}

/// A pack of 64 rules is checked between two frames of a screen.
#[test]
fn a_check_is_quick() {
    let path = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../bench-suite/workloads/waf-pack.rules");
    let text = std::fs::read_to_string(path).expect("the pack");
    let rules = text.lines().filter(|line| line.starts_with("rule ")).count();
    let scheme = std::fs::read_to_string(std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../inputs/src/cloudflare.toml"))
        .expect("a scheme");
    let service = Service::new(Scheme::from_toml(&scheme, stdlib::signatures()).expect("a scheme"), Limits::default());
    let time = |work: &dyn Fn()| {
        let mut times: Vec<Duration> = (0..21)
            .map(|_| {
                let start = Instant::now();
                work();
                start.elapsed()
            })
            .collect();
        times.sort();
        times[10]
    };
    let end = text.trim_end().len();
    let check = time(&|| drop(std::hint::black_box(service.check(&text))));
    let tokens = time(&|| drop(std::hint::black_box(service.tokens(&text))));
    let complete = time(&|| drop(std::hint::black_box(service.complete(&text, end))));
    let hover = time(&|| drop(std::hint::black_box(service.hover(&text, end - 2))));
    println!("{rules} rules, {} bytes: check {check:?}, tokens {tokens:?}, complete {complete:?}, hover {hover:?}", text.len());
    assert!(rules >= 64, "{rules} rules");
    assert!(check < Duration::from_millis(20), "{check:?}");
}

const KEPT: &str = "time = score\n# Ports that were tried.\nstate ports[ip.src]: distinct within 60s max 100\nstate last[ip.src]: Bytes keep 1h\n\
    rule syn = tcp.srcport == 80\non syn { ports += tcp.srcport }\nrule scan = ports > 9\n";

fn after_kept(text: &str) -> Vec<String> {
    labels(&format!("{KEPT}{text}"))
}

#[test]
fn tables_and_outputs_are_completed() {
    let has = |labels: &[String], names: &[&str]| names.iter().all(|name| labels.iter().any(|label| label == name));
    assert!(has(&after_kept("¦"), &["rule", "state", "on", "output", "time"]));
    assert_eq!(after_kept("state s[ip.src]: ¦"), ["Bytes", "Int", "count", "distinct", "seen", "sum"]);
    assert!(has(&after_kept("state s[¦"), &["ip.src", "tcp.srcport"]));
    assert!(has(&after_kept("state s[ip.src]: count ¦"), &["within", "keep", "max"]));
    assert!(has(&after_kept("state s[ip.src]: count within 60s ¦"), &["sliding", "max"]));
    assert!(after_kept("state ¦").is_empty());
    assert!(after_kept("output ¦").is_empty());
    let rules = after_kept("on ¦");
    assert_eq!(rules, ["scan", "syn"]);
    let changes = after_kept("on syn {\n  ¦");
    assert!(has(&changes, &["ports", "last", "add", "clear"]) && !has(&changes, &["ip.src"]), "{changes:?}");
    assert!(has(&after_kept("on syn {\n  ports += 1\n  ¦"), &["last", "clear"]));
    assert!(has(&after_kept("on syn { ports += ¦"), &["tcp.srcport", "len"]));
    assert_eq!(after_kept("on syn { clear(¦"), ["last", "ports"]);
    assert_eq!(after_kept("output alerts ¦"), ["on"]);
    assert_eq!(after_kept("output alerts on ¦"), ["scan", "syn"]);
    assert_eq!(after_kept("output alerts on scan ¦"), ["limit"]);
    assert_eq!(after_kept("output alerts on scan limit 1 ¦"), ["within"]);
    assert_eq!(after_kept("output alerts on scan limit 1 within 60s ¦"), ["by"]);
    assert!(has(&after_kept("output alerts on scan limit 1 within 60s by ¦"), &["ip.src"]));
    assert_eq!(after_kept("output alerts on scan = ¦"), ["csv", "eve", "json", "text"]);
    assert!(after_kept("output alerts on scan = json { ¦").is_empty());
    assert!(has(&after_kept("output alerts on scan = json { n: ¦"), &["ports", "ip.src"]));
    // In rules tables are values, those of the type that is wanted first.
    let values = after_kept("rule more = tcp.srcport == ¦");
    let at = |name: &str| values.iter().position(|label| label == name).unwrap();
    assert!(at("ports") < at("last") && has(&values, &["syn", "scan"]), "{values:?}");
    let more = complete(&format!("{KEPT}rule more = por¦"));
    assert_eq!((more[0].label.as_str(), more[0].kind), ("ports", CompletionKind::Table));
    assert_eq!(more[0].detail, "state ports[ip.src]: distinct within 60s max 100");
    assert!(has(&after_kept("rule more = ports ¦"), &[">", "==", "in"]) && !has(&after_kept("rule more = ports ¦"), &["contains"]));
    assert!(has(&after_kept("rule more = last ¦"), &["contains", "??"]));
    // Elsewhere these words are names like others.
    assert!(!labels("rule a = on ¦").iter().any(|label| label == "scan"));
}

#[test]
fn tables_and_outputs_are_explained() {
    let said = |text: &str| {
        let (text, at) = marked(&format!("{KEPT}{text}"));
        service().hover(&text, at).map(|hover| (hover.signature, hover.doc))
    };
    let table = ("state ports[ip.src]: distinct within 60s max 100".to_owned(), "Ports that were tried.".to_owned());
    assert_eq!(said("rule more = po¦rts > 3"), Some(table.clone()));
    assert_eq!(said("on scan { po¦rts += 1 }"), Some(table));
    assert_eq!(said("on sc¦an { clear(ports) }").unwrap().0, "rule scan = ports > 9");
    assert_eq!(said("rule more = sy¦n and ssl").unwrap().0, "rule syn = tcp.srcport == 80");
    assert_eq!(said("on scan { cle¦ar(ports) }").unwrap().0, "clear(table)");
    assert!(said("out¦put a on scan = json { n: ports }").unwrap().1.contains("given out"));
    assert!(said("output a on scan = js¦on { n: ports }").unwrap().1.contains("object"));
    assert!(said("state n: cou¦nt max 1").unwrap().1.contains("How often"));
    assert!(said("state n: count with¦in 1s").unwrap().1.contains("How long"));
}
