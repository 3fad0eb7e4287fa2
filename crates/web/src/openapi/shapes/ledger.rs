//! Who knew what, when; what was disclosed under compulsion; as `node::views` has it.

use super::Kind::{Flag, Many, One, Text, Time, Uuid};
use super::Presence::{Always, Sometimes};
use super::{Others, Shape};

/// What they take and give.
pub const SHAPES: &[Shape] = &[
    Shape {
        name: "Ledger",
        summary: "The ledger of an object, as far as it is for the reader.",
        fields: &[
            ("id", Text, Always, "The object."),
            (
                "kept",
                Flag,
                Always,
                "It is or was RED or under embargo, as far as the reader sees: it is kept who was given it.",
            ),
            ("rows", Many("LedgerRow"), Always, "What happened, the oldest first."),
            ("more", Flag, Always, "There is more."),
            ("next", Text, Sometimes, "The cursor of the next page."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "LedgerRow",
        summary: "Something that happened to what was said.",
        fields: &[
            ("at", Time, Always, "When."),
            (
                "what",
                Text,
                Always,
                "`said`, `relabelled`, `could-see`, `given`, `disclosed`, `withdrawn` or `erased`.",
            ),
            ("member", One("Named"), Sometimes, "The member; left out where the reader is not told which."),
            ("token", One("Named"), Sometimes, "The token, for the administrators of its own member."),
            ("person", One("Named"), Sometimes, "The person that the token names, likewise."),
            ("version", Text, Always, "The version that it is about."),
            ("label", Text, Sometimes, "The TLP, of what was said and relabelled."),
            ("embargo", Flag, Sometimes, "It is under embargo from then on, or no longer, likewise."),
            ("audience", One("Audience"), Sometimes, "Whom the label names, where it is for the reader."),
            ("road", Text, Sometimes, "The road by which it was given."),
            ("until", Time, Sometimes, "Until when it could be seen, where that is over."),
            ("disclosure", One("DisclosureTold"), Sometimes, "The disclosure."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "DisclosureTold",
        summary: "A disclosure to an authority.",
        fields: &[
            ("id", Uuid, Always, "Its id."),
            ("authority", Text, Always, "To whom."),
            ("basis", Text, Always, "On what legal basis."),
            (
                "by_operator",
                Flag,
                Always,
                "The node's operator did it, with what the node holds; otherwise a member, with what it sees.",
            ),
            ("sealed_until", Time, Sometimes, "It was told to nobody else before this time."),
        ],
        others: Others::Possible,
    },
];
