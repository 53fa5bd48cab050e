//! The fixed scheme that generated programs are written against, its functions and its lists.

use std::sync::OnceLock;

use quintet_lang::ast::Const;
use quintet_lang::signature::{NilRule, Param, Pattern, Signature};
use quintet_lang::{Field, Presence, Scheme, Type};
use quintet_runtime::{ArrayRef, BytesSet, IntSet, IpSet, Library, Lists, MapRef, SetMatcher, Trap, Value};

/// Fields that every record has.
const MANDATORY: &[(&str, &str)] = &[
    ("flag", "Bool"),
    ("notify", "Bool"),
    ("n", "Int"),
    ("m", "Int"),
    ("f", "Float"),
    ("g", "Float"),
    ("host", "Bytes"),
    ("path", "Bytes"),
    ("src", "Ip"),
    ("flags", "Array<Bool>"),
    ("ints", "Array<Int>"),
    ("floats", "Array<Float>"),
    ("names", "Array<Bytes>"),
    ("addrs", "Array<Ip>"),
    ("rows", "Array<Array<Int>>"),
    ("grid", "Array<Array<Bytes>>"),
    ("recs", "Array<Map<Int>>"),
    ("marks", "Map<Bool>"),
    ("nums", "Map<Int>"),
    ("ratios", "Map<Float>"),
    ("hdr", "Map<Bytes>"),
    ("ips", "Map<Ip>"),
    ("multi", "Map<Array<Bytes>>"),
    ("deep", "Map<Map<Int>>"),
];

/// Fields that a record may lack.
const OPTIONAL: &[(&str, &str)] = &[
    ("oflag", "Bool"),
    ("on", "Int"),
    ("of", "Float"),
    ("ohost", "Bytes"),
    ("dst", "Ip"),
    ("oflags", "Array<Bool>"),
    ("oints", "Array<Int>"),
    ("ofloats", "Array<Float>"),
    ("onames", "Array<Bytes>"),
    ("oaddrs", "Array<Ip>"),
    ("onets", "Array<Array<Ip>>"),
    ("onums", "Map<Int>"),
    ("ohdr", "Map<Bytes>"),
    ("olists", "Map<Array<Int>>"),
    ("odeep", "Map<Map<Int>>"),
];

/// Multi-valued fields; those whose names start with `o` are optional.
const MULTI: &[(&str, &str)] =
    &[("port", "Int"), ("oport", "Int"), ("addr", "Ip"), ("tag", "Bytes"), ("otag", "Bytes"), ("level", "Float")];

/// Fields that no rule uses, so that the presence bitmap takes two words, with fields in use on either side.
const UNUSED: usize = 24;

/// Everything that programs are checked, linked and run with.
#[derive(Clone)]
pub struct World {
    /// The scheme.
    pub scheme: Scheme,
    /// The functions: the standard ones and those of the tests.
    pub library: Library,
    /// The lists.
    pub lists: Lists,
}

/// The world in which `nil != x` is true, or false.
pub fn world(nil_not_equal: bool) -> &'static World {
    static WORLDS: OnceLock<[World; 2]> = OnceLock::new();
    let worlds = WORLDS.get_or_init(|| {
        [false, true].map(|nil_not_equal| {
            let library = library();
            let lists = lists();
            World { scheme: scheme(nil_not_equal, &library), library, lists }
        })
    });
    &worlds[usize::from(nil_not_equal)]
}

/// The fields that programs may use: name, type, whether a record may lack it.
pub(crate) fn fields() -> &'static [(&'static str, Type, bool)] {
    static FIELDS: OnceLock<Vec<(&str, Type, bool)>> = OnceLock::new();
    FIELDS.get_or_init(|| {
        let mandatory = MANDATORY.iter().map(|(name, ty)| (*name, parse_type(ty), false));
        mandatory.chain(OPTIONAL.iter().map(|(name, ty)| (*name, parse_type(ty), true))).collect()
    })
}

/// The multi-valued fields: name, type of one value.
pub(crate) fn multi_fields() -> &'static [(&'static str, Type)] {
    static FIELDS: OnceLock<Vec<(&str, Type)>> = OnceLock::new();
    FIELDS.get_or_init(|| MULTI.iter().map(|(name, ty)| (*name, parse_type(ty))).collect())
}

fn parse_type(text: &str) -> Type {
    let inner = |prefix: &str| text.strip_prefix(prefix).and_then(|t| t.strip_suffix('>')).map(parse_type);
    match text {
        "Bool" => Type::Bool,
        "Int" => Type::Int,
        "Float" => Type::Float,
        "Bytes" => Type::Bytes,
        "Ip" => Type::Ip,
        _ => match (inner("Array<"), inner("Map<")) {
            (Some(t), _) => Type::array(t),
            (_, Some(t)) => Type::map(t),
            _ => unreachable!("a type of this file's tables: {text}"),
        },
    }
}

