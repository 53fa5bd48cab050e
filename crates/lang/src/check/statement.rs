//! Statements.

use std::collections::HashMap;

use super::element::test;
use super::logic::Truth;
use super::script::ends;
use super::{Checked, Checker, Failed, Want};
use crate::ast::{ArithOp, Block, Const, Expr, ExprKind, Local, LocalId, Over, Place, Span, Stmt, StmtKind};
use crate::diagnostic::Diagnostic;
use crate::syntax::{self, Name, SubscriptKind};
use crate::types::Type;

impl Checker<'_> {
    /// The statements of a block, in a scope of their own.
    pub(super) fn block(&mut self, block: &syntax::Block) -> Checked<Block> {
        self.block_with(block, HashMap::new())
    }

    /// The same with locals that are there from the start.
    fn block_with(&mut self, block: &syntax::Block, scope: HashMap<String, Option<LocalId>>) -> Checked<Block> {
        let outer = std::mem::take(&mut self.out);
        self.script.scopes.push(scope);
        let mut failed = false;
        // What is run of the block, once something in it leaves the block.
        let mut reached = None;
        for stmt in &block.stmts {
            if !failed && reached.is_none() && ends(&self.out) {
                let d = Diagnostic::warning("unreachable", stmt.span, "this is never reached");
                self.warnings.push(d.help("remove it, or what leaves the block before it"));
                reached = Some(self.out.len());
            }
            failed |= self.stmt(stmt).is_err();
        }
        self.out.truncate(reached.unwrap_or(usize::MAX));
        self.script.scopes.pop();
        let checked = std::mem::replace(&mut self.out, outer);
        if failed { Err(Failed) } else { Ok(checked) }
    }

    fn stmt(&mut self, stmt: &syntax::Stmt) -> Checked<()> {
        use syntax::StmtKind as K;
        let span = stmt.span;
        match &stmt.kind {
            K::Let { names, ty, value } => self.let_(names, ty.as_ref(), value, span),
            K::Assign { targets, op, value } => match (targets.as_slice(), op) {
                ([target], op) => self.assign(target, *op, value, span),
                (targets, _) => self.assign_all(targets, value, span),
            },
            K::Call(call) => self.call_statement(call),
            K::If { arms, otherwise } => self.if_(arms, otherwise.as_ref(), span),
            K::While { condition, body } => self.while_(condition, body, span),
            K::For { name, over, body } => self.for_(name, over, body, span),
            K::Break | K::Continue => {
                let (kind, word) = match stmt.kind {
                    K::Break => (StmtKind::Break, "break"),
                    _ => (StmtKind::Continue, "continue"),
                };
                if self.script.loops == 0 {
                    let d = Diagnostic::error("no-loop", span, format!("`{word}` stands outside of any loop"));
                    return self.fail(d.help("`return` ends the function or rule"));
                }
                self.out.push(Stmt { kind, span });
                Ok(())
            }
            K::Return(values) => self.return_(values, span),
        }
    }

    /// An expression of a statement.
    fn evaluated(&mut self, e: &syntax::Expr, ty: Option<&Type>) -> Checked<Expr> {
        self.script.ordered = self.changes(e);
        let value = self.value(e, Want { ty, literal: ty.is_some(), multi: false });
        self.script.ordered = false;
        let value = value?;
        self.shallow(&value, e.span)?;
        Ok(value)
    }

    /// A value for a place of a type.
    fn typed(&mut self, e: &syntax::Expr, ty: &Type) -> Checked<Expr> {
        let value = self.evaluated(e, Some(ty))?;
        if value.ty == *ty { Ok(value) } else { self.wrong_type(ty, &value.ty, e) }
    }

    fn condition(&mut self, e: &syntax::Expr) -> Checked<Expr> {
        self.script.ordered = self.changes(e);
        let found = self.root(e);
        self.script.ordered = false;
        let found = found?;
        self.shallow(&found, e.span)?;
        Ok(found)
    }

    /// Declares a local in the current scope.
    fn declared(&mut self, name: &Name, ty: Type) -> LocalId {
        self.locals.push(Local { name: name.text.to_owned(), ..Local::new(ty) });
        let id = LocalId(self.locals.len() as u32 - 1);
        self.name_local(name, Some(id));
        id
    }

    fn name_local(&mut self, name: &Name, local: Option<LocalId>) {
        if let Some(local) = local {
            self.note_local(name.span, local);
        }
        if let Some(scope) = self.script.scopes.last_mut() {
            scope.insert(name.text.to_owned(), local);
        }
    }

    fn let_(&mut self, names: &[Name], ty: Option<&syntax::TypeName>, value: &syntax::Expr, span: Span) -> Checked<()> {
        let done = match names {
            [name] => self.let_one(name, ty, value, span),
            _ => self.let_all(names, value),
        };
        if done.is_err() {
            // Its uses are not to be blamed.
            names.iter().for_each(|name| self.name_local(name, None));
        }
        done
    }

    fn let_one(&mut self, name: &Name, ty: Option<&syntax::TypeName>, value: &syntax::Expr, span: Span) -> Checked<()> {
        let wanted = ty.map(|ty| self.type_of(ty)).transpose()?;
        if matches!(wanted, Some(Type::List(..))) || wanted.is_none() && self.is_array(value) {
            let (with, found) = self.filling(value, wanted.as_ref())?;
            let array = self.declared(name, wanted.unwrap_or(found));
            self.out.push(Stmt { kind: StmtKind::Fill { array, with }, span });
            return Ok(());
        }
        let value = match &wanted {
            Some(ty) => self.typed(value, ty)?,
            None => self.evaluated(value, None)?,
        };
        if let Some(kept) = self.just_made(&value) {
            name.text.clone_into(&mut self.locals[kept.index()].name);
            self.name_local(name, Some(kept));
            return Ok(());
        }
        let local = self.declared(name, value.ty.clone());
        self.out.push(Stmt { kind: StmtKind::Set { local, value }, span });
        Ok(())
    }

    /// The local of a value that the statement before has put into one that nothing else reads.
    fn just_made(&self, value: &Expr) -> Option<LocalId> {
        let ExprKind::Local(kept) = value.kind else { return None };
        let made = match &self.out.last()?.kind {
            StmtKind::Call { results, .. } => results.contains(&kept),
            StmtKind::Pop { local, .. } => *local == Some(kept),
            _ => false,
        };
        (made && self.locals[kept.index()].name.is_empty()).then_some(kept)
    }

    /// Sets a local. What a call before it has put into a local of its own goes there at once.
    fn set(&mut self, local: LocalId, value: Expr, span: Span) {
        if let ExprKind::Local(kept) = value.kind
            && self.locals[kept.index()].name.is_empty()
            && let Some(Stmt { kind: StmtKind::Call { results, .. }, .. }) = self.out.last_mut()
            && let Some(result) = results.iter_mut().find(|result| **result == kept)
        {
            *result = local;
            return;
        }
        self.out.push(Stmt { kind: StmtKind::Set { local, value }, span });
    }

    /// The locals that the results of a call with several are in, as many as are wanted.
    fn several(&mut self, wanted: usize, value: &syntax::Expr) -> Checked<Vec<LocalId>> {
        let found = match &value.unparenthesised().kind {
            syntax::ExprKind::Call { name, args } if self.results_of(name.text).is_some() => {
                self.script.ordered = self.changes(value);
                let called = self.call_function(name, args, value.span);
                self.script.ordered = false;
                called?
            }
            _ => {
                let d = Diagnostic::error("several-values", value.span, format!("{wanted} values are wanted here, but this is one"));
                return self.fail(d.help("only a function that returns several values has several"));
            }
        };
        if found.len() == wanted {
            return Ok(found);
        }
        let message = format!("{wanted} values are wanted here, but the function returns {}", found.len());
        self.fail(Diagnostic::error("several-values", value.span, message).help("take as many as it returns"))
    }

    fn let_all(&mut self, names: &[Name], value: &syntax::Expr) -> Checked<()> {
        let locals = self.several(names.len(), value)?;
        for (name, local) in names.iter().zip(locals) {
            name.text.clone_into(&mut self.locals[local.index()].name);
            self.name_local(name, Some(local));
        }
        Ok(())
    }

    fn assign_all(&mut self, targets: &[syntax::Expr], value: &syntax::Expr, span: Span) -> Checked<()> {
        let locals = self.several(targets.len(), value)?;
        let mut done = Ok(());
        for (target, local) in targets.iter().zip(locals) {
            let value = Expr { kind: ExprKind::Local(local), ty: self.locals[local.index()].ty.clone(), nullable: false, span };
            done = done.and(self.assign_value(target, value, span));
        }
        done
    }

    /// Puts a value that is there into a place.
    fn assign_value(&mut self, target: &syntax::Expr, value: Expr, span: Span) -> Checked<()> {
        if let syntax::ExprKind::Subscript { .. } = &target.kind {
            let (array, element, index) = self.element_target(target)?;
            if element != value.ty {
                return self.wrong_type(&element, &value.ty, target);
            }
            self.out.push(Stmt { kind: StmtKind::Store { array, index, value }, span });
            return Ok(());
        }
        let local = self.local_target(target)?;
        let ty = self.locals[local.index()].ty.clone();
        if ty != value.ty {
            return self.wrong_type(&ty, &value.ty, target);
        }
        match (&ty, &value.kind) {
            (Type::List(..), ExprKind::Local(from)) => {
                let with = crate::ast::Filling::Copy(Place::Local(*from));
                self.out.push(Stmt { kind: StmtKind::Fill { array: local, with }, span });
            }
            _ => self.set(local, value, span),
        }
        Ok(())
    }

    /// The local that is assigned to.
    fn local_target(&mut self, target: &syntax::Expr) -> Checked<LocalId> {
        let syntax::ExprKind::Word(name) = &target.kind else { return Err(Failed) };
        match self.scoped(name) {
            Some(Some(local)) => return Ok(local),
            Some(None) => return Err(Failed),
            None => {}
        }
        if self.is_constant(name) {
            return self.constant_changed(target.span);
        }
        if self.scheme.field_id(name).is_some() {
            let d = Diagnostic::error("assign-field", target.span, format!("`{name}` is a field of the record, which nobody changes"));
            return self.fail(d.help("declare a local: `let x = ...`"));
        }
        let d = Diagnostic::error("unknown-name", target.span, format!("there is no local `{name}`"));
        let near = crate::diagnostic::nearest(name, self.names());
        let d = match near {
            Some(near) => d.help(format!("did you mean `{near}`?")).instead(near),
            None => d.help(format!("declare it: `let {name} = ...`")),
        };
        self.fail(d)
    }

    /// The element that is assigned to: the array, the type of its elements, and the index.
    fn element_target(&mut self, target: &syntax::Expr) -> Checked<(LocalId, Type, Expr)> {
        let syntax::ExprKind::Subscript { base, subscripts } = &target.kind else { return Err(Failed) };
        let found = self.place(base)?;
        let Some((place, Type::List(element, _))) = found else {
            let value = self.value(base, Want::default())?;
            let d = Diagnostic::error("bad-target", target.span, format!("no part of a {} can be assigned to", value.ty));
            return self.fail(match value.ty {
                Type::Bytes => d.help("build an array of Int, and take `bytes(a)` of it"),
                _ => d.help("only arrays of the script can be changed: `let a = [0; 4]`"),
            });
        };
        let Place::Local(array) = place else { return self.constant_changed(target.span) };
        match subscripts.first().map(|s| &s.kind) {
            Some(SubscriptKind::At(at)) => Ok((array, *element, self.int_index(at)?)),
            _ => {
                let d = Diagnostic::error("bad-target", target.span, "one element at a time is assigned to");
                self.fail(d.help("`fill(a, x)` sets all, `a[i] = x` one"))
            }
        }
    }

    fn assign(&mut self, target: &syntax::Expr, op: Option<ArithOp>, value: &syntax::Expr, span: Span) -> Checked<()> {
        if matches!(target.kind, syntax::ExprKind::Subscript { .. }) {
            let (array, element, index) = self.element_target(target)?;
            let Some(op) = op else {
                let value = self.typed(value, &element)?;
                self.out.push(Stmt { kind: StmtKind::Store { array, index, value }, span });
                return Ok(());
            };
            // The index is evaluated once.
            let index = match index.kind {
                ExprKind::Const(_) | ExprKind::Local(_) => index,
                _ => {
                    let (local, kept) = self.local(Type::Int, index.span);
                    self.out.push(Stmt { kind: StmtKind::Set { local, value: index }, span });
                    kept
                }
            };
            let read = ExprKind::Element { array: Place::Local(array), index: Box::new(index.clone()) };
            let old = Expr { kind: read, ty: element, nullable: false, span: target.span };
            let value = self.updated(op, old, target, value, span)?;
            self.out.push(Stmt { kind: StmtKind::Store { array, index, value }, span });
            return Ok(());
        }
        let local = self.local_target(target)?;
        let ty = self.locals[local.index()].ty.clone();
        let Some(op) = op else {
            if !matches!(ty, Type::List(..)) {
                let value = self.typed(value, &ty)?;
                self.set(local, value, span);
                return Ok(());
            }
            let (with, _) = self.filling(value, Some(&ty))?;
            self.out.push(Stmt { kind: StmtKind::Fill { array: local, with }, span });
            return Ok(());
        };
        let old = Expr { kind: ExprKind::Local(local), ty, nullable: false, span: target.span };
        let value = self.updated(op, old, target, value, span)?;
        self.set(local, value, span);
        Ok(())
    }

    /// `old op value`.
    fn updated(&mut self, op: ArithOp, old: Expr, target: &syntax::Expr, value: &syntax::Expr, span: Span) -> Checked<Expr> {
        let ty = (!op.entry().counts).then(|| old.ty.clone());
        let right = self.evaluated(value, ty.as_ref())?;
        self.operated(op, (old, target), (right, value), span)
    }

    fn call_statement(&mut self, call: &syntax::Expr) -> Checked<()> {
        let syntax::ExprKind::Call { name, args } = &call.kind else { return Err(Failed) };
        if self.results_of(name.text).is_some() {
            self.script.ordered = self.changes(call);
            let called = self.call_function(name, args, call.span);
            self.script.ordered = false;
            called?;
            return Ok(());
        }
        if let Some(done) = self.array_statement(name, args, call.span) {
            return done;
        }
        self.evaluated(call, None)?;
        let d = Diagnostic::error("no-statement", call.span, format!("the result of `{}` is not used", name.text));
        self.fail(d.help("assign it, or `return` it"))
    }

    fn if_(&mut self, arms: &[(syntax::Expr, syntax::Block)], otherwise: Option<&syntax::Block>, span: Span) -> Checked<()> {
        let mut failed = false;
        // Blocks that are open: that of the statement, and one more for each condition that needs statements before it.
        let mut open: Vec<(Block, Vec<(Expr, Block)>)> = vec![(std::mem::take(&mut self.out), Vec::new())];
        for (place, (condition, body)) in arms.iter().enumerate() {
            let checked = self.condition(condition);
            let pending = std::mem::take(&mut self.out);
            let body = self.block(body);
            if !pending.is_empty() {
                match open.last_mut() {
                    Some((before, _)) if place == 0 => before.extend(pending),
                    _ => open.push((pending, Vec::new())),
                }
            }
            match (checked, body, open.last_mut()) {
                (Ok(condition), Ok(body), Some((_, arms))) => arms.push((condition, body)),
                _ => failed = true,
            }
        }
        let mut rest = match otherwise.map(|block| self.block(block)) {
            Some(Ok(block)) => block,
            Some(Err(Failed)) => {
                failed = true;
                Block::new()
            }
            None => Block::new(),
        };
        while let Some((mut before, arms)) = open.pop() {
            if !arms.is_empty() {
                before.push(Stmt { kind: StmtKind::If { arms, otherwise: rest }, span });
            }
            rest = before;
        }
        self.out = rest;
        if failed { Err(Failed) } else { Ok(()) }
    }

    /// A condition with calls is looked at in the body, as its statements have to be done each time.
    fn while_(&mut self, condition: &syntax::Expr, body: &syntax::Block, span: Span) -> Checked<()> {
        let outer = std::mem::take(&mut self.out);
        let checked = self.condition(condition);
        let mut before = std::mem::replace(&mut self.out, outer);
        self.script.loops += 1;
        let body = self.block(body);
        self.script.loops -= 1;
        let (mut condition, mut body) = (checked?, body?);
        if !before.is_empty() {
            let here = condition.span;
            let ends = test(ExprKind::Not(Box::new(condition)), here);
            condition = test(ExprKind::Const(Const::Bool(true)), here);
            let leave = vec![Stmt { kind: StmtKind::Break, span: here }];
            before.push(Stmt { kind: StmtKind::If { arms: vec![(ends, leave)], otherwise: Vec::new() }, span: here });
            before.append(&mut body);
            body = before;
        }
        self.out.push(Stmt { kind: StmtKind::While { condition, body }, span });
        Ok(())
    }

    fn for_(&mut self, name: &Name, over: &syntax::Over, body: &syntax::Block, span: Span) -> Checked<()> {
        let found = match over {
            syntax::Over::Range { start, end, inclusive } => {
                let (start, end) = (self.int(start), self.int(end));
                start.and_then(|start| Ok((Over::Range { start, end: end?, inclusive: *inclusive }, Type::Int)))
            }
            syntax::Over::Each(e) => self.over(e),
        };
        let local = found.as_ref().ok().map(|(_, ty)| {
            self.locals.push(Local { name: name.text.to_owned(), ..Local::new(ty.clone()) });
            LocalId(self.locals.len() as u32 - 1)
        });
        if let Some(local) = local {
            self.note_local(name.span, local);
        }
        self.script.loops += 1;
        let body = self.block_with(body, HashMap::from([(name.text.to_owned(), local)]));
        self.script.loops -= 1;
        let ((over, _), body) = (found?, body?);
        self.out.push(Stmt { kind: StmtKind::For { local: local.ok_or(Failed)?, over, body }, span });
        Ok(())
    }

    fn int(&mut self, e: &syntax::Expr) -> Checked<Expr> {
        let value = self.evaluated(e, Some(&Type::Int))?;
        match value.ty {
            Type::Int => Ok(value),
            Type::U32 => Ok(self.to_int(value)),
            _ => self.wrong_type(&Type::Int, &value.ty, e),
        }
    }

    fn over(&mut self, e: &syntax::Expr) -> Checked<(Over, Type)> {
        if self.is_array(e) {
            return Ok(match self.place(e)? {
                Some((place, Type::List(element, _))) => (Over::Array(place), *element),
                _ => {
                    let (with, ty) = self.filling(e, None)?;
                    let Type::List(element, _) = ty.clone() else { return Err(Failed) };
                    let (array, _) = self.local(ty, e.span);
                    self.out.push(Stmt { kind: StmtKind::Fill { array, with }, span: e.span });
                    (Over::Array(Place::Local(array)), *element)
                }
            });
        }
        let protocol = matches!(&e.kind, syntax::ExprKind::Word(word) if self.bytes_of(word).is_some());
        let value = self.evaluated(e, protocol.then_some(&Type::Bytes))?;
        let element = match &value.ty {
            Type::Bytes => Type::Int,
            Type::Array(element) | Type::Map(element) => (**element).clone(),
            ty => {
                let ty = ty.clone();
                let d = Diagnostic::error("no-elements", e.span, format!("{ty} cannot be walked")).label(ty.to_string());
                let help = match ty {
                    Type::Int | Type::U32 => format!("numbers are counted by `for i in 0..{}`", self.text(e.span)),
                    _ => "bytes and arrays can".into(),
                };
                return self.fail(d.help(help));
            }
        };
        Ok((Over::Value(value), element))
    }

    fn return_(&mut self, values: &[syntax::Expr], span: Span) -> Checked<()> {
        let results = self.script.results.clone();
        if let ([value], true) = (values, results.len() > 1) {
            // What another function returns.
            let locals = self.several(results.len(), value)?;
            let mut returned = Vec::new();
            for ((local, ty), place) in locals.into_iter().zip(&results).zip(self.script.places.clone()) {
                let found = self.locals[local.index()].ty.clone();
                if found != *ty {
                    return self.wrong_type(ty, &found, value);
                }
                match place {
                    Some(array) => {
                        let with = crate::ast::Filling::Copy(Place::Local(local));
                        self.out.push(Stmt { kind: StmtKind::Fill { array, with }, span });
                    }
                    None => returned.push(Expr { kind: ExprKind::Local(local), ty: found, nullable: false, span }),
                }
            }
            self.out.push(Stmt { kind: StmtKind::Return(returned), span });
            return Ok(());
        }
        if values.len() != results.len() {
            let count = |n: usize| match n {
                0 => "nothing".to_owned(),
                1 => "one value".to_owned(),
                n => format!("{n} values"),
            };
            let message = format!("{} can be returned here, not {}", count(results.len()), count(values.len()));
            let d = Diagnostic::error("return-count", span, message);
            return self.fail(match results.len() {
                0 => d.help("declare what the function returns: `fn f() -> Int`"),
                _ => d.help("return what the function declares"),
            });
        }
        let mut returned = Vec::new();
        let mut filled = Vec::new();
        for ((value, ty), place) in values.iter().zip(&results).zip(self.script.places.clone()) {
            match place {
                Some(array) => filled.push((array, self.filling(value, Some(ty))?)),
                // What a rule tests, and what only looks like it, has the forms of a rule's expression.
                None if *ty == Type::Bool => returned.push(self.truth_value(value)?),
                None => returned.push(self.typed(value, ty)?),
            }
        }
        for (array, (with, _)) in filled {
            self.out.push(Stmt { kind: StmtKind::Fill { array, with }, span });
        }
        self.out.push(Stmt { kind: StmtKind::Return(returned), span });
        Ok(())
    }

    /// A Bool that is returned, with nil as it is.
    fn truth_value(&mut self, e: &syntax::Expr) -> Checked<Expr> {
        self.script.ordered = self.changes(e);
        let found = self.expr(e, Want { ty: Some(&Type::Bool), literal: false, multi: true });
        let found = found.and_then(|operand| match operand {
            super::Operand::Plain(value) if value.ty == Type::Bool => Ok(value),
            operand => match self.truth(operand, e)? {
                Truth::One(value) => Ok(value),
                Truth::Each(_) => self.misplaced_each(e.span),
            },
        });
        self.script.ordered = false;
        let value = found?;
        self.shallow(&value, e.span)?;
        Ok(value)
    }
}
