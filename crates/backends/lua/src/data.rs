//! What stands beside the generated code: constants, cells, and the addresses of prepared literals.

use std::collections::HashMap;
use std::net::IpAddr;

use quintet_lang::Type;
use quintet_lang::ast::{Const, Table};
use quintet_runtime::ip_words;

use crate::array::stored_bytes;

/// Words of a [`Cell`](quintet_native::Cell).
pub(crate) const CELL: usize = 4;

/// Collects what a chunk refers to while it is generated.
#[derive(Default)]
pub(crate) struct Data {
    /// Whether lines say what they stand for.
    pub(crate) is_marked: bool,
    words: Vec<u64>,
    bytes: HashMap<Vec<u8>, usize>,
    ips: HashMap<IpAddr, usize>,
    tables: HashMap<usize, usize>,
    frame: Vec<u64>,
    /// Words of the frame that hold the address of a constant, with the constant's byte offset.
    relocations: Vec<(usize, usize)>,
    addresses: Vec<usize>,
    places: HashMap<usize, usize>,
    types: HashMap<Type, usize>,
    #[allow(clippy::vec_box)] // generated code holds the addresses of the boxes' contents
    kept: Vec<Box<Type>>,
}

/// The finished data. Addresses in it refer to its own boxes and to the linked program; the boxes are never written to.
pub(crate) struct Tables {
    constants: Box<[u64]>,
    frame: Box<[u64]>,
    addresses: Box<[usize]>,
    #[allow(clippy::vec_box)] // as above
    _types: Vec<Box<Type>>,
}

impl Data {
    /// For a chunk whose lines say what they stand for.
    pub(crate) fn marked() -> Data {
        Data { is_marked: true, ..Data::default() }
    }

    /// The byte offset of a constant among the constants.
    pub(crate) fn bytes(&mut self, value: &[u8]) -> usize {
        if let Some(at) = self.bytes.get(value) {
            return *at;
        }
        let at = self.words.len() * 8;
        self.words.extend(value.chunks(8).map(|chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(word)
        }));
        self.bytes.insert(value.to_vec(), at);
        at
    }

    /// The word of an address among the constants.
    pub(crate) fn ip(&mut self, value: IpAddr) -> usize {
        *self.ips.entry(value).or_insert_with(|| {
            let at = self.words.len();
            self.words.extend(ip_words(value));
            at
        })
    }

    /// The word of a constant array among the constants.
    pub(crate) fn table(&mut self, table: &Table, id: usize) -> usize {
        if let Some(word) = self.tables.get(&id) {
            return *word;
        }
        let word = self.elements(&table.element, &table.items);
        self.tables.insert(id, word);
        word
    }

    /// The word of values, laid out as the elements of arrays are. Bytes stand as numbers: the offset among the constants, and the length.
    pub(crate) fn elements(&mut self, element: &Type, items: &[Const]) -> usize {
        let mut bytes = Vec::with_capacity(items.len() * stored_bytes(element));
        for item in items {
            match item {
                Const::Bool(b) => bytes.push(u8::from(*b)),
                Const::Int(i) => bytes.extend(i.to_le_bytes()),
                Const::U32(u) => bytes.extend(u.to_le_bytes()),
                Const::Float(f) => bytes.extend(f.to_le_bytes()),
                Const::Bytes(text) => {
                    let at = self.bytes(text);
                    bytes.extend((at as f64).to_le_bytes());
                    bytes.extend((text.len() as f64).to_le_bytes());
                }
                Const::Ip(ip) => ip_words(*ip).iter().for_each(|word| bytes.extend(word.to_le_bytes())),
            }
        }
        let at = self.words.len();
        self.words.extend(bytes.chunks(8).map(|chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(word)
        }));
        at
    }

    /// The words of new cells in the frame.
    pub(crate) fn cells(&mut self, count: usize) -> usize {
        let at = self.frame.len();
        self.frame.resize(at + count * CELL, 0);
        at
    }

    /// Puts a constant into a cell, once for all.
    pub(crate) fn fill(&mut self, cell: usize, value: &Const) {
        let words = match value {
            Const::Bool(b) => [u64::from(*b), 0, 0],
            Const::Int(i) => [*i as u64, 0, 0],
            Const::U32(u) => [u64::from(*u), 0, 0],
            Const::Float(f) => [f.to_bits(), 0, 0],
            Const::Bytes(b) => {
                let at = self.bytes(b);
                self.relocations.push((cell + 1, at));
                [0, b.len() as u64, 0]
            }
            Const::Ip(ip) => ip_words(*ip),
        };
        self.mark(cell);
        self.frame[cell + 1..cell + CELL].copy_from_slice(&words);
    }

    /// Marks a cell as holding a value, once for all.
    pub(crate) fn mark(&mut self, cell: usize) {
        self.frame[cell] = 1;
    }

    /// The place of an address in the table `X`, counted from 1.
    pub(crate) fn address<T>(&mut self, of: &T) -> usize {
        let address = &raw const *of as usize;
        *self.places.entry(address).or_insert_with(|| {
            self.addresses.push(address);
            self.addresses.len()
        })
    }

    /// The place of a type's address in the table `X`.
    pub(crate) fn ty(&mut self, ty: &Type) -> usize {
        if let Some(place) = self.types.get(ty) {
            return *place;
        }
        let kept = Box::new(ty.clone());
        let place = self.address(&*kept);
        self.kept.push(kept);
        self.types.insert(ty.clone(), place);
        place
    }

    pub(crate) fn finish(self) -> Tables {
        let constants: Box<[u64]> = self.words.into();
        let mut frame: Box<[u64]> = self.frame.into();
        for (at, offset) in self.relocations {
            frame[at] = (constants.as_ptr() as usize + offset) as u64;
        }
        Tables { constants, frame, addresses: self.addresses.into(), _types: self.kept }
    }
}

impl Tables {
    /// The address of the constants.
    pub(crate) fn constants(&self) -> usize {
        self.constants.as_ptr() as usize
    }

    /// The cells as they are before anything has run; each instance has a copy.
    pub(crate) fn frame(&self) -> &[u64] {
        &self.frame
    }

    /// The addresses that the table `X` holds.
    pub(crate) fn addresses(&self) -> &[usize] {
        &self.addresses
    }

    pub(crate) fn size(&self) -> usize {
        self.constants.len() * 8 + self.frame.len() * 8 + self.addresses.len() * 8
    }
}
