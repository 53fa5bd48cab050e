//! The Lua source of a program.
//!
//! For each rule there is a test, `t`, which answers true, false or a trap's code for the record at word `w` of the block at address `b`. The tests
//! are in `R`, by their place in the program: batches run through loops around them, which are no part of the source; see `loops.rs`. What runs all
//! rules on one record is a chunk of its own, see [`record`].

use std::fmt::Write;

use quintet_lang::ast::{FnId, Rule};
use quintet_lang::effects::Steps;
use quintet_runtime::{Linked, Threshold};

use crate::code::Exit;
use crate::data::Data;
use crate::entry::{self, Cells};
use crate::generator::{Generator, head};
use crate::loops::{Counts, Kind};
use crate::partition::{Cuts, group, is_wide};
use crate::ranges::Ranges;
use crate::script::{self, is_scripted};

/// Rules of a group: as many as a number of the bit library has bits.
pub(crate) const GROUP: usize = 32;

/// What the chunk is called with, for readers.
pub(crate) const LEGEND: &str = "\
-- N: the prelude; X: addresses of prepared literals; E: the environment of calls; A: the word of the cells;
-- CB: the address of the constants; T: the list of traps; M: the 4-byte word with the steps that are left, the count of slices after it
-- and what both are at the start of a rule at M0, or at MB for rules that count only what they look at
";

/// What the chunk is called with.
const HEAD: &str = "\
local N, X, E, A, CB, T, M, M0, MB = ...
local A2, C, C2 = A * 2, CB / 8, CB / 4
local P, S, R = {}, {}, {}
";

/// Adds the answer `r` of a rule, which is not false, to those for one record.
const WORTH: &str = "\
local function W(bits, bit, rule, r)
  if r == true then return bor(bits, bit) end
  note(T, rule, 0, r)
  return bits
end
";

/// Begins to count for a rule that counts only what it looks at.
const BEGIN: &str = "local function B() I32[M], I32[M + 1] = I32[MB], I32[MB + 1] end\n";

/// What a chunk may take from the prelude.
const NAMES: [&str; 86] = [
    "F", "F64", "I32", "I64", "INF", "NAN", "NZERO", "U32", "U8", "arshift", "band", "begin", "bor", "bswap", "bxor", "call", "ceil",
    "compare", "copy", "enter", "fabs", "fill1", "fill16", "fill24", "fill4", "fill8", "fillf", "find", "finish", "floor", "fmax", "fmin",
    "fmod", "get2", "get4", "get4b", "get8", "get8b", "iband", "ibor", "ibxor", "idiv", "in_bytes", "in_ints", "in_ips", "in_list", "int",
    "intplace", "ipbelow", "ipsame", "irem", "ishl", "ishr", "key", "leave", "look", "look_up", "lshift", "norm", "note", "packed",
    "place", "pow", "push", "put", "regex", "reset", "restart", "rol", "room", "ror", "rshift", "same", "search", "settle", "sqrt",
    "tobit", "toint", "tonumber", "turns", "udiv", "umul", "unary", "urem", "wildcard", "word",
];

/// What a chunk with scripts is called with beside that: H: the memory of arrays; DM: the calls that may go on inside one another.
const SCRIPT_HEAD: &str = "local _, _, _, _, _, _, _, _, _, H, DM = ...\nlocal Q = {}\n";

/// Names that a function of a script takes from its surroundings at most; LuaJIT allows 60 upvalues.
const SURROUNDINGS: usize = 40;

/// Lines of a text from which on taking all of them costs less than looking which ones it mentions.
const LONG: usize = 500;

/// Where each of [`NAMES`] stands among them, counted from 1, from the place that [`hash`] says on; 0 is the end.
const PLACES: [u8; 256] = {
    let mut places = [0; 256];
    let mut i = 0;
    while i < NAMES.len() {
        let mut at = hash(NAMES[i].as_bytes()) as usize;
        while places[at] != 0 {
            at = (at + 1) % 256;
        }
        places[at] = i as u8 + 1;
        i += 1;
    }
    places
};

/// Whether a byte stands in words.
const IN_WORD: [bool; 256] = {
    let mut in_word = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        in_word[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        byte += 1;
    }
    in_word
};

