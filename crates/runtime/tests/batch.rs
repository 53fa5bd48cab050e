//! Records come back as they were written, through either kind of arena, and what is not finished is not kept.

use std::net::IpAddr;

use quintet_lang::{Scheme, Type};
use quintet_runtime::{ArenaKind, ArrayRef, BatchBuilder, MapRef, RecordError, Value};

fn scheme() -> Scheme {
    Scheme::builder()
        .mandatory("n", Type::Int)
        .optional("b", Type::Bool)
        .optional("f", Type::Float)
        .optional("s", Type::Bytes)
        .optional("ip", Type::Ip)
        .optional("ints", Type::array(Type::Int))
        .optional("ips", Type::array(Type::Ip))
        .optional("names", Type::array(Type::Bytes))
        .optional("map", Type::map(Type::array(Type::Bytes)))
        .build()
        .unwrap()
}

#[test]
fn values_of_every_type_come_back() {
    let scheme = scheme();
    let id = |name| scheme.field_id(name).unwrap();
    let (v4, v6): (IpAddr, IpAddr) = ("10.1.2.3".parse().unwrap(), "2001:db8::1".parse().unwrap());
    let names = [Value::Bytes(b"x"), Value::Bytes(b"")];
    let entries = [(&b"a"[..], Value::Array(ArrayRef::Built(&names))), (&b"b\xff"[..], Value::Array(ArrayRef::Built(&[])))];
    for kind in [ArenaKind::Plain, ArenaKind::Shared] {
        let mut builder = BatchBuilder::new(&scheme, 100, kind).unwrap();
        for i in 0..100 {
            let mut record = builder.record();
            record.int(id("n"), i64::MIN + i);
            record.bool(id("b"), i % 2 == 0);
            record.float(id("f"), -0.0);
            record.bytes(id("s"), &i.to_le_bytes());
            record.ip(id("ip"), if i % 3 == 0 { v4 } else { v6 });
            record.ints(id("ints"), &[i, -1]);
            record.ips(id("ips"), &[v6, v4]);
            record.bytes_array(id("names"), &[b"one", b""]);
            record.set(id("map"), Value::Map(MapRef::Built(&entries)));
            record.finish().unwrap();
        }
        let batch = builder.build();
        assert_eq!(batch.memory().word(0) as usize, batch.arena().len());
        for record in batch.iter() {
            let i = record.index() as i64;
            assert_eq!(record.value(id("n")), Value::Int(i64::MIN + i));
            assert_eq!(record.value(id("b")), Value::Bool(i % 2 == 0));
            assert_eq!(record.value(id("f")), Value::Float(-0.0));
            assert_eq!(record.value(id("s")), Value::Bytes(&i.to_le_bytes()));
            assert_eq!(record.value(id("ip")), Value::Ip(if i % 3 == 0 { v4 } else { v6 }));
            assert_eq!(record.value(id("ints")), Value::Array(ArrayRef::Built(&[Value::Int(i), Value::Int(-1)])));
            assert_eq!(record.value(id("ips")), Value::Array(ArrayRef::Built(&[Value::Ip(v6), Value::Ip(v4)])));
            assert_eq!(record.value(id("names")), Value::Array(ArrayRef::Built(&[Value::Bytes(b"one"), Value::Bytes(b"")])));
            let Value::Map(map) = record.value(id("map")) else { panic!("a map") };
            assert_eq!((map.len(), map.get(b"a"), map.get(b"c")), (2, Value::Array(ArrayRef::Built(&names)), Value::Nil));
        }
    }
}

