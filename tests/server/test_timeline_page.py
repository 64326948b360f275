"""The page's timeline of a video: started, shown, and a bar seeks the person's own copy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.server.browsing import CONTRAST, watched
from tests.server.conftest import Running, serving
from tests.video.clips import CLIPS, render

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people and a cut, three seconds; VP9, which Chromium plays without further codecs."""
    scene = replace(CLIPS["cut"], duration_s=3.6, rate_hz=10)
    pixels = (cv2.resize(frame.pixels, (480, 360)) for frame in scene.frames())
    path = tmp_path_factory.mktemp("clips") / "cut.webm"
    return render(path, pixels, rate_hz=10, codec="libvpx-vp9", every_keyframe=10)


@pytest.fixture(scope="module")
def served(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    place = tmp_path_factory.mktemp("timeline") / "gallery"
    with serving(place, "--jobs-root", str(clip.parent)) as running:
        yield running


def unfolded(page: Page) -> None:
    """Start the job where there is none yet, and open its timeline by keyboard."""
    page.wait_for_selector(".job, #job-list + p:not([hidden])")
    if page.locator(".job").count() == 0:
        page.click("#video-job summary")
        page.fill("#video-file", "cut.webm")
        page.click("#start-video")
    expect(page.locator(".job .state")).to_have_text("done", timeout=120_000)
    page.locator("[data-act=timeline]").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".lanes .lane").last).to_be_visible()


def reached(page: Page, bar: Locator) -> None:
    """Wait until the video stands in the first frame of a bar."""
    start_s = float(bar.get_attribute("data-start") or "nan")
    at = "at => Math.abs(document.querySelector('video').currentTime - at - 0.001) < 1e-4"
    page.wait_for_function(at, arg=start_s)


@pytest.mark.parametrize(
    ("width", "scheme"), [(360, "light"), (360, "dark"), (1280, "light"), (1280, "dark")]
)
def test_a_bar_seeks_the_video(
    width: int, scheme: str, browser: Browser, served: Running, clip: Path
) -> None:
    size = {"width": width, "height": 850}
    with watched(browser, served.url, hash="#jobs", viewport=size, color_scheme=scheme) as page:
        unfolded(page)
        lanes = page.locator(".lanes .lane")
        expect(lanes).to_have_count(2)
        expect(lanes.first).to_contain_text("Person 1")
        expect(lanes.first.locator("img")).to_have_js_property("naturalWidth", 96)
        bars = page.locator(".lane .bar")
        expect(bars).to_have_count(3)
        # Chosen before there is a video: shown as soon as there is one.
        bars.nth(1).click()
        expect(page.locator("#notice")).to_contain_text("Open the video")
        page.set_input_files(".player input[type=file]", clip)
        reached(page, bars.nth(1))
        # By keyboard: from bar to bar, Enter seeks.
        bars.nth(2).focus()
        page.keyboard.press("Enter")
        reached(page, bars.nth(2))
        expect(bars.nth(2)).to_have_attribute("aria-current", "true")
        expect(page.locator(".bar[aria-current]")).to_have_count(1)
        assert page.evaluate(CONTRAST) == []
        # Nothing is cut off.
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width


def test_a_file_that_cannot_be_played_is_said(
    browser: Browser, served: Running, tmp_path: Path
) -> None:
    (tmp_path / "no.webm").write_bytes(b"no video")
    with watched(browser, served.url, hash="#jobs") as page:
        unfolded(page)
        page.set_input_files(".player input[type=file]", tmp_path / "no.webm")
        expect(page.locator("#notice")).to_contain_text("cannot play")
        page.locator("[data-act=timeline]").click()
        expect(page.locator(".lanes")).to_have_count(0)


def test_a_refused_file_is_said(browser: Browser, served: Running) -> None:
    with watched(browser, served.url, hash="#jobs") as page:
        page.click("#video-job summary")
        page.fill("#video-file", "../elsewhere.mp4")
        page.click("#start-video")
        expect(page.locator("#notice")).to_contain_text("is no file below a folder")
