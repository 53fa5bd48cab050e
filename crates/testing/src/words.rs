//! The values that records and literals are made of. They share parts, so that tests on them are not all false.

/// Texts.
pub(crate) const WORDS: &[&[u8]] = &[
    b"",
    b"a",
    b"b",
    b"ab",
    b"abc",
    b"ABC",
    b"foo",
    b"foo bar",
    b"bar",
    b"host",
    b"example.com",
    b"www.Example.com",
    b"b.org",
    b"/index.html",
    b"/a/b.php?x=1&y=2",
    b"Mozilla/5.0 (X11; Linux x86_64)",
    b"caf\xc3\xa9",
    b"\xff\x00",
    b"a*b\\c",
    b"say \"x\"",
    b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
    b"GET",
    b"get",
    b"\n",
];

/// Keys of maps.
pub(crate) const KEYS: &[&str] = &["", "a", "b", "foo", "host", "zz"];

/// Ints.
pub(crate) const INTS: &[i64] =
    &[0, 1, -1, 2, 3, 7, 8, 16, 63, 64, 65, 80, 255, 443, 65535, 1 << 31, 1 << 32, i64::MAX, i64::MIN, i64::MIN + 1];

/// Floats.
pub(crate) const FLOATS: &[f64] =
    &[0.0, -0.0, 1.0, -1.0, 1.5, 0.1, 3.0, -2.5, 1e300, -1e-300, 5e-324, 9007199254740993.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];

/// Addresses.
pub(crate) const IPS: &[&str] = &[
    "10.0.0.1",
    "10.0.0.255",
    "10.255.255.255",
    "0.0.0.0",
    "255.255.255.255",
    "127.0.0.1",
    "192.168.1.7",
    "::",
    "::1",
    "::ffff:10.0.0.1",
    "2001:db8::1",
    "2001:db8:ffff::",
    "fe80::1",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
];

/// Networks and ranges for sets of addresses.
pub(crate) const NETWORKS: &[&str] = &[
    "10.0.0.0/8",
    "10.0.0.0/31",
    "0.0.0.0/0",
    "192.168.0.0/16",
    "127.0.0.1",
    "10.0.0.200..10.1.0.0",
    "::/0",
    "::ffff:0:0/96",
    "2001:db8::/32",
    "::1",
    "fe80::..fe80::ff",
    "255.255.255.255/32",
];

/// Regular expressions.
pub(crate) const REGEXES: &[&str] = &[
    "",
    "^$",
    "^a",
    "b$",
    "a+b",
    "[a-c]{2,}",
    "(foo|bar)",
    "(?i)abc",
    r"\.com$",
    r"\.",
    r"\d",
    r"^/.*\.(html|php)",
    r"[^a-z]",
    r"\xff",
    "(a|b)*c",
    "x{0,3}y?",
    r"\bfoo\b",
    "o{2}",
];

/// Wildcard patterns, before the escapes of a string.
pub(crate) const WILDCARDS: &[&str] =
    &["*", "", "a*", "*b", "*.com", "*example*", "www.*.com", "A*c", "/*/*.php*", "*o*o*", "f?o", r"a\*b*", "GET", "*a*a*a*b"];
