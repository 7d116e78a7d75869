"""Makes the pictures of the README in docs/images from a fresh demo: `python -m tests.docs.picture` (needs Chromium)."""

import shutil
import tempfile
from base64 import b64encode
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.docs.pages import ROOT
from tests.docs.refresh import output_of

WIDTH, GAP, SCALE = 1100, 20, 0.66
LEFT = (("h1", "#eligibility", 915), ("#activity + figure", "", 385))
RIGHT = (("#escalation", "", 890), ("#cells + figure", "", 385))
"""Parts of the report from one place (to another), with the height given to each; rows of the two columns are level."""


def main() -> None:
    """Run the demo, open its report, and put four parts of it on one picture."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as browsers:
        output_of("escalon demo --no-open", Path(folder))
        browser = browsers.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        report = browser.new_page(viewport={"width": WIDTH, "height": 1000})
        report.goto((Path(folder) / "demo" / "report" / "report.html").as_uri())
        whole = b64encode(report.screenshot(full_page=True)).decode()
        cells = [
            _cell(report, part, column, row)
            for column, parts in enumerate((LEFT, RIGHT))
            for row, part in enumerate(parts)
        ]
        canvas = browser.new_page(viewport={"width": round((2 * WIDTH + GAP) * SCALE), "height": round(1325 * SCALE)})
        style = f"div{{position:absolute;width:{WIDTH}px;background:url(data:image/png;base64,{whole})}}"
        canvas.set_content(f"<body style='margin:0;zoom:{SCALE}'><style>{style}</style>{''.join(cells)}")
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


def _cell(report: Page, part: tuple[str, str, int], column: int, row: int) -> str:
    """One part of the report as a window onto its screenshot."""
    start, end, height = part
    top = _top(report, start) - 12
    shown = min(height, _top(report, end) - top - 12) if end else height
    place = f"left:{column * (WIDTH + GAP)}px;top:{row * 930}px"
    return f"<div style='{place};height:{shown}px;background-position:0 {-top}px'></div>"


def _top(report: Page, selector: str) -> int:
    return round(report.evaluate("s => document.querySelector(s).getBoundingClientRect().top + scrollY", selector))


if __name__ == "__main__":
    main()
