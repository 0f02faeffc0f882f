//! The pictures of the catalogue: still lifes, put together out of a thing that suits the product's name, the colours of
//! its category, and a setting by chance that is always the same for the same product.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest as _, Sha256};

use crate::assets::FOR_EVER;

/// A line each; read once.
const MOTIFS: &str = include_str!("../../assets/motifs.txt");
/// Raised when pictures look otherwise, since browsers keep them for ever.
const EDITION: &str = "1";
/// How many words may be for a drawing together.
const IN_A_ROW: usize = 2;
/// In how many settings a thing may stand.
const SETTINGS: u8 = 6;

/// What stands for a category, where no word of a name is known; and its colours: ground, wall, body, shade, light, accent.
const CATEGORIES: [(&str, &str, [&str; 6]); 12] = [
    (
        "kitchen",
        "oven",
        [
            "#e8d5bf", "#f5eadc", "#b8503a", "#8f3a2a", "#fbf1e2", "#e2a33c",
        ],
    ),
    (
        "coffee",
        "mug",
        [
            "#d9c3a9", "#f1e4d3", "#7a4a32", "#57331f", "#f8ecdb", "#d98f45",
        ],
    ),
    (
        "stationery",
        "notebook",
        [
            "#cfd6d4", "#e9eeec", "#36607c", "#254457", "#fbf8f0", "#dd8a4a",
        ],
    ),
    (
        "office",
        "keyboard",
        [
            "#d4d2c6", "#ecebe2", "#6b7d6a", "#4c5b4c", "#fbf9f1", "#e0a13f",
        ],
    ),
    (
        "outdoors",
        "tent",
        [
            "#c9d4bd", "#e6edde", "#3f7a56", "#2b573d", "#f6f3e4", "#e58e3d",
        ],
    ),
    (
        "garden",
        "plant",
        [
            "#d3d9b8", "#edf0dc", "#5d8a3f", "#41642b", "#f9f6e6", "#c8653c",
        ],
    ),
    (
        "tools",
        "hammer",
        [
            "#d6cdbf", "#ede7dd", "#a8482a", "#7a3320", "#f7f0e4", "#d9a441",
        ],
    ),
    (
        "bath",
        "soap",
        [
            "#c6dad9", "#e4efee", "#4a8f8d", "#336866", "#fbfaf4", "#e6b0a0",
        ],
    ),
    (
        "games",
        "dice",
        [
            "#e2cfc4", "#f4e7e0", "#c2573f", "#93402e", "#fcf4ea", "#3f7f86",
        ],
    ),
    (
        "bags",
        "tote",
        [
            "#d8cbb8", "#efe6da", "#8a6138", "#664626", "#f8f0e2", "#3d6e63",
        ],
    ),
    (
        "lighting",
        "bulb",
        [
            "#cfcbd8", "#e8e5ee", "#5a5480", "#413c60", "#faf6ec", "#eebb4d",
        ],
    ),
    (
        "bedding",
        "pillow",
        [
            "#d6d3df", "#eceaf1", "#7f7fa8", "#5f5f86", "#fbf9f5", "#d98c8c",
        ],
    ),
];
const OTHER: [&str; 6] = [
    "#d6d3c8", "#edebe3", "#5e7f78", "#435d57", "#f9f6ee", "#d99a4a",
];
const DARK: &str = "#2b302e";

/// A drawing, and the words it is for.
struct Motif {
    name: &'static str,
    words: Vec<&'static str>,
    shapes: &'static str,
}

static DRAWN: LazyLock<Vec<Motif>> = LazyLock::new(|| {
    let lines = MOTIFS.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(Motif::read).collect()
});

impl Motif {
    fn read(line: &'static str) -> Option<Self> {
        let mut parts = line.split(" | ");
        Some(Self {
            name: parts.next()?,
            words: parts.next()?.split(',').collect(),
            shapes: parts.next()?,
        })
    }
}

/// Which drawing the words are for, in the order of the words: a list of products looks up some at each picture.
static WORDS: LazyLock<Vec<(&'static str, usize)>> = LazyLock::new(|| {
    let motifs = DRAWN.iter().enumerate();
    let words = motifs.flat_map(|(at, motif)| motif.words.iter().map(move |word| (*word, at)));
    let mut words: Vec<_> = words.collect();
    words.sort_unstable();
    words
});

/// The routes of all pictures.
pub(crate) fn routes() -> Router {
    Router::new().route("/pictures/{edition}/{category}/{file}", get(show))
}

/// Where the picture of a product is.
pub(crate) fn path(category: &str, name: &str, id: &str) -> String {
    let known = CATEGORIES.iter().find(|(known, ..)| *known == category);
    let (category, usual) = known.map_or(("other", "aid"), |(known, usual, _)| (known, usual));
    let motif = motif(name).unwrap_or(usual);
    let setting = Sha256::digest(id)[0] % SETTINGS;
    format!("/pictures/{EDITION}/{category}/{motif}-{setting}.svg")
}

/// The drawing for the longest word of `name` that there is one for; of words as long, the last one drawn.
fn motif(name: &str) -> Option<&'static str> {
    let plain = |letter: char| {
        if letter.is_alphanumeric() {
            letter.to_ascii_lowercase()
        } else {
            ' '
        }
    };
    let name: String = format!(" {name} ").chars().map(plain).collect();
    let gaps: Vec<usize> = name.match_indices(' ').map(|(at, _)| at).collect();
    let said = |many| {
        let ends = gaps.iter().zip(gaps.iter().skip(many));
        ends.map(|(from, to)| &name[from + 1..*to])
    };
    let known = (1..=IN_A_ROW).flat_map(said).filter_map(drawn);
    let (_, at) = known.max_by_key(|(words, at)| (words.len(), *at))?;
    Some(DRAWN[at].name)
}

