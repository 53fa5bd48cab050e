#!/usr/bin/env python3
"""What of the crate `quintet` hosts may use, with its signatures, beside what was committed: a change of it is seen, and meant.

    cargo doc --release --workspace --no-deps
    scripts/public-items.py [--write]

It is read from the pages that rustdoc makes, since their data, as JSON, is not to be had of a stable toolchain. Signatures are those of the
toolchain's rustdoc: a newer one may write them otherwise.
"""

import difflib
import html
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "target/doc/quintet"
KEPT = ROOT / "crates/engine/public-items.txt"


def text(markup):
    """A piece of a page as one line."""
    markup = re.sub(r'<a class="(?:src|anchor|doc-anchor)[^"]*".*?</a>', "", markup)
    markup = re.sub(r"<[^>]+>", "", markup)
    return " ".join(re.sub("[§ⓘ]", "", html.unescape(markup)).split())


def items(page):
    """The declaration that a page is about, its own methods, and the traits that it implements of its own."""
    path, source = page.relative_to(PAGES), page.read_text(encoding="utf-8")
    kind, name = path.stem.split(".", 1)
    declaration = re.search(r'<pre class="rust item-decl"><code>(.*?)</code></pre>', source, re.S)
    whole = "::".join((*path.parent.parts, name))
    yield f"{kind} {whole}: {text(declaration[1]) if declaration else ''}".rstrip(" :")
    for member in re.findall(r'<section id="(?:ty)?method\.[^"]*" class="method">.*?<h4 class="code-header">(.*?)</h4>', source, re.S):
        yield f"    {text(member)}"
    implemented = re.search(r'<div id="trait-implementations-list">(.*?)(?:<h2 id=|\Z)', source, re.S)
    for one in re.findall(r'<section id="impl-[^"]*" class="impl">.*?<h3 class="code-header">(.*?)</h3>', implemented[1] if implemented else "", re.S):
        yield f"    {text(one)}"


def main():
    # Pages of what was there once may lie beside those that this one names.
    try:
        named = (PAGES / "all.html").read_text(encoding="utf-8")
    except FileNotFoundError:
        sys.exit(f"no pages in {PAGES.relative_to(ROOT)}: cargo doc --release --workspace --no-deps")
    pages = sorted(PAGES / page for page in set(re.findall(r'<li><a href="([^"]+)">', named)))
    found = "".join(f"{line}\n" for page in pages for line in items(page))
    if "--write" in sys.argv[1:]:
        KEPT.write_text(found, encoding="utf-8")
        return
    kept = KEPT.read_text(encoding="utf-8")
    changes = list(difflib.unified_diff(kept.splitlines(), found.splitlines(), str(KEPT.relative_to(ROOT)), "rustdoc", n=0, lineterm=""))
    if changes:
        print("\n".join(changes))
        sys.exit("the public items changed; say so in CHANGELOG.md, and: scripts/public-items.py --write")
    print(f"{len(pages)} public items, as committed")


main()
