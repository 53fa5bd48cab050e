//! What is compiled by itself, and the calls between.

#[cfg(not(target_family = "wasm"))]
use cranelift_codegen::binemit::{Addend, Reloc};
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
use quintet_lang::ast::{Expr, Frame};
use quintet_lang::ast::{FnId, Program, Rule, Span};

/// What becomes one function of machine code.
#[derive(Clone, Copy)]
pub(crate) enum Unit<'p> {
    /// A rule, with its number.
    Rule(usize, &'p Rule),
    /// A function of the program.
    Function(FnId),
    /// A test of a rule put together from stencils, with the rule's number and frame.
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    Test(usize, &'p Frame, &'p Expr),
}

impl<'p> Unit<'p> {
    /// Those of a program: rules, then functions.
    pub(crate) fn all(program: &'p Program) -> impl Iterator<Item = Unit<'p>> {
        let rules = program.rules.iter().enumerate().map(|(number, rule)| Unit::Rule(number, rule));
        rules.chain((0..program.functions.len() as u32).map(|id| Unit::Function(FnId(id))))
    }

    /// Whether it is called by other units, by its number among those that are.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn is_called(self) -> bool {
        matches!(self, Unit::Function(_))
    }

    /// What it is called in messages.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn name(self, program: &Program) -> String {
        match self {
            Unit::Rule(_, rule) => format!("rule `{}`", rule.name),
            Unit::Function(id) => format!("function `{}`", program.functions.get(id.index()).map_or("", |function| &function.name)),
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            Unit::Test(number, ..) => format!("a test of rule `{}`", program.rules.get(number).map_or("", |rule| &rule.name)),
        }
    }

    /// Where it stands in the source.
    pub(crate) fn span(self, program: &Program) -> Option<Span> {
        match self {
            Unit::Rule(_, rule) => Some(rule.span),
            Unit::Function(id) => program.functions.get(id.index()).map(|function| function.span),
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            Unit::Test(_, _, expr) => Some(expr.span),
        }
    }

    /// What it is called in texts of code.
    pub(crate) fn title(self, program: &Program) -> String {
        match self {
            Unit::Rule(number, rule) if rule.name.is_empty() => format!("rule {number}"),
            Unit::Rule(number, rule) => format!("rule {number}: {}", rule.name),
            Unit::Function(id) => format!("fn:{}: {}", id.0, program.functions.get(id.index()).map_or("", |function| &function.name)),
            #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
            Unit::Test(number, ..) => format!("a test of rule {number}"),
        }
    }
}

/// A call of a function of the program, whose place is not known yet.
#[cfg(not(target_family = "wasm"))]
pub(crate) struct Call {
    /// The place in the code where the way to it belongs.
    pub(crate) at: usize,
    pub(crate) to: FnId,
    pub(crate) kind: Reloc,
    pub(crate) addend: Addend,
}

#[cfg(not(target_family = "wasm"))]
impl Call {
    /// Fills in the way to the function, which begins at `to`.
    pub(crate) fn resolve(&self, to: usize, code: &mut [u8]) -> Result<(), String> {
        let far = || format!("{} bytes of code are too far for a call", self.at.abs_diff(to));
        let distance = (to as i64 - self.at as i64).checked_add(self.addend).ok_or_else(far)?;
        let end = self.at + 4;
        let field = code.get_mut(self.at..end).and_then(|field| field.first_chunk_mut::<4>()).ok_or("a call outside of the code")?;
        match self.kind {
            Reloc::X86CallPCRel4 | Reloc::X86PCRel4 => *field = i32::try_from(distance).map_err(|_| far())?.to_le_bytes(),
            Reloc::Arm64Call => {
                // The instruction's lower 26 bits count instructions.
                let words = distance >> 2;
                if !(-(1 << 25)..1 << 25).contains(&words) {
                    return Err(far());
                }
                let instruction = u32::from_le_bytes(*field) & 0xfc00_0000 | (words as u32 & 0x03ff_ffff);
                *field = instruction.to_le_bytes();
            }
            kind => return Err(format!("no support for calls of kind {kind}")),
        }
        Ok(())
    }
}
