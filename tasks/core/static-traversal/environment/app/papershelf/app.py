"""From a request to a response, without a server."""

from dataclasses import dataclass, field

from . import mime
from .static import resolve


@dataclass
class Response:
    status: int
    body: bytes = b""
    headers: dict = field(default_factory=dict)


class App:
    def __init__(self, root: str):
        self.root = root

    def handle(self, method: str, target: str) -> Response:
        if method not in ("GET", "HEAD"):
            return Response(405, b"method not allowed\n", {"Allow": "GET, HEAD"})
        file = resolve(self.root, target)
        if file is None:
            return Response(404, b"not found\n", {"Content-Type": "text/plain; charset=utf-8"})
        with open(file, "rb") as stream:
            body = stream.read()
        headers = {"Content-Type": mime.kind(file), "Content-Length": str(len(body))}
        return Response(200, b"" if method == "HEAD" else body, headers)
