//! What goes wrong in a real base, and on which article of the demo it does.
//!
//! A position is the rank of an article in the shop, from 0. The positions below 124 are
//! the show-case: each carries one thing, so that an example can be named. From
//! 124 on, the same things come back every so many articles.

/// Show-case positions of the ERP's own oddities and of the overlay's.
pub(crate) mod at {
    // The overlay, on the first article of each of the first lines.
    pub(crate) const COMPLETED: u32 = 0;
    pub(crate) const OVERRIDDEN: u32 = 1;
    pub(crate) const HTML: u32 = 2;
    pub(crate) const BLANKS: u32 = 3;
    pub(crate) const EMPTY: u32 = 4;
    pub(crate) const ZEROS: u32 = 5;
    pub(crate) const HIDDEN: u32 = 6;
    pub(crate) const OWN_RAYON: u32 = 7;
    pub(crate) const MOVED: u32 = 8;
    pub(crate) const COMPLEMENTARY: u32 = 9;
    pub(crate) const RELATED: u32 = 10;
    pub(crate) const MEDIA: u32 = 11;
    pub(crate) const TRANSLATED: u32 = 12;
    pub(crate) const WANTED: u32 = 13;
    pub(crate) const BRAND: u32 = 14;
    pub(crate) const BAD_ENUM: u32 = 15;
    pub(crate) const REFERENCE_BY_CODE: u32 = 16;
    pub(crate) const REFERENCE_BY_KEY: u32 = 17;
    pub(crate) const EXTREMES: u32 = 22;
    pub(crate) const UNPLACED: u32 = 27;
    pub(crate) const WEB_PRICE: u32 = 48;
    pub(crate) const STOCK_RULE: u32 = 49;
    // The ERP, on the second article of each line.
    pub(crate) const NO_STOCK_ROW: u32 = 63;
    pub(crate) const NEGATIVE_STOCK: u32 = 64;
    pub(crate) const BY_COEFFICIENT: u32 = 66;
    pub(crate) const GROSS: u32 = 67;
    pub(crate) const ASLEEP: u32 = 68;
    pub(crate) const NOT_FOR_WEB: u32 = 69;
    pub(crate) const WEB_NULL: u32 = 70;
    pub(crate) const OWN_VAT: u32 = 71;
    pub(crate) const NO_RAYON: u32 = 73;
    pub(crate) const UPPER_RAYON: u32 = 74;
    pub(crate) const REPLACED: u32 = 75;
    pub(crate) const SHARED_BARCODE: u32 = 76;
    pub(crate) const BLANK_BARCODE: u32 = 77;
    pub(crate) const NULL_BARCODE: u32 = 78;
    pub(crate) const SHARED_VARIANT_CODE: u32 = 79;
    pub(crate) const NO_VARIANT_CODES: u32 = 82;
    pub(crate) const ASLEEP_VARIANT: u32 = 83;
    pub(crate) const TARIFF_BARCODE: u32 = 84;
    pub(crate) const ONE_OPTION: u32 = 85;
    pub(crate) const TWO_OPTIONS: u32 = 87;
    pub(crate) const CASE_TITLE: u32 = 88;
    pub(crate) const ACCENT_TITLE: u32 = 91;
    pub(crate) const SAME_TITLE: u32 = 93;
    pub(crate) const BLANK_TITLE: u32 = 94;
    pub(crate) const NULL_TITLE: u32 = 95;
    pub(crate) const PADDED_TITLE: u32 = 96;
    pub(crate) const COMPLETED_TITLE: u32 = 97;
    pub(crate) const CODE_SLASH: u32 = 98;
    pub(crate) const CODE_TILDE: u32 = 100;
    pub(crate) const CODE_WILD: u32 = 101;
    pub(crate) const CODE_BLANK: u32 = 102;
    pub(crate) const CODE_ACCENT: u32 = 103;
    pub(crate) const DATE_1753: u32 = 104;
    pub(crate) const DATE_1900: u32 = 105;
    pub(crate) const DATE_NULL: u32 = 106;
    pub(crate) const RTF: u32 = 107;
    pub(crate) const MARKUP: u32 = 108;
    pub(crate) const BLANK_TEXT: u32 = 109;
    pub(crate) const KIT: u32 = 110;
    pub(crate) const KIT_BY_PARTS: u32 = 111;
    pub(crate) const TO_ORDER: u32 = 112;
    pub(crate) const DEPOSIT: u32 = 113;
    pub(crate) const BAD_SEASON: u32 = 114;
    pub(crate) const NO_PRICE: u32 = 115;
    pub(crate) const GRAMS: u32 = 116;
    pub(crate) const QUINTAL: u32 = 117;
    pub(crate) const NULL_UNIT: u32 = 118;
    pub(crate) const PACKS: u32 = 121;
    pub(crate) const PACK_WITHOUT_CODE: u32 = 122;
}

/// The distance between an article and the next of its line.
pub(crate) const STEP: u32 = 62;
/// The first position where oddities come by rule and no longer by name.
const BY_RULE: u32 = 124;

/// True at the named position and, later, once every `period` articles.
pub(crate) fn falls(i: u32, named: u32, period: u32) -> bool {
    i == named || (i >= BY_RULE && i % period == named % period)
}

/// The position of the twin of a shared thing: the next article of the same line.
pub(crate) fn twin(named: u32) -> u32 {
    named + STEP
}

/// True for the two articles that share the thing of a named position.
pub(crate) fn is_pair(i: u32, named: u32) -> bool {
    i == named || i == twin(named)
}

/// A title written by hand, where two articles must look alike.
pub(crate) fn fixed_title(i: u32) -> Option<&'static str> {
    match i {
        at::CASE_TITLE => Some("Plaid à chevrons Margeride"),
        x if x == twin(at::CASE_TITLE) => Some("PLAID À CHEVRONS MARGERIDE"),
        at::ACCENT_TITLE => Some("Dévidoir à enroulement guidé Trestérel"),
        x if x == twin(at::ACCENT_TITLE) => Some("Devidoir a enroulement guide Tresterel"),
        x if x == at::SAME_TITLE || x == twin(at::SAME_TITLE) => Some("Pot en grès flammé Valloris"),
        at::DEPOSIT => Some("Acompte sur commande"),
        at::KIT => Some("Ensemble Premier départ : sac, gourde et sacoche"),
        at::KIT_BY_PARTS => Some("Ensemble Petit-déjeuner dehors, au détail"),
        _ => None,
    }
}

/// A code written by hand, where the usual shape must not be relied on.
pub(crate) fn fixed_code(i: u32) -> Option<&'static str> {
    match i {
        at::CODE_SLASH => Some("MAR/98.B#2"),
        at::CODE_TILDE => Some("PIN~180"),
        at::CODE_WILD => Some("PER_18V%"),
        at::CODE_BLANK => Some("VIS 4X40"),
        at::CODE_ACCENT => Some("POI-ÉTOILE"),
        at::DEPOSIT => Some("ACOMPTE"),
        at::KIT => Some("KIT-DEPART"),
        at::KIT_BY_PARTS => Some("KIT-DEJEUNER"),
        _ => None,
    }
}

/// Show-case positions stay free of the general dice where a clean article is wanted.
pub(crate) fn is_showcase(i: u32) -> bool {
    i < BY_RULE
}
