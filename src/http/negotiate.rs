//! Reading `Accept`, `Accept-Language`, `Content-Type` and `Content-Encoding`.

use axum::http::{HeaderMap, HeaderName, header};

/// The media types a GraphQL response may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/json`: every well-formed request is answered with 200.
    Json,
    /// `application/graphql-response+json`: the status says what became of the request.
    GraphqlResponse,
}

impl Media {
    /// Value for `Content-Type`.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        }
    }

    fn subtype(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::GraphqlResponse => "graphql-response+json",
        }
    }
}

/// Most languages that are read from a request.
const LANGUAGES: usize = 16;
/// Longest language tag that is read; real ones have at most 35 characters.
const LANGUAGE_LENGTH: usize = 35;

/// The media type that the client likes best; `None` when it takes neither.
///
/// Without `Accept`, and where only wildcards match, it is `application/json`, which every client understands; where
/// both are named with the same quality it is the newer one.
pub(super) fn media(headers: &HeaderMap) -> Option<Media> {
    let accept = joined(headers, &header::ACCEPT);
    if accept.trim().is_empty() {
        return Some(Media::Json);
    }
    let ranges: Vec<Range<'_>> = items(&accept).filter_map(Range::parse).collect();
    let (json, response) = (best(&ranges, Media::Json), best(&ranges, Media::GraphqlResponse));
    match (json, response) {
        (None, None) => None,
        (Some(_), None) => Some(Media::Json),
        (None, Some(_)) => Some(Media::GraphqlResponse),
        (Some(json), Some(response)) => Some(match response.quality.cmp(&json.quality) {
            std::cmp::Ordering::Greater => Media::GraphqlResponse,
            // The draft asks servers to prefer the newer type, where the client knows it.
            std::cmp::Ordering::Equal if response.specificity == 2 => Media::GraphqlResponse,
            std::cmp::Ordering::Less | std::cmp::Ordering::Equal => Media::Json,
        }),
    }
}

/// The languages that the client accepts, best first, without `*` and those of quality 0.
pub(super) fn languages(headers: &HeaderMap) -> Vec<String> {
    let accept = joined(headers, &header::ACCEPT_LANGUAGE);
    let mut found: Vec<(u16, &str)> = items(&accept)
        .filter_map(|item| {
            let (tag, parameters) = split_parameters(item);
            let well_formed = !tag.is_empty()
                && tag.len() <= LANGUAGE_LENGTH
                && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            let quality = quality(&parameters);
            (well_formed && quality > 0).then_some((quality, tag))
        })
        .take(LANGUAGES)
        .collect();
    // Stable: languages of one quality stay in the order of the header.
    found.sort_by_key(|(quality, _)| std::cmp::Reverse(*quality));
    found.into_iter().map(|(_, tag)| tag.to_owned()).collect()
}

/// Why a request body is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unsupported {
    /// No `Content-Type`.
    NoType,
    /// Not `application/json`.
    Type(String),
    /// A charset that is not UTF-8.
    Charset(String),
    /// A compressed body.
    Encoding(String),
}

/// Whether a POST carries JSON in UTF-8, as it is.
pub(super) fn check_body_type(headers: &HeaderMap) -> Result<(), Unsupported> {
    let encoding = joined(headers, &header::CONTENT_ENCODING);
    let encoding = encoding.trim();
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        return Err(Unsupported::Encoding(clip(encoding)));
    }
    let value = joined(headers, &header::CONTENT_TYPE);
    let (media, parameters) = split_parameters(&value);
    if media.is_empty() {
        return Err(Unsupported::NoType);
    }
    if !media.eq_ignore_ascii_case("application/json") {
        return Err(Unsupported::Type(clip(media)));
    }
    match parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case("charset")) {
        Some((_, charset)) if !is_utf8(charset) => Err(Unsupported::Charset(clip(charset))),
        _ => Ok(()),
    }
}

fn is_utf8(charset: &str) -> bool {
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

/// A piece of a header for an error message: short, and printable only.
fn clip(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

/// All values of a header as one list, as RFC 9110 reads repeated headers. What is not text is left out.
fn joined(headers: &HeaderMap, name: &HeaderName) -> String {
    let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    values.join(",")
}

fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|item| !item.is_empty())
}

fn split_parameters(item: &str) -> (&str, Vec<(&str, &str)>) {
    let mut pieces = item.split(';').map(str::trim);
    let head = pieces.next().unwrap_or("");
    let parameters = pieces
        .filter_map(|piece| piece.split_once('='))
        .map(|(name, value)| (name.trim(), value.trim().trim_matches('"')))
        .collect();
    (head, parameters)
}

/// `q` in thousandths; 1000 without one or where it cannot be read.
fn quality(parameters: &[(&str, &str)]) -> u16 {
    let Some((_, text)) = parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case("q")) else {
        return 1_000;
    };
    let Some((whole, rest)) = text.split_once('.').or(Some((text, ""))) else { return 1_000 };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !digits(rest) || rest.len() > 3 {
        return 1_000;
    }
    match whole {
        "0" => format!("{rest:0<3}").parse().unwrap_or(1_000),
        _ => 1_000,
    }
}

