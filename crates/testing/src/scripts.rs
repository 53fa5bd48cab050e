//! Random scripts: constants, functions, statements, loops and arrays, as source text that is well typed; and comparing a backend with the
//! interpreter on them.

use std::fmt::Write;

use proptest::test_runner::{TestCaseError, TestError};
use quintet_interp::Interp;
use quintet_lang::{Limits, Passes, Type, compile, optimise};
use quintet_runtime::{Backend, Linked, Thresholds};

use crate::case::{Batches, Mode, answers, instance, limits};
use crate::dice::Dice;
use crate::differential::{caught, runner, setting};
use crate::strategy::{Random, random_record};
use crate::term::removals;
use crate::world::world;
use quintet_cases::Record;

/// A random script and records to run it on.
#[derive(Clone, Debug)]
pub struct Script {
    /// Its constants, functions and rules.
    pub items: Vec<Piece>,
    /// The records.
    pub records: Vec<Record>,
    /// The limit on memory.
    pub memory_bytes: usize,
    /// The limit on steps.
    pub steps: u64,
}

/// A statement or item: a line, or a head, what stands inside it, and an end.
#[derive(Clone, Debug)]
pub struct Piece {
    head: String,
    inner: Vec<Piece>,
    tail: &'static str,
}

impl Piece {
    fn line(head: String) -> Piece {
        Piece { head, inner: Vec::new(), tail: "" }
    }

    fn block(head: String, inner: Vec<Piece>) -> Piece {
        Piece { head: head + " {", inner, tail: "}" }
    }

    fn write(&self, indent: usize, out: &mut String) {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{:indent$}{}", "", self.head);
        self.inner.iter().for_each(|piece| piece.write(indent + 4, out));
        if !self.tail.is_empty() {
            let _ = writeln!(out, "{:indent$}{}", "", self.tail);
        }
    }

    /// The same with less inside.
    fn shrinks(&self) -> Vec<Piece> {
        shrunk(&self.inner).into_iter().map(|inner| Piece { inner, ..self.clone() }).collect()
    }
}

/// Pieces without some of them, with less inside of them, or with what is inside of one instead of it.
fn shrunk(pieces: &[Piece]) -> Vec<Vec<Piece>> {
    let mut all = removals(pieces);
    for (at, piece) in pieces.iter().enumerate() {
        let mut with = |new: Vec<Piece>| all.push([&pieces[..at], &new, &pieces[at + 1..]].concat());
        if !piece.inner.is_empty() {
            with(piece.inner.clone());
        }
        piece.shrinks().into_iter().for_each(|smaller| with(vec![smaller]));
    }
    all
}

impl Script {
    /// The source.
    pub fn source(&self) -> String {
        let mut out = String::new();
        self.items.iter().for_each(|item| item.write(0, &mut out));
        out
    }

    /// The limits that it runs with.
    pub fn limits(&self) -> Limits {
        // So few calls inside one another that no function's frame is too large for generated code.
        Limits { calls: 40, ..limits(Some(self.memory_bytes), Some(self.steps)) }
    }
}

/// Random scripts.
pub fn script() -> Random<Script> {
    Random {
        make: |dice| Script {
            items: Writer { dice, functions: Vec::new(), tables: Vec::new(), scope: Vec::new(), next: 0, loops: 0, results: Vec::new() }
                .items(),
            records: (0..4).map(|_| random_record(dice)).collect(),
            memory_bytes: *dice.pick(&[1 << 12, 1 << 14, 1 << 16]),
            steps: *dice.pick(&[50, 500, 5_000]),
        },
        shrinks: |script| {
            let mut all: Vec<Script> = shrunk(&script.items).into_iter().map(|items| Script { items, ..script.clone() }).collect();
            if script.records.len() > 1 {
                all.extend(script.records.iter().map(|r| Script { records: vec![r.clone()], ..script.clone() }));
            }
            all
        },
    }
}

struct Function {
    name: String,
    params: Vec<Type>,
    results: Vec<Type>,
}

