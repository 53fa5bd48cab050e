//! What is given out where a rule matches.

use super::{Checked, Checker, Failed};
use crate::ast::{Const, Span};
use crate::diagnostic::{Diagnostic, nearest};
use crate::state::{Action, DEFAULT_MAX, Format, Output, OutputLimit, Piece, Step};
use crate::syntax;
use crate::types::Type;

/// What EVE takes of a rule's metadata, and of what type it is.
const ALERT: [(&str, Type); 9] = [
    ("sid", Type::Int),
    ("gid", Type::Int),
    ("rev", Type::Int),
    ("severity", Type::Int),
    ("priority", Type::Int),
    ("msg", Type::Bytes),
    ("category", Type::Bytes),
    ("classtype", Type::Bytes),
    ("action", Type::Bytes),
];

const FORMS: [&str; 4] = ["json", "csv", "text", "eve"];

impl<'a> Checker<'a> {
    pub(super) fn output(&mut self, output: &'a syntax::Output<'a>) {
        let rule = self.rule_above(&output.rule);
        let limit = output.limit.as_ref().map(|limit| self.output_limit(output.name.text, limit)).transpose();
        let checked = self.format(output, rule.as_ref().ok().copied());
        let (Ok(rule), Ok(limit), Ok((format, names, values))) = (rule, limit, checked) else { return };
        let name = output.name.text.to_owned();
        let action = Action::Output(Output { name, limit, format, names, values });
        let after = self.program.rules.len() as u32;
        self.program.state.steps.push(Step { after, rule: rule as u32, action, span: output.span });
    }

    fn output_limit(&mut self, name: &str, limit: &'a syntax::OutputLimit<'a>) -> Checked<OutputLimit> {
        let count = self.number(&limit.count);
        let within = self.duration(&limit.within);
        let key = self.key(name, &limit.keys, limit.span);
        Ok(OutputLimit { count: count?, within: within?, key: key?, max: DEFAULT_MAX })
    }

    /// The form, and the names and values of what is given out.
    fn format(&mut self, output: &'a syntax::Output<'a>, rule: Option<usize>) -> Checked<(Format, Vec<String>, crate::ast::FnId)> {
        let form = output.format.text;
        if !FORMS.contains(&form) {
            let d = Diagnostic::error("unknown-format", output.format.span, format!("there is no form `{form}`"));
            let near = FORMS.into_iter().find(|known| known.eq_ignore_ascii_case(form)).or_else(|| nearest(form, FORMS.into_iter()));
            return self
                .fail(d.help(near.map_or_else(|| "forms are json, csv, text and eve".into(), |near| format!("did you mean `{near}`?"))));
        }
        let values = output.values.as_ref().map_or(&[][..], |(values, _)| values.as_slice());
        let mut names: Vec<String> = Vec::with_capacity(values.len());
        for (name, _) in values {
            if names.iter().any(|known| known == name.text) {
                let d = Diagnostic::error("duplicate-name", name.span, format!("there are two values called `{}`", name.text));
                return self.fail(d.help("give one of them another name"));
            }
            names.push(name.text.to_owned());
        }
        let format = match (form, &output.text) {
            ("json" | "csv", Some((_, span))) => {
                let d = Diagnostic::error("wrong-format", *span, format!("`{form}` takes no text"));
                return self.fail(d.help(format!("write `{form} {{ NAME: VALUE }}`, or `text \"...\"`")));
            }
            ("json" | "csv", None) if names.is_empty() => {
                let d = Diagnostic::error("wrong-format", output.format.span, format!("`{form}` gives out nothing here"));
                return self.fail(d.help(format!("write `{form} {{ src: ip.src }}`")));
            }
            ("json", None) => Format::Json,
            ("csv", None) => Format::Csv,
            ("text", None) => {
                let d = Diagnostic::error("wrong-format", output.format.span, "`text` gives out nothing here");
                return self.fail(d.help("write `text \"from {src}\" { src: ip.src }`"));
            }
            ("text", Some((text, span))) => Format::Text(self.pieces(text, *span, &names)?),
            (_, text) => {
                let event = match text {
                    Some((text, span)) => self.event(text, *span)?,
                    None => "alert".to_owned(),
                };
                if event == "alert" {
                    self.alert(output, rule)?;
                }
                Format::Eve { event, flow: self.flow(output.format.span).is_some() }
            }
        };
        let flow = matches!(format, Format::Eve { flow: true, .. });
        let function = self.hidden(output.name.text, output.span, |checker| {
            let mut all = if flow { checker.flow(output.format.span).unwrap_or_default() } else { Vec::new() };
            for (_, value) in values {
                all.push(checker.single(value, None)?);
            }
            Ok(all)
        })?;
        Ok((format, names, function))
    }

