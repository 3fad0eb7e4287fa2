-- Version 3. Who owns an id: the source that was first bound to the author of what it said under it. It stays so when all of that
-- is taken back.
ALTER TABLE object ADD COLUMN owner INTEGER;
UPDATE object SET owner = (
  SELECT s.source FROM statement s WHERE s.object = object.num AND s.flags & 64 <> 0 ORDER BY s.position LIMIT 1);
-- Of a duplicate: the TLP that it is held under, where another label was asked for (-1: under one that the submitter does
-- not see), and that it is not in the collection that it was sent through.
ALTER TABLE outcome ADD COLUMN held INTEGER;
ALTER TABLE outcome ADD COLUMN outside INTEGER NOT NULL DEFAULT 0;
-- Statements that are RED only for markings that were not held when they came, by what they refer to. They leave when they
-- get their label, and when they are taken back or erased. What came before this schema is not noted: it stays RED.
CREATE TABLE waits (
  marking INTEGER NOT NULL, source INTEGER NOT NULL, position INTEGER NOT NULL,
  PRIMARY KEY (marking, source, position)) STRICT, WITHOUT ROWID;
CREATE INDEX waits_position ON waits (position);
