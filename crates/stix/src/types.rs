//! §2: the data types, as the tables of the standard use them, and how a value of each is read.
//!
//! A table in this crate reads `required pattern: Text` or `optional labels: List<Text>`. The names here stand for the
//! data type in such a table: one gives both the check of a value and the Rust type that a view has for it.

use crate::timestamp::Timestamp;
use crate::value::{self, Objection};
use crate::vocab::{Vocabulary, VocabularyTable};
use std::marker::PhantomData;
use strictjson::{Node, Object};

/// A data type of the standard: what a view gives for a value of it.
pub trait Read {
    /// The Rust type of a value in a view; it borrows from the node.
    type View<'a>;

    /// Reads a value; `None` when it is of another type.
    fn read<'a>(node: &'a Node<'a>) -> Option<Self::View<'a>>;
}

/// The Rust type of a value of a data type in a view.
pub type Seen<'a, T> = <T as Read>::View<'a>;

/// A data type of the standard: how a value of it is checked.
pub(crate) trait Judged: Read {
    const KIND: Kind;
}

/// How a value is checked.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// §2.15, any string.
    String,
    /// A string with a rule of its own.
    Text(fn(&str) -> Option<Objection>),
    /// §2.2.
    Boolean,
    /// §2.10, within bounds.
    Integer { min: i64, max: i64 },
    /// §2.6, within bounds.
    Float { min: f64, max: f64 },
    /// §2.16.
    Timestamp(Precision),
    /// §2.8.
    Hex,
    /// §2.1.
    Binary,
    /// §2.4 and §2.14.
    Term(&'static Vocabulary),
    /// §2.9, of an object of certain types.
    Reference(&'static Targets),
    /// §2.7.
    Hashes,
    /// §2.3.
    Dictionary(Entries),
    /// A type with properties of its own.
    Nested(&'static Shape),
    /// §2.12.
    List { of: &'static Kind },
    /// §3.2, `extensions`: judged with the object as a whole.
    Extensions,
    /// §2.13, the deprecated container of an observed-data object.
    Container,
    /// §3.8: not to be used.
    Reserved,
    /// §8: an object of a bundle, judged by its own type.
    Object,
}

/// What precision a timestamp must have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precision {
    Any,
    /// At least three fraction digits (§3.2).
    Milliseconds,
    /// No fraction (§6.7.6).
    Seconds,
}

/// What the values of a dictionary may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entries {
    Any,
    String,
    Integer,
    IntegerOrString,
    Strings,
    /// §7.1: keys are language tags, values are objects.
    Translations,
}

/// Which objects a reference may mean.
#[derive(Clone, Copy)]
pub(crate) enum Targets {
    /// Any STIX object; a bundle is none.
    Any,
    /// These types.
    Only(&'static [&'static str]),
    /// Any domain object.
    Domain,
    /// Any cyber-observable object.
    Observable,
    /// Cyber-observable or relationship objects.
    ObservableOrRelationship,
    /// Domain or cyber-observable objects.
    DomainOrObservable,
}

/// A table of properties.
pub(crate) struct Shape {
    /// The name of the type or extension.
    pub(crate) name: &'static str,
    /// The clause that has the table.
    pub(crate) clause: &'static str,
    /// Its rows; at most 64.
    pub(crate) properties: &'static [Property],
    /// What binds several properties.
    pub(crate) rules: &'static [Rule],
}

/// A row of a table.
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) kind: Kind,
}

/// A rule over several properties of one object.
#[derive(Clone, Copy)]
pub(crate) enum Rule {
    /// At least one of these MUST be there.
    OneOf(&'static [&'static str]),
    /// At least one of the table's properties MUST be there.
    NotEmpty,
    /// At least one of the table's properties, or an extension, MUST be there.
    NotEmptyOrExtended,
    /// Both MUST NOT be there.
    NotBoth(&'static str, &'static str),
    /// If the first is there, the second MUST be.
    Needs(&'static str, &'static str),
    /// The first time MUST be at or after the second.
    NotBefore(&'static str, &'static str),
    /// The first time MUST be after the second.
    After(&'static str, &'static str),
    /// A rule of this table alone.
    Own(OwnRule),
}

