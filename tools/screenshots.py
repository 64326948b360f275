"""Takes the pictures of the server's page that the documentation shows, narrow, wide and at 4k.

``python -m tools.screenshots`` writes docs/images/page-*; needs chromium and playwright. The only
person in them is scikit-image's public-domain portrait, recoloured for each invented person.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Browser, Page, expect
from skimage.data import astronaut

import mien
from tests.server.albums import ENVIRONMENT, invent
from tests.server.browsing import launched
from tests.server.conftest import Running, serving
from tests.video.clips import CLIPS, render

IMAGES = Path(__file__).parent.parent / "docs" / "images"
NAMES = ("Ada", None, "Grace", None, "Katherine", None, "Mary", None, "Hedy", None)
_QUALITY = 82
_CLIP = "party.webm"
State = Callable[[Page, Path], None]


def look(page: Page, picture: Path) -> None:
    page.set_input_files("#look-file", picture)
    page.wait_for_selector(".card")


def compare(page: Page, picture: Path) -> None:
    page.set_input_files("#compare-probe", picture)
    page.set_input_files("#compare-reference", picture)
    page.wait_for_selector(".verdict")


def search(page: Page, picture: Path) -> None:
    page.set_input_files("#search-file", picture)
    page.wait_for_selector("#searched .card")
    expect(page.locator("#searched img").last).to_have_js_property("naturalWidth", 144)


def people(page: Page, _: Path) -> None:
    page.wait_for_selector("#review")
    expect(page.locator(".face img").nth(3)).to_have_js_property("naturalWidth", 144)


def question(page: Page, picture: Path) -> None:
    people(page, picture)
    page.click("#review")
    expect(page.locator(".pair img").last).to_have_js_property("naturalWidth", 144)


def chosen(page: Page, picture: Path) -> None:
    people(page, picture)
    page.locator(".face").nth(1).click()
    page.locator(".face").nth(2).click()
    page.locator(".person").first.scroll_into_view_if_needed()
    page.wait_for_timeout(300)


def drag(page: Page, picture: Path) -> None:
    chosen(page, picture)
    start = page.locator(".face").nth(2).bounding_box()
    end = page.locator(".person").nth(1).bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 20, start["y"] + 20)
    page.mouse.down()
    page.mouse.move(end["x"] + 150, end["y"] + 60, steps=6)


def erase(page: Page, picture: Path) -> None:
    people(page, picture)
    page.locator("[data-act=erase]").first.click()


def jobs(page: Page, _: Path) -> None:
    page.click("#start-cluster")
    page.wait_for_selector(".job[data-state=done]")


def timeline(page: Page, picture: Path) -> None:
    page.wait_for_selector(".job, #job-list + p:not([hidden])")
    videos = page.locator(".job", has_text=_CLIP)
    if videos.count() == 0:
        page.click("#video-job summary")
        page.fill("#video-file", _CLIP)
        page.check("#video-name")
        page.click("#start-video")
        expect(videos.locator(".state")).to_have_text("done", timeout=300_000)
        page.click("#video-job summary")
    videos.locator("[data-act=timeline]").click()
    page.set_input_files(".player input[type=file]", picture.parent / _CLIP)
    page.locator(".lane .bar").nth(1).click()
    page.wait_for_function("document.querySelector('video').currentTime > 1")
    page.locator(".lanes").scroll_into_view_if_needed()
    page.wait_for_timeout(1500)


#: What is shown, at which widths and in which of light and dark.
SHOWN: dict[str, tuple[State, str, tuple[tuple[int, str], ...]]] = {
    "look": (look, "look", ((360, "light"), (1280, "dark"))),
    "compare": (compare, "compare", ((360, "light"), (1280, "dark"))),
    "search": (search, "search", ((360, "dark"), (1280, "light"))),
    "people": (people, "people", ((1280, "light"), (3840, "dark"))),
    "question": (question, "people", ((360, "light"), (1280, "dark"))),
    "drag": (drag, "people", ((1280, "dark"), (1280, "light"))),
    "chosen": (chosen, "people", ((360, "dark"),)),
    "erase": (erase, "people", ((360, "light"),)),
    "jobs": (jobs, "jobs", ((1280, "light"),)),
    "timeline": (timeline, "jobs", ((360, "light"), (1280, "dark"))),
}


def shoot(browser: Browser, running: Running, picture: Path) -> None:
    """Take every picture of SHOWN."""
    for name, (state, page_name, sizes) in SHOWN.items():
        for width, scheme in sizes:
            page = browser.new_page(
                viewport={"width": width, "height": 2160 if width == 3840 else 850},
                color_scheme=scheme,  # type: ignore[arg-type]
            )
            page.goto(f"{running.url}/#{page_name}")
            state(page, picture)
            whole = name in ("look", "compare", "search")
            shot = page.screenshot(full_page=whole)
            write(IMAGES / f"page-{name}-{width}-{scheme}.webp", shot)
            page.close()


def write(path: Path, png: bytes) -> None:
    """Write a picture small enough for documentation; the widest at half its size."""
    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    if pixels.shape[1] == 3840:
        pixels = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(path), pixels, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])
    print(f"{path.name}  {path.stat().st_size / 1000:.0f} kB")


def vary(running: Running) -> None:
    """Give people different numbers of faces: some of the halves become one, some faces go."""
    with mien.Client(running.url) as client, running.client() as http:
        for number in (0, 1, 3, 4, 6, 8):
            client.album.merge(number * 6 + 1, number * 6 + 4)
        for reference in (11, 12, 20, 21, 24, 31, 35, 39, 40):
            assert http.delete(f"/v1/references/{reference}").status_code == 200


def _frames() -> Iterator[np.ndarray]:
    """Yield a clip of two people: one, cut to another, cut back."""
    for frame in replace(CLIPS["cut"], rate_hz=12).frames():
        yield frame.pixels


def main() -> None:
    """Write all pictures."""
    with tempfile.TemporaryDirectory() as name:
        picture, gallery = Path(name) / "astronaut.jpg", Path(name) / "gallery"
        cv2.imwrite(str(picture), astronaut()[:, :, ::-1])
        invent(gallery, 30, names=NAMES)
        render(Path(name) / _CLIP, _frames(), rate_hz=12, codec="libvpx-vp9", every_keyframe=12)
        with (
            serving(gallery, "--jobs-root", name, environment=ENVIRONMENT) as running,
            launched() as browser,
        ):
            vary(running)
            shoot(browser, running, picture)


if __name__ == "__main__":
    main()
