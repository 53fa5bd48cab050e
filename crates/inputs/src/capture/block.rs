//! Blocks of pcapng, as they are written.

/// Appends a block of this type around a body, which is filled up to whole words.
fn block(to: &mut Vec<u8>, ty: u32, body: &[&[u8]]) {
    let len: usize = body.iter().map(|part| part.len()).sum();
    let padding = len.next_multiple_of(4) - len;
    // What is read is shorter than a word can say; see `LONGEST`.
    let size = u32::try_from(len + padding + 12).unwrap_or(u32::MAX).to_le_bytes();
    to.extend_from_slice(&ty.to_le_bytes());
    to.extend_from_slice(&size);
    body.iter().for_each(|part| to.extend_from_slice(part));
    to.extend_from_slice(&[0; 3][..padding]);
    to.extend_from_slice(&size);
}

/// Appends the header of a section that does not say how long it is.
pub(crate) fn section(to: &mut Vec<u8>) {
    let version = [1, 0, 0, 0];
    block(to, 0x0a0d_0d0a, &[&0x1a2b_3c4du32.to_le_bytes(), &version, &u64::MAX.to_le_bytes()]);
}

/// Has the header of a section, which is the last block, not say how long the section is: not all of it is kept.
pub(super) fn unmeasured(header: &mut [u8]) {
    if let Some(length) = header.get_mut(16..24) {
        length.fill(0xff);
    }
}

/// Appends an interface whose timestamps are in units of ten to the minus `digits` seconds.
pub(super) fn interface(to: &mut Vec<u8>, link: u32, snaplen: u32, digits: u8) {
    // A link type has 16 bits here; those that the registry of link types numbers have no more.
    let link = u32::from(u16::try_from(link).unwrap_or(u16::MAX)).to_le_bytes();
    let resolution = [9, 0, 1, 0, digits, 0, 0, 0];
    let end = [0; 4];
    block(to, 1, &[&link, &snaplen.to_le_bytes(), &resolution, &end]);
}

/// Appends a packet of the section's first interface: when it was captured, its bytes on the wire, and those captured.
pub(super) fn packet(to: &mut Vec<u8>, ticks: u64, len: u32, data: &[u8]) {
    let (high, low) = ((ticks >> 32) as u32, ticks as u32);
    let captured = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let words = [0, high, low, captured, len].map(u32::to_le_bytes).concat();
    block(to, 6, &[&words, data]);
}
