-- The ledger: what is RED or under embargo, and to whom it was given first: an entry, by its position; a member, by a token (x''
-- for the one who owns the folder); when, and on which road. Written before the answer leaves, and kept as long as the record.
CREATE TABLE given (
  position INTEGER NOT NULL, member BLOB NOT NULL, token BLOB NOT NULL, at INTEGER NOT NULL, verb TEXT NOT NULL,
  PRIMARY KEY (position, member, token)) STRICT, WITHOUT ROWID;
-- Disclosures are acts (entry 5), few, and asked for all together.
CREATE INDEX statement_disclosure ON statement (position) WHERE entry = 5;
