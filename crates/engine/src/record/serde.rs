//! Records out of what serde serialises.

use std::fmt::Display;

use bumpalo::Bump;
use quintet_lang::{FieldId, Type};
use quintet_runtime::{OwnedValue, RecordBuilder};
use serde::ser::{self, Serialize, Serializer};

/// Why a value makes no record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ToRecordError {
    /// Only a struct or a map has fields.
    #[error("a record is made of a struct or a map")]
    NoStruct,
    /// The scheme has no such field.
    #[error("the scheme has no field `{0}`")]
    NoField(String),
    /// A value is not of its field's type.
    #[error("the value for field `{field}` is not of type {expected}")]
    WrongType {
        /// The field.
        field: String,
        /// Its type.
        expected: Type,
    },
    /// A key of a map is no text.
    #[error("a key of a map is no text")]
    Key,
    /// The value's own implementation of `Serialize` failed.
    #[error("{0}")]
    Other(String),
}

/// Sets the fields of a record by the names that a value serialises to: those of structs and maps inside have the name of the outer one and a
/// dot before them, unless the scheme has a field of the outer name. A text is an Ip and a whole number a Float where the field is one, and pairs, `[key, value]` each,
/// are a map: of Array, where the values of one key stand together in their order; of anything else, where the last one counts. What is
/// `None` or `()` is left out, and so is what the rules of a [projected](quintet_lang::Scheme::project) scheme do not use.
///
/// It takes a copy of everything; `#[derive(Record)]` takes none.
///
/// ```
/// use quintet::{RecordBuffer, Scheme, Type, Value, to_record};
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Login<'a> { user: &'a str, from: From }
/// #[derive(Serialize)]
/// struct From { ip: std::net::IpAddr, port: u16 }
///
/// let scheme = Scheme::builder().mandatory("user", Type::Bytes).mandatory("from.ip", Type::Ip).optional("from.port", Type::Int).build()?;
/// let login = Login { user: "ada", from: From { ip: "10.0.0.1".parse()?, port: 22 } };
/// let mut buffer = RecordBuffer::new(&scheme)?;
/// let mut done = Ok(());
/// let record = buffer.fill(|record| done = to_record(&login, record))?;
/// assert_eq!(record.value(scheme.field_id("from.ip").unwrap()), Value::Ip("10.0.0.1".parse()?));
/// done?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// See [`ToRecordError`]; what was set until then is.
pub fn to_record<T: Serialize + ?Sized>(value: &T, record: &mut RecordBuilder<'_>) -> Result<(), ToRecordError> {
    match Tree::of(value)? {
        Tree::Map(entries) | Tree::Struct(entries) => set_all("", entries, record),
        _ => Err(ToRecordError::NoStruct),
    }
}

/// What a value serialises to.
pub(super) enum Tree {
    Nil,
    Bool(bool),
    Int(i128),
    Float(f64),
    Bytes(Vec<u8>),
    Seq(Vec<Tree>),
    Tuple(Vec<Tree>),
    Map(Vec<(Vec<u8>, Tree)>),
    Struct(Vec<(Vec<u8>, Tree)>),
}

impl Tree {
    /// What a value serialises to.
    pub(super) fn of<T: Serialize + ?Sized>(value: &T) -> Result<Tree, ToRecordError> {
        value.serialize(Reader)
    }
}

/// The name of a field under that of what it stands in, if that has one.
pub(super) fn name_of(before: &str, key: Vec<u8>) -> Result<String, ToRecordError> {
    let key = String::from_utf8(key).map_err(|_| ToRecordError::Key)?;
    Ok(if before.is_empty() { key } else { format!("{before}.{key}") })
}

fn set_all(before: &str, entries: Vec<(Vec<u8>, Tree)>, record: &mut RecordBuilder<'_>) -> Result<(), ToRecordError> {
    for (key, tree) in entries {
        let name = name_of(before, key)?;
        let found = record.scheme().field_id(&name);
        match (found, tree) {
            (_, Tree::Nil) => {}
            (Some(id), tree) => set(id, &name, tree, record)?,
            (None, _) if record.scheme().whole().field_id(&name).is_some() => {}
            (None, Tree::Map(entries) | Tree::Struct(entries)) => set_all(&name, entries, record)?,
            (None, _) => return Err(ToRecordError::NoField(name)),
        }
    }
    Ok(())
}

