//! What a text defines beside rules: constants and functions; and calls of these.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::{Checked, Checker, Failed, Names, Operand, Want, constant};
use crate::ast::{Answer, Const, Expr, ExprKind, FnId, Frame, Function, Local, LocalId, Place, Span, Stmt, StmtKind, Table, TableId};
use crate::diagnostic::{Diagnostic, nearest};
use crate::passes::fold;
use crate::syntax::{self, Item, Name, TypeKind, TypeName};
use crate::types::Type;

use super::element::test;

/// Elements of a fixed array at most. Those of all arrays that there are at a time count against the limit of memory besides.
const LIST_MOST: i64 = 1 << 24;

/// The names that a text gives.
pub(super) struct Script<'a> {
    functions: Names<'a, FnId>,
    /// By id.
    declared: Vec<Declared>,
    constants: Names<'a, Named>,
    /// Constants that nobody has asked for yet.
    waiting: Names<'a, &'a syntax::Constant<'a>>,
    /// The locals that can be named, outermost block first. One whose declaration is wrong is none.
    pub(super) scopes: Vec<HashMap<String, Option<LocalId>>>,
    /// What the function returns that is checked.
    pub(super) results: Vec<Type>,
    /// Where results go that are arrays: parameters behind those that are written.
    pub(super) places: Vec<Option<LocalId>>,
    /// Loops that stand around the current statement.
    pub(super) loops: usize,
    /// Whether a call in the current expression may change an array that is looked at in it.
    pub(super) ordered: bool,
}

/// A constant.
#[derive(Clone)]
enum Named {
    Value(Const),
    Table(TableId, Type),
    /// Its definition is wrong, which was said.
    Broken,
}

/// A function as its head says.
#[derive(Clone, Default)]
struct Declared {
    params: Vec<(Type, bool)>,
    results: Vec<Type>,
    /// Whether the head could be understood.
    known: bool,
}

impl Script<'_> {
    #[inline]
    pub(super) fn new(seed: &RandomState) -> Self {
        Script {
            functions: Names::with_hasher(seed.clone()),
            declared: Vec::new(),
            constants: Names::with_hasher(seed.clone()),
            waiting: Names::with_hasher(seed.clone()),
            scopes: Vec::new(),
            results: Vec::new(),
            places: Vec::new(),
            loops: 0,
            ordered: false,
        }
    }
}

impl<'a> Checker<'a> {
    /// Takes in what the text defines.
    pub(super) fn declare(&mut self, file: &'a syntax::File) {
        for item in &file.items {
            match item {
                Item::Constant(constant) => {
                    self.script.waiting.insert(constant.name.text, constant);
                }
                Item::Function(function) => {
                    self.script.functions.insert(function.name.text, FnId(self.script.declared.len() as u32));
                    self.script.declared.push(Declared::default());
                }
                Item::Rule(_) | Item::Time(_) | Item::State(_) | Item::On(_) | Item::Output(_) => {}
            }
        }
        for item in &file.items {
            if let Item::Constant(constant) = item {
                self.constant_named(constant.name.text);
            }
        }
        let mut id = 0;
        for item in &file.items {
            if let Item::Function(function) = item {
                let declared = self.head(function);
                self.script.declared[id] = declared;
                id += 1;
            }
        }
    }

    fn head(&mut self, function: &syntax::Function) -> Declared {
        let params: Vec<Checked<(Type, bool)>> = function.params.iter().map(|(_, ty)| self.param(ty)).collect();
        let results: Vec<Checked<Type>> = function.results.iter().map(|ty| self.type_of(ty)).collect();
        let known = params.iter().all(Result::is_ok) && results.iter().all(Result::is_ok);
        Declared { params: params.into_iter().flatten().collect(), results: results.into_iter().flatten().collect(), known }
    }

    fn param(&mut self, ty: &TypeName) -> Checked<(Type, bool)> {
        let found = self.type_of(ty)?;
        if ty.nullable && matches!(found, Type::List(..)) {
            let d = Diagnostic::error("type-mismatch", ty.span, "an array is never nil");
            return self.fail(d.help("leave out the `?`"));
        }
        Ok((found, ty.nullable))
    }

