"""Relation graphs: places, likeness, regions that act together, exports, drawings, the command."""

from __future__ import annotations

import json
import sys
from io import BytesIO
from pathlib import Path

import networkx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PillowImage

import mien
from mien.errors import InputError, MissingExtraError
from mien.explain.case import Case
from mien.explain.relations.build import graph_of, relations
from mien.explain.relations.collection import collection_relations
from mien.explain.relations.drawing import draw_relations
from mien.explain.relations.exporting import graphml, to_networkx, write_json
from mien.explain.relations.graph import Node, Relation, RelationGraph
from mien.explain.relations.interaction import interactions
from mien.explain.relations.parts import with_regions
from mien.explain.relations.places import FEATURES, pair_features
from mien.explain.relations.svg import to_svg
from mien.recognition.cluster import cluster
from mien.types import Analysis, Boxes, Faces, Failure, Image, Templates
from tests.apps.conftest import Run, run_mien  # noqa: F401

MODEL = "resnet29.dlib@ded9e97c"


def likeness(score: float) -> Templates:
    """Two templates of this comparison score."""
    vectors = np.zeros((2, 128), np.float32)
    vectors[:, 0] = 1, score
    vectors[1, 1] = np.sqrt(1 - score**2)
    return Templates(vectors, np.ones(2), MODEL)


def two_faces(templates: Templates | None = None) -> Analysis:
    boxes = Boxes(np.array([[0, 0, 100, 100], [200, 0, 250, 50]], np.float32))
    faces = Faces((400, 300), boxes, np.array([1.0, 0.9], np.float32))
    return Analysis("two.jpg", None, (400, 300), faces, templates=templates)


def test_how_two_boxes_lie() -> None:
    features = pair_features(two_faces().found.boxes.xyxy)
    got = dict(zip(FEATURES, features[0, 1].tolist(), strict=True))
    assert got == pytest.approx(
        {
            "offset_x": 1.75,
            "offset_y": -0.25,
            "distance": np.hypot(1.75, 0.25),
            "log_size_ratio": np.log(0.5),
            "iou": 0,
            "overlap_of_smaller": 0,
        },
        rel=1e-5,
    )
    assert features[1, 0, 3] == pytest.approx(np.log(2))
    assert pair_features(np.zeros((0, 4), np.float32)).shape == (0, 0, 6)


@given(st.floats(0.5, 4), st.floats(-500, 500), st.permutations(range(3)))
def test_places_do_not_depend_on_scale_shift_or_order(
    scale: float, shift: float, order: list[int]
) -> None:
    boxes = np.array([[0, 0, 60, 80], [50, 20, 90, 70], [200, 100, 260, 190]], np.float32)
    here = pair_features(boxes)
    there = pair_features((boxes * scale + shift)[order].astype(np.float32))
    np.testing.assert_allclose(there, here[np.ix_(order, order)], atol=2e-3)


@pytest.mark.parametrize(
    ("score", "kinds"),
    [(0.5, set()), (0.915, {"kin_like"}), (0.95, {"same_person"})],
)
def test_likeness_is_judged_at_measured_thresholds(score: float, kinds: set[str]) -> None:
    graph = graph_of(two_faces(likeness(score)))
    found = {edge.kind: edge for edge in graph.relations if edge.kind != "geometry"}
    assert set(found) == {"similarity", *kinds}
    assert found["similarity"].weight == pytest.approx(score, abs=1e-5)
    for kind in kinds:
        # In one photo both are hardly ever what their name says.
        assert not found[kind].reliable
        assert found[kind].feature["threshold"] <= score


def test_regions_of_the_game_act_together_as_they_were_made_to(game: Case) -> None:
    found = interactions(game, budget=128)
    names = [game.regions[int(region)] for region in found.present]
    alone = dict(zip(names, found.alone.tolist(), strict=True))
    assert alone == pytest.approx({"frame": 0, "a": 3, "b": -2, "c": 2, "d": 2}, abs=1e-4)
    c, d = names.index("c"), names.index("d")
    assert found.together[c, d] == pytest.approx(4, abs=1e-4)
    rest = found.together.copy()
    rest[c, d] = rest[d, c] = 0
    assert np.abs(rest).max() < 1e-4
    assert found.fit == pytest.approx(1, abs=1e-6)
    assert found.model_calls == 128
    with pytest.raises(InputError, match="expected 32"):
        interactions(game, budget=31)


def test_the_query_for_regions_that_act_together(game: Case) -> None:
    graph = with_regions(graph_of(two_faces()), "face:1", game, budget=128)
    (best, *others) = graph.acting_together(sure=False)
    assert {best.source, best.target} == {"face:1/c", "face:1/d"}
    assert best.reliable
    assert all(abs(edge.weight) < 1e-4 for edge in others)
    # The crop lies 2 px a pixel from (10, 20) on in its picture; a is at 8..24 of the crop.
    assert graph.node("face:1/a").at_xy == pytest.approx((42, 52))
    parts = {edge.source: edge.weight for edge in graph.between("part_of")}
    assert sum(map(abs, parts.values())) == pytest.approx(1)
    assert parts["face:1/b"] == pytest.approx(-2 / 9, abs=1e-3)
    with pytest.raises(InputError, match="face:7"):
        with_regions(graph, "face:7", game)
    with pytest.raises(InputError, match="one id"):
        with_regions(graph, "face:1", game)


