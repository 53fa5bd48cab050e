//! What the macros make use of: how values come and go.

use core::marker::PhantomData;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::cell::RefCell;

/// A value on its way: 1 where there is one and 0 for nil, and its words.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Cell {
    /// 0 for nil, else 1.
    pub present: u64,
    /// The words of the value: of Bool, Int and Float the value, of Bytes address and length, of Ip the family and the halves of the
    /// address, of an array the address of a block and `offset | length << 32` in it.
    pub words: [u64; 3],
}

/// The status of a call that answers nil.
pub const NIL: u32 = 0;
/// The status of a call that answers a value.
pub const VALUE: u32 = 1;

/// An argument of many calls: where its values lie, each as a record of a batch has it.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// What the offsets of texts and arrays, and those below, count from.
    pub base: u32,
    /// Bytes from there to the value of the first call.
    pub first: u32,
    /// Bytes from there to the word that says whether the first call has a value.
    pub present: u32,
    /// The bit of that word which does.
    pub bit: u32,
    /// Bytes from what is of one call to what is of the next.
    pub stride: u32,
    /// Nothing.
    pub unused: [u32; 3],
}

impl Column {
    /// The value of a call; none for nil.
    ///
    /// # Safety
    /// The column has values of the type, and there is such a call.
    #[inline(always)]
    unsafe fn value<'a, T: Slot<'a>>(&self, call: usize) -> Option<T> {
        let (base, step) = (self.base as usize as *const u8, call * self.stride as usize);
        // SAFETY: as the caller promises.
        unsafe {
            let present = word(base, self.present as usize + step) >> (self.bit & 63) & 1 != 0;
            present.then(|| T::read(base, self.first as usize + step))
        }
    }

    /// Whether 8 calls have values.
    ///
    /// # Safety
    /// There are such calls.
    #[inline(always)]
    unsafe fn eight(&self, from: usize) -> bool {
        let base = self.base as usize as *const u8;
        // SAFETY: as the caller promises.
        let words = (from..from + 8).map(|call| unsafe { word(base, self.present as usize + call * self.stride as usize) });
        words.fold(u64::MAX, |all, word| all & word) >> (self.bit & 63) & 1 != 0
    }
}

/// A parameter of many calls.
pub trait FromColumn<'a>: Sized {
    /// The argument of a call; none where it is nil and must not be.
    ///
    /// # Safety
    /// The column has values of the type, which stay as they are during `'a`, and there is such a call.
    unsafe fn from_column(column: &Column, call: usize) -> Option<Self>;

    /// Whether 8 calls have arguments that may be taken without a look.
    ///
    /// # Safety
    /// There are such calls.
    unsafe fn are_there(column: &Column, from: usize) -> bool;

    /// The argument of a call, which may be taken without a look.
    ///
    /// # Safety
    /// As [`FromColumn::from_column`], and [`FromColumn::are_there`] has said so.
    unsafe fn known(column: &Column, call: usize) -> Self;
}

impl<'a, T: Slot<'a>> FromColumn<'a> for T {
    #[inline(always)]
    unsafe fn from_column(column: &Column, call: usize) -> Option<T> {
        // SAFETY: as the caller promises.
        unsafe { column.value(call) }
    }

    #[inline(always)]
    unsafe fn are_there(column: &Column, from: usize) -> bool {
        // SAFETY: as the caller promises.
        unsafe { column.eight(from) }
    }

    #[inline(always)]
    unsafe fn known(column: &Column, call: usize) -> T {
        let base = column.base as usize as *const u8;
        // SAFETY: as the caller promises.
        unsafe { T::read(base, column.first as usize + call * column.stride as usize) }
    }
}

