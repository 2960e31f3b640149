//! The invitations of addresses to an app's rooms, found by the index, which follows the table by moments.

use super::key::{self, Key};
use super::visitor::Visitor;
use super::{Store, item};
use crate::app::App;
use crate::auth::Credentials;
use crate::error::Error;
use crate::id::{AppId, ObjectId, RoomId};
use crate::invitation::Invitation;

/// Who asks for the invitations of a team, and all of them.
pub struct TeamInvitations {
    /// The proven caller.
    pub visitor: Visitor,
    /// The app, which is the team.
    pub record: App,
    /// Each with its room, lapsed or not.
    pub invitations: Vec<(RoomId, Invitation)>,
}

impl Store {
    /// All invitations of addresses to the rooms of the caller's app: one round with an issued token.
    pub async fn invitations_of_team(&self, credentials: &Credentials) -> Result<TeamInvitations, Error> {
        let app = &credentials.app;
        let proven = self.visitor_with(credentials, [Key::app(app)]);
        let pk = key::app_invitations(app);
        let ((visitor, items), found) = tokio::try_join!(proven, self.indexed(&pk, None))?;
        let record = items.get(&Key::app(app))?.ok_or(Error::UnknownToken)?;
        let invitations = found.into_iter().map(item::read_with_room).collect::<Result<_, _>>()?;
        Ok(TeamInvitations { visitor, record, invitations })
    }

    /// The invitation of this id, with its room.
    pub async fn invitation_by_id(&self, app: &AppId, id: &ObjectId) -> Result<Option<(RoomId, Invitation)>, Error> {
        let found = self.indexed(&key::app_invitations(app), Some(id.as_str())).await?;
        found.into_iter().next().map(item::read_with_room).transpose()
    }
}
