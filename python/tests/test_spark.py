"""Back-tests on the cluster that `scripts/spark-local.sh` has started, whose workers do not have the package."""

import os
import pickle
import re
import signal
import subprocess
import sys
import threading
import time
import unittest
from collections import Counter
from pathlib import Path

import pyarrow.parquet
import quintet
from pyspark.sql import SparkSession
from quintet.spark import _around, _groups, _shared, Part, backtest_files, backtest_table, parts, ship

LOGS = Path(os.environ["LOGS"])
WORKERS = [int(pid) for pid in os.environ["WORKERS"].split()]
"""The process groups of the workers, of which a test kills the first."""


def setUpModule():
    global spark, archive, rules, expected
    spark = SparkSession.builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    archive = ship(spark, os.environ.get("WHEEL"))
    rules = quintet.compile((LOGS / "pack.rules").read_text(), LOGS / "scheme.toml", backend="jit")
    expected = by_day()


def tearDownModule():
    spark.stop()


def by_day() -> Counter:
    """What `quintet run` counts, by rule and day: of several inputs, each line begins with the input's name."""
    command = [os.environ["QUINTET"], "run", LOGS / "pack.rules", "--scheme", LOGS / "scheme.toml", "--input", LOGS / "lines", "--output", "count"]
    printed = subprocess.run([*map(str, command), "--quiet"], check=True, capture_output=True, text=True).stdout
    found = Counter()
    for line in printed.splitlines():
        if told := re.match(r".*/(\d{4}-\d\d-\d\d)[.]jsonl\t([^\t]+)\t(\d+)$", line):
            found[told[2], told[1]] = int(told[3])
    assert sum(found.values()) > 1000, printed
    return +found


def table():
    return spark.read.parquet(str(LOGS / "logs"))


