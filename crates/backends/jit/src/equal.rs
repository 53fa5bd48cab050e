//! Equality of bytes with a constant: a few words read and compared, without a call.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use quintet_runtime::Threshold;
use quintet_runtime::plan::Text;

use crate::generator::{Generator, Made};
use crate::symbols::Helper;
use crate::value::{Run, unaligned};

/// The words that cover `len` bytes (at least 1), as offset and size; the last may overlap the one before.
pub(crate) fn words(len: usize) -> impl Iterator<Item = (usize, usize)> {
    let size = match len {
        8.. => 8,
        4..8 => 4,
        2..4 => 2,
        _ => 1,
    };
    (0..len.div_ceil(size)).map(move |i| ((i * size).min(len - size), size))
}

/// Up to eight bytes as a number, as the machine reads them.
pub(crate) fn number(bytes: &[u8]) -> i64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    i64::from_le_bytes(word)
}

impl Generator<'_, '_> {
    /// Goes where the equality of bytes and a constant says.
    pub(crate) fn equals(&mut self, run: Run, constant: &[u8], yes: Block, no: Block) -> Made<()> {
        let same_len = self.compare_int(IntCC::Equal, run.len, constant.len() as i64);
        if constant.is_empty() {
            self.branch(same_len, yes, no);
            return Ok(());
        }
        self.require(same_len, no);
        self.look(run.len, constant.len());
        self.begins(run.start, constant, yes, no)
    }

    /// Goes where the equality of a text and as many bytes at an address says, of which `ask` asks the library where there are many.
    pub(crate) fn is_text(
        &mut self,
        start: Value,
        text: &Text,
        (yes, no): (Block, Block),
        ask: impl FnOnce(&mut Self) -> Made<()>,
    ) -> Made<()> {
        if text.is_caseless() && self.linked.exceeds(Threshold::JitEqualBytes, text.bytes().len()) {
            return ask(self);
        }
        self.begins_so(start, (text.bytes(), &text.small()), yes, no)
    }

    /// Goes where the equality of a constant and as many bytes at an address says; there must be so many.
    pub(crate) fn begins(&mut self, start: Value, constant: &[u8], yes: Block, no: Block) -> Made<()> {
        self.begins_so(start, (constant, &[]), yes, no)
    }

    /// The same with these bits set in the bytes before they are compared.
    fn begins_so(&mut self, start: Value, (constant, set): (&[u8], &[u8]), yes: Block, no: Block) -> Made<()> {
        if constant.is_empty() {
            self.jump(yes);
            return Ok(());
        }
        if self.linked.exceeds(Threshold::JitEqualBytes, constant.len()) {
            let constant = self.bytes_constant(constant);
            return self.ask_test(Helper::Same, &[start, constant.start, constant.len], yes, no);
        }
        let mut differ = None;
        for (at, size) in words(constant.len()) {
            let mut found = self.load_bytes(size, start, at, unaligned());
            if let Some(set) = set.get(at..at + size).map(number).filter(|set| *set != 0) {
                found = self.b.ins().bor_imm_s(found, set);
            }
            let wanted = number(&constant[at..at + size]);
            if constant.len() == size {
                let same = self.compare_int(IntCC::Equal, found, wanted);
                self.branch(same, yes, no);
                return Ok(());
            }
            let bits = self.b.ins().bxor_imm_s(found, wanted);
            differ = Some(differ.map_or(bits, |d| self.b.ins().bor(d, bits)));
        }
        match differ {
            Some(differ) => self.branch(differ, no, yes),
            None => self.jump(yes),
        }
        Ok(())
    }
}
