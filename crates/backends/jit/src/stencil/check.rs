//! The making of all stencils, once in a process, and their check: each is run on values of all kinds, and what it did is compared with what
//! its shape means.

use std::arch::naked_asm;
use std::sync::OnceLock;

use crate::stencil::arena::Piece;
use crate::stencil::asm::Asm;
use crate::stencil::make::{HOLES, Maker, Stencil};
use crate::stencil::shapes::{Given, Hole, Outcome, SPECS, Shape, Spec, Values};

/// The stencils of all shapes.
pub(crate) struct Stencils(Vec<Stencil>);

/// Those of this process, once they are made.
static STENCILS: OnceLock<Result<Stencils, String>> = OnceLock::new();

impl Stencils {
    /// Whether this process has made them.
    pub(crate) fn made() -> bool {
        matches!(STENCILS.get(), Some(Ok(_)))
    }

    /// Those of this process, or why there are none.
    pub(crate) fn get() -> Result<&'static Stencils, &'static str> {
        STENCILS.get_or_init(Stencils::make).as_ref().map_err(String::as_str)
    }

    fn make() -> Result<Stencils, String> {
        let mut maker = Maker::new()?;
        let made = SPECS.iter().map(|spec| {
            let widths: Vec<_> = spec.holes.iter().map(|hole| hole.width()).collect();
            maker.make(&widths, spec.build).map_err(|e| format!("no stencil of {}: {e}", spec.name))
        });
        let stencils = Stencils(made.collect::<Result<_, _>>()?);
        check(&stencils)?;
        Ok(stencils)
    }

    #[inline]
    pub(crate) fn of(&self, shape: Shape) -> &Stencil {
        #[cfg(test)]
        tests::PLACED[shape as usize].store(true, std::sync::atomic::Ordering::Relaxed);
        &self.0[shape as usize]
    }
}

/// Runs of each stencil in the check.
const RUNS: u64 = 64;

/// The registers of the machine that a stencil may look at or must keep.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Machine {
    state: u64,
    arena: u64,
    record: u64,
    x: u64,
    y: u64,
    z: u64,
    /// rbx, rbp, r12, r13, r14, r15.
    kept: [u64; 6],
    answer: u64,
}

/// Runs code with all registers of a [`Machine`] set, and puts them back there.
///
/// # Safety
/// `code` ends in `ret` with an answer in rax, keeps the stack, and reads only where it may.
#[unsafe(naked)]
unsafe extern "C" fn run(code: *const u8, machine: *mut Machine) {
    naked_asm!(
        "push rbx",
        "push rbp",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "push rsi",
        "mov rax, rdi",
        "mov r10, rsi",
        "mov rdi, [r10]",
        "mov rsi, [r10 + 8]",
        "mov rdx, [r10 + 16]",
        "mov rcx, [r10 + 24]",
        "mov r8, [r10 + 32]",
        "mov r9, [r10 + 40]",
        "mov rbx, [r10 + 48]",
        "mov rbp, [r10 + 56]",
        "mov r12, [r10 + 64]",
        "mov r13, [r10 + 72]",
        "mov r14, [r10 + 80]",
        "mov r15, [r10 + 88]",
        "call rax",
        "mov r10, [rsp]",
        "mov [r10], rdi",
        "mov [r10 + 8], rsi",
        "mov [r10 + 16], rdx",
        "mov [r10 + 24], rcx",
        "mov [r10 + 32], r8",
        "mov [r10 + 40], r9",
        "mov [r10 + 48], rbx",
        "mov [r10 + 56], rbp",
        "mov [r10 + 64], r12",
        "mov [r10 + 72], r13",
        "mov [r10 + 80], r14",
        "mov [r10 + 88], r15",
        "mov [r10 + 96], rax",
        "pop rsi",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbp",
        "pop rbx",
        "ret",
    )
}

/// `mov eax, 1; ret; xor eax, eax; ret`.
const ANSWERS: [u8; 9] = [0xb8, 1, 0, 0, 0, 0xc3, 0x31, 0xc0, 0xc3];
/// Bytes from the answer 1 to the answer 0.
const OTHER: u8 = 6;

