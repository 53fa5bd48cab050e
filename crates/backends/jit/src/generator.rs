//! The function that a rule becomes, and the tools that its expressions are generated with.
//!
//! Its arguments are the instance's state, the start of the batch's arena, the first record and how many records to answer (1 to 64). It
//! walks them in the order in which they lie in memory, for which the processor fetches what comes next, and turns the answers by one to
//! the right after each: the last one is the highest bit of the result.

use std::collections::HashMap;

use cranelift_codegen::ir::types::{self, I32, I64};
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, ExtFuncData, FuncRef, Function, GlobalValue, GlobalValueData, Inst, InstBuilder, MemFlagsData, Signature,
    StackSlot, StackSlotData, StackSlotKind, Value, condcodes::IntCC,
};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};
use quintet_lang::FieldId;
use quintet_lang::ast::{self, Expr, ExprKind, FnId, Frame, Rule, TableId};
use quintet_lang::effects::Steps;
use quintet_native::Env;
use quintet_runtime::{Bounds, Linked, Trap, makes};

use crate::frame::Slot;
use crate::stmt::Loop;
use crate::symbols::{Helper, Symbols};
use crate::value::{CELL, Val, in_arena};

/// An AST whose nodes do not have the types that they say; the checker makes none. Refused, because code for it could read anything.
#[derive(Debug)]
pub(crate) struct Malformed;

/// Something generated.
pub(crate) type Made<T> = Result<T, Malformed>;

/// A function under construction: a rule's, or one of the program.
pub(crate) struct Generator<'f, 'p> {
    pub(crate) b: FunctionBuilder<'f>,
    pub(crate) linked: &'p Linked,
    pub(crate) symbols: &'f mut Symbols,
    pub(crate) isa: &'f dyn TargetIsa,
    /// Whether code is to be made quickly rather than to be quick.
    pub(crate) lean: bool,
    /// Fields that are known to be there.
    pub(crate) known: Vec<FieldId>,
    /// How many of these a branch has tested; of the others bytes must not be read yet.
    pub(crate) settled: usize,
    /// What is known of each local while its loop is generated.
    pub(crate) locals: Vec<Option<Val<'p>>>,
    /// The frame whose locals these are.
    pub(crate) frame: &'p Frame,
    /// The locals that statements set.
    pub(crate) slots: Vec<Option<Slot<'p>>>,
    /// What is known of the Ints among them.
    pub(crate) bounds: Bounds,
    /// The steps that are left, where statements count them; see `steps.rs`.
    pub(crate) meter: Option<Variable>,
    /// How many calls of functions of the program may go on inside this one.
    pub(crate) calls: Option<Value>,
    /// Loops of statements, the innermost last.
    pub(crate) loops: Vec<Loop>,
    /// The function of the program that this is, if it is one.
    pub(crate) function: Option<&'p ast::Function>,
    /// Where its results go.
    pub(crate) area: Option<Value>,
    /// Whether it has arrays of its own.
    pub(crate) entered: bool,
    /// Stack slots for results of calls, by their bytes.
    pub(crate) areas: HashMap<u32, StackSlot>,
    /// Functions of the program, once they are called.
    pub(crate) functions: HashMap<FnId, FuncRef>,
    /// Constant arrays, once they are looked at.
    tables: HashMap<TableId, GlobalValue>,
    /// Where traps go whose code is known.
    pub(crate) traps: Vec<(u32, Block)>,
    /// The number of the place that code is being generated for.
    pub(crate) place: u32,
    helpers: [Option<FuncRef>; Helper::COUNT],
    /// Stack slots that nothing is in at the moment, by their number of cells.
    free: HashMap<u32, Vec<StackSlot>>,
    /// The table of parts, once it is referred to.
    parts: Option<GlobalValue>,
    /// Where a trap goes with its code, once there is one.
    pub(crate) trap: Option<Block>,
    /// The address of the instance's state, which begins with its [`Env`](quintet_native::Env).
    pub(crate) state: Value,
    /// The address of the batch's arena.
    pub(crate) arena: Value,
    /// Whether that address is also in the state. To load it where it is needed takes less than to have it in a register throughout a loop
    /// over records, most of which are decided before.
    pub(crate) keeps_arena: bool,
    /// The address of the record.
    pub(crate) record: Value,
}

/// Begins a function of as many words that answers something of a type, in `func`, which is empty. Answers what builds it, and the words.
pub(crate) fn begin<'f, const N: usize>(
    func: &'f mut Function,
    context: &'f mut FunctionBuilderContext,
    isa: &dyn TargetIsa,
    answer: types::Type,
) -> Made<(FunctionBuilder<'f>, [Value; N])> {
    func.signature = Signature::new(isa.default_call_conv());
    func.signature.params.extend([AbiParam::new(I64); N]);
    func.signature.returns.push(AbiParam::new(answer));
    let mut b = FunctionBuilder::new(func, context);
    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    let words = b.block_params(entry).try_into().map_err(|_| Malformed)?;
    Ok((b, words))
}

