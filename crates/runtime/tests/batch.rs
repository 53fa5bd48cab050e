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
