//! Schemes of columns.

use arrow_schema::{DataType, Fields, Schema};
use quintet_lang::signature::Signature;
use quintet_lang::{Field, Presence, Scheme, SchemeError, Type};

/// A scheme that has a field for each column that can be one.
#[derive(Debug)]
pub struct Derived {
    /// The scheme.
    pub scheme: Scheme,
    /// The columns that are no fields of it.
    pub left_out: Vec<LeftOut>,
}

/// A column that is no field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name, with those of the structs around it.
    pub name: String,
    /// Why, in words.
    pub why: String,
}

/// A scheme with these functions and lists of Int, Ip and Bytes, and a field for each column that can be one. A column that has no nulls and
/// none but values of its field's type is mandatory.
///
/// # Errors
/// When the functions are not those of a scheme.
pub fn scheme(columns: &Schema, functions: impl IntoIterator<Item = Signature>) -> Result<Derived, SchemeError> {
    let builder = Scheme::builder().functions(functions).lists(Type::Int).lists(Type::Ip).lists(Type::Bytes);
    let empty = builder.clone().build()?;
    let mut found = Found { builder, left_out: Vec::new(), names: Default::default() };
    found.add(&empty, "", columns.fields(), true);
    Ok(Derived { scheme: found.builder.build()?, left_out: found.left_out })
}

struct Found {
    builder: quintet_lang::SchemeBuilder,
    left_out: Vec<LeftOut>,
    names: std::collections::HashSet<String>,
}

impl Found {
    /// Adds the columns under a path, which ends in a dot if it is not empty; `always` where nothing around them is null.
    fn add(&mut self, empty: &Scheme, path: &str, fields: &Fields, always: bool) {
        for field in fields {
            let (name, always) = (format!("{path}{}", field.name()), always && !field.is_nullable());
            if let DataType::Struct(members) = field.data_type() {
                self.add(empty, &format!("{name}."), members, always);
                continue;
            }
            let why = match type_of(field.data_type()) {
                None => format!("its type, {}, is none of a field", field.data_type()),
                Some(_) if empty.function_id(&name).is_some() => "a function has this name".into(),
                Some(_) if self.names.contains(&name) => "another column has this name".into(),
                Some(ty) => {
                    let presence = if always && is_whole(field.data_type()) { Presence::Mandatory } else { Presence::Optional };
                    let field = Field { name: name.clone(), ty, presence, multi: false, doc: String::new() };
                    match Scheme::builder().field(field.clone()).build() {
                        Ok(_) => {
                            self.names.insert(name);
                            self.builder = std::mem::take(&mut self.builder).field(field);
                            continue;
                        }
                        Err(e) => e.to_string(),
                    }
                }
            };
            self.left_out.push(LeftOut { name, why });
        }
    }
}

/// The type of a field for columns of a type.
fn type_of(data: &DataType) -> Option<Type> {
    use DataType::*;
    Some(match data {
        Boolean => Type::Bool,
        Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 | UInt64 => Type::Int,
        Date32 | Date64 | Time32(_) | Time64(_) | Timestamp(..) | Duration(_) => Type::Int,
        Float16 | Float32 | Float64 => Type::Float,
        Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView => Type::Bytes,
        FixedSizeBinary(4 | 16) => Type::Ip,
        FixedSizeBinary(_) => Type::Bytes,
        Dictionary(_, values) => type_of(values)?,
        List(element) | LargeList(element) | FixedSizeList(element, _) => Type::array(type_of(element.data_type())?),
        Map(entries, _) => match entries.data_type() {
            Struct(members) => match &**members {
                [key, value] if type_of(key.data_type()) == Some(Type::Bytes) => Type::map(type_of(value.data_type())?),
                _ => return None,
            },
            _ => return None,
        },
        _ => return None,
    })
}

/// Whether each value of a column of this type is one of the field's.
fn is_whole(data: &DataType) -> bool {
    use DataType::*;
    match data {
        UInt64 => false,
        Dictionary(..) => false,
        List(element) | LargeList(element) | FixedSizeList(element, _) => !element.is_nullable() && is_whole(element.data_type()),
        Map(entries, _) => match entries.data_type() {
            Struct(members) => members.iter().all(|member| !member.is_nullable() && is_whole(member.data_type())),
            _ => false,
        },
        _ => true,
    }
}
