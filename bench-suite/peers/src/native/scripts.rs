//! Scripts that compute: `calls`, `sha256`, `entropy`, `checksum8`, `sieve`, `n-body`, `levenshtein`.

use quintet_lang::Program;
use quintet_lang::ast::Set;
use quintet_runtime::RecordRef;

use super::Rules;
use super::read::{Field, Fields};

/// The members of the only set of a program: the answers that are known.
fn numbers(program: &Program) -> Result<Vec<(i64, i64)>, String> {
    match program.sets.first() {
        Some(Set::Int(ranges)) => Ok(ranges.clone()),
        Some(Set::Ip(_) | Set::Bytes(_)) | None => Err("the rules have no set of numbers that are known".into()),
    }
}

fn holds(ranges: &[(i64, i64)], value: i64) -> bool {
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&value))
}

pub(super) struct Calls {
    n: Field,
    inc: fn(i64) -> i64,
}

fn inc(x: i64) -> i64 {
    x.wrapping_add(1)
}

impl Calls {
    pub(super) fn new(f: &Fields<'_>) -> Result<Calls, String> {
        Ok(Calls { n: f.get("n", "Int")?, inc })
    }
}

impl Rules for Calls {
    fn hits(&self, r: RecordRef<'_>) -> u64 {
        // Through a pointer of which the compiler knows nothing, as a host calls what was loaded.
        let inc = std::hint::black_box(self.inc);
        u64::from(self.n.int(r).is_some_and(|n| inc(n) == 42))
    }
}

pub(super) struct Sha256 {
    payload: Field,
}

/// The digest of the only payload.
const KNOWN: [u8; 32] = [
    0x46, 0x82, 0x3e, 0x00, 0x84, 0xe7, 0x77, 0xad, 0x9f, 0xed, 0x60, 0x05, 0xb5, 0x3b, 0xb2, 0x8c, 0xf0, 0xb2, 0xfc, 0x40, 0x68, 0x47,
    0xfd, 0x92, 0xb7, 0x86, 0x57, 0x16, 0xf1, 0x2c, 0x93, 0x88,
];

const K: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

fn compress(h: &mut [u32; 8], block: &[u8; 64]) {
    let mut w = [0u32; 64];
    for (word, bytes) in w.iter_mut().zip(block.chunks_exact(4)) {
        *word = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
    for i in 16..64 {
        let (x, y) = (w[i - 15], w[i - 2]);
        let s0 = x.rotate_right(7) ^ x.rotate_right(18) ^ (x >> 3);
        let s1 = y.rotate_right(17) ^ y.rotate_right(19) ^ (y >> 10);
        w[i] = w[i - 16].wrapping_add(s0).wrapping_add(w[i - 7]).wrapping_add(s1);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut k] = *h;
    for i in 0..64 {
        let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let t1 = k.wrapping_add(s1).wrapping_add((e & f) ^ (!e & g)).wrapping_add(K[i]).wrapping_add(w[i]);
        let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let t2 = s0.wrapping_add((a & b) ^ (a & c) ^ (b & c));
        (k, g, f, e, d, c, b, a) = (g, f, e, d.wrapping_add(t1), c, b, a, t1.wrapping_add(t2));
    }
    for (h, new) in h.iter_mut().zip([a, b, c, d, e, f, g, k]) {
        *h = h.wrapping_add(new);
    }
}

fn digest(s: &[u8]) -> [u8; 32] {
    let mut h = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
    let (blocks, rest) = s.as_chunks::<64>();
    blocks.iter().for_each(|block| compress(&mut h, block));
    let mut last = rest.to_vec();
    last.push(0x80);
    while last.len() % 64 != 56 {
        last.push(0);
    }
    last.extend((s.len() as u64 * 8).to_be_bytes());
    last.as_chunks::<64>().0.iter().for_each(|block| compress(&mut h, block));
    let mut out = [0; 32];
    for (bytes, word) in out.chunks_exact_mut(4).zip(h) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    out
}

impl Sha256 {
    pub(super) fn new(f: &Fields<'_>) -> Result<Sha256, String> {
        Ok(Sha256 { payload: f.get("payload", "Bytes")? })
    }
}

impl Rules for Sha256 {
    fn hits(&self, r: RecordRef<'_>) -> u64 {
        u64::from(self.payload.bytes(r).is_some_and(|payload| digest(payload) == KNOWN))
    }
}

pub(super) struct Entropy {
    payload: Field,
}

fn entropy(s: &[u8]) -> f64 {
    let mut counts = [0i64; 256];
    for b in s {
        counts[usize::from(*b)] += 1;
    }
    let mut bits = 0.0;
    for n in counts {
        if n > 0 {
            let share = n as f64 / s.len() as f64;
            bits -= share * share.log2();
        }
    }
    bits
}

impl Entropy {
    pub(super) fn new(f: &Fields<'_>) -> Result<Entropy, String> {
        Ok(Entropy { payload: f.get("payload", "Bytes")? })
    }
}

impl Rules for Entropy {
    fn hits(&self, r: RecordRef<'_>) -> u64 {
        let Some(payload) = self.payload.bytes(r) else { return 0 };
        // As the rules are written: each computes it, the second twice where the first half holds.
        let random = entropy(payload) > 7.7;
        let text = std::hint::black_box(entropy)(payload) > 5.0 && std::hint::black_box(entropy)(payload) < 6.0;
        u64::from(random) | u64::from(text) << 1
    }
}

pub(super) struct Checksum8 {
    payload: Field,
}

impl Checksum8 {
    pub(super) fn new(f: &Fields<'_>) -> Result<Checksum8, String> {
        Ok(Checksum8 { payload: f.get("payload", "Bytes")? })
    }
}

impl Rules for Checksum8 {
    fn hits(&self, r: RecordRef<'_>) -> u64 {
        let rest = self.payload.bytes(r).map(|s| s.get(1..).unwrap_or_default());
        let sum = rest.map(|s| s.iter().map(|b| i64::from(*b)).sum::<i64>() % 256);
        u64::from(matches!(sum, Some(92 | 93)))
    }
}

pub(super) struct Sieve {
    n: Field,
    known: Vec<(i64, i64)>,
}

fn primes(most: i64) -> i64 {
    let most = usize::try_from(most).unwrap_or(0);
    let mut composite = vec![false; most + 1];
    let mut count = 0;
    for i in 2..=most {
        if !composite[i] {
            count += 1;
            let mut at = i * i;
            while at <= most {
                composite[at] = true;
                at += i;
            }
        }
    }
    count
}

impl Sieve {
    pub(super) fn new(f: &Fields<'_>, program: &Program) -> Result<Sieve, String> {
        Ok(Sieve { n: f.get("n", "Int")?, known: numbers(program)? })
    }
}

impl Rules for Sieve {
    fn hits(&self, r: RecordRef<'_>) -> u64 {
        u64::from(self.n.int(r).is_some_and(|n| holds(&self.known, primes(n))))
    }
}

pub(super) struct Levenshtein {
    text: Field,
    other: Field,
    known: Vec<(i64, i64)>,
}

fn distance(a: &[u8], b: &[u8]) -> i64 {
    let mut row: Vec<i64> = (0..=b.len() as i64).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i as i64 + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = corner + i64::from(x != y);
            corner = row[j + 1];
            row[j + 1] = (row[j + 1] + 1).min(row[j] + 1).min(cost);
        }
    }
    row[b.len()]
}

