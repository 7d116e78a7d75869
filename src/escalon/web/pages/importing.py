"""Taking a data folder over: the account of every row, its mapping, the departures that two people sign, and recording it."""

from __future__ import annotations

from dataclasses import dataclass

from escalon.conduct.judge.departures import grouped
from escalon.conduct.permit.authority import ALLOWED
from escalon.conduct.permit.refusal import Refused, refuse
from escalon.conduct.record.importing import Imported, import_folder
from escalon.facts.input_error import is_about_the_input
from escalon.history import Entry
from escalon.sources.folder import take_in
from escalon.sources.intake import Count, Intake
from escalon.sources.mapping import MAPPING
from escalon.sources.mapping_draft import draft_mapping
from escalon.sources.taking import Problem
from escalon.web.desk import Desk, NoSuchPage
from escalon.web.registry import Leads, act, page
from escalon.web.said import Told
from escalon.web.telling import EntryShown, entry_shown
from escalon.web.uploads import Upload

SEES = ALLOWED["FolderImported"] | ALLOWED["OverrideSigned"]
"""Who imports, and who signs for what the rules would have held."""
MOST_SHOWN = 200


@dataclass(frozen=True)
class UploadRow:
    """A folder that was sent and is not recorded by that."""

    key: str
    name: str
    files: tuple[str, ...]
    by: str
    at: str


@dataclass(frozen=True)
class ImportsPage:
    """The folders sent since the server began, and the imports recorded."""

    uploads: tuple[UploadRow, ...]
    imports: tuple[EntryShown, ...]
    may_import: bool


@dataclass(frozen=True)
class Signing:
    """The override for exactly these departures: its number, who signed, how many it takes."""

    number: int
    signers: tuple[str, ...]
    needed: int


@dataclass(frozen=True)
class ImportPage:
    """One folder: the account of its rows, what recording it would do, and what stands in the way."""

    upload: UploadRow
    problem: str
    """Why the folder cannot be read or recorded at all; empty where it can."""
    account: str
    counts: tuple[Count, ...]
    troubles: tuple[Problem, ...]
    """What is wrong, what keeps a row out first."""
    more_troubles: int
    recorded: int
    already_there: int
    consents: int
    conflicts: tuple[tuple[str, int], ...]
    held: tuple[str, ...]
    departures: tuple[str, ...]
    rules: tuple[str, ...]
    digest: str
    signing: Signing | None
    mapping: str
    is_draft: bool
    sites: tuple[str, ...]
    may_import: bool


@page("/import", SEES, over_folder=False)
def imports(desk: Desk) -> ImportsPage:
    """Data folders to take over into the record: first looked at, then recorded; twice is once."""
    kept = tuple(_upload(desk, one) for one in reversed(desk.bench.uploads.kept.values()) if _is_open(desk, one))
    done = reversed(desk.entries(kinds=["FolderImported"]))
    return ImportsPage(kept, tuple(entry_shown(desk, one) for one in done), desk.may("FolderImported"))


@page("/import/{key}", SEES, over_folder=False)
def one_import(desk: Desk, key: str) -> ImportPage:
    """What recording this folder would do: every row recorded, already there, in conflict, held or refused."""
    it = _sent(desk, key)
    intake, done, problem = desk.kept(("import", key), lambda: _looked_at(desk, it))
    mapping, is_draft = desk.kept(("mapping", key), lambda: _mapping(desk, it))
    found = (*intake.problems, *intake.contradictions) if intake else ()
    troubles = tuple(sorted(found, key=lambda one: not one.refused))
    return ImportPage(
        _upload(desk, it), problem, "" if problem else done.account(), tuple(intake.counts) if intake else (),
        troubles[:MOST_SHOWN], max(0, len(troubles) - MOST_SHOWN), done.recorded, done.already_there, done.consents,
        tuple((str(one), one.entry) for one in done.conflicts), tuple(done.held), tuple(map(str, grouped(done.departures))),
        tuple(sorted({one.rule for one in done.departures})), done.digest,
        _signing(desk, done.digest) if done.digest else None, mapping, is_draft,
        tuple(dict.fromkeys([*([desk.site] if desk.site not in ("", "*") else []), *_sites(desk)])), desk.may("FolderImported"),
    )  # fmt: skip


