"""Videos that the tests render are read frame by frame, the right way up, in the order of time."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import av
import numpy as np
import pytest

from mien.errors import DeviceError, InputError, VideoReadError
from mien.io.video import open_video
from tests.video.clips import number_of, pattern, render

AT = np.arange(100) / 25


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    for suffix in ("mp4", "mkv", "ts", "avi"):
        render(folder / f"a.{suffix}", pattern())
    return folder


def read(path: Path, **options: object) -> tuple[list[int], list[float], list[str]]:
    """Return the frames' numbers, their times and the problems."""
    with open_video(path, **options) as video:  # type: ignore[arg-type]
        frames = [(number_of(image.pixels), image.timestamp_s or 0.0) for image in video]
        return [n for n, _ in frames], [t for _, t in frames], video.problems


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi"])
def test_every_frame_once_in_order(folder: Path, suffix: str) -> None:
    numbers, times, problems = read(folder / f"a.{suffix}")
    assert numbers == list(range(100))
    assert times == pytest.approx(AT, abs=2e-3)
    assert problems == []


def test_what_a_container_says(folder: Path) -> None:
    with open_video(folder / "a.mp4") as video:
        facts = video.facts
    assert (facts.size_wh, facts.rate_hz, facts.rotation_deg) == ((160, 120), 25.0, 0)
    assert (facts.duration_s, facts.has_audio) == (4.0, False)
    assert facts.source == str(folder / "a.mp4")


def test_times_of_a_variable_rate_are_those_of_the_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.choice([0.02, 0.04, 0.1, 0.7], 60)).round(3)
    path = render(tmp_path / "v.mp4", pattern(60), times_s=times)
    numbers, got, problems = read(path)
    assert numbers == list(range(60))
    assert got == pytest.approx(times - times[0], abs=1e-3)
    assert problems == []


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_phone_that_was_turned(tmp_path: Path, turned: int) -> None:
    """The decoder's frames lie; seen, they stand as the display matrix says."""
    lying = [np.rot90(pixels, -turned // 90) for pixels in pattern(5)]
    path = render(tmp_path / "t.mp4", lying, turned_deg=turned)
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).rotation % 360 == turned
    numbers, _, _ = read(path)
    with open_video(path) as video:
        assert video.facts.size_wh == (160, 120)
        assert video.facts.rotation_deg % 360 == turned
    assert numbers == [0, 1, 2, 3, 4]


def test_pixels_that_are_not_square(tmp_path: Path) -> None:
    from fractions import Fraction

    path = tmp_path / "s.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(2, 1)
        for pixels in pattern(3, (320, 120)):
            narrow = np.ascontiguousarray(pixels[:, ::2])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(narrow, "rgb24")))
        container.mux(stream.encode())
    with open_video(path) as video:
        assert video.facts.size_wh == (320, 120)
        assert [number_of(image.pixels) for image in video] == [0, 1, 2]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi"])
@pytest.mark.parametrize("start_s", [0.04, 1.5, 2.0, 3.96])
def test_beginning_later_gives_the_same_frames(folder: Path, suffix: str, start_s: float) -> None:
    numbers, times, _ = read(folder / f"a.{suffix}", start_s=start_s - 0.01)
    assert numbers == list(range(round(start_s * 25), 100))
    assert times == pytest.approx(AT[round(start_s * 25) :], abs=2e-3)


@pytest.mark.parametrize("every", [2, 7, 1000])
def test_each_kth_frame(folder: Path, every: int) -> None:
    numbers, times, _ = read(folder / "a.mp4", every=every)
    assert numbers == list(range(0, 100, every))
    assert times == pytest.approx(AT[::every])


