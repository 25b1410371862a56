import io
import unittest

from tabula import csvio
from tabula.sheet import Sheet


class CsvTest(unittest.TestCase):
    def test_reading(self):
        found = csvio.read(io.StringIO('a, 1\n"=B1","x,y"\n'), "B2")
        self.assertEqual(found, {"B2": "a", "C2": "1", "B3": "'=B1", "C3": "x,y"})

    def test_writing(self):
        sheet = Sheet()
        sheet.put({"A1": "x,y", "B1": "=1/2", "B2": "2"})
        sheet.set_format("B1", "0%")
        self.assertEqual(csvio.write(sheet, "A1:B2"), '"x,y",50%\n,2\n')


if __name__ == "__main__":
    unittest.main()
