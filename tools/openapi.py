"""Writes docs/openapi.json: what the server answers to, as clients are generated from it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from mien.apps.server.app import create_app
from mien.apps.server.settings import Settings

TARGET = Path(__file__).parent.parent / "docs" / "openapi.json"


def document() -> str:
    """The OpenAPI document as text."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(), state=Path(folder) / "server.sqlite")
        try:
            return json.dumps(app.openapi(), indent=1, ensure_ascii=False) + "\n"
        finally:
            app.state.jobs.close()
            app.state.keys.close()


if __name__ == "__main__":
    TARGET.write_text(document(), encoding="utf-8")
    print(TARGET)
