//! Clients: the people and robots of an app. Talk calls them users; they are one record (D2).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::address::Region;
use crate::auth::Token;
use crate::consent::{Block, InvitePolicy};
use crate::error::Error;
use crate::id::ClientId;
use crate::invitation::Written;
use crate::json::Json;
use crate::time::Time;

/// How long a token lives unless told otherwise (D5).
pub const TOKEN_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The most that the operator's own fields of a client may take, in bytes of JSON.
pub const LONGEST_CUSTOM: usize = 16_384;

/// What others see of a client: copied into every standing, so that a room's reply needs no further read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// The name that is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// A URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The program that the client last used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Whether it is a program itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_robot: bool,
    /// When a token was last issued to it; at first, when it was created.
    #[serde(default)]
    pub last_login: Time,
}

/// The short form of a client inside messages and invitations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Face {
    /// Who.
    pub id: ClientId,
    /// The name that is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// A URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
}

impl Face {
    /// Of a client with this profile.
    pub fn of(id: &ClientId, profile: &Profile) -> Self {
        Self { id: id.clone(), nickname: profile.nickname.clone(), avatar_url: profile.avatar_url.clone() }
    }

    /// The nickname, else the id (D19).
    pub fn name(&self) -> &str {
        self.nickname.as_deref().filter(|name| !name.is_empty()).unwrap_or(self.id.as_str())
    }
}

/// A client as stored: the truth about it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Client {
    /// The operator's own string.
    pub id: ClientId,
    /// What others see.
    pub profile: Profile,
    /// As the operator wrote it; verified by that statement (D36).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// As the operator wrote it; verified by that statement (D36).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
    /// The canonical addresses under which the client is found; at most one of each kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// The operator's own fields.
    #[serde(default, skip_serializing_if = "Json::is_empty")]
    pub custom: Json,
    /// Tokens that were made no later are refused (D5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Time>,
    /// Who may add or invite it (D44).
    #[serde(default, skip_serializing_if = "InvitePolicy::is_everyone")]
    pub invite_policy: InvitePolicy,
    /// Who may not, whatever the policy says; in the order in which they were blocked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<Block>,
    /// Counts the changes: the condition of the next one.
    pub version: u64,
    /// The version that last changed the profile: copies of earlier versions are outdated.
    #[serde(default)]
    pub profile_version: u64,
    /// When it was first upserted.
    pub created_at: Time,
    /// When it was last upserted.
    pub updated_at: Time,
}

/// What the operator says of one field: nothing, that there is none, or what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Said<T> {
    /// The field stays as it is.
    #[default]
    Nothing,
    /// The field goes.
    None,
    /// The field becomes this.
    Is(T),
}

impl<T> Said<T> {
    /// What becomes of the field.
    pub fn onto(self, field: &mut Option<T>) {
        match self {
            Self::Nothing => {}
            Self::None => *field = None,
            Self::Is(value) => *field = Some(value),
        }
    }
}

impl<T: PartialEq> Said<T> {
    fn differs_from(&self, field: Option<&T>) -> bool {
        match self {
            Self::Nothing => false,
            Self::None => field.is_some(),
            Self::Is(value) => field != Some(value),
        }
    }
}

/// What the operator says of a client in an upsert.
#[derive(Clone, Debug, Default)]
pub struct Statement {
    /// The name that is shown.
    pub nickname: Said<String>,
    /// A URL.
    pub avatar_url: Said<String>,
    /// Free text.
    pub description: Said<String>,
    /// The program that the client uses.
    pub user_agent: Said<String>,
    /// Whether it is a program itself.
    pub is_robot: Option<bool>,
    /// An address that the operator has verified (D36).
    pub email: Said<String>,
    /// An address that the operator has verified (D36).
    pub mobile: Said<String>,
    /// Who may add or invite it (D44).
    pub invite_policy: Option<InvitePolicy>,
    /// Fields of the operator's own; `null` removes one.
    pub custom: Map<String, Value>,
    /// Whether a token is issued, which counts as a login.
    pub logs_in: bool,
}

