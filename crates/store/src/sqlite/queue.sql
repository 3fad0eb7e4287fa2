-- The queue: submissions that wait for a curator beside their arrivals, and what became of them. `state` is 0 held, 1 returned,
-- 2 merged, 3 released; `owner`, `approved` and `decider` say member, person and token.
CREATE TABLE queue (
  submission INTEGER PRIMARY KEY, state INTEGER NOT NULL, deadline INTEGER NOT NULL, four_eyes INTEGER NOT NULL,
  labels TEXT NOT NULL, findings TEXT NOT NULL, owner TEXT, approved TEXT, decider TEXT, decided INTEGER,
  reason TEXT NOT NULL DEFAULT '', merged TEXT NOT NULL DEFAULT '') STRICT;
-- How submissions through a collection are curated: 0 not, 1 by one, 2 by two.
ALTER TABLE collection ADD COLUMN curation INTEGER NOT NULL DEFAULT 0;
