"""python3 -m quill TEMPLATE DATA.json"""

import json
import sys

from . import TemplateError, render

with open(sys.argv[1], encoding="utf-8") as template, open(sys.argv[2], encoding="utf-8") as data:
    try:
        print(render(template.read(), json.load(data)), end="")
    except TemplateError as error:
        sys.exit(f"{sys.argv[1]}:{error}")