/// One run of a stencil.
struct Run {
    spec: &'static Spec,
    machine: Machine,
    wanted: Outcome,
    /// Where its code is.
    start: usize,
}

/// Numbers that follow from one another.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 ^ self.0 >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 16
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A number of which the interesting ones are likely.
    fn word(&mut self) -> u64 {
        const SOME: [i64; 12] = [0, 1, 2, -1, 63, 64, 1 << 31, (1 << 31) - 1, -(1 << 31), 0xffff_ffff, i64::MIN, i64::MAX];
        match self.below(3) {
            0 => SOME[self.below(12) as usize] as u64,
            1 => self.below(300),
            _ => self.next() << 20 ^ self.next(),
        }
    }
}

/// Bytes of the memory that stencils read in the check.
const MEMORY: usize = 512;

fn check(stencils: &Stencils) -> Result<(), String> {
    let mut dice = Dice(1);
    let memory: Vec<[u8; MEMORY]> = (0..RUNS).map(|_| some_memory(&mut dice)).collect();
    let mut asm = Asm::default();
    let mut runs = Vec::new();
    for (spec, stencil) in SPECS.iter().zip(&stencils.0) {
        for memory in &memory {
            let (given, mut machine) = some_values(spec, memory, &mut dice);
            machine.answer = 0;
            let start = asm.code.len();
            place(&mut asm, stencil, &given.holes);
            runs.push(Run { spec, machine, wanted: (spec.means)(&given), start });
        }
    }
    let piece = Piece::new(&asm.code)?;
    for one in &runs {
        let mut after = one.machine;
        // SAFETY: the code is a stencil and `ANSWERS`. What it reads is in `memory`, where `some_values` has it look.
        unsafe { run(piece.at(one.start), &raw mut after) };
        let answer = std::mem::replace(&mut after.answer, 0);
        let mut wanted = one.machine;
        let found = match one.wanted {
            Outcome::Test(_) => Outcome::Test(answer == 1),
            Outcome::Set(Values { x, y, z }) => {
                (wanted.x, wanted.y, wanted.z) = (x, y, z);
                Outcome::Set(Values { x: after.x, y: after.y, z: after.z })
            }
        };
        if found != one.wanted || after != wanted {
            return Err(format!("the stencil of {} answers {found:?} and not {:?}", one.spec.name, one.wanted));
        }
    }
    Ok(())
}

/// Adds code that runs a stencil and answers 1, or 0 for a test that does not hold.
fn place(asm: &mut Asm, stencil: &Stencil, holes: &[i64; HOLES]) {
    asm.copy(stencil, holes);
    if stencil.holds != 0 {
        asm.bytes(&[0x0f, 0x80 | stencil.holds ^ 1, OTHER, 0, 0, 0]);
    }
    asm.bytes(&ANSWERS);
}

fn some_memory(dice: &mut Dice) -> [u8; MEMORY] {
    let mut memory = [0; MEMORY];
    memory.chunks_mut(8).for_each(|word| word.copy_from_slice(&dice.word().to_le_bytes()));
    memory
}

