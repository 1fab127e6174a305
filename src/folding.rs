//! Text folding: the one definition of which texts are alike, and its inverse, which tells what a
//! database may be asked before we decide.

use std::{cmp::Ordering, sync::LazyLock};

use unicode_normalization::UnicodeNormalization;

/// Folds text the way a French shopper types it: case, accents, œ/æ/ß, typographic apostrophes and
/// trailing blanks do not count. The one definition in the product; no database's collation is
/// ever asked instead.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.trim_end().chars() {
        if c.is_ascii() {
            folded.push(c.to_ascii_lowercase());
            continue;
        }
        // Letter by letter: only marks would change places in the whole text's form, and they go.
        for c in std::iter::once(c).nfkd() {
            match c {
                'œ' | 'Œ' => folded.push_str("oe"),
                'æ' | 'Æ' => folded.push_str("ae"),
                'ß' | 'ẞ' => folded.push_str("ss"),
                'ø' | 'Ø' => folded.push('o'),
                '\u{2018}' | '\u{2019}' | '\u{02BC}' => folded.push('\''),
                c if unicode_normalization::char::is_combining_mark(c) => {}
                c => folded.extend(c.to_lowercase()),
            }
        }
    }
    folded
}

/// The one text order of merged values: folded form, then code points. (The tie after that, by
/// code, is the caller's.)
pub fn compare_text(a: &str, b: &str) -> Ordering {
    fold(a).cmp(&fold(b)).then_with(|| a.cmp(b))
}

/// The characters of Windows-1252, the character set of French ERPs, as the inside of a bracket of a
/// pattern: ASCII, Latin-1, and what Windows put in between.
pub const WESTERN: &str = "\u{1}-\u{7f}\u{a0}-\u{ff}€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ";

/// Every character of Windows-1252 beyond ASCII.
fn western() -> impl Iterator<Item = char> {
    ('\u{a0}'..='\u{ff}').chain(WESTERN.chars().filter(|c| *c > '\u{ff}'))
}

/// Which ASCII characters stand in the folded form of no other character of Windows-1252 (beside the
/// capital of a letter): where one stands in a folded text, it stands in the text itself.
static CERTAIN: LazyLock<[bool; 128]> = LazyLock::new(|| {
    let mut certain = [true; 128];
    for c in western() {
        for folded in fold(&format!("{c}|")).bytes().filter(u8::is_ascii) {
            certain[usize::from(folded)] = folded == b'|';
        }
    }
    for wild in *b"%_[]\\" {
        certain[usize::from(wild)] = false;
    }
    // Trailing blanks do not count.
    certain[usize::from(b' ')] = false;
    certain
});

/// A pattern of `LIKE`, without escapes, that the small letters of every text of Windows-1252 fulfil
/// whose folded form holds a folded text: what folding could have made of something else is `%`.
/// `None` when every text fulfils it.
///
/// `start`: the folded form begins with the text.
pub fn like_pattern(text: &str, start: bool) -> Option<String> {
    let mut pattern = String::from(if start { "" } else { "%" });
    for c in fold(text).chars() {
        if c.is_ascii() && CERTAIN[c as usize & 127] {
            pattern.push(c);
        } else if !pattern.ends_with('%') {
            pattern.push('%');
        }
    }
    if !pattern.ends_with('%') {
        pattern.push('%');
    }
    (pattern != "%").then_some(pattern)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `LIKE` without escapes.
    fn like(text: &[char], pattern: &[char]) -> bool {
        match pattern {
            [] => text.is_empty(),
            ['%', rest @ ..] => (0..=text.len()).any(|n| like(&text[n..], rest)),
            [c, rest @ ..] => text.first() == Some(c) && like(&text[1..], rest),
        }
    }

    fn fulfils(text: &str, pattern: &str) -> bool {
        let text: Vec<char> = text.to_lowercase().chars().collect();
        like(&text, &pattern.chars().collect::<Vec<_>>())
    }

    #[test]
    fn what_folding_makes_of_others_is_wild() {
        // ™ folds to tm, … to three dots.
        assert_eq!(like_pattern("Ampère", false).as_deref(), Some("%p%r%"));
        assert_eq!(like_pattern("kp3 [x]", true).as_deref(), Some("kp%x%"));
        assert_eq!(like_pattern("cœur", true).as_deref(), Some("%r%"));
        assert_eq!(like_pattern("été", false), None);
        assert_eq!(like_pattern("", false), None);
    }

    fn texts() -> impl Strategy<Value = String> {
        let all: Vec<char> = ('\u{20}'..'\u{7f}').chain(western()).collect();
        proptest::collection::vec(proptest::sample::select(all), 0..12).prop_map(|c| c.into_iter().collect())
    }

    proptest! {
        #[test]
        fn a_pattern_is_a_necessary_condition(text in texts(), from in 0..12_usize, to in 0..12_usize) {
            let folded: Vec<char> = fold(&text).chars().collect();
            let (from, to) = (from.min(folded.len()), to.min(folded.len()));
            let part: String = folded[from.min(to)..to].iter().collect();
            if let Some(pattern) = like_pattern(&part, false) {
                prop_assert!(fulfils(&text, &pattern), "{text} {part} {pattern}");
            }
            let head: String = folded[..to].iter().collect();
            if let Some(pattern) = like_pattern(&head, true) {
                prop_assert!(fulfils(&text, &pattern), "{text} {head} {pattern}");
            }
        }
    }

    #[test]
    fn folding_is_how_a_shopper_types() {
        assert_eq!(fold("Cœur d’Été à Ærø, STRAẞE  "), "coeur d'ete a aero, strasse");
        assert_eq!(fold("e\u{301}\u{323}ﬁ²"), "efi2");
    }

    proptest! {
        #[test]
        fn folding_letter_by_letter_is_folding_the_whole(text in "\\PC{0,24}") {
            let whole: String = text.nfkd().collect();
            prop_assert_eq!(fold(&text), fold(&whole));
        }
    }
}
