"""Explanations of real photos: where they lie, what they cost, and what they refuse."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

import mien
from mien.apps.cli import app
from mien.errors import InputError, NoFaceError, TemplateMismatchError
from mien.explain.comparison import match_case
from mien.explain.masking import Masks
from mien.explain.reading import ATTRIBUTES
from mien.geometry.face_parts import FACE_PARTS, face_parts
from mien.models import has_model
from mien.tasks.crops import meshes
from mien.tasks.detect import DetectTask
from mien.tasks.expression import MODEL as EXPRESSION_MODEL
from mien.tasks.verbs import analyzer
from mien.types import Image, Templates


def changed(portrait: np.ndarray) -> np.ndarray:
    """The astronaut turned by 17 degrees, smaller, mirrored, in other colours."""
    turn = cv2.getRotationMatrix2D((256, 256), 17, 0.9)
    turned = cv2.warpAffine(portrait[:, ::-1], turn, (512, 512))
    return np.clip(turned * np.array([0.8, 0.9, 1.05]) + 15, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def pair(portrait: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return portrait, changed(portrait)


@pytest.fixture(scope="module")
def mesh(portrait: np.ndarray) -> np.ndarray:
    chosen = analyzer(("landmarks",))
    return meshes(chosen.run([chosen.read(portrait)]))[0][0]


class TestParts:
    def test_every_part_is_where_it_belongs(self, mesh: np.ndarray) -> None:
        labels = face_parts(mesh, (512, 512))
        assert set(np.unique(labels)) == set(range(len(FACE_PARTS)))

        def at(vertex: int) -> str:
            x, y = mesh[vertex, :2].astype(int)
            return FACE_PARTS[labels[y, x]]

        expected = {468: "right_eye", 473: "left_eye", 1: "nose", 13: "mouth", 105: "right_brow"}
        expected |= {334: "left_brow", 151: "forehead", 205: "right_cheek", 425: "left_cheek"}
        expected |= {200: "chin", 152: "contour", 454: "contour"}
        assert {vertex: at(vertex) for vertex in expected} == expected
        assert FACE_PARTS[labels[0, 0]] == "background"
        assert FACE_PARTS[labels[500, 10]] == "background"
        x, y = mesh[10, :2].astype(int)
        assert FACE_PARTS[labels[y - 20, x]] == "hair"

    def test_parts_follow_the_face(self, mesh: np.ndarray) -> None:
        turn = cv2.getRotationMatrix2D((256, 256), 30, 0.8)
        turned = np.hstack([mesh[:, :2] @ turn[:, :2].T + turn[:, 2], mesh[:, 2:] * 0.8])
        flags = cv2.INTER_NEAREST
        moved = cv2.warpAffine(face_parts(mesh, (512, 512)), turn, (512, 512), flags=flags)
        assert (moved == face_parts(turned.astype(np.float32), (512, 512))).mean() > 0.95

    def test_a_face_outside_of_the_picture(self, mesh: np.ndarray) -> None:
        away = mesh + np.array([5000, 0, 0], np.float32)
        assert not face_parts(away, (64, 64)).any()


def test_a_match_is_explained_in_both_directions(pair: tuple[np.ndarray, np.ndarray]) -> None:
    first, second = mien.explain(*pair, method="occlusion")
    for one in (first, second):
        assert one.target == "match"
        assert one.map.shape == (512, 512)
        assert one.map.dtype == np.float32
        assert one.regions == FACE_PARTS
        assert one.base_score > one.threshold
        assert one.model_calls == 14
        assert one.region("nose") > 0
        assert "mirror" in one.notes[0]
    score = mien.verify(*pair).score
    assert first.base_score == pytest.approx(score, abs=0.02)


def test_why_rather_the_one_than_the_other(pair: tuple[np.ndarray, np.ndarray]) -> None:
    probe, mate = pair
    other = probe.copy()
    other[134:166, 192:258] = cv2.GaussianBlur(other[134:166, 192:258], (0, 0), 6)  # her mouth
    (found,) = mien.explain(probe, mate, against=other)
    assert (found.method, found.target, found.threshold) == ("span", "match against another", None)
    (back,) = mien.explain(probe, other, against=mate)
    assert back.base_score == pytest.approx(-found.base_score, abs=1e-6)
    # A region speaks against only where every way of hiding it gains: one may speak for both.
    np.testing.assert_allclose(np.abs(back.region_scores), np.abs(found.region_scores), atol=1e-6)
    (mouth,) = mien.explain(probe, probe, against=other)
    assert mouth.regions[int(mouth.region_scores.argmax())] == "mouth"
    assert mouth.to_text().startswith("The score with the one is 0.0")
    with pytest.raises(InputError, match="takes two pictures, or three, got 2"):
        mien.explain(probe, against=other)
    with pytest.raises(InputError, match="takes one picture, got 3"):
        mien.explain(probe, mate, against=other, target="apparent_age")


def test_the_map_turns_and_shrinks_with_the_photo(portrait: np.ndarray) -> None:
    turn = cv2.getRotationMatrix2D((256, 256), -24, 0.75)
    turned = cv2.warpAffine(portrait, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    reference = np.ascontiguousarray(portrait[:, ::-1])
    plain, _ = mien.explain(portrait, reference, method="occlusion")
    after, _ = mien.explain(turned, reference, method="occlusion")
    expected = cv2.warpAffine(plain.map, turn, (512, 512))
    looked_at = (expected != 0) | (after.map != 0)
    assert np.corrcoef(expected[looked_at], after.map[looked_at])[0, 1] > 0.75


def test_a_photo_is_read_found_and_cut_once(
    pair: tuple[np.ndarray, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: Counter[str] = Counter()

    def count(module: str, name: str) -> None:
        owner = __import__(module, fromlist=["x"])
        real = getattr(owner, name)

        def counting(*args: object, **kwargs: object) -> object:
            counts[name] += 1
            return real(*args, **kwargs)

        monkeypatch.setattr(owner, name, counting)

    count("mien.tasks.pipeline", "read_image")
    count("mien.explain.comparison", "warp_crops")
    count("mien.explain.comparison", "face_parts")
    found = DetectTask.__call__

    def detecting(self: DetectTask, images: object, analyses: object) -> object:
        counts["detected"] += len(images)
        return found(self, images, analyses)

    monkeypatch.setattr(DetectTask, "__call__", detecting)
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for path, pixels in zip(paths, pair, strict=True):
        assert cv2.imwrite(str(path), pixels[:, :, ::-1])
    mien.explain(*paths, budget=64)
    assert counts == {"read_image": 2, "detected": 2, "warp_crops": 2, "face_parts": 2}


def test_what_an_explainer_is_not_shown(pair: tuple[np.ndarray, np.ndarray]) -> None:
    """A case against a template holds nothing of the reference's picture."""
    chosen = analyzer(("embed",))
    images = [chosen.read(pixels) for pixels in pair]
    probe, reference = chosen.run(images)
    case = match_case(images[0], probe, 0, reference.templates, against=probe.templates)
    assert case.partner is None
    assert case.target == "match against another"
    assert case.threshold is None
    # Nearer to its own template than to the other's.
    assert case.score(case.crop[None])[0] < 0
    assert Masks(case, 4).score_crops(np.stack([case.crop] * 4)).shape == (4,)


