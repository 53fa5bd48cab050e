//! A language server for rule texts: what [`quintet_syntax::service`] answers, as the language server protocol has it.
//!
//! The server owns no scheme and opens no file: [`Schemes`] says which service answers for a text. The messages are few and looked at as JSON,
//! field by field, since what arrives may be anything: whatever it is, the server answers, or says that it cannot, and goes on.
#![forbid(unsafe_code)]

mod answers;
mod server;
mod wire;

use std::io::{self, BufRead, Write};
use std::path::Path;

use quintet_syntax::service::Service;
use serde_json::Value;

use server::{Next, Server};
use wire::Incoming;

/// Where a server has its services from.
pub trait Schemes {
    /// The service for a text; `file` is where the text lies, if it does in a file.
    ///
    /// # Errors
    /// Why there is none, which is shown at the first line of the text.
    fn service(&mut self, text: &str, file: Option<&Path>) -> Result<&Service, String>;

    /// What the editor says at the beginning: its initialisation options, any JSON or null.
    fn options(&mut self, options: &Value);
}

/// Serves an editor until it says that it goes away, or its messages end. Whether it said so in the order that is asked of editors: `shutdown`
/// and then `exit`.
///
/// # Errors
/// When it can be read from no more, or written to.
pub fn serve(input: &mut dyn BufRead, output: &mut dyn Write, schemes: impl Schemes) -> io::Result<bool> {
    let mut server = Server::new(schemes);
    loop {
        let messages = match wire::read(input)? {
            Incoming::Message(message) => match server.take(&message) {
                Next::Say(messages) => messages,
                Next::End { in_order } => return Ok(in_order),
            },
            Incoming::Wrong(what) => vec![wire::error(&Value::Null, wire::NO_JSON, &what)],
            Incoming::End => return Ok(false),
        };
        for message in messages {
            wire::write(output, &message)?;
        }
    }
}
