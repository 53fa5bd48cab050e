//! The Lua source of a program.
//!
//! For each rule there is a test, `t`, which answers true, false or a trap's code for the record at word `w` of the block at address `b`,
//! and a loop, `l`, which runs the test on `n` records and writes the answers to the words from `o` on (both as indices of 4-byte
//! words). Rules stand in groups of [`GROUP`]; a group has a function that answers 32 bits for one record, in `G`, and one that runs all
//! its loops, in `L`. The loops themselves are in `R`, by their place in the program, for who runs one rule of several.

use std::fmt::Write;

use quintet_lang::ast::{FnId, Rule};
use quintet_lang::effects::Steps;
use quintet_runtime::{Linked, Threshold, Trap};

use crate::code::Exit;
use crate::data::Data;
use crate::entry::{self, Cells};
use crate::generator::{Generator, head};
use crate::partition::{Cuts, can_trap, group, is_wide};
use crate::ranges::Ranges;
use crate::script::{self, is_scripted};

/// Rules of a group: as many as a number of the bit library has bits.
pub(crate) const GROUP: usize = 32;

/// What a test answers where its rule has passed the budget.
pub(crate) const BUDGET: u32 = Trap::Budget as u32;

/// What the chunk is called with.
const HEAD: &str = "\
-- N: the prelude; X: addresses of prepared literals; E: the environment of calls; A: the word of the cells;
-- CB: the address of the constants; T: the list of traps; M: the 4-byte word with the steps that are left, the count of slices after it
-- and what both are at the start of a rule at M0, or at MB for rules that count only what they look at
local N, X, E, A, CB, T, M, M0, MB = ...
local A2, C, C2 = A * 2, CB / 8, CB / 4
local P, S, G, L, R = {}, {}, {}, {}, {}
";

/// Runs some rules on some of the records of a block, whose first is at word `w`. From the 4-byte word `p` on there are `n` orders of five
/// words: the rule's place in `R`, the first record, their number, up to 64, and room for the answers.
pub(crate) const SOME: &str = "\
local function some(w, b, p, n, stride)
  for p = p, p + 5 * (n - 1), 5 do
    I32[T / 4] = I32[p + 1]
    R[I32[p]](w + I32[p + 1] * stride, b, I32[p + 2], p + 3)
  end
  I32[T / 4] = 0
end
";

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

/// What `text` mentions of the prelude.
fn mentioned(text: &str) -> Vec<&'static str> {
    let mut used = [false; NAMES.len()];
    for line in text.lines().filter(|line| !line.trim_start().starts_with("--")) {
        for word in line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            if let Ok(i) = NAMES.binary_search(&word) {
                used[i] = true;
            }
        }
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

/// The line that takes from the prelude what `text` mentions.
fn imports(text: &str) -> String {
    let names = mentioned(text);
    if names.is_empty() {
        return String::new();
    }
    let values: Vec<String> = names.iter().map(|name| format!("N.{name}")).collect();
    format!("local {} = {}\n", names.join(", "), values.join(", "))
}

/// The source of a program; what it refers to goes to `data`.
pub(crate) fn chunk(linked: &Linked, data: &mut Data) -> String {
    let rules = &linked.program().rules;
    let stride = linked.layout().stride() / 8;
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
        text += "\ndo local function group()\n";
        for (i, rule) in members.iter().enumerate() {
            self::rule(linked, data, rule, (g * GROUP + i, i), stride, &mut parts, &mut text);
        }
        totals(linked, g, members, &mut text);
        if rules.len() > 1 || linked.has_prefilter() {
            for i in 0..members.len() {
                let _ = writeln!(text, "  R[{}] = l{i}", g * GROUP + i + 1);
            }
        }
        text += "end group() end\n";
    }
    text += "\n";
    if linked.has_prefilter() {
        text += SOME;
    }
    let some = if linked.has_prefilter() { ", some" } else { "" };
    text += &match rules.len().div_ceil(GROUP) {
        0 => "return function() end, function() end, {}\n".to_owned(),
        1 => format!("return L[1], G[1], R{some}\n"),
        _ => {
            "\
return function(w, b, n, o, row)
  for g = 1, #L do
    L[g](w, b, n, o, row)
    o = o + 32 * row
  end
end, function(w, b, o)
  for g = 1, #G do
    I32[o + g - 1] = G[g](w, b)
  end
end, R"
                .to_owned()
                + some
                + "\n"
        }
    };
    if rules.is_empty() { text } else { format!("{HEAD}{}{}{text}", if scripted { SCRIPT_HEAD } else { "" }, imports(&text)) }
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

