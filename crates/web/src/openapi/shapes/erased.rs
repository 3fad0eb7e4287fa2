//! What sharing gives; what a recall takes and gives; who said a value; what an erasure by subject takes and gives; as `node::views` has it.

use super::Kind::{Count, Flag, Many, One, OneOf, Text, Texts, Time, Uuid};
use super::Presence::{Always, Sometimes};
use super::{Others, Shape};

/// What they take and give.
pub const SHAPES: &[Shape] = &[
    Shape {
        name: "EraseSubjectRequest",
        summary: "What is to be erased, by what it is about.",
        fields: &[
            (
                "subject",
                Text,
                Always,
                "An address, a domain, an email address, an id, a name; defanged or not.",
            ),
            ("reason", Text, Sometimes, "Why; it is kept with the erasure. Needed unless `dry_run`."),
            ("dry_run", Flag, Sometimes, "Look, and erase nothing."),
        ],
        others: Others::Refused,
    },
    Shape {
        name: "SubjectErased",
        summary: "What says something of a subject, and what became of it.",
        fields: &[
            ("dry_run", Flag, Always, "Nothing was erased, only looked for."),
            ("subject", Text, Always, "What the subject is: a kind of observable, `id` or `text`."),
            ("statements", Count, Always, "Statements that say it, each version of each member for itself."),
            ("objects", Count, Always, "Objects of which there are such statements."),
            ("by", Many("SubjectCount"), Always, "Statements by type and by whose they are."),
            ("longer", Count, Always, "Statements that say a longer value which holds it. They stay."),
            ("refused", Count, Always, "Refused arrivals in the quarantine that say it."),
            ("told", Count, Always, "What submitters were told that says it."),
            ("held", One("SubjectHeld"), Always, "Who may hold what was erased."),
            ("backups", Many("SubjectBackup"), Always, "Copies of the record that the node knows of."),
            ("remains", Many("Remains"), Always, "What stays, and why."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "SubjectCount",
        summary: "Statements of a type and a member.",
        fields: &[
            ("type", Text, Always, "The type."),
            ("source", One("Named"), Sometimes, "Whose they are, unless the origin is withheld."),
            ("statements", Count, Always, "How many."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "SubjectHeld",
        summary: "Who may hold something, by what was written down of reads.",
        fields: &[
            ("members", Count, Always, "Members that were lent some of it."),
            ("answers", Count, Always, "Answers that may have held some of it."),
            ("roads", Many("RoadCount"), Always, "Answers by road."),
            ("days", Count, Always, "How many days back reads are written down."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "RoadCount",
        summary: "Answers of a road.",
        fields: &[
            ("road", Text, Always, "The road: `list`, `export`, `lookup` and the like."),
            ("answers", Count, Always, "How many."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "SubjectBackup",
        summary: "A copy of the record.",
        fields: &[
            ("folder", Text, Always, "Where it was made."),
            ("made", Time, Always, "When."),
            ("there", Flag, Always, "It is still there, as far as the node can see."),
            ("listed", Flag, Always, "The list of erasures lies beside it now."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "Remains",
        summary: "Something that stays.",
        fields: &[
            ("what", Text, Always, "What, a word."),
            ("count", Count, Sometimes, "How many, where they can be counted."),
            ("why", Text, Always, "Why, and what can be done."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "RecallRequest",
        summary: "What is to be recalled.",
        fields: &[
            ("objects", Texts, Sometimes, "Objects, by id."),
            ("submission", Uuid, Sometimes, "And all that this submission brought."),
            (
                "source",
                Text,
                Sometimes,
                "And all own indicators that name this source first, as copies of one feed do.",
            ),
            ("reason", Text, Always, "Why; everybody who sees the objects is told."),
        ],
        others: Others::Refused,
    },
    Shape {
        name: "Recalled",
        summary: "What was recalled.",
        fields: &[
            ("recalls", Many("RecallEntry"), Always, "The entries that say so, one for each label."),
            ("withdrawn", Count, Always, "Versions that were taken back."),
            ("held", One("RecallHeld"), Always, "Who holds some of it. What left is where it is."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "RecallEntry",
        summary: "An entry that says that objects are recalled.",
        fields: &[
            ("id", Text, Always, "Its STIX id, that of a note."),
            ("label", Text, Always, "Its label, which is that of the objects."),
            ("reason", Text, Always, "Why."),
            ("objects", Texts, Always, "The objects."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "RecallView",
        summary: "One recall, as somebody sees it.",
        fields: &[
            ("id", Text, Always, "The id of its entry."),
            ("label", Text, Always, "Its label."),
            ("reason", Text, Always, "Why."),
            ("objects", Texts, Always, "The objects."),
            ("source", One("Named"), Sometimes, "Who recalled, unless the origin is withheld."),
            (
                "held",
                One("RecallHeld"),
                Sometimes,
                "Who holds some of it, and who knows; for those who recalled.",
            ),
            (
                "edges",
                Many("RecallEdge"),
                Sometimes,
                "The edges of one's own member, for those who see them.",
            ),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "RecallHeld",
        summary: "Who may hold what was recalled, by what was written down of reads.",
        fields: &[
            (
                "members",
                Many("RecallHolder"),
                Always,
                "Those that one may know, and that took it in lists, exports or the stream.",
            ),
            ("others", Count, Always, "All others that were lent some of it."),
            ("others_confirmed", Count, Always, "Of these, those that have read of the recall."),
            ("days", Count, Always, "How many days back reads are written down."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "RecallHolder",
        summary: "A member that holds some of what was recalled.",
        fields: &[
            ("member", One("Named"), Always, "The member."),
            ("objects", Count, Always, "How many of the objects."),
            ("confirmed", Flag, Always, "It has read of the recall since."),
            ("edges", One("RecallEdges"), Sometimes, "Its edges, where it has some that report."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "Shared",
        summary: "What is about to leave, or has left.",
        fields: &[
            ("dry_run", Flag, Always, "Nothing has left."),
            ("format", OneOf(&["stix", "csv", "list", "text"]), Always, "What the input was."),
            ("values", Texts, Always, "The values in it, in normal form; the first 10,000."),
            ("said", One("SaidAlready"), Always, "What was said of these values already."),
            ("alarms", Many("Alarm"), Always, "What to look at before it leaves."),
            ("preview", One("Preview"), Always, "Who would see it."),
            (
                "labels",
                Many("SharedLabel"),
                Sometimes,
                "Who would see each object, by label, in a dry run of what carries others.",
            ),
            ("summary", One("ImportSummary"), Always, "What the import makes of it."),
            ("refused", Many("Outcome"), Always, "What of it is refused; the first 20."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "SharedLabel",
        summary: "What would bear one label.",
        fields: &[
            ("objects", Count, Always, "How many objects."),
            ("preview", One("Preview"), Always, "Who would see them."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "SaidAlready",
        summary: "What was said of values already, as far as the one who shares sees.",
        fields: &[
            ("of", Count, Always, "Values that were looked at, at most 1,000."),
            ("by_others", Count, Always, "Of these, said by others."),
            ("by_oneself", Count, Always, "Of these, said by the one who shares."),
            ("by", Many("SaidBy"), Always, "Who, and of how many."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "SaidBy",
        summary: "Of how many values one source said something.",
        fields: &[
            ("source", One("Named"), Sometimes, "Who; left out for those whose origin is withheld."),
            ("values", Count, Always, "Values."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "Alarm",
        summary: "Something to look at before it leaves.",
        fields: &[
            (
                "what",
                OneOf(&[
                    "reserved",
                    "public-suffix",
                    "warning-list",
                    "personal-data",
                    "no-context",
                    "revoked",
                    "lower-label",
                    "own",
                    "secret",
                    "inside",
                ]),
                Always,
                "Which alarm.",
            ),
            ("count", Count, Always, "How many values, or objects."),
            ("why", Text, Always, "Why it matters."),
            ("values", Texts, Always, "Some of them."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "WhoSaid",
        summary: "Who said a value, as far as the reader sees.",
        fields: &[
            ("said", Many("Saying"), Always, "Each source, the first to say it first."),
            ("more", Flag, Always, "More than 100 statements say it; the newest 100 were looked at."),
            ("warning_lists", Texts, Always, "The warning lists that it is on; then nobody is told of."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "Saying",
        summary: "What one source said of a value.",
        fields: &[
            ("source", One("Named"), Sometimes, "Who; left out for those whose origin is withheld."),
            ("objects", Count, Always, "In how many objects."),
            ("first", Time, Always, "When the first of them was added, for this reader."),
            ("last", Time, Always, "When the last was."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "ValueSaid",
        summary: "A value of an object, and who else said it.",
        fields: &[
            ("kind", Text, Always, "What it is, such as `ipv4`."),
            ("value", Text, Always, "Its normal form."),
            ("said", Many("Saying"), Always, "Each other source, the first to say it first."),
            ("more", Flag, Always, "More than 100 statements say it; the newest 100 were looked at."),
            ("warning_lists", Texts, Always, "The warning lists that it is on; then nobody is told of."),
        ],
        others: Others::Possible,
    },
];