struct Writer<'d, 'r> {
    dice: &'d mut Dice<'r>,
    functions: Vec<Function>,
    /// Constant arrays.
    tables: Vec<(String, Type)>,
    /// The locals that there are.
    scope: Vec<(String, Type)>,
    next: usize,
    loops: usize,
    results: Vec<Type>,
}

const SCALARS: [Type; 6] = [Type::Int, Type::Int, Type::U32, Type::Bool, Type::Bytes, Type::Float];
const NUMBERS: &[&str] = &["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"];

impl Writer<'_, '_> {
    fn name(&mut self, stem: &str) -> String {
        self.next += 1;
        format!("{stem}{}", self.next)
    }

    fn scalar(&mut self) -> Type {
        if self.dice.one_in(12) { Type::Ip } else { self.dice.pick(&SCALARS).clone() }
    }

    fn list(&mut self) -> Type {
        let element = self.scalar();
        let len = if self.dice.one_in(2) { Some(1 + self.dice.below(6) as u32) } else { None };
        Type::list(element, len)
    }

    fn any(&mut self) -> Type {
        if self.dice.one_in(4) { self.list() } else { self.scalar() }
    }

    fn items(mut self) -> Vec<Piece> {
        let mut items = Vec::new();
        for _ in 0..self.dice.below(3) {
            let element = self.scalar();
            let len = 1 + self.dice.below(5);
            let values: Vec<String> = (0..len).map(|_| self.literal(&element)).collect();
            let name = self.name("T");
            let ty = Type::list(element, Some(len as u32));
            items.push(Piece::line(format!("const {name}: {ty} = [{}]", values.join(", "))));
            self.tables.push((name, ty));
        }
        for _ in 0..self.dice.below(4) {
            let name = self.name("f");
            let params: Vec<Type> = (0..self.dice.below(4)).map(|_| self.any()).collect();
            let results: Vec<Type> = (0..*self.dice.pick(&[0, 1, 1, 1, 2])).map(|_| self.any()).collect();
            self.scope.clear();
            let mut heads = Vec::new();
            for ty in &params {
                let param = self.name("p");
                let optional = if matches!(ty, Type::List(..)) || !self.dice.one_in(4) { "" } else { "?" };
                heads.push(format!("{param}: {ty}{optional}"));
                self.scope.push((param, ty.clone()));
            }
            // It may call itself, and mostly does so only some times.
            self.functions.push(Function { name: name.clone(), params: params.clone(), results: results.clone() });
            if !self.dice.one_in(5) {
                let own = self.functions.pop();
                let (body, again) = (self.body(&results), own);
                self.functions.extend(again);
                items.push(self.function(&name, &heads, &results, body));
            } else {
                let body = self.body(&results);
                items.push(self.function(&name, &heads, &results, body));
            }
        }
        for _ in 0..1 + self.dice.below(2) {
            self.scope.clear();
            let name = self.name("r");
            if self.dice.one_in(4) {
                let test = self.expr(&Type::Bool, 3);
                items.push(Piece::line(format!("rule {name} = {test}")));
            } else {
                let body = self.body(&[Type::Bool]);
                items.push(Piece::block(format!("rule {name}"), body));
            }
        }
        items
    }

    fn function(&mut self, name: &str, params: &[String], results: &[Type], body: Vec<Piece>) -> Piece {
        let results = match results {
            [] => String::new(),
            [one] => format!(" -> {one}"),
            all => format!(" -> ({})", all.iter().map(Type::to_string).collect::<Vec<_>>().join(", ")),
        };
        Piece::block(format!("fn {name}({}){results}", params.join(", ")), body)
    }

    fn body(&mut self, results: &[Type]) -> Vec<Piece> {
        (self.loops, self.results) = (0, results.to_vec());
        let mut body = self.stmts(3);
        body.push(self.return_());
        body
    }

