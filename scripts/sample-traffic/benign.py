"""Ordinary requests of the sample traffic, as data: sessions of a few requests.

Everything is drawn from one seeded generator, so the plan is the same each time.
A session is a dict: client ("curl" or "requests"), src, and a list of requests
(method, url, headers as pairs, body, and for "requests" a few extra keys).
"""
import base64
import hashlib
import json
from urllib.parse import quote, urlencode

BROWSERS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:125.0) Gecko/20100101 Firefox/125.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko",
    "Opera/9.80 (Windows NT 6.1) Presto/2.12.388 Version/12.18",
]
CRAWLERS = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "FeedFetcher-Google; (+http://www.google.com/feedfetcher.html)",
    "ExampleBot/0.3 (+http://example.net/bot)",
]
APPS = ["ExampleShop/5.2.1 (Android 14; okhttp/4.12.0)", "ExampleShop/5.1.0 (iOS 17.4; CFNetwork/1494)",
        "okhttp/3.14.9", "Dalvik/2.1.0 (Linux; U; Android 12; SM-A525F)"]
LANGS = ["en-US,en;q=0.9", "en-GB,en;q=0.8", "de-DE,de;q=0.9,en;q=0.5", "fr-FR,fr;q=0.8", "es", "ja,en;q=0.3",
         "pt-BR,pt;q=0.9", "nl"]
ADDRESS = {"example.com": "127.0.80.1", "www.example.com": "127.0.80.1", "shop.example.org": "127.0.80.2",
           "api.example.net": "127.0.80.3", "static.example.com": "127.0.80.4", "admin.example.com": "127.0.80.5",
           "blog.example.org": "127.0.80.6", "login.example.com": "127.0.80.7", "intranet.example.test": "127.0.80.8"}
WORDS = "lamp table chair kettle blanket mirror clock carpet basket candle".split()
# Innocent text that a careless rule takes for an attack.
TRICKY = [
    "o'reilly sql cookbook", "select a chair and drop by", "union jack flag", "script font for wedding cards",
    "5 > 3 and 2 < 4", "how to alert() in javascript", "C:\\Program Files", "rock & roll; jazz", "50% off -- today",
    "etc/passwd explained", "curl wool blanket", "exec office chair", "cat basket | wicker", "{{ mustache }} wax",
    "${price} template", "insert table into room", "where 1=1 comes from", "<3 candles", "../ relative paths guide",
    "eval kit lamp", "onload washing machine", "ping pong table", "admin' desk", "null or void",
]


def browser_headers(rng, ua, referer=None, cookie=None):
    headers = [("User-Agent", ua),
               ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
               ("Accept-Language", rng.choice(LANGS)), ("Accept-Encoding", "gzip, deflate")]
    if referer:
        headers.append(("Referer", referer))
    if cookie:
        headers.append(("Cookie", cookie))
    if rng.random() < 0.15:
        headers.append(("DNT", "1"))
    if rng.random() < 0.1:
        headers.append(("X-Forwarded-For", f"203.0.113.{rng.randint(1, 250)}"))
    if rng.random() < 0.2:
        headers.append(("Upgrade-Insecure-Requests", "1"))
    return headers


def hexid(rng, n):
    return "".join(rng.choice("0123456789abcdef") for _ in range(n))


