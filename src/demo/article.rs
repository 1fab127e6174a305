//! One article of the demo, made from its position and the seed alone: a shorter shop is
//! the beginning of a longer one.

use std::fmt::Write as _;

use super::rng::Rng;
use super::traps::{self, at, falls};
use super::vocabulary::{Line, Vocabulary};

/// Numbers the ERP gives out over whole tables.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) option_value: i64,
    pub(crate) pack: i64,
    pub(crate) barcode: i64,
}

/// A value of an option, as one article uses it.
#[derive(Debug, Clone)]
pub(crate) struct OptionValue {
    pub(crate) number: i64,
    pub(crate) label: String,
}

/// A variant: one or two option values.
#[derive(Debug, Clone)]
pub(crate) struct Variant {
    pub(crate) first: OptionValue,
    pub(crate) second: Option<OptionValue>,
    /// The ERP's own code; none when it was left blank.
    pub(crate) own_code: Option<String>,
    pub(crate) barcode: Option<String>,
    pub(crate) asleep: bool,
}

impl Variant {
    /// `AG_No2`: 0 when there is no second option.
    pub(crate) fn second_number(&self) -> i64 {
        self.second.as_ref().map_or(0, |v| v.number)
    }
}

/// A packaging.
#[derive(Debug, Clone)]
pub(crate) struct Pack {
    pub(crate) number: i64,
    pub(crate) label: String,
    pub(crate) quantity: i64,
    pub(crate) own_code: Option<String>,
    pub(crate) barcode: String,
}

/// What one orders of an article.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Plain,
    Variants {
        axes: Vec<(String, Vec<OptionValue>)>,
        rows: Vec<Variant>,
    },
    Packs(Vec<Pack>),
    /// Sold as a whole (2) or priced by its parts (3).
    Kit(i64),
}

/// An article before it is written to the ERP and to the overlay.
#[derive(Debug, Clone)]
pub(crate) struct Article<'v> {
    pub(crate) i: u32,
    pub(crate) line: &'v Line,
    pub(crate) code: String,
    /// What a good title would be, whatever the ERP holds.
    pub(crate) title: String,
    /// `AR_Design`: may be NULL, blank or padded.
    pub(crate) erp_title: Option<String>,
    pub(crate) english: String,
    pub(crate) model: String,
    pub(crate) brand: &'v str,
    /// Net price in cents.
    pub(crate) net: i64,
    /// Purchase price in cents.
    pub(crate) cost: i64,
    /// Weight in grams.
    pub(crate) grams: i64,
    pub(crate) barcode: Option<String>,
    pub(crate) kind: Kind,
    pub(crate) vat: &'v str,
    pub(crate) published: Option<bool>,
    pub(crate) asleep: bool,
}

