-- What is sent through a collection: whether it is said without a name, and for whom where nobody is named, a line each.
ALTER TABLE collection ADD COLUMN desk INTEGER NOT NULL DEFAULT 0;
ALTER TABLE collection ADD COLUMN recipients TEXT NOT NULL DEFAULT '';
