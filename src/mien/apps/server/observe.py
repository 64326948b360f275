"""What operators see: Prometheus measures, one log line a request, and a request_id in all."""

from __future__ import annotations

import json
import logging
import os
import re
import time
import uuid
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger("mien.requests")
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Measures:
    """Prometheus measures of one server.

    Where PROMETHEUS_MULTIPROC_DIR is set, as it is in the processes of a server with workers, the
    library keeps them in files there, and every process tells those of all.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.request_s = Histogram(
            "mien_request_seconds",
            "Time to answer a request.",
            ("route", "method", "status"),
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.batch_size = Histogram(
            "mien_batch_pictures",
            "Pictures in a batch.",
            registry=self.registry,
            buckets=(1, 2, 4, 8, 16),
        )
        self.waited_s = Histogram(
            "mien_queue_seconds",
            "Time that the oldest picture of a batch queued.",
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.took_s = Histogram(
            "mien_batch_seconds",
            "Time to decode and analyse a batch.",
            registry=self.registry,
            buckets=_SECONDS,
        )
        self.failures = Counter(
            "mien_failures_total",
            "Failed requests by error code.",
            ("code",),
            registry=self.registry,
        )
        self.waiting = Gauge(
            "mien_waiting_pictures",
            "Pictures that queue.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )

    def batch(self, size: int, waited_s: float, took_s: float) -> None:
        """Take note of one batch."""
        self.batch_size.observe(size)
        self.waited_s.observe(waited_s)
        self.took_s.observe(took_s)

    def text(self) -> bytes:
        """Return all measures in Prometheus's text format."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self.registry)
        everybody = CollectorRegistry()
        MultiProcessCollector(everybody)  # type: ignore[no-untyped-call]
        return generate_latest(everybody)


class Observed:
    """Gives each request its id, measures it and logs one JSON line, without what was sent."""

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self.app = app
        self.measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        started, status = time.perf_counter(), 499

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", request_id.encode()),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        try:
            await self.app(scope, receive, sending)
        finally:
            self._note(scope, state, status, time.perf_counter() - started)

    def _note(self, scope: Scope, state: dict[str, Any], status: int, seconds: float) -> None:
        # The route's pattern, not the path that was asked for: that may say anything.
        route = getattr(scope.get("route"), "path", "other")
        method = scope["method"] if route != "other" else "other"
        self.measures.request_s.labels(route, method, str(status)).observe(seconds)
        code = state.get("error_code")
        if code is not None:
            self.measures.failures.labels(code).inc()
        line = {
            "request_id": state["request_id"],
            "route": route,
            "method": method,
            "status": status,
            "seconds": round(seconds, 4),
            "key": state.get("key_id"),
            "code": code,
        }
        logger.info(json.dumps(line))


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text: str = value.decode("latin-1")
            if _SAFE_ID.fullmatch(text):
                return text
    return uuid.uuid4().hex
