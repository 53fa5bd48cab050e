//! The capture formats, and all captures of the sample traffic.

mod common;

use std::io::{Cursor, Write};

use common::{Pcap, block, enhanced, ethernet, interface, ipv4, read_all, section, shared, show, udp, words};
use quintet_inputs::{Format, Input, InputError, Reader, ReaderOptions, schemes};
use quintet_lang::Scheme;

fn scheme() -> Scheme {
    schemes::packets().build().expect("a scheme")
}

fn frame() -> Vec<u8> {
    ethernet(0x0800, &ipv4(17, &udp(1000, 2000, b"x")))
}

#[test]
fn pcap_in_all_its_forms() {
    for big_endian in [false, true] {
        for nanoseconds in [false, true] {
            let file = Pcap { big_endian, nanoseconds, link: 1 }.file(&[&frame(), &frame()]);
            let (batches, numbers, stats) =
                read_all(Cursor::new(file), Format::Packets, &scheme(), &ReaderOptions::default()).expect("a file");
            assert_eq!((numbers.as_slice(), stats.records, stats.truncated), (&[1, 2][..], 2, None));
            assert_eq!(show(&batches[0], 1, "frame.time_epoch"), "1001.5");
            assert_eq!(show(&batches[0], 1, "frame.time_relative"), "1");
            assert_eq!(show(&batches[0], 1, "frame.number"), "2");
            assert_eq!(show(&batches[0], 0, "frame.protocols"), "eth:ethertype:ip:udp");
        }
    }
}

#[test]
fn pcapng_sections_interfaces_and_blocks() {
    let raw = ipv4(17, &udp(1000, 2000, b"x"));
    for big_endian in [false, true] {
        let simple = [words(big_endian, &[raw.len() as u32]), raw.clone()].concat();
        let half = |v: u16| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
        let len = raw.len() as u32;
        let obsolete = [half(1).to_vec(), half(0).to_vec(), words(big_endian, &[0, 3_500_000, len, len]), raw.clone()].concat();
        let file = [
            section(!big_endian),
            interface(!big_endian, 1, None),
            enhanced(!big_endian, 0, 2_500_000, &frame()),
            section(big_endian),
            interface(big_endian, 101, Some(3)),
            interface(big_endian, 101, None),
            interface(big_endian, 101, Some(0x80 | 2)),
            interface(big_endian, 147, None),
            enhanced(big_endian, 0, 2_500, &raw),
            enhanced(big_endian, 1, 2_500_000, &raw),
            enhanced(big_endian, 2, 10, &raw),
            block(big_endian, 3, &simple),
            block(big_endian, 2, &obsolete),
            block(big_endian, 0x8000_0001, b"whatever"),
            // A packet that claims to be longer than its block, one of an interface that there is not, and one of another kind of link.
            block(big_endian, 6, &words(big_endian, &[0, 0, 0, 1000, 1000])),
            enhanced(big_endian, 9, 0, &raw),
            enhanced(big_endian, 3, 0, &raw),
        ]
        .concat();
        let (batches, numbers, stats) = read_all(Cursor::new(file), Format::Packets, &scheme(), &ReaderOptions::default()).expect("a file");
        let batch = &batches[0];
        let times: Vec<String> = (0..batch.len()).map(|i| show(batch, i, "frame.time_epoch")).collect();
        assert_eq!(times, ["2.5", "2.5", "2.5", "2.5", "0", "3.5", "0", "0"]);
        let sources: Vec<String> = (0..batch.len()).map(|i| show(batch, i, "udp.srcport")).collect();
        assert_eq!(sources, ["1000", "1000", "1000", "1000", "1000", "1000", "-", "-"]);
        assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
        assert_eq!(stats.malformed_total(), 2, "{stats:?}");
        assert_eq!(stats.skipped.get("frame of link type 147"), Some(&1));
        assert_eq!(stats.truncated, None);
    }
}

/// What is written of a capture, in order: all definitions, and the frames whose numbers are wanted.
fn written(file: &[u8], wanted: impl Fn(u64) -> bool) -> Vec<u8> {
    let options = ReaderOptions::default().batch_records(2).originals(true);
    let mut reader = Reader::new(Cursor::new(file.to_vec()), Format::Packets, &scheme(), &options).expect("a file");
    let (mut bytes, mut reuse) = (Vec::new(), None);
    while let Some(batch) = reader.next_batch(reuse.take()).expect("a batch") {
        for (record, number) in reader.batch_numbers().iter().enumerate() {
            bytes.extend(reader.originals().definitions(record));
            if wanted(*number) {
                bytes.extend(reader.originals().record(record));
            }
        }
        assert_eq!(reader.originals().record(batch.len()), b"");
        reuse = Some(batch);
    }
    bytes
}

