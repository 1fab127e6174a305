//! The IsoShop half of the demo: a sparse overlay on about a quarter of the articles (or on the
//! share that is asked for), which uses every state a cell can have and every way of completing or overriding.

use super::article::{Article, Kind, code_at};
use super::erp::{day, euros};
use super::load::{Cell, Loader, Table, row};
use super::overlay_cells;
use super::rng::{Rng, mix};
use super::traps::{self, at, falls};
use super::vocabulary::Vocabulary;
use super::{DemoError, DemoOptions};

/// The shop's complementary columns.
pub(crate) const OWN_COLUMNS: &str = "
ALTER TABLE article ADD COLUMN warranty_months INTEGER;
ALTER TABLE article ADD COLUMN energy_class TEXT;
ALTER TABLE article ADD COLUMN energy_kwh INTEGER;
ALTER TABLE article ADD COLUMN season TEXT;
ALTER TABLE article ADD COLUMN materials TEXT;
ALTER TABLE article ADD COLUMN made_in_france SMALLINT;
ALTER TABLE article ADD COLUMN volume_litres NUMERIC(18,6);
ALTER TABLE article ADD COLUMN assembly_minutes INTEGER;
ALTER TABLE article ADD COLUMN delivery_days INTEGER;
ALTER TABLE article ADD COLUMN repairability NUMERIC(18,6);
ALTER TABLE reference ADD COLUMN swatch TEXT;
";

/// Rayons that only the shop has; the first two are listed in `departments.own_codes`.
const OWN_RAYONS: [(&str, Option<&str>, &str, &str); 6] = [
    ("PROMOTIONS", None, "Promotions", "Les bonnes affaires du moment, jusqu'à épuisement."),
    ("NOUVEAUTES", None, "Nouveautés", "Arrivé sur le quai ce mois-ci."),
    ("w-cadeaux", None, "Idées cadeaux", "À offrir, même sans raison."),
    ("w-cadeaux-table", Some("w-cadeaux"), "Cadeaux pour la table", "Pour ceux qui reçoivent."),
    ("w-cadeaux-jardin", Some("w-cadeaux"), "Cadeaux pour le jardin", "Pour ceux qui ont la main verte."),
    // Its parent exists nowhere: it hangs at the root and is reported.
    ("w-trouvailles", Some("w-brocante"), "Trouvailles", "Une seule pièce de chaque."),
];

/// The tables of the overlay.
#[derive(Debug)]
pub(crate) struct OverlayTables {
    article: Table,
    reference: Table,
    text: Table,
    placement: Table,
    relation: Table,
    document: Table,
    price: Table,
    stock_rule: Table,
    marker: Table,
}

impl OverlayTables {
    pub(crate) fn declare(db: &mut Loader) -> Self {
        Self {
            article: db.table(
                "article",
                &[
                    "code",
                    "title",
                    "subtitle",
                    "description",
                    "summary",
                    "brand",
                    "weight_kg",
                    "published",
                    "slug",
                    "seo_title",
                    "seo_description",
                    "warranty_months",
                    "energy_class",
                    "energy_kwh",
                    "season",
                    "materials",
                    "made_in_france",
                    "volume_litres",
                    "assembly_minutes",
                    "delivery_days",
                    "repairability",
                    "updated_at",
                ],
                &[],
            ),
            reference: db.table(
                "reference",
                &[
                    "code",
                    "erp_key",
                    "article_code",
                    "title",
                    "barcode",
                    "weight_kg",
                    "published",
                    "swatch",
                    "updated_at",
                ],
                &[],
            ),
            text: db.table("text", &["entity", "code", "language", "field", "value", "updated_at"], &[]),
            placement: db.table(
                "article_department",
                &["article_code", "department_code", "position", "is_main", "removed", "updated_at"],
                &[],
            ),
            relation: db.table(
                "article_relation",
                &["article_code", "related_code", "kind", "position", "removed", "updated_at"],
                &[],
            ),
            document: db.table(
                "document",
                &[
                    "entity",
                    "code",
                    "usage",
                    "position",
                    "file",
                    "title",
                    "language",
                    "removed",
                    "updated_at",
                ],
                &[],
            ),
            price: db.table(
                "web_price",
                &[
                    "reference_code",
                    "price_category",
                    "customer_code",
                    "minimum_quantity",
                    "amount",
                    "tax_included",
                    "valid_from",
                    "valid_until",
                    "updated_at",
                ],
                &[],
            ),
            stock_rule: db.table(
                "stock_rule",
                &["reference_code", "buffer", "mode", "lead_time_days", "restock_date", "updated_at"],
                &[],
            ),
            marker: db.table("marker", &["entity", "code", "field", "language", "updated_at"], &[]),
        }
    }
}

