//! Consent: by whom a client lets itself be added and invited (D44).

use serde::{Deserialize, Serialize};

use crate::client::{Client, Face};
use crate::error::Error;
use crate::id::ClientId;
use crate::time::Time;

/// The most clients that one blocks: its record is read with every call that names it, and an item takes 400 KB.
pub const MOST_BLOCKS: usize = 1_000;

/// Who may add or invite a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitePolicy {
    /// Any client of the app.
    #[default]
    Everyone,
    /// Whoever is a member of another room that it is a member of.
    SharedRoom,
    /// No client.
    Nobody,
}

impl InvitePolicy {
    /// Every one, in the order of what they let through.
    pub const ALL: [Self; 3] = [Self::Everyone, Self::SharedRoom, Self::Nobody];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::SharedRoom => "shared_room",
            Self::Nobody => "nobody",
        }
    }

    /// Whether it is the one that is not stored.
    pub fn is_everyone(&self) -> bool {
        *self == Self::Everyone
    }
}

/// That a client is blocked by the one whose record holds this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Block {
    /// Who.
    pub client: ClientId,
    /// Since when.
    pub created_at: Time,
    /// When it was last said.
    pub updated_at: Time,
}

/// A block with the two whom it concerns, as replies show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// Who blocks.
    pub blocker: ClientId,
    /// Who is blocked, as far as it is a client still.
    pub blockee: Face,
    /// Since when.
    pub block: Block,
}

/// Whether a client agrees to be added or invited by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// It does.
    Given,
    /// It does if they share a room.
    AmongAcquaintances,
    /// It does not.
    Refused,
}

impl Client {
    /// Whether this client agrees to be added or invited by another: its block goes before its policy.
    pub fn consent_to(&self, inviter: &ClientId) -> Consent {
        match self.invite_policy {
            _ if *inviter == self.id => Consent::Given,
            _ if self.block_of(inviter).is_some() => Consent::Refused,
            InvitePolicy::Everyone => Consent::Given,
            InvitePolicy::SharedRoom => Consent::AmongAcquaintances,
            InvitePolicy::Nobody => Consent::Refused,
        }
    }

    /// Its block of another.
    pub fn block_of(&self, blockee: &ClientId) -> Option<&Block> {
        self.blocks.iter().find(|block| block.client == *blockee)
    }

    /// The client with this other one blocked: who is blocked already stays so from the first time on.
    pub fn blocking(&self, blockee: &ClientId, now: Time) -> Result<Self, Error> {
        let mut after = self.amended(now);
        match after.blocks.iter_mut().find(|block| block.client == *blockee) {
            Some(block) => block.updated_at = now,
            None if self.blocks.len() >= MOST_BLOCKS => return Err(Error::TooManyBlocks { limit: MOST_BLOCKS }),
            None => after.blocks.push(Block { client: blockee.clone(), created_at: now, updated_at: now }),
        }
        Ok(after)
    }

    /// The client with this other one not blocked.
    pub fn unblocking(&self, blockee: &ClientId, now: Time) -> Self {
        let mut after = self.amended(now);
        after.blocks.retain(|block| block.client != *blockee);
        after
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Region;
    use crate::client::Statement;

    const NOW: Time = Time::from_millis(1_000);
    const LATER: Time = Time::from_millis(2_000);

    fn id(id: &str) -> ClientId {
        ClientId::parse("id", id).unwrap()
    }

    fn client(invite_policy: InvitePolicy) -> Client {
        let said = Statement { invite_policy: Some(invite_policy), ..Statement::default() };
        said.applied(&id("bbb"), None, &Region::default(), NOW).unwrap()
    }

    #[test]
    fn consent_follows_the_policy_and_the_block_goes_before_it() {
        let consents = [Consent::Given, Consent::AmongAcquaintances, Consent::Refused];
        for (policy, consent) in InvitePolicy::ALL.into_iter().zip(consents) {
            let own = client(policy);
            assert_eq!(own.consent_to(&id("aaa")), consent, "{policy:?}");
            assert_eq!(own.consent_to(&id("bbb")), Consent::Given, "oneself: {policy:?}");
            let blocking = own.blocking(&id("aaa"), NOW).unwrap();
            assert_eq!(blocking.consent_to(&id("aaa")), Consent::Refused, "{policy:?}");
            assert_eq!(blocking.consent_to(&id("ccc")), consent, "{policy:?}");
            assert_eq!(blocking.unblocking(&id("aaa"), NOW).consent_to(&id("aaa")), consent, "{policy:?}");
        }
    }

    #[test]
    fn who_is_blocked_again_is_blocked_since_the_first_time() {
        let once = client(InvitePolicy::Everyone).blocking(&id("aaa"), NOW).unwrap();
        let twice = once.blocking(&id("aaa"), LATER).unwrap();
        assert_eq!(twice.blocks, [Block { client: id("aaa"), created_at: NOW, updated_at: LATER }]);
        assert_eq!((twice.version, twice.updated_at), (once.version + 1, LATER));
    }

    #[test]
    fn a_full_list_takes_nobody_more_and_those_on_it_again() {
        let block = |number: usize| Block { client: id(&format!("c{number}")), created_at: NOW, updated_at: NOW };
        let full = Client { blocks: (0..MOST_BLOCKS).map(block).collect(), ..client(InvitePolicy::Everyone) };
        let refusal = full.blocking(&id("aaa"), LATER).unwrap_err();
        assert!(matches!(refusal, Error::TooManyBlocks { limit: MOST_BLOCKS }), "{refusal}");
        assert_eq!(full.blocking(&id("c7"), LATER).unwrap().blocks[7].updated_at, LATER);
        let room_for_one = full.unblocking(&id("c7"), LATER);
        assert!(room_for_one.blocking(&id("aaa"), LATER).is_ok());
    }

    #[test]
    fn everyone_and_nobody_blocked_is_not_stored() {
        let stored = |client: &Client| serde_json::to_value(client).unwrap();
        let plain = stored(&client(InvitePolicy::Everyone));
        assert!(plain.get("invitePolicy").is_none() && plain.get("blocks").is_none(), "{plain}");
        for policy in [InvitePolicy::SharedRoom, InvitePolicy::Nobody] {
            let own = client(policy).blocking(&id("aaa"), NOW).unwrap();
            assert_eq!(stored(&own)["invitePolicy"], policy.as_str());
            let read: Client = serde_json::from_value(stored(&own)).unwrap();
            assert_eq!((read.invite_policy, read.blocks), (policy, own.blocks));
        }
    }
}