    fn return_(&mut self) -> Piece {
        let results = self.results.clone();
        let values: Vec<String> =
            results.iter().map(|ty| if matches!(ty, Type::List(..)) { self.array(ty) } else { self.expr(ty, 2) }).collect();
        Piece::line(match values.as_slice() {
            [] => "return".into(),
            [one] => format!("return {one}"),
            all => format!("return ({})", all.join(", ")),
        })
    }

    fn stmts(&mut self, depth: usize) -> Vec<Piece> {
        let outer = self.scope.len();
        let mut all = Vec::new();
        for _ in 0..1 + self.dice.below(4) {
            self.stmt(depth, &mut all);
        }
        self.scope.truncate(outer);
        // Locals of the outermost block are there for what comes after, too.
        all
    }

    fn stmt(&mut self, depth: usize, out: &mut Vec<Piece>) {
        let nested = if depth > 0 { 4 } else { 0 };
        match self.dice.weighted(&[8, 6, 5, 3, nested, nested, nested, 1, 3]) {
            0 => {
                let ty = self.any();
                let value = if matches!(ty, Type::List(..)) { self.array(&ty) } else { self.expr(&ty, 3) };
                let name = if self.dice.one_in(5) { self.local(&ty) } else { None };
                let name = name.unwrap_or_else(|| self.name("x"));
                out.push(Piece::line(format!("let {name}: {ty} = {value}")));
                self.scope.push((name, ty));
            }
            1 => {
                let ty = self.scalar();
                let Some(name) = self.local(&ty) else { return };
                if matches!(ty, Type::Int | Type::U32 | Type::Float) && self.dice.one_in(2) {
                    let op = self.number_operator(&ty);
                    out.push(Piece::line(format!("{name} {op}= {}", self.expr(&ty, 2))));
                } else {
                    out.push(Piece::line(format!("{name} = {}", self.expr(&ty, 3))));
                }
            }
            2 => {
                let Some((name, element, _)) = self.any_list(false) else { return };
                let index = self.expr(&Type::Int, 1);
                let index = if self.dice.one_in(8) { index } else { format!("({index}) & 3") };
                let (op, value) = match element {
                    Type::Int | Type::U32 if self.dice.one_in(2) => (*self.dice.pick(&["+", "^", "*"]), self.expr(&element, 1)),
                    _ => ("", self.expr(&element, 2)),
                };
                out.push(Piece::line(format!("{name}[{index}] {op}= {value}")));
            }
            3 => {
                let Some((name, element, len)) = self.any_list(false) else { return };
                let text = match (len, self.dice.below(5)) {
                    (None, 0..2) => format!("push({name}, {})", self.expr(&element, 2)),
                    (None, 2) => format!("pop({name})"),
                    (None, 3) => format!("clear({name})"),
                    _ => format!("fill({name}, {})", self.expr(&element, 1)),
                };
                out.push(Piece::line(text));
            }
            4 => {
                out.push(Piece::block(format!("if {}", self.expr(&Type::Bool, 2)), self.stmts(depth - 1)));
                while self.dice.one_in(3) {
                    out.push(Piece::block(format!("else if {}", self.expr(&Type::Bool, 2)), self.stmts(depth - 1)));
                }
                if self.dice.one_in(2) {
                    out.push(Piece::block("else".into(), self.stmts(depth - 1)));
                }
            }
            5 => {
                let (head, local) = self.for_head();
                let outer = self.scope.len();
                self.scope.push(local);
                self.loops += 1;
                let body = self.stmts(depth - 1);
                self.loops -= 1;
                self.scope.truncate(outer);
                out.push(Piece::block(head, body));
            }
            6 => {
                let counter = self.name("w");
                out.push(Piece::line(format!("let {counter} = 0")));
                let test = self.expr(&Type::Bool, 2);
                let condition = if self.dice.one_in(6) { test } else { format!("{counter} < {} and {test}", 1 + self.dice.below(6)) };
                self.loops += 1;
                let mut body = vec![Piece::line(format!("{counter} += 1"))];
                body.extend(self.stmts(depth - 1));
                self.loops -= 1;
                out.push(Piece::block(format!("while {condition}"), body));
            }
            7 if self.loops > 0 => {
                let word = if self.dice.one_in(2) { "break" } else { "continue" };
                out.push(Piece::block(format!("if {}", self.expr(&Type::Bool, 1)), vec![Piece::line(word.into())]));
            }
            7 => {
                let ends = self.return_();
                out.push(Piece::block(format!("if {}", self.expr(&Type::Bool, 1)), vec![ends]));
            }
            _ => self.call_statement(out),
        }
    }

