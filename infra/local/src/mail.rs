//! SES v2's SendEmail: the mail is kept in the outbox, and as a file that a mail program opens.

use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::StatusCode;
use hyper::body::Bytes;
use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::intrinsic::{ACCOUNT, REGION};
use crate::outbox::Outbox;
use crate::services::{Fate, Refusal};

/// A request to send a mail.
#[derive(Debug)]
pub(crate) struct SendEmail {
    asked: Json,
    /// The address of the sender, without a name.
    sender: String,
}

impl SendEmail {
    pub(crate) fn read(body: &Bytes) -> Result<Self, Refusal> {
        let bad = |message: &str| Refusal::new(StatusCode::BAD_REQUEST, "BadRequestException", message);
        let asked: Json = serde_json::from_slice(body).map_err(|error| bad(&format!("not JSON: {error}")))?;
        let sender = asked["FromEmailAddress"].as_str().ok_or_else(|| bad("`FromEmailAddress` is missing"))?;
        let (_, sender) = named(sender);
        let sender = Some(sender).filter(|sender| is_address(sender)).map(str::to_owned);
        let sender = sender.ok_or_else(|| bad("`FromEmailAddress` is not an address"))?;
        let receivers: Vec<_> = ["ToAddresses", "CcAddresses", "BccAddresses"]
            .into_iter()
            .flat_map(|kind| addresses(&asked, kind))
            .collect();
        if receivers.is_empty() {
            return Err(bad("`Destination` has no address"));
        }
        if let Some(wrong) = receivers.iter().find(|address| !is_address(named(address).1)) {
            return Err(bad(&format!("`Destination`: `{wrong}` is not an address")));
        }
        let content = &asked["Content"];
        let data = |part: &Json| part["Data"].is_string();
        let simple = &content["Simple"];
        let whole = data(&simple["Subject"]) && (data(&simple["Body"]["Text"]) || data(&simple["Body"]["Html"]));
        match raw(content) {
            Some(Err(reason)) => Err(bad(&reason)),
            None if content.get("Template").is_some() => Err(bad("`Content.Template` is not played on one machine")),
            None if !whole => Err(bad("`Content.Simple` wants a `Subject`, and a `Body` with `Text` or `Html`")),
            _ => Ok(Self { sender, asked }),
        }
    }

    /// The identities that may be granted: the address, or its domain.
    pub(crate) fn resources(&self) -> Vec<String> {
        let domain = self.sender.rsplit('@').next().unwrap_or_default();
        let identity = |name: &str| format!("arn:aws:ses:{REGION}:{ACCOUNT}:identity/{name}");
        vec![identity(&self.sender), identity(domain)]
    }

    /// Keeps the mail; the answer names it.
    pub(crate) fn perform(self, outbox: &Outbox, fate: Fate) -> io::Result<Json> {
        let id = Uuid::new_v4().to_string();
        if fate == Fate::Done {
            if let Some(folder) = outbox.folder() {
                self.write(folder, &id)?;
            }
            outbox.keep_mail(self.asked);
        }
        Ok(json!({ "MessageId": id }))
    }

    fn write(&self, folder: &Path, id: &str) -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let now = Timestamp::now();
        // The time first, so that the folder lists them in their order.
        let name = format!("{}-{id}.eml", now.strftime("%Y%m%dT%H%M%S%.3f"));
        std::fs::write(folder.join(name), self.message(id, now)?)
    }

    /// The mail as it would go out.
    fn message(&self, id: &str, now: Timestamp) -> io::Result<Vec<u8>> {
        let content = &self.asked["Content"];
        if let Some(Ok(message)) = raw(content) {
            return Ok(message);
        }
        let list = |kind: &str| Address::new_list(addresses(&self.asked, kind).map(address).collect());
        let simple = &content["Simple"];
        let mut message = MessageBuilder::new()
            .message_id(format!("{id}@localhost"))
            .date(now.as_second())
            .from(address(self.asked["FromEmailAddress"].as_str().unwrap_or_default()))
            .to(list("ToAddresses"))
            .subject(simple["Subject"]["Data"].as_str().unwrap_or_default());
        if addresses(&self.asked, "CcAddresses").next().is_some() {
            message = message.cc(list("CcAddresses"));
        }
        if let Some(text) = simple["Body"]["Text"]["Data"].as_str() {
            message = message.text_body(text);
        }
        if let Some(html) = simple["Body"]["Html"]["Data"].as_str() {
            message = message.html_body(html);
        }
        message.write_to_vec()
    }
}

