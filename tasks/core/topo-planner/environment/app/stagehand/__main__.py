"""python3 -m stagehand plan FOLDER | closure FOLDER CUE"""

import sys

from . import Show, Stuck, closure, plan
from .order import by


def main(words):
    if len(words) == 2 and words[0] == "plan":
        try:
            print("\n".join(plan(Show(words[1]))))
        except Stuck as stuck:
            print("stuck: " + " ".join(stuck.names), file=sys.stderr)
            return 1
        return 0
    if len(words) == 3 and words[0] == "closure":
        print("\n".join(sorted(closure(Show(words[1]), words[2]), key=by())))
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
