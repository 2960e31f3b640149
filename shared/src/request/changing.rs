//! Whether a request is to change anything.

use super::Request;
use crate::error::Error;

impl Request {
    /// Whether its method may change anything.
    pub fn may_change(&self) -> bool {
        !["GET", "HEAD", "OPTIONS"].contains(&self.method())
    }

    /// Whether the reply is wanted without the act: `?dryRun=true`.
    pub fn is_dry_run(&self) -> Result<bool, Error> {
        match self.query("dryRun") {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Error::invalid("dryRun", "must be `true` or `false`")),
        }
    }
}