/// One media range of `Accept`.
struct Range<'a> {
    main: &'a str,
    sub: &'a str,
    utf8: bool,
    quality: u16,
}

impl<'a> Range<'a> {
    fn parse(item: &'a str) -> Option<Self> {
        let (media, parameters) = split_parameters(item);
        let (main, sub) = media.split_once('/')?;
        let charset = parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case("charset"));
        let utf8 = charset.is_none_or(|(_, charset)| is_utf8(charset));
        Some(Self { main, sub, utf8, quality: quality(&parameters) })
    }

    /// 2 for the type itself, 1 for `application/*`, 0 for `*/*`.
    fn specificity(&self, media: Media) -> Option<u8> {
        match (self.main, self.sub) {
            ("*", "*") => Some(0),
            (main, "*") if main.eq_ignore_ascii_case("application") => Some(1),
            (main, sub)
                if main.eq_ignore_ascii_case("application") && sub.eq_ignore_ascii_case(media.subtype()) =>
            {
                Some(2)
            }
            _ => None,
        }
    }
}

struct Match {
    specificity: u8,
    quality: u16,
}

/// The most specific range that names a type decides its quality; 0 means "not this one".
fn best(ranges: &[Range<'_>], media: Media) -> Option<Match> {
    ranges
        .iter()
        .filter(|range| range.utf8)
        .filter_map(|range| Some(Match { specificity: range.specificity(media)?, quality: range.quality }))
        .max_by_key(|found| (found.specificity, found.quality))
        .filter(|found| found.quality > 0)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn the_media_type_that_the_client_likes_best() {
        use Media::{GraphqlResponse, Json};
        for (accept, expected) in [
            ("", Some(Json)),
            ("*/*", Some(Json)),
            ("application/*", Some(Json)),
            ("application/json", Some(Json)),
            ("application/graphql-response+json", Some(GraphqlResponse)),
            ("application/graphql-response+json, application/json", Some(GraphqlResponse)),
            ("application/json, application/graphql-response+json", Some(GraphqlResponse)),
            ("application/graphql-response+json;q=0.5, application/json", Some(Json)),
            ("application/graphql-response+json, application/json;q=0.9, */*;q=0.1", Some(GraphqlResponse)),
            ("application/graphql-response+json, */*;q=0.1", Some(GraphqlResponse)),
            ("application/graphql-response+json;q=0, */*", Some(Json)),
            ("application/json;q=0, application/*", Some(GraphqlResponse)),
            ("APPLICATION/JSON; charset=UTF-8", Some(Json)),
            ("application/json; charset=iso-8859-1", None),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Some(Json)),
            ("text/html", None),
            ("application/json;q=0", None),
            ("nonsense", None),
        ] {
            assert_eq!(media(&with(header::ACCEPT, accept)), expected, "{accept}");
        }
        assert_eq!(media(&HeaderMap::new()), Some(Json));
    }

    #[test]
    fn languages_in_order_of_quality() {
        let of = |value: &str| languages(&with(header::ACCEPT_LANGUAGE, value));
        assert_eq!(of("fr-FR, en;q=0.8, fr;q=0.9, *;q=0.5"), ["fr-FR", "fr", "en"]);
        assert_eq!(of("en, de;q=0"), ["en"]);
        assert_eq!(of(" , ;q=1, x y"), Vec::<String>::new());
        assert_eq!(of("de, fr"), ["de", "fr"]);
        assert_eq!(of(&vec!["a"; 50].join(",")).len(), LANGUAGES);
    }

    #[test]
    fn bodies_are_json_in_utf8_as_they_are() {
        let check = |value: &str| check_body_type(&with(header::CONTENT_TYPE, value));
        assert_eq!(check("application/json"), Ok(()));
        assert_eq!(check("Application/JSON ; Charset=\"utf-8\""), Ok(()));
        assert_eq!(check("application/json; charset=latin1"), Err(Unsupported::Charset("latin1".into())));
        assert_eq!(check("text/plain"), Err(Unsupported::Type("text/plain".into())));
        assert_eq!(
            check("application/json, text/plain"),
            Err(Unsupported::Type("application/json, text/plain".into()))
        );
        assert_eq!(check_body_type(&HeaderMap::new()), Err(Unsupported::NoType));
        assert_eq!(
            check_body_type(&with(header::CONTENT_ENCODING, "gzip")),
            Err(Unsupported::Encoding("gzip".into()))
        );
    }

    #[test]
    fn qualities() {
        for (text, expected) in [
            ("1", 1000),
            ("0", 0),
            ("0.5", 500),
            ("0.05", 50),
            ("0.999", 999),
            ("1.000", 1000),
            ("x", 1000),
            ("0.12345", 1000),
        ] {
            assert_eq!(quality(&[("q", text)]), expected, "{text}");
        }
    }
}
