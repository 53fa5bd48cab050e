//! Arrays under construction.

use quintet_lang::Type;
use quintet_runtime::{ArrayRef, Scratch, Trap, Value};

use crate::values::{Cell, bytes};

/// The arrays that generated code has begun and not yet ended, innermost last. What they are made in is kept from one to the next.
#[derive(Default)]
pub(crate) struct Collects {
    begun: Vec<Begun>,
    /// The elements of all of them, those of the innermost last.
    cells: Vec<Cell>,
    block: Vec<u64>,
}

/// Cells, and words of a block, that are kept from one run to the next.
const KEPT_CELLS: usize = 1 << 14;
const KEPT_WORDS: usize = 1 << 16;

struct Begun {
    element: Type,
    /// The place of its first element.
    first: usize,
}

/// Bytes before the elements of a block: its length and the array's slot.
const HEAD: usize = 16;

impl Collects {
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.begun.clear();
        self.cells.clear();
    }

    /// Gives back memory beyond what is worth keeping.
    #[inline]
    pub(crate) fn trim(&mut self) {
        if self.cells.capacity() > KEPT_CELLS || self.block.capacity() > KEPT_WORDS {
            *self = Collects::default();
        }
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let begun = self.begun.capacity() * size_of::<Begun>();
        begun + self.cells.capacity() * size_of::<Cell>() + self.block.capacity() * size_of::<u64>()
    }

    pub(crate) fn begin(&mut self, element: Type) {
        self.begun.push(Begun { element, first: self.cells.len() });
    }

    /// The type of the elements of the array begun last.
    pub(crate) fn element(&self) -> Option<&Type> {
        self.begun.last().map(|begun| &begun.element)
    }

    pub(crate) fn push(&mut self, value: Cell) {
        self.cells.push(value);
    }

    /// The array begun last, in a block in `scratch`; nil where none was begun.
    ///
    /// # Errors
    /// [`Trap::Memory`] where the block would pass its largest size.
    ///
    /// # Safety
    /// Its elements' values live.
    pub(crate) unsafe fn end(&mut self, scratch: &Scratch) -> Result<Cell, Trap> {
        let Some(Begun { element, first }) = self.begun.pop() else { return Ok(Cell::NIL) };
        let cells = &self.cells[first.min(self.cells.len())..];
        let result = match element {
            Type::Bool | Type::Int | Type::U32 | Type::Float | Type::List(..) => {
                self.block.clear();
                self.block.extend([0, 0]);
                self.block.extend(cells.iter().map(|c| c.words[0]));
                finish(&mut self.block, cells.len(), scratch)
            }
            Type::Ip => {
                self.block.clear();
                self.block.extend([0, 0]);
                self.block.extend(cells.iter().flat_map(|c| c.words));
                finish(&mut self.block, cells.len(), scratch)
            }
            Type::Bytes => {
                // SAFETY: the cells hold Bytes, and the caller promises that these live.
                unsafe { texts(&mut self.block, cells) }.and_then(|()| finish(&mut self.block, cells.len(), scratch))
            }
            Type::Array(_) | Type::Map(_) => {
                // SAFETY: as the caller promises.
                let values: Vec<Value<'_>> = cells.iter().map(|c| unsafe { c.load(&element) }).collect();
                let ty = Type::array(element.clone());
                Cell::store(&ty, Value::Array(ArrayRef::Built(&values)), scratch)
            }
        };
        self.cells.truncate(first);
        result
    }
}

/// Texts as elements: their slots, then the texts, each from a word on.
///
/// # Errors
/// [`Trap::Memory`] where the block would pass its largest size.
///
/// # Safety
/// The cells hold Bytes that live.
unsafe fn texts(block: &mut Vec<u64>, cells: &[Cell]) -> Result<(), Trap> {
    block.clear();
    block.extend([0, 0]);
    let mut at = 2 + cells.len();
    for cell in cells {
        block.push((at as u64 * 8) | cell.words[1] << 32);
        at = at.checked_add((cell.words[1] as usize).div_ceil(8)).filter(|w| *w <= MOST_WORDS).ok_or(Trap::Memory)?;
    }
    block.reserve(at - block.len());
    for cell in cells {
        // SAFETY: as the caller promises.
        let text = unsafe { bytes(cell.words[0] as *const u8, cell.words[1] as usize) };
        let (whole, rest) = text.as_chunks::<8>();
        block.extend(whole.iter().map(|w| u64::from_ne_bytes(*w)));
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            block.push(u64::from_ne_bytes(last));
        }
    }
    Ok(())
}

/// Words of the largest block.
const MOST_WORDS: usize = quintet_runtime::BLOCK_BYTES / 8;

/// The cell of a block whose head is still to be written.
fn finish(block: &mut [u64], len: usize, scratch: &Scratch) -> Result<Cell, Trap> {
    if block.len() > MOST_WORDS {
        return Err(Trap::Memory);
    }
    block[0] = block.len() as u64 * 8;
    block[1] = HEAD as u64 | (len as u64) << 32;
    let words = scratch.words(block);
    Ok(Cell { present: 1, words: [words.as_ptr() as u64, words[1], 0] })
}
