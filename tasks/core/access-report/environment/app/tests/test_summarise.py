import importlib.util
import unittest
from pathlib import Path

SPEC = importlib.util.spec_from_file_location("summarise", Path(__file__).parent.parent / "bin" / "summarise.py")
summarise = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(summarise)


class SummariseTest(unittest.TestCase):
    def test_endpoints(self):
        for path, want in [
            ("/orders/17", "/orders/:id"),
            ("/orders/17/lines?page=2", "/orders/:id/lines"),
            ("/files/123e4567-e89b-12d3-a456-426614174000", "/files/:id"),
            ("/v2/orders", "/v2/orders"),
            ("/", "/"),
        ]:
            self.assertEqual(summarise.endpoint(path), want)

    def test_one_time_is_its_own_p95(self):
        self.assertEqual(summarise.p95([0.25]), 0.25)
