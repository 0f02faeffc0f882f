//! Profiles, addresses and administration, on the wire.

use std::sync::Arc;

use api::cursor::Page;
use api::user::users_server::{Users, UsersServer};
use api::{common, user as wire};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::account::{read_role, write, write_tokens};
use super::money::read_account;
use super::{addresses, notifications};
use crate::administer::{self, Decision, Wanted};
use crate::domain::{Email, Name, Password, RegistrationNumber};
use crate::profile::{self, Change};
use crate::{Error, Tools, change_password, close_account, export_account};

struct Handlers {
    tools: Arc<Tools>,
}

/// The RPCs of `Users`, carried out with `tools`.
pub(super) fn service(tools: &Arc<Tools>) -> UsersServer<impl Users> {
    let tools = Arc::clone(tools);
    UsersServer::new(Handlers { tools })
}

#[tonic::async_trait]
impl Users for Handlers {
    async fn get_account(
        &self,
        request: Request<wire::GetAccountRequest>,
    ) -> Result<Response<wire::Account>, Status> {
        let id = read_account("id", &request.into_inner().id)?;
        let found = profile::find(&self.tools, id).await?;
        Ok(Response::new(write(&found)))
    }

    async fn update_account(
        &self,
        request: Request<wire::UpdateAccountRequest>,
    ) -> Result<Response<wire::Account>, Status> {
        let (id, change) = read_change(&request.into_inner())?;
        let changed = profile::update(&self.tools, id, change).await?;
        Ok(Response::new(write(&changed)))
    }

    async fn close_account(
        &self,
        request: Request<wire::CloseAccountRequest>,
    ) -> Result<Response<wire::CloseAccountResponse>, Status> {
        let id = read_account("id", &request.into_inner().id)?;
        close_account::run(&self.tools, id).await?;
        Ok(Response::new(wire::CloseAccountResponse {}))
    }

    async fn change_password(
        &self,
        request: Request<wire::ChangePasswordRequest>,
    ) -> Result<Response<wire::Tokens>, Status> {
        let request = request.into_inner();
        let id = read_account("id", &request.id)?;
        let [current, new] = [request.current_password, request.new_password].map(Password::new);
        let tokens = change_password::run(&self.tools, id, current, new).await?;
        Ok(Response::new(write_tokens(tokens)))
    }

    async fn export_account(
        &self,
        request: Request<wire::ExportAccountRequest>,
    ) -> Result<Response<wire::ExportAccountResponse>, Status> {
        let id = read_account("id", &request.into_inner().id)?;
        let json = export_account::run(&self.tools, id).await?.to_string();
        Ok(Response::new(wire::ExportAccountResponse { json }))
    }

    async fn list_addresses(
        &self,
        request: Request<wire::ListAddressesRequest>,
    ) -> Result<Response<wire::ListAddressesResponse>, Status> {
        let listed = addresses::list(&self.tools, request.into_inner()).await?;
        Ok(Response::new(listed))
    }

    async fn create_address(
        &self,
        request: Request<wire::CreateAddressRequest>,
    ) -> Result<Response<wire::Address>, Status> {
        let added = addresses::create(&self.tools, request.into_inner()).await?;
        Ok(Response::new(added))
    }

    async fn update_address(
        &self,
        request: Request<wire::UpdateAddressRequest>,
    ) -> Result<Response<wire::Address>, Status> {
        let changed = addresses::update(&self.tools, request.into_inner()).await?;
        Ok(Response::new(changed))
    }

    async fn delete_address(
        &self,
        request: Request<wire::DeleteAddressRequest>,
    ) -> Result<Response<wire::DeleteAddressResponse>, Status> {
        let removed = addresses::delete(&self.tools, request.into_inner()).await?;
        Ok(Response::new(removed))
    }

    async fn list_notifications(
        &self,
        request: Request<wire::ListNotificationsRequest>,
    ) -> Result<Response<wire::ListNotificationsResponse>, Status> {
        let listed = notifications::list(&self.tools, request.into_inner()).await?;
        Ok(Response::new(listed))
    }

    async fn read_notification(
        &self,
        request: Request<wire::ReadNotificationRequest>,
    ) -> Result<Response<wire::Notification>, Status> {
        let read = notifications::read(&self.tools, request.into_inner()).await?;
        Ok(Response::new(read))
    }

    async fn notify(
        &self,
        request: Request<wire::NotifyRequest>,
    ) -> Result<Response<wire::NotifyResponse>, Status> {
        let told = notifications::notify(&self.tools, request.into_inner()).await?;
        Ok(Response::new(told))
    }

    async fn list_accounts(
        &self,
        request: Request<wire::ListAccountsRequest>,
    ) -> Result<Response<wire::ListAccountsResponse>, Status> {
        let (wanted, page) = read_wanted(request.into_inner())?;
        let found = administer::list(&self.tools, wanted).await?;
        let (found, next_cursor) = page.cut(found, |account| account.id);
        let accounts = found.iter().map(write).collect();
        Ok(Response::new(wire::ListAccountsResponse {
            accounts,
            next_cursor,
        }))
    }

    async fn administer_account(
        &self,
        request: Request<wire::AdministerAccountRequest>,
    ) -> Result<Response<wire::Account>, Status> {
        let decision = read_decision(&request.into_inner())?;
        let decided = administer::run(&self.tools, decision).await?;
        Ok(Response::new(write(&decided)))
    }

    async fn list_audit(
        &self,
        request: Request<common::ListAuditRequest>,
    ) -> Result<Response<common::ListAuditResponse>, Status> {
        let acts = db::audit::answer(&self.tools.db, request.into_inner()).await?;
        Ok(Response::new(acts))
    }
}

fn read_wanted(request: wire::ListAccountsRequest) -> Result<(Wanted, Page<Uuid>), Status> {
    let wire::ListAccountsRequest {
        page,
        role,
        email,
        registration_number,
    } = request;
    let list = format!("accounts?role={role}&email={email}&number={registration_number}");
    let page = Page::read(list, page)?;
    let role = (!role.is_empty()).then(|| read_role(&role)).transpose()?;
    let email = (!email.is_empty()).then(|| Email::new(&email)).transpose();
    let number = (!registration_number.is_empty())
        .then(|| registration_number.parse::<RegistrationNumber>());
    let wanted = Wanted {
        role,
        email: email.map_err(Error::from)?,
        number: number.transpose().map_err(Error::from)?,
        after: page.after().copied(),
        rows: page.rows(),
    };
    Ok((wanted, page))
}

fn read_change(request: &wire::UpdateAccountRequest) -> Result<(Uuid, Change), Error> {
    let change = Change {
        version: request.version,
        name: request.name.as_deref().map(Name::new).transpose()?,
        email: request.email.as_deref().map(Email::new).transpose()?,
    };
    Ok((read_account("id", &request.id)?, change))
}

fn read_decision(request: &wire::AdministerAccountRequest) -> Result<Decision, Error> {
    if request.role.is_none() && request.disabled.is_none() {
        return Err(Error::invalid("role", "it, or `disabled`, is needed"));
    }
    Ok(Decision {
        actor: read_account("actor_id", &request.actor_id)?,
        id: read_account("id", &request.id)?,
        version: request.version,
        role: request.role.as_deref().map(read_role).transpose()?,
        disabled: request.disabled,
    })
}
