"""An RTSP server in a process of its own whose clip pauses, breaks off and comes back.

``python -m tests.video.rtsp_server FILE STALLS [options]`` prints its port and serves the file's
video at ``/clip``: RTP over the connection itself (RFC 2326, 10.12), live unless ``--recorded``.
The first STALLS plays fall silent in the middle, or end there with ``--break-off``.
"""

from __future__ import annotations

import argparse
import base64
import itertools
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

import av

from tests.video.served import served

#: Muxer, its options, payload type and what the description says of it (RFC 6184, 2250, 3551).
_PAYLOADS = {
    "h264": (
        "rtp",
        {"rtpflags": "send_bye"},
        96,
        "a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\n",
    ),
    "mpegts": (
        "rtp_mpegts",
        # With its length a picture is whole when it is there, not when the next one begins.
        {
            "rtp_muxer_options": "rtpflags=send_bye",
            "mpegts_muxer_options": "omit_video_pes_length=0",
        },
        33,
        "",
    ),
}
_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, TEARDOWN"
_REASONS = {200: "OK", 401: "Unauthorized", 404: "Not Found", 455: "Not Valid in This State"}
_RTCP = range(200, 205)


@dataclass(frozen=True)
class Part:
    """What is sent at a time of the clip: RTP and RTCP packets; ``is_key``: may be begun with."""

    time_s: float
    is_key: bool
    packets: list[bytes]


class _Sink(list[bytes]):
    """Takes what a muxer writes, one packet a call."""

    def write(self, packet: bytes) -> int:
        self.append(bytes(packet))
        return len(packet)


def parts_of(path: Path, payload: str) -> list[Part]:
    """Pack a file's video for RTP: a part a frame, at last what says that the sender leaves."""
    parts: list[Part] = []
    sink = _Sink()
    muxer, options, _, _ = _PAYLOADS[payload]
    # No more than 1,400 bytes a packet; of a transport stream that is seven of its own packets.
    with (
        av.open(str(path)) as source,
        av.open(sink, "w", format=muxer, options=options, buffer_size=1400) as out,
    ):
        stream = source.streams.video[0]
        copy = out.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is None:
                continue
            if payload == "h264":
                # Pictures are in the order of time, and begin at 0 as the sender's reports do.
                packet.pts = packet.dts
            time_s, is_key = float(packet.dts * packet.time_base), packet.is_keyframe
            packet.stream = copy
            out.mux(packet)
            parts.append(Part(time_s, is_key, list(sink)))
            sink.clear()
    return [*parts, Part(parts[-1].time_s, False, list(sink))]


class Server(ThreadingTCPServer):
    """Serves one clip to whoever asks; counts descriptions and plays."""

    daemon_threads = True

    def __init__(self, given: argparse.Namespace) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.given = given
        self.parts = parts_of(given.file, given.payload)
        self.describes, self.plays = itertools.count(), itertools.count()