    /// The name of an event.
    fn event(&mut self, text: &[u8], span: Span) -> Checked<String> {
        let named = !text.is_empty() && text.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'_');
        match String::from_utf8(text.to_vec()) {
            Ok(text) if named => Ok(text),
            _ => {
                let d = Diagnostic::error("wrong-format", span, "this is no name of an event");
                self.fail(d.help("events are named by small letters, digits and `_`: `eve \"scan\"`"))
            }
        }
    }

    /// Sees that the rule of an alert says what an alert says.
    fn alert(&mut self, output: &syntax::Output, rule: Option<usize>) -> Checked<()> {
        let Some(rule) = rule.and_then(|at| self.program.rules.get(at)) else { return Err(Failed) };
        let name = rule.name.clone();
        let wrong = rule.meta.iter().find_map(|meta| {
            let (_, ty) = ALERT.iter().find(|(known, _)| *known == meta.name)?;
            (meta.value.ty() != *ty).then(|| (meta.name.clone(), ty.clone()))
        });
        if let Some((entry, ty)) = wrong {
            let d = Diagnostic::error("wrong-meta", output.rule.span, format!("`{entry}` of the rule `{name}` is not {ty}"));
            return self.fail(d.help(format!("write it as {ty} where the rule is")));
        }
        if !rule.meta.iter().any(|meta| meta.name == "sid" && matches!(meta.value, Const::Int(_))) {
            let d = Diagnostic::error("missing-meta", output.rule.span, format!("an alert has a number, and the rule `{name}` says none"));
            return self.fail(d.help("say it behind the rule's name: `[sid: 1, msg: \"...\"]`"));
        }
        Ok(())
    }

    /// A text with names in braces.
    fn pieces(&mut self, text: &[u8], span: Span, names: &[String]) -> Checked<Vec<Piece>> {
        let Ok(text) = std::str::from_utf8(text) else {
            let d = Diagnostic::error("wrong-format", span, "this text is not UTF-8");
            return self.fail(d.help("bytes that are no text stand in values, where they are written out"));
        };
        let (mut pieces, mut plain) = (Vec::new(), String::new());
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
                plain.push_str(&from[..1]);
                rest = after;
                continue;
            }
            let name = from.strip_prefix('{').and_then(|inner| inner.split_once('}'));
            let Some((name, after)) = name else {
                let d = Diagnostic::error("wrong-format", span, "a brace in this text has no other");
                return self.fail(d.help("a value stands in braces, `{src}`; a brace itself is written twice, `{{`"));
            };
            let Some(place) = names.iter().position(|known| known == name) else {
                let near = nearest(name, names.iter().map(String::as_str));
                let help = near.map_or_else(
                    || format!("say what it is: `{{ {name}: VALUE }}` behind the text"),
                    |near| format!("did you mean `{{{near}}}`?"),
                );
                return self.fail(Diagnostic::error("unknown-name", span, format!("there is no value `{name}` in this text")).help(help));
            };
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Value(place as u32));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(pieces)
    }
}
