import unittest

from quill import TemplateError, render


class Render(unittest.TestCase):
    def test_values(self):
        self.assertEqual(render("Dear {{ customer.name }},", {"customer": {"name": "Ada"}}), "Dear Ada,")
        self.assertEqual(render("{{ a | upper }}{{ b }}", {"a": "x", "b": None}), "X")

    def test_if(self):
        template = "{% if paid %}thanks{% else %}please pay{% end %}"
        self.assertEqual([render(template, {"paid": paid}) for paid in (True, False)], ["thanks", "please pay"])

    def test_for(self):
        self.assertEqual(render("{% for item in items %}- {{ item }}\n{% end %}", {"items": [1, 2]}), "- 1\n- 2\n")

    def test_the_place_of_an_error(self):
        with self.assertRaises(TemplateError) as failed:
            render("Hello\n  {{ nobody }}", {})
        self.assertEqual((failed.exception.line, failed.exception.column), (2, 3))


if __name__ == "__main__":
    unittest.main()
