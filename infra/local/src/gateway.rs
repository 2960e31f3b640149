//! The HTTP API: finds the route, asks its function, and answers as API Gateway does.

use std::sync::Arc;

use hyper::body::Bytes;
use hyper::header::{HeaderValue, ORIGIN};
use hyper::{Request, Response, StatusCode};
use uuid::Uuid;

use crate::cors::Cors;
use crate::desk::{self, Desk};
use crate::http::{Answer, message};
use crate::pool::Pool;
use crate::route::{self, Route, Taken};
use crate::sockets::Sockets;
use crate::{event, template::Template};

/// What API Gateway takes.
pub(crate) const LIMIT: usize = 10 * 1024 * 1024;

/// The HTTP API of one stack.
#[derive(Debug)]
pub(crate) struct Gateway {
    routes: Vec<Route>,
    cors: Option<Cors>,
    pool: Arc<Pool>,
    desk: Desk,
    sockets: Option<Arc<Sockets>>,
    /// Host and port, which stand for the API's own domain.
    domain: String,
}

impl Gateway {
    pub(crate) fn new(
        template: &Template,
        pool: Arc<Pool>,
        desk: Desk,
        sockets: Option<Arc<Sockets>>,
        url: &str,
    ) -> Self {
        let routes = template.functions.iter().flat_map(|function| function.routes.clone()).collect();
        Self {
            routes,
            cors: template.cors.clone(),
            pool,
            desk,
            sockets,
            domain: url.trim_start_matches("http://").to_owned(),
        }
    }

    /// Answers one request.
    pub(crate) async fn handle(self: Arc<Self>, request: Request<Bytes>) -> Answer {
        if request.uri().path().starts_with(desk::PREFIX) {
            return Ok(self.desk.handle(&request));
        }
        if let Some(sockets) = self.sockets.as_ref().filter(|sockets| sockets.are_asked_by(&request)) {
            return Arc::clone(sockets).open(request).await;
        }
        let origin = request.headers().get(ORIGIN).cloned();
        if let Some(cors) = &self.cors
            && Cors::is_preflight(request.method(), request.headers())
        {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::NO_CONTENT;
            *response.headers_mut() = cors.preflight(origin.as_ref());
            return Ok(response);
        }
        let id = Uuid::new_v4().to_string();
        let mut response = match route::find(&self.routes, request.method().as_str(), request.uri().path()) {
            Some(taken) => self.ask(&request, &taken, &id).await,
            None => message(StatusCode::NOT_FOUND, "Not Found"),
        };
        if let Some(cors) = &self.cors {
            cors.apply(origin.as_ref(), response.headers_mut());
        }
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert("apigw-requestid", id);
        }
        Ok(response)
    }

    async fn ask(&self, request: &Request<Bytes>, taken: &Taken<'_>, id: &str) -> Response<Bytes> {
        let event = event::event(request, taken, id, &self.domain).to_string();
        let invocation = Uuid::new_v4().to_string();
        match self.pool.invoke(&taken.route.function, &invocation, event.into()).await {
            Ok(reply) => event::answer(&reply).unwrap_or_else(|reason| {
                self.pool.logs.line(&taken.route.function, &reason);
                message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
            }),
            Err(error) => match error.error_type.as_str() {
                "Sandbox.Timedout" => message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
                "RequestTooLargeException" => message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
                _ => message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
            },
        }
    }
}
