"""Counterfactuals: known games, brute force, real crops, marked files, the command."""

from __future__ import annotations

import json
from dataclasses import replace
from io import BytesIO
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage
from skimage.data import astronaut

import mien
from mien.errors import InputError, NoFaceError
from mien.explain.case import Case
from mien.explain.counterfactual.edits import Donor, alternatives
from mien.explain.counterfactual.search import flip
from mien.geometry.canonical import canonical_face
from mien.io.picture_file import png, write_png
from mien.types import Image
from tests.apps.conftest import Run, run_mien  # noqa: F401
from tests.explain.conftest import make_game


def game_with(weights: list[float], pairs: dict[tuple[int, int], float]) -> Case:
    """The game's crop with another score: of fields that are altered (1) or not (0)."""
    case = make_game()
    fields = [case.labels == region for region in (1, 2, 3, 4)]

    def score(crops: np.ndarray) -> np.ndarray:
        # A blurred field differs from noise nearly everywhere; soft edges change neighbours little.
        same = [(crops[:, f] == case.crop[f]).all(axis=-1).mean(axis=1) for f in fields]
        altered = np.stack(same) < 0.4
        total = 10 + np.asarray(weights) @ altered
        for (one, other), value in pairs.items():
            total = total + value * (altered[one] & altered[other])
        return total.astype(np.float32)

    return replace(case, score=score)


def test_the_greedy_choice_is_pruned() -> None:
    # a takes 3 at once and is taken first; c and d are enough without it.
    case = game_with([-3, 0, -2, -2], {(2, 3): -10})
    edits = alternatives(case.crop, case.labels, "blur")
    found = flip(case, edits, threshold=0)
    assert found.trace == (7, 5, -7)
    assert set(found.regions) == {"c", "d"}
    assert (found.before, found.after, found.flipped) == (10, -4, True)
    # 1 untouched crop, steps over 5, 4 and 3 regions, then 3 and 2 to take back.
    assert found.model_calls == 1 + 5 + 4 + 3 + 3 + 2
    assert found.area == pytest.approx(2 * 16 * 16 / 48**2, rel=0.05)


def test_a_flip_upwards_and_one_that_is_not_there() -> None:
    case = game_with([4, 1, 0, 0], {})
    edits = alternatives(case.crop, case.labels, "blur")
    up = flip(case, edits, threshold=13)
    assert (up.regions, up.after, up.flipped) == (("a",), 14, True)
    never = flip(case, edits, threshold=99)
    assert not never.flipped
    assert (never.regions, never.after) == (("a", "b"), 15)
    # A score at the threshold is on the upper side.
    assert flip(case, edits, threshold=14).regions == ("a",)


def test_a_budget_ends_the_search_and_one_too_small_is_refused() -> None:
    case = game_with([-3, 0, -2, -2], {(2, 3): -10})
    edits = alternatives(case.crop, case.labels, "blur")
    found = flip(case, edits, threshold=0, budget=10)
    assert not found.flipped
    assert found.model_calls <= 10
    with pytest.raises(InputError, match="expected 6"):
        flip(case, edits, threshold=0, budget=5)


@settings(max_examples=25)
@given(
    st.lists(st.integers(-5, 5), min_size=4, max_size=4),
    st.lists(st.integers(-5, 5), min_size=6, max_size=6),
    st.integers(-5, 25),
)
def test_what_is_found_is_minimal(weights: list[int], values: list[int], threshold: int) -> None:
    pairs = dict(zip(combinations(range(4), 2), values, strict=True))
    case = game_with(weights, pairs)
    edits = alternatives(case.crop, case.labels, "blur")
    found = flip(case, edits, threshold=threshold)

    def score(chosen: tuple[str, ...]) -> float:
        rows = ["abcd".index(name) for name in chosen if name in "abcd"]
        return (
            10
            + sum(weights[r] for r in rows)
            + sum(value for (i, j), value in pairs.items() if i in rows and j in rows)
        )

    assert found.after == score(found.regions)
    assert found.flipped == ((found.after >= threshold) != (found.before >= threshold))
    if found.flipped and len(found.regions) > 1:
        for gone in found.regions:
            rest = tuple(name for name in found.regions if name != gone)
            assert (score(rest) >= threshold) == (found.before >= threshold)


