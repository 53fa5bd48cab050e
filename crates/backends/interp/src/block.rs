//! Blocks: a test is asked of up to 64 records at a time, so that walking the rule is paid once for all of them (as MonetDB/X100 does; Kersten
//! et al., "Everything you always wanted to know about compiled and vectorized queries", PVLDB 2018).
//!
//! Answers are masks, a bit for each record. Tests of what is stored against constants, of elements of stored arrays too, are loops over the
//! records, and so is arithmetic with integers; whatever else cannot trap is asked of one record after the other by the [`Machine`].

use quintet_lang::Type;
use quintet_lang::ast::{CompareOp, Const, Each, Expr, ExprKind, LogicOp, Needle, Quantifier, Rule, SetId};
use quintet_lang::effects::{Steps, steps};
use quintet_lang::intrinsic::Intrinsic;
use quintet_runtime::plan::{IntsPlan, SetPlan, WildcardPlan};
use quintet_runtime::{Batch, Counting, FREE, Linked, Memory, Scratch, SetMatcher, StoredBytes, Value, bits_of, ip_words, longest_within};

use crate::compile::Leaves;
use crate::machine::Machine;
use crate::place::{Operand, Place, Walk};

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
        if first(Steps::Inline) == all.len() {
            let within = match Counting::of(linked, index, budget) {
                Counting::Never => usize::MAX,
                Counting::Within(most) => most,
                Counting::Inline => longest_within(linked, all.iter(), budget),
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
            ExprKind::Quantifier { quantifier, each } => {
                self.quantifier(*quantifier, each, mask).unwrap_or_else(|| self.one_by_one(test, mask))
            }
            ExprKind::Const(_)
            | ExprKind::Field(_)
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
            | ExprKind::Compare { .. }
            | ExprKind::In { .. }
            | ExprKind::InList { .. }
            | ExprKind::Contains { .. }
            | ExprKind::Matches { .. }
            | ExprKind::Wildcard { .. }
            | ExprKind::Present(_)
            | ExprKind::Collect(_) => self.leaf(test, None, mask).unwrap_or_else(|| self.one_by_one(test, mask)),
        }
    }

    /// The records under a mask for which a test holds of something stored; for which it holds of an element, or does not, in a loop. None where
    /// the test is another.
    fn leaf<'e>(&self, test: &'e Expr, walk: Option<&'e Walk<'e>>, mask: u64) -> Option<u64> {
        let operand = |value: &'e Expr| Operand::of(self.linked, value, walk);
        Some(match &test.kind {
            ExprKind::Field(_) | ExprKind::Local(_) | ExprKind::Index { .. } | ExprKind::Key { .. } => {
                self.on(&operand(test)?, false, mask, |memory, at| memory.word(at) != 0)
            }
            ExprKind::Present(value) => self.on(&Operand::Place(Place::of(self.linked, value)?), false, mask, |_, _| true),
            ExprKind::Compare { op, lhs, rhs, on_nil } => match (&lhs.kind, &rhs.kind) {
                (_, ExprKind::Const(constant)) => self.compare(lhs, walk, (*op, constant), *on_nil, mask)?,
                (ExprKind::Const(constant), _) => self.compare(rhs, walk, (op.mirrored(), constant), *on_nil, mask)?,
                _ if walk.is_none() => self.compare_two(lhs, rhs, *op, *on_nil, mask)?,
                _ => return None,
            },
            ExprKind::In { value, set } => self.in_set(&operand(value)?, *set, mask),
            ExprKind::Contains { value, needle: Needle::Const(id) } => {
                let searcher = self.linked.searcher(*id);
                self.on(&operand(value)?, false, mask, |memory, at| searcher.is_in_batch(StoredBytes::new(memory, memory.word(at))))
            }
            ExprKind::Matches { value, regex } => {
                let regex = self.linked.regex(*regex);
                self.on_bytes(&operand(value)?, mask, |bytes| regex.is_match(bytes))
            }
            ExprKind::Wildcard { value, pattern } => {
                let (linked, operand) = (self.linked, operand(value)?);
                match linked.plan().wildcard(*pattern) {
                    WildcardPlan::Equal(whole) => self.on_bytes(&operand, mask, |bytes| whole.is(bytes)),
                    WildcardPlan::Prefix(start) => self.on_bytes(&operand, mask, |bytes| start.begins(bytes)),
                    WildcardPlan::Suffix(end) => self.on_bytes(&operand, mask, |bytes| end.ends(bytes)),
                    WildcardPlan::Contains(..) | WildcardPlan::General => {
                        let pattern = linked.wildcard(*pattern);
                        self.on_bytes(&operand, mask, |bytes| pattern.is_match(bytes))
                    }
                }
            }
            _ => return None,
        })
    }

    /// A quantifier with one test of the elements of stored arrays and maps.
    fn quantifier(&self, quantifier: Quantifier, each: &Each, mask: u64) -> Option<u64> {
        let (mut body, mut wanted) = (&each.body, quantifier.decisive());
        while let ExprKind::Not(inner) = &body.kind {
            (body, wanted) = (inner, !wanted);
        }
        let walk = Walk::new(self.linked, each, wanted)?;
        let found = self.leaf(body, Some(&walk), mask)?;
        Some(if quantifier.decisive() { found } else { mask & !found })
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

    /// Where a record begins in memory.
    #[inline(always)]
    fn record(&self, bit: usize) -> usize {
        self.batch.records_offset() + (self.first + bit) * self.batch.layout().stride()
    }

    /// The records under a mask for which something holds at their place in memory.
    #[inline(always)]
    fn each(&self, mask: u64, holds: impl Fn(Memory<'_>, usize) -> bool) -> u64 {
        let (memory, stride, first) = (self.batch.memory(), self.batch.layout().stride(), self.record(0));
        if mask == u64::MAX {
            return (0..64).fold(0, |hits, bit| hits | u64::from(holds(memory, first + bit * stride)) << bit);
        }
        bits_of(mask).fold(0, |hits, bit| hits | u64::from(holds(memory, first + bit * stride)) << bit)
    }

    /// The records under a mask for whose operand something holds, given the place of its slot; those without it where nil does. In a loop, those
    /// with an element for which it does, or does not.
    #[inline(always)]
    fn on(&self, operand: &Operand<'_>, on_nil: bool, mask: u64, holds: impl Fn(Memory<'_>, usize) -> bool) -> u64 {
        match operand {
            Operand::Place(Place::Field { offset, presence }) => {
                let present = match presence {
                    Some((word, bit)) => self.each(mask, |memory, record| memory.word(record + word) >> bit & 1 != 0),
                    None => mask,
                };
                let without = if on_nil { mask & !present } else { 0 };
                without | self.each(present, |memory, record| holds(memory, record + offset))
            }
            Operand::Place(place) => self.each(mask, |memory, record| match place.at(memory, record) {
                Some(at) => holds(memory, at),
                None => on_nil,
            }),
            Operand::Elements(walk) => self.each(mask, |memory, record| walk.finds(memory, record, &holds)),
        }
    }

    #[inline(always)]
    fn on_bytes(&self, operand: &Operand<'_>, mask: u64, holds: impl Fn(&[u8]) -> bool) -> u64 {
        self.on(operand, false, mask, |memory, at| holds(bytes(memory, at)))
    }

    /// A comparison with a constant.
    fn compare<'e>(
        &self,
        value: &'e Expr,
        walk: Option<&'e Walk<'e>>,
        (op, constant): (CompareOp, &Const),
        on_nil: bool,
        mask: u64,
    ) -> Option<u64> {
        let value = walk.map_or(value, |walk| walk.bound(value));
        if let (ExprKind::Intrinsic { op: Intrinsic::Len, args }, Const::Int(size)) = (&value.kind, constant) {
            let operand = Operand::of(self.linked, args.first()?, walk)?;
            return Some(self.on(&operand, on_nil, mask, |memory, at| op.holds(Some(((memory.word(at) >> 32) as i64).cmp(size)))));
        }
        match Operand::of(self.linked, value, walk) {
            Some(operand) => Some(self.compare_stored(&operand, &value.ty, (op, constant), on_nil, mask)),
            None if walk.is_none() => match constant {
                Const::Int(i) => self.ints(value, mask).map(|ints| ints.test(on_nil, mask, |_, value| op.holds(Some(value.cmp(i))))),
                _ => None,
            },
            None => None,
        }
    }

    fn compare_stored(&self, operand: &Operand<'_>, ty: &Type, (op, constant): (CompareOp, &Const), on_nil: bool, mask: u64) -> u64 {
        match constant {
            Const::Int(i) => {
                let i = *i;
                let int = |memory: Memory<'_>, at| memory.word(at) as i64;
                match op {
                    CompareOp::Eq => self.on(operand, on_nil, mask, |m, at| int(m, at) == i),
                    CompareOp::Ne => self.on(operand, on_nil, mask, |m, at| int(m, at) != i),
                    CompareOp::Lt => self.on(operand, on_nil, mask, |m, at| int(m, at) < i),
                    CompareOp::Le => self.on(operand, on_nil, mask, |m, at| int(m, at) <= i),
                    CompareOp::Gt => self.on(operand, on_nil, mask, |m, at| int(m, at) > i),
                    CompareOp::Ge => self.on(operand, on_nil, mask, |m, at| int(m, at) >= i),
                }
            }
            Const::Bytes(wanted) => match op {
                CompareOp::Eq => self.on(operand, on_nil, mask, |m, at| bytes(m, at) == wanted),
                CompareOp::Ne => self.on(operand, on_nil, mask, |m, at| bytes(m, at) != wanted),
                _ => self.on(operand, on_nil, mask, |m, at| op.holds(Some(bytes(m, at).cmp(wanted)))),
            },
            Const::Ip(ip) if matches!(op, CompareOp::Eq | CompareOp::Ne) => {
                let (wanted, equal) = (ip_words(*ip), op == CompareOp::Eq);
                self.on(operand, on_nil, mask, |m, at| (words(m, at) == wanted) == equal)
            }
            Const::Ip(_) | Const::Bool(_) | Const::U32(_) | Const::Float(_) => {
                let wanted = Value::of(constant);
                self.on(operand, on_nil, mask, |m, at| op.holds(Value::load(m, at, ty).compare(&wanted)))
            }
        }
    }

    /// A comparison of two values: Ints, or what is stored.
    fn compare_two(&self, lhs: &Expr, rhs: &Expr, op: CompareOp, on_nil: bool, mask: u64) -> Option<u64> {
        if lhs.ty == Type::Int {
            let (lhs, rhs) = (self.ints(lhs, mask)?, self.ints(rhs, mask)?);
            let both = Ints { present: lhs.present & rhs.present, ..lhs };
            return Some(both.test(on_nil, mask, |bit, value| op.holds(Some(value.cmp(&rhs.values[bit])))));
        }
        let (ty, one, other) = (&lhs.ty, Place::of(self.linked, lhs)?, Place::of(self.linked, rhs)?);
        Some(self.each(mask, |memory, record| match (one.at(memory, record), other.at(memory, record)) {
            (Some(one), Some(other)) => op.holds(Value::load(memory, one, ty).compare(&Value::load(memory, other, ty))),
            _ => on_nil,
        }))
    }

    /// An Int for each record under a mask. None where it is made of something else than what is stored, and constants.
    fn ints(&self, value: &Expr, mask: u64) -> Option<Ints> {
        let mut ints = Ints { values: [0; 64], present: mask };
        match &value.kind {
            ExprKind::Const(Const::Int(i)) => ints.values = [*i; 64],
            ExprKind::Neg(inner) if value.ty == Type::Int => {
                ints = self.ints(inner, mask)?;
                ints.values.iter_mut().for_each(|value| *value = value.wrapping_neg());
            }
            ExprKind::Arith { op, lhs, rhs } if value.ty == Type::Int => {
                let (lhs, rhs) = (self.ints(lhs, mask)?, self.ints(rhs, mask)?);
                ints.present = lhs.present & rhs.present;
                for bit in bits_of(ints.present) {
                    ints.values[bit] = op.int(lhs.values[bit], rhs.values[bit])?;
                }
            }
            ExprKind::Intrinsic { op: Intrinsic::Len, args } => {
                let place = Place::of(self.linked, args.first()?)?;
                ints.present = self.load(&mut ints.values, &place, mask, |word| (word >> 32) as i64);
            }
            _ if value.ty == Type::Int => {
                let place = Place::of(self.linked, value)?;
                ints.present = self.load(&mut ints.values, &place, mask, |word| word as i64);
            }
            _ => return None,
        }
        Some(ints)
    }

    /// Fills in what the words at a place say, and answers which records have one.
    #[inline(always)]
    fn load(&self, values: &mut [i64; 64], place: &Place<'_>, mask: u64, of: impl Fn(u64) -> i64) -> u64 {
        let (memory, mut present) = (self.batch.memory(), 0);
        for bit in bits_of(mask) {
            if let Some(at) = place.at(memory, self.record(bit)) {
                values[bit] = of(memory.word(at));
                present |= 1 << bit;
            }
        }
        present
    }

    fn in_set(&self, operand: &Operand<'_>, id: SetId, mask: u64) -> u64 {
        match (self.linked.set(id), self.linked.plan().set(id)) {
            (SetMatcher::Int(_), SetPlan::Ints(IntsPlan::Word { first, bits })) => self.on(operand, false, mask, |memory, at| {
                let at = memory.word(at).wrapping_sub(*first as u64);
                at < 64 && bits >> at & 1 != 0
            }),
            (SetMatcher::Int(_), SetPlan::Ints(IntsPlan::Bitmap { first, words })) => self.on(operand, false, mask, |memory, at| {
                let at = memory.word(at).wrapping_sub(*first as u64);
                usize::try_from(at / 64).ok().and_then(|word| words.get(word)).is_some_and(|word| word >> (at % 64) & 1 != 0)
            }),
            (SetMatcher::Int(set), _) => match *set.ranges() {
                [(low, high)] => {
                    let width = high.wrapping_sub(low) as u64;
                    self.on(operand, false, mask, |memory, at| memory.word(at).wrapping_sub(low as u64) <= width)
                }
                _ => self.on(operand, false, mask, |memory, at| set.contains(memory.word(at) as i64)),
            },
            (SetMatcher::Ip(set), _) => match (set.v4(), set.v6()) {
                (&[(low, high)], []) => self.on(operand, false, mask, |memory, at| {
                    (memory.word(at) == 4) & ((memory.word(at + 16) as u32).wrapping_sub(low) <= high - low)
                }),
                _ => self.on(operand, false, mask, |memory, at| {
                    let [family, high, low] = words(memory, at);
                    set.contains_words(family, high, low)
                }),
            },
            (SetMatcher::Bytes(set), _) => self.on_bytes(operand, mask, |bytes| set.contains(bytes)),
        }
    }
}

/// An Int for each record of a block.
struct Ints {
    values: [i64; 64],
    /// The records that have one.
    present: u64,
}

impl Ints {
    /// The records under a mask for whose value something holds; those without one where nil does.
    #[inline(always)]
    fn test(&self, on_nil: bool, mask: u64, holds: impl Fn(usize, i64) -> bool) -> u64 {
        let without = if on_nil { mask & !self.present } else { 0 };
        bits_of(self.present & mask).fold(without, |hits, bit| hits | u64::from(holds(bit, self.values[bit])) << bit)
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
