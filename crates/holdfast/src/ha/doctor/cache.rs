//! Looks at Redis and at those who watch over it.

use futures::future::join_all;
use stack::{RedisHa, RedisServer, Sentinel, Standing};

use super::{BEHIND, Finding};

/// Whether the cache would outlive the loss of one of its servers.
pub(super) async fn examine(redis: &RedisHa) -> Vec<Finding> {
    let mut found = join_all(redis.servers().iter().map(|one| server(one))).await;
    found.extend(join_all(redis.sentinels().iter().map(|one| sentinel(one, redis))).await);
    found.push(Finding::of(
        "the replica of Redis is in step",
        redis.behind().await.is_some_and(|bytes| bytes < BEHIND),
        "`holdfast status`: both Redis have to run; until then a lost primary takes the cache along, and the shop is slower",
    ));
    found
}

async fn server(server: &RedisServer) -> Finding {
    let advice = format!(
        "`holdfast resume {}`; without any Redis the shop is slower, not wrong",
        server.name()
    );
    let answers = server.standing().await != Standing::Silent;
    Finding::of(format!("{} answers", server.name()), answers, &advice)
}

/// Whether it sees what the others see, and enough of them.
async fn sentinel(one: &Sentinel, redis: &RedisHa) -> Finding {
    let named = redis.primary().await.map(|primary| primary.port());
    let view = one.view().await;
    let agrees = view.is_some_and(|view| named.is_ok_and(|port| port == view.primary));
    let advice = format!(
        "`holdfast resume {}`; two of three have to agree that a primary is lost",
        one.name()
    );
    Finding::of(
        format!("{} agrees on the primary, and sees a quorum", one.name()),
        agrees && one.has_quorum().await,
        &advice,
    )
}
