import unittest

from parcel import Customer, Parcel, Refused, quote

SMALL = (10, 10, 10)


def price(grams=400, sides=SMALL, postcode="10115", value=0, sent=0):
    return quote(Parcel(postcode, grams, *sides, value), Customer("x", sent))


class Quote(unittest.TestCase):
    def check(self, cases):
        for want, case in cases:
            with self.subTest(str(case)):
                self.assertEqual(price(**case), want)

    def refuse(self, why, cases):
        for case in cases:
            with self.subTest(str(case)), self.assertRaises(Refused) as refused:
                price(**case)
            self.assertEqual(str(refused.exception), why)

    def test_weights_are_rounded_up_to_full_steps(self):
        self.check([(320, dict(grams=1)), (320, dict(grams=500)), (365, dict(grams=501)), (365, dict(grams=1000)), (410, dict(grams=1001))])

    def test_each_zone_has_its_prices(self):
        self.check([(410, dict(postcode="15000")), (690, dict(postcode="99000")), (455, dict(grams=2000)), (590, dict(grams=2000, postcode="15000")), (1020, dict(grams=2000, postcode="99000"))])

    def test_the_volumetric_weight_counts_where_it_is_more(self):
        self.check([(320, dict(grams=100, sides=(25, 10, 10))), (365, dict(grams=100, sides=(41, 61, 1))), (365, dict(grams=100, sides=(26, 10, 10))), (365, dict(grams=501, sides=(5, 5, 5)))])
        self.assertEqual(price(grams=1, sides=(7, 11, 39)), 365)  # 600.6 g

    def test_more_than_31500_grams_are_refused(self):
        self.check([(320 + 62 * 45, dict(grams=31500)), (320 + 62 * 45, dict(grams=10, sides=(75, 60, 35)))])
        self.refuse("too heavy", [dict(grams=31501), dict(grams=31700), dict(grams=10, sides=(100, 40, 40))])

    def test_discounts_begin_at_50_and_at_200(self):
        self.check([(320, dict(sent=49)), (288, dict(sent=50)), (288, dict(sent=199)), (272, dict(sent=200))])

    def test_half_a_cent_is_rounded_up(self):
        self.check([(329, dict(grams=1000, sent=50)), (310, dict(grams=1000, sent=200)), (369, dict(grams=1500, sent=50)), (349, dict(grams=1500, sent=200)), (491, dict(grams=3000, sent=50))])

    def test_surcharges_get_no_discount(self):
        self.check([(288 + 800, dict(sides=(121, 2, 2), sent=50)), (288 + 250, dict(value=10001, sent=50))])

    def test_bulky_is_over_120_on_the_longest_side_and_once(self):
        self.check([(320, dict(sides=(120, 2, 2))), (1120, dict(sides=(121, 2, 2))), (1120, dict(sides=(2, 2, 121))), (1120, dict(sides=(2, 121, 2))), (320 + 800 + 45 * 11, dict(sides=(121, 121, 2)))])

    def test_insurance(self):
        self.check([(320, dict(value=10000)), (570, dict(value=10001)), (570, dict(value=25000)), (571, dict(value=25001)), (1020, dict(value=70000))])

    def test_what_is_no_parcel_is_refused(self):
        cases = [dict(grams=0), dict(grams=-5), dict(sides=(0, 1, 1)), dict(sides=(1, 0, 1)), dict(sides=(1, 1, 0)), dict(sides=(1, 1, -1))]
        self.refuse("not a parcel", cases)


if __name__ == "__main__":
    unittest.main()
