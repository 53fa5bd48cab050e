//! Between which numbers the Int locals of scripts stay, so that most need no look at whether they are numbers still.

use quintet_lang::Type;
use quintet_lang::ast::{Expr, ExprKind, Filling, FnId, Frame, Over, Place, Program, Stmt, StmtKind};
use quintet_lang::intrinsic::Intrinsic;
use quintet_runtime::LIST_MOST;

use crate::ints::arith_range;
use crate::operand::NUMBERS;

/// A range; `None` where no value is known to come.
type Range = Option<(i128, i128)>;

const ANY: (i128, i128) = (i64::MIN as i128, i64::MAX as i128);

/// Rounds in which ranges grow by what is assigned, before what still grows may be anything.
const ROUNDS: usize = 4;

/// The ranges of all locals and results.
pub(crate) struct Ranges {
    /// Of each rule, then of each function.
    locals: Vec<Vec<Range>>,
    results: Vec<Vec<Range>>,
    rules: usize,
    changed: bool,
    round: usize,
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
        let frames = program.rules.iter().map(|rule| &rule.frame).chain(program.functions.iter().map(|function| &function.frame));
        let mut ranges = Ranges {
            locals: frames.map(|frame| vec![None; frame.locals.len()]).collect(),
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
        self.locals.get(rule).and_then(|locals| *locals.get(local)?).unwrap_or(ANY)
    }

    /// Of a local of a function.
    pub(crate) fn of_function(&self, function: FnId, local: usize) -> (i128, i128) {
        self.of_rule(self.rules + function.index(), local)
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
                if value.ty == Type::Int {
                    let found = self.expr(unit, value);
                    self.set(unit.index, local.index(), found);
                }
            }
            StmtKind::Pop { local, .. } => {
                if let Some(local) = local {
                    self.set(unit.index, local.index(), Some(ANY));
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
                    Over::Value(_) | Over::Array(_) => Some(ANY),
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
            StmtKind::Fill { with: Filling::Items(_) | Filling::Repeat(..) | Filling::Each(_) | Filling::Copy(_), .. }
            | StmtKind::Store { .. }
            | StmtKind::Push { .. }
            | StmtKind::Break
            | StmtKind::Continue => {}
        }
    }

    fn expr(&self, unit: Unit<'_>, expr: &Expr) -> Range {
        use quintet_lang::ast::Const;
        let both = |a: &Expr, b: &Expr| Some((self.expr(unit, a)?, self.expr(unit, b)?));
        let found = match &expr.kind {
            ExprKind::Const(Const::Int(i)) => ((*i).into(), (*i).into()),
            ExprKind::Local(local) => self.locals.get(unit.index).and_then(|locals| *locals.get(local.index())?)?,
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
