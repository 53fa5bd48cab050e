//! The language server as editors start it.

#[path = "../../lsp/tests/client/mod.rs"]
#[allow(dead_code, reason = "the server's own tests use the rest")]
mod client;

use std::process::{Child, ChildStdin, Command, Stdio};

use client::Client;
use serde_json::{Value, json};

fn start(args: &[&str]) -> (Client<ChildStdin>, Child) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
    let mut child = command.arg("lsp").args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the command runs");
    let (input, output) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
    (Client::new(input, output), child)
}

/// The scheme is that of the text, else of the editor, else of the command line, else the one that fits.
#[test]
fn schemes() {
    let errors = |args: &[&str], options: Value, text: &str| {
        let (mut client, mut child) = start(args);
        client.begin(options);
        let found = client.open(text);
        client.end();
        assert_eq!(child.wait().expect("it ends").code(), Some(0));
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

/// The misspelt field is underlined, and what mends it offered; an editor that goes away is no reason to stay.
#[test]
fn an_editor_gets_answers() {
    let (mut client, mut child) = start(&["--scheme", "packets"]);
    client.begin(Value::Null);
    let found = client.open("tcp.prt == 80");
    assert_eq!((found.len(), &found[0]["code"], &found[0]["range"]["end"]["character"]), (1, &json!("unknown-name"), &json!(7)));
    assert_eq!(client.at("textDocument/completion", 0, 7)["items"][0]["label"], "tcp.port");
    assert!(client.at("textDocument/hover", 0, 9).is_object());
    drop(client);
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
}
