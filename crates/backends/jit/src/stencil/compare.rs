//! Tests that have stencils: comparisons and searches.

use std::net::IpAddr;

use quintet_lang::Type;
use quintet_lang::ast::{CompareOp, Const, Expr, ExprKind, ListId, Needle, NeedleId, WildcardId};
use quintet_runtime::plan::{SearchPlan, Text, WildcardPlan};
use quintet_runtime::{Linked, Threshold, ip_words};

use crate::search::rare_pair;
use crate::stencil::asm::{Label, condition};
use crate::stencil::helpers::{self, Search};
use crate::stencil::rule::{Known, Rules, Ways};
use crate::stencil::shapes::{Shape, number};

/// The shapes of an order: equal, less, more.
pub(crate) type Orders = [Shape; 3];

const FIELD: Orders = [Shape::FieldEqual, Shape::FieldLess, Shape::FieldMore];
const X: Orders = [Shape::Equal, Shape::Less, Shape::More];
const Z: Orders = [Shape::EqualZ, Shape::LessZ, Shape::MoreZ];
const HALF: Orders = [Shape::HalfEqualZ, Shape::HalfLessZ, Shape::HalfMoreZ];

/// The shape that decides an operator, and whether it says the opposite.
fn decides(op: CompareOp, [equal, less, more]: Orders) -> (Shape, bool) {
    match op {
        CompareOp::Eq => (equal, false),
        CompareOp::Ne => (equal, true),
        CompareOp::Lt => (less, false),
        CompareOp::Ge => (less, true),
        CompareOp::Gt => (more, false),
        CompareOp::Le => (more, true),
    }
}

impl<'p> Rules<'p> {
    /// A test that is neither a constant nor made of other tests.
    pub(crate) fn shaped(&mut self, expr: &'p Expr, ways: Ways) -> Known<()> {
        match &expr.kind {
            ExprKind::Compare { op, lhs, rhs, on_nil } => {
                // A constant comes second: computing it does nothing, so the order of evaluation stays.
                let (op, lhs, rhs) =
                    if let ExprKind::Const(_) = lhs.kind { (op.mirrored(), &**rhs, &**lhs) } else { (*op, &**lhs, &**rhs) };
                self.compare(op, lhs, rhs, if *on_nil { ways.yes } else { ways.no }, ways)
            }
            ExprKind::In { value, set } => self.in_set(value, *set, ways),
            ExprKind::InList { value, list } => self.in_list(value, *list, ways),
            ExprKind::Contains { value, needle: Needle::Const(needle) } => self.contains(value, *needle, ways),
            ExprKind::Matches { value, regex } => {
                self.bytes(value, ways.no)?;
                let (number, regex) = (regex.index(), self.linked.regex(*regex));
                if let Ok(least @ 1..) = i64::try_from(regex.least()) {
                    self.go_if(Shape::LengthLess, &[least], ways.no);
                }
                self.ask(helpers::regex as *const () as usize, "regex", &raw const *regex as usize, number, ways);
                Some(())
            }
            ExprKind::Wildcard { value, pattern } => {
                self.bytes(value, ways.no)?;
                self.wildcard(*pattern, ways)
            }
            ExprKind::Present(value) => {
                let slot = self.slot(value, ways.no)?;
                self.back(&slot);
                self.asm.go(ways.yes, ways.next);
                Some(())
            }
            ExprKind::Quantifier { quantifier, each } => self.quantifier(*quantifier, each, ways),
            ExprKind::Field(_) if expr.ty == Type::Bool => {
                let slot = self.slot(expr, ways.no)?;
                self.put_test(Shape::FieldEqual, &[slot.at, 0], ways.swapped());
                Some(())
            }
            _ if expr.ty == Type::Bool => {
                self.int(expr, ways.no)?;
                self.put_test(Shape::Equal, &[0], ways.swapped());
                Some(())
            }
            _ => None,
        }
    }

