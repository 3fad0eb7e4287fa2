-- What agents beside sensors reported last, by their member. Times are microseconds since 1970.
CREATE TABLE IF NOT EXISTS edge (
    member BLOB NOT NULL,
    name TEXT NOT NULL,
    at INTEGER NOT NULL,
    report BLOB NOT NULL,
    PRIMARY KEY (member, name)
) STRICT, WITHOUT ROWID;
