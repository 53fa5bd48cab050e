//! What the lines of a function's text stand for. Where it is asked for, instructions are generated with the number of the place of the source
//! that they are made for, as their location; here it is found again in the texts, which are the same as without.

use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::function::FunctionStencil;
use cranelift_codegen::ir::{DebugTag, Function, Inst, Opcode, SourceLoc};
use cranelift_codegen::isa::TargetIsa;
use quintet_lang::ast::Span;

use crate::generator::Generator;

/// Between the locations of one place and the next: Cranelift keeps how far locations are from the first, and takes -1 for none.
const APART: u32 = 2;

/// The places, by number.
#[derive(Default)]
pub(crate) struct Places(Vec<Span>);

impl Places {
    /// The place of an instruction.
    fn of(&self, func: &Function, inst: Inst) -> Option<Span> {
        // Those without a location have the number that no place has.
        self.0.get((func.srcloc(inst).bits() / APART) as usize).copied()
    }
}

impl Generator<'_, '_> {
    /// Generates the code of what stands at a place.
    #[inline]
    pub(crate) fn standing_at<R>(&mut self, span: Span, generate: impl FnOnce(&mut Self) -> R) -> R {
        let Some(Places(places)) = &mut self.symbols.places else { return generate(self) };
        let number = SourceLoc::new(places.len() as u32 * APART);
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
    let place = |line: &str| {
        let number = line.strip_prefix('@')?.split(' ').next()?;
        places.0.get((u32::from_str_radix(number, 16).ok()? / APART) as usize).copied()
    };
    let lines = located.lines().map(place).collect();
    func.srclocs.clear();
    (func.display().to_string(), lines)
}

/// The lines of the text of the machine code of a function that was generated with places, and what each stands for.
///
/// Cranelift prints the tags of an instruction below each of those of the machine that it becomes. All instructions get one here, their number;
/// but for those that end blocks, which cannot have any, and are found by the others of their block.
pub(crate) fn asm(context: &mut Context, isa: &dyn TargetIsa, places: &Places) -> Result<(Vec<String>, Vec<Option<Span>>), String> {
    let mut control = ControlPlane::default();
    context.optimize(isa, &mut control).map_err(|e| e.to_string())?;
    let FunctionStencil { layout, debug_tags, .. } = &mut context.func.stencil;
    for inst in layout.blocks().flat_map(|block| layout.block_insts(block)) {
        debug_tags.set(inst, [DebugTag::User(inst.as_u32())]);
    }
    let func = &context.func;
    let code = isa.compile_function(func, &context.domtree, &mut Default::default(), true, &mut control);
    let text = code.map_err(|e| e.to_string())?.vcode.unwrap_or_default();

    let mut found = Found { lines: Vec::new(), spans: Vec::new(), start: 0, of: None };
    for line in text.lines() {
        if let Some(tags) = line.strip_prefix(TAG) {
            let number = tags.split_once("User(").and_then(|(_, number)| number.split(')').next()?.parse().ok());
            if let (Some(number), Some(last)) = (number, found.spans.last_mut()) {
                let inst = Inst::from_u32(number);
                *last = places.of(func, inst);
                found.of = Some(inst);
            }
            continue;
        }
        let is_label = !line.starts_with(' ');
        if is_label {
            found.close(func, places);
        }
        found.lines.push(line.to_owned());
        found.spans.push(None);
        if is_label {
            found.start = found.lines.len();
        }
    }
    found.close(func, places);
    Ok((found.lines, found.spans))
}

/// What the lines with tags begin with.
const TAG: &str = "  ; ^-- debug @ ";

/// The lines so far.
struct Found {
    lines: Vec<String>,
    spans: Vec<Option<Span>>,
    /// The first line of the block.
    start: usize,
    /// An instruction of the block, if one is known.
    of: Option<Inst>,
}

impl Found {
    /// Ends a block. What has no tag, such as moves between registers, is for what comes next.
    fn close(&mut self, func: &Function, places: &Places) {
        let block = self.of.take().and_then(|inst| func.layout.inst_block(inst));
        let mut next = block.and_then(|block| func.layout.last_inst(block)).and_then(|last| {
            // A branch is made together with the test that it asks, which is for the smaller place.
            let asked = match func.dfg.insts[last].opcode() {
                Opcode::Brif => func.dfg.inst_args(last).first().and_then(|value| func.dfg.value_def(*value).inst()),
                _ => None,
            };
            asked.and_then(|asked| places.of(func, asked)).or_else(|| places.of(func, last))
        });
        for span in self.spans[self.start..].iter_mut().rev() {
            next = span.or(next);
            *span = next;
        }
    }
}
