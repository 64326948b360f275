"""What can be typed as a source, and which four teach by default."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.errors import DatasetError, InputError
from mien.teach import OWN, Source, source_of
from mien.train.recipe import find_recipe


def test_the_default_is_what_the_shipped_model_learned_from() -> None:
    assert list(map(str, OWN)) == [
        "fer2013=fer2013:train",
        "utkface=utkface:fit",
        "celeba-identity=celeba_identity:even-ids",
        "ytf68=ytf_keypoints68:fit",
    ]
    shares = find_recipe("mien-unified-s").sampler.settings["shares"]
    assert len(shares) == len(OWN)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("labels-csv=mine", Source("labels-csv", "mine")),
        ("utkface=a/b:fit", Source("utkface", "a/b", "fit")),
        ("labels-csv=mine:", Source("labels-csv", "mine")),
        (r"labels-csv=C:\faces", Source("labels-csv", r"C:\faces")),
        ("labels-csv=a:b/c", Source("labels-csv", "a:b/c")),
        ("labels-csv=a=b", Source("labels-csv", "a=b")),
    ],
)
def test_what_is_typed(text: str, wanted: Source) -> None:
    assert source_of(text) == wanted
    assert source_of(str(wanted)) == wanted


@pytest.mark.parametrize("text", ["", "mine", "=mine", "labels-csv=", "labels-csv=:fit"])
def test_what_is_no_source(text: str) -> None:
    with pytest.raises(InputError, match=r"expected NAME=FOLDER .*labels-csv"):
        source_of(text)


def test_samples(faces: Path) -> None:
    source = Source("labels-csv", faces.name)
    assert [s.sample_id for s in source.samples(faces.parent, 2)] == ["0.png", "1.png"]
    assert len(Source("labels-csv", str(faces)).samples(Path("elsewhere"), None)) == 4
    with pytest.raises(InputError, match="split of labels-csv"):
        Source("labels-csv", faces.name, "fit").samples(faces.parent, None)
    with pytest.raises(DatasetError, match="no such folder"):
        Source("labels-csv", "gone").samples(faces.parent, None)
