"""The page in a real browser: look, webcam, compare, enrol, search, rename, erase, busy, keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.server.browsing import CONTRAST, watched
from tests.server.conftest import Running, mien, serving

pytestmark = pytest.mark.slow
# A busy machine is no failure.
expect.set_options(timeout=30_000)
#: One narrow and one wide window.
WIDTHS = (360, 1280)
PAGES = ("look", "compare", "search", "people", "jobs", "models")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("page") / "gallery") as running:
        yield running


@pytest.fixture
def page(browser: Browser, served: Running) -> Iterator[Page]:
    with watched(browser, served.url) as page:
        yield page


def test_a_dropped_picture_becomes_cards(page: Page, portrait_file: Path) -> None:
    page.set_input_files("#look-file", portrait_file)
    expect(page.locator("#found")).to_have_text("One face.")
    card = page.locator(".card")
    expect(card).to_contain_text(re.compile(r"Apparent age\s*\d+ ± \d+ years"))
    expect(card).to_contain_text("Shown expression")
    card.locator("summary").click()
    expect(card).to_contain_text("sharpness")
    drawn = page.evaluate(
        "() => { const c = document.querySelector('.stage canvas');"
        " return [c.width, c.height, c.getContext('2d').getImageData(180, 80, 1, 1).data[3]] }"
    )
    assert drawn == [512, 512, 255]


def test_dropping_with_the_mouse(page: Page, portrait_jpeg: bytes) -> None:
    data = page.evaluate_handle(
        """bytes => { const all = new DataTransfer();
        all.items.add(new File([new Uint8Array(bytes)], 'a.jpg', {type: 'image/jpeg'}));
        return all; }""",
        list(portrait_jpeg),
    )
    page.dispatch_event(".drop", "drop", {"dataTransfer": data})
    expect(page.locator("#found")).to_have_text("One face.")


def test_what_is_no_picture_is_said_so(page: Page, tmp_path: Path) -> None:
    text = tmp_path / "a.jpg"
    text.write_text("no picture")
    page.set_input_files("#look-file", text)
    expect(page.locator("#notice")).to_contain_text("no picture that can be read")


def test_the_webcam_gives_a_frame(page: Page) -> None:
    page.click("#webcam")
    expect(page.locator(".stage video")).to_be_visible()
    # A string that is polled would be compiled in the page, which its policy forbids.
    width = "() => document.querySelector('video').videoWidth"
    for _ in range(100):
        if page.evaluate(width) > 0:
            break
        page.wait_for_timeout(100)
    assert page.evaluate(width) > 0
    page.click("#webcam")
    # The fake camera shows a test pattern.
    expect(page.locator("#found")).to_have_text("No face was found.")


def test_compare(page: Page, portrait_file: Path) -> None:
    page.goto(page.url.split("#")[0] + "#compare")
    page.set_input_files("#compare-probe", portrait_file)
    page.set_input_files("#compare-reference", portrait_file)
    compared = page.locator("#compared")
    expect(compared).to_contain_text("Match")
    expect(compared).to_contain_text("Score 1.000")
    expect(compared).to_contain_text("Calibrated on")
    page.click("#ask-why")
    expect(page.locator("#why .layers")).to_have_count(2, timeout=60_000)
    expect(page.locator("#why")).to_contain_text("left brow")
    expect(page.locator("#ask-why")).to_be_enabled()


def test_enrol_search_rename_erase(page: Page, portrait_file: Path) -> None:
    there = page.url.split("#")[0]
    page.goto(there + "#people")
    expect(page.locator("#everybody")).to_contain_text("Nobody is enrolled yet.")
    page.click("summary:has-text('Enrol somebody')")
    page.set_input_files("#enrol-file", portrait_file)
    page.fill("#enrol-name", "Eileen <b>C</b>")
    page.fill("#enrol-purpose", "a test")
    page.click("button:has-text('Enrol')")
    # What people type is shown as text.
    expect(page.locator(".person")).to_contain_text("Eileen <b>C</b>")
    expect(page.locator("#notice")).to_have_text("Enrolled.")
    page.goto(there + "#search")
    page.set_input_files("#search-file", portrait_file)
    expect(page.locator("#searched")).to_contain_text("Face 1: Eileen")
    expect(page.locator("#searched")).to_contain_text("A candidate is no match")
    page.goto(there + "#people")
    page.click("button:has-text('Rename')")
    page.fill("dialog input", "E. Collins")
    page.keyboard.press("Enter")
    expect(page.locator(".person")).to_contain_text("E. Collins")
    page.click("button:has-text('Erase')")
    page.click("#ask button:has-text('Cancel')")
    expect(page.locator(".person")).to_contain_text("E. Collins")
    page.click("button:has-text('Erase')")
    page.fill("#ask input", "E. Collins")
    page.click("#ask button.chief")
    expect(page.locator("#everybody")).to_contain_text("Nobody is enrolled yet.")


def test_models(page: Page) -> None:
    page.goto(page.url.split("#")[0] + "#models")
    expect(page.locator("#model-list")).to_contain_text("resnet29.dlib")
    expect(page.locator("#model-list")).to_contain_text("CC0")


def test_a_busy_server_is_told_kindly_and_asked_again(page: Page, portrait_file: Path) -> None:
    turned_away: list[str] = []

    def answer(route: object) -> None:
        if turned_away:
            route.continue_()  # type: ignore[attr-defined]
            return
        turned_away.append("once")
        body = '{"error": {"code": "busy", "message": "x", "details": null}, "request_id": "1"}'
        route.fulfill(  # type: ignore[attr-defined]
            status=429, headers={"Retry-After": "1"}, content_type="application/json", body=body
        )

    page.route("**/v1/analyze", answer)
    page.set_input_files("#look-file", portrait_file)
    expect(page.locator("#notice")).to_contain_text("Trying again")
    expect(page.locator("#found")).to_have_text("One face.")


#: What each page offers, in the order in which Tab reaches it.
REACHED = {
    "look": ["Choose a picture", "Use the webcam"],
    "compare": ["First picture", "Second picture", "SELECT", "INPUT", "SELECT"],
    "search": ["Search with a picture"],
    "people": ["INPUT", "Undo", "Group new faces", "Enrol somebody", "With the keyboard"],
    "jobs": ["Group new faces by person"],
    "models": ["Measured"],
}


@pytest.mark.parametrize("name", REACHED)
def test_everything_is_reached_by_keyboard(name: str, page: Page, served: Running) -> None:
    page.goto("about:blank")
    page.goto(f"{served.url}/#{name}")
    page.wait_for_load_state("networkidle")
    reached = []
    for _ in range(16):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "(at => /INPUT|SELECT/.test(at.tagName) ? at.tagName : at.textContent.trim())"
                "(document.activeElement)"
            )
        )
        if page.evaluate("document.activeElement !== document.body"):
            # Where the focus is can be seen.
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    links = ["Look", "Compare", "Search", "People", "Jobs", "Models"]
    assert reached[: len(links) + 2] == ["Skip to content", "mien", *links]
    rest = reached[len(links) + 2 :]
    assert rest[: len(REACHED[name])] == REACHED[name]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast(
    browser: Browser, served: Running, scheme: str, portrait_file: Path
) -> None:
    with watched(browser, served.url, color_scheme=scheme) as page:
        page.set_input_files("#look-file", portrait_file)
        expect(page.locator(".card")).to_have_count(1)
        assert page.evaluate(CONTRAST) == []
        for name in PAGES[1:]:
            page.goto(f"{served.url}/#{name}")
            page.wait_for_load_state("networkidle")
            assert page.evaluate(CONTRAST) == [], name
        # Every pair of the palette, also those that no page shows at this moment.
        for kind in ("", "wrong", "wait"):
            page.evaluate("kind => { notice.className = kind; notice.textContent = 'text' }", kind)
            assert page.evaluate(CONTRAST) == [], kind


@pytest.mark.parametrize("width", [*WIDTHS, 3840])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_off_or_moves(name: str, width: int, page: Page, served: Running) -> None:
    # Turning the window itself moves things: begin anew.
    page.goto("about:blank")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{served.url}/#{name}")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    moved = page.evaluate(
        """() => new Promise(resolve => new PerformanceObserver(list => resolve(
        list.getEntries().reduce((sum, entry) => sum + entry.value, 0)))
        .observe({type: 'layout-shift', buffered: true}) || setTimeout(() => resolve(0), 300))"""
    )
    assert moved < 0.1


def test_a_server_with_keys_asks_for_one(
    browser: Browser, tmp_path: Path, portrait_file: Path
) -> None:
    gallery = tmp_path / "gallery"
    key = mien("keys", "create", "me", "--gallery", str(gallery)).stdout.strip()
    with serving(gallery) as running:
        page = browser.new_page()
        page.goto(running.url)
        page.set_input_files("#look-file", portrait_file)
        page.fill("dialog input", key)
        page.keyboard.press("Enter")
        expect(page.locator("#found")).to_have_text("One face.")
        page.goto(f"{running.url}/#people")
        expect(page.locator("#notice")).to_contain_text("Your key does not allow this.")
        page.close()


def test_only_the_pages_own_files_are_served(served: Running) -> None:
    with served.client() as client:
        assert "script-src 'self'" in client.get("/").headers["content-security-policy"]
        for name in ("..%2fserve.py", "../serve.py", "nothing.js", "%2e%2e/serve.py"):
            assert client.get(f"/page/{name}").status_code == 404


def warped(portrait: np.ndarray, path: Path) -> Path:
    """The portrait, its mirror image and a recoloured one side by side: several faces."""
    half = cv2.resize(portrait, (320, 320))
    tinted = np.clip(half.astype(float) * (0.8, 1.0, 1.15), 0, 255).astype(np.uint8)
    collage = np.concatenate([half, half[:, ::-1], tinted], axis=1)
    cv2.imwrite(str(path), collage[:, :, ::-1])
    return path


def test_several_faces_have_a_card_each(page: Page, portrait: np.ndarray, tmp_path: Path) -> None:
    page.set_input_files("#look-file", warped(portrait, tmp_path / "three.png"))
    expect(page.locator("#found")).to_have_text("3 faces.")
    expect(page.locator(".card")).to_have_count(3)
