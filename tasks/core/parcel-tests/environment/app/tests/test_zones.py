import unittest

from parcel.zones import zone


class Zones(unittest.TestCase):
    def test_by_the_first_two_digits(self):
        for postcode, want in [("10115", "A"), (" 22761", "A"), ("15230", "B"), ("39104", "B"), ("80331", "C")]:
            with self.subTest(postcode):
                self.assertEqual(zone(postcode), want)

    def test_what_is_not_listed_is_c(self):
        self.assertEqual(zone(""), "C")


if __name__ == "__main__":
    unittest.main()
