use proptest::prelude::*;

use super::{is_rtf, to_text};

fn doc(body: &str) -> String {
    format!(
        "{{\\rtf1\\ansi\\ansicpg1252\\deff0{{\\fonttbl{{\\f0\\fswiss\\fcharset0 Arial;}}{{\\f1\\fcharset204 Arial Cyr;}}}}\
         {{\\colortbl ;\\red255\\green0\\blue0;}}{{\\*\\generator Riched20 10.0;}}\\viewkind4\\uc1\\pard\\f0\\fs20 {body}\\par\r\n}}\r\n\0"
    )
}

#[test]
fn the_text_stays_and_the_rest_goes() {
    for (body, wanted) in [
        ("Bonjour", "Bonjour"),
        // Code pages: the document's, and a font's own.
        ("R\\'e9glable de 10 \\'e0 20 \\'80", "Réglable de 10 à 20 €"),
        (
            "\\'9cuf \\f1\\'cf\\'f0\\'e8\\'e2\\'e5\\'f2 {\\f0 \\'e9t\\'e9} \\'ec\\'e8\\'f0",
            "œuf Привет été мир",
        ),
        // Unicode with its fallback, of one character, of several, of none, of bytes.
        ("\\u233?t\\u233\\'e9", "été"),
        ("\\uc2\\u8364 EUx", "€x"),
        ("\\uc0\\u8364 x", "€x"),
        ("\\u-10179?\\u-8704?", "😀"),
        ("{\\uc0 {\\u233}}\\u233?", "éé"),
        // Lines and tabs.
        ("un\\par\r\ndeux\\line trois\\tab quatre", "un\ndeux\ntrois\tquatre"),
        ("un\\\ndeux\\\r\ntrois", "un\ndeux\ntrois"),
        ("a\r\nb", "ab"),
        // A control word ends at a blank, which is its own; a second one is text.
        ("\\b gras\\b0  et \\i1 pench\\'e9\\i0", "gras et penché"),
        // Escaped characters.
        ("\\{a\\\\b\\}\\~c\\_d\\-e", "{a\\b}\u{a0}c\u{2011}de"),
        ("\\ldblquote x\\rdblquote  \\endash  \\bullet", "“x” – •"),
        // Destinations, known and unknown; pictures, also raw ones.
        ("a{\\*\\inconnu {b}c}d", "ad"),
        ("a{\\pict\\wmetafile8 0102ff}d", "ad"),
        ("a{\\pict\\bin5 }{\\xx}d", "ad"),
        ("a{\\info{\\title T}}{\\stylesheet{\\s1 Titre 1;}}d", "ad"),
        ("a{\\field{\\*\\fldinst HYPERLINK \"http://x\"}{\\fldrslt lien}}d", "aliend"),
        // Hidden text.
        ("a{\\v secret}\\v b\\v0 c", "ac"),
        // Raw characters, which a database has decoded already.
        ("déjà décodé", "déjà décodé"),
        // Words that only begin like others.
        ("\\pard\\parx y", "y"),
    ] {
        assert_eq!(to_text(&doc(body)), wanted, "{body}");
    }
}

#[test]
fn damage_loses_no_text() {
    for (rtf, wanted) in [
        ("{\\rtf1 ouvert", "ouvert"),
        ("{\\rtf1 {a {b", "a b"),
        ("{\\rtf1 a}b}c", "abc"),
        ("{\\rtf1 a}}\r\n", "a"),
        ("{\\rtf1 \\'zz\\'e", "zze"),
        ("{\\rtf1 \\", ""),
        ("{\\rtf1\\u99999999999 ?x", "x"),
        ("{\\rtf1 {\\fonttbl{\\f0 Arial;} oublié", "{\\rtf1 {\\fonttbl{\\f0 Arial;} oublié"),
        ("{\\rtf1\\par \\par}", ""),
        ("  {\\rtf1 a}", "a"),
        ("pas de {\\rtf1}", "pas de {\\rtf1}"),
        ("", ""),
    ] {
        assert_eq!(to_text(rtf), wanted, "{rtf}");
    }
    assert!(is_rtf("\u{feff}{\\rtf1") && !is_rtf("{rtf"));
    let deep = format!("{{\\rtf1 {}x{}y}}", "{".repeat(100_000), "}".repeat(100_000));
    assert_eq!(to_text(&deep), "xy");
}

proptest! {
    #[test]
    fn nothing_makes_it_fail(text in ".{0,200}") {
        to_text(&format!("{{\\rtf1{text}"));
    }

    #[test]
    fn no_words_make_it_fail(parts in prop::collection::vec(prop::sample::select(vec![
        "{", "}", "\\", "\\'", "\\'e9", "\\u", "\\u-1", "\\u55357", "\\uc99", "\\bin", "\\bin3", "\\*", "\\f1",
        "\\fonttbl", "\\fcharset128", "\\ansicpg932", "\\'83", "\\par", " ", "é", "\r\n", "x", "-", "7", "\0",
    ]), 0..60)) {
        to_text(&format!("{{\\rtf1{}", parts.concat()));
    }

    /// Whatever text is written as RTF comes back.
    #[test]
    fn text_comes_back(text in "[a-zA-Zéèœ€ñЖ漢😀{}\\\\ \n\t]{0,80}") {
        let mut body = String::new();
        for c in text.chars() {
            match c {
                '{' | '}' | '\\' => body.extend(['\\', c]),
                '\n' => body.push_str("\\par\r\n"),
                '\t' => body.push_str("\\tab "),
                c if c.is_ascii() => body.push(c),
                c => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        body.push_str(&format!("\\u{}?", unit.cast_signed()));
                    }
                }
            }
        }
        prop_assert_eq!(to_text(&doc(&body)), text.trim_end());
    }
}
