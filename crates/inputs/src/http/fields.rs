//! The fields of requests.

use crate::table::fields;

/// What a field is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Line,
    Uri,
    Args,
    Headers,
    Body,
}

fields! { Part;
    Method "http.request.method" Text Line "The method.";
    Version "http.request.version" Bytes Line "The version, such as `HTTP/1.1`.";
    Uri "http.request.uri" Text Uri "The path and, after a `?`, the query.";
    UriPath "http.request.uri.path" Text Uri "The path.";
    UriPathExtension "http.request.uri.path.extension" Text Uri "What follows the last dot of the path's last segment, in lower case.";
    UriQuery "http.request.uri.query" Text Uri "The query, without its `?`.";
    UriArgs "http.request.uri.args" TextMap Args "The values of each argument of the query, as they stand.";
    UriArgsNames "http.request.uri.args.names" TextList Args "The names of the query's arguments, in order.";
    UriArgsValues "http.request.uri.args.values" TextList Args "The values of the query's arguments, in order.";
    FullUri "http.request.full_uri" Text Uri "Scheme, host, path and query.";
    RawUri "raw.http.request.uri" Text Uri "As `http.request.uri`.";
    RawUriPath "raw.http.request.uri.path" Text Uri "As `http.request.uri.path`.";
    RawUriPathExtension "raw.http.request.uri.path.extension" Text Uri "As `http.request.uri.path.extension`.";
    RawUriQuery "raw.http.request.uri.query" Text Uri "As `http.request.uri.query`.";
    RawUriArgs "raw.http.request.uri.args" TextMap Args "As `http.request.uri.args`.";
    RawUriArgsNames "raw.http.request.uri.args.names" TextList Args "As `http.request.uri.args.names`.";
    RawUriArgsValues "raw.http.request.uri.args.values" TextList Args "As `http.request.uri.args.values`.";
    RawFullUri "raw.http.request.full_uri" Text Uri "As `http.request.full_uri`.";
    Headers "http.request.headers" TextMap Headers "The values of each header, under its name in lower case.";
    HeadersNames "http.request.headers.names" TextList Headers "The names of the headers, as they were sent.";
    HeadersValues "http.request.headers.values" TextList Headers "The values of the headers, in the order of their names.";
    Cookies "http.request.cookies" TextMap Headers "The values of each cookie; names are percent-decoded.";
    Cookie "http.cookie" Text Headers "The Cookie header; empty if there is none.";
    Host "http.host" Text Headers "The Host header; empty if there is none.";
    UserAgent "http.user_agent" Text Headers "The User-Agent header; empty if there is none.";
    Referer "http.referer" Text Headers "The Referer header; empty if there is none.";
    XForwardedFor "http.x_forwarded_for" Text Headers "The X-Forwarded-For header; empty if there is none.";
    AcceptedLanguages "http.request.accepted_languages" TextList Headers "The languages of Accept-Language by weight, without `*`.";
    BodyRaw "http.request.body.raw" Text Body "The body.";
    BodySize "http.request.body.size" Number Body "Bytes of the body.";
    BodyTruncated "http.request.body.truncated" Flag Body "Whether the body is not whole; always false.";
    BodyMime "http.request.body.mime" Text Body "The media type of Content-Type in lower case, without parameters; empty if there is none.";
    BodyForm "http.request.body.form" Map Body "The values of each field of an urlencoded form, as they stand; absent for other bodies.";
    BodyFormNames "http.request.body.form.names" List Body "The names of the form's fields, in order.";
    BodyFormValues "http.request.body.form.values" List Body "The values of the form's fields, in order.";
    IpSrc "ip.src" Ip Line "The client's address.";
    Ssl "ssl" Flag Line "Whether the connection was encrypted.";
}
