//! An app, the tenant (D1).

use serde::{Deserialize, Serialize};

use crate::address::Region;
use crate::id::{AppId, ObjectId};
use crate::time::Time;

/// One tenant: to IMKit an app, to Talk a team (D1).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct App {
    /// The app as Talk sees it: a team of which every client is a member.
    pub team: ObjectId,
    /// Where a mobile number without a country code belongs: two letters of ISO 3166 (D33).
    pub default_region: String,
    /// When it was made.
    pub created_at: Time,
}

impl App {
    /// The region under which its mobile numbers are read.
    pub fn region(&self) -> Region {
        Region::parse(&self.default_region).unwrap_or_default()
    }
}

/// An app to be made, with its first two keys.
pub struct NewApp {
    /// Its id.
    pub id: AppId,
    /// What is stored of it.
    pub app: App,
    /// Shipped in the operator's app.
    pub client_key: String,
    /// Kept in the operator's back end.
    pub api_key: String,
}
