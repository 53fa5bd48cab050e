//! Blocks: a test is asked of up to 64 records at a time, so that walking the rule is paid once for all of them (as MonetDB/X100 does; Kersten
//! et al., "Everything you always wanted to know about compiled and vectorized queries", PVLDB 2018).
//!
//! Answers are masks, a bit for each record. Tests of fields against constants are loops over the records; whatever else cannot trap is
//! asked of one record after the other by the [`Machine`].

use quintet_lang::ast::{CompareOp, Const, Expr, ExprKind, LogicOp, Needle, Rule, SetId};
use quintet_lang::effects::{Steps, steps};
use quintet_lang::{FieldId, Presence};
use quintet_runtime::plan::{IntsPlan, SetPlan, WildcardPlan};
use quintet_runtime::{Batch, Counting, FREE, Linked, Memory, Scratch, SetMatcher, StoredBytes, Value, ip_words};

use crate::compile::Leaves;
use crate::machine::Machine;

/// What of a rule is asked of whole blocks.
#[derive(Clone, Copy)]
pub(crate) struct Filter {
    /// How many operands of the rule's `and`, from the first: what cannot trap. Where that is all of them, they are the answer, else those that
    /// they leave are asked for the whole rule.
    items: usize,
    /// Whether that is all of them.
    pub(crate) whole: bool,
    /// The bytes of the longest record with which all of this is within the budget.
    pub(crate) within: usize,
}

/// The operands of a rule's `and`; the rule itself where it is none.
fn items(rule: &Rule) -> &[Expr] {
    match &rule.expr.kind {
        ExprKind::Logic { op: LogicOp::And, items } => items,
        _ => std::slice::from_ref(&rule.expr),
    }
}

impl Filter {
    /// The filter of a rule, with so many steps in the budget; `None` where there is nothing to ask of a block.
    pub(crate) fn of(linked: &Linked, index: usize, budget: u64) -> Option<Filter> {
        let rule = &linked.program().rules[index];
        if !linked.rule_plan(index).is_expression {
            return None;
        }
        let all = items(rule);
        let program = linked.program();
        let first = |most: Steps| all.iter().take_while(|item| !item.can_trap() && steps(program, item) <= most).count();
        if first(Steps::Looked) == all.len() {
            let within = match Counting::of(linked, index, budget) {
                Counting::Never => usize::MAX,
                Counting::Within(most) => most,
                // Operands that count one by one are not among those above.
                Counting::Inline => return None,
            };
            return Some(Filter { items: all.len(), whole: true, within });
        }
        let items = first(Steps::Never);
        (items > 0).then_some(Filter { items, whole: false, within: usize::MAX })
    }
}

/// Up to 64 records of a batch, and what asking them takes.
pub(crate) struct Block<'b> {
    pub(crate) linked: &'b Linked,
    pub(crate) leaves: &'b Leaves,
    pub(crate) rooms: &'b [usize],
    pub(crate) batch: &'b Batch,
    /// The number of the rule.
    pub(crate) rule: usize,
    /// The number of the first record.
    pub(crate) first: usize,
    /// Scratch memory of what is asked one by one. Its steps never end: they are known to be within the budget.
    pub(crate) scratch: &'b mut Scratch,
}

