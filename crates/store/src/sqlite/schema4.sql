-- Version 4. What pages tell and serve of entries is packed into spans; `statement` keeps bodies that are not what is
-- served, and those of acts.
--
-- `heads` has a record of each entry from `first` on (state and flags in it are views), `wires` what is served of each,
-- with zeros behind up to the end of a page of the file.
CREATE TABLE span (first INTEGER PRIMARY KEY, heads BLOB NOT NULL, wires BLOB NOT NULL) STRICT;
