"""`escalon backup`, `restore` and `archive`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from escalon.cli.casebook_desk import AsPerson, CasebookFolder, ask_new, clean, reading
from escalon.cli.output import progress, say

PASSPHRASE = "ESCALON_BACKUP_PASSPHRASE"


@clean
def backup(
    casebook: CasebookFolder,
    to: Annotated[Path, Argument(metavar="FILE", help="The backup to write; it must not exist.")],
    account: AsPerson,
) -> None:
    """An encrypted copy of everything, its keys included, read back and verified before it counts.

    The passphrase is asked for, or taken from ESCALON_BACKUP_PASSPHRASE. Without it nobody can open the backup, nor help
    you.

    escalon backup book/ /mnt/elsewhere/book-$(date +%F).escalon --as ines      every night
    """
    from escalon.casebook.backup import back_up

    with reading(casebook, account, "BackupMade") as at:
        passphrase = ask_new("Passphrase of the backup", PASSPHRASE)
        with progress("backing up", at.casebook.head.number) as bar:
            made = back_up(casebook, to, passphrase, at.author, bar)
    say(f"{to}: {made.entries} entries, ending in {made.ends_in}\ndigest {made.digest}")


@clean
def restore(
    source: Annotated[Path, Argument(metavar="BACKUP", help="A backup file, or an archive's folder.")],
    folder: Annotated[Path, Argument(metavar="CASEBOOK", help="The new casebook's folder.")],
    database: Annotated[str | None, Option(help="postgresql://APPLICATION@HOST/NAME instead of SQLite.")] = None,
    owner: Annotated[str | None, Option(help="postgresql://OWNER@HOST/NAME, which owns the tables.")] = None,
) -> None:
    """A casebook from its backup, on this or an empty computer, with equal digest; or from an archive.

    An archive carries neither keys nor passwords: afterwards `escalon user recover`, with the recovery code.

    escalon restore book.escalon book-again/
    """
    from escalon.casebook.archive import import_archive
    from escalon.casebook.backup import restore as restore_backup

    if source.is_dir():
        taken = import_archive(source, folder, database=database, owner=owner)
        say(f"{folder}: {taken.entries} entries, ending in {taken.ends_in}, as in the archive")
        say(f"To record in it: escalon user recover {folder} ACCOUNT, with the recovery code")
        return
    passphrase = ask_new("Passphrase of the backup", PASSPHRASE)
    with progress("restoring", 0) as bar:
        made = restore_backup(source, folder, passphrase, database=database, owner=owner, progress=bar)
    say(f"{folder}: {made.entries} entries, ending in {made.ends_in}\ndigest {made.digest}, as in the backup")


@clean
def archive(
    casebook: CasebookFolder,
    to: Annotated[Path, Argument(metavar="FOLDER", help="The folder to write; it must not exist.")],
    account: AsPerson,
) -> None:
    """A casebook as CSV, JSON and PDF, with dictionary, audit trail, hashes and a verifier; readable without Escalon.

    Participants appear by code; names and contacts are not in it.

    escalon archive book/ book-archive/ --as ines
    """
    from escalon.casebook.archive import make_archive

    with reading(casebook, account, "ArchiveMade") as at, progress("archiving", at.casebook.head.number) as bar:
        made = make_archive(at.casebook, to, bar, at.author)
    say(f"{to}: {made.entries} entries in {made.files} files, ending in {made.ends_in}")
    say(f"Anyone can check it: python3 {to / 'verify_alone.py'} {to}")
