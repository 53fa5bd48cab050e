//! The configuration `jit-stencil`: rules are put together from pieces of machine code that were made beforehand (copy and patch).
//!
//! Cranelift compiles a few dozen shapes of code once in a process ("a word of the record equals a constant"), and what is constant in them is
//! cut out (`make.rs`). Each of these stencils is then run on values of all kinds and compared with what it means (`check.rs`): a compiler
//! that makes other code than is expected makes the configuration refuse, not answer wrongly. Compiling a rule copies stencils one behind the
//! other, fills in constants and the distances of jumps (`rule.rs`, which calls `compare.rs`, `sets.rs`, `each.rs` and, for values,
//! `values.rs`, `place.rs` and `call.rs`, with `asm.rs` below), and puts the result into memory that stays mapped (`arena.rs`). That takes about
//! as long as building the rule's closures, and hundreds of times less than compiling it.
//!
//! What has no stencil is a call: of a helper (`helpers.rs`), or of a function that Cranelift compiles as `jit-fast` does (`leaf.rs`). Rules
//! with statements, and those without a test that has a stencil, are compiled as a whole.
//!
//! # The machine
//! | register | holds |
//! |---|---|
//! | rdi, rsi, rdx | the instance's state, the batch's arena, the record |
//! | rcx, r8, r9 | the values `x`, `y`, `z` |
//! | rax, r10, r11 | whatever a stencil needs |
//! | rbx | the answers so far; the lowest bit is the record's |
//! | rbp | how many records are left |
//! | r12, r13, r14 | copies of rdi, rsi, rdx, where the rule calls anything |
//!
//! The first six are those that Cranelift's convention `tail` passes arguments in, in the order of C, so a stencil is a function that ends in
//! a call of the next one with the same arguments, of which the jump is left out. A stencil either sets values and runs into what follows,
//! or tests something and leaves a condition; the jump behind it is written with the rule.
//!
//! # Other machines
//! There is no such configuration on other processors yet. On aarch64 constants are not bytes of their own but bits of instructions, so
//! comparing two codes byte by byte does not find holes that can be filled. It would go like this: a stencil keeps each constant in a
//! register that code written by hand has set (`movz` and up to three `movk`, as `z` is set here for constants of 64 bits), and the
//! displacement of a field is added likewise or patched into the 12 bits of `ldr` (scaled by 8; records are words). So each shape has no
//! hole but the displacement, found as the one instruction that differs. `tail` passes x0 to x7, which has room for the same six
//! registers and two more; a test ends in `b.cond` or `cbz` over `b`, with 19 and 26 bits for distances; helpers are reached by `movz`,
//! `movk` and `blr`; x19 to x28 keep what calls must not change. After code is written, caches must be told: `dc cvau`, `ic ivau` over the
//! piece and `isb` on each thread before it runs it, as `membarrier` with `SYNC_CORE` does for all at once.

mod arena;
mod asm;
mod call;
mod check;
mod compare;
mod each;
mod helpers;
mod leaf;
mod make;
mod place;
mod rule;
mod sets;
mod shapes;
mod values;

use std::cell::Cell;
use std::fmt::Write;
use std::sync::Arc;

use capstone::prelude::*;
use quintet_runtime::{Linked, Threshold};

pub(crate) use arena::Piece;
pub(crate) use leaf::generate;

use crate::compile::{Code, Jit};
use crate::emit;
use crate::instance::RuleFn;
use crate::unit::Unit;
use asm::Asm;
use check::Stencils;
use rule::Rules;

/// Makes and checks the stencils, if that has not been done.
pub(crate) fn ready() -> Result<(), &'static str> {
    Stencils::get().map(|_| ())
}

/// The rules that are put together from stencils, by number: where they begin and end in the code.
type Written = Vec<Option<(usize, usize)>>;

thread_local! {
    /// Buffers of the last compilation, for the next one.
    static SPARE: Cell<Asm> = Cell::default();
}

/// Puts the rules of a program together.
fn rules(program: &Linked, asm: Asm) -> Result<(Rules<'_>, Written), String> {
    let mut rules = Rules::new(program, Stencils::get()?, asm);
    let all = program.program().rules.iter().enumerate();
    let entries = all.map(|(number, rule)| if program.rule_plan(number).is_expression { rules.rule(number, rule) } else { Ok(None) });
    let entries = entries.collect::<Result<_, _>>()?;
    Ok((rules, entries))
}

