"""What readers make of numbers: points, boxes, folds, masks, against literal values."""

from __future__ import annotations

import contextlib
import io
import pickle
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import KFold

from mien.data import open_dataset
from mien.data.celebamask_hq import CLASSES
from mien.data.dataset import ParsingDataset, TemplateDataset, VerificationDataset
from mien.data.plain_pickle import as_bytes, as_flag, read_plain_pickle
from mien.data.pts import read_pts
from mien.data.sample import Sample
from mien.errors import ArrayError, DatasetError, InputError, MissingExtraError
from tests.data.trees import encoded, picture, tree_of, words

FIVE_SWAPPED = [[2, 3], [0, 1], [4, 5], [8, 9], [6, 7]]


def samples_of(name: str, root: Path, split: str | None = None) -> list[Sample]:
    tree_of(name).build(root)
    return list(open_dataset(name, root).samples(split))


@pytest.mark.parametrize("name", ["ijb-c", "celeba-attributes", "rfw"])
def test_five_points_begin_with_the_subjects_left_eye(name: str, tmp_path: Path) -> None:
    landmarks = samples_of(name, tmp_path)[0].landmarks
    assert landmarks is not None
    assert landmarks.schema == "five"
    assert landmarks.points[0].tolist() == FIVE_SWAPPED


def test_pts_files_count_from_one(tmp_path: Path) -> None:
    path = tmp_path / "1.pts"
    path.write_text("version: 1\nn_points: 2\n{\n1.0 1.0\n8.5 6\n}\n")
    assert read_pts(path).tolist() == [[0.5, 0.5], [8.0, 5.5]]


def test_wider_face_ignores_what_is_invalid_or_empty_and_has_levels(tmp_path: Path) -> None:
    crowd, nobody, validated = samples_of("wider-face", tmp_path)
    assert crowd.boxes is not None
    assert crowd.ignored is not None
    assert crowd.boxes.xyxy.tolist() == [[1, 1, 4, 5], [2, 2, 3, 3]]
    assert crowd.ignored.tolist() == [False, True]
    assert nobody.boxes is not None
    assert len(nobody.boxes) == 0
    assert validated.ignored is not None
    assert validated.ignored.tolist() == [False, True]
    levels = [validated.labels[level] for level in ("easy", "medium", "hard")]
    assert levels == [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)]


def test_boxes_touch_fddb_ellipses(tmp_path: Path) -> None:
    first = samples_of("fddb", tmp_path)[0]
    assert first.boxes is not None
    upright, lying = first.boxes.xyxy
    np.testing.assert_allclose(upright, [8, 16, 12, 24], atol=1e-5)
    np.testing.assert_allclose(lying, [6, 18, 14, 22], atol=1e-5)


def test_dlib_boxes_and_ignored(tmp_path: Path) -> None:
    first, nobody = samples_of("dlib-faces", tmp_path)
    assert first.boxes is not None
    assert first.ignored is not None
    assert first.boxes.xyxy.tolist() == [[2, 1, 5, 5]] * 2
    assert first.ignored.tolist() == [False, True]
    assert nobody.landmarks is not None
    assert nobody.landmarks.points.shape == (0, 68, 2)


def test_a_later_part_covers_an_earlier_one(tmp_path: Path) -> None:
    sample = samples_of("celebamask-hq", tmp_path)[0]
    dataset = open_dataset("celebamask-hq", tmp_path)
    assert isinstance(dataset, ParsingDataset)
    mask = dataset.mask(sample)
    assert (mask[150, 0], mask[50, 0]) == (CLASSES.index("nose"), 0)


def test_helen_takes_the_most_probable_class(tmp_path: Path) -> None:
    sample = samples_of("helen-parsing", tmp_path)[0]
    dataset = open_dataset("helen-parsing", tmp_path)
    assert isinstance(dataset, ParsingDataset)
    assert dataset.mask(sample).tolist() == [[10, 0]]


def test_ijb_templates(tmp_path: Path) -> None:
    samples = samples_of("ijb-c", tmp_path)
    dataset = open_dataset("ijb-c", tmp_path)
    assert isinstance(dataset, TemplateDataset)
    assert [sample.subject_id for sample in samples] == ["70", "70", "71", "70"]
    assert dataset.members().media_id.tolist() == [5, 5, 6, 7]
    pairs, searches = dataset.template_pairs(), dataset.searches()
    assert (pairs.first.tolist(), pairs.mated.tolist()) == ([1, 1], [False, True])
    assert {name: one.subject_id.tolist() for name, one in searches.galleries.items()} == {
        "G1": ["70"],
        "G2": ["71"],
    }


