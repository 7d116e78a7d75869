"""What a form or a script said: its fields as an event's words or content, and what goes beside an event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from escalon.casebook.canonical import digest
from escalon.casebook.encoding import Lacking, read_event
from escalon.casebook.words import Misread, event_of_words
from escalon.conduct.permit.refusal import Broken, Refused, refuse
from escalon.conduct.record.signing import Password
from escalon.facts import read_number
from escalon.facts.words import is_blank
from escalon.history.events import KINDS, Event

BESIDE = frozenset({"form-number", "from", "then", "seen", "override", "password", "code", "once-more", "shown"})
"""Fields of a form that are not the event's: its one-time number, where it stands and goes, what it had seen, and so on."""

BESIDE_CONTENT = frozenset({"content", "override", "seen", "password", "code", "number", "files"})
"""What a script says beside an event's content."""

PARTS = ("d", "m", "y", "t")
"""A day is written in fields of its own: `on-d`, `on-m`, `on-y`, and `at-t` for a time of day."""


@dataclass(frozen=True)
class Told:
    """The fields of an act as text (a form) or as an event's content (JSON), and what stands beside them."""

    fields: Mapping[str, str] = field(default_factory=dict)
    content: Mapping[str, Any] | None = None
    override: int | None = None
    seen: int | None = None
    password: Password | None = None
    came_from: str = ""
    then: str = ""
    form: str = ""
    shown: str = ""
    """A digest of what the form's page showed, where what is said is said of exactly that."""
    again: bool = False
    """Whether a person says that what is recorded already happened once more."""
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Files that came with it, by their name."""

    def what_was_said(self) -> str:
        """A digest of the fields and files: by it, what is sent twice is told from what was changed in between."""
        return digest(repr((sorted(self.told.items()), self.override, sorted(self.files.items()))))

    @property
    def told(self) -> Mapping[str, Any]:
        """What was said of the act itself, by a form or by a script."""
        return self.fields if self.content is None else self.content

    def text(self, name: str, default: str | None = None) -> str:
        """A field that must be there, unless there is a default."""
        value = self.told.get(name)
        text = "" if value is None else str(value).strip()
        if is_blank(text) and (text or default is None):
            raise refuse("form", f"{name}: write something here")
        return text or str(default)

    def number(self, name: str) -> int:
        """A field that must hold a whole number."""
        text = self.text(name)
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise refuse("form", f"{name}: {text!r} is not a whole number")
        return int(text)

    def day(self, name: str) -> date:
        """A field that must hold a whole day."""
        try:
            return date.fromisoformat(self.text(name))
        except ValueError:
            raise refuse("form", f"{name}: write the day, the month and the year") from None

    def amount(self, name: str, *, zero: bool = False) -> Decimal:
        """A field that must hold a number above 0; 0 too, where that can be."""
        text = self.text(name)
        try:
            value = read_number(text)
        except ValueError as wrong:
            raise refuse("form", f"{name}: {wrong}") from None
        if value < 0 or (value == 0 and not zero):
            raise refuse("form", f"{name}: {text} is asked for as more than 0")
        return value

    def moment(self, name: str) -> datetime:
        """A field that must hold a day with its time."""
        text = self.text(name)
        if "T" not in text:
            raise refuse("form", f"{name}: write the time of day as well, such as 14:30")
        try:
            found = datetime.fromisoformat(text)
        except ValueError as wrong:
            raise refuse("form", f"{name}: {wrong}") from None
        if found.tzinfo is None:
            raise refuse("form", f"{name}: write the zone as well, such as 2025-06-03T14:30+08:00")
        return found

    def needs_password(self) -> Password:
        """The password typed again, without which nothing is signed."""
        if self.password is None or not self.password.text:
            raise refuse("password", "password: type your password again to sign")
        return self.password

    def event(self, kind: str) -> Event:
        """The event these fields describe."""
        if kind not in KINDS:
            raise refuse("form", f"{kind} is not an act")
        if self.content is not None:
            return read_or_refused(lambda: read_event(kind, self.content or {}))
        words = [f"{name}={value}" for name, value in self.fields.items() if value]
        return read_or_refused(lambda: event_of_words(kind, words))


def read_or_refused(read: Callable[[], Event]) -> Event:
    """An event as it was written; refused at its field where it cannot be read, or where one is empty that it needs."""
    try:
        return read()
    except Lacking as lacking:
        raise Refused(*(Broken("form", f"{name}: write something here") for name in lacking.names)) from None
    except Misread as unread:
        raise refuse("form", f"{unread.name}: {unread.says}") from None
    except (ValueError, TypeError, KeyError, AttributeError) as wrong:
        raise refuse("form", str(wrong)) from None


def said_in_form(form: Mapping[str, str], zone: tzinfo, files: Mapping[str, bytes] = MappingProxyType({})) -> Told:
    """What a posted form said."""
    fields = {name: text.strip() for name, text in form.items() if name not in BESIDE}
    password = Password(form["password"], form.get("code") or None) if form.get("password") else None
    return Told(
        fields=_with_days(fields, zone),
        override=_entry(form, "override"),
        again=bool(form.get("once-more")),
        shown=form.get("shown", ""),
        seen=_entry(form, "seen"),
        password=password,
        came_from=form.get("from", ""),
        then=form.get("then", ""),
        form=form.get("form-number", ""),
        files=files,
    )


def said_in_json(body: Any) -> Told:
    """What a script said: `{content, override?, seen?, password?, code?, number?, files?}`; files are text by name."""
    if not isinstance(body, Mapping) or not isinstance(body.get("content", {}), Mapping):
        raise refuse("form", 'write {"content": {…}}, the fields of the event')
    if strange := sorted(body.keys() - BESIDE_CONTENT):
        raise refuse(
            "form", f"{strange[0]}: there is no such name. Beside the content stand {', '.join(sorted(BESIDE_CONTENT))}"
        )
    password = body.get("password")
    code, files = body.get("code"), body.get("files")
    return Told(
        content=body.get("content", {}),
        override=_entry(body, "override"),
        seen=_entry(body, "seen"),
        password=Password(str(password), None if code is None else str(code)) if password else None,
        form=str(body.get("number") or ""),
        files={str(name): str(text).encode() for name, text in files.items()} if isinstance(files, Mapping) else {},
    )


def _entry(said: Mapping[str, Any], name: str) -> int | None:
    """The number of an entry that stands beside an event; refused where it is none, for nothing said is passed over."""
    value = said.get(name)
    if value is None or value == "":
        return None
    if (number := whole(value)) is None:
        raise refuse("form", f"{name}: {value!r} is not the number of an entry")
    return number


def whole(value: object) -> int | None:
    """A whole number as it is written in a field or an address; None for anything else."""
    text = "" if value is None or isinstance(value, bool) else str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _with_days(fields: Mapping[str, str], zone: tzinfo) -> dict[str, str]:
    """The fields, with a day written in parts as one: `on-d=2 on-m=03 on-y=2026` is `on=2026-03-02`."""
    stems = dict.fromkeys(name[:-2] for name in fields if name[-2:] in {f"-{part}" for part in PARTS})
    whole = {name: text for name, text in fields.items() if name[:-2] not in stems or name in stems}
    for stem in stems:
        day, month, year, time = (_plain_figures(fields.get(f"{stem}-{part}", "")) for part in PARTS)
        written = "-".join(part.zfill(2) for part in (year, month, day) if part)
        if (day and not (month and year)) or (month and not year):
            raise refuse("form", f"{stem}: write the day, the month and the year, or leave out the day")
        if written and time:
            written = _moment(stem, written, time, zone)
        whole[stem] = written
    return whole


def _plain_figures(text: str) -> str:
    """Figures of any script as 0 to 9: what a keyboard of another language types is kept as every reader reads it."""
    return "".join(str(int(one)) if one.isdecimal() else one for one in text)


def _moment(stem: str, day: str, time: str, zone: tzinfo) -> str:
    try:
        return datetime.fromisoformat(f"{day}T{time.zfill(5)}").replace(tzinfo=zone).isoformat()
    except ValueError:
        raise refuse("form", f"{stem}: {day} {time} is not a day and a time such as 14:30") from None