/// The setters of one type write what `set` writes, and refuse every field of another type, and pairs that are not in order.
#[test]
fn each_setter_sets_the_fields_of_its_type_and_no_others() {
    let scheme = Scheme::builder()
        .optional("b", Type::Bool)
        .optional("f", Type::Float)
        .optional("i", Type::Int)
        .optional("s", Type::Bytes)
        .optional("ip", Type::Ip)
        .optional("bools", Type::array(Type::Bool))
        .optional("floats", Type::array(Type::Float))
        .optional("ints", Type::array(Type::Int))
        .optional("names", Type::array(Type::Bytes))
        .optional("ips", Type::array(Type::Ip))
        .optional("lists", Type::map(Type::array(Type::Bytes)))
        .optional("map", Type::map(Type::Bytes))
        .optional("nested", Type::array(Type::array(Type::Bytes)))
        .build()
        .unwrap();
    let ip: IpAddr = "2001:db8::1".parse().unwrap();
    let texts =
        |texts: &'static [&'static [u8]]| Value::Array(ArrayRef::Built(texts.iter().map(|t| Value::Bytes(t)).collect::<Vec<_>>().leak()));
    let lists = [(&b""[..], texts(&[b"1"])), (b"a", texts(&[b"2", b"", b"3"])), (b"b", texts(&[b"4"]))];
    let pairs: [(&[u8], &[u8]); 5] = [(b"", b"1"), (b"a", b"2"), (b"a", b""), (b"a", b"3"), (b"b", b"4")];
    let bools = [Value::Bool(true), Value::Bool(false), Value::Bool(true)];
    type Set<'s> = &'s dyn Fn(&mut quintet_runtime::RecordBuilder<'_>, quintet_lang::FieldId);
    let setters: [(&str, Set<'_>, Value<'_>); 10] = [
        ("b", &|r, f| r.bool(f, true), Value::Bool(true)),
        ("f", &|r, f| r.float(f, 0.5), Value::Float(0.5)),
        ("i", &|r, f| r.int(f, -7), Value::Int(-7)),
        ("s", &|r, f| r.bytes(f, b"text"), Value::Bytes(b"text")),
        ("ip", &|r, f| r.ip(f, ip), Value::Ip(ip)),
        ("bools", &|r, f| r.bools(f, &[true, false, true]), Value::Array(ArrayRef::Built(&bools))),
        ("ints", &|r, f| r.ints(f, &[1, -1]), Value::Array(ArrayRef::Built(&[Value::Int(1), Value::Int(-1)]))),
        ("names", &|r, f| r.bytes_array(f, &[b"one", b""]), texts(&[b"one", b""])),
        ("ips", &|r, f| r.ips(f, &[ip]), Value::Array(ArrayRef::Built(&[Value::Ip(ip)]))),
        ("lists", &|r, f| r.bytes_arrays(f, &pairs), Value::Map(MapRef::Built(&lists))),
    ];
    for (own, set, value) in setters {
        for field in scheme.fields() {
            let id = scheme.field_id(&field.name).unwrap();
            let mut builder = BatchBuilder::new(&scheme, 2, ArenaKind::Plain).unwrap();
            let mut record = builder.record();
            set(&mut record, id);
            match record.finish() {
                Ok(()) => assert_eq!(own, field.name),
                Err(RecordError::WrongType { field: wrong, .. }) => assert!(own != field.name && wrong == field.name, "{own} {wrong}"),
                Err(e) => panic!("{e}"),
            }
            if own == field.name {
                let mut other = BatchBuilder::new(&scheme, 2, ArenaKind::Plain).unwrap();
                let mut record = other.record();
                record.set(id, value);
                record.finish().unwrap();
                assert_eq!(builder.build().memory().words(), other.build().memory().words(), "{own}");
            }
        }
        let mut builder = BatchBuilder::new(&scheme, 1, ArenaKind::Plain).unwrap();
        let mut record = builder.record();
        set(&mut record, quintet_lang::FieldId(99));
        assert!(matches!(record.finish(), Err(RecordError::NoField(99))));
    }
    let mut builder = BatchBuilder::new(&scheme, 1, ArenaKind::Plain).unwrap();
    let mut record = builder.record();
    record.bytes_arrays(scheme.field_id("lists").unwrap(), &[(b"b", b""), (b"a", b"")]);
    assert!(matches!(record.finish(), Err(RecordError::WrongType { .. })));
}

