//! Loops over arrays and maps.

use quintet_lang::Type;
use quintet_lang::ast::{Clause, Each, Expr, LocalId};
use quintet_runtime::{Trap, is_leaf};
use wasm_encoder::ValType::I32;

use crate::body::{Label, at};
use crate::generator::Generator;
use crate::helpers::Helper;
use crate::import::Import;
use crate::places::CELL_VALUE;

/// A source of a loop: the locals with the address of its block and of the next element, and how its elements lie.
struct Source {
    block: u32,
    next: u32,
    stride: u32,
    /// Bytes from an entry of a map to its value.
    skip: u32,
}

/// What a loop does for each binding of its locals.
type Inner<'i> = &'i mut dyn FnMut(&mut Generator<'_>);

impl Generator<'_> {
    /// Runs code for each binding of the clauses' locals.
    pub(crate) fn each(&mut self, each: &Each, inner: Inner<'_>) {
        let mark = self.body.mark();
        let end = self.body.block();
        self.loops += 1;
        let leaf = is_leaf(self.linked, each);
        self.clauses(&each.clauses, leaf, end, inner);
        self.loops -= 1;
        self.body.end();
        self.body.release(mark);
    }

    /// The clauses that are left; what skips an element goes to `skip`.
    fn clauses(&mut self, clauses: &[Clause], leaf: bool, skip: Label, inner: Inner<'_>) {
        match clauses {
            [] => inner(self),
            [Clause::Let(local, value), rest @ ..] => {
                self.value(value, skip);
                self.bind(*local, &value.ty);
                self.clauses(rest, leaf, skip, inner);
            }
            [Clause::For(sources), rest @ ..] => self.lockstep(sources, rest, leaf, inner),
        }
    }

    /// Pops the value of a local.
    fn bind(&mut self, local: LocalId, ty: &Type) {
        let words = self.pop(ty);
        if self.bound.len() <= local.index() {
            self.bound.resize(local.index() + 1, Default::default());
        }
        self.bound[local.index()] = words;
    }

    fn lockstep(&mut self, sources: &[(LocalId, Expr)], rest: &[Clause], leaf: bool, inner: Inner<'_>) {
        let left = self.body.local(I32);
        self.body.i().i32_const(-1).local_set(left);
        let mut walked = Vec::with_capacity(sources.len());
        for (_, source) in sources {
            walked.push(self.source(source, left));
        }
        if leaf {
            self.look_at_elements(left);
        }
        let end = self.body.block();
        let head = self.body.loop_();
        self.body.i().local_get(left);
        self.body.br_unless(end);
        if !leaf {
            self.step();
        }
        let mark = self.body.mark();
        let skip = self.body.block();
        for ((local, expr), source) in sources.iter().zip(&walked) {
            let element = expr.ty.element().unwrap_or(&expr.ty);
            self.load(element, source.block, source.next, source.skip);
            self.bind(*local, element);
        }
        self.clauses(rest, leaf, skip, inner);
        self.body.end();
        self.body.release(mark);
        for source in &walked {
            self.body.i().local_get(source.next).i32_const(source.stride as i32).i32_add().local_set(source.next);
        }
        self.body.i().local_get(left).i32_const(1).i32_sub().local_set(left);
        self.body.br(head);
        self.body.end();
        self.body.end();
    }

    /// Evaluates a source and makes `left` no larger than its length; a nil one has none.
    fn source(&mut self, expr: &Expr, left: u32) -> Source {
        let (block, next, len) = (self.body.local(I32), self.body.local(I32), self.body.local(I32));
        self.body.i().i32_const(0).local_set(len);
        let missing = self.body.block();
        self.value(expr, missing);
        self.body.i().local_set(len).local_set(next).local_set(block);
        self.body.end();
        self.body.i().local_get(len).local_get(left).local_get(len).local_get(left).i32_lt_u().select().local_set(left);
        let value = expr.ty.element().map_or(0, Type::words) * 8;
        let skip = if matches!(expr.ty, Type::Map(_)) { 8 } else { 0 };
        Source { block, next, stride: skip + value, skip }
    }

    /// Pushes the array of a body's values. It is made in scratch memory, and what its elements refer to stays where it is: its block is all
    /// of linear memory. Elements that have references of their own are copied by the host, into one block.
    pub(crate) fn collect(&mut self, each: &Each, ty: &Type) {
        let mark = self.body.mark();
        let element = &each.body.ty;
        let packs = element.element().is_some_and(refers) || matches!(element, Type::Map(_));
        let size = if packs { 16 } else { element.words() * 8 };
        let (items, used, room) = (self.body.local(I32), self.body.local(I32), self.body.local(I32));
        self.body.i().i32_const(0).local_tee(items).local_tee(used).local_set(room);
        self.each(each, &mut |this| {
            let mark = this.body.mark();
            this.value(&each.body, this.never);
            let value = this.pop(element);
            this.charge(element, value);
            this.check(this.never);
            this.body.i().local_get(used).local_get(room).i32_eq();
            this.body.if_(None);
            // Twice the room, and at least that of eight elements. (The host's limit of memory ends this before 32 bits are passed.)
            this.body.i().local_get(room).i32_const(1).i32_shl().i32_const(8 * size as i32).local_get(room).select().local_set(room);
            this.body.i().local_get(items).local_get(used).local_get(room);
            Helper::Grow.call(&mut this.body);
            this.body.i().local_tee(items).i32_eqz();
            this.body.if_(None);
            this.trap(Trap::Memory);
            this.body.end();
            this.body.end();
            this.body.i().local_get(items).local_get(used).i32_add();
            let address = this.body.pop(I32);
            if packs {
                this.store(element, value, address, 0);
            } else {
                this.store_slot(element, value, address);
            }
            this.body.i().local_get(used).i32_const(size as i32).i32_add().local_set(used);
            this.body.release(mark);
        });
        self.body.i().local_get(used).i32_const(size as i32).i32_div_u();
        let len = self.body.pop(I32);
        if packs {
            let cell = self.cells;
            self.builder.cells(cell + 1);
            let number = self.builder.packed(element);
            self.body.i().i32_const(number as i32).local_get(items).local_get(len);
            self.cell(cell);
            self.host(Import::Pack);
            self.check(self.never);
            self.load_cell(cell, ty);
        } else {
            self.body.i().i32_const(0).local_get(items).local_get(len);
        }
        self.body.release(mark);
    }

    /// Counts an element against the limit of memory and pushes the status.
    fn charge(&mut self, element: &Type, value: [u32; 3]) {
        match element {
            Type::Bool | Type::Int | Type::U32 | Type::Float | Type::Ip | Type::List(..) => self.body.i().i32_const(0),
            Type::Bytes => self.body.i().local_get(value[1]),
            Type::Array(_) | Type::Map(_) => {
                let cell = self.cells;
                self.builder.cells(cell + 1);
                let number = self.builder.packed(element);
                self.cell(cell);
                let address = self.body.pop(I32);
                self.body.i().local_get(address).i64_const(1).i64_store(at(0));
                self.store(element, value, address, CELL_VALUE);
                self.body.i().i32_const(number as i32);
                self.cell(cell);
                return self.host(Import::ChargeValue);
            }
        };
        self.host(Import::Charge);
    }

    /// Stores a value in a slot of a block that is all of linear memory.
    fn store_slot(&mut self, ty: &Type, value: [u32; 3], address: u32) {
        match ty {
            Type::Array(_) | Type::Map(_) => {
                let [_, first, len] = value;
                self.body.i().local_get(address).local_get(first).i32_store(at(0));
                self.body.i().local_get(address).local_get(len).i32_store(at(4));
            }
            _ => self.store(ty, value, address, 0),
        }
    }
}

/// Whether values of the type refer to others by offset.
fn refers(ty: &Type) -> bool {
    matches!(ty, Type::Bytes | Type::Array(_) | Type::Map(_))
}
