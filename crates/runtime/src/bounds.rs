//! What is known of the Ints of a script before there are records: an index that cannot be outside of its array needs no look.
//!
//! All that is known of a local holds wherever it is read: one statement alone sets it, a loop over what has bounds or an assignment of what
//! has.

use quintet_lang::Type;
use quintet_lang::ast::{ArithOp, Const, Expr, ExprKind, Frame, LocalId, Over, Place, Stmt};
use quintet_lang::intrinsic::Intrinsic;

/// What is known of the Ints among a frame's locals, as far as its statements were looked at.
#[derive(Default)]
pub struct Bounds {
    /// How many statements set each local.
    assignments: Vec<u32>,
    /// The least and the greatest that each can be.
    known: Vec<Option<(i64, i64)>>,
    /// How many elements each has, of fixed arrays.
    lens: Vec<Option<u32>>,
}

impl Bounds {
    /// For the statements of a frame, whose first locals are parameters.
    pub fn new(frame: &Frame, params: usize, block: &[Stmt]) -> Bounds {
        let mut assignments = assignments(block, frame.locals.len());
        // Parameters are set by each call.
        assignments.iter_mut().take(params).for_each(|count| *count += 1);
        let len = |ty: &Type| if let Type::List(_, len) = ty { *len } else { None };
        let lens = frame.locals.iter().map(|local| len(&local.ty)).collect();
        Bounds { assignments, known: vec![None; frame.locals.len()], lens }
    }

    /// The bounds of an Int, where it is not nil.
    pub fn of(&self, expr: &Expr) -> Option<(i64, i64)> {
        match &expr.kind {
            ExprKind::Const(Const::Int(int)) => Some((*int, *int)),
            ExprKind::Local(local) => self.known.get(local.index()).copied().flatten(),
            ExprKind::Count(Place::Local(local)) => {
                let len = i64::from(self.lens.get(local.index()).copied().flatten()?);
                Some((len, len))
            }
            ExprKind::Otherwise { value, default } => {
                let ((a, b), (c, d)) = (self.of(value)?, self.of(default)?);
                Some((a.min(c), b.max(d)))
            }
            ExprKind::Intrinsic { op, args } => self.of_intrinsic(*op, args),
            ExprKind::Arith { op, lhs, rhs } if expr.ty == Type::Int => self.of_arith(*op, lhs, rhs),
            _ => None,
        }
    }

    fn of_intrinsic(&self, op: Intrinsic, args: &[Expr]) -> Option<(i64, i64)> {
        match (op, args) {
            (Intrinsic::Read(read), _) if !read.signed && read.bytes < 8 => Some((0, (1 << (8 * read.bytes)) - 1)),
            (Intrinsic::ToInt, [arg]) if arg.ty == Type::U32 => Some((0, u32::MAX.into())),
            (Intrinsic::ToInt, [arg]) if arg.ty == Type::Bool => Some((0, 1)),
            (Intrinsic::Len, _) => Some((0, u32::MAX.into())),
            (Intrinsic::Min, [a, b]) => {
                let ((a, b), (c, d)) = (self.of(a)?, self.of(b)?);
                Some((a.min(c), b.min(d)))
            }
            (Intrinsic::Max, [a, b]) => {
                let ((a, b), (c, d)) = (self.of(a)?, self.of(b)?);
                Some((a.max(c), b.max(d)))
            }
            _ => None,
        }
    }

    fn of_arith(&self, op: ArithOp, lhs: &Expr, rhs: &Expr) -> Option<(i64, i64)> {
        let (left, right) = (self.of(lhs), self.of(rhs));
        match op {
            // What wraps has no bounds.
            ArithOp::Add => Some((left?.0.checked_add(right?.0)?, left?.1.checked_add(right?.1)?)),
            ArithOp::Sub => Some((left?.0.checked_sub(right?.1)?, left?.1.checked_sub(right?.0)?)),
            ArithOp::Mul => {
                let ((a, b), (c, d)) = (left?, right?);
                let corners = [a.checked_mul(c)?, a.checked_mul(d)?, b.checked_mul(c)?, b.checked_mul(d)?];
                Some((*corners.iter().min()?, *corners.iter().max()?))
            }
            // Neither has bits that the other has not.
            ArithOp::And => {
                let most = [left, right].into_iter().flatten().filter(|known| known.0 >= 0).map(|known| known.1).min()?;
                Some((0, most))
            }
            ArithOp::Rem => {
                let (least, most) = right.filter(|bounds| bounds.0 > 0).map(|bounds| (1 - bounds.1, bounds.1 - 1))?;
                match left {
                    Some((0.., greatest)) => Some((0, most.min(greatest))),
                    _ => Some((least, most)),
                }
            }
            ArithOp::Div => match (left?, right?) {
                ((least @ 0.., most), (1.., divisor)) => Some((least / divisor, most)),
                _ => None,
            },
            ArithOp::Shr => match (left?, right?) {
                ((least, most), (by @ 0..64, to)) if by == to => Some((least >> by, most >> by)),
                _ => None,
            },
            ArithOp::Or | ArithOp::Xor | ArithOp::Shl => None,
        }
    }

    /// Whether an index is that of an element in any case, of an array of so many, where it is not nil.
    pub fn is_inside(&self, len: u32, index: &Expr) -> bool {
        self.of(index).is_some_and(|(least, most)| least >= 0 && most < i64::from(len))
    }

    /// Remembers the bounds of what a local is set to, where nothing else sets it.
    pub fn learn(&mut self, local: LocalId, bounds: Option<(i64, i64)>) {
        if let (Some(1), Some(known)) = (self.assignments.get(local.index()), self.known.get_mut(local.index())) {
            *known = bounds;
        }
    }

    /// The bounds of what a loop goes over.
    pub fn over(&self, over: &Over) -> Option<(i64, i64)> {
        match over {
            Over::Range { start, end, inclusive } => {
                let ((least, _), (_, end)) = (self.of(start)?, self.of(end)?);
                let most = if *inclusive { end } else { end.checked_sub(1)? };
                // Where there is no turn, nothing is read.
                Some((least, most.max(least)))
            }
            Over::Value(value) if value.ty == Type::Bytes => Some((0, 255)),
            Over::Value(_) | Over::Array(_) => None,
        }
    }
}

/// How many statements set each of so many locals.
fn assignments(block: &[Stmt], locals: usize) -> Vec<u32> {
    let mut counts = vec![0; locals];
    block.iter().for_each(|stmt| stmt.walk(&mut |stmt| stmt.sets(&mut |local| counts[local.index()] += 1)));
    counts
}
