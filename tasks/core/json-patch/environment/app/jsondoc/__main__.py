"""python3 -m jsondoc FOLDER NAME [PATCH.json]"""

import json
import sys

from . import PatchError, Store

folder, name, *rest = sys.argv[1:]
store = Store(folder)
try:
    if rest:
        with open(rest[0], encoding="utf-8") as file:
            store.patch(name, json.load(file))
except PatchError as error:
    sys.exit(f"jsondoc: {error}")
print(json.dumps(store.read(name), ensure_ascii=False, indent=2))