    /// Asks a helper about `x`, `y`, `z` and a part of the program, which texts call by what the helper is called and a number.
    pub(crate) fn ask(&mut self, helper: usize, name: &'static str, part: usize, number: usize, ways: Ways) {
        self.asm.hand_over();
        self.asm.second(part, || format!("the part of {name} {number}"));
        self.answer(helper, name, ways);
    }

    /// Calls a helper with its arguments in place, and goes where its answer says.
    fn answer(&mut self, helper: usize, name: &'static str, Ways { yes, no, next }: Ways) {
        self.call(helper, name);
        self.asm.compare_answer(0);
        self.asm.branch(condition::NOT_EQUAL, yes, no, next);
    }

    /// A comparison of which the right side may be a constant.
    fn compare(&mut self, op: CompareOp, lhs: &'p Expr, rhs: &'p Expr, nil: Label, ways: Ways) -> Known<()> {
        match &rhs.kind {
            ExprKind::Const(Const::Bool(b)) => self.compare_int(op, lhs, i64::from(*b), nil, ways),
            ExprKind::Const(Const::Int(i)) => self.compare_int(op, lhs, *i, nil, ways),
            ExprKind::Const(Const::U32(u)) => {
                self.half(lhs, nil)?;
                self.asm.set_z(u64::from(*u));
                self.order(op, HALF, &[], ways);
                Some(())
            }
            ExprKind::Const(Const::Bytes(bytes)) => match op {
                CompareOp::Eq => self.equals(lhs, bytes, nil, ways),
                CompareOp::Ne => self.equals(lhs, bytes, nil, ways.swapped()),
                CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge => {
                    let first = self.first_bytes(lhs, nil)?;
                    self.asm.x_from_address(bytes.as_ptr() as usize, || format!("{:?}", String::from_utf8_lossy(bytes)));
                    self.asm.set_y(u32::try_from(bytes.len()).ok()?);
                    self.compare_texts(op, first, ways);
                    Some(())
                }
            },
            ExprKind::Const(Const::Ip(ip)) => self.compare_ip(op, lhs, *ip, nil, ways),
            _ if lhs.ty == Type::Bytes => {
                let first = self.first_bytes(lhs, nil)?;
                self.bytes(rhs, nil)?;
                self.compare_texts(op, first, ways);
                Some(())
            }
            _ if matches!(lhs.ty, Type::Int | Type::Bool) => {
                self.int(lhs, nil)?;
                self.second_int(rhs, nil)?;
                self.order(op, Z, &[], ways);
                Some(())
            }
            _ => None,
        }
    }

    /// Puts the words of Bytes on the stack; [`Rules::compare_texts`] takes them away.
    fn first_bytes(&mut self, expr: &'p Expr, nil: Label) -> Known<i32> {
        let first = self.take(16)?;
        self.bytes(expr, nil)?;
        self.asm.store_x(first);
        self.asm.store_y(first + 8);
        Some(first)
    }

    /// Bytes whose words are on the stack, and those in `x` and `y`.
    fn compare_texts(&mut self, op: CompareOp, first: i32, ways: Ways) {
        self.asm.set_z(helpers::operator(op));
        self.asm.hand_over();
        self.asm.second_on_stack(first);
        self.give(first);
        self.answer(helpers::compare_texts as *const () as usize, "compare", ways);
    }

    /// Goes where an operator says.
    fn order(&mut self, op: CompareOp, orders: Orders, constants: &[i64], ways: Ways) {
        let (shape, opposite) = decides(op, orders);
        self.put_test(shape, constants, if opposite { ways.swapped() } else { ways });
    }

    /// An Int or Bool and a constant.
    fn compare_int(&mut self, op: CompareOp, lhs: &'p Expr, constant: i64, nil: Label, ways: Ways) -> Known<()> {
        if let (Ok(_), ExprKind::Field(_), Type::Int | Type::Bool) = (i32::try_from(constant), &lhs.kind, &lhs.ty) {
            let slot = self.slot(lhs, nil)?;
            self.order(op, FIELD, &[slot.at, constant], ways);
            return Some(());
        }
        self.int(lhs, nil)?;
        self.compare_x(op, constant, ways);
        Some(())
    }

