//! Where things lie in linear memory. From low to high: the control words, constants, cells of arguments, answers, scratch memory for what
//! functions make, and from [`Places::window`] on the batches.

/// Bytes of a page of linear memory.
pub(crate) const PAGE: u64 = 1 << 16;

/// One end of the instance's own memory and the start of the batches, where batches are mapped. The own part takes only the pages that
/// are used.
pub(crate) const MAPPED_WINDOW: u32 = 1 << 30;

/// Scratch memory where batches are copied.
const COPIED_SCRATCH: u32 = 64 << 20;

/// The control word that says, when not 0, that scratch memory holds what an earlier rule or record left.
pub(crate) const STALE: u32 = 8;
/// The control word with the first free byte of scratch memory.
pub(crate) const TOP: u32 = 16;
/// The control word with the highest value that [`TOP`] had.
pub(crate) const PEAK: u32 = 24;
/// The control word with the end of scratch memory.
pub(crate) const LIMIT: u32 = 32;
/// The control word with the steps that are left, and its 4 bytes that are negative when there are none; see
/// [`Scratch::METER`](quintet_runtime::Scratch::METER).
pub(crate) const METER: u32 = 40;
/// The control word with what [`METER`] is at the start of an evaluation.
pub(crate) const METER_START: u32 = 48;
/// The control word with what [`METER`] is at the start of rules that count only what they look at.
pub(crate) const METER_START_IF_WITHIN: u32 = 56;
/// The first byte after the control words.
pub(crate) const CONSTANTS: u32 = 64;

/// Bytes of a cell: whether there is a value, and up to three words of it.
pub(crate) const CELL: u32 = 32;
/// Bytes from a cell to the value's first word.
pub(crate) const CELL_VALUE: u32 = 8;

/// The places that depend on the program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    /// Cells for arguments and results.
    pub(crate) cells: u32,
    /// The answers: a row of words per rule.
    pub(crate) answers: u32,
    /// Blocks of 64 records that one call answers.
    pub(crate) blocks: u32,
    /// Scratch memory.
    pub(crate) scratch: u32,
    /// The batches; scratch memory ends here.
    pub(crate) window: u32,
    /// Pages that the memory begins with.
    pub(crate) pages: u64,
}

impl Places {
    /// The places for so many bytes of constants, cells, rules and bytes of answers (but at least those of 64 records); `None` where that is more than there is room for.
    pub(crate) fn new(constants: usize, cells: u32, (rules, answers): (usize, usize), mapped: bool) -> Option<Places> {
        let room = u64::from(MAPPED_WINDOW / 2);
        let cells_at = (u64::from(CONSTANTS) + constants as u64).next_multiple_of(64);
        let answers_at = (cells_at + u64::from(cells) * u64::from(CELL)).next_multiple_of(64);
        let row = rules.max(1) as u64 * 8;
        let blocks = (answers as u64 / row).max(1);
        let scratch = (answers_at + blocks * row).next_multiple_of(PAGE);
        if scratch > room {
            return None;
        }
        let (window, pages) = if mapped {
            (MAPPED_WINDOW, (4 << 30) / PAGE)
        } else {
            let window = scratch as u32 + COPIED_SCRATCH;
            (window, u64::from(window) / PAGE)
        };
        Some(Places { cells: cells_at as u32, answers: answers_at as u32, blocks: blocks as u32, scratch: scratch as u32, window, pages })
    }
}
