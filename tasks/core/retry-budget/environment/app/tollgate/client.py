"""Asks the rates service. `transport(path)` gives a status, headers and a body."""

import time

from .errors import Permanent, Temporary


class Client:
    def __init__(self, transport, tries=5):
        self.transport = transport
        self.tries = tries

    def rate(self, currency):
        """How much of the currency one euro is, in millionths."""
        pause = 0.2
        for left in range(self.tries - 1, -1, -1):
            try:
                return int(self._get(f"/rates/EUR/{currency}"))
            except Temporary as error:
                if left == 0:
                    raise
                # the service says how long to wait, in seconds
                time.sleep(error.retry_after or pause)
                pause *= 2

    def _get(self, path):
        status, headers, body = self.transport(path)
        if status in (429, 502, 503, 504):
            after = headers.get("Retry-After", "")
            raise Temporary(f"{path}: {status}", float(after) if after.isdigit() else None)
        if status != 200:
            raise Permanent(f"{path}: {status}")
        return body
