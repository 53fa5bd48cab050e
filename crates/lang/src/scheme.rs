//! Schemes: the fields and functions that rules may use.

use std::any::Any;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError, Weak};

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

use crate::ast::Const;
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

/// One of the values that a field usually has: what editors offer. Rules may compare with any other.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldValue {
    /// The value, of the field's type or that of its elements.
    pub value: Const,
    /// What it stands for; may be empty.
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
    /// Whether a name may start with a digit. In most schemes none does, and a number in a rule need not be looked up.
    digits: bool,
    list_types: BTreeSet<Type>,
    /// The usual values of fields, by their names.
    values: Arc<HashMap<String, Vec<FieldValue>>>,
    nil_not_equal: bool,
    /// The names of the fields that no reader sets.
    later: BTreeSet<String>,
    /// The scheme that this one is a projection of.
    whole: Option<Scheme>,
    /// The scheme of records that this one adds tables to.
    records: Option<Scheme>,
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
    /// The usual values of a field are of another type than it is, or there is no such field.
    #[error("the values of field `{name}`: {what}")]
    Values {
        /// The field.
        name: String,
        /// What is wrong with them.
        what: &'static str,
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
#[derive(Clone, Debug, Default)]
pub struct SchemeBuilder {
    fields: Vec<Field>,
    functions: Vec<Signature>,
    list_types: BTreeSet<Type>,
    values: HashMap<String, Vec<FieldValue>>,
    nil_equal: bool,
    later: BTreeSet<String>,
}

/// Lists of fields that schemes have, by a hash of them.
type Known = HashMap<u64, Vec<Weak<[Field]>>, RandomState>;

/// The fields of all schemes there are, so that equal ones are one list: whether records of one scheme are those of another is then told by where
/// that lies, which is asked for every record.
static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);

/// The one list of these fields.
fn shared(fields: Vec<Field>) -> Arc<[Field]> {
    let mut hasher = foldhash::quality::FixedState::default().build_hasher();
    for field in &fields {
        (&field.name, &field.ty, field.multi).hash(&mut hasher);
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() == known.capacity() {
        known.retain(|_, lists| {
            lists.retain(|list| list.strong_count() > 0);
            !lists.is_empty()
        });
    }
    let lists = known.entry(hasher.finish()).or_default();
    if let Some(list) = lists.iter().filter_map(Weak::upgrade).find(|list| **list == *fields) {
        return list;
    }
    lists.retain(|list| list.strong_count() > 0);
    let list: Arc<[Field]> = fields.into();
    lists.push(Arc::downgrade(&list));
    list
}

fn starts_with_digit(name: &str) -> bool {
    name.as_bytes().first().is_some_and(u8::is_ascii_digit)
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

    /// The fields so far.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Says which values a field usually has.
    pub fn values(mut self, field: &str, values: impl IntoIterator<Item = FieldValue>) -> Self {
        self.values.entry(field.into()).or_default().extend(values);
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
        for (name, values) in &self.values {
            let wrong = |what| SchemeError::Values { name: name.clone(), what };
            let field = self.fields.iter().find(|field| field.name == *name).ok_or_else(|| wrong("there is no such field"))?;
            let ty = field.ty.element().unwrap_or(&field.ty);
            if !matches!(ty, Type::Int | Type::Bytes) || values.iter().any(|value| value.value.ty() != *ty) {
                return Err(wrong("they are of another type than it, or of a type other than Int and Bytes"));
            }
        }
        for (i, function) in self.functions.iter().enumerate() {
            function.check().map_err(|what| SchemeError::Signature { name: function.name.clone(), what })?;
            add(&function.name, Named::Function(FunctionId(i as u32)))?;
        }
        Ok(Scheme(Arc::new(Inner {
            fields: shared(self.fields),
            functions: self.functions,
            digits: names.keys().any(|name| starts_with_digit(name)),
            names,
            list_types: self.list_types,
            values: self.values.into(),
            nil_not_equal: !self.nil_equal,
            later: self.later,
            whole: None,
            records: None,
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
        if !self.0.digits && starts_with_digit(name) {
            return None;
        }
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

    /// The values that a field usually has, where the scheme knows any.
    pub fn values(&self, field: &str) -> &[FieldValue] {
        self.0.values.get(field).map_or(&[], Vec::as_slice)
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

    /// Whether no reader sets the field with this name, but the host does, when the record is there; see [`Scheme::with_later`].
    pub fn is_set_later(&self, name: &str) -> bool {
        self.0.later.contains(name)
    }

    /// This scheme with further fields, which readers leave alone: the host finds their values out from those of the others. Records of this
    /// scheme are none of the new one.
    ///
    /// # Errors
    /// As [`SchemeBuilder::build`].
    pub fn with_later(&self, fields: impl IntoIterator<Item = Field>) -> Result<Scheme, SchemeError> {
        let Inner { functions, list_types, values, nil_not_equal, .. } = &*self.0;
        let mut builder = SchemeBuilder {
            fields: self.0.fields.to_vec(),
            functions: functions.clone(),
            list_types: list_types.clone(),
            values: HashMap::clone(values),
            nil_equal: !nil_not_equal,
            later: self.0.later.clone(),
        };
        for field in fields {
            builder.later.insert(field.name.clone());
            builder.fields.push(field);
        }
        builder.build()
    }

    /// Whether records of the one are records of the other: they have the same fields. Schemes that are built alike do.
    #[inline]
    pub fn same(&self, other: &Scheme) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || Arc::ptr_eq(&self.0.fields, &other.0.fields)
    }

    /// What `make` makes of the scheme, kept with it: it is made once. There is room for one such thing, and so for what whoever reads records
    /// needs of every scheme.
    #[doc(hidden)]
    pub fn derived<T: Any + Send + Sync>(&self, make: impl FnOnce(&Scheme) -> T) -> Option<Arc<T>> {
        self.0.derived.get_or_init(|| Arc::new(make(self))).clone().downcast().ok()
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
            fields: shared(fields),
            functions: self.0.functions.clone(),
            names,
            digits: self.0.digits,
            list_types: self.0.list_types.clone(),
            values: self.0.values.clone(),
            nil_not_equal: self.0.nil_not_equal,
            later: self.0.later.clone(),
            whole: Some(self.whole().clone()),
            records: None,
            derived: OnceLock::new(),
        }))
    }

    /// This scheme with fields behind its own that no record has: the tables of rules. None of their names may be one of this scheme's.
    pub(crate) fn with_tables(&self, tables: impl IntoIterator<Item = Field>) -> Scheme {
        let mut fields = self.0.fields.to_vec();
        let mut names = self.0.names.clone();
        for table in tables {
            names.entry(table.name.clone()).or_insert(Named::Field(FieldId(fields.len() as u32)));
            fields.push(table);
        }
        Scheme(Arc::new(Inner {
            fields: fields.into(),
            functions: self.0.functions.clone(),
            digits: names.keys().any(|name| starts_with_digit(name)),
            names,
            list_types: self.0.list_types.clone(),
            values: self.0.values.clone(),
            nil_not_equal: self.0.nil_not_equal,
            later: self.0.later.clone(),
            whole: None,
            records: Some(self.clone()),
            derived: OnceLock::new(),
        }))
    }

    /// The scheme of the records that rules checked against this one run on: this one without the tables of the rules.
    pub fn records(&self) -> &Scheme {
        self.0.records.as_ref().unwrap_or(self)
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
