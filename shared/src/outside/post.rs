//! Posting to the receivers of webhooks: strangers, who may be slow, wrong or hostile.

use std::time::Duration;

use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, Response, StatusCode, Uri};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::public::{PublicResolver, is_allowed};
use super::{HttpClient, body, client};
use crate::delivery::Verdict;
use crate::time::Time;
use crate::webhook::{Loopback, checked_url};

/// How long a receiver may take, from the name's resolution to the head of its answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// The longest payload, in bytes.
const LONGEST: usize = 256 * 1024;

/// What is posted.
pub struct Letter<'a> {
    /// Where.
    pub url: &'a str,
    /// The header `webhook-id`.
    pub id: &'a str,
    /// The header `webhook-timestamp`.
    pub at: Time,
    /// The header `webhook-signature`.
    pub signature: &'a str,
    /// JSON.
    pub payload: String,
}

/// A client for the receivers of webhooks. It follows no redirect and reads no body.
#[derive(Clone)]
pub struct Post {
    client: HttpClient<PublicResolver>,
    loopback: Loopback,
}

impl Post {
    /// Opens nothing yet.
    pub fn new(loopback: Loopback) -> Result<Self, std::io::Error> {
        let client = client!(HttpConnector::new_with_resolver(PublicResolver::new(loopback)));
        Ok(Self { client, loopback })
    }

    /// Posts it, and says what came of it.
    pub async fn send(&self, letter: Letter<'_>) -> Verdict {
        let failed = |reason: String| Verdict::Failed { status: None, reason, retry_after: None };
        if letter.payload.len() > LONGEST {
            let reason = format!("the payload would be longer than {LONGEST} bytes");
            return Verdict::Hopeless { status: None, reason };
        }
        let request = match self.request(letter) {
            Ok(request) => request,
            Err(reason) => return Verdict::Hopeless { status: None, reason },
        };
        match tokio::time::timeout(PATIENCE, self.client.request(request)).await {
            Err(_) => failed(format!("there was no answer within {} seconds", PATIENCE.as_secs())),
            Ok(Err(error)) => failed(why(&error)),
            Ok(Ok(answer)) => verdict(&answer, Time::now()),
        }
    }

    fn request(&self, letter: Letter<'_>) -> Result<http::Request<super::Body>, String> {
        let url = checked_url("url", letter.url, self.loopback).map_err(|refusal| refusal.to_string())?;
        let uri: Uri = url.parse().map_err(|_| "the URL is none".to_owned())?;
        // A connector resolves names only: an address that stands in the URL itself is looked at here.
        let literal = uri.host().and_then(|host| host.trim_matches(['[', ']']).parse().ok());
        if literal.is_some_and(|ip| !is_allowed(ip, self.loopback)) {
            return Err("the URL leads to a private address".to_owned());
        }
        http::Request::post(uri)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("Rollcall/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", letter.id)
            .header("webhook-timestamp", letter.at.seconds())
            .header("webhook-signature", letter.signature)
            .body(body(letter.payload))
            .map_err(|error| error.to_string())
    }
}

/// Any 2xx is an arrival; 410 says never again; a redirect is followed nowhere.
fn verdict<B>(answer: &Response<B>, now: Time) -> Verdict {
    let status = answer.status();
    let failed = |reason| Verdict::Failed {
        status: Some(status.as_u16()),
        reason,
        retry_after: retry_after(answer.headers(), now),
    };
    if status.is_success() {
        return Verdict::Delivered { status: status.as_u16() };
    }
    if status == StatusCode::GONE {
        return Verdict::Hopeless { status: Some(410), reason: "the receiver is gone: it answered 410".to_owned() };
    }
    if status.is_redirection() && answer.headers().contains_key(LOCATION) {
        return failed(format!("the answer was {}, a redirect, which is not followed", status.as_u16()));
    }
    failed(format!("the answer was {}", status.as_u16()))
}

/// Seconds, or a moment.
fn retry_after(headers: &HeaderMap, now: Time) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = Time::parse_http(value)?;
    u64::try_from(moment.millis() - now.millis()).ok().map(Duration::from_millis)
}

/// The innermost cause, which says what went wrong: a refused connection, a certificate, a name.
fn why(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    format!("the connection failed: {innermost}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)]) -> Verdict {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        verdict(&response.body(()).unwrap(), Time::from_millis(1_445_412_480_000)) // Wed, 21 Oct 2015 07:28:00 GMT
    }

    #[test]
    fn every_2xx_is_an_arrival() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(answer(status, &[]), Verdict::Delivered { status });
        }
    }

    #[test]
    fn a_410_is_hopeless_and_everything_else_is_tried_again() {
        assert!(matches!(answer(410, &[]), Verdict::Hopeless { status: Some(410), .. }));
        for status in [300, 304, 400, 401, 404, 429, 500, 503] {
            assert!(matches!(answer(status, &[]), Verdict::Failed { status: Some(told), .. } if told == status));
        }
        let Verdict::Failed { reason, .. } = answer(302, &[("location", "https://x")]) else { panic!() };
        assert!(reason.contains("redirect"), "{reason}");
    }

    #[tokio::test]
    async fn a_payload_past_its_length_is_not_sent() {
        let payload = " ".repeat(LONGEST + 1);
        let letter =
            Letter { url: "https://example.com", id: "msg_1", at: Time::default(), signature: "v1,x", payload };
        let verdict = Post::new(Loopback::Refused).unwrap().send(letter).await;
        assert!(matches!(verdict, Verdict::Hopeless { status: None, reason } if reason.contains("262144 bytes")));
    }

    #[test]
    fn a_receiver_asks_for_a_pause_in_seconds_or_by_a_moment() {
        let asked = |value: &str| match answer(429, &[("retry-after", value)]) {
            Verdict::Failed { retry_after, .. } => retry_after.map(|pause| pause.as_secs()),
            other => panic!("{other:?}"),
        };
        assert_eq!(asked("120"), Some(120));
        assert_eq!(asked("Wed, 21 Oct 2015 07:29:00 GMT"), Some(60));
        assert_eq!(asked("Wed, 21 Oct 2015 07:27:00 GMT"), None);
        assert_eq!(asked("soon"), None);
    }
}
