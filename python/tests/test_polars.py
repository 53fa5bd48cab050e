"""With polars and nothing else."""

import doctest
import importlib.util
import unittest

import polars
import quintet
from same import same_as_the_command_line

TABLE = polars.DataFrame({"port": [443, 80, None], "host": ["shop.example.org", None, "x"], "at": [[1, 2], [], [3]]})


class Polars(unittest.TestCase):
    def test_pyarrow_is_not_needed(self):
        self.assertIsNone(importlib.util.find_spec("pyarrow"))
        self.assertIsNone(importlib.util.find_spec("numpy"))

    def test_masks_are_those_of_the_command_line(self):
        def frame(columns):
            # polars hands columns of its type Null over as Arrow does not have them.
            return polars.DataFrame({name: of for name, of in columns.items() if any(v is not None for v in of)}, strict=False)

        same_as_the_command_line(self, frame, nested=False)

    def test_arrow_comes_out(self):
        rules = quintet.compile('rule tls = port == 443\nrule shop = host contains "shop" or any(at[*] == 3)', TABLE)
        self.assertEqual(polars.Series(rules.mask(TABLE, "tls")).to_list(), [True, False, False])
        self.assertEqual(TABLE.filter(polars.Series(rules.mask(TABLE))).height, 2)
        answers = polars.DataFrame(rules.evaluate(TABLE))
        self.assertEqual(answers.columns, ["tls", "shop"])
        self.assertEqual(answers["shop"].to_list(), [True, False, True])
        self.assertEqual(polars.DataFrame(rules.matches(TABLE, "tls")).to_dicts(), TABLE.head(1).to_dicts())

    def test_chunks_and_slices(self):
        rules = quintet.compile("port % 3 == 0", TABLE)
        parts = [polars.DataFrame({"port": list(range(at, at + 1000))}) for at in range(0, 30_000, 1000)]
        whole = polars.concat(parts, rechunk=False)[17:29_000]
        expected = [port % 3 == 0 for port in range(17, 29_000)]
        self.assertEqual(polars.Series(rules.mask(whole)).to_list(), expected)
        self.assertEqual(polars.DataFrame(rules.matches(whole)).height, sum(expected))

    def test_the_example_of_the_package(self):
        ran = doctest.testmod(quintet)
        self.assertEqual((ran.failed, ran.attempted), (0, 4))

    def test_a_schema_is_enough(self):
        rules = quintet.compile("port > 80", TABLE.head(0))
        self.assertEqual(rules.columns, ["port"])
        self.assertEqual(rules.mask(TABLE).to_list(), [True, False, False])


if __name__ == "__main__":
    unittest.main()
