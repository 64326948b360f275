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

#: Contrast that WCAG 2.2 AA asks of text; large text needs 3.
CONTRAST = """() => {
  const luminance = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const rgba = text => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return [r, g, b, a] };
  const behind = at => { for (; at; at = at.parentElement) {
    const colour = rgba(getComputedStyle(at).backgroundColor); if (colour[3] === 1) return colour }
    return rgba(getComputedStyle(document.documentElement).backgroundColor) };
  const low = [];
  for (const at of document.body.querySelectorAll('*')) {
    const own = [...at.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    const seen = at.checkVisibility({visibilityProperty: true});
    if (!own || !seen || at.closest('.skip, noscript')) continue;
    const style = getComputedStyle(at);
    const [one, two] = [luminance(rgba(style.color)), luminance(behind(at))].sort((a, b) => b - a);
    const ratio = (one + .05) / (two + .05);
    const large = parseFloat(style.fontSize) >= 24;
    const said = `${ratio.toFixed(2)} ${at.tagName} ${at.textContent.slice(0, 30)}`;
    if (ratio < (large ? 3 : 4.5)) low.push(said);
  }
  return low }"""


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
