//! HTTP requests and typed JSON lines.

mod common;

use std::io::Cursor;

use common::{read_all, shared, show};
use quintet_inputs::{Format, Input, ReaderLimits, ReaderOptions, Stats, schemes};
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
    assert_eq!(numbers, [1, 5, 6, 7]);
    assert_eq!(show(&batches[0], 0, "http.request.headers"), "{a: [1 2]}");
    assert_eq!(show(&batches[0], 0, "http.request.body.raw"), "\\x00\\xff");
    assert_eq!(show(&batches[0], 0, "http.request.uri"), "/p");
    assert_eq!(show(&batches[0], 0, "http.request.full_uri"), "https://h:8443/p");
    assert_eq!(show(&batches[0], 0, "ssl"), "true");
    assert_eq!(show(&batches[0], 0, "http.request.body.form"), "-");
    assert_eq!(show(&batches[0], 1, "ip.src"), "-");
    assert_eq!(show(&batches[0], 2, "http.request.body.raw"), "");
    assert_eq!(show(&batches[0], 3, "http.request.version"), "-");
    assert_eq!(stats.faults.iter().map(|f| f.number).collect::<Vec<_>>(), [3, 4]);
    assert_eq!(stats.malformed.get("not JSON"), Some(&1));
    assert_eq!(stats.malformed.get("not a request"), Some(&1));
    assert_eq!(unfit(&stats), [("http.request.body.raw", 1, 6), ("ip.src", 1, 5)]);
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
        assert_eq!(Input::open(&path).and_then(|mut i| i.format()).expect("a file"), Some(Format::Http));
        let lines = std::fs::read(&path).expect("a file").split(|b| *b == b'\n').filter(|l| !l.is_empty()).count();
        let file = std::fs::File::open(&path).expect("a file");
        let (_, numbers, stats) = read_all(file, Format::Http, &scheme, &ReaderOptions::default()).expect("lines");
        assert_eq!((numbers.len(), stats.malformed_total()), (lines, 0), "{}: {stats:?}", path.display());
    }
}

/// The fields that values did not fit, how many, and the number of the first.
fn unfit(stats: &Stats) -> Vec<(&str, u64, u64)> {
    stats.unfit.iter().map(|(field, u)| (field.as_str(), u.count, u.first.number)).collect()
}

