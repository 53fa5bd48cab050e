"""The project's own data as columns, with what the command line answers: `scripts/python.sh` lays both out in the folder that CORPORA names."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(os.environ["CORPORA"])


@dataclass
class Corpus:
    name: str
    rules: str
    scheme: str
    columns: dict[str, list]
    printed: Path
    """What the command line prints for all rules."""

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values())))

    def expected(self, names: list[str]) -> dict[str, list[int]]:
        """By rule, the rows that it matches, from 0."""
        return {name: [number - 1 for number in of] for name, of in numbers(self.printed, names).items()}


def numbers(path: Path, names: list[str]) -> dict[str, list[int]]:
    """What `quintet run` prints: a rule's name before each number, unless there is only one."""
    found: dict[str, list[int]] = {name: [] for name in names}
    for line in path.read_text().splitlines():
        name, _, number = line.rpartition("\t")
        found[name or names[0]].append(int(number))
    return {name: sorted(of) for name, of in found.items()}


def value(json_value):
    if isinstance(json_value, dict) and set(json_value) == {"hex"}:
        return bytes.fromhex(json_value["hex"])
    return json_value


def columns(lines: list[str], fields: list[str]) -> dict[str, list]:
    """A column for each field. Texts are bytes where one of them is."""
    records = [json.loads(line) for line in lines if line.strip()]
    made = {field: [value(record.get(field)) for record in records] for field in fields}
    for field, of in made.items():
        if any(isinstance(v, bytes) for v in of):
            made[field] = [v.encode() if isinstance(v, str) else v for v in of]
    return made


def corpora() -> Iterator[Corpus]:
    for folder in sorted(path for path in FOLDER.iterdir() if path.is_dir()):
        scheme = (folder / "scheme.toml").read_text()
        made = columns((folder / "records.jsonl").read_text().splitlines(), list(tomllib.loads(scheme)["fields"]))
        yield Corpus(folder.name, (folder / "rules").read_text(), scheme, made, folder / "expected")
