//! The loops that run a rule's test on the records of a batch.
//!
//! There are few kinds of them, so each is compiled once in a process, to bytecode. A rule has its own copy of that, loaded when its program
//! first meets a batch: LuaJIT compiles a loop together with the test that it calls, and a loop that several rules shared would be
//! compiled for one of them.

use std::sync::OnceLock;

use quintet_lang::effects::Steps;
use quintet_runtime::{Linked, Trap};

#[cfg(feature = "run")]
use crate::chunk::GROUP;
use crate::partition::can_trap;
#[cfg(feature = "run")]
use crate::state::State;

/// Runs some rules on some of the records of a block, whose first is at word `w`. From the 4-byte word `p` on there are `n` orders of five
/// words: the rule's place in `R`, the first record, their number, up to 64, and room for the answers.
#[cfg(feature = "run")]
pub(crate) const SOME: &str = "\
local N, R, T = ...
local I32 = N.I32
return function(w, b, p, n, stride)
  for p = p, p + 5 * (n - 1), 5 do
    I32[T / 4] = I32[p + 1]
    R[I32[p]](w + I32[p + 1] * stride, b, I32[p + 2], p + 3)
  end
  I32[T / 4] = 0
end
";

/// What steps a rule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counts {
    /// None.
    Nothing,
    /// Only those for what it looks at.
    Looks,
    /// All, and its test begins with it.
    Inline,
}

/// What a rule's loop has to see to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) counts: Counts,
    traps: bool,
    /// Whether traps of the rule have places.
    placed: bool,
}

impl Kind {
    /// How many there are.
    #[cfg(feature = "run")]
    const COUNT: usize = 12;

    /// That of a rule, by its number.
    pub(crate) fn of(linked: &Linked, rule: usize) -> Kind {
        let plan = linked.rule_plan(rule);
        let placed = !plan.is_expression;
        let counts = match plan.steps {
            Steps::Inline => Counts::Inline,
            Steps::Looked => Counts::Looks,
            Steps::Never => Counts::Nothing,
        };
        Kind { counts, traps: placed || can_trap(&linked.program().rules[rule].expr), placed }
    }

    #[cfg(feature = "run")]
    fn number(self) -> usize {
        self.counts as usize * 4 + usize::from(self.traps) * 2 + usize::from(self.placed)
    }

    /// Whether the answer may be a trap.
    pub(crate) fn answers(self) -> bool {
        self.counts != Counts::Nothing || self.traps
    }

