//! Between which numbers the Int locals of scripts stay, so that most need no look at whether they are numbers still.

use quintet_lang::HARD_STEPS;
use quintet_lang::Type;
use quintet_lang::ast::{ArithOp, Const, Expr, ExprKind, Filling, FnId, Frame, LocalId, Over, Place, Program, Stmt, StmtKind};
use quintet_lang::intrinsic::Intrinsic;
use quintet_runtime::LIST_MOST;

use crate::ints::arith_range;
use crate::operand::NUMBERS;

/// A range; `None` where no value is known to come.
type Range = Option<(i128, i128)>;

const ANY: (i128, i128) = (i64::MIN as i128, i64::MAX as i128);

/// Rounds in which ranges grow by what is assigned, before what still grows may be anything.
const ROUNDS: usize = 4;

/// The most that a local or an element may grow by in a run with each of the statements that add to it once: no run takes so many steps that
/// this leads beyond numbers.
const GROWTH: i128 = (NUMBERS as u64 / 4 / HARD_STEPS) as i128;

/// The ranges of all locals and results; of arrays those of their elements.
pub(crate) struct Ranges {
    /// Of each rule, then of each function: what is known beside that which [`Counters`] add.
    locals: Vec<Vec<Range>>,
    counters: Vec<Counters>,
    results: Vec<Vec<Range>>,
    rules: usize,
    changed: bool,
    round: usize,
}

/// What adds constants to locals and elements of a unit: each statement runs no more often than there are steps, so all together it is little.
struct Counters {
    /// What those statements take away and add, by local; of arrays, to elements.
    growth: Vec<(i128, i128)>,
    /// Which locals are arrays of Ints that nothing but statements of the unit which say which elements they mean see.
    arrays: Vec<bool>,
}

impl Counters {
    fn of(frame: &Frame, body: &[Stmt], params: usize, expr: Option<&Expr>) -> Counters {
        let is_own = |(at, local): (usize, &quintet_lang::ast::Local)| {
            at >= params && matches!(&local.ty, Type::List(element, _) if **element == Type::Int)
        };
        let mut counters =
            Counters { growth: vec![(0, 0); frame.locals.len()], arrays: frame.locals.iter().enumerate().map(is_own).collect() };
        body.iter().for_each(|stmt| stmt.walk(&mut |stmt| counters.stmt(stmt)));
        let mut given_up = Vec::new();
        let mut look = |root: &Expr| {
            root.walk(&mut |e| match &e.kind {
                ExprKind::Packed(Place::Local(array)) => given_up.push(*array),
                ExprKind::Local(local) if matches!(e.ty, Type::List(..)) => given_up.push(*local),
                _ => {}
            });
        };
        body.iter().for_each(|stmt| stmt.exprs(&mut look));
        expr.into_iter().for_each(look);
        given_up.into_iter().for_each(|array| counters.give_up(array));
        counters
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Set { local, value } => self.add(*local, added(value, &|e| matches!(e.kind, ExprKind::Local(of) if of == *local))),
            StmtKind::Fill { array, with: Filling::Copy(from) } => {
                self.give_up(*array);
                if let Place::Local(from) = from {
                    self.give_up(*from);
                }
            }
            StmtKind::Fill { array, with: Filling::Items(items) } => {
                items.iter().for_each(|item| self.add(*array, added(item, &|e| is_element(e, *array))));
            }
            StmtKind::Fill { array, with: Filling::Repeat(value, _) | Filling::Each(value) }
            | StmtKind::Store { array, value, .. }
            | StmtKind::Push { array, value } => self.add(*array, added(value, &|e| is_element(e, *array))),
            StmtKind::Pop { .. }
            | StmtKind::Call { .. }
            | StmtKind::If { .. }
            | StmtKind::While { .. }
            | StmtKind::For { .. }
            | StmtKind::Break
            | StmtKind::Continue
            | StmtKind::Return(_) => {}
        }
    }

    fn add(&mut self, local: LocalId, more: Option<i128>) {
        if let (Some(more), Some((down, up))) = (more, self.growth.get_mut(local.index())) {
            *down -= more.min(0);
            *up += more.max(0);
        }
    }

    fn give_up(&mut self, array: LocalId) {
        if let Some(known) = self.arrays.get_mut(array.index()) {
            *known = false;
        }
    }
}