    fn for_head(&mut self) -> (String, (String, Type)) {
        let name = self.name("i");
        let (over, ty) = match self.dice.below(6) {
            0 => (format!("0..{}", self.dice.below(6)), Type::Int),
            1 => {
                let start = self.expr(&Type::Int, 1);
                (format!("({start}) & 7..=({}) & 7", self.expr(&Type::Int, 1)), Type::Int)
            }
            2 => (self.expr(&Type::Bytes, 1), Type::Int),
            3 => ("ints".into(), Type::Int),
            4 => ("nums".into(), Type::Int),
            _ => match self.any_list(true) {
                Some((name, element, _)) => (name, element),
                None => ("oints".into(), Type::Int),
            },
        };
        (format!("for {name} in {over}"), (name, ty))
    }

    /// A call whose results, if it has any, become locals.
    fn call_statement(&mut self, out: &mut Vec<Piece>) {
        if self.functions.is_empty() {
            return;
        }
        let at = self.dice.below(self.functions.len());
        let Some(call) = self.call(at) else { return };
        let results = self.functions[at].results.clone();
        match results.as_slice() {
            [] => out.push(Piece::line(call)),
            _ if self.dice.one_in(4) => out.push(Piece::line(call)),
            all => {
                let names: Vec<String> = all.iter().map(|_| self.name("y")).collect();
                let list = if names.len() == 1 { names.concat() } else { format!("({})", names.join(", ")) };
                out.push(Piece::line(format!("let {list} = {call}")));
                self.scope.extend(names.into_iter().zip(results));
            }
        }
    }

    fn call(&mut self, at: usize) -> Option<String> {
        let (name, params) = (self.functions[at].name.clone(), self.functions[at].params.clone());
        let mut args = Vec::new();
        for ty in &params {
            args.push(match ty {
                Type::List(..) => match self.local(ty) {
                    Some(local) if !self.dice.one_in(4) => local,
                    _ => self.array(ty),
                },
                _ => self.expr(ty, 1),
            });
        }
        Some(format!("{name}({})", args.join(", ")))
    }

    /// A local of a type.
    fn local(&mut self, ty: &Type) -> Option<String> {
        let found: Vec<&String> = self.scope.iter().filter(|(_, t)| t == ty).map(|(name, _)| name).collect();
        // The last of a name hides those before it.
        let visible: Vec<&&String> =
            found.iter().filter(|name| self.scope.iter().rev().find(|(n, _)| n == **name).is_some_and(|(_, t)| t == ty)).collect();
        if visible.is_empty() { None } else { Some((**visible[self.dice.below(visible.len())]).clone()) }
    }

    /// An array, with its element type and fixed length.
    fn any_list(&mut self, constants: bool) -> Option<(String, Type, Option<u32>)> {
        let locals = self.scope.iter().filter(|(name, ty)| {
            matches!(ty, Type::List(..)) && self.scope.iter().rev().find(|(n, _)| n == name).is_some_and(|(_, t)| t == ty)
        });
        let tables = self.tables.iter().filter(|_| constants);
        let all: Vec<(String, Type)> = locals.chain(tables).cloned().collect();
        if all.is_empty() {
            return None;
        }
        let (name, ty) = all[self.dice.below(all.len())].clone();
        match ty {
            Type::List(element, len) => Some((name, *element, len)),
            _ => None,
        }
    }

