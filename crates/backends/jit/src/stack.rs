//! How much stack the functions of a program take at most, while they call one another.

use quintet_lang::HARD_CALLS;

/// Bytes of stack that calls of functions of a program may take: half of what threads usually have.
pub(crate) const MOST: usize = 1 << 20;

/// What is known of a function of the program.
pub(crate) struct Frame {
    /// Bytes of stack that one call takes.
    pub(crate) bytes: usize,
    /// The functions that it calls.
    pub(crate) calls: Vec<usize>,
}

/// The most bytes that calls inside one another take together, and the function that takes most of them. A function that can come to call
/// itself stands there up to [`HARD_CALLS`] times, any other once.
pub(crate) fn most(frames: &[Frame]) -> (usize, Option<usize>) {
    let recursive: Vec<bool> = (0..frames.len()).map(|function| reaches(frames, function)).collect();
    let of = |wanted: bool| {
        let mut found: Vec<(usize, usize)> = frames
            .iter()
            .enumerate()
            .filter(|(function, _)| recursive.get(*function) == Some(&wanted))
            .map(|(function, frame)| (frame.bytes, function))
            .collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        found
    };
    let (once, again) = (of(false), of(true));
    let repeated = again.first().map_or(0, |(bytes, _)| bytes.saturating_mul(HARD_CALLS));
    let largest = once.first().filter(|(bytes, _)| *bytes > repeated).or(again.first()).or(once.first());
    let single = once.iter().take(HARD_CALLS).map(|(bytes, _)| *bytes).fold(0, usize::saturating_add);
    (single.saturating_add(repeated), largest.map(|(_, function)| *function))
}

/// Whether a function can come to call itself.
fn reaches(frames: &[Frame], function: usize) -> bool {
    let mut seen = vec![false; frames.len()];
    let mut open = vec![function];
    while let Some(at) = open.pop() {
        for callee in frames.get(at).map_or(&[][..], |frame| &frame.calls) {
            if *callee == function {
                return true;
            }
            if let Some(seen @ false) = seen.get_mut(*callee) {
                *seen = true;
                open.push(*callee);
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(bytes: usize, calls: &[usize]) -> Frame {
        Frame { bytes, calls: calls.to_vec() }
    }

    #[test]
    fn what_calls_itself_counts_as_often_as_it_may() {
        assert_eq!(most(&[]), (0, None));
        assert_eq!(most(&[frame(100, &[1]), frame(50, &[])]), (150, Some(0)));
        // The second and third call each other; the first only calls them.
        let frames = [frame(1000, &[1]), frame(48, &[2]), frame(64, &[1])];
        assert_eq!(most(&frames), (1000 + 64 * HARD_CALLS, Some(2)));
        assert_eq!(most(&[frame(16, &[0])]), (16 * HARD_CALLS, Some(0)));
    }
}
