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

/// What a wildcard pattern is, where letters of either case are not the same. The simple forms count no steps, or those of `contains`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WildcardPlan {
    /// No star: the value is this.
    Equal(Box<[u8]>),
    /// A star at the end: the value begins with this.
    Prefix(Box<[u8]>),
    /// A star at the start: the value ends with this.
    Suffix(Box<[u8]>),
    /// A star at both ends: this occurs in the value.
    Contains(Box<[u8]>, SearchPlan),
    /// What [`WildcardMatcher`](crate::WildcardMatcher) matches: letters of either case, several parts, or so long that matching takes steps.
    General,
}

impl WildcardPlan {
    pub(super) fn new(pattern: &Wildcard, exceeds: &dyn Fn(Threshold, usize) -> bool) -> WildcardPlan {
        if !pattern.strict || looked_at(pattern.literal_len()) > 0 {
            return WildcardPlan::General;
        }
        match pattern.parts.iter().map(Vec::as_slice).collect::<Vec<_>>()[..] {
            [whole] => WildcardPlan::Equal(whole.into()),
            [start, []] => WildcardPlan::Prefix(start.into()),
            [[], end] => WildcardPlan::Suffix(end.into()),
            [[], middle, []] => WildcardPlan::Contains(middle.into(), SearchPlan::new(middle, exceeds)),
            _ => WildcardPlan::General,
        }
    }
}
