//! `quintet serve`, spoken to over HTTP.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

const PAGE: &str = "<!doctype html><html><head><title>x</title></head><body></body></html>";

const SCHEME: &str = "[fields]\n\"tcp.port\" = \"Int\"\nhost = { type = \"Bytes\", optional = true }\n";

/// A server of a page of its own, ended with the test.
struct Served {
    child: Child,
    host: String,
    folder: tempfile::TempDir,
}

impl Served {
    fn new() -> Served {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("assets")).expect("a folder");
        fs::write(folder.path().join("index.html"), PAGE).expect("a file");
        fs::write(folder.path().join("assets/a.wasm"), b"\0asm").expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
        command.args(["serve", "--port", "0", "--web"]).arg(folder.path());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the command runs");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("a line");
        let host = line.trim().strip_prefix("http://").and_then(|rest| rest.strip_suffix('/')).expect("an address").to_owned();
        Served { child, host, folder }
    }

    /// What is answered to a request: the status, the headers, the body.
    fn request(&self, head: &str, body: &[u8]) -> (u16, String, String) {
        let mut stream = TcpStream::connect(&self.host).expect("it listens");
        let head = format!("{head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).expect("it reads");
        // What is refused by its head is not read to its end.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {answer}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, head.to_ascii_lowercase(), body.to_owned())
    }

    fn get(&self, path: &str) -> (u16, String, String) {
        self.request(&format!("GET {path} HTTP/1.1\r\nHost: {}", self.host), b"")
    }

    fn ask(&self, path: &str, question: &Value) -> (u16, Value) {
        let head = format!("POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json", self.host);
        let (status, _, body) = self.request(&head, question.to_string().as_bytes());
        (status, serde_json::from_str(&body).unwrap_or_else(|e| panic!("{e}: {body}")))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn rules(text: &str) -> Value {
    json!({ "scheme": SCHEME, "text": text })
}

#[test]
fn files_are_those_of_the_folder() {
    let served = Served::new();
    let (status, head, page) = served.get("/");
    assert_eq!(status, 200);
    assert!(head.contains("content-type: text/html") && head.contains("content-security-policy: default-src 'self'"), "{head}");
    let told = page.split("<script id=\"host\" type=\"application/json\">").nth(1).and_then(|rest| rest.split("</script>").next());
    let told: Value = serde_json::from_str(told.expect("the page is told of its server")).expect("JSON");
    assert!(told["code"].as_array().expect("backends").contains(&json!("jit")), "{told}");
    assert_eq!(page.replace(page.split("</title>").nth(1).and_then(|rest| rest.split("</head>").next()).expect("a head"), ""), PAGE);
    assert_eq!(served.get("/index.html").2, page);
    let (status, head, body) = served.get("/assets/a.wasm");
    assert!(status == 200 && head.contains("application/wasm") && body == "\0asm", "{head}");
    fs::write(served.folder.path().join("later.txt"), "x").expect("a file");
    for path in ["/later.txt", "/../Cargo.toml", "/%2e%2e/Cargo.toml", "/assets", "/assets/"] {
        assert_eq!(served.get(path).0, 404, "{path}");
    }
    assert_eq!(served.request(&format!("PUT / HTTP/1.1\r\nHost: {}", served.host), b"x").0, 405);
}

#[test]
fn code_is_that_of_explain() {
    let served = Served::new();
    let rule = "tcp.port in {80 443} and host contains \"a\"";
    let scheme = served.folder.path().join("s.toml");
    fs::write(&scheme, SCHEME).expect("a file");
    for (backend, form) in [("jit", "asm"), ("jit-fast", "asm"), ("wasm", "asm"), ("jit", "clif"), ("lua", "lua")] {
        let (status, answer) = served.ask("/api/code", &json!({ "rules": rules(rule), "backend": backend, "form": form }));
        assert_eq!(status, 200, "{answer}");
        let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
        command.args(["explain", rule, "--backend", backend, "--emit", form, "--scheme"]).arg(&scheme);
        let output = command.output().expect("the command runs");
        assert!(output.status.success());
        assert_eq!(answer["text"].as_str().expect("a text").trim_end(), String::from_utf8_lossy(&output.stdout).trim_end());
    }
    let (status, answer) = served.ask("/api/code", &json!({ "rules": rules(rule), "backend": "nope" }));
    assert!(status == 400 && answer["error"].as_str().is_some_and(|e| e.contains("no backend `nope`")), "{answer}");
    let (status, answer) = served.ask("/api/code", &json!({ "rules": rules(rule), "backend": "interp" }));
    assert!(status == 400 && answer["error"].is_string(), "{answer}");
}

#[test]
fn all_backends_are_timed() {
    let served = Served::new();
    let records = json!([{ "tcp.port": 443, "host": "a" }, { "tcp.port": 80 }, { "tcp.port": 7 }]);
    let text = "rule web = tcp.port in {80 443}\nrule odd = 100 / (tcp.port - 80) > 1\nrule a = host contains \"a\"";
    let (status, answer) = served.ask("/api/times", &json!({ "rules": rules(text), "records": records }));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["records"], 1023);
    let rows = answer["backends"].as_array().expect("rows");
    for id in ["interp", "closures", "jit", "jit-fast", "wasm", "wasm-winch", "lua"] {
        let row = rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("{id} has no row: {answer}"));
        assert!(row["first"].as_f64().is_some_and(|ns| ns > 0.0), "{row}");
        for what in ["compile", "single", "batch"] {
            let [low, median, high] = ["low", "median", "high"].map(|which| row[what][which].as_f64().expect("a number"));
            assert!(0.0 < low && low <= median && median <= high, "{row}");
        }
    }
    let (status, answer) = served.ask("/api/times", &json!({ "rules": rules(text), "records": [] }));
    assert!(status == 400 && answer["error"].as_str().is_some_and(|e| e.contains("no records")), "{answer}");
    let (status, answer) = served.ask("/api/times", &json!({ "rules": rules(text), "records": [{ "tcp.prt": 1 }] }));
    assert!(status == 400 && answer["error"].as_str().is_some_and(|e| e.contains("record 0: there is no field `tcp.prt`")), "{answer}");
}

