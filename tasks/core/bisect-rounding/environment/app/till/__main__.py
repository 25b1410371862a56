"""python3 -m till BASKET.csv"""

import sys

from .basket import read
from .receipt import render

with open(sys.argv[1], encoding="utf-8") as lines:
    print(render(read(lines)), end="")
