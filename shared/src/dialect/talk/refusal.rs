//! Talk's table of errors (talk.md 3.2): HTTP status, number, and a text in two languages.

use serde_json::{Value, json};

use crate::error::Error;
use crate::lambda::Response;
use crate::request::Request;

/// An error as a whole reply.
pub fn refuse(request: &Request, error: &Error) -> Response {
    let (status, body) = told(request, error);
    let response = Response::json(status, &body);
    match error.retry_after() {
        Some(seconds) => response.with("retry-after", seconds.to_string()),
        None => response,
    }
}

/// An error of one of several, in its place among their replies.
pub fn refused(request: &Request, error: &Error) -> Value {
    told(request, error).1
}

/// In the language asked for: `?lang=`, body `lang`, `X-Language`, cookie; English otherwise (D32).
fn told(request: &Request, error: &Error) -> (u16, Value) {
    let body = request.fields().ok().and_then(|fields| fields.text("lang", 16).ok().flatten());
    let language =
        request.query("lang").or(body.as_deref()).or(request.header("x-language")).or(request.cookie("lang"));
    let Refusal { status, code, english, chinese, about } = refusal(error);
    let text = if language.is_some_and(|language| language.starts_with("zh")) { chinese } else { english };
    (status, json!({ "code": code, "message": text.replace("{}", &about) }))
}

struct Refusal {
    status: u16,
    code: u16,
    english: &'static str,
    chinese: &'static str,
    about: String,
}

/// Talk's own table: HTTP status, number and texts; `{}` stands for what it is about.
fn refusal(error: &Error) -> Refusal {
    let (status, code, english, chinese, about) = match error {
        Error::MissingToken => {
            (403, 201, "You are not login yet. Please login into your account first.", "用户未登录", String::new())
        }
        Error::UnknownToken | Error::ExpiredToken | Error::InvalidClientKey | Error::InvalidApiKey => (
            403,
            220,
            "Your login session has expired. Please relogin and try again",
            "你的登录已过期，请重新登录",
            String::new(),
        ),
        Error::NotRoomMember { room } => (403, 204, "{} member does not exist", "非 {} 成员", format!("room {room}")),
        Error::NotTeamMember => (403, 204, "{} member does not exist", "非 {} 成员", "team".to_owned()),
        Error::Banned { .. } | Error::Blocked { .. } | Error::InsufficientPermissions { .. } => {
            (403, 219, "You are not authorized to access", "无访问权限", String::new())
        }
        Error::RoomFrozen { .. } => (403, 222, "Topic is already archived", "话题已被归档", String::new()),
        Error::InvitationExists => (400, 237, "Invitation record already exists", "邀请记录已存在", String::new()),
        Error::MemberExists { .. } => (400, 239, "Member already exist", "成员已存在", String::new()),
        Error::WebhookNotFound { .. }
        | Error::DeliveryNotFound { .. }
        | Error::TooManyWebhooks { .. }
        | Error::TooManySubscriptions { .. }
        | Error::WebhooksOff => not_permitted("Manage webhooks"),
        Error::Link(_) => not_permitted("Use links"),
        Error::RoomClosed { .. } => not_permitted("Enter closed room"),
        Error::RoomFull { .. } => not_permitted("Enter full room"),
        Error::DirectRoom { .. } => not_permitted("Enter direct room"),
        Error::InvitationRequired { .. } => not_permitted("Join without invitation"),
        Error::AlreadyBanned { .. } | Error::BanNotFound { .. } => not_permitted("Ban"),
        Error::BlockNotFound { .. } | Error::TooManyBlocks { .. } => not_permitted("Block"),
        Error::TooManyFields { .. } => {
            (400, 238, "The Number of parameter beyond the limits allowed", "参数值数量超过限制", String::new())
        }
        Error::MissingParameter { names } => (400, 400, "Parameter missing : {}", "缺少参数： {}", names.join(", ")),
        Error::RoomNotFound { room } => not_found(format!("room {room}")),
        Error::AddressInvitationNotFound { id } => not_found(format!("invitation {id}")),
        Error::MessageNotFound { id } => not_found(format!("message {id}")),
        Error::ClientsNotFound { missing }
        | Error::MembersNotFound { missing, .. }
        | Error::InvitationNotFound { missing, .. } => {
            not_found(missing.iter().map(|client| format!("user {client}")).collect::<Vec<_>>().join(", "))
        }
        Error::InvalidParameter { name, .. } => invalid(name),
        Error::InvalidBody { .. } | Error::BodyTooLarge { .. } => invalid("body"),
        Error::RouteNotFound => (404, 404, "Not Found", "Not Found", String::new()),
        Error::RateLimited { .. } => (429, 233, "Sending request too frequently", "请求过于频繁", String::new()),
        Error::IdempotencyMismatch { .. } => (422, 405, "{}", "{}", error.to_string()),
        Error::IdempotencyInProgress { .. } => (409, 100, "{}", "{}", error.to_string()),
        Error::Busy => (503, 100, "{}", "{}", error.to_string()),
        Error::AppNotFound { app } => not_found(format!("team {app}")),
        Error::AppExists { .. } | Error::Answered { .. } | Error::Internal(_) => {
            (500, 100, "{}", "{}", error.to_string())
        }
    };
    Refusal { status, code, english, chinese, about }
}

type Row = (u16, u16, &'static str, &'static str, String);

fn not_permitted(what: &str) -> Row {
    (403, 243, "Operation not permitted：{}", "操作不可执行：{}", what.to_owned())
}

fn not_found(what: String) -> Row {
    (400, 401, "Object not found : {}", "未找到对象： {}", what)
}

