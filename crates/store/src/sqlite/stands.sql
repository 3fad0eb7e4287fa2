-- What members let act at their sensors, as they wrote it.
CREATE TABLE policy (member BLOB PRIMARY KEY, text TEXT NOT NULL, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;
-- Statements of objects of which several are last, under other labels or of other sources: who goes through many values asks once
-- which of them are another's earlier word for him. 0 is `state::LAST`, 32 is `flag::SEVERAL`.
CREATE INDEX statement_several ON statement (object, source, version, position, label) WHERE state = 0 AND flags & 32 <> 0;