fn second(seed: u64, a: u64, b: u64) -> String {
    let n = mix(seed, a, b);
    format!("{} {:02}:{:02}:{:02}", day(n), (n >> 20) % 24, (n >> 28) % 60, (n >> 36) % 60)
}

/// Writes the rayons' overlay and the rows that belong to nothing.
pub(crate) async fn shop(
    db: &mut Loader,
    t: &OverlayTables,
    vocabulary: &Vocabulary,
    seed: u64,
) -> Result<(), DemoError> {
    let department = db.table(
        "department",
        &[
            "code",
            "parent_code",
            "title",
            "description",
            "position",
            "published",
            "slug",
            "seo_title",
            "seo_description",
            "updated_at",
        ],
        &[],
    );
    let when = |n| second(seed, n, 60);
    for (n, root) in (1_i64..).zip(&vocabulary.roots) {
        let code = vocabulary.rayon(&root.title).to_string();
        // The sixth root is only renamed; the others are only described.
        let title: Cell = if n == 6 { "Au grand air".into() } else { Cell::Null };
        let seo = format!("{} : choisir, entretenir, réparer", root.title);
        let text = format!("<p>{}</p>", root.intro);
        let (slug, published) = (Cell::Null, Cell::Null);
        let stamp = when(n.unsigned_abs());
        let row = row![&code, Cell::Null, title, text, n * 10, published, slug, seo, &root.intro, &stamp];
        db.add(department, row).await?;
        db.add(t.text, row!["department", &code, "en", "title", &root.english, &stamp]).await?;
        let file = format!("rayons/{code}/principal.jpg");
        db.add(
            t.document,
            row!["department", &code, "principal", 1, file, &root.title, Cell::Null, 0, &stamp],
        )
        .await?;
    }
    let none = || Cell::Null;
    // A hidden rayon, a moved one (parent and position are one group), one with a slug.
    for (leaf, parent, position, published, slug) in [
        ("Horloges", none(), none(), Cell::Int(0), none()),
        (
            "Gourdes et thermos",
            vocabulary.rayon("Art de la table").to_string().into(),
            Cell::Int(5),
            none(),
            none(),
        ),
        ("Thés et infusions", none(), none(), Cell::Int(1), "thes-du-comptoir".into()),
        ("Vases", none(), Cell::Int(3), none(), Cell::from("   ")),
    ] {
        let code = vocabulary.rayon(leaf).to_string();
        let row = row![code, parent, none(), none(), position, published, slug, none(), none(), when(70)];
        db.add(department, row).await?;
    }
    for (n, (code, parent, title, text)) in (1..).zip(OWN_RAYONS) {
        let stamp = when(80);
        let row = row![code, parent, title, text, 100 + n, 1, none(), none(), none(), stamp];
        db.add(department, row).await?;
    }
    // Rows whose ERP row is gone, or never was: orphans.
    let stamp = when(90);
    let row = row!["9901", none(), "Arts du feu", none(), none(), none(), none(), none(), none(), &stamp];
    db.add(department, row).await?;
    let n = Cell::Null;
    db.add(
        t.article,
        row![
            "COC0999",
            "Cocotte en fonte des forges fermées",
            n.clone(),
            "<p>Un modèle que l'usine ne coule plus.</p>",
            n.clone(),
            "Fonderie du Val",
            n.clone(),
            1,
            n.clone(),
            n.clone(),
            n.clone(),
            120,
            n.clone(),
            n.clone(),
            n.clone(),
            "fonte",
            1,
            n.clone(),
            n.clone(),
            n.clone(),
            n.clone(),
            &stamp,
        ],
    )
    .await?;
    db.add(
        t.reference,
        row![
            "COC0999-ROUG",
            n.clone(),
            "COC0999",
            "Cocotte rouge des forges fermées",
            n.clone(),
            n.clone(),
            n.clone(),
            "#a3222c",
            &stamp,
        ],
    )
    .await?;
    db.add(t.placement, row!["COC0999", "PROMOTIONS", 1, 0, 0, &stamp]).await?;
    db.add(
        t.document,
        row!["article", "COC0999", "principal", 1, "articles/COC0999/principal.jpg", n, "", 0, &stamp],
    )
    .await?;
    Ok(())
}

