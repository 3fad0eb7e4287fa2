-- The desk: what a member says without its name is kept under its alias, which is told to nobody; `sector` is what the node
-- vouches for then.
ALTER TABLE member ADD COLUMN alias BLOB;
ALTER TABLE member ADD COLUMN sector TEXT NOT NULL DEFAULT '';
UPDATE member SET alias = randomblob(16);
CREATE UNIQUE INDEX member_alias ON member (alias);
-- An arrival that waits is not sequenced before `due`; `form` says how its bytes are cut where they are not one document.
ALTER TABLE arrival ADD COLUMN due INTEGER;
ALTER TABLE arrival ADD COLUMN form TEXT NOT NULL DEFAULT '';
