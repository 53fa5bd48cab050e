//! Ints of scripts: Lua numbers as long as those are exact, `int64_t` beyond.

use quintet_lang::ast::ArithOp;
use quintet_runtime::Trap;

use crate::generator::Generator;
use crate::operand::{Form, Int, NUMBERS, Operand, U32, int_literal};

/// An Int constant of a script.
pub(crate) fn number_literal(value: i64) -> String {
    match value {
        0..=NUMBERS => value.to_string(),
        _ if (-NUMBERS..0).contains(&value) => format!("({value})"),
        _ => int_literal(value),
    }
}

/// The form of what lies in a range.
pub(crate) fn form(low: i128, high: i128) -> Form {
    let most = i128::from(NUMBERS);
    if low >= -most && high <= most { Form::Number(low as i64, high as i64) } else { Form::Mixed }
}

/// The range of a value as far as it is known.
pub(crate) fn range(form: Form) -> (i128, i128) {
    match form {
        Form::Number(low, high) => (low.into(), high.into()),
        Form::Wide | Form::Mixed => (i64::MIN.into(), i64::MAX.into()),
    }
}

/// The range of a result that wraps, before it does; `None` for what is not worked out here.
pub(crate) fn arith_range(op: ArithOp, a: (i128, i128), b: (i128, i128)) -> (i128, i128) {
    let any = range(Form::Mixed);
    let corners = |f: &dyn Fn(i128, i128) -> i128| {
        let all = [f(a.0, b.0), f(a.0, b.1), f(a.1, b.0), f(a.1, b.1)];
        (all.iter().copied().min().unwrap_or(any.0), all.iter().copied().max().unwrap_or(any.1))
    };
    /// The largest number with as many bits.
    fn filled(value: i128) -> i128 {
        (1i128 << (128 - value.max(0).leading_zeros())) - 1
    }
    match op {
        ArithOp::Add => (a.0 + b.0, a.1 + b.1),
        ArithOp::Sub => (a.0 - b.1, a.1 - b.0),
        ArithOp::Mul => corners(&|a, b| a * b),
        ArithOp::Div if b.0 > 0 => corners(&|a, b| a / b),
        ArithOp::Rem if b.0 > 0 || b.1 < 0 => {
            let most = b.0.abs().max(b.1.abs()) - 1;
            (if a.0 < 0 { a.0.max(-most) } else { 0 }, if a.1 > 0 { a.1.min(most) } else { 0 })
        }
        ArithOp::And if b.0 >= 0 => (0, if a.0 >= 0 { a.1.min(b.1) } else { b.1 }),
        ArithOp::And if a.0 >= 0 => (0, a.1),
        ArithOp::Or | ArithOp::Xor if a.0 >= 0 && b.0 >= 0 => (0, filled(a.1.max(b.1))),
        ArithOp::And | ArithOp::Or | ArithOp::Xor if is_narrow(a) && is_narrow(b) => (i32::MIN.into(), i32::MAX.into()),
        ArithOp::Shl if b.0 == b.1 && (0..64).contains(&b.0) => (a.0 << b.0, a.1 << b.0),
        ArithOp::Shr if b.0 == b.1 && (0..64).contains(&b.0) => (a.0 >> b.0, a.1 >> b.0),
        _ => any,
    }
}

/// Whether all of a range has 32 bits.
fn is_narrow((low, high): (i128, i128)) -> bool {
    low >= i32::MIN.into() && high <= i32::MAX.into()
}

