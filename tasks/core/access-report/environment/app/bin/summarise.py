"""From requests (path, status, rt=seconds) to the rows of the report."""

import csv
import re
import sys

ID = re.compile(r"[0-9]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def endpoint(path: str) -> str:
    parts = path.split("?", 1)[0].split("/")
    return "/".join(":id" if ID.fullmatch(part) else part for part in parts)


def p95(times: list[float]) -> float:
    """The time that 95 % of the requests didn't exceed."""
    return sorted(times)[int(len(times) * 0.95)]


def main() -> None:
    found: dict[str, list[tuple[int, float]]] = {}
    for line in sys.stdin:
        try:
            path, status, rt = line.split()
            request = (int(status), float(rt.removeprefix("rt=")))
        except ValueError:
            continue  # cut off
        found.setdefault(endpoint(path), []).append(request)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["endpoint", "requests", "errors", "p95_ms"])
    for name in sorted(found):
        errors = sum(1 for status, _ in found[name] if status >= 500)
        out.writerow([name, len(found[name]), errors, round(p95([rt for _, rt in found[name]]) * 1000)])


if __name__ == "__main__":
    main()
