//! Where the column of a field is: fields' names join those of structs and their members with dots.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field, Fields};

/// The way to a column: its place among the columns, then the places of members of structs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path(Vec<usize>);

/// The column of a field, if there is one: what has more of the name at once goes first.
pub(crate) fn find<'f>(fields: &'f Fields, name: &str) -> Option<(Path, &'f Field)> {
    let mut path = Vec::new();
    let field = search(fields, name, &mut path)?;
    Some((Path(path), field))
}

fn search<'f>(fields: &'f Fields, name: &str, path: &mut Vec<usize>) -> Option<&'f Field> {
    let is_struct = |field: &Field| matches!(field.data_type(), DataType::Struct(_));
    let named = |name: &str, wanted: bool| fields.iter().position(|field| field.name() == name && is_struct(field) == wanted);
    if let Some(at) = named(name, false) {
        path.push(at);
        return Some(&fields[at]);
    }
    for (dot, _) in name.rmatch_indices('.') {
        let Some(at) = named(&name[..dot], true) else { continue };
        let DataType::Struct(members) = fields[at].data_type() else { continue };
        path.push(at);
        if let Some(field) = search(members, &name[dot + 1..], path) {
            return Some(field);
        }
        path.pop();
    }
    None
}

impl Path {
    /// The column at its end, with what is null because a struct around it is.
    pub(crate) fn column(&self, rows: &RecordBatch) -> Option<(ArrayRef, Option<NullBuffer>)> {
        let (first, rest) = self.0.split_first()?;
        let mut array = rows.columns().get(*first)?.clone();
        let mut nulls = None;
        for at in rest {
            nulls = NullBuffer::union(nulls.as_ref(), array.nulls());
            let member = array.as_struct_opt()?.columns().get(*at)?.clone();
            array = member;
        }
        Some((array, nulls))
    }
}
