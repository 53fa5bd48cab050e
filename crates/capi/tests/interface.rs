//! The C interface, called as C calls it.
#![allow(clippy::undocumented_unsafe_blocks, reason = "all that is handed in is there, as the tests' own lines show")]

use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::Arc;

use arrow_array::ffi::to_ffi;
use arrow_array::{Array, Int64Array, StringArray, StructArray, UInt64Array};
use quintet_capi::*;

/// What an error says, which is freed.
fn said(error: *mut quintet_error) -> String {
    let text = unsafe { quintet_error_message(error) };
    let message = String::from_utf8(unsafe { std::slice::from_raw_parts(text.data, text.len) }.to_vec()).unwrap();
    unsafe { quintet_error_free(error) };
    message
}

macro_rules! ok {
    ($call:ident($($argument:expr),* $(,)?)) => {{
        let mut error = null_mut();
        let status = unsafe { $call($($argument,)* &mut error) };
        assert_eq!(status, quintet_status::Ok, "{}", if error.is_null() { "no error".into() } else { said(error) });
    }};
}

macro_rules! fails {
    ($status:ident, $call:ident($($argument:expr),* $(,)?)) => {{
        let mut error = null_mut();
        let status = unsafe { $call($($argument,)* &mut error) };
        assert_eq!(status, quintet_status::$status);
        said(error)
    }};
}

struct Made {
    engine: *mut quintet_engine,
    scheme: *mut quintet_scheme,
}

const SCHEME: &str = "[fields]\nport = \"Int\"\nhost = { type = \"Bytes\", optional = true }\nsrc = { type = \"Ip\", optional = true }\n";

fn made(engine: impl FnOnce(*mut quintet_engine)) -> Made {
    let (mut made, mut scheme) = (null_mut(), null_mut());
    ok!(quintet_engine_new(&mut made));
    engine(made);
    ok!(quintet_scheme_from_toml(made, SCHEME.as_ptr(), SCHEME.len(), &mut scheme));
    Made { engine: made, scheme }
}

impl Drop for Made {
    fn drop(&mut self) {
        unsafe {
            quintet_engine_free(self.engine);
            quintet_scheme_free(self.scheme);
        }
    }
}

fn rules(made: &Made, source: &str, backend: &str) -> *mut quintet_rules {
    let mut rules = null_mut();
    let (s, b) = (source, backend);
    ok!(quintet_rules_compile(made.engine, made.scheme, s.as_ptr(), s.len(), b.as_ptr(), b.len(), &mut rules));
    rules
}

fn column<T>(field: u32, kind: quintet_kind, values: &[T]) -> quintet_column {
    quintet_column { field, kind: kind as u32, values: values.as_ptr().cast(), data: null(), data_len: 0, valid: null() }
}

#[test]
fn columns_are_matched_by_every_backend() {
    let made = made(|_| {});
    let mut id = 9;
    assert!(unsafe { quintet_scheme_field(made.scheme, b"host".as_ptr(), 4, &mut id) } && id == 1);
    assert!(!unsafe { quintet_scheme_field(made.scheme, b"hosts".as_ptr(), 5, &mut id) });
    assert_eq!(unsafe { quintet_scheme_fields(made.scheme) }, 3);
    let hosts = quintet_column {
        data: b"aexampleb".as_ptr(),
        data_len: 9,
        valid: [0b101u8].as_ptr(),
        ..column(1, quintet_kind::Bytes32, &[0i32, 1, 8, 9])
    };
    let columns =
        [column(0, quintet_kind::U16, &[443u16, 80, 81]), hosts, column(2, quintet_kind::Ip4, &[10u8, 0, 0, 1, 10, 0, 0, 2, 10, 1, 0, 1])];
    for backend in ["interp", "closures", "jit", "wasm", "lua", "adaptive"] {
        let source = "rule a = port in {443 81} and src in {10.0.0.0/16}\nrule b = host == \"b\"\nrule c = 1 / (port - 80) == 0\nrule d = host contains \"x\"";
        let rules = rules(&made, source, backend);
        assert_eq!(unsafe { quintet_rules_count(rules) }, 4);
        let (mut instance, mut batch, mut matches) = (null_mut(), null_mut(), null_mut());
        ok!(quintet_instance_new(rules, &mut instance));
        ok!(quintet_batch_new(made.scheme, &mut batch));
        ok!(quintet_matches_new(&mut matches));
        for _ in 0..2 {
            ok!(quintet_batch_fill(batch, columns.as_ptr(), 3, 3));
            ok!(quintet_instance_run(instance, batch, matches));
        }
        unsafe {
            assert_eq!((quintet_batch_len(batch), quintet_matches_records(matches), quintet_matches_rules(matches)), (3, 3, 4));
            let words: Vec<u64> = (0..4).map(|rule| *quintet_matches_words(matches, rule)).collect();
            assert_eq!(words, [0b001, 0b100, 0b001, 0], "{backend}");
            assert!(quintet_matches_get(matches, 1, 2) && !quintet_matches_get(matches, 1, 3) && !quintet_matches_get(matches, 9, 0));
            assert!(quintet_matches_words(matches, 4).is_null());
            let mut trap = quintet_trap { rule: 0, record: 0, what: 0, start: 0, end: 0 };
            assert!(quintet_matches_traps(matches) == 1 && quintet_matches_trap(matches, 0, &mut trap));
            assert_eq!((trap.rule, trap.record, trap.what), (2, 1, 1));
            assert_eq!(&source[trap.start as usize..trap.end as usize], "1 / (port - 80) == 0");
            assert!(!quintet_matches_trap(matches, 1, &mut trap));
            quintet_matches_free(matches);
            quintet_batch_free(batch);
            quintet_instance_free(instance);
            quintet_rules_free(rules);
        }
    }
}

