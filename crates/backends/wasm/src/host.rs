//! What WebAssembly calls in the host, and the state behind it. Nothing here knows who runs the WebAssembly.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering, fence};

use quintet_lang::ast::{ListId, NeedleId, RegexId, SetId, SiteId, WildcardId};
use quintet_lang::effects::Steps;
use quintet_lang::intrinsic::{Intrinsic, Scalar};
use quintet_lang::{HARD_CALLS, Limits, Type};
use quintet_runtime::{
    ArrayRef, Blob, Counting, Interrupter, Linked, MapRef, Memory, Scratch, Searcher, SetMatcher, Trap, Value, ip_from_words, ip_words,
    looked_at,
};

use crate::heap::Heap;
use crate::import::{NIL, PRESENT, TRAP};
use crate::places::{
    CALLS, CELL, CELL_VALUE, INTERRUPTED, LIMIT, LOOKED, METER, METER_BETWEEN, METER_BEYOND, METER_START, PEAK, Places, ROOM, ROOM_START,
    STACK_PEAK, STALE, STALE_BUT_ROOM, TOP,
};

/// What ends an instance: its code asked for what there is not.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
#[allow(clippy::box_collection)] // one word, so that answers are handed over in registers
pub(crate) struct Broken(Box<String>);

impl Broken {
    #[cold]
    pub(crate) fn new(what: impl std::fmt::Display) -> Broken {
        Broken(Box::new(what.to_string()))
    }
}

/// Whether a rule counts steps, so that a run may take long, and the bytes of the longest record on which rules that count only what they look
/// at stay within the budget.
pub(crate) fn counting(program: &Linked, steps: u64) -> (bool, usize) {
    let countings = program.countings(steps);
    let counts = countings.iter().any(|counting| *counting != Counting::Never);
    let within = countings.iter().filter_map(|counting| if let Counting::Within(most) = counting { Some(*most) } else { None });
    (counts, within.min().unwrap_or(usize::MAX))
}

/// The power of Floats.
pub(crate) fn power(a: f64, b: f64) -> f64 {
    let power = Intrinsic::Pow.eval(&[Scalar::Float(a), Scalar::Float(b)]);
    if let Some(Scalar::Float(power)) = power { power } else { f64::NAN }
}

/// The state of one instance.
pub(crate) struct Host {
    linked: Arc<Linked>,
    packed: Arc<[Type]>,
    scratch: Scratch,
    pub(crate) places: Places,
    /// Whether the program has scripts, so that [`ROOM`] is kept.
    scripts: bool,
    /// What growing arrays no longer use.
    pub(crate) heap: Heap,
    /// Where the linear memory starts.
    base: *mut u8,
    /// Bytes of it that can be read: the instance's own part and the batches behind it. What can be written ends at the batches.
    readable: usize,
    /// Rule, address of the record, code.
    pub(crate) traps: Vec<(u32, u32, u32)>,
}

// SAFETY: `base` is the start of the linear memory in the store that owns this value; whoever has the store has both.
unsafe impl Send for Host {}

/// The control word [`INTERRUPTED`].
struct Word(*const AtomicU32);

// SAFETY: other threads write it as an atomic, and only the code reads it.
unsafe impl Send for Word {}

impl Word {
    fn set(&self, raised: bool) {
        // SAFETY: it is aligned and in memory that stays, see [`Host::show_interrupts`].
        unsafe { &*self.0 }.store(raised.into(), Ordering::Release);
    }
}

/// A function's result on its way into linear memory. It no longer borrows from there.
enum Outcome {
    Nil,
    Words([u64; 3]),
    Bytes(*const u8, usize),
    /// A block with the value's slot at [`Blob::SLOT`].
    Block(Blob),
}

impl Host {
    pub(crate) fn new(linked: Arc<Linked>, packed: Arc<[Type]>, places: Places, limits: &Limits) -> Host {
        let (scratch, heap, scripts) = (Scratch::new(limits), Heap::default(), places.stack < places.scratch);
        Host { linked, packed, scratch, places, scripts, heap, base: std::ptr::null_mut(), readable: 0, traps: Vec::new() }
    }

    /// Tells where the linear memory is, of which the first `readable` bytes can be read.
    ///
    /// # Safety
    /// This stays true until the method is called again, or the store is dropped. The part below the window can be written as well.
    pub(crate) unsafe fn set_memory(&mut self, base: *mut u8, readable: usize) {
        self.base = base;
        self.readable = readable;
    }

