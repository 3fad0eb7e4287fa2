//! Lists of what is known, as people publish them.
