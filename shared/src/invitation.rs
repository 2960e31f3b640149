//! Invitations of people who are not clients yet, by e-mail or mobile (seed 003). A client's own invitation is a state
//! of its standing ([`crate::standing::Pending`]).

use serde::{Deserialize, Serialize};

use crate::address::{Address, BadAddress, Region};
use crate::error::Error;
use crate::id::{ClientId, ObjectId};
use crate::time::Time;

/// An invitation of an address to a room: at most one pending per room and address (D34).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// Generated.
    pub id: ObjectId,
    /// The canonical addresses invited, the one that names the invitation first; at most one of each kind.
    pub addresses: Vec<String>,
    /// As the inviter wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// As the inviter wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
    /// Who invited; none when the platform did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inviter: Option<ClientId>,
    /// The log entry that wrote it: the condition of the next change.
    pub seq: u64,
    /// When.
    pub created_at: Time,
    /// From then on it is as if absent (D17).
    pub expires_at: Time,
}

impl Invitation {
    /// The address that names it: the mobile, else the e-mail (seed 003: `key`, `name`).
    pub fn address(&self) -> &str {
        self.addresses.first().map(String::as_str).unwrap_or_default()
    }
}

/// The addresses of a person, as somebody wrote them: a Talk reply echoes them (D33).
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// The e-mail.
    pub email: Option<String>,
    /// The mobile.
    pub mobile: Option<String>,
}

impl Written {
    /// What was meant: the mobile, read under the region, goes first (D33). A malformed one is refused by name.
    pub fn read(&self, region: &Region) -> Result<Vec<Address>, Error> {
        let bad = |name: &'static str| move |flaw: BadAddress| Error::invalid(name, flaw.to_string());
        let mobile =
            self.mobile.as_deref().map(|text| Address::mobile(text, region).map_err(bad("mobile"))).transpose()?;
        let email = self.email.as_deref().map(|text| Address::email(text).map_err(bad("email"))).transpose()?;
        Ok(mobile.into_iter().chain(email).collect())
    }
}
