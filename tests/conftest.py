"""What several test files need: the public-domain portrait, warps of it, and the data folder."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import settings
from skimage.data import astronaut

from mien.types import Image

REPOSITORY = Path(__file__).parent.parent

# A busy machine is no failure; on CI a run can be repeated as it was.
settings.register_profile("mien", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("mien")


@pytest.fixture(scope="session")
def portrait() -> np.ndarray:
    """The astronaut, (512,512,3) uint8 RGB."""
    return astronaut()


@pytest.fixture(scope="session")
def portrait_image(portrait: np.ndarray) -> Image:
    return Image(portrait, "astronaut")


@pytest.fixture(scope="session")
def portrait_jpeg(portrait: np.ndarray) -> bytes:
    """The astronaut as a JPEG file's bytes."""
    done, data = cv2.imencode(".jpg", portrait[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
    assert done
    return data.tobytes()


@pytest.fixture
def portrait_file(tmp_path: Path, portrait_jpeg: bytes) -> Path:
    path = tmp_path / "astronaut.jpg"
    path.write_bytes(portrait_jpeg)
    return path


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of labelled research pictures; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("MIEN_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"needs the research pictures in {folder} (set MIEN_DATA)")
    return folder
