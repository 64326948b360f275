"""A web server in a process of its own whose stream of video pauses, breaks off and comes back.

``python -m tests.video.stalling_server FILE STALLS [--live] [--pause SECONDS] [--after BYTES]``
prints its port. The first STALLS answers fall silent after BYTES (half the file); ``--live``: no
length, no ranges.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.video.served import served


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("stalls", type=int)
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--pause", type=float, default=60.0)
    parser.add_argument("--after", type=int)
    parser.add_argument("--refuse", type=int, default=0, help="answers with 503 after the stalls")
    given = parser.parse_args()
    data = given.file.read_bytes()
    after = len(data) // 2 if given.after is None else given.after
    answers = itertools.count()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            number = next(answers)
            if given.stalls <= number < given.stalls + given.refuse:
                self.send_error(503)
                return
            start = self._start()
            # Pauses come where the file is read past the middle, not where its index is looked up.
            body, stop = data[start:], after - start if number < given.stalls else -1
            with suppress(ConnectionError):
                if stop >= 0:
                    self._write(body[:stop])
                    time.sleep(given.pause)
                    body = body[stop:]
                self._write(body)
                if given.live:
                    self.wfile.write(b"0\r\n\r\n")

        def _write(self, body: bytes) -> None:
            if given.live and body:
                body = f"{len(body):x}\r\n".encode() + body + b"\r\n"
            self.wfile.write(body)

        def _start(self) -> int:
            wanted = self.headers.get("Range")
            if given.live or wanted is None:
                self.send_response(200)
                start = 0
            else:
                start = int(wanted.removeprefix("bytes=").split("-")[0])
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            if given.live:
                self.send_header("Transfer-Encoding", "chunked")
            else:
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Length", str(len(data) - start))
            self.send_header("Content-Type", "application/octet-stream")
            self.end_headers()
            return start

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_port, flush=True)  # noqa: T201
    server.serve_forever()


@contextmanager
def stalling(file: Path, stalls: int, *options: str) -> Iterator[str]:
    """Run the server; yield the file's URL."""
    with served("tests.video.stalling_server", file, stalls, *options) as port:
        yield f"http://127.0.0.1:{port}/{file.name}"


if __name__ == "__main__":
    main()