#[test]
fn frames_as_they_stand_are_a_capture_again() {
    let raw = ipv4(17, &udp(1000, 2000, b"xyz"));
    for big_endian in [false, true] {
        let simple = block(big_endian, 3, &[words(big_endian, &[raw.len() as u32]), raw.clone()].concat());
        let (first, second, third) = (section(big_endian), interface(big_endian, 101, Some(9)), enhanced(big_endian, 0, 5, &raw));
        let late = interface(big_endian, 101, None);
        let (other, described, last) = (section(!big_endian), interface(!big_endian, 101, Some(3)), enhanced(!big_endian, 0, 7, &raw));
        let comment = block(big_endian, 4, &[0; 4]);
        let file = [&first[..], &second, &simple, &comment, &third, &late, &third, &other, &described, &last].concat();
        assert_eq!(written(&file, |_| true), [&first[..], &second, &simple, &third, &late, &third, &other, &described, &last].concat());
        assert_eq!(written(&file, |n| n == 4), [&first[..], &second, &late, &other, &described, &last].concat());
        // What says how long its section is no longer does.
        let mut measured = file.clone();
        measured[16..24].fill(1);
        assert_eq!(written(&measured, |_| true), written(&file, |_| true));
        for nanoseconds in [false, true] {
            let pcap = Pcap { big_endian, nanoseconds, link: 1 }.file(&[&frame(), &frame(), &frame()]);
            let read = |file: Vec<u8>| read_all(Cursor::new(file), Format::Packets, &scheme(), &ReaderOptions::default()).expect("a file");
            let (before, _, _) = read(pcap.clone());
            let (after, numbers, stats) = read(written(&pcap, |n| n != 2));
            assert_eq!((numbers.len(), stats.malformed_total(), stats.truncated), (2, 0, None));
            for field in ["frame.time_epoch", "frame.len", "frame.protocols", "udp.srcport"] {
                assert_eq!([show(&before[0], 0, field), show(&before[0], 2, field)], [0, 1].map(|i| show(&after[0], i, field)), "{field}");
            }
        }
    }
}

#[test]
fn pcap_as_kuznetsov_wrote_it() {
    for big_endian in [false, true] {
        let half = |v: u16| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
        let mut file = words(big_endian, &[0xa1b2_cd34]);
        file.extend([half(2), half(4)].concat());
        file.extend(words(big_endian, &[0, 0, 65535, 1]));
        for second in 0..3 {
            let len = frame().len() as u32;
            file.extend(words(big_endian, &[second, 500_000, len, len, 7]));
            file.extend([half(0x0800).to_vec(), vec![0, 0], frame()].concat());
        }
        assert_eq!(Format::detect("x".as_ref(), &file), Some(Format::Packets));
        let (batches, numbers, stats) = read_all(Cursor::new(file), Format::Packets, &scheme(), &ReaderOptions::default()).expect("a file");
        assert_eq!((numbers.as_slice(), stats.truncated), (&[1, 2, 3][..], None));
        assert_eq!((show(&batches[0], 2, "frame.time_epoch"), show(&batches[0], 2, "udp.port")), ("2.5".into(), "[1000 2000]".into()));
    }
}

