"""Makes the pictures of the README in docs/images from a fresh demo: `python -m tests.docs.picture` (needs Chromium)."""

import shutil
import tempfile
from base64 import b64encode
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.docs.pages import ROOT
from tests.docs.refresh import output_of

WIDTH, GAP, SCALE = 1100, 20, 0.6
LEFT = (("h1", 915), ("#F6-2", 385))
RIGHT = (("#F4-1", 915), ("#F7-1", 385))
"""Parts of the report, each from one place on, with the height given to it; rows of the two columns are level."""


def main() -> None:
    """Run the demo, open its report, and put four parts of it on one picture."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as browsers:
        output_of("escalon demo --no-open", Path(folder))
        browser = browsers.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        report = browser.new_page(viewport={"width": WIDTH, "height": 1000})
        report.goto((Path(folder) / "demo" / "report" / "report.html").as_uri())
        report.add_style_tag(content="nav{display:none!important}body{display:block!important}")
        cells = [
            _cell(report, part, column, row)
            for column, parts in enumerate((LEFT, RIGHT))
            for row, part in enumerate(parts)
        ]
        canvas = browser.new_page(viewport={"width": round((2 * WIDTH + GAP) * SCALE), "height": round(1325 * SCALE)})
        canvas.set_content(f"<body style='margin:0;zoom:{SCALE}'>{''.join(cells)}")
        canvas.screenshot(path=ROOT / "docs" / "images" / "report.png")
        _workbench(browser, Path(folder) / "demo" / "book")
        browser.close()


def _workbench(browser: Browser, book: Path) -> None:
    """Today, as the investigator of the demonstration sees it."""
    from escalon.web.workbench import open_workbench
    from tests.web.live import standing

    with standing(open_workbench(book)) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 940}, device_scale_factor=0.8)
        page.goto(f"{address}/sign-in")
        page.click("text=Wang Min")
        page.goto(address)
        page.screenshot(path=ROOT / "docs" / "images" / "workbench.png")


def _cell(report: Page, part: tuple[str, int], column: int, row: int) -> str:
    """One part of the report as a picture in its place."""
    start, height = part
    report.set_viewport_size({"width": WIDTH, "height": height})
    report.evaluate("s => scrollTo(0, document.querySelector(s).getBoundingClientRect().top + scrollY - 12)", start)
    shot = b64encode(report.screenshot()).decode()
    place = f"position:absolute;left:{column * (WIDTH + GAP)}px;top:{row * 930}px"
    return f"<img style='{place}' src='data:image/png;base64,{shot}'>"


if __name__ == "__main__":
    main()
