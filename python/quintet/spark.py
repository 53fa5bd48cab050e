"""Back-tests: what a pack of rules would have found in a year of logs, by PySpark 4 and PyArrow. All rules run in one scan.

:func:`backtest_files` reads Parquet files itself, in tasks of file parts, and no more of them than the columns that the rules use.
:func:`backtest_table` is for what Spark alone can read: tables, views, any data frame. Both answer the same :class:`Report`.

Workers that do not have this package get it by :func:`ship`.
"""

from __future__ import annotations

import atexit
import datetime
import heapq
import json
import os
import pickle
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow
import pyarrow.compute
import pyarrow.fs
import pyarrow.parquet

from . import Rules
from .errors import DataError, Trap

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["Part", "Report", "Sample", "Trapped", "backtest_files", "backtest_table", "parts", "ship"]

BATCH_ROWS = 65_536
"""Rows that are read at once: enough that what a call costs is nothing."""


@dataclass(frozen=True, order=True)
class Part:
    """A part of a Parquet file: part ``index`` of ``of`` equal ones, in row groups."""

    path: str
    index: int = 0
    of: int = 1
    size: int = 0
    """Bytes of the part, about."""


@dataclass(frozen=True, order=True)
class Sample:
    """A row that a rule matches."""

    rule: str
    file: str
    """The file it is in; empty for rows of a table."""
    row: int
    """The row in the file, from 0; in the batch, for rows of a table."""
    day: str
    """The day, or nothing where none is known."""
    values: str
    """What the columns hold that were read, as JSON."""


@dataclass(frozen=True)
class Trapped:
    """A rule that trapped on a row."""

    trap: Trap
    """What happened, and where in the rules; ``row`` is that of the file, or of the batch of a table."""
    file: str
    """The file the row is in; empty for rows of a table."""


@dataclass
class Report:
    """What rules found."""

    rules: list[str]
    """Their names, in order."""
    rows: int = 0
    """Rows that were looked at."""
    days: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Matches by rule and day (``2026-01-31``); the day is empty where none is known."""
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    """By rule, the first matches: in order of the files and rows, whichever tasks found them. Of tables, which have no order, any."""
    trapped: Counter[str] = field(default_factory=Counter)
    """Rows on which each rule trapped, and which it does not match therefore."""
    traps: dict[str, list[Trapped]] = field(default_factory=dict)
    """By rule, the first traps."""
    unfit: Counter[str] = field(default_factory=Counter)
    """Values that did not fit their field, by the field."""
    bytes_read: int = 0
    """Bytes of the files that were read; 0 for tables."""
    bytes_of_files: int = 0
    """Bytes that the files have; 0 for tables."""
    tasks: int = 0
    """Tasks whose answers these are."""
    most: int = 10
    """Samples and traps that are kept of each rule."""

    @property
    def counts(self) -> dict[str, int]:
        """Matches by rule."""
        found = dict.fromkeys(self.rules, 0)
        for (rule, _), count in self.days.items():
            found[rule] += count
        return found

    def add(self, other: Report) -> None:
        """Adds what another part of the rows came to."""
        self.rows += other.rows
        self.bytes_read += other.bytes_read
        self.tasks += other.tasks
        self.days.update(other.days)
        self.trapped.update(other.trapped)
        self.unfit.update(other.unfit)
        for rule, samples in other.samples.items():
            self.samples[rule] = sorted([*self.samples.get(rule, []), *samples])[: self.most]
        for rule, traps in other.traps.items():
            both = sorted([*self.traps.get(rule, []), *traps], key=lambda t: (t.file, t.trap.row))
            self.traps[rule] = both[: self.most]

    def to_json(self) -> str:
        """All of it, for other programs."""
        days: dict[str, dict[str, int]] = {rule: {} for rule in self.rules}
        for (rule, day), count in sorted(self.days.items()):
            days[rule][day] = count
        told = {
            "rows": self.rows,
            "counts": self.counts,
            "days": days,
            "samples": {rule: [asdict(s) | {"values": json.loads(s.values)} for s in of] for rule, of in self.samples.items()},
            "trapped": dict(self.trapped),
            "traps": {rule: [asdict(t) for t in of] for rule, of in self.traps.items()},
            "unfit": dict(self.unfit),
            "bytes_read": self.bytes_read,
            "bytes_of_files": self.bytes_of_files,
            "tasks": self.tasks,
        }
        return json.dumps(told, indent=2)


# What runs on workers.


@lru_cache(maxsize=4)
def _restored(pickled: bytes) -> Rules:
    """Rules are compiled once in a worker's process, not once in each task."""
    rules = pickle.loads(pickled)
    assert isinstance(rules, Rules)
    return rules