    /// The type that is written.
    pub(super) fn type_of(&mut self, ty: &TypeName) -> Checked<Type> {
        match &ty.kind {
            TypeKind::Plain(ty) => Ok(ty.clone()),
            TypeKind::List(element, len) => {
                let inner = self.type_of(element)?;
                if !inner.is_primitive() || element.nullable {
                    let d = Diagnostic::error("type-mismatch", element.span, "this is no type of elements");
                    return self.fail(d.help("arrays hold Bool, Int, U32, Float, Bytes or Ip, and no nil"));
                }
                let Some(len) = len else { return Ok(Type::list(inner, None)) };
                let len = self.list_len(len)?;
                Ok(Type::list(inner, Some(len)))
            }
            TypeKind::Unknown(name) => {
                let d = Diagnostic::error("unknown-type", ty.span, format!("there is no type `{name}`"));
                const NAMES: [&str; 8] = ["Bool", "Int", "U32", "Float", "Bytes", "Ip", "Array", "Map"];
                let near = match name.to_ascii_lowercase().as_str() {
                    "string" | "str" | "text" => Some("Bytes"),
                    "i64" | "u64" | "i32" | "integer" | "number" => Some("Int"),
                    "f64" | "f32" | "double" => Some("Float"),
                    "boolean" => Some("Bool"),
                    "uint32" => Some("U32"),
                    lower => NAMES.into_iter().find(|n| n.to_ascii_lowercase() == lower).or_else(|| nearest(name, NAMES.into_iter())),
                };
                self.fail(match near {
                    Some(near) => {
                        let d = d.help(format!("did you mean `{near}`?"));
                        // `Array` and `Map` want the type of their elements too.
                        if matches!(near, "Array" | "Map") { d } else { d.instead(near) }
                    }
                    None => d.help("types are Bool, Int, U32, Float, Bytes, Ip, [T], [T; N], Array<T> and Map<T>"),
                })
            }
        }
    }

    /// A number of elements that is known beforehand.
    pub(super) fn list_len(&mut self, e: &syntax::Expr) -> Checked<u32> {
        let len = self.value(e, Want { ty: Some(&Type::Int), ..Want::default() })?;
        match fold::value(&self.program, len) {
            Some(Const::Int(len)) if (0..=LIST_MOST).contains(&len) => Ok(len as u32),
            Some(Const::Int(_)) => {
                let d = Diagnostic::error("array-length", e.span, "no array has so many elements");
                self.fail(d.help(format!("an array has 0 to {LIST_MOST} elements")))
            }
            _ => {
                let d = Diagnostic::error("array-length", e.span, "the length of a fixed array is a constant Int");
                self.fail(d.help("a growing array is `[T]`: `let a: [Int] = [0; n]`"))
            }
        }
    }

    /// The constant with a name.
    fn constant_named(&mut self, name: &str) -> Option<Named> {
        if let Some(known) = self.script.constants.get(name) {
            return Some(known.clone());
        }
        if self.script.waiting.is_empty() {
            return None;
        }
        // Taken out, so that one that needs itself does not find itself.
        let (name, definition) = self.script.waiting.remove_entry(name)?;
        let found = self.constant(definition).unwrap_or(Named::Broken);
        self.script.constants.insert(name, found.clone());
        Some(found)
    }

    fn constant(&mut self, definition: &'a syntax::Constant) -> Checked<Named> {
        let ty = self.type_of(&definition.ty)?;
        if definition.ty.nullable {
            let d = Diagnostic::error("type-mismatch", definition.ty.span, "a constant is never nil");
            return self.fail(d.help("leave out the `?`"));
        }
        let Type::List(element, len) = &ty else {
            return self.scalar_constant(&definition.value, &ty).map(Named::Value);
        };
        let items = match &definition.value.unparenthesised().kind {
            syntax::ExprKind::Array(items) => items.iter().map(|item| self.scalar_constant(item, element)).collect::<Checked<Vec<_>>>()?,
            syntax::ExprKind::Repeat { value, count } => {
                let (value, count) = (self.scalar_constant(value, element)?, self.list_len(count)?);
                vec![value; count as usize]
            }
            _ => {
                let d = Diagnostic::error("type-mismatch", definition.value.span, format!("this is no {ty}"));
                return self.fail(d.help("an array is written `[1, 2, 3]` or `[0; 256]`"));
            }
        };
        if let Some(len) = len.filter(|len| *len as usize != items.len()) {
            let message = format!("{} elements stand here, but the type says {len}", items.len());
            let d = Diagnostic::error("array-length", definition.value.span, message);
            return self.fail(d.help(format!("write `[{element}; {}]`", items.len())));
        }
        let table = TableId(self.program.tables.len() as u32);
        let ty = Type::list((**element).clone(), Some(items.len() as u32));
        self.program.tables.push(Table { name: definition.name.text.to_owned(), element: (**element).clone(), items });
        Ok(Named::Table(table, ty))
    }

