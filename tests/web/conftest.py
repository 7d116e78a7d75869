"""One Chromium, one demonstration and one server of each for all the tests of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.live import chromium, standing


@pytest.fixture(scope="session")
def window() -> Iterator[Any]:
    """Chromium; started once, because a second one in the same process would be inside the first one's loop."""
    pytest.importorskip("playwright")
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The workbench of the demonstration; people are found in it by how they stand, not by their codes."""
    from escalon.exchange.synthetic_book import make_book
    from escalon.protocol import load_study
    from escalon.sources.folder import take_in
    from escalon.web.workbench import open_workbench
    from tests.drawn import drawn

    folder = tmp_path_factory.mktemp("demo")
    study = load_study("nct07052565")
    whole = take_in(study, drawn()).trial
    bench = open_workbench(make_book(folder, study, "nct07052565", whole))
    yield bench
    bench.opened.casebook.close()


@pytest.fixture(scope="session")
def demo_address(demo: Any) -> Iterator[str]:
    """The demonstration, served."""
    with standing(demo) as address:
        yield address


@pytest.fixture(scope="session")
def study_address() -> Iterator[str]:
    """The first study alone, served: its protocol and the calculators."""
    from escalon.protocol import load_study
    from escalon.web.workbench import Workbench

    with standing(Workbench(load_study("nct07052565"))) as address:
        yield address
