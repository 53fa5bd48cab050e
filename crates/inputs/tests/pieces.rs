//! Several decoders that share the pieces of an input make the records that one reader makes, and see what it sees.

use std::io::Cursor;
use std::path::Path;

use quintet_inputs::{Decoder, Format, Input, Reader, ReaderOptions, Stats, schemes};
use quintet_lang::Scheme;
use quintet_runtime::{Batch, OwnedValue};

/// The values of a batch's records, by field.
fn values(batch: &Batch) -> Vec<Vec<Option<OwnedValue>>> {
    let fields = batch.scheme().fields().iter().filter_map(|field| batch.scheme().field_id(&field.name));
    let fields: Vec<_> = fields.collect();
    batch.iter().map(|record| fields.iter().map(|field| OwnedValue::of(&record.value(*field))).collect()).collect()
}

/// What an input came to: numbers, values and originals of its records, and what was seen.
#[derive(Debug, Default, PartialEq)]
struct Read {
    numbers: Vec<u64>,
    values: Vec<Vec<Option<OwnedValue>>>,
    originals: Vec<u8>,
    stats: Stats,
}

fn whole(bytes: &[u8], format: Format, scheme: &Scheme, options: &ReaderOptions) -> Read {
    let mut reader = Reader::new(Cursor::new(bytes.to_vec()), format, scheme, options).expect("a reader");
    let mut read = Read::default();
    while let Some(batch) = reader.next_batch(None).expect("no error") {
        read.numbers.extend(reader.batch_numbers());
        read.values.extend(values(&batch));
        for record in 0..batch.len() {
            read.originals.extend(reader.originals().definitions(record));
            read.originals.extend(reader.originals().record(record));
        }
    }
    read.stats = reader.stats().clone();
    read
}

fn shared(bytes: &[u8], format: Format, scheme: &Scheme, options: &ReaderOptions, decoders: usize) -> (Read, usize) {
    let mut pieces = Input::new(Cursor::new(bytes.to_vec())).expect("an input").pieces(format, options).expect("pieces");
    let mut decoders: Vec<Decoder> = (0..decoders).map(|_| Decoder::new(format, scheme, options).expect("a decoder")).collect();
    let (mut read, mut count) = (Read::default(), 0);
    // The last piece is read first, so that no decoder sees an earlier piece than another did.
    let mut all = Vec::new();
    while let Some(piece) = pieces.next_piece().expect("no error") {
        all.push(piece);
    }
    let of = decoders.len();
    let mut parts: Vec<Option<Read>> = all.iter().map(|_| None).collect();
    for (i, piece) in all.iter_mut().enumerate().rev() {
        count += usize::from(!piece.is_empty());
        let decoder = &mut decoders[i % of];
        let mut part = Read::default();
        while let Some(batch) = decoder.next_batch(piece, None).expect("no error") {
            part.values.extend(values(&batch));
            let (numbers, originals) = decoder.take();
            part.numbers.extend(numbers);
            for record in 0..batch.len() {
                part.originals.extend(originals.definitions(record));
                part.originals.extend(originals.record(record));
            }
        }
        part.stats = decoder.seen(piece);
        parts[i] = Some(part);
    }
    for part in parts.into_iter().flatten() {
        read.numbers.extend(part.numbers);
        read.values.extend(part.values);
        read.originals.extend(part.originals);
        read.stats.add(part.stats);
    }
    (read, count)
}

fn hold(bytes: &[u8], format: Format, scheme: &Scheme, options: &ReaderOptions, least: usize) {
    let one = whole(bytes, format, scheme, options);
    for decoders in [1, 2, 5] {
        let (read, pieces) = shared(bytes, format, scheme, options, decoders);
        assert!(pieces >= least, "{pieces} pieces");
        assert!(read.numbers == one.numbers && read.values == one.values && read.originals == one.originals, "{format} {decoders}");
        assert_eq!(read.stats, one.stats, "{format} {decoders}");
    }
}

fn data(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench-suite/workloads/data").join(name)).expect("a file")
}

#[test]
fn packets() {
    let scheme = schemes::packets().build().expect("a scheme");
    let scheme =
        scheme.project(|_, f| ["frame.number", "frame.time_relative", "ip.src", "tcp.port", "http.host", "eth.src"].contains(&&*f.name));
    let options = ReaderOptions::default().originals(true);
    let traffic = data("traffic.pcapng");
    hold(&traffic, Format::Packets, &scheme, &options, 5);
    hold(&traffic.repeat(2), Format::Packets, &scheme, &options.clone().batch_records(7), 10);
    // Cut off within a frame, and damaged in the middle.
    hold(&traffic[..traffic.len() - 11], Format::Packets, &scheme, &options, 5);
    let mut damaged = traffic.repeat(2);
    let middle = traffic.len() + 4;
    damaged[middle..middle + 4].fill(0xff);
    hold(&damaged, Format::Packets, &scheme, &options, 5);
}

#[test]
fn requests_and_lines() {
    let mut lines = b"\xef\xbb\xbf".to_vec();
    for (i, line) in data("requests.jsonl").repeat(3).split(|b| *b == b'\n').enumerate() {
        match i % 211 {
            3 => lines.extend(b" \r"),
            5 => lines.extend(b"{\"method\": 1}"),
            7 => lines.extend(&line[..line.len() / 2]),
            9 => lines.extend(b"{\"method\": \"GET\", \"uri\": \"/\", \"ip\": \"x\", \"headers\": [[\"a\", \"b\"], 1]}"),
            _ => lines.extend(line),
        }
        lines.push(b'\n');
        if i == 1000 {
            lines.extend(vec![b'x'; 400_000]);
            lines.push(b'\n');
        }
    }
    lines.extend(b"{\"method\": \"GET\", \"uri\": \"/end\"}");
    let options = ReaderOptions::default().originals(true).limits(quintet_inputs::ReaderLimits::default().line_bytes(300_000));
    let scheme = schemes::http().build().expect("a scheme");
    hold(&lines, Format::Http, &scheme, &options, 5);
    let typed = Scheme::builder().optional("method", quintet_lang::Type::Bytes).optional("dport", quintet_lang::Type::Bytes);
    hold(&lines, Format::JsonLines, &typed.build().expect("a scheme"), &options, 5);
}