/// A rule that is a function: it gets the object and the clause of its table.
pub(crate) type OwnRule =
    fn(&mut crate::finding::Findings, &Object<'_>, &crate::finding::Path<'_>, &'static str);

/// Declares the strings among the data types.
macro_rules! text_types {
    ($($(#[$doc:meta])* $name:ident => $kind:expr;)*) => {$(
        $(#[$doc])*
        pub struct $name;

        impl Read for $name {
            type View<'a> = &'a str;

            fn read<'a>(node: &'a Node<'a>) -> Option<&'a str> {
                node.as_str()
            }
        }

        impl Judged for $name {
            const KIND: Kind = $kind;
        }
    )*};
}

text_types! {
    /// Any string (§2.15).
    Text => Kind::String;
    /// Octets as hexadecimal (§2.8).
    Hex => Kind::Hex;
    /// Octets as base64 (§2.1).
    Binary => Kind::Binary;
    /// A language tag of RFC 5646.
    LanguageTag => Kind::Text(value::language);
    /// A character set of the IANA registry (§3.9.1).
    CharacterSet => Kind::Text(value::character_set);
    /// A media type.
    MediaType => Kind::Text(value::media_type);
    /// A URL of RFC 3986.
    Url => Kind::Text(value::url);
    /// A domain name of RFC 1034 and RFC 5890.
    DomainNameText => Kind::Text(value::domain_name);
    /// IPv4 addresses in CIDR notation.
    Ipv4Text => Kind::Text(value::ipv4);
    /// IPv6 addresses in CIDR notation.
    Ipv6Text => Kind::Text(value::ipv6);
    /// A MAC-48 address.
    MacText => Kind::Text(value::mac);
    /// An addr-spec of RFC 5322.
    EmailText => Kind::Text(value::email);
    /// A CPE 2.3 name.
    CpeText => Kind::Text(value::cpe);
    /// A key of the Windows registry, its hive spelled out.
    RegistryKeyText => Kind::Text(value::registry_key);
    /// A country, as ISO 3166-1 alpha-2.
    CountryText => Kind::Text(value::country);
    /// A text in lower case with hyphens for spaces.
    LowerText => Kind::Text(value::lower_hyphenated);
    /// A lowercase text.
    LowercaseText => Kind::Text(value::lowercase);
    /// The name of a relationship (§5.1).
    RelationshipName => Kind::Text(value::relationship_name);
    /// The version of the standard: `2.1`.
    SpecVersionText => Kind::Text(value::spec_version);
    /// A priority class of Windows.
    PriorityText => Kind::Text(value::priority_class);
}

/// `true` or `false` (§2.2).
pub struct Flag;

impl Read for Flag {
    type View<'a> = bool;

    fn read<'a>(node: &'a Node<'a>) -> Option<bool> {
        node.as_bool()
    }
}

impl Judged for Flag {
    const KIND: Kind = Kind::Boolean;
}

/// A whole number within bounds (§2.10).
pub struct Whole<const MIN: i64, const MAX: i64>;

/// Any whole number that I-JSON has.
pub type Integer = Whole<{ -strictjson::MAX_SAFE_INTEGER }, { strictjson::MAX_SAFE_INTEGER }>;

/// A whole number that is not negative.
pub type Count = Whole<0, { strictjson::MAX_SAFE_INTEGER }>;

impl<const MIN: i64, const MAX: i64> Read for Whole<MIN, MAX> {
    type View<'a> = i64;

    fn read<'a>(node: &'a Node<'a>) -> Option<i64> {
        node.as_i64()
    }
}

impl<const MIN: i64, const MAX: i64> Judged for Whole<MIN, MAX> {
    const KIND: Kind = Kind::Integer { min: MIN, max: MAX };
}

/// A number within bounds of whole numbers (§2.6).
pub struct Decimal<const MIN: i64, const MAX: i64>;

/// Any number.
pub type Float = Decimal<{ i64::MIN }, { i64::MAX }>;

impl<const MIN: i64, const MAX: i64> Read for Decimal<MIN, MAX> {
    type View<'a> = f64;

    fn read<'a>(node: &'a Node<'a>) -> Option<f64> {
        node.as_f64()
    }
}

