//! Functions of the program: each becomes a function of machine code, which others call directly.
//!
//! Its arguments are the instance's state, the start of the batch's arena, the record, how many calls may go on inside it, where its results
//! go if they are more than one word, and its parameters: of those that may be nil first whether they are there, of fixed arrays the
//! address, of growing ones that of the head. It answers 0 or a trap's code, and its result if that is one word. After a trap nothing is
//! tidied up: the rule ends, and the next one begins with everything as new.

use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{self, AbiParam, Function, InstBuilder, MemFlagsData, Signature, Value};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use quintet_lang::Type;
use quintet_lang::ast::{self, Answer, Expr, FnId};
use quintet_runtime::{Bounds, Linked, Trap, counts_steps};

use crate::array::Array;
use crate::frame::{Slot, parts};
use crate::generator::{Generator, Made, Malformed};
use crate::symbols::{Helper, Symbols};

/// The types of what an answer is made of: whether it is there, if it may be nil, and its parts.
pub(crate) fn words(answer: &Answer) -> impl Iterator<Item = ir::Type> {
    answer.nullable.then_some(I64).into_iter().chain(parts(&answer.ty).iter().copied())
}

/// How many words all answers take.
pub(crate) fn answer_words(function: &ast::Function) -> usize {
    function.results.iter().map(|answer| words(answer).count()).sum()
}

/// The one word that a function answers, where it is one.
fn only_word(function: &ast::Function) -> Option<ir::Type> {
    let mut all = function.results.iter().flat_map(words);
    all.next().filter(|_| answer_words(function) == 1)
}

/// Whether a function's results go to an area of its caller's.
pub(crate) fn has_area(function: &ast::Function) -> bool {
    answer_words(function) > 1
}

/// The types of the parameters of a function of the program.
pub(crate) fn parameters(function: &ast::Function) -> Vec<ir::Type> {
    let mut types = vec![I64, I64, I64, I32];
    if has_area(function) {
        types.push(I64);
    }
    for local in function.frame.locals.iter().take(function.params as usize) {
        match &local.ty {
            Type::List(..) => types.push(I64),
            ty => {
                types.extend(local.nullable.then_some(I64));
                types.extend(parts(ty));
            }
        }
    }
    types
}

pub(crate) fn signature(function: &ast::Function, isa: &dyn TargetIsa) -> Signature {
    let mut signature = Signature::new(isa.default_call_conv());
    signature.params.extend(parameters(function).into_iter().map(AbiParam::new));
    signature.returns.push(AbiParam::new(I32));
    signature.returns.extend(only_word(function).map(AbiParam::new));
    signature
}

/// Generates a function of the program into `func`, which is empty.
pub(crate) fn generate(
    linked: &Linked,
    id: FnId,
    isa: &dyn TargetIsa,
    func: &mut Function,
    context: &mut FunctionBuilderContext,
    symbols: &mut Symbols,
) -> Made<()> {
    let function = linked.program().functions.get(id.index()).ok_or(Malformed)?;
    func.signature = signature(function, isa);
    let mut b = FunctionBuilder::new(func, context);
    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    let values = b.block_params(entry).to_vec();
    let (&[state, arena, record, calls], mut rest) = values.split_first_chunk::<4>().ok_or(Malformed)?;
    let mut g = Generator::new(b, linked, symbols, isa, &function.frame, [state, arena, record]);
    g.calls = Some(calls);
    g.begin_meter();
    if has_area(function) {
        g.area = rest.split_off_first().copied();
    }
    g.function = Some(function);
    let params = function.params as usize;
    g.bounds = Bounds::new(&function.frame, params, &function.body);
    let mut next = || rest.split_off_first().copied().ok_or(Malformed);
    for (place, local) in function.frame.locals.iter().enumerate().take(params) {
        match &local.ty {
            Type::List(_, Some(len)) => g.slots[place] = Some(Slot::Array(Array::Fixed(next()?, *len))),
            Type::List(_, None) => {
                // Another parameter may be the same array if it is of the same type.
                let same = function.frame.locals.iter().take(params).filter(|other| other.ty == local.ty).count();
                let array = g.growing_array(next()?, same == 1);
                g.slots[place] = Some(Slot::Array(array));
            }
            ty => {
                let present = if local.nullable { Some(next()?) } else { None };
                let values = parts(ty).iter().map(|_| next()).collect::<Made<Vec<Value>>>()?;
                g.hold(place, ty, present, &values)?;
            }
        }
    }
    g.begin_frame(&function.frame, params)?;
    if g.stmts(&function.body)? {
        if function.results.is_empty() {
            g.return_(&[])?;
        } else {
            // No function with results runs off its end.
            let end = g.trap_to(Trap::Nil);
            g.jump(end);
        }
    }
    if let Some(trap) = g.end_traps() {
        g.b.switch_to_block(trap);
        let mut answers = vec![g.b.block_params(trap)[0]];
        answers.extend(only_word(function).map(|word| g.no_word(word)));
        g.b.ins().return_(&answers);
    }
    g.b.seal_all_blocks();
    g.b.finalize(isa.frontend_config());
    Ok(())
}

impl<'p> Generator<'_, 'p> {
    /// What is answered beside a trap.
    fn no_word(&mut self, word: ir::Type) -> Value {
        if word.is_float() { self.b.ins().f64const(0.0) } else { self.b.ins().iconst(word, 0) }
    }

    /// Ends the function with its results.
    pub(crate) fn return_(&mut self, values: &'p [Expr]) -> Made<()> {
        let function = self.function.ok_or(Malformed)?;
        let mut all = Vec::new();
        for (value, answer) in values.iter().zip(&function.results) {
            let (present, parts) = self.optional(value)?;
            all.extend(answer.nullable.then_some(present));
            all.extend(parts);
        }
        if values.iter().any(|value| counts_steps(self.linked, value)) {
            self.trap_if_exhausted();
        }
        for place in 0..function.params as usize {
            if let Some(Some(Slot::Array(array))) = self.slots.get(place) {
                self.put_head(*array);
            }
        }
        if self.entered {
            self.call(Helper::Leave, &[self.state]);
        }
        self.put_meter();
        let mut answers = vec![self.number(0)];
        match (self.area, only_word(function)) {
            (Some(area), _) => {
                for (i, word) in all.into_iter().enumerate() {
                    self.b.ins().store(MemFlagsData::trusted(), word, area, i as i32 * 8);
                }
            }
            (None, Some(_)) => answers.extend(all),
            (None, None) => {}
        }
        self.b.ins().return_(&answers);
        Ok(())
    }
}
