"""Entries, checkpoints, the head, secrets and sessions; entries and checkpoints can only be added to.

The guards stand in the database, below the application: whoever connects as the application cannot update, delete or
replace an entry, nor add one that does not follow from the last. The same rules in two dialects, side by side.
"""

from __future__ import annotations

from typing import Any

from alembic import op

revision = "c002"
down_revision = None

SQLITE = """
CREATE TABLE entries (
    number INTEGER PRIMARY KEY,
    previous TEXT NOT NULL CHECK (length(previous) = 64),
    hash TEXT NOT NULL CHECK (length(hash) = 64),
    body TEXT NOT NULL,
    kind TEXT GENERATED ALWAYS AS (json_extract(body, '$.event')) VIRTUAL,
    participant TEXT GENERATED ALWAYS AS (json_extract(body, '$.participant')) VIRTUAL,
    at TEXT GENERATED ALWAYS AS (json_extract(body, '$.at')) VIRTUAL,
    place TEXT GENERATED ALWAYS AS (CASE json_extract(body, '$.event') WHEN 'LevelAllocated' THEN
        json_extract(body, '$.new.cohort') || '/' || json_extract(body, '$.new.place') END) VIRTUAL
);
CREATE INDEX entries_by_participant ON entries (participant, number) WHERE participant IS NOT NULL;
CREATE INDEX entries_by_kind ON entries (kind, number) WHERE kind <> 'FactRecorded';
CREATE INDEX entries_other_than_facts ON entries (number) WHERE kind <> 'FactRecorded';
CREATE INDEX entries_by_place ON entries (place) WHERE place IS NOT NULL;
CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL,
    hash TEXT NOT NULL,
    at TEXT NOT NULL,
    signature TEXT NOT NULL
);
INSERT INTO head VALUES (1, 0, printf('%064d', 0), '', '');
CREATE TABLE checkpoints (
    entry INTEGER PRIMARY KEY,
    hash TEXT NOT NULL,
    at TEXT NOT NULL,
    "key" TEXT NOT NULL,
    signature TEXT NOT NULL
);
CREATE TABLE secrets (
    account TEXT PRIMARY KEY,
    verifier TEXT NOT NULL,
    second_factor TEXT,
    last_step INTEGER,
    failures INTEGER NOT NULL DEFAULT 0,
    locked_until TEXT
);
CREATE TABLE sessions (
    token TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    started TEXT NOT NULL,
    bound TEXT NOT NULL,
    seen TEXT NOT NULL,
    ended TEXT
);
CREATE TRIGGER entries_follow BEFORE INSERT ON entries
WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM entries)
  OR NEW.previous IS NOT coalesce((SELECT hash FROM entries ORDER BY number DESC LIMIT 1), printf('%064d', 0))
BEGIN SELECT RAISE(ABORT, 'casebook: an entry follows the last one, or it is not an entry'); END;
CREATE TRIGGER entries_place_once BEFORE INSERT ON entries
WHEN instr(NEW.body, 'LevelAllocated') AND json_extract(NEW.body, '$.event') = 'LevelAllocated'
  AND EXISTS (SELECT 1 FROM entries WHERE place =
    json_extract(NEW.body, '$.new.cohort') || '/' || json_extract(NEW.body, '$.new.place'))
BEGIN SELECT RAISE(ABORT, 'casebook: this place of the cohort is taken'); END;
CREATE VIEW following AS
    SELECT e.number, e.previous, e.hash, e.body, h.at, h.signature FROM entries e JOIN head h ON e.number = h.number;
CREATE TRIGGER following_in_one INSTEAD OF INSERT ON following
BEGIN
    UPDATE head SET number = NEW.number, hash = NEW.hash, at = NEW.at, signature = NEW.signature
        WHERE number = NEW.number - 1 AND hash = NEW.previous;
    SELECT RAISE(ABORT, 'casebook: the head has moved') WHERE changes() <> 1;
    INSERT INTO entries (number, previous, hash, body) VALUES (NEW.number, NEW.previous, NEW.hash, NEW.body);
END;
CREATE TRIGGER entries_never_updated BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'casebook: entries are never changed'); END;
CREATE TRIGGER entries_never_deleted BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'casebook: entries are never deleted'); END;
CREATE TRIGGER checkpoints_follow BEFORE INSERT ON checkpoints
WHEN NEW.entry <= (SELECT coalesce(max(entry), 0) FROM checkpoints)
  OR NEW.hash IS NOT (SELECT hash FROM entries WHERE number = NEW.entry)
BEGIN SELECT RAISE(ABORT, 'casebook: a checkpoint is of an entry that exists, later than the last one'); END;
CREATE TRIGGER checkpoints_never_updated BEFORE UPDATE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'casebook: checkpoints are never changed'); END;
CREATE TRIGGER checkpoints_never_deleted BEFORE DELETE ON checkpoints
BEGIN SELECT RAISE(ABORT, 'casebook: checkpoints are never deleted'); END;
CREATE TRIGGER head_goes_forward BEFORE UPDATE ON head WHEN NEW.number <= OLD.number
BEGIN SELECT RAISE(ABORT, 'casebook: the head only goes forward'); END;
CREATE TRIGGER head_never_deleted BEFORE DELETE ON head
BEGIN SELECT RAISE(ABORT, 'casebook: the head is never deleted'); END;
CREATE TRIGGER head_once BEFORE INSERT ON head WHEN EXISTS (SELECT 1 FROM head)
BEGIN SELECT RAISE(ABORT, 'casebook: there is one head'); END;
"""