    /// `x` and a constant.
    pub(crate) fn compare_x(&mut self, op: CompareOp, constant: i64, ways: Ways) {
        if i32::try_from(constant).is_ok() {
            self.order(op, X, &[constant], ways);
        } else {
            self.asm.set_z(constant as u64);
            self.order(op, Z, &[], ways);
        }
    }

    /// A field's address and a constant.
    fn compare_ip(&mut self, op: CompareOp, lhs: &'p Expr, ip: IpAddr, nil: Label, ways: Ways) -> Known<()> {
        let slot = self.slot(lhs, nil)?;
        if *slot.ty != Type::Ip {
            return None;
        }
        self.reading(&slot, ways, |g, ways| g.order_ip(op, slot.at, ip, ways));
        Some(())
    }

    /// The address in the record at `at` and a constant.
    fn order_ip(&mut self, op: CompareOp, at: i64, ip: IpAddr, ways: Ways) {
        let [family, high, low] = ip_words(ip);
        let (ways, op) = if op == CompareOp::Ne { (ways.swapped(), CompareOp::Eq) } else { (ways, op) };
        self.require(Shape::FieldEqual, &[at, family as i64], ways.no);
        if op == CompareOp::Eq {
            if family == 4 {
                return self.put_test(Shape::HalfEqual, &[at + 16, i64::from(low as u32 as i32)], ways);
            }
            self.asm.set_z(low);
            self.require(Shape::WideEqual, &[at + 16], ways.no);
            self.asm.set_z(high);
            return self.put_test(Shape::WideEqual, &[at + 8], ways);
        }
        // Decided by the higher halves unless they are the same.
        let less = matches!(op, CompareOp::Lt | CompareOp::Le);
        let (before, after) = if less { (ways.yes, ways.no) } else { (ways.no, ways.yes) };
        self.asm.set_z(high);
        self.go_if(Shape::WideLess, &[at + 8], before);
        self.go_if(Shape::WideMore, &[at + 8], after);
        self.asm.set_z(low);
        self.order(op, [Shape::WideEqual, Shape::WideLess, Shape::WideMore], &[at + 16], ways);
    }

    /// Bytes and a constant.
    fn equals(&mut self, lhs: &'p Expr, constant: &'p [u8], nil: Label, ways: Ways) -> Known<()> {
        let len = i64::from(i32::try_from(constant.len()).ok()?);
        let long = self.linked.exceeds(Threshold::JitEqualBytes, constant.len());
        if let (ExprKind::Field(_), Type::Bytes) = (&lhs.kind, &lhs.ty) {
            let at = self.slot(lhs, nil)?.at;
            if constant.is_empty() {
                self.put_test(Shape::HalfEqual, &[at + 4, 0], ways);
                return Some(());
            }
            self.require(Shape::HalfEqual, &[at + 4, len], ways.no);
            self.put(Shape::Start, &[at]);
            if long {
                self.put(Shape::HalfY, &[at + 4]);
            }
        } else {
            self.bytes(lhs, nil)?;
            if constant.is_empty() {
                self.put_test(Shape::LengthEqual, &[0], ways);
                return Some(());
            }
            self.require(Shape::LengthEqual, &[len], ways.no);
        }
        if long {
            self.ask(helpers::same as *const () as usize, "same", constant.as_ptr() as usize, self.asm.code.len(), ways);
        } else {
            self.begins(constant, ways);
        }
        Some(())
    }

    /// Goes where the equality of a constant, not empty, and as many bytes from `x` on says; there must be so many.
    pub(crate) fn begins(&mut self, constant: &[u8], ways: Ways) {
        let (shape, size) = match constant.len() {
            8.. => (Shape::Byte8, 8),
            4..8 => (Shape::Byte4, 4),
            2..4 => (Shape::Byte2, 2),
            _ => (Shape::Byte1, 1),
        };
        let words = constant.len().div_ceil(size);
        for i in 0..words {
            let at = (i * size).min(constant.len() - size);
            let wanted = number(&constant[at..at + size]);
            let constants = [at as i64, wanted as i64];
            if size == 8 {
                self.asm.set_z(wanted);
            }
            if i + 1 == words {
                self.put_test(shape, &constants, ways);
            } else {
                self.require(shape, &constants, ways.no);
            }
        }
    }

