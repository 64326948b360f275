"""CompreFace's sample pictures: the nose of every face, and three people with gender and age."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mien.data.dataset import register
from mien.data.folder import Folder
from mien.data.json_file import read_json
from mien.data.sample import Label, Sample
from mien.errors import DatasetError


@register
class CompreFaceSamples(Folder):
    """``labels.json``: ``nose_points`` by picture, and ``persons`` with their pictures.

    ``nose_xy`` is x0, y0, x1, y1, ... in px, one point a face: none for a picture of nobody.
    """

    name = "compreface-samples"
    title = "CompreFace sample images"
    source = "github.com/exadel-inc/CompreFace embedding-calculator/sample_images/annotations.py"
    layout = "verified"
    gives = ("subject_id", "nose_xy", "apparent_age", "apparent_gender")
    needs = ("labels.json",)

    def read(self, split: str) -> Iterator[Sample]:
        """Yield every picture, sorted by name."""
        table = self.root / "labels.json"
        content = read_json(table, dict)
        try:
            people = {name: one for one in content["persons"] for name in one["images"]}
            noses = sorted(content["nose_points"].items())
            for name, points in noses:
                if not (self.root / name).is_file():
                    raise DatasetError(f"{table}: names {name}, which is not there")
                nose = tuple(float(number) for x, y in points for number in (x, y))
                yield self._sample(name, nose, people.get(name))
        except (KeyError, TypeError, AttributeError) as error:
            raise DatasetError(f"{table}: expected nose_points and persons: {error!r}") from error

    def _sample(self, name: str, nose: tuple[float, ...], person: dict[str, Any] | None) -> Sample:
        labels: dict[str, Label] = {"nose_xy": nose}
        if person is not None:
            labels["apparent_age"] = float(person["age"])
            labels["apparent_gender"] = str(person["gender"])
        subject = None if person is None else str(person["id"])
        return Sample(name, self.root / name, subject_id=subject, labels=labels)