fn scheme(nil_not_equal: bool, library: &Library) -> Scheme {
    let mut builder = Scheme::builder();
    for (name, ty, optional) in fields().iter().take(MANDATORY.len()).cloned() {
        builder = if optional { builder.optional(name, ty) } else { builder.mandatory(name, ty) };
    }
    for i in 0..UNUSED {
        builder = builder.optional(&format!("unused.{i}"), Type::Int);
    }
    for (name, ty, _) in fields().iter().skip(MANDATORY.len()).cloned() {
        builder = builder.optional(name, ty);
    }
    for (name, ty) in multi_fields().iter().cloned() {
        let presence = if name.starts_with('o') { Presence::Optional } else { Presence::Mandatory };
        builder = builder.field(Field { name: name.into(), ty: Type::array(ty), presence, multi: true, doc: String::new() });
    }
    builder = [Type::Int, Type::Ip, Type::Bytes].into_iter().fold(builder, |b, ty| b.lists(ty));
    builder.functions(library.signatures()).nil_not_equal(nil_not_equal).build().expect("the tables of this file are a scheme")
}

/// `$small` of each type, and `$large` of Int and Bytes. `$unset` has no members.
fn lists() -> Lists {
    let lists = Lists::new();
    let ip = |text: &str| text.parse().expect("an address");
    let sets = [
        ("small", SetMatcher::Int(IntSet::new([(0, 3), (80, 80), (443, 443)]))),
        ("large", SetMatcher::Int(IntSet::new((-20..20).map(|i| (i * 16, i * 16 + 5))))),
        ("small", SetMatcher::Ip(IpSet::new([(ip("10.0.0.0"), ip("10.0.0.255")), (ip("::1"), ip("::ffff"))]))),
        ("small", SetMatcher::Bytes(BytesSet::new([b"".as_slice(), b"foo", b"b.org", b"\xff\x00"]))),
        ("large", SetMatcher::Bytes(BytesSet::new(crate::words::WORDS.iter().copied().step_by(2)))),
    ];
    for (name, set) in sets {
        lists.replace(name, set).expect("the name of a list");
    }
    for ty in [Type::Int, Type::Ip, Type::Bytes] {
        for name in ["small", "large", "unset"] {
            lists.declare(name, ty.clone()).expect("the name of a list");
        }
    }
    lists
}