def test_what_is_refused(portrait: np.ndarray) -> None:
    with pytest.raises(InputError, match="takes two pictures, or three, got 1"):
        mien.explain(portrait)
    with pytest.raises(InputError, match="takes one picture, got 2"):
        mien.explain(portrait, portrait, target="apparent_age")
    with pytest.raises(InputError, match="method: got 'magic', expected one of"):
        mien.explain(portrait, portrait, method="magic")
    with pytest.raises(InputError, match="target: got 'shoe_size'"):
        mien.explain(portrait, target="shoe_size")
    with pytest.raises(InputError, match="apparent_gender has no 'x', expected one of female"):
        mien.explain(portrait, target="apparent_gender:x")
    with pytest.raises(NoFaceError):
        mien.explain(np.zeros((64, 64, 3), np.uint8), portrait)
    chosen = analyzer(("embed",))
    image = chosen.read(portrait)
    (analysis,) = chosen.run([image])
    other = Templates(analysis.templates.vectors, analysis.templates.norm, "other@1")
    with pytest.raises(TemplateMismatchError, match=r"got a template of other@1"):
        match_case(image, analysis, 0, other)
    with pytest.raises(InputError, match="got 2 templates, expected one"):
        match_case(image, analysis, 0, Templates.concatenate([analysis.templates] * 2))
    with pytest.raises(InputError, match="row: got face 7"):
        match_case(image, analysis, 7, analysis.templates)


