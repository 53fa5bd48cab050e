//! Elements of arrays of scripts: where they are, and how they lie there.

use quintet_lang::Type;
use quintet_lang::ast::{Const, Expr, ExprKind, Place};
use quintet_runtime::Trap;
use wasm_encoder::ValType::{I32, I64};

use crate::array::{List, start, stride};
use crate::body::{Label, at};
use crate::generator::{Generator, Words};

impl Generator<'_> {
    /// Pushes the value of an element; nil for a nil index.
    pub(crate) fn element(&mut self, array: Place, index: &Expr, nil: Label) {
        let mark = self.body.mark();
        let (list, element) = self.list(array);
        let offset = if let Some(known) = known_index(list, index) {
            self.push_base(list);
            known * stride(element)
        } else {
            self.value(index, nil);
            let inside = self.is_inside(list, index);
            let index = self.body.pop(I64);
            self.checked_address(list, element, index, inside);
            0
        };
        self.load_element(element, offset + start(list));
        self.body.release(mark);
    }

    /// Pushes an address from which the element whose index is in a local is [`start`] bytes away. An index outside is a trap;
    /// there is none where it is known to be inside.
    fn checked_address(&mut self, list: List, element: &Type, index: u32, inside: bool) {
        if inside {
            self.push_base(list);
            self.body.i().local_get(index).i32_wrap_i64();
            self.scale(element);
            self.body.i().i32_add();
            return;
        }
        self.body.i().local_get(index);
        if let List::Fixed { len, .. } | List::Table { len, .. } = list {
            self.body.i().i64_const(len.into());
        } else {
            self.push_len(list);
            self.body.i().i64_extend_i32_u();
        }
        self.body.i().i64_ge_u();
        self.trap_if(Trap::Index);
        self.push_base(list);
        self.body.i().local_get(index).i32_wrap_i64();
        self.scale(element);
        self.body.i().i32_add();
    }

    /// Pushes an address from which the element, which there is, is [`start`] bytes away; its index is an i32 in a local.
    pub(crate) fn element_address(&mut self, list: List, element: &Type, index: u32) {
        self.push_base(list);
        self.body.i().local_get(index);
        self.scale(element);
        self.body.i().i32_add();
    }

    /// Makes the number of elements on the stack one of bytes.
    pub(crate) fn scale(&mut self, element: &Type) {
        match stride(element) {
            1 => {}
            stride if stride.is_power_of_two() => {
                self.body.i().i32_const(stride.trailing_zeros() as i32).i32_shl();
            }
            stride => {
                self.body.i().i32_const(stride as i32).i32_mul();
            }
        }
    }

    /// Pushes the element so many bytes after the popped address.
    pub(crate) fn load_element(&mut self, element: &Type, offset: u32) {
        match element {
            Type::Bool => {
                self.body.i().i32_load8_u(at(offset));
            }
            Type::U32 => {
                self.body.i().i32_load(at(offset));
            }
            Type::Int => {
                self.body.i().i64_load(at(offset));
            }
            Type::Float => {
                self.body.i().f64_load(at(offset));
            }
            Type::Bytes => {
                let mark = self.body.mark();
                let address = self.body.tee(I32);
                self.body.i().i32_load(at(offset)).local_get(address).i32_load(at(offset + 4));
                self.body.release(mark);
            }
            Type::Ip => {
                let mark = self.body.mark();
                let address = self.body.tee(I32);
                self.body.i().i64_load(at(offset)).local_get(address).i64_load(at(offset + 8));
                self.body.i().local_get(address).i64_load(at(offset + 16));
                self.body.release(mark);
            }
            Type::Array(_) | Type::Map(_) | Type::List(..) => {
                self.body.i().drop();
            }
        }
    }

    /// Stores the value in locals so many bytes after the popped address.
    pub(crate) fn store_element(&mut self, element: &Type, value: Words, offset: u32) {
        let [a, b, c] = value;
        match element {
            Type::Bool => {
                self.body.i().local_get(a).i32_store8(at(offset));
            }
            Type::U32 => {
                self.body.i().local_get(a).i32_store(at(offset));
            }
            Type::Int => {
                self.body.i().local_get(a).i64_store(at(offset));
            }
            Type::Float => {
                self.body.i().local_get(a).f64_store(at(offset));
            }
            Type::Bytes | Type::Ip => {
                let mark = self.body.mark();
                let address = self.body.pop(I32);
                let mut i = self.body.i();
                i.local_get(address);
                if *element == Type::Bytes {
                    i.local_get(a).i32_store(at(offset)).local_get(address).local_get(b).i32_store(at(offset + 4));
                } else {
                    i.local_get(a).i64_store(at(offset)).local_get(address).local_get(b).i64_store(at(offset + 8));
                    i.local_get(address).local_get(c).i64_store(at(offset + 16));
                }
                self.body.release(mark);
            }
            Type::Array(_) | Type::Map(_) | Type::List(..) => {
                self.body.i().drop();
            }
        }
    }

    /// Pops a value into new locals, where nil is a trap.
    pub(crate) fn needed(&mut self, expr: &Expr) -> Words {
        let nil = self.label(Trap::Nil);
        self.value(expr, nil);
        self.pop(&expr.ty)
    }

    /// Whether an index is that of an element in any case, where it is not nil.
    fn is_inside(&self, list: List, index: &Expr) -> bool {
        let (List::Fixed { len, .. } | List::Table { len, .. }) = list else { return false };
        self.script.bounds.is_inside(len, index)
    }

    pub(crate) fn store_at(&mut self, array: Place, index: &Expr, value: &Expr) {
        let (list, element) = self.list(array);
        if let Some(known) = known_index(list, index) {
            let value = self.needed(value);
            self.push_base(list);
            return self.store_element(element, value, known * stride(element) + start(list));
        }
        let inside = self.is_inside(list, index);
        let [place, ..] = self.needed(index);
        let value = self.needed(value);
        self.checked_address(list, element, place, inside);
        self.store_element(element, value, start(list));
    }
}

/// The index of an element that there is, where it is known.
fn known_index(list: List, index: &Expr) -> Option<u32> {
    let (List::Fixed { len, .. } | List::Table { len, .. }, ExprKind::Const(Const::Int(index))) = (list, &index.kind) else { return None };
    u32::try_from(*index).ok().filter(|index| *index < len)
}