impl Statement {
    /// The same as a client itself may say it. What the operator vouches for can be repeated, and not changed.
    pub fn by_itself(self, own: &Client) -> Result<Self, Error> {
        let changed = [
            ("email", self.email.differs_from(own.email.as_ref())),
            ("mobile", self.mobile.differs_from(own.mobile.as_ref())),
            ("isRobot", self.is_robot.is_some_and(|is_robot| is_robot != own.profile.is_robot)),
        ];
        match changed.iter().find(|(_, changed)| *changed) {
            Some((name, _)) => Err(Error::invalid(name, "can be changed by the operator's back end alone")),
            None => Ok(Self { email: Said::Nothing, mobile: Said::Nothing, is_robot: None, ..self }),
        }
    }

    /// The client as the statement makes it of what is stored. Mobiles are read under the app's region (D33).
    pub fn applied(
        mut self,
        id: &ClientId,
        before: Option<Client>,
        region: &Region,
        now: Time,
    ) -> Result<Client, Error> {
        let mut client = before.unwrap_or_else(|| Client::new(id, now));
        std::mem::take(&mut self.email).onto(&mut client.email);
        std::mem::take(&mut self.mobile).onto(&mut client.mobile);
        let mut client = self.applied_to(client, now)?;
        client.addresses = client.canonical_addresses(region)?;
        Ok(client)
    }

    /// The same where nothing is said of addresses: these stay as they are.
    pub fn applied_to(self, mut client: Client, now: Time) -> Result<Client, Error> {
        self.nickname.onto(&mut client.profile.nickname);
        self.avatar_url.onto(&mut client.profile.avatar_url);
        self.description.onto(&mut client.profile.description);
        self.user_agent.onto(&mut client.profile.user_agent);
        client.profile.is_robot = self.is_robot.unwrap_or(client.profile.is_robot);
        client.invite_policy = self.invite_policy.unwrap_or(client.invite_policy);
        if self.logs_in {
            client.log_in(now);
        }
        let mut custom = client.custom.object();
        custom.extend(self.custom);
        custom.retain(|_, value| !value.is_null());
        client.custom = Json::of(&custom);
        if client.custom.len() > LONGEST_CUSTOM {
            let longest = custom.iter().max_by_key(|(_, value)| value.to_string().len()).map(|(name, _)| name.as_str());
            let reason = format!("and the other fields of your own must be at most {LONGEST_CUSTOM} bytes of JSON");
            return Err(Error::invalid(longest.unwrap_or_default(), reason));
        }
        Ok(client.amended(now))
    }
}

