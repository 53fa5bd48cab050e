//! Generating values.

use quintet_lang::LOOKED_AT;
use quintet_lang::ast::{ArithOp, Const, Expr, ExprKind};
use quintet_lang::{FieldId, Type};
use quintet_runtime::{Trap, looked_at};

use crate::code::Exit;
use crate::generator::Generator;
use crate::intrinsic::u32_constant;
use crate::operand::{Block, Bytes, Form, Int, Ip, Operand, Place, U32, float_literal, int_literal, stored};

impl Generator<'_> {
    /// Generates what an expression needs before its value can be named, leaving to `nil` where it is nil. The value may be used only in
    /// the block that this is called in.
    pub(crate) fn value(&mut self, expr: &Expr, nil: Exit) -> Operand {
        if self.cuts.holds(expr) {
            return self.value_of_part(expr, nil);
        }
        self.value_here(expr, nil)
    }

    /// [`Generator::value`] for what stands in this function.
    pub(crate) fn value_here(&mut self, expr: &Expr, nil: Exit) -> Operand {
        self.standing_at(expr.span, |e| e.value_of(expr, nil))
    }

    /// Each level of an expression takes its frame, so that what it calls stays out of line.
    fn value_of(&mut self, expr: &Expr, nil: Exit) -> Operand {
        match &expr.kind {
            ExprKind::Element { array, index } => {
                let Operand::Int(index) = self.value(index, nil) else { return self.constant(&Const::Bool(false)) };
                let array = self.array(*array);
                let index = self.within(&array, index);
                self.load(&array, &index)
            }
            ExprKind::Count(array) => Operand::Int(self.array(*array).count()),
            ExprKind::Packed(array) => self.packed(*array),
            ExprKind::Intrinsic { op, args } => self.intrinsic(*op, args, nil),
            ExprKind::Otherwise { value, default } => self.otherwise(&expr.ty, value, default, nil),
            ExprKind::Const(constant) => self.constant(constant),
            ExprKind::Field(field) => self.field(expr, *field, nil),
            ExprKind::Local(local) => match &self.locals[local.index()] {
                Some(value) => {
                    let value = value.clone();
                    if expr.nullable {
                        self.code.jump(&format!("{} == nil", value.first()), nil);
                    }
                    value
                }
                // Every local is bound by the clause that it stands in.
                None => self.constant(&Const::Bool(false)),
            },
            ExprKind::Index { base, index } => self.index(expr, base, index, nil),
            ExprKind::Key { base, key } => self.key(expr, base, key, nil),
            ExprKind::Slice { base, start, end } => self.slice(base, start.as_deref(), end.as_deref(), nil),
            ExprKind::Call { site, args } => self.call(expr, *site, args, nil),
            ExprKind::Neg(operand) => match self.value(operand, nil) {
                Operand::Int(int) if self.script.is_some() => self.negated(int),
                Operand::Int(int) => self.int(format!("(-{})", int.text)),
                Operand::U32(u) => U32::of(format!("tobit(-{})", u.text)),
                Operand::Float(text) => Operand::Float(format!("(-{text})")),
                other => other,
            },
            ExprKind::Arith { op, lhs, rhs } => {
                let a = self.value(lhs, nil);
                let b = self.value(rhs, nil);
                self.arith(*op, a, b)
            }
            ExprKind::Collect(each) => self.collect(each),
            ExprKind::Not(_)
            | ExprKind::Compare { .. }
            | ExprKind::In { .. }
            | ExprKind::InList { .. }
            | ExprKind::Contains { .. }
            | ExprKind::Matches { .. }
            | ExprKind::Wildcard { .. }
            | ExprKind::Logic { .. }
            | ExprKind::Present(_)
            | ExprKind::Quantifier { .. } => Operand::Bool(self.truth(expr)),
        }
    }

    #[inline(never)]
    fn field(&mut self, expr: &Expr, field: FieldId, nil: Exit) -> Operand {
        let slot = self.linked.layout().slot(field);
        if expr.nullable && !self.known.contains(&field) {
            self.require(slot.presence_offset / 8, 1 << slot.presence_bit, nil);
        }
        let value = stored(&expr.ty, Place::record(slot.offset / 8), "b");
        self.settle(value)
    }

    #[inline(never)]
    fn arith(&mut self, op: ArithOp, a: Operand, b: Operand) -> Operand {
        match (a, b) {
            (Operand::Int(a), Operand::Int(b)) if self.script.is_some() => self.script_arith(op, a, b),
            (Operand::Int(a), Operand::Int(b)) => self.int_arith(op, &a, &b),
            (Operand::U32(a), Operand::U32(b)) => self.u32_arith(op, &a, &b),
            (Operand::Float(a), Operand::Float(b)) => self.float_arith(op, &a, &b),
            (a, _) => a,
        }
    }

    #[inline(never)]
    fn constant(&mut self, constant: &Const) -> Operand {
        match constant {
            Const::Bool(b) => Operand::Bool(b.to_string()),
            Const::Int(i) => {
                let int = Int { text: int_literal(*i), place: None, constant: Some(*i), form: Form::Wide };
                Operand::Int(if self.script.is_some() { self.number(int) } else { int })
            }
            Const::U32(u) => u32_constant(*u),
            Const::Float(f) => Operand::Float(float_literal(*f)),
            Const::Bytes(b) => Operand::Bytes(self.constant_bytes(b)),
            Const::Ip(ip) => Operand::Ip(Ip { place: Place::constant(self.data.ip(*ip)), constant: Some(*ip) }),
        }
    }

    /// Binds what costs more than a load.
    #[inline(never)]
    pub(crate) fn settle(&mut self, value: Operand) -> Operand {
        match value {
            Operand::Float(text) => Operand::Float(self.bind(&text)),
            other => other,
        }
    }

    fn int(&mut self, text: String) -> Operand {
        let text = self.short(text);
        Operand::Int(Int::of(text, Form::Wide))
    }

    #[inline(never)]
    fn int_arith(&mut self, op: ArithOp, a: &Int, b: &Int) -> Operand {
        let (x, y) = (&a.text, &b.text);
        let text = match op {
            ArithOp::Add | ArithOp::Sub | ArithOp::Mul => format!("({x} {} {y})", op.symbol()),
            ArithOp::Div | ArithOp::Rem => {
                // LuaJIT's own `/` and `%` on int64_t truncate and answer MIN and 0 for MIN by -1.
                if b.constant.is_none_or(|i| i == 0) {
                    let y = self.bind(y);
                    self.code.line(format!("if {y} == 0LL then return {} end", Trap::DivisionByZero.at(self.place)));
                    return self.int(format!("({x} {} {y})", op.symbol()));
                }
                format!("({x} {} {y})", op.symbol())
            }
            ArithOp::And => format!("band({x}, {y})"),
            ArithOp::Or => format!("bor({x}, {y})"),
            ArithOp::Xor => format!("bxor({x}, {y})"),
            ArithOp::Shl | ArithOp::Shr => {
                let function = if op == ArithOp::Shl { "lshift" } else { "arshift" };
                match b.constant {
                    Some(count) => format!("{function}({x}, {})", count & 63),
                    None => format!("{function}({x}, {y})"),
                }
            }
        };
        self.int(text)
    }

    #[inline(never)]
    fn float_arith(&mut self, op: ArithOp, a: &str, b: &str) -> Operand {
        let text = match op {
            ArithOp::Rem => format!("fmod({a}, {b})"),
            ArithOp::Add | ArithOp::Sub | ArithOp::Mul | ArithOp::Div => format!("({a} {} {b})", op.symbol()),
            // The checker allows operators on bits for Ints alone.
            ArithOp::And | ArithOp::Or | ArithOp::Xor | ArithOp::Shl | ArithOp::Shr => {
                self.code.line("error('an operator on bits for Floats')");
                "NAN".into()
            }
        };
        Operand::Float(self.short(text))
    }

    #[inline(never)]
    fn index(&mut self, expr: &Expr, base: &Expr, index: &Expr, nil: Exit) -> Operand {
        let base = self.value(base, nil);
        let index = self.value(index, nil);
        let (Operand::Block(array), Operand::Int(index)) = (base, index) else { return Operand::Bool("false".into()) };
        let number = match index.constant {
            Some(i) if (0..1 << 32).contains(&i) => {
                self.code.jump(&format!("{} <= {i}", array.len), nil);
                i.to_string()
            }
            Some(_) => {
                self.code.go(nil);
                "0".into()
            }
            None => {
                let i = self.bind(&index.text);
                let zero = if index.form == Form::Wide { "0LL" } else { "0" };
                self.code.jump(&format!("{i} < {zero} or {i} >= {}", array.len), nil);
                format!("tonumber({i})")
            }
        };
        let words = expr.ty.words();
        let at = match (number.as_str(), words) {
            ("0", _) => first_word(&array),
            (i, 1) => format!("{} + {i}", first_word(&array)),
            (i, n) => format!("{} + {i} * {n}", first_word(&array)),
        };
        let at = self.bind(&at);
        let value = stored(&expr.ty, Place::at(&at), &array.block);
        self.settle(value)
    }

    #[inline(never)]
    fn key(&mut self, expr: &Expr, base: &Expr, key: &Expr, nil: Exit) -> Operand {
        let base = self.value(base, nil);
        let key = self.value(key, nil);
        let (Operand::Block(map), Operand::Bytes(key)) = (base, key) else { return Operand::Bool("false".into()) };
        let stride = 8 + expr.ty.words() * 8;
        if key.constant.as_ref().is_none_or(|key| looked_at(key.len()) > 0) {
            self.code.line(format!("if {0} >= {LOOKED_AT} then look(E, {0}) end", key.len));
        }
        let call = format!("key({}, {}, {}, {stride}, {}, {})", map.block, map.offset, map.len, key.address, key.len);
        let at = self.bind(&call);
        self.code.jump(&format!("{at} == 0"), nil);
        let value = stored(&expr.ty, Place::at(&at), &map.block);
        self.settle(value)
    }

    #[inline(never)]
    fn slice(&mut self, base: &Expr, start: Option<&Expr>, end: Option<&Expr>, nil: Exit) -> Operand {
        let Operand::Bytes(bytes) = self.value(base, nil) else { return Operand::Bool("false".into()) };
        let len = self.bind(&bytes.len);
        let mut bounds = [None, None];
        for (bound, expr) in bounds.iter_mut().zip([start, end]) {
            let Some(expr) = expr else { continue };
            if let Operand::Int(int) = self.value(expr, nil) {
                *bound = Some(match int.constant {
                    // Lengths are far below 2^40, so a bound beyond it means the same as 2^40.
                    Some(i) => format!("place({}, {len})", i.clamp(-(1 << 40), 1 << 40)),
                    None => match int.form {
                        Form::Wide => format!("intplace({}, {len})", int.text),
                        Form::Mixed => format!("place(tonumber({}), {len})", int.text),
                        Form::Number(..) => format!("place({}, {len})", int.text),
                    },
                });
            }
        }
        let [start, end] = bounds.map(|bound| bound.map(|text| self.bind(&text)));
        let end = end.unwrap_or(len);
        match start {
            None => Operand::Bytes(Bytes { address: bytes.address, len: end, constant: None }),
            Some(start) => {
                let address = self.bind(&format!("{} + {start}", bytes.address));
                let len = self.bind(&format!("{start} < {end} and {end} - {start} or 0"));
                Operand::Bytes(Bytes { address, len, constant: None })
            }
        }
    }

    /// Makes a value in a function of its own.
    #[inline(never)]
    fn value_of_part(&mut self, expr: &Expr, nil: Exit) -> Operand {
        let part = self.part(|e| {
            let value = e.value_here(expr, Exit::Nothing);
            let parts = match &value {
                Operand::Bool(text) | Operand::Float(text) => text.clone(),
                Operand::Int(int) => int.text.clone(),
                Operand::U32(u) => u.text.clone(),
                Operand::Bytes(bytes) => format!("{}, {}", bytes.address, bytes.len),
                Operand::Ip(ip) => ip.place.word(0),
                Operand::Block(block) => format!("{}, {}, {}", block.block, block.offset, block.len),
            };
            e.code.line(format!("do return false, {parts} end"));
        });
        let [trap, x, y, z] = std::array::from_fn(|_| self.code.local());
        let names = match &expr.ty {
            Type::Bool | Type::Int | Type::U32 | Type::Float | Type::Ip | Type::List(..) => format!("{trap}, {x}"),
            Type::Bytes => format!("{trap}, {x}, {y}"),
            Type::Array(_) | Type::Map(_) => format!("{trap}, {x}, {y}, {z}"),
        };
        self.code.line(format!("local {names} = P[{part}]({})", self.args));
        self.code.line(format!("if {trap} then return {trap} end"));
        if expr.nullable {
            self.code.jump(&format!("{x} == nil"), nil);
        }
        match &expr.ty {
            Type::Bool => Operand::Bool(x),
            Type::Int | Type::List(..) => {
                let form = if self.script.is_some() { Form::Mixed } else { Form::Wide };
                Operand::Int(Int::of(x, form))
            }
            Type::U32 => U32::of(x),
            Type::Float => Operand::Float(x),
            Type::Bytes => Operand::Bytes(Bytes { address: x, len: y, constant: None }),
            Type::Ip => Operand::Ip(Ip { place: Place::at(&x), constant: None }),
            Type::Array(_) | Type::Map(_) => Operand::Block(Block { block: x, offset: y, len: z }),
        }
    }
}

/// The word of the first slot of an array.
pub(crate) fn first_word(array: &Block) -> String {
    format!("({} + {}) * 0.125", array.block, array.offset)
}
