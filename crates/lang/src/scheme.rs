//! Schemes: the fields and functions that rules may use.

use std::any::Any;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, OnceLock};

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

use crate::signature::Signature;
use crate::types::Type;

/// A field's place in its scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FieldId(pub u32);

/// A function's place in its scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FunctionId(pub u32);

/// Whether a record may lack a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Presence {
    /// Every record has it; finishing a record without it is an error.
    Mandatory,
    /// A record may lack it; its value is then nil.
    Optional,
}

/// One field.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The name that rules use: segments of `[A-Za-z0-9_]+` joined by dots.
    pub name: String,
    /// The type of its values.
    pub ty: Type,
    /// Whether a record may lack it.
    pub presence: Presence,
    /// Whether a bare comparison means "any element" (Wireshark's multi-valued fields); only for arrays of a primitive type.
    pub multi: bool,
    /// What it holds, in a sentence.
    pub doc: String,
}

/// An immutable set of fields and functions. Cloning is cheap; clones are the same scheme.
#[derive(Clone)]
pub struct Scheme(Arc<Inner>);

struct Inner {
    /// What makes records: schemes that share them take each other's.
    fields: Arc<[Field]>,
    functions: Vec<Signature>,
    names: HashMap<String, Named, RandomState>,
    list_types: BTreeSet<Type>,
    nil_not_equal: bool,
    /// The scheme that this one is a projection of.
    whole: Option<Scheme>,
    derived: OnceLock<Arc<dyn Any + Send + Sync>>,
}

/// What a name in a scheme stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Field(FieldId),
    Function(FunctionId),
}

/// Why a scheme cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemeError {
    /// The name could never be written in a rule.
    #[error("`{0}` is not a name: names are letters, digits and `_`, in segments joined by `.`")]
    BadName(String),
    /// The name is a word of the language.
    #[error("`{0}` is a word of the language and cannot name a field or function")]
    Reserved(String),
    /// Two things have one name.
    #[error("`{0}` is declared twice")]
    Duplicate(String),
    /// Only arrays of a primitive type can be multi-valued.
    #[error("field `{name}` is declared multi-valued but has type {ty}; only an Array of Bool, Int, Float, Bytes or Ip can be")]
    NotMulti {
        /// The field.
        name: String,
        /// Its type.
        ty: Type,
    },
    /// No call of such a function could be checked.
    #[error("function `{name}`: {what}")]
    Signature {
        /// The function.
        name: String,
        /// What is wrong with its signature.
        what: &'static str,
    },
    /// A scheme text is malformed.
    #[error("scheme: {0}")]
    Text(String),
}

/// Collects the parts of a [`Scheme`].
#[derive(Clone, Default)]
pub struct SchemeBuilder {
    fields: Vec<Field>,
    functions: Vec<Signature>,
    list_types: BTreeSet<Type>,
    nil_equal: bool,
}

/// Words that stand for operators or literals wherever an operand may stand.
const RESERVED: &[&str] = &["not", "true", "false"];

impl SchemeBuilder {
    /// Adds a field that every record has.
    pub fn mandatory(self, name: &str, ty: Type) -> Self {
        self.field(Field { name: name.into(), ty, presence: Presence::Mandatory, multi: false, doc: String::new() })
    }

    /// Adds a field that a record may lack.
    pub fn optional(self, name: &str, ty: Type) -> Self {
        self.field(Field { name: name.into(), ty, presence: Presence::Optional, multi: false, doc: String::new() })
    }

    /// Adds a field.
    pub fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// Adds a function.
    pub fn function(mut self, signature: Signature) -> Self {
        self.functions.push(signature);
        self
    }

    /// Adds functions.
    pub fn functions(mut self, signatures: impl IntoIterator<Item = Signature>) -> Self {
        self.functions.extend(signatures);
        self
    }

    /// Allows `in $name` on values of this type.
    pub fn lists(mut self, ty: Type) -> Self {
        self.list_types.insert(ty);
        self
    }

    /// Whether `nil != x` is true (wirefilter's default, and the default here) or false (Cloudflare's documentation).
    pub fn nil_not_equal(mut self, value: bool) -> Self {
        self.nil_equal = !value;
        self
    }

    /// The scheme.
    ///
    /// # Errors
    /// See [`SchemeError`].
    pub fn build(self) -> Result<Scheme, SchemeError> {
        let mut names = HashMap::with_capacity_and_hasher(self.fields.len() + self.functions.len(), RandomState::default());
        let mut add = |name: &str, what: Named| {
            let well_formed = name.split('.').all(|s| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
            if !well_formed {
                return Err(SchemeError::BadName(name.into()));
            }
            if RESERVED.contains(&name) {
                return Err(SchemeError::Reserved(name.into()));
            }
            match names.insert(name.to_owned(), what) {
                None => Ok(()),
                Some(_) => Err(SchemeError::Duplicate(name.into())),
            }
        };
        for (i, field) in self.fields.iter().enumerate() {
            if field.multi && !matches!(&field.ty, Type::Array(t) if t.is_primitive()) {
                return Err(SchemeError::NotMulti { name: field.name.clone(), ty: field.ty.clone() });
            }
            add(&field.name, Named::Field(FieldId(i as u32)))?;
        }
        for (i, function) in self.functions.iter().enumerate() {
            function.check().map_err(|what| SchemeError::Signature { name: function.name.clone(), what })?;
            add(&function.name, Named::Function(FunctionId(i as u32)))?;
        }
        Ok(Scheme(Arc::new(Inner {
            fields: self.fields.into(),
            functions: self.functions,
            names,
            list_types: self.list_types,
            nil_not_equal: !self.nil_equal,
            whole: None,
            derived: OnceLock::new(),
        })))
    }
}

impl Scheme {
    /// An empty builder.
    pub fn builder() -> SchemeBuilder {
        SchemeBuilder::default()
    }

