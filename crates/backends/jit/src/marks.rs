//! What the lines of a function's text stand for. Where it is asked for, instructions are generated with the number of the place of the source
//! that they are made for, as their location; here it is found again in the texts, which are the same as without.

use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::{DebugTag, Function, Inst, InstBuilder, Opcode, SourceLoc};
use cranelift_codegen::isa::TargetIsa;
use quintet_lang::ast::Span;

use crate::generator::Generator;

/// The places, by number.
#[derive(Default)]
pub(crate) struct Places(Vec<Span>);

impl Places {
    /// The place of a number in a text, which is in hexadecimal digits or not.
    fn get(&self, digits: &str, radix: u32) -> Option<Span> {
        let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
        let number = usize::from_str_radix(&digits[..end], radix).ok()?;
        self.0.get(number).copied()
    }
}

impl Generator<'_, '_> {
    /// Generates the code of what stands at a place.
    #[inline]
    pub(crate) fn standing_at<R>(&mut self, span: Span, generate: impl FnOnce(&mut Self) -> R) -> R {
        let Some(Places(places)) = &mut self.symbols.places else { return generate(self) };
        let number = SourceLoc::new(places.len() as u32);
        places.push(span);
        let outer = self.b.srcloc();
        self.b.set_srcloc(number);
        let generated = generate(self);
        self.b.set_srcloc(outer);
        generated
    }
}

/// The text of a function in Cranelift's representation, and what each line stands for.
pub(crate) fn clif(func: &mut Function, places: &Places) -> (String, Vec<Option<Span>>) {
    // Locations stand before instructions, and move all to the right.
    let located = func.display().to_string();
    let lines = located.lines().map(|line| line.strip_prefix('@').and_then(|number| places.get(number, 16))).collect();
    func.srclocs.clear();
    (func.display().to_string(), lines)
}

/// The lines of the text of the machine code of a function that was generated with places, and what each stands for.
///
/// Cranelift prints the tags of an instruction below each of those of the machine that it becomes. All instructions get one here that says
/// their location; but for those that end blocks, which cannot have any: that of these stands at the beginning of the block, in an instruction
/// that is no code.
pub(crate) fn asm(context: &mut Context, isa: &dyn TargetIsa, places: &Places) -> Result<(Vec<String>, Vec<Option<Span>>), String> {
    let mut control = ControlPlane::default();
    context.optimize(isa, &mut control).map_err(|e| e.to_string())?;
    tag(&mut context.func);
    let code = isa.compile_function(&context.func, &context.domtree, &mut Default::default(), true, &mut control);
    let text = code.map_err(|e| e.to_string())?.vcode.unwrap_or_default();

    let (mut lines, mut spans): (Vec<String>, Vec<Option<Span>>) = (Vec::new(), Vec::new());
    // The first line of the block, and what its end stands for.
    let (mut start, mut end, mut at_start) = (0, None, false);
    let close = |spans: &mut Vec<Option<Span>>, start: usize, end: Option<Span>| {
        // What has no tag, such as moves between registers, is for what comes next.
        let mut next = end;
        for span in spans[start..].iter_mut().rev() {
            next = span.or(next);
            *span = next;
        }
    };
    for line in text.lines() {
        if let Some(tags) = line.strip_prefix(TAG) {
            let span = tags.split_once("User(").and_then(|(_, number)| places.get(number, 10));
            if at_start {
                end = span;
            } else if let Some(last) = spans.last_mut() {
                *last = span;
            }
            continue;
        }
        at_start = line.trim_start() == BEGINS;
        if at_start {
            continue;
        }
        let is_label = !line.starts_with(' ');
        if is_label {
            close(&mut spans, start, end);
        }
        lines.push(line.to_owned());
        spans.push(None);
        if is_label {
            (start, end) = (spans.len(), None);
        }
    }
    close(&mut spans, start, end);
    Ok((lines, spans))
}

/// What the lines with tags begin with.
const TAG: &str = "  ; ^-- debug @ ";

/// The line of the instruction that is no code.
const BEGINS: &str = "sequence_point";

/// Gives instructions tags with the numbers of their places.
fn tag(func: &mut Function) {
    let say = |func: &mut Function, on: Inst, of: Inst| {
        let location = func.srcloc(of);
        if !location.is_default() {
            func.debug_tags.set(on, [DebugTag::User(location.bits())]);
        }
    };
    let blocks: Vec<_> = func.layout.blocks().collect();
    for block in blocks {
        let insts: Vec<Inst> = func.layout.block_insts(block).collect();
        let Some((&last, others)) = insts.split_last() else { continue };
        others.iter().for_each(|inst| say(func, *inst, *inst));
        let mut cursor = FuncCursor::new(func).at_first_insertion_point(block);
        let begins = cursor.ins().sequence_point();
        // A branch is made together with the test that it asks, which is for the smaller place.
        let asked = match func.dfg.insts[last].opcode() {
            Opcode::Brif => func.dfg.inst_args(last).first().and_then(|value| func.dfg.value_def(*value).inst()),
            _ => None,
        };
        say(func, begins, asked.filter(|asked| !func.srcloc(*asked).is_default()).unwrap_or(last));
    }
}
