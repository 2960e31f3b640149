//! What stands against a link (D43).

use crate::id::{ObjectId, RoomId};

/// Why nobody comes in by a link, or none is made.
#[derive(Debug, thiserror::Error)]
pub enum LinkRefusal {
    /// There is no such link, or none any more (D43).
    #[error("there is no such link{}: it never was, has expired or was deleted", named(.link))]
    NotFound {
        /// As asked for; none where it was no link's token at all.
        link: Option<ObjectId>,
    },
    /// As many have come in by the link as may (D43).
    #[error("link `{link}` has let in as many as it may: {uses}")]
    UsedUp {
        /// The link.
        link: ObjectId,
        /// How many.
        uses: u32,
    },
    /// A link lets nobody in twice (D43).
    #[error("you have come in by link `{link}` before: it lets nobody in twice")]
    Redeemed {
        /// The link.
        link: ObjectId,
    },
    /// A room has no more links than so many (D43).
    #[error("room `{room}` can have at most {limit} links {}at a time: delete one first", if *.own {"of yours "} else {""})]
    TooMany {
        /// The room.
        room: RoomId,
        /// How many.
        limit: usize,
        /// Whether it is the caller's own that are too many.
        own: bool,
    },
}

fn named(link: &Option<ObjectId>) -> String {
    link.as_ref().map(|link| format!(" as `{link}`")).unwrap_or_default()
}
