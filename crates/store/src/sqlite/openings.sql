-- Openings: what became visible to a reader later is new to him. Entries of `label` before `position` have for him (a member, and
-- a person of it, or x'') times of their own, in a block that ends at `until`; `count` is how many there are.
DROP TABLE IF EXISTS opening;
CREATE TABLE opening (
  member BLOB NOT NULL, person BLOB NOT NULL, label INTEGER NOT NULL, position INTEGER NOT NULL, until INTEGER NOT NULL,
  count INTEGER NOT NULL, PRIMARY KEY (member, person, label)) STRICT, WITHOUT ROWID;
