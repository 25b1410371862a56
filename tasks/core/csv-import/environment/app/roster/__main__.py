"""python3 -m roster FILE"""

import json
import sys

from . import BadFile, BadRow, load

with open(sys.argv[1], "rb") as file:
    data = file.read()
try:
    members = load(data)
except (BadFile, BadRow) as error:
    print(f"{sys.argv[1]}: {error}", file=sys.stderr)
    sys.exit(2)
for member in members:
    print(json.dumps(member, ensure_ascii=False))
