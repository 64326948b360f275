"""TinyFace: faces of about 20 px, searched among known people and distractors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mien.data.dataset import register
from mien.data.folder import Folder, pictures_below
from mien.data.matlab import read_mat
from mien.data.sample import Sample
from mien.errors import DatasetError


@register
class TinyFace(Folder):
    """``Testing_Set`` with ``Gallery_Match``, ``Probe``, ``Gallery_Distractor`` (needs [mat]).

    ``gallery_match_img_ID_pairs.mat`` and ``probe_img_ID_pairs.mat`` say who is who. The label
    ``role`` is gallery, probe or distractor; nobody knows who distractors are.
    """

    name = "tinyface"
    title = "TinyFace"
    source = "qmul-tinyface.github.io (evaluation code of the Testing_Set)"
    gives = ("subject_id", "role")
    needs = ("Testing_Set",)

    def read(self, split: str) -> Iterator[Sample]:
        """Yield gallery, probes and distractors."""
        folder = self.root / "Testing_Set"
        for role, place, key in (
            ("gallery", "Gallery_Match", "gallery_match"),
            ("probe", "Probe", "probe"),
        ):
            table = folder / f"{key}_img_ID_pairs.mat"
            content = read_mat(table)
            names, ids = (_column(table, content, f"{role}_{what}") for what in ("set", "ids"))
            if len(names) != len(ids):
                raise DatasetError(f"{table}: got {len(names)} pictures and {len(ids)} ids")
            for name, subject in zip(names, ids, strict=True):
                path = folder / place / name
                if not path.is_file():
                    raise DatasetError(f"{table}: names {name}, but there is no {path}")
                yield Sample(self.id_of(path), path, subject_id=subject, labels={"role": role})
        for path in pictures_below(folder / "Gallery_Distractor"):
            yield Sample(self.id_of(path), path, labels={"role": "distractor"})


def _column(table: Any, content: dict[str, Any], name: str) -> list[str]:
    if name not in content:
        raise DatasetError(f"{table}: has no variable {name}")
    # Text comes as an array inside each cell, numbers as they are.
    return [str(cell.item() if hasattr(cell, "item") else cell) for cell in content[name].ravel()]
