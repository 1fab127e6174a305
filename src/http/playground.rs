//! The GraphiQL page: `playground/dist`, built by Vite, embedded in the binary, so that it needs no file and no internet.
//!
//! This room knows bytes and headers, not routes: the HTTP app serves [`index`] at `/graphiql`, [`asset`] for everything
//! below it, and the shop's example queries at `/graphiql/examples.json` (`[{title, query, variables?, headers?}]`).
//! A binary built without the page (no Node at build time) answers with one that says how to build it.

use std::{borrow::Cow, fmt::Write as _};

use rust_embed::RustEmbed;

/// `Content-Security-Policy` of the page and its assets. The editor needs inline styles, fonts in `data:` URLs and
/// workers; scripts, requests and workers come from the gateway alone, and nobody may frame the page.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; \
     style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `Cache-Control` for an [`Asset`] whose name carries the hash of its content.
const CACHE_FOR_EVER: &str = "public, max-age=31536000, immutable";
/// `Cache-Control` for what may change with the next version of the binary: ask again, by `ETag`.
const CACHE_ASK_AGAIN: &str = "no-cache";

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/playground/dist"]
#[allow_missing = true]
struct Dist;

/// One file of the page, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// The file's content, uncompressed.
    pub bytes: Cow<'static, [u8]>,
    /// Value for `Content-Type`, with the charset where it is text.
    pub content_type: &'static str,
    /// Value for `ETag`: weak, because the HTTP app may compress the body.
    pub etag: String,
    /// The name carries the hash of the content: may be cached for ever.
    pub immutable: bool,
}

impl Asset {
    /// Value for `Cache-Control`.
    pub fn cache_control(&self) -> &'static str {
        if self.immutable { CACHE_FOR_EVER } else { CACHE_ASK_AGAIN }
    }

    /// Whether a request's `If-None-Match` names this content, so that `304 Not Modified` is the answer.
    pub fn is_current(&self, if_none_match: &str) -> bool {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        let own = opaque(&self.etag);
        if_none_match.trim() == "*" || if_none_match.split(',').any(|tag| opaque(tag) == own)
    }
}

/// Whether this binary carries the built page.
pub fn is_built() -> bool {
    Dist::get("index.html").is_some()
}

/// The page itself; in a binary built without it, a page that says how to build it.
pub fn index() -> Asset {
    match Dist::get("index.html") {
        Some(file) => to_asset("index.html", file),
        None => Asset {
            bytes: Cow::Borrowed(NOT_BUILT.as_bytes()),
            content_type: content_type("index.html"),
            etag: "W/\"not-built\"".to_owned(),
            immutable: false,
        },
    }
}

/// A file below `/graphiql/`, by its path from there (`assets/index-Cq3.js`, `icon.svg`); `None` when there is no such
/// file. The page itself is [`index`] only: it must not be served without its headers.
pub fn asset(path: &str) -> Option<Asset> {
    let path = path.trim_start_matches('/');
    if path.is_empty() || path.starts_with('.') || content_type(path).starts_with("text/html") {
        return None;
    }
    Dist::get(path).map(|file| to_asset(path, file))
}

fn to_asset(path: &str, file: rust_embed::EmbeddedFile) -> Asset {
    // 128 bits of the SHA-256 that was computed at build time.
    let hash = file.metadata.sha256_hash();
    let mut etag = String::with_capacity(4 + 32);
    etag.push_str("W/\"");
    for byte in &hash[..16] {
        // Writing to a String cannot fail.
        let _ = write!(etag, "{byte:02x}");
    }
    etag.push('"');
    Asset { bytes: file.data, content_type: content_type(path), etag, immutable: path.starts_with("assets/") }
}

/// The media types of what Vite writes; anything else is bytes.
fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ttf") => "font/ttf",
        Some("woff") => "font/woff",
        Some("woff2") => "font/woff2",
        Some("wasm") => "application/wasm",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Fits [`CONTENT_SECURITY_POLICY`]: styles inline, no script.
const NOT_BUILT: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Comptoir · GraphiQL is not in this build</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 44rem; padding: 0 1rem; }
code, pre { background: #eef2f3; border-radius: 4px; padding: .1rem .3rem; }
pre { overflow-x: auto; padding: .8rem; }
</style>
</head>
<body>
<h1>GraphiQL is not in this build</h1>
<p>The gateway works: POST a query to <code>/graphql</code>. Only this page is missing, because the binary was built
without Node.js.</p>
<p>To add it, install Node.js 20.19 or newer, then run these in the source folder and start the gateway again:</p>
<pre>make playground
cargo build</pre>
<p>Until then:</p>
<pre>curl http://HOST:PORT/graphql -H 'content-type: application/json' -d '{"query":"{ __typename }"}'</pre>
</body>
</html>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_is_a_page_with_or_without_a_build() {
        let index = index();
        assert_eq!(index.content_type, "text/html; charset=utf-8");
        assert!(!index.immutable);
        let text = String::from_utf8_lossy(&index.bytes).into_owned();
        assert!(text.contains("Comptoir"), "{text}");
        assert_eq!(text.contains("make playground"), !is_built());
    }

    #[test]
    fn everything_the_page_names_is_embedded() {
        let index = index();
        let text = String::from_utf8_lossy(&index.bytes).into_owned();
        let named: Vec<&str> = text.split('"').filter_map(|part| part.strip_prefix("/graphiql/")).collect();
        assert_eq!(named.is_empty(), !is_built(), "{text}");
        for path in named {
            let asset = asset(path);
            assert!(asset.is_some(), "{path} is named by the page and not embedded");
        }
    }

    #[test]
    fn hashed_names_are_cached_for_ever_and_others_are_not() {
        for path in Dist::iter().filter(|path| !path.ends_with(".html") && !path.starts_with('.')) {
            let asset = asset(&path).unwrap();
            assert_eq!(asset.immutable, path.starts_with("assets/"), "{path}");
            assert_ne!(asset.content_type, "application/octet-stream", "{path}");
            assert!(asset.is_current(&asset.etag));
        }
    }

    #[test]
    fn nothing_outside_is_served() {
        for path in [
            "",
            "/",
            "index.html",
            "/index.html",
            "../Cargo.toml",
            "assets/",
            "assets/../index.html",
            "nope.js",
        ] {
            assert_eq!(asset(path), None, "{path}");
        }
    }

    #[test]
    fn if_none_match_is_compared_weakly() {
        let asset = Asset {
            bytes: Cow::Borrowed(b""),
            content_type: "text/plain",
            etag: "W/\"abc\"".to_owned(),
            immutable: true,
        };
        assert!(asset.is_current("W/\"abc\""));
        assert!(asset.is_current("\"x\", \"abc\""));
        assert!(asset.is_current("*"));
        assert!(!asset.is_current("\"abcd\""));
        assert!(!asset.is_current(""));
    }
}