def _sites(desk: Desk) -> list[str]:
    """The sites participants are of, where the reader imports for every site."""
    if desk.site != "*":
        return []
    return sorted({one.site for one in desk.courses()} | {one.city for one in desk.study.location} - {""})


def _is_open(desk: Desk, it: Upload) -> bool:
    """Whether a folder is open to this reader: it is of the site whose investigator sent it."""
    return desk.may("read record", it.by.site)


def _sent(desk: Desk, key: str) -> Upload:
    found = desk.bench.uploads.kept.get(key)
    if found is None or not _is_open(desk, found):
        raise NoSuchPage(
            "this folder is not here any more: a folder that was sent is kept until the server stops. Send it again"
        )
    return found


def _upload(desk: Desk, one: Upload) -> UploadRow:
    at = one.at.astimezone(desk.trial.frame.zone)
    return UploadRow(one.key, one.name, one.files, desk.names.get(one.by.person, one.by.person), at.isoformat())


def _looked_at(desk: Desk, it: Upload) -> tuple[Intake | None, Imported, str]:
    """The folder as it is read, and a dry run of recording it; in words, why either cannot be."""
    intake = None
    try:
        intake = take_in(desk.study, it.folder)
        return intake, import_folder(desk.conduct, it.by, desk.study, it.folder, it.by.site, dry_run=True), ""
    except Refused as refused:
        return intake, Imported(), "; ".join(one.says for one in refused.broken)
    except ValueError as wrong:
        if not is_about_the_input(wrong):
            raise
        return intake, Imported(), str(wrong).replace(f"{it.folder}", it.name)


def _mapping(desk: Desk, it: Upload) -> tuple[str, bool]:
    """The folder's mapping; else a draft of one, where a file in it is no table of the dictionary."""
    file = it.folder / MAPPING
    if file.is_file():
        return file.read_text(encoding="utf-8", errors="replace"), False
    try:
        return draft_mapping(desk.study, it.folder), True
    except ValueError as wrong:
        if not is_about_the_input(wrong):
            raise
        return "", True


def _signing(desk: Desk, digest: str) -> Signing | None:
    for number, one in reversed(desk.trial.overrides.items()):
        said = {part.name: part.says for part in one.given.content}
        if one.given.act == "FolderImported" and one.used_by is None and said.get("departures") == digest:
            return Signing(number, tuple(desk.names.get(who, who) for who in one.signers), 2)
    return None


# -- acts --------------------------------------------------------------------------------------------------------------


def _may_import(desk: Desk) -> None:
    if not desk.may("FolderImported"):
        raise refuse("authority", f"{desk.role} may not record: folder imported")


@act("upload")
def upload(desk: Desk, said: Told) -> Leads:
    """Send a data folder to be looked at; nothing is recorded by that."""
    _may_import(desk)
    kept = desk.bench.uploads.take(said.text("name", "data"), said.files, desk.author, desk.bench.now())
    return Leads(f"{kept.name}: {len(kept.files)} files, nothing is recorded", f"/import/{kept.key}")


@act("map")
def keep_mapping(desk: Desk, said: Told) -> Leads:
    """Send the same folder with this mapping; the folder without it stays as it was sent."""
    _may_import(desk)
    it = _sent(desk, said.text("upload"))
    files = {name: (it.folder / name).read_bytes() for name in it.files} | {
        MAPPING: said.text("mapping").replace("\r\n", "\n").encode()
    }
    kept = desk.bench.uploads.take(it.name, files, desk.author, desk.bench.now())
    return Leads(f"{kept.name}: {len(kept.files)} files, nothing is recorded", f"/import/{kept.key}")


@act("import")
def take_over(desk: Desk, said: Told) -> Entry:
    """Record every row the dictionary accepts, in one act: all of it, or nothing."""
    it = _sent(desk, said.text("upload"))
    import_folder(
        desk.conduct, desk.author, desk.study, it.folder, said.text("site"), dry_run=False, override=said.override
    )
    return [*desk.conduct.casebook.entries(kinds=["FolderImported"])][-1]
