//! The cookie that holds a refresh token. Scripts do not see it, other sites do not send it, and it is read only of a
//! POST that comes from a page of ours.

use axum::http::{HeaderMap, HeaderValue, header};
use axum_extra::extract::cookie::CookieJar;
use chrono::Utc;

use crate::{config::Secret, graphql::request::RefreshCookie};

/// Where the shop's pages are, and with it the cookie's name: `__Host-` is honoured over TLS alone, and keeps other hosts
/// of the domain from setting it.
#[derive(Clone, Debug)]
pub(super) struct Cookies {
    name: &'static str,
    secure: bool,
    /// Scheme, host and port of `http.public_url`.
    origin: String,
}

impl Cookies {
    pub(super) fn new(public_url: &str) -> Self {
        let secure = public_url.starts_with("https://");
        let name = if secure { "__Host-comptoir_refresh" } else { "comptoir_refresh" };
        let origin =
            reqwest::Url::parse(public_url).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
        Self { name, secure, origin }
    }

    /// The refresh token of a POST, where the page that sends it may have it.
    pub(super) fn read(&self, headers: &HeaderMap, allowed: impl Fn(&str) -> bool) -> Option<Secret> {
        if !self.from_our_page(headers, allowed) {
            return None;
        }
        let jar = CookieJar::from_headers(headers);
        jar.get(self.name).map(|cookie| Secret(cookie.value().to_owned())).filter(|token| !token.0.is_empty())
    }

    /// Programs send no `Origin`; browsers send the page's with every POST.
    fn from_our_page(&self, headers: &HeaderMap, allowed: impl Fn(&str) -> bool) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let Some(origin) = origins.next() else { return true };
        let Ok(origin) = origin.to_str() else { return false };
        if origins.next().is_some() {
            return false;
        }
        origin == self.origin || self.is_this_server(origin, headers) || allowed(origin)
    }

    /// Without TLS, as when trying things out, the shop has as many names as the machine: its own page is one whose
    /// origin is the host that was asked.
    fn is_this_server(&self, origin: &str, headers: &HeaderMap) -> bool {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        !self.secure && host.is_some_and(|host| origin.strip_prefix("http://") == Some(host))
    }

    /// `Set-Cookie`; nothing for a token that cannot stand in one.
    pub(super) fn header(&self, cookie: &RefreshCookie) -> Option<HeaderValue> {
        let (value, seconds) = match cookie {
            RefreshCookie::Set { token, expires_at } => {
                (token.0.as_str(), (*expires_at - Utc::now()).num_seconds().max(0))
            }
            RefreshCookie::Clear => ("", 0),
        };
        let fits = |byte: u8| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte);
        if !value.bytes().all(fits) {
            tracing::error!("a refresh token cannot stand in a cookie");
            return None;
        }
        let secure = if self.secure { "; Secure" } else { "" };
        let text =
            format!("{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}", self.name);
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(*name, value.parse().unwrap());
        }
        map
    }

    fn read(public_url: &str, pairs: &[(&'static str, &str)]) -> Option<String> {
        let listed = |origin: &str| origin == "https://listed.example";
        Cookies::new(public_url).read(&headers(pairs), listed).map(|token| token.0)
    }

    #[test]
    fn it_is_read_for_our_own_pages_only() {
        let cookie = ("cookie", "a=b; __Host-comptoir_refresh=T0K; comptoir_refresh=no");
        let shop = "https://shop.example/api";
        let from = |origin: &str| read(shop, &[cookie, ("origin", origin), ("host", "shop.example")]);
        assert_eq!(read(shop, &[cookie]).as_deref(), Some("T0K"));
        assert_eq!(from("https://shop.example").as_deref(), Some("T0K"));
        assert_eq!(from("https://listed.example").as_deref(), Some("T0K"));
        for other in ["https://evil.example", "http://shop.example", "null", "https://shop.example:444", ""] {
            assert_eq!(from(other), None, "{other}");
        }
        let twice = [cookie, ("origin", "https://shop.example"), ("origin", "https://evil.example")];
        assert_eq!(read(shop, &twice), None);
        assert_eq!(read(shop, &[("cookie", "__Host-comptoir_refresh=")]), None);
        assert_eq!(read(shop, &[]), None);
    }

    #[test]
    fn without_tls_the_host_that_was_asked_is_our_page() {
        let cookie = ("cookie", "comptoir_refresh=T0K");
        let from = |origin: &str| {
            read("http://localhost:8080", &[cookie, ("origin", origin), ("host", "127.0.0.1:9000")])
        };
        assert_eq!(from("http://localhost:8080").as_deref(), Some("T0K"));
        assert_eq!(from("http://127.0.0.1:9000").as_deref(), Some("T0K"));
        assert_eq!(from("http://127.0.0.1:9001"), None);
        assert_eq!(from("https://127.0.0.1:9000"), None);
    }

    #[test]
    fn its_attributes_keep_it_to_this_host() {
        let set = RefreshCookie::Set {
            token: Secret("abc.DEF-_".into()),
            expires_at: Utc::now() + TimeDelta::seconds(-5),
        };
        let shown = |url: &str, cookie: &RefreshCookie| {
            Cookies::new(url).header(cookie).map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(
            shown("https://shop.example", &set).as_deref(),
            Some("__Host-comptoir_refresh=abc.DEF-_; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure")
        );
        assert_eq!(
            shown("http://localhost:8080", &RefreshCookie::Clear).as_deref(),
            Some("comptoir_refresh=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict")
        );
        let split = RefreshCookie::Set { token: Secret("a; Domain=evil".into()), expires_at: Utc::now() };
        assert_eq!(shown("https://shop.example", &split), None);
    }
}
