// How many lines a text has, and its longest.

export const quintet_declaration: usize = changetype<usize>(`quintet 1
/// Line ends in a text.
fn line_ends(s: Bytes) -> Int
/// The longest line of a text, without its end.
fn longest_line(s: Bytes) -> Bytes
\0`);

const VALUE: u32 = 1;

// A cell: whether there is a value, and its words. Of Bytes these are address and length.
function bytesAt(cell: usize): usize { return <usize>load<u64>(cell, 8); }
function bytesLength(cell: usize): usize { return <usize>load<u64>(cell, 16); }

function answer(out: usize, first: u64, second: u64): u32 {
  store<u64>(out, 1);
  store<u64>(out, first, 8);
  store<u64>(out, second, 16);
  return VALUE;
}

export function line_ends(args: usize, out: usize): u32 {
  const at = bytesAt(args), end = at + bytesLength(args);
  let count: u64 = 0;
  for (let i = at; i < end; i++) if (load<u8>(i) == 10) count++;
  return answer(out, count, 0);
}

export function longest_line(args: usize, out: usize): u32 {
  const at = bytesAt(args), end = at + bytesLength(args);
  let start = at, best = at, length: usize = 0;
  for (let i = at; i <= end; i++) {
    if (i == end || load<u8>(i) == 10) {
      if (i - start > length) { best = start; length = i - start; }
      start = i + 1;
    }
  }
  return answer(out, best, length);
}
