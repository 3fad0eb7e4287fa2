-- For whom claims speak: the statement at a position, whose body is there, and the source of a member that owns its id for some
-- who read it, or whose identity it names as its author. Written with the claim: who owns an id may change no more, but an identity may be bound later.
CREATE TABLE claimed (
  position INTEGER NOT NULL, owner INTEGER NOT NULL, PRIMARY KEY (position, owner)) STRICT, WITHOUT ROWID;
