//! A running module, and its memory.

use quintet_lang::Type;
use quintet_runtime::{Scratch, Trap, Value};
use wasmtime::{Store, StoreLimits, StoreLimitsBuilder, TypedFunc, Val};

use crate::cells::{self, Range};
use crate::engine::TICK;
use crate::places::{CELL, COPIES, Kind, Places};
use crate::rewrite::{MEMORY, READABLE, START};
use crate::runs::Args;
use crate::wasm::Wasm;
#[cfg(target_os = "linux")]
use crate::window::Window;

/// Fuel that counts a step of the rule.
const FUEL_PER_STEP: u64 = 16;

/// Bytes of copied arguments that are kept from one call for the next; more are given back.
#[cfg(target_os = "linux")]
const KEPT: u32 = 1 << 20;

/// What the name of an item's form for many calls ends with.
const COLUMN: &str = "__column";

/// The module answers nil.
const NIL: u32 = 0;
/// The module answers a value.
const VALUE: u32 = 1;
/// The module gives up.
const GAVE_UP: u32 = 2;

/// A module's linear memory, as the host sees it.
pub(crate) struct Linear {
    base: *mut u8,
    pub(crate) places: Places,
    /// The first byte that no copy of the call at hand has taken.
    free: u32,
    #[cfg(target_os = "linux")]
    window: Option<Window>,
    /// Whether an argument of the call at hand lies in a batch.
    lent: bool,
}

// SAFETY: `base` is the address of the memory of the store that it lies beside; both are one thread's at a time.
unsafe impl Send for Linear {}

impl Linear {
    /// The values of a cell, one of the host's.
    #[inline(always)]
    pub(crate) fn cell(&self, at: u32) -> cells::Cell {
        debug_assert!(at >= self.places.host && at + CELL <= self.places.window && at.is_multiple_of(8));
        // SAFETY: cells lie in the host's part, which can be read and written as long as the instance lives, at words; no module runs now.
        unsafe { self.base.add(at as usize).cast::<cells::Cell>().read() }
    }

    /// Sets a cell, one of the host's.
    #[inline(always)]
    pub(crate) fn set_cell(&mut self, at: u32, cell: cells::Cell) {
        debug_assert!(at >= self.places.host && at + CELL <= self.places.window && at.is_multiple_of(8));
        // SAFETY: as in `cell`.
        unsafe { self.base.add(at as usize).cast::<cells::Cell>().write(cell) };
    }

    /// Words of the host's part.
    #[inline(always)]
    pub(crate) fn words(&self, at: u32, count: usize) -> &[u64] {
        debug_assert!(at >= self.places.host && at as usize + count * 8 <= self.places.window as usize && at.is_multiple_of(8));
        // SAFETY: as in `cell`, and no module runs while the slice lives: that takes `&mut`.
        unsafe { std::slice::from_raw_parts(self.base.add(at as usize).cast(), count) }
    }

    /// Bytes of the host's part.
    #[inline(always)]
    pub(crate) fn bytes(&self, at: u32, count: usize) -> &[u8] {
        debug_assert!(at >= self.places.host && at as usize + count <= self.places.window as usize);
        // SAFETY: as in `words`.
        unsafe { std::slice::from_raw_parts(self.base.add(at as usize), count) }
    }

    /// Bytes of the host's part, for writing.
    #[inline(always)]
    pub(crate) fn bytes_mut(&mut self, at: u32, count: usize) -> &mut [u8] {
        debug_assert!(at >= self.places.host && at as usize + count <= self.places.window as usize);
        // SAFETY: as in `words`.
        unsafe { std::slice::from_raw_parts_mut(self.base.add(at as usize), count) }
    }

    /// A range of the module's own memory, if it is one.
    #[inline]
    pub(crate) fn own(&self, at: u64, len: u64) -> Option<&[u8]> {
        if at.checked_add(len)? > self.places.own() {
            return None;
        }
        // SAFETY: the module's own memory can be read up to its bound as long as the instance lives, and no module runs while the slice does:
        // that takes `&mut`.
        Some(unsafe { std::slice::from_raw_parts(self.base.add(at as usize), len as usize) })
    }

    /// Where the module finds these bytes: in place, or copied.
    #[inline(always)]
    pub(crate) fn lend(&mut self, bytes: &[u8]) -> Result<u32, Trap> {
        match self.place(bytes) {
            Some(at) => Ok(at),
            None => self.copy(bytes),
        }
    }

    /// Where the module finds these bytes in place, if they are part of a batch that is mapped or can be.
    #[inline(always)]
    pub(crate) fn place(&mut self, bytes: &[u8]) -> Option<u32> {
        #[cfg(target_os = "linux")]
        if let Some(window) = &mut self.window {
            let at = window.place(bytes, self.lent)?;
            self.lent = true;
            return Some(at);
        }
        let _ = bytes;
        None
    }

