//! Mails to people who are invited by their e-mail address.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::event::Scene;
use crate::id::ObjectId;
use crate::invitation::Invitation;

/// A mail, as SES v2 takes it: plain text and HTML.
pub fn invitation(sender: &str, link: &str, scene: &Scene, invitation: &Invitation, address: &str) -> Value {
    let (topic, link) = (scene.room.topic(), self::link(link, scene, &invitation.id));
    let inviter = invitation.inviter.as_ref().map(|inviter| scene.name(inviter));
    let said = match &inviter {
        Some(inviter) => format!("{inviter} invites you to “{topic}”."),
        None => format!("You are invited to “{topic}”."),
    };
    let until = format!("The invitation is open until {}.", invitation.expires_at.iso().get(..10).unwrap_or_default());
    let how = "Sign up with this address, and you are in.";
    let text = format!("{said}\n\n{how}\n{link}\n\n{until}\n");
    let html = format!(
        "<p>{}</p><p>{how}<br><a href=\"{}\">{}</a></p><p>{until}</p>",
        escaped(&said),
        escaped(&link),
        escaped(&link)
    );
    let part = |data: &str| json!({ "Data": data, "Charset": "UTF-8" });
    json!({
        "FromEmailAddress": sender,
        "Destination": { "ToAddresses": [address.trim()] },
        "Content": { "Simple": {
            "Subject": part(&one_line(&said)),
            "Body": { "Text": part(&text), "Html": part(&html) },
        } },
    })
}

/// Where a mail or a short message leads.
pub fn link(template: &str, scene: &Scene, invitation: &ObjectId) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    template
        .replace("{app}", &encoded(scene.app.as_str()))
        .replace("{room}", &encoded(scene.room.id.as_str()))
        .replace("{invitation}", invitation.as_str())
}

/// A subject has one line.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(200).collect()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_called_a_room_is_no_markup_and_no_second_line() {
        assert_eq!(escaped("<a href=\"x\">'&'</a>"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
        assert_eq!(one_line("ops\r\nBcc: all@x.io"), "ops  Bcc: all@x.io");
        assert_eq!(one_line(&"é".repeat(300)).chars().count(), 200);
    }
}