/// Generates the function of a rule into `func`, which is empty. Names that it refers to are added to `symbols`.
pub(crate) fn generate(
    linked: &Linked,
    (index, rule): (usize, &Rule),
    isa: &dyn TargetIsa,
    func: &mut Function,
    context: &mut FunctionBuilderContext,
    symbols: &mut Symbols,
) -> Made<()> {
    let (mut b, [state, arena, first, count]) = begin(func, context, isa, I64)?;
    let stride = linked.layout().stride() as i64;
    let none = b.ins().iconst(I64, 0);
    let keeps_arena = reads_arena(&rule.expr);
    if keeps_arena {
        b.ins().store(MemFlagsData::trusted(), arena, state, Env::ARENA as i32);
    }

    let [head, yes, no, next, done] = std::array::from_fn(|_| b.create_block());
    let [record, answers, left] = std::array::from_fn(|_| b.append_block_param(head, I64));
    let answered = b.append_block_param(next, I64);
    b.ins().jump(head, &[first.into(), none.into(), count.into()]);

    b.switch_to_block(head);
    let mut g = Generator::new(b, linked, symbols, isa, &rule.frame, [state, arena, record]);
    g.lean = linked.is_asked(index);
    g.keeps_arena = keeps_arena;
    let counts = g.begin_rule(index, rule)?;
    g.test(&rule.expr, yes, no)?;

    if let Some(trap) = g.end_traps() {
        g.b.switch_to_block(trap);
        let code = g.b.block_params(trap)[0];
        g.call(Helper::Trap, &[state, record, code]);
        g.jump_with(next, &[answers]);
    }

    g.b.switch_to_block(yes);
    let hit = g.b.ins().bor_imm_u(answers, 1);
    if counts {
        let tested = g.block();
        let found = g.b.append_block_param(tested, I64);
        g.jump_with(tested, &[hit]);
        g.b.switch_to_block(no);
        g.jump_with(tested, &[answers]);
        g.b.switch_to_block(tested);
        let within = g.within_budget();
        let exhausted = g.cold_block();
        g.b.ins().brif(within, next, &[found.into()], exhausted, &[]);
        g.b.switch_to_block(exhausted);
        let code = g.b.ins().iconst(I32, i64::from(Trap::Budget.code()));
        g.call(Helper::Trap, &[state, record, code]);
        g.jump_with(next, &[answers]);
    } else {
        g.jump_with(next, &[hit]);
        g.b.switch_to_block(no);
        g.jump_with(next, &[answers]);
    }

    g.b.switch_to_block(next);
    let following = g.b.ins().iadd_imm_s(record, stride);
    let turned = g.b.ins().rotr_imm_u(answered, 1);
    let fewer = g.b.ins().iadd_imm_s(left, -1);
    g.b.ins().brif(fewer, head, &[following.into(), turned.into(), fewer.into()], done, &[]);
    g.b.switch_to_block(done);
    g.b.ins().return_(&[turned]);

    g.b.seal_all_blocks();
    g.b.finalize(isa.frontend_config());
    Ok(())
}

/// Whether an expression reads a field whose value is in the batch's arena, not in the record.
fn reads_arena(expr: &Expr) -> bool {
    let mut reads = false;
    expr.walk(&mut |e| reads |= matches!(e.kind, ExprKind::Field(_)) && in_arena(&e.ty));
    reads
}

impl<'f, 'p> Generator<'f, 'p> {
    /// A function with nothing in it, for a frame; the values are those of the state, the arena and the record.
    pub(crate) fn new(
        b: FunctionBuilder<'f>,
        linked: &'p Linked,
        symbols: &'f mut Symbols,
        isa: &'f dyn TargetIsa,
        frame: &'p Frame,
        [state, arena, record]: [Value; 3],
    ) -> Generator<'f, 'p> {
        let count = frame.locals.len();
        Generator {
            b,
            linked,
            symbols,
            isa,
            lean: false,
            known: Vec::new(),
            settled: 0,
            locals: vec![None; count],
            frame,
            slots: vec![None; count],
            bounds: Bounds::default(),
            meter: None,
            calls: None,
            loops: Vec::new(),
            function: None,
            area: None,
            entered: false,
            areas: HashMap::new(),
            functions: HashMap::new(),
            tables: HashMap::new(),
            traps: Vec::new(),
            place: 0,
            helpers: [None; Helper::COUNT],
            free: HashMap::new(),
            parts: None,
            trap: None,
            state,
            arena,
            keeps_arena: false,
            record,
        }
    }

    /// What a rule does before its expression. Answers whether it counts steps up to its end.
    pub(crate) fn begin_rule(&mut self, index: usize, rule: &'p Rule) -> Made<bool> {
        let plan = self.linked.rule_plan(index);
        // Others that count are asked for blocks of records only where none can pass the budget.
        let counts = plan.steps == Steps::Inline;
        if !plan.is_expression {
            self.begin_statements(rule)?;
        } else if plan.makes_values {
            self.call(Helper::Reset, &[self.state]);
        } else if counts {
            self.begin_steps();
        }
        Ok(counts)
    }