/// EAN-13 of the range kept for use inside one shop, with its check digit.
pub(crate) fn barcode(number: i64) -> String {
    let body = format!("21{number:010}");
    let sum: u32 =
        body.bytes().enumerate().map(|(i, b)| u32::from(b - b'0') * if i % 2 == 0 { 1 } else { 3 }).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// The code of the article at a position. From 10,000 on, a letter stands for the thousands, so
/// that a variant's code still fits into the ERP's 19 characters.
pub(crate) fn code_at(vocabulary: &Vocabulary, i: u32) -> String {
    if let Some(code) = traps::fixed_code(i) {
        return code.to_owned();
    }
    let lines = u32::try_from(vocabulary.lines.len()).unwrap_or(1);
    let (prefix, number) = (&vocabulary.lines[(i % lines) as usize].prefix, 1001 + i / lines);
    match number {
        0..10_000 => format!("{prefix}{number}"),
        _ => format!("{prefix}{}{:03}", thousands(number / 1_000), number % 1_000),
    }
}

/// A for ten, B for eleven…
fn thousands(n: u32) -> char {
    u8::try_from(n + 55).map_or('Z', char::from)
}

/// A short form of an option value for codes: `Vert sapin` is `VSAP`, `2,5 L` is `25L`.
fn abbreviate(value: &str) -> String {
    // The width alone tells bed sizes apart.
    let value = value.split_once('×').map_or(value, |(width, _)| width);
    let plain: String = value
        .chars()
        .filter_map(|c| match c {
            'é' | 'è' | 'ê' | 'É' | 'È' => Some('e'),
            'à' | 'â' => Some('a'),
            'ç' => Some('c'),
            ',' => None,
            c => Some(c),
        })
        .collect();
    let words: Vec<&str> = plain.split(' ').filter(|w| !w.is_empty()).collect();
    let short: String = match words.as_slice() {
        [first, .., last] if !plain.starts_with(|c: char| c.is_ascii_digit()) => {
            // `Pot de 250 g` is `P250G`: a number inside tells more than the last word.
            let digits: String = plain.chars().filter(char::is_ascii_digit).collect();
            let tail = if last.starts_with(|c: char| c.is_ascii_digit()) { "" } else { last };
            let kept = if digits.is_empty() { 3 } else { 1 };
            first.chars().take(1).chain(digits.chars()).chain(tail.chars().take(kept)).collect()
        }
        _ => words.concat().chars().take(8).collect(),
    };
    let short = short.to_uppercase();
    if short.len() > 5 && !short.starts_with(|c: char| c.is_ascii_digit()) {
        short.chars().take(5).collect()
    } else {
        short
    }
}

/// A price as shops write them: rounded, then ending in 90, 50 or 00.
fn price(line: &Line, rng: &mut Rng) -> i64 {
    let [low, high] = line.price;
    #[allow(clippy::cast_possible_truncation, reason = "prices stay under a million cents")]
    let cents = ((low.ln() + (high.ln() - low.ln()) * rng.unit()).exp() * 100.0) as i64;
    let ending = *rng.pick(&[90, 90, 50, 0]);
    let euros = cents / 100;
    if euros < 3 { (cents / 5 * 5).max(50) } else { euros * 100 + ending }
}

/// Makes the article at position `i`. Call it for 0, 1, 2… with the same counters.
pub(crate) fn make<'v>(
    vocabulary: &'v Vocabulary,
    seed: u64,
    i: u32,
    counters: &mut Counters,
) -> Article<'v> {
    let lines = vocabulary.lines.len();
    let line = &vocabulary.lines[i as usize % lines];
    let rank = i as usize / lines;
    let mut rng = Rng::of(seed, u64::from(i), 1);
    let code = code_at(vocabulary, i);

    // A permutation of noun × quality × model: no title comes twice in a line before all have
    // come, and no two lines share a noun.
    let models = vocabulary.models(line);
    let combinations = line.nouns.len() * line.qualities.len() * models.len();
    let mut shuffle = Rng::of(seed, (i as usize % lines) as u64, 2);
    let stride = *shuffle.pick(&[611, 677, 713, 779, 803, 949, 1013, 1147]);
    let k = (rank * stride + shuffle.below(combinations)) % combinations;
    let noun = &line.nouns[k % line.nouns.len()];
    let rest = k / line.nouns.len();
    let quality = &line.qualities[rest % line.qualities.len()];
    let model = &models[rest / line.qualities.len()];
    let (french, english) = noun.split_once('|').unwrap_or((noun.as_str(), noun.as_str()));
    let title = traps::fixed_title(i).map_or_else(|| format!("{french} {quality} {model}"), str::to_owned);
    let erp_title = match i {
        at::BLANK_TITLE => Some(String::new()),
        at::NULL_TITLE | at::COMPLETED_TITLE => None,
        _ if falls(i, at::PADDED_TITLE, 97) => Some(format!("{title}   ")),
        _ => Some(title.clone()),
    };

    let (family_vat, coefficient) = vocabulary.family(&line.family);
    let net = price(line, &mut rng);
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "small numbers")]
    let cost = (net as f64 / coefficient) as i64;
    #[allow(clippy::cast_possible_truncation, reason = "grams of household goods")]
    let grams = ((line.weight[0] + (line.weight[1] - line.weight[0]) * rng.unit()) * 1000.0) as i64;

    let mut article = Article {
        i,
        line,
        english: format!("{english} {model}"),
        model: model.clone(),
        title,
        erp_title,
        brand: rng.pick(&line.brands).as_str(),
        net,
        cost,
        grams,
        barcode: None,
        kind: Kind::Plain,
        vat: if falls(i, at::OWN_VAT, 59) { "D10" } else { family_vat },
        published: Some(true),
        asleep: falls(i, at::ASLEEP, 43),
        code,
    };
    article.published = if falls(i, at::WEB_NULL, 89) {
        None
    } else {
        let hidden = falls(i, at::NOT_FOR_WEB, 11) || i == at::WANTED || i == at::DEPOSIT;
        Some(!hidden)
    };
    article.kind = kind(&article, vocabulary, counters, &mut rng);
    counters.barcode += 1;
    article.barcode = match i {
        x if x == traps::twin(at::SHARED_BARCODE) => Some(barcode(i64::from(at::SHARED_BARCODE) + 1)),
        x if falls(x, at::BLANK_BARCODE, 19) => Some(String::new()),
        x if falls(x, at::NULL_BARCODE, 53) => None,
        _ => Some(barcode(i64::from(i) + 1)),
    };
    article
}

