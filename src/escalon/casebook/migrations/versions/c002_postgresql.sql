-- `body` is of type json, which keeps the text exactly as it was written (jsonb would not).
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
