"""The board of people in a real browser: faces and people moved by pointer and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import mien
from tests.server.albums import ENVIRONMENT, invent
from tests.server.browsing import watched
from tests.server.conftest import Running, serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Sixty people of three faces; the first two are Ada and Grace."""
    place = tmp_path_factory.mktemp("board") / "gallery"
    invent(place, 30, names=("Ada", "Grace"))
    with serving(place, environment=ENVIRONMENT) as running:
        yield running


@pytest.fixture
def page(browser: Browser, album: Running) -> Iterator[Page]:
    with watched(
        browser, album.url, hash="#people", viewport={"width": 1280, "height": 900}
    ) as page:
        expect(page.locator(".person")).not_to_have_count(0)
        yield page
    with mien.Client(album.url) as client:
        while client.album.edits()["edits"]:
            client.album.undo()


def person(page: Page, name: str) -> Locator:
    return page.locator(".person").filter(has=page.get_by_role("heading", name=name, exact=True))


def faces(page: Page, name: str) -> Locator:
    return person(page, name).locator(".face")


def drag(page: Page, source: Locator, target: Locator) -> None:
    source.scroll_into_view_if_needed()
    start, end = source.bounding_box(), target.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 20, start["y"] + 12)
    page.mouse.down()
    page.mouse.move(start["x"] + 40, start["y"] + 30, steps=4)
    page.mouse.move(end["x"] + 30, end["y"] + 14, steps=8)
    page.mouse.up()


def test_people_stand_there_with_their_faces(page: Page) -> None:
    expect(page.locator("#sizes")).to_have_text("60 people, 180 faces")
    expect(faces(page, "Ada")).to_have_count(3)
    expect(faces(page, "Ada").first.locator("img")).to_have_js_property("naturalWidth", 144)
    expect(page.locator("#undo")).to_have_attribute("aria-disabled", "true")


def test_a_face_is_dragged_to_another_person_and_back(page: Page) -> None:
    drag(page, faces(page, "Ada").first, person(page, "Grace"))
    expect(faces(page, "Ada")).to_have_count(2)
    expect(faces(page, "Grace")).to_have_count(4)
    expect(page.locator("#notice")).to_have_text("1 face moved to Grace. Ctrl+Z takes it back.")
    expect(page.locator("#undo")).to_have_text("Undo: move of 1 face")
    page.keyboard.press("Control+z")
    expect(faces(page, "Ada")).to_have_count(3)
    expect(page.locator("#notice")).to_have_text("Taken back.")


def test_chosen_faces_are_dropped_as_a_new_person(page: Page) -> None:
    faces(page, "Ada").nth(0).click()
    faces(page, "Ada").nth(1).click()
    expect(page.locator("#bar")).to_contain_text("2 faces of Ada")
    source = faces(page, "Ada").nth(1).bounding_box()
    assert source is not None
    page.mouse.move(source["x"] + 20, source["y"] + 20)
    page.mouse.down()
    page.mouse.move(source["x"] + 60, source["y"] + 60, steps=4)
    expect(page.locator(".ghost b")).to_have_text("2")
    target = page.locator("#new-person").bounding_box()
    assert target is not None
    page.mouse.move(target["x"] + 30, target["y"] + 20, steps=5)
    expect(page.locator("#new-person")).to_have_class("over")
    page.mouse.up()
    expect(faces(page, "Ada")).to_have_count(1)
    expect(page.locator("#sizes")).to_have_text("61 people, 180 faces")
    # The new person stands beside the old one.
    assert page.locator(".person").nth(1).locator(".face").count() == 2
    page.click("#undo")
    expect(faces(page, "Ada")).to_have_count(3)
    expect(page.locator("#sizes")).to_have_text("60 people, 180 faces")


def test_escape_puts_a_dragged_face_back(page: Page) -> None:
    box = faces(page, "Ada").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 30, steps=5)
    expect(page.locator(".ghost")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".ghost")).to_have_count(0)
    page.mouse.up()
    expect(faces(page, "Ada")).to_have_count(3)
    expect(page.locator("#undo")).to_have_attribute("aria-disabled", "true")


def test_people_are_merged_by_dropping_one_on_the_other(page: Page) -> None:
    drag(page, person(page, "Grace").locator(".who"), person(page, "Ada").locator(".who"))
    expect(faces(page, "Ada")).to_have_count(6)
    expect(person(page, "Grace")).to_have_count(0)
    expect(page.locator("#notice")).to_contain_text("Grace and Ada are one person now: Ada.")
    page.click("#undo")
    expect(faces(page, "Grace")).to_have_count(3)
    expect(faces(page, "Ada")).to_have_count(3)


def focused(page: Page) -> str:
    """Say where the focus is: whose, and which face or what can be done."""
    return page.evaluate(
        """() => { const at = document.activeElement, card = at.closest('.person');
        if (!card) return at.id || at.tagName;
        const place = at.dataset.act ?? [...card.querySelectorAll('.face')].indexOf(at);
        return `${card.querySelector('h3').textContent}: ${place}` }"""
    )


