import unittest

from harbor import migrate, server, worker
from harbor.errors import BadSetting


class SettingsTest(unittest.TestCase):
    def test_defaults(self):
        self.assertEqual(server.settings("", {})["port"], 8080)
        self.assertEqual(worker.settings("", {})["workers"], 2)
        self.assertEqual(migrate.settings("", {})["timeout"], 300)

    def test_layers(self):
        self.assertEqual(server.settings("port = 81", {})["port"], 81)
        self.assertEqual(server.settings("port = 81", {"HARBOR_PORT": "82"})["port"], 82)

    def test_the_worker_has_variables_of_its_own(self):
        env = {"HARBOR_WORKERS": "5", "HARBOR_WORKER_WORKERS": "3"}
        self.assertEqual((worker.settings("", env)["workers"], server.settings("", env)["workers"]), (3, 5))

    def test_unknown_settings(self):
        with self.assertRaises(BadSetting):
            server.settings("colour = red", {})
        worker.settings("colour = red", {})
