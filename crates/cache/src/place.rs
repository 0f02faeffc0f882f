//! Where the primary is: at an address of its own, or where most of the Sentinels say.

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use redis::{ErrorKind, RedisResult};
use tokio::time::timeout;

use crate::address::{Address, said};

/// What an address begins with that names Sentinels, and what one of its kind begins with that names none.
const SCHEMES: [(&str, &str); 2] = [
    ("redis+sentinel://", "redis://"),
    ("rediss+sentinel://", "rediss://"),
];
/// What says the password of the Sentinels in a URL.
const PASSWORD: &str = "sentinel_password";
/// Where a Sentinel answers if its address does not say.
const PORT: u16 = 26_379;
/// How long a Sentinel may take to say where the primary is.
const ASK: Duration = Duration::from_millis(500);

/// Where the primary is.
pub(crate) enum Place {
    Fixed(Address),
    Named(Sentinels),
    /// The address was not one.
    Nowhere,
}

/// Who knows where the primary is.
#[derive(Clone)]
pub(crate) struct Sentinels {
    pub(crate) each: Vec<Address>,
    /// What they call it.
    pub(crate) name: String,
    /// How to speak to it: an address of its kind, in which host and port do not count.
    like: Address,
}

impl Place {
    /// Reads an address: `redis://host:port/db`, or `redis+sentinel://host:port,host:port/name/db`; with `rediss` for both,
    /// servers and Sentinels are spoken to over TLS. A user and a password, `user:password@`, are for the servers; that of
    /// the Sentinels is said behind it, `?sentinel_password=password`.
    pub(crate) fn read(address: &str) -> RedisResult<Self> {
        let named = |(scheme, single)| Some((address.strip_prefix(scheme)?, single));
        match SCHEMES.into_iter().find_map(named) {
            Some((rest, scheme)) => Ok(Self::Named(Sentinels::read(rest, scheme)?)),
            None => Ok(Self::Fixed(Address::read(address)?)),
        }
    }

    /// Tells whether whoever proves themselves there could be believed.
    pub(crate) fn check(&self) -> RedisResult<()> {
        match self {
            Self::Fixed(address) | Self::Named(Sentinels { like: address, .. }) => {
                address.client().map(drop)
            }
            Self::Nowhere => Ok(()),
        }
    }

    /// Where the primary is now.
    pub(crate) async fn primary(&self) -> RedisResult<Address> {
        match self {
            Self::Fixed(address) => Ok(address.clone()),
            Self::Named(sentinels) => sentinels.primary().await,
            Self::Nowhere => Err((ErrorKind::InvalidClientConfig, "no address").into()),
        }
    }

    /// Whether the primary may be elsewhere tomorrow.
    pub(crate) fn may_move(&self) -> bool {
        matches!(self, Self::Named(_))
    }
}

impl Sentinels {
    fn read(rest: &str, scheme: &str) -> RedisResult<Self> {
        let wrong = || {
            (
                ErrorKind::InvalidClientConfig,
                "not host:port,host:port/name/db",
            )
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (login, rest) = match rest.rsplit_once('@') {
            Some((login, rest)) => (format!("{login}@"), rest),
            None => (String::new(), rest),
        };
        let (hosts, rest) = rest.split_once('/').ok_or_else(wrong)?;
        let (name, db) = rest.split_once('/').unwrap_or((rest, ""));
        if name.is_empty() {
            return Err(wrong().into());
        }
        let like = format!("{scheme}{login}localhost/{db}?{query}");
        let password = said(&like, PASSWORD);
        let each = hosts.split(',').map(|host| {
            let one = Address::read(&format!("{scheme}{}?{query}", sentinel(host)))?;
            Ok(one.with_password(password.as_deref()))
        });
        Ok(Self {
            each: each.collect::<RedisResult<_>>()?,
            name: name.to_owned(),
            like: Address::read(&like)?,
        })
    }

    /// Asks all of them at once, and goes by what most of them say: one that was frozen or cut off for a while may still name
    /// who was the primary before.
    async fn primary(&self) -> RedisResult<Address> {
        let mut asked: FuturesUnordered<_> = self.each.iter().map(|one| self.ask(one)).collect();
        let mut named: Vec<((String, u16), usize)> = Vec::new();
        while let Some(answer) = asked.next().await {
            let Some(place) = answer else { continue };
            match named.iter_mut().find(|(other, _)| *other == place) {
                Some((_, votes)) => *votes += 1,
                None => named.push((place, 1)),
            }
            if named.iter().any(|(_, votes)| votes * 2 > self.each.len()) {
                break;
            }
        }
        let most = named.into_iter().max_by_key(|(_, votes)| *votes);
        let ((host, port), _) = most.ok_or((ErrorKind::Io, "no sentinel names a primary"))?;
        Ok(self.like.at(host, port))
    }

    /// Where one of them has the primary; nothing, if it does not know or does not answer in time.
    async fn ask(&self, sentinel: &Address) -> Option<(String, u16)> {
        let asked = async {
            let mut wire = sentinel
                .client()?
                .get_multiplexed_async_connection()
                .await?;
            let mut ask = redis::cmd("SENTINEL");
            ask.arg("GET-MASTER-ADDR-BY-NAME").arg(&self.name);
            ask.query_async::<Option<(String, u16)>>(&mut wire).await
        };
        timeout(ASK, asked).await.ok()?.ok()?
    }
}

/// Where a Sentinel at `host` is, which is given with or without its port.
fn sentinel(host: &str) -> String {
    let bare = host.rsplit(']').next().unwrap_or(host);
    if bare.contains(':') {
        host.to_owned()
    } else {
        format!("{host}:{PORT}")
    }
}

#[cfg(test)]
mod tests {
    use redis::ConnectionAddr;

