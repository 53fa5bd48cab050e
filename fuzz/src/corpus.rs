//! What inputs are made from: the project's own data, and what lies in `../shared` where there is such a folder.

use std::path::{Path, PathBuf};

use crate::mutate::{beginning, pack};

/// The workspace's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Bytes of an input of the corpus at most: small inputs are run and damaged faster.
const SMALL: usize = 12 << 10;

/// Lines of one input of lines.
const LINES: usize = 3;

/// Inputs of one folder or file at most, taken evenly from all of it.
const MOST: usize = 120;

/// The files of some folders or paths with one of these extensions, in order of their names. What is not there is left out.
pub fn files(places: &[&str], extensions: &[&str]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for place in places {
        collect(&root().join(place), extensions, &mut found);
    }
    found.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}

fn collect(path: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    if let Ok(entries) = path.read_dir() {
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        paths.iter().for_each(|path| collect(path, extensions, found));
    } else if path.is_file() && path.to_str().is_some_and(|p| extensions.iter().any(|e| p.ends_with(e))) {
        found.push(path.to_owned());
    }
}

fn evenly<T>(all: Vec<T>, most: usize) -> Vec<T> {
    let step = all.len().div_ceil(most).max(1);
    all.into_iter().step_by(step).collect()
}

/// The beginnings of captures whose first four bytes satisfy `wanted`, and captures of single packets.
pub fn captures(wanted: fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
    let places = ["bench-suite/workloads/data", "crates/inputs/tests", "../shared/captures", "../shared/inputs"];
    let files = files(&places, &[".pcap", ".pcapng", ".cap"]);
    files.iter().filter(|f| f.get(..4).is_some_and(wanted)).map(|f| beginning(f, SMALL).to_vec()).collect()
}

/// Whether bytes begin a pcapng file.
pub fn is_pcapng(first: &[u8]) -> bool {
    first == [0x0a, 0x0d, 0x0d, 0x0a]
}

/// A pcap file of the packets of a pcapng file, so that there is one without any other data.
pub fn pcap_of(pcapng: &[u8]) -> Vec<u8> {
    let mut pcap = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0].to_vec();
    let number = |at: usize| pcapng.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes) as usize;
    let mut at = 0;
    while at + 12 <= pcapng.len() && number(at + 4) >= 12 {
        if number(at) == 6 {
            let len = number(at + 20);
            let Some(packet) = pcapng.get(at + 28..at + 28 + len) else { break };
            pcap.extend([0; 8]);
            pcap.extend((len as u32).to_le_bytes());
            pcap.extend((len as u32).to_le_bytes());
            pcap.extend(packet);
        }
        at += number(at + 4);
    }
    pcap
}

/// A few lines each of the files of lines at these places.
pub fn lines(places: &[&str]) -> Vec<Vec<u8>> {
    let mut inputs = Vec::new();
    for file in files(places, &[".jsonl"]) {
        let lines: Vec<&[u8]> = file.split(|b| *b == b'\n').collect();
        let parts = lines.chunks(LINES).map(|part| part.join(&b'\n')).filter(|part| !part.is_empty() && part.len() < SMALL).collect();
        inputs.extend(evenly(parts, MOST));
    }
    inputs
}

/// Inputs as gzip files.
pub fn packed(inputs: &[Vec<u8>]) -> Vec<Vec<u8>> {
    inputs.iter().map(|input| pack(input)).collect()
}

/// Texts of whole files at these places.
pub fn texts(places: &[&str], extensions: &[&str]) -> Vec<Vec<u8>> {
    files(places, extensions).into_iter().filter(|f| f.len() < 4 * SMALL).collect()
}

/// Rules: of the workloads, of cases, of the examples of the documentation, and each rule of them alone.
pub fn rules() -> Vec<Vec<u8>> {
    let mut rules = texts(&["bench-suite/workloads", "crates/testing/cases", "../shared/inputs"], &[".rules", ".expr"]);
    for text in texts(&["docs/language.md"], &[".md"]) {
        let text = String::from_utf8_lossy(&text).into_owned();
        let fences: Vec<&str> = text.split("```").skip(1).step_by(2).filter_map(|b| b.split_once('\n').map(|(_, body)| body)).collect();
        rules.extend(fences.iter().flat_map(|b| b.lines()).map(|line| line.as_bytes().to_vec()));
        rules.extend(fences.iter().map(|b| b.as_bytes().to_vec()));
    }
    for (file, key) in [("crates/testing/cases", "source"), ("../shared/corpus", "expr")] {
        for file in files(&[file], &[".jsonl"]) {
            let values = file.split(|b| *b == b'\n').filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok());
            let texts: Vec<Vec<u8>> =
                values.filter_map(|v| Some(v.get(key)?.as_str()?.as_bytes().to_vec())).filter(|t| t.len() < SMALL).collect();
            rules.extend(evenly(texts, 3 * MOST));
        }
    }
    for text in texts(&["crates/lang/tests/cases.toml"], &[".toml"]) {
        let text = String::from_utf8_lossy(&text).into_owned();
        rules.extend(text.lines().filter_map(|l| l.strip_prefix("source = '")?.strip_suffix('\'')).map(|l| l.as_bytes().to_vec()));
    }
    let single: Vec<Vec<u8>> = rules
        .iter()
        .filter(|r| r.starts_with(b"rule ") || r.contains(&b'\n'))
        .flat_map(|r| r.split(|b| *b == b'\n').filter(|l| l.starts_with(b"rule ")).map(<[u8]>::to_vec).collect::<Vec<_>>())
        .collect();
    rules.extend(evenly(single, 3 * MOST));
    rules.retain(|r| !r.is_empty());
    rules
}
