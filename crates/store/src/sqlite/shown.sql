-- Who was shown what is RED or under embargo while it waited for a curator, for the first time: a submission, a member, a token (x''
-- for the one who owns the folder), when. Of what enters it is part of the ledger, and kept as long; of what does not it goes with
-- the row of the queue.
CREATE TABLE shown (
  submission INTEGER NOT NULL, member BLOB NOT NULL, token BLOB NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (submission, member, token)) STRICT, WITHOUT ROWID;
