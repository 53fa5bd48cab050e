//! Numbers and addresses in ranges: which places' ranges hold one.

use std::collections::{BTreeMap, HashMap};

use super::bits::Bits;
use crate::sorted::{Bound, Spread};

/// Ranges of places in two layers, so that wide ranges need not stand with each of the many narrow ones that they hold. Asking takes a look-up in
/// each, however many ranges there are.
#[derive(Debug)]
pub(super) struct Segments<T> {
    narrow: Layer<T>,
    wide: Layer<T>,
}

/// Ranges cut at their ends, with the places of each piece.
#[derive(Debug)]
struct Layer<T> {
    /// The first of each piece, in order.
    starts: Vec<T>,
    /// Where to look among them.
    spread: Spread,
    /// By piece: where its places begin in `bits`; one more for the end of the last.
    ends: Vec<u32>,
    bits: Vec<Bits>,
}

/// A range that consists of more pieces is wide.
const NARROW: usize = 8;

/// Words of places of all pieces of wide ranges together for each range.
const WORDS_A_RANGE: usize = 16;

/// So many words of places are kept however few ranges there are.
const WORDS: usize = 4096;

impl<T: Bound> Segments<T> {
    /// The pieces of inclusive ranges of places. Answers the places, too, whose ranges are not cut at their ends: where that would take too many
    /// words, neighbouring pieces of wide ranges are one, which has the places of both.
    pub(super) fn new(mut ranges: Vec<(T, T, u32)>) -> (Segments<T>, Vec<u32>) {
        ranges.retain(|(first, last, _)| first <= last);
        let room = (ranges.len() * WORDS_A_RANGE).max(WORDS);
        let (starts, pieces) = cut(&ranges);
        let is_wide = |(from, to, _): &(usize, usize, u32)| to - from > NARROW;
        let wide: Vec<(T, T, u32)> = ranges.iter().zip(&pieces).filter(|(_, pieces)| is_wide(pieces)).map(|(range, _)| *range).collect();
        ranges = ranges.into_iter().zip(&pieces).filter(|(_, pieces)| !is_wide(pieces)).map(|(range, _)| range).collect();
        let (starts, pieces) = if wide.is_empty() { (starts, pieces) } else { cut(&ranges) };
        let narrow = Layer::new(starts, &pieces);
        let (mut starts, mut pieces) = cut(&wide);
        let held: usize = pieces.iter().map(|(from, to, _)| to - from).sum();
        let mut words: Vec<u32> = pieces.iter().map(|(_, _, at)| at / 64).collect();
        words.sort_unstable();
        words.dedup();
        if held.min(starts.len() * words.len()) <= room {
            return (Segments { narrow, wide: Layer::new(starts, &pieces) }, Vec::new());
        }
        let together = starts.len().div_ceil((room / words.len()).max(1));
        for (from, to, _) in &mut pieces {
            (*from, *to) = (*from / together, to.div_ceil(together));
        }
        starts = starts.into_iter().step_by(together).collect();
        let inexact = wide.into_iter().map(|(_, _, at)| at).collect();
        (Segments { narrow, wide: Layer::new(starts, &pieces) }, inexact)
    }

    /// Calls `hit` with the places of which a range holds `value`.
    #[inline]
    pub(super) fn of(&self, value: T, hit: &mut impl FnMut(&[Bits])) {
        hit(self.narrow.of(value));
        hit(self.wide.of(value));
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.narrow.memory_bytes() + self.wide.memory_bytes()
    }
}

/// The first of each piece of some ranges that are cut at all their ends, and what each range takes of them: from one on, and up to another.
fn cut<T: Bound>(ranges: &[(T, T, u32)]) -> (Vec<T>, Vec<(usize, usize, u32)>) {
    let mut starts: Vec<T> = ranges.iter().flat_map(|(first, last, _)| [Some(*first), last.next()]).flatten().collect();
    starts.sort_unstable();
    starts.dedup();
    let place = |value: T| starts.partition_point(|start| *start < value);
    let pieces = ranges.iter().map(|(first, last, at)| (place(*first), last.next().map_or(starts.len(), place), *at)).collect();
    (starts, pieces)
}

