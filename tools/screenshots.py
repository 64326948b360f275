"""Takes the pictures of the server's page that the documentation shows, at two widths.

``python -m tools.screenshots`` writes docs/images/page-*.png; needs chromium and playwright. The
only person in them is scikit-image's public-domain portrait.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
from playwright.sync_api import Page, sync_playwright
from skimage.data import astronaut

from tests.server.conftest import serving
from tests.server.test_page import CHROMIUM, WIDTHS

IMAGES = Path(__file__).parent.parent / "docs" / "images"


def look(page: Page, picture: Path) -> None:
    page.set_input_files("#look-file", picture)
    page.wait_for_selector(".card")


def compare(page: Page, picture: Path) -> None:
    page.set_input_files("#compare-probe", picture)
    page.set_input_files("#compare-reference", picture)
    page.wait_for_selector(".verdict")


def people(page: Page, picture: Path) -> None:
    page.wait_for_load_state("networkidle")
    page.set_input_files("#enrol-file", picture)
    page.fill("#enrol-name", "Eileen Collins")
    page.fill("#enrol-purpose", "a demonstration")
    page.click("button:has-text('Enrol')")
    page.wait_for_selector("td")
    page.set_input_files("#search-file", picture)
    page.wait_for_selector("#searched .card")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        picture = Path(name) / "astronaut.jpg"
        cv2.imwrite(str(picture), astronaut()[:, :, ::-1])
        with serving(Path(name) / "gallery") as running, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
            )
            for width, scheme in zip(WIDTHS, ("light", "dark"), strict=True):
                for state in (look, compare, people):
                    page = browser.new_page(
                        viewport={"width": width, "height": 850},
                        color_scheme=scheme,  # type: ignore[arg-type]
                    )
                    page.goto(f"{running.url}/#{state.__name__}")
                    state(page, picture)
                    page.screenshot(
                        path=IMAGES / f"page-{state.__name__}-{width}.png", full_page=True
                    )
                    page.close()
            browser.close()


if __name__ == "__main__":
    main()