impl Levenshtein {
    pub(super) fn new(f: &Fields<'_>, program: &Program) -> Result<Levenshtein, String> {
        Ok(Levenshtein { text: f.get("text", "Bytes")?, other: f.get("other", "Bytes")?, known: numbers(program)? })
    }
}

impl Rules for Levenshtein {
    fn hits(&self, r: RecordRef<'_>) -> u64 {
        let (Some(text), Some(other)) = (self.text.bytes(r), self.other.bytes(r)) else { return 0 };
        // As the rules are written: each computes it.
        let alike = distance(text, other) <= 2;
        let known = holds(&self.known, std::hint::black_box(distance)(text, other));
        u64::from(alike) | u64::from(known) << 1
    }
}

pub(super) struct NBody {
    n: Field,
    start: [[f64; 5]; 7],
}

fn energy([x, y, z, vx, vy, vz, mass]: &[[f64; 5]; 7]) -> f64 {
    let mut e = 0.0;
    for i in 0..5 {
        e += 0.5 * mass[i] * (vx[i] * vx[i] + vy[i] * vy[i] + vz[i] * vz[i]);
        for j in i + 1..5 {
            let (dx, dy, dz) = (x[i] - x[j], y[i] - y[j], z[i] - z[j]);
            e -= mass[i] * mass[j] / (dx * dx + dy * dy + dz * dz).sqrt();
        }
    }
    e
}

fn after(steps: i64, start: &[[f64; 5]; 7]) -> f64 {
    let mut bodies = *start;
    for _ in 0..steps {
        let [x, y, z, vx, vy, vz, mass] = &mut bodies;
        for i in 0..5 {
            for j in i + 1..5 {
                let (dx, dy, dz) = (x[i] - x[j], y[i] - y[j], z[i] - z[j]);
                let square = dx * dx + dy * dy + dz * dz;
                let pull = 0.01 / (square * square.sqrt());
                vx[i] -= dx * mass[j] * pull;
                vy[i] -= dy * mass[j] * pull;
                vz[i] -= dz * mass[j] * pull;
                vx[j] += dx * mass[i] * pull;
                vy[j] += dy * mass[i] * pull;
                vz[j] += dz * mass[i] * pull;
            }
        }
        for i in 0..5 {
            x[i] += 0.01 * vx[i];
            y[i] += 0.01 * vy[i];
            z[i] += 0.01 * vz[i];
        }
    }
    energy(&bodies)
}

impl NBody {
    pub(super) fn new(f: &Fields<'_>, program: &Program) -> Result<NBody, String> {
        use quintet_lang::ast::Const;
        let column = |name: &str| -> Result<[f64; 5], String> {
            let table = program.tables.iter().find(|t| t.name == name).ok_or_else(|| format!("there is no constant {name}"))?;
            let items: Vec<f64> = table.items.iter().filter_map(|c| if let Const::Float(f) = c { Some(*f) } else { None }).collect();
            items.try_into().map_err(|_| format!("{name} is not of five bodies"))
        };
        let start = [column("X")?, column("Y")?, column("Z")?, column("VX")?, column("VY")?, column("VZ")?, column("MASS")?];
        Ok(NBody { n: f.get("n", "Int")?, start })
    }
}

impl Rules for NBody {
    fn hits(&self, r: RecordRef<'_>) -> u64 {
        let known = |n: i64| n == 1000 && (after(n, &self.start) * 1_000_000_000.0 + 0.5).floor() == -169_087_605.0;
        u64::from(self.n.int(r).is_some_and(known))
    }
}
