//! What the overlay's article row says: what an editor would usually fill in, then the
//! case that the article's position shows.

use super::article::Article;
use super::erp_article::description;
use super::load::Cell;
use super::rng::Rng;
use super::traps::{self, at};

/// One row of the overlay's article table.
#[derive(Debug, Clone)]
pub(crate) struct Cells {
    pub(crate) title: Cell,
    pub(crate) subtitle: Cell,
    pub(crate) description: Cell,
    pub(crate) summary: Cell,
    pub(crate) brand: Cell,
    pub(crate) weight: Cell,
    pub(crate) published: Cell,
    pub(crate) slug: Cell,
    pub(crate) seo_title: Cell,
    pub(crate) seo_description: Cell,
    pub(crate) warranty: Cell,
    pub(crate) energy: Cell,
    pub(crate) kwh: Cell,
    pub(crate) season: Cell,
    pub(crate) materials: Cell,
    pub(crate) french: Cell,
    pub(crate) volume: Cell,
    pub(crate) assembly: Cell,
    pub(crate) delivery: Cell,
    pub(crate) repair: Cell,
}

/// What an editor would have filled in, before the show-case cases. `sure`: the weight and the
/// warranty for certain.
pub(crate) fn usual(a: &Article<'_>, rng: &mut Rng, sure: bool) -> Cells {
    let n = || Cell::Null;
    let blank = |rng: &mut Rng| if rng.chance(50) { Cell::Null } else { Cell::from("") };
    let some = |yes: bool, v: Cell, rng: &mut Rng| if yes { v } else { blank(rng) };
    let text = description(a, rng);
    let (one, two) = text.split_once(". ").map_or((text.as_str(), ""), |(x, y)| (x, y));
    let html = format!("<p>{one}.</p><ul><li>{}</li></ul>", two.replace(". ", ".</li><li>"));
    let dice: Vec<usize> = (0..12).map(|_| rng.below(100)).collect();
    let materials = a.line.materials.join("|");
    Cells {
        title: some(
            dice[0] < 14,
            format!("{}, édition du Quai", a.title).chars().take(120).collect::<String>().into(),
            rng,
        ),
        subtitle: some(dice[1] < 40, format!("Série {}, par {}", a.model, a.brand).into(), rng),
        description: some(dice[2] < 75, html.into(), rng),
        summary: some(dice[3] < 45, format!("{one}.").into(), rng),
        brand: some(dice[4] < 60, a.brand.into(), rng),
        weight: if sure || dice[5] < 12 {
            format!("{}.{:03}", a.grams / 1000, (a.grams % 1000) / 10 * 10).into()
        } else {
            n()
        },
        published: match dice[6] {
            0..6 => Cell::Int(0),
            6..70 => Cell::Int(1),
            _ => n(),
        },
        slug: some(dice[7] < 5, super::article::slug(&format!("{} {}", a.line.nouns[0], a.code)).into(), rng),
        seo_title: some(dice[7] < 30, format!("{} | Le Comptoir du Quai", a.title).into(), rng),
        seo_description: some(dice[7] < 30, format!("{one}. Expédié depuis Nantes.").into(), rng),
        warranty: match dice[8] {
            0..30 => Cell::Int(a.line.warranty.max(12)),
            30..36 => Cell::Int(0),
            _ if sure => Cell::Int(a.line.warranty.max(6)),
            _ => n(),
        },
        energy: if a.line.energy && dice[9] < 60 {
            (*rng.pick(&["A", "B", "C", "D", "E", "F"])).into()
        } else {
            n()
        },
        kwh: if a.line.energy && dice[9] < 60 { rng.between(8, 320).into() } else { n() },
        season: match (&a.line.season, dice[10]) {
            (Some(season), 0..50) => season.into(),
            (None, 0..20) => "toute saison".into(),
            (_, 20..24) => "demi-saison".into(), // not in the enum: absent, and a warning
            _ => n(),
        },
        materials: some(dice[11] < 70, materials.into(), rng),
        french: match dice[3] {
            0..25 => Cell::Int(1),
            25..45 => Cell::Int(0),
            _ => n(),
        },
        volume: if a.line.axes.iter().any(|x| x[0] == "Contenance") && dice[5] < 50 {
            format!("{}.{}", rng.between(0, 40), rng.between(0, 9)).into()
        } else {
            n()
        },
        assembly: if a.line.assembly { rng.between(0, 90).into() } else { n() },
        delivery: if dice[0] < 35 { rng.between(1, 12).into() } else { n() },
        repair: if dice[1] < 30 {
            format!("{}.{}", rng.between(3, 9), rng.between(0, 9)).into()
        } else {
            n()
        },
    }
}

/// Bends the row into the case that its position shows.
pub(crate) fn showcase(a: &Article<'_>, c: &mut Cells) {
    match a.i {
        at::COMPLETED => {
            c.warranty = Cell::Int(120);
            c.description = "<p>La fonte prend son temps, et le rend bien.</p>".into();
            c.title = Cell::Null;
        }
        at::OVERRIDDEN => {
            c.title = "La poêle du dimanche soir".into();
            c.subtitle = "Acier brut, à culotter soi-même".into();
        }
        at::HTML => {
            c.description = "<h2>Un couteau pour longtemps</h2><p>Forgé <strong>d'une pièce</strong>.</p>\
                             <script>alert('non')</script><p onclick=\"x()\">Livré affûté.</p>"
                .into();
        }
        at::BLANKS => {
            for cell in [&mut c.title, &mut c.summary, &mut c.slug, &mut c.materials, &mut c.season] {
                *cell = "".into();
            }
            c.subtitle = "   ".into();
            c.description = "  ".into();
            for cell in [&mut c.brand, &mut c.weight, &mut c.published, &mut c.warranty, &mut c.french] {
                *cell = Cell::Null;
            }
        }
        at::EMPTY => {
            c.description = Cell::Null;
            c.season = Cell::Null;
            c.materials = Cell::Null;
            c.published = Cell::Int(1);
        }
        at::ZEROS => {
            c.weight = "0".into();
            c.warranty = Cell::Int(0);
            c.french = Cell::Int(0);
            c.assembly = Cell::Int(0);
            c.volume = "0.0".into();
        }
        at::HIDDEN => c.published = Cell::Int(0),
        at::COMPLEMENTARY => {
            c.energy = "A".into();
            c.kwh = Cell::Int(96);
            c.season = "toute saison".into();
            c.materials = "inox|bakélite|liège".into();
            c.french = Cell::Int(1);
            c.volume = "1.7".into();
            c.delivery = Cell::Int(2);
        }
        at::WANTED => c.published = Cell::Int(1),
        at::BRAND => c.brand = "Grès de Puisaye".into(),
        at::BAD_ENUM => {
            c.season = "demi-saison".into();
            c.energy = "A+++".into();
        }
        at::EXTREMES => {
            c.delivery = Cell::Int(15);
            c.repair = "3.1".into();
        }
        at::COMPLETED_TITLE => c.title = "Parasol de la cale, toile rayée".into(),
        _ => {}
    }
    // The show-case is on the web unless its case is to be hidden.
    if traps::is_showcase(a.i) && a.i != at::HIDDEN && matches!(c.published, Cell::Int(0)) {
        c.published = Cell::Null;
    }
}