    fn scalar_constant(&mut self, e: &syntax::Expr, ty: &Type) -> Checked<Const> {
        let value = self.value(e, Want { ty: Some(ty), literal: true, multi: false })?;
        if value.ty != *ty {
            return self.wrong_type(ty, &value.ty, e);
        }
        match fold::value(&self.program, value) {
            Some(value) => Ok(value),
            None => {
                let d = Diagnostic::error("not-constant", e.span, "this is not known before a record is");
                self.fail(d.help("a constant is made of literals and other constants"))
            }
        }
    }

    /// Says that a value has another type than its place.
    pub(super) fn wrong_type<T>(&mut self, wanted: &Type, found: &Type, e: &syntax::Expr) -> Checked<T> {
        let d = Diagnostic::error("type-mismatch", e.span, format!("{wanted} is wanted here, but this is {found}"));
        let text = self.text(e.span);
        let help = match (wanted, found) {
            (Type::U32, Type::Int) => format!("write `u32({text})`"),
            (Type::Int, Type::U32 | Type::Bool | Type::Float) => format!("write `int({text})`"),
            (Type::Float, Type::Int) if self.is_literal(e) => format!("write `{text}.0`"),
            (Type::Float, Type::Int | Type::U32) => format!("write `float({text})`"),
            (Type::Bytes, Type::Int | Type::Bool | Type::Ip | Type::Float | Type::U32) => format!("write `to_string({text})`"),
            (Type::Bytes, Type::List(..)) => format!("`bytes({text})` is its elements as bytes"),
            _ => "there is no implicit conversion".into(),
        };
        self.fail(d.label(found.to_string()).help(help))
    }

    /// What a local or constant of this name is; `None` where there is neither.
    pub(super) fn named(&mut self, name: &str, span: Span) -> Option<Checked<Operand>> {
        if let Some(local) = self.scoped(name) {
            let Some(local) = local else { return Some(Err(Failed)) };
            let ty = self.locals[local.index()].ty.clone();
            if matches!(ty, Type::List(..)) {
                self.note(span, &ty, false);
                return Some(self.array_as_value(name, span));
            }
            return Some(Ok(Operand::Plain(Expr { kind: ExprKind::Local(local), ty, nullable: false, span })));
        }
        Some(match self.constant_named(name)? {
            Named::Value(value) => Ok(constant(value, span)),
            Named::Table(..) => self.array_as_value(name, span),
            Named::Broken => Err(Failed),
        })
    }

    fn array_as_value(&mut self, name: &str, span: Span) -> Checked<Operand> {
        let d = Diagnostic::error("whole-array", span, "an array as a whole is no value");
        self.fail(d.help(format!("take an element: `{name}[0]`, or walk it: `for x in {name} {{ ... }}`")))
    }

    /// The local that a name stands for. Inside, none where its declaration is wrong.
    pub(super) fn scoped(&self, name: &str) -> Option<Option<LocalId>> {
        self.script.scopes.iter().rev().find_map(|scope| scope.get(name).copied())
    }

    /// Whether a name is a local's or a constant's.
    pub(super) fn is_named(&self, name: &str) -> bool {
        self.scoped(name).is_some() || self.script.constants.contains_key(name) || self.script.waiting.contains_key(name)
    }

    /// Whether a name is a constant's.
    pub(super) fn is_constant(&self, name: &str) -> bool {
        self.script.constants.contains_key(name)
    }