/// What would run for hours ends, and the next question is answered.
#[test]
fn what_takes_too_long_is_refused() {
    let served = Served::new();
    let body = "{\n  let n = tcp.port\n  for i in 0..30000000 { n = n * 31 + i }\n  return n == 1\n}";
    let text: Vec<String> = (0..64).map(|rule| format!("rule slow{rule} {body}")).collect();
    let question = json!({ "rules": rules(&text.join("\n")), "records": [{ "tcp.port": 80 }] });
    let (status, answer) = served.ask("/api/times", &question);
    assert!(status == 400 && answer["error"].as_str().is_some_and(|e| e.contains("too long")), "{answer}");
    assert_eq!(served.ask("/api/code", &json!({ "rules": rules("tcp.port == 80"), "backend": "jit" })).0, 200);
}

#[test]
fn mistakes_are_told_with_their_places() {
    let served = Served::new();
    for path in ["/api/code", "/api/times"] {
        let mut question = json!({ "rules": rules("tcp.prt == 80") });
        if path == "/api/code" {
            question["backend"] = json!("jit")
        } else {
            question["records"] = json!([{}])
        }
        let (status, answer) = served.ask(path, &question);
        assert_eq!(status, 422, "{answer}");
        let finding = &answer["findings"][0];
        assert_eq!((&finding["code"], &finding["at"]["end"]["utf16"]), (&json!("unknown-name"), &json!(7)), "{answer}");
        assert_eq!(answer["error"], finding["message"]);
        assert_eq!(finding["mend"]["text"], "tcp.port");
        for wrong in [json!({}), json!([]), json!({ "rules": { "scheme": 1 } })] {
            let (status, answer) = served.ask(path, &wrong);
            assert!(status == 422 && answer["error"].is_string(), "{answer}");
        }
    }
    let scheme = json!({ "rules": { "scheme": "nope", "text": "true" }, "backend": "jit" });
    assert_eq!(served.ask("/api/code", &scheme).0, 400);
}

/// Names that were made to point here, other pages, and questions that are too large.
#[test]
fn strangers_are_refused() {
    let served = Served::new();
    let port = served.host.rsplit(':').next().expect("a port");
    for (host, status) in [
        (served.host.clone(), 200),
        (format!("localhost:{port}"), 200),
        ("evil.example".into(), 403),
        (format!("evil.example:{port}"), 403),
        (format!("127.0.0.1:{port}.evil.example"), 403),
        ("127.0.0.1".into(), 403),
        (String::new(), 403),
    ] {
        assert_eq!(served.request(&format!("GET / HTTP/1.1\r\nHost: {host}"), b"").0, status, "{host}");
    }
    let question = json!({ "rules": rules("tcp.port == 80"), "backend": "jit" }).to_string();
    let own = format!("Host: {}", served.host);
    let json = "Content-Type: application/json";
    for (origin, status) in [(format!("http://{}", served.host), 200), ("http://evil.example".into(), 403), ("null".into(), 403)] {
        let head = format!("POST /api/code HTTP/1.1\r\n{own}\r\n{json}\r\nOrigin: {origin}");
        assert_eq!(served.request(&head, question.as_bytes()).0, status, "{origin}");
    }
    // What a form of another page can send is no question.
    let head = format!("POST /api/code HTTP/1.1\r\n{own}\r\nContent-Type: text/plain");
    assert_eq!(served.request(&head, question.as_bytes()).0, 415);
    let head = format!("POST /api/code HTTP/1.1\r\n{own}\r\n{json}");
    assert_eq!(served.request(&head, &vec![b' '; (1 << 20) + 1]).0, 413);
}

#[test]
fn a_folder_without_pages_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
    let output = command.args(["serve", "--port", "0", "--web"]).arg(folder.path()).output().expect("the command runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("scripts/web.sh"), "{said}");
}
