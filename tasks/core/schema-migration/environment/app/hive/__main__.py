"""python3 -m hive show FILE | migrate FILE..."""

import sys

from . import migrate, store


def show(path):
    for hive in store.load(path)["hives"]:
        print(hive["name"])
        for visit in hive["visits"]:
            weight = "-" if visit["weight_g"] is None else f"{visit['weight_g'] / 1000:.2f} kg"
            print(f"  {visit['date']}  {weight}  {visit['note']}")
    return 0


def main(words):
    if words[:1] == ["show"] and len(words) == 2:
        return show(words[1])
    if words[:1] == ["migrate"] and len(words) > 1:
        return migrate.files(words[1:])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
