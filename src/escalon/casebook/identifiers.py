"""Names and contacts, apart from everything else and sealed. Only this module ever holds one in the clear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, insert, select, text

from escalon.casebook.canonical import digest
from escalon.casebook.database import storage_errors
from escalon.casebook.errors import ChainBroken
from escalon.casebook.keys import Seal
from escalon.casebook.tables import identifier_metadata, identifiers

SCHEMA = "identifiers"
"""On PostgreSQL the table lives in a schema of this name, which reporting accounts need no right to."""


_BORN = "\x1eborn "
"""What parts the date of birth from the rest: a separator nobody types, so that what was sealed before reads as it did."""

GUARDS = {
    "sqlite": [
        f"CREATE TRIGGER identifiers_never_{what}d BEFORE {what} ON identifiers "
        "BEGIN SELECT RAISE(ABORT, 'casebook: what is kept of a person is never changed'); END"
        for what in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        f"CREATE TRIGGER identifiers_fixed BEFORE DELETE OR UPDATE ON {SCHEMA}.identifiers "
        "FOR EACH ROW EXECUTE FUNCTION casebook_refuses()"
    ],
}
"""An identity is never changed: another is kept beside it, and the record says which one counts."""


@dataclass(frozen=True)
class Identity:
    """Who a participant is. Its printed form says nothing, so that a log or a traceback cannot leak it."""

    name: str = field(repr=False)
    contact: str = field(default="", repr=False)
    born: str = field(default="", repr=False)
    """The date of birth as ISO 8601 writes it; empty where it is not kept."""


@dataclass(frozen=True)
class IdentifierStore:
    """The sealed store of a casebook's identities."""

    engine: Engine
    seal: Seal
    place: str

    def keep(self, participant: str, identity: Identity) -> str:
        """Seal and keep who a participant is; what was kept before stays. Returns the digest, for the record to name."""
        born = f"{_BORN}{identity.born}" if identity.born else ""
        sealed = self.seal.close(f"{identity.name}\n{identity.contact}{born}", _about(participant))
        row = {"participant": participant, "digest": digest(sealed), "sealed": sealed}
        with storage_errors(self.place), _placed(self.engine).begin() as connection:
            connection.execute(insert(identifiers), row)
        return row["digest"]

    def open(self, participant: str, named: str) -> Identity:
        """Who a participant is, as the record names it by its digest; anything else that lies here is not believed."""
        query = select(identifiers.c.sealed).where(
            identifiers.c.participant == participant, identifiers.c.digest == named
        )
        with storage_errors(self.place), _placed(self.engine).connect() as connection:
            sealed = connection.execute(query).scalar_one_or_none()
        if sealed is None or digest(sealed) != named:
            raise ChainBroken(
                f"{self.place}: the name kept for participant {participant} is not the one the record tells of"
            )
        name, _, rest = self.seal.open(sealed, _about(participant)).partition("\n")
        contact, _, born = rest.partition(_BORN)
        return Identity(name, contact, born)

    def sealed(self) -> list[dict[str, str]]:
        """Everything as it is stored, still sealed: for backups."""
        order = (identifiers.c.participant, identifiers.c.digest)
        with storage_errors(self.place), _placed(self.engine).connect() as connection:
            return [dict(row._mapping) for row in connection.execute(select(identifiers).order_by(*order))]

    def put_back(self, rows: list[dict[str, str]]) -> None:
        """Store sealed identities again, from a backup."""
        if rows:
            with storage_errors(self.place), _placed(self.engine).begin() as connection:
                connection.execute(insert(identifiers), rows)


def differs_from(store: IdentifierStore, named: Mapping[str, str]) -> str | None:
    """What is not kept as the record tells, in words; `named` is each participant's digest."""
    kept = {(row["participant"], row["digest"]): row["sealed"] for row in store.sealed()}
    for participant, wanted in named.items():
        if digest(kept.get((participant, wanted), "")) != wanted:
            return f"the name kept for participant {participant} is not the one the record tells of"
    return None


def create_table(engine: Engine, application: str | None) -> None:
    """Make the empty store; on PostgreSQL in its own schema, open to the application's account only."""
    with storage_errors("identifiers"), _placed(engine).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
        identifier_metadata.create_all(connection)
        for guard in GUARDS[connection.dialect.name]:
            connection.exec_driver_sql(guard)
        if connection.dialect.name == "postgresql":
            _grant(connection, application or "")


def _grant(connection: Connection, application: str) -> None:
    quoted = connection.dialect.identifier_preparer.quote_identifier(application)
    connection.execute(text(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {quoted}"))
    connection.execute(text(f"GRANT SELECT, INSERT ON {SCHEMA}.identifiers TO {quoted}"))


def _placed(engine: Engine) -> Engine:
    schema = SCHEMA if engine.dialect.name == "postgresql" else None
    return engine.execution_options(schema_translate_map={None: schema}, writes=True)


def _about(participant: str) -> str:
    return f"identity of participant {participant}"
