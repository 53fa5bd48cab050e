//! Putting code together: copies of stencils, the jumps and calls between them, and what a rule begins and ends with.
//!
//! What is written byte by byte here is what Cranelift cannot be asked for: code that runs from one stencil into the next.

use crate::stencil::make::Stencil;

/// A place in the code, known or not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label(u32);

/// Condition codes, as they stand in conditional jumps. The lowest bit negates.
pub(crate) mod condition {
    pub(crate) const EQUAL: u8 = 0x4;
    pub(crate) const NOT_EQUAL: u8 = 0x5;
    pub(crate) const ABOVE: u8 = 0x7;
    pub(crate) const NOT_NEGATIVE: u8 = 0x9;
    pub(crate) const NOT_LESS: u8 = 0xd;
}

/// No place.
const UNKNOWN: u32 = u32::MAX;

/// Code that grows at its end.
#[derive(Default)]
pub(crate) struct Asm {
    pub(crate) code: Vec<u8>,
    /// By label: its place.
    labels: Vec<u32>,
    /// Where distances to labels belong.
    open: Vec<(u32, Label)>,
    /// For texts: the addresses in the code, by their places, with their names.
    pub(crate) names: Option<Vec<(usize, String)>>,
}

/// A state of an [`Asm`] to go back to.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    code: usize,
    labels: usize,
    open: usize,
}

impl Asm {
    /// One that keeps the names of addresses.
    pub(crate) fn named() -> Asm {
        Asm { names: Some(Vec::new()), ..Asm::default() }
    }

    /// The same without what is in it.
    pub(crate) fn cleared(mut self) -> Asm {
        self.code.clear();
        self.labels.clear();
        self.open.clear();
        Asm { names: None, ..self }
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { code: self.code.len(), labels: self.labels.len(), open: self.open.len() }
    }

    /// Forgets what was written since a mark. Labels that were there before must not have been bound since.
    pub(crate) fn go_back(&mut self, mark: Mark) {
        self.code.truncate(mark.code);
        self.labels.truncate(mark.labels);
        self.open.truncate(mark.open);
        if let Some(names) = &mut self.names {
            names.retain(|(at, _)| *at < mark.code);
        }
    }

    pub(crate) fn label(&mut self) -> Label {
        self.labels.push(UNKNOWN);
        Label(self.labels.len() as u32 - 1)
    }

    /// Says that a label is here.
    pub(crate) fn bind(&mut self, label: Label) {
        self.labels[label.0 as usize] = self.code.len() as u32;
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.code.extend_from_slice(bytes);
    }

    pub(crate) fn half(&mut self, number: i32) {
        self.bytes(&number.to_le_bytes());
    }

    /// An address of this process, or in texts a zero with a name.
    pub(crate) fn address(&mut self, address: usize, name: impl FnOnce() -> String) {
        let address = match &mut self.names {
            Some(names) => {
                names.push((self.code.len(), name()));
                0
            }
            None => address as u64,
        };
        self.bytes(&address.to_le_bytes());
    }

    fn distance(&mut self, to: Label) {
        self.open.push((self.code.len() as u32, to));
        self.half(0);
    }

    pub(crate) fn jump(&mut self, to: Label) {
        self.bytes(&[0xe9]);
        self.distance(to);
    }

    pub(crate) fn jump_if(&mut self, condition: u8, to: Label) {
        self.bytes(&[0x0f, 0x80 | condition]);
        self.distance(to);
    }

    /// Goes to `yes` under a condition and to `no` else; `next` is where the code goes on.
    pub(crate) fn branch(&mut self, condition: u8, yes: Label, no: Label, next: Label) {
        if next == yes {
            self.jump_if(condition ^ 1, no);
        } else {
            self.jump_if(condition, yes);
            if next != no {
                self.jump(no);
            }
        }
    }

    /// Goes to a label, unless the code goes on there.
    pub(crate) fn go(&mut self, to: Label, next: Label) {
        if to != next {
            self.jump(to);
        }
    }