    fn contains(&mut self, value: &'p Expr, id: NeedleId, ways: Ways) -> Known<()> {
        let padded = self.bytes(value, ways.no)?;
        let (searcher, plan) = (self.linked.searcher(id), self.linked.plan().needle(id));
        let needle = searcher.needle();
        if plan == SearchPlan::Always {
            self.asm.go(ways.yes, ways.next);
            return Some(());
        }
        let len = i64::from(i32::try_from(needle.len()).ok()?);
        self.go_if(Shape::LengthLess, &[len], ways.no);
        let part = &raw const *searcher as usize;
        let here = padded && plan != SearchPlan::Long;
        let search = here.then(|| Search::new(needle, rare_pair(needle), self.linked.threshold(Threshold::JitSearchedBytes)));
        let Some(search) = search.flatten() else {
            self.ask(helpers::search_anywhere as *const () as usize, "search", part, id.index(), ways);
            return Some(());
        };
        self.linked.exceeds(Threshold::JitSearchedBytes, needle.len());
        self.asm.set_z(search.pack());
        self.ask(helpers::search_of(needle.len()), "search", part, id.index(), ways);
        Some(())
    }

    /// Goes where the match of a wildcard pattern with the Bytes in `x` and `y` says.
    fn wildcard(&mut self, id: WildcardId, ways: Ways) -> Known<()> {
        let linked: &'p Linked = self.linked;
        let short =
            |text: &Text| !text.is_caseless() && !text.bytes().is_empty() && !linked.exceeds(Threshold::JitEqualBytes, text.bytes().len());
        match linked.plan().wildcard(id) {
            WildcardPlan::Equal(whole) if short(whole) => {
                self.require(Shape::LengthEqual, &[whole.bytes().len() as i64], ways.no);
                self.begins(whole.bytes(), ways);
            }
            WildcardPlan::Prefix(start) if short(start) => {
                self.go_if(Shape::LengthLess, &[start.bytes().len() as i64], ways.no);
                self.begins(start.bytes(), ways);
            }
            WildcardPlan::Suffix(end) if short(end) => {
                self.go_if(Shape::LengthLess, &[end.bytes().len() as i64], ways.no);
                self.asm.x_before_end(i32::try_from(end.bytes().len()).ok()?);
                self.begins(end.bytes(), ways);
            }
            plan @ (WildcardPlan::Equal(_)
            | WildcardPlan::Prefix(_)
            | WildcardPlan::Suffix(_)
            | WildcardPlan::Contains(..)
            | WildcardPlan::General) => {
                let literal = [linked.wildcard(id).literal_len() as i64];
                match plan {
                    WildcardPlan::Equal(_) => self.require(Shape::LengthEqual, &literal, ways.no),
                    _ => self.go_if(Shape::LengthLess, &literal, ways.no),
                }
                let pattern = &raw const *linked.wildcard(id) as usize;
                self.ask(helpers::wildcard as *const () as usize, "wildcard", pattern, id.index(), ways);
            }
        }
        Some(())
    }

    fn in_list(&mut self, value: &'p Expr, list: ListId, ways: Ways) -> Known<()> {
        match value.ty {
            Type::Int => self.int(value, ways.no)?,
            Type::Bytes => {
                self.bytes(value, ways.no)?;
            }
            Type::Ip => {
                let slot = self.slot(value, ways.no)?;
                self.address(&slot);
            }
            Type::Bool | Type::U32 | Type::Float | Type::Array(_) | Type::Map(_) | Type::List(..) => return None,
        }
        self.asm.hand_over();
        self.asm.second_number(list.0);
        self.answer(helpers::in_list as *const () as usize, "in_list", ways);
        Some(())
    }
}
