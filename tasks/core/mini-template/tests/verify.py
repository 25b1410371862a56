"""What comes of templates, case by case."""

import json
import subprocess
import sys

D = {"a": 1, "no": 0, "s": "x", "e": "", "n": None, "l": [1, 2], "el": [], "o": {"p": {"q": "deep"}}, "h": "<a href=\"x\">'&amp;'</a>", "ll": [[1, 2], [3]], "t": True}
HTML = "&lt;a href=&quot;x&quot;&gt;&#39;&amp;amp;&#39;&lt;/a&gt;"
# template, and the mail or the place of the error
CASES = [
    ("", ""),
    ("plain } %} }} text\n", "plain } %} }} text\n"),
    ("{ { % # {a}", "{ { % # {a}"),
    ("{{s}}{{ s }}{{\ts\n}}", "xxx"),
    ("{{ o.p.q | upper }}", "DEEP"),
    ("{{ h }}", HTML),
    ("{{ h|raw }}", D["h"]),
    ("{{ h | raw|upper }}", D["h"].upper()),
    ("{{ h\n|\nupper | raw }}", D["h"].upper()),
    ("{{ h | upper }}", HTML.replace("a href", "A HREF").replace("/a", "/A").replace("quot;x", "quot;X").replace("&amp;amp;", "&amp;AMP;")),
    ("{{ n }}|{{ t }}|{{ no }}", "|True|0"),
    ("{% if a %}1{% end %}{% if no %}2{% end %}{% if not no %}3{% end %}{% if  not\ta %}4{% end %}", "13"),
    ("{% if e %}1{% elif el %}2{% elif n %}3{% else %}4{% end %}", "4"),
    ("{% if e %}1{% elif s %}2{% elif a %}3{% else %}4{% end %}5", "25"),
    ("{% if a %}1{% elif nobody %}2{% end %}", "1"),
    ("{% if no %}1{% elif no %}2{% end %}3", "3"),
    ("{% if no %}{{ nobody }}{% elif not no %}{% if no %}1{% elif no %}2{% else %}3{% end %}{% else %}4{% end %}5", "35"),
    ("{% if a %}{% if no %}1{% else %}2{% end %}{% else %}3{% end %}", "2"),
    ("{% if a %}{% if a %}1{% else %}2{% end %}{% else %}3{% end %}", "1"),
    ("{% if no %}{% if a %}1{% else %}2{% end %}{% else %}3{% end %}", "3"),
    ("{% if no %}{% if a %}1{% end %}{% else %}{% if no %}4{% else %}5{% end %}{% end %}6", "56"),
    ("{% if no %}{% for x in l %}{% if a %}1{% else %}2{% end %}{% end %}{% else %}3{% end %}", "3"),
    ("{% for x in l %}{% if no %}1{% else %}{{ x }}{% end %}{% end %}", "12"),
    ("{% for s in l %}{{ s }}{% end %}{{ s }}", "12x"),
    ("{% for x in ll %}{% for y in x %}{{ y }}{% end %};{% end %}", "12;3;"),
    ("{% for x in ll %}{% for x in x %}{{ x }}{% end %}{{ x }}{% end %}", "12[1, 2]3[3]"),
    ("{% for x in el %}{{ nobody }}{% end %}.", "."),
    ("{% for o in l %}{% end %}{{ o.p.q }}", "deep"),
    ("a{# {{ nobody }} {% x %} #}b{# \n #}c", "abc"),
    ("{% verbatim %}{{ a }} {% end %} {# <&> {{ {%{% endverbatim %}{{ a }}", "{{ a }} {% end %} {# <&> {{ {%1"),
    ("{%\nverbatim %}1{% verbatim %}2{%endverbatim%}3{% verbatim %}{% endverbatim %}4", "1{% verbatim %}234"),
    ("{% if no %}{% verbatim %}{% end %}{% endverbatim %}{% else %}{% verbatim %}{% else %}{% endverbatim %}{% end %}", "{% else %}"),
    # places: first tag, later tags of the line, behind line ends in tags, comments and verbatim
    ("{{ nobody }}", (1, 1)),
    ("ab {{ a }}{{ s }}\tü€{{ nobody }}", (1, 21)),
    ("{{ a }}\n\n ü{{ a }} {{ nobody }}", (3, 11)),
    ("{{\n\na\n}} {{ nobody }}", (4, 4)),
    ("{# \n\n #}{{ nobody }}", (3, 4)),
    ("{% verbatim %}\n{{\n{% endverbatim %}  {{ nobody }}", (3, 20)),
    ("x{% if a %}\n{{ a }}{% end %} {{ nobody }}", (2, 18)),
    ("\r\n{{ a }}\r\n {{ nobody }}", (3, 2)),
    ("{% for x in l %}\n{% end %} {{ x }}", (2, 11)),
    ("{% for x in l %}{{ x.y }}{% end %}", (1, 17)),
    (" {% for x in nobody %}{% end %}", (1, 2)),
    ("{% if no %}{% elif nobody %}{% end %}", (1, 12)),
    ("{% if no %}\n{% elif no %}\n {% elif nobody %}{% end %}", (3, 2)),
    ("{% if not nobody %}{% end %}", (1, 1)),
    ("{{ o.p.r }}", (1, 1)),
    ("{{ s.p }}", (1, 1)),
    # what can't be read
    ("a {{ }}", (1, 3)),
    ("a {{ 1 }}", (1, 3)),
    ("a {{ a b }}", (1, 3)),
    ("a {{ a | }}", (1, 3)),
    ("a {{ a | lower }}", (1, 3)),
    ("a {{ a. }}", (1, 3)),
    ("{% if no %}{{ a | lower }}{% end %}", (1, 12)),
    ("a\n{% what %}", (2, 1)),
    ("a\n{% if %}{% end %}", (2, 1)),
    ("a\n{% if a b %}{% end %}", (2, 1)),
    ("{% if a %}\n {% elif %}{% end %}", (2, 2)),
    ("{% for x.y in l %}{% end %}", (1, 1)),
    ("{% for x of l %}{% end %}", (1, 1)),
    ("{% else a %}", (1, 1)),
    # what isn't closed
    ("a {{ a", (1, 3)),
    ("a {{ a }\n}", (1, 3)),
    ("\n a {% if a", (2, 4)),
    ("{{ a }} {# \n {{ nobody }}", (1, 9)),
    ("x {% verbatim %} {{", (1, 3)),
    ("{% if a %}\n {% verbatim %}{% end %}", (2, 2)),
    (" {% if a %}", (1, 2)),
    ("{% if a %}\n{% for x in l %}\n{{ x }}", (2, 1)),
    ("{% if a %}\n{% for x in l %}\n{% end %}", (1, 1)),
    ("{% if a %}{% else %}\n{% if no %}{% elif no %}{% else %} ", (2, 1)),
    ("{% if a %}\n{% elif no %}\n{% else %}\n", (1, 1)),
    # what belongs to nothing
    ("a\n {% end %}", (2, 2)),
    ("{% if a %}{% end %}{% end %}", (1, 20)),
    ("{% else %}", (1, 1)),
    ("{% elif a %}", (1, 1)),
    ("{% endverbatim %}", (1, 1)),
    ("{% if a %}{% else %}\n{% else %}{% end %}", (2, 1)),
    ("{% if a %}{% else %}\n{% elif a %}{% end %}", (2, 1)),
    ("{% if a %}{% for x in l %}\n{% else %}{% end %}{% end %}", (2, 1)),
    ("{% if a %}{% for x in l %}\n {% elif a %}{% end %}{% end %}", (2, 2)),
    ("{% for x in l %}{% if a %}{% end %}{% else %}{% end %}", (1, 36)),
    ("{% if a %}{% end %}{% else %}", (1, 20)),
]

asked = [(template, json.dumps(D)) for template, _ in CASES]
run = subprocess.run(
    [sys.executable, "-I", "/tests/worker.py"], input=json.dumps(asked), capture_output=True, text=True, timeout=60, cwd="/"
)
try:
    got = json.loads(run.stdout)
except ValueError:
    print(run.stdout[-2000:], run.stderr[-2000:])
    sys.exit(1)
bad = 0 if len(got) == len(CASES) else 1
for (template, want), found in zip(CASES, got):
    wanted = (["is", want] if isinstance(want, str) else ["error", *want]) + [True]
    if found != wanted:
        bad += 1
        print(f"not so: {template!r}\n  wanted: {wanted}\n  found:  {found}")
sys.exit(bool(bad))
