-- Version 1 of the record. Places that DESIGN names and that stand empty now are at the end.
-- What is a view (droppable, made again from the record) says so; everything else is the record.

CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- Sums that are asked for often: `last` (entries that are the last in their place), `quarantine` (its bytes),
-- `scrub` (the index has keys of what was erased).
CREATE TABLE counter (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO counter VALUES ('last', 0), ('quarantine', 0), ('scrub', 0);

-- Directory: read whole, changed one by one; `num` keeps the order in which things were added.
CREATE TABLE epoch (one INTEGER PRIMARY KEY CHECK (one = 1), value INTEGER NOT NULL) STRICT;
INSERT INTO epoch VALUES (1, 0);
CREATE TABLE member (
  num INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, name TEXT NOT NULL, created INTEGER NOT NULL, revoked INTEGER,
  own INTEGER NOT NULL, objects_per_hour INTEGER NOT NULL, bytes_per_hour INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX member_name ON member (name) WHERE revoked IS NULL;
CREATE TABLE person (
  num INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, member BLOB NOT NULL, name TEXT NOT NULL,
  created INTEGER NOT NULL, revoked INTEGER) STRICT;
CREATE UNIQUE INDEX person_name ON person (member, name) WHERE revoked IS NULL;
CREATE TABLE token (
  num INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, digest BLOB NOT NULL UNIQUE, member BLOB NOT NULL, person BLOB,
  name TEXT NOT NULL, roles INTEGER NOT NULL, verbs INTEGER NOT NULL, reads BLOB, writes BLOB,
  ceiling INTEGER NOT NULL, networks TEXT NOT NULL, certificate BLOB, profile TEXT, created INTEGER NOT NULL,
  expires INTEGER NOT NULL, revoked INTEGER, once INTEGER NOT NULL, last_used INTEGER) STRICT;
CREATE TABLE collection (
  num INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, title TEXT NOT NULL, description TEXT NOT NULL, alias TEXT,
  filter TEXT NOT NULL, ceiling INTEGER NOT NULL, default_label INTEGER NOT NULL, created INTEGER NOT NULL,
  revoked INTEGER) STRICT;
CREATE UNIQUE INDEX collection_title ON collection (title) WHERE revoked IS NULL;
CREATE UNIQUE INDEX collection_alias ON collection (alias) WHERE revoked IS NULL;
CREATE TABLE identity (num INTEGER PRIMARY KEY, stix TEXT NOT NULL UNIQUE, member BLOB NOT NULL) STRICT;

-- Interned: small numbers for what is said again and again. Numbers are never given twice.
CREATE TABLE label (num INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, canonical BLOB NOT NULL) STRICT;
CREATE TABLE source (num INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE) STRICT;
CREATE TABLE word (num INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
-- Ids, those too that are only referred to. The index leads from an id to its number.
CREATE TABLE object (num INTEGER PRIMARY KEY, uuid BLOB NOT NULL, kind INTEGER NOT NULL) STRICT;

-- Arrivals.
CREATE TABLE submission (
  num INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, source INTEGER NOT NULL, person BLOB, token BLOB,
  collection BLOB, received INTEGER NOT NULL, outcomes INTEGER NOT NULL, default_label INTEGER NOT NULL,
  complete INTEGER NOT NULL, total INTEGER NOT NULL, success INTEGER NOT NULL, failure INTEGER NOT NULL) STRICT;
CREATE TABLE arrival (submission INTEGER PRIMARY KEY, objects INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE TABLE outcome (
  submission INTEGER NOT NULL, ordinal INTEGER NOT NULL, state INTEGER NOT NULL, position INTEGER, object TEXT,
  version TEXT, message TEXT, PRIMARY KEY (submission, ordinal)) STRICT, WITHOUT ROWID;
CREATE TABLE quarantine (
  num INTEGER PRIMARY KEY, submission INTEGER NOT NULL, ordinal INTEGER NOT NULL, at INTEGER NOT NULL, object TEXT,
  reason TEXT NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE TABLE usage (
  source INTEGER NOT NULL, hour INTEGER NOT NULL, objects INTEGER NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY (source, hour)) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
  num INTEGER PRIMARY KEY, at INTEGER NOT NULL, token BLOB, verb TEXT NOT NULL, target TEXT NOT NULL) STRICT;

-- The record. Narrow columns first: a page reads them without touching the pages that a long body flows over to.
-- `head` repeats what a page tells of an entry, packed. `state`, the flag for several statements, `valid_from` and `valid_until` are views.
CREATE TABLE statement (
  position INTEGER PRIMARY KEY, state INTEGER NOT NULL, label INTEGER NOT NULL, flags INTEGER NOT NULL,
  head BLOB NOT NULL, date_added INTEGER NOT NULL, entry INTEGER NOT NULL, kind INTEGER NOT NULL,
  object INTEGER NOT NULL,
  uuid BLOB NOT NULL, version INTEGER NOT NULL, source INTEGER NOT NULL, submission INTEGER NOT NULL,
  print INTEGER NOT NULL, version_text TEXT, author INTEGER, pattern_type TEXT, valid_from INTEGER,
  valid_until INTEGER, target INTEGER, media INTEGER NOT NULL, wire BLOB, body BLOB) STRICT;
CREATE INDEX statement_object ON statement (object, state, source, version, label, flags, print);
-- The last position of each commit and its whole millisecond.
CREATE TABLE sealed (last INTEGER PRIMARY KEY, at INTEGER NOT NULL UNIQUE) STRICT;
CREATE TABLE leaf (position INTEGER PRIMARY KEY, digest BLOB, salt BLOB, hash BLOB NOT NULL) STRICT;
-- What an act (withdraw, erase, relabel) reached.
CREATE TABLE reach (target INTEGER NOT NULL, act INTEGER NOT NULL, PRIMARY KEY (target, act)) STRICT, WITHOUT ROWID;
-- What was erased, by position and leaf, in order; the file `erasures` beside the database says the same.
CREATE TABLE erasure (num INTEGER PRIMARY KEY, position INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE INDEX erasure_position ON erasure (position);

-- Views.
CREATE TABLE posting (
  list INTEGER NOT NULL, label INTEGER NOT NULL, position INTEGER NOT NULL,
  PRIMARY KEY (list, label, position)) STRICT, WITHOUT ROWID;
CREATE TABLE tally (
  list INTEGER NOT NULL, label INTEGER NOT NULL, source INTEGER NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (list, label, source)) STRICT, WITHOUT ROWID;
CREATE TABLE indexed (position INTEGER PRIMARY KEY, packed BLOB NOT NULL) STRICT;
-- The index: keys that wait, and runs of blocks (state 0 stands, 1 is being made, 2 is no more).
CREATE TABLE fresh (key BLOB NOT NULL PRIMARY KEY, gone INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE run (
  num INTEGER PRIMARY KEY, level INTEGER NOT NULL, state INTEGER NOT NULL, blocks INTEGER NOT NULL,
  entries INTEGER NOT NULL, filter BLOB NOT NULL) STRICT;
CREATE TABLE fence (
  run INTEGER NOT NULL, first BLOB NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (run, first)) STRICT, WITHOUT ROWID;
CREATE TABLE block (num INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;

-- Places.
CREATE TABLE circle (
  num INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, name TEXT NOT NULL, created INTEGER NOT NULL,
  revoked INTEGER) STRICT;
CREATE TABLE circle_member (
  circle INTEGER NOT NULL, member BLOB NOT NULL, person BLOB, since INTEGER NOT NULL, until INTEGER,
  PRIMARY KEY (circle, member, since)) STRICT;
-- A widened right: entries of `label` up to `position` get date_added `first` + their ordinal for `member`.
CREATE TABLE opening (
  num INTEGER PRIMARY KEY, member BLOB NOT NULL, person BLOB, label INTEGER NOT NULL, position INTEGER NOT NULL,
  first INTEGER NOT NULL, count INTEGER NOT NULL) STRICT;
CREATE TABLE signature (
  position INTEGER NOT NULL, key BLOB NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (position, key)) STRICT;
CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, root BLOB NOT NULL, note BLOB NOT NULL) STRICT;
CREATE TABLE envelope (position INTEGER PRIMARY KEY, recipients BLOB NOT NULL, bytes BLOB NOT NULL) STRICT;
