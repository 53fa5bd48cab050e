//! The messages of a language server: JSON behind a header that says its length.
//!
//! Whoever writes to a server is an editor, but what arrives may be anything. Lengths are bounded before memory is taken for them, a header
//! that is none is skipped, and text that is no JSON is said to be none: neither ends the server.

use std::io::{self, BufRead, Read, Write};

use serde_json::{Value, json};

/// The longest message that is read: more than any text within the limits takes as JSON.
const MESSAGE_MOST: u64 = 64 << 20;
/// The longest message that is skipped. What says that it is longer does not tell the truth.
const BELIEVED: u64 = 1 << 32;
/// The longest line of a header that is looked at.
const HEADER_MOST: u64 = 4096;
/// The header that says how long a message is, in small letters.
const LENGTH: &str = "content-length:";

/// What was read.
pub enum Incoming {
    /// A message.
    Message(Value),
    /// Something that is none, with the reason.
    Wrong(String),
    /// The end of the input.
    End,
}

/// Reads the next message.
pub fn read(input: &mut dyn BufRead) -> io::Result<Incoming> {
    let mut length = None;
    loop {
        let mut line = Vec::new();
        if input.take(HEADER_MOST).read_until(b'\n', &mut line)? == 0 {
            return Ok(Incoming::End);
        }
        let line = String::from_utf8_lossy(&line).to_ascii_lowercase();
        // After a wrong length, a header may stand behind what is left of a message.
        match line.rfind(LENGTH) {
            Some(at) => length = line[at + LENGTH.len()..].trim().parse::<u64>().ok().filter(|length| *length <= BELIEVED),
            // Other headers, what is none at all, and empty lines before any length.
            None if !line.trim().is_empty() || length.is_none() => {}
            None => break,
        }
    }
    let length = length.unwrap_or(0);
    if length > MESSAGE_MOST {
        let skipped = io::copy(&mut input.take(length), &mut io::sink())?;
        return Ok(Incoming::Wrong(format!("the message has {skipped} bytes; at most {MESSAGE_MOST} are read")));
    }
    let mut text = Vec::new();
    if (input.take(length).read_to_end(&mut text)? as u64) < length {
        return Ok(Incoming::End);
    }
    Ok(match serde_json::from_slice(&text) {
        Ok(message) => Incoming::Message(message),
        Err(e) => Incoming::Wrong(format!("the message is no JSON: {e}")),
    })
}

/// Writes a message.
pub fn write(output: &mut dyn Write, message: &Value) -> io::Result<()> {
    let text = message.to_string();
    write!(output, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    output.flush()
}

/// The answer to a request.
pub fn answer(id: &Value, result: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "result": result })
}

/// The answer to a request that cannot be answered.
pub fn error(id: &Value, code: i32, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}

/// What is said without being asked.
pub fn notification(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "method": method, "params": params })
}

/// What arrived is no JSON.
pub const NO_JSON: i32 = -32700;
/// There is no such request.
pub const NO_SUCH_REQUEST: i32 = -32601;
/// A request lacks what it needs.
pub const WRONG_PARAMETERS: i32 = -32602;
/// The server is to blame.
pub const INTERNAL: i32 = -32603;
/// Nothing was said of the editor yet.
pub const NOT_INITIALISED: i32 = -32002;