    /// An array that is written out, or another's copy.
    fn array(&mut self, ty: &Type) -> String {
        let Type::List(element, len) = ty else { return String::new() };
        if self.dice.one_in(3)
            && let Some(name) = self.local(ty)
        {
            return name;
        }
        match (len, self.dice.below(3)) {
            (Some(len), 0) => format!("[{}; {len}]", self.expr(element, 1)),
            (None, 0) => format!("[{}; ({}) & 15]", self.expr(element, 1), self.expr(&Type::Int, 1)),
            (len, _) => {
                let len = len.map_or_else(|| self.dice.below(4), |len| len as usize);
                let items: Vec<String> = (0..len).map(|_| self.expr(element, 1)).collect();
                format!("[{}]", items.join(", "))
            }
        }
    }

    fn literal(&mut self, ty: &Type) -> String {
        match ty {
            Type::U32 => match self.dice.below(4) {
                0 => "u32(0xffffffff)".into(),
                1 => "u32(0x80000000)".into(),
                _ => format!("u32({})", self.dice.below(70)),
            },
            Type::Int if self.dice.one_in(2) => format!("{}", self.dice.below(12) as i64 - 3),
            _ => {
                let (text, minus) = self.dice.literal(ty);
                if minus { format!("({text})") } else { text }
            }
        }
    }

