//! Reads what Cegid's prices lean on: TIERS, ARTICLE, TARIF and TXCPTTVA, one statement each for a whole page, and now
//! and then the company's parameters.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use rust_decimal::Decimal;

use super::{
    case::{Cascade, Case, Company, Goods, Party, Rates, Row, Terms},
    cells::{self, Cells, blank, goods, tariff_row},
    rules,
};
use crate::{
    connectors::{
        map::ConnectorMap,
        reading::{Reading, keys},
        tariff::{Decimals, Item, NoSheet, Priced, Refusal, Sheet, Tariff, TariffAsk},
    },
    sources::{Keys, Moment, Source, SourceError},
    value::Value,
};

/// For how long the company's parameters, and whether YTARIFS has rows, are taken for granted.
const COMPANY_KEPT: Duration = Duration::from_mins(1);

/// The tariff of one Cegid company.
#[derive(Debug)]
pub struct CegidTariff {
    terms: Terms,
    /// The regime of who has none.
    regime: Arc<str>,
    watch_other_module: bool,
    customers: Reading,
    articles: Reading,
    rows: Reading,
    rates: Reading,
    parameters: Reading,
    other_module: Reading,
    company: Mutex<Option<(Instant, Arc<Company>)>>,
}

impl CegidTariff {
    /// The tariff of a source with this map.
    pub fn new(map: &ConnectorMap) -> Self {
        let text = |name: &str| map.settings.get(name).and_then(Value::as_str).unwrap_or_default();
        let flag = |name: &str| map.settings.get(name) == Some(&Value::Bool(true));
        let terms = Terms {
            depot: blank(text("price_depot")),
            variant_first: text("variant_rows") != "together",
            discount_off_article: text("discount_only") != "next",
            cascade: match text("cascade") {
                "chained" => Cascade::Chained,
                "refused" => Cascade::Refused,
                _ => Cascade::Alone,
            },
            customer_discount: text("customer_discount") == "unit",
            discount_flag: flag("line_discount_flag"),
            refuse_rounding: text("rounding_codes") != "ignored",
            price_decimals: match map.settings.get("price_decimals") {
                Some(Value::Int(decimals)) => u32::try_from(*decimals).ok(),
                _ => None,
            },
            unit_decimals: match map.settings.get("unit_decimals") {
                Some(Value::Int(decimals)) => u32::try_from(*decimals).unwrap_or(6),
                _ => 6,
            },
            decimals: Decimals::of(&map.settings),
            tariff_per_quantity: text("tariff_price_per") != "unit",
            other_taxes: flag("other_taxes"),
        };
        Self {
            terms,
            regime: text("tax_regime").into(),
            watch_other_module: text("ytarifs") != "unused",
            customers: cells::customers(map),
            articles: cells::articles(map),
            rows: cells::rows(map),
            rates: Reading::new("TXCPTTVA", map)
                .scalar("regime")
                .filter("TV_REGIME = :regime AND TV_TVAOUTPF IN ('TX1', 'TX2', 'TX3', 'TX4', 'TX5')")
                .text("TV_TVAOUTPF")
                .text("TV_CODETAUX")
                .decimal("TV_TAUXVTE"),
            parameters: Reading::new("PARAMSOC", map)
                .spare()
                .filter("SOC_NOM IN ('SO_DEVISEPRINC', 'SO_DECPRIX', 'SO_DECQTE')")
                .text("SOC_NOM")
                .text("SOC_DATA"),
            other_module: Reading::new("YTARIFS", map).spare().limit(1).int("1"),
            company: Mutex::new(None),
        }
    }

