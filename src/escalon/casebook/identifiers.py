"""Names and contacts, apart from everything else and sealed. Only this module ever holds one in the clear."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, delete, insert, select, text

from escalon.casebook.database import storage_errors
from escalon.casebook.errors import CasebookError
from escalon.casebook.keys import Seal
from escalon.casebook.tables import identifier_metadata, identifiers

SCHEMA = "identifiers"
"""On PostgreSQL the table lives in a schema of this name, which reporting accounts need no right to."""


@dataclass(frozen=True)
class Identity:
    """Who a participant is. Its printed form says nothing, so that a log or a traceback cannot leak it."""

    name: str = field(repr=False)
    contact: str = field(default="", repr=False)


@dataclass(frozen=True)
class IdentifierStore:
    """The sealed store of a casebook's identities."""

    engine: Engine
    seal: Seal
    place: str

    def keep(self, participant: str, identity: Identity) -> None:
        """Seal and keep who a participant is, replacing what was kept before."""
        sealed = self.seal.close(f"{identity.name}\n{identity.contact}", _about(participant))
        with storage_errors(self.place), _placed(self.engine).begin() as connection:
            connection.execute(delete(identifiers).where(identifiers.c.participant == participant))
            connection.execute(insert(identifiers), {"participant": participant, "sealed": sealed})

    def open(self, participant: str) -> Identity:
        """Who a participant is."""
        query = select(identifiers.c.sealed).where(identifiers.c.participant == participant)
        with storage_errors(self.place), _placed(self.engine).connect() as connection:
            sealed = connection.execute(query).scalar_one_or_none()
        if sealed is None:
            raise CasebookError(f"no name is stored for participant {participant}")
        name, _, contact = self.seal.open(sealed, _about(participant)).partition("\n")
        return Identity(name, contact)

    def sealed(self) -> dict[str, str]:
        """Everything as it is stored, still sealed: for backups."""
        with storage_errors(self.place), _placed(self.engine).connect() as connection:
            rows = connection.execute(select(identifiers).order_by(identifiers.c.participant)).all()
        return {row.participant: row.sealed for row in rows}

    def put_back(self, sealed: dict[str, str]) -> None:
        """Store sealed identities again, from a backup."""
        rows = [{"participant": code, "sealed": content} for code, content in sealed.items()]
        if rows:
            with storage_errors(self.place), _placed(self.engine).begin() as connection:
                connection.execute(insert(identifiers), rows)


def create_table(engine: Engine, application: str | None) -> None:
    """Make the empty store; on PostgreSQL in its own schema, open to the application's account only."""
    with storage_errors("identifiers"), _placed(engine).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
        identifier_metadata.create_all(connection)
        if connection.dialect.name == "postgresql":
            _grant(connection, application or "")


def _grant(connection: Connection, application: str) -> None:
    quoted = connection.dialect.identifier_preparer.quote_identifier(application)
    connection.execute(text(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {quoted}"))
    connection.execute(text(f"GRANT SELECT, INSERT, DELETE ON {SCHEMA}.identifiers TO {quoted}"))


def _placed(engine: Engine) -> Engine:
    schema = SCHEMA if engine.dialect.name == "postgresql" else None
    return engine.execution_options(schema_translate_map={None: schema}, writes=True)


def _about(participant: str) -> str:
    return f"identity of participant {participant}"