def test_a_file_cut_off(folder: Path, tmp_path: Path) -> None:
    for suffix in ("mkv", "avi"):
        data = (folder / f"a.{suffix}").read_bytes()
        (tmp_path / f"cut.{suffix}").write_bytes(data[: len(data) // 2])
        numbers, _, problems = read(tmp_path / f"cut.{suffix}")
        assert 20 < len(numbers) < 90
        assert numbers[:20] == list(range(20))
        # An AVI's length is told by its size.
        assert suffix == "avi" or "ends before the 4.00 s that it announces" in problems[-1]
    data = (folder / "a.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])
    with pytest.raises(VideoReadError, match="cut off before its index"):
        open_video(tmp_path / "cut.mp4")


def test_an_index_without_its_frames(tmp_path: Path) -> None:
    path = render(tmp_path / "a.mp4", pattern(), options={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    numbers, _, problems = read(path)
    assert numbers[:10] == list(range(10))
    assert any("ends before" in line for line in problems)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi"])
def test_damage_in_the_middle(folder: Path, tmp_path: Path, suffix: str) -> None:
    data = bytearray((folder / f"a.{suffix}").read_bytes())
    rng = np.random.default_rng(1)
    middle = range(len(data) * 45 // 100, len(data) * 55 // 100, 5)
    for at in middle:
        data[at] = int(rng.integers(256))
    (tmp_path / f"bad.{suffix}").write_bytes(data)
    numbers, times, problems = read(tmp_path / f"bad.{suffix}")
    assert problems
    assert numbers[:20] == list(range(20))
    # It goes on behind the damage, from the next whole key frame.
    assert numbers[-10:] == list(range(90, 100))
    assert (np.diff(times) > 0).all()
    # AVI has no times: frames that are lost make it shorter.
    assert suffix == "avi" or times[-1] == pytest.approx(3.96, abs=2e-3)


def test_frames_without_times_are_counted_and_it_is_said(tmp_path: Path) -> None:
    numbers, times, problems = read(render(tmp_path / "raw.h264", pattern(30)))
    assert numbers == list(range(30))
    assert times == pytest.approx(np.arange(30) / 25)
    assert any("frames carry no time" in line for line in problems)
    assert len(problems) < 3


def test_two_recordings_in_one_file(folder: Path, tmp_path: Path) -> None:
    """A recorder that began anew: the second half's clock starts over, times do not."""
    both = tmp_path / "both.ts"
    both.write_bytes((folder / "a.ts").read_bytes() * 2)
    numbers, times, problems = read(both)
    assert len(numbers) > 190
    assert (np.diff(times) > 0).all()
    assert times[-1] == pytest.approx(7.96, abs=0.2)
    assert any("times jump back" in line for line in problems)


def test_a_still_picture_is_a_video_of_one_frame(tmp_path: Path, portrait_file: Path) -> None:
    with open_video(portrait_file) as video:
        assert [image.timestamp_s for image in video] == [0.0]


def test_sound(tmp_path: Path) -> None:
    with open_video(render(tmp_path / "s.mp4", pattern(20), audio=True)) as video:
        assert video.facts.has_audio
        assert len(list(video)) == 20
        assert video.problems == []


@pytest.mark.parametrize("name", ["s.mp4", "s.mkv", "s.mov"])
@pytest.mark.parametrize(("sound_s", "picture_s"), [(0.0, 0.0), (0.5, 0.0), (0.0, 0.3)])
def test_sound_is_aligned_by_its_offset(
    tmp_path: Path, name: str, sound_s: float, picture_s: float
) -> None:
    times = [picture_s + number / 25 for number in range(20)]
    path = render(tmp_path / name, pattern(20), times_s=times, audio=True, audio_from_s=sound_s)
    with open_video(path) as video:
        offset_s = video.facts.audio_offset_s
        assert next(iter(video)).timestamp_s == 0.0
    with av.open(str(path)) as container:
        wave = np.hstack([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    assert offset_s is not None
    tone_s = offset_s + int(np.argmax(np.abs(wave) > 0.1)) / 16000
    assert tone_s == pytest.approx(sound_s - picture_s, abs=0.02)


def test_no_sound_has_no_offset(tmp_path: Path) -> None:
    with open_video(render(tmp_path / "s.mp4", pattern(3))) as video:
        assert video.facts.audio_offset_s is None


def test_avi_which_stores_no_times_begins_with_its_sound(tmp_path: Path) -> None:
    with open_video(render(tmp_path / "s.avi", pattern(20), audio=True)) as video:
        assert video.facts.audio_offset_s == 0.0


def _sound_only(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.int16), "s16", "mono")
        silence.sample_rate = 16000
        container.mux(stream.encode(silence))
        container.mux(stream.encode())


def _no_frames(path: Path) -> None:
    """A whole file whose frames were all taken out."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.start_encoding()


def test_what_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "notes.txt").write_text("text that a decoder would draw as a terminal\n" * 20)
    (tmp_path / "nothing.mp4").touch()
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:4,\n/etc/passwd\n#EXT-X-ENDLIST\n")
    _sound_only(tmp_path / "sound.mp4")
    _no_frames(tmp_path / "empty.mkv")
    reasons = {
        "text.mp4": "no video, cut off before its index, or damaged",
        "notes.txt": "it is tty",
        "nothing.mp4": "no video, cut off",
        "list.m3u8": "",
        "sound.mp4": "sound only",
        "empty.mkv": "",
        "missing.mp4": "nothing is there",
        ".": "",
    }
    for name, reason in reasons.items():
        with pytest.raises(VideoReadError, match=rf"cannot be read as a video: .*{reason}"):
            open_video(tmp_path / name)


def test_arguments(folder: Path) -> None:
    path = folder / "a.mp4"
    for options in ({"every": 0}, {"start_s": -1.0}, {"start_s": float("nan")}, {"start_s": 4.0}):
        with pytest.raises(InputError):
            open_video(path, **options)  # type: ignore[arg-type]


def test_read_once(folder: Path) -> None:
    with open_video(folder / "a.mp4") as video:
        next(iter(video))
        with pytest.raises(VideoReadError, match="open it again"):
            next(iter(video))


def test_hardware_is_used_or_it_fails(folder: Path) -> None:
    with pytest.raises(DeviceError, match="hwaccel: got 'abacus', expected one of"):
        open_video(folder / "a.mp4", hwaccel="abacus")
    from av.codec.hwaccel import hwdevices_available

    for name in hwdevices_available():
        try:
            with open_video(folder / "a.mp4", hwaccel=name) as video:
                assert len(list(video)) == 100
        except DeviceError as error:
            assert f"with {name}" in str(error) or f"by {name}" in str(error)  # noqa: PT017
    with pytest.raises(VideoReadError, match="nothing is there"):
        open_video(folder / "missing.mp4", hwaccel="cuda")


def test_memory_does_not_grow_with_frames(tmp_path: Path) -> None:
    path = render(tmp_path / "long.mkv", pattern(2000))
    tracemalloc.start()
    with open_video(path) as video:
        sizes = [tracemalloc.get_traced_memory()[0] for _ in video]
    tracemalloc.stop()
    assert len(sizes) == 2000
    assert max(sizes[1000:]) < max(sizes[100:1000]) + 100_000
