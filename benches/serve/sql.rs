//! The statements of the hand-written handlers: those that the gateway sends for the same three
//! operations. The harness compares the two sets and tells when they have drifted apart.

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = include_str!(concat!("sql/", $file, ".sql"));)*
        /// All of them.
        pub const ALL: &[(&str, &str)] = &[$(($file, $name)),*];
    };
}

statements! {
    /// A page of articles in the order of their codes (kind of tax, tax category, today, limit).
    ARTICLES = "articles";
    /// Where the ERP hangs articles (codes).
    PLACEMENTS = "placements";
    /// What IsoShop says of articles (codes).
    OVERLAY_ARTICLES = "overlay_articles";
    /// What is empty on purpose (codes, fields).
    MARKERS_ARTICLE = "markers_article";
    /// Where IsoShop hangs articles (codes).
    OVERLAY_PLACEMENTS = "overlay_placements";
    /// The ERP's departments.
    DEPARTMENTS = "departments";
    /// What IsoShop says of departments.
    OVERLAY_DEPARTMENTS = "overlay_departments";
    /// What is empty on purpose (codes, fields).
    MARKERS_DEPARTMENT = "markers_department";
    /// The first references of articles (article codes, limit of each).
    REFERENCES = "references";
    /// Everything that has one of these codes (codes, twice).
    DOUBLED = "doubled";
    /// What IsoShop says of references (codes, native keys).
    OVERLAY_REFERENCES = "overlay_references";
    /// What is empty on purpose (codes, fields).
    MARKERS_REFERENCE = "markers_reference";
    /// One article (kind of tax, tax category, today, codes).
    ARTICLE = "article";
    /// Its long texts (today, codes).
    GLOSSARY = "glossary";
    /// The values of its options (kind of gamme, codes).
    OPTIONS = "options";
    /// Its files (codes).
    MEDIA = "media";
    /// What replaces it (codes).
    REPLACEMENT = "replacement";
    /// What IsoShop says of it (codes).
    OVERLAY_ARTICLE = "overlay_article";
    /// IsoShop's files of it (codes).
    DOCUMENTS = "documents";
    /// IsoShop's related articles (codes).
    OVERLAY_RELATIONS = "overlay_relations";
    /// Its references with options and weight (article codes, limit).
    REFERENCES_FULL = "references_full";
    /// What IsoShop says of those (codes, native keys).
    OVERLAY_REFERENCES_FULL = "overlay_references_full";
    /// Titles of related articles (codes).
    RELATED = "related";
    /// What IsoShop says of those (codes).
    OVERLAY_RELATED = "overlay_related";
}