/// The message that is given whole.
fn raw(content: &Json) -> Option<Result<Vec<u8>, String>> {
    let data = content["Raw"]["Data"].as_str()?;
    Some(BASE64_STANDARD.decode(data).map_err(|error| format!("`Content.Raw.Data` is not base64: {error}")))
}

fn addresses<'a>(asked: &'a Json, kind: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    asked["Destination"][kind].as_array().into_iter().flatten().filter_map(Json::as_str)
}

fn address(text: &str) -> Address<'_> {
    let (name, address) = named(text);
    Address::new_address(name, address)
}

/// `Name <address>`, or an address alone.
fn named(text: &str) -> (Option<&str>, &str) {
    match text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((name, address)) => (Some(name.trim().trim_matches('"')).filter(|name| !name.is_empty()), address),
        None => (None, text.trim()),
    }
}

fn is_address(text: &str) -> bool {
    let plain = !text.contains(|part: char| part.is_whitespace() || part.is_control());
    plain && text.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(changes: impl FnOnce(&mut Json)) -> Result<SendEmail, Refusal> {
        let mut asked = json!({
            "FromEmailAddress": "Rollcall <rollcall@a.example>",
            "Destination": { "ToAddresses": ["zoé@b.example"] },
            "Content": { "Simple": {
                "Subject": { "Data": "Grüße" },
                "Body": { "Text": { "Data": "Come in" }, "Html": { "Data": "<p>Come in</p>" } },
            } },
        });
        changes(&mut asked);
        SendEmail::read(&asked.to_string().into())
    }

    #[test]
    fn a_mail_is_readable_with_both_its_parts() {
        let mail = asked(|_| {}).unwrap().message("id1", Timestamp::UNIX_EPOCH).unwrap();
        let mail = String::from_utf8(mail).unwrap();
        for part in [
            "From: \"Rollcall\" <rollcall@a.example>",
            "Message-ID: <id1@localhost>",
            "Content-Type: multipart/alternative",
            "text/plain",
            "Come in\r\n",
            "text/html",
            "<p>Come in</p>",
            "Thu, 1 Jan 1970",
            "=?utf-8?",
        ] {
            assert!(mail.contains(part), "{part}: {mail}");
        }
        let raw = asked(|asked| asked["Content"] = json!({ "Raw": { "Data": "U3ViamVjdDogYQ==" } })).unwrap();
        assert_eq!(raw.message("id2", Timestamp::UNIX_EPOCH).unwrap(), b"Subject: a");
    }

    #[test]
    fn the_address_or_its_domain_is_what_may_be_granted() {
        let identity = "arn:aws:ses:us-east-1:000000000000:identity";
        let expected = [format!("{identity}/rollcall@a.example"), format!("{identity}/a.example")];
        assert_eq!(asked(|_| {}).unwrap().resources(), expected);
    }

    #[test]
    fn what_cannot_be_sent_is_refused_by_name() {
        let refusal = |changes: fn(&mut Json)| asked(changes).unwrap_err().message;
        assert_eq!(refusal(|asked| asked["FromEmailAddress"] = Json::Null), "`FromEmailAddress` is missing");
        assert_eq!(refusal(|asked| asked["FromEmailAddress"] = "me".into()), "`FromEmailAddress` is not an address");
        assert_eq!(refusal(|asked| asked["Destination"] = json!({})), "`Destination` has no address");
        assert_eq!(
            refusal(|asked| asked["Destination"]["CcAddresses"] = json!(["a@b.example\nBcc: c"])),
            "`Destination`: `a@b.example\nBcc: c` is not an address"
        );
        assert_eq!(
            refusal(|asked| asked["Content"]["Simple"]["Body"] = json!({})),
            "`Content.Simple` wants a `Subject`, and a `Body` with `Text` or `Html`"
        );
        assert_eq!(
            refusal(|asked| asked["Content"] = json!({ "Template": {} })),
            "`Content.Template` is not played on one machine"
        );
        assert!(
            refusal(|asked| asked["Content"] = json!({ "Raw": { "Data": "?" } })).starts_with("`Content.Raw.Data`")
        );
    }
}
