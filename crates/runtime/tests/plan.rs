//! The plan as text, as it is kept under `snapshots`. `INSTA_UPDATE=always` writes it anew.

use std::sync::Arc;

use quintet_lang::{Limits, Passes, Scheme, Type, compile, optimise};
use quintet_runtime::{Library, Linked, Lists, Threshold, Thresholds};

fn link(source: &str, thresholds: Thresholds) -> Arc<Linked> {
    link_with(source, thresholds, &Passes::none())
}

fn link_with(source: &str, thresholds: Thresholds, passes: &Passes) -> Arc<Linked> {
    let library = Library::standard();
    let scheme = Scheme::builder()
        .mandatory("frame.len", Type::Int)
        .optional("tcp.port", Type::Int)
        .optional("ip.src", Type::Ip)
        .optional("http.host", Type::Bytes)
        .optional("http.path", Type::Bytes)
        .optional("codes", Type::array(Type::Int))
        .functions(library.signatures())
        .build()
        .expect("a scheme");
    let program = compile(source, &scheme, &Limits::default()).unwrap_or_else(|e| panic!("{source}\n{e:?}"));
    Linked::with_thresholds(optimise(&program, passes), &library, &Lists::new(), &Limits::default(), thresholds).expect("a linked program")
}

fn plan(source: &str) -> String {
    let text = link(source, Thresholds::default()).plan_text();
    assert_eq!(link(source, Thresholds::default()).plan_text(), text, "the same text each time");
    text
}

#[test]
fn snapshots() {
    insta::assert_snapshot!(
        "sets",
        plan(
            "rule word = tcp.port in {20 21 22 25 80}\n\
             rule few = tcp.port in {80 443 8000..8010}\n\
             rule bitmap = tcp.port in {7 21 80 110 143 443 993 995 3389 5900}\n\
             rule far = frame.len in {1 100000 200000 300000 400000 500000 600000 700000 800000}\n\
             rule net = ip.src in {10.0.0.0/8 192.168.0.0/16 fe80::/10}\n\
             rule method = http.host in {\"a\" \"bb\" \"ccc\"}\n\
             rule long = http.host in {\"0123456789012345678901234567890123456789\" \"b\"}\n"
        )
    );
    insta::assert_snapshot!(
        "searches",
        plan(
            "rule one = http.host contains \".\"\n\
             rule short = http.host contains \"example\" and http.path contains \"admin\"\n\
             rule long = http.path contains \"0123456789012345678901234567890123456789\"\n\
             rule prefix = http.path strict wildcard \"/admin/*\"\n\
             rule suffix = http.host strict wildcard \"*.example.com\"\n\
             rule middle = http.host strict wildcard \"*example*\"\n\
             rule whole = http.host strict wildcard \"example.com\"\n\
             rule either = http.host wildcard \"*.EXAMPLE.com\"\n"
        )
    );
    insta::assert_snapshot!(
        "effects",
        plan(
            "rule plain = tcp.port == 80 and frame.len > 60\n\
             rule divides = tcp.port > 1 and 100 / tcp.port > frame.len and ip.src in {10.0.0.0/8}\n\
             rule makes = lower(http.host) == \"x\"\n\
             rule loops = any(codes[*] == 5) and tcp.port == 80\n\
             rule either = tcp.port == 80 or http.host == \"x\"\n\
             rule absent = not (tcp.port == 80)\n"
        )
    );
    insta::assert_snapshot!(
        "functions",
        plan(
            "fn sum(n: Int) -> Int {\n  let parts: [Int; 4] = [1, 2, 3, 4]\n  let total = 0\n  for i in 0..4 { total += parts[i] * n }\n  \
             return total\n}\n\
             fn down(n: Int) -> Int {\n  if n <= 0 { return 0 }\n  return down(n - 1)\n}\n\
             rule r {\n  let n = 0\n  while n < 10 { n = n + sum(n) + 1 }\n  return n > down(3)\n}\n"
        )
    );
}

#[test]
fn a_length_is_a_condition_whether_it_is_a_call_or_not() {
    let thresholds = Thresholds::default().with(Threshold::PrefilterRules, 0);
    for passes in [Passes::none(), Passes::default()] {
        let text = link_with("rule long = len(http.path) == 200", thresholds, &passes).plan_text();
        assert!(text.contains("  rule long: length of http.path is 200; which is all of it\n"), "{text}");
    }
}

#[test]
fn thresholds_are_settings_of_the_plan() {
    let source = "http.host in {\"a\" \"bb\"} and tcp.port in {80 443 8080}";
    let low = Thresholds::default().with(Threshold::SetMembers, 1).with(Threshold::SetRanges, 2).with(Threshold::SetBitmap, 0);
    let text = link(source, low).plan_text();
    assert!(text.contains("2 members of at most 2 bytes: hash table"), "{text}");
    assert!(text.contains("of Int, 3 ranges: binary search"), "{text}");
}
