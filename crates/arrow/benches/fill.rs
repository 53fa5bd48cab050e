//! What it costs to make records of columns, beside setting each field of each record.
//!
//! `cargo bench --workspace --bench fill` prints the median of interleaved rounds, in ns a row.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use quintet_arrow::array::*;
use quintet_arrow::schema::{Field, Schema};
use quintet_arrow::{BATCH_ROWS, Filler};
use quintet_lang::{FieldId, Scheme, Type};
use quintet_runtime::{ArenaKind, Batch, BatchBuilder};

const ROUNDS: usize = 301;

/// Columns of a name and type each.
type Columns = Vec<(&'static str, Type, ArrayRef)>;

fn columns() -> Vec<(&'static str, Columns)> {
    let rows = BATCH_ROWS as i64;
    let ints = |k: i64| Arc::new(Int64Array::from_iter_values((0..rows).map(|i| i.wrapping_mul(k) % 65536))) as ArrayRef;
    let hosts: Vec<String> = (0..rows).map(|i| format!("{}.host.example.org", i % 997)).collect();
    let text = || Arc::new(hosts.iter().map(|h| Some(h.as_str())).collect::<StringArray>()) as ArrayRef;
    let views = || Arc::new(hosts.iter().map(|h| Some(h.as_str())).collect::<StringViewArray>()) as ArrayRef;
    let ips = || Arc::new(FixedSizeBinaryArray::try_from_iter((0..rows).map(|i| (i as u32 * 7919).to_be_bytes())).unwrap()) as ArrayRef;
    vec![
        ("one column: Int", vec![("a", Type::Int, ints(7))]),
        ("three columns: Int, Int, Int", vec![("a", Type::Int, ints(7)), ("b", Type::Int, ints(11)), ("c", Type::Int, ints(13))]),
        ("three columns: Int, Bytes, Ip", vec![("a", Type::Int, ints(7)), ("b", Type::Bytes, text()), ("c", Type::Ip, ips())]),
        ("three columns: Int, Bytes of views, Ip", vec![("a", Type::Int, ints(7)), ("b", Type::Bytes, views()), ("c", Type::Ip, ips())]),
    ]
}

/// The same records, field by field.
fn by_hand(columns: &Columns, scheme: &Scheme, reuse: Option<Batch>) -> Batch {
    let mut builder = match reuse {
        Some(batch) => BatchBuilder::reuse(batch).unwrap(),
        None => BatchBuilder::new(scheme, BATCH_ROWS, ArenaKind::Shared).unwrap(),
    };
    for row in 0..BATCH_ROWS {
        let mut record = builder.record();
        for (i, (_, ty, array)) in columns.iter().enumerate() {
            let field = FieldId(i as u32);
            let array: &dyn Array = &**array;
            match ty {
                Type::Int => record.int(field, array.as_any().downcast_ref::<Int64Array>().unwrap().value(row)),
                Type::Bytes => match array.as_any().downcast_ref::<StringArray>() {
                    Some(text) => record.bytes(field, text.value(row).as_bytes()),
                    None => record.bytes(field, array.as_any().downcast_ref::<StringViewArray>().unwrap().value(row).as_bytes()),
                },
                _ => {
                    let octets: [u8; 4] = array.as_any().downcast_ref::<FixedSizeBinaryArray>().unwrap().value(row).try_into().unwrap();
                    record.ip(field, octets.into());
                }
            }
        }
        record.finish().unwrap();
    }
    builder.build()
}

fn main() {
    for (name, columns) in columns() {
        let scheme = columns.iter().fold(Scheme::builder(), |s, (name, ty, _)| s.optional(name, ty.clone())).build().unwrap();
        let fields: Vec<Field> = columns.iter().map(|(name, _, array)| Field::new(*name, array.data_type().clone(), true)).collect();
        let rows = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.iter().map(|c| c.2.clone()).collect()).unwrap();
        let filler = Filler::new(&scheme, &rows.schema()).unwrap();
        let (mut filled, mut set) = (Some(filler.fill(&rows, None).unwrap().0), Some(by_hand(&columns, &scheme, None)));
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            filled = Some(black_box(filler.fill(black_box(&rows), filled.take()).unwrap().0));
            times[0].push(begun.elapsed());
            let begun = Instant::now();
            set = Some(black_box(by_hand(black_box(&columns), &scheme, set.take())));
            times[1].push(begun.elapsed());
        }
        let [columns, records] = times.map(|mut times| {
            times.sort_unstable();
            times[ROUNDS / 2].as_secs_f64() * 1e9 / BATCH_ROWS as f64
        });
        println!("{name:40} {columns:6.2} ns a row by columns, {records:6.2} record by record");
    }
}
