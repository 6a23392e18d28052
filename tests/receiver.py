"""A service's webhook endpoint as a real server: it keeps what it was sent and answers as it is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Message:
    """One POST as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    def is_signed_with(self, secret: str) -> bool:
        """Check it as the Standard Webhooks specification tells receivers to, without a line of ours."""
        key = base64.b64decode(secret.split("_", 1)[1])
        said = b".".join([self.headers["webhook-id"].encode(), self.headers["webhook-timestamp"].encode(), self.body])
        expected = base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()
        is_fresh = abs(time.time() - int(self.headers["webhook-timestamp"])) < 300
        versions = [each.split(",", 1) for each in self.headers["webhook-signature"].split(" ")]
        return is_fresh and any(version == "v1" and hmac.compare_digest(each, expected) for version, each in versions)


@dataclass
class Receiver:
    """The server; `status` by path, 200 unless said."""

    status: dict[str, int] = field(default_factory=dict)
    got: list[Message] = field(default_factory=list)
    slow_s: float = 0.0

    def __enter__(self) -> Self:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.got.append(Message(self.path, headers, body))
                time.sleep(receiver.slow_s)
                status = receiver.status.get(self.path, 200)
                self.send_response(status)
                if status in {301, 302, 307, 308}:
                    self.send_header("Location", f"{receiver.origin}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def at(self, path: str) -> list[Message]:
        """Return what came to one path, in order."""
        return [each for each in self.got if each.path == path]
