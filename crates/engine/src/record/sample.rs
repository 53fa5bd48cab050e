//! Schemes out of what serde serialises.

use quintet_lang::{Field, SchemeBuilder, Type};
use serde::Serialize;

use super::ToRecordError;
use super::serde::{Tree, name_of, owned};

/// Why samples make no scheme.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// A sample makes no record, whatever the scheme is, or a value is not of the type that its field was declared with.
    #[error(transparent)]
    Record(#[from] ToRecordError),
    /// No sample says what a field holds.
    #[error("no sample says of which type field `{0}` is, since it is missing or empty in all of them; declare the field before")]
    Undetermined(String),
    /// Values of one field, or elements of one list or map, are of several types.
    #[error("field `{0}` holds values of several types; declare the field before, if one type takes all of them")]
    Several(String),
}

/// Adds the fields that samples have, in the order in which they come, to a scheme whose records [`to_record`](crate::to_record) fills from
/// such values. All are optional: what one value has, the next may lack.
///
/// What a struct inside has are fields under its name and a dot. A list, or a tuple of values of one type, is an Array; a map and a list of
/// pairs whose first halves are texts is a Map, in which the last of several values with one key counts. Texts are Bytes.
///
/// A field that was declared before stays as it is, and samples must fit it. So is said what samples cannot say: that a text is an Ip, that a
/// whole number is a Float, that numbers are Bytes, that pairs are grouped (`Map<Array<Bytes>>`), that a field is mandatory, what is in a list that is
/// empty in all samples, and that a map, as JSON has no structs, stands for fields: `from.ip` is declared then, and what else is under `from`
/// is told by the samples.
///
/// Types are told by values and not by the type in Rust, since an implementation of [`Serialize`] may do with each value as it likes. The
/// samples should have a value of each field, therefore; a scheme that lacks one has [`to_record`](crate::to_record) refuse what has it.
///
/// ```
/// use quintet::{Engine, Scheme, Type, declare_samples, to_record};
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Login<'a> { user: &'a str, from: From, groups: Vec<&'a str>, score: Option<f64> }
/// #[derive(Serialize)]
/// struct From { ip: std::net::IpAddr, port: u16 }
///
/// let login = Login { user: "ada", from: From { ip: "10.0.0.1".parse()?, port: 22 }, groups: vec!["wheel"], score: Some(0.5) };
/// let engine = Engine::new();
/// let scheme = declare_samples(engine.scheme().mandatory("from.ip", Type::Ip), [&login])?.build()?;
/// let fields: Vec<String> = scheme.fields().iter().map(|f| format!("{}: {}", f.name, f.ty)).collect();
/// assert_eq!(fields, ["from.ip: Ip", "user: Bytes", "from.port: Int", "groups: Array<Bytes>", "score: Float"]);
///
/// let rules = engine.compile(r#"from.ip in {10.0.0.0/8} and groups[0] == "wheel""#, &scheme, "closures")?;
/// let mut evaluator = rules.evaluator()?;
/// let answers = evaluator.evaluate_with(|record| to_record(&login, record).map_err(Box::<dyn std::error::Error>::from))?;
/// assert_eq!(answers.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// See [`SampleError`].
pub fn declare_samples<T: Serialize>(
    mut builder: SchemeBuilder,
    samples: impl IntoIterator<Item = T>,
) -> Result<SchemeBuilder, SampleError> {
    let mut found = Found { declared: builder.fields(), new: Vec::new() };
    for sample in samples {
        match Tree::of(&sample)? {
            Tree::Map(entries) | Tree::Struct(entries) => found.look("", entries)?,
            _ => return Err(ToRecordError::NoStruct.into()),
        }
    }
    let new = found.fields()?;
    for (name, ty) in new {
        builder = builder.optional(&name, ty);
    }
    Ok(builder)
}

/// The fields of samples.
struct Found<'d> {
    declared: &'d [Field],
    new: Vec<(String, Guess)>,
}

