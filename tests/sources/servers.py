"""Local web servers: plain files, and the Hub's documented endpoints over a folder of files."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Site:
    """What a server offers, how it misbehaves, and what it was asked.

    Attributes:
        files: contents by path, such as ``/folder/a.csv``.
        redirects: where a path leads instead.
        cuts: how often a file of this name is cut off half-way before it is sent whole.
        status: answers every request so, where given.
        requests: ``METHOD path`` of every request; tokens: the Authorization headers that came.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    cuts: dict[str, int] = field(default_factory=dict)
    status: int | None = None
    requests: list[str] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    url: str = ""

    def asked_for(self, name: str) -> int:
        """Return how many GET requests there were for files of this name."""
        return sum(line.startswith("GET") and line.endswith(f"/{name}") for line in self.requests)


class _Handler(BaseHTTPRequestHandler):
    site: Site

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.site.requests.append(f"{self.command} {path}")
        self.site.tokens.append(self.headers.get("Authorization"))
        if self.site.status is not None:
            self._send(self.site.status, b"", {}, body=body)
        elif path in self.site.redirects:
            self._send(302, b"", {"Location": self.site.redirects[path]}, body=body)
        else:
            self._resource(path, body=body)

    def _resource(self, path: str, *, body: bool) -> None:
        content = self.site.files.get(path)
        if content is None:
            self._send(404, b"not here", {}, body=body)
        else:
            self._send(200, content, {}, body=body)

    def _send(self, status: int, content: bytes, headers: Mapping[str, str], *, body: bool) -> None:
        start = 0
        wanted = self.headers.get("Range", "")
        if status == 200 and wanted.startswith("bytes="):
            start = int(wanted.removeprefix("bytes=").partition("-")[0])
            status = 206
        part = content[start:]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(part)))
        if status == 206:
            total = len(content)
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        self.end_headers()
        if not body:
            return
        name = self.path.rpartition("/")[2]
        if self.site.cuts.get(name, 0) > 0:
            self.site.cuts[name] -= 1
            self.wfile.write(part[: len(part) // 2])
            self.close_connection = True
            return
        self.wfile.write(part)


class _HubHandler(_Handler):
    """Serves ``files`` (paths in the repository) as the dataset ``shop/esci``, public and whole."""

    def _resource(self, path: str, *, body: bool) -> None:
        api, pages = "/api/datasets/shop/esci", "/datasets/shop/esci/resolve/"
        kind, _, rest = path.removeprefix(api).removeprefix("/").partition("/")
        if path == api or (path.startswith(api) and kind == "revision"):
            if rest in ("", "main", "v1", "refs/convert/parquet", COMMIT):
                self._json({"id": "shop/esci", "sha": COMMIT, "siblings": []}, body=body)
            else:
                self._refuse("RevisionNotFound", body=body)
        elif path.startswith(api) and kind == "tree":
            self._json(
                [
                    {"type": "file", "path": name, "size": len(content), "oid": _oid(content)}
                    for name, content in self.site.files.items()
                ],
                body=body,
            )
        elif path.startswith(pages):
            name = path.removeprefix(pages).partition("/")[2]
            content = self.site.files.get(name)
            if content is None:
                self._refuse("EntryNotFound", body=body)
            else:
                headers = {"ETag": f'"{_oid(content)}"', "X-Repo-Commit": COMMIT}
                self._send(200, content, headers, body=body)
        else:
            self._refuse("RepoNotFound", body=body)

    def _json(self, value: Any, *, body: bool) -> None:
        headers = {"Content-Type": "application/json"}
        self._send(200, json.dumps(value).encode(), headers, body=body)

    def _refuse(self, code: str, *, body: bool) -> None:
        headers = {"X-Error-Code": code, "X-Repo-Commit": COMMIT}
        self._send(404, b"", headers, body=body)


def _oid(content: bytes) -> str:
    return sha256(content).hexdigest()[:40]


@contextmanager
def serve(*, hub: bool = False) -> Iterator[Site]:
    """Serve a site on this machine while the context lasts."""
    site = Site()
    handler = type("Handler", (_HubHandler if hub else _Handler,), {"site": site})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = False  # closing the server then waits for its connections
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