#[test]
fn what_is_wrong_has_a_place_and_a_mend() {
    let made = made(|_| {});
    let (source, mut rules, mut error) = ("rule a = prt == 1", null_mut(), null_mut());
    let compile = |source: &str, backend: &str, rules: *mut *mut quintet_rules, error: *mut *mut quintet_error| unsafe {
        quintet_rules_compile(made.engine, made.scheme, source.as_ptr(), source.len(), backend.as_ptr(), backend.len(), rules, error)
    };
    assert_eq!(compile(source, "jit", &mut rules, &mut error), quintet_status::Source);
    unsafe {
        assert_eq!((quintet_error_status(error), quintet_error_diagnostics(error)), (quintet_status::Source, 1));
        let mut found = std::mem::zeroed::<quintet_diagnostic>();
        assert!(quintet_error_diagnostic(error, 0, &mut found) && !quintet_error_diagnostic(error, 1, &mut found));
        let text = |text: quintet_text| String::from_utf8(std::slice::from_raw_parts(text.data, text.len).to_vec()).unwrap();
        assert!(found.is_error && text(found.code) == "unknown-name" && text(found.help).contains("port"));
        assert_eq!(&source[found.start as usize..found.end as usize], "prt");
        quintet_error_free(error);
    }
    assert!(rules.is_null());
    // No error need be taken, and what is not there is no crash.
    assert_eq!(compile(source, "jit", &mut rules, null_mut()), quintet_status::Source);
    assert_eq!(compile("port == 1", "fast", &mut rules, null_mut()), quintet_status::Argument);
    assert_eq!(compile("port == 1", "jit", null_mut(), null_mut()), quintet_status::Argument);
    assert!(fails!(Argument, quintet_rules_compile(null(), made.scheme, null(), 0, null(), 0, &mut rules)).contains("an engine"));
    assert!(fails!(Argument, quintet_rules_compile(made.engine, made.scheme, null(), 5, null(), 0, &mut rules)).contains("NULL"));
    assert!(fails!(Argument, quintet_instance_new(null(), &mut null_mut())).contains("rules"));
    assert!(fails!(Source, quintet_scheme_from_toml(made.engine, b"x".as_ptr(), 1, &mut null_mut())).contains("line 1"));
    let mut batch = null_mut();
    ok!(quintet_batch_new(made.scheme, &mut batch));
    let ports = [1i64, 2];
    assert!(fails!(Columns, quintet_batch_fill(batch, &column(1, quintet_kind::I64, &ports), 1, 2)).contains("not of type Bytes"));
    assert!(fails!(Columns, quintet_batch_fill(batch, null(), 0, 2)).contains("mandatory"));
    assert!(fails!(Columns, quintet_batch_fill(batch, &column(7, quintet_kind::I64, &ports), 1, 2)).contains("no field 7"));
    let unknown = quintet_column { kind: 99, ..column(0, quintet_kind::I64, &ports) };
    assert!(fails!(Argument, quintet_batch_fill(batch, &unknown, 1, 2)).contains("no such kind"));
    let beyond = quintet_column { data: b"abc".as_ptr(), data_len: 3, ..column(1, quintet_kind::Bytes64, &[0i64, 2, 4]) };
    assert!(fails!(Columns, quintet_batch_fill(batch, &beyond, 1, 2)).contains("malformed"));
    ok!(quintet_batch_fill(batch, &column(0, quintet_kind::I64, &ports), 1, 2));
    unsafe {
        quintet_batch_free(batch);
        quintet_engine_free(null_mut());
        quintet_error_free(null_mut());
        quintet_matches_free(null_mut());
    }
}

