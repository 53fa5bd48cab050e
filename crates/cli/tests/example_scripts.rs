//! The scripts of `examples/scripts`, on values whose answers are known from elsewhere, on all configurations.

use std::path::Path;

use quintet::{ArenaKind, Batch, BatchBuilder, Engine, Library, Matches, OwnedValue, RecordId, RuleId, Scheme, Value, configurations};
use quintet::{FieldId, Presence, Type};

/// What a field holds.
type Field<'a> = (&'a str, Value<'a>);

/// A record of these fields; flags are set where a field of theirs is.
fn record(scheme: &Scheme, fields: &[Field<'_>]) -> Batch {
    let mut builder = BatchBuilder::new(scheme, 1, ArenaKind::Plain).expect("room");
    let mut record = builder.record();
    let zeros: Vec<(FieldId, OwnedValue)> = (0..scheme.fields().len())
        .map(|at| FieldId(at as u32))
        .filter(|id| scheme.field(*id).presence == Presence::Mandatory)
        .map(|id| (id, OwnedValue::zero(&scheme.field(id).ty)))
        .collect();
    for (id, zero) in &zeros {
        let field = scheme.field(*id);
        let set = fields.iter().any(|(name, _)| name.split('.').next() == Some(&field.name));
        match zero {
            OwnedValue::Bool(_) => record.set(*id, Value::Bool(set)),
            OwnedValue::Int(_) => record.set(*id, Value::Int(0)),
            OwnedValue::Float(_) => record.set(*id, Value::Float(0.0)),
            _ if field.ty == Type::Bytes => record.set(*id, Value::Bytes(b"")),
            other => panic!("{}: {other}", field.name),
        }
    }
    for (name, value) in fields {
        if let Some(id) = scheme.field_id(name) {
            record.set(id, *value);
        }
    }
    record.finish().expect("a record");
    builder.build()
}

/// Whether the rules match, on all configurations alike.
fn answers(file: &str, fields: &[Field<'_>]) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/scripts").join(file);
    let text = std::fs::read_to_string(&path).expect("an example");
    let scheme = quintet_inputs::schemes::packets().functions(Library::standard().signatures()).build().expect("the scheme of packets");
    let engine = Engine::new().with_library(Library::standard());
    let program = engine.check_projected(&text, &scheme).unwrap_or_else(|e| panic!("{file}: {e}"));
    let batch = record(&program.scheme.clone(), fields);
    let names: Vec<String> = program.rules.iter().map(|rule| rule.name.clone()).collect();
    let linked = engine.link(engine.optimise(&program)).expect("a linked program");
    let mut first: Option<Vec<String>> = None;
    for backend in configurations() {
        if backend.supports(&linked).is_err() {
            continue;
        }
        let mut instance = backend.compile(&linked).expect("a program").instantiate(engine.limits()).expect("an instance");
        let mut matches = Matches::new();
        instance.run_batch(&batch, &mut matches).expect("a run");
        assert!(matches.traps().is_empty(), "{file} on {}: {:?}", backend.id(), matches.traps());
        let found = (0..names.len()).filter(|rule| matches.get(RuleId(*rule), RecordId(0))).map(|rule| names[rule].clone()).collect();
        assert_eq!(*first.get_or_insert_with(|| Clone::clone(&found)), found, "{file} on {}", backend.id());
    }
    first.expect("a configuration")
}

fn payload<'a>(file: &str, field: &'a str, bytes: &'a [u8]) -> Vec<String> {
    answers(file, &[(field, Value::Bytes(bytes))])
}

/// All of them, so that none is left out of these tests, and nobody learns from one what `quintet check` warns of.
#[test]
fn examples_are_tested_and_have_no_warnings() {
    let tests = include_str!("example_scripts.rs");
    let scheme = quintet_inputs::schemes::packets().functions(Library::standard().signatures()).build().expect("the scheme of packets");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/scripts");
    let index = std::fs::read_to_string(folder.join("README.md")).expect("the index");
    let mut examples = 0;
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name == "README.md" {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("an example");
        let found = Engine::new().warnings(&text, &scheme);
        assert!(found.is_empty(), "{name}:\n{found}");
        assert!(tests.contains(&format!("\"{name}\"")), "{name} is not tested");
        assert!(index.contains(&name), "{name} is not in the index");
        examples += 1;
    }
    assert!(examples >= 12);
}

#[test]
fn entropy() {
    let every: Vec<u8> = (0..=255).collect();
    assert_eq!(payload("entropy.rules", "tcp.payload", &every.repeat(40)), ["high_entropy"]);
    assert!(payload("entropy.rules", "tcp.payload", &[7; 10_240]).is_empty());
    assert!(payload("entropy.rules", "tcp.payload", &every.repeat(39)).is_empty(), "too short");
}

#[test]
fn checksum8() {
    let uri = |text: &'static [u8]| {
        let uris = [Value::Bytes(text)];
        answers("checksum8.rules", &[("http.request.uri", Value::Array(quintet::ArrayRef::Built(&uris)))])
    };
    assert_eq!(uri(b"/aaa9"), ["stager"]);
    assert_eq!(uri(b"/aaa:"), ["stager"]);
    assert!(uri(b"/aaa8").is_empty() && uri(b"aaa9").is_empty() && uri(b"/").is_empty());
}