    /// All fields, by [`FieldId`].
    pub fn fields(&self) -> &[Field] {
        &self.0.fields
    }

    /// All functions, by [`FunctionId`].
    pub fn functions(&self) -> &[Signature] {
        &self.0.functions
    }

    /// The field with this name.
    pub fn field_id(&self, name: &str) -> Option<FieldId> {
        match self.0.names.get(name) {
            Some(Named::Field(id)) => Some(*id),
            _ => None,
        }
    }

    /// The function with this name.
    pub fn function_id(&self, name: &str) -> Option<FunctionId> {
        match self.0.names.get(name) {
            Some(Named::Function(id)) => Some(*id),
            _ => None,
        }
    }

    /// The field `id`, which must be of this scheme.
    ///
    /// # Panics
    /// When the scheme has no such field.
    pub fn field(&self, id: FieldId) -> &Field {
        &self.0.fields[id.0 as usize]
    }

    /// The function `id`, which must be of this scheme.
    ///
    /// # Panics
    /// When the scheme has no such function.
    pub fn function(&self, id: FunctionId) -> &Signature {
        &self.0.functions[id.0 as usize]
    }

    /// Whether `in $name` may stand after a value of this type.
    pub fn has_lists(&self, ty: &Type) -> bool {
        self.0.list_types.contains(ty)
    }

    /// The types of values that `in $name` may stand after.
    pub fn list_types(&self) -> impl Iterator<Item = &Type> {
        self.0.list_types.iter()
    }

    /// Whether `nil != x` is true.
    pub fn nil_not_equal(&self) -> bool {
        self.0.nil_not_equal
    }

    /// Whether records of the one are records of the other: their fields are the same, not only equal ones.
    pub fn same(&self, other: &Scheme) -> bool {
        Arc::ptr_eq(&self.0.fields, &other.0.fields)
    }

    /// What `make` makes of the scheme, kept with it: it is made once. There is room for one such thing, and so for what whoever reads records
    /// needs of every scheme.
    #[doc(hidden)]
    pub fn derived<T: Any + Send + Sync>(&self, make: impl FnOnce(&Scheme) -> T) -> Option<Arc<T>> {
        self.0.derived.get_or_init(|| Arc::new(make(self))).clone().downcast().ok()
    }

    /// This scheme with another function, which no name leads to.
    pub(crate) fn with_unnamed(&self, function: Signature) -> (Scheme, FunctionId) {
        let id = FunctionId(self.0.functions.len() as u32);
        let scheme = Scheme(Arc::new(Inner {
            fields: self.0.fields.clone(),
            functions: self.0.functions.iter().cloned().chain([function]).collect(),
            names: self.0.names.clone(),
            list_types: self.0.list_types.clone(),
            nil_not_equal: self.0.nil_not_equal,
            whole: self.0.whole.clone(),
            derived: OnceLock::new(),
        }));
        (scheme, id)
    }

    /// This scheme with only the fields that `keep` accepts: records of it are smaller and readers that fill them parse less.
    /// A program must be checked against the scheme of the records that it runs on.
    pub fn project(&self, mut keep: impl FnMut(FieldId, &Field) -> bool) -> Scheme {
        let mut names: HashMap<String, Named, RandomState> = HashMap::default();
        let mut fields = Vec::new();
        for (i, field) in self.0.fields.iter().enumerate() {
            // A protocol's name stands for its bytes where those are wanted, so it stays with them.
            let of_bytes =
                field.ty == Type::Bool && self.field_id(&format!("{}.bytes", field.name)).is_some_and(|id| keep(id, self.field(id)));
            if keep(FieldId(i as u32), field) || of_bytes {
                names.insert(field.name.clone(), Named::Field(FieldId(fields.len() as u32)));
                fields.push(field.clone());
            }
        }
        for (i, function) in self.0.functions.iter().enumerate() {
            names.insert(function.name.clone(), Named::Function(FunctionId(i as u32)));
        }
        Scheme(Arc::new(Inner {
            fields: fields.into(),
            functions: self.0.functions.clone(),
            names,
            list_types: self.0.list_types.clone(),
            nil_not_equal: self.0.nil_not_equal,
            whole: Some(self.whole().clone()),
            derived: OnceLock::new(),
        }))
    }

    /// The scheme that this one is a [projection](Scheme::project) of, or this one where it is none. Readers judge by it which records
    /// exist, so that this does not depend on the fields that rules use.
    pub fn whole(&self) -> &Scheme {
        self.0.whole.as_ref().unwrap_or(self)
    }
}

impl fmt::Debug for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.fields().iter().map(|x| (&x.name, x.ty.to_string()))).finish()
    }
}