impl<const MIN: i64, const MAX: i64> Judged for Decimal<MIN, MAX> {
    const KIND: Kind = Kind::Float { min: MIN as f64, max: MAX as f64 };
}

/// Declares the timestamps among the data types.
macro_rules! time_types {
    ($($(#[$doc:meta])* $name:ident => $precision:expr;)*) => {$(
        $(#[$doc])*
        pub struct $name;

        impl Read for $name {
            type View<'a> = Timestamp;

            fn read<'a>(node: &'a Node<'a>) -> Option<Timestamp> {
                Timestamp::parse(node.as_str()?).ok()
            }
        }

        impl Judged for $name {
            const KIND: Kind = Kind::Timestamp($precision);
        }
    )*};
}

time_types! {
    /// A moment (§2.16).
    Time => Precision::Any;
    /// A moment given to the millisecond at least (§3.2).
    VersionTime => Precision::Milliseconds;
    /// A moment given to the second (§6.7.6).
    SecondTime => Precision::Seconds;
}

/// A term of a vocabulary or an enumeration (§2.4, §2.14).
pub struct Term<V>(PhantomData<V>);

impl<V> Read for Term<V> {
    type View<'a> = &'a str;

    fn read<'a>(node: &'a Node<'a>) -> Option<&'a str> {
        node.as_str()
    }
}

impl<V: VocabularyTable> Judged for Term<V> {
    const KIND: Kind = Kind::Term(V::TABLE);
}

/// The id of another object (§2.9, §3.3); a view gives its text.
pub struct Reference<T>(PhantomData<T>);

/// Which types of objects a reference may mean.
pub(crate) trait Target {
    const TARGETS: &'static Targets;
}

impl<T> Read for Reference<T> {
    type View<'a> = &'a str;

    fn read<'a>(node: &'a Node<'a>) -> Option<&'a str> {
        node.as_str()
    }
}

impl<T: Target> Judged for Reference<T> {
    const KIND: Kind = Kind::Reference(T::TARGETS);
}

/// Declares what references may mean.
macro_rules! targets {
    ($($(#[$doc:meta])* $name:ident => $targets:expr;)*) => {$(
        $(#[$doc])*
        pub struct $name;

        impl Target for $name {
            const TARGETS: &'static Targets = &$targets;
        }
    )*};
}

targets! {
    /// Any STIX object.
    ToAny => Targets::Any;
    /// Any domain object.
    ToDomain => Targets::Domain;
    /// Any cyber-observable object.
    ToObservable => Targets::Observable;
    /// Any cyber-observable or relationship object.
    ToObservableOrRelationship => Targets::ObservableOrRelationship;
    /// Any domain or cyber-observable object.
    ToDomainOrObservable => Targets::DomainOrObservable;
    /// An identity.
    ToIdentity => Targets::Only(&["identity"]);
    /// An identity or a location.
    ToIdentityOrLocation => Targets::Only(&["identity", "location"]);
    /// A marking definition.
    ToMarking => Targets::Only(&["marking-definition"]);
    /// An observed-data object.
    ToObservedData => Targets::Only(&["observed-data"]);
    /// A software object.
    ToSoftware => Targets::Only(&["software"]);
    /// A file or an artifact.
    ToFileOrArtifact => Targets::Only(&["file", "artifact"]);
    /// A file, network traffic or an artifact.
    ToSample => Targets::Only(&["file", "network-traffic", "artifact"]);
    /// A file.
    ToFile => Targets::Only(&["file"]);
    /// A file or a directory.
    ToFileOrDirectory => Targets::Only(&["file", "directory"]);
    /// A directory.
    ToDirectory => Targets::Only(&["directory"]);
    /// An artifact.
    ToArtifact => Targets::Only(&["artifact"]);
    /// A user account.
    ToUserAccount => Targets::Only(&["user-account"]);
    /// An email address.
    ToEmailAddress => Targets::Only(&["email-addr"]);
    /// A MAC address.
    ToMacAddress => Targets::Only(&["mac-addr"]);
    /// An autonomous system.
    ToAutonomousSystem => Targets::Only(&["autonomous-system"]);
    /// An address or a domain name.
    ToResolved => Targets::Only(&["ipv4-addr", "ipv6-addr", "domain-name"]);
    /// An end of network traffic.
    ToEndpoint => Targets::Only(&["ipv4-addr", "ipv6-addr", "mac-addr", "domain-name"]);
    /// Network traffic.
    ToNetworkTraffic => Targets::Only(&["network-traffic"]);
    /// A process.
    ToProcess => Targets::Only(&["process"]);
}

/// A list (§2.12).
pub struct List<T>(PhantomData<T>);

impl<T: Read> Read for List<T> {
    type View<'a> = Items<'a, T>;

    fn read<'a>(node: &'a Node<'a>) -> Option<Items<'a, T>> {
        Some(Items { nodes: node.as_array()?, data_type: PhantomData })
    }
}

impl<T: Judged> Judged for List<T> {
    const KIND: Kind = Kind::List { of: &T::KIND };
}

/// The items of a list; those of another type than the list's are passed over.
pub struct Items<'a, T> {
    nodes: &'a [Node<'a>],
    data_type: PhantomData<T>,
}

impl<'a, T: Read> Items<'a, T> {
    /// A list without items.
    #[must_use]
    pub fn none() -> Self {
        Items { nodes: &[], data_type: PhantomData }
    }

    /// The items in order.
    pub fn iter(&self) -> impl Iterator<Item = Seen<'a, T>> + use<'a, T> {
        self.nodes.iter().filter_map(T::read)
    }

    /// How many values the list has, of whatever type.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

impl<T> Clone for Items<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Items<'_, T> {}

impl<T> std::fmt::Debug for Items<'_, T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Items({})", self.nodes.len())
    }
}