    /// What a rule's statements do before its expression.
    fn begin_statements(&mut self, rule: &'p Rule) -> Made<()> {
        if makes(self.linked.program(), rule) {
            self.call(Helper::Begin, &[self.state]);
        } else {
            self.begin_steps();
        }
        self.begin_meter();
        self.calls = Some(self.all_calls());
        self.bounds = Bounds::new(&rule.frame, 0, &rule.before);
        self.begin_frame(&rule.frame, 0)?;
        // It has no `Return`.
        if self.stmts(&rule.before)? { Ok(()) } else { Err(Malformed) }
    }
}

impl<'p> Generator<'_, 'p> {
    /// A new block.
    pub(crate) fn block(&mut self) -> Block {
        self.b.create_block()
    }

    /// A new block that is rarely run.
    pub(crate) fn cold_block(&mut self) -> Block {
        let block = self.b.create_block();
        self.b.set_cold_block(block);
        block
    }

    /// Jumps.
    pub(crate) fn jump(&mut self, to: Block) {
        self.b.ins().jump(to, &[]);
    }

    /// Jumps with values for the block's parameters.
    pub(crate) fn jump_with(&mut self, to: Block, values: &[Value]) {
        let values: Vec<BlockArg> = values.iter().map(|v| (*v).into()).collect();
        self.b.ins().jump(to, &values);
    }

    /// Goes to one of two blocks.
    pub(crate) fn branch(&mut self, condition: Value, yes: Block, no: Block) {
        self.b.ins().brif(condition, yes, &[], no, &[]);
    }

    /// Goes to `no` unless the condition holds, and on in a new block.
    pub(crate) fn require(&mut self, condition: Value, no: Block) {
        let go_on = self.block();
        self.branch(condition, go_on, no);
        self.b.switch_to_block(go_on);
    }

    /// An Int constant.
    pub(crate) fn int(&mut self, value: i64) -> Value {
        self.b.ins().iconst(I64, value)
    }

    /// Compares with a constant.
    pub(crate) fn compare_int(&mut self, condition: IntCC, value: Value, constant: i64) -> Value {
        self.b.ins().icmp_imm_s(condition, value, constant)
    }

    /// Calls a helper.
    pub(crate) fn call(&mut self, helper: Helper, args: &[Value]) -> Inst {
        if helper.counts() {
            self.put_meter();
        }
        let func = match self.helpers[helper as usize] {
            Some(func) => func,
            None => {
                let signature = self.b.import_signature(helper.call_signature(self.isa.default_call_conv()));
                let name = self.symbols.helper(helper);
                let func = self.b.import_function(ExtFuncData { name, signature, colocated: false, patchable: false });
                self.helpers[helper as usize] = Some(func);
                func
            }
        };
        let call = self.b.ins().call(func, args);
        if helper.counts() {
            self.take_meter();
        }
        call
    }

    /// Calls a helper that answers something.
    pub(crate) fn ask(&mut self, helper: Helper, args: &[Value]) -> Made<Value> {
        let call = self.call(helper, args);
        self.b.inst_results(call).first().copied().ok_or(Malformed)
    }

    /// Calls a helper that answers a test, and goes where it says.
    pub(crate) fn ask_test(&mut self, helper: Helper, args: &[Value], yes: Block, no: Block) -> Made<()> {
        let answer = self.ask(helper, args)?;
        self.branch(answer, yes, no);
        Ok(())
    }

    /// The address of a part of the program, by its place in the table of parts.
    pub(crate) fn address(&mut self, place: usize) -> Value {
        let table = match self.parts {
            Some(table) => table,
            None => {
                let name = self.symbols.table();
                let data = GlobalValueData::Symbol { name, offset: 0.into(), colocated: false, tls: false };
                *self.parts.insert(self.b.create_global_value(data))
            }
        };
        let table = self.b.ins().symbol_value(I64, table);
        // May not move: it would move out of the loop over records, with all others like it.
        self.b.ins().load(I64, MemFlagsData::trusted().with_readonly(), table, place as i32)
    }

    /// The address of a constant array.
    pub(crate) fn table(&mut self, id: TableId) -> Value {
        let table = match self.tables.get(&id) {
            Some(table) => *table,
            None => {
                let name = self.symbols.constants(id);
                let data = GlobalValueData::Symbol { name, offset: 0.into(), colocated: false, tls: false };
                let table = self.b.create_global_value(data);
                self.tables.insert(id, table);
                table
            }
        };
        self.b.ins().symbol_value(I64, table)
    }

    /// Takes a stack slot of so many cells.
    pub(crate) fn take_cells(&mut self, cells: u32) -> StackSlot {
        match self.free.get_mut(&cells).and_then(Vec::pop) {
            Some(slot) => slot,
            None => self.b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, cells * CELL, 3)),
        }
    }

    /// Gives back a stack slot whose contents are no longer needed.
    pub(crate) fn give_cells(&mut self, cells: u32, slot: StackSlot) {
        self.free.entry(cells).or_default().push(slot);
    }

    /// The address of a cell in a stack slot.
    pub(crate) fn cell_address(&mut self, slot: StackSlot, index: u32) -> Value {
        self.b.ins().stack_addr(I64, slot, (index * CELL) as i32)
    }
}
