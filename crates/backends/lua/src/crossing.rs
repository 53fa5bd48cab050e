//! Calls of one Lua function of numbers, again and again, at the least that a protected call costs.

use std::ffi::{CStr, c_int};

use mlua::{Function, Lua, Value, ffi};

/// A function of two numbers that answers one, on a stack of its own.
pub(crate) struct Crossing {
    /// The thread whose stack has the function at its bottom and nothing else between calls.
    stack: *mut ffi::lua_State,
    /// What keeps the thread alive.
    _kept: (Value, Value),
}

/// Where the function lies.
const BOTTOM: c_int = 1;

impl Crossing {
    /// One for this function of a state.
    pub(crate) fn new(lua: &Lua, function: Function) -> mlua::Result<Crossing> {
        let mut stack = std::ptr::null_mut();
        // SAFETY: the function is the only value on the stack, and the thread comes above it; a copy of the function moves to the thread, whose
        // stack has room for it. Both stay on the stack and are what this answers.
        let kept = unsafe {
            lua.exec_raw(function, |state| {
                stack = ffi::lua_newthread(state);
                ffi::lua_pushvalue(state, BOTTOM);
                ffi::lua_xmove(state, stack, 1);
            })?
        };
        Ok(Crossing { stack, _kept: kept })
    }

    /// Calls the function.
    ///
    /// # Errors
    /// What the function ended with, in words.
    #[inline]
    pub(crate) fn call(&mut self, a: f64, b: f64) -> Result<f64, String> {
        // SAFETY: the thread lives, as `_kept` says, and so does its state, which lives in the same owner and which nobody else uses during
        // this call. The stack of a thread has room for `LUA_MINSTACK` values, and holds the function alone before and after.
        unsafe {
            ffi::lua_pushvalue(self.stack, BOTTOM);
            ffi::lua_pushnumber(self.stack, a);
            ffi::lua_pushnumber(self.stack, b);
            if ffi::lua_pcall(self.stack, 2, 1, 0) != ffi::LUA_OK {
                return Err(self.failed());
            }
            let answer = ffi::lua_tonumber(self.stack, -1);
            ffi::lua_settop(self.stack, BOTTOM);
            Ok(answer)
        }
    }

    /// Takes the message of a call that failed from the stack.
    ///
    /// # Safety
    /// As in [`Crossing::call`]; there is a value above the function.
    #[cold]
    unsafe fn failed(&mut self) -> String {
        // SAFETY: as the caller promises; a text that Lua answers ends with 0 and lives as long as it is on the stack.
        unsafe {
            let text = ffi::lua_tolstring(self.stack, -1, std::ptr::null_mut());
            let message =
                if text.is_null() { "an error without words".into() } else { CStr::from_ptr(text).to_string_lossy().into_owned() };
            ffi::lua_settop(self.stack, BOTTOM);
            message
        }
    }
}