impl<'a, T: Slot<'a>> FromColumn<'a> for Option<T> {
    #[inline(always)]
    unsafe fn from_column(column: &Column, call: usize) -> Option<Option<T>> {
        // SAFETY: as the caller promises.
        Some(unsafe { column.value(call) })
    }

    #[inline(always)]
    unsafe fn are_there(_: &Column, _: usize) -> bool {
        true
    }

    #[inline(always)]
    unsafe fn known(column: &Column, call: usize) -> Option<T> {
        // SAFETY: as the caller promises.
        unsafe { column.value(call) }
    }
}

/// A result of many calls.
pub trait IntoColumn: Sized {
    /// Writes it, and whether there is one, as that of a call.
    ///
    /// # Safety
    /// There is room for the results of such a call.
    unsafe fn into_column(self, values: *mut u64, present: *mut u8, call: usize);
}

/// Writes the words of a result.
///
/// # Safety
/// As [`IntoColumn::into_column`].
#[inline(always)]
unsafe fn result<const N: usize>(words: [u64; N], values: *mut u64, present: *mut u8, call: usize) {
    // SAFETY: as the caller promises.
    unsafe {
        values.cast::<[u64; N]>().add(call).write(words);
        present.add(call).write(1);
    }
}

impl IntoColumn for i64 {
    #[inline(always)]
    unsafe fn into_column(self, values: *mut u64, present: *mut u8, call: usize) {
        // SAFETY: as the caller promises.
        unsafe { result([self as u64], values, present, call) }
    }
}

impl IntoColumn for f64 {
    #[inline(always)]
    unsafe fn into_column(self, values: *mut u64, present: *mut u8, call: usize) {
        // SAFETY: as the caller promises.
        unsafe { result([self.to_bits()], values, present, call) }
    }
}

impl IntoColumn for bool {
    #[inline(always)]
    unsafe fn into_column(self, values: *mut u64, present: *mut u8, call: usize) {
        // SAFETY: as the caller promises.
        unsafe { result([self.into()], values, present, call) }
    }
}

impl IntoColumn for IpAddr {
    #[inline(always)]
    unsafe fn into_column(self, values: *mut u64, present: *mut u8, call: usize) {
        // SAFETY: as the caller promises.
        unsafe { result(ip(self), values, present, call) }
    }
}

impl<T: IntoColumn> IntoColumn for Option<T> {
    #[inline(always)]
    unsafe fn into_column(self, values: *mut u64, present: *mut u8, call: usize) {
        match self {
            // SAFETY: as the caller promises.
            Some(value) => unsafe { value.into_column(values, present, call) },
            // SAFETY: as the caller promises.
            None => unsafe { present.add(call).write(0) },
        }
    }
}

/// What calls something: cells of arguments, and those of answers. Answers whether there is a value.
pub type Call = unsafe fn(*const Cell, *mut Cell) -> u32;

/// One function, parser or formatter.
pub struct Item {
    /// The line of the declaration.
    pub declaration: &'static str,
    /// Its name.
    pub name: &'static str,
    call: Call,
}

impl Item {
    /// What a macro has made.
    ///
    /// # Safety
    /// The function takes the arguments and fills the answers that the declaration says, in the form of cells, and what these refer to stays as it
    /// is until the next call on the same thread.
    pub const unsafe fn new(declaration: &'static str, name: &'static str, call: Call) -> Item {
        Item { declaration, name, call }
    }

    /// What calls it.
    pub const fn call(&self) -> Call {
        self.call
    }
}

/// All that a crate has.
pub struct Module {
    /// One after the other.
    pub items: &'static [Item],
}

/// A parameter.
pub trait FromCell<'a>: Sized {
    /// The value in a cell.
    ///
    /// # Safety
    /// The cell holds a value of the type, and what it refers to stays as it is during `'a`.
    unsafe fn from_cell(cell: &'a Cell) -> Self;
}

/// A result.
pub trait IntoCell {
    /// Whether it may refer to memory that is kept for it until the next call.
    const KEEPS: bool;

    /// Fills a cell.
    fn into_cell(self, cell: &mut Cell);
}