impl Client {
    fn new(id: &ClientId, now: Time) -> Self {
        Self {
            id: id.clone(),
            profile: Profile { last_login: now, ..Profile::default() },
            email: None,
            mobile: None,
            addresses: Vec::new(),
            custom: Json::default(),
            revoked_at: None,
            invite_policy: InvitePolicy::default(),
            blocks: Vec::new(),
            version: 0,
            profile_version: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// The client about to be changed.
    pub fn amended(&self, now: Time) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }

    /// The client with the version of its profile, by what it was before.
    pub fn versioned(&self, before: Option<&Self>) -> Self {
        let looks_the_same = |before: &Profile| {
            // A login is no news to a room: it reaches its copies with the next change that is.
            *before == Profile { last_login: before.last_login, ..self.profile.clone() }
        };
        let seen = before.filter(|before| looks_the_same(&before.profile) && before.profile_version > 0);
        let profile_version = seen.map_or(self.version, |before| before.profile_version);
        Self { profile_version, ..self.clone() }
    }

    /// Whether a token is this client's and proves it (D5).
    pub fn is_proven_by(&self, token: &Token, now: Time) -> bool {
        token.client == self.id && token.expires_at > now && !token.is_revoked(self.revoked_at)
    }

    /// Takes note that a token is made: later than all tokens that are revoked, and no earlier than any other, whatever
    /// the clocks of two functions say.
    pub fn log_in(&mut self, now: Time) {
        let unrevoked = self.revoked_at.map(|revoked_at| revoked_at.plus(Duration::from_millis(1)));
        self.profile.last_login = self.profile.last_login.max(now).max(unrevoked.unwrap_or(now));
    }

    /// Revokes every token that was made up to now (D5).
    pub fn revoke_tokens(&mut self, now: Time) {
        self.revoked_at = Some(self.profile.last_login.max(now));
    }

    fn canonical_addresses(&self, region: &Region) -> Result<Vec<String>, Error> {
        let written = Written { email: self.email.clone(), mobile: self.mobile.clone() };
        Ok(written.read(region)?.iter().map(|address| address.canonical().to_owned()).collect())
    }

    /// The client after another one has signed up with one of its addresses.
    pub fn without_address(mut self, address: &str) -> Self {
        self.addresses.retain(|own| own != address);
        if address.contains('@') {
            self.email = None
        } else {
            self.mobile = None
        }
        self.version += 1;
        self
    }

    /// The short form.
    pub fn face(&self) -> Face {
        Face::of(&self.id, &self.profile)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BEFORE: Time = Time::from_millis(1_000);
    const NOW: Time = Time::from_millis(2_000);

    fn id() -> ClientId {
        ClientId::parse("_id", "aaa").unwrap()
    }

    fn is(text: &str) -> Said<String> {
        Said::Is(text.to_owned())
    }

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    fn full() -> Statement {
        Statement {
            nickname: is("Ann"),
            avatar_url: is("u"),
            description: is("d"),
            user_agent: is("a"),
            is_robot: Some(true),
            email: is(" Ann@X.io"),
            mobile: is("131 0000 0000"),
            invite_policy: None,
            custom: object(json!({ "plan": { "tier": 1 }, "seat": 7 })),
            logs_in: false,
        }
    }

    fn client() -> Client {
        full().applied(&id(), None, &Region::default(), BEFORE).unwrap()
    }

    fn after(said: Statement) -> Client {
        said.applied(&id(), Some(client()), &Region::default(), NOW).unwrap()
    }

    #[test]
    fn a_new_client_is_what_is_said_of_it() {
        let client = client();
        assert_eq!((client.email.as_deref(), client.mobile.as_deref()), (Some(" Ann@X.io"), Some("131 0000 0000")));
        assert_eq!(client.addresses, ["+8613100000000", "ann@x.io"], "canonical, the mobile first");
        assert_eq!((client.version, client.created_at, client.updated_at), (1, BEFORE, BEFORE));
        assert_eq!(client.profile.last_login, BEFORE, "at first, when it was created");
        let nobody = Statement::default().applied(&id(), None, &Region::default(), NOW).unwrap();
        assert_eq!(nobody.profile, Profile { last_login: NOW, ..Profile::default() });
        assert!(nobody.addresses.is_empty() && nobody.custom.is_empty());
    }

    #[test]
    fn what_is_omitted_stays() {
        let (before, after) = (client(), after(Statement::default()));
        assert_eq!(after.profile, before.profile);
        assert_eq!((after.email, after.mobile, after.addresses), (before.email, before.mobile, before.addresses));
        assert_eq!(after.custom, before.custom);
        assert_eq!((after.version, after.created_at, after.updated_at), (2, BEFORE, NOW));
    }

    #[test]
    fn null_removes() {
        let none = || Said::None;
        let after = after(Statement {
            nickname: none(),
            avatar_url: none(),
            description: none(),
            user_agent: none(),
            email: none(),
            mobile: none(),
            custom: object(json!({ "plan": null, "nothing": null })),
            ..Statement::default()
        });
        assert_eq!(after.profile, Profile { is_robot: true, last_login: BEFORE, ..Profile::default() });
        assert_eq!((after.email, after.mobile, after.addresses), (None, None, Vec::new()));
        assert_eq!(after.custom.object(), object(json!({ "seat": 7 })));
    }

    #[test]
    fn a_profile_has_the_version_that_changed_it() {
        let first = client().versioned(None);
        assert_eq!((first.version, first.profile_version), (1, 1));
        let next = |said: Statement, before: &Client| {
            said.applied(&id(), Some(before.clone()), &Region::default(), NOW).unwrap().versioned(Some(before))
        };
        let moved = next(Statement { custom: object(json!({ "seat": 8 })), ..full() }, &first);
        assert_eq!((moved.version, moved.profile_version), (2, 1), "others see no difference");
        let logged_in = next(Statement { logs_in: true, ..Statement::default() }, &moved);
        assert_eq!((logged_in.version, logged_in.profile_version), (3, 1), "a login is no news to a room");
        let renamed = next(Statement { nickname: is("Anne"), ..Statement::default() }, &moved);
        assert_eq!((renamed.version, renamed.profile_version), (3, 3));
        let unversioned = Client { profile_version: 0, ..first };
        assert_eq!(next(Statement::default(), &unversioned).profile_version, 2, "one from before there were versions");
    }

    #[test]
    fn fields_of_the_operators_own_are_merged_one_by_one() {
        let custom = object(json!({ "plan": { "since": 2020 }, "locale": "zh" }));
        let after = after(Statement { custom, ..Statement::default() });
        let merged = json!({ "plan": { "since": 2020 }, "seat": 7, "locale": "zh" });
        assert_eq!(after.custom.object(), object(merged), "a field is replaced, not its inside");
    }

    #[test]
    fn only_a_token_is_a_login() {
        assert_eq!(after(Statement { logs_in: true, ..Statement::default() }).profile.last_login, NOW);
        assert_eq!(after(full()).profile.last_login, BEFORE);
    }

    #[test]
    fn a_token_is_later_than_the_revocation_before_it_and_no_later_than_the_one_after_it() {
        let mut client = client();
        for clock in [NOW, NOW, BEFORE] {
            client.revoke_tokens(clock);
            let revoked = client.revoked_at.unwrap();
            client.log_in(clock);
            assert!(client.profile.last_login > revoked, "a new token works");
            client.revoke_tokens(clock);
            assert!(client.revoked_at.unwrap() >= client.profile.last_login, "and is revoked in the same millisecond");
        }
    }

    #[test]
    fn a_mobile_is_read_under_the_apps_region() {
        let said = Statement { mobile: is("(202) 555-0173"), ..Statement::default() };
        let american = said.clone().applied(&id(), None, &Region::parse("US").unwrap(), NOW).unwrap();
        assert_eq!(american.addresses, ["+12025550173"]);
        assert_ne!(said.applied(&id(), None, &Region::default(), NOW).unwrap().addresses, ["+12025550173"]);
    }

    #[test]
    fn what_is_no_address_is_refused_by_name() {
        for (said, name) in [
            (Statement { email: is("nobody"), ..Statement::default() }, "`email`"),
            (Statement { mobile: is("12"), ..Statement::default() }, "`mobile`"),
        ] {
            let refusal = said.applied(&id(), Some(client()), &Region::default(), NOW).unwrap_err().to_string();
            assert!(refusal.starts_with(name), "{refusal}");
        }
    }

    #[test]
    fn a_client_loses_one_address_and_keeps_the_other() {
        let without = client().without_address("ann@x.io");
        assert_eq!((without.email, without.addresses), (None, vec!["+8613100000000".to_owned()]));
        assert_eq!(without.version, 2, "or its own next upsert would not notice");
        let without = client().without_address("+8613100000000");
        assert_eq!((without.mobile, without.addresses), (None, vec!["ann@x.io".to_owned()]));
    }
}
