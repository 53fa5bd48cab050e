//! `quintet run` on Parquet and CSV.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use parquet::arrow::ArrowWriter;
use quintet_arrow::array::*;
use quintet_arrow::schema::{DataType, Field, Fields};

const ROWS: usize = 20_000;

fn quintet(args: &[&str], stdin: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
    let mut child = command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut input, bytes) = (child.stdin.take().unwrap(), stdin.to_vec());
    let writer = std::thread::spawn(move || input.write_all(&bytes));
    let output = child.wait_with_output().unwrap();
    // A command that refuses its input does not read it to its end.
    let _ = writer.join().unwrap();
    output
}

fn out(args: &[&str]) -> String {
    let output = quintet(args, b"");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The same rows as Parquet, as CSV and as JSON lines.
fn files(dir: &std::path::Path) -> [String; 3] {
    let n = |i: usize| (i * 7919 % 1000) as i64;
    let host = |i: usize| (!i.is_multiple_of(10)).then(|| format!("{}.example.org", i % 97));
    let ip = |i: usize| [10, 0, (i / 256) as u8, i as u8];
    let request = StructArray::new(
        Fields::from(vec![Field::new("status", DataType::Int16, true)]),
        vec![Arc::new((0..ROWS).map(|i| (i % 3 > 0).then_some((i % 500) as i16)).collect::<Int16Array>())],
        None,
    );
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("n", Arc::new(Int64Array::from_iter_values((0..ROWS).map(n)))),
        ("host", Arc::new((0..ROWS).map(host).collect::<StringArray>())),
        ("ip", Arc::new(FixedSizeBinaryArray::try_from_iter((0..ROWS).map(ip)).unwrap())),
        ("price", Arc::new(Decimal128Array::from_iter_values((0..ROWS).map(|i| i as i128)))),
        ("http", Arc::new(request)),
    ];
    let rows = RecordBatch::try_from_iter(columns).unwrap();
    let path = |name: &str| dir.join(name).display().to_string();
    let [parquet, csv, jsonl] = [path("rows.parquet"), path("rows.csv"), path("rows.jsonl")];
    let mut writer = ArrowWriter::try_new(std::fs::File::create(&parquet).unwrap(), rows.schema(), None).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    let (mut table, mut lines) = ("\u{feff}n,host,ip,http.status\r\n".to_string(), String::new());
    for i in 0..ROWS {
        let address = ip(i).map(|b| b.to_string()).join(".");
        let status = (i % 3 > 0).then(|| (i % 500).to_string());
        let text = host(i).map_or_else(|| "null".into(), |h| format!("\"{h}\""));
        let cell = host(i).map_or_else(String::new, |h| format!("\"{h}\""));
        table += &format!("{},{cell},{address},{}\r\n", n(i), status.clone().unwrap_or_default());
        lines += &format!(
            "{{\"n\":{},\"host\":{text},\"ip\":\"{address}\",\"http\":{{\"status\":{}}}}}\n",
            n(i),
            status.unwrap_or("null".into())
        );
    }
    std::fs::write(&csv, table).unwrap();
    std::fs::write(&jsonl, lines).unwrap();
    [parquet, csv, jsonl]
}

const RULES: &str =
    "rule low = n < 100\nrule host = host matches \"^1.*org$\"\nrule net = ip in {10.0.7.0/24}\nrule status = http.status >= 400\n";

#[test]
fn tables_have_the_answers_of_the_same_rows_as_lines() {
    let dir = tempfile::tempdir().unwrap();
    let [parquet, csv, jsonl] = files(dir.path());
    let (rules, scheme) = (dir.path().join("t.rules").display().to_string(), dir.path().join("t.toml").display().to_string());
    std::fs::write(&rules, RULES).unwrap();
    let fields = "[fields]\nn = \"Int\"\nhost = { type = \"Bytes\", optional = true }\nip = \"Ip\"\n\"http.status\" = { type = \"Int\", optional = true }\n";
    std::fs::write(&scheme, fields).unwrap();
    let expected = out(&["run", &rules, "--input", &jsonl, "--scheme", &scheme]);
    assert!(expected.lines().count() > 1000);
    for (input, flags) in [(&parquet, vec![]), (&csv, vec![]), (&parquet, vec!["--scheme", &*scheme]), (&csv, vec!["--scheme", &*scheme])] {
        for threads in ["1", "3"] {
            let args = [&["run", &rules, "--input", input, "--threads", threads], &flags[..]].concat();
            assert!(out(&args) == expected, "{args:?}");
        }
    }
    // From a pipe, and what is printed of rows.
    let bytes = std::fs::read(&parquet).unwrap();
    let piped = quintet(&["run", &rules, "--input", "-"], &bytes);
    assert_eq!(String::from_utf8(piped.stdout).unwrap(), expected);
    let cells = out(&["run", "n == 1", "--input", &parquet, "--output", "csv", "--field", "host", "--field", "ip"]);
    assert!(cells.starts_with("record,host,ip\n") || cells.starts_with("record,rules,host,ip\n"), "{cells}");
    assert_eq!(out(&["eval", "n + 1", "--input", &csv]).lines().next(), Some("1"));
    let refused = quintet(&["run", &rules, "--input", &parquet, "--output", "records"], b"");
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("rows of a table are no lines"));
    let unfit = quintet(&["run", "price == 1", "--input", &parquet], b"");
    let said = String::from_utf8_lossy(&unfit.stderr).into_owned();
    assert!(said.contains("column `price` is no field: its type, Decimal128(38, 10), is none of a field"), "{said}");
}

#[test]
fn cells_that_fit_no_field_are_counted_and_damage_is_an_error() {
    let scheme = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    std::fs::write(scheme.path(), "[fields]\na = \"Int\"\nb = { type = \"Int\", optional = true }\n").unwrap();
    let scheme = scheme.path().display().to_string();
    let table = b"a,b\n1,2\n,3\nx,4\n5,y\n6\n7,8,9\n";
    for rules in ["b == 8 or not b == 8", "a == 6"] {
        let output = quintet(&["run", rules, "--input", "-", "--format", "table", "--scheme", &scheme, "--output", "count"], table);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("2 malformed: missing mandatory field") && said.contains("number 2: there is no `a`"), "{said}");
        assert!(said.contains("1 passed over: cells beyond those of the header, in rows"), "{said}");
        assert_eq!(said.contains("1 value that no `b` can be, left out; the first in number 4"), rules.contains('b'), "{said}");
    }
    let damaged = quintet(&["run", "true", "--input", "-"], b"PAR1 and nothing of a footer PAR1");
    assert_eq!(damaged.status.code(), Some(2), "{}", String::from_utf8_lossy(&damaged.stderr));
}