    fn number_operator(&mut self, ty: &Type) -> &'static str {
        let most = if *ty == Type::Float { 5 } else { NUMBERS.len() };
        NUMBERS[self.dice.below(most)]
    }

    /// A value of a type, some of them nil.
    fn expr(&mut self, ty: &Type, depth: usize) -> String {
        if self.dice.one_in(3)
            && let Some(name) = self.local(ty)
        {
            return name;
        }
        if depth == 0 || self.dice.one_in(5) {
            return self.leaf(ty);
        }
        let below = depth - 1;
        match self.dice.below(10) {
            0 => {
                let calls: Vec<usize> = (0..self.functions.len()).filter(|at| self.functions[*at].results == [ty.clone()]).collect();
                if !calls.is_empty() {
                    let at = calls[self.dice.below(calls.len())];
                    if let Some(call) = self.call(at) {
                        return call;
                    }
                }
            }
            1 => {
                let same: Vec<(String, Type, Option<u32>)> = (0..3).filter_map(|_| self.any_list(true)).filter(|l| l.1 == *ty).collect();
                if let Some((name, ..)) = same.first() {
                    let index = self.expr(&Type::Int, below);
                    return if self.dice.one_in(6) { format!("{name}[{index}]") } else { format!("{name}[({index}) & 1]") };
                }
            }
            2 => return format!("({} ?? {})", self.expr(ty, below), self.expr(ty, below)),
            3 if self.dice.one_in(3) => {
                if let Some((name, element, None)) = self.any_list(false)
                    && element == *ty
                {
                    return format!("pop({name})");
                }
            }
            _ => {}
        }
        match ty {
            Type::Int => self.int(below),
            Type::U32 => match self.dice.below(6) {
                0 => format!("u32({})", self.expr(&Type::Int, below)),
                1 => format!("{}({}, {})", self.dice.pick(&["rotl", "rotr"]), self.expr(ty, below), self.expr(&Type::Int, below)),
                2 => format!("{}({}, {})", self.dice.pick(&["min", "max"]), self.expr(ty, below), self.expr(ty, below)),
                3 => format!("{}({})", self.dice.pick(&["~", "-"]), self.expr(ty, below)),
                _ => self.binary(ty, below),
            },
            Type::Float => match self.dice.below(6) {
                0 => {
                    let from = self.whole();
                    format!("float({})", self.expr(&from, below))
                }
                1 => format!("{}({})", self.dice.pick(&["floor", "ceil", "sqrt", "log", "log2", "exp", "abs"]), self.expr(ty, below)),
                2 => format!("{}({}, {})", self.dice.pick(&["min", "max", "pow"]), self.expr(ty, below), self.expr(ty, below)),
                _ => self.binary(ty, below),
            },
            Type::Bytes => match self.dice.below(5) {
                0 => format!("({} + {})", self.expr(ty, below), self.expr(ty, below)),
                1 => format!("({})[{}:{}]", self.expr(ty, below), self.dice.below(3), self.expr(&Type::Int, below)),
                2 => match self.any_list(true) {
                    Some((name, Type::Int | Type::U32, _)) => format!("bytes({name})"),
                    _ => format!("upper({})", self.expr(ty, below)),
                },
                3 => format!("to_string({})", self.expr(&Type::Int, below)),
                _ => self.leaf(ty),
            },
            Type::Bool => self.bool(below),
            _ => self.leaf(ty),
        }
    }

    fn whole(&mut self) -> Type {
        if self.dice.one_in(2) { Type::Int } else { Type::U32 }
    }

    fn binary(&mut self, ty: &Type, below: usize) -> String {
        let op = self.number_operator(ty);
        format!("({} {op} {})", self.expr(ty, below), self.expr(ty, below))
    }

    fn int(&mut self, below: usize) -> String {
        match self.dice.below(9) {
            0 => format!("len({})", self.expr(&Type::Bytes, below)),
            1 => match self.any_list(true) {
                Some((name, ..)) => format!("len({name})"),
                None => "len(ints)".into(),
            },
            2 => format!("({})[{}]", self.expr(&Type::Bytes, below), self.expr(&Type::Int, below)),
            3 => {
                const READS: [&str; 10] = ["u8", "i8", "u16le", "u16be", "i16le", "u32le", "u32be", "i32be", "u64le", "u64be"];
                format!("{}({}, {})", self.dice.pick(&READS), self.expr(&Type::Bytes, below), self.expr(&Type::Int, below))
            }
            4 => {
                let from = self.dice.pick(&[Type::U32, Type::Bool, Type::Float]).clone();
                format!("int({})", self.expr(&from, below))
            }
            5 => format!("{}({}, {})", self.dice.pick(&["min", "max"]), self.expr(&Type::Int, below), self.expr(&Type::Int, below)),
            6 => format!("{}({})", self.dice.pick(&["abs", "-", "~"]), self.expr(&Type::Int, below)),
            _ => self.binary(&Type::Int, below),
        }
    }

    fn bool(&mut self, below: usize) -> String {
        match self.dice.below(9) {
            0 => format!("({} and {})", self.expr(&Type::Bool, below), self.expr(&Type::Bool, below)),
            1 => format!("({} or {})", self.expr(&Type::Bool, below), self.expr(&Type::Bool, below)),
            2 => format!("({} xor {})", self.expr(&Type::Bool, below), self.expr(&Type::Bool, below)),
            3 => format!("(not {})", self.expr(&Type::Bool, below)),
            4 => format!("present({})", self.expr(&Type::Int, below)),
            5 => {
                let of = self.whole();
                format!("(({}) in {{1 3..7 0x80000000}})", self.expr(&of, below))
            }
            6 => format!("(({}) contains {})", self.expr(&Type::Bytes, below), self.literal(&Type::Bytes)),
            _ => {
                let ty = self.scalar();
                let op = *self.dice.pick(&["==", "!=", "<", "<=", ">", ">="]);
                format!("({} {op} {})", self.expr(&ty, below), self.expr(&ty, below))
            }
        }
    }

    fn leaf(&mut self, ty: &Type) -> String {
        if self.dice.one_in(2) {
            return self.literal(ty);
        }
        match ty {
            Type::Int => (*self.dice.pick(&["n", "m", "on", "ints[0]", "nums[\"a\"]"])).into(),
            Type::Float => (*self.dice.pick(&["f", "g", "of"])).into(),
            Type::Bytes => (*self.dice.pick(&["host", "path", "ohost", "names[0]"])).into(),
            Type::Bool => (*self.dice.pick(&["flag", "notify", "oflag", "flags[1]"])).into(),
            Type::Ip => (*self.dice.pick(&["src", "dst"])).into(),
            _ => self.literal(ty),
        }
    }
}

