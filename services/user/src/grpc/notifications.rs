//! Notifications on the wire: what [`super::users`] hands on.

use api::cursor::Page;
use api::user::{
    ListNotificationsRequest, ListNotificationsResponse, Notice as WireNotice,
    Notification as WireNotification, NotifyRequest, NotifyResponse, ReadNotificationRequest,
};
use api::{id, time};
use futures::future::FutureExt as _;
use tonic::Status;
use uuid::Uuid;

use super::money::{read_account, read_id};
use crate::domain::notification::{Notice, Notification};
use crate::store::notifications::{self, Place};
use crate::{Error, Tools, notify as tell};

/// The most that one call tells.
const MOST: usize = 500;

/// Lists the notifications of an account.
pub(super) async fn list(
    tools: &Tools,
    request: ListNotificationsRequest,
) -> Result<ListNotificationsResponse, Status> {
    let account = read_account("account_id", &request.account_id)?;
    let list = format!("notifications?account={account}");
    let page = Page::<Place>::read(list, request.page)?;
    let (before, rows) = (page.after().copied(), page.rows());
    let found = tools.db.read("list_notifications", move |tx| {
        notifications::list(tx, account, before, rows).boxed()
    });
    let found = found.await.map_err(Error::from)?.own();
    let (found, next_cursor) = page.cut(found, |last| (last.created_at, last.id));
    Ok(ListNotificationsResponse {
        notifications: found.into_iter().map(write).collect(),
        next_cursor,
    })
}

/// Marks one as read.
pub(super) async fn read(
    tools: &Tools,
    request: ReadNotificationRequest,
) -> Result<WireNotification, Status> {
    let account = read_account("account_id", &request.account_id)?;
    let id = read_id(id::NOTIFICATION, "id", &request.id)?;
    // Read twice is read once: repeated like any keyed work.
    let marked = tools.db.keyed("read_notification", move |tx| {
        async move { Ok::<_, Error>(notifications::read(tx, account, id).await?) }.boxed()
    });
    let notification = marked.await?.ok_or(Error::NotFound("notification"))?;
    Ok(write(notification))
}

/// Takes what other services tell an account.
pub(super) async fn notify(
    tools: &Tools,
    request: NotifyRequest,
) -> Result<NotifyResponse, Status> {
    if request.notices.len() > MOST {
        return Err(Error::invalid("notices", format!("{MOST} at most")).into());
    }
    let notices: Result<Vec<Notice>, Error> =
        request.notices.into_iter().map(read_notice).collect();
    tell::run(tools, notices?).await?;
    Ok(NotifyResponse {})
}

fn read_notice(notice: WireNotice) -> Result<Notice, Error> {
    let fits = |text: &str, most| !text.is_empty() && text.chars().count() <= most;
    if !fits(&notice.kind, 60) {
        return Err(Error::invalid("notices.kind", "1 to 60 characters"));
    }
    if !fits(&notice.subject_id, 90) {
        return Err(Error::invalid("notices.subject_id", "1 to 90 characters"));
    }
    Ok(Notice {
        event: Uuid::parse_str(&notice.event_id)
            .map_err(|_| Error::invalid("notices.event_id", "a UUID"))?,
        account: read_account("notices.account_id", &notice.account_id)?,
        kind: notice.kind,
        subject: notice.subject_id,
    })
}

fn write(notification: Notification) -> WireNotification {
    WireNotification {
        id: id::NOTIFICATION.write(notification.id),
        kind: notification.kind,
        subject_id: notification.subject,
        created_at: time::write(notification.created_at),
        read_at: time::write_or_empty(notification.read_at),
    }
}
