"""Says which of parcel's insides tests/test_quote.py touches: it should be none."""

import ast
import pathlib
import sys

OPEN = {"Customer", "Parcel", "Refused", "quote"}
path = pathlib.Path(__file__).parent.parent / "tests" / "test_quote.py"
bad = []
if path.exists():
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "parcel":
            names = [node.module] if node.module != "parcel" else [a.name for a in node.names if a.name not in OPEN]
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names if a.name.startswith("parcel.")]
        bad += [f"{path.name}:{node.lineno}: touches {name}, which is not for tests" for name in names]
print("\n".join(bad) if bad else "fine")
sys.exit(bool(bad))
