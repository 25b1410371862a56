"""Holds the engine in /app against what formulas mean, which of them are evaluated, and what commands print. Imports nothing from /app."""

import ast
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

APP = Path("/app")
ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
SAMPLES = "8b08b82783a79e98988867270c137988cc8328dc8a1597dc7ffb88348d6205f2"
bad = []

TEXTS = {"A1": "3", "A2": "-2.5", "A3": "x", "A5": "TRUE", "A6": "'2", "B1": "one", "B2": "=A1*2", "B3": "three", "C1": '="a"&A1',
         "C2": "FALSE", "C3": "10", "D1": "=1/0", "D2": "=NA()", "D3": "=D2", "X5": "1", "Z5": "2", "AA5": "4", "AC6": "8"}
# Mended: what formulas show.
FORMULAS = [
    # ranges: any two corners, over Z
    ("SUM(A2:A1)", "0.5"), ("SUM(B3:A1)", "6.5"), ("SUM(C1:A3)", "16.5"), ("SUM(A3:C1)", "16.5"), ("SUM(X5:AC6)", "15"), ("SUM(AC6:X5)", "15"),
    ("SUM($AC5:X$6)", "15"), ("COLUMNS(Y1:AB1)", "4"), ("ROWS(A3:A1)", "3"), ("INDEX(B3:A1,1,2)", "one"), ("CONCAT(B2:A1)", "3one-2.56"), ("SUM(Z5:AA5,1)", "7"),
    # errors go through, the first one first
    ("D1+1", "#DIV/0!"), ("1+D2", "#N/A"), ("D1+D2", "#DIV/0!"), ("D2+D1", "#N/A"), ("-D2", "#N/A"), ("D2%", "#N/A"), ("D1&D2", "#DIV/0!"), ('"x"&D2', "#N/A"),
    ("D2=D1", "#N/A"), ("1<D1", "#DIV/0!"), ("D2=D2", "#N/A"), ("SUM(D1:D2)", "#DIV/0!"), ("SUM(D2:D1)", "#DIV/0!"), ("SUM(A1:D3)", "#DIV/0!"), ("SUM(C2:D3)", "#N/A"),
    ("MAX(1,D2,D1)", "#N/A"), ("AVERAGE(D1:D3)", "#DIV/0!"), ("CONCAT(A1:D1)", "#DIV/0!"), ("LEN(D2)", "#N/A"), ("UPPER(D1)", "#DIV/0!"), ('LEFT("abc",D2)', "#N/A"),
    ('TEXT(D2,"0")', "#N/A"), ('TEXT(1,D1)', "#DIV/0!"), ("ROUND(1,D2)", "#N/A"), ("AND(FALSE,D2)", "#N/A"), ("OR(D1:D2,TRUE)", "#DIV/0!"), ("NOT(D2)", "#N/A"),
    ("IF(D1,1,2)", "#DIV/0!"), ("IF(TRUE,D2,1)", "#N/A"), ("IF(FALSE,D2,1)", "1"), ("CHOOSE(D2,1)", "#N/A"), ("CHOOSE(2,D1,5)", "5"), ("#REF!+1", "#REF!"), ("nothing+1", "#NAME?"),
    ("SUM(nothing)", "#NAME?"), ("SUM(1,nothing(2))", "#NAME?"), ("SQRT(-1)+D1", "#NUM!"), ("MEDIAN(D2,1)", "#N/A"), ("PRODUCT(2,D1)", "#DIV/0!"), ("VALUE(D2)", "#N/A"),
    # and where they don't
    ("IFERROR(D1,7)", "7"), ("IFERROR(D1,D2)", "#N/A"), ("IFERROR(1,D2)", "1"), ("IFERROR(SUM(D1:D3),-1)", "-1"), ("ISERROR(D2)", "TRUE"), ("ISERROR(D1+1)", "TRUE"),
    ("ISNUMBER(D1)", "FALSE"), ("ISBLANK(D1)", "FALSE"), ("COUNT(A1:D3)", "4"), ("COUNTA(D1:D4)", "3"), ("COUNT(D1,1)", "1"), ("ROWS(D1:D3)", "3"), ("COLUMNS(C1:D3)", "2"),
    ('COUNTIF(A1:D3,">2")', "4"), ('SUMIF(B1:B3,"one",D1:D3)', "#DIV/0!"), ('SUMIF(A1:A3,-2.5,D1:D3)', "#N/A"), ('SUMIF(B1:B3,"nil",D1:D3)', "0"), ("SUMIF(D1:D3,3,A1:A3)", "0"),
    ('SUMIF(B1:B3,D2,A1:A3)', "#N/A"), ("COUNTIF(A1:A3,D1)", "#DIV/0!"), ("VLOOKUP(3,A1:D3,2)", "one"), ("VLOOKUP(3,A1:D3,4)", "#DIV/0!"), ("VLOOKUP(-2.5,A1:D3,4)", "#N/A"),
    ("VLOOKUP(D1,A1:B3,2)", "#DIV/0!"), ("VLOOKUP(3,A1:B3,D2)", "#N/A"), ("MATCH(10,C1:C3)", "3"), ('MATCH("x",A1:D3)', "9"), ("MATCH(D2,A1:A3)", "#N/A"), ("INDEX(A1:D3,2,1)", "-2.5"),
    ("INDEX(A1:D3,1,4)", "#DIV/0!"), ("INDEX(A1:D3,D1)", "#DIV/0!"), ("ROWS(D1)", "#DIV/0!"),
    # can't be read: all of it
    ("IF(TRUE,1,2+)", "#SYNTAX!"), ("IFERROR(2+,1)", "#SYNTAX!"), ("1+(2*)", "#SYNTAX!"), ("SUM(1,)", "#SYNTAX!"), ('"x"&(1', "#SYNTAX!"), ("ISERROR(1 2)", "#SYNTAX!"), ("D1+(2)(3)", "#SYNTAX!"),
    ("IF(TRUE,1,nothing(2))", "1"), ("IF(TRUE,1,SUM (2))", "#SYNTAX!"), ("IFERROR(nothing,1)", "1"), ("IF(TRUE,1,A1 :A2)", "#SYNTAX!"), ('CHOOSE(1,1,"a)', "#SYNTAX!"),
    # rounding and digits
    ("0.1+0.2", "0.3"), ("1/3", "0.333333333333"), ("200/3", "66.6666666667"), ('""&0.1*3', "0.3"), ("LEN(1/3)", "14"), ("0.1+0.2=0.3", "FALSE"), ("10^15", "1e+15"), ("10^15-1", "999999999999999"),
    ("123456789012345", "123456789012345"), ("2^0.5*1000", "1414.21356237"), ("ROUND(2.675,2)", "2.68"), ("ROUND(1.005,2)", "1.01"), ("ROUND(-2.5)", "-3"), ("ROUND(0.5)", "1"), ("ROUND(1.5)", "2"),
    ("ROUND(-0.4)&\"\"", "0"), ("ROUND(1250,-2)", "1300"), ("ROUND(-1249,-2)", "-1200"), ("ROUND(2.5,900)", "2.5"), ('TEXT(2.675,"0.00")', "2.68"), ('TEXT(-0.004,"0.00")', "0.00"), ('TEXT(0.125,"0%")', "13%"),
    ('TEXT(-1234.5,"#,##0")', "-1,235"), ('TEXT(-123,"#,##0.00")', "-123.00"), ('TEXT(1.005,"0.0%")', "100.5%"), ('TEXT(0.1005,"0.0%")', "10.1%"), ('TEXT(-123456,"#,##0")', "-123,456"), ('TEXT(999.5,"#,##0")', "1,000"),
]
# Mended: a number, a format, and what is shown.
SHOWN = [
    ("2.675", "0.00", "2.68"), ("1.005", "0.00", "1.01"), ("0.5", "0", "1"), ("1.5", "0", "2"), ("2.5", "0", "3"), ("-0.5", "0", "-1"), ("-2.5", "0", "-3"), ("-0.004", "0.00", "0.00"), ("-0.4", "0", "0"),
    ("-0.0004", "0.0%", "0.0%"), ("-123", "#,##0", "-123"), ("-123456.785", "#,##0.00", "-123,456.79"), ("-100", "#,##0.0", "-100.0"), ("1234567.5", "#,##0", "1,234,568"), ("0.285", "0%", "29%"), ("0.145", "0%", "15%"),
    ("12345.675", "#,##0.00%", "1,234,567.50%"), ("180.25", "0.0", "180.3"), ("10000000000000000000000000", "#,##0", "10,000,000,000,000,000,000,000,000"), ("8.345", "0.00", "8.35"), ("=1.1+2.2", "0.000", "3.300"), ("=0.1*3", "0.0", "0.3"),
]
# Copied from B3: a formula, and what it is in other cells.
COPIED = [
    ("=A1+$A1+A$1+$A$1", {"C4": "=B2+$A2+B$1+$A$1", "A2": "=#REF!+#REF!+#REF!+$A$1", "B2": "=#REF!+#REF!+A$1+$A$1", "A3": "=#REF!+$A1+#REF!+$A$1"}),
    ('="A1"&A1&"B""2"', {"C4": '="A1"&B2&"B""2"'}), ("=LOG10(A4)+nothing2(C1)", {"B4": "=LOG10(A5)+nothing2(C2)", "C3": "=LOG10(B4)+nothing2(D1)"}),
    ("= sum( a1 , B2:c3 )*2", {"C4": "= sum( B2 , C3:D4 )*2"}), ("=SUM($A1:A$3)", {"C4": "=SUM($A2:B$3)"}), ("=SUM(B2:C3)+1", {"B1": "=SUM(#REF!)+1", "A1": "=SUM(#REF!)+1", "A2": "=SUM(A1:B2)+1"}),
    ("=ZZ1+A9999", {"C3": "=#REF!+B9999", "B4": "=ZZ2+#REF!"}), ("=Z1&AZ1", {"C3": "=AA1&BA1"}), ("=$a$1+$b1+b$1", {"C5": "=$a$1+$B3+C$1"}), ("=foo1.a2+A10000+AAA1+A1", {"B4": "=foo1.a2+A10000+AAA1+A2"}),
    ("=#REF!+A3", {"B4": "=#REF!+A4"}), ("='A1'&A1", {"B4": "='A1'&A1"}), ("A1", {"C4": "A1"}), ("'=A1", {"C4": "'=A1"}), ("=IF(A2>1,\"A2>1\",A2%)", {"B4": "=IF(A3>1,\"A2>1\",A3%)"}),
]