@dataclass(frozen=True)
class _Job:
    """What a task is told, beside the rows."""

    rules: bytes
    day: str | None
    most: int
    columns: tuple[str, ...] = ()
    """What the columns of a table stand for, which are numbered: Spark hands no function columns with a dot in their names."""

    def report(self) -> Report:
        return Report(_restored(self.rules).names, most=self.most)


class _Counted:
    """A file of which the bytes that are read are counted."""

    def __init__(self, file: Any) -> None:
        self._file, self.bytes, self.closed = file, 0, False

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._file.read(size)
        self.bytes += len(data)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        position: int = self._file.seek(offset, whence)
        return position

    def tell(self) -> int:
        position: int = self._file.tell()
        return position

    def close(self) -> None:
        self.closed = True
        self._file.close()

    def flush(self) -> None:
        """A file that is read has nothing to write."""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False


def _days(values: Any) -> Any:
    """The days of a column, as text."""
    kind = values.type
    if pyarrow.types.is_dictionary(kind):
        values, kind = values.cast(kind.value_type), kind.value_type
    if pyarrow.types.is_timestamp(kind) or pyarrow.types.is_date(kind):
        return pyarrow.compute.strftime(values, format="%Y-%m-%d")
    if pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind) or pyarrow.types.is_string_view(kind):
        return pyarrow.compute.utf8_slice_codeunits(values.cast(pyarrow.string()), 0, 10)
    raise DataError(f"the column of the day is {kind}: it is to be a date, a timestamp, or a text that begins with one")