fn set(id: FieldId, name: &str, tree: Tree, record: &mut RecordBuilder<'_>) -> Result<(), ToRecordError> {
    let ty = &record.scheme().field(id).ty;
    let Some(value) = owned(tree, ty) else {
        return Err(ToRecordError::WrongType { field: name.into(), expected: ty.clone() });
    };
    let bump = Bump::new();
    record.set(id, value.value(&bump));
    Ok(())
}

/// The value of a type that a tree stands for.
pub(super) fn owned(tree: Tree, ty: &Type) -> Option<OwnedValue> {
    Some(match (tree, ty) {
        (Tree::Bool(b), Type::Bool) => OwnedValue::Bool(b),
        (Tree::Int(i), Type::Int) => OwnedValue::Int(i.try_into().ok()?),
        // JSON has one kind of number.
        (Tree::Int(i), Type::Float) => OwnedValue::Float(i as f64),
        (Tree::Float(f), Type::Float) => OwnedValue::Float(f),
        (Tree::Bytes(b), Type::Bytes) => OwnedValue::Bytes(b),
        (Tree::Bytes(b), Type::Ip) => OwnedValue::Ip(std::str::from_utf8(&b).ok()?.parse().ok()?),
        (Tree::Seq(items) | Tree::Tuple(items), Type::Bytes) => OwnedValue::Bytes(items.into_iter().map(byte).collect::<Option<_>>()?),
        (Tree::Seq(items) | Tree::Tuple(items), Type::Array(element)) => {
            OwnedValue::Array(items.into_iter().map(|item| owned(item, element)).collect::<Option<_>>()?)
        }
        (Tree::Map(entries) | Tree::Struct(entries), Type::Map(element)) => {
            let entries = entries.into_iter().map(|(key, item)| Some((key, owned(item, element)?)));
            OwnedValue::Map(entries.collect::<Option<_>>()?)
        }
        (Tree::Seq(pairs) | Tree::Tuple(pairs), Type::Map(element)) => {
            let mut map = std::collections::BTreeMap::new();
            for pair in pairs {
                let (Tree::Seq(pair) | Tree::Tuple(pair)) = pair else { return None };
                let [Tree::Bytes(key), item] = <[Tree; 2]>::try_from(pair).ok()? else { return None };
                match &**element {
                    Type::Array(inner) => match map.entry(key).or_insert_with(|| OwnedValue::Array(Vec::new())) {
                        OwnedValue::Array(items) => items.push(owned(item, inner)?),
                        _ => return None,
                    },
                    element => drop(map.insert(key, owned(item, element)?)),
                }
            }
            OwnedValue::Map(map)
        }
        _ => return None,
    })
}

fn byte(tree: Tree) -> Option<u8> {
    match tree {
        Tree::Int(i) => u8::try_from(i).ok(),
        _ => None,
    }
}

impl ser::Error for ToRecordError {
    fn custom<T: Display>(message: T) -> ToRecordError {
        ToRecordError::Other(message.to_string())
    }
}

/// Makes a tree of a value.
struct Reader;

/// The elements of a sequence, or the entries of a map, under the name of a variant where they are of one.
struct Many<T> {
    variant: Option<&'static str>,
    make: fn(Vec<T>) -> Tree,
    items: Vec<T>,
    key: Vec<u8>,
}

impl<T> Many<T> {
    fn new(variant: Option<&'static str>, make: fn(Vec<T>) -> Tree) -> Many<T> {
        Many { variant, make, items: Vec::new(), key: Vec::new() }
    }

    fn end(self) -> Tree {
        let tree = (self.make)(self.items);
        match self.variant {
            None => tree,
            Some(name) => within(name, tree),
        }
    }
}

/// A tree under the name of a variant.
fn within(variant: &str, tree: Tree) -> Tree {
    Tree::Struct(vec![(variant.into(), tree)])
}

macro_rules! numbers {
    ($($method:ident: $ty:ty => $make:expr;)*) => {$(
        fn $method(self, value: $ty) -> Result<Tree, ToRecordError> {
            Ok($make(value))
        }
    )*};
}

