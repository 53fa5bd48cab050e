//! The body of one function while it is written: instructions, labels, locals.

use quintet_lang::ast::Span;
use wasm_encoder::{BlockType, InstructionSink, MemArg, MemArgTarget, ValType};

use crate::module::{COMMON, Hole, Target};

/// A finished body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Code {
    /// The locals after the parameters.
    pub(crate) locals: Vec<ValType>,
    pub(crate) bytes: Vec<u8>,
    /// Where numbers are to be filled in.
    pub(crate) holes: Vec<(usize, Hole)>,
    /// From which byte on it stands for which place of the source, where it is asked for that; for none up to the first.
    pub(crate) places: Vec<(usize, Option<Span>)>,
}

/// A body being written. Instructions go through [`Body::i`].
pub(crate) struct Body {
    code: Code,
    params: u32,
    /// Blocks that are open.
    depth: u32,
    /// Locals in use, in the order in which they were taken.
    live: Vec<u32>,
    /// Locals that are free for use again.
    free: Vec<u32>,
}

/// A block that can be left, or a loop that can be begun anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label(u32);

impl Label {
    /// The whole function; going there returns.
    pub(crate) const FUNCTION: Label = Label(0);
}

/// A point in time; locals taken after it are given back together.
#[derive(Clone, Copy)]
pub(crate) struct Mark(usize);

/// The address operand of a memory instruction with a constant offset; nothing is promised about alignment.
pub(crate) fn at(offset: u32) -> MemArg {
    MemArg { offset: offset.into(), align: 0, target: MemArgTarget::Memory(0), ordering: None }
}

impl Body {
    pub(crate) fn new(params: usize) -> Body {
        Body { code: Code::default(), params: params as u32, depth: 0, live: Vec::new(), free: Vec::new() }
    }

    /// Ends the function.
    pub(crate) fn finish(mut self) -> Code {
        self.i().end();
        self.code
    }

    /// The next instructions.
    pub(crate) fn i(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.code.bytes)
    }

    fn hole(&mut self, opcode: u8, hole: Hole) {
        self.code.bytes.push(opcode);
        self.code.holes.push((self.code.bytes.len(), hole));
        self.code.bytes.extend([0; 5]);
    }

    /// Calls a function.
    pub(crate) fn call(&mut self, target: Target) {
        self.hole(0x10, Hole::Call(target));
    }

    /// Calls a function of the signature [`COMMON`] that has so many arguments of its own; its result, where it has one, is 32 bits.
    pub(crate) fn call_common(&mut self, target: Target, arguments: usize, has_result: bool) {
        (arguments..COMMON.params.len()).for_each(|_| _ = self.i().i32_const(0));
        self.call(target);
        let mut sink = self.i();
        _ = if has_result { sink.i32_wrap_i64() } else { sink.drop() };
    }

    /// Pushes a number that is not yet known.
    pub(crate) fn unknown(&mut self, hole: Hole) {
        self.hole(0x41, hole);
    }

    /// Opens a block; going to its label leaves it.
    pub(crate) fn block(&mut self) -> Label {
        self.i().block(BlockType::Empty);
        self.depth += 1;
        Label(self.depth)
    }

    /// Opens a block with a result; going to its label leaves it, with the result on the stack.
    pub(crate) fn block_of(&mut self, result: ValType) -> Label {
        self.i().block(BlockType::Result(result));
        self.depth += 1;
        Label(self.depth)
    }

    /// Opens a loop; going to its label begins it anew.
    pub(crate) fn loop_(&mut self) -> Label {
        self.i().loop_(BlockType::Empty);
        self.depth += 1;
        Label(self.depth)
    }

    /// Opens a block that runs if the popped i32 is not 0.
    pub(crate) fn if_(&mut self, result: Option<ValType>) -> Label {
        self.i().if_(result.map_or(BlockType::Empty, BlockType::Result));
        self.depth += 1;
        Label(self.depth)
    }

    /// Opens the other half of an `if`.
    pub(crate) fn else_(&mut self) {
        self.i().else_();
    }

    /// Closes the block, loop or `if` opened last.
    pub(crate) fn end(&mut self) {
        self.depth -= 1;
        self.i().end();
    }

    fn distance(&self, label: Label) -> u32 {
        self.depth - label.0
    }

    /// Goes to a label.
    pub(crate) fn br(&mut self, label: Label) {
        let distance = self.distance(label);
        self.i().br(distance);
    }

    /// Goes to a label if the popped i32 is not 0.
    pub(crate) fn br_if(&mut self, label: Label) {
        let distance = self.distance(label);
        self.i().br_if(distance);
    }

    /// Goes to a label if the popped i32 is 0.
    pub(crate) fn br_unless(&mut self, label: Label) {
        self.i().i32_eqz();
        self.br_if(label);
    }

    /// A local that nothing else uses until it is given back.
    pub(crate) fn local(&mut self, ty: ValType) -> u32 {
        let free = self.free.iter().rposition(|local| self.code.locals[(local - self.params) as usize] == ty);
        let local = match free {
            Some(place) => self.free.remove(place),
            None => {
                self.code.locals.push(ty);
                self.params + self.code.locals.len() as u32 - 1
            }
        };
        self.live.push(local);
        local
    }

    /// Pops into a new local.
    pub(crate) fn pop(&mut self, ty: ValType) -> u32 {
        let local = self.local(ty);
        self.i().local_set(local);
        local
    }

    /// Puts the popped value into a new local and leaves it on the stack.
    pub(crate) fn tee(&mut self, ty: ValType) -> u32 {
        let local = self.local(ty);
        self.i().local_tee(local);
        local
    }

    /// The point in time for [`Body::release`].
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.live.len())
    }

    /// Gives back the locals taken since.
    pub(crate) fn release(&mut self, mark: Mark) {
        self.free.extend(self.live.drain(mark.0..));
    }

    /// Says what the next instructions stand for. Answers what those before did.
    pub(crate) fn stand_for(&mut self, span: Option<Span>) -> Option<Span> {
        let outer = self.code.places.last().and_then(|(_, span)| *span);
        self.code.places.push((self.code.bytes.len(), span));
        outer
    }

    /// Bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.code.bytes.len()
    }
}
