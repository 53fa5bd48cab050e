//! How constants are searched for, and what wildcard patterns are.

use quintet_lang::ast::Wildcard;

use crate::scratch::looked_at;
use crate::thresholds::Threshold;

/// How a constant needle is searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchPlan {
    /// The empty needle, which is in every value and takes no steps.
    Always,
    /// A needle of one byte.
    Byte(u8),
    /// A short needle: two of its bytes are looked for at 16 places at a time.
    Short,
    /// A long one, by [`Searcher`](crate::Searcher), which takes linear time whatever the needle.
    Long,
}

impl SearchPlan {
    pub(super) fn new(needle: &[u8], exceeds: &dyn Fn(Threshold, usize) -> bool) -> SearchPlan {
        match *needle {
            [] => SearchPlan::Always,
            [byte] => SearchPlan::Byte(byte),
            _ if exceeds(Threshold::NeedleBytes, needle.len()) => SearchPlan::Long,
            _ => SearchPlan::Short,
        }
    }
}

/// What a wildcard pattern is. The simple forms count no steps, or those of `contains`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WildcardPlan {
    /// No star: the value is this.
    Equal(Text),
    /// A star at the end: the value begins with this.
    Prefix(Text),
    /// A star at the start: the value ends with this.
    Suffix(Text),
    /// A star at both ends: this occurs in the value, in this case.
    Contains(Box<[u8]>, SearchPlan),
    /// What [`WildcardMatcher`](crate::WildcardMatcher) matches: several parts, letters of either case anywhere, or so long that matching takes
    /// steps.
    General,
}

impl WildcardPlan {
    pub(super) fn new(pattern: &Wildcard, exceeds: &dyn Fn(Threshold, usize) -> bool) -> WildcardPlan {
        if looked_at(pattern.literal_len()) > 0 {
            return WildcardPlan::General;
        }
        let text = |part: &[u8]| Text::new(part, !pattern.strict);
        match pattern.parts.iter().map(Vec::as_slice).collect::<Vec<_>>()[..] {
            [whole] => WildcardPlan::Equal(text(whole)),
            [start, []] => WildcardPlan::Prefix(text(start)),
            [[], end] => WildcardPlan::Suffix(text(end)),
            [[], middle, []] if pattern.strict => WildcardPlan::Contains(middle.into(), SearchPlan::new(middle, exceeds)),
            _ => WildcardPlan::General,
        }
    }
}

/// A text that a value, or a part of it, is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    bytes: Box<[u8]>,
    caseless: bool,
}

/// What tells a small letter of ASCII from a capital one.
const SMALL: u8 = b'a' ^ b'A';

impl Text {
    fn new(bytes: &[u8], caseless: bool) -> Text {
        let caseless = caseless && bytes.iter().any(u8::is_ascii_alphabetic);
        Text { bytes: if caseless { bytes.to_ascii_lowercase().into() } else { bytes.into() }, caseless }
    }

    /// The bytes, in small letters where those of either case match.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether letters of either case match.
    pub fn is_caseless(&self) -> bool {
        self.caseless
    }

    /// Bits to set in as many bytes before they are compared with [`Text::bytes`]: no byte but the letters of either case becomes a small letter by
    /// that.
    pub fn small(&self) -> Vec<u8> {
        self.bytes.iter().map(|byte| if self.caseless && byte.is_ascii_alphabetic() { SMALL } else { 0 }).collect()
    }

    /// Whether these bytes are the text.
    #[inline]
    pub fn is(&self, bytes: &[u8]) -> bool {
        if self.caseless { bytes.eq_ignore_ascii_case(&self.bytes) } else { *bytes == *self.bytes }
    }

    /// Whether the value begins with the text.
    #[inline]
    pub fn begins(&self, value: &[u8]) -> bool {
        value.get(..self.bytes.len()).is_some_and(|start| self.is(start))
    }

    /// Whether the value ends with the text.
    #[inline]
    pub fn ends(&self, value: &[u8]) -> bool {
        value.len().checked_sub(self.bytes.len()).is_some_and(|at| self.is(&value[at..]))
    }
}