def m(label, inner):
    return f'=MARK("{label}",{inner})'


BASE = {"A1": "2", "A2": "3", "B1": m("b1", "A1*2"), "B2": m("b2", "A2*2"), "C1": m("c1", "B1+B2"), "C2": m("c2", "C1>0"), "D1": m("d1", "IF(C2,1,0)"), "E1": m("e1", "SUM(A1:A9)")}
RING = {"A1": "=B1", "B1": "=C1", "C1": "=A1", "D1": m("d1", "A1+1"), "E1": "=IFERROR(A1,0)", "F1": "=COUNTA(A1:C1)"}
# Stories: steps, and what each is answered. A change is answered by the labels of the formulas that were evaluated.
STORIES = {
    "each once, and what comes to the same stops": [
        (["put", BASE], ["b1", "b2", "c1", "c2", "d1", "e1"]), (["set", "A1", "5"], ["b1", "c1", "c2", "e1"]), (["shown", "C1", "D1", "E1"], ["16", "1", "8"]), (["set", "A1", "-9"], ["b1", "c1", "c2", "d1", "e1"]),
        (["shown", "C1", "C2", "D1"], ["-12", "FALSE", "0"]), (["set", "Z9", "1"], []), (["set", "A1", "-9"], []), (["set", "A1", "-9.0"], []), (["texts", "A1"], ["-9.0"]), (["set", "A1", "=0-9"], []), (["format", "A1", "0.0"], []),
        (["set", "A7", "1"], ["e1"]), (["set", "A7", ""], ["e1"]), (["set", "A7", "text"], ["e1"]), (["set", "A10", "1"], []), (["set", "B2", m("b2", "3*A2-A2")], ["b2"]), (["put", {"A1": "1", "A2": "1"}], ["b1", "b2", "c1", "c2", "d1", "e1"]),
        (["shown", "C1", "E1"], ["4", "2"]), (["put", {"A1": "0", "A2": "2"}], ["b1", "b2", "c1", "e1"]), (["set", "C1", "4"], []), (["set", "A1", "7"], ["b1", "e1"]), (["shown", "C1", "D1"], ["4", "1"])],
    "the same is of the same kind": [
        (["put", {"A1": "1", "B1": m("b1", "A1"), "C1": m("c1", "B1&\"\""), "D1": m("d1", "ISNUMBER(B1)")}], ["b1", "c1", "d1"]), (["set", "A1", "TRUE"], ["b1", "c1", "d1"]), (["shown", "B1", "C1", "D1"], ["TRUE", "TRUE", "FALSE"]),
        (["set", "A1", "'TRUE"], ["b1", "c1", "d1"]), (["set", "A1", "'1"], ["b1", "c1", "d1"]), (["shown", "B1", "C1", "D1"], ["1", "1", "FALSE"]), (["set", "A1", "1"], ["b1", "c1", "d1"]), (["shown", "D1"], ["TRUE"]),
        (["set", "A1", "0"], ["b1", "c1", "d1"]), (["set", "A1", "FALSE"], ["b1", "c1", "d1"]), (["set", "A1", ""], ["b1", "c1", "d1"]), (["shown", "B1", "D1"], ["", "FALSE"]), (["set", "A1", "'"], ["b1", "c1", "d1"]), (["set", "A1", "0"], ["b1", "c1", "d1"])],
    "what is no longer referred to": [
        (["put", {"A1": "1", "A2": "2", "B1": m("b1", "A1"), "C1": m("c1", "B1+A1")}], ["b1", "c1"]), (["set", "B1", m("b1", "A2")], ["b1", "c1"]), (["set", "A1", "9"], ["c1"]), (["set", "A2", "5"], ["b1", "c1"]), (["set", "B1", "4"], ["c1"]),
        (["set", "A2", "6"], []), (["set", "C1", ""], []), (["set", "A1", "1"], []), (["set", "B1", m("b1", "SUM(A1:A2)")], ["b1"]), (["set", "B1", m("b1", "SUM(A2:A3)")], ["b1"]), (["set", "A1", "7"], []), (["set", "A3", "7"], ["b1"]), (["shown", "B1"], ["13"])],
    "needed or not": [
        (["put", {"A1": "TRUE", "B1": "1", "C1": "2", "D1": m("d1", "IF(A1,B1,C1)"), "E1": m("e1", "D1")}], ["d1", "e1"]), (["set", "C1", "3"], ["d1"]), (["set", "A1", "FALSE"], ["d1", "e1"]), (["shown", "E1"], ["3"]), (["set", "B1", "3"], ["d1"]), (["set", "C1", "4"], ["d1", "e1"])],
    "many ways to one cell": [
        (["put", {"F1": m("f1", "E1+D1+C1+B1+A1"), "E1": m("e1", "D1+C1"), "D1": m("d1", "C1+B1"), "C1": m("c1", "B1+A1"), "B1": m("b1", "A1"), "A1": "1"}], ["b1", "c1", "d1", "e1", "f1"]), (["shown", "F1"], ["12"]), (["set", "A1", "2"], ["b1", "c1", "d1", "e1", "f1"]), (["shown", "F1"], ["24"])],
    "copying is one change": [
        (["put", {"A1": "1", "A2": "2", "A3": "3", "B1": m("b", "A1*$A$3"), "C1": m("c", "SUM(B1:B3)")}], ["b", "c"]), (["copy", "B1", "B2:B3"], ["b", "b", "c"]), (["shown", "B2", "B3", "C1"], ["6", "9", "18"]), (["copy", "B2:B3", "B1"], []),
        (["texts", "B1", "B2"], [m("b", "A1*$A$3"), m("b", "A2*$A$3")]), (["copy", "Z1:Z3", "A1"], ["b", "b", "b", "c"]), (["names"], ["B1", "C1", "B2", "B3"]), (["copy", "B3", "B3"], [])],
    "cycles": [
        (["put", RING], []), (["shown", *"A1 B1 C1 D1 E1 F1".split()], ["#CYCLE!"] * 4 + ["0", "3"]), (["set", "B1", "5"], ["d1"]), (["shown", *"A1 B1 C1 D1 E1".split()], ["5", "5", "5", "6", "5"]), (["set", "B1", "=C1"], []),
        (["shown", "A1", "E1"], ["#CYCLE!", "0"]), (["set", "C1", ""], ["d1"]), (["shown", "A1", "D1", "E1"], ["", "1", ""]), (["set", "C1", "=C1"], []), (["shown", "A1", "C1", "D1"], ["#CYCLE!"] * 3), (["set", "C1", "=IF(TRUE,1,A1)"], []), (["shown", "A1", "C1"], ["#CYCLE!"] * 2),
        (["set", "C1", "=IFERROR(B1,1)"], []), (["shown", "A1", "B1", "C1"], ["#CYCLE!"] * 3), (["set", "G1", "=SUM(F1:G2)"], []), (["shown", "G1"], ["#CYCLE!"]), (["set", "G1", "=SUM(F1:F2)"], []), (["shown", "G1"], ["3"])],
    "a cycle that ends where another begins": [
        (["put", {"A1": "=B1", "B1": "=IFERROR(C1,7)", "C1": "=A1", "D1": "=D1"}], []), (["shown", "A1", "B1", "C1"], ["#CYCLE!"] * 3), (["set", "A1", "=D1"], []), (["shown", "A1", "B1", "C1"], ["#CYCLE!", "7", "#CYCLE!"]), (["set", "D1", "1"], []), (["shown", "A1", "B1"], ["1", "1"])],
    "two cycles with a cell in common": [
        (["put", {"A1": "=B1+C1", "B1": "=A1", "C1": "=A1", "D1": "=B1"}], []), (["shown", "A1", "B1", "C1", "D1"], ["#CYCLE!"] * 4), (["set", "B1", "1"], []), (["shown", "A1", "B1", "C1", "D1"], ["#CYCLE!", "1", "#CYCLE!", "1"]), (["set", "C1", "2"], []), (["shown", "A1", "D1"], ["3", "1"])],
    "errors aren't given to functions of one's own": [
        (["put", {"A1": "=1/0", "B1": m("b1", "A1"), "C1": m("c1", "SUM(B1,1)")}], []), (["shown", "B1", "C1"], ["#DIV/0!"] * 2), (["set", "A1", "2"], ["b1", "c1"]), (["shown", "C1"], ["3"]), (["set", "A1", "=NA()"], []), (["shown", "C1"], ["#N/A"])],
    "long chains": [
        (["made", "down", 9999], 9998), (["shown", "A9999"], ["9999"]), (["set", "A1", "2"], 9998), (["shown", "A9999"], ["10000"]), (["set", "A9998", "1"], ["a"])],
    "long chains, upwards": [(["made", "up", 4000], 3999), (["shown", "A1"], ["4000"]), (["set", "A4000", "5"], 3999), (["shown", "A1"], ["4004"])],
    "a long cycle": [(["made", "ring", 5000], []), (["shown", "A1", "A5000"], ["#CYCLE!"] * 2), (["set", "A17", "3"], []), (["shown", "A1", "A18", "A17"], ["3", "3", "3"])],
    "nothing is read again": [(["made", "fan", 300], []), (["reads", "A1", "5"], 0), (["shown", "B300"], ["10"]), (["reads", "A2", "text"], 0), (["set", "C1", "=SUM(B1:B300)"], []), (["reads", "A1", "6"], 0), (["shown", "C1"], ["3600"])],
    "long formulas": [(["put", {"A1": "=" + "+".join(["B1"] * 300), "A2": "=" + "(" * 60 + "B1" + ")" * 60, "A3": "=" + "-" * 200 + "B1", "B1": "2"}], []), (["shown", "A1", "A2", "A3"], ["600", "2", "2"])],
}
for text, pattern, wanted in SHOWN:
    STORIES[f"{text} as {pattern}"] = [(["set", "A1", text], []), (["format", "A1", pattern], []), (["shown", "A1"], [wanted])]
