//! The logarithm to the base 2, for all that run programs: the same operations in the same order, and so the same bits.
//!
//! A number is `2^k z`, with `z` around 1. A table has factors `c` near `1 / z`, so that `log2 = k - log2 c + log2 (1 + r)`, where `r = c z - 1`
//! is small enough for a polynomial (Tang, Table-driven implementation of the logarithm function, ACM TOMS 1990). What is large is kept in two
//! parts, so that the result is off by less than one unit in the last place; powers of two are exact.

/// Intervals of `z`, each with a factor of its own.
pub const INTERVALS: usize = 128;

/// The bits of the lowest `z`, 0.6875: the intervals around 1 have the exponent 0.
pub const LOWEST: u64 = 0x3fe6_0000_0000_0000;

/// The place of the intervals' number in what the bits are above [`LOWEST`].
pub const SHIFT: u32 = 45;

/// The bits of `z` that are left out of its first part, so that a factor times it is exact.
pub const Z_LOW: u64 = (1 << 27) - 1;

/// The bits of `r` that are left out of its first part.
pub const R_LOW: u64 = u32::MAX as u64;

/// `1 / ln 2`: 32 bits of it, and the rest.
pub const SCALE: [f64; 2] = [f64::from_bits(0x3ff7_1547_6520_0000), f64::from_bits(0x3de7_05fc_2eef_a200)];

/// What the powers of `r` from the second on are multiplied by: those of the series.
pub const FACTORS: [f64; 7] = {
    const SCALE: f64 = std::f64::consts::LOG2_E;
    [-SCALE / 2.0, SCALE / 3.0, -SCALE / 4.0, SCALE / 5.0, -SCALE / 6.0, SCALE / 7.0, -SCALE / 8.0]
};

/// What subnormal numbers are multiplied by, and its logarithm.
pub const NORMAL: (f64, i64) = ((1u64 << 52) as f64, 52);

/// For each interval a factor, and its negative logarithm in two parts, of which adding a whole number to the first is exact.
pub static TABLE: [[f64; 3]; INTERVALS] = table();

const fn table() -> [[f64; 3]; INTERVALS] {
    let mut table = [[0.0; 3]; INTERVALS];
    let mut interval = 0;
    while interval < INTERVALS {
        let low = f64::from_bits(LOWEST + ((interval as u64) << SHIFT));
        let high = f64::from_bits(LOWEST + ((interval as u64 + 1) << SHIFT));
        // Beside 1 the logarithm is as small as `r`, and nothing may be added to it.
        let beside = low <= 1.0 && 1.0 <= high;
        let inverse = if beside { 512 } else { (1024.0 / (low + high) + 0.5) as u64 };
        table[interval] = entry(inverse);
        interval += 1;
    }
    table
}

/// The entry of a factor of so many 512ths.
const fn entry(inverse: u64) -> [f64; 3] {
    let whole = 63 - inverse.leading_zeros();
    // Squaring a number from 1 to 2 doubles its logarithm, whose next bit is then whether 2 is reached.
    let mut power = (inverse as u128) << (63 - whole);
    let (mut fraction, mut bits) = (0i64, 0);
    while bits < 62 {
        power = (power * power) >> 63;
        let two = power >> 64 != 0;
        power >>= two as u32;
        fraction = fraction << 1 | two as i64;
        bits += 1;
    }
    let log = ((9 - whole as i64) << 62) - fraction;
    let head = log >> 22 << 22;
    let unit = (1u64 << 62) as f64;
    [inverse as f64 / 512.0, head as f64 / unit, (log - head) as f64 / unit]
}

/// The logarithm to the base 2: negative infinity of zeros, and not a number of numbers below.
#[inline]
pub fn log2(x: f64) -> f64 {
    let (mut bits, mut exponent) = (x.to_bits(), 0);
    if bits.wrapping_sub(1 << 52) >= f64::INFINITY.to_bits() - (1 << 52) {
        if x == 0.0 {
            return f64::NEG_INFINITY;
        }
        if x.is_nan() || x < 0.0 {
            return f64::NAN;
        }
        if x == f64::INFINITY {
            return x;
        }
        bits = (x * NORMAL.0).to_bits();
        exponent = -NORMAL.1;
    }
    let above = bits.wrapping_sub(LOWEST);
    exponent += above as i64 >> 52;
    let z = f64::from_bits(bits.wrapping_sub(above & 0xfff << 52));
    let [factor, log, log_rest] = TABLE[(above >> SHIFT) as usize % INTERVALS];
    let z_first = f64::from_bits(z.to_bits() & !Z_LOW);
    let (product, product_rest) = (z_first * factor - 1.0, (z - z_first) * factor);
    let r = product + product_rest;
    let r_rest = product - r + product_rest;
    let r_first = f64::from_bits(r.to_bits() & !R_LOW);
    let first = r_first * SCALE[0];
    let rest = (r - r_first) * SCALE[0] + r * SCALE[1] + r_rest * std::f64::consts::LOG2_E;
    let whole = exponent as f64 + log;
    let sum = whole + first;
    let low = whole - sum + first + rest + log_rest;
    let square = r * r;
    let [two, three, four, five, six, seven, eight] = FACTORS;
    let powers = two + r * three + square * (four + r * five + square * (six + r * seven + square * eight));
    low + square * powers + sum
}

#[cfg(test)]
mod tests {
    use super::log2;

    #[test]
    fn powers_of_two_are_exact() {
        for exponent in -1074..1024i64 {
            let bits = if exponent < -1022 { 1 << (exponent + 1074) } else { ((exponent + 1023) as u64) << 52 };
            assert_eq!(log2(f64::from_bits(bits)), exponent as f64, "2^{exponent}");
        }
    }

    #[test]
    fn what_is_no_positive_number() {
        assert_eq!([0.0, -0.0, f64::INFINITY].map(log2), [f64::NEG_INFINITY, f64::NEG_INFINITY, f64::INFINITY]);
        assert!([-1.0, -f64::MIN_POSITIVE, -5e-324, f64::NEG_INFINITY, f64::NAN, -f64::NAN].into_iter().all(|x| log2(x).is_nan()));
    }

    /// The logarithm of another library, which is off by less than one unit itself.
    #[test]
    fn it_is_within_a_unit_of_another_library() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let fraction = |bits: u64| (bits >> 11) as f64 / (1u64 << 53) as f64;
        for _ in 0..250_000 {
            let anything = f64::from_bits(random() & 0x7fef_ffff_ffff_ffff);
            let (below, beside, close) = (fraction(random()), 0.9 + fraction(random()) / 5.0, 1.0 + (fraction(random()) - 0.5) / 1e6);
            for x in [anything, below, beside, close, f64::from_bits(random() >> 12)] {
                let (own, other) = (log2(x), libm::log2(x));
                let apart = (own.to_bits() as i64).abs_diff(other.to_bits() as i64);
                assert!(apart <= 1 || (own, other) == (0.0, 0.0), "log2({x:e}) is {own:e}, not {other:e}");
            }
        }
    }
}