/// A program's first bytes as Windows has them, under a key.
fn executable(key: &[u8]) -> Vec<u8> {
    let mut file = vec![0u8; 400];
    file[..2].copy_from_slice(b"MZ");
    file[60..64].copy_from_slice(&200u32.to_le_bytes());
    file[78..78 + 39].copy_from_slice(b"This program cannot be run in DOS mode.");
    file[200..204].copy_from_slice(b"PE\0\0");
    for (byte, key) in file.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
    file
}

#[test]
fn executables_under_a_key() {
    for key in [&[0x5a, 0x13, 0xff, 0x80][..], &[1, 2, 3, 4, 5, 6], &[0; 4]] {
        assert_eq!(payload("xor_pe.rules", "tcp.payload", &executable(key)), ["xored_executable"], "{key:?}");
    }
    assert!(payload("xor_pe.rules", "tcp.payload", &executable(&[1, 2, 3, 4, 5])).is_empty(), "another period");
    let mut broken = executable(&[9, 8, 7, 6]);
    broken[201] ^= 1;
    assert!(payload("xor_pe.rules", "tcp.payload", &broken).is_empty());
    assert!(payload("xor_pe.rules", "tcp.payload", &[0; 50]).is_empty());
}

#[test]
fn a_word_under_a_key() {
    let text = |words: &[u8]| {
        let mut bytes = b"XOR1\x2a".to_vec();
        bytes.extend(words.iter().map(|byte| byte ^ 0x2a));
        bytes
    };
    assert_eq!(payload("xor_word.rules", "udp.payload", &text(b"the PassWord is")), ["secret_word"]);
    assert!(payload("xor_word.rules", "udp.payload", &text(b"nothing")).is_empty());
    assert!(payload("xor_word.rules", "udp.payload", b"XOR2\x2aPASSWORD").is_empty());
}

#[test]
fn words_that_cancel() {
    let words = |w: [u32; 8]| w.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>();
    let (a, b) = (0x1234_5678u32, 0xdead_beefu32);
    let right = [a, b, 3, 4, 0x0f0f_0f0f, 0x8000_0001, b ^ 0x8000_0001, a ^ 0x0f0f_0f0f];
    assert_eq!(payload("winnti.rules", "tcp.payload", &words(right)), ["handshake"]);
    let mut wrong = right;
    wrong[7] ^= 1;
    assert!(payload("winnti.rules", "tcp.payload", &words(wrong)).is_empty());
    assert!(payload("winnti.rules", "tcp.payload", &words(right)[..31]).is_empty());
    assert!(payload("winnti.rules", "tcp.payload", &[0; 32]).is_empty());
}

#[test]
fn heartbeats() {
    assert_eq!(payload("heartbleed.rules", "tcp.payload", b"\x18\x03\x02\x00\x03\x01\x40\x00"), ["heartbleed"]);
    // A record of 41 bytes with a message of 22 and 16 of padding.
    let mut fits = b"\x18\x03\x02\x00\x29\x01\x00\x16".to_vec();
    fits.extend([0; 38]);
    assert!(payload("heartbleed.rules", "tcp.payload", &fits).is_empty());
    assert!(payload("heartbleed.rules", "tcp.payload", b"\x16\x03\x02\x00\x03\x01\x40\x00").is_empty());
    assert!(payload("heartbleed.rules", "tcp.payload", b"\x18\x03").is_empty());
}

#[test]
fn tags_of_flash() {
    // A rectangle of no bits, rate and count; a tag of 10 bytes, then one of the font with a long length.
    let body = |length: u32| {
        let mut body = vec![0, 0, 12, 1, 0];
        body.extend((9u16 << 6 | 10).to_le_bytes());
        body.extend([0; 10]);
        body.extend((91u16 << 6 | 63).to_le_bytes());
        body.extend(length.to_le_bytes());
        body.extend(vec![0; length as usize]);
        body.extend([0, 0]);
        body
    };
    let plain = |body: &[u8]| [b"HTTP/1.1 200 OK\r\n\r\nFWS\x09\0\0\0\0", body].concat();
    assert_eq!(payload("swf_tags.rules", "tcp.payload", &plain(&body(1001))), ["large_font_tag"]);
    assert!(payload("swf_tags.rules", "tcp.payload", &plain(&body(1000))).is_empty());
    let mut packer = flate2::write::ZlibEncoder::new(b"CWS\x09\0\0\0\0".to_vec(), flate2::Compression::best());
    std::io::Write::write_all(&mut packer, &body(5000)).expect("memory");
    let packed = packer.finish().expect("memory");
    assert_eq!(payload("swf_tags.rules", "tcp.payload", &packed), ["large_font_tag"]);
    assert!(payload("swf_tags.rules", "tcp.payload", &packed[..20]).is_empty(), "cut off");
    assert!(payload("swf_tags.rules", "tcp.payload", b"WS").is_empty());
}

