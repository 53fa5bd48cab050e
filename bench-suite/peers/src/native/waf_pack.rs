//! `waf-pack`: what concerns the address, the query, the body and the headers apart, so that what is empty costs nothing.

use memchr::memmem::Finder;
use quintet_runtime::RecordRef;
use regex_automata::meta::Regex;

use super::Rules;
use super::read::{Field, Fields, bit, in_v4, regex};

pub(super) struct WafPack {
    src: Field,
    method: Field,
    version: Field,
    uri: Field,
    path: Field,
    query: Field,
    arg_names: Field,
    arg_values: Field,
    host: Field,
    agent: Field,
    referer: Field,
    headers: Field,
    header_values: Field,
    body: Field,
    body_size: Field,
    in_uri: InUri,
    in_query: InQuery,
    in_body: InBody,
    in_agent: InAgent,
    hidden: Regex,
    databases: Regex,
    php: Regex,
    cgi: Finder<'static>,
    hosts: Regex,
    encoded_less: Finder<'static>,
    jndi: Regex,
    shellshock: Finder<'static>,
    ognl: Finder<'static>,
    java: Finder<'static>,
    multipart: Finder<'static>,
    elsewhere: Regex,
    operator: Finder<'static>,
}

struct InUri {
    script: Regex,
    handler: Regex,
    scheme: Regex,
    svg: Regex,
    dots: Regex,
    passwd: Finder<'static>,
    encoded_passwd: Finder<'static>,
    windows: Regex,
    null: Finder<'static>,
    wrappers: Regex,
    jndi: Regex,
    templates: Regex,
    metadata: Finder<'static>,
    google: Finder<'static>,
    injection: Regex,
    double: Regex,
}

struct InQuery {
    union: Regex,
    quote: Finder<'static>,
    tautology: Regex,
    comment: Regex,
    sleep: Regex,
    file: Regex,
    schema: Regex,
    separator: Regex,
    names: Regex,
    local: Regex,
}

struct InBody {
    sqli: Regex,
    operators: Regex,
    markup: Regex,
    member: Finder<'static>,
    java: Finder<'static>,
    php: Regex,
    php_tag: Finder<'static>,
    doctype: Finder<'static>,
    entity: Finder<'static>,
    upload: Regex,
}

struct InAgent {
    sqlmap: Finder<'static>,
    scanners: Regex,
    google: Finder<'static>,
    bing: Finder<'static>,
    duck: Finder<'static>,
    bot: Finder<'static>,
}