class Spark(unittest.TestCase):
    def same(self, report):
        self.assertEqual(+report.days, expected)
        self.assertEqual(report.counts, {name: sum(n for (rule, _), n in expected.items() if rule == name) for name in rules.names})
        self.assertEqual(report.counts["nobody"], 0)

    def executors(self):
        # The driver is one of those that have memory for blocks.
        return spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1

    def test_1_workers_do_not_have_the_package(self):
        def imported(_):
            try:
                import quintet

                return [str(quintet.__file__)]
            except ImportError:
                return []

        self.assertEqual(spark.sparkContext.parallelize(range(8), 8).mapPartitions(imported).collect(), [])
        with self.assertRaisesRegex(Exception, "No module named 'quintet'"):
            backtest_files(spark, rules, str(LOGS / "logs"), day="day")

    def test_2_files_are_what_the_command_line_counts(self):
        report = backtest_files(spark, rules, str(LOGS / "logs"), day="day", archive=archive)
        self.same(report)
        self.assertEqual(report.rows, pyarrow.parquet.read_table(LOGS / "logs", columns=["bytes"]).num_rows)
        # Shipped as it is installed here; by the column instead of the folder; in parts of files; by a URI.
        self.same(backtest_files(spark, rules, str(LOGS / "logs"), day="at", archive=ship(spark)))
        cut = backtest_files(spark, rules, (LOGS / "logs").as_uri(), day="day", archive=archive, task_bytes=1 << 20)
        self.same(cut)
        self.assertGreater(cut.tasks, report.tasks)
        self.assertEqual(cut.trapped, report.trapped)
        strip = lambda samples: {rule: [(s.row, s.day, s.values) for s in of] for rule, of in samples.items()}
        self.assertEqual(strip(cut.samples), strip(report.samples))

    def test_3_tables_are_what_the_command_line_counts(self):
        report = backtest_table(table(), rules, day="day", archive=archive)
        self.same(report)
        table().createOrReplaceTempView("logs")
        self.same(backtest_table(spark.sql("SELECT * FROM logs WHERE uri IS NOT NULL"), rules, day="at", archive=archive))
        files = backtest_files(spark, rules, str(LOGS / "logs"), day="day", archive=archive)
        self.assertEqual((report.trapped, report.rows, report.unfit), (files.trapped, files.rows, files.unfit))

    def test_4_samples_and_traps_are_rows_that_match(self):
        report = backtest_files(spark, rules, str(LOGS / "logs"), day="day", samples=3, archive=archive)
        for rule, samples in report.samples.items():
            self.assertEqual(len(samples), min(3, report.counts[rule]))
            for sample in samples:
                row = pyarrow.parquet.read_table(sample.file).slice(sample.row, 1)
                self.assertEqual(rules.evaluate(row).counts[rule], 1, sample)
                self.assertIn(f"day={sample.day}/", sample.file)
        (traps,) = report.traps.values()
        self.assertEqual({t.trap.what for t in traps}, {"division by zero"})
        self.assertEqual(rules.source[traps[0].trap.start : traps[0].trap.end], "100000 / (bytes % 1000) > 50000")
        row = pyarrow.parquet.read_table(traps[0].file).slice(traps[0].trap.row, 1)
        self.assertEqual(len(rules.traps(row)), 1)
        self.assertEqual(pickle.loads(pickle.dumps(report)).to_json(), report.to_json())

    def test_5_bytes_read_prove_the_projection(self):
        report = backtest_files(spark, rules, str(LOGS / "logs"), day="day", archive=archive)
        wanted = footers = 0
        for path in (LOGS / "logs").rglob("*.parquet"):
            file = pyarrow.parquet.ParquetFile(path)
            chunks = [file.metadata.row_group(g).column(c) for g in range(file.num_row_groups) for c in range(file.metadata.num_columns)]
            wanted += sum(chunk.total_compressed_size for chunk in chunks if chunk.path_in_schema in rules.columns)
            # The footer is read by its end first, of which pyarrow takes 64 KiB.
            footers += 64 << 10
        size = sum(path.stat().st_size for path in (LOGS / "logs").rglob("*.parquet"))
        print(f"\nread {report.bytes_read:,} bytes of {size:,}: {report.bytes_read / size:.1%}; the columns of the rules are {wanted:,}")
        self.assertEqual(report.bytes_of_files, size)
        self.assertLess(wanted, size / 5)
        self.assertGreaterEqual(report.bytes_read, wanted)
        self.assertLessEqual(report.bytes_read, wanted + footers)

    def test_6_no_row_is_left_out_or_read_twice(self):
        whole = max(part.size for part in parts(str(LOGS / "logs")))
        for of in [1, 2, 3, 4, 5, 9]:
            groups = Counter()
            for part in parts(str(LOGS / "logs"), task_bytes=whole // of + 1):
                file = pyarrow.parquet.ParquetFile(part.path)
                own, first = _groups(file, part)
                groups.update((part.path, group) for group in own)
                self.assertEqual(first, sum(file.metadata.row_group(g).num_rows for g in range(own.start)))
            self.assertEqual(set(groups.values()), {1})
            self.assertEqual(len(groups), sum(pyarrow.parquet.ParquetFile(p.path).num_row_groups for p in parts(str(LOGS / "logs"))))
        shares = _shared([Part(f"{at}", 0, 1, at % 17) for at in range(1000)], 9)
        self.assertEqual(sorted(int(part.path) for share in shares for part in share), list(range(1000)))
        sizes = [sum(part.size for part in share) for share in shares]
        self.assertLessEqual(max(sizes) - min(sizes), 17)
        self.assertEqual(_around("s3://logs/2026/?region=eu", "logs/2026"), ("s3://", "?region=eu"))
        self.assertEqual(_around("hdfs://host:8020/logs", "/logs"), ("hdfs://host:8020", ""))
        seven = backtest_files(spark, rules, str(LOGS / "logs"), day="day", tasks=7, archive=archive)
        self.assertEqual(seven.tasks, 7)
        self.same(seven)

    def test_7_errors_name_what_is_wrong(self):
        with self.assertRaises(FileNotFoundError):
            backtest_files(spark, rules, "/no/such/logs", archive=archive)
        with self.assertRaisesRegex(Exception, "the column of the day is int64"):
            backtest_files(spark, rules, str(LOGS / "logs"), day="bytes", archive=archive)

    def test_8_a_worker_that_is_killed_changes_no_count(self):
        again = [str(LOGS / "logs")] * 6
        killed = threading.Event()

        def kill():
            status = spark.sparkContext.statusTracker()
            while not killed.is_set():
                for stage in status.getActiveStageIds():
                    about = status.getStageInfo(stage)
                    if about and about.numCompletedTasks >= 4 and about.numActiveTasks > 0:
                        self.done = (about.numCompletedTasks, about.numTasks)
                        os.killpg(WORKERS[0], signal.SIGKILL)
                        killed.set()
                time.sleep(0.02)

        watcher = threading.Thread(target=kill)
        watcher.start()
        report = backtest_files(spark, rules, again, day="day", tasks=48, archive=archive)
        killed_in_time = killed.is_set()
        killed.set()
        watcher.join()
        self.assertTrue(killed_in_time)
        print(f"\na worker was killed when {self.done[0]} of {self.done[1]} tasks were done")
        self.assertLess(self.done[0], self.done[1])
        self.assertEqual(self.executors(), 1)
        self.assertEqual(report.tasks, 48)
        self.assertEqual(+report.days, Counter({key: 6 * count for key, count in expected.items()}))
        # What is left goes on.
        self.same(backtest_table(table(), rules, day="day", archive=archive))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
