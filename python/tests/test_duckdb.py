"""With duckdb, whose relations are streams."""

import unittest

import duckdb
import pyarrow
import quintet


class DuckDb(unittest.TestCase):
    def test_a_query_goes_in_and_comes_out(self):
        query = "SELECT i::INT AS port, CASE WHEN i % 10 > 0 THEN concat(i % 97, '.example.org') END AS host FROM range(300000) t(i)"
        rules = quintet.compile('rule low = port < 100\nrule host = host contains "7.example"', schema=duckdb.sql(query))
        answers = rules.evaluate(duckdb.sql(query))
        counted = duckdb.sql(f"SELECT count(*) FILTER (port < 100), count(*) FILTER (host LIKE '%7.example%') FROM ({query})").fetchall()
        self.assertEqual([tuple(answers.counts.values())], counted)
        # A connection has one result at a time.
        other = duckdb.connect()
        matches = pyarrow.RecordBatchReader.from_stream(rules.matches(duckdb.sql(query), "low"))
        self.assertEqual(other.sql("SELECT count(*), max(port) FROM matches").fetchall(), [(100, 99)])


if __name__ == "__main__":
    unittest.main()
