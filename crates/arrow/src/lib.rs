//! Columns of Apache Arrow as records, and answers as bit masks.
//!
//! A [`Filler`] makes batches of a scheme's records of the rows of a [`RecordBatch`](arrow_array::RecordBatch); an [`Evaluator`] runs rules on
//! them, 8,192 rows at a time, and answers a mask for each rule, of as many bits as there are rows. [`scheme()`] makes a scheme of the columns.
//!
//! # What columns give
//! A field `a.b` is the column `a.b`, or the member `b` of the struct column `a`, or of its column `a.b` in turn. By type of the field:
//!
//! | field | columns |
//! |---|---|
//! | Bool | Boolean |
//! | Int | Int8 to Int64, UInt8 to UInt64, and Date, Time, Timestamp and Duration as the number that they are in their unit |
//! | Float | Float16 to Float64, and all that Int takes but dates and times, as the nearest float |
//! | Bytes | Utf8, LargeUtf8, Utf8View, Binary, LargeBinary, BinaryView, FixedSizeBinary |
//! | Ip | FixedSizeBinary of 4 or 16 bytes |
//! | Array | List, LargeList, FixedSizeList of what the elements take |
//! | Map | Map with keys that Bytes takes, in any order; of several entries with one key the last counts |
//!
//! A Dictionary is what its values are, and text is read as Bool (`true`, `false`), Int, Float or Ip where the field is one. A null is nil, and
//! so is a column that is not there, a member of a struct that is null, and an empty text where the field is no Bytes. A value that is not of
//! its field's type is nil too, and counted ([`Unfit`]): a UInt64 beyond what Int holds, text that says no such value, an array or map with a
//! null in it. Any other column is refused ([`Error::Column`]): which it is depends on the schema alone.
#![forbid(unsafe_code)]

mod convert;
mod error;
mod evaluator;
mod filler;
mod paths;
mod schemes;
mod text;
mod values;

pub use error::Error;
pub use evaluator::{Answers, Evaluator};
pub use filler::{BATCH_ROWS, Filled, Filler, Unfit};
pub use schemes::{Derived, LeftOut, scheme};

pub use arrow_array as array;
pub use arrow_buffer as buffer;
pub use arrow_schema as schema;
