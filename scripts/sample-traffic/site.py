#!/usr/bin/env python3
"""Write the static pages of the sample web site, one folder a host.

usage: site.py FOLDER

Pages are small (a few hundred bytes to 2 KB): the capture has to stay small.
"""
import os
import struct
import sys
import zlib

ROOT = sys.argv[1]
WORDS = ("lamp table chair kettle blanket mirror clock carpet basket candle shelf bottle "
         "garden window ladder bucket brush hammer pillow curtain").split()


def write(host, path, data):
    name = os.path.join(ROOT, host, path.lstrip("/"))
    os.makedirs(os.path.dirname(name), exist_ok=True)
    with open(name, "wb") as out:
        out.write(data if isinstance(data, bytes) else data.encode())


def page(title, body, head=""):
    return (f"<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8><title>{title}</title>"
            f"{head}</head>\n<body><h1>{title}</h1>\n{body}\n</body></html>\n")


def png(colour, side=8):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(colour) * side for _ in range(side))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


ROBOTS = "User-agent: *\nDisallow: /admin/\nDisallow: /cart\nSitemap: /sitemap.xml\n"
CSS = "body{font:16px sans-serif;margin:2em}h1{color:#246}nav a{margin-right:1em}\n"
NAV = '<nav><a href="/">Home</a><a href="/products/1.html">Lamp</a><a href="/blog/1">Notes</a><a href="/about.html">About</a></nav>'

for host in ("example.com", "shop.example.org", "blog.example.org", "static.example.com",
             "login.example.com", "admin.example.com", "www6.example.net"):
    write(host, "robots.txt", ROBOTS)
    write(host, "favicon.ico", png((40, 80, 120), 4))
    write(host, "sitemap.xml", "<urlset>" + "".join(
        f"<url><loc>http://{host}{p}</loc></url>" for p in ("/", "/about.html", "/products/1.html")) + "</urlset>\n")
    write(host, "css/site.css", CSS)
    write(host, "about.html", page("About us", f"<p>{host} is a made-up shop for tests.</p>{NAV}"))
    write(host, "contact.html", page("Contact", "<p>Write to post@example.com</p>" + NAV))
    write(host, "index.html", page(f"Welcome to {host}", NAV + "".join(
        f'<p><a href="/products/{n}.html">{w}</a></p>' for n, w in enumerate(WORDS[:6], 1)),
        '<link rel=stylesheet href="/css/site.css">'))
    for n, w in enumerate(WORDS, 1):
        write(host, f"products/{n}.html", page(
            w.capitalize(), f'<p>A good {w}, article {1000 + n}.</p><img src="/img/{n}.png" alt="{w}">{NAV}',
            '<link rel=stylesheet href="/css/site.css">'))
        write(host, f"img/{n}.png", png((n * 12 % 256, n * 7 % 256, 90)))

for n, w in enumerate(WORDS[:8], 1):
    for host in ("blog.example.org", "example.com"):
        write(host, f"blog/{n}", page(f"Notes on a {w}", f'<p>Why a {w} matters.</p><a href="/blog/{n % 8 + 1}">Next</a>'))
write("blog.example.org", "feed.xml", "<rss version='2.0'><channel><title>Notes</title>" + "".join(
    f"<item><title>{w}</title><link>/blog/{n}</link></item>" for n, w in enumerate(WORDS[:8], 1)) + "</channel></rss>\n")
for n in range(1, 7):
    write("static.example.com", f"js/lib{n}.js", f"window.lib{n}=function(x){{return x+{n}}};\n" * 4)
    write("static.example.com", f"fonts/f{n}.woff2", b"wOF2" + bytes(range(n, n + 120)))
write("static.example.com", "list.html", page("Files", "".join(
    f'<a href="/js/lib{n}.js">{n}</a> <a href="/img/{n}.png">{n}</a>' for n in range(1, 7))))

# What the headless browser opens: pages whose script talks to the server.
write("shop.example.org", "index.html", page("The shop", NAV + "".join(
    f'<img src="/img/{n}.png" alt="">' for n in (1, 2, 3)) + """
<script>
(async () => {
  document.cookie = "visit=1; path=/";
  await fetch("/api/v1/items?page=1&sort=price");
  await fetch("/cart/add", {method: "POST", headers: {"Content-Type": "application/json"},
    body: JSON.stringify({id: 3, n: 1, note: "gift & card"})});
  await fetch("/search?q=" + encodeURIComponent("oak table 120 cm"));
  navigator.sendBeacon("/collect", "ev=view&page=shop");
})();
</script>""", '<link rel=stylesheet href="/css/site.css">'))
write("login.example.com", "index.html", page("Sign in", """
<form id=f method=post action="/login"><input name=user value="maria.o'neil"><input name=password type=password value="correct horse">
<input type=hidden name=next value="/account"></form>
<script>document.getElementById("f").submit()</script>"""))
write("example.com", "tour.html", page("Tour", """
<iframe src="/products/2.html"></iframe><iframe src="/blog/2"></iframe><iframe src="/about.html?from=tour"></iframe>
<script>
(async () => {
  const form = new FormData();
  form.append("title", "My <b>lamp</b>");
  form.append("photo", new Blob(["not really a picture"], {type: "image/png"}), "lamp.png");
  await fetch("/upload", {method: "POST", body: form});
  await fetch("/profile?name=Zo%C3%AB", {method: "PUT", body: "nick=zz"});
  await fetch("/api/v1/items/7", {method: "DELETE"});
})();
</script>"""))
write("blog.example.org", "index.html", page("Notes", "".join(
    f'<a href="/blog/{n}">{n}</a> ' for n in range(1, 9)) + """<a href="/feed.xml">feed</a>
<script src="http://static.example.com/js/lib1.js"></script><script src="http://static.example.com/js/lib2.js"></script>
<script>fetch("/comment", {method: "POST", headers: {"Content-Type": "application/x-www-form-urlencoded"},
 body: "post=1&text=" + encodeURIComponent("I tried <em>two</em>; it's fine -- thanks!")})</script>"""))