for text, goals in COPIED:
    STORIES[f"{text} copied"] = [(["set", "B3", text], [])] + [step for goal, wanted in goals.items() for step in ((["copy", "B3", goal], []), (["texts", goal], [wanted]))]


def ask(stories):
    """What the probe answers to lists of steps."""
    asked = "".join(json.dumps(steps) + "\n" for steps in stories)
    run = subprocess.run([sys.executable, "-I", "/tests/probe.py"], input=asked, capture_output=True, text=True, timeout=100, cwd="/", env=ENV)
    found = [json.loads(line) for line in run.stdout.splitlines()[:len(stories)]]
    if len(found) < len(stories):
        bad.append(f"{len(found)} answers to {len(stories)} stories: {run.stderr[-1500:]}")
    return found + [[]] * (len(stories) - len(found))


def stories():
    for (title, story), answers in zip(STORIES.items(), ask([[step for step, _ in story] for story in STORIES.values()])):
        for at, (step, wanted) in enumerate(story):
            found = answers[at] if at < len(answers) else None
            if found != wanted:
                bad.append(f"{title}: {str(step)[:150]}: wanted {wanted}, found {found}")
                break


def formulas():
    kept = [tuple(one) for one in json.loads(Path("/tests/kept.json").read_text(encoding="utf-8"))]
    cases = FORMULAS + kept
    names = [f"H{row}" for row in range(1, len(cases) + 1)]
    one_sheet = [["put", TEXTS | {name: "=" + formula for name, (formula, _) in zip(names, cases)}], ["shown", *names]]
    found = (ask([one_sheet])[0] + [[], []])[1]
    for (formula, wanted), shown in zip(cases, found if isinstance(found, list) and len(found) == len(cases) else [found] * len(cases)):
        if shown != wanted:
            bad.append(f"={formula}: wanted {wanted}, found {shown}")