    /// The names of locals and constants.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let locals = self.script.scopes.iter().flat_map(|scope| scope.keys().map(String::as_str));
        locals.chain(self.script.constants.keys().copied())
    }

    /// The array that an expression names, with its type: a local, a constant, or what a function answers.
    pub(super) fn place(&mut self, e: &syntax::Expr) -> Checked<Option<(Place, Type)>> {
        let found = self.place_of(e)?;
        if let Some((_, ty)) = &found {
            self.note(e.span, ty, false);
        }
        Ok(found)
    }

    fn place_of(&mut self, e: &syntax::Expr) -> Checked<Option<(Place, Type)>> {
        match &e.unparenthesised().kind {
            syntax::ExprKind::Word(name) => match self.scoped(name) {
                Some(Some(local)) => {
                    let ty = self.locals[local.index()].ty.clone();
                    Ok(matches!(ty, Type::List(..)).then_some((Place::Local(local), ty)))
                }
                Some(None) => Err(Failed),
                None => Ok(match self.constant_named(name) {
                    Some(Named::Table(table, ty)) => Some((Place::Table(table), ty)),
                    Some(Named::Value(_) | Named::Broken) | None => None,
                }),
            },
            syntax::ExprKind::Call { name, args } if matches!(self.results_of(name.text), Some([Type::List(..)])) => {
                let locals = self.call_function(name, args, e.span)?;
                let local = *locals.first().ok_or(Failed)?;
                Ok(Some((Place::Local(local), self.locals[local.index()].ty.clone())))
            }
            _ => Ok(None),
        }
    }

    /// The names of the text's functions.
    pub(super) fn function_names(&self) -> impl Iterator<Item = &str> {
        self.script.functions.keys().copied()
    }

    /// Whether statements are checked.
    pub(super) fn in_script(&self) -> bool {
        !self.script.scopes.is_empty()
    }

    /// What the function of this name answers, if the text has one.
    pub(super) fn results_of(&self, name: &str) -> Option<&[Type]> {
        let id = self.script.functions.get(name)?;
        Some(&self.script.declared[id.index()].results)
    }

    /// Whether the function of this name is given arrays, which it may change.
    fn takes_arrays(&self, name: &str) -> bool {
        let id = self.script.functions.get(name);
        id.is_some_and(|id| self.script.declared[id.index()].params.iter().any(|(ty, _)| matches!(ty, Type::List(..))))
    }

    /// Whether evaluating an expression changes arrays.
    pub(super) fn changes(&self, e: &syntax::Expr) -> bool {
        let mut changes = false;
        e.walk(&mut |e| {
            if let syntax::ExprKind::Call { name, .. } = &e.kind {
                changes |= self.takes_arrays(name.text) || name.text == "pop";
            }
        });
        changes
    }

    /// Calls a function of the text before the current statement; answers the locals that its results are in.
    pub(super) fn call_function(&mut self, name: &Name, args: &[syntax::Expr], span: Span) -> Checked<Vec<LocalId>> {
        let Some(function) = self.script.functions.get(name.text).copied() else { return self.unknown_function(name) };
        let declared = self.script.declared[function.index()].clone();
        if !declared.known {
            return Err(Failed);
        }
        if declared.params.len() != args.len() {
            let s = if declared.params.len() == 1 { "" } else { "s" };
            let message = format!("`{}` takes {} argument{s}, not {}", name.text, declared.params.len(), args.len());
            let params: Vec<String> = declared.params.iter().map(|(ty, nil)| format!("{ty}{}", if *nil { "?" } else { "" })).collect();
            let help = format!("it is `fn {}({})`", name.text, params.join(", "));
            return self.fail(Diagnostic::error("argument-count", span, message).help(help));
        }
        let mut values = Vec::with_capacity(args.len());
        let mut failed = false;
        for (arg, (ty, _)) in args.iter().zip(&declared.params) {
            match self.passed(arg, ty) {
                Ok(value) => values.push(value),
                Err(Failed) => failed = true,
            }
        }
        if failed {
            return Err(Failed);
        }
        // What later arguments call must not change earlier ones; only arrays could, and those are passed by reference.
        let mut locals = Vec::with_capacity(declared.results.len());
        let mut results = Vec::with_capacity(declared.results.len());
        for ty in declared.results {
            let (local, place) = self.local(ty.clone(), span);
            locals.push(local);
            if matches!(ty, Type::List(..)) { values.push(place) } else { results.push(local) }
        }
        self.out.push(Stmt { kind: StmtKind::Call { results, function, args: values }, span });
        Ok(locals)
    }

    /// An argument for a parameter of a type.
    fn passed(&mut self, arg: &syntax::Expr, ty: &Type) -> Checked<Expr> {
        if !matches!(ty, Type::List(..)) {
            let value = self.value(arg, Want { ty: Some(ty), literal: false, multi: false })?;
            return if value.ty == *ty { Ok(value) } else { self.wrong_type(ty, &value.ty, arg) };
        }
        let span = arg.span;
        let local = match self.place(arg)? {
            Some((Place::Local(local), found)) if found == *ty => local,
            Some((Place::Local(_), found)) => return self.wrong_type(ty, &found, arg),
            // A constant is passed as a copy, so that nobody can change it; and so is what is written out.
            _ => self.filled(arg, ty)?,
        };
        Ok(Expr { kind: ExprKind::Local(local), ty: ty.clone(), nullable: false, span })
    }

    /// A call of a function of the text for one value.
    pub(super) fn call_for_value(&mut self, name: &Name, args: &[syntax::Expr], span: Span) -> Checked<Operand> {
        if self.script.functions.get(name.text).is_some_and(|id| !self.script.declared[id.index()].known) {
            return Err(Failed);
        }
        match self.results_of(name.text) {
            Some([ty]) if !matches!(ty, Type::List(..)) => {}
            Some([_]) => return self.array_as_value(name.text, span),
            Some([]) => {
                let d = Diagnostic::error("no-value", span, format!("`{}` has no result", name.text));
                return self.fail(d.help("call it as a statement of its own"));
            }
            Some(_) => {
                let d = Diagnostic::error("several-values", span, format!("`{}` has several results", name.text));
                return self.fail(d.help("take them apart: `let (a, b) = ...`"));
            }
            None => {}
        }
        let locals = self.call_function(name, args, span)?;
        let local = *locals.first().ok_or(Failed)?;
        let ty = self.locals[local.index()].ty.clone();
        Ok(Operand::Plain(Expr { kind: ExprKind::Local(local), ty, nullable: false, span }))
    }

    /// A function's body.
    pub(super) fn function(&mut self, function: &'a syntax::Function) {
        let Some(id) = self.script.functions.get(function.name.text).copied() else { return };
        let declared = self.script.declared[id.index()].clone();
        if !declared.known {
            self.program.functions.push(nothing(function.name.text, false));
            return;
        }
        self.begin_function(&declared.results);
        let mut scope = HashMap::new();
        for (place, (name, _)) in function.params.iter().enumerate() {
            let local = declared.params.get(place).map(|(ty, nullable)| {
                let local = Local { ty: ty.clone(), nullable: *nullable, name: name.text.to_owned() };
                self.locals.push(local);
                LocalId(self.locals.len() as u32 - 1)
            });
            if let Some(local) = local {
                self.note_local(name.span, local);
            }
            if scope.insert(name.text.to_owned(), local).is_some() {
                let d = Diagnostic::error("duplicate-name", name.span, format!("there are two parameters called `{}`", name.text));
                self.diagnostics.push(d.help("give one of them another name"));
            }
        }
        self.script.scopes = vec![scope];
        // What is wrong with it was said; its id is taken all the same.
        let _ = self.finish_function(function.name.text, false, &function.body, declared.params.len(), function.span);
    }

    /// A rule whose body is statements: a function that it calls.
    pub(super) fn script_rule(&mut self, rule: &syntax::Rule, block: &syntax::Block) -> Checked<Expr> {
        self.begin_function(&[Type::Bool]);
        self.script.scopes = vec![HashMap::new()];
        let function = FnId(self.program.functions.len() as u32);
        let finished = self.finish_function(rule.name.text, true, block, 0, rule.span);
        self.locals.clear();
        self.out.clear();
        finished?;
        Ok(self.call_of_rule(function, rule.span))
    }

    /// Makes a function of an expression with calls that are not always made, as of a rule's body.
    pub(super) fn outlined(&mut self, rule: &syntax::Rule, expr: Expr) -> Expr {
        if self.out.iter().all(|stmt| self.program.plain_call(stmt).is_some()) {
            return expr;
        }
        let function = FnId(self.program.functions.len() as u32);
        let mut body = std::mem::take(&mut self.out);
        body.push(Stmt { span: expr.span, kind: StmtKind::Return(vec![expr]) });
        self.program.functions.push(Function {
            name: rule.name.text.to_owned(),
            rule: true,
            params: 0,
            results: vec![Answer { ty: Type::Bool, nullable: false }],
            frame: Frame { locals: std::mem::take(&mut self.locals) },
            body,
            span: rule.span,
        });
        self.call_of_rule(function, rule.span)
    }

    fn call_of_rule(&mut self, function: FnId, span: Span) -> Expr {
        let (local, value) = self.local(Type::Bool, span);
        self.out.push(Stmt { kind: StmtKind::Call { results: vec![local], function, args: Vec::new() }, span });
        test(value.kind, span)
    }

    fn begin_function(&mut self, results: &[Type]) {
        self.quantifiers = 0;
        self.locals.clear();
        self.out.clear();
        self.script.loops = 0;
        self.script.results = results.to_vec();
    }

    fn finish_function(&mut self, name: &str, rule: bool, body: &syntax::Block, params: usize, span: Span) -> Checked<()> {
        let results = self.script.results.clone();
        self.script.places = results.iter().map(|ty| matches!(ty, Type::List(..)).then(|| self.local(ty.clone(), span).0)).collect();
        let hidden = self.script.places.iter().flatten().count();
        let checked = self.block(body);
        self.script.scopes.clear();
        let Ok(mut body_checked) = checked else {
            self.program.functions.push(nothing(name, rule));
            return Err(Failed);
        };
        if !ends(&body_checked) {
            if rule {
                let no = Expr { kind: ExprKind::Const(Const::Bool(false)), ty: Type::Bool, nullable: false, span };
                body_checked.push(Stmt { kind: StmtKind::Return(vec![no]), span });
            } else if !results.is_empty() {
                let end = Span::new(body.span.end as usize - 1, body.span.end as usize);
                let d = Diagnostic::error("missing-return", end, format!("`{name}` may end here without a result"));
                self.diagnostics.push(d.help("every way through it ends with `return ...`"));
            }
        }
        let answers = results.iter().filter(|ty| !matches!(ty, Type::List(..))).map(|ty| Answer { ty: ty.clone(), nullable: false });
        self.program.functions.push(Function {
            name: name.to_owned(),
            rule,
            params: (params + hidden) as u32,
            results: answers.collect(),
            frame: Frame { locals: std::mem::take(&mut self.locals) },
            body: body_checked,
            span,
        });
        Ok(())
    }
}

fn nothing(name: &str, rule: bool) -> Function {
    Function {
        name: name.to_owned(),
        rule,
        params: 0,
        results: Vec::new(),
        frame: Frame::default(),
        body: Vec::new(),
        span: Span::default(),
    }
}

/// Whether statements never run off their end.
pub(crate) fn ends(block: &[Stmt]) -> bool {
    block.iter().any(|stmt| match &stmt.kind {
        StmtKind::Return(_) | StmtKind::Break | StmtKind::Continue => true,
        StmtKind::If { arms, otherwise } => arms.iter().all(|(_, body)| ends(body)) && ends(otherwise),
        StmtKind::While { condition, body, .. } => matches!(condition.kind, ExprKind::Const(Const::Bool(true))) && !breaks(body),
        _ => false,
    })
}

/// Whether a loop's body leaves the loop.
fn breaks(block: &[Stmt]) -> bool {
    block.iter().any(|stmt| match &stmt.kind {
        StmtKind::Break => true,
        StmtKind::If { arms, otherwise } => arms.iter().any(|(_, body)| breaks(body)) || breaks(otherwise),
        _ => false,
    })
}