/// Links a script after these passes.
pub(crate) fn link(script: &Script, passes: &Passes) -> Result<std::sync::Arc<Linked>, String> {
    let (world, limits) = (world(true), script.limits());
    let program = compile(&script.source(), &world.scheme, &limits).map_err(|d| d.to_string())?;
    Linked::with_thresholds(optimise(&program, passes), &world.library, &world.lists, &limits, Thresholds::default())
        .map_err(|e| e.to_string())
}

/// What a backend answers otherwise than the interpreter, in words.
fn difference(backend: &dyn Backend, script: &Script) -> Option<String> {
    let plain = link(script, &Passes::none()).ok()?;
    if std::env::var_os("QUINTET_TRACE").is_some() {
        eprintln!("---\n{}", script.source());
    }
    let batches = Batches::new(plain.scheme(), &script.records, false).ok()?;
    let limits = script.limits();
    let mut oracle = instance(&Interp::new(), &plain, &limits).ok()?;
    let wanted = answers(&mut *oracle, &plain, &batches, Mode::ALL[0]).ok()?;
    for passes in [Passes::none(), Passes::default()] {
        let program = link(script, &passes).ok()?;
        let mut instance = match caught(|| instance(backend, &program, &limits)) {
            Ok(instance) => instance,
            // A documented bound: frames of generated code are as large as their functions.
            Err(message) if message.contains("bytes of stack") => return None,
            Err(message) => return Some(message),
        };
        for mode in Mode::ALL {
            let found = match caught(|| answers(&mut *instance, &program, &batches, mode)) {
                Ok(found) => found,
                Err(message) => return Some(format!("{mode}: {message}")),
            };
            for (record, (wanted, found)) in wanted.iter().zip(found).enumerate() {
                // With passes, steps are counted otherwise: what is known beforehand takes none.
                let budget = |a: &crate::case::Answer| a.traps_with(quintet_runtime::Trap::Budget);
                if *wanted != found && !(passes != Passes::none() && (budget(wanted) || budget(&found))) {
                    let passes = if passes == Passes::none() { "" } else { ", with passes" };
                    return Some(format!("{mode}{passes}, record {record}: interp: {wanted}; {}: {found}", backend.id()));
                }
            }
        }
    }
    None
}

/// Runs so many random scripts on the backend and on the interpreter, with and without passes, one record at a time and as batches.
/// `QUINTET_SEED`, `QUINTET_CASES` and `QUINTET_TRACE` are as with [`differential`](crate::differential()).
///
/// # Panics
/// When an answer differs; the message has the smallest script that was found.
pub fn scripts(backend: &dyn Backend, cases: u32) {
    let cases = setting("QUINTET_CASES").map_or(cases, |n| n as u32);
    let mut runner = runner(cases);
    let compiled = std::cell::Cell::new(0u32);
    let result = runner.run(&script(), |script| {
        compiled.set(compiled.get() + u32::from(link(&script, &Passes::none()).is_ok()));
        match difference(backend, &script) {
            None => Ok(()),
            Some(_) => Err(TestCaseError::fail("the answers differ")),
        }
    });
    match result {
        Ok(()) => {
            println!("{} of {cases} scripts compiled and answered alike", compiled.get());
            assert!(compiled.get() * 10 >= cases * 9, "only {} of {cases} scripts compile", compiled.get());
        }
        Err(TestError::Fail(_, script)) => {
            let what = difference(backend, &script).unwrap_or_else(|| "does not answer the same each time".into());
            let records: Vec<String> =
                script.records.iter().map(|r| r.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ")).collect();
            panic!("{what}\nsteps {}, memory {}\n{}\n{}", script.steps, script.memory_bytes, script.source(), records.join("\n"));
        }
        Err(TestError::Abort(reason)) => panic!("the generator gave up: {reason}"),
    }
}