#[test]
fn options_of_router_advertisements() {
    let advertisement = |options: &[&[u8]]| {
        let mut bytes = vec![134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0];
        options.iter().for_each(|option| bytes.extend_from_slice(option));
        bytes
    };
    let option = |kind: u8, length: u8| {
        let mut bytes = vec![0; usize::from(length.max(1)) * 8];
        (bytes[0], bytes[1]) = (kind, length);
        bytes
    };
    let found = |bytes: &[u8]| payload("rdnss.rules", "icmpv6.bytes", bytes);
    assert_eq!(found(&advertisement(&[&option(1, 1), &option(25, 4)])), ["bad_rdnss"]);
    assert!(found(&advertisement(&[&option(1, 1), &option(25, 3)])).is_empty());
    assert!(found(&advertisement(&[&option(25, 5)])).is_empty());
    assert!(found(&advertisement(&[&option(1, 0), &option(25, 4)])).is_empty(), "an option of length 0 ends the walk");
    assert!(found(&advertisement(&[])).is_empty());
}

/// A DNS message: counts, then what follows the header.
fn dns(questions: u16, answers: u16, rest: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![0, 1, 0x81, 0x80];
    [questions, answers, 0, 0].iter().for_each(|count| bytes.extend(count.to_be_bytes()));
    rest.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

#[test]
fn names_in_dns() {
    let found = |bytes: &[u8]| payload("dns_names.rules", "dns.bytes", bytes);
    assert_eq!(found(&dns(1, 0, &[b"\xc0\x0c\x00\x01\x00\x01"])), ["invalid_name"], "a pointer to itself");
    assert_eq!(found(&dns(1, 0, &[b"\x07exam"])), ["invalid_name"], "cut off");
    assert_eq!(found(&dns(1, 0, &[b"\x80a\x00\x00\x01\x00\x01"])), ["invalid_name"], "a label of no kind");
    assert_eq!(found(&dns(1, 0, &[&b"\x01a".repeat(200), b"\x00\x00\x01\x00\x01"])), ["invalid_name"], "too many labels");
}

#[test]
fn names_longer_than_their_records() {
    let question = b"\x07example\x03com\x00\x00\x01\x00\x01";
    let found = |bytes: &[u8]| payload("dns_heap_overflow.rules", "dns.bytes", bytes);
    // A CNAME that is a label and a pointer to the question's name, with the length that it has, and with another.
    let cname = |length: u16| [&b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c"[..], &length.to_be_bytes(), b"\x03www\xc0\x0c"].concat();
    assert!(found(&dns(1, 1, &[question, &cname(6)])).is_empty());
    assert_eq!(found(&dns(1, 1, &[question, &cname(5)])), ["cname_length"]);
    assert!(found(&dns(1, 1, &[question, &cname(6)[..12]])).is_empty(), "cut off");
    assert_eq!(found(&dns(1, 0, &[b"\xc0\x0c\x00\x01\x00\x01"])), ["pointer_ahead"], "to itself");
    assert_eq!(found(&dns(1, 0, &[b"\x01a\xc0\xff\x00\x01\x00\x01"])), ["pointer_ahead"]);
    assert!(found(&dns(1, 0, &[question])).is_empty());
}

#[test]
fn tunnels() {
    let header = |protocol: u8, total: u16| {
        let mut bytes = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol];
        bytes[2..4].copy_from_slice(&total.to_be_bytes());
        bytes.resize(20, 0);
        bytes
    };
    let found = |outer: &[u8], inner: &[u8]| {
        answers("tunnel_length.rules", &[("ip.header", Value::Bytes(outer)), ("ip.payload", Value::Bytes(inner))])
    };
    let udp = |length: u16| [&header(17, 36)[..], &[0, 53, 0, 53], &length.to_be_bytes(), &[0; 10]].concat();
    assert!(found(&header(4, 56), &udp(16)).is_empty());
    assert_eq!(found(&header(4, 56), &udp(17)), ["tunnel_length"]);
    let mut long = udp(16);
    long[3] = 37;
    assert_eq!(found(&header(4, 56), &long), ["tunnel_length"]);
    assert!(found(&header(6, 56), &long).is_empty(), "no tunnel");
}

#[test]
fn hashes_of_hosts() {
    let host = |name: &'static [u8]| {
        let names = [Value::Bytes(name)];
        answers("hash_of_host.rules", &[("http.host", Value::Array(quintet::ArrayRef::Built(&names)))])
    };
    assert_eq!(host(b"example.com"), ["listed_host", "listed_sha256"]);
    assert_eq!(host(b"APPLE"), ["listed_host"]);
    assert!(host(b"example.org").is_empty());
}
