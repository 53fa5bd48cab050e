//! What comes next in a piece of an input.

/// What a reader of lines or packets came to.
pub(crate) enum Next {
    /// A record, of the frame or line with this number.
    Record(u64),
    /// A record that the batch at hand has no room for; it comes again for the next one.
    Full,
    /// The end of the piece.
    End,
}