fn words(cell: &mut Cell, words: [u64; 3]) {
    *cell = Cell { present: 1, words };
}

impl FromCell<'_> for i64 {
    #[inline(always)]
    unsafe fn from_cell(cell: &Cell) -> i64 {
        cell.words[0] as i64
    }
}

impl FromCell<'_> for f64 {
    #[inline(always)]
    unsafe fn from_cell(cell: &Cell) -> f64 {
        f64::from_bits(cell.words[0])
    }
}

impl FromCell<'_> for bool {
    #[inline(always)]
    unsafe fn from_cell(cell: &Cell) -> bool {
        cell.words[0] != 0
    }
}

impl<'a> FromCell<'a> for &'a [u8] {
    #[inline(always)]
    unsafe fn from_cell(cell: &'a Cell) -> &'a [u8] {
        let [at, len, _] = cell.words;
        if len == 0 {
            return &[];
        }
        // SAFETY: the cell holds the address of so many bytes, as the caller promises.
        unsafe { core::slice::from_raw_parts(at as usize as *const u8, len as usize) }
    }
}

impl FromCell<'_> for IpAddr {
    unsafe fn from_cell(cell: &Cell) -> IpAddr {
        match cell.words {
            [4, _, low] => Ipv4Addr::from_bits(low as u32).into(),
            [_, high, low] => Ipv6Addr::from_bits(u128::from(high) << 64 | u128::from(low)).into(),
        }
    }
}

/// An array that is an argument.
#[derive(Clone, Copy)]
pub struct List<'a, T> {
    block: *const u8,
    offset: usize,
    len: usize,
    elements: PhantomData<&'a [T]>,
}

impl<'a, T: Slot<'a>> List<'a, T> {
    /// Elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The elements, in order.
    pub fn iter(&self) -> impl Iterator<Item = T> + use<'a, T> {
        let Self { block, offset, len, .. } = *self;
        // SAFETY: `from_cell` was promised a block with so many elements at the offset, which stays as it is during `'a`.
        (0..len).map(move |i| unsafe { T::read(block, offset + i * T::BYTES) })
    }
}

impl<'a, T: Slot<'a>> FromCell<'a> for List<'a, T> {
    unsafe fn from_cell(cell: &'a Cell) -> List<'a, T> {
        let [block, slot, _] = cell.words;
        let (offset, len) = (slot as u32 as usize, (slot >> 32) as usize);
        List { block: block as usize as *const u8, offset, len, elements: PhantomData }
    }
}

/// An element of an array that is an argument.
pub trait Slot<'a>: Sized {
    /// Bytes that it takes.
    const BYTES: usize;

    /// The element at an offset of a block.
    ///
    /// # Safety
    /// An element of the type is there, and stays as it is during `'a`.
    unsafe fn read(block: *const u8, at: usize) -> Self;
}

/// The word at an offset of a block.
///
/// # Safety
/// A word is there.
#[inline(always)]
unsafe fn word(block: *const u8, at: usize) -> u64 {
    // SAFETY: as the caller promises.
    unsafe { block.add(at).cast::<u64>().read_unaligned() }
}

impl Slot<'_> for i64 {
    const BYTES: usize = 8;

    #[inline(always)]
    unsafe fn read(block: *const u8, at: usize) -> i64 {
        // SAFETY: as the caller promises.
        unsafe { word(block, at) as i64 }
    }
}

impl Slot<'_> for f64 {
    const BYTES: usize = 8;

    #[inline(always)]
    unsafe fn read(block: *const u8, at: usize) -> f64 {
        // SAFETY: as the caller promises.
        f64::from_bits(unsafe { word(block, at) })
    }
}

impl Slot<'_> for bool {
    const BYTES: usize = 8;

    #[inline(always)]
    unsafe fn read(block: *const u8, at: usize) -> bool {
        // SAFETY: as the caller promises.
        unsafe { word(block, at) != 0 }
    }
}

