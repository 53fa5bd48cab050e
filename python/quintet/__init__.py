"""Rules over columns: data with ``__arrow_c_stream__`` or ``__arrow_c_array__`` goes in (polars, pyarrow, pandas, duckdb), and Arrow comes out.

>>> import polars, quintet
>>> table = polars.DataFrame({"port": [443, 80], "host": ["shop.example.org", None]})
>>> rules = quintet.compile('rule shop = port == 443 and host contains "shop"', schema=table)
>>> polars.Series(rules.mask(table)).to_list()
[True, False]

No other package is needed, and which of them holds the data does not matter. Threads may share rules, Python's lock is released while they run,
and rules can be pickled.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from . import _quintet
from ._quintet import Answers, Array, Found, Rows, Rules, backends
from .errors import DataError, Defect, Diagnostic, QuintetError, RunError, SchemaError, SourceError, Trap

__all__ = [
    "Answers",
    "Array",
    "DataError",
    "Defect",
    "Diagnostic",
    "Found",
    "QuintetError",
    "Rows",
    "Rules",
    "RunError",
    "SchemaError",
    "SourceError",
    "Trap",
    "backends",
    "check",
    "compile",
    "run",
]

Lists = Mapping[str, "str | Iterable[object]"]
"""What ``in $name`` tests against: by name the text of a file of members, one a line, or the members."""


def _texts(lists: Lists | None) -> list[tuple[str, str]]:
    def text(members: str | Iterable[object]) -> str:
        return members if isinstance(members, str) else "".join(f"{member}\n" for member in members)

    return [(name, text(members)) for name, members in (lists or {}).items()]


def _schema(schema: Any) -> Any:
    if isinstance(schema, os.PathLike):
        with open(schema, encoding="utf-8") as file:
            return file.read()
    return schema


def compile(source: str, schema: Any, backend: str = "closures", lists: Lists | None = None) -> Rules:
    """Compiles rules.

    ``schema`` says what fields there are: data, or what has ``__arrow_c_schema__`` (``pyarrow.Schema``, a table, a data frame, a reader); the name
    of a ready-made scheme (``packets``, ``http``, ``cloudflare``); the text of a scheme file; or the path of one. Columns that cannot be fields
    are ``left_out`` of the rules. ``backend`` is one of :func:`backends`: ``closures`` compiles at once, ``jit`` runs fastest.

    Raises :class:`SourceError` where the text is wrong, :class:`SchemaError` where the schema is, :class:`RunError` where it cannot be compiled.
    """
    return _quintet.compile(source, _schema(schema), backend, _texts(lists))


def check(source: str, schema: Any, lists: Lists | None = None) -> list[Diagnostic]:
    """What is wrong with rules, or suspicious about them: empty where all is well. ``schema`` is as for :func:`compile`."""
    return _quintet.check(source, _schema(schema), _texts(lists))


def run(source: str, path: str | os.PathLike[str], scheme: Any = None, backend: str = "closures", lists: Lists | None = None) -> Found:
    """Runs rules over a capture (pcap, pcapng), HTTP requests or JSON lines, which may be compressed with gzip, as ``quintet run`` does.

    ``scheme`` is the name of a ready-made one, the text of a scheme file or the path of one; without it, it is that of the input: ``packets`` or
    ``http``. Rules may keep state; outputs of rules go nowhere.

    Raises ``OSError`` where there is no such file, :class:`DataError` where it is no such input, and what :func:`compile` raises.
    """
    return _quintet.run(source, os.fspath(path), _schema(scheme), backend, _texts(lists))
