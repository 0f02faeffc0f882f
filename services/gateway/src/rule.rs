//! Who may come in: the rule of each route, said where the route is, enforced before its handler, shown in OpenAPI.

use std::sync::Arc;

use auth::{Admin, Caller, Refusal, Support};
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::Method;
use axum::http::request::Parts;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa_axum::router::{UtoipaMethodRouter, UtoipaMethodRouterExt as _};

use crate::code::Code;
use crate::limits::{Class, Verdict, Who};
use crate::openapi;
use crate::problem::Problem;
use crate::shape::Shapes;
use crate::state::Edge;

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Anybody.
    Public,
    /// Anybody, but only as often as passwords may be guessed.
    SignIn,
    /// Any account, for what is its own.
    Customer,
    /// Those who help customers, and administrators.
    Support,
    /// Administrators.
    Admin,
}

/// Routes with a rule; nothing else can be mounted.
pub(crate) type Ruled = UtoipaMethodRouter<Edge>;

impl Rule {
    /// The word for it in OpenAPI's `x-role`.
    pub fn role(self) -> &'static str {
        match self {
            Self::Public | Self::SignIn => "public",
            Self::Customer => "customer",
            Self::Support => "support",
            Self::Admin => "admin",
        }
    }

    /// Puts `routes` under this rule.
    pub(crate) fn on(self, (schemas, mut paths, router): Ruled) -> Ruled {
        let mut shapes = Shapes::default();
        for item in paths.paths.values_mut() {
            for (method, operation) in operations(item) {
                shapes.note(method, operation);
                self.describe(operation);
            }
        }
        let guard = Guard {
            rule: self,
            shapes: Arc::new(shapes),
        };
        let guarded = |router: axum::routing::MethodRouter<Edge>| {
            router.route_layer(middleware::from_fn_with_state(guard, enter))
        };
        (schemas, paths, router).map(guarded)
    }

    fn describe(self, operation: &mut Operation) {
        let role = ExtensionsBuilder::new().add("x-role", self.role()).build();
        operation.extensions.get_or_insert_default().merge(role);
        if self.role() != "public" {
            let bearer = SecurityRequirement::new("bearer", Vec::<String>::new());
            operation.security = Some(vec![bearer]);
        }
        openapi::usual_answers(operation, self);
    }

    /// Who the caller is, where that matters.
    async fn admit(self, parts: &mut Parts) -> Result<Option<Caller>, Refusal> {
        match self {
            Self::Public | Self::SignIn => Ok(None),
            Self::Customer => Caller::from_request_parts(parts, &()).await.map(Some),
            Self::Support => {
                let Support(caller) = Support::from_request_parts(parts, &()).await?;
                Ok(Some(caller))
            }
            Self::Admin => {
                let Admin(caller) = Admin::from_request_parts(parts, &()).await?;
                Ok(Some(caller))
            }
        }
    }
}

/// What stands before a handler.
#[derive(Clone)]
struct Guard {
    rule: Rule,
    shapes: Arc<Shapes>,
}

async fn enter(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let admitted = guard.rule.admit(&mut parts).await;
    let Some(edge) = parts.extensions.get::<Edge>().cloned() else {
        return Problem::from(Code::Internal).into_response();
    };
    let verdict = count(
        &edge,
        guard.rule,
        &parts,
        admitted.as_ref().ok().copied().flatten(),
    )
    .await;
    let mut response = match admitted {
        _ if !verdict.allowed() => Problem::new(Code::RateLimited)
            .after(verdict.wait())
            .into_response(),
        // Whoever keeps coming with bad tokens is counted as well.
        Err(refusal) => Problem::from(refusal).into_response(),
        Ok(_) => match guard.shapes.keep(parts, body).await {
            Ok(request) => next.run(request).await,
            Err(problem) => problem.into_response(),
        },
    };
    verdict.tell(response.headers_mut());
    response
}

/// Counts the request against its account, or else against its address.
async fn count(edge: &Edge, rule: Rule, parts: &Parts, caller: Option<Caller>) -> Verdict {
    let class = if rule == Rule::SignIn {
        Class::SignIn
    } else {
        Class::Address
    };
    let (class, who) = match caller {
        Some(caller) => (Class::Account, Who::Account(caller.account)),
        None => (class, Who::Client(edge.client(parts))),
    };
    edge.limits().check(class, who).await
}

/// The operations of one path.
pub(crate) fn operations(item: &mut PathItem) -> Vec<(Method, &mut Operation)> {
    let methods = [
        (Method::GET, &mut item.get),
        (Method::POST, &mut item.post),
        (Method::PUT, &mut item.put),
        (Method::PATCH, &mut item.patch),
        (Method::DELETE, &mut item.delete),
    ];
    let there = methods
        .into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)));
    there.collect()
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match Code::of(refusal.code()) {
            Some(code) => Self::new(code).detail(refusal.to_string()),
            None => Self::new(Code::Internal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_of_a_token_has_a_code_with_the_same_status() {
        for refusal in [
            Refusal::NoToken,
            Refusal::BadToken,
            Refusal::Expired,
            Refusal::Revoked,
            Refusal::NotAllowed,
            Refusal::RoleUnsure,
            Refusal::NoKeys,
        ] {
            assert_eq!(
                Problem::from(refusal).code().status(),
                refusal.status(),
                "{refusal:?}"
            );
        }
    }
}