#[test]
fn what_is_not_finished_leaves_nothing_behind() {
    let scheme = scheme();
    let (n, s) = (scheme.field_id("n").unwrap(), scheme.field_id("s").unwrap());
    let mut builder = BatchBuilder::new(&scheme, 2, ArenaKind::Shared).unwrap();
    let mut dropped = builder.record();
    dropped.int(n, 1);
    dropped.bytes(s, b"dropped");
    drop(dropped);
    let incomplete = builder.record();
    assert!(matches!(incomplete.finish(), Err(RecordError::Missing(name)) if name == "n"));
    let mut wrong = builder.record();
    wrong.int(s, 1);
    assert!(matches!(wrong.finish(), Err(RecordError::WrongType { field, expected: Type::Bytes }) if field == "s"));
    let mut kept = builder.record();
    kept.int(n, 2);
    kept.finish().unwrap();
    let mut last = builder.record();
    last.int(n, 3);
    last.finish().unwrap();
    let mut over = builder.record();
    over.int(n, 4);
    assert!(matches!(over.finish(), Err(RecordError::Full)));
    let batch = builder.build();
    assert_eq!(batch.len(), 2);
    assert_eq!(batch.record(0).value(n), Value::Int(2));
    assert_eq!(batch.record(0).value(s), Value::Nil);
    let again = BatchBuilder::reuse(batch).unwrap();
    assert!(again.is_empty() && again.build().is_empty());
}

#[test]
fn bytes_may_share_one_copy() {
    let scheme = scheme();
    let (n, s) = (scheme.field_id("n").unwrap(), scheme.field_id("s").unwrap());
    let mut builder = BatchBuilder::new(&scheme, 1, ArenaKind::Plain).unwrap();
    let mut record = builder.record();
    record.int(n, 0);
    let at = record.blob(b"hello world");
    record.bytes_at(s, at + 6, 5);
    record.finish().unwrap();
    let batch = builder.build();
    assert_eq!(batch.record(0).value(s), Value::Bytes(b"world"));
}

#[test]
fn entries_of_maps_may_come_in_any_order() {
    let scheme = Scheme::builder().optional("map", Type::map(Type::Int)).build().unwrap();
    let id = scheme.field_id("map").unwrap();
    let keys: Vec<String> = (0..40).map(|i| format!("{}", i * 7 % 40)).collect();
    let wire: Vec<(&[u8], Value<'_>)> = keys.iter().enumerate().map(|(i, k)| (k.as_bytes(), Value::Int(i as i64))).collect();
    let repeated: Vec<_> = wire.iter().copied().chain([(wire[3].0, Value::Int(-1))]).collect();
    let mut builder = BatchBuilder::new(&scheme, 2, ArenaKind::Plain).unwrap();
    for entries in [&wire, &repeated] {
        let mut record = builder.record();
        record.set(id, Value::Map(MapRef::Built(entries)));
        record.finish().unwrap();
    }
    let batch = builder.build();
    for (record, replaced) in batch.iter().zip([None, Some(3)]) {
        let Value::Map(map) = record.value(id) else { panic!("a map") };
        assert!(map.len() == 40 && map.iter().map(|(key, _)| key).is_sorted());
        for (i, (key, value)) in wire.iter().enumerate() {
            let wanted = if replaced == Some(i) { Value::Int(-1) } else { *value };
            assert_eq!(map.get(key), wanted, "{}", key.escape_ascii());
        }
    }
}

#[test]
fn a_record_that_is_forgotten_leaves_nothing() {
    let scheme = scheme();
    let id = |name| scheme.field_id(name).unwrap();
    let mut builder = BatchBuilder::new(&scheme, 2, ArenaKind::Shared).unwrap();
    for _ in 0..2 {
        let before = builder.bytes();
        let mut record = builder.record();
        record.bool(id("b"), true);
        record.bytes(id("s"), &[b'x'; 1000]);
        std::mem::forget(record);
        let mut record = builder.record();
        record.int(id("n"), 1);
        record.finish().unwrap();
        assert_eq!(builder.bytes(), before);
    }
    std::mem::forget(builder.record());
    let batch = builder.build();
    assert_eq!(batch.len(), 2);
    assert!(batch.iter().all(|record| !record.has(id("b")) && !record.has(id("s")) && record.has(id("n"))));
    let mut builder = BatchBuilder::reuse(batch).unwrap();
    let mut record = builder.record();
    record.int(id("n"), 1);
    record.finish().unwrap();
    assert!(!builder.build().record(0).has(id("b")));
}

#[test]
fn what_is_not_the_schemes_is_an_error() {
    let scheme = scheme();
    let id = |name| scheme.field_id(name).unwrap();
    assert!(BatchBuilder::new(&scheme, usize::MAX, ArenaKind::Plain).is_err());
    assert!(BatchBuilder::new(&scheme, usize::MAX / 8, ArenaKind::Shared).is_err());
    let mut builder = BatchBuilder::new(&scheme, 1, ArenaKind::Plain).unwrap();
    let mut finished = |fill: &dyn Fn(&mut quintet_runtime::RecordBuilder<'_>)| {
        let mut record = builder.record();
        record.int(id("n"), 1);
        fill(&mut record);
        record.finish().unwrap_err()
    };
    assert!(matches!(finished(&|r| r.int(quintet_lang::FieldId(999), 1)), RecordError::NoField(999)));
    for (offset, len) in [(0, 1), (usize::MAX, 2), (1 << 20, 1)] {
        assert!(matches!(finished(&|r| r.bytes_at(id("s"), offset, len)), RecordError::Outside { .. }), "{offset} {len}");
    }
    let past = |r: &mut quintet_runtime::RecordBuilder<'_>| {
        let blob = r.blob(b"12345678");
        r.bytes_at(id("s"), blob, 9);
    };
    assert!(matches!(finished(&past), RecordError::Outside { .. }));
    let words = [0u64; 4];
    let memory = quintet_runtime::Memory::new(&words);
    let outside = Value::Array(ArrayRef::Stored { memory, element: &Type::Int, offset: 8, len: 4 });
    assert!(matches!(finished(&|r| r.set(id("ints"), outside)), RecordError::WrongType { .. }));
    let mut record = builder.record();
    record.int(id("n"), 1);
    record.finish().unwrap();
    let mut full = builder.record();
    full.blob(&[1; 100]);
    full.int(id("n"), 1);
    assert!(matches!(full.finish(), Err(RecordError::Full)));
}

