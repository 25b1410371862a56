"""Says who imports time or random outside tollgate/clock.py, or calls the functions of the module random."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
wrong = 0
for path in sorted((ROOT / "tollgate").glob("*.py")):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module] if isinstance(node, ast.ImportFrom) else []
        if path.name != "clock.py" and "time" in names:
            wrong += 1
            print(f"tollgate/{path.name}:{node.lineno}: imports time")
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "random" and node.attr != "Random":
            wrong += 1
            print(f"tollgate/{path.name}:{node.lineno}: calls random.{node.attr}")
print(f"{wrong} wrong")
sys.exit(1 if wrong else 0)