fn is_element(expr: &Expr, of: LocalId) -> bool {
    matches!(expr.kind, ExprKind::Element { array: Place::Local(array), .. } if array == of)
}

/// What a value is more than the one which `is_old` knows, where that is a constant.
fn added(value: &Expr, is_old: &dyn Fn(&Expr) -> bool) -> Option<i128> {
    let ExprKind::Arith { op, lhs, rhs } = &value.kind else { return None };
    match (op, &lhs.kind, &rhs.kind) {
        (ArithOp::Add, _, ExprKind::Const(Const::Int(by))) if is_old(lhs) => Some((*by).into()),
        (ArithOp::Sub, _, ExprKind::Const(Const::Int(by))) if is_old(lhs) => Some(-i128::from(*by)),
        (ArithOp::Add, ExprKind::Const(Const::Int(by)), _) if is_old(rhs) => Some((*by).into()),
        _ => None,
    }
}

/// What is looked through.
#[derive(Clone, Copy)]
struct Unit<'p> {
    program: &'p Program,
    index: usize,
    frame: &'p Frame,
}

impl Ranges {
    /// The ranges of a program whose functions only its own text calls.
    pub(crate) fn of(program: &Program) -> Ranges {
        Ranges::from(program, false)
    }

    /// The ranges of a program whose functions the host calls, with any Int.
    pub(crate) fn for_host(program: &Program) -> Ranges {
        Ranges::from(program, true)
    }

    fn from(program: &Program, called: bool) -> Ranges {
        let rules = program.rules.iter().map(|rule| (&rule.frame, &rule.before, 0, Some(&rule.expr)));
        let functions = program.functions.iter().map(|function| (&function.frame, &function.body, function.params as usize, None));
        let units = rules.chain(functions);
        let counters: Vec<Counters> = units.map(|(frame, body, params, expr)| Counters::of(frame, body, params, expr)).collect();
        // Arrays begin with zeros.
        let first = |counters: &Counters| counters.arrays.iter().map(|known| known.then_some((0, 0))).collect();
        let mut ranges = Ranges {
            locals: counters.iter().map(first).collect(),
            counters,
            results: program.functions.iter().map(|function| vec![None; function.results.len()]).collect(),
            rules: program.rules.len(),
            changed: true,
            round: 0,
        };
        if called {
            for (locals, function) in ranges.locals.iter_mut().skip(program.rules.len()).zip(&program.functions) {
                locals.iter_mut().take(function.params as usize).for_each(|range| *range = Some(ANY));
            }
        }
        while ranges.changed {
            ranges.changed = false;
            for (index, rule) in program.rules.iter().enumerate() {
                ranges.block(Unit { program, index, frame: &rule.frame }, &rule.before);
            }
            for (index, function) in program.functions.iter().enumerate() {
                ranges.block(Unit { program, index: ranges.rules + index, frame: &function.frame }, &function.body);
            }
            ranges.round += 1;
        }
        ranges
    }

    /// Of a local of a rule.
    pub(crate) fn of_rule(&self, rule: usize, local: usize) -> (i128, i128) {
        self.grown(rule, local).unwrap_or(ANY)
    }

    /// Of a local of a unit, if a value is known to come.
    fn grown(&self, unit: usize, local: usize) -> Range {
        let (low, high) = self.locals.get(unit).and_then(|locals| *locals.get(local)?)?;
        let (down, up) = self.counters.get(unit)?.growth.get(local).copied()?;
        if down.max(up) > GROWTH {
            return Some(ANY);
        }
        let steps = i128::from(HARD_STEPS);
        let grown = (low - down * steps, high + up * steps);
        // What does not fit wraps.
        Some(if grown.0 < ANY.0 || grown.1 > ANY.1 { ANY } else { grown })
    }

    /// Of the elements of an array of Ints that only statements of its own unit see; they may be kept as numbers.
    fn of_elements(&self, unit: usize, array: LocalId) -> Option<(i128, i128)> {
        self.counters.get(unit).filter(|counters| counters.arrays.get(array.index()) == Some(&true))?;
        self.grown(unit, array.index()).filter(|range| is_number(*range))
    }

