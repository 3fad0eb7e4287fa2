-- Circles: what they are, who is in them, who is invited, what was done in them. `definition` is the canonical text.
-- `audiences` are the ids, one after the other, under which labels name the circle: another begins when somebody leaves who
-- keeps what he saw, and `kept` is how many of them he keeps.
DROP TABLE IF EXISTS circle;
DROP TABLE IF EXISTS circle_member;
CREATE TABLE circle (
  num INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, definition TEXT NOT NULL, audiences BLOB NOT NULL,
  created INTEGER NOT NULL, expires INTEGER, revoked INTEGER) STRICT;
CREATE TABLE membership (
  num INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, circle BLOB NOT NULL, member BLOB NOT NULL, person BLOB,
  agreed TEXT NOT NULL, since INTEGER NOT NULL, revoked INTEGER, kept INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX membership_once ON membership (circle, member) WHERE revoked IS NULL;
CREATE TABLE invitation (
  num INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, circle BLOB NOT NULL, digest BLOB NOT NULL UNIQUE,
  inviter BLOB NOT NULL, second BLOB, needs_second INTEGER NOT NULL, created INTEGER NOT NULL,
  expires INTEGER NOT NULL, revoked INTEGER) STRICT;
CREATE TABLE circle_act (
  num INTEGER PRIMARY KEY, circle BLOB NOT NULL, at INTEGER NOT NULL, member BLOB, token BLOB, verb TEXT NOT NULL,
  about BLOB) STRICT;
CREATE INDEX circle_act_circle ON circle_act (circle, num);
