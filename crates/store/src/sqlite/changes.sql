-- What each act reached, for who is told of what was taken away since a position.
CREATE INDEX reach_act ON reach (act, target);