/// Declares the dictionaries among the data types.
macro_rules! dictionary_types {
    ($($(#[$doc:meta])* $name:ident => $kind:expr;)*) => {$(
        $(#[$doc])*
        pub struct $name;

        impl Read for $name {
            type View<'a> = &'a Object<'a>;

            fn read<'a>(node: &'a Node<'a>) -> Option<&'a Object<'a>> {
                node.as_object()
            }
        }

        impl Judged for $name {
            const KIND: Kind = $kind;
        }
    )*};
}

dictionary_types! {
    /// A dictionary with any values (§2.3).
    Dictionary => Kind::Dictionary(Entries::Any);
    /// A dictionary of strings.
    DictionaryOfStrings => Kind::Dictionary(Entries::String);
    /// A dictionary of whole numbers.
    DictionaryOfIntegers => Kind::Dictionary(Entries::Integer);
    /// A dictionary of whole numbers and strings.
    DictionaryOfIntegersAndStrings => Kind::Dictionary(Entries::IntegerOrString);
    /// A dictionary of lists of strings.
    DictionaryOfLists => Kind::Dictionary(Entries::Strings);
    /// Translations by language tag (§7.1).
    Translations => Kind::Dictionary(Entries::Translations);
    /// Hashes by algorithm (§2.7).
    Hashes => Kind::Hashes;
    /// The extensions of an object (§3.2).
    Extensions => Kind::Extensions;
    /// The deprecated container of observed objects (§2.13).
    Container => Kind::Container;
}

/// A property that is reserved (§3.8); a view gives whatever stands there.
pub struct ReservedValue;

impl Read for ReservedValue {
    type View<'a> = &'a Node<'a>;

    fn read<'a>(node: &'a Node<'a>) -> Option<&'a Node<'a>> {
        Some(node)
    }
}

impl Judged for ReservedValue {
    const KIND: Kind = Kind::Reserved;
}