    /// A copy of a stencil with these constants in its holes.
    #[inline]
    pub(crate) fn copy(&mut self, stencil: &Stencil, constants: &[i64]) {
        let start = self.code.len();
        self.code.extend_from_slice(&stencil.code);
        self.code.truncate(start + stencil.len as usize);
        for ((at, bytes), constant) in stencil.holes.iter().zip(constants) {
            let at = start + *at as usize;
            match *bytes {
                4 => self.code[at..at + 4].copy_from_slice(&(*constant as i32).to_le_bytes()),
                1 => self.code[at] = *constant as u8,
                // No hole: the constant is in a register.
                _ => {}
            }
        }
    }

    /// Fills in all distances. Labels are gone then.
    pub(crate) fn resolve(&mut self) -> Result<(), String> {
        for (at, to) in self.open.drain(..) {
            let place = self.labels[to.0 as usize];
            if place == UNKNOWN {
                return Err("a jump to nowhere".into());
            }
            let distance = i64::from(place) - i64::from(at) - 4;
            let distance = i32::try_from(distance).map_err(|_| "code is too long for a jump")?;
            self.code[at as usize..at as usize + 4].copy_from_slice(&distance.to_le_bytes());
        }
        self.labels.clear();
        Ok(())
    }
}

/// What a rule begins and ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Bytes from one record to the next.
    pub(crate) stride: i32,
    /// Whether the code calls anything, so that the registers that calls change are kept in others.
    pub(crate) calls: bool,
    /// Bytes of the rule's own on the stack, a multiple of 16.
    pub(crate) bytes: i32,
}

/// `push` of rbp, rbx; of r12, r13, r14 besides.
const KEEP: [u8; 2] = [0x55, 0x53];
const KEEP_MORE: [u8; 6] = [0x41, 0x54, 0x41, 0x55, 0x41, 0x56];
const GIVE_MORE: [u8; 6] = [0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c];
/// `pop` of rbx, rbp, and `ret`.
const GIVE: [u8; 3] = [0x5b, 0x5d, 0xc3];

impl Frame {
    /// Most bytes of [`Frame::begin`].
    pub(crate) const MOST: usize = 64;

    /// Takes what a function of a rule is handed, see [`RuleFn`](crate::instance::RuleFn): how many records there are goes to
    /// rbp, and rbx has no answers yet. Answers the code and its length.
    pub(crate) fn begin(&self) -> ([u8; Frame::MOST], usize) {
        let (mut code, mut len) = ([0; Frame::MOST], 0);
        let mut add = |bytes: &[u8]| {
            code[len..len + bytes.len()].copy_from_slice(bytes);
            len += bytes.len();
        };
        add(&KEEP);
        if self.calls {
            add(&KEEP_MORE);
        }
        // xor ebx, ebx; mov rbp, rcx
        add(&[0x31, 0xdb, 0x48, 0x89, 0xcd]);
        if self.calls {
            // sub rsp, bytes: five registers and the address to go back to are a multiple of 16.
            add(&[0x48, 0x81, 0xec]);
            add(&self.bytes.to_le_bytes());
            // mov r12, rdi; mov r13, rsi; mov r14, rdx
            add(&[0x49, 0x89, 0xfc, 0x49, 0x89, 0xf5, 0x49, 0x89, 0xd6]);
        }
        (code, len)
    }

    /// Goes on with the next record at `head`, and after the last answers what was found.
    pub(crate) fn end(&self, asm: &mut Asm, head: Label) {
        // ror rbx, 1
        asm.bytes(&[0x48, 0xd1, 0xcb]);
        if self.calls {
            // add r14, stride; mov rdx, r14
            asm.bytes(&[0x49, 0x81, 0xc6]);
            asm.half(self.stride);
            asm.bytes(&[0x4c, 0x89, 0xf2]);
        } else {
            // add rdx, stride
            asm.bytes(&[0x48, 0x81, 0xc2]);
            asm.half(self.stride);
        }
        // dec rbp
        asm.bytes(&[0x48, 0xff, 0xcd]);
        asm.jump_if(condition::NOT_EQUAL, head);
        // mov rax, rbx
        asm.bytes(&[0x48, 0x89, 0xd8]);
        if self.calls {
            // add rsp, bytes
            asm.bytes(&[0x48, 0x81, 0xc4]);
            asm.half(self.bytes);
            asm.bytes(&GIVE_MORE);
        }
        asm.bytes(&GIVE);
    }
}

