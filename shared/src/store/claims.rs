//! Claims: what an address brings with it when its owner signs up (D36).

use std::collections::BTreeSet;
use std::time::Duration;

use super::key::Key;
use super::visit::Visit;
use super::{Store, item, key};
use crate::auth::Credentials;
use crate::client::Client;
use crate::door::Door;
use crate::error::Error;
use crate::id::{AppId, RoomId};
use crate::log::Kind;
use crate::membership::{self, Claim};

impl Store {
    /// Redeems every live invitation of the client's addresses, each in its own transaction (D36). Safe to repeat: what
    /// was redeemed is gone, what could not be is still there.
    pub(super) async fn redeem(
        &self,
        credentials: &Credentials,
        client: &Client,
    ) -> Result<Vec<(RoomId, Claim)>, Error> {
        let waiting = self.step("waiting").noted_waiting(&credentials.app, client).await?;
        let (mut claims, mut is_busy) = (Vec::new(), false);
        for (at, (room, named_by)) in waiting.into_iter().enumerate() {
            is_busy |= !self.deadline.allows(Duration::ZERO);
            let claim = match is_busy {
                true => Err(Error::Busy),
                false => self.step(at).redeem_one(credentials, client, &room, &named_by).await,
            };
            let claim = match claim {
                Err(Error::Busy) => Some(Claim::Busy),
                claim => claim?,
            };
            claims.extend(claim.map(|claim| (room, claim)));
        }
        Ok(claims)
    }

    /// What waits for a client, as the first try of the request found it: what that one has redeemed waits no longer.
    async fn noted_waiting(&self, app: &AppId, client: &Client) -> Result<BTreeSet<(RoomId, String)>, Error> {
        if let Some(waiting) = self.taken()? {
            return Ok(waiting);
        }
        let waiting = self.waiting(app, &client.addresses).await?;
        self.note(&waiting)?;
        Ok(waiting)
    }

    /// The invitations of these addresses, each by its room and the address that names it.
    pub(super) async fn waiting(&self, app: &AppId, addresses: &[String]) -> Result<BTreeSet<(RoomId, String)>, Error> {
        let mut waiting = BTreeSet::new(); // an invitation of two addresses is found under both, and is one
        for address in addresses {
            for pointer in self.invitations_of(app, address).await? {
                if let Some((room, named_by)) = pointer.sk.strip_prefix(key::INVITED).and_then(|sk| sk.split_once('#'))
                {
                    waiting.insert((RoomId::parse("id", room)?, named_by.to_owned()));
                }
            }
        }
        Ok(waiting)
    }

    /// The keys under which an address is invited.
    async fn invitations_of(&self, app: &AppId, address: &str) -> Result<Vec<Key>, Error> {
        let items = self.beginning_with(&key::addresses(app, address), key::INVITED).await?;
        Ok(items.iter().filter_map(item::key_of).collect())
    }

    async fn redeem_one(
        &self,
        credentials: &Credentials,
        client: &Client,
        room: &RoomId,
        named_by: &str,
    ) -> Result<Option<Claim>, Error> {
        let clients = [client.id.clone()];
        let visit = Visit { clients: &clients, invitation: Some(named_by), ..Visit::to(room, credentials) };
        let decide = |door: &Door| Ok(membership::claim(door, &client.id).map(|(_, plan)| plan).unwrap_or_default());
        let done = self.act(&visit, decide).await?;
        Ok(match done.entries.first().map(|entry| entry.kind) {
            Some(Kind::MemberJoined) => Some(Claim::Joined),
            Some(_) => Some(Claim::AlreadyMember),
            None => membership::claim(&done.door, &client.id).map(|(claim, _)| claim), // why nothing has changed
        })
    }
}
