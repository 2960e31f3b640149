//! Invoked: mails to invited people, and tells the operator's bus of mobiles (D34).

use serde_json::json;
use shared::courier::{Carried, Courier, Ride};
use shared::delivery::{Delivery, Verdict};
use shared::error::Error;
use shared::event::{About, Scene};
use shared::invitation::Invitation;
use shared::lambda::{self, Ended, House};
use shared::mail;
use shared::outside::Aws;
use shared::relay::Outlets;
use shared::webhook::Target;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Ended {
    let (aws, outlets) = (Aws::from_environment()?, Outlets::from_environment());
    lambda::serve_operator(|house, ride| handle(house, ride, aws.clone(), outlets.clone())).await
}

async fn handle(house: House, ride: Ride, aws: Aws, outlets: Outlets) -> Result<Carried, Error> {
    let parcel = ride.parcel()?;
    let courier = Courier { store: &house.store, parcel: &parcel, clock: ride.clock() };
    courier.carry(async |delivery, scene| send(delivery, scene, &aws, &outlets, &parcel.target).await).await
}

async fn send(delivery: &Delivery, scene: &Scene, aws: &Aws, outlets: &Outlets, target: &Target) -> Verdict {
    let pending = scene.invitations.iter().find(|own| delivery.about == About::Invitation(own.id.clone()));
    let Some(invitation) = pending else { return Verdict::hopeless("the invitation is closed") };
    let sent = match (target, &outlets.mail, &outlets.bus) {
        (Target::Mail, Some(sender), _) => {
            let Some(address) = &invitation.email else {
                return Verdict::hopeless("the invitation names no e-mail address");
            };
            aws.mail(&mail::invitation(sender, &outlets.link, scene, invitation, address)).await
        }
        (Target::Mobile, _, Some(bus)) => {
            aws.announce(bus, &delivery.event, &announcement(outlets, scene, invitation)).await
        }
        _ => return Verdict::hopeless("the deployment does not send such invitations any more"),
    };
    match sent {
        Ok(()) => Verdict::Delivered { status: 200 },
        Err(error) => Verdict::Failed { status: None, reason: cause(&error), retry_after: None },
    }
}

/// What the operator's provider of short messages needs to know.
fn announcement(outlets: &Outlets, scene: &Scene, invitation: &Invitation) -> serde_json::Value {
    json!({
        "app": scene.app,
        "room": scene.room.id,
        "topic": scene.room.topic(),
        "invitation": invitation.id,
        "mobile": invitation.mobile,
        "inviter": invitation.inviter,
        "link": mail::link(&outlets.link, scene, &invitation.id),
        "expiresAt": invitation.expires_at.iso(),
    })
}

/// What AWS said; the address is not in it.
fn cause(error: &Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}
