//! What acts at a receiver, and why; as `node::views` has it.

use super::Kind::{Count, Flag, Many, One, OneOf, Text, Texts, Time};
use super::Presence::{Always, Sometimes};
use super::{Others, Shape};

const ACTIONS: &[&str] = &["block", "alert", "context", "nothing"];

/// What they take and give.
pub const SHAPES: &[Shape] = &[
    Shape {
        name: "PolicyRequest",
        summary: "What one's own member lets act.",
        fields: &[("text", Text, Always, "The policy, in TOML; at most 256 KiB.")],
        others: Others::Refused,
    },
    Shape {
        name: "Policy",
        summary: "What one's own member lets act at its sensors.",
        fields: &[
            ("text", Text, Always, "As it was written, in TOML."),
            ("default", Flag, Always, "It is the node's, for members that wrote none."),
            ("set", Time, Sometimes, "When it was written."),
            (
                "unknown",
                Texts,
                Always,
                "Rules that name nobody who is known to the member by now, each with its line: they let nothing act.",
            ),
            (
                "left_out",
                Texts,
                Always,
                "Warning lists of the node that are left out, since they would hold back nearly everything, each with why.",
            ),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "FeedFormats",
        summary: "The formats of what sensors read.",
        fields: &[("formats", Many("FeedFormat"), Always, "Each with its files.")],
        others: Others::Possible,
    },
    Shape {
        name: "FeedFormat",
        summary: "A format of what sensors read.",
        fields: &[
            ("format", Text, Always, "Its name."),
            ("least_action", OneOf(ACTIONS), Always, "The least that its sensors do."),
            ("files", Many("FeedFile"), Always, "Its files."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "FeedFile",
        summary: "A file of a format.",
        fields: &[
            ("name", Text, Always, "Its name."),
            ("content_type", Text, Always, "Its media type."),
            ("kinds", Texts, Always, "The kinds of values that it may hold."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "WhyAnswers",
        summary: "What values do, and why.",
        fields: &[("answers", Many("Why"), Always, "In the order in which they were asked.")],
        others: Others::Possible,
    },
    Shape {
        name: "Why",
        summary: "What a value that was seen does, and why.",
        fields: &[
            ("query", Text, Always, "As it was asked."),
            ("kind", Text, Sometimes, "What kind of observable it is."),
            ("value", Text, Sometimes, "Its normal form."),
            ("error", Text, Sometimes, "Why it cannot be read."),
            (
                "held",
                Text,
                Sometimes,
                "Why rules are held, with line and column: they leave in no file for sensors.",
            ),
            ("action", OneOf(ACTIONS), Always, "The most that is done."),
            (
                "known",
                Many("WhyKnown"),
                Always,
                "What of it is known: the value itself, or what it is part of, the closest first.",
            ),
            ("more", Flag, Always, "There is more than is told."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "WhyKnown",
        summary: "Something that indicators say by itself, and that a value which was seen is or is part of.",
        fields: &[
            ("value", Text, Always, "What."),
            (
                "nearness",
                Text,
                Always,
                "What it is to the value that was seen: `same`, `host`, `parent`, `network` and so on.",
            ),
            ("verdicts", Many("WhyVerdict"), Always, "What it does, in each mode that it is meant in."),
            ("gates", Many("WhyGate"), Always, "What is asked of the value, whoever says it."),
            ("said", Many("WhySaid"), Always, "Who says it, the newest first, and what is asked of each."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "WhyVerdict",
        summary: "What a value does in one mode.",
        fields: &[
            ("mode", Text, Always, "How it is meant: `exact`, `subdomains`, `network` and so on."),
            ("meets", Flag, Always, "The value that was seen is meant by it."),
            ("action", OneOf(ACTIONS), Always, "What is done."),
            ("until", Time, Sometimes, "Until when, if nothing changes."),
            ("origins", Count, Always, "How many origins say so, as far as they let it do this."),
            ("rests_on", Text, Sometimes, "The indicator that it rests on."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "WhyGate",
        summary: "Something that was asked, and what it lets the value do.",
        fields: &[
            (
                "gate",
                Text,
                Always,
                "`valid`, `harmful`, `permitted`, `rule`, `confidence`, `score`, `per-day`, `mistaken`, `innocent`, `warning-list` or `prevalence`.",
            ),
            ("lets", OneOf(ACTIONS), Always, "The most that it lets the value do."),
            ("by", Text, Always, "What it went by: the rule, the list, the figure."),
            ("at", Time, Sometimes, "The time that it went by."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "WhySaid",
        summary: "An indicator that says a value by itself.",
        fields: &[
            ("id", Text, Always, "Its id."),
            ("source", One("Named"), Sometimes, "Who says it, where that is told."),
            ("own", Flag, Always, "It is of one's own organisation."),
            ("label", Text, Always, "Its TLP label."),
            ("entered", Time, Always, "When it entered."),
            ("sighted", One("WhyVoices"), Sometimes, "Who says that it was seen."),
            ("mistaken", One("WhyVoices"), Sometimes, "Who calls it a mistake."),
            ("record", One("WhyRecord"), Sometimes, "What others say of what its source says."),
            ("gates", Many("WhyGate"), Always, "What is asked of it."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "WhyVoices",
        summary: "Who says something of an indicator, as far as one sees it.",
        fields: &[
            ("members", Count, Always, "Members, each once; those that the desk does not name are one."),
            ("own", Flag, Always, "One's own organisation does."),
            ("last", Time, Sometimes, "When it was seen last, or called a mistake last."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "WhyRecord",
        summary: "How a source's indicators did, by what others say of them and one sees.",
        fields: &[
            ("sighted", Count, Always, "Indicators that others saw."),
            ("sighted_by", Count, Always, "Members that saw them."),
            ("mistaken", Count, Always, "Indicators that others call a mistake."),
            ("mistaken_by", Count, Always, "Members that do."),
            ("more", Flag, Always, "There is more than was counted."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "VerdictRequest",
        summary: "A verdict on indicators.",
        fields: &[
            ("of", Texts, Always, "Values, defanged or not, or ids of indicators; up to 100."),
            ("verdict", OneOf(&["mistaken", "sighted"]), Sometimes, "What is said; `mistaken` unless given."),
            ("reason", Text, Sometimes, "Why it is a mistake."),
            ("count", Count, Sometimes, "How often it was seen; once unless given."),
            ("first_seen", Time, Sometimes, "When first; `last_seen` unless given."),
            ("last_seen", Time, Sometimes, "When last; now unless given."),
            ("context", Text, Sometimes, "More than the count: tells who saw it where, and this."),
            (
                "tlp",
                Text,
                Sometimes,
                "Its label, no lower than the indicator's; the indicator's unless given.",
            ),
            ("without_name", Flag, Sometimes, "It is said without the member's name, and enters later."),
        ],
        others: Others::Refused,
    },
    Shape {
        name: "SightingsReport",
        summary: "How often indicators were seen.",
        fields: &[(
            "sightings",
            Many("SightingOnDay"),
            Always,
            "One for each indicator and day; up to 1,000.",
        )],
        others: Others::Refused,
    },
    Shape {
        name: "SightingOnDay",
        summary: "How often an indicator was seen on a day (UTC).",
        fields: &[
            ("indicator", Text, Always, "Its id."),
            ("count", Count, Sometimes, "How often; once unless given."),
            ("first_seen", Time, Sometimes, "When first; `last_seen` unless given."),
            ("last_seen", Time, Always, "When last, on the same day."),
            ("context", Text, Sometimes, "More than the count: tells who saw it where, and this."),
        ],
        others: Others::Refused,
    },
    Shape {
        name: "SightingsReported",
        summary: "What became of sightings that were reported.",
        fields: &[
            ("sightings", Count, Always, "How many there were, those of one indicator and day as one."),
            ("said", Count, Always, "Said now."),
            ("known", Count, Always, "As much was said of the indicator and the day before."),
            ("pending", Count, Always, "They wait for a curator."),
            ("unknown", Count, Always, "Of indicators that one does not see, or may not speak of."),
            ("refused", Count, Always, "Refused."),
            ("why_refused", Text, Sometimes, "Why the first of these was."),
        ],
        others: Others::Possible,
    },
    Shape {
        name: "VerdictsGiven",
        summary: "What was said of which indicators.",
        fields: &[("given", Many("VerdictGiven"), Always, "Each indicator that is meant.")],
        others: Others::Possible,
    },
    Shape {
        name: "VerdictGiven",
        summary: "What was said of an indicator.",
        fields: &[
            ("indicator", Text, Always, "Its id."),
            ("known", Flag, Always, "The member said so before, and nothing was said again."),
            ("outcome", One("Outcome"), Sometimes, "What became of what was said."),
        ],
        others: Others::Possible,
    },
];
