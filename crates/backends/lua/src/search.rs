//! Searching text: for a needle, with a regular expression, with a wildcard pattern.

use quintet_lang::ast::{Expr, Needle, RegexId, WildcardId};

use crate::code::Exit;
use crate::generator::Generator;
use crate::operand::Operand;

impl Generator<'_> {
    /// Leaves to `exit` where that a value has a needle in it is `want`.
    pub(crate) fn contains(&mut self, value: &Expr, needle: &Needle, want: bool, exit: Exit) {
        self.deciding(false, want, exit, |e, nil| {
            let Operand::Bytes(value) = e.value(value, nil) else { return };
            let condition = match needle {
                Needle::Const(id) => {
                    let searcher = e.linked.searcher(*id);
                    let x = e.data.address(searcher);
                    match searcher.needle().len() {
                        0 => "true".into(),
                        n => format!("{} >= {n} and search(E, X[{x}], {}, {}) ~= 0", value.len, value.address, value.len),
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
    pub(crate) fn matches(&mut self, value: &Expr, regex: RegexId, want: bool, exit: Exit) {
        let x = self.data.address(self.linked.regex(regex));
        self.matcher("regex", x, value, want, exit);
    }

    /// The same of a pattern that matches a value.
    pub(crate) fn wildcard(&mut self, value: &Expr, pattern: WildcardId, want: bool, exit: Exit) {
        let x = self.data.address(self.linked.wildcard(pattern));
        self.matcher("wildcard", x, value, want, exit);
    }

    fn matcher(&mut self, function: &str, x: usize, value: &Expr, want: bool, exit: Exit) {
        self.deciding(false, want, exit, |e, nil| {
            if let Operand::Bytes(value) = e.value(value, nil) {
                e.decide(&format!("{function}(E, X[{x}], {}, {}) ~= 0", value.address, value.len), want, exit);
            }
        });
    }
}
