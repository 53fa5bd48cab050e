//! Writing a Lua function: lines, blocks, labels and locals, within LuaJIT's limits on each.

use quintet_lang::Marked;
use quintet_lang::ast::Span;
use quintet_runtime::{Linked, Threshold};

/// The places in a table that a rule or function has taken: for what its functions share, and for what is too much for locals.
pub(crate) struct Spilled<'c> {
    pub(crate) linked: &'c Linked,
    pub(crate) count: usize,
    /// `S`, which all evaluations share, or `Z`, which each call of a script's function has its own of.
    pub(crate) table: &'static str,
}

impl Spilled<'_> {
    /// One more.
    pub(crate) fn place(&mut self) -> String {
        self.count += 1;
        format!("{}[{}]", self.table, self.count)
    }
}

/// A function under construction.
#[derive(Default)]
pub(crate) struct Code {
    /// Each with how deep it stands.
    lines: Vec<(usize, String)>,
    /// What each line stands for, where it is asked for that.
    places: Option<Vec<Vec<Span>>>,
    /// What the next lines stand for.
    place: Option<Span>,
    indent: usize,
    /// Locals in scope.
    active: usize,
    names: usize,
    labels: Vec<bool>,
    /// The last line that leaves where a condition does not hold: its place, where it leaves to, and the condition.
    refusal: Option<(usize, Exit, String)>,
}

/// Characters of a condition that is refused in one line.
const LONG: usize = 400;

/// Where control goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// To a label.
    Label(usize),
    /// Out of a test.
    Answer(bool),
    /// Out of a function that makes a value, without one.
    Nothing,
    /// Out of the innermost loop.
    Break,
}

/// What stands between a line and the places that it stands for, where it is asked for them. Lines themselves have none.
const MARK: char = '\u{1}';

/// The text of lines that have their places behind them, and the places.
pub(crate) fn marked(lines: &str) -> Marked {
    let mut made = Marked::default();
    for line in lines.lines() {
        let (text, places) = line.split_once(MARK).unwrap_or((line, ""));
        made.text.push_str(text);
        made.text.push('\n');
        made.mark(places.split(' ').filter_map(|place| {
            let (start, end) = place.split_once('-')?;
            Some(Span { start: start.parse().ok()?, end: end.parse().ok()? })
        }));
    }
    made
}

impl Code {
    /// A function whose lines have their places behind them where they are to.
    pub(crate) fn new(is_marked: bool) -> Code {
        Code { places: is_marked.then(Vec::new), ..Code::default() }
    }

    /// An empty function whose lines stand for the same as this one's next.
    pub(crate) fn beside(&self) -> Code {
        Code { place: self.place, ..Code::new(self.places.is_some()) }
    }

    /// Says what the next lines stand for. Answers what those before did.
    pub(crate) fn stand_for(&mut self, place: Option<Span>) -> Option<Span> {
        std::mem::replace(&mut self.place, place)
    }

    pub(crate) fn line(&mut self, text: impl Into<String>) {
        if let Some(places) = &mut self.places {
            places.push(self.place.into_iter().collect());
        }
        self.lines.push((self.indent, text.into()));
    }

    /// A fresh local with this value, or a place in `S` where the function has many locals already.
    pub(crate) fn bind(&mut self, spilled: &mut Spilled<'_>, value: &str) -> String {
        if spilled.linked.exceeds(Threshold::LuaLocals, self.active + 1) {
            let name = spilled.place();
            self.line(format!("{name} = {value}"));
            return name;
        }
        let name = self.local();
        self.line(format!("local {name} = {value}"));
        name
    }

    /// A name for a local, which the caller declares.
    pub(crate) fn local(&mut self) -> String {
        self.names += 1;
        self.active += 1;
        format!("v{}", self.names)
    }

    /// Counts so many locals that are declared elsewhere, for as long as the function runs.
    pub(crate) fn count(&mut self, locals: usize) {
        self.active += locals;
    }

    /// Declares locals for as long as the function runs.
    pub(crate) fn declare(&mut self, names: &[String]) {
        self.count(names.len());
        self.line(format!("local {}", names.join(", ")));
    }

    /// Begins a loop; it takes four locals.
    pub(crate) fn open(&mut self, text: String) -> usize {
        self.line(text);
        self.indent += 1;
        let active = self.active;
        self.active += 4;
        active
    }

