//! Functions, parsers and formatters for Quintet's rules, written in Rust.
//!
//! ```
//! /// How many zero bytes there are.
//! #[quintet_module::export]
//! fn zeros(s: &[u8]) -> i64 {
//!     s.iter().filter(|byte| **byte == 0).count() as i64
//! }
//!
//! quintet_module::module!(zeros);
//! # fn main() {}
//! ```
//!
//! Built for `wasm32-unknown-unknown` as a `cdylib`, that is a module, which `quintet run --module FILE` loads. Built for the host, `MODULE` has
//! the same functions, and a host takes them in with one line: `library.add(quintet_modules::builtin(&MODULE)?.functions())`.
//!
//! # Types
//! | Rust | Quintet |
//! |---|---|
//! | `bool`, `i64`, `f64` | `Bool`, `Int`, `Float` |
//! | `&[u8]`; as a result `Vec<u8>` too | `Bytes` |
//! | `core::net::IpAddr` | `Ip` |
//! | [`List`] of one of these | `Array` |
//! | as a result, `Vec` of one of these (of Bytes, `Vec<Vec<u8>>`) | `Array` |
//! | `Option` of any of these | the type with `?` |
//!
//! Without a parameter that is an `Option` a call with nil is nil, and the function is not called. A result that is a part of an argument is
//! not copied. A panic is a trap of the rule on that record.
#![warn(missing_docs)]

pub mod rt;

#[cfg(feature = "macros")]
pub use quintet_module_macros::{Fields, export, formatter, module, parser};

pub use rt::{Cell, Fields, Item, List, Module};