/// The drawing that these very words are for.
fn drawn(words: &str) -> Option<(&str, usize)> {
    let at = WORDS.binary_search_by_key(&words, |(word, _)| *word).ok()?;
    Some((words, WORDS[at].1))
}

async fn show(Path((_, category, file)): Path<(String, String, String)>) -> Response {
    let Some(drawing) = drawing(&category, &file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (CONTENT_TYPE, "image/svg+xml"),
        (CACHE_CONTROL, FOR_EVER),
        (CONTENT_SECURITY_POLICY, "default-src 'none'"),
    ];
    (headers, drawing).into_response()
}

fn drawing(category: &str, file: &str) -> Option<String> {
    let (name, setting) = file.strip_suffix(".svg")?.rsplit_once('-')?;
    let setting: u8 = setting.parse().ok().filter(|setting| *setting < SETTINGS)?;
    let motif = DRAWN.iter().find(|motif| motif.name == name)?;
    let known = CATEGORIES.iter().find(|(known, ..)| *known == category);
    let [ground, wall, body, shade, light, accent] = known.map_or(OTHER, |(.., colours)| *colours);
    let back = backdrop(setting);
    let text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 200 200\"><rect width=\"200\" height=\"200\" fill=\"{{W}}\"/>\
         {back}<path d=\"M0 154h200v46H0z\" fill=\"{{G}}\"/><ellipse cx=\"102\" cy=\"162\" rx=\"66\" ry=\"7\" fill=\"{{K}}\" opacity=\".14\"/>\
         <g transform=\"translate(14 17) scale(.86 .905)\">{}</g></svg>",
        motif.shapes
    );
    let colours = [
        ("{W}", wall),
        ("{G}", ground),
        ("{A}", body),
        ("{B}", shade),
        ("{C}", light),
        ("{D}", accent),
        ("{E}", "#d5d9d6"),
        ("{K}", DARK),
    ];
    Some(
        colours
            .iter()
            .fold(text, |text, (name, colour)| text.replace(name, colour)),
    )
}

/// What is behind the thing: a sun, an arch, a window, a shelf.
fn backdrop(setting: u8) -> &'static str {
    match setting {
        0 => r#"<circle cx="140" cy="66" r="46" fill="{G}" opacity=".8"/>"#,
        1 => r#"<path d="M40 154V92a60 60 0 0 1 120 0v62z" fill="{G}" opacity=".75"/>"#,
        2 => {
            r#"<rect x="24" y="24" width="104" height="130" fill="{G}" opacity=".6"/><path d="M76 24v130M24 88h104" stroke="{W}" stroke-width="5"/>"#
        }
        3 => r#"<path d="M0 154C40 96 84 84 118 104s54 14 82-14v64z" fill="{G}" opacity=".75"/>"#,
        4 => {
            r#"<circle cx="62" cy="82" r="58" fill="{G}" opacity=".6"/><circle cx="150" cy="44" r="18" fill="{D}" opacity=".35"/>"#
        }
        _ => {
            r#"<path d="M0 44h200M0 80h200M0 116h200" stroke="{G}" stroke-width="12" opacity=".55"/>"#
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_finds_the_thing_it_names() {
        for (name, thing) in [
            ("Enamel Camp Mug", "mug"),
            ("Moka Pot 6 cups", "kettle"),
            ("Claw Hammer 450 g", "hammer"),
            ("Clip-On Reading Light", "lamp"),
            ("Hot Water Bottle, Knitted Cover", "pillow"),
        ] {
            assert_eq!(motif(name), Some(thing), "{name}");
        }
        assert_eq!(motif("Nothing of the kind"), None);
    }

    #[test]
    fn every_word_finds_its_drawing_wherever_it_stands() {
        for motif in DRAWN.iter() {
            for words in &motif.words {
                for name in [
                    (*words).to_owned(),
                    format!("No. 7, {} (x)", words.to_uppercase()),
                ] {
                    assert_eq!(super::motif(&name), Some(motif.name), "{name}");
                }
            }
        }
    }

    #[test]
    fn every_category_has_a_thing_that_stands_for_it() {
        for (category, usual, _) in CATEGORIES {
            assert!(path(category, "?", "1").contains(&format!("/{category}/{usual}-")));
            assert!(
                drawing(category, &format!("{usual}-0.svg")).is_some(),
                "{usual}"
            );
        }
        assert!(path("unheard of", "?", "1").contains("/other/aid-"));
    }

    #[test]
    fn every_drawing_is_painted_to_its_last_shape() {
        for motif in DRAWN.iter() {
            for setting in 0..SETTINGS {
                let text = drawing("tools", &format!("{}-{setting}.svg", motif.name)).unwrap();

                assert!(!text.contains('{') && !text.contains('}'), "{text}");
                assert!(text.len() < 4_000, "{}: {} bytes", motif.name, text.len());
            }
        }
    }

    #[test]
    fn what_is_no_picture_is_not_found() {
        for file in [
            "mug",
            "mug-9.svg",
            "mug-x.svg",
            "../etc-0.svg",
            "-0.svg",
            "",
        ] {
            assert_eq!(drawing("kitchen", file), None, "{file}");
        }
    }
}
