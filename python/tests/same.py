"""What every kind of data frame has to come to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import TestCase

import corpora
import quintet


def rows(mask: quintet.Array) -> list[int]:
    return [row for row, matches in enumerate(mask.to_list()) if matches]


def same_as_the_command_line(case: TestCase, frame: Callable[[dict[str, list]], Any], nested: bool = True) -> None:
    """Every rule of every corpus, by every backend. Where the kind of data has no maps, the records that have one are left out."""
    checked = 0
    for corpus in corpora.corpora():
        kept = list(range(corpus.rows))
        if not nested:
            kept = [row for row in kept if not any(isinstance(of[row], dict) for of in corpus.columns.values())]
        columns = {name: [of[row] for row in kept] for name, of in corpus.columns.items()}
        data = frame(columns)
        for backend in ["closures", "jit", "wasm", "lua", "interp"]:
            rules = quintet.compile(corpus.rules, corpus.scheme, backend=backend)
            answers, printed = rules.evaluate(data), corpus.expected(rules.names)
            case.assertEqual(len(answers), len(kept))
            for name in rules.names:
                matching = set(printed[name])
                expected = [at for at, row in enumerate(kept) if row in matching]
                case.assertEqual(rows(answers.mask(name)), expected, f"{corpus.name}: {name} by {backend}")
                case.assertEqual(answers.counts[name], len(expected))
                checked += len(expected)
    case.assertGreater(checked, 10_000)