    /// Of a local of a function.
    pub(crate) fn of_function(&self, function: FnId, local: usize) -> (i128, i128) {
        self.of_rule(self.rules + function.index(), local)
    }

    /// Of the elements of an array of Ints that are kept as numbers, by the place of the rule, or of the function.
    pub(crate) fn of_array(&self, rule: usize, function: Option<FnId>, array: LocalId) -> Option<(i128, i128)> {
        self.of_elements(function.map_or(rule, |id| self.rules + id.index()), array)
    }

    /// Of a result.
    pub(crate) fn of_result(&self, function: FnId, result: usize) -> (i128, i128) {
        self.results.get(function.index()).and_then(|results| *results.get(result)?).unwrap_or(ANY)
    }

    fn join(known: &mut Range, found: Range, round: usize) -> bool {
        let Some(found) = found else { return false };
        let Some(old) = *known else {
            *known = Some(found);
            return true;
        };
        if found.0 >= old.0 && found.1 <= old.1 {
            return false;
        }
        let low = if found.0 >= old.0 {
            old.0
        } else if round < ROUNDS {
            found.0
        } else {
            ANY.0
        };
        let high = if found.1 <= old.1 {
            old.1
        } else if round < ROUNDS {
            found.1
        } else {
            ANY.1
        };
        *known = Some((low, high));
        true
    }

    fn set(&mut self, unit: usize, local: usize, found: Range) {
        if let Some(known) = self.locals.get_mut(unit).and_then(|locals| locals.get_mut(local)) {
            self.changed |= Ranges::join(known, found, self.round);
        }
    }

    fn block(&mut self, unit: Unit<'_>, block: &[Stmt]) {
        block.iter().for_each(|stmt| self.stmt(unit, stmt));
    }

