"""The system's Chromium, and pages on which any error of a script fails the test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# A busy machine is no failure.
expect.set_options(timeout=30_000)
_QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


@contextmanager
def launched() -> Iterator[Browser]:
    """Yield the browser, without a window and without asking anybody else."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_QUIET)
        yield browser
        browser.close()


@contextmanager
def watched(browser: Browser, url: str, *, hash: str = "", **options: Any) -> Iterator[Page]:
    """Yield a page on which any error of a script, and any foreign request, fails the test."""
    context = browser.new_context(permissions=["camera"], **options)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    foreign: list[str] = []
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith((url, "blob:")) else foreign.append(request.url)
        ),
    )
    page.goto(f"{url}/{hash}")
    yield page
    context.close()
    # A refusal that a test provokes is logged by the browser itself.
    assert [p for p in problems if "status of 4" not in p] == []
    assert foreign == []
