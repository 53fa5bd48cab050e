//! What a word is worth as a literal of each type.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::types::Type;

/// Why a word that looks like an integer is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IntError {
    /// A character that is no digit of the radix.
    Digit(u32),
    /// Too large or too small for 64 bits.
    Range,
}

/// `word` as an integer; `None` where it does not look like one. `0x` starts hexadecimal and a leading `0` octal, but with a
/// minus sign leading zeros mean nothing, as in wirefilter.
pub(crate) fn int(word: &str) -> Option<Result<i64, IntError>> {
    if let Some(value) = short(word.as_bytes()) {
        return Some(Ok(value));
    }
    let (negative, digits) = match word.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, word),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (radix, digits) = match digits.strip_prefix("0x") {
        Some(hex) => (16, hex),
        None if !negative && digits.len() > 1 && digits.starts_with('0') => (8, digits),
        None => (10, digits),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Some(Err(IntError::Digit(radix)));
    }
    if radix == 10 && digits.len() <= 18 {
        let value = digits.bytes().fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
        return Some(Ok(if negative { -value } else { value }));
    }
    let mut value: i128 = 0;
    for c in digits.chars() {
        value = value * i128::from(radix) + i128::from(c.to_digit(radix).unwrap_or(0));
        if value > 1 << 64 {
            return Some(Err(IntError::Range));
        }
    }
    Some(i64::try_from(if negative { -value } else { value }).map_err(|_| IntError::Range))
}

/// The integer that a few decimal digits are, as most are written.
fn short(digits: &[u8]) -> Option<i64> {
    let plain = digits.len() <= 18 && matches!(digits, [b'1'..=b'9', ..] | [b'0']);
    let value = |value: i64, digit: &u8| digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0'));
    if plain { digits.iter().try_fold(0, value) } else { None }
}

/// `word` as a float: digits with a fraction, an exponent or both. `None` also where it is too large to be finite.
pub(crate) fn float(word: &str) -> Option<f64> {
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(i) => (&unsigned[..i], Some(&unsigned[i + 1..])),
        None => (unsigned, None),
    };
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let whole = match mantissa.split_once('.') {
        Some((a, b)) => digits(a) && digits(b),
        None => exponent.is_some() && digits(mantissa),
    };
    if !whole || exponent.is_some_and(|e| !digits(e.strip_prefix(['+', '-']).unwrap_or(e))) {
        return None;
    }
    word.parse().ok().filter(|f: &f64| f.is_finite())
}

/// `word` as an address.
pub(crate) fn ip(word: &str) -> Option<IpAddr> {
    // Most words are names and integers, which is quickly seen.
    let starts = word.bytes().next().is_some_and(|b| b.is_ascii_hexdigit() || b == b':');
    if !starts || !word.bytes().any(|b| b == b'.' || b == b':') {
        return None;
    }
    word.parse().ok()
}

/// Whether `word`, without quotes, is a literal of a type that is written so.
pub(crate) fn stands_for(word: &str, ty: &Type) -> bool {
    match ty {
        Type::Int => matches!(int(word), Some(Ok(_))),
        Type::Float => float(word).is_some(),
        Type::Ip => ip(word).is_some(),
        _ => false,
    }
}

/// The bytes of a sequence of hex pairs at the start of `text`, and its length: at least two pairs, joined by `:`, `-` or `.`.
pub(crate) fn sequence(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let pair = |at: usize| match text.get(at..at + 2)? {
        [a, b] => Some(hex(*a)? << 4 | hex(*b)?),
        _ => None,
    };
    let joined = |at: usize| if matches!(text.get(at)?, b':' | b'-' | b'.') { pair(at + 1) } else { None };
    let (first, second) = (pair(0)?, joined(2)?);
    let mut bytes = vec![first, second];
    let mut len = 5;
    while let Some(byte) = joined(len) {
        bytes.push(byte);
        len += 3;
    }
    Some((bytes, len))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|d| d as u8)
}

/// Why a network is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NetworkError {
    /// Neither address nor network.
    Malformed,
    /// The prefix is longer than the address.
    Prefix(u32),
    /// Bits after the prefix are set; the network that was probably meant.
    HostBits(IpAddr, u32),
}

