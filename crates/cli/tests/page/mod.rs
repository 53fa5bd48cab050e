//! The fenced blocks of a page that is executed.

/// A block: what stands behind its fence, the line of its first line, its text.
pub struct Block {
    pub what: &'static str,
    pub line: usize,
    pub text: String,
}

/// All blocks of a page, in order.
pub fn blocks(page: &'static str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (i, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(what)) => open = Some(Block { what, line: i + 2, text: String::new() }),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.text.extend([line, "\n"]),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is never closed");
    blocks
}