@pytest.mark.parametrize("name", [*ATTRIBUTES, "apparent_gender:male", "quality:sharpness"])
def test_attributes(name: str, portrait: np.ndarray) -> None:
    if name == "expression" and not has_model(EXPRESSION_MODEL):
        pytest.skip("needs mien-weights-research")
    if name == "apparent_ancestry" and not has_model("mlp.ancestry"):
        pytest.skip("needs mien-weights-research")
    task = ATTRIBUTES[name.partition(":")[0]]
    face = mien.analyze(portrait, (task,)).found[0]
    (found,) = mien.explain(portrait, target=name, method="occlusion")
    said = face.attribute(name.partition(":")[0])
    label = found.target.partition(":")[2]
    value = said["probabilities"][label] if "probabilities" in said else said[label or "value"]
    if "probabilities" in said:
        assert label == (name.partition(":")[2] or said["label"])
    within = {"age": 6.0, "quality": 15.0}.get(task, 0.25)
    assert found.base_score == pytest.approx(value, abs=within)
    assert found.threshold is None
    assert np.abs(found.region_scores).max() > 0


def test_the_command_writes_json_and_a_report(
    pair: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    paths = [tmp_path / "a.png", tmp_path / "<b>.png"]
    for path, pixels in zip(paths, pair, strict=True):
        assert cv2.imwrite(str(path), pixels[:, :, ::-1])
    report = tmp_path / "why.html"
    arguments = ["explain", *map(str, paths), "--method", "correspondence", "--report", str(report)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    explanations = json.loads(done.stdout)["explanations"]
    assert [one["source"] for one in explanations] == list(map(str, paths))
    assert explanations[0]["regions"]["nose"]["score"] > 0
    page = report.read_text("utf-8")
    assert page.count("<section") == 2
    assert "<b>" not in page
    assert "&lt;b&gt;.png" in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")


def test_the_command_refuses_in_one_line(portrait_file: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["explain", str(portrait_file)])
    assert done.exit_code == 2
    empty = tmp_path / "grey.png"
    assert cv2.imwrite(str(empty), np.full((80, 80, 3), 128, np.uint8))
    done = CliRunner().invoke(app, ["explain", str(portrait_file), str(empty)])
    assert done.exit_code == 4


def test_heat_leaves_what_was_not_looked_at_grey(pair: tuple[np.ndarray, np.ndarray]) -> None:
    from mien.render.heat import heat, shown_part, strengths

    first, _ = mien.explain(*pair, method="occlusion")
    image = Image(pair[0])
    drawn = heat(image, first)
    assert drawn.size_wh == image.size_wh
    assert np.abs(strengths(first.map)).max() == 1
    x0, y0, x1, y1 = shown_part(first)
    assert 0 <= x0 < x1 <= 512
    assert 0 <= y0 < y1 <= 512
    outside = np.ones((512, 512), bool)
    outside[y0:y1, x0:x1] = False
    assert not first.map[outside].any()