    /// Ends a loop.
    pub(crate) fn close(&mut self, active: usize) {
        self.active = active;
        self.indent -= 1;
        self.line("end");
    }

    pub(crate) fn label(&mut self) -> usize {
        self.labels.push(false);
        self.labels.len() - 1
    }

    /// The statement that leaves to `exit`, for use as the only one of an `if`.
    pub(crate) fn leave(&mut self, exit: Exit) -> String {
        match exit {
            Exit::Label(label) => {
                self.labels[label] = true;
                format!("goto L{label}")
            }
            Exit::Answer(answer) => format!("return {answer}"),
            Exit::Nothing => "return false".into(),
            Exit::Break => "break".into(),
        }
    }

    /// Leaves to `exit` where a condition holds.
    pub(crate) fn jump(&mut self, condition: &str, exit: Exit) {
        let leave = self.leave(exit);
        self.line(format!("if {condition} then {leave} end"));
    }

    /// Leaves to `exit` where a condition does not hold. What is refused one after the other stands in one line, which is parsed sooner.
    pub(crate) fn refuse(&mut self, condition: &str, exit: Exit) {
        let leave = self.leave(exit);
        let joined = match self.refusal.take() {
            Some((line, to, before)) if to == exit && line + 1 == self.lines.len() && before.len() + condition.len() < LONG => {
                let part = |text: &str| if text.contains(" or ") { format!("({text})") } else { text.to_owned() };
                Some(format!("{} and {}", part(&before), part(condition)))
            }
            _ => None,
        };
        let line = |condition: &str| format!("if not ({condition}) then {leave} end");
        let condition = match (joined, self.lines.last_mut()) {
            (Some(both), Some((_, last))) => {
                *last = line(&both);
                if let Some(places) = self.places.as_mut().and_then(|places| places.last_mut()) {
                    places.extend(self.place);
                }
                both
            }
            _ => {
                let text = line(condition);
                self.line(text);
                condition.to_owned()
            }
        };
        self.refusal = Some((self.lines.len() - 1, exit, condition));
    }

    /// Leaves to `exit`.
    pub(crate) fn go(&mut self, exit: Exit) {
        let leave = self.leave(exit);
        self.line(if leave.starts_with("goto") { leave } else { format!("do {leave} end") });
    }

    /// The start of a block, to be given to [`Code::end_block`].
    pub(crate) fn begin_block(&mut self) -> (usize, usize) {
        self.indent += 1;
        (self.lines.len(), self.active)
    }

    /// Ends a block. One that declared no local is dissolved into its surroundings. A label after it may be left to from inside: no
    /// local of the surroundings comes into scope on the way.
    pub(crate) fn end_block(&mut self, (start, active): (usize, usize), label: Option<usize>) {
        self.indent -= 1;
        if self.active == active {
            for (indent, _) in &mut self.lines[start..] {
                *indent -= 1;
            }
        } else {
            self.lines.insert(start, (self.indent, "do".into()));
            if let Some(places) = &mut self.places {
                places.insert(start, self.place.into_iter().collect());
            }
            self.line("end");
            self.active = active;
        }
        if let Some(label) = label
            && self.labels[label]
        {
            self.line(format!("::L{label}::"));
        }
    }

    /// The lines so far, `indent` levels deep, below `head` lines that come first.
    pub(crate) fn text(&self, indent: usize, head: &[String]) -> String {
        let lines = head.iter().map(|line| (0, line)).chain(self.lines.iter().map(|(deeper, line)| (*deeper, line)));
        let mut text = String::with_capacity(self.lines.len() * 64);
        for (number, (deeper, line)) in lines.enumerate() {
            (0..indent + deeper).for_each(|_| text.push_str("  "));
            text.push_str(line);
            if let Some(places) = &self.places {
                let places = number.checked_sub(head.len()).and_then(|number| places.get(number));
                text.push(MARK);
                places.into_iter().flatten().for_each(|span| text += &format!("{}-{} ", span.start, span.end));
            }
            text.push('\n');
        }
        text
    }

    /// Whether a line mentions this text.
    pub(crate) fn mentions(&self, text: &str) -> bool {
        self.lines.iter().any(|(_, line)| line.contains(text))
    }

    /// Whether a line reads halves of the record's words.
    pub(crate) fn uses_halves(&self) -> bool {
        self.lines.iter().any(|(_, line)| line.contains("[d"))
    }
}
