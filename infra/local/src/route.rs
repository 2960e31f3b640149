//! Which function a request is for: API Gateway's way of matching, from the template's routes.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

/// One route of the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    method: String,
    path: String,
    segments: Vec<Segment>,
    /// The logical id of its function.
    pub(crate) function: String,
}

/// One part of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Static(String),
    Parameter(String),
    /// `{name+}`: all that is left.
    Greedy(String),
}

/// A route that a request took, and what its parameters were.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Taken<'a> {
    pub(crate) route: &'a Route,
    pub(crate) parameters: BTreeMap<String, String>,
}

const DEFAULT: &str = "$default";

impl Route {
    /// A route as the template writes it; the path `$default` takes what no other route does.
    pub(crate) fn new(method: &str, path: &str, function: &str) -> Self {
        let segments = path.split('/').skip(1).map(|part| {
            let name = part.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
            match (name, name.and_then(|name| name.strip_suffix('+'))) {
                (_, Some(name)) => Segment::Greedy(name.to_owned()),
                (Some(name), None) => Segment::Parameter(name.to_owned()),
                (None, None) => Segment::Static(part.to_owned()),
            }
        });
        let method = if method == "*" { "ANY".to_owned() } else { method.to_ascii_uppercase() };
        Self { method, path: path.to_owned(), segments: segments.collect(), function: function.to_owned() }
    }

    /// The route's key, such as `POST /rooms/{id}/members`.
    pub(crate) fn key(&self) -> String {
        if self.path == DEFAULT { DEFAULT.to_owned() } else { format!("{} {}", self.method, self.path) }
    }

    fn take(&self, method: &str, parts: &[&str]) -> Option<BTreeMap<String, String>> {
        if self.path == DEFAULT {
            return Some(BTreeMap::new());
        }
        if self.method != "ANY" && self.method != method {
            return None;
        }
        let mut parameters = BTreeMap::new();
        let mut parts = parts.iter();
        for segment in &self.segments {
            match segment {
                Segment::Static(text) if *text == decoded(parts.next()?) => {}
                Segment::Parameter(name) => {
                    let part = parts.next().filter(|part| !part.is_empty())?;
                    parameters.insert(name.clone(), decoded(part));
                }
                Segment::Greedy(name) => {
                    let rest = parts.by_ref().copied().collect::<Vec<_>>().join("/");
                    parameters.insert(name.clone(), Some(decoded(&rest)).filter(|rest| !rest.is_empty())?);
                }
                Segment::Static(_) => return None,
            }
        }
        parts.next().is_none().then_some(parameters)
    }

    /// Smaller is more specific: static before parameter before greedy, a method before any, `$default` last.
    fn rank(&self) -> (bool, Vec<u8>, bool) {
        let segments = self.segments.iter().map(|segment| match segment {
            Segment::Static(_) => 0,
            Segment::Parameter(_) => 1,
            Segment::Greedy(_) => 2,
        });
        (self.path == DEFAULT, segments.collect(), self.method == "ANY")
    }
}

/// The most specific route that takes the request. A trailing slash makes another path.
pub(crate) fn find<'a>(routes: &'a [Route], method: &str, path: &str) -> Option<Taken<'a>> {
    let parts: Vec<_> = path.split('/').skip(1).collect();
    let taken = routes.iter().filter_map(|route| Some(Taken { route, parameters: route.take(method, &parts)? }));
    taken.min_by_key(|taken| taken.route.rank())
}

/// Text as it is after one round of percent-decoding.
pub(crate) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Vec<Route> {
        [
            ("GET", "/rooms"),
            ("GET", "/rooms/"),
            ("GET", "/rooms/{id}"),
            ("GET", "/rooms/unread"),
            ("ANY", "/rooms/{id}"),
            ("POST", "/rooms/{id}/members/{invitee}"),
            ("GET", "/files/{rest+}"),
            ("ANY", "$default"),
        ]
        .map(|(method, path)| Route::new(method, path, path))
        .to_vec()
    }

    fn key(method: &str, path: &str) -> String {
        find(&routes(), method, path).unwrap().route.key()
    }

    #[test]
    fn a_static_segment_comes_before_a_parameter() {
        assert_eq!(key("GET", "/rooms/unread"), "GET /rooms/unread");
        assert_eq!(key("GET", "/rooms/r1"), "GET /rooms/{id}");
        assert_eq!(key("PUT", "/rooms/r1"), "ANY /rooms/{id}");
    }

    #[test]
    fn a_trailing_slash_is_another_route() {
        assert_eq!(key("GET", "/rooms"), "GET /rooms");
        assert_eq!(key("GET", "/rooms/"), "GET /rooms/");
        assert_eq!(key("POST", "/rooms/r1/members/"), "$default");
    }

    #[test]
    fn what_no_route_takes_goes_to_the_default_or_nowhere() {
        assert_eq!(key("DELETE", "/nowhere"), "$default");
        assert_eq!(key("POST", "/rooms"), "$default");
        assert_eq!(find(&routes()[..7], "POST", "/rooms"), None);
    }

    #[test]
    fn parameters_are_decoded_once_and_a_coded_slash_stays_inside() {
        let routes = routes();
        let taken = find(&routes, "POST", "/rooms/a%2Fb%2525/members/x%40y.z").unwrap();
        assert_eq!(taken.parameters["id"], "a/b%25");
        assert_eq!(taken.parameters["invitee"], "x@y.z");
        assert_eq!(find(&routes, "GET", "/files/a/b").unwrap().parameters["rest"], "a/b");
    }
}
