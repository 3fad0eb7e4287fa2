//! What routes take.

use super::Kind::{Count, Flag, One, OneOf, Text, Texts, Time};
use super::Presence::{Always, Sometimes};
use super::{Field, Others, Shape, circles};

const TLP: Field = ("tlp", Text, Sometimes, "Its label, such as `amber`.");

const UNNAMED: Field =
    ("without_name", Flag, Sometimes, "It is said without the member's name, and enters later.");

const fn taken(name: &'static str, summary: &'static str, fields: &'static [Field]) -> Shape {
    Shape { name, summary, fields, others: Others::Refused }
}

/// What routes take.
pub const SHAPES: &[Shape] = &[
    taken("LoginRequest", "The one-time secret.", &[("secret", Text, Always, "As the node printed it.")]),
    taken(
        "LookupRequest",
        "Values to look up.",
        &[
            ("values", Texts, Always, "At most 10,000, defanged or not."),
            ("limit", Count, Sometimes, "At most this many mentions of each; 20 unless given."),
        ],
    ),
    taken("NoteRequest", "A note.", &[("text", Text, Always, "What is said."), TLP, UNNAMED]),
    taken(
        "OpinionRequest",
        "An opinion.",
        &[
            (
                "opinion",
                OneOf(&["strongly-disagree", "disagree", "neutral", "agree", "strongly-agree"]),
                Always,
                "How far one agrees.",
            ),
            ("explanation", Text, Sometimes, "Why."),
            TLP,
            UNNAMED,
        ],
    ),
    taken("TagsRequest", "Tags.", &[("tags", Texts, Always, "Words or machine tags."), TLP, UNNAMED]),
    taken("RevokeRequest", "A revocation.", &[TLP, UNNAMED]),
    taken(
        "RelabelRequest",
        "Another label; what is left out stays.",
        &[
            TLP,
            ("to", Texts, Sometimes, "For these only; an empty list is everybody that the TLP lets."),
            ("embargo", Text, Sometimes, "Hold it back from everybody but those; what it is about."),
            ("until", Time, Sometimes, "The embargo is not lifted before."),
            ("lift", Flag, Sometimes, "The embargo is lifted."),
        ],
    ),
    taken(
        "PreviewRequest",
        "A label as one would ask for it.",
        &[
            TLP,
            ("to", Texts, Sometimes, "For these only: `circle:NAME`, `member:NAME`, `person:MEMBER/NAME`."),
            ("embargo", Text, Sometimes, "Hold it back from everybody but those; what it is about."),
            ("until", Time, Sometimes, "The embargo is not lifted before."),
            UNNAMED,
        ],
    ),
    taken("EraseRequest", "An erasure.", &[("reason", Text, Always, "Why; it is kept with the erasure.")]),
    taken(
        "OriginRequest",
        "A question.",
        &[("reason", Text, Always, "Why it is asked; the audit keeps it.")],
    ),
    taken(
        "SectorRequest",
        "A sector.",
        &[("sector", Text, Sometimes, "Its name; left out or empty for none.")],
    ),
    taken(
        "ProvidersRequest",
        "Whose client a member is.",
        &[
            ("providers", Texts, Sometimes, "Members, by name or id; left out or empty for none."),
            ("only", Flag, Sometimes, "It is the client of these only, and no member in its own right."),
        ],
    ),
    taken(
        "NewMemberRequest",
        "A member to add.",
        &[
            ("name", Text, Always, "Its name."),
            ("identity", Text, Sometimes, "A STIX identity to bind to it; one is made otherwise."),
            ("objects_per_hour", Count, Sometimes, "Objects that it may submit in an hour; 0 is no limit."),
            ("bytes_per_hour", Count, Sometimes, "Bytes that it may submit in an hour; 0 is no limit."),
            (
                "sector",
                Text,
                Sometimes,
                "Its sector, which is vouched for where it submits without its name.",
            ),
        ],
    ),
    taken(
        "NewCircleRequest",
        "A circle to make.",
        &[
            ("name", Text, Always, "Its name."),
            ("charter", One("CharterRequest"), Sometimes, "Its charter; without one it is informal."),
            ("expire", Text, Sometimes, "How long it lasts, such as `30d`, which informal ones do."),
            ("owner", Text, Sometimes, "The member that it is for; by an administrator of the node."),
        ],
    ),
    taken(
        "UpgradeRequest",
        "Another charter for a circle.",
        &[
            ("charter", One("CharterRequest"), Always, "The charter."),
            ("expire", Text, Sometimes, "How long it lasts from now; a formal one needs no end."),
        ],
    ),
    taken(
        "CharterRequest",
        "What the members of a circle agree to.",
        &[
            (
                "formal",
                Flag,
                Sometimes,
                "Organisations join it by their administrators; so it is if left out.",
            ),
            ("ceiling", Text, Sometimes, "Nothing above this label is said to it; AMBER+STRICT if left out."),
            ("admits", OneOf(circles::ADMITS), Sometimes, "Whose invitations let others in; members'."),
            ("shows", OneOf(circles::SHOWS), Sometimes, "What members see of each other; organisations."),
            (
                "moderation",
                OneOf(circles::MODERATION),
                Sometimes,
                "Who expels members and ends it; the owner.",
            ),
            ("leavers", OneOf(circles::LEAVERS), Sometimes, "Whether those who left keep what they saw; no."),
            (
                "curation",
                OneOf(circles::CURATION),
                Sometimes,
                "Who looks at what is said to it first; nobody.",
            ),
            (
                "retention_days",
                Count,
                Sometimes,
                "Members keep what is said in it no longer, and the node erases it then of those who agreed to that.",
            ),
            ("vocabulary", Texts, Sometimes, "Tags that objects said to it may bear, `word` or `word*`."),
            ("iep", One("Iep"), Sometimes, "What recipients may do with what they see."),
            ("agreement", Text, Sometimes, "The text of the agreement, which a formal circle has."),
        ],
    ),
    taken(
        "InvitationRequest",
        "An invitation to make.",
        &[("expire", Text, Sometimes, "How long it is good, such as `7d`.")],
    ),
    taken(
        "JoinRequest",
        "An invitation to follow.",
        &[
            ("secret", Text, Always, "The secret of the invitation."),
            ("agree", Text, Sometimes, "The digest of the definition that is agreed to."),
        ],
    ),
    taken(
        "AgreementRequest",
        "What is agreed to in a circle.",
        &[("digest", Text, Always, "The digest of its definition as it is now.")],
    ),
    taken(
        "NewPersonRequest",
        "A person to add.",
        &[("name", Text, Always, "Their name."), ("member", Text, Always, "Their member, by name or id.")],
    ),
    taken(
        "NewTokenRequest",
        "A token to add.",
        &[
            ("member", Text, Always, "The member it belongs to, by name or id."),
            ("person", Text, Sometimes, "The person it names, by name or id."),
            ("name", Text, Sometimes, "A name to know it by."),
            ("roles", Texts, Always, "What its bearer is trusted to do."),
            ("verbs", Texts, Sometimes, "What it may be used for; what its roles need unless given."),
            ("read", Texts, Sometimes, "Collections that it reads; with `write` left out too, all."),
            ("write", Texts, Sometimes, "Collections that it writes."),
            ("ceiling", Text, Sometimes, "The highest label that it lets through; RED unless given."),
            ("networks", Texts, Sometimes, "Networks that it may be used from; anywhere unless given."),
            (
                "expire",
                Text,
                Sometimes,
                "How long it is valid, such as `90d`; a year, the longest, unless given.",
            ),
            ("profile", Text, Sometimes, "Its client profile; by User-Agent unless given."),
            (
                "certificate",
                Text,
                Sometimes,
                "SHA-256 of a client certificate that stands for it, in hexadecimal; by an administrator of the node.",
            ),
        ],
    ),
    taken(
        "NewCollectionRequest",
        "A collection to add.",
        &[
            ("title", Text, Always, "Its title."),
            ("description", Text, Sometimes, "What it is about."),
            ("alias", Text, Sometimes, "Another address for it."),
            ("filter", Text, Sometimes, "What is in it; everything unless given."),
            ("ceiling", Text, Sometimes, "Nothing above this label is in it; RED unless given."),
            ("default_label", Text, Sometimes, "The label of what arrives without one; AMBER unless given."),
            (
                "curation",
                OneOf(&["none", "one", "four-eyes"]),
                Sometimes,
                "Who looks at what is sent through it first.",
            ),
            ("without_name", Flag, Sometimes, "What is sent through it is said without its member's name."),
            (
                "to",
                Texts,
                Sometimes,
                "Whom it is for where nobody is named: `circle:NAME`, `member:NAME`, `person:MEMBER/NAME`.",
            ),
        ],
    ),
    taken(
        "NewRetentionRequest",
        "A rule of retention to add; it names a type, a source, or both.",
        &[
            ("type", Text, Sometimes, "Statements of this type."),
            ("source", Text, Sometimes, "Statements of this member, by name or id."),
            ("days", Count, Always, "Days after which they are erased."),
        ],
    ),
    taken(
        "BackupRequest",
        "Where to copy to.",
        &[("to", Text, Always, "An absolute path on the node's machine; it must not be there yet.")],
    ),
];