def browsing(rng):
    host = rng.choice(["example.com"] * 4 + ["www.example.com"] * 2 + ["shop.example.org"] * 4
                      + ["blog.example.org"] * 2 + ["login.example.com"])
    ua, base = rng.choice(BROWSERS), f"http://{host}"
    cookie = None
    if rng.random() < 0.6:
        cookie = f"sid={hexid(rng, 16)}"
        if rng.random() < 0.6:
            cookie += f"; theme={rng.choice(['dark', 'light'])}; lang={rng.choice(['en', 'de', 'fr'])}"
        if rng.random() < 0.5:
            cookie += f"; _ga=GA1.2.{rng.randint(10**8, 10**9)}.{rng.randint(16 * 10**8, 17 * 10**8)}"
        if rng.random() < 0.3:
            cookie += f"; cart={hexid(rng, 12)}"
    last = rng.choice([None, "https://www.google.com/", "https://duckduckgo.com/?q=lamp", "http://blog.example.org/blog/2"])
    out = []
    for _ in range(rng.randint(5, 9)):
        n, word = rng.randint(1, 20), rng.choice(WORDS)
        kind, method, body, extra = rng.random(), "GET", None, []
        if kind < 0.18:
            path = rng.choice(["/", "/index.html", "/about.html", "/contact.html", "/?utm_source=news&utm_medium=email",
                               "/?ref=partner42", "/?gclid=" + hexid(rng, 10)])
        elif kind < 0.38:
            path = f"/products/{n}.html" + rng.choice(["", "", f"?color={rng.choice(['red', 'blue'])}&size={rng.randint(1, 9)}",
                                                       "?from=list&pos=" + str(n)])
        elif kind < 0.50:
            path = rng.choice(["/css/site.css", f"/img/{n}.png", f"/img/{n}.png?v={rng.randint(1, 99)}", "/favicon.ico",
                               f"/img/{n}.png"])
        elif kind < 0.60:
            path = f"/blog/{rng.randint(1, 9)}"
        elif kind < 0.78:
            text = rng.choice(TRICKY) if rng.random() < 0.4 else f"{word} {rng.choice(['oak', 'blue', 'small', 'cheap'])}"
            path = "/search?" + urlencode({"q": text, **({"page": rng.randint(1, 5)} if rng.random() < 0.4 else {})})
        elif kind < 0.84:
            path, method = "/login", "POST"
            body = urlencode({"user": rng.choice(["maria", "john.smith", "o'neil", "li.wei@example.com"]),
                              "password": rng.choice(["correct horse", "s3cret!", "Tr0ub4dor&3"]), "next": "/account"})
            extra = [("Content-Type", "application/x-www-form-urlencoded"), ("Origin", base)]
        elif kind < 0.90:
            path, method = "/comment", "POST"
            body = urlencode({"post": n, "text": rng.choice(
                ["Lovely, thank you!", "It's 5 < 6 & that's fine", "I'd select the blue one from the list",
                 "See <b>page 2</b>", "Tr\u00e8s bien; merci", "Update: where did order #12 drop?"])})
            extra = [("Content-Type", "application/x-www-form-urlencoded"), ("Origin", base)]
        elif kind < 0.96:
            path, method = "/cart/add", "POST"
            body = json.dumps({"id": n, "n": rng.randint(1, 4)})
            extra = [("Content-Type", "application/json"), ("X-Requested-With", "XMLHttpRequest"), ("Origin", base)]
        else:
            path = rng.choice(["/old-page.html", "/products/99.html", "/img/missing.gif", "/wp-content/themes/shop/style.css",
                               "/apple-touch-icon.png"])
        headers = browser_headers(rng, ua, last, cookie) + extra
        if path.startswith("/img") and rng.random() < 0.3:
            headers.append(("If-Modified-Since", "Mon, 06 May 2024 10:00:00 GMT"))
        out.append(dict(method=method, url=base + path, headers=headers, body=body))
        if method == "GET" and not path.startswith(("/img", "/css", "/fav")):
            last = base + path
    return dict(client="curl", src=f"127.10.{rng.randint(0, 40)}.{rng.randint(1, 254)}", requests=out)


def app(rng):
    port = rng.choice(["", ":8080", ":8080"])
    base, ua = f"http://api.example.net{port}", rng.choice(APPS)
    token = "Bearer eyJhbGciOiJIUzI1NiJ9." + hexid(rng, 24) + "." + hexid(rng, 16)
    out = []
    for _ in range(rng.randint(4, 8)):
        n = rng.randint(1, 400)
        method, path, body = rng.choice([
            ("GET", f"/api/v1/items?page={n % 9}&limit=20", None),
            ("GET", f"/api/v1/items/{n}", None),
            ("GET", f"/api/v1/items?cat={rng.choice(['books', 'home', 'toys'])}&sort=-price", None),
            ("GET", "/api/v1/users/me", None),
            ("GET", f"/api/v1/orders?from=2024-0{n % 9 + 1}-01&status=open", None),
            ("POST", "/api/v1/orders", {"items": [{"id": n, "n": 1}], "note": rng.choice(["", "ring twice", "it's a gift"])}),
            ("POST", "/api/v1/events", {"ev": "tap", "screen": rng.choice(["home", "item", "cart"]), "t": 1700000000 + n}),
            ("PUT", f"/api/v1/items/{n}/stars", {"stars": n % 5 + 1}),
            ("PATCH", "/api/v1/users/me", {"name": rng.choice(["Zo\u00eb", "Li Wei", "Sean O'Casey"]), "news": bool(n % 2)}),
            ("DELETE", f"/api/v1/cart/{n}", None),
            ("POST", "/graphql", {"query": "query($id:ID!){item(id:$id){name price}}", "variables": {"id": str(n)}}),
        ])
        headers = [("User-Agent", ua), ("Accept", "application/json"), ("X-Request-Id", hexid(rng, 16))]
        if rng.random() < 0.8:
            headers.append(("Authorization", token))
        if rng.random() < 0.3:
            headers.append(("X-Api-Version", "2"))
        if rng.random() < 0.2:
            headers.append(("X-Forwarded-For", f"198.51.100.{n % 250 + 1}, 10.1.2.3"))
        if body is not None:
            headers.append(("Content-Type", "application/json"))
            body = json.dumps(body, ensure_ascii=False)
        out.append(dict(method=method, url=base + path, headers=headers, body=body))
    return dict(client="curl", src=f"127.20.{rng.randint(0, 20)}.{rng.randint(1, 254)}", requests=out)