impl<T: Bound> Layer<T> {
    fn new(starts: Vec<T>, pieces: &[(usize, usize, u32)]) -> Layer<T> {
        let (ends, bits) = sweep(starts.len(), pieces);
        Layer { spread: Spread::new(&starts, |start| *start), starts, ends, bits }
    }

    #[inline]
    fn of(&self, value: T) -> &[Bits] {
        match self.spread.at_most(&self.starts, |start| *start, value) {
            0 => &[],
            after => &self.bits[self.ends[after - 1] as usize..self.ends[after] as usize],
        }
    }

    fn memory_bytes(&self) -> usize {
        size_of_val(&*self.starts) + self.spread.memory_bytes() + size_of_val(&*self.ends) + size_of_val(&*self.bits)
    }
}

/// The places of each piece, one after the other, from where each place's pieces begin and end.
fn sweep(count: usize, pieces: &[(usize, usize, u32)]) -> (Vec<u32>, Vec<Bits>) {
    let (mut begin, mut end) = (vec![Vec::new(); count], vec![Vec::new(); count + 1]);
    for (from, to, at) in pieces {
        begin[*from].push(*at);
        end[*to].push(*at);
    }
    let (mut words, mut times): (BTreeMap<u32, u64>, HashMap<u32, u32>) = Default::default();
    let (mut ends, mut bits) = (vec![0], Vec::new());
    for (begin, end) in begin.iter().zip(&end) {
        for at in end {
            let left = times.entry(*at).or_default();
            *left = left.saturating_sub(1);
            if *left == 0
                && let Some(word) = words.get_mut(&(at / 64))
            {
                *word &= !(1 << (at % 64));
                if *word == 0 {
                    words.remove(&(at / 64));
                }
            }
        }
        for at in begin {
            *times.entry(*at).or_default() += 1;
            *words.entry(at / 64).or_default() |= 1 << (at % 64);
        }
        bits.extend(words.iter().map(|(word, bits)| Bits { word: *word, bits: *bits }));
        ends.push(bits.len() as u32);
    }
    (ends, bits)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::prefilter::candidates::set_bits;

    fn places<T: Bound>(segments: &Segments<T>, value: T) -> BTreeSet<u32> {
        let mut found = BTreeSet::new();
        segments.of(value, &mut |places| {
            places.iter().for_each(|it| found.extend(set_bits(&[it.bits]).map(|bit| it.word * 64 + bit as u32)));
        });
        found
    }

    proptest! {
        #[test]
        fn each_number_has_the_places_whose_ranges_hold_it(
            ranges in proptest::collection::vec((0u32..=255, 0u32..=255, 0u32..200), 0..80),
            least in proptest::sample::select(vec![0, 7, u32::MAX - 255]),
        ) {
            let ranges: Vec<(u32, u32, u32)> = ranges.into_iter().map(|(first, last, at)| (least + first, least + last, at)).collect();
            let (segments, inexact) = Segments::new(ranges.clone());
            prop_assert!(inexact.is_empty());
            for value in [0, u32::MAX].into_iter().chain(least..=least + 255) {
                let holds = |(first, last, _): &(u32, u32, u32)| *first <= value && value <= *last;
                let wanted: BTreeSet<u32> = ranges.iter().filter(|it| holds(it)).map(|it| it.2).collect();
                prop_assert_eq!(places(&segments, value), wanted, "{}", value);
            }
        }
    }

    #[test]
    fn ranges_inside_one_another_take_no_more_room_than_is_given_and_none_is_missed() {
        let ranges: Vec<(u32, u32, u32)> = (0..10_000).map(|i| (i * 2, 100_000 - i * 3, i)).collect();
        let (segments, inexact) = Segments::new(ranges.clone());
        let words = segments.narrow.bits.len() + segments.wide.bits.len();
        assert!(inexact.len() > 9_000 && words <= 10_000 * (NARROW + WORDS_A_RANGE), "{words}");
        for value in (0..100_100).step_by(777) {
            let found = places(&segments, value);
            let wanted = ranges.iter().filter(|(first, last, _)| *first <= value && value <= *last);
            assert!(wanted.clone().all(|(_, _, place)| found.contains(place)), "{value}");
            assert!(found.len() < wanted.count() + 2_000, "{value}");
        }
    }
}
