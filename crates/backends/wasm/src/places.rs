//! Where things lie in linear memory. From low to high: the control words, constants, cells of arguments, answers, the stack of arrays (in
//! programs with scripts), scratch memory for what functions make and growing arrays hold, and from [`Places::window`] on the batches.

use quintet_lang::HARD_MEMORY_BYTES;

/// Bytes of a page of linear memory.
pub(crate) const PAGE: u64 = 1 << 16;

/// One end of the instance's own memory and the start of the batches, where batches are mapped. The own part takes only the pages that
/// are used.
pub(crate) const MAPPED_WINDOW: u32 = 1 << 30;

/// Scratch memory where batches are copied.
const COPIED_SCRATCH: u32 = 64 << 20;

/// The stack of arrays where batches are mapped: all that can be charged, and what frames take beside it.
const MAPPED_STACK: u64 = HARD_MEMORY_BYTES as u64 + (16 << 20);

/// The stack of arrays where batches are copied.
const COPIED_STACK: u64 = 64 << 20;

/// The control word with the steps of the limit that are not in [`METER_START`].
pub(crate) const METER_BEYOND: u32 = 0;
/// The control word that says, when not 0, that scratch memory holds what an earlier rule or record left: [`STALE_BUT_ROOM`] where
/// [`ROOM`] is that of the evaluation at hand nevertheless.
pub(crate) const STALE: u32 = 8;
/// See [`STALE`].
pub(crate) const STALE_BUT_ROOM: u32 = 2;
/// The control word with the bytes that the evaluation may still take of the memory limit; kept in programs with scripts alone.
pub(crate) const ROOM: u32 = 12;
/// The control word with the first free byte of scratch memory.
pub(crate) const TOP: u32 = 16;
/// The control word with what [`ROOM`] is at the start of an evaluation.
pub(crate) const ROOM_START: u32 = 20;
/// The control word with the highest value that [`TOP`] had.
pub(crate) const PEAK: u32 = 24;
/// The control word with the calls of functions of the script that may go on inside one another.
pub(crate) const CALLS: u32 = 28;
/// The control word with the end of scratch memory.
pub(crate) const LIMIT: u32 = 32;
/// The control word with the highest address that frames of [`LARGE_FRAME`] bytes and more ended at.
pub(crate) const STACK_PEAK: u32 = 36;
/// See [`STACK_PEAK`]: as many smaller frames as there can be take little.
pub(crate) const LARGE_FRAME: u32 = 4096;
/// The control word with the steps that are left, and its 4 bytes that are negative when there are none; see
/// [`Scratch::METER`](quintet_runtime::Scratch::METER).
pub(crate) const METER: u32 = 40;
/// The control word with what [`METER`] is at the start of an evaluation.
pub(crate) const METER_START: u32 = 48;
/// The control word with what [`METER`] is between rules that count one by one, and for those that count only what they look at.
pub(crate) const METER_BETWEEN: u32 = 56;
/// The control word that is not 0 once somebody wants the run to end; other threads write it.
pub(crate) const INTERRUPTED: u32 = 64;
/// The control word with the steps that a rule has looked at and not counted yet, where it counts nothing else. Who looks at it sets it to 0 at first.
pub(crate) const LOOKED: u32 = 72;
/// The first byte after the control words.
pub(crate) const CONSTANTS: u32 = 80;

/// Bytes of a cell: whether there is a value, and up to three words of it.
pub(crate) const CELL: u32 = 32;
/// Bytes from a cell to the value's first word.
pub(crate) const CELL_VALUE: u32 = 8;

/// The stack of arrays and scratch memory where all of both is copied at each call of the host.
const SMALL_STACK: u64 = 2 << 20;
const SMALL_SCRATCH: u32 = 1 << 20;

/// How much there is of each part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// An address range of 4 GiB, into which batches are mapped.
    Mapped,
    /// A memory into which batches are copied.
    Copied,
    /// A memory that is copied as a whole, see [`Lent`](crate::Lent).
    Small,
}

/// The places that depend on the program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    /// Cells for arguments and results.
    pub(crate) cells: u32,
    /// The answers: a row of words per rule.
    pub(crate) answers: u32,
    /// Blocks of 64 records that one call answers.
    pub(crate) blocks: u32,
    /// The stack of arrays, up to scratch memory; empty in programs without scripts.
    pub(crate) stack: u32,
    /// Scratch memory.
    pub(crate) scratch: u32,
    /// The batches; scratch memory ends here.
    pub(crate) window: u32,
    /// Pages that the memory begins with.
    pub(crate) pages: u64,
}

impl Places {
    /// The places for so many bytes of constants, cells, rules and bytes of answers (but at least those of 64 records), with or without
    /// scripts; `None` where that is more than there is room for.
    pub(crate) fn new(constants: usize, cells: u32, (rules, answers): (usize, usize), scripts: bool, extent: Extent) -> Option<Places> {
        let room = u64::from(MAPPED_WINDOW / 2);
        let cells_at = (u64::from(CONSTANTS) + constants as u64).next_multiple_of(64);
        let answers_at = (cells_at + u64::from(cells) * u64::from(CELL)).next_multiple_of(64);
        let row = rules.max(1) as u64 * 8;
        let blocks = (answers as u64 / row).max(1);
        let stack = (answers_at + blocks * row).next_multiple_of(PAGE);
        if stack > room {
            return None;
        }
        let (frames, room) = match extent {
            Extent::Mapped => (MAPPED_STACK, None),
            Extent::Copied => (COPIED_STACK, Some(COPIED_SCRATCH)),
            Extent::Small => (SMALL_STACK, Some(SMALL_SCRATCH)),
        };
        let scratch = if scripts { stack + frames } else { stack };
        let (window, pages) = match room {
            None => (MAPPED_WINDOW, (4 << 30) / PAGE),
            Some(room) => (scratch as u32 + room, (scratch + u64::from(room)) / PAGE),
        };
        let (cells, answers, blocks) = (cells_at as u32, answers_at as u32, blocks as u32);
        Some(Places { cells, answers, blocks, stack: stack as u32, scratch: scratch as u32, window, pages })
    }
}
