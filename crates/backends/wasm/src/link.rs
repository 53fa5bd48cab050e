//! The functions of the host, as wasmtime knows them.

use quintet_lang::ast::SiteId;
use quintet_lang::intrinsic::Intrinsic;
use wasmtime::{Caller, Engine, Linker};

use crate::host::{Broken, Host, power};
use crate::import::Import;
use crate::module::HOST;

/// An answer for wasmtime, of a function of the signature [`COMMON`](crate::module::COMMON).
#[inline(always)]
fn ended(answer: Result<u32, Broken>) -> wasmtime::Result<u64> {
    Ok(answer?.into())
}

/// The same of a function that has no result.
#[inline(always)]
fn done(answer: Result<(), Broken>) -> wasmtime::Result<u64> {
    ended(answer.map(|()| 0))
}

/// Makes a function of the signature [`COMMON`](crate::module::COMMON) known.
fn common<F>(linker: &mut Linker<Host>, import: Import, answer: F) -> wasmtime::Result<()>
where
    F: Fn(&mut Host, [u32; 4]) -> wasmtime::Result<u64> + Send + Sync + 'static,
{
    linker.func_wrap(HOST, import.name(), move |mut caller: Caller<'_, Host>, a: u32, b: u32, c: u32, d: u32| {
        answer(caller.data_mut(), [a, b, c, d])
    })?;
    Ok(())
}

/// Who makes all of them known.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Host>> {
    let mut linker: Linker<Host> = Linker::new(engine);
    let it = &mut linker;
    common(it, Import::Trap, |host, [rule, record, code, _]| done(host.trap(rule, record, code)))?;
    common(it, Import::Call, |host, [site, cells, ..]| ended(host.call(SiteId(site), cells)))?;
    common(it, Import::Charge, |host, [bytes, ..]| ended(host.charge(bytes)))?;
    common(it, Import::ChargeValue, |host, [ty, cell, ..]| ended(host.charge_value(ty, cell)))?;
    common(it, Import::Settle, |host, _| ended(host.settle()))?;
    common(it, Import::Look, |host, [low, high, ..]| done(host.look(low, high)))?;
    common(it, Import::Pack, |host, [ty, items, len, cell]| ended(host.pack(ty, items, len, cell)))?;
    common(it, Import::Regex, |host, [id, at, len, _]| ended(host.regex(id, at, len)))?;
    common(it, Import::Wildcard, |host, [id, at, len, _]| ended(host.wildcard(id, at, len)))?;
    common(it, Import::InList, |host, [id, cell, ..]| ended(host.in_list(id, cell)))?;
    common(it, Import::InBytes, |host, [id, at, len, _]| ended(host.in_bytes(id, at, len)))?;
    common(it, Import::InInts, |host, [id, low, high, _]| Ok(host.in_ints(id, low, high).into()))?;
    common(it, Import::Occurs, |host, [at, len, needle, needle_len]| ended(host.occurs(at, len, needle, needle_len)))?;
    common(it, Import::Search, |host, [id, at, len, _]| ended(host.search(id, at, len)))?;
    common(it, Import::Free, |host, [at, room, kind, _]| done(host.free(at, room, kind)))?;
    common(it, Import::Packed, |host, [at, len, stride, _]| ended(host.packed(at, len, stride)))?;
    linker.func_wrap(HOST, Import::InIps.name(), |c: Caller<'_, Host>, id: u32, family: u64, high: u64, low: u64| {
        c.data().in_ips(id, family, high, low)
    })?;
    linker.func_wrap(HOST, Import::Grow.name(), |mut c: Caller<'_, Host>, at: u32, used: u32, room: u32, wanted: u32, kind: u32| {
        Ok(c.data_mut().grow(at, used, (room, wanted), kind)?)
    })?;
    linker.func_wrap(HOST, Import::FloatRem.name(), |a: f64, b: f64| a % b)?;
    for (import, op) in [(Import::Log, Intrinsic::Log), (Import::Exp, Intrinsic::Exp)] {
        linker.func_wrap(HOST, import.name(), move |a: f64| op.unary(a).unwrap_or(f64::NAN))?;
    }
    linker.func_wrap(HOST, Import::Pow.name(), power)?;
    Ok(linker)
}
