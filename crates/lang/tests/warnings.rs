//! Warnings: what has none, and that they neither reject a text nor hide what does.

use quintet_lang::{Limits, Scheme, Type, compile, stdlib, warnings};

fn scheme() -> Scheme {
    Scheme::builder().mandatory("s", Type::Bytes).functions(stdlib::signatures()).build().expect("a scheme")
}

fn codes(source: &str) -> Vec<&'static str> {
    let (scheme, limits) = (scheme(), Limits::default());
    compile(source, &scheme, &limits).unwrap_or_else(|e| panic!("{source}\n{e}"));
    warnings(source, &scheme, &limits).iter().map(|d| d.code).collect()
}

#[test]
fn what_is_used_is_not_reported() {
    for source in [
        "s == \"a\"",
        // Everything whose name says so.
        "const _A: Int = 1\nfn _f(_n: Int) -> Int { let _x = 1; for _ in 0..3 {} return 2 }\nrule r = true",
        // In the type of an array, a range, an index, a slice, a condition, a comparison of what looks like bytes.
        "const N: Int = 3\nrule r { let a: [Int; N] = [0; N]; return len(a) == 3 }",
        "rule r { let a = 1; let b = 2; let c = [1, 2, 3]; for i in a..b { if c[i] == len(s[a:b]) { return true } } }",
        "rule r { let ab = 7; let cd = 3; return ab-cd == 4 }",
        // By an argument, an inner block, what is returned, a default, an inner local of the same name.
        "rule r { let x = 1; let x = x + 1; if true { return x == 2 } }",
        "fn f(n: Int?) -> Int { return n ?? 0 }\nrule r { let x = s[0]; return f(x) == 3 }",
        // An array that is only filled is its caller's.
        "fn fill_up(a: [Int]) { push(a, 1) }\nfn set_first(a: [Int]) { a[0] = 1 }\nrule r { let a: [Int] = []; fill_up(a); set_first(a); return a[0] == 1 }",
        // By a function that a rule calls by another.
        "const K: Int = 1\nfn a() -> Int { return b() }\nfn b() -> Int { return K }\nrule r = a() == 1",
        // Without rules, whoever links the text calls its functions.
        "fn a() -> Int { return b() }\nfn b() -> Int { return 1 }",
    ] {
        assert!(codes(source).is_empty(), "{source}: {:?}", codes(source));
    }
}

#[test]
fn each_kind_is_found_where_it_stands() {
    let source = "const A: Int = 1\nfn f(n: Int) { let x = 1; return\nlet y = 2 }\nrule r = true";
    assert_eq!(codes(source), ["unused-constant", "unused-function", "unused-parameter", "unused-local", "unreachable", "unused-local"]);
    let found = warnings(source, &scheme(), &Limits::default());
    assert!(!found.has_errors() && found.errors() == 0);
    let places: Vec<&str> = found.iter().map(|d| &source[d.span.start as usize..d.span.end as usize]).collect();
    assert_eq!(places, ["A", "f", "n", "x", "let y = 2", "y"]);
}

#[test]
fn a_text_with_errors_has_no_warnings_of_its_own() {
    assert!(warnings("rule r { let x = 1; return nope }", &scheme(), &Limits::default()).is_empty());
}

#[test]
fn no_number_of_warnings_hides_an_error() {
    let many: String = (0..300).map(|i| format!("fn f{i}() {{ return\nlet x = 1 }}\n")).collect();
    let source = format!("{many}rule r = nope == 1");
    let errors = compile(&source, &scheme(), &Limits::default()).expect_err("there is no `nope`");
    assert_eq!((errors.errors(), errors.len(), errors.total()), (1, 200, 201));
    assert!(errors.iter().any(|d| d.code == "unknown-name" || d.code == "unknown-field"), "{errors}");
    let right = format!("{many}rule r = true");
    let found = warnings(&right, &scheme(), &Limits::default());
    assert_eq!((found.errors(), found.len()), (0, 200));
}
