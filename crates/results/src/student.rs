//! Student's t distribution, as far as intervals need it.

/// The probability that a t variable with `df` degrees of freedom is at least as far from 0 as `t`, to either side.
pub(crate) fn t_beyond(t: f64, df: f64) -> f64 {
    incomplete_beta(df / 2.0, 0.5, df / (df + t * t))
}

/// How far from 0 a t variable with `df` degrees of freedom is with probability `beyond`, to either side.
pub(crate) fn t_quantile(beyond: f64, df: f64) -> f64 {
    // The density at 0, of both sides together. What lies beyond a point falls ever more slowly, so Newton's steps from 0 stay below the
    // point that is looked for, and come to it.
    let peak = 2.0 * (ln_gamma((df + 1.0) / 2.0) - ln_gamma(df / 2.0)).exp() / (df * std::f64::consts::PI).sqrt();
    let mut t = 0.0f64;
    for _ in 0..200 {
        let density = peak * (1.0 + t * t / df).powf(-(df + 1.0) / 2.0);
        let step = (t_beyond(t, df) - beyond) / density;
        t += step;
        if step.abs() <= 1e-12 * t {
            break;
        }
    }
    t
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
    fn the_distribution_agrees_with_printed_tables() {
        for (df, t) in [(1.0, 12.706), (4.0, 2.776), (6.0, 2.447), (30.0, 2.042), (120.0, 1.980)] {
            assert!((t_quantile(0.05, df) - t).abs() < 1e-3, "{df}: {}", t_quantile(0.05, df));
        }
        // With 1 degree of freedom it is a tangent, with 2 a root.
        assert!((t_quantile(0.001, 1.0) - (std::f64::consts::FRAC_PI_2 - 0.001 * std::f64::consts::FRAC_PI_2).tan()).abs() < 1e-6);
        for beyond in [0.5, 0.05, 1e-3] {
            let of_two = 2.0f64.sqrt() * (1.0 - beyond) / (beyond * (2.0 - beyond)).sqrt();
            assert!((t_quantile(beyond, 2.0) - of_two).abs() < 1e-9 * of_two, "{beyond}");
        }
        for df in [0.8, 1.0, 2.5, 40.0, 1e4, 1e7] {
            assert!((t_beyond(t_quantile(0.05, df), df) - 0.05).abs() < 1e-9, "{df}");
        }
        // Tables of the far tail: t = 8.610 with 4 degrees of freedom leaves 0.001 on both sides together.
        assert!((t_beyond(8.610, 4.0) - 0.001).abs() < 1e-6);
    }
}
