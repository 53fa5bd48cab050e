//! Where values are: in slots of the record, of elements of its arrays and of values of its maps.

use quintet_lang::ast::{Const, Expr, ExprKind, LocalId};
use quintet_lang::{Presence, Type};

use crate::stencil::asm::{Label, condition};
use crate::stencil::each::Bound;
use crate::stencil::helpers;
use crate::stencil::rule::{Known, Rules};
use crate::stencil::shapes::Shape;
use crate::value::stride;

/// A slot with a value that is not nil.
pub(crate) struct Slot<'p> {
    /// Bytes from the address in the record's register.
    pub(crate) at: i64,
    pub(crate) ty: &'p Type,
    /// Whether that register holds another address than the record's, which [`Rules::back`] must put back before it is used again.
    pub(crate) moved: bool,
}

impl<'p> Rules<'p> {
    /// The slot of a field, of an element of an array at a constant index, of a map's value at a constant key, or of a loop's local. Goes to
    /// `nil`, with the record in its register, where there is none.
    pub(crate) fn slot(&mut self, expr: &'p Expr, nil: Label) -> Known<Slot<'p>> {
        match &expr.kind {
            ExprKind::Field(id) => {
                let (field, slot) = (self.linked.scheme().field(*id), self.linked.layout().slot(*id));
                if field.presence == Presence::Optional {
                    let bit = slot.presence_bit;
                    let at = slot.presence_offset + bit as usize / 8;
                    self.require(Shape::Has, &[at as i64, 1 << (bit % 8)], nil);
                }
                Some(Slot { at: slot.offset as i64, ty: &field.ty, moved: false })
            }
            ExprKind::Index { base, index } => {
                let ExprKind::Const(Const::Int(index @ 0..=0xffff)) = index.kind else { return None };
                let array = self.slot(base, nil)?;
                let Type::Array(element) = array.ty else { return None };
                // The length is more than the index: without the lengths that are not, it is one of those that are left.
                let (without, left) = (-(index + 1), i64::from(u32::MAX) - (index + 1));
                let inside = self.asm.label();
                self.go_if(Shape::HalfWithin, &[array.at + 4, without, i64::from(left as u32 as i32)], inside);
                self.back(&array);
                self.asm.jump(nil);
                self.asm.bind(inside);
                self.put(Shape::Start, &[array.at]);
                self.calls = true;
                self.asm.record_from_x(i32::try_from(index * stride(element)).ok()?);
                Some(Slot { at: 0, ty: element, moved: true })
            }
            ExprKind::Key { base, key } => {
                let ExprKind::Const(Const::Bytes(key)) = &key.kind else { return None };
                let map = self.slot(base, nil)?;
                let Type::Map(value) = map.ty else { return None };
                self.put(Shape::LoadY, &[map.at]);
                self.back(&map);
                self.asm.x_from_arena();
                let entry = u64::try_from(8 + stride(value)).ok()?;
                self.asm.set_z(u64::from(u32::try_from(key.len()).ok()?) << 32 | entry);
                self.asm.hand_over();
                self.asm.second(key.as_ptr() as usize, || format!("the key {:?}", String::from_utf8_lossy(key)));
                self.call(helpers::key as *const () as usize, "key");
                self.asm.compare_address();
                self.asm.jump_if(condition::EQUAL, nil);
                self.asm.record_from_answer();
                Some(Slot { at: 0, ty: value, moved: true })
            }
            ExprKind::Local(local) => {
                let Bound::Element { place, skip, ty } = self.bound(*local)? else { return None };
                self.calls = true;
                self.asm.record_from_stack(place);
                Some(Slot { at: skip, ty, moved: true })
            }
            _ => None,
        }
    }

    /// What a loop's local stands for.
    pub(crate) fn bound(&self, local: LocalId) -> Known<Bound<'p>> {
        self.locals.iter().find(|(bound, _)| *bound == local).map(|(_, bound)| *bound)
    }

    /// Puts the record back into its register.
    pub(crate) fn back(&mut self, slot: &Slot<'p>) {
        if slot.moved {
            self.asm.record_back();
        }
    }
}
