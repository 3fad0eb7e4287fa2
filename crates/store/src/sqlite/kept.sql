-- What members of circles agreed to, by digest (SHA-256, in hexadecimal): it binds, whatever the circle says by now.
CREATE TABLE definition (num INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, text TEXT NOT NULL) STRICT;
-- A view: entries whose bodies stand there and whose labels name circles, with where each entered first under the label that it
-- bears, which is not `position` where it stood up again. What charters let go is looked for here, and in nothing larger.
CREATE TABLE circled (position INTEGER PRIMARY KEY, label INTEGER NOT NULL, since INTEGER NOT NULL) STRICT;
CREATE INDEX circled_since ON circled (label, since);