def test_which_faces_support_a_cluster() -> None:
    rng = np.random.default_rng(0)
    people = rng.normal(size=(2, 128))
    analyses = []
    for number in range(6):
        raw = people[number % 2] + 0.2 * rng.normal(size=128)
        faces = Faces((100, 100), Boxes(np.array([[0, 0, 50, 50]])), np.ones(1))
        analyses.append(
            Analysis(
                f"{number}.jpg",
                faces=faces,
                image_size_wh=(100, 100),
                templates=Templates.from_raw(raw[None].astype(np.float32), MODEL),
            )
        )
    grouped = cluster(analyses, method="threshold", threshold=0.8)
    graph = collection_relations(analyses, grouped)
    assert len(graph.of_kind("person")) == 2
    members = [{face for face, _ in graph.supporters(f"person:{label}")} for label in (0, 1)]
    assert {f"photo:{number}/face:0" for number in (0, 2, 4)} in members
    weights = [weight for _, weight in graph.supporters("person:0")]
    assert weights == sorted(weights, reverse=True)
    assert all(edge.weight >= 0.8 for edge in graph.between("similarity"))
    with pytest.raises(InputError, match="the analyses have 1"):
        collection_relations(analyses[:1], grouped)
    with pytest.raises(InputError, match="person:9"):
        graph.supporters("person:9")


def test_a_graph_refuses_what_does_not_hang_together() -> None:
    face = Node("a", "face", "a")
    with pytest.raises(InputError, match="two nodes"):
        RelationGraph((face, face), ())
    with pytest.raises(InputError, match="'b', which is no node"):
        RelationGraph((face,), (Relation("a", "b", "similarity", 1.0),))
    with pytest.raises(InputError, match="kind 'ghost'"):
        Node("a", "ghost", "a")
    with pytest.raises(InputError, match="kind 'likes'"):
        Relation("a", "b", "likes", 1.0)


def test_failed_and_faceless_pictures() -> None:
    failed = Analysis("x", error=Failure("ImageReadError", "broken"))
    with pytest.raises(InputError, match="broken"):
        relations(failed)
    empty = relations(Analysis("x", None, (9, 9), Faces.empty((9, 9))))
    assert empty.to_dict()["nodes"] == []
    assert empty.who_looks_at_whom() == {}
    with pytest.raises(InputError, match="takes neither"):
        relations(two_faces(), device="cpu")


def test_exports_say_the_same(game: Case, tmp_path: Path) -> None:
    graph = with_regions(graph_of(two_faces(likeness(0.95))), "face:0", game, budget=64)
    known = to_networkx(graph)
    back = networkx.parse_graphml(graphml(graph), force_multigraph=True)
    for one in (known, back):
        assert set(one.nodes) == {node.id for node in graph.nodes}
        assert one.number_of_edges() == len(graph.relations)
    edges = {(a, b, data["kind"]): data for a, b, data in back.edges(data=True)}
    data = edges["face:0", "face:1", "same_person"]
    assert data["weight"] == pytest.approx(0.95, abs=1e-5)
    assert data["feature_threshold"] == pytest.approx(0.926261)
    assert data["reliable"] is False
    write_json(graph, tmp_path / "g.json")
    assert json.loads((tmp_path / "g.json").read_text()) == json.loads(json.dumps(graph.to_dict()))


def test_without_networkx_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(MissingExtraError, match=r"mien\[relations\]"):
        to_networkx(graph_of(two_faces()))


def test_drawings(game: Case) -> None:
    image = Image(np.full((300, 400, 3), 127, np.uint8))
    graph = graph_of(two_faces(likeness(0.95)))
    drawn = draw_relations(image, graph)
    assert drawn.pixels.shape == image.pixels.shape
    # Halfway between the faces stands the green line.
    middle = drawn.pixels[30:45, 140:180].reshape(-1, 3).astype(int)
    assert (middle[:, 1] > middle[:, 0] + 30).any()
    with pytest.raises(InputError, match="the graph is of one of"):
        draw_relations(Image(image.pixels[:100]), graph)
    svg = to_svg(with_regions(graph, "face:0", game, budget=64))
    assert svg.startswith("<svg")
    assert "unreliable" in svg
    assert "href" not in svg


@pytest.fixture(scope="module")
def portrait_graph() -> RelationGraph:
    from skimage.data import astronaut

    side_by_side = np.hstack([astronaut()[:300, 100:400], astronaut()[:300, 100:400][:, ::-1]])
    return mien.relations(side_by_side)


def test_a_portrait_and_its_mirror_image(portrait_graph: RelationGraph) -> None:
    assert [node.id for node in portrait_graph.of_kind("face")] == ["face:0", "face:1"]
    (same,) = portrait_graph.between("same_person")
    assert same.weight > 0.95
    assert all("camera" in seen for seen in portrait_graph.who_looks_at_whom().values())
    shown = {edge.target for edge in portrait_graph.between("shows", source="face:0")}
    assert "apparent_gender:female" in shown
    assert any("never checked" in note for note in portrait_graph.notes)


def test_the_command(run_mien: Run, portrait_file: Path, tmp_path: Path) -> None:  # noqa: F811
    done = run_mien("relations", portrait_file, "--draw", tmp_path / "d.png", "--json", "-")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["nodes"][0]["id"] == "face:0"
    assert PillowImage.open(BytesIO((tmp_path / "d.png").read_bytes())).size == (512, 512)
    done = run_mien("relations", portrait_file, "--draw", tmp_path / "d.gif")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