impl Found<'_> {
    /// Takes in what a sample has.
    fn look(&mut self, before: &str, entries: Vec<(Vec<u8>, Tree)>) -> Result<(), SampleError> {
        for (key, tree) in entries {
            let name = name_of(before, key)?;
            match (self.declared.iter().find(|field| field.name == name), tree) {
                (Some(_), Tree::Nil) => {}
                (Some(field), tree) => {
                    let wrong = || ToRecordError::WrongType { field: name.clone(), expected: field.ty.clone() };
                    owned(tree, &field.ty).ok_or_else(wrong)?;
                }
                (None, Tree::Struct(entries)) => self.look(&name, entries)?,
                (None, Tree::Map(entries)) if self.declared.iter().any(|field| is_under(&field.name, &name)) => {
                    self.look(&name, entries)?
                }
                (None, tree) => {
                    let several = || SampleError::Several(name.clone());
                    let guess = Guess::of(tree).ok_or_else(several)?;
                    match self.new.iter_mut().find(|(other, _)| *other == name) {
                        Some((_, known)) => *known = known.clone().and(guess).ok_or_else(several)?,
                        None => self.new.push((name, guess)),
                    }
                }
            }
        }
        Ok(())
    }

    /// The fields that are to be declared.
    fn fields(&self) -> Result<Vec<(String, Type)>, SampleError> {
        let mut fields = Vec::new();
        for (name, guess) in &self.new {
            // What is a struct in one sample may be missing in another, and nothing else.
            let is_struct =
                self.new.iter().map(|(name, _)| name).chain(self.declared.iter().map(|field| &field.name)).any(|it| is_under(it, name));
            match (guess, guess.ty()) {
                (Guess::Unknown, _) if is_struct => {}
                (_, Some(_)) if is_struct => return Err(SampleError::Several(name.clone())),
                (_, Some(ty)) => fields.push((name.clone(), ty)),
                (_, None) => return Err(SampleError::Undetermined(name.clone())),
            }
        }
        Ok(fields)
    }
}

/// Whether a name is that of something in what has the other name.
fn is_under(name: &str, outer: &str) -> bool {
    name.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'))
}

/// What is known of a type.
#[derive(Clone, PartialEq)]
enum Guess {
    Unknown,
    Known(Type),
    Array(Box<Guess>),
    Map(Box<Guess>),
}

impl Guess {
    /// Of the values of a field, or of elements.
    fn of(tree: Tree) -> Option<Guess> {
        Some(match tree {
            Tree::Nil => Guess::Unknown,
            Tree::Bool(_) => Guess::Known(Type::Bool),
            Tree::Int(_) => Guess::Known(Type::Int),
            Tree::Float(_) => Guess::Known(Type::Float),
            Tree::Bytes(_) => Guess::Known(Type::Bytes),
            Tree::Seq(items) if !items.is_empty() && items.iter().all(is_pair) => {
                let values = items.into_iter().filter_map(|pair| if let Tree::Tuple(pair) = pair { pair.into_iter().nth(1) } else { None });
                Guess::Map(Guess::all(values)?.into())
            }
            Tree::Seq(items) | Tree::Tuple(items) => Guess::Array(Guess::all(items)?.into()),
            Tree::Map(entries) | Tree::Struct(entries) => Guess::Map(Guess::all(entries.into_iter().map(|(_, value)| value))?.into()),
        })
    }

    fn all(trees: impl IntoIterator<Item = Tree>) -> Option<Guess> {
        trees.into_iter().try_fold(Guess::Unknown, |all, tree| all.and(Guess::of(tree)?))
    }

    /// What is known when both are, unless they contradict each other.
    fn and(self, other: Guess) -> Option<Guess> {
        Some(match (self, other) {
            (Guess::Unknown, guess) | (guess, Guess::Unknown) => guess,
            (Guess::Array(one), Guess::Array(other)) => Guess::Array(one.and(*other)?.into()),
            (Guess::Map(one), Guess::Map(other)) => Guess::Map(one.and(*other)?.into()),
            (one, other) if one == other => one,
            _ => return None,
        })
    }

    fn ty(&self) -> Option<Type> {
        Some(match self {
            Guess::Unknown => return None,
            Guess::Known(ty) => ty.clone(),
            Guess::Array(element) => Type::array(element.ty()?),
            Guess::Map(element) => Type::map(element.ty()?),
        })
    }
}

fn is_pair(tree: &Tree) -> bool {
    matches!(tree, Tree::Tuple(pair) if matches!(pair[..], [Tree::Bytes(_), _]))
}
