//! HTTP requests and typed JSON lines.

mod common;

use std::io::Cursor;

use common::{read_all, shared, show};
use quintet_inputs::{Format, ReaderOptions, schemes};
use quintet_lang::{Scheme, Type};

#[test]
fn a_request_and_all_its_fields() {
    let scheme = schemes::http().build().expect("a scheme");
    let line = concat!(
        r#"{"method":"POST","uri":"/a/b.PHP?x=1&y&x=%202#f","version":"HTTP/1.1","ip":"10.0.0.1","extra":1,"#,
        r#""headers":{"Host":"h.example","Cookie":"a=1; %62=2; a=3","Accept-Language":"de;q=0.5, en, *","#,
        r#""Content-Type":"Application/x-www-form-urlencoded; charset=x","X-Two":["1","2"]},"#,
        r#""body":"n=v&n=w","user_agent":"curl","host":"other","referer":""}"#,
        "\n"
    );
    let (batches, ..) = read_all(Cursor::new(line), Format::Http, &scheme, &ReaderOptions::default()).expect("lines");
    for (field, value) in [
        ("http.request.method", "POST"),
        ("http.request.version", "HTTP/1.1"),
        ("http.request.uri", "/a/b.PHP?x=1&y&x=%202"),
        ("http.request.uri.path", "/a/b.PHP"),
        ("http.request.uri.path.extension", "php"),
        ("http.request.uri.query", "x=1&y&x=%202"),
        ("http.request.uri.args", "{x: [1 %202], y: []}"),
        ("http.request.uri.args.names", "[x y x]"),
        ("http.request.uri.args.values", "[1  %202]"),
        ("http.request.full_uri", "http://h.example/a/b.PHP?x=1&y&x=%202"),
        ("raw.http.request.uri.path", "/a/b.PHP"),
        ("http.request.headers.names", "[Host Cookie Accept-Language Content-Type X-Two X-Two user-agent]"),
        ("http.request.cookies", "{a: [1 3], b: [2]}"),
        ("http.host", "h.example"),
        ("http.user_agent", "curl"),
        ("http.referer", ""),
        ("http.x_forwarded_for", ""),
        ("http.request.accepted_languages", "[en de]"),
        ("http.request.body.raw", "n=v&n=w"),
        ("http.request.body.size", "7"),
        ("http.request.body.mime", "application/x-www-form-urlencoded"),
        ("http.request.body.form", "{n: [v w]}"),
        ("http.request.body.form.values", "[v w]"),
        ("ip.src", "10.0.0.1"),
        ("ssl", "false"),
    ] {
        assert_eq!(show(&batches[0], 0, field), value, "{field}");
    }
    assert!(show(&batches[0], 0, "http.request.headers").contains("x-two: [1 2]"));
}

#[test]
fn requests_in_other_forms() {
    let scheme = schemes::http().build().expect("a scheme");
    let lines = concat!(
        "\u{feff}",
        r#"{"method":"GET","uri":"https://h:8443/p","headers":[["A","1"],["a","2"]],"body_hex":"00fF"}"#,
        "\n\nnonsense\n",
        r#"{"method":"GET"}"#,
        "\n",
        r#"{"method":"GET","uri":"/","ip":"1.2.3"}"#,
        "\n",
        r#"{"method":"GET","uri":"/","body_hex":"0"}"#,
        "\r\n",
        r#"{"method":"GET","uri":""}"#
    );
    let (batches, numbers, stats) = read_all(Cursor::new(lines), Format::Http, &scheme, &ReaderOptions::default()).expect("lines");
    assert_eq!(numbers, [1, 7]);
    assert_eq!(show(&batches[0], 0, "http.request.headers"), "{a: [1 2]}");
    assert_eq!(show(&batches[0], 0, "http.request.body.raw"), "\\x00\\xff");
    assert_eq!(show(&batches[0], 0, "http.request.uri"), "/p");
    assert_eq!(show(&batches[0], 0, "http.request.full_uri"), "https://h:8443/p");
    assert_eq!(show(&batches[0], 0, "ssl"), "true");
    assert_eq!(show(&batches[0], 0, "http.request.body.form"), "-");
    assert_eq!(show(&batches[0], 1, "http.request.version"), "-");
    assert_eq!(stats.faults.iter().map(|f| f.number).collect::<Vec<_>>(), [3, 4, 5, 6]);
    assert_eq!(stats.malformed.get("not JSON"), Some(&1));
    assert_eq!(stats.malformed.get("not a request"), Some(&3));
    assert_eq!(stats.skipped.get("blank line"), Some(&1));
}