/// The first and last address of what may stand in a set of addresses, ranges apart: an address, a network, or an IPv4 network
/// whose last parts are left out and count as zero (`127.0/16`).
pub(crate) fn network(word: &str) -> Result<(IpAddr, IpAddr), NetworkError> {
    let (address, prefix) = match word.bytes().position(|b| b == b'/') {
        Some(slash) => (&word[..slash], Some(&word[slash + 1..])),
        None => (word, None),
    };
    // What is an IPv4 address is a short one too.
    let ip = short_v4(address).or_else(|| ip(address)).ok_or(NetworkError::Malformed)?;
    let most = if ip.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        None => most,
        Some(p) if p.is_empty() || !p.bytes().all(|b| b.is_ascii_digit()) => return Err(NetworkError::Malformed),
        Some(p) if p.len() > 3 => return Err(NetworkError::Prefix(most)),
        Some(p) => p.parse().map_err(|_| NetworkError::Malformed)?,
    };
    if prefix > most {
        return Err(NetworkError::Prefix(most));
    }
    let (first, last): (IpAddr, IpAddr) = match ip {
        IpAddr::V4(ip) => {
            let host = u32::MAX.checked_shr(prefix).unwrap_or(0);
            (Ipv4Addr::from(u32::from(ip) & !host).into(), Ipv4Addr::from(u32::from(ip) | host).into())
        }
        IpAddr::V6(ip) => {
            let host = u128::MAX.checked_shr(prefix).unwrap_or(0);
            (Ipv6Addr::from(u128::from(ip) & !host).into(), Ipv6Addr::from(u128::from(ip) | host).into())
        }
    };
    if first == ip { Ok((first, last)) } else { Err(NetworkError::HostBits(first, prefix)) }
}

/// One to four decimal parts, leading zeros allowed.
fn short_v4(text: &str) -> Option<IpAddr> {
    let mut octets = [0u8; 4];
    let (mut part, mut value, mut digits) = (0, 0u32, 0);
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' if digits < 8 => {
                value = value * 10 + u32::from(byte - b'0');
                digits += 1;
            }
            b'.' if digits > 0 => {
                *octets.get_mut(part)? = value.try_into().ok()?;
                (part, value, digits) = (part + 1, 0, 0);
            }
            _ => return None,
        }
    }
    if digits == 0 {
        return None;
    }
    *octets.get_mut(part)? = value.try_into().ok()?;
    Some(Ipv4Addr::from(octets).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers() {
        assert_eq!(int("0120"), Some(Ok(80)));
        assert_eq!(int("-010"), Some(Ok(-10)));
        assert_eq!(int("-0x10"), Some(Ok(-16)));
        assert_eq!(int("08"), Some(Err(IntError::Digit(8))));
        assert_eq!(int("9223372036854775808"), Some(Err(IntError::Range)));
        assert_eq!(int("-9223372036854775808"), Some(Ok(i64::MIN)));
        assert_eq!(int("abc"), None);
        assert_eq!(int("0x"), Some(Err(IntError::Digit(16))));
    }

    #[test]
    fn floats() {
        assert_eq!(float("1.5"), Some(1.5));
        assert_eq!(float("2e3"), Some(2000.0));
        assert_eq!(float("-1.5e-1"), Some(-0.15));
        assert_eq!(float("80"), None);
        assert_eq!(float("1e999"), None);
        assert_eq!(float("1.2.3"), None);
    }

    #[test]
    fn networks() {
        assert!(network("127.0/16").is_ok());
        assert_eq!(network("10.0.0.1/8"), Err(NetworkError::HostBits("10.0.0.0".parse().unwrap(), 8)));
        assert_eq!(network("10"), network("10.0.0.0/32"));
        assert_eq!(network("::/129"), Err(NetworkError::Prefix(128)));
        assert_eq!(network("::/2000"), Err(NetworkError::Prefix(128)));
        assert_eq!(network("::/.1"), Err(NetworkError::Malformed));
        assert!(network("0.0.0.0/0").is_ok());
    }

    #[test]
    fn sequences() {
        assert_eq!(sequence(b"0a:0d-00 x"), Some((vec![10, 13, 0], 8)));
        assert_eq!(sequence(b"00"), None);
        assert_eq!(sequence(b"00:1"), None);
    }
}
