//! The entropy of bytes, and whether a text looks like it was made by a generator: what rules for domain names ask.

/// The Shannon entropy in bits per byte, from 0 to 8. Of no bytes it is 0.
#[quintet_module::export]
fn shannon(s: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    for byte in s {
        counts[*byte as usize] += 1;
    }
    let all = s.len() as f64;
    let of = |count: &u32| {
        let share = f64::from(*count) / all;
        share * share.log2()
    };
    let sum: f64 = counts.iter().filter(|count| **count > 0).map(of).sum();
    if s.is_empty() { 0.0 } else { -sum }
}

/// The longest run of letters without a vowel.
#[quintet_module::export]
fn consonants(s: &[u8]) -> i64 {
    let (mut longest, mut run) = (0, 0);
    for byte in s {
        let vowel = matches!(byte.to_ascii_lowercase(), b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
        run = if byte.is_ascii_alphabetic() && !vowel { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// The first label of a domain name, without what stands before it.
#[quintet_module::export]
fn first_label(name: &[u8]) -> Option<&[u8]> {
    name.split(|byte| *byte == b'.').find(|label| !label.is_empty())
}

/// A number that is the number of bytes: what a call costs that does nothing.
#[quintet_module::export]
fn length(s: &[u8]) -> i64 {
    s.len() as i64
}

quintet_module::module!(shannon, consonants, first_label, length);