/// Whether the overlay has a row for the article at a position.
pub(crate) fn covers(options: &DemoOptions, i: u32) -> bool {
    let seed = options.seed;
    match i {
        at::BLANK_TITLE | at::NULL_TITLE | at::DEPOSIT => false,
        at::COMPLETED..=at::REFERENCE_BY_KEY | at::EXTREMES | at::UNPLACED | at::COMPLETED_TITLE => true,
        _ => {
            let share = match options.overlay {
                Some(share) => share.into(),
                // The first articles carry more overlay than their share: the others a little less.
                None if traps::is_showcase(i) => 10,
                None => 25,
            };
            mix(seed, u64::from(i), 50) % 100 < share
        }
    }
}

/// Writes what the overlay says of one article and its references, if anything.
pub(crate) async fn article(
    db: &mut Loader,
    t: &OverlayTables,
    vocabulary: &Vocabulary,
    options: &DemoOptions,
    a: &Article<'_>,
) -> Result<(), DemoError> {
    let covered = covers(options, a.i);
    let seed = options.seed;
    let (code, stamp) = (a.code.as_str(), second(seed, u64::from(a.i), 51));
    let mut rng = Rng::of(seed, u64::from(a.i), 52);
    if covered {
        let mut c = overlay_cells::usual(a, &mut rng, options.overlay.is_some());
        overlay_cells::showcase(a, &mut c);
        let row = row![
            code,
            c.title,
            c.subtitle,
            c.description,
            c.summary,
            c.brand,
            c.weight,
            c.published,
            c.slug,
            c.seo_title,
            c.seo_description,
            c.warranty,
            c.energy,
            c.kwh,
            c.season,
            c.materials,
            c.french,
            c.volume,
            c.assembly,
            c.delivery,
            c.repair,
            &stamp,
        ];
        db.add(t.article, row).await?;
        translations(db, t, a, &mut rng, &stamp).await?;
        markers(db, t, a, &stamp).await?;
        documents(db, t, a, &mut rng, &stamp).await?;
        references(db, t, a, &stamp).await?;
    }
    placements(db, t, vocabulary, a, covered, &stamp).await?;
    relations(db, t, vocabulary, a, covered, &stamp).await?;
    web(db, t, a, &mut rng, covered, &stamp).await
}

async fn translations(
    db: &mut Loader,
    t: &OverlayTables,
    a: &Article<'_>,
    rng: &mut Rng,
    stamp: &str,
) -> Result<(), DemoError> {
    if a.i == at::TRANSLATED || rng.chance(30) {
        let text = format!("<p>{}, by {}. Shipped from Nantes within two days.</p>", a.english, a.brand);
        db.add(t.text, row!["article", &a.code, "en", "title", &a.english, stamp]).await?;
        db.add(t.text, row!["article", &a.code, "en", "description", text, stamp]).await?;
    } else if rng.chance(10) {
        // A blank translation says nothing.
        db.add(t.text, row!["article", &a.code, "en", "title", "", stamp]).await?;
    }
    Ok(())
}

async fn markers(db: &mut Loader, t: &OverlayTables, a: &Article<'_>, stamp: &str) -> Result<(), DemoError> {
    if a.i == at::EMPTY {
        db.add(t.marker, row!["article", &a.code, "description", "fr", stamp]).await?;
        db.add(t.marker, row!["article", &a.code, "season", Cell::Null, stamp]).await?;
        db.add(t.marker, row!["article", &a.code, "materials", Cell::Null, stamp]).await?;
    } else if a.i % 29 == 20 {
        db.add(t.marker, row!["article", &a.code, "brand", Cell::Null, stamp]).await?;
    } else if a.i % 31 == 25 {
        db.add(t.marker, row!["article", &a.code, "subtitle", "fr", stamp]).await?;
    }
    Ok(())
}

