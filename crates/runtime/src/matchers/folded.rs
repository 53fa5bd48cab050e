//! Search for a text whatever the case of its ASCII letters.

/// How many bytes of a place are compared before the place counts as promising.
const HEAD: usize = 8;

/// A text to search for, which is not empty. The search takes time in proportion to what is searched, whatever either looks like.
#[derive(Clone, Debug)]
pub(super) struct Folded {
    /// In lower case.
    text: Vec<u8>,
    /// For each beginning of the text that is longer than [`HEAD`], how long the longest other beginning is that it ends with. Empty where
    /// the text is no longer than that.
    borders: Vec<u32>,
}

impl Folded {
    /// Prepares a text in lower case.
    pub(super) fn new(text: Vec<u8>) -> Folded {
        let borders = if text.len() > HEAD { borders(&text) } else { Vec::new() };
        Folded { text, borders }
    }

    /// One past the end of the first occurrence.
    pub(super) fn find(&self, value: &[u8]) -> Option<usize> {
        let text = self.text.as_slice();
        let (first, upper) = (*text.first()?, text.first()?.to_ascii_uppercase());
        let head = text.get(..HEAD).unwrap_or(text);
        let (mut from, mut spent) = (0, 0);
        loop {
            from += memchr::memchr2(first, upper, value.get(from..)?)?;
            let end = from + text.len();
            let place = value.get(from..end)?;
            if place[..head.len()].eq_ignore_ascii_case(head) {
                if place[head.len()..].eq_ignore_ascii_case(&text[head.len()..]) {
                    return Some(end);
                }
                spent += text.len();
                if spent > 4 * end && !self.borders.is_empty() {
                    return self.find_steadily(value.get(from..)?).map(|end| from + end);
                }
            }
            from += 1;
        }
    }

    /// The same without ever looking back (Knuth, Morris, Pratt): slower where few places are promising, never slow where many are.
    fn find_steadily(&self, value: &[u8]) -> Option<usize> {
        let mut same = 0;
        for (at, byte) in value.iter().enumerate() {
            same = longer(&self.text, &self.borders, same, byte.to_ascii_lowercase());
            if same == self.text.len() {
                return Some(at + 1);
            }
        }
        None
    }
}

/// How much of the beginning of `text` stands before a place after `byte`, where it was `same` before. `same` is less than the text is long.
fn longer(text: &[u8], borders: &[u32], mut same: usize, byte: u8) -> usize {
    while text[same] != byte {
        match same.checked_sub(1) {
            Some(last) => same = borders[last] as usize,
            None => return 0,
        }
    }
    same + 1
}

/// For each beginning of a text, how long the longest shorter beginning is that it ends with. A text has fewer bytes than a u32 counts.
fn borders(text: &[u8]) -> Vec<u32> {
    let mut borders = Vec::with_capacity(text.len());
    borders.push(0);
    for at in 1..text.len() {
        let same = longer(text, &borders, borders[at - 1] as usize, text[at]);
        borders.push(same as u32);
    }
    borders
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::*;

    fn naive(text: &[u8], value: &[u8]) -> Option<usize> {
        (text.len()..=value.len()).find(|end| value[end - text.len()..*end].eq_ignore_ascii_case(text))
    }

    /// Few letters, so that much is nearly the same.
    fn letters(most: usize) -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(proptest::sample::select(b"aAbB".as_slice()), 1..most)
    }

    proptest! {
        #[test]
        fn as_a_naive_search(text in letters(24), value in letters(300), repeats in 1_usize..20) {
            let text = text.to_ascii_lowercase();
            let value = value.repeat(repeats);
            let folded = Folded::new(text.clone());
            prop_assert_eq!(folded.find(&value), naive(&text, &value));
            if !folded.borders.is_empty() {
                prop_assert_eq!(folded.find_steadily(&value), naive(&text, &value));
            }
        }
    }

    #[test]
    fn time_is_in_proportion_to_the_value() {
        for (text, value) in [
            ([vec![b'a'; 200_000], b"b".to_vec()].concat(), vec![b'A'; 4 << 20]),
            (b"ab".repeat(100_000), [b"AB".repeat(99_000), b"c".to_vec()].concat().repeat(20)),
            ([vec![b'a'; 9], b"b".to_vec(), vec![b'a'; 200_000]].concat(), vec![b'A'; 4 << 20]),
        ] {
            let start = Instant::now();
            assert_eq!(Folded::new(text).find(&value), None);
            assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
        }
    }
}
