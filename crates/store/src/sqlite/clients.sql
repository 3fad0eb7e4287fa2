-- Who is whose client (TLP 2.0: AMBER reaches a recipient's clients), and which members are nothing else. A row that ended stays.
CREATE TABLE client (
  num INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, member BLOB NOT NULL, provider BLOB NOT NULL,
  since INTEGER NOT NULL, revoked INTEGER) STRICT;
CREATE UNIQUE INDEX client_once ON client (member, provider) WHERE revoked IS NULL;
ALTER TABLE member ADD COLUMN client_only INTEGER NOT NULL DEFAULT 0;