async fn documents(
    db: &mut Loader,
    t: &OverlayTables,
    a: &Article<'_>,
    rng: &mut Rng,
    stamp: &str,
) -> Result<(), DemoError> {
    let code = a.code.as_str();
    if a.i == at::MEDIA || rng.chance(35) {
        let file = format!("articles/{code}/principal.webp");
        let row = row!["article", code, "principal", 1, file, &a.title, Cell::Null, 0, stamp];
        db.add(t.document, row).await?;
    }
    if a.i == at::MEDIA || rng.chance(20) {
        let file = format!("articles/{code}/ambiance.jpg");
        let row = row!["article", code, "ambience", 1, file, "Vue d'ambiance", Cell::Null, 0, stamp];
        db.add(t.document, row).await?;
        for (language, title) in [("fr", "Conseils d'entretien"), ("en", "Care instructions")] {
            let file = format!("articles/{code}/entretien-{language}.pdf");
            db.add(t.document, row!["article", code, "care", 1, file, title, language, 0, stamp]).await?;
        }
    }
    if a.i == at::MEDIA || rng.chance(8) {
        // Takes the ERP's second gallery picture away.
        let row = row!["article", code, "gallery", 2, Cell::Null, Cell::Null, Cell::Null, 1, stamp];
        db.add(t.document, row).await?;
    }
    Ok(())
}

async fn references(
    db: &mut Loader,
    t: &OverlayTables,
    a: &Article<'_>,
    stamp: &str,
) -> Result<(), DemoError> {
    let Kind::Variants { rows, .. } = &a.kind else { return Ok(()) };
    for (n, v) in rows.iter().enumerate() {
        let by_key = a.i == at::REFERENCE_BY_KEY || (a.i != at::REFERENCE_BY_CODE && a.i % 6 == 1);
        if n > 1 || (n == 1 && a.i.is_multiple_of(2)) {
            break;
        }
        let generated = a.generated_code(v);
        let code = match &v.own_code {
            // A row that follows the native key survives a change of code.
            Some(_) if by_key => format!("{}-ANCIEN{n}", a.code),
            Some(own) => own.clone(),
            None => generated.clone(),
        };
        let key: Cell = if by_key { generated.into() } else { Cell::Null };
        let title = format!("{}, {}", a.title, label(&v.first.label));
        let weight: Cell =
            if n == 0 && a.i.is_multiple_of(3) { euros(a.grams / 10 + 5).into() } else { Cell::Null };
        let published: Cell = if n == 1 && falls(a.i, 9_999, 17) { 0.into() } else { Cell::Null };
        let row =
            row![&code, key, &a.code, title, Cell::Null, weight, published, swatch(&v.first.label), stamp];
        db.add(t.reference, row).await?;
        if n == 0 && a.i % 3 != 2 {
            let file = format!("references/{}/principal.jpg", super::article::slug(&code));
            db.add(
                t.document,
                row!["reference", &code, "principal", 1, file, Cell::Null, Cell::Null, 0, stamp],
            )
            .await?;
        }
    }
    Ok(())
}

/// An option value inside a title: colours lose their capital, sizes and units keep theirs.
fn label(value: &str) -> String {
    if value.chars().count() < 4 || value.starts_with(|c: char| c.is_ascii_digit()) {
        value.to_owned()
    } else {
        value.to_lowercase()
    }
}

/// The colour an option value shows, when it is one.
fn swatch(label: &str) -> Option<&'static str> {
    Some(match label {
        "Rouge cerise" => "#a3222c",
        "Bleu nuit" => "#1b2a4a",
        "Bleu lagon" => "#2f8f9d",
        "Bleu orage" => "#4d5d73",
        "Crème" | "Écru" => "#f3ead7",
        "Vert sauge" => "#9caf88",
        "Vert sapin" => "#1f4d3a",
        "Terracotta" => "#c4633f",
        "Ocre" => "#c98a2b",
        "Sable" => "#d8c3a5",
        "Noir" | "Noir mat" => "#1c1c1c",
        "Blanc" | "Blanc craie" => "#fafafa",
        "Gris perle" => "#c9ccd1",
        _ => return None,
    })
}