/// The test and the loop of one rule. `number` is its place in the program and in the group.
fn rule(linked: &Linked, data: &mut Data, rule: &Rule, number: (usize, usize), stride: usize, parts: &mut usize, text: &mut String) {
    let (index, i) = number;
    let (counts, bulk, traps) = counting(linked, index);
    if is_scripted(rule) {
        let place = linked.program().functions.len() + index + 1;
        let _ = writeln!(text, "  local t{i} = Q[{place}]");
    } else {
        expression(linked, data, rule, number, parts, text);
    }
    let hit = if counts || traps {
        // Once the budget is used up other traps are void, and the end of the loop has nothing more to say.
        let over = match (counts, bulk) {
            (true, _) => format!("        {}\n", exhausted(rule)),
            (false, true) => format!(
                "        if r and r ~= true and I32[M] < 0 then
          r, I32[M], I32[M + 1] = {BUDGET}, I32[MB], I32[MB + 1]
        end\n"
            ),
            (false, false) => String::new(),
        };
        format!(
            "        local r = t{i}(w, b)
{over}        if r then
          if r == true then bits = bor(bits, lshift(1, i)) else note(T, {index}, j + i, r) end
        end\n"
        )
    } else {
        format!("        if t{i}(w, b) then bits = bor(bits, lshift(1, i)) end\n")
    };
    let (begin, end) = match bulk {
        true => (
            "    I32[M], I32[M + 1] = I32[MB], I32[MB + 1]\n".to_owned(),
            // Where the budget is not known to hold, records come one by one.
            format!(
                "    if I32[M] < 0 then
      note(T, {index}, 0, {BUDGET})
      I32[o - 1] = 0
    end\n"
            ),
        ),
        false => Default::default(),
    };
    let _ = write!(
        text,
        "  local function l{i}(w, b, n, o)
{begin}    for j = 0, n - 1, 32 do
      local bits, last = 0, n - 1 - j
      if last > 31 then last = 31 end
      for i = 0, last do
{hit}        w = w + {stride}
      end
      I32[o] = bits
      o = o + 1
    end
{end}  end\n"
    );
}

/// The test of a rule that is an expression alone.
fn expression(linked: &Linked, data: &mut Data, rule: &Rule, number: (usize, usize), parts: &mut usize, text: &mut String) {
    let grouped = is_wide(linked, &rule.expr).then(|| {
        let mut expr = rule.expr.clone();
        group(&mut expr, linked.threshold(Threshold::LuaOperands));
        expr
    });
    let expr = grouped.as_ref().unwrap_or(&rule.expr);
    let cuts = Cuts::new(linked, [expr]);
    let mut emitter = Generator::new(linked, data, &rule.frame, &cuts, parts);
    let plan = linked.rule_plan(number.0);
    if plan.makes_values {
        emitter.code.line("reset(E)");
    } else if plan.steps == Steps::Inline {
        emitter.code.line("I32[M], I32[M + 1] = I32[M0], 0");
    }
    emitter.branch(expr, false, Exit::Answer(false));
    emitter.code.line("return true");
    let (index, i) = number;
    let test = emitter.code.text(2, &head(&emitter.code));
    let _ = write!(text, "  -- rule {index}{}\n{}  local function t{i}(w, b)\n{test}  end\n", comment(&rule.name), emitter.parts);
}

/// Whether a rule counts steps one by one, whether it counts only what it looks at, and whether it can trap.
fn counting(linked: &Linked, rule: usize) -> (bool, bool, bool) {
    let plan = linked.rule_plan(rule);
    let (inline, looked) = (plan.steps == Steps::Inline, plan.steps == Steps::Looked);
    (inline, looked, !plan.is_expression || can_trap(&linked.program().rules[rule].expr))
}

/// Makes the answer `r` of a rule a trap where the budget is used up, at the place of its own trap where it has one.
fn exhausted(rule: &Rule) -> String {
    if rule.is_expression() {
        return format!("if I32[M] < 0 then r = {BUDGET} end");
    }
    format!("if I32[M] < 0 then r = (r and r ~= true and r - r % {} or 0) + {BUDGET} end", Trap::placed(1))
}

/// The functions of a whole group.
fn totals(linked: &Linked, g: usize, members: &[Rule], text: &mut String) {
    let _ = writeln!(text, "  G[{}] = function(w, b)\n    local bits, r = 0", g + 1);
    for (i, rule) in members.iter().enumerate() {
        let bit = (1u32 << i) as i32;
        let (inline, bulk, traps) = counting(linked, g * GROUP + i);
        let counts = inline || bulk;
        if bulk {
            let _ = writeln!(text, "    I32[M], I32[M + 1] = I32[MB], I32[MB + 1]");
        }
        let _ = if counts || traps {
            let over = if counts { format!("    {}\n", exhausted(rule)) } else { String::new() };
            writeln!(
                text,
                "    r = t{i}(w, b)\n{over}    if r == true then bits = bor(bits, {bit}) elseif r then note(T, {}, 0, r) end",
                g * GROUP + i
            )
        } else {
            writeln!(text, "    if t{i}(w, b) then bits = bor(bits, {bit}) end")
        };
    }
    let _ = writeln!(text, "    return bits\n  end\n  L[{}] = function(w, b, n, o, row)", g + 1);
    for i in 0..members.len() {
        let _ = match i {
            0 => writeln!(text, "    l0(w, b, n, o)"),
            _ => writeln!(text, "    l{i}(w, b, n, o + {i} * row)"),
        };
    }
    *text += "  end\n";
}
