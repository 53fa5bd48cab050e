//! Calls of library functions, and the cells that values go through on their way to the host and back.

use quintet_lang::Type;
use quintet_lang::ast::{Expr, SiteId};
use quintet_lang::signature::NilRule;
use quintet_runtime::Trap;
use wasm_encoder::ValType::I32;

use crate::body::{Label, at};
use crate::generator::Generator;
use crate::import::{Import, NIL, TRAP};
use crate::module::Hole;
use crate::places::{CELL, CELL_VALUE};

impl Generator<'_> {
    /// Pushes the address of a cell.
    pub(crate) fn cell(&mut self, cell: u32) {
        self.body.unknown(Hole::Cells);
        if cell > 0 {
            self.body.i().i32_const((cell * CELL) as i32).i32_add();
        }
    }

    /// Pops a value into a cell.
    pub(crate) fn store_cell(&mut self, cell: u32, ty: &Type) {
        let mark = self.body.mark();
        let value = self.pop(ty);
        self.body.unknown(Hole::Cells);
        self.body.i().i64_const(1).i64_store(at(cell * CELL));
        self.body.unknown(Hole::Cells);
        let address = self.body.pop(I32);
        self.store(ty, value, address, cell * CELL + CELL_VALUE);
        self.body.release(mark);
    }

    /// Stores a value in the words of a cell, `offset` bytes after the address in a local: Bytes are address and length, arrays and maps
    /// block, offset and length in halves of words.
    pub(crate) fn store(&mut self, ty: &Type, value: [u32; 3], address: u32, offset: u32) {
        let [a, b, c] = value;
        let mut i = self.body.i();
        match ty {
            Type::Bool | Type::U32 => i.local_get(address).local_get(a).i64_extend_i32_u().i64_store(at(offset)),
            Type::Int => i.local_get(address).local_get(a).i64_store(at(offset)),
            Type::Float => i.local_get(address).local_get(a).f64_store(at(offset)),
            // One store, as it is one load that reads it: the processor hands on no word that was stored in halves.
            Type::Bytes => {
                i.local_get(address).local_get(b).i64_extend_i32_u().i64_const(32).i64_shl();
                i.local_get(a).i64_extend_i32_u().i64_or().i64_store(at(offset))
            }
            Type::Ip => {
                i.local_get(address).local_get(a).i64_store(at(offset)).local_get(address).local_get(b).i64_store(at(offset + 8));
                i.local_get(address).local_get(c).i64_store(at(offset + 16))
            }
            Type::List(..) => &mut i,
            Type::Array(_) | Type::Map(_) => {
                i.local_get(address).local_get(b).local_get(a).i32_sub().i64_extend_i32_u().i64_const(32).i64_shl();
                i.local_get(a).i64_extend_i32_u().i64_or().i64_store(at(offset));
                i.local_get(address).local_get(c).i64_extend_i32_u().i64_store(at(offset + 8))
            }
        };
    }

    /// Pushes the value in a cell.
    pub(crate) fn load_cell(&mut self, cell: u32, ty: &Type) {
        let mark = self.body.mark();
        self.body.unknown(Hole::Cells);
        let address = self.body.pop(I32);
        let offset = cell * CELL + CELL_VALUE;
        let mut i = self.body.i();
        match ty {
            Type::Bool | Type::U32 => i.local_get(address).i32_load(at(offset)),
            Type::Int => i.local_get(address).i64_load(at(offset)),
            Type::Float => i.local_get(address).f64_load(at(offset)),
            Type::Bytes => i.local_get(address).i32_load(at(offset)).local_get(address).i32_load(at(offset + 4)),
            Type::Ip => {
                i.local_get(address).i64_load(at(offset)).local_get(address).i64_load(at(offset + 8));
                i.local_get(address).i64_load(at(offset + 16))
            }
            Type::List(..) => &mut i,
            Type::Array(_) | Type::Map(_) => {
                i.local_get(address).i32_load(at(offset));
                i.local_get(address).i32_load(at(offset)).local_get(address).i32_load(at(offset + 4)).i32_add();
                i.local_get(address).i32_load(at(offset + 8))
            }
        };
        self.body.release(mark);
    }

    /// Pushes the result of a call.
    pub(crate) fn call(&mut self, site: SiteId, args: &[Expr], nil: Label) {
        let program = self.linked.program();
        let it = &program.sites[site.index()];
        let handles_nil = program.scheme.function(it.function).nil == NilRule::Handled;
        let first = self.cells;
        self.cells += (args.len() as u32).max(1);
        self.builder.cells(self.cells);
        for (cell, arg) in (first..).zip(args) {
            if handles_nil && arg.nullable {
                let done = self.body.block();
                let missing = self.body.block();
                self.value(arg, missing);
                self.store_cell(cell, &arg.ty);
                self.body.br(done);
                self.body.end();
                self.body.unknown(Hole::Cells);
                self.body.i().i64_const(0).i64_store(at(cell * CELL));
                self.body.end();
            } else {
                self.value(arg, nil);
                self.store_cell(cell, &arg.ty);
            }
        }
        self.body.i().i32_const(site.0 as i32);
        self.cell(first);
        self.host(Import::Call);
        self.check(nil);
        self.load_cell(first, &it.result);
        self.cells = first;
    }

    /// Goes on if the host made a value, to `nil` or into a trap if not.
    pub(crate) fn check(&mut self, nil: Label) {
        let mark = self.body.mark();
        let status = self.body.tee(I32);
        self.body.if_(None);
        self.body.i().local_get(status).i32_const(NIL as i32).i32_eq();
        self.body.br_if(nil);
        self.body.i().local_get(status).i32_const(TRAP as i32 - Trap::placed(self.place) as i32).i32_sub().local_set(self.code);
        self.body.br(self.trapped);
        self.body.end();
        self.body.release(mark);
    }
}
