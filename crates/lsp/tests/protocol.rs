//! The language server, spoken to as editors do.

mod client;

use std::io::{BufReader, PipeWriter};
use std::path::Path;
use std::thread::JoinHandle;

use client::{Client, URI};
use quintet_lang::{Field, Limits, Presence, Scheme, Type, stdlib};
use quintet_lsp::{Schemes, serve};
use quintet_syntax::service::Service;
use serde_json::{Value, json};

/// One service for all texts but those that want none.
struct Only(Service);

impl Schemes for Only {
    fn service(&mut self, text: &str, file: Option<&Path>) -> Result<&Service, String> {
        assert_eq!(file, Some(Path::new("/rules/a b.rules")));
        if text.starts_with("# none") { Err("there is none".into()) } else { Ok(&self.0) }
    }

    fn options(&mut self, _: &Value) {}
}

/// A server in a thread of its own, which answers whether it ended in order.
fn start() -> (Client<PipeWriter>, JoinHandle<bool>) {
    let port =
        Field { name: "tcp.port".into(), ty: Type::array(Type::Int), presence: Presence::Optional, multi: true, doc: "Ports.".into() };
    let scheme = Scheme::builder().field(port).mandatory("ssl", Type::Bool).functions(stdlib::signatures()).build().expect("a scheme");
    let service = Service::new(scheme, Limits::default());
    let (input, to_server) = std::io::pipe().expect("a pipe");
    let (output, mut from_server) = std::io::pipe().expect("a pipe");
    let server = std::thread::spawn(move || serve(&mut BufReader::new(input), &mut from_server, Only(service)).expect("pipes"));
    (Client::new(to_server, output), server)
}

fn range(line: u64, start: u64, end: u64) -> Value {
    json!({ "start": { "line": line, "character": start }, "end": { "line": line, "character": end } })
}

#[test]
fn an_editor_gets_all_answers() {
    let (mut client, server) = start();
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
    // A text whose scheme cannot be had is said to have none, and asked about in vain.
    let found = client.open("# none\nssl");
    assert_eq!((&found[0]["range"], &found[0]["message"]), (&range(0, 0, 6), &json!("there is none")));
    assert_eq!(client.at("textDocument/hover", 1, 0), Value::Null);
    client.end();
    assert!(server.join().expect("no panic"));
}

#[test]
fn wrong_input_never_ends_it() {
    let (mut client, server) = start();
    let early = client.reply("textDocument/hover", json!({ "textDocument": { "uri": URI } }));
    assert_eq!(early["error"]["code"], -32002);
    client.begin(json!(["no", "options"]));
    // What is no JSON, what is no UTF-8, headers that are none, lengths that are none, and one that is too large.
    client.raw(b"Content-Length: 3\r\n\r\n{{{");
    assert_eq!(client.hear()["error"]["code"], -32700);
    client.raw(b"content-length:2\r\nX-Other: 1\r\n\r\n\xff\xfe");
    assert_eq!(client.hear()["error"]["code"], -32700);
    client.raw(b"Content-Length: 1000000000000000000\r\n\r\n{}Content-Length: 1\r\n\r\n{");
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
    assert!(server.join().expect("no panic"));
    // An editor that goes away is no reason to stay.
    let (mut client, server) = start();
    client.begin(Value::Null);
    drop(client.input);
    assert!(!server.join().expect("no panic"));
    let (mut client, server) = start();
    client.tell("exit", Value::Null);
    assert!(!server.join().expect("no panic"));
}
