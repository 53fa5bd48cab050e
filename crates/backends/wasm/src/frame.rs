//! The part of a function of a script that lies on the stack of arrays: fixed arrays, and what describes growing ones that are passed on.

use quintet_lang::ast::{Block, Expr, Frame, LocalId};
use quintet_lang::{HARD_MEMORY_BYTES, Type};
use quintet_runtime::Trap;
use wasm_encoder::ValType::I32;

use crate::array::{DESCRIPTOR, List, stride};
use crate::body::at;
use crate::generator::Generator;
use crate::module::Hole;
use crate::places::{LARGE_FRAME, ROOM, STACK_PEAK};
use crate::uses::{is_filled_first, looks_at};

impl<'p> Generator<'p> {
    /// Says where in the frame the arrays are: what describes growing ones, then fixed ones, the smallest first, so that most have short
    /// offsets.
    pub(crate) fn place_arrays(&mut self, frame: &Frame, params: usize) {
        let mut own: Vec<(u64, usize)> = Vec::new();
        for (place, local) in frame.locals.iter().enumerate().skip(params) {
            match (&local.ty, self.script.arrays[place].0) {
                (Type::List(..), List::Shared { .. }) => own.push((0, place)),
                (Type::List(element, Some(len)), _) => own.push((u64::from(stride(element)) * u64::from(*len), place)),
                _ => {}
            }
        }
        own.sort_unstable();
        let mut top = 0;
        for (bytes, place) in own {
            match &mut self.script.arrays[place].0 {
                List::Fixed { offset, .. } | List::Shared { offset, .. } => *offset = top as u32,
                List::Own { .. } | List::Table { .. } => {}
            }
            top += bytes.next_multiple_of(16).max(DESCRIPTOR.into());
        }
        // A frame that is too large for the offsets is too large for every limit of memory as well, and its code is not made.
        self.script.frame.1 = top.min(u64::from(u32::MAX)) as u32;
    }

    /// Counts bytes against the limit of memory; what no limit allows is a trap at once.
    pub(crate) fn charge_arrays(&mut self, bytes: usize) {
        if bytes == 0 {
            return;
        }
        if bytes > HARD_MEMORY_BYTES {
            let memory = self.label(Trap::Memory);
            return self.body.br(memory);
        }
        self.body.i().i32_const(0).i32_load(at(ROOM)).i32_const(bytes as i32).i32_lt_u();
        self.trap_if(Trap::Memory);
        self.body.i().i32_const(0).i32_const(0).i32_load(at(ROOM)).i32_const(bytes as i32).i32_sub().i32_store(at(ROOM));
    }

    /// Makes the frame's arrays, where there is room for them: for statements, and an expression behind them.
    pub(crate) fn begin_frame(&mut self, frame: &'p Frame, params: usize, (block, expr): (&Block, Option<&Expr>)) {
        let (base, bytes) = self.script.frame;
        if bytes > 0 {
            self.body.i().local_get(base).i32_const(bytes as i32).i32_add();
            self.body.unknown(Hole::StackEnd);
            self.body.i().i32_gt_u();
            self.trap_if(Trap::Memory);
        }
        if bytes >= LARGE_FRAME {
            let mark = self.body.mark();
            self.body.i().local_get(base).i32_const(bytes as i32).i32_add();
            let end = self.body.tee(I32);
            self.body.i().i32_const(0).i32_load(at(STACK_PEAK)).i32_gt_u();
            self.body.if_(None);
            self.body.i().i32_const(0).local_get(end).i32_store(at(STACK_PEAK));
            self.body.end();
            self.body.release(mark);
        }
        for place in params..frame.locals.len() {
            let local = LocalId(place as u32);
            let wanted = || expr.is_some_and(|expr| looks_at(expr, local)) || !is_filled_first(block, local);
            match self.script.arrays[place] {
                (List::Fixed { base, offset, len }, element) if wanted() => self.begin_array(base, offset, (element, len)),
                (List::Shared { base, offset }, _) => self.zero(base, offset, DESCRIPTOR),
                (List::Fixed { .. } | List::Own { .. } | List::Table { .. }, _) => {}
            }
        }
    }

    /// Gives back what the frame's arrays were charged.
    pub(crate) fn end_frame(&mut self, frame: &Frame, params: usize, fixed: usize) {
        for place in params..frame.locals.len() {
            let (list, element) = self.script.arrays[place];
            if matches!(list, List::Own { .. } | List::Shared { .. }) {
                self.free(list, element);
            }
        }
        if fixed > 0 {
            self.body.i().i32_const(0).i32_const(0).i32_load(at(ROOM)).i32_const(fixed as i32).i32_add().i32_store(at(ROOM));
        }
    }
}
