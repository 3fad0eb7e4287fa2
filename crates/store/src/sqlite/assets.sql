-- What members declare as their own: networks, addresses, domains, mail domains, in normal form. A row that is taken back is gone.
CREATE TABLE asset (
  num INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, member BLOB NOT NULL, text TEXT NOT NULL, added INTEGER NOT NULL,
  UNIQUE (member, text)) STRICT;