impl WafPack {
    pub(super) fn new(f: &Fields<'_>) -> Result<WafPack, String> {
        Ok(WafPack {
            src: f.get("ip.src", "Ip")?,
            method: f.get("http.request.method", "Bytes")?,
            version: f.get("http.request.version", "Bytes")?,
            uri: f.get("http.request.uri", "Bytes")?,
            path: f.get("http.request.uri.path", "Bytes")?,
            query: f.get("http.request.uri.query", "Bytes")?,
            arg_names: f.get("http.request.uri.args.names", "Array<Bytes>")?,
            arg_values: f.get("http.request.uri.args.values", "Array<Bytes>")?,
            host: f.get("http.host", "Bytes")?,
            agent: f.get("http.user_agent", "Bytes")?,
            referer: f.get("http.referer", "Bytes")?,
            headers: f.get("http.request.headers", "Map<Array<Bytes>>")?,
            header_values: f.get("http.request.headers.values", "Array<Bytes>")?,
            body: f.get("http.request.body.raw", "Bytes")?,
            body_size: f.get("http.request.body.size", "Int")?,
            in_uri: InUri {
                script: regex("(?i)(<|%3c)script")?,
                handler: regex("(?i)on(error|load|click|mouseover|focus)([+ ]|%20)*(=|%3d)")?,
                scheme: regex("(?i)javascript:|data:text/html")?,
                svg: regex("(?i)(<|%3c)(svg|img|iframe|body|video)")?,
                dots: regex(r"\.\./|(?i:(%2e|\.)(%2e|\.)(%2f|%5c|/|\\\\))")?,
                passwd: Finder::new("etc/passwd"),
                encoded_passwd: Finder::new("etc%2fpasswd"),
                windows: regex(r"(?i)win\.ini|boot\.ini")?,
                null: Finder::new("%00"),
                wrappers: regex("(?i)(php|file|expect|zip|phar|gopher|dict)(:|%3a)(//|%2f%2f)")?,
                jndi: regex(r"(?i)(\$|%24)(\{|%7b)[^}]*j[^}]*n[^}]*d[^}]*i")?,
                templates: regex(r"(\{\{|%7b%7b|\$\{|%24%7b|<%|%3c%25)")?,
                metadata: Finder::new("169.254.169.254"),
                google: Finder::new("metadata.google"),
                injection: regex("(?i)%0[da]")?,
                double: regex("%25[0-9a-fA-F]{2}")?,
            },
            in_query: InQuery {
                union: regex(r"(?i)union([+ ]|%20|/\*.*\*/)+(all([+ ]|%20)+)?select")?,
                quote: Finder::new("%27"),
                tautology: regex("(?i)(%27|'|[0-9])([+ ]|%20)*or([+ ]|%20)*[0-9'%]")?,
                comment: regex(r"(--|%23|/\*)([+ ]|%20|$)")?,
                sleep: regex(r"(?i)(sleep|benchmark|pg_sleep|waitfor)(\(|%28|[+ ]|%20)")?,
                file: regex(r"(?i)load_file|into\+outfile")?,
                schema: regex("(?i)information_schema|sqlite_master")?,
                separator: regex(r"(;|%3b|\||%7c|`|%60|\$\(|%24%28)[+ ]*(cat|ls|id|whoami|wget|curl|nc|ping|sleep|uname)")?,
                names: regex(r"(?i)(/bin/(ba)?sh|cmd\.exe|powershell|%2fbin%2f)")?,
                local: regex(r"(?i)=(https?(:|%3a)(//|%2f%2f))?(127\.|localhost|10\.|192\.168\.)")?,
            },
            in_body: InBody {
                sqli: regex("(?i)('|%27)([+ ]|%20)*(or|and|union)[+ %]")?,
                operators: regex(r#""\$(ne|gt|regex|where)""#)?,
                markup: regex("(?i)(<|%3c)(script|svg|img)")?,
                member: Finder::new("#_memberAccess"),
                java: Finder::new("rO0AB"),
                php: regex("(^|=)[OaC]:[0-9]+:")?,
                php_tag: Finder::new("<?php"),
                doctype: Finder::new("<!DOCTYPE"),
                entity: Finder::new("<!ENTITY"),
                upload: regex(r#"filename="[^"]*\.(php|jsp|aspx?|phtml|svg)"#)?,
            },
            in_agent: InAgent {
                sqlmap: Finder::new("sqlmap"),
                scanners: regex("(?i)(nikto|nuclei|masscan|zgrab|gobuster|dirbuster|wpscan|nmap|hydra)")?,
                google: Finder::new("Googlebot"),
                bing: Finder::new("bingbot"),
                duck: Finder::new("DuckDuckBot"),
                bot: Finder::new("bot"),
            },
            hidden: regex(r"^/\.(git|env|svn|hg|aws|ssh|ht)")?,
            databases: regex("(?i)^/(phpmyadmin|pma|adminer|dbadmin|mysql)")?,
            php: regex(r"(?i)\.php")?,
            cgi: Finder::new("/cgi-bin/"),
            hosts: regex(r"^(([a-z0-9-]+\.)*example\.(com|org|net|test)(:[0-9]+)?|\[::1\])$")?,
            encoded_less: Finder::new("%3C"),
            jndi: regex("(?i)jndi:")?,
            shellshock: Finder::new("() {"),
            ognl: Finder::new("ognl"),
            java: Finder::new("java-serialized"),
            multipart: Finder::new("multipart/form-data"),
            elsewhere: regex("^(//|https?:|%2f%2f)")?,
            operator: Finder::new("[$"),
        })
    }

    #[inline]
    fn uri(&self, uri: &[u8]) -> u64 {
        let it = &self.in_uri;
        let has = |finder: &Finder<'_>| finder.find(uri).is_some();
        bit(10, it.script.is_match(uri))
            | bit(11, it.handler.is_match(uri))
            | bit(12, it.scheme.is_match(uri))
            | bit(13, it.svg.is_match(uri))
            | bit(16, it.dots.is_match(uri))
            | bit(17, has(&it.passwd) || has(&it.encoded_passwd))
            | bit(18, it.windows.is_match(uri))
            | bit(19, has(&it.null))
            | bit(27, it.wrappers.is_match(uri))
            | bit(30, it.jndi.is_match(uri))
            | bit(33, it.templates.is_match(uri))
            | bit(38, has(&it.metadata) || has(&it.google))
            | bit(43, it.injection.is_match(uri))
            | bit(54, uri.len() > 200)
            | bit(56, it.double.is_match(uri))
    }

    #[inline]
    fn query(&self, query: &[u8]) -> u64 {
        let it = &self.in_query;
        bit(0, it.union.is_match(query))
            | bit(1, query.contains(&b'\'') || it.quote.find(query).is_some())
            | bit(2, it.tautology.is_match(query))
            | bit(3, it.comment.is_match(query))
            | bit(4, it.sleep.is_match(query))
            | bit(5, it.file.is_match(query))
            | bit(6, it.schema.is_match(query))
            | bit(28, it.separator.is_match(query))
            | bit(29, it.names.is_match(query))
            | bit(39, it.local.is_match(query))
    }

    #[inline]
    fn body(&self, body: &[u8], method: &[u8]) -> u64 {
        let it = &self.in_body;
        let has = |finder: &Finder<'_>| finder.find(body).is_some();
        bit(7, method == b"POST" && it.sqli.is_match(body))
            | bit(8, it.operators.is_match(body))
            | bit(14, matches!(method, b"POST" | b"PUT") && it.markup.is_match(body))
            | bit(34, has(&it.member))
            | bit(35, has(&it.java))
            | bit(36, it.php.is_match(body) || has(&it.php_tag))
            | bit(37, has(&it.doctype) || has(&it.entity))
    }

    #[inline]
    fn path(&self, path: &[u8]) -> u64 {
        let ends = [b".bak".as_slice(), b".old", b".sql", b"~"];
        bit(20, self.hidden.is_match(path))
            | bit(21, ends.into_iter().any(|end| path.ends_with(end)))
            | bit(22, self.php.is_match(path) && path != b"/index.php")
            | bit(23, path.starts_with(b"/wp-") || path == b"/xmlrpc.php")
            | bit(24, self.databases.is_match(path))
            | bit(25, path.starts_with(b"/actuator") || path.starts_with(b"/jolokia"))
            | bit(26, self.cgi.find(path).is_some())
    }

    #[inline]
    fn agent(&self, agent: &[u8], own_network: bool) -> u64 {
        let it = &self.in_agent;
        let has = |finder: &Finder<'_>| finder.find(agent).is_some();
        let starts = |start: &[u8]| agent.starts_with(start);
        bit(9, has(&it.sqlmap))
            | bit(44, it.scanners.is_match(agent))
            | bit(45, agent.is_empty())
            | bit(46, agent.len() < 16 && !matches!(agent, b"" | b"curl/7.88.1" | b"Wget/1.21.3"))
            | bit(47, has(&it.google) || has(&it.bing) || has(&it.duck))
            | bit(48, !own_network && has(&it.bot))
            | bit(49, starts(b"ApacheBench") || starts(b"h2load"))
            | bit(51, starts(b"python-requests/") || starts(b"curl/") || starts(b"Wget/"))
    }
}

impl Rules for WafPack {
    #[inline]
    fn hits(&self, r: RecordRef<'_>) -> u64 {
        let (method, path, query, body) = (self.method.text(r), self.path.text(r), self.query.text(r), self.body.text(r));
        let from = |second| self.src.ip(r).is_some_and(|ip| in_v4(ip, [127, second, 0, 0], 16));
        let lacks = |name: &[u8]| self.headers.list(r, name).next().is_none();
        let kind = self.headers.list(r, b"content-type").next();
        let of_kind = |finder: &Finder<'_>| kind.is_some_and(|kind| finder.find(kind).is_some());
        let post = method == b"POST";
        let referer = self.referer.text(r);
        let redirects = |(name, value): (&[u8], &[u8])| {
            matches!(name, b"url" | b"next" | b"redirect" | b"return" | b"to") && self.elsewhere.is_match(value)
        };
        let mut hits = self.uri(self.uri.text(r)) | self.path(path) | self.agent(self.agent.text(r), from(30));
        if !query.is_empty() {
            hits |= self.query(query);
        }
        if !body.is_empty() {
            hits |= self.body(body, method) | bit(63, post && of_kind(&self.multipart) && self.in_body.upload.is_match(body));
        }
        for value in self.header_values.texts(r) {
            hits |= bit(31, self.jndi.is_match(value)) | bit(32, self.shellshock.find(value).is_some());
        }
        hits | bit(8, self.arg_names.texts(r).any(|name| self.operator.find(name).is_some()))
            | bit(15, referer.contains(&b'<') || self.encoded_less.find(referer).is_some())
            | bit(34, of_kind(&self.ognl))
            | bit(35, of_kind(&self.java))
            | bit(40, self.arg_names.texts(r).zip(self.arg_values.texts(r)).any(redirects))
            | bit(41, !self.hosts.is_match(self.host.text(r)))
            | bit(42, !lacks(b"x-forwarded-host") || !lacks(b"x-original-url"))
            | bit(50, from(66))
            | bit(52, !matches!(method, b"GET" | b"HEAD" | b"POST" | b"PUT" | b"PATCH" | b"DELETE" | b"OPTIONS"))
            | bit(53, self.version.bytes(r) == Some(b"HTTP/1.0"))
            | bit(55, self.arg_names.len(r) > 8)
            | bit(57, matches!(method, b"GET" | b"HEAD") && self.body_size.int(r).is_some_and(|size| size > 0))
            | bit(58, post && lacks(b"content-type"))
            | bit(59, !lacks(b"x-http-method-override"))
            | bit(60, post && matches!(path, b"/login" | b"/admin/login" | b"/account/login"))
            | bit(61, path.starts_with(b"/admin") && !from(45))
            | bit(62, path.starts_with(b"/api/") && lacks(b"authorization"))
    }
}
