//! A program prints as text that checks to an equal program.

mod common;

use quintet_lang::dump::dump;
use quintet_lang::validate::validate;
use quintet_lang::{Field, Limits, Presence, Scheme, Type, compile, stdlib};

/// Checks one expression; returns what is wrong.
fn roundtrip(expr: &str, scheme: &Scheme, limits: &Limits) -> Result<String, String> {
    let Ok(first) = compile(expr, scheme, limits) else { return Ok(String::new()) };
    let text = first.to_string();
    let second = compile(&text, scheme, limits).map_err(|e| format!("{expr}\n  prints as {text}  {e}"))?;
    if dump(&first) != dump(&second) {
        return Err(format!("{expr}\n  prints as {text}  {}\n  but that is\n{}", dump(&first), dump(&second)));
    }
    let again = second.to_string();
    if again != text {
        return Err(format!("{expr}\n  prints as {text}  and then as {again}"));
    }
    Ok(text)
}

#[test]
fn corpus() {
    let mut wrong = Vec::new();
    let (mut count, mut longer) = (0, 0);
    for (id, expr, scheme, _, accepted) in common::cases() {
        if id.starts_with("nesting") {
            continue;
        }
        // Printing may add a level of parentheses to what just fits.
        let limits = Limits { nesting: 300, ..Limits::default() };
        match roundtrip(&expr, &scheme, &limits) {
            Ok(text) => {
                count += 1;
                if accepted && text.matches('(').count() > expr.matches('(').count() {
                    longer += 1;
                    println!("{id}: {expr}\n    {text}");
                }
            }
            Err(e) => wrong.push(format!("{id}: {e}")),
        }
    }
    println!("{count} cases, {longer} with more parentheses than before");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}

