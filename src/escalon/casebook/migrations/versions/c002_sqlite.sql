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
