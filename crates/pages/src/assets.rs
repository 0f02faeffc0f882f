//! What pages are drawn with: style, scripts, the mark of the shop. In the binary, under names that change with their contents.

use std::sync::LazyLock;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::get;
use sha2::{Digest as _, Sha256};

/// Under this name for ever the same, so it is asked for once.
pub(crate) const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// One file.
struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
}

const ASSETS: [Asset; 6] = [
    Asset {
        name: "shop.css",
        kind: "text/css; charset=utf-8",
        text: include_str!("../assets/shop.css"),
    },
    Asset {
        name: "shop.js",
        kind: "text/javascript; charset=utf-8",
        text: include_str!("../assets/shop.js"),
    },
    Asset {
        name: "office.css",
        kind: "text/css; charset=utf-8",
        text: include_str!("../assets/office.css"),
    },
    Asset {
        name: "office.js",
        kind: "text/javascript; charset=utf-8",
        text: include_str!("../assets/office.js"),
    },
    Asset {
        name: "htmx.js",
        kind: "text/javascript; charset=utf-8",
        text: include_str!("../assets/htmx-4.0.1.min.js"),
    },
    Asset {
        name: "mark.svg",
        kind: "image/svg+xml",
        text: include_str!("../assets/mark.svg"),
    },
];

static PATHS: LazyLock<[String; 6]> = LazyLock::new(|| ASSETS.each_ref().map(Asset::path));

impl Asset {
    fn path(&self) -> String {
        let hash = hex::encode(&Sha256::digest(self.text)[..6]);
        format!("/assets/{hash}/{}", self.name)
    }
}

/// Where the asset of this name is; nowhere, if there is none.
pub(crate) fn path(name: &str) -> &'static str {
    let at = ASSETS.iter().position(|asset| asset.name == name);
    at.map_or("", |at| &PATHS[at])
}

/// The routes of all assets.
pub(crate) fn routes() -> Router {
    ASSETS.iter().fold(Router::new(), |routes, asset| {
        let headers = [(CONTENT_TYPE, asset.kind), (CACHE_CONTROL, FOR_EVER)];
        routes.route(&asset.path(), get(async move || (headers, asset.text)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_has_a_path_and_nothing_else_has() {
        for asset in &ASSETS {
            assert!(path(asset.name).ends_with(asset.name));
        }
        assert_eq!(path("nothing.js"), "");
    }
}
