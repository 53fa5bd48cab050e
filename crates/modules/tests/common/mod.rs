//! What the tests of modules share.
#![allow(dead_code, reason = "each test uses some")]

use quintet::modules::{Loader, Module};
use quintet::{ArenaKind, Batch, BatchBuilder, Engine, Scheme, Type};

/// A module of one function `f`, that is given a text and answers by its declaration. `hostile` is what it does with a text that begins with `!`;
/// of another text it answers the length.
pub fn module(declaration: &str, hostile: &str, more: &str) -> Vec<u8> {
    let length = "(i64.store (local.get $out) (i64.const 1))
                (i64.store offset=8 (local.get $out) (i64.extend_i32_u (local.get $n)))
                (i32.const 1)";
    function(declaration, &format!("(if (i32.eq (i32.load8_u (local.get $p)) (i32.const 33)) (then {hostile})) {length}"), more)
}

/// The same, that answers nil of another text, and where `hostile` answers nothing.
pub fn or_nil(declaration: &str, hostile: &str, more: &str) -> Vec<u8> {
    let other = "(if (i32.ne (i32.load8_u (local.get $p)) (i32.const 33)) (then (return (i32.const 0))))";
    function(declaration, &format!("{other} {hostile} (i32.const 0)"), more)
}

/// A module of one function of a text, which lies at `$p` and has `$n` bytes.
fn function(declaration: &str, body: &str, more: &str) -> Vec<u8> {
    text(&format!(
        r#"(module
            (@custom "quintet" "quintet 1\n{declaration}\n")
            (memory 1)
            {more}
            (func (export "f") (param $args i32) (param $out i32) (result i32)
                (local $p i32) (local $n i32)
                (local.set $p (i32.wrap_i64 (i64.load offset=8 (local.get $args))))
                (local.set $n (i32.wrap_i64 (i64.load offset=16 (local.get $args))))
                {body}))"#
    ))
}

/// The module that a text is.
pub fn text(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).unwrap_or_else(|e| panic!("{e}\n{wat}"))
}

pub fn load(wasm: &[u8]) -> Module {
    Loader::new().load("m", wasm).unwrap()
}

pub fn engine(module: &Module) -> Engine {
    Engine::new().with_modules(std::slice::from_ref(module)).unwrap()
}

pub fn scheme(engine: &Engine) -> Scheme {
    let scheme = Scheme::builder()
        .optional("payload", Type::Bytes)
        .optional("port", Type::Int)
        .optional("ips", Type::array(Type::Ip))
        .functions(engine.library().signatures())
        .build()
        .unwrap();
    engine.declare_parsed(&scheme).unwrap()
}

/// Records of these payloads, on these ports.
pub fn batch<'p>(scheme: &Scheme, kind: ArenaKind, payloads: impl ExactSizeIterator<Item = (&'p [u8], i64)>) -> Batch {
    let mut builder = BatchBuilder::new(scheme, payloads.len(), kind).unwrap();
    for (payload, port) in payloads {
        let mut record = builder.record();
        if let Some(id) = scheme.field_id("payload") {
            record.bytes(id, payload);
        }
        if let Some(id) = scheme.field_id("port") {
            record.int(id, port);
        }
        record.finish().unwrap();
    }
    builder.build()
}
