"""Casual Conversations: paid people who said their age and gender, with skin type [P25]."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mien.data.dataset import register
from mien.data.folder import Folder
from mien.data.json_file import read_json
from mien.data.sample import Label, Sample
from mien.errors import DatasetError


@register
class CasualConversations(Folder):
    """``CasualConversations.json``: by subject, ``files`` and ``label`` (age, gender, skin-type).

    Age and gender are what the people said themselves. Videos of ``dark_files`` are marked. They
    lie where ``files`` says, below the root, below a folder of the subject, or one folder deeper.
    """

    name = "casual-conversations"
    title = "Casual Conversations v1"
    source = "ai.meta.com/datasets/casual-conversations-dataset; Hazirbas et al. [P25]"
    gives = ("subject_id", "video", "apparent_age", "apparent_gender", "skin_tone", "dark")
    needs = ("CasualConversations.json",)

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the videos, subject after subject."""
        table = self.root / self.needs[0]
        for subject, said in read_json(table, dict).items():
            try:
                names, dark, label = said["files"], set(said.get("dark_files", ())), said["label"]
                labels = _labels(label)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise DatasetError(f"{table}: subject {subject}: {error!r}") from error
            for name in names:
                path = self._video(table, subject, str(name))
                told: dict[str, Label] = {**labels, "dark": float(name in dark)}
                yield Sample(self.id_of(path), path, subject_id=subject, labels=told)

    def _video(self, table: Path, subject: str, name: str) -> Path:
        if ".." not in Path(name).parts and not Path(name).is_absolute():
            for path in (self.root / name, self.root / subject / name):
                if path.is_file():
                    return path
            for folder in sorted(one for one in self.root.iterdir() if one.is_dir()):
                for path in (folder / name, folder / subject / name):
                    if path.is_file():
                        return path
        raise DatasetError(f"{table}: subject {subject} names {name}, which is not there")


def _labels(said: dict[str, object]) -> dict[str, Label]:
    labels: dict[str, Label] = {}
    if said["age"] not in ("N/A", None):
        labels["apparent_age"] = float(str(said["age"]))
    if said["gender"] in ("Male", "Female"):
        labels["apparent_gender"] = str(said["gender"]).lower()
    if said["skin-type"] not in ("N/A", None):
        labels["skin_tone"] = f"fitzpatrick_{int(str(said['skin-type']))}"
    return labels
