//! The cookie that holds a refresh token: scripts do not see it, and other sites do not send it.

use axum::http::{HeaderMap, HeaderValue};
use axum_extra::extract::cookie::CookieJar;
use chrono::Utc;

use crate::{config::Secret, graphql::request::RefreshCookie};

/// Where the shop's pages are, and with it the cookie's name: `__Host-` is honoured over TLS alone, and keeps other hosts
/// of the domain from setting it.
#[derive(Clone, Debug)]
pub(super) struct Cookies {
    name: &'static str,
    secure: bool,
}

impl Cookies {
    pub(super) fn new(public_url: &str) -> Self {
        let secure = public_url.starts_with("https://");
        let name = if secure { "__Host-comptoir_refresh" } else { "comptoir_refresh" };
        Self { name, secure }
    }

    /// The refresh token that came with a request; whether it may be used is for others to say.
    pub(super) fn read(&self, headers: &HeaderMap) -> Option<Secret> {
        let jar = CookieJar::from_headers(headers);
        jar.get(self.name).map(|cookie| Secret(cookie.value().to_owned())).filter(|token| !token.0.is_empty())
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
    use axum::http::header;
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn the_one_of_its_name_is_read() {
        let read = |url: &str, cookies: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, cookies.parse().unwrap());
            Cookies::new(url).read(&headers).map(|token| token.0)
        };
        let both = "a=b; __Host-comptoir_refresh=T0K; comptoir_refresh=other";
        assert_eq!(read("https://shop.example/api", both).as_deref(), Some("T0K"));
        assert_eq!(read("http://localhost:8080", both).as_deref(), Some("other"));
        assert_eq!(read("https://shop.example", "__Host-comptoir_refresh="), None);
        assert_eq!(read("https://shop.example", "comptoir_refresh=other"), None);
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
