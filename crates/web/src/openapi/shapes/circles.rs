//! What routes give of circles.

use super::Kind::{Count, Flag, Many, Number, One, OneOf, Text, Texts, Time, Uuid};
use super::Presence::{Always, Sometimes};
use super::Shape;
use super::given::{REVOKED, given};

/// Whose invitations let others in.
pub const ADMITS: &[&str] = &["members", "administrators", "two-administrators"];
/// What members of a circle see of each other.
pub const SHOWS: &[&str] = &["count", "organisations", "persons"];
/// Who moderates a circle.
pub const CURATION: &[&str] = &["none", "one", "four-eyes"];
pub const MODERATION: &[&str] = &["owner", "administrators"];
/// What those keep who left a circle.
pub const LEAVERS: &[&str] = &["close", "keep"];
const PERMITTED: &[&str] = &[
    "none",
    "contact-for-instruction",
    "internally-visible-actions",
    "externally-visible-indirect-actions",
    "externally-visible-direct-actions",
];

/// The documents.
pub const SHAPES: &[Shape] = &[
    given(
        "Circle",
        "A named audience, for its members and for who is invited.",
        &[
            ("id", Uuid, Always, "Its id."),
            ("name", Text, Always, "Its name."),
            ("charter", One("Charter"), Always, "What its members agree to."),
            ("digest", Text, Always, "SHA-256 of its definition, in hexadecimal."),
            ("definition", Text, Always, "Its definition as canonical text: id, name and charter."),
            ("agrees", Flag, Always, "The caller's member agreed to this definition."),
            (
                "agreed_definition",
                Text,
                Sometimes,
                "The definition that it agreed to last, where that is another and is known.",
            ),
            (
                "kept_days",
                Count,
                Sometimes,
                "For how many days the node keeps what the caller's member says to it by name, by what it agreed to.",
            ),
            ("created", Time, Always, "When it was made."),
            ("iep_in_force", Flag, Always, "Its policy binds now: the dates of the policy say so."),
            ("expires", Time, Sometimes, "When it ends by itself."),
            ("owner", One("Named"), Sometimes, "The member that owns it, where members see each other."),
            ("members", Count, Always, "How many members are in it; 0 where that is not told."),
            ("organisations", Many("CircleMember"), Sometimes, "Those of them that the caller may know."),
            ("invitations", Many("Invitation"), Sometimes, "Good invitations, for who may invite."),
            (
                "history",
                Many("CircleAct"),
                Sometimes,
                "What was done in it, the oldest first; the newest 500 acts.",
            ),
            ("more_history", Flag, Always, "More was done before that."),
        ],
    ),
    given(
        "Charter",
        "What the members of a circle agree to.",
        &[
            ("formal", Flag, Always, "Organisations join it by their administrators."),
            ("ceiling", Text, Always, "Nothing above this label is said to it."),
            ("admits", OneOf(ADMITS), Always, "Whose invitations let others in."),
            ("shows", OneOf(SHOWS), Always, "What members see of each other."),
            ("moderation", OneOf(MODERATION), Always, "Who expels members and ends it."),
            ("leavers", OneOf(LEAVERS), Always, "Whether those who left keep what they saw."),
            ("curation", OneOf(CURATION), Always, "Who looks at what is said to it before it enters."),
            (
                "retention_days",
                Count,
                Sometimes,
                "Members keep what is said in it no longer, and the node erases it then of those who agreed to that.",
            ),
            ("vocabulary", Texts, Always, "Tags that objects said to it may bear; empty is any."),
            ("iep", One("Iep"), Always, "What recipients may do with what they see."),
            ("agreement", Text, Always, "The text of the agreement."),
        ],
    ),
    given(
        "Iep",
        "A policy of FIRST IEP 2.0, as its JSON specification has it.",
        &[
            ("id", Uuid, Sometimes, "Its id; where it is left out, the circle's."),
            ("name", Text, Sometimes, "Its name."),
            ("description", Text, Sometimes, "Its description."),
            ("iep_version", Number, Sometimes, "The version of the framework: 2.0."),
            ("start_date", Time, Sometimes, "When it begins."),
            ("end_date", Time, Sometimes, "When it ends."),
            ("encrypt_in_transit", OneOf(&["may", "must"]), Sometimes, "Whether it is encrypted on the way."),
            ("permitted_actions", OneOf(PERMITTED), Sometimes, "What recipients may do with it."),
            (
                "affected_party_notifications",
                OneOf(&["may", "must-not"]),
                Sometimes,
                "Whether those concerned are told.",
            ),
            ("tlp", Text, Sometimes, "The ceiling of the circle, in small letters; CLEAR is `white`."),
            ("attribution", OneOf(&["may", "must", "must-not"]), Sometimes, "Whether the source is named."),
            ("unmodified_resale", OneOf(&["may", "must-not"]), Sometimes, "Whether it is resold as it is."),
            ("external_references", Texts, Sometimes, "Where more is said."),
            ("external_reference", Text, Sometimes, "One more of these; taken, and never given."),
        ],
    ),
    given(
        "CirclePolicy",
        "The policy of a circle that something is said to.",
        &[
            ("circle", One("Named"), Always, "The circle."),
            ("in_force", Flag, Always, "It binds now: its dates say so."),
            ("iep", One("Iep"), Always, "The policy."),
        ],
    ),
    given(
        "CircleMember",
        "A member of a circle, for another.",
        &[
            ("member", One("Named"), Always, "The organisation."),
            ("person", One("Named"), Sometimes, "The person who joined for it, where members see persons."),
            ("since", Time, Always, "Since when."),
            (
                "agreed",
                Text,
                Sometimes,
                "The digest of the definition that it agreed to last; left out where the circle was made for it.",
            ),
        ],
    ),
    given(
        "Invitation",
        "An invitation without its secret.",
        &[
            ("id", Uuid, Always, "Its id."),
            ("created", Time, Always, "When it was made."),
            ("expires", Time, Always, "When it ends."),
            ("waits", Flag, Always, "Another member has yet to confirm it."),
            REVOKED,
        ],
    ),
    given(
        "NewInvitation",
        "An invitation that was just made.",
        &[
            ("id", Uuid, Always, "Its id, by which it is confirmed and taken back."),
            ("name", Text, Always, "The name of the circle."),
            ("expires", Time, Always, "When it ends."),
            ("needs_second", Flag, Always, "Another member has to confirm it."),
            ("secret", Text, Always, "The text to hand to who is invited; it is not told again."),
        ],
    ),
    given(
        "Joined",
        "What came of joining.",
        &[
            ("joined", Flag, Always, "False: the definition is to be agreed to first, by its digest."),
            ("circle", One("Circle"), Always, "The circle."),
        ],
    ),
    given(
        "CircleAct",
        "Something that was done in a circle.",
        &[
            ("at", Time, Always, "When."),
            (
                "verb",
                Text,
                Always,
                "What: add, upgrade, invite, confirm, uninvite, join, agree, leave, expel, revoke; end and let-go by the clock.",
            ),
            ("member", One("Named"), Sometimes, "The member that did it."),
            ("person", One("Named"), Sometimes, "The person who did it for that member."),
            ("about", One("Named"), Sometimes, "The member that it was about."),
        ],
    ),
];
