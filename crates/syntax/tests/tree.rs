//! Trees hold all of a text, and print it again.

mod common;

use std::collections::BTreeSet;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use quintet_lang::{Limits, format};
use quintet_syntax::{EditError, Kind, NodeKind, TokenKind, Tree};

/// What holds of the tree of any text.
fn check(text: &str, limits: &Limits) -> Tree {
    let tree = Tree::parse(text, limits);
    assert_eq!(tree.print(), text);
    let json = tree.to_json();
    let again = Tree::from_json(&json).unwrap_or_else(|e| panic!("{text}\n{e}\n{json}"));
    assert_eq!(again, tree, "{text}");
    assert_eq!(again.print(), text);
    assert!(tree.tokens().all(|(_, text)| !text.is_empty()), "{text:?}");
    tree
}

/// The same of a text that can be parsed: each literal is a token of its own, and nothing is wrong.
fn check_parsed(text: &str, limits: &Limits) -> Tree {
    let tree = check(text, limits);
    let wrong = tree.root().find_all(|e| matches!(e.kind(), Kind::Node(NodeKind::Error) | Kind::Token(TokenKind::Wrong)));
    assert!(wrong.is_empty(), "{text}\n{wrong:?}");
    assert_eq!(format(&tree.print(), limits), format(text, limits));
    tree
}

fn check_any(text: &str, limits: &Limits) -> bool {
    let parsed = quintet_lang::parse(text, limits).is_ok();
    if parsed {
        check_parsed(text, limits)
    } else {
        check(text, limits)
    };
    parsed
}

#[test]
fn real_expressions() {
    let texts = common::corpus("real_expressions.jsonl");
    let parsed = texts.iter().filter(|text| check_any(text, &Limits::default())).count();
    println!("{} expressions, {parsed} of them parse", texts.len());
    assert!(texts.is_empty() || parsed > 1_000);
    for name in ["wireshark_filters.jsonl", "wirefilter_cases.jsonl", "wirefilter_random.jsonl"] {
        let texts = common::corpus(name);
        let parsed = texts.iter().filter(|text| check_any(text, &Limits::default())).count();
        println!("{name}: {} texts, {parsed} of them parse", texts.len());
    }
}

#[test]
fn own_texts() {
    let texts = common::own();
    let parsed = texts.iter().filter(|text| check_any(text, &Limits::default())).count();
    println!("{} texts, {parsed} of them parse", texts.len());
    assert!(parsed > 200);
}

/// Whatever is cut off or put in, nothing is lost and nothing panics.
#[test]
fn broken_texts() {
    let mut tried = 0;
    let mut wrong = 0;
    for text in common::own().iter().filter(|text| text.len() < 2_000) {
        let places: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        for at in places.iter().step_by(1 + places.len() / 40) {
            for broken in [text[..*at].to_owned(), text[*at..].to_owned(), format_args!("{}\"{}", &text[..*at], &text[*at..]).to_string()] {
                tried += 1;
                wrong += usize::from(!check_any(&broken, &Limits::default()));
            }
        }
    }
    println!("{tried} texts, {wrong} of them broken");
    assert!(wrong > 5_000);
    for odd in [
        "",
        " ",
        "\u{feff}",
        "\u{a0}",
        "\u{feff}ssl\u{a0}",
        "#",
        "r#\"",
        "'",
        "x in {",
        "$",
        "rule",
        "rule a",
        "rule a = # x\r\n ssl\r\n",
        "\u{2028}é=€",
        "\\",
    ] {
        check_any(odd, &Limits::default());
    }
    let short = Limits { source_bytes: 3, ..Limits::default() };
    let tree = check("tcp.port == 80", &short);
    assert_eq!(tree.root().children().map(|e| e.node()).collect::<Vec<_>>(), [Some(NodeKind::Error)]);
}