/// A number for a word.
const fn hash(word: &[u8]) -> u8 {
    let (first, last, middle) = (word[0], word[word.len() - 1], word[word.len() / 2]);
    first.wrapping_mul(7).wrapping_add(last.wrapping_mul(37)).wrapping_add(middle.wrapping_mul(83)).wrapping_add(word.len() as u8)
}

/// The place of a word among [`NAMES`].
fn place(word: &[u8]) -> Option<usize> {
    let mut at = usize::from(hash(word));
    loop {
        let i = usize::from(PLACES[at]).checked_sub(1)?;
        if NAMES[i].as_bytes() == word {
            return Some(i);
        }
        at = (at + 1) % 256;
    }
}

/// What `text` mentions of the prelude, outside of comments.
fn mentioned(text: &str) -> Vec<&'static str> {
    let mut used = [false; NAMES.len()];
    for line in text.lines().map(str::trim_ascii_start).filter(|line| !line.starts_with("--")) {
        let words = line.as_bytes().split(|byte| !IN_WORD[usize::from(*byte)]);
        // Most others are a letter, with or without a number.
        let names = words.filter(|word| word.len() > 2 && !word[0].is_ascii_digit() || matches!(*word, b"F" | b"U8"));
        names.filter_map(place).for_each(|i| used[i] = true);
    }
    NAMES.iter().zip(used).filter(|(_, used)| *used).map(|(name, _)| *name).collect()
}

/// A function of a script that takes no more than so much from its surroundings: of what it calls, further names become its own locals.
pub(crate) fn relieved(functions: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for line in functions.split_inclusive('\n') {
        let begins = (line.starts_with("  P[") || line.starts_with("  Q[")) && line.contains("= function(");
        match parts.last_mut() {
            Some(part) if !begins => *part += line,
            _ => parts.push(line.to_owned()),
        }
    }
    let mut relieved = String::new();
    for function in parts {
        let names = mentioned(&function);
        match function.split_once('\n') {
            Some((first, rest)) if names.len() > SURROUNDINGS => {
                relieved += &format!("{first}\n");
                names.iter().rev().take(names.len() - SURROUNDINGS).for_each(|name| relieved += &format!("  local {name} = N.{name}\n"));
                relieved += rest;
            }
            _ => relieved += &function,
        }
    }
    relieved
}

/// The line that takes from the prelude what `text` mentions; of a long one all that there is.
fn imports(text: &str) -> String {
    // Lines are as many with marks in them as without.
    let is_long = text.bytes().filter(|byte| *byte == b'\n').count() >= LONG;
    let names = if is_long { NAMES.to_vec() } else { mentioned(text) };
    if names.is_empty() {
        return String::new();
    }
    let values: Vec<String> = names.iter().map(|name| format!("N.{name}")).collect();
    format!("local {} = {}\n", names.join(", "), values.join(", "))
}

/// The source of a program; what it refers to goes to `data`.
pub(crate) fn chunk(linked: &Linked, data: &mut Data) -> String {
    let rules = &linked.program().rules;
    let mut text = String::new();
    let mut parts = 0;
    // Without rules nobody calls them.
    let functions = if rules.is_empty() { 0 } else { linked.program().functions.len() };
    let scripted = functions > 0 || rules.iter().any(is_scripted);
    if scripted {
        let ranges = Ranges::of(linked.program());
        for id in 0..functions {
            script::function(linked, data, &ranges, FnId(id as u32), &mut parts, &mut text);
        }
        for (index, _) in rules.iter().enumerate().filter(|(_, rule)| is_scripted(rule)) {
            script::rule(linked, data, &ranges, index, &mut parts, &mut text);
        }
    }
    for (g, members) in rules.chunks(GROUP).enumerate() {
        text += "do local function group()\n";
        for (i, rule) in members.iter().enumerate() {
            let index = g * GROUP + i;
            if is_scripted(rule) {
                let _ = writeln!(text, "  R[{}] = Q[{}]", index + 1, linked.program().functions.len() + index + 1);
            } else {
                expression(linked, data, rule, index, &mut parts, &mut text);
            }
        }
        text += "end group() end\n";
    }
    text += "return R\n";
    format!("{HEAD}{}{}{text}", if scripted { SCRIPT_HEAD } else { "" }, imports(&text))
}

