use super::*;

#[test]
fn a_text_of_a_stream_is_a_code_only_where_it_can_be_one() {
    assert_eq!(Spelled::Upper.code("ART-1  "), Some("ART-1"));
    assert_eq!(Spelled::Upper.code("STRAßE"), None);
    assert_eq!(Spelled::Upper.code("art-1"), None);
    assert_eq!(Spelled::Upper.code("A\tB"), None);
    assert_eq!(Spelled::Upper.code("   "), None);
    assert_eq!(Spelled::Exact.code("été "), Some("été"));
}

#[test]
fn a_bound_stands_among_upper_case_codes_where_its_text_does() {
    let codes = ["A", "A ", "A B", "AB", "AZ", "AZ ", "AZ!", "AZZ", "AZ~", "A~", "B"];
    let texts = ["A", "A  ", "Aé", "AZß", "AZ\u{1F6B2}", "AZ\t", "\t", "é", "AZ\tZ", "B", "AZ é"];
    for text in texts {
        let plain = text.trim_end_matches(' ');
        for code in codes.iter().filter(|code| Spelling::Upper.fits(code)) {
            let code = code.trim_end_matches(' ');
            let (up, down) = (Spelled::Upper.bound(text, false), Spelled::Upper.bound(text, true));
            assert_eq!(code <= up.as_str(), code <= plain, "{code:?} up to {text:?}");
            assert_eq!(code >= down.as_str(), code >= plain, "{code:?} down to {text:?}");
        }
    }
}

#[test]
fn only_printable_ascii_without_small_letters_is_upper() {
    for code in ["", "ART-1", "A B/9", "~"] {
        assert!(Spelling::Upper.fits(code), "{code:?}");
    }
    for code in ["art", "É", "A\n", "A\u{7f}"] {
        assert!(!Spelling::Upper.fits(code), "{code:?}");
    }
}

#[test]
fn where_keys_are_of_upper_case_ascii_nothing_else_equals_one() {
    let folded = |text| KeyCompare::Ascii.fold(text).into_owned();
    assert_eq!(folded("strasse "), "STRASSE");
    assert_ne!(folded("straße"), folded("STRASSE"));
    assert_ne!(folded("\u{17f}"), folded("S"));
}
