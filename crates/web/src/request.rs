//! What handlers take.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};
use node::{Caller, Node};

use crate::body::RequestBody;
use crate::profile::Profile;
use crate::router::Shared;
use crate::telling::Telling;
use crate::{Failure, WebSettings, coding};

/// The way by which a request came to us.
#[derive(Debug, Clone)]
pub enum Road {
    /// Over TCP, in the clear.
    Tcp,
    /// Over TLS, with the SHA-256 of the client certificate that was verified, if one was shown.
    Tls(Option<[u8; 32]>),
    /// Over the admin socket, which only the folder's owner can open.
    AdminSocket,
    /// From this process, by this caller.
    InProcess(Box<Caller>),
}

/// Where a request came from.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The way.
    pub road: Road,
    /// The address at the other end of the connection.
    pub peer: Option<IpAddr>,
}

/// A request on its way to its handler.
pub struct Request {
    /// The node.
    pub node: Node,
    /// The operator's settings.
    pub settings: Arc<WebSettings>,
    /// Its method.
    pub method: Method,
    /// Its path below the base path, still percent-encoded.
    pub path: String,
    /// The parameters of the path, decoded.
    pub params: Vec<(&'static str, String)>,
    /// Its query.
    pub query: Query,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its content.
    pub body: RequestBody,
    /// Where it came from.
    pub arrival: Arrival,
    /// The client's address, behind trusted proxies too.
    pub client: Option<IpAddr>,
    /// The address of the base path as the client sees it, such as `https://ti.example.org/accord`, no slash at its
    /// end.
    pub base_url: String,
    /// What passes between the client and us is encrypted, or does not leave this machine.
    pub is_confidential: bool,
    /// Its id, from end to end.
    pub id: String,
    /// What all requests share.
    pub shared: Arc<Shared>,
    pub(crate) caller: Option<Caller>,
    pub(crate) telling: Option<Arc<Telling>>,
}

impl Request {
    /// Who asks.
    ///
    /// # Errors
    /// 401 when nobody has shown who they are and the node lets no visitors in. Never on a route that is not open.
    pub fn caller(&self) -> Result<&Caller, Failure> {
        self.caller.as_ref().ok_or_else(|| Failure::unauthenticated("this needs a token"))
    }

    /// A parameter of the path; empty when the pattern has none of that name.
    #[must_use]
    pub fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// The client profile: that of the token, else that of the `User-Agent`.
    #[must_use]
    pub fn profile(&self) -> &'static Profile {
        let token = self.caller.as_ref().and_then(|caller| caller.profile.as_deref());
        Profile::of(token, self.header("user-agent"))
    }

    /// The content, its coding undone, within the node's limits.
    ///
    /// # Errors
    /// 413 above a limit, 415 for a coding that is not taken, 408 for a client that is too slow, 400 for content that
    /// breaks off or is not of its coding.
    pub async fn content(&mut self) -> Result<Bytes, Failure> {
        let most = self.node.settings().max_inflated_bytes;
        self.content_within(most).await
    }

    /// The same, of at most so many bytes once its coding is undone, where that is less than the node's limit.
    ///
    /// # Errors
    /// As [`Request::content`].
    pub async fn content_within(&mut self, most: usize) -> Result<Bytes, Failure> {
        let coding = coding::of_content(&self.headers)?;
        let body = std::mem::replace(&mut self.body, RequestBody::full(Bytes::new()));
        let (wire, inflated) = {
            let settings = self.node.settings();
            (settings.max_content_bytes, settings.max_inflated_bytes)
        };
        let bytes = body.bytes(wire).await?;
        coding::decoded(bytes, coding, inflated.min(most))
    }

    /// A header's text, if it is there once or more and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// The query of an address, decoded, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// 400 for a percent sign that encodes nothing, or text that is not UTF-8.
    pub fn parse(text: &str) -> Result<Query, Failure> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name, Plus::IsSpace)?, decode(value, Plus::IsSpace)?))
        });
        Ok(Query(pairs.collect::<Result<_, Failure>>()?))
    }

    /// The value of a parameter that makes sense once.
    ///
    /// # Errors
    /// 400 when it is given more than once.
    pub fn one(&self, name: &str) -> Result<Option<&str>, Failure> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() {
            return Err(Failure::invalid(format!("`{name}` is given more than once")));
        }
        Ok(first)
    }

    /// Every value of a parameter, in order.
    pub fn all<'q, 'n>(&'q self, name: &'n str) -> impl Iterator<Item = &'q str> + use<'q, 'n> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Refuses parameters that are none of these: a filter that is misspelt must not be a filter that is left out.
    ///
    /// # Errors
    /// 400, naming the parameter.
    pub fn only(&self, known: &[&str]) -> Result<(), Failure> {
        match self.0.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(Failure::invalid(format!("`{name}` is no parameter of this address"))
                .hint(match known {
                    [] => "it takes none".to_owned(),
                    known => format!("it takes {}", known.join(", ")),
                })),
            None => Ok(()),
        }
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// What `+` stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plus {
    /// Itself, in a path.
    IsPlus,
    /// A space, in a query.
    IsSpace,
}

/// Undoes percent-encoding.
pub(crate) fn decode(text: &str, plus: Plus) -> Result<String, Failure> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                match (digit(rest.next()), digit(rest.next())) {
                    (Some(high), Some(low)) => (high * 16 + low) as u8,
                    _ => return Err(Failure::invalid("a `%` in the address encodes nothing")),
                }
            }
            b'+' if plus == Plus::IsSpace => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| Failure::invalid("the address is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded() {
        let query = Query::parse("match%5Btype%5D=a,b&&limit=5&text=a+b%2Bc&flag&x=1&x=2").unwrap();
        assert_eq!(query.one("match[type]").unwrap(), Some("a,b"));
        assert_eq!(query.one("text").unwrap(), Some("a b+c"));
        assert_eq!(query.one("flag").unwrap(), Some(""));
        assert_eq!(query.one("none").unwrap(), None);
        assert_eq!(query.all("x").collect::<Vec<_>>(), ["1", "2"]);
        assert!(query.one("x").is_err());
        assert!(query.only(&["match[type]", "limit", "text", "flag"]).is_err());
        for wrong in ["a=%", "a=%4", "a=%zz", "a=%ff"] {
            assert_eq!(Query::parse(wrong).unwrap_err().status, 400, "{wrong}");
        }
    }
}