/// Pieces between stencils.
impl Asm {
    /// Sets the record's bit in the answers.
    pub(crate) fn hit(&mut self) {
        // or rbx, 1
        self.bytes(&[0x48, 0x83, 0xcb, 0x01]);
    }

    /// Clears it.
    pub(crate) fn no_hit(&mut self) {
        // and rbx, -2
        self.bytes(&[0x48, 0x83, 0xe3, 0xfe]);
    }

    /// Sets `z`.
    pub(crate) fn set_z(&mut self, number: u64) {
        match u32::try_from(number) {
            // mov r9d, number
            Ok(number) => {
                self.bytes(&[0x41, 0xb9]);
                self.bytes(&number.to_le_bytes());
            }
            // mov r9, number
            Err(_) => {
                self.bytes(&[0x49, 0xb9]);
                self.bytes(&number.to_le_bytes());
            }
        }
    }

    /// Sets `x`.
    pub(crate) fn set_x(&mut self, number: u64) {
        // mov rcx, number
        self.bytes(&[0x48, 0xb9]);
        self.bytes(&number.to_le_bytes());
    }

    /// Sets `x` to the address of the last bytes, so many, of those from `x` on, `y` many.
    pub(crate) fn x_before_end(&mut self, bytes: i32) {
        // lea rcx, [rcx + r8 - bytes]
        self.bytes(&[0x4a, 0x8d, 0x8c, 0x01]);
        self.half(-bytes);
    }

    /// Sets `x` to an address.
    pub(crate) fn x_from_address(&mut self, address: usize, name: impl FnOnce() -> String) {
        // mov rcx, address
        self.bytes(&[0x48, 0xb9]);
        self.address(address, name);
    }

    /// Sets `z` to an address.
    pub(crate) fn z_from_address(&mut self, address: usize, name: impl FnOnce() -> String) {
        // mov r9, address
        self.bytes(&[0x49, 0xb9]);
        self.address(address, name);
    }

    /// Sets `y`.
    pub(crate) fn set_y(&mut self, number: u32) {
        // mov r8d, number
        self.bytes(&[0x41, 0xb8]);
        self.bytes(&number.to_le_bytes());
    }

    /// Sets `x` to `y`.
    pub(crate) fn x_from_y(&mut self) {
        // mov rcx, r8
        self.bytes(&[0x4c, 0x89, 0xc1]);
    }

    /// Calls a function and has the state, the arena and the record back in their registers.
    pub(crate) fn call(&mut self, function: usize, name: impl FnOnce() -> String) {
        // mov rax, function
        self.bytes(&[0x48, 0xb8]);
        self.address(function, name);
        // call rax; mov rdi, r12; mov rsi, r13; mov rdx, r14
        self.bytes(&[0xff, 0xd0, 0x4c, 0x89, 0xe7, 0x4c, 0x89, 0xee, 0x4c, 0x89, 0xf2]);
    }

    /// Hands `x`, `y` and `z` on as a helper's last arguments; its second is still to be set.
    pub(crate) fn hand_over(&mut self) {
        // mov rdx, rcx; mov rcx, r8; mov r8, r9
        self.bytes(&[0x48, 0x89, 0xca, 0x4c, 0x89, 0xc1, 0x4d, 0x89, 0xc8]);
    }

    /// Sets a call's second argument to an address.
    pub(crate) fn second(&mut self, address: usize, name: impl FnOnce() -> String) {
        // mov rsi, address
        self.bytes(&[0x48, 0xbe]);
        self.address(address, name);
    }

    /// Sets a call's second argument to a number.
    pub(crate) fn second_number(&mut self, number: u32) {
        // mov esi, number
        self.bytes(&[0xbe]);
        self.bytes(&number.to_le_bytes());
    }

