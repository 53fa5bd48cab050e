//! The language server, spoken to as editors do.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

const URI: &str = "file:///rules/a%20b.rules";

struct Client {
    child: Child,
    input: ChildStdin,
    said: Receiver<Value>,
    asked: u64,
}

impl Client {
    fn start(args: &[&str]) -> Client {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
        let mut child = command.arg("lsp").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the command runs");
        let input = child.stdin.take().expect("a pipe");
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
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
        Client { child, input, said, asked: 0 }
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.input.write_all(bytes).expect("the server reads");
        self.input.flush().expect("the server reads");
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.raw(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    fn hear(&mut self) -> Value {
        self.said.recv_timeout(Duration::from_secs(60)).expect("an answer")
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn reply(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        let answer = self.hear();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let answer = self.reply(method, params);
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].clone()
    }

    fn begin(&mut self, options: Value) {
        let said = self.ask("initialize", json!({ "processId": null, "capabilities": {}, "initializationOptions": options }));
        assert_eq!(said["capabilities"]["hoverProvider"], true);
        self.tell("initialized", json!({}));
    }

    /// Opens a text, and hears what is wrong with it.
    fn open(&mut self, text: &str) -> Vec<Value> {
        self.tell("textDocument/didOpen", json!({ "textDocument": { "uri": URI, "languageId": "quintet", "version": 1, "text": text } }));
        self.found(1)
    }

    fn found(&mut self, version: u64) -> Vec<Value> {
        let said = self.hear();
        assert_eq!((&said["method"], &said["params"]["uri"]), (&json!("textDocument/publishDiagnostics"), &json!(URI)), "{said}");
        assert_eq!(said["params"]["version"], version);
        said["params"]["diagnostics"].as_array().expect("a list").clone()
    }

    fn at(&mut self, method: &str, line: u64, character: u64) -> Value {
        let position = json!({ "line": line, "character": character });
        self.ask(method, json!({ "textDocument": { "uri": URI }, "position": position }))
    }

    fn end(mut self) {
        assert_eq!(self.ask("shutdown", Value::Null), Value::Null);
        self.tell("exit", Value::Null);
        assert_eq!(self.child.wait().expect("it ends").code(), Some(0));
    }
}

fn range(line: u64, start: u64, end: u64) -> Value {
    json!({ "start": { "line": line, "character": start }, "end": { "line": line, "character": end } })
}

#[test]
fn an_editor_gets_all_answers() {
    let mut client = Client::start(&["--scheme", "packets"]);
    client.begin(Value::Null);
    let found = client.open("# \u{1f600}\nrule web = tcp.prt==80 # x\n");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((&found[0]["range"], &found[0]["code"], &found[0]["severity"]), (&range(1, 11, 18), &json!("unknown-name"), &json!(1)));
    assert!(found[0]["message"].as_str().is_some_and(|m| m.contains("did you mean `tcp.port`?")));

    // The mend, as completion and as action.
    let completion = client.at("textDocument/completion", 1, 18);
    assert_eq!(completion["items"][0]["textEdit"], json!({ "range": range(1, 11, 18), "newText": "tcp.port" }));
    let asked = json!({ "textDocument": { "uri": URI }, "range": range(1, 12, 12), "context": { "diagnostics": [] } });
    let actions = client.ask("textDocument/codeAction", asked);
    assert_eq!(actions[0]["title"], "Write `tcp.port`");
    assert_eq!(actions[0]["edit"]["changes"][URI], json!([{ "range": range(1, 11, 18), "newText": "tcp.port" }]));
    assert_eq!(actions[0]["diagnostics"][0], found[0]);

    let change = json!({ "range": range(1, 11, 18), "text": "tcp.port" });
    let versioned = json!({ "uri": URI, "version": 2 });
    client.tell("textDocument/didChange", json!({ "textDocument": versioned, "contentChanges": [change] }));
    assert_eq!(client.found(2), Vec::<Value>::new());

    let hover = client.at("textDocument/hover", 1, 13);
    assert_eq!(hover["range"], range(1, 11, 19));
    assert!(hover["contents"]["value"].as_str().is_some_and(|v| v.starts_with("```quintet\ntcp.port: Array<Int>?\n```\n\n")), "{hover}");
    assert_eq!(client.at("textDocument/hover", 0, 0), Value::Null);

    let document = json!({ "textDocument": { "uri": URI }, "options": { "tabSize": 4, "insertSpaces": true } });
    let edits = client.ask("textDocument/formatting", document.clone());
    assert_eq!(edits[0]["newText"], "# \u{1f600}\nrule web = tcp.port == 80  # x\n");
    assert_eq!((&edits[0]["range"]["start"]["line"], &edits[0]["range"]["end"]["line"]), (&json!(0), &json!(2)));

    let colours = client.ask("textDocument/semanticTokens/full", document.clone());
    assert_eq!(colours["data"].as_array().expect("numbers")[..10], [0, 0, 4, 0, 0, 1, 0, 4, 1, 0].map(Value::from));

    let whole = json!({ "text": "rule r { let unused = 1\n return true }" });
    client.tell("textDocument/didChange", json!({ "textDocument": { "uri": URI, "version": 3 }, "contentChanges": [whole] }));
    let found = client.found(3);
    assert_eq!((found.len(), &found[0]["severity"]), (1, &json!(2)));

    let broken = json!({ "text": "rule r = tcp.port ==" });
    client.tell("textDocument/didChange", json!({ "textDocument": { "uri": URI, "version": 4 }, "contentChanges": [broken] }));
    assert_eq!(client.found(4)[0]["range"], range(0, 19, 20));
    assert_eq!(client.ask("textDocument/formatting", document), Value::Null);

    client.tell("textDocument/didClose", json!({ "textDocument": { "uri": URI } }));
    assert_eq!(client.hear()["params"]["diagnostics"], json!([]));
    client.end();
}

/// The scheme is that of the text, else of the editor, else of the command line, else the one that fits.
#[test]
fn schemes() {
    let errors = |args: &[&str], options: Value, text: &str| {
        let mut client = Client::start(args);
        client.begin(options);
        let found = client.open(text);
        client.end();
        found.into_iter().map(|d| d["code"].as_str().expect("a code").to_owned()).collect::<Vec<_>>()
    };
    let (packets, http) = ("tcp.port == 80", "http.request.uri.path == \"/\"");
    let none: [&str; 0] = [];
    assert_eq!(errors(&["--scheme", "packets"], Value::Null, packets), none);
    assert_eq!(errors(&["--format", "http"], Value::Null, packets), ["unknown-name"]);
    assert_eq!(errors(&["--format", "http"], json!({ "scheme": "packets" }), packets), none);
    assert_eq!(errors(&[], json!({ "format": "pcap" }), packets), none);
    assert_eq!(errors(&[], json!({ "scheme": "packets" }), &format!("# scheme: http\n{http}")), none);
    assert_eq!(errors(&[], Value::Null, packets), none);
    assert_eq!(errors(&[], Value::Null, http), none);
    assert_eq!(errors(&[], Value::Null, "cf.bot_management.score < 30"), none);
    // A scheme's file, beside nothing.
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("my.toml");
    std::fs::write(&file, "[fields]\n\"shoe.size\" = \"Int\"\n").expect("a file");
    assert_eq!(errors(&[], Value::Null, &format!("# scheme: {}\nshoe.size > 40", file.display())), none);
    assert_eq!(errors(&[], Value::Null, "# scheme: nope\nssl"), ["no-scheme"]);
    // What never ends is not read.
    assert_eq!(errors(&[], Value::Null, "# scheme: /dev/zero\nssl"), ["no-scheme"]);
}

#[test]
fn wrong_input_never_ends_it() {
    let mut client = Client::start(&["--scheme", "packets"]);
    let early = client.reply("textDocument/hover", json!({ "textDocument": { "uri": URI } }));
    assert_eq!(early["error"]["code"], -32002);
    client.begin(json!(["no", "options"]));
    // What is no JSON, what is no UTF-8, headers that are none, lengths that are none, and one that is too large.
    client.raw(b"Content-Length: 3\r\n\r\n{{{");
    assert_eq!(client.hear()["error"]["code"], -32700);
    client.raw(b"content-length:2\r\nX-Other: 1\r\n\r\n\xff\xfe");
    assert_eq!(client.hear()["error"]["code"], -32700);
    client.raw(b"\r\n\r\nnonsense\r\n\xff\xff\r\nContent-Length: -1\r\nContent-Length: 99999999999999999999999\r\n\r\n");
    let large = 65 << 20;
    client.raw(format!("Content-Length: {large}\r\n\r\n").as_bytes());
    client.raw(&vec![b'x'; large]);
    assert_eq!(client.hear()["error"]["code"], -32700);
    let deep = "[".repeat(100_000);
    client.raw(format!("Content-Length: {}\r\n\r\n{deep}", deep.len()).as_bytes());
    assert_eq!(client.hear()["error"]["code"], -32700);
    // JSON that is no message, and messages that lack something.
    for message in [json!(null), json!([]), json!(7), json!({}), json!({ "method": 1 }), json!({ "id": 4, "result": {} })] {
        client.send(&message);
    }
    for method in
        ["textDocument/didOpen", "textDocument/didChange", "textDocument/didClose", "textDocument/didSave", "$/cancelRequest", "nope"]
    {
        client.tell(method, json!({ "textDocument": 1 }));
        client.tell(method, Value::Null);
    }
    for (method, code) in [("nope", -32601), ("textDocument/hover", -32602), ("textDocument/completion", -32602)] {
        assert_eq!(client.reply(method, Value::Null)["error"]["code"], code);
    }
    assert_eq!(client.reply("textDocument/hover", json!({ "textDocument": { "uri": "file:///nope" } }))["error"]["code"], -32602);
    let found = client.open("rule a = tcp.port == \"\u{1f600}\n\r");
    assert!(!found.is_empty());
    for (line, character) in [(0, 0), (0, 22), (0, 23), (0, 99), (1, 7), (99, 99), (u64::MAX, u64::MAX)] {
        client.at("textDocument/hover", line, character);
        client.at("textDocument/completion", line, character);
    }
    for position in [Value::Null, json!("x"), json!({ "line": -1, "character": 1.5 })] {
        client.ask("textDocument/completion", json!({ "textDocument": { "uri": URI }, "position": position }));
        let backwards = json!({ "range": { "start": { "line": 9, "character": 9 }, "end": position }, "text": "x" });
        client
            .tell("textDocument/didChange", json!({ "textDocument": { "uri": URI, "version": 7 }, "contentChanges": [1, backwards, {}] }));
        client.found(7);
    }
    client.end();
    // An editor that goes away is no reason to stay.
    let mut client = Client::start(&[]);
    client.begin(Value::Null);
    drop(client.input);
    assert_eq!(client.child.wait().expect("it ends").code(), Some(1));
}
