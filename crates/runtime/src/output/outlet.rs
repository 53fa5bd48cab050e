//! An output of a program, and the lines of it that are not handed over yet.

use quintet_lang::state::{Format, KeyPart, Output, Piece};
use serde_json::Value as Json;

use super::eve::{self, Event};
use super::sink::{Sink, SinkError, WholeLines};
use super::text;
use crate::linked::Linked;
use crate::owned::OwnedValue;
use crate::state::StatePlan;

/// How the lines of an output are made.
pub(crate) struct Form {
    output: Output,
    /// What an alert says of its rule.
    known: Vec<(&'static str, Json)>,
    /// Whether anybody wants them.
    open: bool,
}

/// The lines of an output, and where they go.
pub(crate) struct Outlet {
    name: String,
    sink: Option<Box<dyn Sink>>,
    pending: Vec<u8>,
    /// Where each line of them ends.
    ends: Vec<usize>,
    lines: u64,
    bytes: u64,
}

/// What a line is made of.
pub(crate) struct Line<'l> {
    pub(crate) values: &'l [Option<OwnedValue>],
    /// Microseconds since 1970.
    pub(crate) time: i64,
}

/// The outputs of a program.
pub(crate) fn outputs(linked: &Linked, plan: &StatePlan) -> (Vec<Form>, Vec<Outlet>) {
    let form = |(rule, output): (usize, &Output)| {
        let alert = matches!(&output.format, Format::Eve { event, .. } if event == "alert");
        let known = if alert { eve::signature(&linked.program().rules[rule]) } else { Vec::new() };
        let outlet = Outlet { name: output.name.clone(), sink: None, pending: Vec::new(), ends: Vec::new(), lines: 0, bytes: 0 };
        (Form { output: output.clone(), known, open: false }, outlet)
    };
    plan.outputs().map(form).unzip()
}

impl Form {
    /// Whether anybody wants lines.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// Makes a line.
    pub(crate) fn line(&self, line: Line<'_>, out: &mut Vec<u8>) {
        let names = &self.output.names;
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
    }
}

impl Outlet {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Lines that a sink has, with the header of a table.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// Their bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Has lines of a form go to a sink.
    pub(crate) fn attach(&mut self, form: &mut Form, sink: Box<dyn Sink>) -> Option<Box<dyn Sink>> {
        form.open = true;
        if form.output.format == Format::Csv && sink.is_new() {
            text::push_row(form.output.names.iter().map(|name| name.clone().into_bytes()), &mut self.pending);
            self.ends.push(self.pending.len());
        }
        self.sink.replace(sink)
    }

    /// Goes on with the sink of an output of other rules, and what it has of lines.
    pub(crate) fn succeed(&mut self, form: &mut Form, before: Outlet) {
        if self.sink.is_none() {
            form.open = before.sink.is_some();
            *self = before;
        }
    }

    /// Takes a line in, to be handed over.
    pub(crate) fn append(&mut self, line: &[u8]) {
        self.pending.extend_from_slice(line);
        self.ends.push(self.pending.len());
    }

    /// Hands the lines that there are to the sink.
    pub(crate) fn hand_over(&mut self) -> Result<(), SinkError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let Some(sink) = &mut self.sink else { return Ok(()) };
        let lines = WholeLines::new(&self.pending, &self.ends);
        let written = sink.write(&lines);
        let (count, bytes) = lines.whole(written.as_ref().map_or_else(|fault| fault.written, |_| self.pending.len()));
        self.lines += count as u64;
        self.bytes += bytes as u64;
        self.pending.clear();
        self.ends.clear();
        written.map_err(|fault| SinkError::new(&self.name, (self.lines, self.bytes), fault.error))
    }
}
