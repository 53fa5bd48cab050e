//! What a format produces, and what of it a scheme asks for.

use quintet_lang::{Field, FieldId, Presence, Scheme, Type};

use crate::error::InputError;
use crate::format::Format;

/// A field that a format produces.
pub(crate) struct Spec<L> {
    pub name: &'static str,
    pub kind: Kind,
    /// What must be parsed for it.
    pub layer: L,
    pub doc: &'static str,
}

/// The types that formats produce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Bool, always there.
    Flag,
    Bool,
    Int,
    Ip,
    Bytes,
    /// Int, always there.
    Number,
    /// Float, always there.
    Real,
    /// Bytes, always there.
    Text,
    /// Multi-valued Bool.
    Bools,
    /// Multi-valued Int.
    Ints,
    /// Multi-valued Ip.
    Ips,
    /// Multi-valued Bytes.
    Texts,
    /// Array<Bytes>, an ordinary array.
    List,
    /// Array<Bytes>, always there.
    TextList,
    /// Map<Array<Bytes>>.
    Map,
    /// Map<Array<Bytes>>, always there.
    TextMap,
}

impl Kind {
    fn ty(self) -> Type {
        match self {
            Kind::Flag | Kind::Bool => Type::Bool,
            Kind::Int | Kind::Number => Type::Int,
            Kind::Real => Type::Float,
            Kind::Ip => Type::Ip,
            Kind::Bytes | Kind::Text => Type::Bytes,
            Kind::Bools => Type::array(Type::Bool),
            Kind::Ints => Type::array(Type::Int),
            Kind::Ips => Type::array(Type::Ip),
            Kind::Texts | Kind::List | Kind::TextList => Type::array(Type::Bytes),
            Kind::Map | Kind::TextMap => Type::map(Type::array(Type::Bytes)),
        }
    }

    fn always(self) -> bool {
        matches!(self, Kind::Flag | Kind::Number | Kind::Real | Kind::Text | Kind::TextList | Kind::TextMap)
    }

    fn multi(self) -> bool {
        matches!(self, Kind::Bools | Kind::Ints | Kind::Ips | Kind::Texts)
    }
}

/// Declares the fields of a format: an enum of them, and the table that it indexes.
macro_rules! fields {
    ($layer:ident; $($id:ident $name:literal $kind:ident $of:ident $doc:literal;)*) => {
        /// The fields; each is an index into [`FIELDS`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(usize)]
        pub(crate) enum F { $($id),* }
        /// All fields, by [`F`].
        pub(crate) const FIELDS: &[$crate::table::Spec<$layer>] = &[$(
            $crate::table::Spec { name: $name, kind: $crate::table::Kind::$kind, layer: $layer::$of, doc: $doc },
        )*];
    };
}
pub(crate) use fields;

/// The fields as a scheme declares them.
pub(crate) fn declare<L>(specs: &[Spec<L>]) -> Vec<Field> {
    specs
        .iter()
        .map(|s| Field {
            name: s.name.into(),
            ty: s.kind.ty(),
            presence: if s.kind.always() { Presence::Mandatory } else { Presence::Optional },
            multi: s.kind.multi(),
            doc: s.doc.into(),
        })
        .collect()
}

/// The places of a format's fields in a scheme, by their index in the table.
///
/// # Errors
/// When the scheme has a field that the table has not, or has otherwise.
pub(crate) fn bind<L>(format: Format, specs: &[Spec<L>], scheme: &Scheme) -> Result<Vec<Option<FieldId>>, InputError> {
    for field in scheme.fields().iter().filter(|field| !scheme.is_set_later(&field.name)) {
        let Some(spec) = specs.iter().find(|s| s.name == field.name) else {
            return Err(InputError::NoField { format, field: field.name.clone() });
        };
        if spec.kind.ty() != field.ty {
            return Err(InputError::FieldType { format, field: field.name.clone(), declared: field.ty.clone(), actual: spec.kind.ty() });
        }
        if field.presence == Presence::Mandatory && !spec.kind.always() {
            return Err(InputError::Mandatory { format, field: field.name.clone() });
        }
    }
    Ok(specs.iter().map(|s| scheme.field_id(s.name)).collect())
}
