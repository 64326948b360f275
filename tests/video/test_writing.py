"""Written videos hold the frames at their times, the sound as it was, and nothing else."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from mien.errors import InputError
from mien.io.video import open_video
from mien.io.video_writer import VideoWriter
from mien.types.image import Image
from tests.video.clips import CLIPS, number_of, pattern, render


def copy(source: Path, target: Path) -> None:
    with open_video(source) as video:
        facts = video.facts
        with VideoWriter(
            target, size_wh=facts.size_wh, rate_hz=facts.rate_hz or 25, audio_from=source
        ) as writer:
            for image in video:
                writer.write(image)


def sound_of(path: Path) -> tuple[np.ndarray, float]:
    """Return samples, and the time of the first one beside that of the first frame in s."""
    with av.open(str(path)) as container:
        first_s = next(container.decode(video=0)).time
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    return samples, float(frames[0].time) - float(first_s)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
def test_frames_come_back_at_their_times(tmp_path: Path, suffix: str) -> None:
    times = np.cumsum([0, *np.random.default_rng(0).choice([0.02, 0.04, 0.3], 39)])
    path = tmp_path / f"out{suffix}"
    with VideoWriter(path, size_wh=(160, 120), rate_hz=25) as writer:
        for time_s, pixels in zip(times, pattern(40), strict=True):
            writer.write(Image(pixels, timestamp_s=float(time_s)))
        assert not path.exists()
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    with open_video(path) as video:
        images = list(video)
        assert video.problems == []
    assert [number_of(image.pixels) for image in images] == list(range(40))
    assert [image.timestamp_s for image in images] == pytest.approx(times, abs=1e-3)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("variable", [False, True])
def test_sound_is_passed_through_and_stays_aligned(
    tmp_path: Path, suffix: str, variable: bool
) -> None:
    times = np.cumsum([0, *np.random.default_rng(0).choice([0.02, 0.04, 0.2], 59)])
    source = render(
        tmp_path / f"a{suffix}", pattern(60), audio=True, times_s=times if variable else None
    )
    target = tmp_path / "out" / f"b{suffix}"
    target.parent.mkdir()
    copy(source, target)
    (before, before_s), (after, after_s) = sound_of(source), sound_of(target)
    np.testing.assert_array_equal(after, before)
    assert after_s == pytest.approx(before_s, abs=2e-3)
    with open_video(source) as one, open_video(target) as two:
        wanted = [image.timestamp_s for image in one]
        assert [image.timestamp_s for image in two] == pytest.approx(wanted, abs=1e-3)


def test_no_metadata_are_copied(tmp_path: Path) -> None:
    told = {
        "title": "My holidays",
        "location": "+48.8577+002.295/",
        "creation_time": "2020-02-02T02:02:02",
        "comment": "secret",
    }
    source = render(tmp_path / "a.mp4", pattern(20), audio=True, metadata=told)
    copy(source, tmp_path / "b.mp4")
    data = (tmp_path / "b.mp4").read_bytes()
    for word in (b"holidays", b"48.8577", b"2020-02", b"secret"):
        assert word not in data
    with av.open(str(tmp_path / "b.mp4")) as container:
        tags = dict(container.metadata)
        for stream in container.streams:
            tags |= stream.metadata
    allowed = {"major_brand", "minor_version", "compatible_brands", "encoder"}
    assert set(tags) <= allowed | {"language", "handler_name", "vendor_id"}
    assert not {"location", "creation_time", "title"} & set(tags)


def test_colours_come_back(tmp_path: Path) -> None:
    squares = np.zeros((64, 256, 3), np.uint8)
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (224, 172, 140)]
    for place, colour in enumerate(colours):
        squares[:, place * 64 : place * 64 + 64] = colour
    with VideoWriter(tmp_path / "c.mp4", size_wh=(256, 64), rate_hz=25) as writer:
        for number in range(3):
            writer.write(Image(squares, timestamp_s=number / 25))
    with open_video(tmp_path / "c.mp4") as video:
        pixels = next(iter(video)).pixels.astype(int)
    for place, colour in enumerate(colours):
        middle = pixels[16:48, place * 64 + 16 : place * 64 + 48].reshape(-1, 3).mean(axis=0)
        np.testing.assert_allclose(middle, colour, atol=6)


def test_odd_sizes_get_a_row_and_a_column(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "o.mp4", size_wh=(161, 121), rate_hz=25) as writer:
        for number, pixels in enumerate(pattern(3, (161, 121))):
            writer.write(Image(pixels, timestamp_s=number / 25))
    with open_video(tmp_path / "o.mp4") as video:
        assert video.facts.size_wh == (162, 122)


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(b"what stood there")

    def halfway() -> None:
        with VideoWriter(path, size_wh=(160, 120), rate_hz=25) as writer:
            writer.write(Image(next(pattern()), timestamp_s=0.0))
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        halfway()
    with (
        pytest.raises(InputError, match="no image was written"),
        VideoWriter(path, size_wh=(160, 120), rate_hz=25),
    ):
        pass
    assert path.read_bytes() == b"what stood there"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written(tmp_path: Path) -> None:
    image = Image(next(pattern()), timestamp_s=1.0)
    for name in ("a.gif", "missing/a.mp4"):
        with (
            pytest.raises(InputError),
            VideoWriter(tmp_path / name, size_wh=(160, 120), rate_hz=25),
        ):
            pass
    with VideoWriter(tmp_path / "a.mp4", size_wh=(160, 120), rate_hz=25) as writer:
        writer.write(image)
        for bad in (image, Image(image.pixels), Image(image.pixels[:60], timestamp_s=2.0)):
            with pytest.raises(InputError, match="expected"):
                writer.write(bad)
    source = render(tmp_path / "s.mp4", pattern(20), audio=True)
    with (
        pytest.raises(InputError, match=r"cannot hold the sound .*aac.*\.mkv"),
        VideoWriter(tmp_path / "a.webm", size_wh=(160, 120), rate_hz=25, audio_from=source),
    ):
        pass
    assert {file.name for file in tmp_path.iterdir()} == {"a.mp4", "s.mp4"}


def test_a_source_without_sound(tmp_path: Path) -> None:
    copy(CLIPS["empty"].write(tmp_path / "a.mp4"), tmp_path / "b.mkv")
    with open_video(tmp_path / "b.mkv") as video:
        assert not video.facts.has_audio
        assert len(list(video)) == 25
