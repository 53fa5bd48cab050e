//! Generating the operations of [`Intrinsic`].

use quintet_lang::Type;
use quintet_lang::ast::{Expr, ExprKind};
use quintet_lang::intrinsic::{Intrinsic, Read};

use crate::code::Exit;
use crate::generator::Generator;
use crate::ints::{form, range};
use crate::natives::UNARY;
use crate::operand::{Bytes, Form, Int, Operand, U32};
use crate::ranges::intrinsic_range;

impl Generator<'_> {
    /// An operation on operands, leaving to `nil` at the first that is nil.
    #[inline(never)]
    pub(crate) fn intrinsic(&mut self, op: Intrinsic, args: &[Expr], nil: Exit) -> Operand {
        if let (Intrinsic::ToU32, [arg]) = (op, args)
            && let Some(word) = self.word(arg, nil)
        {
            return word;
        }
        let mut operands = args.iter().map(|arg| self.value(arg, nil)).collect::<Vec<_>>().into_iter();
        let known = intrinsic_range(op, args);
        match (op, operands.next(), operands.next()) {
            (Intrinsic::Len, Some(Operand::Block(items)), None) => Operand::Int(Int::of(items.len, form(known.0, known.1))),
            (Intrinsic::Len, Some(Operand::Bytes(bytes)), None) => Operand::Int(Int::of(bytes.len, form(known.0, known.1))),
            (Intrinsic::Read(read), Some(Operand::Bytes(bytes)), Some(Operand::Int(at))) => {
                let at = self.place_of(read, bytes, at, nil);
                let text = self.read(read, &at);
                Operand::Int(Int::of(text, form(known.0, known.1)))
            }
            (Intrinsic::ToU32, Some(Operand::Int(int)), None) => match int.constant {
                Some(i) => u32_constant(i as u32),
                None => {
                    let int = self.number(int);
                    U32::of(self.bind(&format!("tobit({})", int.text)))
                }
            },
            (Intrinsic::ToInt, Some(Operand::U32(u)), None) => Operand::Int(self.number_of_u32(&u)),
            (Intrinsic::ToInt, Some(Operand::Bool(text)), None) => {
                Operand::Int(Int::of(format!("({text} and 1 or 0)"), Form::Number(0, 1)))
            }
            (Intrinsic::ToInt, Some(Operand::Float(text)), None) => {
                Operand::Int(Int::of(self.bind(&format!("toint({text})")), Form::Mixed))
            }
            (Intrinsic::ToFloat, Some(Operand::Int(int)), None) => {
                let int = self.number(int);
                // A number that stands for an Int may be -0.
                Operand::Float(match int.form {
                    Form::Number(..) => format!("({} + 0)", int.text),
                    Form::Wide | Form::Mixed => self.bind(&format!("tonumber({}) + 0", int.text)),
                })
            }
            (Intrinsic::ToFloat, Some(Operand::U32(u)), None) => Operand::Float(self.number_of_u32(&u).text),
            (Intrinsic::Rotl | Intrinsic::Rotr, Some(Operand::U32(u)), Some(Operand::Int(by))) => {
                let by = self.number(by);
                let name = if op == Intrinsic::Rotl { "rol" } else { "ror" };
                let count = match (by.constant, by.form) {
                    (Some(i), _) => (i & 31).to_string(),
                    (None, Form::Number(..)) => by.text,
                    (None, _) => format!("tobit({})", by.text),
                };
                let text = self.short(format!("{name}({}, {count})", u.text));
                U32::of(text)
            }
            (Intrinsic::Min | Intrinsic::Max, Some(Operand::Int(a)), Some(Operand::Int(b))) => {
                let (a, b) = (self.number(a), self.number(b));
                let (p, q) = (range(a.form), range(b.form));
                let (x, y) = (self.bind(&a.text), self.bind(&b.text));
                let (sign, found) = match op {
                    Intrinsic::Min => ('<', (p.0.min(q.0), p.1.min(q.1))),
                    _ => ('>', (p.0.max(q.0), p.1.max(q.1))),
                };
                let numbers = a.form != Form::Mixed && b.form != Form::Mixed;
                let form = if numbers { form(found.0, found.1) } else { Form::Mixed };
                Operand::Int(Int::of(self.bind(&format!("{x} {sign} {y} and {x} or {y}")), form))
            }
            (Intrinsic::Min | Intrinsic::Max, Some(Operand::U32(a)), Some(Operand::U32(b))) => {
                let (x, y) = (self.bind(&a.text), self.bind(&b.text));
                let sign = if op == Intrinsic::Min { '<' } else { '>' };
                let text = format!("bxor({x}, -2147483648) {sign} bxor({y}, -2147483648) and {x} or {y}");
                U32::of(self.bind(&text))
            }
            (Intrinsic::Min | Intrinsic::Max, Some(Operand::Float(a)), Some(Operand::Float(b))) => {
                let name = if op == Intrinsic::Min { "fmin" } else { "fmax" };
                Operand::Float(self.bind(&format!("{name}({a}, {b})")))
            }
            (Intrinsic::Abs, Some(Operand::Int(int)), None) => {
                let int = self.number(int);
                let (low, high) = range(int.form);
                let x = self.bind(&int.text);
                let form = if int.form == Form::Mixed { Form::Mixed } else { form(0, low.abs().max(high.abs())) };
                Operand::Int(Int::of(self.bind(&format!("{x} < 0 and -{x} or {x}")), form))
            }
            (Intrinsic::Abs, Some(Operand::Float(text)), None) => Operand::Float(self.bind(&format!("fabs({text})"))),
            (Intrinsic::Floor, Some(Operand::Float(text)), None) => Operand::Float(self.bind(&format!("floor({text})"))),
            (Intrinsic::Ceil, Some(Operand::Float(text)), None) => Operand::Float(self.bind(&format!("ceil({text})"))),
            (Intrinsic::Sqrt, Some(Operand::Float(text)), None) => Operand::Float(self.bind(&format!("sqrt({text})"))),
            (Intrinsic::Pow, Some(Operand::Float(a)), Some(Operand::Float(b))) => Operand::Float(self.bind(&format!("pow({a}, {b})"))),
            (op, Some(Operand::Float(text)), None) if UNARY.contains(&op) => {
                let number = UNARY.iter().position(|unary| *unary == op).unwrap_or(0);
                Operand::Float(self.bind(&format!("unary({number}, {text})")))
            }
            // The checker knows no other rows.
            _ => {
                self.code.line(format!("error('`{}` of these operands')", op.name()));
                Operand::Bool("false".into())
            }
        }
    }

    /// The low 32 bits of what reads 4 bytes, or of that and a constant in place of nil, without a detour over an Int.
    fn word(&mut self, arg: &Expr, nil: Exit) -> Option<Operand> {
        match &arg.kind {
            ExprKind::Intrinsic { op: Intrinsic::Read(read), args } if read.bytes == 4 && !self.cuts.holds(arg) => {
                let [text, at] = args.as_slice() else { return None };
                let Operand::Bytes(text) = self.value(text, nil) else { return None };
                let Operand::Int(at) = self.value(at, nil) else { return None };
                let at = self.place_of(*read, text, at, nil);
                Some(U32::of(self.fresh(&format!("{}({at})", if read.big { "get4b" } else { "get4" }))))
            }
            ExprKind::Otherwise { value, default } if !self.cuts.holds(arg) => {
                let ExprKind::Const(quintet_lang::ast::Const::Int(default)) = default.kind else { return None };
                let ExprKind::Intrinsic { op: Intrinsic::Read(Read { bytes: 4, .. }), .. } = value.kind else { return None };
                let word = self.fresh(&(default as i32).to_string());
                self.scoped(|e, nil| {
                    if let Some(Operand::U32(found)) = e.word(value, nil) {
                        e.code.line(format!("{word} = {}", found.text));
                    }
                });
                Some(U32::of(word))
            }
            _ => None,
        }
    }

    /// The address of an integer in bytes, leaving to `nil` where it does not lie within them.
    fn place_of(&mut self, read: Read, bytes: Bytes, at: Int, nil: Exit) -> String {
        let at = self.number(at);
        let i = if at.constant.is_some() { at.text } else { self.bind(&at.text) };
        let below = if range(at.form).0 < 0 { format!("{i} < 0 or ") } else { String::new() };
        let last = match read.bytes {
            1 => format!("{i} >= {}", bytes.len),
            n => format!("{i} > {} - {n}", bytes.len),
        };
        self.code.jump(&format!("{below}{last}"), nil);
        let address = self.bind(&bytes.address);
        let i = if at.form == Form::Mixed { format!("tonumber({i})") } else { i };
        if read.bytes == 1 { format!("{address} + {i}") } else { self.fresh(&format!("{address} + {i}")) }
    }

    /// The integer at an address.
    fn read(&mut self, read: Read, at: &str) -> String {
        let text = match (read.bytes, read.big) {
            (1, _) => format!("U8[{at}]"),
            (2, false) => format!("get2({at})"),
            (2, true) => format!("rshift(bswap(get2({at})), 16)"),
            (4, false) => format!("get4({at})"),
            (4, true) => format!("get4b({at})"),
            (_, false) => format!("get8({at})"),
            (_, true) => format!("get8b({at})"),
        };
        let value = self.fresh(&text);
        match (read.bytes, read.signed) {
            (1, true) => self.fresh(&format!("arshift(lshift({value}, 24), 24)")),
            (2, true) => self.fresh(&format!("arshift(lshift({value}, 16), 16)")),
            (4, false) => self.fresh(&format!("rshift({value}, 16) * 65536 + band({value}, 65535)")),
            _ => value,
        }
    }

    /// A value, or another where that is nil.
    #[inline(never)]
    pub(crate) fn otherwise(&mut self, ty: &Type, value: &Expr, default: &Expr, nil: Exit) -> Operand {
        let slots = self.empty(ty);
        let mut forms = [Form::Number(0, 0); 2];
        self.scoped(|e, done| {
            e.scoped(|e, other| {
                let value = e.value(value, other);
                forms[0] = e.set_slots(&slots, value);
                e.code.go(done);
            });
            e.block(|e| {
                let default = e.value(default, nil);
                forms[1] = e.set_slots(&slots, default);
            });
        });
        let form = match forms {
            [Form::Number(a, b), Form::Number(c, d)] => Form::Number(a.min(c), b.max(d)),
            _ => Form::Mixed,
        };
        crate::slots::Slots { form, ..slots }.operand()
    }
}

/// A U32 constant.
pub(crate) fn u32_constant(u: u32) -> Operand {
    Operand::U32(U32 { text: if (u as i32) < 0 { format!("({})", u as i32) } else { u.to_string() }, constant: Some(u) })
}
