"""Who is on a picture file: told by its folder, its name, or a table."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

from mien.errors import InputError
from mien.gallery import Subject

#: Returns whom a picture shows, ``None`` where that is not said.
Labels = Callable[[Path], Subject | None]
_NUMBER = re.compile(r"[\s_.-]*(\(\d+\)|\d+)$")


def by_folder(root: Path) -> Labels:
    """The first folder below ``root`` names the person: ``root/Ada Lovelace/2020/a.jpg``."""

    def subject(path: Path) -> Subject | None:
        try:
            parts = path.relative_to(root).parts
        except ValueError:
            return None
        return Subject(parts[0]) if len(parts) > 1 else None

    return subject


def by_name(path: Path) -> Subject | None:
    """The file's name without a number at its end: ``Ada_Lovelace_0003.jpg``, ``Ada (2).jpg``."""
    name = _NUMBER.sub("", path.stem).replace("_", " ").strip()
    return Subject(name) if name else None


def by_table(table: Path) -> Labels:
    """A CSV with a header: ``file`` (relative to the table), ``name`` and/or ``external_id``.

    Raises InputError where it cannot be read or a column is missing.
    """
    people: dict[Path, Subject] = {}
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            columns = set(rows.fieldnames if rows.fieldnames is not None else ())
            if "file" not in columns or not columns & {"name", "external_id"}:
                raise InputError(
                    f"{table}: has the columns {', '.join(sorted(columns))}; expected file, and "
                    "name or external_id"
                )
            for row in rows:
                # An empty field is no name.
                name, external_id = (row.get(key) or None for key in ("name", "external_id"))
                if name is not None or external_id is not None:
                    where = (table.parent / str(row["file"])).resolve()
                    people[where] = Subject(name, external_id)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{table}: cannot be read as CSV: {error}") from error
    return lambda path: people.get(path.resolve())
