-- Who was lent what: a row for each answer that lent something, by its time, which no two share. `first` and `last` are the
-- least and the greatest time of what was lent.
CREATE TABLE lent (
  at INTEGER PRIMARY KEY, member BLOB NOT NULL, token BLOB, verb TEXT NOT NULL, collection BLOB,
  tlp INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, entries INTEGER NOT NULL) STRICT;
CREATE INDEX lent_member ON lent (member, at);