impl Block<'_> {
    /// The records under a mask that the filter leaves.
    pub(crate) fn filter(&mut self, filter: Filter, mask: u64) -> u64 {
        let linked = self.linked;
        let items = &items(&linked.program().rules[self.rule])[..filter.items];
        self.all(items, mask)
    }

    fn all(&mut self, items: &[Expr], mask: u64) -> u64 {
        let mut hits = mask;
        for item in items {
            if hits == 0 {
                break;
            }
            hits = self.test(item, hits);
        }
        hits
    }

    /// The records under a mask for which a test holds.
    fn test(&mut self, test: &Expr, mask: u64) -> u64 {
        match &test.kind {
            ExprKind::Const(Const::Bool(holds)) => u64::from(*holds).wrapping_neg() & mask,
            ExprKind::Not(inner) => mask & !self.test(inner, mask),
            ExprKind::Logic { op: LogicOp::And, items } => self.all(items, mask),
            ExprKind::Logic { op: LogicOp::Or, items } => {
                let mut rest = mask;
                for item in items {
                    if rest == 0 {
                        break;
                    }
                    rest &= !self.test(item, rest);
                }
                mask & !rest
            }
            ExprKind::Logic { op: LogicOp::Xor, items } => items.iter().fold(0, |odd, item| odd ^ self.test(item, mask)),
            ExprKind::Field(field) => self.on_field(*field, false, mask, |memory, at| memory.word(at) != 0),
            ExprKind::Present(value) if let ExprKind::Field(field) = value.kind => self.present(field, mask),
            ExprKind::Compare { op, lhs, rhs, on_nil } => match (&lhs.kind, &rhs.kind) {
                (ExprKind::Field(field), ExprKind::Const(constant)) => self.compare(*field, *op, constant, *on_nil, mask),
                (ExprKind::Const(constant), ExprKind::Field(field)) => self.compare(*field, op.mirrored(), constant, *on_nil, mask),
                _ => self.one_by_one(test, mask),
            },
            ExprKind::In { value, set } if let ExprKind::Field(field) = value.kind => self.in_set(field, *set, mask),
            ExprKind::Contains { value, needle: Needle::Const(id) } if let ExprKind::Field(field) = value.kind => {
                let searcher = self.linked.searcher(*id);
                self.on_field(field, false, mask, |memory, at| searcher.is_in_batch(StoredBytes::new(memory, memory.word(at))))
            }
            ExprKind::Matches { value, regex } if let ExprKind::Field(field) = value.kind => {
                let regex = self.linked.regex(*regex);
                self.on_bytes(field, mask, |bytes| regex.is_match(bytes))
            }
            ExprKind::Wildcard { value, pattern } if let ExprKind::Field(field) = value.kind => {
                let linked = self.linked;
                match linked.plan().wildcard(*pattern) {
                    WildcardPlan::Equal(whole) => self.on_bytes(field, mask, |bytes| whole.is(bytes)),
                    WildcardPlan::Prefix(start) => self.on_bytes(field, mask, |bytes| start.begins(bytes)),
                    WildcardPlan::Suffix(end) => self.on_bytes(field, mask, |bytes| end.ends(bytes)),
                    WildcardPlan::Contains(..) | WildcardPlan::General => {
                        let pattern = linked.wildcard(*pattern);
                        self.on_bytes(field, mask, |bytes| pattern.is_match(bytes))
                    }
                }
            }
            ExprKind::Const(_)
            | ExprKind::Local(_)
            | ExprKind::Index { .. }
            | ExprKind::Key { .. }
            | ExprKind::Slice { .. }
            | ExprKind::Call { .. }
            | ExprKind::Element { .. }
            | ExprKind::Count(_)
            | ExprKind::Packed(_)
            | ExprKind::Intrinsic { .. }
            | ExprKind::Otherwise { .. }
            | ExprKind::Neg(_)
            | ExprKind::Arith { .. }
            | ExprKind::In { .. }
            | ExprKind::InList { .. }
            | ExprKind::Contains { .. }
            | ExprKind::Matches { .. }
            | ExprKind::Wildcard { .. }
            | ExprKind::Present(_)
            | ExprKind::Quantifier { .. }
            | ExprKind::Collect(_) => self.one_by_one(test, mask),
        }
    }

    /// Asks a test that cannot trap of one record after the other.
    fn one_by_one(&mut self, test: &Expr, mask: u64) -> u64 {
        let (mut hits, mut rest) = (0, mask);
        while rest != 0 {
            let bit = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            self.scratch.reset();
            self.scratch.set_meter_word(FREE);
            let record = self.batch.record(self.first + bit);
            let needs = (&self.linked.program().rules[self.rule].frame, self.rooms[self.rule], 0);
            let mut machine = Machine::new(self.linked, (self.leaves, self.rooms), record, self.scratch, needs);
            hits |= u64::from(machine.test(test).unwrap_or(false)) << bit;
        }
        hits
    }

    /// The records under a mask for which something holds at their place in memory.
    #[inline(always)]
    fn each(&self, mask: u64, holds: impl Fn(Memory<'_>, usize) -> bool) -> u64 {
        let (memory, stride) = (self.batch.memory(), self.batch.layout().stride());
        let first = self.batch.records_offset() + self.first * stride;
        let mut hits = 0;
        if mask == u64::MAX {
            for bit in 0..64 {
                hits |= u64::from(holds(memory, first + bit * stride)) << bit;
            }
            return hits;
        }
        let mut rest = mask;
        while rest != 0 {
            let bit = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            hits |= u64::from(holds(memory, first + bit * stride)) << bit;
        }
        hits
    }

    /// The records under a mask that have a field.
    fn present(&self, field: FieldId, mask: u64) -> u64 {
        if self.linked.scheme().field(field).presence == Presence::Mandatory {
            return mask;
        }
        let slot = self.linked.layout().slot(field);
        self.each(mask, |memory, record| memory.word(record + slot.presence_offset) >> slot.presence_bit & 1 != 0)
    }

    /// The records under a mask for whose field something holds, given the place of its slot; those without it where nil does.
    #[inline(always)]
    fn on_field(&self, field: FieldId, on_nil: bool, mask: u64, holds: impl Fn(Memory<'_>, usize) -> bool) -> u64 {
        let offset = self.linked.layout().slot(field).offset;
        let present = self.present(field, mask);
        let without = if on_nil { mask & !present } else { 0 };
        without | self.each(present, |memory, record| holds(memory, record + offset))
    }

    #[inline(always)]
    fn on_bytes(&self, field: FieldId, mask: u64, holds: impl Fn(&[u8]) -> bool) -> u64 {
        self.on_field(field, false, mask, |memory, at| holds(bytes(memory, at)))
    }

    fn compare(&self, field: FieldId, op: CompareOp, constant: &Const, on_nil: bool, mask: u64) -> u64 {
        match constant {
            Const::Int(i) => {
                let i = *i;
                let int = |memory: Memory<'_>, at| memory.word(at) as i64;
                match op {
                    CompareOp::Eq => self.on_field(field, on_nil, mask, |m, at| int(m, at) == i),
                    CompareOp::Ne => self.on_field(field, on_nil, mask, |m, at| int(m, at) != i),
                    CompareOp::Lt => self.on_field(field, on_nil, mask, |m, at| int(m, at) < i),
                    CompareOp::Le => self.on_field(field, on_nil, mask, |m, at| int(m, at) <= i),
                    CompareOp::Gt => self.on_field(field, on_nil, mask, |m, at| int(m, at) > i),
                    CompareOp::Ge => self.on_field(field, on_nil, mask, |m, at| int(m, at) >= i),
                }
            }
            Const::Bytes(wanted) => match op {
                CompareOp::Eq => self.on_field(field, on_nil, mask, |m, at| bytes(m, at) == wanted),
                CompareOp::Ne => self.on_field(field, on_nil, mask, |m, at| bytes(m, at) != wanted),
                _ => self.on_field(field, on_nil, mask, |m, at| op.holds(Some(bytes(m, at).cmp(wanted)))),
            },
            Const::Ip(ip) if matches!(op, CompareOp::Eq | CompareOp::Ne) => {
                let (wanted, equal) = (ip_words(*ip), op == CompareOp::Eq);
                self.on_field(field, on_nil, mask, |m, at| (words(m, at) == wanted) == equal)
            }
            Const::Ip(_) | Const::Bool(_) | Const::U32(_) | Const::Float(_) => {
                let (ty, wanted) = (&self.linked.scheme().field(field).ty, Value::of(constant));
                self.on_field(field, on_nil, mask, |m, at| op.holds(Value::load(m, at, ty).compare(&wanted)))
            }
        }
    }

    fn in_set(&self, field: FieldId, id: SetId, mask: u64) -> u64 {
        match (self.linked.set(id), self.linked.plan().set(id)) {
            (SetMatcher::Int(_), SetPlan::Ints(IntsPlan::Word { first, bits })) => self.on_field(field, false, mask, |memory, at| {
                let at = memory.word(at).wrapping_sub(*first as u64);
                at < 64 && bits >> at & 1 != 0
            }),
            (SetMatcher::Int(_), SetPlan::Ints(IntsPlan::Bitmap { first, words })) => self.on_field(field, false, mask, |memory, at| {
                let at = memory.word(at).wrapping_sub(*first as u64);
                usize::try_from(at / 64).ok().and_then(|word| words.get(word)).is_some_and(|word| word >> (at % 64) & 1 != 0)
            }),
            (SetMatcher::Int(set), _) => match *set.ranges() {
                [(low, high)] => {
                    let width = high.wrapping_sub(low) as u64;
                    self.on_field(field, false, mask, |memory, at| memory.word(at).wrapping_sub(low as u64) <= width)
                }
                _ => self.on_field(field, false, mask, |memory, at| set.contains(memory.word(at) as i64)),
            },
            (SetMatcher::Ip(set), _) => match (set.v4(), set.v6()) {
                (&[(low, high)], []) => self.on_field(field, false, mask, |memory, at| {
                    (memory.word(at) == 4) & ((memory.word(at + 16) as u32).wrapping_sub(low) <= high - low)
                }),
                _ => self.on_field(field, false, mask, |memory, at| {
                    let [family, high, low] = words(memory, at);
                    set.contains_words(family, high, low)
                }),
            },
            (SetMatcher::Bytes(set), _) => self.on_bytes(field, mask, |bytes| set.contains(bytes)),
        }
    }
}

/// The bytes that a slot refers to.
#[inline(always)]
fn bytes(memory: Memory<'_>, at: usize) -> &[u8] {
    let word = memory.word(at);
    memory.bytes(word as u32 as usize, (word >> 32) as usize)
}

/// The words of an address in a slot.
#[inline(always)]
fn words(memory: Memory<'_>, at: usize) -> [u64; 3] {
    [memory.word(at), memory.word(at + 8), memory.word(at + 16)]
}
