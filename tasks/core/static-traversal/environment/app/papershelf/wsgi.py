"""The thin layer for the server. RAW_URI is the target as the client sent it."""

import http
import os

from .app import App


def application(environ, start_response):
    app = App(os.environ.get("PAPERSHELF_ROOT", "site"))
    answer = app.handle(environ["REQUEST_METHOD"], environ["RAW_URI"])
    phrase = http.HTTPStatus(answer.status).phrase
    start_response(f"{answer.status} {phrase}", sorted(answer.headers.items()))
    return [answer.body]