def test_folds_of_a_pack_are_those_of_its_authors(tmp_path: Path) -> None:
    """insightface evaluates with KFold(10, shuffle=False)."""
    count = 23
    content = ([encoded()] * (2 * count), [True] * count)
    (tmp_path / "lfw.bin").write_bytes(pickle.dumps(content))
    dataset = open_dataset("verification-bin", tmp_path)
    assert isinstance(dataset, VerificationDataset)
    fold = dataset.pairs("lfw").fold
    theirs = np.empty(count, int)
    for number, (_, chosen) in enumerate(KFold(10, shuffle=False).split(np.zeros(count))):
        theirs[chosen] = number
    assert fold.tolist() == theirs.tolist()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_plain_pickle_reads_as_pickle_does(protocol: int, tmp_path: Path) -> None:
    same = b"\x00\xff" * 200
    pictures = [same, same, np.frombuffer(b"abc", np.uint8)]
    flags = [True, False, 1, 0, np.bool_(True)]
    path = tmp_path / "a.bin"
    path.write_bytes(pickle.dumps((pictures, flags), protocol=protocol))
    if protocol < 2:
        # Numpy's flags, and bytes, are text with escapes there: refused rather than guessed.
        path.write_bytes(pickle.dumps(([1, "a"], [True]), protocol=protocol))
        assert read_plain_pickle(path) == ([1, "a"], [True])
        return
    read, said = read_plain_pickle(path)
    assert [as_bytes(one) for one in read[:3]] == [same, same, b"abc"]
    assert [as_flag(one) for one in said] == [True, False, True, False, True]


def test_python_2_packs_are_read(tmp_path: Path) -> None:
    # Python 2.7: cPickle.dumps((["\x89P", "b"], [True]), 2); its byte strings are SHORT_BINSTRING.
    path = tmp_path / "a.bin"
    path.write_bytes(b"\x80\x02]q\x01(U\x02\x89Pq\x02U\x01bq\x03e]q\x04\x88a\x86.")
    read, said = read_plain_pickle(path)
    assert ([as_bytes(one) for one in read], said) == ([b"\x89P", b"b"], [True])


def test_an_array_of_another_kind_is_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    for array in (np.zeros(3, np.float32), np.zeros((2, 2), np.uint8), np.array(["x"], object)):
        path.write_bytes(pickle.dumps([array]))
        assert as_bytes(read_plain_pickle(path)[0]) is None


def _long_put() -> bytes:
    """Unpickling this asks for 32 GB: the memo grows to its highest index."""
    return b"\x80\x02]r\xff\xff\xff\xff."


def test_a_small_file_cannot_ask_for_much_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(_long_put())
    assert read_plain_pickle(path) == []
    path.write_bytes(b"\x80\x04\x8e" + (2**62).to_bytes(8, "little") + b"x.")
    with pytest.raises(DatasetError, match=r"a.bin: byte .*only 2 remain"):
        read_plain_pickle(path)


def test_recordio_rejoins_split_records(tmp_path: Path) -> None:
    plain, split = samples_of("recordio", tmp_path)
    assert plain.encoded == encoded()
    assert split.encoded == encoded() + b"\x0a\x23\xd7\xce" + b"rest"
    assert (plain.subject_id, split.subject_id) == ("5", "6")


def test_fer_pixels_are_those_of_the_table(tmp_path: Path) -> None:
    pixels = samples_of("fer2013-csv", tmp_path)[0].image().pixels
    assert pixels.shape == (48, 48, 3)
    assert pixels[0, :, 0].tolist() == list(range(48))
    assert (pixels[1:] == 7).all()


def test_cofw_points_flags_and_colours(tmp_path: Path) -> None:
    colour, _ = samples_of("cofw", tmp_path)
    assert colour.image().pixels.shape == (6, 8, 3)
    assert colour.landmarks is not None
    assert colour.landmarks.visibility is not None
    assert colour.landmarks.visibility.tolist() == [[0.0] * 29]


def test_a_parquet_picture_decodes_to_what_was_written(tmp_path: Path) -> None:
    by_path, *stored = samples_of("hf-parquet", tmp_path)
    assert by_path.path == tmp_path / "pictures/1.png"
    assert stored[0].encoded == encoded()
    assert [sample.labels["emotion"] for sample in stored] == ["happy"] * 3


