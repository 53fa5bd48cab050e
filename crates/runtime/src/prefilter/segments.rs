//! Numbers and addresses in ranges: which rules' ranges hold one.

/// Ranges cut at all their ends, with the rules of each piece. Asking takes one bisection, however many ranges there are.
#[derive(Debug)]
pub(super) struct Segments<T> {
    /// The first of each piece, in order.
    starts: Vec<T>,
    /// Where the rules of each piece stand in `rules`.
    places: Vec<(u32, u32)>,
    rules: Vec<u32>,
}

/// Rules of all pieces together for each range; where more would be needed, the widest ranges are left out.
const RULES_A_RANGE: usize = 32;

impl<T: Copy + Ord> Segments<T> {
    /// The pieces of inclusive ranges of rules; `next` is the number after one. Answers the rules whose ranges are left out, too.
    pub(super) fn new(mut ranges: Vec<(T, T, u32)>, next: impl Fn(T) -> Option<T>) -> (Segments<T>, Vec<u32>) {
        ranges.retain(|(first, last, _)| first <= last);
        let mut starts: Vec<T> = ranges.iter().flat_map(|(first, last, _)| [Some(*first), next(*last)]).flatten().collect();
        starts.sort_unstable();
        starts.dedup();
        let place = |value: T| starts.partition_point(|start| *start < value);
        let mut pieces: Vec<(usize, usize, u32)> =
            ranges.iter().map(|(first, last, rule)| (place(*first), next(*last).map_or(starts.len(), place), *rule)).collect();
        pieces.sort_unstable_by_key(|(from, to, rule)| (to - from, *rule));
        let (mut room, mut out) = (pieces.len() * RULES_A_RANGE, Vec::new());
        pieces.retain(|(from, to, rule)| match room.checked_sub(to - from) {
            Some(rest) => {
                room = rest;
                true
            }
            None => {
                out.push(*rule);
                false
            }
        });
        let mut counts = vec![0u32; starts.len()];
        pieces.iter().for_each(|(from, to, _)| counts[*from..*to].iter_mut().for_each(|n| *n += 1));
        let mut end = 0;
        let mut places: Vec<(u32, u32)> = counts
            .iter()
            .map(|count| {
                let start = end;
                end += count;
                (start, start)
            })
            .collect();
        let mut rules = vec![0; end as usize];
        for (from, to, rule) in &pieces {
            for (_, end) in &mut places[*from..*to] {
                rules[*end as usize] = *rule;
                *end += 1;
            }
        }
        (Segments { starts, places, rules }, out)
    }

    /// The rules of which a range holds `value`.
    #[inline]
    pub(super) fn of(&self, value: T) -> &[u32] {
        match self.starts.partition_point(|start| *start <= value) {
            0 => &[],
            after => {
                let (start, end) = self.places[after - 1];
                &self.rules[start as usize..end as usize]
            }
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        size_of_val(&*self.starts) + size_of_val(&*self.places) + size_of_val(&*self.rules)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_number_has_the_rules_whose_ranges_hold_it(ranges in proptest::collection::vec((0u8..=255, 0u8..=255), 0..80)) {
            let ranges: Vec<(u8, u8, u32)> = ranges.into_iter().zip(0..).map(|((a, b), rule)| (a, b, rule)).collect();
            let (segments, out) = Segments::new(ranges.clone(), |n| n.checked_add(1));
            for value in 0..=255 {
                let mut found = segments.of(value).to_vec();
                found.sort_unstable();
                let holds = |(first, last, rule): &(u8, u8, u32)| *first <= value && value <= *last && !out.contains(rule);
                let wanted: Vec<u32> = ranges.iter().filter(|it| holds(it)).map(|it| it.2).collect();
                prop_assert_eq!(found, wanted, "{}", value);
            }
        }
    }

    #[test]
    fn ranges_inside_one_another_take_no_more_room_than_is_given() {
        let ranges: Vec<(u32, u32, u32)> = (0..10_000).map(|i| (i, 100_000 - i, i)).collect();
        let (segments, out) = Segments::new(ranges, |n| n.checked_add(1));
        assert!(segments.rules.len() <= 10_000 * RULES_A_RANGE && !out.is_empty());
        assert!(segments.of(0).iter().chain(&out).any(|rule| *rule == 0));
    }
}
