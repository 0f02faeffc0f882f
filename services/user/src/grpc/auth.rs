//! Who is who, on the wire.

use std::sync::Arc;

use api::id;
use api::user as wire;
use api::user::auth_server::{Auth, AuthServer};
use auth::{RefreshToken, Role};
use tonic::{Request, Response, Status};

use super::account::{write, write_tokens};
use crate::domain::{Email, Name, Password};
use crate::follow::{self, Raised};
use crate::prove::Claimed;
use crate::register::{self, Applicant};
use crate::store::revocations::Revocation;
use crate::{Error, Tools, refresh, sign_in, sign_out};

struct Handlers {
    tools: Arc<Tools>,
}

/// The RPCs of `Auth`, carried out with `tools`.
pub(super) fn service(tools: &Arc<Tools>) -> AuthServer<impl Auth> {
    let tools = Arc::clone(tools);
    AuthServer::new(Handlers { tools })
}

#[tonic::async_trait]
impl Auth for Handlers {
    async fn register(
        &self,
        request: Request<wire::RegisterRequest>,
    ) -> Result<Response<wire::Account>, Status> {
        let applicant = read_applicant(request.into_inner())?;
        let account = register::run(&self.tools, applicant).await?;
        Ok(Response::new(write(&account)))
    }

    async fn login(
        &self,
        request: Request<wire::LoginRequest>,
    ) -> Result<Response<wire::Tokens>, Status> {
        let (claimed, password) = read_login(request.into_inner())?;
        let tokens = sign_in::run(&self.tools, claimed, password).await?;
        Ok(Response::new(write_tokens(tokens)))
    }

    async fn refresh(
        &self,
        request: Request<wire::RefreshRequest>,
    ) -> Result<Response<wire::Tokens>, Status> {
        let given = RefreshToken::read(&request.into_inner().refresh_token);
        let given = given.ok_or(Error::BadToken)?;
        let tokens = refresh::run(&self.tools, &given).await?;
        Ok(Response::new(write_tokens(tokens)))
    }

    async fn logout(
        &self,
        request: Request<wire::LogoutRequest>,
    ) -> Result<Response<wire::LogoutResponse>, Status> {
        let request = request.into_inner();
        if let Some(given) = RefreshToken::read(&request.refresh_token) {
            sign_out::run(&self.tools, &given, request.everywhere).await?;
        }
        Ok(Response::new(wire::LogoutResponse {}))
    }

    async fn get_keys(
        &self,
        _: Request<wire::GetKeysRequest>,
    ) -> Result<Response<wire::GetKeysResponse>, Status> {
        let jwks = self.tools.keyring.jwks().await?;
        Ok(Response::new(wire::GetKeysResponse { jwks }))
    }

    async fn list_revocations(
        &self,
        request: Request<wire::ListRevocationsRequest>,
    ) -> Result<Response<wire::ListRevocationsResponse>, Status> {
        let raised = follow::run(&self.tools, &request.into_inner().since).await?;
        Ok(Response::new(write_raised(raised)))
    }
}

fn read_applicant(request: wire::RegisterRequest) -> Result<Applicant, Error> {
    Ok(Applicant {
        email: Email::new(&request.email)?,
        name: Name::new(&request.name)?,
        password: Password::new(request.password),
        role: Role::Customer,
    })
}

fn read_login(request: wire::LoginRequest) -> Result<(Claimed, Password), Error> {
    let claimed = match (request.email.as_str(), request.registration_number.as_str()) {
        ("", "") => {
            return Err(Error::invalid(
                "email",
                "it, or a registration number, is needed",
            ));
        }
        (email, "") => Claimed::Email(Email::new(email)?),
        ("", number) => Claimed::Number(number.parse().map_err(Error::from)?),
        _ => {
            return Err(Error::invalid(
                "email",
                "either it or a registration number",
            ));
        }
    };
    Ok((claimed, Password::new(request.password)))
}

fn write_raised(raised: Raised) -> wire::ListRevocationsResponse {
    let write = |revocation: Revocation| wire::Revocation {
        account_id: id::ACCOUNT.write(revocation.account_id),
        session_epoch: revocation.session_epoch,
    };
    wire::ListRevocationsResponse {
        revocations: raised.revocations.into_iter().map(write).collect(),
        next: raised.next,
    }
}
