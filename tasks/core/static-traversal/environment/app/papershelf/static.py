"""From the path of a URL to a file under the root."""

import os
from urllib.parse import unquote


def resolve(root: str, target: str) -> str | None:
    """The file that `target` (as it stands in the request line) names, or None."""
    path = target.split("?", 1)[0]
    if ".." in path:
        return None  # nobody gets out of the root
    full = os.path.normpath(os.path.join(root, unquote(path).lstrip("/")))
    if not full.startswith(os.path.normpath(root)):
        return None
    if os.path.isdir(full):
        full = os.path.join(full, "index.html")
    return full if os.path.isfile(full) else None