/// Variant and pack barcodes live above those of articles.
const INNER_BARCODES: i64 = 1_000_000;

fn kind(article: &Article<'_>, vocabulary: &Vocabulary, counters: &mut Counters, rng: &mut Rng) -> Kind {
    let (i, line) = (article.i, article.line);
    match i {
        at::KIT => return Kind::Kit(2),
        at::KIT_BY_PARTS => return Kind::Kit(3),
        _ if traps::fixed_code(i).is_some() && i != at::CODE_TILDE => return Kind::Plain,
        at::COMPLETED | at::OVERRIDDEN | at::NEGATIVE_STOCK | at::BLANK_BARCODE | at::NULL_BARCODE => {
            return Kind::Plain;
        }
        _ => {}
    }
    let with_variants = matches!(
        i,
        at::REFERENCE_BY_CODE | at::REFERENCE_BY_KEY | at::CODE_TILDE | at::SHARED_VARIANT_CODE
            ..=at::TWO_OPTIONS | at::WEB_PRICE | at::STOCK_RULE
    ) || i == traps::twin(at::SHARED_VARIANT_CODE);
    let with_packs = matches!(i, at::PACKS..=at::PACK_WITHOUT_CODE);
    let roll = rng.below(100);
    if !with_packs && !line.axes.is_empty() && (with_variants || roll < 45) {
        return variants(article, vocabulary, counters, rng);
    }
    if !line.packs.is_empty() && (with_packs || roll < 70) {
        let packs = line.packs.iter().enumerate().map(|(at, (label, quantity))| {
            counters.pack += 1;
            counters.barcode += 1;
            let blank = falls(i, at::PACK_WITHOUT_CODE, 17) && at == 0;
            Pack {
                number: counters.pack,
                label: label.clone(),
                quantity: *quantity,
                own_code: (!blank).then(|| format!("{}-L{quantity}", article.code)),
                barcode: barcode(INNER_BARCODES + counters.barcode),
            }
        });
        return Kind::Packs(packs.collect());
    }
    Kind::Plain
}

