//! The configurations: what code is worth against what compiling costs.

#[cfg(not(target_family = "wasm"))]
use std::sync::Arc;

use cranelift_codegen::isa::{self, OwnedTargetIsa, TargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use quintet_lang::ast::{ArithOp, Expr, ExprKind};
#[cfg(not(target_family = "wasm"))]
use quintet_runtime::Backend;
use quintet_runtime::{BackendId, Linked};

#[cfg(not(target_family = "wasm"))]
use crate::compile::Jit;
use crate::unit::Unit;

/// The default configuration: the best code. It compiles longer than [`FAST`] and saves most in batches; `cargo run --release --example tiers` says
/// how much on the shipped workloads. Rules that run only on records that have what they require (see
/// [`Linked::is_asked`](quintet_runtime::Linked::is_asked)) run seldom, and are compiled with the settings of [`FAST`].
pub const BEST: BackendId = BackendId::new("jit");

/// The configuration that compiles fastest: a function for one record per rule, with as few branches as can be and calls for searches and
/// larger sets; no optimisation, register allocation in a single pass. Batches, whose records are called one by one, lose more by it than single
/// calls.
pub const FAST: BackendId = BackendId::with_config("jit", "fast");

/// The configuration that puts code together from stencils, and compiles what has none with the settings of [`FAST`]. It is there on x86-64
/// Linux only.
pub const STENCIL: BackendId = BackendId::with_config("jit", "stencil");

/// What is worth doing to compile something.
#[derive(Clone, Copy)]
pub(crate) enum Effort {
    /// As little as can be.
    Least,
    /// Registers are given out with care, and the code is taken as it is generated.
    Registers,
    /// The code is optimised as well.
    All,
}

/// The host's instruction set, with what is worth doing to compile for it.
pub(crate) struct Isas {
    /// That of the configuration.
    own: OwnedTargetIsa,
    /// Those of [`BEST`] for what needs less.
    lesser: Option<Lesser>,
}

struct Lesser {
    /// For rules that are tests: the code that is generated for them leaves nothing to optimise that could be measured.
    tests: OwnedTargetIsa,
    /// For rules that run seldom: they are compiled as [`FAST`] does.
    seldom: OwnedTargetIsa,
}

impl Isas {
    /// Those of a configuration, or why there are none.
    pub(crate) fn new(id: BackendId, verify: bool) -> Result<Isas, String> {
        if id != BEST {
            return Ok(Isas { own: isa(Effort::Least, verify)?, lesser: None });
        }
        let lesser = Lesser { tests: isa(Effort::Registers, verify)?, seldom: isa(Effort::Least, verify)? };
        Ok(Isas { own: isa(Effort::All, verify)?, lesser: Some(lesser) })
    }

    /// That for a unit of a program.
    pub(crate) fn of(&self, program: &Linked, unit: Unit<'_>) -> &dyn TargetIsa {
        match (&self.lesser, unit) {
            (Some(lesser), Unit::Rule(number, _)) if program.is_asked(number) => &*lesser.seldom,
            (Some(lesser), Unit::Rule(number, rule)) if program.rule_plan(number).is_expression && !divides(&rule.expr) => &*lesser.tests,
            _ => &*self.own,
        }
    }

    /// That for what is no unit.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn own(&self) -> &OwnedTargetIsa {
        &self.own
    }
}

/// Whether an expression divides: only the optimiser makes something quicker of a division by a constant.
fn divides(expr: &Expr) -> bool {
    let mut divides = false;
    expr.walk(&mut |e| divides |= matches!(e.kind, ExprKind::Arith { op: ArithOp::Div | ArithOp::Rem, .. }));
    divides
}

/// The host's instruction set with what is to be done, or why there is none.
pub(crate) fn isa(effort: Effort, verify: bool) -> Result<OwnedTargetIsa, String> {
    let mut flags = settings::builder();
    let (opt_level, registers) = match effort {
        Effort::Least => ("none", "single_pass"),
        Effort::Registers => ("none", "backtracking"),
        Effort::All => ("speed", "backtracking"),
    };
    for (name, value) in [
        ("opt_level", opt_level),
        ("regalloc_algorithm", registers),
        ("enable_verifier", if verify { "true" } else { "false" }),
        // Addresses are absolute words that are filled in once the code lies where it stays.
        ("is_pic", "false"),
        // Nothing unwinds through generated code, and a frame larger than a page touches its pages in order, without a call.
        ("unwind_info", "false"),
        // Where blocks begin is known then, so that a loop can be aligned.
        ("machine_code_cfg_info", "true"),
        ("enable_probestack", "true"),
        ("probestack_strategy", "inline"),
    ] {
        flags.set(name, value).map_err(|e| format!("{name}: {e}"))?;
    }
    target()?.finish(settings::Flags::new(flags)).map_err(|e| e.to_string())
}

/// The processor that this one is.
#[cfg(not(target_family = "wasm"))]
fn target() -> Result<isa::Builder, String> {
    cranelift_native::builder().map_err(str::to_owned)
}

/// A processor to show code of, where none can run it: one that has what all of x86-64 have.
#[cfg(target_family = "wasm")]
fn target() -> Result<isa::Builder, String> {
    isa::lookup_by_name("x86_64-unknown-linux-gnu").map_err(|e| e.to_string())
}

/// All configurations that there are on this machine, the default one first.
#[cfg(not(target_family = "wasm"))]
pub fn configurations() -> Vec<Arc<dyn Backend>> {
    vec![
        Arc::new(Jit::best()),
        Arc::new(Jit::fast()),
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        Arc::new(Jit::stencil()),
    ]
}