def reading():
    """As much is read for a formula in a long sheet as in a short one, and something is."""
    found = [(answer + [None] * 3)[1] for answer in ask([[["made", "fan", 3], ["reads", "D1", "=A1+B2"]], [["made", "fan", 300], ["reads", "D1", "=A1+B2"]]])]
    if found[0] != found[1] or not isinstance(found[0], int) or found[0] < 1:
        bad.append(f"reading a formula in a short and in a long sheet: {found}")


def modules():
    for name in ("lexer", "parser", "graph", "evaluator"):
        if not (APP / f"tabula/{name}.py").is_file():
            bad.append(f"there is no {name}.py")
    if (APP / "tabula/scan.py").exists():
        bad.append("scan.py is still there")
    try:
        tree = ast.parse((APP / "tabula/evaluator.py").read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return bad.append("evaluator.py can't be read")
    named = {alias.name for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names}
    named |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    if named & {"re", "lexer", "scan", "tokenize", "parse", "tabula.lexer", "tabula.scan"}:
        bad.append(f"evaluator.py reads texts: {sorted(named)}")


START = "import sys; sys.path.append('/app'); import runpy; runpy.run_module('tabula', run_name='__main__', alter_sys=True)"


def commands(title, cases, samples):
    """Runs commands, each in a folder of its own."""
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(samples, folder, dirs_exist_ok=True)
            run = subprocess.run([sys.executable, "-I", "-c", START, *case["argv"]], cwd=folder, env=ENV, input=case["stdin"].encode(), capture_output=True, timeout=60)
            file = Path(folder) / case["argv"][1] if len(case["argv"]) > 1 else None
            left = file.read_text(encoding="utf-8") if file and file.is_file() else ""
        found = (run.stdout.decode(errors="replace"), run.returncode, left)
        if found != (case["stdout"], case["code"], case["left"]):
            bad.append(f"{title}: {case['argv']}: {found[:2]} {run.stderr.decode(errors='replace')[-200:]}")


def digest(folder):
    result = hashlib.sha256()
    for path in sorted(Path(folder).rglob("*")):
        result.update(path.name.encode() + (path.read_bytes() if path.is_file() else b""))
    return result.hexdigest()


modules()
if bad:  # the old engine would take minutes with what follows
    sys.exit("\n".join(bad))
stories()
formulas()
reading()
commands("ours", json.loads(Path("/tests/recordings.json").read_text(encoding="utf-8")), "/tests/sheets")
if digest(APP / "samples") != SAMPLES:
    bad.append("samples/ isn't as it was")
else:
    commands("samples", json.loads((APP / "samples/recordings.json").read_text(encoding="utf-8")), APP / "samples")
run = subprocess.run([sys.executable, "-m", "unittest", "-q"], capture_output=True, text=True, timeout=100, cwd="/app", env=ENV)
count = re.search(r"Ran (\d+) tests", run.stderr)
if run.returncode != 0 or not count or int(count[1]) < 48:
    bad.append(f"its tests: {run.stderr[-300:]}")
print("\n".join(f"not so: {what}" for what in bad[:25]))
print(f"{len(bad)} wrong")
sys.exit(bool(bad))
