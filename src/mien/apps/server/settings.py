"""What can be chosen about a server; limits that keep one caller from hurting the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mien.io import MAX_PIXELS


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the server listens, what it serves and how much it takes.

    ``gallery``: path or URL, ``None`` for a server without one; ``url_hosts``: hosts from which
    pictures may be fetched, none unless named; ``hosts``: further names under which the server may
    be asked; ``workers``: HTTP processes that feed one inference process, or 1 for a single process
    that does both; ``jobs_roots``: folders below which jobs may read, none unless named;
    ``most_jobs``: how many of a key's jobs may wait or run; ``keep_jobs_s``: how long they are kept
    after their end; ``options``: those of Analyzer.
    """

    gallery: str | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    max_upload_bytes: int = 20 * 2**20
    max_pixels: int = MAX_PIXELS
    most_waiting: int = 128
    drain_s: float = 20.0
    url_hosts: tuple[str, ...] = ()
    url_timeout_s: float = 5.0
    hosts: tuple[str, ...] = ()
    workers: int = 1
    jobs_roots: tuple[Path, ...] = ()
    most_jobs: int = 16
    keep_jobs_s: float = 30 * 86_400.0
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """Return the settings that ``to_json`` wrote."""
        from pydantic import TypeAdapter

        return TypeAdapter(cls).validate_json(text)

    def to_json(self) -> str:
        """Return all settings as text, for another process of the same server."""
        from pydantic import TypeAdapter

        return TypeAdapter(type(self)).dump_json(self).decode()

    @property
    def loopback(self) -> bool:
        """Whether only this machine can ask."""
        return self.host in LOOPBACK


LOOPBACK = ("127.0.0.1", "localhost", "::1")
