//! What a function's code is generated with.

use quintet_lang::FieldId;
use quintet_lang::ast::Span;
use quintet_runtime::Linked;
use wasm_encoder::ValType::I32;

use crate::body::{Body, Label};
use crate::import::TRAP;
use crate::module::Builder;
use crate::script::Script;

/// Writes the code of one function that evaluates expressions on a record.
///
/// Values are pushed on the stack in the words of [`words`]. Where an expression is nil, control goes to the label that is given for this
/// case instead.
pub(crate) struct Generator<'p> {
    pub(crate) linked: &'p Linked,
    pub(crate) builder: &'p mut Builder,
    pub(crate) body: Body,
    /// Bytes of the body before this code.
    pub(crate) start: usize,
    /// The local with the address of the batch's arena.
    pub(crate) base: u32,
    /// The local with the address of the record.
    pub(crate) record: u32,
    /// The local with the code of a trap.
    pub(crate) code: u32,
    /// The number of the place that code is being generated for.
    pub(crate) place: u32,
    /// Where a trap goes.
    pub(crate) trapped: Label,
    /// Where no evaluation goes: the label for nil of what cannot be nil. (Were it nil all the same, the rule would not match.)
    pub(crate) never: Label,
    /// Fields that are known to be there.
    pub(crate) known: Vec<FieldId>,
    /// The words of the locals.
    pub(crate) bound: Vec<Words>,
    /// Where locals may be nil, the local that is not 0 where there is a value. None in rules that are expressions.
    pub(crate) present: Vec<Option<u32>>,
    /// Whether the rule counts only what it looks at, so that this is gathered in a control word, see [`LOOKED`](crate::places::LOOKED). No call of
    /// the host then stands where a value is long.
    pub(crate) looks: bool,
    /// What statements need.
    pub(crate) script: Script<'p>,
    /// Loops around the code, and statements.
    pub(crate) loops: u32,
    /// Cells in use.
    pub(crate) cells: u32,
}

/// The locals that hold a value's words.
pub(crate) type Words = [u32; 3];

impl<'p> Generator<'p> {
    /// An empty function whose first two parameters are the addresses of the batch and of the record.
    pub(crate) fn new(linked: &'p Linked, builder: &'p mut Builder, params: usize, bound: usize) -> Generator<'p> {
        Generator::inside(linked, builder, Body::new(params), bound)
    }

    /// More code in a function whose first two locals are the addresses of the batch and of the record.
    pub(crate) fn inside(linked: &'p Linked, builder: &'p mut Builder, mut body: Body, bound: usize) -> Generator<'p> {
        let start = body.len();
        let code = body.local(I32);
        let nowhere = Label::FUNCTION;
        let (bound, present, script) = (vec![Default::default(); bound], Vec::new(), Script::default());
        let (base, record, trapped, never, known) = (0, 1, nowhere, nowhere, Vec::new());
        Generator {
            linked,
            builder,
            body,
            start,
            base,
            record,
            code,
            place: 0,
            trapped,
            never,
            known,
            bound,
            present,
            looks: false,
            script,
            loops: 0,
            cells: 0,
        }
    }
}

impl Generator<'_> {
    /// Generates the code of what stands at a place of the source, and says so where the module is read.
    #[inline]
    pub(crate) fn standing_at<R>(&mut self, span: Span, generate: impl FnOnce(&mut Self) -> R) -> R {
        let outer = self.begin_place(span);
        let generated = generate(self);
        self.end_place(outer);
        generated
    }

    /// The same in two halves. Answers what the code before stands for.
    pub(crate) fn begin_place(&mut self, span: Span) -> Option<Span> {
        if self.builder.read { self.body.stand_for(Some(span)) } else { None }
    }

    /// The end of what [`Generator::begin_place`] began.
    pub(crate) fn end_place(&mut self, outer: Option<Span>) {
        if self.builder.read {
            self.body.stand_for(outer);
        }
    }

    /// Goes on with the status on the stack where it is an answer; goes to `trapped` with its code where it is a trap.
    pub(crate) fn status(&mut self) {
        let mark = self.body.mark();
        let status = self.body.tee(I32);
        self.body.i().i32_const(TRAP as i32).i32_ge_u();
        self.body.if_(None);
        self.body.i().local_get(status).i32_const(TRAP as i32).i32_sub().local_set(self.code);
        self.body.br(self.trapped);
        self.body.end();
        self.body.i().local_get(status);
        self.body.release(mark);
    }
}
