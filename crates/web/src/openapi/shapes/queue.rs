//! The queue; as `node::queue` writes it.

use super::Kind::{Any, Count, Flag, Many, One, OneOf, Text, Texts, Time, Uuid};
use super::Presence::{Always, Sometimes};
use super::{Others, Shape};

const STATES: &[&str] = &["held", "returned", "merged", "released"];

/// What its routes take and give.
pub const SHAPES: &[Shape] = &[
    Shape {
        name: "ReturnRequest",
        summary: "What the submitter is told.",
        fields: &[("reason", Text, Always, "Why it goes back, in words for who sent it.")],
        others: Others::Refused,
    },
    Shape {
        name: "MergeRequest",
        summary: "Where it is said already.",
        fields: &[
            ("into", Text, Always, "The id of the object, which curator and submitter see."),
            ("reason", Text, Sometimes, "A word to the submitter."),
        ],
        others: Others::Refused,
    },
    Shape {
        name: "CheckFinding",
        summary: "What a check found.",
        fields: &[
            ("object", Text, Always, "The object; empty where it is about all of them."),
            (
                "check",
                Text,
                Always,
                "`context`, `warning-list`, `reserved`, `public-suffix`, `own-asset`, `personal-data`, `inside`, `secret`, `duplicate`, `cap` or `refused`.",
            ),
            ("message", Text, Always, "What it is, one sentence."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "Waiting",
        summary: "That something waits before it enters, or would.",
        fields: &[
            ("why", Text, Always, "Why, one sentence."),
            ("decides", Text, Sometimes, "Who decides, where somebody has to."),
            (
                "deadline",
                Time,
                Sometimes,
                "When it should be answered at the latest, where somebody decides.",
            ),
            (
                "returned_then",
                Flag,
                Always,
                "What nobody answers by then is returned; otherwise it waits on.",
            ),
            (
                "enters",
                Time,
                Sometimes,
                "When it enters at the earliest, where it enters together with others.",
            ),
            ("findings", Many("CheckFinding"), Always, "What the checks found, for who sends it."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "AssetsRequest",
        summary: "What is one's own member's own.",
        fields: &[(
            "assets",
            Texts,
            Always,
            "Networks, addresses, domains with all below them; `@` and a domain for email addresses alone.",
        )],
        others: Others::Refused,
    },
    Shape {
        name: "Assets",
        summary: "What one's own member declares as its own.",
        fields: &[("assets", Many("Asset"), Always, "In the order in which they were declared.")],
        others: Others::Possible,
    },
    Shape {
        name: "Asset",
        summary: "Something that one's own member declares as its own.",
        fields: &[
            ("id", Uuid, Always, "Its id."),
            ("asset", Text, Always, "The network, address or domain, or the mail domain behind `@`."),
            ("added", Time, Always, "When it was declared."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "Submissions",
        summary: "What one's own member sent that a curator looks at.",
        fields: &[("submissions", Many("OwnSubmission"), Always, "What waits first.")],
        others: Others::Possible,
    },
    Shape {
        name: "OwnSubmission",
        summary: "A submission that waits for a curator, or waited, for who sent it.",
        fields: &[
            ("id", Uuid, Always, "Its id."),
            ("state", OneOf(STATES), Always, "Where it stands."),
            ("received", Time, Always, "When it came."),
            ("deadline", Time, Always, "When it should be answered at the latest."),
            ("overdue", Flag, Always, "It waits longer than it should."),
            ("objects", Count, Always, "Objects in it."),
            ("without_name", Flag, Always, "It is without the member's name."),
            ("findings", Many("CheckFinding"), Always, "What the checks found."),
            ("collection", Text, Sometimes, "The collection that it came through."),
            ("reason", Text, Sometimes, "Why it was returned or merged."),
            ("into", Text, Sometimes, "The object that it was merged into."),
            ("decided", Time, Sometimes, "When it was decided."),
            ("shown", Many("ShownTo"), Sometimes, "Who was shown it while it waited, where it is held back."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "ShownTo",
        summary: "A member that was shown what waited, for the first time.",
        fields: &[
            ("at", Time, Always, "When."),
            ("member", One("Named"), Sometimes, "Which, where the submitter knows it."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "Queue",
        summary: "What waits for a curator.",
        fields: &[("queue", Many("QueuedSubmission"), Always, "What waits first, the first deadline first.")],
        others: Others::Possible,
    },
    Shape {
        name: "QueuedSubmission",
        summary: "A submission that waits, or waited, for curators.",
        fields: &[
            ("id", Uuid, Always, "Its id."),
            ("state", OneOf(STATES), Always, "Where it stands."),
            ("received", Time, Sometimes, "When it came, where its member is named."),
            ("deadline", Time, Always, "When it should be answered at the latest."),
            ("overdue", Flag, Always, "It waits longer than it should."),
            ("objects", Count, Always, "Objects in it."),
            ("without_name", Flag, Always, "It is without its member's name."),
            ("member", One("Named"), Sometimes, "Who sent it, where it is by name."),
            ("sector", Text, Sometimes, "The sector that is vouched for, where it is not."),
            ("findings", Many("CheckFinding"), Always, "What the checks found."),
            ("labels", Texts, Always, "The labels that its objects will bear."),
            ("embargo", Text, Sometimes, "The case of the embargo that it will be under."),
            ("four_eyes", Flag, Always, "From TLP:AMBER on two curators of other members let it in."),
            ("approved", Flag, Always, "The first of two has let it in."),
            ("taken", Flag, Always, "A curator has taken it upon himself."),
            ("owner", One("Named"), Sometimes, "The member of that curator, as far as one may know it."),
            ("own", Flag, Sometimes, "It was this very token."),
            ("collection", Text, Sometimes, "The collection that it came through."),
            ("reason", Text, Sometimes, "Why it was returned or merged."),
            ("into", Text, Sometimes, "The object that it was merged into."),
            ("decided", Time, Sometimes, "When it was decided."),
            ("content", Any, Sometimes, "Its objects, the first 1,000, while it waits."),
        ],
        others: Others::Possible,
    },
];
