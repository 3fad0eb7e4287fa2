-- When an entry was added is told to each reader by what he sees of its commit, so that times tell nothing of what is
-- hidden between them. A commit keeps the labels of its entries: `runs` has label and count of each run, the last first.
-- `date_added` of a statement is what its leaf commits to: from here on the whole millisecond of the commit.
ALTER TABLE sealed ADD COLUMN runs BLOB NOT NULL DEFAULT x'';
-- Entries that ever stood under a label; the next one has this place among them.
ALTER TABLE label ADD COLUMN entries INTEGER NOT NULL DEFAULT 0;
-- What was refused is asked for by where it stood in its submission: a number of its own would count those of others.
CREATE INDEX quarantine_place ON quarantine (submission, ordinal);
