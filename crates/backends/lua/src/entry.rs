//! Calls of functions by the host: for each function one in the table `V`, which takes its arguments from cells and puts its results into
//! cells. It answers 0 or a trap's code.

use quintet_lang::ast::{FnId, Frame};
use quintet_runtime::Linked;

use crate::data::{CELL, Data};
use crate::generator::{Generator, head};
use crate::ints::form;
use crate::operand::{Operand, Place};
use crate::partition::Cuts;
use crate::ranges::Ranges;
use crate::script::{answers_many, takes_many};
use crate::slots::{Slots, width};

/// Where the arguments and results of a function lie among the cells, by the words of the first ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cells {
    pub(crate) args: usize,
    pub(crate) results: usize,
}

/// Adds the Lua by which the host calls a function.
pub(crate) fn entry(linked: &Linked, data: &mut Data, ranges: &Ranges, id: FnId, parts: &mut usize, text: &mut String) -> Cells {
    let function = &linked.program().functions[id.index()];
    let (frame, cuts) = (Frame::default(), Cuts::default());
    let mut e = Generator::new(linked, data, &frame, &cuts, parts);
    let cells = Cells { args: e.data.cells(function.params as usize), results: e.data.cells(function.results.len()) };
    let mut texts = Vec::new();
    for (place, param) in function.frame.locals.iter().take(function.params as usize).enumerate() {
        let cell = cells.args + place * CELL;
        let (low, high) = ranges.of_function(id, place);
        let form = form(low, high);
        if param.nullable {
            let slots = Slots { form, ..e.empty(&param.ty) };
            e.scoped(|e, nil| {
                e.code.jump(&format!("{} == 0", Place::frame(cell).low(0)), nil);
                let value = e.result(&param.ty, cell);
                e.assign(&slots, value);
            });
            texts.extend(slots.names);
        } else {
            let value = e.result(&param.ty, cell);
            texts.extend(e.texts(value, form));
        }
    }
    if takes_many(function) {
        let table = e.fresh("{}");
        for (i, text) in texts.iter().enumerate() {
            e.code.line(format!("{table}[{}] = {text}", i + 1));
        }
        texts = vec![table];
    }
    let texts: String = texts.iter().map(|text| format!(", {text}")).collect();
    let count: usize = function.results.iter().map(|answer| width(&answer.ty)).sum();
    let many = answers_many(&function.results);
    let trap = e.code.local();
    let mut names: Vec<String> = (0..if many { 1 } else { count }).map(|_| e.code.local()).collect();
    let all: String = names.iter().map(|name| format!(", {name}")).collect();
    e.code.line(format!("local {trap}{all} = Q[{}](w, b, 1{texts})", id.0 + 1));
    e.code.line(format!("if {trap} then return {trap} end"));
    if many && let Some(table) = names.first().cloned() {
        names = (1..=count).map(|i| format!("{table}[{i}]")).collect();
    }
    let mut at = 0;
    for (place, answer) in function.results.iter().enumerate() {
        let cell = cells.results + place * CELL;
        let width = width(&answer.ty);
        let (low, high) = ranges.of_result(id, place);
        let names = names.get(at..at + width).unwrap_or(&[]).to_vec();
        let found = Slots { ty: answer.ty.clone(), names, form: form(low, high), home: None };
        at += width;
        e.code.line(format!("{} = 0", Place::frame(cell).int64(0)));
        e.scoped(|e, nil| {
            if answer.nullable {
                e.code.jump(&format!("{} == nil", found.first()), nil);
            }
            match found.operand() {
                // It was written by halves, so it is read by halves.
                Operand::Ip(ip) => e.copy_words(&Place::frame(cell + 1).word(0), &ip.place.word(0), 3),
                value => e.store(&answer.ty, value, cell),
            }
            e.code.line(format!("{} = 1", Place::frame(cell).int64(0)));
        });
    }
    e.code.line("return 0");
    let body = e.code.text(2, &head(&e.code));
    *text += &format!(
        "-- call of function {}{}\n  V[{}] = function(w, b)\n{body}  end\n",
        id.0,
        crate::chunk::comment(&function.name),
        id.0 + 1
    );
    cells
}
