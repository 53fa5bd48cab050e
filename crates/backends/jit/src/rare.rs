//! Helpers that are hardly ever called.
//!
//! A call may change the registers that its convention leaves to the callee, and what lives across it must then be elsewhere: in the frame or
//! in registers that the function saves at its start and restores at its end, also where the call is never made. So these helpers are called
//! through a shim that keeps all registers (`shims.rs`).

use cranelift_codegen::isa::CallConv;

use crate::symbols::Helper;

/// The helpers: all that answer nothing and are called where something ends or where a value is long.
pub(crate) const RARE: [Helper; 4] = [Helper::Trap, Helper::Settle, Helper::Look, Helper::SearchFar];

/// The convention of their shims. It has no room for a result.
pub(crate) const CONVENTION: CallConv = CallConv::PreserveAll;

/// Whether a helper is called through a shim.
pub(crate) fn is_rare(helper: Helper) -> bool {
    RARE.contains(&helper)
}