    async fn company(&self, source: &dyn Source, moment: &Moment) -> Result<Arc<Company>, SourceError> {
        let known = self.company.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, company)) = known
            && at.elapsed() < COMPANY_KEPT
        {
            return Ok(company);
        }
        let none = || keys([]);
        let parameters = self.parameters.rows(source, none(), &[], moment).await?;
        let mut company = Company::default();
        for n in 0..parameters.len() {
            let said = parameters.get(n, 1).as_str().map(str::trim).filter(|said| !said.is_empty());
            let decimals = || said.and_then(|said| said.parse().ok()).filter(|n| *n <= 6);
            match parameters.get(n, 0).as_str() {
                Some("SO_DEVISEPRINC") => company.currency = said.map(Arc::from),
                Some("SO_DECPRIX") => company.price_decimals = decimals(),
                Some("SO_DECQTE") => company.quantity_decimals = decimals(),
                _ => {}
            }
        }
        if self.watch_other_module {
            company.other_module = !self.other_module.rows(source, none(), &[], moment).await?.is_empty();
        }
        let company = Arc::new(company);
        *self.company.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Instant::now(), Arc::clone(&company)));
        Ok(company)
    }

    /// Who buys; an error is why nothing can be priced for them.
    async fn party(
        &self,
        source: &dyn Source,
        ask: TariffAsk<'_>,
        moment: &Moment,
    ) -> Result<Result<Party, Refusal>, SourceError> {
        let Some(code) = &ask.buyer.customer else {
            return Ok(Ok(Party {
                customer: None,
                class: ask.buyer.price_category.clone(),
                regime: ask.buyer.tax_category.clone().unwrap_or_else(|| self.regime.clone()),
                net: !ask.buyer.gross,
                currency: None,
                discount: Decimal::ZERO,
            }));
        };
        let found = self.customers.rows(source, keys([Value::text(&**code)]), &[], moment).await?;
        let refuse = |code, reason: String| Ok(Err(Refusal::new(code, reason)));
        match found.len() {
            1 => {}
            0 => return refuse("NO_CUSTOMER", format!("TIERS has no customer {code} (T_NATUREAUXI CLI)")),
            _ => {
                return refuse("BAD_VALUE", format!("TIERS has customer {code} more than once (T_TIERS)"));
            }
        }
        let mut cells = Cells { rows: &found, row: 0, bad: None };
        if cells.flag(6) {
            return refuse("NO_CUSTOMER", format!("customer {code} is closed in TIERS (T_FERME X)"));
        }
        let party = Party {
            customer: cells.text(0),
            class: cells.text(1),
            regime: cells.text(2).unwrap_or_else(|| self.regime.clone()),
            net: cells.flag(3),
            currency: cells.text(4),
            discount: cells.decimal(5).unwrap_or_default(),
        };
        Ok(match cells.bad {
            Some(bad) => Err(Refusal::new("BAD_VALUE", format!("customer {code}: {bad}"))),
            None => Ok(party),
        })
    }
}

/// GA_ARTICLE of a key of the map: the code filled up to 18 characters, five dimension codes of three, and X.
/// None: the key is not one of Cegid's.
pub fn article_key(key: &[Value]) -> Option<String> {
    let (code, dimensions) = key.split_first()?;
    let mut built = format!("{:<18}", code.as_str()?);
    for n in 0..5 {
        let dimension = dimensions.get(n).and_then(Value::as_str).unwrap_or_default();
        built.push_str(&format!("{dimension:<3}"));
    }
    built.push('X');
    (built.chars().count() == 34).then_some(built)
}

/// The same key without dimensions: the generic article's.
fn generic_key(key: &[Value]) -> Option<String> {
    article_key(key.get(..1)?)
}

fn folded(key: &str) -> String {
    key.trim_end().to_uppercase()
}

#[async_trait]
impl Tariff for CegidTariff {
    async fn read(
        &self,
        source: &dyn Source,
        ask: TariffAsk<'_>,
        moment: &Moment,
    ) -> Result<Box<dyn Sheet>, SourceError> {
        let own: Vec<Option<String>> = ask.items.iter().map(|item: &Item| article_key(&item.key)).collect();
        let generic: Vec<Option<String>> = ask.items.iter().map(|item| generic_key(&item.key)).collect();
        let wanted = keys(own.iter().chain(&generic).flatten().map(|key| Value::text(key.as_str())));
        let (company, party, articles) = futures::try_join!(
            self.company(source, moment),
            self.party(source, ask, moment),
            self.articles.rows(source, wanted.clone(), &[], moment),
        )?;
        let party = match party {
            Ok(party) => party,
            Err(refusal) => return Ok(Box::new(NoSheet(refusal))),
        };
        let said = |text: &Option<Arc<str>>| Value::text(text.as_deref().unwrap_or_default());
        let (rows, rates) = futures::try_join!(
            self.read_rows(source, wanted, [said(&party.customer), said(&party.class)], moment),
            self.read_rates(source, &party.regime, moment),
        )?;
        let goods: Vec<Goods> = (0..articles.len()).map(|n| goods(&articles, n)).collect();
        let by_key: HashMap<String, usize> =
            goods.iter().enumerate().map(|(n, goods)| (folded(&goods.key), n)).collect();
        let find = |key: &Option<String>| key.as_deref().and_then(|key| by_key.get(&folded(key))).copied();
        let items = own.iter().zip(&generic);
        let items = items.map(|(own, generic)| (find(own), find(generic).filter(|_| own != generic)));
        let mut sheet = CegidSheet {
            items: items.collect(),
            goods,
            rows,
            of_article: HashMap::new(),
            of_any: HashMap::new(),
            rates,
            party,
            company,
            terms: self.terms.clone(),
            day: ask.day,
            currency: ask.currency.to_owned(),
        };
        for (n, row) in sheet.rows.iter().enumerate() {
            let place = match &row.article {
                Some(key) => sheet.of_article.entry(folded(key)),
                None => sheet.of_any.entry(row.family.as_deref().map(folded).unwrap_or_default()),
            };
            place.or_default().push(n);
        }
        Ok(Box::new(sheet))
    }
}

