//! How a stencil is made: a function for Cranelift, of which the bytes between its frame and its exits are kept.
//!
//! A shape is compiled twice, with other constants. Where the two codes differ there must be the constants themselves, and those places
//! are the stencil's holes; any other difference, and anything around the code that is not as expected, fails the making.

use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{AbiParam, ExtFuncData, ExternalName, FuncRef, Function, InstBuilder, Signature, Value};
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa, TargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{Context, FinalizedRelocTarget};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

/// Most bytes of a stencil.
pub(crate) const MOST: usize = 48;
/// Most holes of a stencil.
pub(crate) const HOLES: usize = 3;

/// What a function begins with: its frame.
const ENTER: [u8; 4] = [0x55, 0x48, 0x89, 0xe5];
/// What it leaves with, before the address that it jumps to.
const LEAVE: [u8; 5] = [0x48, 0x89, 0xec, 0x5d, 0xe9];
/// Bytes of an exit.
const EXIT: usize = LEAVE.len() + 4;
/// Bytes of a conditional jump.
const JUMP: usize = 6;

/// A constant that is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    Byte,
    Half,
}

impl Width {
    fn bytes(self) -> usize {
        match self {
            Width::Byte => 1,
            Width::Half => 4,
        }
    }

    /// What stands in for hole number `hole` while one of the two codes is made. They are of opposite signs and differ in each byte.
    fn stand_in(self, hole: usize, second: bool) -> i64 {
        let step = hole as i64;
        match (self, second) {
            (Width::Byte, false) => 0x35 + step,
            (Width::Byte, true) => -0x36 - step,
            (Width::Half, false) => 0x5162_7314 + step * 0x0101_0101,
            (Width::Half, true) => -0x614c_5b3b + step * 0x0101_0101,
        }
    }
}

/// Code with holes. It keeps the registers of the machine (see [`super`]) but those that it says it sets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stencil {
    pub(crate) code: [u8; MOST],
    pub(crate) len: u8,
    /// Where the holes are, and how many bytes each takes: 0 where there is none.
    pub(crate) holes: [(u8, u8); HOLES],
    /// For a test: the condition code with which it holds.
    pub(crate) holds: u8,
}

/// The registers that a stencil works with, as values.
#[derive(Clone, Copy)]
pub(crate) struct Registers {
    pub(crate) state: Value,
    pub(crate) arena: Value,
    pub(crate) record: Value,
    pub(crate) x: Value,
    pub(crate) y: Value,
    pub(crate) z: Value,
}

impl Registers {
    fn all(self) -> [Value; 6] {
        [self.state, self.arena, self.record, self.x, self.y, self.z]
    }
}

/// What a shape ends with.
pub(crate) enum End {
    /// A test, by a value of which only whether it is zero matters.
    Test(Value),
    /// Other values in the registers.
    Go(Registers),
}

