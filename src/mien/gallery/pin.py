"""What a gallery is pinned to: model, dimension, metric; and its other numbers."""

from __future__ import annotations

import sqlite3
from typing import Any

from mien.errors import GalleryMismatchError
from mien.types import Templates


def read_meta(connection: sqlite3.Connection, key: str) -> Any:
    """Return one of the gallery's own values, ``None`` where it is not there yet."""
    found = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if found is None else found[0]


def write_meta(connection: sqlite3.Connection, key: str, value: object) -> None:
    """Store one of the gallery's own values."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def read_pin(connection: sqlite3.Connection) -> tuple[str | None, int | None]:
    """Return model id and dimension, ``None`` before the first enrolment."""
    return read_meta(connection, "model"), read_meta(connection, "dimension")


def require_fit(connection: sqlite3.Connection, templates: Templates, *, pin: bool = False) -> None:
    """Raise GalleryMismatchError unless templates fit; with ``pin`` the first ones decide."""
    model_id, dimension = read_pin(connection)
    if model_id is None and pin and len(templates):
        write_meta(connection, "model", templates.model_id)
        write_meta(connection, "dimension", templates.dimension)
        write_meta(connection, "metric", "cosine")
    else:
        require_same(model_id, dimension, templates)


def require_same(model_id: str | None, dimension: int | None, templates: Templates) -> None:
    """Raise GalleryMismatchError unless templates are of the model a gallery is pinned to."""
    if model_id is not None and (model_id, dimension) != (templates.model_id, templates.dimension):
        raise GalleryMismatchError(
            f"gallery: holds templates of {model_id} ({dimension} numbers), got "
            f"{templates.model_id} ({templates.dimension}); embed with the gallery's model"
        )
