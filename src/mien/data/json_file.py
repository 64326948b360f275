"""JSON files of data sets, with their place in errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mien.errors import DatasetError


def read_json(path: Path, kind: type) -> Any:
    """Return a JSON file whose top is a ``kind`` (list or dict). Raises DatasetError with line."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file") from None
    except json.JSONDecodeError as error:
        raise DatasetError(f"{path}:{error.lineno}: is no JSON: {error.msg}") from error
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise DatasetError(f"{path}: cannot be read: {error}") from error
    if not isinstance(content, kind):
        raise DatasetError(
            f"{path}: got a {type(content).__name__}, expected a {kind.__name__} at the top"
        )
    return content
