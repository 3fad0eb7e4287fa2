-- Version 2. An erasure can ask that the same bytes of the same member are not taken again: `mark` is a digest of both
-- under a key of this folder, so that who has not the folder cannot try guesses.
ALTER TABLE erasure ADD COLUMN mark BLOB;
CREATE INDEX erasure_mark ON erasure (mark) WHERE mark IS NOT NULL;
INSERT INTO meta (name, value) VALUES ('erasure-key', randomblob(32));
