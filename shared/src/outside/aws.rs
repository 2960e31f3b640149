//! Other services of AWS: one signed request each. docs/decisions/0010-other-services.md says why not by four more SDKs.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::rt::TokioExecutor;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{HttpClient, body, client};
use crate::error::Error;
use crate::lambda::variable;
use crate::time::Time;

/// How long a service may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often a request is sent that the service had no time for.
const TRIES: u32 = 3;

/// What stands in a connection's id as it is, as AWS's SDKs have it.
const NOT_IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A client of AWS's services, by the credentials that Lambda sets in the environment.
#[derive(Clone)]
pub struct Aws {
    client: HttpClient<GaiResolver>,
    credentials: Credentials,
    region: String,
}

/// One request of a service.
struct Ask<'a> {
    /// The service's name in signatures.
    service: &'static str,
    method: Method,
    url: String,
    headers: &'a [(&'static str, &'static str)],
    payload: String,
}

impl Aws {
    /// Opens nothing yet.
    pub fn from_environment() -> Result<Self, std::io::Error> {
        let [key, secret] =
            ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(|name| variable(name).unwrap_or_default());
        let credentials = Credentials::new(key, secret, variable("AWS_SESSION_TOKEN"), None, "environment");
        let client = client!(HttpConnector::new_with_resolver(GaiResolver::new()));
        Ok(Self { client, credentials, region: variable("AWS_REGION").unwrap_or_default() })
    }

    /// Invokes a function and does not wait for it (Lambda).
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<(), Error> {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", endpoint("AWS_ENDPOINT_URL_LAMBDA")?);
        let headers = &[("x-amz-invocation-type", "Event")];
        let ask = Ask { service: "lambda", method: Method::POST, url, headers, payload: event.to_string() };
        self.done(ask).await
    }

    /// Sends a mail (SES v2).
    pub async fn mail(&self, mail: &Value) -> Result<(), Error> {
        let url = format!("{}/v2/email/outbound-emails", endpoint("AWS_ENDPOINT_URL_SESV2")?);
        let headers = &[("content-type", "application/json")];
        self.done(Ask { service: "ses", method: Method::POST, url, headers, payload: mail.to_string() }).await
    }

    /// Puts one event on a bus (EventBridge).
    pub async fn announce(&self, bus: &str, kind: &str, detail: &Value) -> Result<(), Error> {
        let url = format!("{}/", endpoint("AWS_ENDPOINT_URL_EVENTBRIDGE")?);
        let headers = &[("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "AWSEvents.PutEvents")];
        let entry =
            json!({ "EventBusName": bus, "Source": "rollcall", "DetailType": kind, "Detail": detail.to_string() });
        let payload = json!({ "Entries": [entry] }).to_string();
        let reply = self.ask(Ask { service: "events", method: Method::POST, url, headers, payload }).await?;
        let told: Value = serde_json::from_slice(&reply.1).unwrap_or_default();
        match told["FailedEntryCount"].as_u64() {
            Some(0) if reply.0.is_success() => Ok(()),
            _ => Err(refused("events", reply.0, &reply.1)),
        }
    }

    /// Sends a frame to an open socket; whether it is still open (API Gateway).
    pub async fn push(&self, connection: &str, frame: &str) -> Result<bool, Error> {
        self.to_socket(Method::POST, connection, frame).await
    }

    /// Closes a socket; whether it was still open (API Gateway).
    pub async fn close(&self, connection: &str) -> Result<bool, Error> {
        self.to_socket(Method::DELETE, connection, "").await
    }

    async fn to_socket(&self, method: Method, connection: &str, payload: &str) -> Result<bool, Error> {
        let connection = utf8_percent_encode(connection, NOT_IN_PATH);
        let url = format!("{}/@connections/{connection}", endpoint("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI")?);
        let ask = Ask { service: "execute-api", method, url, headers: &[], payload: payload.to_owned() };
        match self.ask(ask).await? {
            (status, _) if status.is_success() => Ok(true),
            (StatusCode::GONE, _) => Ok(false),
            (status, reply) => Err(refused("execute-api", status, &reply)),
        }
    }

    async fn done(&self, ask: Ask<'_>) -> Result<(), Error> {
        let service = ask.service;
        match self.ask(ask).await? {
            (status, _) if status.is_success() => Ok(()),
            (status, reply) => Err(refused(service, status, &reply)),
        }
    }

    /// Sends a request, again while the service has no time for it.
    async fn ask(&self, ask: Ask<'_>) -> Result<(StatusCode, Vec<u8>), Error> {
        let mut last = None;
        // Nobody can take a mail or an announcement back: what may have been accepted is not sent again within one attempt.
        let most = if matches!(ask.service, "ses" | "events") { 1 } else { TRIES };
        for tries in 0..most {
            tokio::time::sleep(Duration::from_millis(u64::from(tries) * 100)).await;
            match tokio::time::timeout(PATIENCE, self.ask_once(&ask)).await {
                Ok(Ok((status, _))) if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                    last = Some(Error::internal(format!("{} answered {status}", ask.service)));
                }
                Ok(Ok(reply)) => return Ok(reply),
                Ok(Err(error)) => last = Some(error),
                Err(late) => last = Some(Error::internal(late)),
            }
        }
        Err(last.unwrap_or(Error::Busy))
    }

    async fn ask_once(&self, ask: &Ask<'_>) -> Result<(StatusCode, Vec<u8>), Error> {
        let mut request = http::Request::builder().method(&ask.method).uri(&ask.url);
        for (name, value) in ask.headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(()).map_err(Error::internal)?;
        self.sign(ask, &mut request)?;
        let request = request.map(|()| body(ask.payload.clone()));
        let reply = self.client.request(request).await.map_err(Error::internal)?;
        let status = reply.status();
        let reply = reply.into_body().collect().await.map_err(Error::internal)?;
        Ok((status, reply.to_bytes().to_vec()))
    }

    /// Signs by AWS's Signature Version 4.
    fn sign(&self, ask: &Ask<'_>, request: &mut http::Request<()>) -> Result<(), Error> {
        let identity = self.credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(ask.service)
            .time(UNIX_EPOCH + Duration::from_millis(Time::now().millis().unsigned_abs()))
            .settings(SigningSettings::default());
        let params = params.build().map_err(Error::internal)?.into();
        let signable = SignableBody::Bytes(ask.payload.as_bytes());
        let signable = SignableRequest::new(ask.method.as_str(), &ask.url, ask.headers.iter().copied(), signable);
        let (signing, _) = sign(signable.map_err(Error::internal)?, &params).map_err(Error::internal)?.into_parts();
        signing.apply_to_request_http1x(request);
        Ok(())
    }
}

/// Where a service is: by the names that AWS's own SDKs go by.
fn endpoint(name: &'static str) -> Result<String, Error> {
    let url = variable(name).ok_or_else(|| Error::internal(format!("{name} must say where the service is")))?;
    Ok(url.trim_end_matches('/').to_owned())
}

/// What a service answered, by the name of the error: its words may hold an address.
fn refused(service: &str, status: StatusCode, reply: &[u8]) -> Error {
    let told: Value = serde_json::from_slice(reply).unwrap_or_default();
    let kind = ["__type", "code", "Type"].iter().find_map(|name| told[*name].as_str()).unwrap_or_default();
    let kind: String =
        kind.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '#').take(80).collect();
    Error::internal(format!("{service} answered {status} {kind}"))
}
