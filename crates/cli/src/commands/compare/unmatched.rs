//! Rules that no record of a workload matches: what they cost says little of traffic on which they match.

use quintet_results::WorkloadResult;

/// Names that are shown.
const SHOWN: usize = 5;

/// Warns of them.
pub fn warn(result: &WorkloadResult) {
    if let Some(warning) = warning(&result.name, &result.matches) {
        eprintln!("quintet: warning: {warning}");
    }
}

fn warning(workload: &str, matches: &[(String, usize)]) -> Option<String> {
    let never: Vec<&str> = matches.iter().filter(|(_, count)| *count == 0).map(|(name, _)| name.as_str()).collect();
    match (never.len(), matches.len()) {
        (0, _) => None,
        (never, all) if never == all => {
            Some(format!("{workload}: no record matches any rule; is this the traffic that the rules are for?"))
        }
        (count, all) => {
            let more = if count > SHOWN { format!(" and {} more", count - SHOWN) } else { String::new() };
            let shown = never.into_iter().take(SHOWN).collect::<Vec<_>>().join(", ");
            let s = if count == 1 { "es" } else { "" };
            Some(format!("{workload}: {count} of {all} rules match{s} no record: {shown}{more}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::warning;

    #[test]
    fn rules_without_a_match_are_named() {
        let matches =
            |counts: &[usize]| -> Vec<(String, usize)> { counts.iter().enumerate().map(|(i, n)| (format!("r{i}"), *n)).collect() };
        assert_eq!(warning("w", &matches(&[1, 2])), None);
        assert_eq!(warning("w", &matches(&[1, 0])).as_deref(), Some("w: 1 of 2 rules matches no record: r1"));
        assert_eq!(warning("w", &matches(&[1, 0, 0])).as_deref(), Some("w: 2 of 3 rules match no record: r1, r2"));
        assert!(warning("w", &matches(&[1, 0, 0, 0, 0, 0, 0, 0])).is_some_and(|w| w.ends_with("r1, r2, r3, r4, r5 and 2 more")));
        assert!(warning("w", &matches(&[0, 0])).is_some_and(|w| w.starts_with("w: no record matches any rule")));
    }
}
