//! Lists in files.
//!
//! # Lines
//! One member a line. Blank lines, blanks around a member, and lines that begin with `#` mean nothing. Members of Int and Ip are written as
//! in the sets of rules (`80`, `8000..8999`, `10.0.0.1`, `10.0.0.0/8`, `10.0.0.1..10.0.0.9`), and a comment may follow on the line.
//! A member of Bytes is the line as it is, whatever bytes it has. One that begins or ends with a blank, begins with `#` or `"`, or holds a
//! line feed, is written as a string of the language: `"# a\x0ab "`.
//!
//! # CSV
//! A file whose name ends in `.csv`: the member in the first column and, if need be, a value in the second; no line of headings; lines that
//! begin with `#` are comments. A member of Bytes is the field as it is: what CSV needs quotes for stands in quotes, and there are no escapes.

use std::path::{Path, PathBuf};

use quintet_lang::{Type, member};

use crate::list::{List, Member};

/// How the text of a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListForm {
    /// One member a line.
    Lines,
    /// A member, and perhaps a value, a line, separated by a comma.
    Csv,
}

/// Why a list cannot be read: the file, the line, the cause and the mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {message}", path.display(), line.map_or(String::new(), |line| format!(":{line}")))]
pub struct ListFileError {
    path: PathBuf,
    line: Option<u64>,
    message: String,
}

/// A line from 1, and what is wrong there.
type Wrong = (u64, String);

impl ListForm {
    /// The form that the name of a file tells.
    pub fn of(path: &Path) -> ListForm {
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")) { ListForm::Csv } else { ListForm::Lines }
    }
}

impl ListFileError {
    /// The line at fault, from 1; `None` where the file cannot be read at all.
    pub fn line(&self) -> Option<u64> {
        self.line
    }
}

impl List {
    /// Reads the list of `ty` (Int, Ip or Bytes) in a file. Its name tells the form.
    ///
    /// # Errors
    /// When it cannot be read, or the first of its lines that is no member.
    pub fn read(path: &Path, ty: &Type) -> Result<List, ListFileError> {
        let text = std::fs::read(path).map_err(|e| ListFileError { path: path.into(), line: None, message: e.to_string() })?;
        List::parse(path, &text, ty)
    }

    /// The list of `ty` in the text of a file, of which `path` is the name.
    ///
    /// # Errors
    /// The first line that is no member.
    pub fn parse(path: &Path, text: &[u8], ty: &Type) -> Result<List, ListFileError> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let entries = match ListForm::of(path) {
            ListForm::Lines => lines(text, ty),
            ListForm::Csv => csv(text, ty),
        };
        match entries {
            Ok(entries) => Ok(List::new(ty, entries)),
            Err((line, message)) => Err(ListFileError { path: path.into(), line: Some(line), message }),
        }
    }
}

type Entries = Vec<(Member, Option<Box<[u8]>>)>;

fn lines(text: &[u8], ty: &Type) -> Result<Entries, Wrong> {
    let mut entries = Entries::new();
    for (line, number) in text.split(|b| *b == b'\n').zip(1..) {
        let line = trim(line);
        if line.is_empty() || line[0] == b'#' {
            continue;
        }
        let member = match ty {
            Type::Int | Type::Ip => {
                let end = memchr::memchr(b'#', line).unwrap_or(line.len());
                plain(trim(&line[..end]), ty)
            }
            _ if line[0] == b'"' => quoted(line),
            _ => Ok(Member::Bytes(line.into())),
        };
        entries.push((member.map_err(|message| (number, message))?, None));
    }
    Ok(entries)
}