#[test]
fn all_sample_requests() {
    let Some(folder) = shared("http") else { return };
    let scheme = schemes::http().build().expect("a scheme");
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|e| e != "jsonl") {
            continue;
        }
        assert_eq!(Format::of_file(&path).expect("a file"), Some(Format::Http));
        let lines = std::fs::read(&path).expect("a file").split(|b| *b == b'\n').filter(|l| !l.is_empty()).count();
        let file = std::fs::File::open(&path).expect("a file");
        let (_, numbers, stats) = read_all(file, Format::Http, &scheme, &ReaderOptions::default()).expect("lines");
        assert_eq!((numbers.len(), stats.malformed_total()), (lines, 0), "{}: {stats:?}", path.display());
    }
}

fn typed() -> Scheme {
    Scheme::builder()
        .mandatory("id", Type::Int)
        .optional("ok", Type::Bool)
        .optional("a.b", Type::Float)
        .optional("a.c.d", Type::Bytes)
        .optional("ip", Type::Ip)
        .optional("list", Type::array(Type::array(Type::Int)))
        .optional("map", Type::map(Type::array(Type::Bytes)))
        .build()
        .expect("a scheme")
}

#[test]
fn typed_values() {
    let lines = concat!(
        r#"{"id":-5,"ok":true,"a":{"b":1.5,"c":{"d":"text"}},"ip":"::1","list":[[1,2],[]],"map":{"z":["1"],"B":[],"a":["2","3"]}}"#,
        "\n",
        r#"{"id":9223372036854775807,"a.b":"NaN","a":{"c.d":{"hex":"00ff"}},"ok":null,"other":1,"a.x":2}"#,
        "\n",
        r#"{"id":2,"a":{"b":"-inf","x":1}}"#,
        "\n",
    );
    let (batches, numbers, stats) = read_all(Cursor::new(lines), Format::JsonLines, &typed(), &ReaderOptions::default()).expect("lines");
    let row = |record| typed().fields().iter().map(|f| show(&batches[0], record, &f.name)).collect::<Vec<_>>();
    assert_eq!(row(0), ["-5", "true", "1.5", "text", "::1", "[[1 2] []]", "{B: [], a: [2 3], z: [1]}"]);
    assert_eq!(row(1), ["9223372036854775807", "-", "NaN", "\\x00\\xff", "-", "-", "-"]);
    assert_eq!(row(2), ["2", "-", "-inf", "-", "-", "-", "-"]);
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(stats.malformed_total(), 0, "{stats:?}");
    let unknown: Vec<_> = stats.unknown_keys.iter().map(|(k, n)| (k.as_str(), *n)).collect();
    assert_eq!(unknown, [("a.x", 2), ("other", 1)]);
}

#[test]
fn malformed_lines_are_counted_and_named() {
    let lines = [
        r#"{"id":1}"#,
        r#"{"id":1.5}"#,
        r#"{"ok":true}"#,
        r#"{"id":1,"ip":"1.2.3.4.5"}"#,
        r#"{"id":1,"list":[[null]]}"#,
        r#"{"id":9223372036854775808}"#,
        r#"[1]"#,
        r#"{"id":1"#,
        r#"{"id":2}"#,
    ]
    .join("\n");
    let (_, numbers, stats) = read_all(Cursor::new(lines), Format::JsonLines, &typed(), &ReaderOptions::default()).expect("lines");
    assert_eq!(numbers, [1, 9]);
    assert_eq!(stats.faults.iter().map(|f| f.number).collect::<Vec<_>>(), [2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(stats.faults[0].detail, "`id` is not of type Int: 1.5");
    assert_eq!(stats.faults[1].detail, "there is no `id`");
    assert_eq!(stats.malformed.get("wrong type"), Some(&4));
}

#[test]
fn keys_of_fields_that_were_projected_away_are_known() {
    let declared = typed();
    let scheme = declared.project(|_, f| f.name == "id");
    let options = ReaderOptions::default().declared(&declared);
    let line = r#"{"id":1,"a":{"b":2,"y":1},"new":1}"#;
    let (_, _, stats) = read_all(Cursor::new(line), Format::JsonLines, &scheme, &options).expect("lines");
    assert_eq!(stats.unknown_keys.keys().collect::<Vec<_>>(), ["a.y", "new"]);
}

#[test]
fn formats_by_content_and_name() {
    let detect = |path: &str, first: &[u8]| Format::detect(path.as_ref(), first);
    assert_eq!(detect("x", b"\xd4\xc3\xb2\xa1"), Some(Format::Packets));
    assert_eq!(detect("x", b"\x0a\x0d\x0d\x0a"), Some(Format::Packets));
    assert_eq!(detect("x.txt", b"{\"method\":\"GET\",\"uri\":\"/\"}\n{"), Some(Format::Http));
    assert_eq!(detect("x", b"{\"a\":1}\n"), Some(Format::JsonLines));
    assert_eq!(detect("x.jsonl", b"garbage"), Some(Format::JsonLines));
    assert_eq!(detect("x.txt", b"garbage"), None);
    for format in Format::ALL {
        assert_eq!(format.name().parse(), Ok(format));
    }
    assert!("csv".parse::<Format>().is_err());
}
