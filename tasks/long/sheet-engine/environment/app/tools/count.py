"""Counts how often formulas are evaluated: they call SEEN, which gives what it is given and counts."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tabula import functions
from tabula.sheet import Sheet

calls = []


def seen(value):
    calls.append(value)
    return value


functions.register("SEEN", seen, 1, 1)


def balance():
    """Thirty amounts and their running balance, a share of the last, and a mark."""
    texts = {f"A{row}": str(row * 10) for row in range(1, 31)} | {"B1": "=SEEN(A1)", "D1": "50%", "D2": "=50%"}
    texts |= {f"B{row}": f"=SEEN(B{row - 1}+A{row})" for row in range(2, 31)}
    return texts | {"C1": "=SEEN(B30*D2)", "C2": '=SEEN(IF(C1>1000,"much","little"))', "C3": '=SEEN("it is "&C2)'}


def counted(action):
    calls.clear()
    action()
    return len(calls)


sheet = Sheet()
CASES = [
    ("loading", lambda: sheet.put(balance()), 33),
    ("a cell that nothing refers to", lambda: sheet.set("F1", "7"), 0),
    ("the same text again", lambda: sheet.set("A5", "50"), 0),
    ("the last amount; C2 comes to the same", lambda: sheet.set("A30", "310"), 3),
    ("the first amount", lambda: sheet.set("A1", "20"), 32),
    ("the factor, so that C2 changes", lambda: sheet.set("D2", "=1%"), 3),
    ("copied down ten cells", lambda: (sheet.set("G1", "=SEEN(F1)"), sheet.copy("G1", "G2:G11")), 11),
    ("a format", lambda: sheet.set_format("C1", "0.00"), 0),
]
wrong = 0
for what, action, wanted in CASES:
    found = counted(action)
    wrong += found != wanted
    print(f"{what}: {found} evaluations" + ("" if found == wanted else f", it should be {wanted}"))
print(f"{wrong} wrong")
sys.exit(1 if wrong else 0)