    /// Copies bytes into the host's part.
    pub(crate) fn copy(&mut self, bytes: &[u8]) -> Result<u32, Trap> {
        let at = self.free;
        let room = (self.places.window - at) as usize;
        if bytes.len() > room {
            return Err(Trap::Memory);
        }
        // SAFETY: the host's part can be written from `free` to the window, and holds as many bytes as are copied.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.base.add(at as usize), bytes.len()) };
        self.free = (at as usize + bytes.len()).next_multiple_of(8).min(self.places.window as usize) as u32;
        Ok(at)
    }

    /// Forgets what was copied for the call before.
    #[inline(always)]
    pub(crate) fn begin(&mut self) {
        let start = self.places.host + COPIES;
        if self.free != start {
            #[cfg(target_os = "linux")]
            if self.places.kind == Kind::Mapped && self.free - start > KEPT {
                // SAFETY: the range is whole pages of the host's part from a page on, see `Places`, and nothing refers to what is there.
                unsafe { quintet_region::discard(self.base.add(start as usize), (self.free - start) as usize) };
            }
            self.free = start;
        }
        self.lent = false;
    }
}

/// What makes many calls: of the arguments' columns, the places of answers and of whether there are any, and how many calls they are.
type Many = TypedFunc<(u32, u32, u32, u32), u32>;

/// A module that runs.
pub(crate) struct Running {
    store: Store<StoreLimits>,
    pub(crate) linear: Linear,
    /// By item.
    calls: Vec<TypedFunc<(u32, u32), u32>>,
    /// By item, the form for many calls at once, if it has one.
    columns: Vec<Option<Many>>,
    readable: wasmtime::Global,
    /// What the global says.
    told: u64,
    ticks: u64,
    fuel: u64,
    /// Where the arguments' bytes are.
    pub(crate) ranges: Vec<Range>,
}

/// Why a call has no answer. Whatever it is, the instance is not to be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended(pub(crate) Trap);

impl Running {
    /// An instance, whose start function has run.
    pub(crate) fn new(wasm: &Wasm) -> Result<Running, String> {
        let limits = &wasm.limits;
        let places = wasm.places;
        let bounds = StoreLimitsBuilder::new()
            .table_elements(limits.table_elements)
            .tables(1)
            .memories(1)
            .instances(1)
            .memory_size(places.pages as usize * crate::places::PAGE as usize)
            .build();
        let mut store = Store::new(&wasm.engine, bounds);
        store.limiter(|bounds| bounds);
        let ticks = limits.milliseconds.div_ceil(TICK) + 1;
        let begin = |store: &mut Store<StoreLimits>| {
            store.set_epoch_deadline(ticks);
            store.set_fuel(limits.fuel).map_err(|e| format!("{e:#}"))
        };
        begin(&mut store)?;
        let instance = wasm.pre.instantiate(&mut store).map_err(|e| format!("it cannot be instantiated: {e:#}"))?;
        let Some(memory) = instance.get_memory(&mut store, MEMORY) else { return Err("it has no memory".into()) };
        let Some(readable) = instance.get_global(&mut store, READABLE) else { return Err("it has no memory".into()) };
        let base = memory.data_ptr(&store);
        #[cfg(target_os = "linux")]
        let window = match places.kind {
            Kind::Mapped => {
                let own = places.own() as usize;
                // SAFETY: the range lies between the module's own memory and the host's part, within the region, and nothing is there.
                unsafe { quintet_region::none(base.add(own), places.host as usize - own) }.map_err(|e| format!("no memory: {e}"))?;
                // SAFETY: the engine makes memories by way of `Regions`, and this one lives with the store beside the window.
                Some(unsafe { Window::new(base) })
            }
            Kind::Copied => None,
        };
        let linear = Linear {
            base,
            places,
            free: places.host + COPIES,
            #[cfg(target_os = "linux")]
            window,
            lent: false,
        };
        if instance.get_func(&mut store, START).is_some() {
            let start = instance.get_typed_func::<(), ()>(&mut store, START).map_err(|e| format!("{e:#}"))?;
            start.call(&mut store, ()).map_err(|e| format!("its start function did not end well: {}", cause(&e)))?;
        }
        // What WebAssembly calls a reactor sets itself up like this.
        if instance.get_func(&mut store, "_initialize").is_some() {
            begin(&mut store)?;
            let set_up = instance.get_typed_func::<(), ()>(&mut store, "_initialize").map_err(|e| format!("{e:#}"))?;
            set_up.call(&mut store, ()).map_err(|e| format!("its `_initialize` did not end well: {}", cause(&e)))?;
        }
        let (mut calls, mut columns) = (Vec::new(), Vec::new());
        for item in wasm.declaration.items() {
            let name = &item.name;
            let call = instance.get_typed_func(&mut store, name);
            calls.push(call.map_err(|_| format!("it declares `{name}`, and exports no function of that name from two i32 to one"))?);
            let column = format!("{name}{COLUMN}");
            let typed = instance.get_func(&mut store, &column).map(|func| func.typed(&store));
            columns.push(typed.transpose().map_err(|_| format!("its `{column}` is no function from four i32 to one"))?);
        }
        let told = u64::from(places.window);
        Ok(Running { store, linear, calls, columns, readable, told, ticks, fuel: limits.fuel, ranges: Vec::new() })
    }