impl Slot<'_> for IpAddr {
    const BYTES: usize = 24;

    unsafe fn read(block: *const u8, at: usize) -> IpAddr {
        // SAFETY: as the caller promises.
        let words = unsafe { [word(block, at), word(block, at + 8), word(block, at + 16)] };
        // SAFETY: any words are an address.
        unsafe { IpAddr::from_cell(&Cell { present: 1, words }) }
    }
}

impl<'a, T: Slot<'a>> Slot<'a> for List<'a, T> {
    const BYTES: usize = 8;

    #[inline(always)]
    unsafe fn read(block: *const u8, at: usize) -> List<'a, T> {
        // SAFETY: as the caller promises.
        let slot = unsafe { word(block, at) };
        List { block, offset: slot as u32 as usize, len: (slot >> 32) as usize, elements: PhantomData }
    }
}

impl<'a> Slot<'a> for &'a [u8] {
    const BYTES: usize = 8;

    #[inline(always)]
    unsafe fn read(block: *const u8, at: usize) -> &'a [u8] {
        // SAFETY: as the caller promises.
        let slot = unsafe { word(block, at) };
        // SAFETY: the word says where in the block the bytes are and how many.
        unsafe { core::slice::from_raw_parts(block.add(slot as u32 as usize), (slot >> 32) as usize) }
    }
}

impl<'a, T: FromCell<'a>> FromCell<'a> for Option<T> {
    #[inline(always)]
    unsafe fn from_cell(cell: &'a Cell) -> Option<T> {
        // SAFETY: as the caller promises.
        (cell.present != 0).then(|| unsafe { T::from_cell(cell) })
    }
}

impl IntoCell for i64 {
    const KEEPS: bool = false;

    #[inline(always)]
    fn into_cell(self, cell: &mut Cell) {
        words(cell, [self as u64, 0, 0]);
    }
}

impl IntoCell for f64 {
    const KEEPS: bool = false;

    #[inline(always)]
    fn into_cell(self, cell: &mut Cell) {
        words(cell, [self.to_bits(), 0, 0]);
    }
}

impl IntoCell for bool {
    const KEEPS: bool = false;

    #[inline(always)]
    fn into_cell(self, cell: &mut Cell) {
        words(cell, [self.into(), 0, 0]);
    }
}

impl IntoCell for IpAddr {
    const KEEPS: bool = false;

    fn into_cell(self, cell: &mut Cell) {
        words(cell, ip(self));
    }
}

impl IntoCell for &[u8] {
    const KEEPS: bool = false;

    #[inline(always)]
    fn into_cell(self, cell: &mut Cell) {
        words(cell, [self.as_ptr() as usize as u64, self.len() as u64, 0]);
    }
}

impl IntoCell for Vec<u8> {
    const KEEPS: bool = true;

    fn into_cell(self, cell: &mut Cell) {
        self.as_slice().into_cell(cell);
        keep(Kept::Bytes(self));
    }
}

impl<T: Element> IntoCell for Vec<T> {
    const KEEPS: bool = true;

    fn into_cell(self, cell: &mut Cell) {
        let mut block = Vec::new();
        let len = self.len();
        // Offsets are from the block's start, and slots come before what they refer to.
        let slots: usize = self.iter().map(|_| T::WORDS).sum();
        block.resize(slots, 0);
        for (i, item) in self.into_iter().enumerate() {
            item.put(&mut block, i * T::WORDS);
        }
        words(cell, [block.as_ptr() as usize as u64, (len as u64) << 32, 0]);
        keep(Kept::Words(block));
    }
}

impl<T: IntoCell> IntoCell for Option<T> {
    const KEEPS: bool = T::KEEPS;

    #[inline(always)]
    fn into_cell(self, cell: &mut Cell) {
        match self {
            Some(value) => value.into_cell(cell),
            None => *cell = Cell::default(),
        }
    }
}

