"""pyarrow, where it is installed, and tables that appear whole under their name or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mien.errors import InputError, MissingExtraError


def load_arrow() -> tuple[Any, Any]:
    """Return pyarrow and its Parquet part. Raises MissingExtraError where it is missing."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("Parquet needs: pip install 'mien[parquet]'") from error
    return pyarrow, pyarrow.parquet


def write_table(path: Path, table: Any) -> None:
    """Write an Arrow table as a Parquet file. Raises InputError where it cannot be written."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        load_arrow()[1].write_table(table, part)
        part.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


def read_table(path: Path) -> Any:
    """Read a Parquet file as an Arrow table. Raises InputError where it is none."""
    pyarrow, parquet = load_arrow()
    try:
        # A path alone would read folders and open whatever file system its name asks for.
        with path.open("rb") as file:
            return parquet.read_table(file)
    except (OSError, pyarrow.ArrowException, ValueError) as error:
        raise InputError(f"{path}: is no readable Parquet file: {error}") from error