# On PostgreSQL `body` is of type json, which keeps the text exactly as it was written (jsonb would not).
POSTGRESQL = """
CREATE TABLE entries (
    number integer PRIMARY KEY,
    previous text NOT NULL CHECK (length(previous) = 64),
    hash text NOT NULL CHECK (length(hash) = 64),
    body json NOT NULL,
    kind text GENERATED ALWAYS AS (body ->> 'event') STORED,
    participant text GENERATED ALWAYS AS (body ->> 'participant') STORED,
    at text GENERATED ALWAYS AS (body ->> 'at') STORED,
    place text GENERATED ALWAYS AS (CASE body ->> 'event' WHEN 'LevelAllocated' THEN
        (body -> 'new' ->> 'cohort') || '/' || (body -> 'new' ->> 'place') END) STORED
);
CREATE INDEX entries_by_participant ON entries (participant, number) WHERE participant IS NOT NULL;
CREATE INDEX entries_by_kind ON entries (kind, number) WHERE kind <> 'FactRecorded';
CREATE INDEX entries_other_than_facts ON entries (number) WHERE kind <> 'FactRecorded';
CREATE UNIQUE INDEX entries_by_place ON entries (place) WHERE place IS NOT NULL;
CREATE TABLE head (
    one integer PRIMARY KEY CHECK (one = 1),
    number integer NOT NULL,
    hash text NOT NULL,
    at text NOT NULL,
    signature text NOT NULL
) WITH (fillfactor = 10);
INSERT INTO head VALUES (1, 0, repeat('0', 64), '', '');
CREATE TABLE checkpoints (
    entry integer PRIMARY KEY,
    hash text NOT NULL,
    at text NOT NULL,
    key text NOT NULL,
    signature text NOT NULL
);
CREATE TABLE secrets (
    account text PRIMARY KEY,
    verifier text NOT NULL,
    second_factor text,
    last_step bigint,
    failures integer NOT NULL DEFAULT 0,
    locked_until text
);
CREATE TABLE sessions (
    token text PRIMARY KEY,
    account text NOT NULL,
    started text NOT NULL,
    bound text NOT NULL,
    seen text NOT NULL,
    ended text
);
CREATE FUNCTION casebook_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'casebook: % is refused on %', TG_OP, TG_TABLE_NAME; END $$;
CREATE FUNCTION casebook_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last record;
BEGIN
    SELECT number, hash INTO last FROM entries ORDER BY number DESC LIMIT 1;
    IF NEW.number <> coalesce(last.number, 0) + 1 OR NEW.previous <> coalesce(last.hash, repeat('0', 64)) THEN
        RAISE EXCEPTION 'casebook: an entry follows the last one, or it is not an entry';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION casebook_checkpoint_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.entry <= (SELECT coalesce(max(entry), 0) FROM checkpoints)
        OR NOT EXISTS (SELECT FROM entries WHERE number = NEW.entry AND hash = NEW.hash) THEN
        RAISE EXCEPTION 'casebook: a checkpoint is of an entry that exists, later than the last one';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION casebook_head_is_last() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM head h WHERE (h.number, h.hash) IN
        (SELECT e.number, e.hash FROM entries e ORDER BY e.number DESC LIMIT 1)) THEN
        RAISE EXCEPTION 'casebook: the head is the last entry';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION casebook_head_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.number <= OLD.number THEN RAISE EXCEPTION 'casebook: the head only goes forward'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER entries_follow BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION casebook_follows();
CREATE TRIGGER entries_fixed BEFORE DELETE OR UPDATE ON entries FOR EACH ROW EXECUTE FUNCTION casebook_refuses();
CREATE TRIGGER entries_kept BEFORE TRUNCATE ON entries FOR EACH STATEMENT EXECUTE FUNCTION casebook_refuses();
CREATE CONSTRAINT TRIGGER entries_end_in_head AFTER INSERT ON entries DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION casebook_head_is_last();
CREATE TRIGGER checkpoints_follow BEFORE INSERT ON checkpoints
    FOR EACH ROW EXECUTE FUNCTION casebook_checkpoint_follows();
CREATE TRIGGER checkpoints_fixed BEFORE DELETE OR UPDATE ON checkpoints
    FOR EACH ROW EXECUTE FUNCTION casebook_refuses();
CREATE TRIGGER checkpoints_kept BEFORE TRUNCATE ON checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION casebook_refuses();
CREATE TRIGGER head_goes_forward BEFORE UPDATE ON head FOR EACH ROW EXECUTE FUNCTION casebook_head_forward();
CREATE CONSTRAINT TRIGGER head_is_last AFTER UPDATE ON head DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION casebook_head_is_last();
CREATE TRIGGER head_fixed BEFORE DELETE ON head FOR EACH ROW EXECUTE FUNCTION casebook_refuses();
CREATE TRIGGER head_kept BEFORE TRUNCATE ON head FOR EACH STATEMENT EXECUTE FUNCTION casebook_refuses();
"""


def upgrade() -> None:
    """What the first line says."""
    raw: Any = op.get_bind().connection.driver_connection
    if op.get_bind().dialect.name == "sqlite":
        for statement in split_sqlite(SQLITE):
            raw.execute(statement)
    else:
        raw.execute(POSTGRESQL)


def split_sqlite(script: str) -> list[str]:
    """The statements of a script, one by one, so that all of them stay in one transaction."""
    import sqlite3

    statements, part = [], ""
    for line in script.splitlines(keepends=True):
        part += line
        if sqlite3.complete_statement(part):
            statements.append(part)
            part = ""
    return statements