/// What is left for Cranelift: rules, then tests, then functions.
fn units<'p>(program: &'p Linked, rules: &Rules<'p>, entries: &Written) -> impl Iterator<Item = Unit<'p>> {
    let program = program.program();
    let whole = program.rules.iter().enumerate().zip(entries).filter(|(_, entry)| entry.is_none());
    let whole = whole.map(|((number, rule), _)| Unit::Rule(number, rule));
    let tests = rules.leaves.iter().map(|leaf| Unit::Test(leaf.rule, &program.rules[leaf.rule].frame, leaf.expr));
    whole.chain(tests).chain(Unit::all(program).skip(program.rules.len()))
}

/// The code of a program, if all of it has stencils, and these have been made.
pub(crate) fn assemble_whole(jit: &Jit, program: &Arc<Linked>) -> Option<Code> {
    if !Stencils::made() || !program.program().functions.is_empty() {
        return None;
    }
    let (rules, entries) = rules(program, SPARE.take()).ok()?;
    if units(program, &rules, &entries).next().is_some() {
        SPARE.set(rules.asm.cleared());
        return None;
    }
    finish(jit, program, rules, entries).ok()
}

/// The code of a program.
pub(crate) fn assemble(jit: &Jit, program: &Arc<Linked>) -> Result<Code, String> {
    let (rules, entries) = rules(program, SPARE.take())?;
    finish(jit, program, rules, entries)
}

/// Has the rest compiled, and puts all of it where it stays.
fn finish<'p>(jit: &Jit, program: &'p Arc<Linked>, mut rules: Rules<'p>, entries: Written) -> Result<Code, String> {
    let placed = jit.place(program, units(program, &rules, &entries))?;
    let whole = entries.iter().filter(|entry| entry.is_none()).count();
    for (number, leaf) in rules.leaves.iter().enumerate() {
        let address = placed.at(whole + number) as u64;
        rules.asm.code[leaf.at..leaf.at + 8].copy_from_slice(&address.to_le_bytes());
    }
    let piece = if rules.asm.code.is_empty() { None } else { Some(Piece::new(&rules.asm.code)?) };
    let mut next = 0;
    let functions = entries.iter().map(|entry| match (entry, &piece) {
        (Some((start, _)), Some(piece)) => {
            // SAFETY: a function with the signature and convention of `RuleFn` was put together there.
            unsafe { std::mem::transmute::<*const u8, RuleFn>(piece.at(*start)) }
        }
        _ => {
            next += 1;
            placed.rule(next - 1)
        }
    });
    let functions = functions.collect();
    if !program.exceeds(Threshold::JitKeptBytes, rules.asm.code.len()) {
        SPARE.set(rules.asm.cleared());
    }
    let mut code = jit.code(program, functions, placed)?;
    code.piece = piece;
    Ok(code)
}

/// The code of a program as text. Addresses are counted from the beginning of the code that is put together.
pub(crate) fn text(jit: &Jit, program: &Linked) -> Result<String, String> {
    let (rules, entries) = rules(program, Asm::named())?;
    let capstone = Capstone::new().x86().mode(arch::x86::ArchMode::Mode64).syntax(arch::x86::ArchSyntax::Att).build();
    let capstone = capstone.map_err(|e| e.to_string())?;
    let names = rules.asm.names.as_deref().unwrap_or_default();
    let mut text = String::new();
    for (number, (rule, entry)) in program.program().rules.iter().zip(&entries).enumerate() {
        let Some((start, end)) = *entry else { continue };
        let _ = writeln!(text, "; {}", Unit::Rule(number, rule).title(program.program()));
        let code = rules.asm.code.get(start..end).ok_or("a rule outside of the code")?;
        let instructions = capstone.disasm_all(code, start as u64).map_err(|e| e.to_string())?;
        for one in instructions.iter() {
            let (mnemonic, operands) = (one.mnemonic().unwrap_or_default(), one.op_str().unwrap_or_default());
            let line = format!("{:>6x}:  {mnemonic:<10} {operands}", one.address());
            let place = one.address() as usize..one.address() as usize + one.bytes().len();
            let _ = match names.iter().find(|(at, _)| place.contains(at)) {
                Some((_, name)) => writeln!(text, "{line}  ; {name}"),
                None => writeln!(text, "{}", line.trim_end()),
            };
        }
        text.push('\n');
    }
    let rest = emit::units(jit, program, units(program, &rules, &entries), true)?;
    text.push_str(&rest);
    if rest.is_empty() {
        text.pop();
    }
    Ok(text)
}
