//! A browser to test in: headless Chromium, spoken to over its debugging pipe, so that keys are pressed as a reader presses them.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// The height of a tab's view: a laptop's, and less than that of a phone that is 390 pixels wide.
pub const HEIGHT: u32 = 800;

/// A running browser.
pub struct Chrome {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    profile: PathBuf,
    last: u64,
    /// What it told without being asked.
    pub events: Vec<Value>,
}

/// The browser that is installed, if any.
fn installed() -> Option<PathBuf> {
    if let Some(given) = std::env::var_os("CHROME") {
        return Some(given.into());
    }
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name))).find(|file| file.is_file())
}

impl Chrome {
    /// Starts the browser with a fresh profile; `None`, with a message, where none is installed.
    pub fn start(name: &str) -> Option<Chrome> {
        let Some(program) = installed() else {
            eprintln!("skipped: no chromium, chromium-browser or google-chrome in PATH, and CHROME is not set");
            return None;
        };
        let profile = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("chrome-{name}-{}", std::process::id()));
        // The browser reads commands from descriptor 3 and writes answers to 4: the shell makes them of its input and output.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 >/dev/null 2>&1 </dev/null"])
            .arg(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"])
            .args(["--disable-component-update", "--disable-sync", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the browser starts");
        let to = child.stdin.take().expect("it is piped");
        let mut out = child.stdout.take().expect("it is piped");
        let (send, from) = channel();
        std::thread::spawn(move || {
            let (mut held, mut chunk) = (Vec::new(), vec![0; 1 << 16]);
            while let Ok(read @ 1..) = out.read(&mut chunk) {
                held.extend_from_slice(&chunk[..read]);
                while let Some(end) = held.iter().position(|b| *b == 0) {
                    let message: Vec<u8> = held.drain(..=end).collect();
                    let parsed = serde_json::from_slice(&message[..end]).expect("the browser speaks JSON");
                    if send.send(parsed).is_err() {
                        return;
                    }
                }
            }
        });
        Some(Chrome { child, to, from, profile, last: 0, events: Vec::new() })
    }

    fn receive(&self) -> Value {
        self.from.recv_timeout(Duration::from_secs(60)).expect("the browser answers within a minute")
    }

    /// Calls a method and waits for its answer.
    pub fn call(&mut self, session: Option<&str>, method: &str, params: Value) -> Value {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        self.to.write_all(format!("{message}\0").as_bytes()).expect("the browser listens");
        loop {
            let answer = self.receive();
            if answer["id"] == self.last {
                assert!(answer.get("error").is_none(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
            self.events.push(answer);
        }
    }

    /// Opens an address in a tab `width` pixels wide and waits until it has loaded.
    pub fn open(&mut self, url: &str, width: u32, dark: bool, scripts: bool) -> Tab<'_> {
        let target = self.call(None, "Target.createTarget", json!({ "url": "about:blank" }));
        let attached = self.call(None, "Target.attachToTarget", json!({ "targetId": target["targetId"], "flatten": true }));
        let session = attached["sessionId"].as_str().expect("a session").to_owned();
        let mut tab = Tab { chrome: self, session };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            tab.call(&format!("{domain}.enable"), json!({}));
        }
        tab.call(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": width < 600 }),
        );
        tab.scheme(dark);
        tab.call("Emulation.setScriptExecutionDisabled", json!({ "value": !scripts }));
        tab.chrome.events.clear();
        tab.call("Page.navigate", json!({ "url": url }));
        while !tab.chrome.events.iter().any(|e| e["method"] == "Page.loadEventFired") {
            let event = tab.chrome.receive();
            tab.chrome.events.push(event);
        }
        tab
    }
}

impl Drop for Chrome {
    fn drop(&mut self) {
        // The process is this test's own; there is nothing to do about one that has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

/// An open tab.
pub struct Tab<'c> {
    /// Its browser.
    pub chrome: &'c mut Chrome,
    session: String,
}

impl Tab<'_> {
    fn call(&mut self, method: &str, params: Value) -> Value {
        let session = self.session.clone();
        self.chrome.call(Some(&session), method, params)
    }

    /// The value of an expression, after what waits to be drawn is drawn.
    pub fn value(&mut self, expression: &str) -> Value {
        let answer = self.call("Runtime.evaluate", json!({ "expression": expression, "returnByValue": true, "awaitPromise": true }));
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// The value of an expression as text.
    pub fn text(&mut self, expression: &str) -> String {
        self.value(expression).as_str().unwrap_or_else(|| panic!("{expression} is no text")).to_owned()
    }

    /// Runs statements and waits until their effect is drawn.
    pub fn act(&mut self, statements: &str) {
        self.value(&format!("{{ {statements} }}; new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"));
    }

    /// Presses a key on the element that a selector names.
    pub fn press(&mut self, selector: &str, key: &str, code: u32) {
        self.act(&format!("document.querySelector({}).focus()", json!(selector)));
        self.key(key, code);
    }

    /// Presses a key where the keyboard is.
    pub fn key(&mut self, key: &str, code: u32) {
        for kind in ["rawKeyDown", "keyUp"] {
            self.call("Input.dispatchKeyEvent", json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code }));
        }
        self.act("");
    }

    /// What the reader's system prefers.
    pub fn scheme(&mut self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        self.call("Emulation.setEmulatedMedia", json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] }));
    }

    /// Faults that the browser has told of: exceptions, errors on the console, resources that did not load.
    pub fn faults(&self) -> Vec<String> {
        let told = |e: &&Value| match e["method"].as_str() {
            Some("Runtime.exceptionThrown") => true,
            Some("Runtime.consoleAPICalled") => e["params"]["type"] == "error" || e["params"]["type"] == "warning",
            Some("Log.entryAdded") => e["params"]["entry"]["level"] == "error",
            _ => false,
        };
        self.chrome.events.iter().filter(told).map(Value::to_string).collect()
    }

    /// Every address that was asked for.
    pub fn requests(&self) -> Vec<String> {
        let sent = self.chrome.events.iter().filter(|e| e["method"] == "Network.requestWillBeSent");
        sent.filter_map(|e| e["params"]["request"]["url"].as_str()).map(str::to_owned).collect()
    }
}
