//! §8: the bundle.

use crate::types::{Items, Judged, Kind, List, Read};
use strictjson::Node;

object! {
    /// A container of objects, without meaning of its own (§8).
    Bundle, BUNDLE: "bundle", "STIX 2.1 §8" {
        optional objects: List<Any>,
    }
    rules []
}

/// Any object, as it is; the check judges it by its own type.
pub struct Any;

impl Read for Any {
    type View<'a> = &'a Node<'a>;

    fn read<'a>(node: &'a Node<'a>) -> Option<&'a Node<'a>> {
        Some(node)
    }
}

impl Judged for Any {
    const KIND: Kind = Kind::Object;
}

impl<'a> Bundle<'a> {
    /// The objects of the bundle; none when it has none.
    #[must_use]
    pub fn members(&self) -> Items<'a, Any> {
        self.objects.unwrap_or(Items::none())
    }

    /// The version that a STIX 2.0 bundle states for its objects; bundles of 2.1 state none.
    #[must_use]
    pub fn spec_version(&self) -> Option<&'a str> {
        self.common.spec_version
    }
}
