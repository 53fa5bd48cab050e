//! Rule texts for editors.
//!
//! * [`Tree`]: the lossless syntax tree of a text, whether it can be parsed or not. It prints the same text again, comments and spellings kept,
//!   and goes through JSON, whose types for TypeScript are in `quintet-syntax.d.ts` beside this crate's `Cargo.toml` ([`typescript`]).
//! * [`service::Service`]: what can be said of a text while it is written: what is wrong with it, what can stand at a place, what a word means.
//!
//! Formatting is [`quintet_lang::format`] of a tree's text.
//!
//! # Limits
//! * A rule, function or constant with a mistake is one node of tokens, without structure: the parser goes on at the next line that starts one.
//! * The tree knows no scheme. A word that is a number or an address is a token of that kind, though a scheme may have a field of that name, and
//!   pairs of hex digits such as `10-20` are [`TokenKind::Bytes`], though they are a difference where numbers are wanted.
//! * A text longer than [`Limits::source_bytes`](quintet_lang::Limits::source_bytes) is one node of what cannot be parsed.
//!
//! The crate is pure: no I/O, no `unsafe`, and it builds for `wasm32-unknown-unknown`.
#![forbid(unsafe_code)]

mod build;
mod classify;
mod edit;
mod json;
mod kind;
pub mod service;
mod tree;
mod typescript;

pub use edit::EditError;
pub use json::{JsonError, VERSION};
pub use kind::{Kind, NodeKind, TokenKind};
pub use tree::{Element, Tree};
pub use typescript::typescript;