async fn placements(
    db: &mut Loader,
    t: &OverlayTables,
    vocabulary: &Vocabulary,
    a: &Article<'_>,
    covered: bool,
    stamp: &str,
) -> Result<(), DemoError> {
    let i = i64::from(a.i);
    let leaf = vocabulary.path(&a.line.rayon)[2].to_string();
    let mut rows: Vec<(String, i64, i64, i64)> = Vec::new();
    match a.i {
        at::OWN_RAYON => rows.push(("w-cadeaux-table".into(), 1, 1, 0)),
        at::MOVED => {
            rows.push((leaf, 0, 0, 1));
            rows.push((vocabulary.rayon("Conserver").to_string(), 4, 1, 0));
        }
        at::UNPLACED => rows.push(("NOUVEAUTES".into(), 1, 1, 0)),
        at::BLANKS => rows.push(("w-inconnu".into(), 1, 0, 0)), // a rayon nobody has
        _ => {}
    }
    if covered && a.i > 17 {
        match mix(i.unsigned_abs(), 3, 3) % 12 {
            0 | 1 => rows.push(("PROMOTIONS".into(), i % 40, 0, 0)),
            2 => rows.push(("NOUVEAUTES".into(), i % 40 + 2, 0, 0)),
            3 => rows.push(("w-cadeaux".into(), i % 40, 0, 0)),
            4 => rows.push(("w-cadeaux-jardin".into(), i % 40, 0, 0)),
            5 => rows.push((vocabulary.rayon("Rangement").to_string(), 50, 0, 0)),
            _ => {}
        }
    }
    for (department, position, main, removed) in rows {
        db.add(t.placement, row![&a.code, department, position, main, removed, stamp]).await?;
    }
    Ok(())
}

async fn relations(
    db: &mut Loader,
    t: &OverlayTables,
    vocabulary: &Vocabulary,
    a: &Article<'_>,
    covered: bool,
    stamp: &str,
) -> Result<(), DemoError> {
    if a.i == at::RELATED {
        // The ERP names a replacement; the shop does not want it shown.
        let replaced = code_at(vocabulary, a.i + traps::STEP);
        db.add(t.relation, row![&a.code, replaced, "replacement", 1, 1, stamp]).await?;
        for (n, (kind, other)) in
            (1..).zip([("accessory", 8), ("accessory", 9), ("similar", 0), ("spare", 77)])
        {
            db.add(t.relation, row![&a.code, code_at(vocabulary, other), kind, n, 0, stamp]).await?;
        }
    } else if covered && a.i.is_multiple_of(3) && a.i >= 2 * traps::STEP {
        let similar = code_at(vocabulary, a.i - traps::STEP);
        db.add(t.relation, row![&a.code, similar, "similar", 1, 0, stamp]).await?;
        let accessory = code_at(vocabulary, a.i % traps::STEP);
        if accessory != a.code {
            db.add(t.relation, row![&a.code, accessory, "accessory", 2, 0, stamp]).await?;
        }
    }
    Ok(())
}

async fn web(
    db: &mut Loader,
    t: &OverlayTables,
    a: &Article<'_>,
    rng: &mut Rng,
    covered: bool,
    stamp: &str,
) -> Result<(), DemoError> {
    let Some(reference) = a.reference_codes().into_iter().next() else { return Ok(()) };
    let gross =
        |percent: i64| euros((a.net * (1000 + Vocabulary::rate_tenths(a.vat)) / 1000 * percent / 100).max(1));
    let n = || Cell::Null;
    if a.i == at::WEB_PRICE {
        // A sale, a customer's own web price, and a step.
        let sale =
            row![&reference, 3, n(), "1", gross(80), 1, "2026-06-01 00:00:00", "2027-06-30 22:00:00", stamp,];
        db.add(t.price, sale).await?;
        db.add(t.price, row![&reference, n(), "C00003", "1", euros(a.net * 7 / 10), 0, n(), n(), stamp])
            .await?;
        db.add(t.price, row![&reference, n(), n(), "10", euros(a.net * 75 / 100), 0, n(), n(), stamp])
            .await?;
    } else if covered && rng.chance(12) {
        let until: Cell = if rng.chance(50) { "2026-03-31 22:00:00".into() } else { n() };
        db.add(t.price, row![&reference, 3, n(), "1", gross(85), 1, "2026-01-07 07:00:00", until, stamp])
            .await?;
    }
    if a.i == at::STOCK_RULE {
        db.add(t.stock_rule, row![&reference, "5", "erp", 4, "2026-12-01", stamp]).await?;
    } else if covered && rng.chance(10) {
        let mode = *rng.pick(&["erp", "erp", "always", "never"]);
        let buffer: Cell = if mode == "erp" { rng.between(1, 6).into() } else { n() };
        db.add(t.stock_rule, row![&reference, buffer, mode, rng.between(1, 21), n(), stamp]).await?;
    }
    Ok(())
}