    /// Writes what code finds in the control words at first.
    pub(crate) fn start(&mut self, calls: usize) -> Result<(), Broken> {
        let places = self.places;
        self.write32(TOP, places.scratch)?;
        self.write32(PEAK, places.scratch)?;
        self.write32(LIMIT, places.window)?;
        self.write32(STACK_PEAK, places.stack)?;
        self.write32(CALLS, calls.min(HARD_CALLS) as u32)?;
        // No more than `HARD_MEMORY_BYTES`.
        self.write32(ROOM_START, self.scratch.rest() as u32)?;
        self.write(METER_START, &self.scratch.meter_start().to_le_bytes())?;
        self.write(METER_BEYOND, &self.scratch.meter_beyond().to_le_bytes())?;
        self.set_within(true)
    }

    /// Says whether the rules that count only what they look at are known to stay within the budget. Where they are not, each runs between
    /// [`Host::begin_rule`] and [`Host::end_rule`].
    #[inline(always)]
    pub(crate) fn set_within(&mut self, within: bool) -> Result<(), Broken> {
        let word = self.scratch.meter_start_if(within).to_le_bytes();
        self.write(METER_BETWEEN, &word)?;
        self.write(METER, &word)
    }

    /// Begins a rule on a record on which it is not known to stay within the budget.
    pub(crate) fn begin_rule(&mut self) -> Result<(), Broken> {
        self.write(METER, &self.scratch.meter_start().to_le_bytes())?;
        self.write(LOOKED, &[0; 8])
    }

    /// Ends it. Answers whether what it answered counts: not where it passed the budget, which is a trap.
    pub(crate) fn end_rule(&mut self, rule: usize, record: u32) -> Result<bool, Broken> {
        if !self.passed(rule as u32)? {
            return Ok(true);
        }
        // It may have trapped already.
        if self.traps.last().is_none_or(|(trapped, at, _)| (*trapped, *at) != (rule as u32, record)) {
            self.trap(rule as u32, record, Trap::Budget.code())?;
        }
        Ok(false)
    }

    /// Whether a rule that counts only what it looks at has passed the budget.
    fn passed(&mut self, rule: u32) -> Result<bool, Broken> {
        let known = (rule as usize) < self.linked.program().rules.len();
        if !known || self.linked.rule_plan(rule as usize).steps != Steps::Looked {
            return Ok(false);
        }
        let [looked] = self.words::<1>(LOOKED)?;
        self.counting(|host| {
            let _ = host.scratch.steps(looked);
            Ok(host.scratch.is_exhausted())
        })
    }

    /// The bytes at an address of linear memory.
    #[inline(always)]
    pub(crate) fn bytes(&self, at: u32, len: u32) -> Result<&[u8], Broken> {
        let (at, len) = (at as usize, len as usize);
        if at.checked_add(len).is_none_or(|end| end > self.readable) {
            return Err(Broken::new(format_args!("{len} bytes at {at:#x} are outside of the memory")));
        }
        // SAFETY: the range is within the readable part, see `set_memory`. WebAssembly does not run while the host does, the host writes
        // only through `&mut self`, and batches are borrowed for the whole run.
        Ok(unsafe { std::slice::from_raw_parts(self.base.add(at), len) })
    }

