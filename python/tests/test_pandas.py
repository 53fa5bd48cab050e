"""With pandas, whose frames are Arrow's data where pyarrow is there too."""

import unittest

import numpy
import pandas
import quintet
from same import same_as_the_command_line


class Pandas(unittest.TestCase):
    def test_masks_are_those_of_the_command_line(self):
        same_as_the_command_line(self, lambda columns: pandas.DataFrame(columns).convert_dtypes(), nested=False)

    def test_a_mask_selects_rows(self):
        frame = pandas.DataFrame({"port": [443, 80, 22], "host": ["shop.example.org", None, "x"]})
        rules = quintet.compile('port == 443 or host == "x"', schema=frame)
        mask = numpy.asarray(rules.mask(frame))
        self.assertEqual((mask.dtype, mask.tolist()), (numpy.bool_, [True, False, True]))
        self.assertEqual(frame[mask]["port"].tolist(), [443, 22])
        self.assertEqual(numpy.asarray(rules.mask(frame), dtype="int8").tolist(), [1, 0, 1])


if __name__ == "__main__":
    unittest.main()