/// Writes a shape's code, given its constants.
pub(crate) type Build = fn(&mut FunctionBuilder<'_>, Registers, &[i64; HOLES]) -> End;

/// Makes stencils.
pub(crate) struct Maker {
    isa: OwnedTargetIsa,
    context: Context,
    builder: FunctionBuilderContext,
}

/// Code of one of the two.
struct Cut {
    code: Vec<u8>,
    holds: u8,
}

impl Maker {
    pub(crate) fn new() -> Result<Maker, String> {
        let mut flags = settings::builder();
        // Nothing may be computed from a constant: a negated one is another constant. Jumps at a function's end want frames.
        for (name, value) in [
            ("opt_level", "none"),
            ("preserve_frame_pointers", "true"),
            ("is_pic", "false"),
            ("unwind_info", "false"),
            ("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" }),
        ] {
            flags.set(name, value).map_err(|e| format!("{name}: {e}"))?;
        }
        let host = cranelift_native::builder().map_err(str::to_owned)?;
        let isa = host.finish(settings::Flags::new(flags)).map_err(|e| e.to_string())?;
        Ok(Maker { isa, context: Context::new(), builder: FunctionBuilderContext::new() })
    }

    /// The stencil of a shape.
    pub(crate) fn make(&mut self, holes: &[Width], build: Build) -> Result<Stencil, String> {
        let first = self.cut(holes, build, false)?;
        let second = self.cut(holes, build, true)?;
        if first.code.len() != second.code.len() || first.holds != second.holds {
            return Err("its length or condition depends on the constants".into());
        }
        if first.code.len() > MOST {
            return Err(format!("{} bytes are too many", first.code.len()));
        }
        let mut found = [(0, 0); HOLES];
        let mut open: Vec<bool> = first.code.iter().zip(&second.code).map(|(a, b)| a != b).collect();
        for (number, width) in holes.iter().enumerate() {
            let bytes = width.bytes();
            let [a, b] = [false, true].map(|second| width.stand_in(number, second).to_le_bytes());
            let is_here = |at: &usize| first.code[*at..at + bytes] == a[..bytes] && second.code[*at..at + bytes] == b[..bytes];
            let places: Vec<usize> = (0..(first.code.len() + 1).saturating_sub(bytes)).filter(is_here).collect();
            let [at] = places[..] else {
                return Err(format!("constant {number} is in it {} times", places.len()));
            };
            open[at..at + bytes].fill(false);
            found[number] = (at as u8, bytes as u8);
        }
        if open.contains(&true) {
            return Err("more of it depends on the constants than the constants".into());
        }
        let mut code = [0x90; MOST];
        code[..first.code.len()].copy_from_slice(&first.code);
        Ok(Stencil { code, len: first.code.len() as u8, holes: found, holds: first.holds })
    }

    fn cut(&mut self, holes: &[Width], build: Build, second: bool) -> Result<Cut, String> {
        self.context.clear();
        let ends = write(&mut self.context.func, &mut self.builder, &*self.isa, holes, build, second);
        let compiled = self.context.compile(&*self.isa, &mut Default::default()).map_err(|e| e.inner.to_string())?;
        let code = compiled.code_buffer();
        let exits: Vec<(usize, &[u8])> = compiled
            .buffer
            .relocs()
            .iter()
            .map(|reloc| match (&reloc.target, reloc.kind) {
                (FinalizedRelocTarget::ExternalName(ExternalName::TestCase(name)), Reloc::X86CallPCRel4) => {
                    Ok(((reloc.offset as usize + 4).wrapping_sub(EXIT), name.raw()))
                }
                (target, kind) => Err(format!("it refers to {target:?} by {kind}")),
            })
            .collect::<Result<_, _>>()?;
        let begins = |at: usize, bytes: &[u8]| code.get(at..).is_some_and(|rest| rest.starts_with(bytes));
        if !begins(0, &ENTER) || !exits.iter().all(|(at, _)| begins(*at, &LEAVE)) {
            return Err("its frame is not as expected".into());
        }
        let start = ENTER.len();
        match (ends, &exits[..]) {
            (false, [(at, GO)]) if at + EXIT == code.len() && *at >= start => Ok(Cut { code: code[start..*at].to_vec(), holds: 0 }),
            (true, [(first, one), (second, other)]) if first + EXIT == *second && second + EXIT == code.len() && *first >= start + JUMP => {
                let at = first - JUMP;
                // To the second exit, over the first.
                let jump = [EXIT as u8, 0, 0, 0];
                if code[at] != 0x0f || code[at + 1] & 0xf0 != 0x80 || code[at + 2..*first] != jump {
                    return Err("it does not end in one conditional jump".into());
                }
                let condition = code[at + 1] & 0x0f;
                let holds = match (*one, *other) {
                    (NO, YES) => condition,
                    (YES, NO) => condition ^ 1,
                    _ => return Err("its exits are not one for each answer".into()),
                };
                Ok(Cut { code: code[start..at].to_vec(), holds })
            }
            _ => Err("its exits are not where they are expected".into()),
        }
    }
}

const YES: &[u8] = b"yes";
const NO: &[u8] = b"no";
const GO: &[u8] = b"go";

/// Writes the function. Answers whether it is a test.
fn write(
    func: &mut Function,
    context: &mut FunctionBuilderContext,
    isa: &dyn TargetIsa,
    holes: &[Width],
    build: Build,
    second: bool,
) -> bool {
    let mut constants = [0; HOLES];
    for (number, width) in holes.iter().enumerate() {
        constants[number] = width.stand_in(number, second);
    }
    func.signature = signature();
    let mut b = FunctionBuilder::new(func, context);
    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    let [state, arena, record, x, y, z] = std::array::from_fn(|i| b.block_params(entry)[i]);
    let registers = Registers { state, arena, record, x, y, z };
    let end = build(&mut b, registers, &constants);
    let tests = match end {
        End::Test(holds) => {
            let [yes, no] = std::array::from_fn(|_| b.create_block());
            b.ins().brif(holds, yes, &[], no, &[]);
            for (block, name) in [(yes, YES), (no, NO)] {
                b.switch_to_block(block);
                leave(&mut b, name, registers);
            }
            true
        }
        End::Go(registers) => {
            leave(&mut b, GO, registers);
            false
        }
    };
    b.seal_all_blocks();
    b.finalize(isa.frontend_config());
    tests
}

fn signature() -> Signature {
    let mut signature = Signature::new(CallConv::Tail);
    signature.params.extend([AbiParam::new(I64); 6]);
    signature
}

fn leave(b: &mut FunctionBuilder<'_>, to: &[u8], registers: Registers) {
    let signature = b.import_signature(signature());
    let to: FuncRef = b.import_function(ExtFuncData { name: ExternalName::testcase(to), signature, colocated: true, patchable: false });
    b.ins().return_call(to, &registers.all());
}