/// An element of an array that is answered.
pub trait Element {
    /// Words that it takes.
    const WORDS: usize;

    /// Puts it into a block.
    fn put(self, block: &mut Vec<u64>, at: usize);
}

impl Element for i64 {
    const WORDS: usize = 1;

    fn put(self, block: &mut Vec<u64>, at: usize) {
        block[at] = self as u64;
    }
}

impl Element for f64 {
    const WORDS: usize = 1;

    fn put(self, block: &mut Vec<u64>, at: usize) {
        block[at] = self.to_bits();
    }
}

impl Element for bool {
    const WORDS: usize = 1;

    fn put(self, block: &mut Vec<u64>, at: usize) {
        block[at] = self.into();
    }
}

impl Element for IpAddr {
    const WORDS: usize = 3;

    fn put(self, block: &mut Vec<u64>, at: usize) {
        block[at..at + 3].copy_from_slice(&ip(self));
    }
}

impl Element for Vec<u8> {
    const WORDS: usize = 1;

    fn put(self, block: &mut Vec<u64>, at: usize) {
        block[at] = (block.len() as u64 * 8) | (self.len() as u64) << 32;
        for bytes in self.chunks(8) {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            block.push(u64::from_le_bytes(word));
        }
    }
}

fn ip(ip: IpAddr) -> [u64; 3] {
    match ip {
        IpAddr::V4(ip) => [4, 0, ip.to_bits().into()],
        IpAddr::V6(ip) => [6, (ip.to_bits() >> 64) as u64, ip.to_bits() as u64],
    }
}

/// What results refer to.
enum Kept {
    Bytes(#[expect(dead_code, reason = "the result has its address")] Vec<u8>),
    Words(#[expect(dead_code, reason = "the result has its address")] Vec<u64>),
}

thread_local! {
    static KEPT: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
}

fn keep(kept: Kept) {
    KEPT.with_borrow_mut(|all| all.push(kept));
}

/// Gives back what results of the call before refer to.
pub fn begin() {
    KEPT.with_borrow_mut(Vec::clear);
}

/// Fills the cell of a function's answer.
#[inline(always)]
pub fn answer<T: IntoCell>(result: T, out: &mut Cell) -> u32 {
    result.into_cell(out);
    if out.present == 0 { NIL } else { VALUE }
}

/// The fields that a parser sets.
pub trait Fields {
    /// Names and types, with commas between, as a declaration has them.
    const DECLARATION: &'static str;
    /// How many they are.
    const COUNT: usize;
    /// Whether any may refer to memory that is kept until the next call.
    const KEEPS: bool;

    /// Fills a cell for each.
    fn into_cells(self, cells: &mut [Cell]);
}

/// Fills the cells of a parser's answer; what it is not, are no fields.
pub fn fields<T: Fields>(result: Option<T>, out: &mut [Cell]) -> u32 {
    match result {
        Some(fields) => {
            fields.into_cells(out);
            VALUE
        }
        None => NIL,
    }
}

/// The length of texts one after the other.
pub const fn length(texts: &[&str]) -> usize {
    let (mut length, mut i) = (0, 0);
    while i < texts.len() {
        length += texts[i].len();
        i += 1;
    }
    length
}

/// Texts one after the other, of [`length`] bytes.
pub const fn join<const N: usize>(texts: &[&str]) -> [u8; N] {
    let (mut bytes, mut at, mut i) = ([0; N], 0, 0);
    while i < texts.len() {
        let (text, mut j) = (texts[i].as_bytes(), 0);
        while j < text.len() {
            bytes[at] = text[j];
            at += 1;
            j += 1;
        }
        i += 1;
    }
    bytes
}

/// Bytes of [`join`] as text.
pub const fn text(bytes: &[u8]) -> &str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("texts one after the other are a text"),
    }
}