#[test]
fn what_does_not_fit_in_a_request_is_as_if_it_were_not_there() {
    let scheme = schemes::http().build().expect("a scheme");
    let with = |members: &str| {
        let line = format!("{{\"method\":\"GET\",\"uri\":\"/\",{members}}}\n");
        let (batches, numbers, stats) = read_all(Cursor::new(line), Format::Http, &scheme, &ReaderOptions::default()).expect("lines");
        assert_eq!(numbers, [1], "{members}: {stats:?}");
        (batches, stats)
    };
    for (members, field, value) in [
        (r#""ip":"-""#, "ip.src", "-"),
        (r#""ip":7"#, "ip.src", "-"),
        (r#""ip":1e999"#, "ip.src", "-"),
        (r#""version":1.1"#, "http.request.version", "-"),
        (r#""version":"\ud800""#, "http.request.version", "-"),
        (r#""ssl":"yes""#, "ssl", "false"),
        (r#""host":["a"]"#, "http.host", ""),
        (r#""user_agent":{}"#, "http.user_agent", ""),
        (r#""referer":false"#, "http.referer", ""),
        (r#""body":{"a":1}"#, "http.request.body.raw", ""),
        (r#""body_hex":"0g""#, "http.request.body.raw", ""),
        (r#""body":"x","body_hex":[]"#, "http.request.body.raw", "x"),
        (r#""headers":7"#, "http.request.headers", "{}"),
        (r#""headers":{"a":1,"b":"2"}"#, "http.request.headers", "{b: [2]}"),
        (r#""headers":{"a":["1",2,"3"]}"#, "http.request.headers", "{a: [1 3]}"),
        (r#""headers":{"\udc00":"1","b":"\ud800","c":"3"}"#, "http.request.headers", "{c: [3]}"),
        (r#""headers":[["a","1"],["b"],"c",["d",4],["e","5","6"],["f","7"]]"#, "http.request.headers", "{a: [1], f: [7]}"),
    ] {
        let (batches, stats) = with(members);
        assert_eq!(show(&batches[0], 0, field), value, "{members}");
        assert_eq!(stats.unfit.keys().collect::<Vec<_>>(), [field], "{members}");
        assert_eq!(stats.unfit[field].first.number, 1, "{members}");
    }
    for (members, field, value) in [
        (r#""x":1e999,"y":"\ud800","\udfff":[[]]"#, "http.request.method", "GET"),
        (r#""ip":null,"headers":{"a":null},"body":null"#, "http.request.headers", "{}"),
        (r#""ip":"-","ip":"1.2.3.4""#, "ip.src", "1.2.3.4"),
        (r#""headers":{"a":"1","a":"2"}"#, "http.request.headers", "{a: [1 2]}"),
    ] {
        let (batches, stats) = with(members);
        assert_eq!(show(&batches[0], 0, field), value, "{members}");
        assert_eq!((stats.lossy(), unfit(&stats)), (false, vec![]), "{members}");
    }
}

#[test]
fn what_makes_no_request() {
    let scheme = schemes::http().build().expect("a scheme").project(|_, f| f.name == "ssl");
    let lines = [
        r#"{"method":"GET","method":7,"uri":"/"}"#,
        r#"{"method":"GET","uri":null}"#,
        r#"{"method":"\ud800","uri":"/"}"#,
        r#"["method","uri"]"#,
        r#"{"method":"GET","uri":"/"} x"#,
        r#"{"method":"GET","uri":"/","x":01}"#,
    ];
    let lines = lines.join("\n");
    let (_, numbers, stats) = read_all(Cursor::new(lines), Format::Http, &scheme, &ReaderOptions::default()).expect("lines");
    assert!(numbers.is_empty());
    assert_eq!(stats.malformed.iter().map(|(k, n)| (k.as_ref(), *n)).collect::<Vec<_>>(), [("not JSON", 2), ("not a request", 4)]);
}

#[test]
fn a_line_that_expands_beyond_a_record_is_one_malformed_record() {
    let whole = schemes::http().build().expect("a scheme");
    let values = vec!["\"\""; 30_000].join(",");
    let pairs = "a&".repeat(1_000_000);
    let long = [
        format!(r#"{{"method":"GET","uri":"/","headers":{{"{}":[{values}]}}}}"#, "n".repeat(300_000)),
        format!(r#"{{"method":"GET","uri":"/?{pairs}"}}"#),
    ];
    for long in long {
        let text = format!("{{\"method\":\"A\",\"uri\":\"/\"}}\n{long}\n{{\"method\":\"B\",\"uri\":\"/\"}}\n");
        for scheme in [&whole, &whole.project(|_, f| f.name == "http.request.method")] {
            let (batches, numbers, stats) =
                read_all(Cursor::new(text.clone()), Format::Http, scheme, &ReaderOptions::default()).expect("lines");
            assert_eq!(numbers, [1, 3]);
            assert_eq!(stats.malformed.get("record too large"), Some(&1), "{stats:?}");
            assert!(batches.iter().all(|b| b.arena().capacity() < 128 << 20));
        }
    }
    // An ordinary long line is a record, and one that takes what it may.
    let body = format!(r#"{{"method":"A","uri":"/","body":"{}"}}"#, "x".repeat(15 << 20));
    assert_eq!(read_all(Cursor::new(body), Format::Http, &whole, &ReaderOptions::default()).expect("lines").1, [1]);
}

/// What is refused is found out before it is made, so it is never less than what would be made.
#[test]
fn no_request_takes_more_than_was_found_out_before() {
    let scheme = schemes::http().build().expect("a scheme");
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench-suite/workloads/data/requests.jsonl");
    let text = std::fs::read_to_string(path).expect("requests");
    let form = r#""headers":{"Content-Type":"application/x-www-form-urlencoded"}"#;
    let own = [
        format!(r#"{{"method":"GET","uri":"/?{}"}}"#, "a&".repeat(500)),
        format!(r#"{{"method":"GET","uri":"http://{}/?{}"}}"#, "h".repeat(900), "abcdefghi=1&".repeat(90)),
        format!(r#"{{"method":"GET","uri":"/","headers":{{"cookie":"{}","accept-language":"{}"}}}}"#, "a;".repeat(400), "a,".repeat(400)),
        format!(r#"{{"method":"GET","uri":"/","headers":{{"{}":[{}]}}}}"#, "n".repeat(99), vec!["\"\""; 99].join(",")),
        format!(r#"{{"method":"GET","uri":"/","host":"{}"}}"#, "h".repeat(5000)),
        format!(r#"{{"method":"POST","uri":"/",{form},"body":"{}"}}"#, "a&".repeat(500)),
        format!(r#"{{"method":"POST","uri":"/{}"}}"#, "p.".repeat(5000)),
    ];
    let read = |line: &str, limits: ReaderLimits| {
        let options = ReaderOptions::default().batch_records(1).limits(limits);
        read_all(Cursor::new(line.to_owned()), Format::Http, &scheme, &options).expect("lines")
    };
    for line in text.lines().take(300).chain(own.iter().map(String::as_str)) {
        let (batches, ..) = read(line, ReaderLimits::default());
        let taken = batches[0].arena().len() - batches[0].records_offset() - batches[0].layout().stride();
        let (_, numbers, stats) = read(line, ReaderLimits::default().record_bytes(taken - 1));
        assert!(
            numbers.is_empty() && stats.malformed.contains_key("record too large"),
            "{taken} bytes of {}",
            &line[..line.len().min(200)]
        );
    }
}

#[test]
fn a_value_that_takes_more_than_a_record_does_not_fit() {
    let scheme = Scheme::builder().optional("a", Type::array(Type::Ip)).optional("m", Type::map(Type::Int)).optional("i", Type::Int);
    let scheme = scheme.build().expect("a scheme");
    let ips = |n: usize| vec!["\"::\""; n].join(",");
    let entries: Vec<_> = (0..50).map(|i| format!("\"{i}\":{i}")).collect();
    let lines = format!(
        "{{\"i\":1,\"a\":[{}]}}\n{{\"i\":2,\"a\":[{}]}}\n{{\"i\":3,\"m\":{{{}}}}}\n{{\"i\":4,\"m\":{{{}}}}}\n",
        ips(41),
        ips(42),
        entries[..40].join(","),
        entries.join(",")
    );
    let options = ReaderOptions::default().limits(ReaderLimits::default().record_bytes(1000));
    let (batches, numbers, stats) = read_all(Cursor::new(lines), Format::JsonLines, &scheme, &options).expect("lines");
    assert_eq!(numbers, [1, 2, 3, 4]);
    assert_eq!(
        ["a", "m"].map(|f| (0..4).map(|r| show(&batches[0], r, f) != "-").collect::<Vec<_>>()),
        [[true, false, false, false], [false, false, true, false]]
    );
    assert_eq!(unfit(&stats), [("a", 1, 2), ("m", 1, 4)]);
    assert!(stats.unfit["a"].first.detail.contains("more than 1000 bytes"), "{stats:?}");
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
        r#"{"id":1,"list":[[1],[null]]}"#,
        r#"{"id":9223372036854775808}"#,
        r#"[1]"#,
        r#"{"id":1"#,
        r#"{"id":2}"#,
    ]
    .join("\n");
    // Which lines are records does not depend on what is read of them.
    for scheme in [typed(), typed().project(|_, f| f.name == "ok")] {
        let (_, numbers, stats) =
            read_all(Cursor::new(lines.clone()), Format::JsonLines, &scheme, &ReaderOptions::default()).expect("lines");
        assert_eq!(numbers, [1, 4, 5, 9]);
        assert_eq!(stats.faults.iter().map(|f| f.number).collect::<Vec<_>>(), [2, 3, 6, 7, 8]);
        assert_eq!(stats.faults[0].detail, "`id` is not of type Int: 1.5");
        assert_eq!(stats.faults[1].detail, "there is no `id`");
        assert_eq!(stats.malformed.get("wrong type"), Some(&2));
        assert!(stats.lossy());
        let read = |name: &str| scheme.field_id(name).is_some();
        assert_eq!(unfit(&stats), [("ip", 1, 4), ("list", 1, 5)].into_iter().filter(|u| read(u.0)).collect::<Vec<_>>());
    }
}

#[test]
fn numbers_and_texts_at_their_edges() {
    let scheme =
        Scheme::builder().optional("i", Type::Int).optional("f", Type::Float).optional("s", Type::Bytes).build().expect("a scheme");
    let shown = |line: &[u8]| {
        let (batches, numbers, stats) =
            read_all(Cursor::new(line.to_vec()), Format::JsonLines, &scheme, &ReaderOptions::default()).expect("lines");
        assert_eq!(numbers, [1], "{}: {stats:?}", line.escape_ascii());
        (["i", "f", "s"].map(|f| show(&batches[0], 0, f)).join(" "), stats.unfit.len())
    };
    for (line, values, misfits) in [
        (&br#"{"i":-0,"f":-0}"#[..], "0 -0 -", 0),
        (br#"{"i":1.0,"f":1e3}"#, "- 1000 -", 1),
        (br#"{"i":1e3,"f":117.63331139400017}"#, "- 117.63331139400017 -", 1),
        (br#"{"f":0.9215686321258545}"#, "- 0.9215686321258545 -", 0),
        (br#"{"f":1e999,"i":1e999}"#, "- - -", 2),
        (br#"{"f":1e-999,"i":-9223372036854775808}"#, "-9223372036854775808 0 -", 0),
        (br#"{"x":1e999,"y":-1E+999,"i":1}"#, "1 - -", 0),
        (br#"{"x":"\ud800","\ud800":1,"i":1}"#, "1 - -", 0),
        (br#"{"s":"\ud800","i":1}"#, "1 - -", 1),
        (br#"{"s":"\ud83d\ude00","i":1}"#, "1 - \\xf0\\x9f\\x98\\x80", 0),
        (b"{\"x\":\"\xff\",\"\xfe\":2,\"i\":1}", "1 - -", 0),
        (b"{\"s\":\"a\xffb\",\"i\":1}", "1 - -", 1),
        (br#"{"i":1,"i":2,"s":"a","s":null}"#, "2 - -", 0),
        (br#"{"i":1,"i":"x"}"#, "- - -", 1),
    ] {
        assert_eq!(shown(line), (values.to_owned(), misfits), "{}", line.escape_ascii());
    }
}

#[test]
fn of_members_with_one_name_the_last_one_counts() {
    for (line, values) in [
        (r#"{"id":1,"a":{"b":1},"a":{"c":{"d":"x"}}}"#, "- x"),
        (r#"{"id":1,"a":{"b":1,"b":2},"a.b":null}"#, "- -"),
        (r#"{"id":1,"a":{"b":1},"a.b":3}"#, "3 -"),
        (r#"{"id":1,"a.b":3,"a":{"b":1}}"#, "3 -"),
        (r#"{"id":1,"a.b":3,"a.b":4}"#, "4 -"),
        (r#"{"id":1,"a":{"b":1},"a":null}"#, "- -"),
        (r#"{"id":1,"a":{"b":1},"a":7,"a.c":{"d":"y"}}"#, "- y"),
        (r#"{"id":1,"a":{"c.d":"1","c":{"d":"2"}},"a.c.d":"3"}"#, "- 3"),
        (r#"{"id":1,"a":{"c":{"d":"2"}},"a.c":{"d":"4"}}"#, "- 2"),
        (r#"{"id":1,"a":{"c":{}},"a.c":{"d":"4"}}"#, "- 4"),
    ] {
        for scheme in [typed(), typed().project(|_, f| f.name.starts_with("a."))] {
            let (batches, ..) = read_all(Cursor::new(line), Format::JsonLines, &scheme, &ReaderOptions::default()).expect("lines");
            assert_eq!(["a.b", "a.c.d"].map(|f| show(&batches[0], 0, f)).join(" "), values, "{line}");
        }
    }
    let map = Scheme::builder().optional("m", Type::map(Type::Int)).build().expect("a scheme");
    let line = r#"{"m":{"k":1,"a":0,"k":2}}"#;
    let (batches, ..) = read_all(Cursor::new(line), Format::JsonLines, &map, &ReaderOptions::default()).expect("lines");
    assert_eq!(show(&batches[0], 0, "m"), "{a: 0, k: 2}");
}

#[test]
fn names_with_many_dots_make_few_levels() {
    let name = vec!["a"; 60].join(".");
    let scheme = Scheme::builder().optional(&name, Type::Int).build().expect("a scheme");
    let nested = (0..60).fold("7".to_owned(), |inner, _| format!("{{\"a\":{inner}}}"));
    let (batches, ..) = read_all(Cursor::new(nested), Format::JsonLines, &scheme, &ReaderOptions::default()).expect("lines");
    assert_eq!(show(&batches[0], 0, &name), "7");
}

#[test]
fn arrays_and_objects_over_lines_get_a_hint() {
    for (text, hint) in [("[\n{\"id\":1},\n", "JSON array"), ("\u{feff}[{\"id\":1}]", "JSON array"), ("{\n\"id\":1}", "several lines")] {
        let (_, numbers, stats) = read_all(Cursor::new(text), Format::JsonLines, &typed(), &ReaderOptions::default()).expect("lines");
        assert!(numbers.is_empty() && stats.hint.is_some_and(|h| h.contains(hint)), "{text}: {stats:?}");
    }
}

#[test]
fn keys_of_fields_that_were_projected_away_are_known() {
    let declared = typed();
    let scheme = declared.project(|_, f| f.name == "id");
    let line = r#"{"id":1,"a":{"b":2,"y":1},"new":1}"#;
    let (_, _, stats) = read_all(Cursor::new(line), Format::JsonLines, &scheme, &ReaderOptions::default()).expect("lines");
    assert_eq!(stats.unknown_keys.keys().collect::<Vec<_>>(), ["a.y", "new"]);
}

#[test]
fn formats_by_content_and_name() {
    let detect = |path: &str, first: &[u8]| Format::detect(path.as_ref(), first);
    assert_eq!(detect("x", b"\xd4\xc3\xb2\xa1"), Some(Format::Packets));
    assert_eq!(detect("x", b"\x0a\x0d\x0d\x0a"), Some(Format::Packets));
    assert_eq!(detect("x.txt", b"{\"method\":\"GET\",\"uri\":\"/\"}\n{"), Some(Format::Http));
    assert_eq!(detect("x", b"{\"a\":1}\n"), Some(Format::JsonLines));
    assert_eq!(detect("x", b"\xef\xbb\xbf{\"uri\":\"/\",\"method\":\"\\ud800\"}\n"), Some(Format::Http));
    assert_eq!(detect("x", b"[{\"a\":1},\n"), Some(Format::JsonLines));
    assert_eq!(detect("x.jsonl", b"garbage"), Some(Format::JsonLines));
    assert_eq!(detect("x.txt", b"garbage"), None);
    for format in Format::ALL {
        assert_eq!(format.name().parse(), Ok(format));
    }
    assert!("csv".parse::<Format>().is_err());
}
