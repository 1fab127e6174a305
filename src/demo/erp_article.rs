//! One article in the ERP: its row, options, variants, packs, VAT, media, texts and parts.

use super::DemoError;
use super::article::{Article, Kind, code_at};
use super::erp::{day, euros, milli, minute};
use super::erp_tables::ArticleTables;
use super::load::{Cell, Loader, row};
use super::rng::{Rng, mix};
use super::traps::{self, at, falls};
use super::vocabulary::Vocabulary;

/// Writes one article with its options, variants, packs, VAT, media, texts and parts.
pub(crate) async fn write(
    erp: &mut Loader,
    t: &ArticleTables,
    vocabulary: &Vocabulary,
    seed: u64,
    a: &Article<'_>,
) -> Result<(), DemoError> {
    let (i, code) = (a.i, a.code.as_str());
    let n = u64::from(i);
    let mut rng = Rng::of(seed, n, 10);
    // Every 50th article was touched by the same mass update.
    let changed = if i % 50 == 21 { "2026-06-16 06:00:00".to_owned() } else { minute(mix(seed, n, 11)) };

    let path = vocabulary.path(&a.line.rayon);
    let [l1, l2, l3] = match i {
        at::DEPOSIT | at::UNPLACED => [0, 0, 0],
        _ if falls(i, at::NO_RAYON, 71) => [0, 0, 0],
        _ if falls(i, at::UPPER_RAYON, 31) => [path[0], path[1], 0],
        _ => path,
    };
    let twin = |n: i64| (n != 0).then_some(n);
    let (gamme1, gamme2) = match &a.kind {
        Kind::Variants { axes, .. } => {
            (vocabulary.option_index(&axes[0].0), axes.get(1).map_or(0, |x| vocabulary.option_index(&x.0)))
        }
        _ => (0, 0),
    };
    let by_coefficient = falls(i, at::BY_COEFFICIENT, 41);
    let gross = falls(i, at::GROSS, 37);
    let sale = match i {
        at::NO_PRICE | at::DEPOSIT | at::KIT_BY_PARTS => 0,
        _ if by_coefficient => 0,
        _ if gross => (a.net * (1000 + Vocabulary::rate_tenths(a.vat)) + 500) / 1000,
        _ => a.net,
    };
    let grams = a.line.grams || falls(i, at::GRAMS, 13);
    let (unit, weight): (Cell, String) = match i {
        at::NULL_UNIT => (Cell::Null, milli(a.grams)),
        at::QUINTAL => (Cell::Int(1), format!("{}.{:05}", a.grams / 100_000, a.grams % 100_000)),
        at::DEPOSIT => (Cell::Int(2), "0".to_owned()),
        _ if i % 17 == 4 => (Cell::Int(2), "0".to_owned()),
        _ if grams => (Cell::Int(3), a.grams.to_string()),
        _ => (Cell::Int(2), milli(a.grams)),
    };
    let brand: Cell = match i % 6 {
        1 => "".into(),
        2 => Cell::Null,
        _ if i == at::BRAND => "MARQUE À DÉFINIR".into(),
        _ => a.brand.chars().take(21).collect::<String>().into(),
    };
    let season: Cell = match &a.line.season {
        _ if falls(i, at::BAD_SEASON, 67) => "mi-saison".into(),
        Some(season) if i % 5 != 0 => season.into(),
        _ if i % 4 == 0 => "toute saison".into(),
        _ if i % 4 == 1 => Cell::Null,
        _ => "".into(),
    };
    let kit = matches!(a.kind, Kind::Kit(_));
    let english: Cell = match i % 3 {
        0 => a.english.as_str().into(),
        1 => "".into(),
        _ => Cell::Null,
    };
    let modified: Cell = match i {
        _ if falls(i, at::DATE_1753, 101) => "1753-01-01 00:00:00".into(),
        _ if falls(i, at::DATE_1900, 103) => "1900-01-01 00:00:00".into(),
        at::DATE_NULL => Cell::Null,
        _ => format!("{} 00:00:00", day(mix(seed, n, 12))).into(),
    };
    let photo: Cell = match i {
        at::DEPOSIT => "".into(),
        _ => match i % 8 {
            0 | 3 | 5 => format!("{}.jpg", photo_name(code)).into(),
            1 | 2 | 4 => format!(".\\Multimedia\\{}.jpg", photo_name(code)).into(),
            6 => Cell::Null,
            _ => "".into(),
        },
    };
    let replacement: Option<String> = if falls(i, at::REPLACED, 47) || i == at::RELATED {
        Some(code_at(vocabulary, if i >= 2 * traps::STEP { i - traps::STEP } else { i + traps::STEP }))
    } else {
        None
    };
    // 0 and NULL both mean that nobody filled it in.
    let warranty: Cell = match i {
        at::COMPLETED => Cell::Null,
        _ => match i % 5 {
            1 | 3 => a.line.warranty.into(),
            2 => Cell::Null,
            _ if a.line.warranty > 0 && i % 10 == 4 => 6.into(),
            _ => 0.into(),
        },
    };
    let delay: Cell =
        if i % 3 == 0 || i == at::EXTREMES { (2 + i64::from(i % 9)).into() } else { Cell::Null };
    let repair: Cell = if a.line.energy || i == at::EXTREMES || i % 7 == 2 {
        format!("{}.{}", 4 + i % 6, i % 10).into()
    } else {
        Cell::Null
    };
    let (energy, usage): (Cell, Cell) = if a.line.energy && i % 4 != 1 {
        ((*rng.pick(&["A", "B", "C", "D", "E"])).into(), (12 + 7 * i64::from(i % 40)).into())
    } else {
        (Cell::Null, Cell::Null)
    };
    erp.add(
        t.article,
        row![
            code,
            a.erp_title.as_deref(),
            &a.line.family,
            replacement,
            unit,
            weight.as_str(),
            weight.as_str(),
            unit_of_sale(a),
            euros(a.cost),
            if by_coefficient { "2.35" } else { "0" },
            euros(sale),
            gross,
            gamme1,
            gamme2,
            if kit || i == at::DEPOSIT { 0 } else { 2 },
            if let Kind::Kit(k) = a.kind { k } else { 0 },
            brand,
            season,
            a.asleep,
            english,
            a.barcode.as_deref(),
            if i % 4 == 0 { format!("{:08}", 39_240_000 + i % 900) } else { String::new() },
            rng.pick(&vocabulary.parameters.origins),
            i64::from(matches!(a.kind, Kind::Packs(_))),
            falls(i, at::TO_ORDER, 61),
            format!("{} 00:00:00", day(mix(seed, n, 13)).replace("2026", "2024")),
            modified,
            a.published,
            photo,
            l1,
            twin(l1),
            l2,
            twin(l2),
            l3,
            twin(l3),
            warranty,
            delay,
            repair,
            energy,
            usage,
            changed.as_str(),
        ],
    )
    .await?;
    references(erp, t, a, &changed).await?;
    if a.vat == "D10" && falls(i, at::OWN_VAT, 59) {
        erp.add(t.vat, row![code, 1, "D10", changed.as_str()]).await?;
    }
    media(erp, t, a, &changed).await?;
    texts(erp, t, vocabulary, a, &mut rng, &changed).await?;
    if kit {
        for (n, part) in (1..).zip([at::OVERRIDDEN, at::COMPLETED, at::BLANK_BARCODE]) {
            let part = code_at(vocabulary, part);
            erp.add(t.part, row![code, part, if n == 2 { "2" } else { "1" }, n, changed.as_str()]).await?;
        }
    }
    Ok(())
}