/// Values for a shape: half of the time such that what is compared is equal, or next to it.
fn some_values<'m>(spec: &Spec, memory: &'m [u8; MEMORY], dice: &mut Dice) -> (Given<'m>, Machine) {
    let address = memory.as_ptr() as u64;
    let mut values = Values { x: dice.word(), y: dice.word() >> dice.below(2).wrapping_mul(32), z: dice.word() };
    let place = dice.below(MEMORY as u64 / 8 - 1) * 8;
    let near = [0i32, 0, 0, -1, 1, 2][dice.below(6) as usize];
    let reads = u64::from_le_bytes(std::array::from_fn(|i| memory[place as usize + i]));
    if dice.below(2) == 0 {
        values.y = dice.below(100);
    }
    // What is compared with a constant: what is read, or a register.
    let compared = match spec.holes {
        [Hole::Record | Hole::Bytes, ..] => reads,
        [Hole::Length] => values.y,
        _ => values.x,
    };
    if dice.below(2) == 0 {
        values.z = compared.wrapping_add(near as u64);
    }
    let close = dice.below(2) == 0;
    let mut holes = [0; HOLES];
    for (hole, kind) in holes.iter_mut().zip(spec.holes) {
        *hole = match kind {
            Hole::Record | Hole::Bytes => place as i64,
            Hole::Bit => 1 << dice.below(8),
            Hole::Byte if close => i64::from(reads as u8),
            Hole::Byte => i64::from(dice.next() as u8),
            Hole::Number | Hole::Length if close => i64::from((compared as i32).wrapping_add(near)),
            Hole::Number | Hole::Table | Hole::Length => i64::from(dice.word() as i32),
            Hole::Size => i64::from(dice.word() as i32 & i32::MAX),
        };
    }
    // A sum that is compared with a size is near it half of the time.
    if close && spec.holes.len() > 1 && spec.holes.iter().filter(|hole| matches!(hole, Hole::Number | Hole::Size)).count() == 2 {
        let first = spec.holes.len() - 2;
        holes[first] = i64::from((compared as i32).wrapping_neg().wrapping_add(near));
    }
    if spec.holes.contains(&Hole::Bytes) {
        values.x = address;
    }
    if let [Hole::Table] = spec.holes {
        values.x = dice.below(MEMORY as u64 * 8).wrapping_sub(holes[0] as u64);
        values.z = address;
    }
    let given = Given { holes, values, record: memory, bytes: memory, arena: address };
    let kept = std::array::from_fn(|_| dice.next());
    let Values { x, y, z } = values;
    (given, Machine { state: dice.next(), arena: address, record: address, x, y, z, kept, answer: 0 })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::Jit;

    /// Whether a stencil was put into the code of a rule.
    pub(super) static PLACED: [AtomicBool; SPECS.len()] = [const { AtomicBool::new(false) }; SPECS.len()];

    #[test]
    fn all_stencils_stand_in_programs_that_answer_as_the_interpreter_does() {
        PLACED.iter().for_each(|placed| placed.store(false, Ordering::Relaxed));
        quintet_testing::differential(&Jit::stencil(), 4_000);
        quintet_testing::scripts(&Jit::stencil(), 1_000);
        let unused: Vec<&str> =
            SPECS.iter().zip(&PLACED).filter(|(_, placed)| !placed.load(Ordering::Relaxed)).map(|(spec, _)| spec.name).collect();
        assert!(unused.is_empty(), "{unused:?}");
    }

    #[test]
    fn all_stencils_are_made() {
        Stencils::get().map(|_| ()).expect("stencils");
    }

    #[test]
    fn a_wrong_stencil_is_found() {
        let made = |shape: Shape| Stencils::get().expect("stencils").0[shape as usize];
        for (number, spec) in SPECS.iter().enumerate() {
            let mut stencils = Stencils(Stencils::get().expect("stencils").0.clone());
            let stencil = &mut stencils.0[number];
            if stencil.holds != 0 {
                stencil.holds ^= 1;
            } else {
                // `mov rcx, r8` turned to what changes a register that must be kept: `mov rbx, r8`.
                stencil.code[..3].copy_from_slice(&[0x4c, 0x89, 0xc3]);
                stencil.len = 3;
                stencil.holes = [(0, 0); HOLES];
            }
            assert!(check(&stencils).is_err(), "{}", spec.name);
        }
        let mut stencils = Stencils(Stencils::get().expect("stencils").0.clone());
        stencils.0[Shape::Less as usize] = made(Shape::More);
        assert!(check(&stencils).is_err());
    }

    #[test]
    fn both_answers_of_each_test_are_checked() {
        let mut dice = Dice(1);
        let memory: Vec<[u8; MEMORY]> = (0..RUNS).map(|_| some_memory(&mut dice)).collect();
        for spec in SPECS {
            let outcomes: Vec<Outcome> = memory.iter().map(|memory| (spec.means)(&some_values(spec, memory, &mut dice).0)).collect();
            if let Outcome::Test(_) = outcomes[0] {
                for answer in [true, false] {
                    assert!(outcomes.contains(&Outcome::Test(answer)), "{} never is {answer}", spec.name);
                }
            }
        }
    }
}