/// Blocks of the makers of tools, of the journal and of Sysdig have numbers as frames have; other blocks have none.
#[test]
fn pcapng_events_are_frames() {
    for big_endian in [false, true] {
        let long = |v: u64| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
        let sysdig = [&[0, 1][..], &long(3_500_000_000), &long(1), &words(big_endian, &[30]), &[0, 1], b"abcd"].concat();
        let file = [
            section(big_endian),
            interface(big_endian, 1, None),
            enhanced(big_endian, 0, 2_500_000, &frame()),
            block(big_endian, 0x0bad, b"\0\0\x01\x02twelve bytes"),
            block(big_endian, 0x4000_0bad, b"\0\0\x01\x02"),
            block(big_endian, 9, b"__REALTIME_TIMESTAMP=2500000\nMESSAGE=hi\n"),
            block(big_endian, 0x204, &sysdig),
            block(big_endian, 4, &[0; 4]),
            block(big_endian, 10, &[0; 8]),
            // Too short for what they should hold.
            block(big_endian, 0x0bad, b""),
            block(big_endian, 0x204, b"abcd"),
            enhanced(big_endian, 0, 2_500_000, &frame()),
        ]
        .concat();
        let (batches, _, stats) = read_all(Cursor::new(file), Format::Packets, &scheme(), &ReaderOptions::default()).expect("a file");
        let column = |field| (0..batches[0].len()).map(|i| show(&batches[0], i, field)).collect::<Vec<_>>().join(" ");
        assert_eq!(column("frame.number"), "1 2 3 4 5 6");
        assert_eq!(column("frame.time_epoch"), "2.5 0 0 2.5 3.5 2.5");
        assert_eq!(column("frame.len"), format!("{0} 12 0 40 30 {0}", frame().len()));
        assert_eq!(column("frame.cap_len"), format!("{0} 12 0 40 4 {0}", frame().len()));
        assert_eq!(show(&batches[0], 1, "frame"), "twelve bytes");
        assert_eq!(column("udp.srcport"), "1000 - - - - 1000");
        assert_eq!(stats.skipped.get("frame of no known link type"), Some(&4));
        assert_eq!(stats.malformed.get("pcapng block"), Some(&2));
    }
}

/// What is remembered of a capture does not grow with it.
#[test]
fn pcapng_that_goes_on_describing_is_bounded() {
    let mut file = section(false);
    for _ in 0..(1 << 16) + 5 {
        file.extend(interface(false, 1, None));
    }
    for ty in 0..5000 {
        file.extend(block(false, 0x1000 + ty, b""));
    }
    file.extend(enhanced(false, 0xffff, 0, &frame()));
    file.extend(enhanced(false, 0x1_0000, 0, &frame()));
    let (batches, _, stats) = read_all(Cursor::new(file), Format::Packets, &scheme(), &ReaderOptions::default()).expect("a file");
    assert_eq!((show(&batches[0], 0, "udp.srcport"), show(&batches[0], 1, "udp.srcport")), ("1000".into(), "-".into()));
    assert_eq!(stats.skipped.get("pcapng interface beyond the first 65536 of its section"), Some(&5));
    assert_eq!(stats.malformed.get("packet of an interface that is not described"), Some(&1));
    assert!(stats.skipped.len() <= 1010, "{}", stats.skipped.len());
    let blocks: u64 = stats.skipped.iter().filter(|(k, _)| k.starts_with("pcapng block") || k.starts_with("of more")).map(|(_, n)| n).sum();
    assert_eq!(blocks, 5000);
}

/// A capture may say that it holds more of a frame than there was.
/// Descriptions of interfaces are kept for the frame after them, but not without end.
#[test]
fn what_is_kept_of_interfaces_is_bounded() {
    let comment = [words(false, &[1, 0]), vec![1, 0, 0xf8, 0xff], vec![b'x'; 0xfff8], vec![0; 4]].concat();
    let file = [section(false), block(false, 1, &comment).repeat(1100), enhanced(false, 0, 0, &frame())].concat();
    let read = |originals: bool| {
        let options = ReaderOptions::default().originals(originals);
        Reader::new(Cursor::new(file.clone()), Format::Packets, &scheme(), &options).and_then(|mut r| r.next_batch(None))
    };
    assert!(matches!(read(true), Err(InputError::Definitions(_))));
    assert_eq!(read(false).expect("a capture").map(|b| b.len()), Some(1));
}

#[test]
fn lengths_are_what_the_capture_says() {
    let mut file = Pcap::ETHERNET.file(&[&frame()]);
    file[24 + 12] = 10;
    let (batches, _, stats) = read_all(Cursor::new(file), Format::Packets, &scheme(), &ReaderOptions::default()).expect("a file");
    assert_eq!(show(&batches[0], 0, "frame.len"), "10");
    assert_eq!(show(&batches[0], 0, "frame.cap_len"), frame().len().to_string());
    assert_eq!((show(&batches[0], 0, "udp.port"), stats.cut_short), ("[1000 2000]".into(), 0));
}

#[test]
fn a_file_that_is_cut_off_gives_all_before() {
    let whole = Pcap::ETHERNET.file(&[&frame(), &frame(), &frame()]);
    let size = 16 + frame().len();
    for cut in 24..whole.len() {
        let (batches, _, stats) =
            read_all(Cursor::new(whole[..cut].to_vec()), Format::Packets, &scheme(), &ReaderOptions::default()).expect("a file");
        let frames = (cut - 24) / size;
        assert_eq!(batches.iter().map(|b| b.len()).sum::<usize>(), frames, "cut at {cut}");
        let offset = stats.truncated.map(|t| t.offset as usize);
        assert_eq!(offset, (cut != 24 + frames * size).then_some(24 + frames * size), "cut at {cut}");
    }
}

