//! Functions of the host.

use std::ffi::c_void;
use std::net::IpAddr;

use quintet::lang::signature::{Param, Signature};
use quintet::{Scratch, Trap, Type, Value};

use crate::engine::quintet_engine;
use crate::error::quintet_error;
use crate::guard::{given_mut, guarded, text};
use crate::status::quintet_status;
use crate::text::slice;

/// What a value is.
#[repr(C)]
#[allow(non_camel_case_types)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum quintet_type {
    /// The missing value.
    Nil = 0,
    /// `integer` is 0 or 1.
    Bool = 1,
    /// `integer`.
    Int = 2,
    /// `number`.
    Float = 3,
    /// `data` and `len`.
    Bytes = 4,
    /// `data` and `len`: 4 or 16 bytes, in the order of the network.
    Ip = 5,
}

/// A value that a function of the host takes or answers.
#[repr(C)]
#[allow(non_camel_case_types)]
#[derive(Clone, Copy, Debug)]
pub struct quintet_value {
    /// What it is: one of `quintet_type`.
    pub what: u32,
    /// The value of Bool and Int.
    pub integer: i64,
    /// The value of Float.
    pub number: f64,
    /// The first byte of Bytes and Ip.
    pub data: *const u8,
    /// How many bytes there are.
    pub len: usize,
}

/// A function of the host: writes its result, whose bytes are there until it is called again on the same thread, and answers true; or false, which
/// traps the rule as a panic in a function does. It is called by as many threads at once as run rules.
#[allow(non_camel_case_types)]
pub type quintet_function =
    Option<unsafe extern "C" fn(context: *mut c_void, arguments: *const quintet_value, count: usize, result: *mut quintet_value) -> bool>;

/// What the host said of a function.
struct Host {
    function: unsafe extern "C" fn(*mut c_void, *const quintet_value, usize, *mut quintet_value) -> bool,
    context: *mut c_void,
}

// SAFETY: whoever adds the function warrants that it and its context may be used by several threads at once.
unsafe impl Send for Host {}
// SAFETY: as above.
unsafe impl Sync for Host {}

/// Adds a function that rules may call, to an engine that no scheme is made with yet. `parameters` are types joined by commas, such as
/// `Int,Bytes`, and `result` is one: each Bool, Int, Float, Bytes or Ip. It is not called where an argument is nil; the call is nil then. The
/// function and its context are kept as long as something that was made with the engine is.
///
/// # Safety
/// `engine` is an engine that no other call uses, the texts are there, the function may be called with the context by several threads at once,
/// and `error` can be written to unless it is NULL.
#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments)] // texts come with their lengths
pub unsafe extern "C" fn quintet_engine_function(
    engine: *mut quintet_engine,
    name: *const u8,
    name_len: usize,
    parameters: *const u8,
    parameters_len: usize,
    result: *const u8,
    result_len: usize,
    function: quintet_function,
    context: *mut c_void,
    error: *mut *mut quintet_error,
) -> quintet_status {
    // SAFETY: as the caller warrants.
    unsafe {
        guarded(error, || {
            let engine = given_mut(engine, "an engine")?;
            let function = function.ok_or_else(|| quintet_error::argument("there must be a function, not NULL"))?;
            let name = text(name, name_len, "a name")?;
            let parameters = text(parameters, parameters_len, "parameters")?;
            let types = parameters.split(',').map(str::trim).filter(|ty| !ty.is_empty()).map(primitive).collect::<Result<Vec<_>, _>>()?;
            let result = primitive(text(result, result_len, "a result")?)?;
            let params = types.into_iter().enumerate().map(|(i, ty)| Param::new(&format!("a{i}"), ty)).collect();
            let signature = Signature { may_be_nil: true, ..Signature::new(name, params, result) };
            let host = Host { function, context };
            let mut library = engine.engine.library().clone();
            library.function(signature, move |arguments, scratch| host.call(arguments, scratch));
            engine.engine = engine.engine.clone().with_library(library);
            Ok(())
        })
    }
}

fn primitive(name: &str) -> Result<Type, quintet_error> {
    match name.trim().parse() {
        Ok(ty @ (Type::Bool | Type::Int | Type::Float | Type::Bytes | Type::Ip)) => Ok(ty),
        _ => Err(quintet_error::argument(format_args!("`{name}` is not Bool, Int, Float, Bytes or Ip"))),
    }
}

impl Host {
    fn call<'a>(&self, arguments: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
        // Addresses have no bytes of their own in a record.
        let octets: Vec<[u8; 16]> = arguments.iter().map(octets).collect();
        let arguments: Vec<quintet_value> = arguments.iter().zip(&octets).map(|(value, octets)| handed(value, octets)).collect();
        let mut result = NIL;
        // SAFETY: the pointers are to what lives until the call is over; the host warrants the rest.
        if !unsafe { (self.function)(self.context, arguments.as_ptr(), arguments.len(), &mut result) } {
            return Err(Trap::Panic);
        }
        // SAFETY: the host warrants that the bytes of its result are there.
        let bytes = unsafe { slice(result.data, result.len) }.ok_or(Trap::ResultType);
        Ok(match result.what {
            what if what == quintet_type::Nil as u32 => Value::Nil,
            what if what == quintet_type::Bool as u32 => Value::Bool(result.integer != 0),
            what if what == quintet_type::Int as u32 => Value::Int(result.integer),
            what if what == quintet_type::Float as u32 => Value::Float(result.number),
            what if what == quintet_type::Bytes as u32 => Value::Bytes(scratch.bytes(bytes?)?),
            what if what == quintet_type::Ip as u32 => Value::Ip(match bytes? {
                four if four.len() == 4 => <[u8; 4]>::try_from(four).map_err(|_| Trap::ResultType)?.into(),
                other => <[u8; 16]>::try_from(other).map_err(|_| Trap::ResultType)?.into(),
            }),
            _ => return Err(Trap::ResultType),
        })
    }
}

const NIL: quintet_value = quintet_value { what: quintet_type::Nil as u32, integer: 0, number: 0.0, data: std::ptr::null(), len: 0 };

fn octets(value: &Value<'_>) -> [u8; 16] {
    let mut octets = [0; 16];
    match value {
        Value::Ip(IpAddr::V4(ip)) => octets[..4].copy_from_slice(&ip.octets()),
        Value::Ip(IpAddr::V6(ip)) => octets = ip.octets(),
        _ => {}
    }
    octets
}

fn handed(value: &Value<'_>, octets: &[u8; 16]) -> quintet_value {
    match value {
        Value::Bool(b) => quintet_value { what: quintet_type::Bool as u32, integer: i64::from(*b), ..NIL },
        Value::Int(i) => quintet_value { what: quintet_type::Int as u32, integer: *i, ..NIL },
        Value::Float(f) => quintet_value { what: quintet_type::Float as u32, number: *f, ..NIL },
        Value::Bytes(b) => quintet_value { what: quintet_type::Bytes as u32, data: b.as_ptr(), len: b.len(), ..NIL },
        Value::Ip(ip) => {
            let len = if ip.is_ipv4() { 4 } else { 16 };
            quintet_value { what: quintet_type::Ip as u32, data: octets.as_ptr(), len, ..NIL }
        }
        // Signatures that the host gives have no other types.
        Value::Nil | Value::U32(_) | Value::Array(_) | Value::Map(_) => NIL,
    }
}
