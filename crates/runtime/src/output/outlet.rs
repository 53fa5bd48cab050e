//! An output of a program, and the lines of it that are not handed over yet.

use quintet_lang::state::{Format, KeyPart, Output, Piece};
use serde_json::Value as Json;

use super::eve::{self, Event};
use super::sink::{Sink, SinkError};
use super::text;
use crate::linked::Linked;
use crate::owned::OwnedValue;
use crate::state::StatePlan;

/// An output, and where its lines go.
pub(crate) struct Outlet {
    output: Output,
    /// Its place among the steps.
    place: usize,
    /// What an alert says of its rule.
    known: Vec<(&'static str, Json)>,
    sink: Option<Box<dyn Sink>>,
    pending: Vec<u8>,
    pending_lines: u64,
    lines: u64,
    bytes: u64,
}

/// What a line is made of.
pub(crate) struct Line<'l> {
    pub(crate) values: &'l [Option<OwnedValue>],
    /// Microseconds since 1970.
    pub(crate) time: i64,
}

impl Outlet {
    /// The outputs of a program.
    pub(crate) fn all(linked: &Linked, plan: &StatePlan) -> Vec<Outlet> {
        let outputs = plan.outputs().map(|(place, rule, output)| {
            let alert = matches!(&output.format, Format::Eve { event, .. } if event == "alert");
            let known = if alert { eve::signature(&linked.program().rules[rule]) } else { Vec::new() };
            let (sink, pending) = (None, Vec::new());
            Outlet { output: output.clone(), place, known, sink, pending, pending_lines: 0, lines: 0, bytes: 0 }
        });
        outputs.collect()
    }

    pub(crate) fn name(&self) -> &str {
        &self.output.name
    }

    pub(crate) fn is_at(&self, place: usize) -> bool {
        self.place == place
    }

    pub(crate) fn is_open(&self) -> bool {
        self.sink.is_some()
    }

    /// Lines that a sink has.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// Their bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn attach(&mut self, sink: Box<dyn Sink>) -> Option<Box<dyn Sink>> {
        if self.output.format == Format::Csv && sink.is_new() {
            text::push_row(self.output.names.iter().map(|name| name.clone().into_bytes()), &mut self.pending);
        }
        self.sink.replace(sink)
    }

    /// Makes a line.
    pub(crate) fn line(&mut self, line: Line<'_>) {
        let (out, names) = (&mut self.pending, &self.output.names);
        match &self.output.format {
            Format::Json => {
                out.push(b'{');
                for (place, (name, value)) in names.iter().zip(line.values).enumerate() {
                    if place > 0 {
                        out.push(b',');
                    }
                    text::push_json(name, out);
                    out.push(b':');
                    text::push_json(&value.as_ref().map_or(Json::Null, text::json), out);
                }
                out.extend_from_slice(b"}\n");
            }
            Format::Csv => text::push_row(line.values.iter().map(|value| text::cell(value.as_ref())), out),
            Format::Text(pieces) => {
                for piece in pieces {
                    match piece {
                        Piece::Text(plain) => text::push_escaped(plain.as_bytes(), out),
                        Piece::Value(place) => text::push_value(line.values.get(*place as usize).and_then(Option::as_ref), out),
                    }
                }
                out.push(b'\n');
            }
            Format::Eve { event, flow } => {
                let (flow, values) = match line.values.split_at_checked(KeyPart::Flow.values()).filter(|_| *flow) {
                    Some((flow, values)) => (Some(flow), values),
                    None => (None, line.values),
                };
                eve::push(&Event { name: event, time: line.time, flow, known: &self.known, names, values }, out);
                out.push(b'\n');
            }
        }
        self.pending_lines += 1;
    }

    /// Hands the lines that there are to the sink.
    pub(crate) fn hand_over(&mut self) -> Result<(), SinkError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let Some(sink) = &mut self.sink else { return Ok(()) };
        let written = sink.write(&self.pending);
        let (bytes, lines) = match &written {
            Ok(()) => (self.pending.len(), self.pending_lines),
            Err(fault) => {
                let there = self.pending.get(..fault.written).unwrap_or(&[]);
                // A cell of a table may hold line ends, so that this can be more lines than there are.
                let ends = there.iter().filter(|byte| **byte == b'\n').count() as u64;
                (there.len(), ends.min(self.pending_lines))
            }
        };
        self.bytes += bytes as u64;
        self.lines += lines;
        self.pending.clear();
        self.pending_lines = 0;
        written.map_err(|fault| SinkError::new(&self.output.name, (self.lines, self.bytes), fault.error))
    }
}