fn invalid(name: &str) -> Row {
    (400, 405, "Invalid parameter : {}", "无效的参数： {}", name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ClientId, RoomId};

    fn client(id: &str) -> ClientId {
        ClientId::parse("id", id).unwrap()
    }

    fn request(event: Value) -> Request {
        serde_json::from_value(event).unwrap()
    }

    fn said(error: &Error, language: &str) -> (u16, Value) {
        let response = refuse(&request(json!({ "headers": { "x-language": language } })), error);
        (response.status_code, serde_json::from_str(&response.body).unwrap())
    }

    type Told = (u16, u16, &'static str, &'static str);

    /// Every error with its row of talk.md 3.2.
    fn table() -> Vec<(Error, Told)> {
        let room = || RoomId::parse("id", "r1").unwrap();
        let login = "You are not login yet. Please login into your account first.";
        let expired =
            (403, 220, "Your login session has expired. Please relogin and try again", "你的登录已过期，请重新登录");
        let banned = Error::Banned { room: room(), clients: vec![client("bbb")] };
        let missing = Error::ClientsNotFound { missing: vec![client("bbb"), client("ccc")] };
        let nothing = Error::MissingParameter { names: &["email", "mobile"] };
        let body = (400, 405, "Invalid parameter : body", "无效的参数： body");
        vec![
            (Error::MissingToken, (403, 201, login, "用户未登录")),
            (Error::NotRoomMember { room: room() }, (403, 204, "room r1 member does not exist", "非 room r1 成员")),
            (banned, (403, 219, "You are not authorized to access", "无访问权限")),
            (Error::UnknownToken, expired),
            (Error::ExpiredToken, expired),
            (Error::InvalidClientKey, expired),
            (Error::InvalidApiKey, expired),
            (Error::InvitationExists, (400, 237, "Invitation record already exists", "邀请记录已存在")),
            (Error::MemberExists { client: client("bbb") }, (400, 239, "Member already exist", "成员已存在")),
            (nothing, (400, 400, "Parameter missing : email, mobile", "缺少参数： email, mobile")),
            (Error::RoomNotFound { room: room() }, (400, 401, "Object not found : room r1", "未找到对象： room r1")),
            (missing, (400, 401, "Object not found : user bbb, user ccc", "未找到对象： user bbb, user ccc")),
            (Error::invalid("email", "is odd"), (400, 405, "Invalid parameter : email", "无效的参数： email")),
            (Error::InvalidBody { reason: "odd".into() }, body),
            (Error::BodyTooLarge { limit: 9 }, body),
            (Error::RouteNotFound, (404, 404, "Not Found", "Not Found")),
        ]
    }

    #[test]
    fn what_a_room_does_not_permit_is_named() {
        let room = || RoomId::parse("id", "r1").unwrap();
        for (error, what) in [
            (Error::RoomClosed { room: room() }, "Enter closed room"),
            (Error::RoomFull { room: room(), max_members: 2 }, "Enter full room"),
            (Error::DirectRoom { room: room() }, "Enter direct room"),
            (Error::InvitationRequired { room: room() }, "Join without invitation"),
        ] {
            for (language, start) in [("en", "Operation not permitted："), ("zh", "操作不可执行：")] {
                let expected = json!({ "code": 243, "message": format!("{start}{what}") });
                assert_eq!(said(&error, language), (403, expected), "{error:?}");
            }
        }
    }

    #[test]
    fn every_error_has_its_documented_number_and_texts() {
        for (error, (status, code, english, chinese)) in table() {
            for (language, message) in [("en", english), ("", english), ("fr", english), ("zh", chinese)] {
                let expected = (status, json!({ "code": code, "message": message }));
                assert_eq!(said(&error, language), expected, "{error:?} in `{language}`");
            }
        }
    }

    #[test]
    fn what_is_our_fault_leaks_nothing() {
        for language in ["en", "zh"] {
            let (status, body) = said(&Error::internal("table `secret` is gone"), language);
            assert_eq!((status, &body["code"]), (500, &json!(100)));
            assert!(!body.to_string().contains("secret"), "{body}");
        }
    }

    #[test]
    fn a_busy_room_says_when_to_come_again() {
        let response = refuse(&Request::default(), &Error::Busy);
        assert_eq!((response.status_code, response.headers["retry-after"].as_str()), (503, "1"));
        assert!(response.body.starts_with(r#"{"code":100,"#), "{}", response.body);
    }

    #[test]
    fn the_first_of_query_body_header_and_cookie_says_the_language() {
        let spoken = |event| {
            let response = refuse(&request(event), &Error::MissingToken);
            if response.body.contains("用户未登录") { "zh" } else { "en" }
        };
        let (query, cookie) = (json!({ "lang": "zh" }), json!(["a=b; lang=zh"]));
        let (body, header) = (r#"{"lang":"zh"}"#, json!({ "X-Language": "zh" }));
        assert_eq!(spoken(json!({})), "en");
        assert_eq!(spoken(json!({ "queryStringParameters": query })), "zh");
        assert_eq!(spoken(json!({ "body": body })), "zh");
        assert_eq!(spoken(json!({ "headers": header })), "zh");
        assert_eq!(spoken(json!({ "cookies": cookie })), "zh");
        let english = json!({ "lang": "en" });
        assert_eq!(spoken(json!({ "queryStringParameters": english, "body": body })), "en");
        assert_eq!(spoken(json!({ "body": r#"{"lang":"en"}"#, "headers": header })), "en");
        assert_eq!(spoken(json!({ "headers": { "x-language": "en" }, "cookies": cookie })), "en");
        assert_eq!(spoken(json!({ "body": "no JSON", "headers": header })), "zh", "whatever the body is");
    }
}