    /// Makes the answer `r` a trap where the budget is used up, at the place of its own trap where it has one. Other traps are void then.
    pub(crate) fn exhausted(self) -> &'static str {
        static TEXTS: OnceLock<[String; 2]> = OnceLock::new();
        let texts = TEXTS.get_or_init(|| {
            let (budget, placed) = (Trap::Budget.code(), Trap::placed(1));
            [
                format!("if I32[M] < 0 then r = {budget} end "),
                format!("if I32[M] < 0 then r = (r and r ~= true and r - r % {placed} or 0) + {budget} end "),
            ]
        });
        &texts[usize::from(self.placed)]
    }

    /// The loop on `n` records from the one at word `w` on of the block at address `b`; answers go to the 4-byte words from `o` on.
    #[cfg(feature = "run")]
    fn source(self) -> String {
        let budget = Trap::Budget.code();
        let looks = self.counts == Counts::Looks;
        let hit = if self.counts == Counts::Inline || self.traps {
            let over = match (self.counts, self.traps) {
                (Counts::Inline, _) => self.exhausted().to_owned(),
                // The end of the loop has nothing more to say then.
                (Counts::Looks, _) => {
                    format!("if r and r ~= true and I32[M] < 0 then r, I32[M], I32[M + 1] = {budget}, I32[MB], I32[MB + 1] end ")
                }
                (Counts::Nothing, _) => String::new(),
            };
            format!(
                "local r = t(w, b) {over}if r then if r == true then bits = bor(bits, lshift(1, i)) else note(T, rule, j + i, r) end end"
            )
        } else {
            "if t(w, b) then bits = bor(bits, lshift(1, i)) end".into()
        };
        let (begin, end) = if looks {
            // Where the budget is not known to hold, records come one by one.
            ("I32[M], I32[M + 1] = I32[MB], I32[MB + 1]", format!("if I32[M] < 0 then note(T, rule, 0, {budget}) I32[o - 1] = 0 end"))
        } else {
            ("", String::new())
        };
        format!(
            "local N, t, rule, stride, T, M, MB = ...
local I32, bor, lshift, note = N.I32, N.bor, N.lshift, N.note
return function(w, b, n, o)
  {begin}
  for j = 0, n - 1, 32 do
    local bits, last = 0, n - 1 - j
    if last > 31 then last = 31 end
    for i = 0, last do
      {hit}
      w = w + stride
    end
    I32[o] = bits
    o = o + 1
  end
  {end}
end
"
        )
    }

    /// The bytecode of a program's [`record`](crate::chunk::record) that has one rule, of this kind.
    #[cfg(feature = "run")]
    pub(crate) fn record_bytecode(self, state: &State, source: impl FnOnce() -> String) -> mlua::Result<&'static [u8]> {
        static BYTECODE: [OnceLock<Vec<u8>>; Kind::COUNT] = [const { OnceLock::new() }; Kind::COUNT];
        once(&BYTECODE[self.number()], state, source)
    }

    /// The bytecode of the loop; the state is one that can compile it.
    #[cfg(feature = "run")]
    pub(crate) fn bytecode(self, state: &State) -> mlua::Result<&'static [u8]> {
        static BYTECODE: [OnceLock<Vec<u8>>; Kind::COUNT] = [const { OnceLock::new() }; Kind::COUNT];
        once(&BYTECODE[self.number()], state, || self.source())
    }
}

#[cfg(feature = "run")]
fn once(place: &'static OnceLock<Vec<u8>>, state: &State, source: impl FnOnce() -> String) -> mlua::Result<&'static [u8]> {
    if let Some(bytecode) = place.get() {
        return Ok(bytecode);
    }
    let bytecode = state.compile(&source())?;
    Ok(place.get_or_init(|| bytecode))
}

/// The bytecode of what takes the table of all loops and the number of those before its own, and makes the function that runs a group of so
/// many. Each is called at a place of its own: small batches run as one trace from loop to loop.
#[cfg(feature = "run")]
pub(crate) fn group_bytecode(state: &State, loops: usize) -> mlua::Result<&'static [u8]> {
    static BYTECODE: [OnceLock<Vec<u8>>; GROUP + 1] = [const { OnceLock::new() }; GROUP + 1];
    once(&BYTECODE[loops.min(GROUP)], state, || {
        let (mut locals, mut calls) = (String::new(), String::new());
        for i in 0..loops {
            locals += &format!("local l{i} = R[f + {}]\n", i + 1);
            calls += &format!("  l{i}(w, b, n, o + {i} * row)\n");
        }
        format!("local R, f = ...\n{locals}return function(w, b, n, o, row)\n{calls}end\n")
    })
}

/// The bytecode of what takes the table of functions for groups, and makes the one that runs all of them.
#[cfg(feature = "run")]
pub(crate) fn all_bytecode(state: &State) -> mlua::Result<&'static [u8]> {
    static BYTECODE: OnceLock<Vec<u8>> = OnceLock::new();
    once(&BYTECODE, state, || {
        format!(
            "local L = ...
return function(w, b, n, o, row)
  for g = 1, #L do
    L[g](w, b, n, o, row)
    o = o + {GROUP} * row
  end
end
"
        )
    })
}

/// The bytecode of [`SOME`], which is called with the prelude, the loops and the address of the notes.
#[cfg(feature = "run")]
pub(crate) fn some_bytecode(state: &State) -> mlua::Result<&'static [u8]> {
    static BYTECODE: OnceLock<Vec<u8>> = OnceLock::new();
    once(&BYTECODE, state, || SOME.to_owned())
}
