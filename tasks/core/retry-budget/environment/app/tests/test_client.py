import unittest

from tollgate.client import Client
from tollgate.convert import Converter
from tollgate.errors import Permanent

from .fakes import Clock


class ClientTest(unittest.TestCase):
    def test_a_rate(self):
        self.assertEqual(Client(lambda path: (200, {}, "1082500")).rate("USD"), 1082500)

    def test_what_the_service_does_not_know(self):
        with self.assertRaises(Permanent):
            Client(lambda path: (404, {}, "")).rate("XXX")

    def test_rates_are_kept(self):
        asked = []
        client = Client(lambda path: asked.append(path) or (200, {}, "1082500"))
        converter = Converter(client, Clock())
        self.assertEqual([converter.convert(1000, "USD"), converter.convert(2000, "USD")], [1083, 2165])
        self.assertEqual(asked, ["/rates/EUR/USD"])