/// The source of what takes the tests of a program's rules and makes the function that runs all of them on one record. Rules stand in groups of
/// [`GROUP`]; a group has a function that answers 32 bits. Where there are more groups than one, answers go to the 4-byte words from `o` on.
pub(crate) fn record(linked: &Linked) -> String {
    let kinds: Vec<Kind> = (0..linked.program().rules.len()).map(|rule| Kind::of(linked, rule)).collect();
    let mut text = String::new();
    if kinds.iter().any(|kind| kind.counts == Counts::Looks) {
        text += BEGIN;
    }
    if kinds.iter().any(|kind| kind.answers()) {
        text += WORTH;
    }
    text += "local G = {}\n";
    for (g, members) in kinds.chunks(GROUP).enumerate() {
        text += "do local function group()\n";
        for i in 0..members.len() {
            let _ = writeln!(text, "  local t{i} = R[{}]", g * GROUP + i + 1);
        }
        one_record(g, members, &mut text);
        text += "end group() end\n";
    }
    text += match kinds.len().div_ceil(GROUP) {
        0 | 1 => "return G[1]\n",
        _ => {
            "\
return function(w, b, o)
  for g = 1, #G do
    I32[o + g - 1] = G[g](w, b)
  end
end
"
        }
    };
    format!("local N, R, T, M, MB = ...\n{}{text}", imports(&text))
}

/// The source of a chunk by which the host calls functions, and where the arguments and results of each lie. It has the functions once more:
/// those that only rules call take no more than what rules pass.
pub(crate) fn calls(linked: &Linked, data: &mut Data) -> (String, Vec<Option<Cells>>) {
    let program = linked.program();
    let ranges = Ranges::for_host(program);
    let (mut text, mut parts) = (String::new(), 0);
    let ids = || (0..program.functions.len() as u32).map(FnId);
    ids().for_each(|id| script::function(linked, data, &ranges, id, &mut parts, &mut text));
    let callable = |id: FnId| program.functions.get(id.index()).is_some_and(|function| function.is_callable());
    let cells = ids().map(|id| callable(id).then(|| entry::entry(linked, data, &ranges, id, &mut parts, &mut text))).collect();
    (format!("{HEAD}{SCRIPT_HEAD}local V = {{}}\n{}{text}return V\n", imports(&text)), cells)
}

/// A comment's text: names of rules are anything.
pub(crate) fn comment(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" {name:?}") }
}

/// The test of a rule that is an expression alone.
fn expression(linked: &Linked, data: &mut Data, rule: &Rule, index: usize, parts: &mut usize, text: &mut String) {
    let grouped = is_wide(linked, &rule.expr).then(|| {
        let mut expr = rule.expr.clone();
        group(&mut expr, linked.threshold(Threshold::LuaOperands));
        expr
    });
    let expr = grouped.as_ref().unwrap_or(&rule.expr);
    let cuts = Cuts::new(linked, [expr]);
    let mut emitter = Generator::new(linked, data, &rule.frame, &cuts, parts);
    emitter.code.stand_for(Some(rule.span));
    let plan = linked.rule_plan(index);
    if plan.makes_values {
        emitter.code.line("reset(E)");
    } else if plan.steps == Steps::Inline {
        emitter.code.line("I32[M], I32[M + 1] = I32[M0], 0");
    }
    emitter.branch(expr, false, Exit::Answer(false));
    emitter.code.line("return true");
    let test = emitter.code.text(2, &head(&emitter.code));
    let _ = write!(text, "  -- rule {index}{}\n{}  R[{}] = function(w, b)\n{test}  end\n", comment(&rule.name), emitter.parts, index + 1);
}

/// The function that answers for one record what all rules of a group do.
fn one_record(g: usize, members: &[Kind], text: &mut String) {
    let _ = writeln!(text, "  G[{}] = function(w, b)\n    local bits, r = 0", g + 1);
    for (i, kind) in members.iter().enumerate() {
        let (bit, index) = ((1u32 << i) as i32, g * GROUP + i);
        if !kind.answers() {
            let _ = writeln!(text, "    if t{i}(w, b) then bits = bor(bits, {bit}) end");
            continue;
        }
        *text += if kind.counts == Counts::Looks { "    B() r = " } else { "    r = " };
        let exhausted = if kind.counts == Counts::Nothing { "" } else { kind.exhausted() };
        let _ = writeln!(text, "t{i}(w, b) {exhausted}if r then bits = W(bits, {bit}, {index}, r) end");
    }
    *text += "    return bits\n  end\n";
}
