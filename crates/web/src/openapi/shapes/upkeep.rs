//! What routes give to those who keep the node: what was refused, read and done, and what becomes of what is kept.

use super::Kind::{Count, Flag, Many, One, OneOf, Text, Texts, Time, Uuid};
use super::Presence::{Always, Sometimes};
use super::Shape;
use super::given::given;

/// The documents.
pub const SHAPES: &[Shape] = &[
    given(
        "Quarantine",
        "Refused arrivals.",
        &[
            ("quarantine", Many("Quarantined"), Always, "The newest first."),
            ("more", Flag, Always, "There are more than are listed."),
        ],
    ),
    given(
        "Quarantined",
        "Something that was refused. What it says is for the member that sent it.",
        &[
            (
                "id",
                Text,
                Always,
                "Submission and place in it, with a dot between; the place is sealed for other members.",
            ),
            ("received", Time, Always, "When it came."),
            ("member", One("Named"), Always, "Who sent it."),
            ("submission", Uuid, Always, "The submission it came in."),
            ("ordinal", Count, Sometimes, "Where in the submission, from 0, for the member that sent it."),
            ("bytes", Count, Always, "Its length."),
            ("object", Text, Sometimes, "The id it claimed."),
            ("reason", Text, Sometimes, "Why it was refused."),
            ("content", Text, Sometimes, "Its bytes, where they are text."),
            ("content_base64", Text, Sometimes, "Its bytes, where they are not."),
        ],
    ),
    given(
        "UpkeepEvent",
        "A line of work that takes long.",
        &[
            ("event", OneOf(&["progress", "done", "problem"]), Always, "What the line is."),
            ("done", Count, Sometimes, "So much is done."),
            ("of", Count, Sometimes, "Of so much."),
        ],
    ),
    given(
        "Reads",
        "Who read how much, and when.",
        &[
            ("reads", Many("Read"), Always, "The rows."),
            ("more", Flag, Always, "Older ones follow: ask for those before the time of the last."),
        ],
    ),
    given(
        "Read",
        "An answer that lent something.",
        &[
            ("at", Time, Always, "When. No two rows share a time."),
            ("verb", Text, Always, "The road: `list`, `search`, `lookup`, `object`, `export` and the like."),
            ("member", One("Named"), Always, "For which member it was read."),
            ("token", One("Named"), Sometimes, "By which token, for its own member."),
            ("person", One("Named"), Sometimes, "The person that the token names, for his own member."),
            ("collection", One("Named"), Sometimes, "Through which collection, for its own member."),
            ("label", Text, Always, "The strictest label of what was lent."),
            ("entries", Count, Always, "How many entries."),
            (
                "first",
                Time,
                Sometimes,
                "The least time at which something of it was added, for its own member.",
            ),
            ("last", Time, Sometimes, "The greatest."),
        ],
    ),
    given(
        "Audit",
        "What was done.",
        &[
            ("audit", Many("Audited"), Always, "The rows."),
            ("more", Flag, Always, "There are more than are listed."),
        ],
    ),
    given(
        "Audited",
        "Something that was done.",
        &[
            ("id", Count, Always, "Its number; later rows have greater ones."),
            ("at", Time, Always, "When."),
            ("verb", Text, Always, "What was done: `member.add`, `import`, `erase` and the like."),
            ("target", Text, Sometimes, "On what. What other members did to objects is not told."),
            (
                "target_name",
                Text,
                Sometimes,
                "Its name now, where it is a member, a person, a collection or a token.",
            ),
            ("token", One("Named"), Sometimes, "By which token; the node itself where left out."),
            ("member", One("Named"), Sometimes, "Whose token that is."),
            ("person", One("Named"), Sometimes, "The person that the token names."),
        ],
    ),
    given(
        "RetentionRule",
        "How long statements of a type, of a source, are kept.",
        &[
            ("id", Text, Always, "By which it is removed."),
            ("type", Text, Sometimes, "The type; every type where left out."),
            ("source", One("Named"), Sometimes, "The member; every member where left out."),
            ("days", Count, Always, "Days after which they are erased."),
            ("added", Time, Always, "When the rule was added."),
        ],
    ),
    given(
        "RetentionRun",
        "What the rules of retention and the charters of circles reached.",
        &[
            ("dry_run", Flag, Always, "Nothing was erased, only counted."),
            ("statements", Count, Always, "Statements reached."),
            ("charters", Count, Always, "Of these, by charters of circles."),
            ("rules", Many("RetentionReached"), Always, "Each rule, in order."),
        ],
    ),
    given(
        "RetentionReached",
        "What one rule reached.",
        &[
            ("id", Text, Always, "The rule."),
            ("type", Text, Sometimes, "The type; every type where left out."),
            ("source", One("Named"), Sometimes, "The member; every member where left out."),
            ("days", Count, Always, "Days after which statements are erased."),
            ("added", Time, Always, "When the rule was added."),
            ("statements", Count, Always, "Statements."),
        ],
    ),
    given(
        "BackupMade",
        "A copy of the record.",
        &[
            ("folder", Text, Always, "Where it is."),
            ("bytes", Count, Always, "Its length."),
            ("made", Time, Always, "When it was made."),
        ],
    ),
    given(
        "Rebuilt",
        "Views made again.",
        &[
            ("equal", Flag, Always, "They are what they were."),
            ("earlier", Flag, Always, "They were made by an earlier release, so they may differ."),
            ("statements", Count, Always, "Statements gone through."),
            ("positions", Count, Always, "Positions in the record."),
        ],
    ),
    given(
        "Checked",
        "What a check of everything found.",
        &[
            ("well", Flag, Always, "Nothing is wrong."),
            ("positions", Count, Always, "Positions looked at: statements and acts."),
            ("erased", Count, Always, "Of these, erased."),
            ("problems", Texts, Always, "What is wrong, at most a hundred lines."),
        ],
    ),
];
