"""python3 -m tally <LIST"""

import sys

from .report import report

print(report(sys.stdin))