def crawler(rng, ua):
    host = rng.choice(["example.com", "blog.example.org", "shop.example.org"])
    paths = ["/robots.txt", "/sitemap.xml"] + rng.sample(
        [f"/products/{n}.html" for n in range(1, 21)] + [f"/blog/{n}" for n in range(1, 9)] + ["/about.html", "/feed.xml"], 5)
    headers = [("User-Agent", ua), ("From", "crawl@example.net"), ("Accept-Encoding", "gzip")]
    return dict(client="curl", src=f"127.30.{rng.randint(0, 9)}.{rng.randint(1, 254)}", requests=[
        dict(method="GET", url=f"http://{host}{p}", headers=headers, body=None) for p in paths])


def monitor(rng):
    host = rng.choice(["example.com", "shop.example.org", "api.example.net", "login.example.com"])
    return dict(client="curl", src="127.40.0.1", requests=[
        dict(method=m, url=f"http://{host}{p}", headers=[("User-Agent", "example-monitor/1.2"), ("Cache-Control", "no-cache")],
             body=None) for m, p in (("HEAD", "/"), ("GET", "/healthz"))])


def preflight(rng):
    return dict(client="curl", src=f"127.10.50.{rng.randint(1, 254)}", requests=[
        dict(method="OPTIONS", url=f"http://api.example.net{rng.choice(['', ':8080'])}/api/v1/{p}", body=None, headers=[
            ("User-Agent", rng.choice(BROWSERS)), ("Origin", "http://shop.example.org"),
            ("Access-Control-Request-Method", m), ("Access-Control-Request-Headers", "content-type,x-request-id")])
        for p, m in (("orders", "POST"), ("items/3", "PUT"))])


def plain_curl(rng):
    return dict(client="curl", src=f"127.10.60.{rng.randint(1, 254)}", requests=[
        dict(method="GET", url=u, headers=[], body=None) for u in rng.sample([
            "http://example.com/", "http://www.example.com/about.html", "http://intranet.example.test:8080/api/v1/status",
            "http://blog.example.org/feed.xml", "http://static.example.com/js/lib2.js", "http://api.example.net/healthz"], 3)])


# The next ones are for Python's requests.

def backend(rng):
    """Machine to machine: JSON, odd methods, chunked bodies, hooks."""
    base = rng.choice(["http://api.example.net:8080", "http://intranet.example.test:8080", "http://api.example.net"])
    out = []
    for _ in range(rng.randint(5, 8)):
        n = rng.randint(1, 900)
        kind = rng.randint(0, 7)
        if kind == 0:
            out.append(dict(method="POST", url=base + "/api/v1/items", json={"sku": f"A-{n}", "name": rng.choice(TRICKY), "price": n / 10}))
        elif kind == 1:
            out.append(dict(method="GET", url=base + "/api/v1/items", params={"q": rng.choice(WORDS), "page": n % 7, "tag": ["a", "b"]}))
        elif kind == 2:
            out.append(dict(method="PUT", url=f"{base}/api/v1/items/{n}", json={"stock": n, "tags": ["new", "sale"]},
                            headers=[("If-Match", f'"{hexid(rng, 8)}"')]))
        elif kind == 3:
            out.append(dict(method="DELETE", url=f"{base}/api/v1/items/{n}"))
        elif kind == 4:
            body = json.dumps({"event": "push", "ref": "refs/heads/main", "commits": [{"id": hexid(rng, 20), "msg": "fix <select> widget"}]})
            sign = hashlib.sha256(body.encode()).hexdigest()
            out.append(dict(method="POST", url=base + "/hooks/build", body=body, headers=[
                ("Content-Type", "application/json"), ("X-Hub-Signature-256", "sha256=" + sign), ("X-Event", "push")]))
        elif kind == 5:
            out.append(dict(method="POST", url=base + "/api/v1/import", chunks=["id,name\n", f"{n},lamp\n", f"{n + 1},chair\n"],
                            headers=[("Content-Type", "text/csv")]))
        elif kind == 6:
            out.append(dict(method="PATCH", url=f"{base}/api/v1/orders/{n}", json={"status": rng.choice(["paid", "sent"])},
                            headers=[("X-Tenant", rng.choice(["north", "south"]))]))
        else:
            out.append(dict(method="HEAD", url=f"{base}/api/v1/items/{n}"))
    return dict(client="requests", src=f"127.45.{rng.randint(0, 3)}.{rng.randint(1, 254)}", requests=out)


