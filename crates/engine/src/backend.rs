//! For whoever writes a backend, or a tool that looks at what backends make: the seam between programs and what runs them. A host that compiles
//! rules and runs them needs none of it.
//!
//! A checked [`Program`](crate::Program) is [`Linked`] once for all backends; a [`Backend`] makes it [`Compiled`], which is instantiated once per
//! thread. [`Engine::link`](crate::Engine::link) and [`Engine::compile_linked`](crate::Engine::compile_linked) are the steps of
//! [`Engine::compile`](crate::Engine::compile). What a backend can do it says by its [`Traits`], and what it has made by its [`Artifact`]s.

pub use crate::lifted::LiftedRules;
#[cfg(all(feature = "modules", feature = "wasm"))]
pub use crate::modules_of::KEEPING;
pub use quintet_lang::Checked;
pub use quintet_runtime::{
    Arena, Argument, Artifact, Backend, Compiled, Emit, EmitError, Isolation, Lifted, Lifts, Linked, Many, ManyAnswers, Room, Traits,
    Unsupported,
};