    /// Calls an item on arguments that are in place, and answers whether it answers a value.
    #[inline(always)]
    fn enter(&mut self, item: usize, scratch: &Scratch) -> Result<bool, Ended> {
        self.tell()?;
        let (args, out) = (self.linear.places.host, self.linear.places.host + COPIES / 2);
        self.store.set_epoch_deadline(self.ticks);
        self.store.set_fuel(self.fuel).map_err(|_| Ended(Trap::Panic))?;
        let status = self.calls[item].call(&mut self.store, (args, out));
        self.charge(scratch)?;
        match status {
            Ok(VALUE) => Ok(true),
            Ok(NIL) => Ok(false),
            Ok(GAVE_UP) => Err(Ended(Trap::Panic)),
            Ok(_) => Err(Ended(Trap::ResultType)),
            Err(e) => Err(Ended(trap(&e))),
        }
    }

    /// Counts the fuel that a call took as steps.
    #[inline(always)]
    fn charge(&mut self, scratch: &Scratch) -> Result<(), Ended> {
        let left = self.store.get_fuel().unwrap_or_default();
        scratch.steps(self.fuel.saturating_sub(left) / FUEL_PER_STEP).map_err(Ended)
    }

    /// Tells the module how far it can read, where that has changed.
    #[inline(always)]
    fn tell(&mut self) -> Result<(), Ended> {
        #[cfg(target_os = "linux")]
        if let Some(window) = &self.linear.window
            && window.end() != self.told
        {
            self.told = window.end();
            self.readable.set(&mut self.store, Val::I64(self.told as i64)).map_err(|_| Ended(Trap::Panic))?;
        }
        Ok(())
    }

    /// Calls a function on arguments. Whether it answers a value, which is in the cell [`Running::out`].
    #[inline(always)]
    pub(crate) fn call(&mut self, item: usize, (params, args): Args<'_, '_>, scratch: &Scratch) -> Result<bool, Stopped> {
        self.linear.begin();
        self.ranges.clear();
        let host = self.linear.places.host;
        for (n, (arg, param)) in args.iter().zip(params).enumerate() {
            let range = cells::put(&mut self.linear, cells::nth(host, n as u32), param, arg).map_err(Stopped::Before)?;
            self.ranges.push(range);
        }
        self.enter(item, scratch).map_err(Stopped::Ended)
    }

    /// Calls a parser on a text. Whether it made something of it; the cells of what it set are [`Running::out`].
    pub(crate) fn parse(&mut self, item: usize, fields: u32, text: &[u8], scratch: &Scratch) -> Result<bool, Stopped> {
        self.linear.begin();
        self.ranges.clear();
        let host = self.linear.places.host;
        let range = cells::put(&mut self.linear, host, &Type::Bytes, &Value::Bytes(text)).map_err(Stopped::Before)?;
        self.ranges.push(range);
        for n in 0..fields {
            self.linear.set_cell(cells::nth(self.out(), n), [0; 4]);
        }
        self.enter(item, scratch).map_err(Stopped::Ended)
    }

    /// Whether an item has a form for many calls at once.
    pub(crate) fn has_column(&self, item: usize) -> bool {
        self.columns[item].is_some()
    }

    /// Has that form of an item answer so many calls, whose arguments' columns are in place, at `values` and `present`. Answers the steps that all
    /// of them took.
    pub(crate) fn enter_column(&mut self, item: usize, (values, present): (u32, u32), calls: u32) -> Result<u64, Ended> {
        self.tell()?;
        let args = self.linear.places.host;
        let Some(column) = &self.columns[item] else { return Err(Ended(Trap::Panic)) };
        self.store.set_epoch_deadline(self.ticks);
        self.store.set_fuel(self.fuel).map_err(|_| Ended(Trap::Panic))?;
        let status = column.call(&mut self.store, (args, values, present, calls));
        match status {
            Ok(VALUE) => Ok(self.fuel.saturating_sub(self.store.get_fuel().unwrap_or_default()).div_ceil(FUEL_PER_STEP)),
            Ok(_) => Err(Ended(Trap::Panic)),
            Err(e) => Err(Ended(trap(&e))),
        }
    }

    /// The first cell of what a call answers.
    pub(crate) fn out(&self) -> u32 {
        self.linear.places.host + COPIES / 2
    }
}

/// Why a call has no answer.
pub(crate) enum Stopped {
    /// The module was not called.
    Before(Trap),
    /// The module was called, and is to be instantiated anew.
    Ended(Ended),
}

/// The trap that a rule sees where a module ended with an error.
#[cold]
fn trap(error: &wasmtime::Error) -> Trap {
    match error.downcast_ref::<wasmtime::Trap>() {
        Some(wasmtime::Trap::OutOfFuel | wasmtime::Trap::Interrupt) => Trap::Budget,
        _ => Trap::Panic,
    }
}

/// What ended a call, in a few words.
fn cause(error: &wasmtime::Error) -> String {
    match error.downcast_ref::<wasmtime::Trap>() {
        Some(wasmtime::Trap::OutOfFuel | wasmtime::Trap::Interrupt) => "it used up its budget".into(),
        Some(trap) => trap.to_string(),
        None => format!("{error:#}"),
    }
}