    fn stmt(&mut self, unit: Unit<'_>, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Set { local, value } => {
                if value.ty == Type::Int && added(value, &|e| matches!(e.kind, ExprKind::Local(of) if of == *local)).is_none() {
                    let found = self.expr(unit, value);
                    self.set(unit.index, local.index(), found);
                }
            }
            StmtKind::Pop { local, array } => {
                if let Some(local) = local {
                    let found = self.elements(unit, Place::Local(*array));
                    self.set(unit.index, local.index(), found);
                }
            }
            StmtKind::Call { results, function, args } => {
                for (place, arg) in args.iter().enumerate() {
                    if arg.ty == Type::Int {
                        let found = self.expr(unit, arg);
                        self.set(self.rules + function.index(), place, found);
                    }
                }
                for (place, result) in results.iter().enumerate() {
                    let found = self.results.get(function.index()).and_then(|results| *results.get(place)?);
                    self.set(unit.index, result.index(), found);
                }
            }
            StmtKind::If { arms, otherwise } => {
                arms.iter().for_each(|(_, body)| self.block(unit, body));
                self.block(unit, otherwise);
            }
            StmtKind::While { body, .. } => self.block(unit, body),
            StmtKind::For { local, over, body } => {
                let found = match over {
                    Over::Range { start, end, inclusive } => {
                        let (start, end) = (self.expr(unit, start), self.expr(unit, end));
                        start.zip(end).map(|(start, end)| {
                            let last = end.1 - i128::from(!inclusive);
                            // Loops over numbers end where numbers do: no run takes as many turns.
                            let last = if is_number(start) { last.min(NUMBERS.into()) } else { last };
                            (start.0, last.max(start.0))
                        })
                    }
                    Over::Value(value) if value.ty == Type::Bytes => Some((0, 255)),
                    Over::Value(_) => Some(ANY),
                    Over::Array(place) => self.elements(unit, *place),
                };
                self.set(unit.index, local.index(), found);
                self.block(unit, body);
            }
            StmtKind::Return(values) => {
                let Some(function) = unit.index.checked_sub(self.rules) else { return };
                for (place, value) in values.iter().enumerate() {
                    if value.ty != Type::Int {
                        continue;
                    }
                    let found = self.expr(unit, value);
                    if let Some(known) = self.results.get_mut(function).and_then(|results| results.get_mut(place)) {
                        self.changed |= Ranges::join(known, found, self.round);
                    }
                }
            }
            StmtKind::Fill { array, with } => match with {
                Filling::Items(items) => items.iter().for_each(|item| self.put(unit, *array, item)),
                Filling::Repeat(value, _) | Filling::Each(value) => self.put(unit, *array, value),
                // It is none of those whose elements have a range.
                Filling::Copy(_) => {}
            },
            StmtKind::Store { array, value, .. } | StmtKind::Push { array, value } => self.put(unit, *array, value),
            StmtKind::Break | StmtKind::Continue => {}
        }
    }

    /// Notes what becomes an element of an array.
    fn put(&mut self, unit: Unit<'_>, array: LocalId, value: &Expr) {
        if value.ty == Type::Int && added(value, &|e| is_element(e, array)).is_none() {
            let found = self.expr(unit, value);
            self.set(unit.index, array.index(), found);
        }
    }

    /// Of the elements of an array.
    fn elements(&self, unit: Unit<'_>, place: Place) -> Range {
        let Place::Local(array) = place else { return Some(ANY) };
        Some(self.of_elements(unit.index, array).unwrap_or(ANY))
    }

    fn expr(&self, unit: Unit<'_>, expr: &Expr) -> Range {
        let both = |a: &Expr, b: &Expr| Some((self.expr(unit, a)?, self.expr(unit, b)?));
        let found = match &expr.kind {
            ExprKind::Const(Const::Int(i)) => ((*i).into(), (*i).into()),
            ExprKind::Local(local) => self.grown(unit.index, local.index())?,
            ExprKind::Element { array, .. } => self.elements(unit, *array)?,
            ExprKind::Count(Place::Local(local)) => match unit.frame.locals.get(local.index()).map(|local| &local.ty) {
                Some(Type::List(_, Some(len))) => ((*len).into(), (*len).into()),
                _ => (0, LIST_MOST as i128),
            },
            ExprKind::Count(Place::Table(table)) => {
                let len = unit.program.tables.get(table.index()).map_or(0, |table| table.items.len()) as i128;
                (len, len)
            }
            ExprKind::Otherwise { value, default } => match (self.expr(unit, value), self.expr(unit, default)) {
                (Some(a), Some(b)) => (a.0.min(b.0), a.1.max(b.1)),
                (a, b) => a.or(b)?,
            },
            ExprKind::Neg(e) => {
                let (low, high) = self.expr(unit, e)?;
                (-high, -low)
            }
            ExprKind::Arith { op, lhs, rhs } => {
                let (a, b) = both(lhs, rhs)?;
                arith_range(*op, a, b)
            }
            ExprKind::Intrinsic { op, args } => match (op, args.as_slice()) {
                (Intrinsic::Min, [a, b]) => both(a, b).map(|(a, b)| (a.0.min(b.0), a.1.min(b.1)))?,
                (Intrinsic::Max, [a, b]) => both(a, b).map(|(a, b)| (a.0.max(b.0), a.1.max(b.1)))?,
                _ => intrinsic_range(*op, args),
            },
            _ => ANY,
        };
        // What does not fit wraps.
        Some(if found.0 < ANY.0 || found.1 > ANY.1 { ANY } else { found })
    }
}

fn is_number((low, high): (i128, i128)) -> bool {
    low >= (-NUMBERS).into() && high <= NUMBERS.into()
}

/// The range of an operation's Int whatever its operands are.
pub(crate) fn intrinsic_range(op: Intrinsic, args: &[Expr]) -> (i128, i128) {
    match (op, args) {
        (Intrinsic::Len, _) => (0, 1 << 40),
        (Intrinsic::Read(read), _) if read.bytes < 8 => {
            let bits = 8 * u32::from(read.bytes);
            if read.signed { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) } else { (0, (1 << bits) - 1) }
        }
        (Intrinsic::ToInt, [arg]) if arg.ty == Type::U32 => (0, u32::MAX.into()),
        (Intrinsic::ToInt, [arg]) if arg.ty == Type::Bool => (0, 1),
        _ => ANY,
    }
}
