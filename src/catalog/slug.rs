//! Slugs and storefront paths: a folded title, then the code in a reversible spelling, so that old
//! titles still lead to the thing.

use crate::value::fold;

/// The slug of a title and code: `fold(title)-code`.
pub fn slug(title: &str, code: &str) -> String {
    let mut slug = String::with_capacity(title.len() + code.len() + 1);
    for c in fold(title).chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    if !slug.is_empty() && !slug.ends_with('-') {
        slug.push('-');
    }
    encode(code, &mut slug);
    slug
}

/// Spells a code with lower-case letters, digits, `.`, `~` and `_` only, reversibly: a capital
/// becomes its small letter, a small letter `_` and itself, `-` a dot, any other byte `__` and two
/// hexadecimal digits.
fn encode(code: &str, out: &mut String) {
    for b in code.bytes() {
        match b {
            b'A'..=b'Z' => out.push(char::from(b.to_ascii_lowercase())),
            b'0'..=b'9' | b'~' => out.push(char::from(b)),
            b'-' => out.push('.'),
            b'a'..=b'z' => {
                out.push('_');
                out.push(char::from(b));
            }
            other => out.push_str(&format!("__{other:02x}")),
        }
    }
}

/// The code at the end of a slug, or `None` when there is none.
pub fn code_of(slug: &str) -> Option<String> {
    let tail = slug.rsplit('-').next().filter(|t| !t.is_empty())?;
    let bytes = tail.as_bytes();
    let mut code = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(b) = bytes.get(at) {
        at += 1;
        match b {
            b'a'..=b'z' => code.push(b.to_ascii_uppercase()),
            b'0'..=b'9' | b'~' => code.push(*b),
            b'.' => code.push(b'-'),
            b'_' => match bytes.get(at)? {
                b'_' => {
                    let hex = tail.get(at + 1..at + 3)?;
                    code.push(u8::from_str_radix(hex, 16).ok()?);
                    at += 3;
                }
                small @ b'a'..=b'z' => {
                    code.push(*small);
                    at += 1;
                }
                _ => return None,
            },
            _ => return None,
        }
    }
    String::from_utf8(code).ok()
}

/// Whether a slug that was set by hand can stand in a path as it is: the characters that an address holds
/// unescaped (letters, digits, `-`, `.`, `_`, `~`), and neither `.` nor `..`.
pub fn fits_a_path(slug: &str) -> bool {
    !matches!(slug, "." | "..")
        && slug.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
}

/// What the storefront path of a kind of thing starts with.
pub const ARTICLE_PATH: &str = "/article/";
/// Likewise for departments.
pub const DEPARTMENT_PATH: &str = "/rayon/";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_slug_reads_well() {
        assert_eq!(slug("Vélo d’été – œuvre", "VTT-42"), "velo-d-ete-oeuvre-vtt.42");
        assert_eq!(slug("", "A1"), "a1");
    }

    #[test]
    fn what_a_path_holds() {
        for (slug, fits) in [
            ("velo-rouge_2.b~c", true),
            ("a/b", false),
            ("été", false),
            ("a b", false),
            ("a?b", false),
            ("..", false),
        ] {
            assert_eq!(fits_a_path(slug), fits, "{slug}");
        }
    }

    proptest! {
        #[test]
        fn the_code_comes_back(title in ".{0,20}", code in "[ -~éàœ]{1,19}") {
            prop_assert_eq!(code_of(&slug(&title, &code)), Some(code));
        }
    }
}
