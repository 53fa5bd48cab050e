//! Our own cases, as data: `cases.toml` holds expressions with what they print as, their tree, or their errors as rendered.
//!
//! `QUINTET_BLESS=1 cargo test -p quintet-lang --test cases` writes what is found into the file; read the difference before you keep it.

use std::fmt::Write;
use std::path::PathBuf;

use quintet_lang::dump::dump;
use quintet_lang::{Limits, Scheme, compile, stdlib};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn scheme() -> Scheme {
    let text = std::fs::read_to_string(path("scheme.toml")).expect("scheme.toml");
    // Only a few functions, so that hints which list them stay as they are.
    let few = ["lower", "upper", "len", "starts_with", "ends_with", "concat", "substring"];
    let functions = stdlib::signatures().into_iter().filter(|f| few.contains(&f.name.as_str()));
    Scheme::from_toml(&text, functions.collect::<Vec<_>>()).expect("a scheme")
}

struct Case {
    source: String,
    print: Option<String>,
    dump: Option<String>,
    errors: Option<String>,
}

fn cases() -> Vec<Case> {
    let text = std::fs::read_to_string(path("cases.toml")).expect("cases.toml");
    let table: toml::Table = text.parse().expect("TOML");
    let get = |case: &toml::Value, key: &str| case.get(key).map(|v| v.as_str().expect("a string").to_owned());
    let cases = table["case"].as_array().expect("[[case]]");
    let case = |c: &toml::Value| Case {
        source: get(c, "source").expect("a source"),
        print: get(c, "print"),
        dump: get(c, "dump"),
        errors: get(c, "errors"),
    };
    cases.iter().map(case).collect()
}

#[test]
fn all() {
    let (scheme, limits) = (scheme(), Limits::default());
    let bless = std::env::var_os("QUINTET_BLESS").is_some();
    let mut blessed = String::from("# See cases.rs. Where `print` is absent, the source prints as it is.\n");
    let mut wrong = String::new();
    for case in cases() {
        let source = case.source.trim_end_matches('\n');
        let mut found = Case { source: case.source.clone(), print: None, dump: None, errors: None };
        match compile(source, &scheme, &limits) {
            Ok(program) => {
                let text = program.to_string();
                let again = compile(&text, &scheme, &limits).unwrap_or_else(|e| panic!("{source} prints as {text}: {e}"));
                assert_eq!(dump(&program), dump(&again), "{source} prints as {text}");
                found.print = Some(text.trim_end().to_owned()).filter(|t| t != source);
                found.dump = case.dump.as_ref().map(|_| dump(&program));
            }
            Err(errors) => {
                assert!(errors.iter().all(|d| d.span.start <= d.span.end && d.span.end as usize <= source.len()), "{source}");
                found.errors = Some(format!("{errors}\n"));
            }
        }
        let same = |a: &Option<String>, b: &Option<String>| a.as_deref().map(str::trim_end) == b.as_deref().map(str::trim_end);
        if !same(&found.print, &case.print) || !same(&found.dump, &case.dump) || !same(&found.errors, &case.errors) {
            let _ = writeln!(wrong, "{source}\n{:?}\n{:?}\n{}", found.print, found.dump, found.errors.as_deref().unwrap_or_default());
        }
        let _ = write!(blessed, "\n[[case]]\nsource = {}\n", quoted(source));
        for (key, value) in [("print", &found.print), ("dump", &found.dump), ("errors", &found.errors)] {
            if let Some(value) = value {
                let _ = writeln!(blessed, "{key} = {}", quoted(value));
            }
        }
    }
    if bless {
        std::fs::write(path("cases.toml"), blessed).expect("cases.toml");
        return;
    }
    assert!(wrong.is_empty(), "these differ:\n{wrong}");
}

fn quoted(text: &str) -> String {
    match text {
        t if t.contains('\n') && !t.contains("'''") && !t.contains('\t') => format!("'''\n{t}'''"),
        t if !t.contains(['\'', '\n', '\t']) => format!("'{t}'"),
        t => toml::Value::from(t).to_string(),
    }
}
