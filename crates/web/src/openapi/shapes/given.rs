//! What routes give, as `node::views` has it.

use super::Kind::{Count, Flag, Many, One, OneOf, Text, Texts, Time, Uuid};
use super::Presence::{Always, Sometimes};
use super::{Field, Others, Shape};

const fn given(name: &'static str, summary: &'static str, fields: &'static [Field]) -> Shape {
    Shape { name, summary, fields, others: Others::Possible }
}

const SEVERITY: Field =
    ("severity", OneOf(&["must", "should"]), Always, "How strongly the standard says so.");
const REVOKED: Field = ("revoked", Time, Sometimes, "When it was revoked.");

/// Whose invitations let others in.
pub const ADMITS: &[&str] = &["members", "administrators", "two-administrators"];
/// What members of a circle see of each other.
pub const SHOWS: &[&str] = &["count", "organisations", "persons"];
/// Who moderates a circle.
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

/// What routes give.
pub const SHAPES: &[Shape] = &[
    given(
        "Problem",
        "Why a request came to nothing (RFC 9457).",
        &[
            ("type", Text, Always, "`about:blank`: the status and `code` say which."),
            ("title", Text, Always, "The status in words."),
            ("status", Count, Always, "The status."),
            ("code", Text, Always, "A stable word for programs."),
            ("detail", Text, Always, "What is wrong."),
            ("hint", Text, Sometimes, "What to do next."),
            ("request_id", Text, Always, "The request's id, by which the log knows it."),
        ],
    ),
    given("Document", "A document without a fixed form.", &[]),
    given(
        "Named",
        "Something with an id and a name.",
        &[("id", Uuid, Always, "Its id."), ("name", Text, Always, "Its name.")],
    ),
    given("LoginSecret", "A one-time secret.", &[("secret", Text, Always, "Trade it with `login`.")]),
    given(
        "Whoami",
        "Whom the node takes the caller for.",
        &[
            ("anonymous", Flag, Always, "Nobody has shown a token."),
            ("member", One("Named"), Sometimes, "The member."),
            ("person", Uuid, Sometimes, "The person that the token names."),
            ("token", Uuid, Sometimes, "The token, by its id."),
            ("roles", Texts, Always, "What the caller is trusted to do."),
            ("verbs", Texts, Always, "What the token may be used for."),
            ("ceiling", Text, Always, "The highest label that the token lets through."),
            ("read", Texts, Sometimes, "Collections that it reads, by id; all where left out."),
            ("write", Texts, Sometimes, "Collections that it writes, by id; all where left out."),
            ("profile", Text, Sometimes, "Its client profile."),
        ],
    ),
    given(
        "NewToken",
        "A token that was just made.",
        &[
            ("id", Uuid, Always, "Its id, by which it is revoked."),
            ("name", Text, Always, "Its name."),
            ("member", One("Named"), Always, "Its member."),
            ("roles", Texts, Always, "Its roles."),
            ("expires", Time, Always, "When it ends."),
            ("secret", Text, Always, "The text to hand to the client; it is told this once."),
        ],
    ),
    given("Members", "Members.", &[("members", Many("Member"), Always, "The members.")]),
    given(
        "Member",
        "An organisation or a researcher that takes part.",
        &[
            ("id", Uuid, Always, "Its id."),
            ("name", Text, Always, "Its name."),
            ("identities", Texts, Always, "Its STIX identities."),
            ("created", Time, Always, "When it was added."),
            REVOKED,
            ("objects_per_hour", Count, Always, "Objects that it may submit in an hour; 0 is no limit."),
            ("bytes_per_hour", Count, Always, "Bytes that it may submit in an hour; 0 is no limit."),
            (
                "sector",
                Text,
                Sometimes,
                "Its sector, which is vouched for where it submits without its name.",
            ),
        ],
    ),
    given(
        "Vouched",
        "What is said of an origin that is withheld: a member of the node said it.",
        &[
            ("by", One("Named"), Always, "The node's own member, which vouches for it."),
            ("sector", Text, Sometimes, "The sector of the member who said it, where enough share that."),
        ],
    ),
    given(
        "Origins",
        "Who said an object without a name.",
        &[("object", Text, Always, "The object."), ("origins", Many("Named"), Always, "The members.")],
    ),
    given("Circles", "Circles.", &[("circles", Many("Circle"), Always, "The circles.")]),
    given(
        "Circle",
        "A named audience, for its members and for who is invited.",
        &[
            ("id", Uuid, Always, "Its id."),
            ("name", Text, Always, "Its name."),
            ("charter", One("Charter"), Always, "What its members agree to."),
            ("digest", Text, Always, "SHA-256 of its definition, in hexadecimal."),
            ("definition", Text, Always, "Its definition as canonical text: id, name and charter."),
            ("created", Time, Always, "When it was made."),
            ("expires", Time, Sometimes, "When it ends by itself."),
            ("owner", One("Named"), Sometimes, "The member that owns it, where members see each other."),
            ("members", Count, Always, "How many members are in it; 0 where that is not told."),
            ("organisations", Many("CircleMember"), Sometimes, "Those of them that the caller may know."),
            ("invitations", Many("Invitation"), Sometimes, "Good invitations, for who may invite."),
            ("history", Many("CircleAct"), Sometimes, "What was done in it, the oldest first."),
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
            ("retention_days", Count, Sometimes, "Members keep what is said in it no longer."),
            ("vocabulary", Texts, Always, "Tags that objects said to it may bear; empty is any."),
            ("iep", One("Iep"), Always, "What recipients may do with what they see."),
            ("agreement", Text, Always, "The text of the agreement."),
        ],
    ),
    given(
        "Iep",
        "A policy of FIRST IEP 2.0.",
        &[
            ("name", Text, Sometimes, "Its name."),
            ("description", Text, Sometimes, "Its description."),
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
            ("attribution", OneOf(&["may", "must", "must-not"]), Sometimes, "Whether the source is named."),
            ("unmodified_resale", OneOf(&["may", "must-not"]), Sometimes, "Whether it is resold as it is."),
            ("external_reference", Text, Sometimes, "Where more is said."),
        ],
    ),
    given(
        "CircleMember",
        "A member of a circle, for another.",
        &[
            ("member", One("Named"), Always, "The organisation."),
            ("person", One("Named"), Sometimes, "The person who joined for it, where members see persons."),
            ("since", Time, Always, "Since when."),
            ("agreed", Text, Always, "The digest of the definition that it agreed to."),
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
            ("verb", Text, Always, "What: add, upgrade, invite, confirm, uninvite, join, leave, expel."),
            ("member", One("Named"), Sometimes, "The member that did it."),
            ("person", One("Named"), Sometimes, "The person who did it for that member."),
            ("about", One("Named"), Sometimes, "The member that it was about."),
        ],
    ),
    given("Persons", "Persons.", &[("persons", Many("Person"), Always, "The persons.")]),
    given(
        "Person",
        "Somebody of a member.",
        &[
            ("id", Uuid, Always, "Their id."),
            ("name", Text, Always, "Their name."),
            ("member", One("Named"), Always, "Their member."),
            ("created", Time, Always, "When they were added."),
            REVOKED,
        ],
    ),
    given("Tokens", "Tokens.", &[("tokens", Many("Token"), Always, "The tokens.")]),
    given(
        "Token",
        "A token without its secret.",
        &[
            ("id", Uuid, Always, "Its id."),
            ("name", Text, Always, "Its name."),
            ("member", One("Named"), Always, "Its member."),
            ("person", One("Named"), Sometimes, "The person it names."),
            ("roles", Texts, Always, "Its roles."),
            ("verbs", Texts, Always, "What it may be used for."),
            ("read", Many("Named"), Sometimes, "Collections that it reads; all where left out."),
            ("write", Many("Named"), Sometimes, "Collections that it writes; all where left out."),
            ("ceiling", Text, Always, "The highest label that it lets through."),
            ("networks", Texts, Always, "Networks that it may be used from; anywhere where empty."),
            ("profile", Text, Sometimes, "Its client profile."),
            ("created", Time, Always, "When it was made."),
            ("expires", Time, Always, "When it ends."),
            REVOKED,
            ("last_used", Time, Sometimes, "When it was last shown."),
        ],
    ),
    given("Collections", "Collections.", &[("collections", Many("Collection"), Always, "The collections.")]),
    given(
        "Collection",
        "A collection as the caller may use it.",
        &[
            ("id", Uuid, Always, "Its id."),
            ("name", Text, Always, "Its title."),
            ("description", Text, Sometimes, "What it is about."),
            ("alias", Text, Sometimes, "Its other address."),
            ("filter", Text, Always, "What is in it; empty is everything."),
            ("ceiling", Text, Always, "Nothing above this label is in it."),
            ("default_label", Text, Always, "The label of what arrives without one."),
            ("can_read", Flag, Always, "The caller reads it."),
            ("can_write", Flag, Always, "The caller writes it."),
        ],
    ),
    given(
        "Finding",
        "What the standard says about an object.",
        &[
            SEVERITY,
            ("line", Count, Sometimes, "The line of the input, where it is about more than one object."),
            ("code", Text, Always, "A stable word for it."),
            ("pointer", Text, Always, "RFC 6901 pointer into the object."),
            ("clause", Text, Always, "The clause of the standard."),
            ("message", Text, Always, "What is wrong."),
        ],
    ),
    given(
        "Outcome",
        "What became of one object.",
        &[
            ("ordinal", Count, Always, "Where in the submission, from 0."),
            ("line", Count, Sometimes, "The line of an import's input that it begins on, from 1."),
            ("id", Text, Always, "Its id, as far as it could be read."),
            ("version", Text, Always, "Its version."),
            (
                "state",
                OneOf(&["new", "duplicate", "claim", "equivocation", "rejected", "pending"]),
                Always,
                "What became of it.",
            ),
            ("message", Text, Sometimes, "Why, for what was not simply taken."),
            ("findings", Many("Finding"), Sometimes, "What the standard says about it."),
        ],
    ),
    given(
        "SubmissionStatus",
        "What became of a submission.",
        &[
            ("id", Uuid, Always, "Its id."),
            ("received", Time, Always, "When it arrived."),
            ("complete", Flag, Always, "Everything in it is readable, or refused."),
            ("total", Count, Always, "Objects in it."),
            ("success", Count, Always, "Objects taken, duplicates too."),
            ("failure", Count, Always, "Objects refused."),
            ("pending", Count, Always, "Objects that wait."),
            ("label", Text, Always, "The label under which what came without one was recorded."),
            ("outcomes", Many("Outcome"), Always, "Each object, in order."),
        ],
    ),
    given(
        "ImportProgress",
        "How far an import is.",
        &[
            ("bytes", Count, Always, "Bytes read, before inflating."),
            ("objects", Count, Always, "Objects done."),
        ],
    ),
    given(
        "ImportProblem",
        "Why an import ended before its time. What was taken until then stays.",
        &[
            ("status", Count, Always, "The status that it would have had."),
            ("code", Text, Always, "A stable word for programs."),
            ("detail", Text, Always, "What is wrong."),
            ("hint", Text, Sometimes, "What to do next."),
        ],
    ),
    given(
        "ImportSummary",
        "What an import did.",
        &[
            ("submission", Text, Sometimes, "The submission's id; a dry run makes none."),
            ("format", Text, Always, "What the input turned out to be; `empty` when nothing was in it."),
            ("dry_run", Flag, Always, "Nothing was written."),
            ("bytes", Count, Always, "Bytes read, before inflating."),
            ("objects", Count, Always, "Objects seen."),
            ("new", Count, Always, "New to the record."),
            ("duplicates", Count, Always, "Known already."),
            ("equivocations", Count, Always, "Other content under an id and version that stand."),
            ("claims", Count, Always, "Versions of ids that another member owns."),
            ("rejected", Count, Always, "Refused; each was told."),
            ("warned", Count, Always, "Objects with warnings."),
            ("pending", Count, Always, "Accepted, and entering later: the submission's status tells."),
            ("label", Text, Always, "The label under which what came without one was recorded."),
            ("broken", Text, Sometimes, "Why and where the input could not be read to its end."),
            (
                "findings",
                Many("FindingCount"),
                Always,
                "Findings by code and clause, the most frequent first.",
            ),
        ],
    ),
    given(
        "FindingCount",
        "How often a finding was made.",
        &[
            SEVERITY,
            ("code", Text, Always, "The finding's word."),
            ("clause", Text, Always, "The clause of the standard."),
            ("count", Count, Always, "How often."),
        ],
    ),
    given(
        "ObjectSummary",
        "An object as lists show it.",
        &[
            ("id", Text, Always, "Its STIX id."),
            ("type", Text, Always, "Its type."),
            ("name", Text, Always, "Its name, value or pattern."),
            ("version", Text, Always, "Its version."),
            ("added", Time, Always, "When it was added, for this reader."),
            ("label", Text, Always, "Its label."),
            ("audience", One("Audience"), Sometimes, "Whom the label names, as far as the reader may know."),
            ("source", One("Named"), Sometimes, "Who said it, where the origin is shown."),
            ("vouched", One("Vouched"), Sometimes, "Who vouches for it, where the origin is withheld."),
            ("sources", Count, Sometimes, "How many members say it, on a row of a search, where several do."),
            ("revoked", Flag, Always, "It is revoked by its author."),
            ("claim", Flag, Always, "Another member owns the id, as far as the reader sees."),
            ("valid_from", Time, Sometimes, "From when it is valid."),
            ("valid_until", Time, Sometimes, "Until when it is valid."),
        ],
    ),
    given(
        "Audience",
        "Whom a label names, as far as the reader may know.",
        &[
            ("circles", Many("Named"), Sometimes, "Circles of his."),
            ("members", Many("Named"), Sometimes, "Members: all for the author, himself for others."),
            ("persons", Many("Named"), Sometimes, "Persons: all for the author, his own for others."),
            ("others", Count, Always, "How many others are named."),
            ("embargo", One("Embargo"), Sometimes, "The embargo that it is under."),
        ],
    ),
    given(
        "Embargo",
        "What is held back from everybody but those named, until its author lifts it.",
        &[
            ("case", Text, Always, "What it is about."),
            ("until", Time, Sometimes, "It is not lifted before."),
        ],
    ),
    given(
        "ObjectPage",
        "Objects, and where the next ones begin.",
        &[
            ("objects", Many("ObjectSummary"), Always, "The objects of this page, newest first."),
            ("more", Flag, Always, "More follow."),
            ("next", Text, Sometimes, "The cursor of the next page."),
            ("facets", Many("Facet"), Sometimes, "Counts of what this reader may see."),
        ],
    ),
    given(
        "Facet",
        "A facet's counts.",
        &[
            ("name", Text, Always, "`type`, `source`, `label` or `tag`."),
            ("values", Many("FacetValue"), Always, "The most frequent first."),
            ("partial", Flag, Always, "Counted over the first hits only."),
        ],
    ),
    given(
        "ObjectView",
        "One object, its versions, what others claim, and one step around it.",
        &[
            ("summary", One("ObjectSummary"), Always, "The version shown."),
            ("object", One("StixObject"), Always, "It, as a STIX 2.1 object."),
            (
                "versions",
                Many("ObjectSummary"),
                Always,
                "Every version that this reader may see, newest first.",
            ),
            ("claims", Many("ObjectSummary"), Always, "What other members say under this id."),
            ("related", Many("Related"), Always, "Objects that it refers to, or that refer to it."),
            ("related_more", Flag, Always, "More are related than are listed."),
            (
                "values",
                Many("ValueSaid"),
                Always,
                "Of its first 20 values those that others say, or that are on lists.",
            ),
            ("values_more", Flag, Always, "It says more values than were looked at."),
        ],
    ),
    given(
        "Related",
        "One step from an object.",
        &[
            ("relation", Text, Always, "The relationship's type, or the property that refers."),
            ("direction", OneOf(&["out", "in"]), Always, "From the object, or towards it."),
            ("by", One("ObjectSummary"), Sometimes, "The relationship object that says so."),
            ("object", One("ObjectSummary"), Always, "What is at the other end."),
        ],
    ),
    given(
        "LookupAnswers",
        "What is known of values.",
        &[("answers", Many("LookupAnswer"), Always, "In the order of the values.")],
    ),
    given(
        "LookupAnswer",
        "What is known of a value.",
        &[
            ("query", Text, Always, "The value as asked."),
            ("kind", Text, Sometimes, "Its type; left out when it is none that is understood."),
            ("value", Text, Sometimes, "Its normal form."),
            ("error", Text, Sometimes, "Why it is not understood."),
            ("hit", Flag, Always, "Something that this reader may see mentions it."),
            ("mentions", Many("Mention"), Always, "What mentions it, most telling first."),
            ("more", Flag, Always, "More mention it."),
            (
                "who",
                One("WhoSaid"),
                Sometimes,
                "Who said this very value, and when; for up to 100 values at once.",
            ),
        ],
    ),
    given(
        "Mention",
        "Something that mentions a value.",
        &[
            (
                "relation",
                OneOf(&["exact", "parent-domain", "subdomain", "covering-network", "within-network", "host"]),
                Always,
                "How what it mentions relates to the value.",
            ),
            ("value", Text, Always, "What it mentions, in normal form."),
            ("object", One("ObjectSummary"), Always, "What mentions it."),
            ("active", Flag, Always, "Valid now: not revoked, begun, not ended."),
            ("context", Many("Related"), Always, "One step: malware, actors, techniques and the like."),
        ],
    ),
    given("Withdrawn", "What was taken back.", &[("withdrawn", Count, Always, "Versions.")]),
    given(
        "Preview",
        "Who sees something, or would.",
        &[
            ("label", Text, Always, "The TLP."),
            ("audience", One("Audience"), Sometimes, "Whom the label names."),
            ("entered", Time, Sometimes, "When it entered, for what stands."),
            ("sees", Many("Seer"), Always, "Those who see it and whom the caller may know."),
            ("others", Many("SeenByOthers"), Always, "Others who do."),
            ("kept_from", Many("KeptFrom"), Always, "Those who do not and whom the caller may know."),
            ("visitors", Flag, Always, "Visitors without a token see it."),
        ],
    ),
    given(
        "Seer",
        "Somebody who sees it.",
        &[
            ("member", One("Named"), Always, "The member."),
            ("person", One("Named"), Sometimes, "The person, where it is for persons."),
            ("why", Text, Always, "The rule that lets them."),
            ("since", Time, Sometimes, "Since when it is there for them, for what stands."),
        ],
    ),
    given(
        "SeenByOthers",
        "Some who see it by one rule.",
        &[("count", Count, Always, "How many."), ("why", Text, Always, "The rule that lets them.")],
    ),
    given(
        "KeptFrom",
        "A member that does not see it.",
        &[("member", One("Named"), Always, "The member."), ("why", Text, Always, "The rule that keeps it.")],
    ),
    given("Relabelled", "What has another label.", &[("relabelled", Count, Always, "Versions.")]),
    given("Erased", "What was erased.", &[("erased", Count, Always, "Versions.")]),
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
            ("id", Text, Always, "Submission and place in it, with a dot between."),
            ("received", Time, Always, "When it came."),
            ("member", One("Named"), Always, "Who sent it."),
            ("submission", Uuid, Always, "The submission it came in."),
            ("ordinal", Count, Always, "Where in the submission, from 0."),
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
    given("RetentionRules", "Rules of retention.", &[("rules", Many("RetentionRule"), Always, "The rules.")]),
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
        "What the rules of retention reached.",
        &[
            ("dry_run", Flag, Always, "Nothing was erased, only counted."),
            ("statements", Count, Always, "Statements reached."),
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
