"""The page's view of jobs: started, followed as they go, stopped, gone on with, removed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.server.albums import ENVIRONMENT, invent
from tests.server.browsing import watched
from tests.server.conftest import Running, serving

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    place = tmp_path_factory.mktemp("jobs") / "gallery"
    invent(place, 4)
    with serving(place, environment=ENVIRONMENT) as running:
        yield running


def test_a_job_is_started_followed_and_removed(browser: Browser, album: Running) -> None:
    with watched(browser, album.url, hash="#jobs") as page:
        expect(page.get_by_text("No jobs yet.")).to_be_visible()
        page.click("#start-cluster")
        job = page.locator(".job")
        expect(job.locator(".state")).to_have_text("done")
        expect(job.locator("progress")).to_have_attribute("value", "1")
        expect(page.locator("#notice")).to_contain_text("done")
        page.reload()
        expect(job.locator(".state")).to_have_text("done")
        job.locator("[data-act=remove]").focus()
        page.keyboard.press("Enter")
        expect(job).to_have_count(0)
        expect(page.locator("#start-cluster")).to_be_focused()


def event(name: str, state: str, done: int) -> str:
    job = {
        "job_id": "0123456789abcdef",
        "kind": "cluster",
        "title": "group the gallery's faces",
        "state": state,
        "created_at": "2026-05-04T10:11:12+00:00",
        "started_at": None,
        "finished_at": None,
        "done": done,
        "total": 1200,
        "per_s": 10.0,
        "eta_s": 80.0 if state == "running" else None,
        "message": "",
        "error": None,
    }
    return f"event: {name}\ndata: {json.dumps(job)}\n\n"


def played(page: Page, url: str) -> None:
    """Play a long job that breaks off once and goes on until it is stopped."""
    asked: list[str] = []
    state = ["running"]
    plain = json.loads(event("x", "running", 300).split("data: ")[1])

    def answer(route: Route) -> None:
        path, method = route.request.url.removeprefix(url), route.request.method
        if path.endswith("/events"):
            asked.append(path)
            stopped = state[0] == "cancelled"
            name, done = ("end", 500) if stopped else ("progress", 300 + 100 * len(asked))
            # The first answer ends in the middle of an event, as a broken connection does.
            body = event(name, state[0], done) + ("event: progress\nda" if len(asked) == 1 else "")
            route.fulfill(content_type="text/event-stream", body=body)
        elif method == "DELETE":
            state[0] = "cancelled"
            route.fulfill(json=plain | {"state": "cancelled", "done": 500})
        else:
            route.fulfill(json={"jobs": [plain], "next": None})

    page.route("**/v1/jobs**", answer)
    page.route("**/v1/jobs/**", answer)


def test_progress_goes_on_after_a_break_until_it_is_stopped(
    browser: Browser, album: Running
) -> None:
    with watched(browser, album.url) as page:
        played(page, album.url)
        page.goto(f"{album.url}/#jobs")
        job = page.locator(".job")
        expect(job).to_contain_text("at work")
        expect(job).to_contain_text("500 of 1,200 · about 80 s left")
        job.locator("[data-act=stop]").click()
        page.click("#ask button.chief")
        expect(job.locator(".state")).to_have_text("stopped")
        expect(job.locator("[data-act=resume]")).to_be_visible()
