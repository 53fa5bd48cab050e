//! The certificate that a TLS server shows (up to TLS 1.2, where it is not encrypted), read by the crate `x509-parser`.

use quintet_module::Fields;
use x509_parser::prelude::{FromDer, X509Certificate};

/// What the server's own certificate says.
#[derive(Fields)]
#[fields(prefix = "cert")]
struct Certificate<'a> {
    /// All of it, as it stands in the packet.
    der: &'a [u8],
    /// As text, such as `CN=example.org`.
    subject: Vec<u8>,
    /// As text.
    issuer: Vec<u8>,
    /// The serial number's bytes.
    serial: Vec<u8>,
    /// Seconds since 1970.
    not_before: i64,
    /// Seconds since 1970.
    not_after: i64,
    /// Whether issuer and subject are the same.
    self_issued: bool,
    /// The names of hosts that it is for.
    names: Vec<Vec<u8>>,
}

/// A number of so many bytes, and what comes after.
fn number(bytes: &[u8], width: usize) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_at_checked(width)?;
    Some((number.iter().fold(0, |all, byte| all << 8 | usize::from(*byte)), rest))
}

/// The first certificate in a segment of handshake records.
fn first(mut payload: &[u8]) -> Option<&[u8]> {
    // Records of handshake messages, of which Certificate is number 11.
    while let Some((&[22, 3, _, high, low], rest)) = payload.split_first_chunk::<5>() {
        let length = usize::from(u16::from_be_bytes([high, low]));
        let record = &rest[..length.min(rest.len())];
        let mut messages = record;
        while let Some((kind, rest)) = messages.split_first() {
            let (length, rest) = number(rest, 3)?;
            if *kind == 11 {
                let (_, rest) = number(rest, 3)?;
                let (length, rest) = number(rest, 3)?;
                return rest.get(..length);
            }
            messages = rest.get(length..)?;
        }
        payload = rest.get(length..)?;
    }
    None
}

/// The certificate of a TLS server, where it lies within one segment.
#[quintet_module::parser(input = "tcp.payload", on = "tcp.port in {443 465 636 853 993 995 8443}")]
fn certificate(payload: &[u8]) -> Option<Certificate<'_>> {
    let der = first(payload)?;
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let names = certificate.subject_alternative_name().ok().flatten().map(|extension| &extension.value.general_names);
    let dns = names.into_iter().flatten().filter_map(|name| match name {
        x509_parser::extensions::GeneralName::DNSName(name) => Some(name.as_bytes().to_vec()),
        _ => None,
    });
    Some(Certificate {
        der,
        subject: certificate.subject().to_string().into_bytes(),
        issuer: certificate.issuer().to_string().into_bytes(),
        serial: certificate.raw_serial().to_vec(),
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
        self_issued: certificate.subject() == certificate.issuer(),
        names: dns.collect(),
    })
}

quintet_module::module!(certificate);
