"""Lays out logs of some days for the tests of Spark: the same rows as Parquet files, one a day, and as JSON lines for the command line.

    python lay_out_logs.py FOLDER [DAYS [ROWS_A_DAY]]
"""

from __future__ import annotations

import datetime
import json
import random
import shutil
import sys
from pathlib import Path

import pyarrow
import pyarrow.parquet

RULES = """# A pack over the log of a shop's edge.
rule scanner     = lower(agent) contains "sqlmap" or lower(agent) contains "nikto"
rule traversal   = uri matches "(?i)(%2e|[.]){2}/" or uri contains "etc/passwd"
rule errors      = http.status >= 500 and not src in {10.0.0.0/8}
rule slow        = present(millis) and millis > 4900
rule admin       = uri wildcard "/admin/*" and not src in {10.1.0.0/16 10.2.0.0/16}
rule odd-ratio   = 100000 / (bytes % 1000) > 50000
rule nobody      = uri contains "no-such-page-at-all"
"""
SCHEME = """[fields]
src = { type = "Ip", optional = true }
uri = { type = "Bytes", optional = true }
agent = { type = "Bytes", optional = true }
"http.status" = { type = "Int", optional = true }
bytes = { type = "Int", optional = true }
millis = { type = "Int", optional = true }
"""
AGENTS = ["Mozilla/5.0 (X11; Linux x86_64)", "curl/8.5", "sqlmap/1.8", "Nikto/2.5", "Googlebot/2.1"]
PATHS = ["/", "/shop/item/{}", "/api/v1/orders/{}", "/admin/users/{}", "/static/../../etc/passwd", "/search?q={}", "/%2e%2e/{}"]


def rows(day: int, count: int) -> list[dict]:
    random.seed(day)
    made = []
    for _ in range(count):
        path = random.choices(PATHS, [30, 30, 20, 3, 0.1, 20, 0.2])[0].format(random.randrange(10_000))
        row = {
            "src": f"{random.choice([10, 192])}.{random.randrange(4)}.{random.randrange(256)}.{random.randrange(256)}",
            "uri": path,
            "agent": random.choices(AGENTS, [50, 20, 0.3, 0.1, 5])[0],
            "http": {"status": random.choices([200, 404, 500, 503], [90, 7, 2, 1])[0]},
            "bytes": random.randrange(100_000),
        }
        if random.random() < 0.9:
            row["millis"] = random.randrange(5000)
        made.append(row)
    return made


def main(to: str, days: str = "8", count: str = "40000") -> None:
    folder = Path(to)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "lines").mkdir(parents=True)
    (folder / "pack.rules").write_text(RULES)
    (folder / "scheme.toml").write_text(SCHEME)
    for at in range(int(days)):
        day = (datetime.date(2026, 1, 1) + datetime.timedelta(days=at)).isoformat()
        made = rows(at, int(count))
        with open(folder / "lines" / f"{day}.jsonl", "w") as lines:
            lines.writelines(json.dumps(row) + "\n" for row in made)
        table = pyarrow.Table.from_pylist(made)
        # What rules do not use is most of a log.
        table = table.append_column("payload", pyarrow.array([random.randbytes(200) for _ in made]))
        table = table.append_column("at", pyarrow.array([datetime.datetime.fromisoformat(day)] * len(made), pyarrow.timestamp("us")))
        place = folder / "logs" / f"day={day}"
        place.mkdir(parents=True)
        pyarrow.parquet.write_table(table, place / "part-0.parquet", row_group_size=int(count) // 4)


if __name__ == "__main__":
    main(*sys.argv[1:])
