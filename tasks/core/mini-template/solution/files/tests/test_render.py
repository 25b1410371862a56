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

    def place(self, template, data=None):
        with self.assertRaises(TemplateError) as failed:
            render(template, data or {})
        return failed.exception.line, failed.exception.column

    def test_places(self):
        for template, want in [
            ("{# a\nb #} {{ x }}", (2, 6)),
            ("a {{ y }}{{ y }} {{ x }}", (1, 18)),
            ("{{\ny\n}} {% x %}", (3, 4)),
            ("a {{ y", (1, 3)),
            ("{% if y %}{% for a in y %}", (1, 11)),
            ("{% if y %}{% else %}{% elif y %}{% end %}", (1, 21)),
            ("{% for a in y %}{% else %}{% end %}", (1, 17)),
            ("a\n{% end %}", (2, 1)),
            ("b{% verbatim %}{% end %}", (1, 2)),
        ]:
            with self.subTest(template):
                self.assertEqual(self.place(template, {"y": ""}), want)

    def test_nested_else(self):
        template = "{% if a %}{% if b %}1{% else %}2{% end %}{% else %}3{% end %}"
        found = [render(template, {"a": a, "b": b}) for a, b in [(1, 1), (1, 0), (0, 1)]]
        self.assertEqual(found, ["1", "2", "3"])

    def test_elif(self):
        template = "{% if a %}1{% elif not b %}2{% elif c %}3{% else %}4{% end %}"
        found = [render(template, data) for data in ({"a": 1}, {"a": 0, "b": 0}, {"a": 0, "b": 1, "c": 1}, {"a": 0, "b": 1, "c": 0})]
        self.assertEqual(found, ["1", "2", "3", "4"])

    def test_a_loop_keeps_its_variable(self):
        data = {"x": "old", "xs": [1, 2]}
        self.assertEqual(render("{{ x }}{% for x in xs %}{{ x }}{% end %}{{ x }}", data), "old12old")
        self.assertEqual(data, {"x": "old", "xs": [1, 2]})

    def test_escaping(self):
        self.assertEqual(render("{{ x }}", {"x": "<&\"'>"}), "&lt;&amp;&quot;&#39;&gt;")

    def test_verbatim(self):
        self.assertEqual(render("{%verbatim%}{{ < {% {#{% endverbatim %}{{ x }}", {"x": 1}), "{{ < {% {#1")


if __name__ == "__main__":
    unittest.main()
