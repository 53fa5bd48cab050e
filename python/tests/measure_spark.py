"""What back-tests cost on the cluster that `scripts/spark-local.sh` starts: medians of interleaved rounds, beside rows that run no rule.

    scripts/spark-local.sh python/tests/measure_spark.py [ROUNDS [TIMES]]      TIMES: how often the logs are read over
"""

import os
import statistics
import sys
import time
from pathlib import Path

begun = time.perf_counter()

import pyarrow.parquet
import quintet
from pyspark.sql import SparkSession
from quintet.spark import backtest_files, backtest_table, parts, ship

LOGS = Path(os.environ["LOGS"])


def read_only(columns):
    """Reads what the rules would, and runs none."""

    def task(paths):
        import pyarrow.parquet

        rows = 0
        for path in paths:
            file = pyarrow.parquet.ParquetFile(path)
            rows += sum(batch.num_rows for batch in file.iter_batches(65_536, columns=columns, use_threads=False))
        yield rows

    return task


def pass_only(batches):
    """Takes what Spark hands over, and runs no rule."""
    import pyarrow

    yield pyarrow.record_batch({"rows": pyarrow.array([sum(batch.num_rows for batch in batches)], pyarrow.int64())})


def main(rounds: int = 5, times: int = 31) -> None:
    spark = SparkSession.builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    context = spark.sparkContext
    archive = ship(spark, os.environ["WHEEL"])
    started = time.perf_counter() - begun
    rules = quintet.compile((LOGS / "pack.rules").read_text(), LOGS / "scheme.toml", backend="jit")
    one = [part.path for part in parts(str(LOGS / "logs"))]
    paths, tasks = one * times, 16
    rows = times * sum(pyarrow.parquet.ParquetFile(path).metadata.num_rows for path in one)
    columns = rules.columns
    frame = spark.read.parquet(*paths)
    numbered = frame.selectExpr(*(f"{name} AS c{at}" for at, name in enumerate(columns)))

    def file_tasks():
        return backtest_files(spark, rules, paths, day="day", tasks=tasks, archive=archive).rows

    def file_tasks_without_rules():
        return sum(context.parallelize(paths, tasks).mapPartitions(read_only(columns)).collect())

    def table():
        return backtest_table(frame, rules, archive=archive).rows

    def table_without_rules():
        return sum(row.rows for row in numbered.mapInArrow(pass_only, "rows long").collect())

    def small():
        return backtest_files(spark, rules, one[0], day="day", tasks=1, archive=archive).rows * rows // (rows // times // len(one))

    def nothing():
        return context.parallelize(range(tasks), tasks).map(lambda _: rows // tasks).sum() + rows % tasks

    def here():
        """One process without Spark, on one thread: by the processor's time, which is the same however many others want it."""
        found = 0
        for path in one:
            for batch in pyarrow.parquet.ParquetFile(path).iter_batches(65_536, columns=columns, use_threads=False):
                found += len(rules.evaluate(batch))
        return found * times

    ways = [nothing, small, file_tasks, file_tasks_without_rules, table, table_without_rules, here]
    for way in ways:
        assert way() == rows, (way.__name__, way(), rows)
    taken = {way: [] for way in ways}
    for _ in range(rounds):
        for way in ways:
            clock = time.process_time if way is here else time.perf_counter
            at = clock()
            way()
            taken[way].append(clock() - at)
    median = {way: statistics.median(of) for way, of in taken.items()}
    print(f"{rows:,} rows, {len(rules.names)} rules, {tasks} tasks, {rounds} rounds; two workers of one core each")
    print(f"from the start of Python to a session: {started:.1f} s")
    for way in ways:
        spread = f"{min(taken[way]):.2f} to {max(taken[way]):.2f}"
        seconds = median[way]
        rate = "" if way in (nothing, small) else f"  {rows / seconds * (1 / times if way is here else 1) / 1e6:6.2f} M rows/s"
        print(f"{way.__name__.replace('_', ' '):26} {seconds:7.2f} s  ({spread}){rate}")
    spark.stop()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