    /// Hands the record and a trap's code on as the second and third argument.
    pub(crate) fn trapped(&mut self, code: u32) {
        // mov rsi, r14; mov edx, code
        self.bytes(&[0x4c, 0x89, 0xf6, 0xba]);
        self.bytes(&code.to_le_bytes());
    }

    /// Compares the answer of a call with a small number.
    pub(crate) fn compare_answer(&mut self, number: u8) {
        // cmp eax, number
        self.bytes(&[0x83, 0xf8, number]);
    }

    /// Starts to count the steps of a record: copies a word of the state to another.
    pub(crate) fn copy_word(&mut self, from: usize, to: usize) {
        // mov rax, [rdi + from]; mov [rdi + to], rax
        self.bytes(&[0x48, 0x8b, 0x87]);
        self.half(from as i32);
        self.bytes(&[0x48, 0x89, 0x87]);
        self.half(to as i32);
    }

    /// Compares half a word of the state with 0.
    pub(crate) fn compare_state(&mut self, at: usize) {
        // cmp dword ptr [rdi + at], 0
        self.bytes(&[0x83, 0xbf]);
        self.half(at as i32);
        self.bytes(&[0]);
    }

    /// A half word on the stack becomes 0.
    pub(crate) fn clear(&mut self, slot: i32) {
        // mov dword ptr [rsp + slot], 0
        self.bytes(&[0xc7, 0x84, 0x24]);
        self.half(slot);
        self.half(0);
    }

    /// It is turned over between 0 and 1.
    pub(crate) fn flip(&mut self, slot: i32) {
        // xor dword ptr [rsp + slot], 1
        self.bytes(&[0x83, 0xb4, 0x24]);
        self.half(slot);
        self.bytes(&[1]);
    }

    /// It is compared with 0.
    pub(crate) fn compare_slot(&mut self, slot: i32) {
        // cmp dword ptr [rsp + slot], 0
        self.bytes(&[0x83, 0xbc, 0x24]);
        self.half(slot);
        self.bytes(&[0]);
    }

    fn at_stack(&mut self, instruction: [u8; 4], at: i32) {
        self.bytes(&instruction);
        self.half(at);
    }

    /// Sets `x` to a word on the stack.
    pub(crate) fn load_x(&mut self, at: i32) {
        // mov rcx, [rsp + at]
        self.at_stack([0x48, 0x8b, 0x8c, 0x24], at);
    }

    /// Sets `y` to it.
    pub(crate) fn load_y(&mut self, at: i32) {
        // mov r8, [rsp + at]
        self.at_stack([0x4c, 0x8b, 0x84, 0x24], at);
    }

    /// Puts `x` on the stack.
    pub(crate) fn store_x(&mut self, at: i32) {
        // mov [rsp + at], rcx
        self.at_stack([0x48, 0x89, 0x8c, 0x24], at);
    }

    /// Puts `y` there.
    pub(crate) fn store_y(&mut self, at: i32) {
        // mov [rsp + at], r8
        self.at_stack([0x4c, 0x89, 0x84, 0x24], at);
    }

    /// Puts `z` there.
    pub(crate) fn store_z(&mut self, at: i32) {
        // mov [rsp + at], r9
        self.at_stack([0x4c, 0x89, 0x8c, 0x24], at);
    }

    /// Puts a number there.
    pub(crate) fn store_number(&mut self, at: i32, number: i32) {
        // mov qword ptr [rsp + at], number
        self.at_stack([0x48, 0xc7, 0x84, 0x24], at);
        self.half(number);
    }

    /// Puts an address there.
    pub(crate) fn store_address(&mut self, at: i32, address: usize, name: impl FnOnce() -> String) {
        // mov rax, address; mov [rsp + at], rax
        self.bytes(&[0x48, 0xb8]);
        self.address(address, name);
        self.at_stack([0x48, 0x89, 0x84, 0x24], at);
    }

    /// Adds a number to a word on the stack.
    pub(crate) fn add_to(&mut self, at: i32, number: i32) {
        // add qword ptr [rsp + at], number
        self.at_stack([0x48, 0x81, 0x84, 0x24], at);
        self.half(number);
    }

