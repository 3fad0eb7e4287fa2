//! TAXII 2.1 (OASIS Standard, 10 June 2021), in its order.
//!
//! One API root. Its address ends in its name, and so with a slash: several clients take the name from there. What the
//! standard leaves to servers and what clients need beyond it is in [`crate::profile`] and nowhere else.

mod collections;
pub(crate) mod error;
mod filter;
mod information;
mod objects;
mod writing;

use http::{HeaderMap, Method, StatusCode};

use crate::routes::{Access, Family, Need, Parameter, Place, Schema, ValueKind};
use crate::{Failure, Route, media};

/// §1.6.8, the media type of every answer, errors too.
pub const MEDIA_TYPE: &str = "application/taxii+json;version=2.1";
/// The media type of every object in every collection.
pub const STIX_MEDIA_TYPE: &str = "application/stix+json;version=2.1";
/// Where discovery is: §8.2.1 wants it at the root of the server.
pub const DISCOVERY: &str = "/taxii2/";
/// Where the API root is.
pub const API_ROOT: &str = "/taxii2/default/";

const COLLECTION: &str = "/taxii2/default/collections/{collection}/";
const MANIFEST: &str = "/taxii2/default/collections/{collection}/manifest/";
const OBJECTS: &str = "/taxii2/default/collections/{collection}/objects/";
const OBJECT: &str = "/taxii2/default/collections/{collection}/objects/{object}/";
const VERSIONS: &str = "/taxii2/default/collections/{collection}/objects/{object}/versions/";

/// The address of a collection, for a client's settings.
#[must_use]
pub fn collection_url(base_url: &str, collection: &str) -> String {
    format!("{base_url}{API_ROOT}collections/{collection}/")
}

/// Its rows of the table.
#[must_use]
pub fn routes() -> Vec<Route> {
    let get = Method::GET;
    let visitor = Access::Visitor;
    let read = Access::Needs(Need::ReadCollection);
    let write = Access::Needs(Need::WriteCollection);
    let withdraw = Access::Needs(Need::Withdraw);
    let all = &[filter::ID, filter::TYPE, filter::VERSION, filter::SPEC_VERSION];
    let of_object = &[filter::VERSION, filter::SPEC_VERSION];
    let taxii = Family::Taxii;
    vec![
        Route::new(
            taxii,
            get.clone(),
            DISCOVERY,
            "taxiiDiscovery",
            "What this server is (§4.1).",
            visitor,
            information::discovery,
        )
        .gives(200, "The server and its API roots.", MEDIA_TYPE, Schema::Named("TaxiiDiscovery")),
        Route::new(
            taxii,
            get.clone(),
            API_ROOT,
            "taxiiApiRoot",
            "What the API root is (§4.2).",
            visitor,
            information::api_root,
        )
        .gives(200, "The API root.", MEDIA_TYPE, Schema::Named("TaxiiApiRoot")),
        Route::new(
            taxii,
            get.clone(),
            "/taxii2/default/status/{status}/",
            "taxiiStatus",
            "What became of a request to add objects (§4.3).",
            Access::Bearer,
            writing::status,
        )
        .gives(200, "How far it is.", MEDIA_TYPE, Schema::Named("TaxiiStatus")),
        Route::new(
            taxii,
            get.clone(),
            "/taxii2/default/collections/",
            "taxiiCollections",
            "The collections that this client reads or writes (§5.1).",
            visitor,
            collections::all,
        )
        .gives(200, "The collections.", MEDIA_TYPE, Schema::Named("TaxiiCollections")),
        Route::new(
            taxii,
            get.clone(),
            COLLECTION,
            "taxiiCollection",
            "One collection, by id or alias (§5.2).",
            visitor,
            collections::one,
        )
        .gives(200, "The collection.", MEDIA_TYPE, Schema::Named("TaxiiCollection")),
        paged(
            Route::new(
                taxii,
                get.clone(),
                MANIFEST,
                "taxiiManifest",
                "What there is in a collection, without the objects (§5.3).",
                read,
                objects::manifest,
            ),
            all,
        )
        .gives(200, "A page of the manifest.", MEDIA_TYPE, Schema::Named("TaxiiManifest")),
        paged(
            Route::new(
                taxii,
                get.clone(),
                OBJECTS,
                "taxiiObjects",
                "The objects of a collection (§5.4).",
                read,
                objects::objects,
            ),
            all,
        )
        .gives(200, "A page of objects.", MEDIA_TYPE, Schema::Named("TaxiiEnvelope")),
        Route::new(
            taxii,
            Method::POST,
            OBJECTS,
            "taxiiAddObjects",
            "Adds the objects of an envelope or a bundle (§5.5).",
            write,
            writing::add,
        )
        .takes(MEDIA_TYPE, Schema::Named("TaxiiEnvelope"))
        .gives(202, "They were taken, each judged alone.", MEDIA_TYPE, Schema::Named("TaxiiStatus")),
        paged(
            Route::new(
                taxii,
                get.clone(),
                OBJECT,
                "taxiiObject",
                "One object (§5.6).",
                read,
                objects::object,
            ),
            of_object,
        )
        .gives(
            200,
            "The object in the versions asked for.",
            MEDIA_TYPE,
            Schema::Named("TaxiiEnvelope"),
        ),
        matched(
            Route::new(
                taxii,
                Method::DELETE,
                OBJECT,
                "taxiiDeleteObject",
                "Withdraws an object, or versions of it (§5.7).",
                withdraw,
                writing::delete,
            ),
            of_object,
        )
        .gives_nothing(200, "They are withdrawn."),
        paged(
            Route::new(
                taxii,
                get,
                VERSIONS,
                "taxiiVersions",
                "The versions of one object (§5.8).",
                read,
                objects::versions,
            ),
            &[filter::SPEC_VERSION],
        )
        .gives(200, "Its versions.", MEDIA_TYPE, Schema::Named("TaxiiVersions")),
    ]
}

// §3.4: the parameters of every list.
fn paged(route: Route, fields: &[filter::Field]) -> Route {
    let route = route
        .query("added_after", ValueKind::Time, "Only what was added after this time.")
        .query("limit", ValueKind::Count, "At most this many.")
        .query("next", ValueKind::Text, "Where the page before said that the next begins.");
    matched(route, fields)
}

fn matched(route: Route, fields: &[filter::Field]) -> Route {
    fields.iter().fold(route, |route, field| {
        route.parameter(Parameter {
            name: field.name,
            place: Place::Query,
            required: false,
            kind: ValueKind::List,
            summary: field.summary,
        })
    })
}

/// Refuses a request that accepts nothing that we send.
///
/// §3.1: a media range that is defined "MUST NOT result in an HTTP 406"; TAXII 2.0 clients are told 406, upon which
/// they fall back (Cortex XSOAR) or say that they need another client (taxii2-client).
pub(crate) fn check_accept(headers: &HeaderMap) -> Result<(), Failure> {
    if media::wanted(headers, MEDIA_TYPE) > 0 {
        return Ok(());
    }
    let detail = "none of the media types in `Accept` can be sent";
    Err(Failure::new(StatusCode::NOT_ACCEPTABLE, "not-acceptable", detail)
        .hint(format!("this is TAXII 2.1: send `Accept: {MEDIA_TYPE}`")))
}
