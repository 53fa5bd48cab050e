//! The fields of a struct, as they are known when it is compiled.

use quintet_lang::{Field, Presence, Scheme, SchemeBuilder, Type};
use quintet_runtime::RecordError;

use super::value::Member;

/// The fields of a struct, in the order in which it has them.
#[derive(Debug)]
pub struct Shape {
    parts: &'static [Part],
    fields: usize,
}

/// A field of a struct.
#[derive(Debug)]
pub struct Part {
    /// Its name; of a struct, what stands before the names of its fields, and nothing where it is empty.
    name: &'static str,
    kind: Kind,
    optional: bool,
    multi: bool,
    doc: &'static str,
}

/// What a field of a struct stands for.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A field of records, of this type.
    One(fn() -> Type),
    /// Those of a struct.
    Nested(&'static Shape),
}

impl Kind {
    /// How many fields of records it stands for.
    pub const fn fields(self) -> usize {
        match self {
            Kind::One(_) => 1,
            Kind::Nested(shape) => shape.fields,
        }
    }
}

impl Part {
    /// The field for a value of type `T`.
    ///
    /// # Panics
    /// Where the name is empty and `T` is no struct: when the struct is compiled.
    pub const fn new<T: Member>(name: &'static str, multi: bool, doc: &'static str) -> Part {
        if name.is_empty() && matches!(T::KIND, Kind::One(_)) {
            panic!("`flatten` is for a field whose type is a record itself");
        }
        Part { name, kind: T::KIND, optional: T::OPTIONAL, multi, doc }
    }
}

impl Shape {
    /// Of these parts.
    pub const fn new(parts: &'static [Part]) -> Shape {
        let (mut fields, mut i) = (0, 0);
        while i < parts.len() {
            fields += parts[i].kind.fields();
            i += 1;
        }
        Shape { parts, fields }
    }

    /// Adds the fields to a scheme.
    pub(crate) fn declare(&self, mut builder: SchemeBuilder) -> SchemeBuilder {
        let mut fields = Vec::with_capacity(self.fields);
        self.collect("", false, &mut fields);
        for field in fields {
            builder = builder.field(field);
        }
        builder
    }

    fn collect(&self, before: &str, optional: bool, fields: &mut Vec<Field>) {
        for part in self.parts {
            let optional = optional || part.optional;
            let name = match (before, part.name) {
                ("", name) => name.to_owned(),
                (before, "") => before.to_owned(),
                (before, name) => format!("{before}.{name}"),
            };
            match part.kind {
                Kind::Nested(shape) => shape.collect(&name, optional, fields),
                Kind::One(ty) => {
                    let presence = if optional { Presence::Optional } else { Presence::Mandatory };
                    fields.push(Field { name, ty: ty(), presence, multi: part.multi, doc: part.doc.to_owned() });
                }
            }
        }
    }

    /// Which fields of a scheme these are; those that rules do not use are none of a projected scheme's.
    pub(crate) fn resolve(&self, scheme: &Scheme) -> Result<Vec<Option<quintet_lang::FieldId>>, super::FillError> {
        let mut fields = Vec::with_capacity(self.fields);
        self.collect("", false, &mut fields);
        let resolve = |field: Field| match (scheme.field_id(&field.name), scheme.whole().field_id(&field.name)) {
            (None, None) => Err(super::FillError::NoField(field.name)),
            (None, Some(_)) => Ok(None),
            (Some(id), _) if scheme.field(id).ty != field.ty => {
                let expected = scheme.field(id).ty.clone();
                Err(super::FillError::Record(RecordError::WrongType { field: field.name, expected }))
            }
            (Some(id), _) => Ok(Some(id)),
        };
        fields.into_iter().map(resolve).collect()
    }
}
