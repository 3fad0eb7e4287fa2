CREATE TABLE member (
    num INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    looked INTEGER
) STRICT;
-- Hosts by name, and the last day on which each was seen.
CREATE TABLE host (
    num INTEGER PRIMARY KEY,
    member INTEGER NOT NULL,
    name TEXT NOT NULL,
    day INTEGER NOT NULL,
    UNIQUE (member, name)
) STRICT;
-- How many hosts were last seen on a day.
CREATE TABLE census (
    member INTEGER NOT NULL,
    day INTEGER NOT NULL,
    hosts INTEGER NOT NULL,
    PRIMARY KEY (member, day)
) STRICT, WITHOUT ROWID;
-- By day first: what is written and what is let go lies together, however much there is. Times are milliseconds of the day.
CREATE TABLE touch (
    member INTEGER NOT NULL,
    day INTEGER NOT NULL,
    key BLOB NOT NULL,
    host INTEGER NOT NULL,
    events INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    event TEXT,
    PRIMARY KEY (member, day, key, host)
) STRICT, WITHOUT ROWID;
-- Prints of events, so that each counts once.
CREATE TABLE met (
    member INTEGER NOT NULL,
    day INTEGER NOT NULL,
    print INTEGER NOT NULL,
    PRIMARY KEY (member, day, print)
) STRICT, WITHOUT ROWID;
-- What a day holds: bytes of its rows, number of its prints.
CREATE TABLE part (
    member INTEGER NOT NULL,
    day INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    prints INTEGER NOT NULL,
    PRIMARY KEY (member, day)
) STRICT, WITHOUT ROWID;
CREATE TABLE hit (
    member INTEGER NOT NULL,
    found INTEGER NOT NULL,
    position INTEGER NOT NULL,
    key BLOB NOT NULL,
    asked BLOB NOT NULL,
    live INTEGER NOT NULL,
    PRIMARY KEY (member, found, position, key),
    UNIQUE (member, position, key)
) STRICT, WITHOUT ROWID;