    use super::*;

    fn named(address: &str) -> Sentinels {
        match Place::read(address) {
            Ok(Place::Named(sentinels)) => sentinels,
            Ok(_) => panic!("`{address}` names no Sentinels"),
            Err(error) => panic!("`{address}`: {error}"),
        }
    }

    #[test]
    fn an_address_of_sentinels_says_where_they_are_and_how_to_speak_to_the_primary() {
        let read = named("redis+sentinel://ann:pw@10.0.0.1:26380,[::1],sentinel-3:7/mymaster/2");

        let hosts: Vec<String> = read
            .each
            .iter()
            .map(|one| one.info().addr().to_string())
            .collect();
        assert_eq!(hosts, ["10.0.0.1:26380", "::1:26379", "sentinel-3:7"]);
        assert_eq!(
            (&*read.name, read.like.info().redis_settings().db()),
            ("mymaster", 2)
        );
        assert_eq!(read.like.info().redis_settings().username(), Some("ann"));
    }

    #[test]
    fn sentinels_are_spoken_to_in_the_way_of_their_servers_and_by_a_password_of_their_own() {
        let of = |address: &Address| {
            address
                .info()
                .redis_settings()
                .password()
                .map(str::to_owned)
        };
        let secured =
            "rediss+sentinel://:pw@one,two/mymaster/2?sentinel_password=s%26w&ssl_ca_certs=/ca.pem";

        for (address, is_secured) in [
            (secured, true),
            (&secured.replace("rediss", "redis"), false),
        ] {
            let read = named(address);

            let primary = read.like.at("three".to_owned(), 7);
            for one in read.each.iter().chain([&primary]) {
                let over_tls = matches!(one.info().addr(), ConnectionAddr::TcpTls { .. });
                assert_eq!(over_tls, is_secured, "{address}");
            }
            assert_eq!(primary.info().addr().to_string(), "three:7");
            assert_eq!(of(&primary).as_deref(), Some("pw"));
            assert_eq!(of(&read.each[1]).as_deref(), Some("s&w"));
        }
    }

    #[test]
    fn an_authority_that_cannot_be_used_is_told_of() {
        let place = |query: &str| Place::read(&format!("rediss://localhost{query}")).unwrap();
        let this_file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/place.rs");

        assert!(place("").check().is_ok());
        for file in ["/nowhere/ca.pem", this_file] {
            let told = place(&format!("?ssl_ca_certs={file}")).check();

            assert!(told.is_err(), "{file}");
        }
        let plain = Place::read(&format!("redis://localhost?ssl_ca_certs={this_file}"));
        assert!(
            plain.unwrap().check().is_err(),
            "nobody proves anything over plain TCP"
        );
    }

    #[test]
    fn a_database_and_a_login_may_be_left_out() {
        let read = named("redis+sentinel://one,two/mymaster");

        let settings = read.like.info().redis_settings();
        assert_eq!((read.each.len(), settings.db()), (2, 0));
        assert_eq!(settings.password(), None);
    }

    #[test]
    fn an_address_without_sentinels_or_a_name_is_refused() {
        for address in [
            "redis+sentinel://one:26379",
            "redis+sentinel://one:26379/",
            "redis+sentinel:///mymaster",
            "redis+sentinel://one:port/mymaster",
            "redis+sentinel://one/mymaster/db",
            "sentinel://one/mymaster",
            "rediss+sentinel://one",
        ] {
            assert!(Place::read(address).is_err(), "{address}");
        }
    }
}
