"""Tries the patches in examples/."""

import json
import pathlib
import sys

root = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(root))

from jsondoc import PatchError, apply  # noqa: E402

bad = 0
for path in sorted((root / "examples").glob("*.json")):
    example = json.loads(path.read_text(encoding="utf-8"))
    try:
        found = {"result": apply(example["document"], example["patch"])}
    except PatchError as error:
        found = {"fails at": error.index}
    except Exception as error:
        found = {"error": repr(error)}
    if all(example.get(key) == value for key, value in found.items()):
        print(f"ok: {path.name}")
    else:
        bad += 1
        print(f"FAILED: {path.name}: {json.dumps(found)}")
sys.exit(bool(bad))
