//! An editor, as far as a language server sees it.

use std::io::{BufRead, BufReader, Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// The text that is open.
pub const URI: &str = "file:///rules/a%20b.rules";

/// One end of a talk.
pub struct Client<W> {
    /// What the server reads.
    pub input: W,
    said: Receiver<Value>,
    asked: u64,
}

impl<W: Write> Client<W> {
    /// Over what the server reads and writes.
    pub fn new(input: W, output: impl Read + Send + 'static) -> Client<W> {
        let mut output = BufReader::new(output);
        let (sender, said) = channel();
        std::thread::spawn(move || {
            let mut header = String::new();
            while output.read_line(&mut header).is_ok_and(|read| read > 0) {
                let length: usize = header.trim().strip_prefix("Content-Length: ").expect("a length").parse().expect("a number");
                let mut text = vec![0; length + 2];
                output.read_exact(&mut text).expect("a message");
                let _ = sender.send(serde_json::from_slice(&text[2..]).expect("JSON"));
                header.clear();
            }
        });
        Client { input, said, asked: 0 }
    }

    /// Writes bytes that may be anything.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.input.write_all(bytes).expect("the server reads");
        self.input.flush().expect("the server reads");
    }

    /// Sends a message.
    pub fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    /// The next message of the server.
    pub fn hear(&mut self) -> Value {
        self.said.recv_timeout(Duration::from_secs(60)).expect("an answer")
    }

    /// Sends a notification.
    pub fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// The whole answer to a request.
    pub fn reply(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        let answer = self.hear();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    /// The result of a request that can be answered.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let answer = self.reply(method, params);
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].clone()
    }

    /// Says who is there.
    pub fn begin(&mut self, options: Value) {
        let said = self.ask("initialize", json!({ "processId": null, "capabilities": {}, "initializationOptions": options }));
        assert_eq!(said["capabilities"]["hoverProvider"], true);
        self.tell("initialized", json!({}));
    }

    /// Opens a text, and hears what is wrong with it.
    pub fn open(&mut self, text: &str) -> Vec<Value> {
        self.tell("textDocument/didOpen", json!({ "textDocument": { "uri": URI, "languageId": "quintet", "version": 1, "text": text } }));
        self.found(1)
    }

    /// What is said to be wrong with a version of the text.
    pub fn found(&mut self, version: u64) -> Vec<Value> {
        let said = self.hear();
        assert_eq!((&said["method"], &said["params"]["uri"]), (&json!("textDocument/publishDiagnostics"), &json!(URI)), "{said}");
        assert_eq!(said["params"]["version"], version);
        said["params"]["diagnostics"].as_array().expect("a list").clone()
    }

    /// Asks about a place.
    pub fn at(&mut self, method: &str, line: u64, character: u64) -> Value {
        let position = json!({ "line": line, "character": character });
        self.ask(method, json!({ "textDocument": { "uri": URI }, "position": position }))
    }

    /// Says that it goes away.
    pub fn end(&mut self) {
        assert_eq!(self.ask("shutdown", Value::Null), Value::Null);
        self.tell("exit", Value::Null);
    }
}
