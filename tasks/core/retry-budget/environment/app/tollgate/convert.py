"""A toll in another currency."""

from .cache import Cache


class Converter:
    def __init__(self, client, clock):
        self.client = client
        self.cache = Cache(clock)

    def convert(self, cents, currency):
        """Cents of a euro in hundredths of the currency, rounded to the nearest, halves up."""
        rate = self.cache.get(currency, lambda: self.client.rate(currency))
        return (cents * rate + 500_000) // 1_000_000