#[test]
fn arrays_are_released_whatever_comes_of_them() {
    let made = made(|_| {});
    let rules = rules(&made, "rule a = port > 2\nrule b = host == \"x\"", "closures");
    let (mut instance, mut matches) = (null_mut(), null_mut());
    ok!(quintet_instance_new(rules, &mut instance));
    ok!(quintet_matches_new(&mut matches));
    let ports = Arc::new(Int64Array::from(vec![1, 2, 3]));
    let table = |ports: Arc<dyn Array>, nullable| {
        let fields = vec![
            quintet_arrow::schema::Field::new("port", ports.data_type().clone(), nullable),
            quintet_arrow::schema::Field::new("host", quintet_arrow::schema::DataType::Utf8, true),
        ];
        StructArray::new(fields.into(), vec![ports, Arc::new(StringArray::from(vec![Some("x"), None, Some("y")]))], None)
    };
    let mut unfit = 9;
    for _ in 0..2 {
        let (mut array, schema) = to_ffi(&table(ports.clone(), false).into_data()).unwrap();
        ok!(quintet_eval_arrow(instance, &mut array, &schema, matches, &mut unfit));
        assert!(array.is_released() && unfit == 0);
        assert_eq!(unsafe { [*quintet_matches_words(matches, 0), *quintet_matches_words(matches, 1)] }, [0b100, 0b001]);
    }
    let (mut array, schema) = to_ffi(&ports.to_data()).unwrap();
    assert!(fails!(Columns, quintet_eval_arrow(instance, &mut array, &schema, matches, null_mut())).contains("not a struct"));
    assert!(array.is_released());
    let big = Arc::new(UInt64Array::from(vec![1, u64::MAX, 3]));
    let (mut array, schema) = to_ffi(&table(big, false).into_data()).unwrap();
    let wrong = fails!(Columns, quintet_eval_arrow(instance, &mut array, &schema, matches, null_mut()));
    assert!(wrong.contains("row 1 has no value in the column `port`"), "{wrong}");
    assert!(array.is_released() && unsafe { quintet_matches_records(matches) } == 0);
    let mut scheme = null_mut();
    ok!(quintet_scheme_from_arrow(made.engine, &schema, &mut scheme));
    assert_eq!(unsafe { quintet_scheme_fields(scheme) }, 2);
    assert_eq!(Arc::strong_count(&ports), 1);
    unsafe {
        quintet_scheme_free(scheme);
        quintet_instance_free(instance);
        quintet_matches_free(matches);
        quintet_rules_free(rules);
    }
}

unsafe extern "C" fn half(context: *mut c_void, arguments: *const quintet_value, count: usize, result: *mut quintet_value) -> bool {
    let (arguments, result) = unsafe { (std::slice::from_raw_parts(arguments, count), &mut *result) };
    let by = unsafe { *context.cast::<i64>() };
    if arguments[0].integer == 13 {
        return false;
    }
    (result.what, result.integer) = (quintet_type::Int as u32, arguments[0].integer / by);
    true
}

#[test]
fn a_function_of_the_host_answers_or_traps() {
    let mut by = 2i64;
    let context: *mut c_void = (&raw mut by).cast();
    let made = made(|engine| {
        ok!(quintet_engine_function(engine, b"half".as_ptr(), 4, b"Int".as_ptr(), 3, b"Int".as_ptr(), 3, Some(half), context));
        let wrong = fails!(
            Argument,
            quintet_engine_function(engine, b"f".as_ptr(), 1, b"Map<Int>".as_ptr(), 8, b"Int".as_ptr(), 3, Some(half), context)
        );
        assert!(wrong.contains("`Map<Int>` is not"));
    });
    let rules = rules(&made, "half(port) == 4", "jit");
    let (mut instance, mut batch, mut matches) = (null_mut(), null_mut(), null_mut());
    ok!(quintet_instance_new(rules, &mut instance));
    ok!(quintet_batch_new(made.scheme, &mut batch));
    ok!(quintet_matches_new(&mut matches));
    ok!(quintet_batch_fill(batch, &column(0, quintet_kind::I8, &[8i8, 9, 10, 13]), 1, 4));
    ok!(quintet_instance_run(instance, batch, matches));
    let mut trap = quintet_trap { rule: 0, record: 0, what: 0, start: 0, end: 0 };
    unsafe {
        assert_eq!(*quintet_matches_words(matches, 0), 0b0011);
        assert!(quintet_matches_trap(matches, 0, &mut trap));
        assert_eq!((trap.record, trap.what), (3, 3));
        quintet_batch_free(batch);
        quintet_instance_free(instance);
        quintet_matches_free(matches);
        quintet_rules_free(rules);
    }
}