/// Trees made at random: all are printed as they are written, and each value can be put in the place of another of its kind, which changes its
/// bytes alone.
#[test]
fn generated_texts() {
    let mut runner = TestRunner::deterministic();
    let mut edits = 0;
    for round in 0..10_000 {
        let case = quintet_testing::case().new_tree(&mut runner).unwrap().current();
        let text = case.source();
        let limits = Limits { nesting: 300, ..case.limits() };
        let tree = check_parsed(&text, &limits);
        let values = tree.root().find_all(|e| matches!(e.token(), Some(TokenKind::Number | TokenKind::String | TokenKind::Address)));
        let Some(value) = values.get(round % values.len().max(1)) else { continue };
        let new = match value.token() {
            Some(TokenKind::Number) => "4711",
            Some(TokenKind::String) => "\"a # b\"",
            _ => "192.0.2.1",
        };
        let range = value.range();
        let edited = tree.replace(&value.path(), new, &limits).unwrap_or_else(|e| panic!("{text}\n{e}"));
        assert_eq!(edited.print(), [&text[..range.start], new, &text[range.end..]].concat());
        edits += 1;
    }
    println!("{edits} edits");
    assert!(edits > 8_000);
}

#[test]
fn scripts() {
    let mut runner = TestRunner::deterministic();
    let mut kinds = BTreeSet::new();
    for _ in 0..1_000 {
        let script = quintet_testing::script().new_tree(&mut runner).unwrap().current();
        let tree = check_parsed(&script.source(), &Limits::default());
        kinds.extend(tree.root().find_all(|e| e.node().is_some()).iter().map(|e| e.kind().name()));
    }
    println!("{kinds:?}");
    for kind in ["function", "parameter", "block", "let", "assign", "if", "while", "for", "return"] {
        assert!(kinds.contains(kind), "no {kind} in {kinds:?}");
    }
}

/// What stands where, in words.
fn shape(text: &str) -> String {
    fn write(e: quintet_syntax::Element<'_>, out: &mut String) {
        match e.kind() {
            Kind::Token(kind) if kind.is_trivia() => {}
            Kind::Token(kind) => out.push_str(&format!("{}`{}` ", kind.name(), e.text())),
            Kind::Node(kind) => {
                out.push_str(&format!("{}(", kind.name()));
                e.children().for_each(|child| write(child, out));
                *out = out.trim_end().to_owned() + ") ";
            }
        }
    }
    let mut out = String::new();
    write(check_parsed(text, &Limits::default()).root(), &mut out);
    out.trim_end().to_owned()
}

#[test]
fn shapes() {
    for (text, expected) in [
        ("tcp.port == -80", "file(compare(name`tcp.port` operator`==` number`-80`))"),
        ("x eq80or ssl", "file(or(compare(name`x` operator`eq` number`80`) operator`or` name`ssl`))"),
        ("h ~ \"a[\\\"]#\" # x", "file(matches(name`h` operator`~` regex`\"a[\\\"]#\"`))"),
        (
            "ip not in {10.0.0.0/8, 1.1.1.1..1.1.1.9 \"a\"} && n in $evil.ips",
            "file(and(in(name`ip` operator`not` operator`in` set(punctuation`{` network`10.0.0.0/8` punctuation`,` range`1.1.1.1..1.1.1.9` \
             string`\"a\"` punctuation`}`)) operator`&&` in(name`n` operator`in` list`$evil.ips`)))",
        ),
        (
            "rule a-b = any(f(x[*])[1:2])",
            "file(rule(keyword`rule` rule_name`a-b` operator`=` quantifier(keyword`any` punctuation`(` subscript(call(function`f` punctuation`(` \
             subscript(name`x` brackets(punctuation`[` operator`*` punctuation`]`)) punctuation`)`) brackets(punctuation`[` number`1` \
             punctuation`:` number`2` punctuation`]`)) punctuation`)`)))",
        ),
        (
            "fn f(a: [Int; 2], b: Ip?) -> Int { let (x, y) = g(b); return x }",
            "file(function(keyword`fn` function`f` punctuation`(` parameter(name`a` punctuation`:` type(punctuation`[` type(type_name`Int`) \
             punctuation`;` number`2` punctuation`]`)) punctuation`,` parameter(name`b` punctuation`:` type(type_name`Ip` operator`?`)) \
             punctuation`)` punctuation`->` type(type_name`Int`) block(punctuation`{` let(keyword`let` punctuation`(` name`x` punctuation`,` \
             name`y` punctuation`)` operator`=` call(function`g` punctuation`(` name`b` punctuation`)`)) punctuation`;` return(keyword`return` \
             name`x`) punctuation`}`)))",
        ),
    ] {
        assert_eq!(shape(text), expected, "{text}");
    }
    // A rule with a mistake does not hide the others.
    let tree = check("rule a = ssl\nrule b = x == # why\nrule c = ssl", &Limits::default());
    let items: Vec<_> = tree.root().children().filter_map(|e| e.node()).collect();
    assert_eq!(items, [NodeKind::Rule, NodeKind::Error, NodeKind::Rule]);
}

