//! Structs as records: the traits behind `#[derive(Record)]`, and records out of what serde serialises.

mod fill;
mod pairs;
mod sample;
mod serde;
mod shape;
mod value;

pub use fill::{Fill, FillError, Filler};
pub use pairs::{Grouped, Pairs};
pub use sample::{SampleError, declare_samples};
pub use serde::{ToRecordError, to_record};
pub use shape::{Kind, Part, Shape};
pub use value::{Element, Heap, Member, OutOfRange};

use quintet_lang::{Scheme, SchemeBuilder, SchemeError};

/// A struct whose values are records. `#[derive(Record)]` implements it.
///
/// | a field of type | is of type |
/// |---|---|
/// | `bool` | Bool |
/// | `i8` to `i128`, `u8` to `u128`, `isize`, `usize` | Int; a value that no Int is, is an error when the record is filled |
/// | `f32`, `f64` | Float |
/// | `&str`, `String`, `&[u8]`, `Vec<u8>`, `[u8; N]`, `Cow`, `Box` and `Arc` of text | Bytes |
/// | `IpAddr`, `Ipv4Addr`, `Ipv6Addr` | Ip |
/// | `Option<T>` | that of `T`, and a record may lack it |
/// | `Vec<T>`, `&[T]`, `[T; N]` | Array |
/// | `BTreeMap<K, T>`, `HashMap<K, T>`, `Vec<(K, T)>`, `&[(K, T)]`, with keys of text | Map; pairs come in any order, and of several with one key the last is kept |
/// | the same of text, with `grouped` | Map of Array: the values of all pairs with one key, in the order that they came in |
/// | a struct that is a record | its fields, each under the name of this one and a dot |
///
/// Attributes of fields, in `#[record(...)]`:
/// * `rename = "http.host"`: how rules call it. Of a struct, `prefix = "http"` is the same: what stands before the names of its fields.
/// * `flatten`: of a struct, nothing stands before them.
/// * `grouped`: a key that is repeated keeps all its values, as the headers of a request must.
/// * `multi`: a bare comparison with the array means any of its elements.
/// * `skip`: it is no field of records.
///
/// The first lines of a doc comment are the field's in the scheme. Where the crate has another name, `#[record(crate = "path")]` before the
/// struct says it.
///
/// ```
/// use quintet::{Engine, Record};
///
/// #[derive(Record)]
/// struct Flow<'a> {
///     /// The protocol above IP.
///     protocol: &'a str,
///     #[record(prefix = "src")]
///     from: End,
///     dst: Option<End>,
///     #[record(grouped)]
///     headers: Vec<(&'a str, &'a str)>,
///     #[record(skip)]
///     seen: std::time::Duration,
/// }
///
/// #[derive(Record)]
/// struct End {
///     ip: std::net::Ipv4Addr,
///     port: u16,
/// }
///
/// let scheme = Engine::new().scheme_of::<Flow>()?;
/// let fields: Vec<String> = scheme.fields().iter().map(|f| format!("{}: {}", f.name, f.ty)).collect();
/// assert_eq!(fields, ["protocol: Bytes", "src.ip: Ip", "src.port: Int", "dst.ip: Ip", "dst.port: Int", "headers: Map<Array<Bytes>>"]);
/// # let flow = Flow { protocol: "", from: End { ip: [0; 4].into(), port: 0 }, dst: None, headers: vec![], seen: Default::default() };
/// # let _ = flow.seen;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What cannot be a field is an error when the struct is compiled:
///
/// ```compile_fail
/// #[derive(quintet::Record)]
/// struct Event {
///     at: std::time::Instant,
/// }
/// ```
///
/// ```compile_fail
/// #[derive(quintet::Record)]
/// struct Event {
///     #[record(flatten)]
///     code: i64, // no struct
/// }
/// const _: &quintet::record::Shape = <Event as quintet::Record>::SHAPE;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no record",
    label = "put `#[derive(quintet::Record)]` before the struct",
    note = "values that serde serialises are made records by `quintet::to_record`"
)]
pub trait Record: Member {
    /// Its fields.
    const SHAPE: &'static Shape;

    /// Adds the fields to a scheme.
    fn declare(builder: SchemeBuilder) -> SchemeBuilder {
        Self::SHAPE.declare(builder)
    }

    /// A scheme of the fields, and no functions. [`Engine::scheme_of`](crate::Engine::scheme_of) has those of the engine.
    ///
    /// # Errors
    /// Two fields have one name, or a name is a word of the language.
    fn scheme() -> Result<Scheme, SchemeError> {
        Self::declare(Scheme::builder()).build()
    }
}

impl<T: Record + ?Sized> Record for &T {
    const SHAPE: &'static Shape = T::SHAPE;
}

impl<T: Record + ?Sized> Record for Box<T> {
    const SHAPE: &'static Shape = T::SHAPE;
}
