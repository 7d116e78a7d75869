"""A workbench on a port of this computer for a browser, and a browser at it, signed in as somebody."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
IN_CHROMIUM = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: as root, `make system` installs it"),
]
"""The marks of a test that drives the browser."""
PICTURES = os.environ.get("ESCALON_PICTURES")
"""A folder for pictures of the pages; `docs/images` when the documentation's are renewed."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def standing(bench: Any) -> Iterator[str]:
    """The workbench served in this process, so that a test may move its clock; gives its address."""
    import uvicorn

    from escalon.web.app import create_app

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(create_app(bench), host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=20)


@contextmanager
def chromium() -> Iterator[Any]:
    """Debian's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        window = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield window
        window.close()


def at(window: Any, address: str, account: str, password: str, width: int = 1280, **more: Any) -> Any:
    """A page of a browser of somebody's own, signed in."""
    page = window.new_context(viewport={"width": width, "height": 900}, **more).new_page()
    page.goto(f"{address}/sign-in")
    page.fill("#account", account)
    page.fill("#password", password)
    page.press("#password", "Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)
    return page


def acted(page: Any, selector: str) -> None:
    """Press what records something, and wait for the page that follows."""
    with page.expect_navigation():
        page.click(selector)


def pictured(page: Any, name: str) -> None:
    """Keep a picture of what the browser shows, where pictures are asked for."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=False)


def expect(locator: Any) -> Any:
    """What must soon be so of a part of a page, on a computer that may have much else to do."""
    from playwright.sync_api import expect as expected

    expected.set_options(timeout=20_000)
    return expected(locator)