def test_the_poses_of_a_list_of_rows_are_finite(tmp_path: Path) -> None:
    assert all(np.isfinite(one.labels["yaw_deg"]) for one in samples_of("300w-lp", tmp_path))


def test_a_split_that_was_not_downloaded(tmp_path: Path) -> None:
    tree_of("wider-face").build(tmp_path)
    (tmp_path / "wider_face_split/wider_face_train_bbx_gt.txt").unlink()
    dataset = open_dataset("wider-face", tmp_path)
    assert [sample.sample_id for sample in dataset.samples()] == [
        "WIDER_val/images/1--Handshaking/c.jpg"
    ]
    with pytest.raises(DatasetError, match="no such file"):
        list(dataset.samples("train"))


def test_a_path_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    tree_of("fairface").build(tmp_path / "root")
    picture(tmp_path / "outside.jpg")
    table = tmp_path / "root/fairface_label_val.csv"
    for name in ("../outside.jpg", str(tmp_path / "outside.jpg")):
        table.write_text(f"file,age,gender,race,service_test\n{name},0-2,Male,White,True\n")
        with pytest.raises(DatasetError, match=r"label_val.csv:2: .* lies outside"):
            list(open_dataset("fairface", tmp_path / "root").samples("val"))


def test_ignored_needs_a_row_a_box() -> None:
    with pytest.raises(ArrayError, match="ignored"):
        Sample("a", Path("a.jpg"), ignored=np.zeros(2, bool))


def test_a_folder_of_frames_is_no_picture(tmp_path: Path) -> None:
    picture(tmp_path / "clip/0001.jpg")
    sample = Sample("clip", tmp_path / "clip", frame=3)
    assert sample.is_video
    with pytest.raises(InputError, match="is a video"):
        sample.image()
    assert pickle.loads(pickle.dumps(sample)).frame == 3


@pytest.mark.parametrize("name", ["verification-bin", "hf-parquet"])
def test_one_file_may_be_the_data_set(name: str, tmp_path: Path) -> None:
    tree_of(name).build(tmp_path)
    file = next(iter(sorted(tmp_path.rglob("*.bin")) or sorted(tmp_path.rglob("train-*.parquet"))))
    samples = list(open_dataset(name, file).samples())
    assert samples
    assert all(sample.sample_id.startswith(file.name) for sample in samples)


def test_many_pairs_of_templates_are_read_in_bulk(tmp_path: Path) -> None:
    tree_of("ijb-b").build(tmp_path)
    lines = io.StringIO()
    for number in range(20_000):
        lines.write(words((1, 2 + number % 2, number % 2)) + "\n")
    (tmp_path / "meta/ijbb_template_pair_label.txt").write_text(lines.getvalue())
    dataset = open_dataset("ijb-b", tmp_path)
    assert isinstance(dataset, TemplateDataset)
    assert dataset.template_pairs().mated.sum() == 10_000


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [
        ("aflw2000", "scipy.io", "mat"),
        ("cofw", "h5py", "mat"),
        ("hf-parquet", "pyarrow.parquet", "parquet"),
    ],
)
def test_a_missing_extra_says_what_to_install(
    name: str, module: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree_of(name).build(tmp_path)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'mien\[{extra}\]'"):
        open_dataset(name, tmp_path)


WHOLE = pickle.dumps(([b"a", np.frombuffer(b"bc", np.uint8)], [np.bool_(True)]), protocol=4)
OPCODES = b"()]}.0N\x88\x89aeltRbqrh\x85\x86\x87\x8c\x93\x94K\x01C\x02U"


@given(
    st.integers(0, len(WHOLE)),
    st.one_of(st.binary(max_size=8), st.lists(st.sampled_from(OPCODES), max_size=12).map(bytes)),
    st.integers(0, 8),
)
def test_whatever_stands_in_a_pickle_ends_in_a_value_or_in_our_error(
    place: int, inserted: bytes, dropped: int
) -> None:
    content = WHOLE[:place] + inserted + WHOLE[place + dropped :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "lfw.bin")
        path.write_bytes(content)
        with contextlib.suppress(DatasetError):
            for sample in open_dataset("verification-bin", path).samples():
                assert isinstance(sample.encoded, bytes)


@pytest.mark.parametrize("cut", range(0, 400, 7))
def test_truncated_packs_never_end_in_a_raw_error(cut: int, tmp_path: Path) -> None:
    tree_of("verification-bin").build(tmp_path)
    path = tmp_path / "agedb_30.bin"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DatasetError, match=r"agedb_30\.bin"):
        list(open_dataset("verification-bin", tmp_path).samples("agedb_30"))