impl CegidTariff {
    async fn read_rows(
        &self,
        source: &dyn Source,
        articles: Keys,
        buyer: [Value; 2],
        moment: &Moment,
    ) -> Result<Vec<Row>, SourceError> {
        let read = self.rows.rows(source, articles, &buyer, moment).await?;
        let mut rows: Vec<Row> = (0..read.len()).map(|n| tariff_row(&read, n)).collect();
        // Rows of any article come with each statement of a large batch.
        rows.sort_by_key(|row| row.id);
        rows.dedup();
        Ok(rows)
    }

    async fn read_rates(
        &self,
        source: &dyn Source,
        regime: &str,
        moment: &Moment,
    ) -> Result<Rates, SourceError> {
        let read = self.rates.rows(source, keys([]), &[Value::text(regime)], moment).await?;
        let mut rates = Rates::default();
        for n in 0..read.len() {
            let mut cells = Cells { rows: &read, row: n, bad: None };
            // A rate that cannot be read is as if it were not there: the price is refused.
            if let (Some(tax), Some(family), Some(rate)) = (cells.text(0), cells.text(1), cells.decimal(2)) {
                rates.add(&tax, &family, rate);
            }
        }
        Ok(rates)
    }
}

#[derive(Debug)]
struct CegidSheet {
    /// Of each item: its own row of ARTICLE, and a variant's generic article's.
    items: Vec<(Option<usize>, Option<usize>)>,
    goods: Vec<Goods>,
    rows: Vec<Row>,
    of_article: HashMap<String, Vec<usize>>,
    /// Rows of any article, by price family.
    of_any: HashMap<String, Vec<usize>>,
    rates: Rates,
    party: Party,
    company: Arc<Company>,
    terms: Terms,
    day: chrono::NaiveDate,
    currency: String,
}

impl CegidSheet {
    fn with_case<T>(&self, item: usize, of: impl FnOnce(&Case<'_>) -> T) -> Option<T> {
        let (own, generic) = *self.items.get(item)?;
        let own = self.goods.get(own?)?;
        let generic = generic.and_then(|n| self.goods.get(n));
        let family = own.family.as_deref().or_else(|| generic.and_then(|goods| goods.family.as_deref()));
        let mut places: Vec<usize> = Vec::new();
        for goods in std::iter::once(own).chain(generic) {
            places.extend(self.of_article.get(&folded(&goods.key)).into_iter().flatten());
        }
        places.extend(self.of_any.get("").into_iter().flatten());
        if let Some(family) = family {
            places.extend(self.of_any.get(&folded(family)).into_iter().flatten());
        }
        places.sort_unstable();
        let rows: Vec<&Row> = places.iter().filter_map(|n| self.rows.get(*n)).collect();
        Some(of(&Case {
            own,
            generic,
            rows: &rows,
            rates: &self.rates,
            party: &self.party,
            company: &self.company,
            terms: &self.terms,
            day: self.day,
            currency: &self.currency,
        }))
    }
}

impl Sheet for CegidSheet {
    fn price(&self, item: usize, quantity: Decimal) -> Result<Priced, Refusal> {
        self.with_case(item, |case| rules::price(case, quantity))
            .unwrap_or_else(|| Err(Refusal::new("NO_ARTICLE", "ARTICLE has no row of it")))
    }

    fn breaks(&self, item: usize) -> Vec<Decimal> {
        self.with_case(item, super::breaks).unwrap_or_else(|| vec![Decimal::ONE])
    }

    fn price_category(&self) -> Option<&str> {
        self.party.class.as_deref()
    }
}
