"""How a page and an act are added: a function in a module of `pages`, declared here, and a template of its name.

A page's function takes the desk it is read at and the parts of its address, and gives a frozen dataclass: `/x` shows it by
the template `x.html` and `/x.json` gives it as it is. An act's function takes the desk and what was said, records through
`conduct.record` only, and gives the entries it made. Both are found by walking `pages`; nothing is registered twice.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from escalon.conduct.permit.authority import ALLOWED
from escalon.history.entry import Entry
from escalon.history.events import Role

if TYPE_CHECKING:
    from escalon.web.said import Told

T = TypeVar("T")
READERS = ALLOWED["read record"]
"""The roles that read the trial's record: everybody but the administrator."""
EVERYBODY = frozenset(Role)
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})

PAGES: dict[str, Page] = {}
SERVICES: dict[tuple[str, str], Service] = {}
ACTS: dict[str, Callable[[Any, Told], Made]] = {}
"""What does an act that is more than recording an event as it was written, by what it is called."""


@dataclass(frozen=True)
class Leads:
    """What an act did that makes no entry, and the page that shows it."""

    says: str
    to: str


Made = Sequence[Entry] | Entry | str | Leads
"""What an act gives back: the entries it made, or, where it makes none, a sentence that says what it did."""


@dataclass(frozen=True)
class Page:
    """A page: its address, the roles that see it, whether it can be read without signing in, and what finds its contents."""

    path: str
    sees: frozenset[Role]
    find: Callable[..., Any]
    can_be_open: bool = False
    over_folder: bool = True

    @property
    def name(self) -> str:
        """The function's name, which is its template's."""
        return self.find.__name__

    @property
    def twin(self) -> str:
        """The address of the same facts as JSON."""
        return "/today.json" if self.path == "/" else f"{self.path}.json"

    @property
    def model(self) -> Any:
        """The dataclass the page shows."""
        return get_type_hints(self.find)["return"]

    @property
    def asks(self) -> list[inspect.Parameter]:
        """The parts of the address it takes: those of the path, and the query's, which have defaults."""
        hints = get_type_hints(self.find)
        _, *rest = inspect.signature(self.find).parameters.values()
        return [one.replace(annotation=hints[one.name], kind=one.KEYWORD_ONLY) for one in rest]


@dataclass(frozen=True)
class Service:
    """What a page's script asks while somebody types (a score, a draft): JSON in, JSON out, nothing in the record."""

    path: str
    method: str
    sees: frozenset[Role]
    answer: Callable[..., Any]
    can_be_open: bool = False


def page(
    path: str, sees: frozenset[Role] = READERS, *, can_be_open: bool = False, over_folder: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a page. `over_folder` says that it can also show a data folder, where nobody signs in."""

    def declare(find: Callable[..., Any]) -> Callable[..., Any]:
        PAGES[path] = Page(path, sees, find, can_be_open, over_folder)
        return find

    return declare


def service(
    path: str, sees: frozenset[Role] = READERS, *, method: str = "POST", can_be_open: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a service: a function of the desk, the JSON object sent, and the parts of the address."""

    def declare(answer: Callable[..., Any]) -> Callable[..., Any]:
        SERVICES[method, path] = Service(path, method, sees, answer, can_be_open)
        return answer

    return declare


def act(kind: str) -> Callable[[Callable[[Any, Told], Made]], Callable[[Any, Told], Made]]:
    """Declare an act, answered at `/acts/{kind}`. An event that is recorded as it is written needs none."""

    def declare(do: Callable[[Any, Told], Made]) -> Callable[[Any, Told], Made]:
        ACTS[kind] = do
        return do

    return declare


def find_all() -> None:
    """Import every module of `pages`, so that what they declare is known."""
    from escalon.web import pages

    for module in pkgutil.iter_modules(pages.__path__):
        importlib.import_module(f"{pages.__name__}.{module.name}")


def taken(kind: type[T], source: object, **said: object) -> T:
    """A part of a page: what is said here, and all else by the same names from what it shows."""
    names = (one.name for one in fields(kind))  # type: ignore[arg-type]
    return kind(**{name: said[name] if name in said else getattr(source, name) for name in names})