#[test]
fn edits() {
    let limits = Limits::default();
    let text = "# ports\nrule a = (tcp.port==80)&&ssl # or so\nrule b = x == \n";
    let tree = Tree::parse(text, &limits);
    let path = |kind: Kind| tree.root().find_all(|e| e.kind() == kind)[0].path();
    let port = path(Kind::Token(TokenKind::Number));
    assert_eq!(tree.at(&port).map(|e| e.text()), Some("80"));
    assert_eq!(tree.replace(&port, "443", &limits).unwrap().print(), text.replace("80", "443"));
    assert_eq!(tree.replace(&port, "80 or ssl", &limits), Err(EditError::Regroups("80 or ssl".into())));
    assert_eq!(tree.replace(&port, "80)", &limits), Err(EditError::Wrong("80)".into())));
    assert_eq!(tree.replace(&port, "", &limits), Err(EditError::Wrong(String::new())));
    let broken = path(Kind::Node(NodeKind::Error));
    assert_eq!(tree.replace(&broken, "rule b = x ==  1 )", &limits).unwrap().print(), text.replace("x ==", "x ==  1 )"));
    let whole = Tree::parse("x == 1", &limits);
    assert_eq!(whole.replace(&[0], "y ==", &limits), Err(EditError::Wrong("y ==".into())));
    assert_eq!(whole.replace(&[0], "y == 2", &limits).unwrap().print(), "y == 2");
    assert_eq!(tree.replace(&[9, 9], "", &limits), Err(EditError::NoSuchElement));
    let test = path(Kind::Node(NodeKind::Compare));
    assert_eq!(tree.replace(&test, "ssl or x", &limits).unwrap().print(), text.replace("tcp.port==80", "ssl or x"));
}

#[test]
fn json_that_is_no_tree() {
    let good = Tree::parse("x == \"\\\"é\" # \u{1}", &Limits::default()).to_json();
    assert!(Tree::from_json(&good).is_ok());
    assert!(Tree::from_json(&good.replace(',', " ,\n").replace(':', " :\t")).is_ok());
    for at in (0..good.len()).filter(|at| good.is_char_boundary(*at)) {
        assert!(Tree::from_json(&good[..at]).is_err());
        let _ = Tree::from_json(&format!("{}\"{}", &good[..at], &good[at..]));
    }
    for (from, to) in [
        ("\"version\":1", "\"version\":2"),
        ("\"version\":1", "\"version\":-1"),
        ("\"compare\"", "\"compares\""),
        ("\"kind\":\"file\"", "\"kind\":\"name\""),
        ("\"kind\":\"name\"", "\"kind\":\"file\""),
        ("\"text\"", "\"words\""),
        ("}}", "}} "),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_eq!(Tree::from_json(&bad).is_err(), from != "}}", "{bad}");
    }
    let error = Tree::from_json(&good.replace("\"version\":1", "\"version\":2")).unwrap_err().to_string();
    assert!(error.contains("version 2"), "{error}");
    assert_eq!(Tree::from_json("{\"version\":1,\"root\":{\"kind\":\"file\",\"children\":[]}}").unwrap().print(), "");
}

/// Depth costs no stack.
#[test]
fn deep_trees() {
    let deep = 200_000;
    let node = "{\"kind\":\"paren\",\"children\":[";
    let json = format!("{{\"version\":1,\"root\":{}{{\"kind\":\"name\",\"text\":\"x\"}}{}}}", node.repeat(deep), "]}".repeat(deep));
    let tree = Tree::from_json(&json).expect("a tree");
    assert_eq!(tree.to_json(), json);
    assert_eq!(tree.print(), "x");
    let most = quintet_lang::HARD_NESTING;
    let text = format!("{}x{}", "(".repeat(most), " ?? 1 == 2 and a xor b or c)".repeat(most));
    check_parsed(&text, &Limits { nesting: most, ..Limits::default() });
}

#[test]
fn the_committed_typescript_is_that_of_the_kinds() {
    common::golden("quintet-syntax.d.ts", &quintet_syntax::typescript());
}
