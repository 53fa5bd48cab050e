//! The functions of the host, as wasmtime knows them.

use quintet_lang::ast::SiteId;
use quintet_lang::intrinsic::Intrinsic;
use wasmtime::{Caller, Engine, Linker};

use crate::host::{Broken, Host, power};
use crate::import::Import;
use crate::module::HOST;

/// An answer for wasmtime.
#[inline(always)]
fn ended<T>(answer: Result<T, Broken>) -> wasmtime::Result<T> {
    Ok(answer?)
}

/// Who makes all of them known.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Host>> {
    let mut linker: Linker<Host> = Linker::new(engine);
    linker.func_wrap(HOST, Import::Trap.name(), |mut c: Caller<'_, Host>, rule: u32, record: u32, code: u32| {
        ended(c.data_mut().trap(rule, record, code).map(|()| 0_u32))
    })?;
    linker.func_wrap(HOST, Import::Call.name(), |mut c: Caller<'_, Host>, site: u32, cells: u32, _: u32| {
        ended(c.data_mut().call(SiteId(site), cells))
    })?;
    linker
        .func_wrap(HOST, Import::Charge.name(), |mut c: Caller<'_, Host>, bytes: u32, _: u32, _: u32| ended(c.data_mut().charge(bytes)))?;
    linker.func_wrap(HOST, Import::ChargeValue.name(), |mut c: Caller<'_, Host>, ty: u32, cell: u32, _: u32| {
        ended(c.data_mut().charge_value(ty, cell))
    })?;
    linker.func_wrap(HOST, Import::Settle.name(), |mut c: Caller<'_, Host>, _: u32, _: u32, _: u32| ended(c.data_mut().settle()))?;
    linker.func_wrap(HOST, Import::Look.name(), |mut c: Caller<'_, Host>, low: u32, high: u32, _: u32| {
        ended(c.data_mut().look(low, high).map(|()| 0_u32))
    })?;
    linker.func_wrap(HOST, Import::Pack.name(), |mut c: Caller<'_, Host>, ty: u32, items: u32, len: u32, cell: u32| {
        ended(c.data_mut().pack(ty, items, len, cell))
    })?;
    linker.func_wrap(HOST, Import::Regex.name(), |mut c: Caller<'_, Host>, id: u32, at: u32, len: u32| {
        ended(c.data_mut().regex(id, at, len))
    })?;
    linker.func_wrap(HOST, Import::Wildcard.name(), |mut c: Caller<'_, Host>, id: u32, at: u32, len: u32| {
        ended(c.data_mut().wildcard(id, at, len))
    })?;
    linker.func_wrap(HOST, Import::InList.name(), |mut c: Caller<'_, Host>, id: u32, cell: u32, _: u32| {
        ended(c.data_mut().in_list(id, cell))
    })?;
    linker.func_wrap(HOST, Import::InBytes.name(), |mut c: Caller<'_, Host>, id: u32, at: u32, len: u32| {
        ended(c.data_mut().in_bytes(id, at, len))
    })?;
    linker.func_wrap(HOST, Import::InIps.name(), |c: Caller<'_, Host>, id: u32, family: u64, high: u64, low: u64| {
        c.data().in_ips(id, family, high, low)
    })?;
    linker.func_wrap(HOST, Import::Occurs.name(), |mut c: Caller<'_, Host>, at: u32, len: u32, needle: u32, needle_len: u32| {
        ended(c.data_mut().occurs(at, len, needle, needle_len))
    })?;
    linker.func_wrap(HOST, Import::Search.name(), |mut c: Caller<'_, Host>, id: u32, at: u32, len: u32| {
        ended(c.data_mut().search(id, at, len))
    })?;
    linker.func_wrap(HOST, Import::FloatRem.name(), |a: f64, b: f64| a % b)?;
    linker.func_wrap(HOST, Import::Grow.name(), |mut c: Caller<'_, Host>, at: u32, used: u32, room: u32, wanted: u32, kind: u32| {
        ended(c.data_mut().grow(at, used, (room, wanted), kind))
    })?;
    linker.func_wrap(HOST, Import::Free.name(), |mut c: Caller<'_, Host>, at: u32, room: u32, kind: u32| {
        ended(c.data_mut().free(at, room, kind).map(|()| 0_u32))
    })?;
    linker.func_wrap(HOST, Import::Packed.name(), |mut c: Caller<'_, Host>, at: u32, len: u32, stride: u32| {
        ended(c.data_mut().packed(at, len, stride))
    })?;
    for (import, op) in [(Import::Log, Intrinsic::Log), (Import::Exp, Intrinsic::Exp)] {
        linker.func_wrap(HOST, import.name(), move |a: f64| op.unary(a).unwrap_or(f64::NAN))?;
    }
    linker.func_wrap(HOST, Import::Pow.name(), power)?;
    Ok(linker)
}
