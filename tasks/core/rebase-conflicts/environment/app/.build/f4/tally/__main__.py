"""python3 -m tally [-c] <LIST"""

import sys

from .category import by_category
from .report import report

print(by_category(sys.stdin) if sys.argv[1:] == ["-c"] else report(sys.stdin))