#[test]
fn no_size_of_a_batch_wraps_around() {
    let scheme = Scheme::builder().optional("n", Type::Int).build().unwrap();
    let stride = BatchBuilder::new(&scheme, 1, ArenaKind::Plain).unwrap().layout().stride();
    for kind in [ArenaKind::Plain, ArenaKind::Shared] {
        for capacity in (0..64).map(|less| usize::MAX / stride - less) {
            assert!(BatchBuilder::new(&scheme, capacity, kind).is_err(), "{capacity}");
        }
        let mut none = BatchBuilder::new(&scheme, 0, kind).unwrap();
        assert!(none.is_full() && matches!(none.record().finish(), Err(RecordError::Full)));
        assert!(none.build().is_empty());
    }
}

#[test]
fn the_last_value_that_is_set_is_kept_also_where_it_is_nil() {
    let scheme = scheme();
    let id = |name| scheme.field_id(name).unwrap();
    let mut builder = BatchBuilder::new(&scheme, 1, ArenaKind::Plain).unwrap();
    let mut record = builder.record();
    record.set(id("s"), Value::Bytes(b"x"));
    record.set(id("s"), Value::Nil);
    record.set(id("n"), Value::Nil);
    record.set(id("n"), Value::Int(1));
    record.finish().unwrap();
    let mut record = builder.record();
    record.set(quintet_lang::FieldId(999), Value::Nil);
    assert!(matches!(record.finish(), Err(RecordError::NoField(999) | RecordError::Full)));
    let batch = builder.build();
    assert!(!batch.record(0).has(id("s")) && batch.record(0).value(id("n")) == Value::Int(1));
    let mut builder = BatchBuilder::reuse(batch).unwrap();
    let mut record = builder.record();
    record.int(id("n"), 1);
    record.set(id("n"), Value::Nil);
    assert!(matches!(record.finish(), Err(RecordError::Missing(_))));
}