    /// All that can be read from `block` on, as the memory of an array or a map.
    #[inline(always)]
    fn memory(&self, block: u32) -> Result<Memory<'_>, Broken> {
        let block = block as usize;
        if !block.is_multiple_of(8) || block > self.readable {
            return Err(Broken::new(format_args!("there is no block of memory at {block:#x}")));
        }
        // SAFETY: as in `bytes`; the memory starts at a page, so the block is 8-aligned.
        Ok(Memory::new(unsafe { std::slice::from_raw_parts(self.base.add(block).cast(), (self.readable - block) / 8) }))
    }

    #[inline(always)]
    fn words<const N: usize>(&self, at: u32) -> Result<[u64; N], Broken> {
        let bytes = self.bytes(at, N as u32 * 8)?;
        let mut words = [0; N];
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        Ok(words)
    }

    pub(crate) fn word32(&self, at: u32) -> u32 {
        self.bytes(at, 4).ok().and_then(|b| b.first_chunk()).map_or(0, |b| u32::from_le_bytes(*b))
    }

    /// Writes to the instance's own part.
    pub(crate) fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Broken> {
        if (at as usize).checked_add(bytes.len()).is_none_or(|end| end > self.places.window as usize) {
            return Err(Broken::new(format_args!("{} bytes at {at:#x} are not for writing", bytes.len())));
        }
        // SAFETY: below the window everything can be written, see `set_memory`. `bytes` are not from there: callers pass memory of the host.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.base.add(at as usize), bytes.len()) };
        Ok(())
    }

    /// Copies bytes from one place of the instance's own part to another.
    pub(crate) fn copy_within(&mut self, from: u32, to: u32, len: u32) -> Result<(), Broken> {
        let (from, to, len) = (from as usize, to as usize, len as usize);
        if from.max(to).checked_add(len).is_none_or(|end| end > self.places.window as usize) {
            return Err(Broken::new(format_args!("{len} bytes at {from:#x} are not for copying to {to:#x}")));
        }
        // SAFETY: below the window everything can be read and written, see `set_memory`, and nothing is borrowed from there.
        unsafe { std::ptr::copy(self.base.add(from), self.base.add(to), len) };
        Ok(())
    }

    pub(crate) fn write32(&mut self, at: u32, word: u32) -> Result<(), Broken> {
        self.write(at, &word.to_le_bytes())
    }

    /// Forgets what another rule or record left, when a rule first needs scratch memory.
    #[inline(always)]
    pub(crate) fn freshen(&mut self) -> Result<(), Broken> {
        match self.word32(STALE) {
            0 => return Ok(()),
            STALE_BUT_ROOM => self.scratch.reset(),
            _ => {
                self.scratch.reset();
                self.write_room()?;
            }
        }
        self.heap.clear();
        self.write32(STALE, 0)?;
        self.write32(TOP, self.places.scratch)
    }

    /// Learns what the script's code charged.
    #[inline(always)]
    fn read_room(&self) {
        if self.scripts {
            self.scratch.set_rest(self.word32(ROOM) as usize);
        }
    }

    /// Tells the script's code what is left of the memory limit.
    #[inline(always)]
    fn write_room(&mut self) -> Result<(), Broken> {
        if self.scripts { self.write32(ROOM, self.scratch.rest() as u32) } else { Ok(()) }
    }

    /// Does something that charges memory, with scratch memory that is fresh.
    #[inline(always)]
    pub(crate) fn charging<T>(&mut self, what: impl FnOnce(&Self) -> Result<T, Broken>) -> Result<T, Broken> {
        self.freshen()?;
        self.read_room();
        let done = what(self)?;
        self.write_room()?;
        Ok(done)
    }

    /// So many bytes of scratch memory, or `None`.
    pub(crate) fn alloc(&mut self, bytes: usize) -> Result<Option<u32>, Broken> {
        let top = self.word32(TOP);
        let end = (top as usize).saturating_add(bytes).checked_next_multiple_of(8).unwrap_or(usize::MAX);
        if end > self.places.window as usize {
            return Ok(None);
        }
        self.write32(TOP, end as u32)?;
        if end as u32 > self.word32(PEAK) {
            self.write32(PEAK, end as u32)?;
        }
        Ok(Some(top))
    }

    /// A rule trapped on the record at this address.
    #[inline(always)]
    pub(crate) fn trap(&mut self, rule: u32, record: u32, code: u32) -> Result<(), Broken> {
        // Once the budget is used up, other traps are void.
        let code = if self.passed(rule)? { Trap::Budget.code() } else { code };
        self.traps.push((rule, record, code));
        self.note_budget(code)
    }

    /// Finds out whether the budget was used up or somebody wants the run to end, where the code trapped because of either.
    pub(crate) fn note_budget(&mut self, code: u32) -> Result<(), Broken> {
        if Trap::from_code(code) != Some(Trap::Budget) {
            return Ok(());
        }
        // What the code saw of an interrupt, the host sees as well.
        fence(Ordering::Acquire);
        self.settle().map(|_| ())
    }

    #[inline(always)]
    pub(crate) fn settle(&mut self) -> Result<u32, Broken> {
        self.counting(|host| Ok(u32::from(host.scratch.settle().is_err())))
    }

    #[inline(always)]
    pub(crate) fn look(&mut self, low: u32, high: u32) -> Result<(), Broken> {
        self.counting(|host| {
            let steps = u64::from(low) | u64::from(high) << 32;
            // Where there are not so many steps, the word says so at the end of the rule.
            let _ = host.scratch.steps(steps);
            Ok(())
        })
    }

    #[inline(always)]
    pub(crate) fn regex(&mut self, id: u32, at: u32, len: u32) -> Result<u32, Broken> {
        self.counting(|host| {
            let regex = host.linked.regex(RegexId(id));
            host.test(regex.steps(len as usize), || Ok(regex.is_match(host.bytes(at, len)?)))
        })
    }

    #[inline(always)]
    pub(crate) fn wildcard(&mut self, id: u32, at: u32, len: u32) -> Result<u32, Broken> {
        self.counting(|host| {
            let pattern = host.linked.wildcard(WildcardId(id));
            host.test(pattern.steps(len as usize), || Ok(pattern.is_match(host.bytes(at, len)?)))
        })
    }

    #[inline(always)]
    pub(crate) fn in_list(&mut self, id: u32, cell: u32) -> Result<u32, Broken> {
        self.counting(|host| {
            let id = ListId(id);
            let value = host.load(cell, &host.linked.program().lists[id.index()].ty)?;
            let steps = if let Value::Bytes(text) = &value { looked_at(text.len()) } else { 0 };
            host.test(steps, || Ok(host.linked.in_list(id, &value)))
        })
    }

    #[inline(always)]
    pub(crate) fn in_bytes(&mut self, id: u32, at: u32, len: u32) -> Result<u32, Broken> {
        self.counting(|host| {
            let SetMatcher::Bytes(set) = host.linked.set(SetId(id)) else { return Ok(0) };
            host.test(set.steps(len as usize), || Ok(set.contains(host.bytes(at, len)?)))
        })
    }

    #[inline(always)]
    pub(crate) fn in_ints(&self, id: u32, low: u32, high: u32) -> u32 {
        let SetMatcher::Int(set) = self.linked.set(SetId(id)) else { return 0 };
        u32::from(set.contains((u64::from(low) | u64::from(high) << 32) as i64))
    }

    #[inline(always)]
    pub(crate) fn in_ips(&self, id: u32, family: u64, high: u64, low: u64) -> u32 {
        let SetMatcher::Ip(set) = self.linked.set(SetId(id)) else { return 0 };
        u32::from(set.contains_words(family, high, low))
    }

    #[inline(always)]
    pub(crate) fn occurs(&mut self, at: u32, len: u32, needle: u32, needle_len: u32) -> Result<u32, Broken> {
        self.counting(|host| {
            let steps = Searcher::steps(needle_len as usize, len as usize);
            host.test(steps, || Ok(Searcher::occurs(host.bytes(needle, needle_len)?, host.bytes(at, len)?)))
        })
    }

    #[inline(always)]
    pub(crate) fn search(&mut self, id: u32, at: u32, len: u32) -> Result<u32, Broken> {
        self.counting(|host| {
            let searcher = host.linked.searcher(NeedleId(id));
            let steps = Searcher::steps(searcher.needle().len(), len as usize);
            host.test(steps, || Ok(searcher.is_in(host.bytes(at, len)?)))
        })
    }

    pub(crate) fn charge(&mut self, bytes: u32) -> Result<u32, Broken> {
        self.charging(|host| {
            let charged = host.scratch.charge(Scratch::ELEMENT_BYTES.saturating_add(bytes as usize));
            Ok(charged.map_or_else(|trap| TRAP + trap.code(), |()| PRESENT))
        })
    }

    pub(crate) fn charge_value(&mut self, ty: u32, cell: u32) -> Result<u32, Broken> {
        self.charging(|host| {
            let Some(ty) = host.packed.get(ty as usize) else { return Err(Broken::new(format_args!("there is no type {ty}"))) };
            let charged = host.scratch.charge_element(&host.load(cell, ty)?);
            Ok(charged.map_or_else(|trap| TRAP + trap.code(), |()| PRESENT))
        })
    }

    /// Does something that counts steps in the control word.
    #[inline(always)]
    pub(crate) fn counting<T>(&mut self, what: impl FnOnce(&Self) -> Result<T, Broken>) -> Result<T, Broken> {
        let [word] = self.words::<1>(METER)?;
        self.scratch.set_meter_word(word);
        let done = what(self)?;
        self.write(METER, &self.scratch.meter_word().to_le_bytes())?;
        Ok(done)
    }

    /// Counts steps and answers a test; 0 where the budget has not so many.
    #[inline(always)]
    fn test(&self, steps: u64, test: impl FnOnce() -> Result<bool, Broken>) -> Result<u32, Broken> {
        if steps > 0 && self.scratch.steps(steps).is_err() {
            return Ok(0);
        }
        test().map(u32::from)
    }

    /// Shows the code whether somebody wants its run to end, until [`Host::hide_interrupts`].
    ///
    /// # Safety
    /// The memory of [`Host::set_memory`] must stay where it is until then.
    pub(crate) unsafe fn show_interrupts(&self) {
        // SAFETY: the control words are in the memory.
        let word = Word(unsafe { self.base.add(INTERRUPTED as usize) }.cast());
        self.scratch.mirror_interrupts(Some(Box::new(move |raised| word.set(raised))));
    }

    /// See [`Host::show_interrupts`].
    pub(crate) fn hide_interrupts(&self) {
        self.scratch.mirror_interrupts(None);
    }

    /// What ends a run from another thread.
    pub(crate) fn interrupter(&self) -> Interrupter {
        self.scratch.interrupter()
    }

    /// Bytes that the host's side of the instance takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.scratch.memory_bytes()
    }

    /// Scratch memory and steps.
    pub(crate) fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// As [`Host::scratch`], for the end of a run.
    pub(crate) fn scratch_mut(&mut self) -> &mut Scratch {
        &mut self.scratch
    }

    /// Begins a call by the host: forgets what the last evaluation left, and counts anew.
    pub(crate) fn begin_call(&mut self) -> Result<(), Broken> {
        self.scratch.reset();
        self.heap.clear();
        self.write32(STALE, 0)?;
        self.write32(TOP, self.places.scratch)?;
        self.write_room()?;
        self.write(METER, &self.scratch.meter_start().to_le_bytes())
    }

    /// The words of an argument of a call by the host, as those of [`Host::value`]; `None` where there is no room for it.
    pub(crate) fn argument(&mut self, ty: &Type, value: Value<'_>) -> Result<Option<[u64; 3]>, Broken> {
        match self.outcome(ty, value) {
            Ok(outcome) => self.place(outcome),
            Err(_) => Ok(None),
        }
    }

    /// Ends a call by the host: learns what it counted and charged.
    pub(crate) fn end_call(&mut self) -> Result<(), Broken> {
        self.read_room();
        let [word, _, between] = self.words::<3>(METER)?;
        self.scratch.set_meter_word(word);
        self.write(METER, &between.to_le_bytes())
    }

    /// The value in a cell.
    #[inline(always)]
    fn load<'a>(&'a self, cell: u32, ty: &'a Type) -> Result<Value<'a>, Broken> {
        let [present, words @ ..] = self.words::<4>(cell)?;
        if present == 0 {
            return Ok(Value::Nil);
        }
        self.value(words, ty)
    }

    /// The value with these words: Bytes are address and length, arrays and maps block and offset, then length.
    #[inline(always)]
    pub(crate) fn value<'a>(&'a self, words: [u64; 3], ty: &'a Type) -> Result<Value<'a>, Broken> {
        let [a, b, _] = words;
        let (low, high) = (a as u32, (a >> 32) as u32);
        Ok(match ty {
            Type::Bool => Value::Bool(a != 0),
            Type::Int => Value::Int(a as i64),
            Type::U32 => Value::U32(a as u32),
            Type::List(..) => return Err(Broken::new(format_args!("an array of a script is no value"))),
            Type::Float => Value::Float(f64::from_bits(a)),
            Type::Bytes => Value::Bytes(self.bytes(low, high)?),
            Type::Ip => Value::Ip(ip_from_words(words)),
            Type::Array(element) => Value::Array(ArrayRef::Stored { memory: self.memory(low)?, element, offset: high, len: b as u32 }),
            Type::Map(element) => Value::Map(MapRef::Stored { memory: self.memory(low)?, element, offset: high, len: b as u32 }),
        })
    }

    pub(crate) fn call(&mut self, site: SiteId, cells: u32) -> Result<u32, Broken> {
        self.freshen()?;
        self.read_room();
        let it = &self.linked.program().sites[site.index()];
        let mut inline = [Value::Nil; 4];
        let mut heap = Vec::new();
        let values = if it.args.len() <= inline.len() {
            &mut inline[..it.args.len()]
        } else {
            heap.resize(it.args.len(), Value::Nil);
            &mut heap[..]
        };
        for (i, (value, ty)) in values.iter_mut().zip(&it.args).enumerate() {
            *value = self.load(cells + i as u32 * CELL, ty)?;
        }
        let [word] = self.words::<1>(METER)?;
        self.scratch.set_meter_word(word);
        let outcome = match self.linked.function(site).call(values, &self.scratch) {
            Ok(value) => self.outcome(&it.result, value),
            Err(trap) => Err(trap),
        };
        self.write(METER, &self.scratch.meter_word().to_le_bytes())?;
        self.write_room()?;
        self.store(cells, outcome)
    }

    pub(crate) fn pack(&mut self, ty: u32, items: u32, len: u32, cell: u32) -> Result<u32, Broken> {
        let Some(element) = self.packed.get(ty as usize) else { return Err(Broken::new(format_args!("there is no type {ty}"))) };
        let mut values = Vec::with_capacity(len as usize);
        for i in 0..len {
            let [a, b] = self.words::<2>(items + i * 16)?;
            values.push(self.value([a, b, 0], element)?);
        }
        let array = Type::array(element.clone());
        let outcome = self.outcome(&array, Value::Array(ArrayRef::Built(&values)));
        self.store(cell, outcome)
    }

    #[inline(always)]
    fn outcome(&self, ty: &Type, value: Value<'_>) -> Result<Outcome, Trap> {
        Ok(match value {
            Value::Nil => Outcome::Nil,
            Value::Bool(b) => Outcome::Words([b.into(), 0, 0]),
            Value::Int(i) => Outcome::Words([i as u64, 0, 0]),
            Value::U32(u) => Outcome::Words([u64::from(u), 0, 0]),
            Value::Float(f) => Outcome::Words([f.to_bits(), 0, 0]),
            Value::Ip(ip) => Outcome::Words(ip_words(ip)),
            Value::Bytes(bytes) => Outcome::Bytes(bytes.as_ptr(), bytes.len()),
            // A copy: where they lie is the function's to say.
            Value::Array(_) | Value::Map(_) => Outcome::Block(Blob::new(ty, value).map_err(|_| Trap::Memory)?),
        })
    }

    /// The address in linear memory of something that lies in its readable part.
    fn address(&self, ptr: *const u8, len: usize) -> Option<u32> {
        let at = ptr.addr().wrapping_sub(self.base.addr());
        at.checked_add(len).is_some_and(|end| end <= self.readable).then_some(at as u32)
    }

    /// Puts what a function answered into a cell.
    #[inline(always)]
    fn store(&mut self, cell: u32, outcome: Result<Outcome, Trap>) -> Result<u32, Broken> {
        let words = match outcome {
            Err(trap) => return Ok(TRAP + trap.code()),
            Ok(Outcome::Nil) => return Ok(NIL),
            Ok(outcome) => match self.place(outcome)? {
                Some(words) => words,
                None => return Ok(TRAP + Trap::Memory.code()),
            },
        };
        for (i, word) in words.into_iter().enumerate() {
            self.write(cell + CELL_VALUE + i as u32 * 8, &word.to_le_bytes())?;
        }
        Ok(PRESENT)
    }

    /// Brings a value into linear memory; answers its words, or nothing where there is no room.
    #[inline(always)]
    fn place(&mut self, outcome: Outcome) -> Result<Option<[u64; 3]>, Broken> {
        Ok(Some(match outcome {
            Outcome::Nil => [0; 3],
            Outcome::Words(words) => words,
            Outcome::Bytes(ptr, len) => {
                let at = match self.address(ptr, len) {
                    Some(at) => at,
                    None => {
                        let Some(at) = self.alloc(len)? else { return Ok(None) };
                        // SAFETY: `ptr` and `len` are those of a slice that a function answered or the host passes. It is in the host's
                        // scratch memory, lives as long as the function or is borrowed for the call, and nothing happened to it since.
                        self.write(at, unsafe { std::slice::from_raw_parts(ptr, len) })?;
                        at
                    }
                };
                [u64::from(at) | (len as u64) << 32, 0, 0]
            }
            Outcome::Block(blob) => {
                let Some(at) = self.alloc(blob.words.len() * 8)? else { return Ok(None) };
                for (i, word) in blob.words.iter().enumerate() {
                    self.write(at + i as u32 * 8, &word.to_le_bytes())?;
                }
                let slot = blob.words[Blob::SLOT / 8];
                [u64::from(at) | slot << 32, slot >> 32, 0]
            }
        }))
    }
}
