//! Searching text: for a needle, with a regular expression, with a wildcard pattern.

use quintet_lang::ast::{Expr, Needle, RegexId, WildcardId};
use quintet_runtime::plan::{SearchPlan, WildcardPlan};

use crate::code::Exit;
use crate::generator::Generator;
use crate::operand::{Bytes, Operand};

impl Generator<'_> {
    /// Leaves to `exit` where that a value has a needle in it is `want`.
    #[inline(never)]
    pub(crate) fn contains(&mut self, value: &Expr, needle: &Needle, want: bool, exit: Exit) {
        self.deciding(false, want, exit, |e, nil| {
            let Operand::Bytes(value) = e.value(value, nil) else { return };
            let condition = match needle {
                Needle::Const(id) => {
                    let searcher = e.linked.searcher(*id);
                    match e.linked.plan().needle(*id) {
                        SearchPlan::Always => "true".into(),
                        SearchPlan::Byte(_) | SearchPlan::Short | SearchPlan::Long => {
                            let (x, n) = (e.data.address(searcher), searcher.needle().len());
                            format!("{} >= {n} and search(E, X[{x}], {}, {}) ~= 0", value.len, value.address, value.len)
                        }
                    }
                }
                Needle::Dynamic(needle) => {
                    let Operand::Bytes(needle) = e.value(needle, nil) else { return };
                    format!("find(E, {}, {}, {}, {}) ~= 0", value.address, value.len, needle.address, needle.len)
                }
            };
            e.decide(&condition, want, exit);
        });
    }

    /// The same of a regular expression that matches in a value.
    #[inline(never)]
    pub(crate) fn matches(&mut self, value: &Expr, regex: RegexId, want: bool, exit: Exit) {
        let matcher = self.linked.regex(regex);
        let x = self.data.address(matcher);
        self.matcher("regex", x, value, &format!(">= {}", matcher.least()), (want, exit));
    }

    /// The same of a pattern that matches a value.
    #[inline(never)]
    pub(crate) fn wildcard(&mut self, value: &Expr, pattern: WildcardId, want: bool, exit: Exit) {
        let (at_end, text) = match self.linked.plan().wildcard(pattern) {
            WildcardPlan::Equal(whole) if whole.is_caseless() => {
                let x = self.data.address(self.linked.wildcard(pattern));
                return self.matcher("wildcard", x, value, &format!("== {}", whole.bytes().len()), (want, exit));
            }
            WildcardPlan::Equal(whole) => {
                return self.deciding(false, want, exit, |e, nil| {
                    if let Operand::Bytes(value) = e.value(value, nil) {
                        let whole = e.constant_bytes(whole.bytes());
                        let condition = e.same_bytes(&value, &whole);
                        e.decide(&condition, want, exit);
                    }
                });
            }
            WildcardPlan::Prefix(start) if !start.is_caseless() => (false, start.bytes()),
            WildcardPlan::Suffix(end) if !end.is_caseless() => (true, end.bytes()),
            // One call of the library takes as long as another.
            WildcardPlan::Prefix(_) | WildcardPlan::Suffix(_) | WildcardPlan::Contains(..) | WildcardPlan::General => {
                let matcher = self.linked.wildcard(pattern);
                let x = self.data.address(matcher);
                return self.matcher("wildcard", x, value, &format!(">= {}", matcher.literal_len()), (want, exit));
            }
        };
        self.deciding(false, want, exit, |e, nil| {
            if let Operand::Bytes(value) = e.value(value, nil) {
                let (n, wanted) = (text.len(), e.constant_bytes(text));
                let at = if at_end { format!("{} + {} - {n}", value.address, value.len) } else { value.address };
                e.decide(&format!("{} >= {n} and same({at}, {}, {n}) ~= 0", value.len, wanted.address), want, exit);
            }
        });
    }

    /// Constant bytes.
    pub(crate) fn constant_bytes(&mut self, bytes: &[u8]) -> Bytes {
        let at = self.data.bytes(bytes);
        Bytes { address: format!("CB + {at}"), len: bytes.len().to_string(), constant: Some(bytes.to_vec()) }
    }

    /// Asks a matcher of the library about a value, if its length is so.
    #[inline(never)]
    fn matcher(&mut self, function: &str, x: usize, value: &Expr, length: &str, (want, exit): (bool, Exit)) {
        self.deciding(false, want, exit, |e, nil| {
            if let Operand::Bytes(value) = e.value(value, nil) {
                e.decide(&format!("{} {length} and {function}(E, X[{x}], {}, {}) ~= 0", value.len, value.address, value.len), want, exit);
            }
        });
    }
}