/// Keeps the lines that it is given, until it has three.
unsafe extern "C" fn keep(context: *mut c_void, lines: *const u8, len: usize) -> bool {
    let kept = unsafe { &mut *context.cast::<Vec<String>>() };
    let text = String::from_utf8(unsafe { std::slice::from_raw_parts(lines, len) }.to_vec()).unwrap();
    kept.extend(text.lines().map(str::to_owned));
    kept.len() < 3
}

#[test]
fn rules_that_keep_state_run_batch_after_batch_and_hand_over_their_lines() {
    let source = "state ports[src]: distinct max 10\nrule any = present(src)\non any { ports += port }\nrule scan = any and ports > 2\n                  output alerts on scan = json {src: src, n: ports}";
    for backend in ["interp", "closures", "jit", "wasm", "lua"] {
        let made = made(|_| {});
        let rules = rules(&made, source, backend);
        let (mut instance, mut batch, mut matches) = (null_mut(), null_mut(), null_mut());
        ok!(quintet_instance_new(rules, &mut instance));
        ok!(quintet_batch_new(made.scheme, &mut batch));
        ok!(quintet_matches_new(&mut matches));
        let mut lines: Vec<String> = Vec::new();
        let to = (&raw mut lines).cast();
        assert!(fails!(Argument, quintet_instance_sink(instance, b"alarms".as_ptr(), 6, Some(keep), to)).contains("alarms"));
        ok!(quintet_instance_sink(instance, b"alerts".as_ptr(), 6, Some(keep), to));
        let sources = [[10u8, 0, 0, 1], [10, 0, 0, 1]];
        for (ports, scans) in [([1i64, 2], [false, false]), ([2, 3], [false, true]), ([4, 4], [true, true])] {
            let columns = [column(0, quintet_kind::I64, &ports), column(2, quintet_kind::Ip4, &sources)];
            ok!(quintet_batch_fill(batch, columns.as_ptr(), 2, 2));
            if scans == [true, true] {
                // The third line is not taken, and what is wrong is said.
                assert!(fails!(Run, quintet_instance_run(instance, batch, matches)).contains("alerts"));
                continue;
            }
            ok!(quintet_instance_run(instance, batch, matches));
            let found = [0, 1].map(|record| unsafe { quintet_matches_get(matches, 1, record) });
            assert_eq!(found, scans, "{backend}");
        }
        assert_eq!(lines.first().map(String::as_str), Some(r#"{"src":"10.0.0.1","n":3}"#), "{backend}");
        unsafe {
            quintet_matches_free(matches);
            quintet_batch_free(batch);
            quintet_instance_free(instance);
            quintet_rules_free(rules);
        }
    }
}

#[test]
fn rules_that_keep_state_take_columns_of_arrow() {
    let made = made(|_| {});
    let rules =
        rules(&made, "state before[port]: seen max 10\nrule any = port > 0\nrule again = any and before\non any { add(before) }", "jit");
    let (mut instance, mut matches) = (null_mut(), null_mut());
    ok!(quintet_instance_new(rules, &mut instance));
    ok!(quintet_matches_new(&mut matches));
    for again in [0b100, 0b111] {
        let ports = Arc::new(Int64Array::from(vec![1, 2, 1]));
        let fields = vec![quintet_arrow::schema::Field::new("port", ports.data_type().clone(), false)];
        let (mut array, schema) = to_ffi(&StructArray::new(fields.into(), vec![ports], None).into_data()).unwrap();
        ok!(quintet_eval_arrow(instance, &mut array, &schema, matches, null_mut()));
        assert_eq!(unsafe { *quintet_matches_words(matches, 1) }, again);
    }
    unsafe {
        quintet_matches_free(matches);
        quintet_instance_free(instance);
        quintet_rules_free(rules);
    }
}