fn csv(text: &[u8], ty: &Type) -> Result<Entries, Wrong> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).comment(Some(b'#')).from_reader(text);
    let mut record = csv::ByteRecord::new();
    let mut entries = Entries::new();
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(entries),
            Err(e) => return Err((e.position().map_or(1, csv::Position::line), e.to_string())),
        }
        let (start, end) = (record.position().map_or(0, csv::Position::byte) as usize, reader.position().byte() as usize);
        let raw = text.get(start..end).unwrap_or_default();
        // The reader passes over blank lines and comments as part of the record that follows them.
        let lead = lead(raw);
        let line = record.position().map_or(1, csv::Position::line) + lead.0;
        if !memchr::memchr_iter(b'"', &raw[lead.1..]).count().is_multiple_of(2) {
            return Err((line, "a quote is not closed; a field that holds `\"` stands in quotes and has each `\"` twice".into()));
        }
        if record.len() > 2 {
            let message = format!(
                "{} columns; there are a member and, if need be, a value; a field that holds a comma stands in quotes",
                record.len()
            );
            return Err((line, message));
        }
        let Some(field) = record.get(0) else { continue };
        let member = match ty {
            Type::Int | Type::Ip => plain(trim(field), ty).map_err(|message| (line, message))?,
            _ => Member::Bytes(field.into()),
        };
        entries.push((member, record.get(1).map(Into::into)));
    }
}

/// The lines and bytes of blank lines and comments at the start.
fn lead(raw: &[u8]) -> (u64, usize) {
    let (mut lines, mut bytes) = (0, 0);
    for line in raw.split_inclusive(|b| *b == b'\n') {
        let blank = line.iter().all(|b| matches!(b, b'\r' | b'\n'));
        if !(blank || line.starts_with(b"#")) {
            break;
        }
        lines += 1;
        bytes += line.len();
    }
    (lines, bytes)
}

/// A member of Int or Ip.
fn plain(field: &[u8], ty: &Type) -> Result<Member, String> {
    let Ok(word) = std::str::from_utf8(field) else {
        return Err(format!("`{}` is not UTF-8; a list of {ty} is text", shown(field)));
    };
    let member = match ty {
        Type::Int => member::int(word).map(|(first, last)| Member::Int(first, last)),
        _ => member::ip(word).map(|(first, last)| Member::Ip(first, last)),
    };
    member.ok_or_else(|| {
        let (message, help) = member::explain(word, ty);
        format!("`{}`: {message}; {help}", shown(field))
    })
}

/// A member of Bytes in quotes, with perhaps a comment after it.
fn quoted(line: &[u8]) -> Result<Member, String> {
    let mut value = Vec::new();
    let mut rest = &line[1..];
    loop {
        rest = match rest {
            [] => return Err("this quote is not closed; end the member with `\"`, or write a first `\"` as `\"\\\"`".into()),
            [b'"', rest @ ..] => {
                let after = trim(rest);
                if after.is_empty() || after[0] == b'#' {
                    return Ok(Member::Bytes(value.into()));
                }
                return Err(format!("`{}` stands after the closing quote; write a quote inside as `\\\"`", shown(after)));
            }
            [b'\\', rest @ ..] => {
                let (byte, len) = escape(rest).ok_or("unknown escape; escapes are `\\\"`, `\\\\`, `\\xHH` and `\\OOO`")?;
                value.push(byte);
                &rest[len..]
            }
            [byte, rest @ ..] => {
                value.push(*byte);
                rest
            }
        }
    }
}

/// The byte that the text after a backslash stands for, and how much of the text that is.
fn escape(text: &[u8]) -> Option<(u8, usize)> {
    let digits = |range: std::ops::Range<usize>, radix| {
        let digits = text.get(range)?.iter().try_fold(0, |n, b| Some(n * radix + char::from(*b).to_digit(radix)?))?;
        u8::try_from(digits).ok()
    };
    match text.first()? {
        b'"' => Some((b'"', 1)),
        b'\\' => Some((b'\\', 1)),
        b'x' => Some((digits(1..3, 16)?, 3)),
        _ => Some((digits(0..3, 8)?, 3)),
    }
}

/// Without blanks at either end.
fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'\r', rest @ ..] | [rest @ .., b' ' | b'\t' | b'\r'] = text {
        text = rest;
    }
    text
}

/// The start of a text for messages.
fn shown(text: &[u8]) -> String {
    let start = &text[..text.len().min(60)];
    let more = if start.len() < text.len() { "..." } else { "" };
    match std::str::from_utf8(start) {
        Ok(start) => format!("{start}{more}"),
        Err(_) => format!("{}{more}", start.escape_ascii()),
    }
}