#[test]
fn compressed_captures() {
    let plain = Pcap::ETHERNET.file(&vec![frame().as_slice(); 5000]);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&plain).expect("compression");
    let file = encoder.finish().expect("compression");
    assert_eq!(Format::detect("x".as_ref(), &file[..file.len().min(4096)]), Some(Format::Packets));
    let scheme = scheme().project(|_, f| f.name == "udp.port");
    let (_, numbers, stats) = read_all(Cursor::new(file.clone()), Format::Packets, &scheme, &ReaderOptions::default()).expect("a file");
    assert_eq!((numbers.len(), stats.truncated), (5000, None));
    let cut = file[..file.len() / 2].to_vec();
    let (_, numbers, stats) = read_all(Cursor::new(cut), Format::Packets, &scheme, &ReaderOptions::default()).expect("a file");
    assert!(!numbers.is_empty() && numbers.len() < 5000);
    assert!(stats.truncated.is_some_and(|t| t.offset > 24));
}

#[test]
fn what_is_no_capture_is_an_error() {
    for bytes in [&b""[..], b"\xd4\xc3", b"hello, world, this is text", b"\x0a\x0d\x0d\x0a", b"\x1f\x8b\x08\x00"] {
        let error = Reader::new(Cursor::new(bytes), Format::Packets, &scheme(), &ReaderOptions::default()).err();
        assert!(matches!(error, Some(InputError::NotThis { .. })), "{bytes:?}: {error:?}");
    }
}

#[test]
fn schemes_must_fit() {
    use quintet_lang::Type;
    for (scheme, message) in [
        (Scheme::builder().optional("tcp.ports", Type::Int), "a pcap input has no field `tcp.ports`"),
        (Scheme::builder().optional("tcp.port", Type::Int), "field `tcp.port` of a pcap input is of type Array<Int>, not Int"),
        (
            Scheme::builder().mandatory("tcp.srcport", Type::Int),
            "field `tcp.srcport` of a pcap input may be missing and cannot be mandatory",
        ),
    ] {
        let file = Cursor::new(Pcap::ETHERNET.file(&[]));
        let error = Reader::new(file, Format::Packets, &scheme.build().expect("a scheme"), &ReaderOptions::default()).err();
        assert_eq!(error.map(|e| e.to_string()).as_deref(), Some(message));
    }
}

#[test]
fn batches_are_reused() {
    let file = Pcap::ETHERNET.file(&[frame().as_slice(); 10]);
    let options = ReaderOptions::default().batch_records(4);
    let mut reader = Reader::new(Cursor::new(file), Format::Packets, &scheme(), &options).expect("a file");
    let (mut sizes, mut numbers, mut batch) = (Vec::new(), Vec::new(), None);
    while let Some(next) = reader.next_batch(batch.take()).expect("reading goes on") {
        sizes.push(next.len());
        numbers.push(reader.batch_numbers().to_vec());
        batch = Some(next);
    }
    assert_eq!(sizes, [4, 4, 2]);
    assert_eq!(numbers.concat(), (1..=10).collect::<Vec<_>>());
}

/// Every capture is read to its end with all fields, and has as many frames as its manifest says.
#[test]
fn all_sample_captures() {
    let Some(folder) = shared("captures") else { return };
    let manifest = std::fs::read_to_string(folder.join("MANIFEST.tsv")).expect("the manifest");
    let mut captures = 0;
    for line in manifest.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let path = folder.join(columns[0]);
        if !path.exists() {
            continue;
        }
        assert_eq!(Input::open(&path).and_then(|mut i| i.format()).expect("a file"), Some(Format::Packets), "{}", columns[0]);
        let scheme = scheme();
        let mut reader = Reader::open(&path, Format::Packets, &scheme, &ReaderOptions::default()).expect("a capture");
        let (mut batch, mut frames) = (None, 0);
        while let Some(next) = reader.next_batch(batch.take()).expect("reading goes on") {
            frames += next.len();
            batch = Some(next);
        }
        assert_eq!(frames.to_string(), columns[6], "{}", columns[0]);
        assert_eq!(reader.stats().truncated, None, "{}", columns[0]);
        captures += 1;
    }
    assert!(captures > 0);
}