/// A function of one value is called for each value of a multi-valued field; one that takes an array, or nil, gets the field as one.
#[test]
fn functions_of_multi_valued_fields() {
    let field = |name: &str, ty| Field { name: name.into(), ty, presence: Presence::Optional, multi: true, doc: String::new() };
    let scheme = Scheme::builder()
        .field(field("host", Type::array(Type::Bytes)))
        .field(field("port", Type::array(Type::Int)))
        .functions(stdlib::signatures())
        .build()
        .expect("a scheme");
    for source in [
        r#"lower(host) == "a""#,
        r#"lower(host) != "a""#,
        r#"not lower(host) in {"a" "b"}"#,
        r#"upper(lower(host)) contains "A""#,
        r#"starts_with(host, "a")"#,
        r#"starts_with(lower(host), "a") or len(host) > 3"#,
        r#"len(port) == 2"#,
        r#"join(lower(host[*]), ",") == "a,b""#,
        r#"join(host, ",") == "a,b""#,
        r#"u8(host, 0) > 1"#,
        r#"u16be(lower(host), 2) + 1 == 7"#,
        r#"abs(port) > 1"#,
        r#"abs(-port) > 1"#,
    ] {
        let printed = roundtrip(source, &scheme, &Limits::default()).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(printed.trim_end(), source);
        let program = compile(source, &scheme, &Limits::default()).expect("a rule");
        validate(&program).unwrap_or_else(|e| panic!("{source}: {e}"));
    }
    compile(r#"join(lower(host), ",") == "a,b""#, &scheme, &Limits::default()).expect("a rule");
    for source in [r#"coalesce(host, "-") == "a""#, r#"concat("a", host) == "a""#, "lower(port) == 1"] {
        assert!(compile(source, &scheme, &Limits::default()).is_err(), "{source}");
    }
}

/// `not ==` holds where an operand is missing; `!=` does not where nil is not `!=` anything, and so is another text there.
#[test]
fn not_equal_of_what_may_be_missing() {
    for nil_not_equal in [true, false] {
        let port =
            Field { name: "port".into(), ty: Type::array(Type::Int), presence: Presence::Mandatory, multi: true, doc: String::new() };
        let scheme = Scheme::builder().field(port).optional("on", Type::Int).nil_not_equal(nil_not_equal).build().expect("a scheme");
        for source in ["not port == on", "not on == port", "not port + on == 3", "port != on", "not port == 3", "not port != on"] {
            let printed = roundtrip(source, &scheme, &Limits::default()).unwrap_or_else(|e| panic!("{e}"));
            assert!(!printed.is_empty(), "{source} is a rule");
        }
    }
}

/// A missing operand decides where nil is not `!=` anything; the tree differs, the text does not.
#[test]
fn multi_valued_not_equal() {
    let field = |name: &str, ty, presence, multi| Field { name: name.into(), ty, presence, multi, doc: String::new() };
    for nil_not_equal in [true, false] {
        let scheme = Scheme::builder()
            .field(field("port", Type::array(Type::Int), Presence::Mandatory, true))
            .field(field("oport", Type::array(Type::Int), Presence::Optional, true))
            .optional("on", Type::Int)
            .optional("oh", Type::Bytes)
            .optional("list", Type::array(Type::Int))
            .functions(stdlib::signatures())
            .nil_not_equal(nil_not_equal)
            .build()
            .expect("a scheme");
        for source in
            ["port != on", "on != port", "oport != on", "oport != len(oh)", "port + on != 3", "port != oport", "any(list[*] != port + on)"]
        {
            let printed = roundtrip(source, &scheme, &Limits::default()).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(printed.trim_end(), source);
            let program = compile(source, &scheme, &Limits::default()).expect("a rule");
            validate(&program).unwrap_or_else(|e| panic!("{source}: {e}"));
        }
    }
}

/// Scripts too: names that are taken again, values that have no name, calls that are made only at times.
#[test]
fn scripts() {
    let scheme =
        Scheme::builder().mandatory("n", Type::Int).mandatory("h", Type::Bytes).functions(stdlib::signatures()).build().expect("a scheme");
    let functions = "fn f(x: Int) -> Int { return x + 1 }\nfn two(x: Int) -> (Int, Bool) { return (x, x > 1) }\n";
    for text in [
        "rule r = n == 1 and f(n) > 2",
        "rule r = f(n) > 2 and f(f(n)) > 3",
        "rule r = not (n == 1 or f(n) > 2)",
        "rule r { let x = n\nlet x = x + 1\nif x > 2 { let x = f(x)\nreturn x > 3 }\nreturn x > 4 }",
        "rule r { let x_1 = n\nlet x = x_1\nlet x = x + 1\nlet x = x * x_1\nreturn x == x_1 }",
        "const x_1: Int = 4\nrule r { let x = n\nlet x = x + x_1\nreturn x == x_1 }",
        "fn x_1(x: Int) -> Int { let x = x + 1\nreturn x }\nrule r { let x = n\nlet x = x_1(x)\nreturn x > 2 }",
        "rule r { return f(f(n) + f(n)) > 2 }",
        "rule r { let i = 0\nwhile f(i) < n { i += 1 }\nreturn i > 3 }",
        "rule r { let i = 0\nwhile i < 9 and f(i) < n { if i == 2 { continue }\ni += 1 }\nreturn i > 3 }",
        "rule r { let i = n\nlet (a, b) = two(i)\ni = f(a)\nlet c = f(i)\nf(c)\nreturn b or c > 2 }",
        "rule r { let a: [Int] = []\npush(a, n)\nlet x = pop(a) ?? 1\npop(a)\nreturn x + (pop(a) ?? f(n)) > 3 }",
        "rule r { let t = 0\nfor b in h { let t = b }\nfor b in h { t += f(b) }\nreturn any(split(h, \",\", 5)[*] == \"a\") or t > 2 }",
    ] {
        let source = format!("{functions}{text}");
        compile(&source, &scheme, &Limits::default()).unwrap_or_else(|e| panic!("{source}\n{e}"));
        roundtrip(&source, &scheme, &Limits::default()).unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn brackets_stand_right_behind_what_they_take_apart() {
    let array = || Type::array(Type::Int);
    let scheme = Scheme::builder().mandatory("xs", array()).mandatory("and", array()).build().unwrap();
    let compiles = |text: &str| compile(text, &scheme, &Limits::default()).is_ok();
    assert!(compiles("xs[0] == 1") && !compiles("xs [0] == 1"));
    // A field that is called like an operator is told from that by its bracket, blanks before it or not.
    assert!(compiles("and[0] == 1") && compiles("and [0] == 1") && compiles("xs[0] == 1 and and [0] == 1"));
}