def test_faces_are_moved_without_a_pointer(page: Page) -> None:
    # From the button before the faces, one Tab reaches them, arrows the others.
    person(page, "Ada").locator("[data-act=erase]").focus()
    page.keyboard.press("Tab")
    assert focused(page) == "Ada: 0"
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.locator("#bar")).to_contain_text("2 faces of Ada")
    page.keyboard.press("Enter")
    expect(page.locator("#choose")).to_be_visible()
    page.keyboard.type("gra")
    expect(page.locator("#choose [role=option]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(faces(page, "Grace")).to_have_count(5)
    expect(page.locator("#notice")).to_have_text("2 faces moved to Grace. Ctrl+Z takes it back.")
    # The focus stays with the person whose faces went.
    assert focused(page) == "Ada: 0"
    page.keyboard.press("Control+z")
    expect(faces(page, "Ada")).to_have_count(3)
    # The same face has the focus still, behind those that came back.
    assert focused(page) == "Ada: 2"
    page.keyboard.press("Home")
    assert focused(page) == "Ada: 0"
    page.keyboard.press("End")
    page.keyboard.press("n")
    expect(faces(page, "Ada")).to_have_count(2)
    assert focused(page) == "Ada: 1"
    page.keyboard.press("Control+z")
    expect(faces(page, "Ada")).to_have_count(3)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("#choose")).to_be_hidden()
    assert focused(page).startswith("Ada: ")


def test_people_are_merged_and_named_without_a_pointer(page: Page) -> None:
    person(page, "Grace").locator("[data-act=merge]").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(person(page, "Grace")).to_have_count(0)
    # The card is gone: the focus went to the nearest one.
    assert focused(page) != "BODY"
    page.click("#undo")
    person(page, "Grace").locator("[data-act=rename]").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("Grace H. <i>")
    page.keyboard.press("Enter")
    expect(person(page, "Grace H. <i>")).to_have_count(1)
    assert focused(page) == "Grace H. <i>: rename"
    page.keyboard.press("Control+z")
    expect(person(page, "Grace")).to_have_count(1)


def test_somebody_else_was_faster(page: Page, album: Running) -> None:
    with mien.Client(album.url) as client:
        ada = client.album.groups(name="Ada")["groups"][0]
        client.album.split([ada["faces"][0]["reference_id"]])
    drag(page, faces(page, "Ada").last, person(page, "Grace"))
    expect(page.locator("#notice")).to_contain_text("Somebody else changed this meanwhile.")
    # The board shows what they did.
    expect(faces(page, "Ada")).to_have_count(2)
    expect(faces(page, "Grace")).to_have_count(3)
    with mien.Client(album.url) as client:
        client.album.name(ada["subject_id"], "Ada L.")
    page.click("#undo")
    expect(page.locator("#notice")).to_contain_text("Somebody else made the last edit.")
    expect(page.locator("#undo")).to_have_text("Undo: name")


def test_questions_are_answered_by_keyboard(page: Page) -> None:
    expect(page.locator("#questions")).to_contain_text("3 pairs of people may be the same.")
    page.locator("#review").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#question")).to_have_text("The same person?")
    expect(page.locator("#questions")).to_contain_text("Question 1 of 3")
    page.keyboard.press("y")
    expect(page.locator("#questions")).to_contain_text("Question 2 of 3")
    expect(page.locator("#sizes")).to_have_text("59 people, 180 faces")
    page.keyboard.press("n")
    expect(page.locator("#questions")).to_contain_text("Question 3 of 3")
    expect(page.locator("#undo")).to_have_text("Undo: “two people”")
    page.keyboard.press("s")
    expect(page.locator("#questions")).to_contain_text("That was the last question.")
    assert page.evaluate("document.activeElement !== document.body")


def test_a_person_is_erased_only_by_name(page: Page, album: Running, portrait_jpeg: bytes) -> None:
    with mien.Client(album.url) as client:
        client.enrol(portrait_jpeg, name="Eileen", purpose="a test", keep_crop=True)
    page.fill("#find", "eil")
    expect(page.locator(".person")).to_have_count(1)
    page.click("[aria-label='Erase Eileen']")
    expect(page.locator("#ask button.chief")).to_be_disabled()
    page.fill("#ask input", "somebody")
    page.keyboard.press("Enter")
    expect(page.locator("#ask")).to_be_visible()
    page.fill("#ask input", "eileen")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_have_text("Erased 1 face.")
    expect(page.locator(".person")).to_have_count(0)
    assert focused(page) == "find"


def test_people_come_as_one_scrolls_and_nothing_jumps(page: Page) -> None:
    expect(page.locator(".person")).to_have_count(40)
    page.mouse.wheel(0, 30_000)
    expect(page.locator(".person")).to_have_count(60)
    expect(page.locator(".person").last.locator("img").first).to_have_js_property(
        "naturalWidth", 144
    )
    moved = page.evaluate(
        """() => new Promise(resolve => { let sum = 0; new PerformanceObserver(list =>
        list.getEntries().forEach(entry => { if (!entry.hadRecentInput) sum += entry.value }))
        .observe({type: 'layout-shift', buffered: true}); setTimeout(() => resolve(sum), 300) })"""
    )
    assert moved < 0.1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280, 3840])
def test_the_board_fits_every_width(
    browser: Browser, album: Running, width: int, scheme: str
) -> None:
    size = {"width": width, "height": 900}
    with watched(browser, album.url, hash="#people", viewport=size, color_scheme=scheme) as page:
        faces(page, "Ada").first.click()
        expect(page.locator("#bar")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        box = page.locator("#bar").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def test_faces_without_a_picture_have_their_number(browser: Browser, tmp_path: Path) -> None:
    invent(tmp_path / "gallery", 2, crops=False)
    with (
        serving(tmp_path / "gallery", environment=ENVIRONMENT) as running,
        watched(browser, running.url, hash="#people") as page,
    ):
        expect(page.locator(".face").first).to_have_text(re.compile(r"#\d+"))
        expect(page.locator("#hint")).to_contain_text("mien enrol --keep-crops")