impl Serializer for Reader {
    type Ok = Tree;
    type Error = ToRecordError;
    type SerializeSeq = Many<Tree>;
    type SerializeTuple = Many<Tree>;
    type SerializeTupleStruct = Many<Tree>;
    type SerializeTupleVariant = Many<Tree>;
    type SerializeMap = Many<(Vec<u8>, Tree)>;
    type SerializeStruct = Many<(Vec<u8>, Tree)>;
    type SerializeStructVariant = Many<(Vec<u8>, Tree)>;

    numbers! {
        serialize_bool: bool => Tree::Bool;
        serialize_i8: i8 => |n| Tree::Int(i128::from(n));
        serialize_i16: i16 => |n| Tree::Int(i128::from(n));
        serialize_i32: i32 => |n| Tree::Int(i128::from(n));
        serialize_i64: i64 => |n| Tree::Int(i128::from(n));
        serialize_i128: i128 => Tree::Int;
        serialize_u8: u8 => |n| Tree::Int(i128::from(n));
        serialize_u16: u16 => |n| Tree::Int(i128::from(n));
        serialize_u32: u32 => |n| Tree::Int(i128::from(n));
        serialize_u64: u64 => |n| Tree::Int(i128::from(n));
        serialize_f32: f32 => |n| Tree::Float(f64::from(n));
        serialize_f64: f64 => Tree::Float;
        serialize_char: char => |c: char| Tree::Bytes(c.to_string().into_bytes());
        serialize_str: &str => |text: &str| Tree::Bytes(text.as_bytes().to_vec());
        serialize_bytes: &[u8] => |bytes: &[u8]| Tree::Bytes(bytes.to_vec());
    }

    fn serialize_none(self) -> Result<Tree, ToRecordError> {
        Ok(Tree::Nil)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Tree, ToRecordError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Tree, ToRecordError> {
        Ok(Tree::Nil)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Tree, ToRecordError> {
        Ok(Tree::Nil)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Tree, ToRecordError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Tree, ToRecordError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Tree, ToRecordError> {
        Ok(within(variant, value.serialize(self)?))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Many<Tree>, ToRecordError> {
        Ok(Many::new(None, Tree::Seq))
    }

    fn serialize_tuple(self, _: usize) -> Result<Many<Tree>, ToRecordError> {
        Ok(Many::new(None, Tree::Tuple))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Many<Tree>, ToRecordError> {
        Ok(Many::new(None, Tree::Tuple))
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Many<Tree>, ToRecordError> {
        Ok(Many::new(Some(variant), Tree::Tuple))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, ToRecordError> {
        Ok(Many::new(None, Tree::Map))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, ToRecordError> {
        Ok(Many::new(None, Tree::Struct))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, ToRecordError> {
        Ok(Many::new(Some(variant), Tree::Struct))
    }
}

macro_rules! sequences {
    ($($of:ident $method:ident),*) => {$(
        impl ser::$of for Many<Tree> {
            type Ok = Tree;
            type Error = ToRecordError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ToRecordError> {
                self.items.push(value.serialize(Reader)?);
                Ok(())
            }

            fn end(self) -> Result<Tree, ToRecordError> {
                Ok(Many::end(self))
            }
        }
    )*};
}

macro_rules! structs {
    ($($of:ident),*) => {$(
        impl ser::$of for Many<(Vec<u8>, Tree)> {
            type Ok = Tree;
            type Error = ToRecordError;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), ToRecordError> {
                self.items.push((key.into(), value.serialize(Reader)?));
                Ok(())
            }

            fn end(self) -> Result<Tree, ToRecordError> {
                Ok(Many::end(self))
            }
        }
    )*};
}

sequences!(SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field, SerializeTupleVariant serialize_field);
structs!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Many<(Vec<u8>, Tree)> {
    type Ok = Tree;
    type Error = ToRecordError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), ToRecordError> {
        self.key = match key.serialize(Reader)? {
            Tree::Bytes(bytes) => bytes,
            Tree::Int(number) => number.to_string().into_bytes(),
            _ => return Err(ToRecordError::Key),
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ToRecordError> {
        let key = std::mem::take(&mut self.key);
        self.items.push((key, value.serialize(Reader)?));
        Ok(())
    }

    fn end(self) -> Result<Tree, ToRecordError> {
        Ok(Many::end(self))
    }
}
