"""Writes docs/images/explain.png: the report on the astronaut and a changed copy of her."""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import sync_playwright
from skimage.data import astronaut

from mien import explain
from mien.render.report.why import write_why
from mien.types import Image

TARGET = Path(__file__).parent.parent / "docs" / "images" / "explain.png"
CHROMIUM = "/usr/bin/chromium"


def changed(portrait: np.ndarray) -> np.ndarray:
    """Turned by 17 degrees, smaller, mirrored, in other colours."""
    turn = cv2.getRotationMatrix2D((256, 256), 17, 0.9)
    turned = cv2.warpAffine(portrait[:, ::-1], turn, (512, 512))
    return np.clip(turned * np.array([0.8, 0.9, 1.05]) + 15, 0, 255).astype(np.uint8)


def main() -> None:
    portrait = astronaut()
    images = [Image(portrait, "astronaut.png"), Image(changed(portrait), "changed.png")]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "why.html"
        write_why(page_file, images, explain(*images))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 800})
        page.goto(page_file.as_uri())
        page.locator("section").first.screenshot(path=TARGET)
        browser.close()


if __name__ == "__main__":
    main()
