//! The logarithm to the base 2: the operations of [`quintet_lang::log2`] one by one.

use quintet_lang::log2::{FACTORS, INTERVALS, LOWEST, NORMAL, R_LOW, SCALE, SHIFT, TABLE, Z_LOW};
use wasm_encoder::ValType::{F64, I64};

use crate::body::{Body, at};

/// The table as it lies in memory.
pub(crate) fn table() -> Vec<u8> {
    TABLE.as_flattened().iter().flat_map(|part| part.to_le_bytes()).collect()
}

/// The body of the helper.
pub(crate) fn helper(body: &mut Body) {
    let [x, entry] = [0, 1];
    let [bits, above, exponent] = std::array::from_fn(|_| body.local(I64));
    let [z, z_first, product, rest, r, r_first, whole, sum, square] = std::array::from_fn(|_| body.local(F64));
    let load = |body: &mut Body, part: u32| {
        body.i().local_get(entry).f64_load(at(part * 8));
    };
    // The first part of a number: its bits without the low ones.
    let first = |body: &mut Body, of: u32, low: u64| {
        body.i().local_get(of).i64_reinterpret_f64().i64_const(!low as i64).i64_and().f64_reinterpret_i64();
    };
    let smallest = 1i64 << 52;
    body.i().local_get(x).i64_reinterpret_f64().local_tee(bits);
    body.i().i64_const(smallest).i64_sub().i64_const(f64::INFINITY.to_bits() as i64 - smallest).i64_ge_u();
    body.if_(None);
    for (special, answer) in [(0.0, f64::NEG_INFINITY), (f64::INFINITY, f64::INFINITY)] {
        body.i().local_get(x).f64_const(special.into()).f64_eq();
        body.if_(None);
        body.i().f64_const(answer.into()).return_();
        body.end();
    }
    // False of what is not a number, too.
    body.i().local_get(x).f64_const(0.0.into()).f64_gt().i32_eqz();
    body.if_(None);
    body.i().f64_const(f64::NAN.into()).return_();
    body.end();
    body.i().local_get(x).f64_const(NORMAL.0.into()).f64_mul().i64_reinterpret_f64().local_set(bits);
    body.i().i64_const(-NORMAL.1).local_set(exponent);
    body.end();
    body.i().local_get(bits).i64_const(LOWEST as i64).i64_sub().local_tee(above);
    body.i().i64_const(52).i64_shr_s().local_get(exponent).i64_add().local_set(exponent);
    body.i().local_get(bits).local_get(above).i64_const((0xfff_u64 << 52) as i64).i64_and().i64_sub().f64_reinterpret_i64().local_set(z);
    body.i().local_get(above).i64_const(SHIFT.into()).i64_shr_u().i64_const(INTERVALS as i64 - 1).i64_and().i32_wrap_i64();
    body.i().i32_const(24).i32_mul().local_get(entry).i32_add().local_set(entry);
    first(body, z, Z_LOW);
    body.i().local_tee(z_first);
    load(body, 0);
    body.i().f64_mul().f64_const(1.0.into()).f64_sub().local_set(product);
    body.i().local_get(z).local_get(z_first).f64_sub();
    load(body, 0);
    body.i().f64_mul().local_set(rest);
    body.i().local_get(product).local_get(rest).f64_add().local_set(r);
    // What the sum lost.
    body.i().local_get(product).local_get(r).f64_sub().local_get(rest).f64_add().local_set(rest);
    first(body, r, R_LOW);
    body.i().local_set(r_first);
    body.i().local_get(r).local_get(r_first).f64_sub().f64_const(SCALE[0].into()).f64_mul();
    body.i().local_get(r).f64_const(SCALE[1].into()).f64_mul().f64_add();
    body.i().local_get(rest).f64_const(std::f64::consts::LOG2_E.into()).f64_mul().f64_add().local_set(rest);
    body.i().local_get(r_first).f64_const(SCALE[0].into()).f64_mul().local_set(r_first);
    body.i().local_get(exponent).f64_convert_i64_s();
    load(body, 1);
    body.i().f64_add().local_tee(whole).local_get(r_first).f64_add().local_set(sum);
    body.i().local_get(whole).local_get(sum).f64_sub().local_get(r_first).f64_add().local_get(rest).f64_add();
    load(body, 2);
    body.i().f64_add();
    body.i().local_get(r).local_get(r).f64_mul().local_tee(square);
    let [two, three, four, five, six, seven, eight] = FACTORS;
    for (even, odd) in [(two, three), (four, five), (six, seven)] {
        body.i().f64_const(even.into()).local_get(r).f64_const(odd.into()).f64_mul().f64_add().local_get(square);
    }
    body.i().f64_const(eight.into()).f64_mul().f64_add().f64_mul().f64_add().f64_mul().f64_add();
    // Above the low part there are the powers now, times the square.
    body.i().f64_mul().f64_add().local_get(sum).f64_add();
}
