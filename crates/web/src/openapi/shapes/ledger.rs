//! Who knew what, when; what was disclosed under compulsion; as `node::views` has it.

use super::Kind::{Count, Flag, Many, One, Text, Texts, Time, Uuid};
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
    Shape {
        name: "DisclosureRequest",
        summary: "What is to be given to an authority.",
        fields: &[
            ("objects", Texts, Always, "The objects, by id, at most 100."),
            ("source", Text, Sometimes, "Of each what this member said; otherwise what its owner says."),
            ("authority", Text, Always, "To whom."),
            ("basis", Text, Always, "On what legal basis."),
            ("sealed_until", Time, Sometimes, "The participants are told at this time instead of at once."),
            (
                "second",
                Text,
                Sometimes,
                "The token of an administrator who agrees, where what the node holds is given.",
            ),
        ],
        others: Others::Refused,
    },
    Shape {
        name: "SealRequest",
        summary: "Until when a disclosure is sealed.",
        fields: &[("until", Time, Always, "The participants are told at this time.")],
        others: Others::Refused,
    },
    Shape {
        name: "Disclosed",
        summary: "A disclosure that was made, and what was given by it.",
        fields: &[
            ("id", Uuid, Always, "Its id."),
            ("at", Time, Always, "When."),
            ("member", One("Named"), Always, "The member that was compelled."),
            ("by_operator", Flag, Always, "The node's operator did it, with what the node holds."),
            ("authority", Text, Always, "To whom."),
            ("basis", Text, Always, "On what legal basis."),
            ("objects", Texts, Always, "The objects, by id and version, with a space between."),
            ("sealed_until", Time, Sometimes, "The participants are told at this time."),
            ("sealed", Flag, Always, "They are not told yet."),
            ("second", Uuid, Sometimes, "The token of the administrator who agreed."),
            (
                "extended",
                Texts,
                Sometimes,
                "When it was sealed for longer, and until when, with a space between.",
            ),
            ("given", Many("StixObject"), Always, "The objects, as they were given."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "Disclosure",
        summary: "A disclosure, for who made it and for auditors.",
        fields: &[
            ("id", Uuid, Always, "Its id."),
            ("at", Time, Always, "When."),
            ("member", One("Named"), Always, "The member that was compelled."),
            ("by_operator", Flag, Always, "The node's operator did it, with what the node holds."),
            ("authority", Text, Always, "To whom."),
            ("basis", Text, Always, "On what legal basis."),
            ("objects", Texts, Always, "The objects, by id and version, with a space between."),
            ("sealed_until", Time, Sometimes, "The participants are told at this time."),
            ("sealed", Flag, Always, "They are not told yet."),
            ("second", Uuid, Sometimes, "The token of the administrator who agreed."),
            (
                "extended",
                Texts,
                Sometimes,
                "When it was sealed for longer, and until when, with a space between.",
            ),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "Disclosures",
        summary: "Disclosures, and how many there are.",
        fields: &[
            ("total", Count, Always, "All of the node."),
            ("sealed", Count, Always, "Those that participants are not told of yet."),
            (
                "disclosures",
                Many("Disclosure"),
                Always,
                "Those that the caller is told of, the oldest first.",
            ),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "NodeView",
        summary: "What a node says of itself.",
        fields: &[
            ("title", Text, Always, "What it is called."),
            ("disclosures", One("DisclosureCount"), Always, "Disclosures to authorities."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "DisclosureCount",
        summary: "How many disclosures there were.",
        fields: &[
            ("total", Count, Always, "All."),
            ("sealed", Count, Always, "Those that participants are not told of yet."),
        ],
        others: Others::Possible,
    },
];