def _jsonable(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return str(value)


def _add(report: Report, rules: Rules, batch: Any, day: str | None, fixed: str | None, file: str, first: int) -> None:
    """Adds what rules find in a batch whose first row is row ``first`` of the file, or of the batch."""
    answers = rules.evaluate(batch)
    report.rows += len(answers)
    report.unfit.update(answers.unfit)
    for trap in answers.traps:
        report.trapped[trap.rule] += 1
        kept = report.traps.setdefault(trap.rule, [])
        if len(kept) < report.most:
            kept.append(Trapped(replace(trap, row=first + trap.row), file))
    days = None if fixed is not None or day is None else _days(batch.column(batch.schema.get_field_index(day)))
    for rule, count in answers.counts.items():
        if count == 0:
            continue
        mask = pyarrow.array(answers.mask(rule))
        if days is None:
            report.days[rule, fixed or ""] += count
        else:
            for found in pyarrow.compute.filter(days, mask).value_counts().to_pylist():
                report.days[rule, found["values"] or ""] += found["counts"]
        kept_samples = report.samples.setdefault(rule, [])
        if wanted := report.most - len(kept_samples):
            rows = pyarrow.compute.indices_nonzero(mask).slice(0, wanted)
            for row, values in zip(rows.to_pylist(), batch.take(rows).to_pylist()):
                at = fixed or ("" if days is None else days[row].as_py() or "")
                kept_samples.append(Sample(rule, file, first + row, at, json.dumps(values, default=_jsonable)))


def _partition(path: str) -> dict[str, str]:
    """What the folders of a path say: ``.../day=2026-01-31/...``."""
    return dict(folder.split("=", 1) for folder in path.split("/")[:-1] if folder.count("=") == 1)


def _groups(file: Any, part: Part) -> tuple[range, int]:
    """The row groups of a part, and the number of their first row."""
    groups = file.metadata.num_row_groups
    own = range(groups * part.index // part.of, groups * (part.index + 1) // part.of)
    return own, sum(file.metadata.row_group(group).num_rows for group in range(own.start))


def _read(part: Part, columns: Sequence[str], report: Report) -> Iterator[tuple[Any, int]]:
    """The batches of a part, each with the number of its first row."""
    filesystem, path = pyarrow.fs.FileSystem.from_uri(part.path)
    local = isinstance(filesystem, pyarrow.fs.LocalFileSystem)
    counted = _Counted(filesystem.open_input_file(path))
    try:
        # From far away, what lies side by side is fetched at once.
        file = pyarrow.parquet.ParquetFile(counted, pre_buffer=not local)
        groups, first = _groups(file, part)
        own = [name for name in columns if name not in _partition(path) or name in file.schema_arrow.names]
        told = {name: value for name, value in _partition(path).items() if name in columns and name not in own}
        if groups:
            for batch in file.iter_batches(BATCH_ROWS, row_groups=list(groups), columns=own, use_threads=False):
                for name, value in told.items():
                    batch = batch.append_column(name, pyarrow.array([value] * batch.num_rows, pyarrow.string()))
                yield batch, first
                first += batch.num_rows
        file.close()
    finally:
        report.bytes_read += counted.bytes
        counted.close()


def _over_files(job: _Job, mine: Iterable[bytes]) -> Iterator[bytes]:
    """A task: some parts of files. Parts and report are pickled here, so that Spark itself needs nothing of this package."""
    rules, report = _restored(job.rules), job.report()
    for part in (part for share in mine for part in pickle.loads(share)):
        told = _partition(part.path).get(job.day or "")
        columns = rules.columns + ([job.day] if job.day and told is None and job.day not in rules.columns else [])
        for batch, first in _read(part, columns, report):
            _add(report, rules, batch, job.day, told, part.path, first)
    report.tasks = 1
    yield pickle.dumps(report)


def _over_batches(job: _Job, batches: Iterable[Any]) -> Iterator[Any]:
    """A task: the batches of a partition. What it comes to is one row, as Spark's tables have no reports."""
    rules, report = _restored(job.rules), job.report()
    for batch in batches:
        named = pyarrow.RecordBatch.from_arrays(batch.columns, names=list(job.columns))
        _add(report, rules, named, job.day, None, "", 0)
    report.tasks = 1
    yield pyarrow.record_batch({"report": pyarrow.array([pickle.dumps(report)], pyarrow.binary())})


def _task(job: _Job, archive: str | None, what: str) -> Any:
    """The function of a task. It holds nothing of this package, so that a worker can take it before it has the package."""
    pickled = pickle.dumps(job)

    def task(items: Any) -> Any:
        import importlib
        import pickle
        import sys

        if archive is not None:
            from pyspark import SparkFiles

            place = SparkFiles.get(archive)
            if place not in sys.path:
                sys.path.insert(0, place)
        return getattr(importlib.import_module("quintet.spark"), what)(pickle.loads(pickled), items)

    return task


# What runs on the driver.


def ship(spark: SparkSession, wheel: str | os.PathLike[str] | None = None) -> str:
    """Has workers get this package with a job, unpacked: from a wheel, which must be one for their platform, or as it is installed here. PySpark and
    PyArrow they must have. What it answers is the ``archive`` of a back-test."""
    folder = Path(tempfile.mkdtemp(prefix="quintet_"))
    # Workers ask the driver for it as long as that runs.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    packed = folder / f"{folder.name}.zip"
    if wheel is not None:
        shutil.copyfile(wheel, packed)
    else:
        package = Path(__file__).parent
        shutil.make_archive(str(packed.with_suffix("")), "zip", package.parent, package.name)
    spark.sparkContext.addArchive(f"{packed}#{folder.name}")
    return folder.name


def _around(uri: str, inner: str) -> tuple[str, str]:
    """What of a URI stands before and after the path that a file system has of it."""
    at = uri.rfind(inner)
    if at < 0:
        raise DataError(f"{uri}: write the path as the file system has it, {inner}")
    return uri[:at], uri[at + len(inner) :].removeprefix("/")


def parts(paths: str | Iterable[str], task_bytes: int = 128 << 20) -> list[Part]:
    """The Parquet files of some paths, cut where they are larger than a task is to be. A path, or its URI, is a file or a folder, of which all files
    that end in ``.parquet`` are taken, in folders too."""
    found = []
    for path in [paths] if isinstance(paths, str) else paths:
        uri = path if "://" in path else os.path.abspath(path)
        filesystem, inner = pyarrow.fs.FileSystem.from_uri(uri)
        about = filesystem.get_file_info(inner)
        if about.type == pyarrow.fs.FileType.NotFound:
            raise FileNotFoundError(path)
        files = [about]
        if about.type == pyarrow.fs.FileType.Directory:
            files = [f for f in filesystem.get_file_info(pyarrow.fs.FileSelector(inner, recursive=True)) if f.path.endswith(".parquet")]
        # Hosts, and options such as a region, stand before and after the path.
        before, after = ("", "") if isinstance(filesystem, pyarrow.fs.LocalFileSystem) else _around(uri, inner)
        for file in sorted(files, key=lambda file: file.path):
            of = max(1, -(-file.size // task_bytes))
            sizes = [file.size * (index + 1) // of - file.size * index // of for index in range(of)]
            found += [Part(before + file.path + after, index, of, size) for index, size in enumerate(sizes)]
    if not found:
        raise DataError("there is no Parquet file at the paths")
    return found


def _shared(all_parts: Sequence[Part], tasks: int) -> list[list[Part]]:
    """Parts for each task, of about as many bytes: the largest first, each to the task that has least."""
    shares: list[list[Part]] = [[] for _ in range(min(tasks, len(all_parts)))]
    least = [(0, share) for share in range(len(shares))]
    for part in sorted(all_parts, key=lambda part: part.size, reverse=True):
        size, share = least[0]
        shares[share].append(part)
        heapq.heapreplace(least, (size + part.size + 1, share))
    # In the order of the files, so that a task finds the first matches first.
    return [sorted(share) for share in shares]


def backtest_files(
    spark: SparkSession,
    rules: Rules,
    paths: str | Iterable[str],
    *,
    day: str | None = None,
    samples: int = 10,
    task_bytes: int = 128 << 20,
    tasks: int | None = None,
    archive: str | None = None,
) -> Report:
    """Runs rules over Parquet files, which all workers must be able to open: paths of a shared file system, or URIs that PyArrow knows.

    ``day`` is a folder's key (``day=2026-01-31``) or a column. Files larger than ``task_bytes`` are cut at their row groups; ``tasks`` says how many
    tasks there are, unless their size is to. ``archive`` is what :func:`ship` answers.

    Raises ``FileNotFoundError``, :class:`quintet.DataError`, and what Spark raises where a task fails time and again.
    """
    all_parts = parts(paths, task_bytes)
    size = sum(part.size for part in all_parts)
    shares = _shared(all_parts, tasks or max(size // task_bytes, spark.sparkContext.defaultParallelism))
    task = _task(_Job(pickle.dumps(rules), day, samples), archive, "_over_files")
    report = Report(rules.names, most=samples, bytes_of_files=size)
    packed = spark.sparkContext.parallelize([pickle.dumps(share) for share in shares], len(shares))
    for pickled in packed.mapPartitions(task).collect():
        report.add(pickle.loads(pickled))
    return report


def backtest_table(
    frame: DataFrame,
    rules: Rules,
    *,
    day: str | None = None,
    samples: int = 10,
    archive: str | None = None,
) -> Report:
    """Runs rules over a data frame of Spark: a table, a view, a query. Of it, only the columns that the rules use are asked for.

    ``day`` is a column: a date, a timestamp, or a text that begins with a date. ``archive`` is what :func:`ship` answers.

    Raises what Spark raises: there is no such column, or a task fails time and again.
    """
    from pyspark.sql import functions

    def column(name: str) -> Any:
        """A column of this name, or a member of a struct."""
        if name in frame.columns:
            return functions.col(f"`{name}`")
        return functions.col(".".join(f"`{part}`" for part in name.split(".")))

    names = rules.columns + ([day] if day and day not in rules.columns else [])
    task = _task(_Job(pickle.dumps(rules), day, samples, tuple(names)), archive, "_over_batches")
    report = Report(rules.names, most=samples)
    numbered = [column(name).alias(f"c{at}") for at, name in enumerate(names)]
    for row in frame.select(numbered).mapInArrow(task, "report binary").collect():
        report.add(pickle.loads(row.report))
    return report
