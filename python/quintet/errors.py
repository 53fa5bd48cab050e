"""What is raised, and what findings and traps are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["DataError", "Defect", "Diagnostic", "QuintetError", "RunError", "SchemaError", "SourceError", "Trap"]


@dataclass(frozen=True)
class Diagnostic:
    """One finding in the text of rules."""

    severity: str
    """``error`` or ``warning``."""
    code: str
    """A stable short name of the kind of finding, such as ``unknown-name``."""
    message: str
    """One sentence, without a full stop."""
    label: str
    """A few words for the place; may be empty."""
    help: str | None
    """How to mend it, in words."""
    line: int
    """The line of the place, from 1."""
    column: int
    """The character in the line, from 1."""
    start: int
    """The first character of the place: ``source[start:end]`` is what is meant."""
    end: int
    """The character after the place."""


@dataclass(frozen=True)
class Trap:
    """A rule that trapped on a row, which it does not match therefore. Other rules and rows are not touched by it."""

    rule: str
    """The rule's name."""
    row: int
    """The row, from 0; of ``quintet.run``, the record's number, from 1."""
    what: str
    """What happened, such as ``division by zero``."""
    line: int
    """The line of the place in the rules' text, from 1."""
    column: int
    """The character in the line, from 1."""
    start: int
    """The first character of the place: ``rules.source[start:end]`` is what trapped."""
    end: int
    """The character after the place."""


class QuintetError(Exception):
    """All that this package raises of its own. (A name that there is not is a ``KeyError``, a file that cannot be opened an ``OSError``.)"""


class SourceError(QuintetError, ValueError):
    """The text of rules is wrong. ``str()`` shows each place with cause and help, as the command line does; ``diagnostics`` are the same as data."""

    def __init__(self, text: str, diagnostics: Iterable[Diagnostic] = ()) -> None:
        super().__init__(text)
        self.diagnostics = list(diagnostics)

    def __reduce__(self) -> tuple[type[SourceError], tuple[str, list[Diagnostic]]]:
        return type(self), (str(self), self.diagnostics)


class SchemaError(QuintetError, ValueError):
    """What was given as a schema is none, or there is no such backend, or a member of a list is none of its type."""


class DataError(QuintetError, ValueError):
    """Data cannot be read, or its columns are not those that the rules need."""


class RunError(QuintetError, RuntimeError):
    """Rules could not be compiled or run: a limit of the system, or a backend that gave up."""


class Defect(QuintetError, RuntimeError):
    """A defect of this package: something panicked. What was asked for has not been done; what was there before is as it was."""
