//! §6.5, §6.6: email addresses and messages.

use crate::finding::{Findings, Path};
use crate::types::{
    DictionaryOfLists, EmailText, Flag, List, Reference, Rule, Text, Time, ToArtifact, ToEmailAddress,
    ToFileOrArtifact, ToUserAccount,
};
use strictjson::{Node, Object};

object! {
    /// An email address (§6.5).
    EmailAddress, EMAIL_ADDRESS: "email-addr", "STIX 2.1 §6.5" {
        required value: EmailText,
        optional display_name: Text,
        optional belongs_to_ref: Reference<ToUserAccount>,
    }
    rules []
}

object! {
    /// An email message (§6.6).
    EmailMessage, EMAIL_MESSAGE: "email-message", "STIX 2.1 §6.6" {
        required is_multipart: Flag,
        optional date: Time,
        optional content_type: Text,
        optional from_ref: Reference<ToEmailAddress>,
        optional sender_ref: Reference<ToEmailAddress>,
        optional to_refs: List<Reference<ToEmailAddress>>,
        optional cc_refs: List<Reference<ToEmailAddress>>,
        optional bcc_refs: List<Reference<ToEmailAddress>>,
        optional message_id: Text,
        optional subject: Text,
        optional received_lines: List<Text>,
        optional additional_header_fields: DictionaryOfLists,
        optional body: Text,
        optional body_multipart: List<EmailMimePart<'static>>,
        optional raw_email_ref: Reference<ToArtifact>,
    }
    rules [Rule::Own(body_form)]
}

/// §6.6: which body a message has follows from `is_multipart`.
fn body_form(findings: &mut Findings, object: &Object<'_>, path: &Path<'_>, clause: &'static str) {
    let forbidden = match object.get("is_multipart").and_then(Node::as_bool) {
        Some(true) => "body",
        Some(false) => "body_multipart",
        None => return,
    };
    if object.contains_key(forbidden) {
        findings.must(&path.key(forbidden), "exclusive-properties", clause, || {
            let multipart = forbidden == "body";
            format!("`{forbidden}` must not be there when `is_multipart` is {multipart}")
        });
    }
}

shape! {
    /// A part of a multipart message (§6.6.2).
    EmailMimePart, EMAIL_MIME_PART: "email-mime-part-type", "STIX 2.1 §6.6.2" {
        optional body: Text,
        optional body_raw_ref: Reference<ToFileOrArtifact>,
        optional content_type: Text,
        optional content_disposition: Text,
    }
    rules [Rule::OneOf(&["body", "body_raw_ref"])]
}