@pytest.mark.parametrize("kind", ["blur", "inpaint"])
def test_nothing_chosen_changes_nothing_and_a_region_changes_itself(kind: str, game: Case) -> None:
    edits = alternatives(game.crop, game.labels, kind)
    chosen = np.eye(len(edits.regions), dtype=bool)
    none, *each = edits.composed(game.crop, np.vstack([~chosen.any(axis=0) & False, chosen]))
    np.testing.assert_array_equal(none, game.crop)
    for region, crop in zip(edits.regions, each, strict=True):
        differs = (crop != game.crop).any(axis=-1)
        inside = cv2.erode((game.labels == region).astype(np.uint8), np.ones((5, 5))) > 0
        outside = cv2.dilate((game.labels == region).astype(np.uint8), np.ones((9, 9))) == 0
        assert differs[inside].mean() > 0.9
        assert not differs[outside].any()


def test_copying_a_face_onto_itself_changes_next_to_nothing() -> None:
    crop = np.ascontiguousarray(astronaut()[60:220, 150:310])
    face = canonical_face()[:, :2] * 70 + [78, 80]
    labels = np.zeros(crop.shape[:2], np.uint8)
    labels[70:110, 60:100] = 1
    edits = alternatives(
        crop, labels, "copy", mesh=face, donor=Donor(crop, face.astype(np.float32))
    )
    assert edits.regions == (1,)
    out = edits.composed(crop, np.ones((1, 1), bool))[0]
    assert np.abs(out.astype(int) - crop).max() <= 6
    with pytest.raises(InputError, match="give a donor"):
        alternatives(crop, labels, "copy")
    with pytest.raises(InputError, match="'melt'"):
        alternatives(crop, labels, "melt")


def test_a_written_picture_says_that_it_was_put_together(tmp_path: Path) -> None:
    image = Image(astronaut()[:64, :64])
    write_png(tmp_path / "c.png", image, altered="nose & <mouth> copied")
    with PillowImage.open(tmp_path / "c.png") as file:
        np.testing.assert_array_equal(np.asarray(file), image.pixels)
        xmp = ElementTree.fromstring(file.info["XML:com.adobe.xmp"].encode())
    kind = xmp.find(".//{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType")
    assert kind.text.endswith("/compositeSynthetic")
    said = xmp.find(".//{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li")
    assert said.text == "nose & <mouth> copied"
    assert b"compositeSynthetic" not in png(image)
    assert PillowImage.open(BytesIO(png(image))).size == (64, 64)
    with pytest.raises(InputError, match="cannot be written"):
        write_png(tmp_path / "none" / "c.png", image)


def test_a_match_is_undone_and_its_picture_too(portrait: np.ndarray) -> None:
    darker = (portrait * 0.7).astype(np.uint8)
    found = mien.counterfactual(portrait, darker, kind="blur")
    assert found.flip.before > 0.97
    assert found.flip.flipped
    assert found.flip.after < found.flip.threshold <= found.flip.before
    assert found.holds
    assert "blurred" in found.to_text()
    changed = (found.picture.pixels != portrait).any(axis=-1)
    assert 0 < changed.mean() < 0.2
    assert json.loads(json.dumps(found.to_dict()))["flipped"] is True
    # The score before is that of mien verify.
    assert found.flip.before == pytest.approx(mien.verify(portrait, darker).score, abs=2e-4)


def test_what_cannot_be_asked(portrait: np.ndarray) -> None:
    with pytest.raises(InputError, match="either a reference or a target"):
        mien.counterfactual(portrait)
    with pytest.raises(InputError, match="give a donor"):
        mien.counterfactual(portrait, portrait)
    with pytest.raises(InputError, match="no labels"):
        mien.counterfactual(portrait, target="apparent_age", kind="blur")
    with pytest.raises(InputError, match="'melt'"):
        mien.counterfactual(portrait, portrait, kind="melt")
    with pytest.raises(NoFaceError):
        mien.counterfactual(np.zeros((64, 64, 3), np.uint8), portrait, kind="blur")


def test_the_command(run_mien: Run, portrait_file: Path, tmp_path: Path) -> None:  # noqa: F811
    done = run_mien(
        *("counterfactual", portrait_file, "--target", "apparent_gender"),
        *("--kind", "blur", "--budget", 40, "--out", tmp_path / "c.png"),
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["target"] == "apparent_gender:female"
    assert b"compositeSynthetic" in (tmp_path / "c.png").read_bytes()
    done = run_mien("counterfactual", portrait_file)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