fn unit_of_sale(a: &Article<'_>) -> i64 {
    match a.line.prefix.as_str() {
        "GRA" => 6,
        "DEV" | "RAL" if a.i % 8 == 5 => 5,
        "RID" => 2,
        _ => 1,
    }
}

fn photo_name(code: &str) -> String {
    code.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

async fn references(
    erp: &mut Loader,
    t: &ArticleTables,
    a: &Article<'_>,
    changed: &str,
) -> Result<(), DemoError> {
    let code = a.code.as_str();
    match &a.kind {
        Kind::Variants { axes, rows } => {
            for (kind, (_, values)) in (0..).zip(axes) {
                for value in values {
                    erp.add(t.option_value, row![code, value.number, &value.label, kind, changed]).await?;
                }
            }
            for v in rows {
                // Blank or NULL: both are in use for "no code".
                let own: Cell = match &v.own_code {
                    Some(own) => own.into(),
                    None if v.first.number % 2 == 0 => Cell::Null,
                    None => "".into(),
                };
                let cost = if a.i.is_multiple_of(3) { "0".to_owned() } else { euros(a.cost) };
                erp.add(
                    t.variant,
                    row![
                        code,
                        v.first.number,
                        v.second_number(),
                        own,
                        cost,
                        v.barcode.as_deref().unwrap_or(""),
                        if a.i.is_multiple_of(5) && !v.asleep { Cell::Null } else { v.asleep.into() },
                        changed,
                    ],
                )
                .await?;
            }
        }
        Kind::Packs(packs) => {
            for (n, pack) in packs.iter().enumerate() {
                erp.add(
                    t.pack,
                    row![
                        code,
                        pack.number,
                        &pack.label,
                        pack.quantity,
                        pack.own_code.as_deref().unwrap_or(""),
                        &pack.barcode,
                        n == 0,
                        changed,
                    ],
                )
                .await?;
            }
        }
        Kind::Plain | Kind::Kit(_) => {}
    }
    Ok(())
}

async fn media(erp: &mut Loader, t: &ArticleTables, a: &Article<'_>, changed: &str) -> Result<(), DemoError> {
    let name = photo_name(&a.code);
    let count = match a.i {
        at::MEDIA => 3,
        at::DEPOSIT => 0,
        i => i % 3,
    };
    for n in 1..=count {
        let caption: Cell = match (a.i + n) % 3 {
            0 => format!("{}, vue {}", a.line.rayon, ["de face", "de côté", "en situation"][n as usize % 3])
                .into(),
            1 => "".into(),
            _ => Cell::Null,
        };
        erp.add(t.media, row![&a.code, caption, format!(".\\Multimedia\\{name}_vue{n}.jpg"), changed])
            .await?;
    }
    if a.line.assembly || a.line.energy {
        erp.add(
            t.media,
            row![&a.code, "Notice de montage et d'emploi", format!("{name}_notice.pdf"), changed],
        )
        .await?;
    }
    Ok(())
}

async fn texts(
    erp: &mut Loader,
    t: &ArticleTables,
    vocabulary: &Vocabulary,
    a: &Article<'_>,
    rng: &mut Rng,
    changed: &str,
) -> Result<(), DemoError> {
    let (i, code) = (a.i, a.code.as_str());
    let own = match i {
        at::DEPOSIT | at::COMPLETED | at::HTML => i == at::HTML,
        at::RTF | at::MARKUP | at::BLANK_TEXT | at::EMPTY => true,
        _ => i % 10 < 7,
    };
    if own {
        let number = 1_000 + i64::from(i);
        let picked = description(a, rng);
        let text = match i {
            _ if falls(i, at::RTF, 113) => format!(
                "{{\\rtf1\\ansi\\ansicpg1252\\deff0{{\\fonttbl{{\\f0 Arial;}}}}\\f0\\fs20 {}\\par}}",
                rtf(&picked)
            ),
            at::MARKUP => {
                format!("{picked}\nPour une hauteur < 2 m & une pente > 5 %, prévoir « l'écarteur ».")
            }
            _ if falls(i, at::BLANK_TEXT, 109) => "   ".to_owned(),
            _ => picked,
        };
        let english: Cell = if i % 6 == 0 {
            format!("{}. Made to be used every day, and to be mended rather than replaced.", a.english).into()
        } else {
            Cell::Null
        };
        let title: String = a.title.chars().take(35).collect();
        let start = if i % 2 == 0 { "1753-01-01 00:00:00" } else { "1900-01-01 00:00:00" };
        erp.add(t.text, row![number, title, start, text, english, changed]).await?;
        erp.add(t.text_link, row![code, number, 1, changed]).await?;
    }
    if i % 9 == 5 {
        let line = i64::from(i) % i64::try_from(vocabulary.lines.len()).unwrap_or(1) + 1;
        erp.add(t.text_link, row![code, line, 2, changed]).await?;
    }
    Ok(())
}

/// Two to four sentences of the line, in its own order.
pub(crate) fn description(a: &Article<'_>, rng: &mut Rng) -> String {
    let all = &a.line.sentences;
    let skip = rng.below(all.len());
    let also = rng.below(all.len());
    let kept: Vec<&str> =
        all.iter().enumerate().filter(|(n, _)| *n != skip && *n != also).map(|(_, s)| s.as_str()).collect();
    format!("{} {}", kept.join(" "), signature(a))
}

fn signature(a: &Article<'_>) -> String {
    match a.i % 4 {
        0 => format!("Collection {}, par {}.", a.model, a.brand),
        1 => format!("Un modèle {} de la maison {}.", a.model, a.brand),
        2 => format!("{} signe ici sa ligne {}.", a.brand, a.model),
        _ => format!("De la série {}, chez {}.", a.model, a.brand),
    }
}

/// Text as old word processors escape it.
fn rtf(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\\' | '{' | '}' => format!("\\{c}"),
            c if c.is_ascii() => c.to_string(),
            c if (c as u32) < 256 => format!("\\'{:02x}", c as u32),
            c => format!("\\u{}?", c as u32),
        })
        .collect()
}