impl Generator<'_> {
    /// An Int as scripts have it.
    pub(crate) fn number(&mut self, int: Int) -> Int {
        match (int.constant, int.form) {
            (Some(i), _) => {
                let form = form(i.into(), i.into());
                Int { text: number_literal(i), place: None, constant: Some(i), form }
            }
            (None, Form::Wide) => {
                let text = match &int.place {
                    Some(place) => format!("int({})", place.word(0)),
                    None => format!("norm({})", int.text),
                };
                Int::of(self.bind(&text), Form::Mixed)
            }
            (None, Form::Mixed | Form::Number(..)) => int,
        }
    }

    /// A U32 as an Int.
    pub(crate) fn number_of_u32(&mut self, value: &U32) -> Int {
        match value.constant {
            Some(u) => Int { text: u.to_string(), place: None, constant: Some(u.into()), form: Form::Number(u.into(), u.into()) },
            None => {
                let x = self.bind(&value.text);
                let text = self.bind(&format!("rshift({x}, 16) * 65536 + band({x}, 65535)"));
                Int::of(text, Form::Number(0, u32::MAX.into()))
            }
        }
    }

    fn made(&mut self, text: String, form: Form) -> Operand {
        let text = self.short(text);
        Operand::Int(Int::of(text, form))
    }

    /// Binds a result that a number may not hold exactly; `again` works it out as an `int64_t`.
    fn checked(&mut self, text: &str, (low, high): (i128, i128), again: &dyn Fn(&str) -> String) -> Operand {
        let form = form(low, high);
        if form != Form::Mixed {
            return self.made(text.into(), form);
        }
        let value = self.fresh(text);
        let above = (high > NUMBERS.into()).then(|| format!("{value} > {NUMBERS}"));
        let below = (low < (-NUMBERS).into()).then(|| format!("{value} < -{NUMBERS}"));
        let outside = [above, below].into_iter().flatten().collect::<Vec<_>>().join(" or ");
        self.code.line(format!("if {outside} then {value} = {} end", again(&value)));
        Operand::Int(Int::of(value, Form::Mixed))
    }

    /// Minus an Int.
    #[inline(never)]
    pub(crate) fn negated(&mut self, int: Int) -> Operand {
        let int = self.number(int);
        match (int.constant, int.form) {
            (Some(i), _) => {
                let i = i.wrapping_neg();
                Operand::Int(Int { text: number_literal(i), place: None, constant: Some(i), form: form(i.into(), i.into()) })
            }
            (None, Form::Number(low, high)) => self.made(format!("(-{})", int.text), Form::Number(-high, -low)),
            (None, _) => self.made(format!("(-{})", int.text), Form::Mixed),
        }
    }

    /// Arithmetic on two Ints of a script.
    #[inline(never)]
    pub(crate) fn script_arith(&mut self, op: ArithOp, a: Int, b: Int) -> Operand {
        let (a, b) = (self.number(a), self.number(b));
        let (x, y) = (a.text.clone(), b.text.clone());
        let (p, q) = (range(a.form), range(b.form));
        let numbers = a.form != Form::Mixed && b.form != Form::Mixed;
        let found = arith_range(op, p, q);
        let helper = |e: &mut Self, name: &str| {
            let text = e.bind(&format!("{name}({x}, {y})"));
            Operand::Int(Int::of(text, form(found.0, found.1)))
        };
        match op {
            // The sum of two numbers is exact: each is at most half of what a number holds.
            ArithOp::Add | ArithOp::Sub => self.checked(&format!("({x} {} {y})", op.symbol()), found, &|value| format!("{value} + 0LL")),
            // Of an `int64_t`, Lua's zero is one as well, and of a negative number it has a sign.
            ArithOp::Mul if found == (0, 0) => {
                Operand::Int(self.number(Int { text: "0".into(), place: None, constant: Some(0), form: Form::Number(0, 0) }))
            }
            ArithOp::Mul => {
                let (x, y) = (self.bind(&x), self.bind(&y));
                self.checked(&format!("({x} * {y})"), found, &|_| format!("(0LL + {x}) * {y}"))
            }
            ArithOp::Div | ArithOp::Rem => {
                let y = self.bind(&y);
                if q.0 <= 0 && q.1 >= 0 {
                    self.code.line(format!("if {y} == 0 then return {} end", Trap::DivisionByZero.at(self.place)));
                }
                let positive = numbers && p.0 >= 0 && q.0 > 0;
                let power = b.constant.filter(|i| numbers && *i > 0 && i & (i - 1) == 0 && *i < 1 << 31);
                match (op, power) {
                    (ArithOp::Div, _) if positive => {
                        let text = self.bind(&format!("floor({x} / {y})"));
                        Operand::Int(Int::of(text, form(found.0, found.1)))
                    }
                    (ArithOp::Div, _) => helper(self, "idiv"),
                    (_, Some(power)) if positive => self.made(format!("band({x}, {})", power - 1), form(found.0, found.1)),
                    _ if positive => self.made(format!("({x} % {y})"), form(found.0, found.1)),
                    _ => helper(self, "irem"),
                }
            }
            ArithOp::And | ArithOp::Or | ArithOp::Xor => {
                let name = match op {
                    ArithOp::And => "band",
                    ArithOp::Or => "bor",
                    _ => "bxor",
                };
                let low = |form: Form, range: (i128, i128)| form != Form::Mixed && range.0 >= 0 && range.1 <= i32::MAX.into();
                if op == ArithOp::And && (low(a.form, p) || low(b.form, q)) {
                    // The bit library takes the low bits of a number, and the other operand has no others.
                    let narrow = |text: &str, form: Form| if form == Form::Mixed { format!("tobit({text})") } else { text.to_owned() };
                    let text = format!("band({}, {})", narrow(&x, a.form), narrow(&y, b.form));
                    return self.made(text, form(found.0, found.1));
                }
                if numbers && is_narrow(p) && is_narrow(q) {
                    return self.made(format!("{name}({x}, {y})"), form(found.0, found.1));
                }
                helper(self, &format!("i{name}"))
            }
            ArithOp::Shl => match b.constant.map(|count| count & 63) {
                Some(count) if count < 51 => {
                    let found = arith_range(ArithOp::Shl, p, (count.into(), count.into()));
                    let x = self.bind(&x);
                    self.checked(&format!("({x} * {})", 1u64 << count), found, &|_| format!("lshift(0LL + {x}, {count})"))
                }
                _ => helper(self, "ishl"),
            },
            ArithOp::Shr => match b.constant.map(|count| count & 63) {
                Some(count) if numbers => {
                    let found = arith_range(ArithOp::Shr, p, (count.into(), count.into()));
                    let text = match is_narrow(p) {
                        true => format!("arshift({x}, {})", count.min(31)),
                        false => format!("floor({x} / {})", 1u64 << count.min(52)),
                    };
                    let text = self.bind(&text);
                    Operand::Int(Int::of(text, form(found.0, found.1)))
                }
                _ => helper(self, "ishr"),
            },
        }
    }

    /// Arithmetic on two U32s.
    #[inline(never)]
    pub(crate) fn u32_arith(&mut self, op: ArithOp, a: &U32, b: &U32) -> Operand {
        let (x, y) = (&a.text, &b.text);
        let text = match op {
            ArithOp::Add | ArithOp::Sub => format!("tobit({x} {} {y})", op.symbol()),
            ArithOp::Mul => match (a.constant, b.constant) {
                (Some(c), _) => self.times(y, c),
                (_, Some(c)) => self.times(x, c),
                (None, None) => format!("umul({x}, {y})"),
            },
            ArithOp::Div | ArithOp::Rem => {
                let y = self.bind(y);
                if b.constant.is_none_or(|c| c == 0) {
                    self.code.line(format!("if {y} == 0 then return {} end", Trap::DivisionByZero.at(self.place)));
                }
                format!("{}({x}, {y})", if op == ArithOp::Div { "udiv" } else { "urem" })
            }
            ArithOp::And => format!("band({x}, {y})"),
            ArithOp::Or => format!("bor({x}, {y})"),
            ArithOp::Xor => format!("bxor({x}, {y})"),
            // The bit library takes counts modulo 32.
            ArithOp::Shl => format!("lshift({x}, {y})"),
            ArithOp::Shr => format!("rshift({x}, {y})"),
        };
        // `rshift` by 0 of what is negative stays negative, as all its results do that have bit 31.
        let text = self.short(text);
        U32::of(text)
    }

    /// A U32 times a constant. A number takes the product where the constant has few bits.
    fn times(&mut self, x: &str, by: u32) -> String {
        if by < 1 << 20 { format!("tobit({x} * {by})") } else { format!("umul({x}, {})", by as i32) }
    }
}