def member(rng):
    """A person's script: sign in, search, upload, comment; cookies kept."""
    base = rng.choice(["http://example.com", "http://shop.example.org"])
    png = base64.b64encode(hexid(rng, 60).encode()).decode()
    out = [dict(method="POST", url=base + "/login", form={"user": rng.choice(["maria", "b.o'hara", "kim"]), "password": "pass word&1"})]
    out += rng.sample([
        dict(method="GET", url=base + "/account"),
        dict(method="GET", url=base + "/search", params={"q": rng.choice(TRICKY)}),
        dict(method="GET", url=base + "/search", params={"q": "caf\u00e9 \u6905\u5b50", "lang": "zh"}),
        dict(method="POST", url=base + "/upload", files={"file": ("photo.jpg", "\xff\xd8" + png, "image/jpeg")}, form={"title": "My room"}),
        dict(method="POST", url=base + "/upload", files={"doc": ("cv.pdf", "%PDF-1.4 " + png, "application/pdf")}),
        dict(method="POST", url=base + "/comment", form={"post": "3", "text": rng.choice(TRICKY)}),
        dict(method="POST", url=base + "/cart/add", json={"id": rng.randint(1, 20), "n": 2}),
        dict(method="GET", url=base + f"/products/{rng.randint(1, 20)}.html", headers=[("Referer", base + "/")]),
        dict(method="POST", url=base + "/checkout", form={"name": "Ann Lee", "street": "1 Drop Table Lane", "card": "4000000000000002", "zip": "12345"}),
        dict(method="GET", url=base + "/account?tab=orders&year=2024"),
    ], rng.randint(4, 6))
    return dict(client="requests", src=f"127.10.70.{rng.randint(1, 254)}", requests=out)


def editor(rng):
    """A page editor: bodies with HTML and code in them that are no attack."""
    out = [dict(method="GET", url="http://admin.example.com/admin/pages", auth=["ops", "hunter2"])]
    for n in range(3):
        out.append(dict(method="POST", url="http://admin.example.com/admin/pages", auth=["ops", "hunter2"], form={
            "title": rng.choice(["Spring sale", "SQL for shops", "Opening times"]),
            "html": rng.choice(["<h1>Sale</h1><script src=\"/js/lib1.js\"></script>", "<p>SELECT name FROM items WHERE price < 10;</p>",
                                "<img src=\"/img/1.png\" onload=\"fit(this)\">", "<p>Run <code>cat /etc/hosts | grep shop</code></p>"]),
            "csrf": hexid(rng, 16)}))
    return dict(client="requests", src="127.45.9.9", requests=out)


def plan(rng):
    out = [browsing(rng) for _ in range(46)] + [app(rng) for _ in range(24)]
    out += [crawler(rng, ua) for ua in CRAWLERS] + [monitor(rng) for _ in range(10)]
    out += [preflight(rng) for _ in range(8)] + [plain_curl(rng) for _ in range(5)]
    out += [backend(rng) for _ in range(17)] + [member(rng) for _ in range(15)] + [editor(rng) for _ in range(4)]
    # Through a proxy the request target is a whole URL.
    out.append(dict(client="requests", src="127.10.71.5", proxy="http://127.0.80.1:80", requests=[
        dict(method="GET", url=f"http://{h}/{p}") for h in ("example.com", "blog.example.org") for p in ("", "about.html")]))
    return out
