//! Statements.

use quintet_lang::Type;
use quintet_lang::ast::{Block, Expr, ExprKind, FnId, LocalId, Place, Stmt, StmtKind};
use quintet_runtime::{Trap, counts_steps, statement_counts_steps};
use wasm_encoder::ValType::I32;

use crate::array::{List, start};
use crate::body::Label;
use crate::generator::{Generator, Words};
use crate::module::Target;

impl Generator<'_> {
    pub(crate) fn block(&mut self, block: &Block) {
        for stmt in block {
            let mark = self.body.mark();
            self.stmt(stmt);
            self.body.release(mark);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        self.at_place(stmt.span, |this| {
            this.standing_at(stmt.span, |this| this.stmt_here(stmt));
            if statement_counts_steps(this.linked, stmt) {
                this.trap_if_exhausted();
            }
        });
    }

    fn stmt_here(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Set { local, value } => {
                let (to, present) = self.local(*local);
                self.set(&value.ty, (to, present), value);
                let bounds = self.script.bounds.of(value);
                self.script.bounds.learn(*local, bounds);
            }
            StmtKind::Fill { array, with } => self.fill(*array, with),
            StmtKind::Store { array, index, value } => self.store_at(Place::Local(*array), index, value),
            StmtKind::Push { array, value } => self.push_element(Place::Local(*array), value),
            StmtKind::Pop { local, array } => self.pop_into_local(*local, *array),
            StmtKind::Call { results, function, args } => self.script_call(results, *function, args),
            StmtKind::If { arms, otherwise } => {
                let end = self.body.block();
                for (condition, body) in arms {
                    let next = self.body.block();
                    self.unless(condition, next);
                    self.block(body);
                    self.body.br(end);
                    self.body.end();
                    self.after_condition(condition);
                }
                self.block(otherwise);
                self.body.end();
            }
            StmtKind::While { condition, body } => self.while_(condition, body),
            StmtKind::For { local, over, body } => self.for_(*local, over, body),
            StmtKind::Break => {
                if let Some((end, _)) = self.script.loops.last() {
                    self.body.br(*end);
                }
            }
            StmtKind::Continue => {
                if let Some((_, next)) = self.script.loops.last() {
                    self.body.br(*next);
                }
            }
            StmtKind::Return(values) => {
                for (place, value) in values.iter().enumerate() {
                    let mark = self.body.mark();
                    let to = self.script.results[place];
                    self.set(&value.ty, to, value);
                    self.body.release(mark);
                }
                if values.iter().any(|value| counts_steps(self.linked, value)) {
                    self.trap_if_exhausted();
                }
                if let Some(returned) = self.script.returned {
                    self.body.br(returned);
                }
            }
        }
    }

    /// The locals with a local's words, and the one that says whether it is there.
    pub(crate) fn local(&self, local: LocalId) -> (Words, Option<u32>) {
        (self.bound[local.index()], self.present[local.index()])
    }

    /// Says that the value in a local is there, or is not.
    pub(crate) fn set_present(&mut self, present: Option<u32>, there: bool) {
        if let Some(present) = present {
            self.body.i().i32_const(there.into()).local_set(present);
        }
    }

    /// Sets locals to the value of an expression.
    fn set(&mut self, ty: &Type, (to, present): (Words, Option<u32>), value: &Expr) {
        if present.is_none() || !value.nullable {
            self.value(value, self.never);
            self.pop_into(ty, to);
            return self.set_present(present, true);
        }
        let done = self.body.block();
        let missing = self.body.block();
        self.value(value, missing);
        self.pop_into(ty, to);
        self.set_present(present, true);
        self.body.br(done);
        self.body.end();
        self.set_present(present, false);
        self.body.end();
    }

    fn pop_into_local(&mut self, local: Option<LocalId>, array: LocalId) {
        let place = Place::Local(array);
        let (_, element) = self.list(place);
        let done = self.body.block();
        let none = self.body.block();
        let value = self.pop_element(place, none);
        if let Some(local) = local {
            let (to, present) = self.local(local);
            self.push(element, value);
            self.pop_into(element, to);
            self.set_present(present, true);
        }
        self.body.br(done);
        self.body.end();
        if let Some(local) = local {
            let (_, present) = self.local(local);
            self.set_present(present, false);
        }
        self.body.end();
    }

    fn script_call(&mut self, results: &[LocalId], id: FnId, args: &[Expr]) {
        let function = &self.linked.program().functions[id.index()];
        let done = self.body.block();
        let skipped = self.body.block();
        let mut values = Vec::with_capacity(args.len());
        for (arg, param) in args.iter().zip(&function.frame.locals) {
            values.push(self.argument(arg, param.nullable, skipped));
        }
        let script = &self.script;
        let (calls, (base, bytes)) = (script.calls, script.frame);
        self.body.i().local_get(self.base).local_get(self.record).local_get(calls).local_get(base);
        if bytes > 0 {
            self.body.i().i32_const(bytes as i32).i32_add();
        }
        for (arg, (value, present)) in args.iter().zip(values) {
            if let (Type::List(..), ExprKind::Local(local)) = (&arg.ty, &arg.kind) {
                self.pass(*local);
                continue;
            }
            self.push(&arg.ty, value);
            if let Some(present) = present {
                self.body.i().local_get(present);
            }
        }
        self.spill_steps();
        self.body.call(Target::Own(id.0));
        let mut found = Vec::with_capacity(function.results.len());
        for answer in function.results.iter().rev() {
            let present = answer.nullable.then(|| self.body.pop(I32));
            found.push((self.pop(&answer.ty), present));
        }
        self.body.i().local_tee(self.code);
        self.body.if_(None);
        // What happened before its first statement happened here.
        let (code, placed) = (self.code, Trap::placed(self.place) as i32);
        self.body.i().local_get(code).i32_const(placed).i32_add().local_get(code);
        self.body.i().local_get(code).i32_const(Trap::placed(1) as i32).i32_lt_u().select().local_set(code);
        self.body.br(self.trapped);
        self.body.end();
        self.reload_steps();
        for ((result, answer), (value, there)) in results.iter().zip(&function.results).zip(found.into_iter().rev()) {
            let (to, present) = self.local(*result);
            self.push(&answer.ty, value);
            self.pop_into(&answer.ty, to);
            match (present, there) {
                (Some(present), Some(there)) => {
                    self.body.i().local_get(there).local_set(present);
                }
                _ => self.set_present(present, true),
            }
        }
        self.body.br(done);
        self.body.end();
        for result in results {
            let (_, present) = self.local(*result);
            self.set_present(present, false);
        }
        self.body.end();
    }

    /// Evaluates an argument into locals; goes to `skipped` where it is nil and must not be.
    fn argument(&mut self, arg: &Expr, nullable: bool, skipped: Label) -> (Words, Option<u32>) {
        if matches!(arg.ty, Type::List(..)) {
            return Default::default();
        }
        if !nullable {
            self.value(arg, skipped);
            return (self.pop(&arg.ty), None);
        }
        let to = (self.new_locals(&arg.ty), Some(self.body.local(I32)));
        self.set(&arg.ty, to, arg);
        to
    }

    /// Pushes what a function gets of an array: the address of a fixed one's elements, or of what describes a growing one.
    fn pass(&mut self, array: LocalId) {
        let (list, _) = self.list(Place::Local(array));
        match list {
            List::Shared { base, offset } => {
                self.body.i().local_get(base).i32_const(offset as i32).i32_add();
            }
            List::Fixed { base, .. } => {
                self.body.i().local_get(base).i32_const(start(list) as i32).i32_add();
            }
            // Growing arrays that are passed are described in memory, and constants are not passed.
            List::Own { .. } | List::Table { .. } => self.trap(Trap::Nil),
        }
    }
}