class Session(StreamRequestHandler):
    """One client's connection: answers requests while a thread sends the clip."""

    server: Server

    def setup(self) -> None:
        super().setup()
        self.lock, self.stop = threading.Lock(), threading.Event()
        self.player: threading.Thread | None = None

    def handle(self) -> None:
        with suppress(ConnectionError, ValueError):
            while line := self.rfile.readline().decode():
                method, url, _ = line.split()
                headers = dict(self._headers())
                code, more, body = self._answer(method, url, headers)
                self._reply(code, {"CSeq": headers["cseq"], **more}, body)
                if method == "PLAY":
                    self._play(headers)
                if method == "TEARDOWN":
                    break
        self._pause()

    def _headers(self) -> Iterator[tuple[str, str]]:
        while line := self.rfile.readline().decode().strip():
            name, _, value = line.partition(":")
            yield name.lower(), value.strip()

    def _answer(
        self, method: str, url: str, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], str]:
        given = self.server.given
        # Real ones say a minute; so short, the client gives signs of life amid the packets.
        session = {"Session": "12345678;timeout=2"}
        if method == "DESCRIBE":
            return self._describe(url, headers)
        if method == "SETUP":
            if "TCP" not in headers["transport"]:
                return 455, {}, ""
            return 200, {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1", **session}, ""
        if method == "PLAY":
            start_s = self._from(headers).time_s
            return 200, {"Range": f"npt={start_s:.3f}-" if given.recorded else "npt=now-"}, ""
        if method == "PAUSE":
            self._pause()
        return 200, {"Public": _METHODS}, ""

    def _describe(self, url: str, headers: dict[str, str]) -> tuple[int, dict[str, str], str]:
        given = self.server.given
        word = base64.b64encode(given.password.encode()).decode()
        if given.password and headers.get("authorization") != f"Basic {word}":
            return 401, {"WWW-Authenticate": 'Basic realm="tests"'}, ""
        if not url.endswith("/clip"):
            return 404, {}, ""
        number = next(self.server.describes)
        if given.stalls <= number < given.stalls + given.refuse:
            return 404, {}, ""
        _, _, payload, lines = _PAYLOADS[given.payload]
        end_s = self.server.parts[-1].time_s
        body = (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=clip\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
            f"a=range:npt={f'0-{end_s + 0.04:.3f}' if given.recorded else 'now-'}\r\n"
            f"m=video 0 RTP/AVP {payload}\r\n{lines}a=control:track1\r\n"
        )
        return 200, {"Content-Type": "application/sdp", "Content-Base": f"{url}/"}, body

    def _reply(self, code: int, headers: dict[str, str], body: str) -> None:
        lines = [f"RTSP/1.0 {code} {_REASONS[code]}", *map(": ".join, headers.items())]
        text = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body])
        with self.lock:
            self.wfile.write(text.encode())

    def _from(self, headers: dict[str, str]) -> Part:
        """Return the last part to begin with that is not after what was asked for."""
        asked = re.match(r"npt=([\d.]+)-", headers.get("range", ""))
        given = self.server.given
        if not given.recorded:
            return self.server.parts[given.join]
        start_s = float(asked[1]) if asked else 0.0
        return [part for part in self.server.parts if part.is_key and part.time_s <= start_s][-1]

    def _play(self, headers: dict[str, str]) -> None:
        self._pause()
        first = self.server.parts.index(self._from(headers))
        self.player = threading.Thread(target=self._send, args=(first,), daemon=True)
        self.player.start()

    def _pause(self) -> None:
        self.stop.set()
        if self.player is not None:
            self.player.join()
        self.stop.clear()

    def _send(self, first: int) -> None:
        given, parts = self.server.given, self.server.parts
        stalls = next(self.server.plays) < given.stalls
        begun = time.monotonic()
        with suppress(ConnectionError):
            for number, part in enumerate(parts[first:], start=first):
                if stalls and number == len(parts) // 2:
                    self._stall()
                due_s = (part.time_s - parts[first].time_s) / given.speed
                if self.stop.wait(max(0.0, begun + due_s - time.monotonic())):
                    return
                with self.lock:
                    for packet in part.packets:
                        channel = int(packet[1] in _RTCP)
                        self.wfile.write(struct.pack(">BBH", 36, channel, len(packet)) + packet)

    def _stall(self) -> None:
        given = self.server.given
        if given.break_off:
            self.connection.shutdown(socket.SHUT_RDWR)
            raise ConnectionError
        # Under the lock: signs of life are not answered either.
        with self.lock:
            self.stop.wait(given.pause)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("stalls", type=int)
    parser.add_argument("--recorded", action="store_true", help="say how long it is, and seek")
    parser.add_argument("--payload", choices=list(_PAYLOADS), default="h264")
    parser.add_argument("--pause", type=float, default=60.0)
    parser.add_argument("--break-off", action="store_true")
    parser.add_argument("--refuse", type=int, default=0, help="answers with 404 after the stalls")
    parser.add_argument("--join", type=int, default=0, help="frame that a live one begins with")
    parser.add_argument("--password", default="", help="name:password that is asked for")
    parser.add_argument("--speed", type=float, default=4.0, help="clip seconds a second")
    server = Server(parser.parse_args())
    print(server.server_address[1], flush=True)  # noqa: T201
    server.serve_forever()


@contextmanager
def rtsp(file: Path, stalls: int, *options: str) -> Iterator[str]:
    """Run the server; yield the clip's URL."""
    with served("tests.video.rtsp_server", file, stalls, *options) as port:
        yield f"rtsp://127.0.0.1:{port}/clip"


if __name__ == "__main__":
    main()
