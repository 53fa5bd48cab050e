//! What can be said of a text while it is written: the same answers for editors in a browser and for language servers.
//!
//! All is computed from a text as a whole, and nothing is kept between calls but the scheme. Offsets are bytes of the text;
//! [`Positions`] turns those of editors into them, and every answer has both.

mod complete;
mod hover;
mod listing;
mod operators;
mod positions;
mod scope;
mod words;

use std::ops::Range;

use quintet_lang::{Diagnostics, Limits, Scheme, Severity};
use serde::Serialize;

use crate::kind::TokenKind;
use crate::tree::Tree;

pub use complete::{Completion, CompletionKind, Completions, literal};
pub use hover::Hover;
pub use listing::Listing;
pub use operators::operators;
pub use positions::{Place, Positions, Stretch};

/// Answers about texts over one scheme.
#[derive(Clone, Debug)]
pub struct Service {
    scheme: Scheme,
    limits: Limits,
}

/// Something that is wrong with a text, or suspicious.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `error` or `warning`.
    pub severity: &'static str,
    /// A stable short name of the kind of finding, such as `unknown-name`.
    pub code: &'static str,
    /// One sentence, without a full stop.
    pub message: String,
    /// A few words to stand at the place; may be empty.
    pub label: String,
    /// How to mend it, in words.
    pub help: Option<String>,
    /// How to mend it, as an edit.
    pub mend: Option<Edit>,
    /// Where. It is never empty where the text is not.
    pub at: Stretch,
}

/// A change of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// What goes.
    pub at: Stretch,
    /// What comes instead.
    pub text: String,
}

/// A token and its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Colour {
    /// The name of the token's [kind](TokenKind); blanks are left out.
    pub kind: &'static str,
    /// Where.
    pub at: Stretch,
}

impl Service {
    /// Over a scheme, within limits.
    ///
    /// ```
    /// use quintet_lang::{Scheme, Type};
    /// use quintet_syntax::service::Service;
    /// let scheme = Scheme::builder().mandatory("tcp.port", Type::Int).build().unwrap();
    /// let service = Service::new(scheme, Default::default());
    /// let found = &service.check("tcp.prt == 80")[0];
    /// assert_eq!((found.code, found.at.start.byte, found.at.end.byte), ("unknown-name", 0, 7));
    /// assert_eq!(found.mend.as_ref().unwrap().text, "tcp.port");
    /// ```
    pub fn new(scheme: Scheme, limits: Limits) -> Service {
        Service { scheme, limits }
    }

    /// The scheme.
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// What is wrong with a text; where nothing is, what is suspicious.
    pub fn check(&self, text: &str) -> Vec<Finding> {
        findings(text, &quintet_lang::findings(text, &self.scheme, &self.limits))
    }

    /// All tokens but blanks, with the names of their kinds.
    pub fn tokens(&self, text: &str) -> Vec<Colour> {
        let positions = Positions::new(text);
        let tree = Tree::parse(text, &self.limits);
        let leaves = tree.leaves().filter(|(kind, _)| *kind != TokenKind::Blank);
        leaves.map(|(kind, range)| Colour { kind: kind.name(), at: positions.stretch(range) }).collect()
    }

    /// What can stand at a place of a text, the likeliest first.
    pub fn complete(&self, text: &str, offset: usize) -> Completions {
        complete::complete(self, text, boundary(text, offset))
    }

    /// What stands at a place of a text.
    pub fn hover(&self, text: &str, offset: usize) -> Option<Hover> {
        hover::hover(self, text, boundary(text, offset))
    }

    /// The text in the one style.
    ///
    /// # Errors
    /// What keeps it from being parsed.
    pub fn format(&self, text: &str) -> Result<String, Vec<Finding>> {
        quintet_lang::format(text, &self.limits).map_err(|wrong| findings(text, &wrong))
    }
}

/// The nearest place before a byte that lies between two characters.
fn boundary(text: &str, offset: usize) -> usize {
    Positions::new(text).place(offset).byte
}

/// What is wrong with a text, as editors are told of it.
pub fn findings(text: &str, diagnostics: &Diagnostics) -> Vec<Finding> {
    let positions = Positions::new(text);
    let finding = |d: &quintet_lang::Diagnostic| Finding {
        severity: match d.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        code: d.code,
        message: d.message.clone(),
        label: d.label.clone(),
        help: d.help.clone(),
        mend: d
            .mend
            .as_ref()
            .map(|mend| Edit { at: positions.stretch(mend.span.start as usize..mend.span.end as usize), text: mend.text.clone() }),
        at: positions.stretch(shown(text, d.span.start as usize..d.span.end as usize)),
    };
    diagnostics.iter().map(finding).collect()
}

/// What to underline: of what is missing, the last that stands before it.
fn shown(text: &str, range: Range<usize>) -> Range<usize> {
    if !range.is_empty() {
        return range;
    }
    let end = range.end.min(text.len());
    if let Some(next) = text.get(end..).and_then(|rest| rest.chars().next()).filter(|c| !c.is_whitespace()) {
        return end..end + next.len_utf8();
    }
    let before = text.get(..end).unwrap_or("").trim_end();
    let last = before.chars().next_back().map_or(0, char::len_utf8);
    before.len() - last..before.len()
}
