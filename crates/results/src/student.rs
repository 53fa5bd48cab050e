//! The normal and Student's t distribution, as far as intervals need them.

/// The probability that a standard normal variable is below `z`. Abramowitz and Stegun 26.2.17; off by 1e-7 at most.
pub(crate) fn normal_below(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let series = t * (0.319_381_530 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let beyond = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * series;
    if z < 0.0 { beyond } else { 1.0 - beyond }
}

/// The probability that a t variable with `df` degrees of freedom is at least as far from 0 as `t`, to either side.
fn t_beyond(t: f64, df: f64) -> f64 {
    incomplete_beta(df / 2.0, 0.5, df / (df + t * t))
}

/// How far from 0 a t variable with `df` degrees of freedom is with probability `beyond`, to either side.
pub(crate) fn t_quantile(beyond: f64, df: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1e6);
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if t_beyond(middle, df) > beyond { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// The regularised incomplete beta function, by its continued fraction (DLMF 8.17.22), evaluated as Lentz did.
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges quickly below this point; above it, the function's symmetry is used.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(b, a, 1.0 - x);
    }
    let away_from_zero = |v: f64| if v.abs() < 1e-300 { 1e-300 } else { v };
    let (mut c, mut d) = (1.0, 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for m in 1..500 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut last = 1.0;
        for term in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + term * d);
            c = away_from_zero(1.0 + term / c);
            last = c * d;
            fraction *= last;
        }
        if (last - 1.0f64).abs() < 1e-14 {
            break;
        }
    }
    let log_beta = ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
    (a * x.ln() + b * (1.0 - x).ln() - log_beta).exp() / a * fraction
}

/// The logarithm of the gamma function at `x` > 0: Stirling's series after stepping up to where it is exact to 1e-12.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut steps) = (x, 0.0);
    while x < 12.0 {
        steps += x.ln();
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series = (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0))) / x;
    (x - 0.5) * x.ln() - x + (2.0 * std::f64::consts::PI).ln() / 2.0 + series - steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distributions_agree_with_printed_tables() {
        assert!((normal_below(1.959_964) - 0.975).abs() < 1e-6 && (normal_below(-1.0) - 0.158_655).abs() < 1e-6);
        for (df, t) in [(1.0, 12.706), (4.0, 2.776), (6.0, 2.447), (30.0, 2.042), (120.0, 1.980)] {
            assert!((t_quantile(0.05, df) - t).abs() < 1e-3, "{df}: {}", t_quantile(0.05, df));
        }
        // Tables of the far tail: t = 8.610 with 4 degrees of freedom leaves 0.001 on both sides together.
        assert!((t_beyond(8.610, 4.0) - 0.001).abs() < 1e-6);
    }
}