/// The standard functions and functions that hosts might have: of every type of result, nil now and then, trapping, seeing nil.
pub fn library() -> Library {
    let mut library = Library::standard();
    let int = |name: &str| Param::new(name, Type::Int);
    let bytes = |name: &str| Param::new(name, Type::Bytes);
    let any = |name: &str| Param::new(name, Type::Bool).pattern(Pattern::Any);
    let generic = |name: &str, params, result| Signature {
        variables: vec![Pattern::Any],
        result,
        may_be_nil: true,
        ..Signature::new(name, params, Type::Bool)
    };
    let array_of = |name: &str| Param::new(name, Type::Bool).pattern(Pattern::ArrayOf(Box::new(Pattern::Variable(0))));
    let map_of = |name: &str| Param::new(name, Type::Bool).pattern(Pattern::MapOf(Box::new(Pattern::Variable(0))));
    let nilling = |signature: Signature| Signature { may_be_nil: true, ..signature };

    library
        .function(nilling(Signature::new("half", vec![int("n")], Type::Int)), |args, _| {
            Ok(match args {
                [Value::Int(n)] if n % 2 == 0 => Value::Int(n / 2),
                _ => Value::Nil,
            })
        })
        .function(Signature::new("invert", vec![int("n")], Type::Int), |args, _| match args {
            [Value::Int(n)] => i64::MAX.checked_div(*n).map(Value::Int).ok_or(Trap::DivisionByZero),
            _ => Ok(Value::Nil),
        })
        .function(Signature::new("real", vec![int("n")], Type::Float), |args, _| {
            Ok(if let [Value::Int(n)] = args { Value::Float(*n as f64) } else { Value::Nil })
        })
        .function(nilling(Signature::new("mean", vec![Param::new("values", Type::array(Type::Float))], Type::Float)), |args, _| {
            Ok(match args {
                [Value::Array(a)] if !a.is_empty() => {
                    let sum: f64 = a.iter().map(|v| if let Value::Float(f) = v { f } else { 0.0 }).sum();
                    Value::Float(sum / a.len() as f64)
                }
                _ => Value::Nil,
            })
        })
        .function(nilling(Signature::new("address", vec![int("n")], Type::Ip)), |args, _| {
            Ok(match args {
                [Value::Int(n)] if *n < 0 => Value::Nil,
                [Value::Int(n)] => match u32::try_from(*n) {
                    Ok(n) => Value::Ip(std::net::Ipv4Addr::from(n).into()),
                    Err(_) => Value::Ip(std::net::Ipv6Addr::from(*n as u128).into()),
                },
                _ => Value::Nil,
            })
        })
        .function(Signature::new("octets", vec![bytes("text")], Type::array(Type::Int)), |args, scratch| {
            let [Value::Bytes(text)] = args else { return Ok(Value::Nil) };
            let values: Vec<Value<'_>> = text.iter().map(|b| Value::Int(i64::from(*b))).collect();
            Ok(Value::Array(ArrayRef::Built(scratch.values(&values)?)))
        })
        .function(nilling(Signature::new("words", vec![bytes("text")], Type::array(Type::Bytes))), |args, scratch| match args {
            [Value::Bytes(text)] if !text.is_empty() => {
                let values: Vec<Value<'_>> = text.split(|b| *b == b' ' || *b == b'.').map(Value::Bytes).collect();
                Ok(Value::Array(ArrayRef::Built(scratch.values(&values)?)))
            }
            _ => Ok(Value::Nil),
        })
        .function(Signature::new("pairs", vec![int("n"), int("m")], Type::array(Type::array(Type::Int))), |args, scratch| {
            let inner = scratch.values(args)?;
            let rows = [Value::Array(ArrayRef::Built(inner)), Value::Array(ArrayRef::Built(&[])), Value::Array(ArrayRef::Built(inner))];
            Ok(Value::Array(ArrayRef::Built(scratch.values(&rows)?)))
        })
        .function(Signature::new("hops", vec![int("n")], Type::array(Type::Ip)), |args, scratch| {
            let [Value::Int(n)] = args else { return Ok(Value::Nil) };
            let v4 = Value::Ip(std::net::Ipv4Addr::from(*n as u32).into());
            let v6 = Value::Ip(std::net::Ipv6Addr::from(*n as u128).into());
            Ok(Value::Array(ArrayRef::Built(scratch.values(&[v4, v6, v4])?)))
        })
        .function(nilling(Signature::new("codes", vec![bytes("text")], Type::map(Type::Int))), |args, _| {
            const CODES: &[(&[u8], Value<'static>)] =
                &[(b"", Value::Int(0)), (b"a", Value::Int(1)), (b"foo", Value::Int(-5)), (b"host", Value::Int(80))];
            Ok(match args {
                [Value::Bytes(text)] if text.len() < 20 => Value::Map(MapRef::Built(&CODES[..text.len() % 5])),
                _ => Value::Nil,
            })
        })
        .function(Signature { nil: NilRule::Handled, ..Signature::new("missing", vec![any("value")], Type::Bool) }, |args, _| {
            Ok(Value::Bool(args.iter().all(Value::is_nil)))
        })
        .function(Signature::new("trues", vec![Param::new("values", Type::array(Type::Bool))], Type::Int), |args, _| {
            let [Value::Array(a)] = args else { return Ok(Value::Nil) };
            Ok(Value::Int(a.iter().filter(|v| matches!(v, Value::Bool(true))).count() as i64))
        })
        .function(
            Signature::new(
                "sum",
                vec![
                    int("a"),
                    int("b").default(Const::Int(1)),
                    int("c").default(Const::Int(i64::MAX)),
                    int("d").default(Const::Int(-1)),
                    int("e").default(Const::Int(0)),
                    int("f").literal().default(Const::Int(7)),
                ],
                Type::Int,
            ),
            |args, _| {
                let ints = args.iter().map(|v| if let Value::Int(i) = v { *i } else { 0 });
                Ok(Value::Int(ints.fold(0i64, |sum, i| sum.wrapping_mul(31).wrapping_add(i))))
            },
        )
        .function(generic("first", vec![array_of("values")], Pattern::Variable(0)), |args, _| {
            Ok(if let [Value::Array(a)] = args { a.get(0) } else { Value::Nil })
        })
        .function(generic("pick", vec![map_of("values"), bytes("key")], Pattern::Variable(0)), |args, _| {
            Ok(if let [Value::Map(m), Value::Bytes(key)] = args { m.get(key) } else { Value::Nil })
        })
        .function(generic("echo", vec![Param::new("value", Type::Bool).pattern(Pattern::Variable(0))], Pattern::Variable(0)), |args, _| {
            Ok(args.first().copied().unwrap_or(Value::Nil))
        });
    library
}
