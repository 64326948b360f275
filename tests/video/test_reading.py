"""Videos that the tests render are read frame by frame, the right way up, in the order of time."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from mien.errors import VideoReadError
from mien.io.video import open_video


def test_frames_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "grey.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for level in range(0, 250, 10):
            pixels = np.full((48, 64, 3), level, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode())
    with open_video(path) as video:
        frames = list(video)
        assert video.facts.size_wh == (64, 48)
        assert (video.facts.rate_hz, video.facts.has_audio) == (25.0, False)
    assert len(frames) == 25
    assert [f.timestamp_s for f in frames] == pytest.approx(np.arange(25) / 25)
    levels = np.array([f.pixels.mean() for f in frames])
    np.testing.assert_allclose(levels, np.arange(0, 250, 10), atol=3)


def test_no_video(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(VideoReadError, match=r"text\.mp4: cannot be read as a video"):
        open_video(tmp_path / "text.mp4")
