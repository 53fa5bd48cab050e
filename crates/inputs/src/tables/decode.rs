//! Records of rows.

use quintet_arrow::{Error, Filler, Unfit};
use quintet_lang::Scheme;
use quintet_runtime::{ArenaError, BatchBuilder, RecordError};

use super::{Rows, broken};
use crate::error::InputError;
use crate::stats::Stats;

/// Makes records of the rows of one table.
pub(crate) struct TableRows {
    scheme: Scheme,
    /// Made when the first rows say what the columns are.
    filler: Option<Filler>,
}

impl TableRows {
    pub(crate) fn new(scheme: &Scheme) -> TableRows {
        TableRows { scheme: scheme.clone(), filler: None }
    }

    /// Adds records of the next rows, and their numbers. False where the batch has no room for all, or has `most` bytes.
    pub(crate) fn fill(
        &mut self,
        rows: &mut Rows,
        builder: &mut BatchBuilder,
        (most, numbers): (usize, &mut Vec<u64>),
        stats: &mut Stats,
    ) -> Result<bool, InputError> {
        let filler = match &mut self.filler {
            Some(filler) => filler,
            none => none.insert(Filler::new(&self.scheme, &rows.batch.schema()).map_err(broken)?),
        };
        let mut part = usize::MAX;
        while rows.done < rows.batch.num_rows() {
            let count = (rows.batch.num_rows() - rows.done).min(builder.room()).min(part);
            if count == 0 || (!builder.is_empty() && builder.bytes() >= most) {
                return Ok(false);
            }
            let first = rows.first + rows.done as u64;
            let filled = match filler.add(&rows.batch.slice(rows.done, count), builder) {
                Err(Error::Record(RecordError::Arena(ArenaError::Full))) if count > 1 => {
                    part = count / 2;
                    continue;
                }
                Err(Error::Record(RecordError::Arena(ArenaError::Full))) if !builder.is_empty() => return Ok(false),
                Err(Error::Record(RecordError::Arena(ArenaError::Full))) => {
                    stats.malformed(first, "record too large", || "the row takes more than a batch holds".into());
                    rows.done += 1;
                    continue;
                }
                filled => filled.map_err(broken)?,
            };
            for Unfit { field, ty, count, first: row } in filled.unfit {
                let detail = || format!("`{field}` is not of type {ty}");
                stats.unfit_times(first + row as u64, &field, count as u64, detail);
            }
            for (row, field) in filled.lacking {
                stats.malformed(first + row as u64, "missing mandatory field", || format!("there is no `{field}`"));
            }
            let before = numbers.len();
            match filled.rows {
                None => numbers.extend(first..first + count as u64),
                Some(kept) => numbers.extend(kept.into_iter().map(|row| first + row as u64)),
            }
            stats.records += (numbers.len() - before) as u64;
            rows.done += count;
        }
        Ok(true)
    }
}