    /// Compares a word on the stack with 0.
    pub(crate) fn compare_word(&mut self, at: i32) {
        // cmp qword ptr [rsp + at], 0
        self.at_stack([0x48, 0x83, 0xbc, 0x24], at);
        self.bytes(&[0]);
    }

    /// Sets `z` to a word on the stack.
    pub(crate) fn load_z(&mut self, at: i32) {
        // mov r9, [rsp + at]
        self.at_stack([0x4c, 0x8b, 0x8c, 0x24], at);
    }

    /// Sets `z` to `x`.
    pub(crate) fn z_from_x(&mut self) {
        // mov r9, rcx
        self.bytes(&[0x49, 0x89, 0xc9]);
    }

    /// Sets `x` and `y` to 0.
    pub(crate) fn x_and_y_none(&mut self) {
        // xor ecx, ecx; xor r8d, r8d
        self.bytes(&[0x31, 0xc9, 0x45, 0x31, 0xc0]);
    }

    /// Hands an address on the stack on as the second argument.
    pub(crate) fn second_on_stack(&mut self, at: i32) {
        // lea rsi, [rsp + at]
        self.at_stack([0x48, 0x8d, 0xb4, 0x24], at);
    }

    /// Hands two addresses on the stack on as the third and fourth argument.
    pub(crate) fn stack_addresses(&mut self, third: i32, fourth: i32) {
        // lea rdx, [rsp + third]; lea rcx, [rsp + fourth]
        self.at_stack([0x48, 0x8d, 0x94, 0x24], third);
        self.at_stack([0x48, 0x8d, 0x8c, 0x24], fourth);
    }

    /// Sets `x` to the address of the first item and `y` to the number of items of an array whose cell is on the stack.
    pub(crate) fn items_in(&mut self, cell: i32) {
        // mov eax, [rsp + cell + 16]
        self.bytes(&[0x8b, 0x84, 0x24]);
        self.half(cell + 16);
        // mov r8d, [rsp + cell + 20]
        self.at_stack([0x44, 0x8b, 0x84, 0x24], cell + 20);
        self.load_x(cell + 8);
        // add rcx, rax
        self.bytes(&[0x48, 0x01, 0xc1]);
    }

    /// Sets `x` to the arena.
    pub(crate) fn x_from_arena(&mut self) {
        // mov rcx, rsi
        self.bytes(&[0x48, 0x89, 0xf1]);
    }

    /// Has the record's register hold an address so many bytes behind `x`.
    pub(crate) fn record_from_x(&mut self, bytes: i32) {
        // lea rdx, [rcx + bytes]
        self.bytes(&[0x48, 0x8d, 0x91]);
        self.half(bytes);
    }

    /// Has it hold what a call has answered.
    pub(crate) fn record_from_answer(&mut self) {
        // mov rdx, rax
        self.bytes(&[0x48, 0x89, 0xc2]);
    }

    /// Has it hold a word on the stack.
    pub(crate) fn record_from_stack(&mut self, at: i32) {
        // mov rdx, [rsp + at]
        self.at_stack([0x48, 0x8b, 0x94, 0x24], at);
    }

    /// Has it hold the record again.
    pub(crate) fn record_back(&mut self) {
        // mov rdx, r14
        self.bytes(&[0x4c, 0x89, 0xf2]);
    }

    /// Compares an address that a call has answered with none.
    pub(crate) fn compare_address(&mut self) {
        // test rax, rax
        self.bytes(&[0x48, 0x85, 0xc0]);
    }

    /// As [`Asm::trapped`], with the answer of a call and a number for the code.
    pub(crate) fn trapped_with_answer(&mut self, more: i32) {
        // mov rsi, r14; lea edx, [rax + more]
        self.bytes(&[0x4c, 0x89, 0xf6, 0x8d, 0x90]);
        self.half(more);
    }

    /// Lowers half a word of the state by one.
    pub(crate) fn count_down(&mut self, at: usize) {
        // sub dword ptr [rdi + at], 1
        self.bytes(&[0x83, 0xaf]);
        self.half(at as i32);
        self.bytes(&[1]);
    }
}
