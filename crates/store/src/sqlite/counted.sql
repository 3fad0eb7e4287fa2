-- How many entries there are of each label before a stretch of positions, label by label from 0 in LEB128, and what stands in the
-- stretch up to `last`, in runs as those of `sealed`. The next stretch ends with the first commit that goes up to `due` or further.
-- A view of `sealed`: what was opened at one moment has its times by it.
CREATE TABLE counted (last INTEGER PRIMARY KEY, due INTEGER NOT NULL, counts BLOB NOT NULL, runs BLOB NOT NULL) STRICT;