fn variants(article: &Article<'_>, vocabulary: &Vocabulary, counters: &mut Counters, rng: &mut Rng) -> Kind {
    let (i, line) = (article.i, article.line);
    let single = line.axes.len() == 1 || (i != at::TWO_OPTIONS && rng.chance(30)) || i == at::ONE_OPTION;
    let mut axes = Vec::new();
    for axis in line.axes.iter().take(if single { 1 } else { 2 }) {
        let (name, values) = (&axis[0], &axis[1..]);
        let wanted = 2 + rng.below(values.len() - 1);
        let start = rng.below(values.len() - wanted + 1);
        // The numbers follow the alphabet, as where someone once sorted the grid; only
        // F_ENUMGAMME knows that S comes before M.
        let mut chosen: Vec<&String> = values[start..start + wanted].iter().collect();
        chosen.sort();
        let chosen = chosen
            .into_iter()
            .map(|label| {
                counters.option_value += 1;
                OptionValue { number: counters.option_value, label: label.clone() }
            })
            .collect::<Vec<_>>();
        axes.push((name.clone(), chosen));
    }
    let codeless = falls(i, at::NO_VARIANT_CODES, 9);
    let mut rows = Vec::new();
    let seconds: Vec<Option<&OptionValue>> =
        axes.get(1).map_or_else(|| vec![None], |a| a.1.iter().map(Some).collect());
    let total = axes[0].1.len() * seconds.len();
    let mut combination = 0;
    for first in &axes[0].1 {
        for second in &seconds {
            combination += 1;
            // Some combinations were never made: they have no row at all. The show-case
            // article lacks its second one for certain.
            let missing = match i {
                at::TWO_OPTIONS => combination == 2,
                _ => total > 3 && !rows.is_empty() && rng.chance(12),
            };
            if missing {
                continue;
            }
            counters.barcode += 1;
            let mut own = format!("{}-{}", article.code, abbreviate(&first.label));
            if let Some(second) = second {
                own.push('-');
                own.push_str(&abbreviate(&second.label));
            }
            if rows.is_empty() && traps::is_pair(i, at::SHARED_VARIANT_CODE) {
                own = format!("{}-DBL", code_at(vocabulary, at::SHARED_VARIANT_CODE));
            }
            let no_barcode = falls(i, at::TARIFF_BARCODE, 23) && rows.len() == 1;
            rows.push(Variant {
                first: first.clone(),
                second: second.cloned(),
                own_code: (!codeless).then_some(own),
                barcode: (!no_barcode).then(|| barcode(INNER_BARCODES + counters.barcode)),
                asleep: falls(i, at::ASLEEP_VARIANT, 7) && rows.len() == 1,
            });
        }
    }
    Kind::Variants { axes, rows }
}

impl Article<'_> {
    /// The codes of its references, with the ones we would generate where the ERP has none.
    pub(crate) fn reference_codes(&self) -> Vec<String> {
        match &self.kind {
            Kind::Plain | Kind::Kit(_) => vec![self.code.clone()],
            Kind::Variants { rows, .. } => {
                rows.iter().map(|v| v.own_code.clone().unwrap_or_else(|| self.generated_code(v))).collect()
            }
            Kind::Packs(packs) => packs
                .iter()
                .map(|p| p.own_code.clone().unwrap_or_else(|| format!("{}~c{}", self.code, p.number)))
                .collect(),
        }
    }

    /// `AR_Ref~AG_No1[~AG_No2]`.
    pub(crate) fn generated_code(&self, variant: &Variant) -> String {
        let mut code = format!("{}~{}", self.code, variant.first.number);
        if let Some(second) = &variant.second {
            let _ = write!(code, "~{}", second.number);
        }
        code
    }
}

/// Lower case, no accents, hyphens: for file names and slugs of the demo's data.
pub(crate) fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => out.push(c),
            'à' | 'â' => out.push('a'),
            'é' | 'è' | 'ê' | 'ë' => out.push('e'),
            'î' | 'ï' => out.push('i'),
            'ô' => out.push('o'),
            'ù' | 'û' => out.push('u'),
            'ç' => out.push('c'),
            '|' => break,
            _ if !out.ends_with('-') && !out.is_empty() => out.push('-'),
            _ => {}
        }
    }
    out.trim_end_matches('-').to_owned()
}
