//! A second, deliberately naive tariff: the whole base in memory as texts, each price looked up from the top down, under the
//! default settings. It shares nothing with the rules it is compared with.

use std::{collections::HashMap, path::Path};

use comptoir::connectors::tariff::Item;
use comptoir::value::Value;
use rust_decimal::{Decimal, RoundingStrategy};
use sqlx::{AssertSqlSafe, Column, Connection, Row, SqliteConnection};

type Line = HashMap<String, String>;

const TABLES: [&str; 15] = [
    "F_ARTICLE",
    "F_COMPTET",
    "F_ARTCLIENT",
    "F_TARIFQTE",
    "F_TARIFGAM",
    "F_TARIFCOND",
    "F_FAMTARIF",
    "F_FAMTARIFQTE",
    "F_FAMCLIENT",
    "F_ARTCOMPTA",
    "F_FAMCOMPTA",
    "F_TAXE",
    "F_ARTENUMREF",
    "F_CONDITION",
    "P_CATTARIF",
];

/// A base as it is.
pub struct Base {
    tables: HashMap<&'static str, Vec<Line>>,
    /// The rows of one article, family or customer, so that a test takes seconds and not minutes.
    of: HashMap<(&'static str, String), Vec<usize>>,
}

/// Net and gross to the cent of whichever is derived, or nothing.
pub type Answer = Option<(Decimal, Decimal)>;

fn n(line: &Line, column: &str) -> Decimal {
    line.get(column).and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn t<'a>(line: &'a Line, column: &str) -> &'a str {
    line.get(column).map_or("", |text| text.trim_end())
}

fn round(amount: Decimal, decimals: u32) -> Decimal {
    amount.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

fn off(amount: Decimal, percent: Decimal) -> Decimal {
    amount - amount * percent / Decimal::ONE_HUNDRED
}

/// One place of the tariff where a price may stand.
struct Place<'a> {
    row: Option<&'a Line>,
    own: Decimal,
    steps: Vec<&'a Line>,
    price: &'static str,
    coefficient: &'static str,
    discount: &'static str,
    regime: &'static str,
    prefix: &'static str,
    gross: bool,
}

impl Place<'_> {
    fn number(&self, column: &str) -> Decimal {
        self.row.map_or(Decimal::ZERO, |row| n(row, column))
    }

    fn says_something(&self) -> bool {
        let named = [self.price, self.coefficient, self.discount, "AC_PrixDev"];
        self.own > Decimal::ZERO || !self.steps.is_empty() || named.iter().any(|c| !self.number(c).is_zero())
    }

    fn step(&self, units: Decimal) -> Option<&Line> {
        let bound = |line: &Line| n(line, &format!("{}_BorneSup", self.prefix));
        let open = |b: Decimal| b.is_zero() || b >= Decimal::from(99_999);
        let closed = self.steps.iter().filter(|line| !open(bound(line)) && units <= bound(line));
        let mut best: Option<&Line> = None;
        for line in closed {
            if best.is_none_or(|b| bound(line) < bound(b)) {
                best = Some(line);
            }
        }
        best.or_else(|| self.steps.iter().find(|line| open(bound(line))).copied())
    }
}

impl Base {
    pub async fn read(file: &Path) -> Self {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).read_only(true);
        let mut connection = SqliteConnection::connect_with(&options).await.expect("a base");
        let mut tables: HashMap<&'static str, Vec<Line>> = HashMap::new();
        for table in TABLES {
            let names: Vec<String> =
                sqlx::query(AssertSqlSafe(format!("SELECT name FROM pragma_table_info('{table}')")))
                    .fetch_all(&mut connection)
                    .await
                    .expect("columns")
                    .iter()
                    .map(|row| row.get(0))
                    .collect();
            let columns: Vec<String> =
                names.iter().map(|c| format!("CAST(\"{c}\" AS TEXT) AS \"{c}\"")).collect();
            let sql = format!("SELECT {} FROM \"{table}\" ORDER BY \"cbMarq\"", columns.join(", "));
            let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection).await.expect("rows");
            let line = |row: &sqlx::sqlite::SqliteRow| {
                let cells = row.columns().iter().enumerate();
                cells
                    .filter_map(|(at, column)| {
                        Some((column.name().to_owned(), row.get::<Option<String>, _>(at)?))
                    })
                    .collect::<Line>()
            };
            tables.insert(table, rows.iter().map(line).collect());
        }
        let mut of: HashMap<(&'static str, String), Vec<usize>> = HashMap::new();
        for (table, lines) in &tables {
            for (at, line) in lines.iter().enumerate() {
                let key = ["AR_Ref", "FA_CodeFamille", "CT_Num"].iter().find_map(|c| line.get(*c));
                of.entry((*table, key.map_or("", |k| k.trim_end()).to_owned())).or_default().push(at);
            }
        }
        Self { tables, of }
    }

    fn all(&self, table: &'static str, of: &str, fits: impl Fn(&Line) -> bool) -> Vec<&Line> {
        let rows = self.of.get(&(table, of.to_owned())).into_iter().flatten();
        rows.map(|at| &self.tables[table][*at]).filter(|line| fits(line)).collect()
    }

    fn one(&self, table: &'static str, of: &str, fits: impl Fn(&Line) -> bool) -> Option<&Line> {
        self.all(table, of, fits).first().copied()
    }

    pub fn customers(&self) -> Vec<String> {
        self.tables["F_COMPTET"].iter().map(|line| t(line, "CT_Num").to_owned()).collect()
    }

    /// A column of a table, as texts.
    pub fn texts(&self, table: &str, column: &str) -> Vec<String> {
        self.tables[table].iter().map(|line| t(line, column).to_owned()).collect()
    }

    /// Everything that can be ordered.
    pub fn items(&self) -> Vec<Item> {
        let mut all = Vec::new();
        let mut add = |rows: &str, key: Vec<Value>| {
            all.push(Item { code: format!("{key:?}").into(), rows: rows.into(), key: key.into() });
        };
        let whole = |line: &Line, column: &str| Value::Int(t(line, column).parse().unwrap_or(0));
        for line in &self.tables["F_ARTICLE"] {
            add("plain", vec![Value::text(t(line, "AR_Ref"))]);
        }
        for line in &self.tables["F_ARTENUMREF"] {
            add(
                "variants",
                vec![Value::text(t(line, "AR_Ref")), whole(line, "AG_No1"), whole(line, "AG_No2")],
            );
        }
        for line in &self.tables["F_CONDITION"] {
            add("packagings", vec![Value::text(t(line, "AR_Ref")), whole(line, "CO_No")]);
        }
        all
    }

    fn rate(&self, article: &Line, category: &str) -> Option<Decimal> {
        let (reference, family) = (t(article, "AR_Ref"), t(article, "FA_CodeFamille"));
        let sale = |line: &Line, p: &str| {
            t(line, &format!("{p}_Type")) == "0"
                && t(line, &format!("{p}_TypeFacture")) == "0"
                && t(line, &format!("{p}_Champ")) == category
        };
        let own = self.one("F_ARTCOMPTA", reference, |l| t(l, "AR_Ref") == reference && sale(l, "ACP"));
        let family = self.one("F_FAMCOMPTA", family, |l| t(l, "FA_CodeFamille") == family && sale(l, "FCP"));
        let code = own.map(|l| t(l, "ACP_ComptaCPT_Taxe1")).filter(|c| !c.is_empty());
        let code = code.or(family.map(|l| t(l, "FCP_ComptaCPT_Taxe1")).filter(|c| !c.is_empty()))?;
        let tax = self.one("F_TAXE", "", |l| t(l, "TA_Code") == code && t(l, "TA_TTaux") == "0")?;
        Some(n(tax, "TA_Taux"))
    }

    /// Own price of a variant or pack in a list.
    fn own(&self, item: &Item, list: &str) -> Decimal {
        let reference = item.key[0].as_str().unwrap_or_default();
        let number = |at: usize| match item.key.get(at) {
            Some(Value::Int(n)) => n.to_string(),
            _ => String::new(),
        };
        let found = match &*item.rows {
            "variants" => self.one("F_TARIFGAM", reference, |l| {
                t(l, "AR_Ref") == reference
                    && t(l, "TG_RefCF") == list
                    && t(l, "AG_No1") == number(1)
                    && t(l, "AG_No2") == number(2)
            }),
            "packagings" => self.one("F_TARIFCOND", reference, |l| {
                t(l, "AR_Ref") == reference && t(l, "TC_RefCF") == list && t(l, "CO_No") == number(1)
            }),
            _ => None,
        };
        found.map_or(Decimal::ZERO, |l| n(l, "TG_Prix").max(n(l, "TC_Prix")))
    }

    fn of_article<'a>(&'a self, item: &Item, list: &str, row: Option<&'a Line>, gross: bool) -> Place<'a> {
        let reference = item.key[0].as_str().unwrap_or_default();
        Place {
            row,
            own: self.own(item, list),
            steps: self
                .all("F_TARIFQTE", reference, |l| t(l, "AR_Ref") == reference && t(l, "TQ_RefCF") == list),
            price: "AC_PrixVen",
            coefficient: "AC_Coef",
            discount: "AC_Remise",
            regime: "AC_TypeRem",
            prefix: "TQ",
            gross: row.and_then(|l| l.get("AC_PrixTTC")).map_or(gross, |flag| flag == "1"),
        }
    }

    /// The price of one unit, net and gross.
    pub fn price(&self, item: &Item, customer: Option<&str>, quantity: Decimal) -> Answer {
        let reference = item.key[0].as_str().unwrap_or_default();
        let article = self.one("F_ARTICLE", reference, |l| t(l, "AR_Ref") == reference)?;
        let buyer = match customer {
            Some(code) => Some(self.one("F_COMPTET", code, |l| t(l, "CT_Num") == code)?),
            None => None,
        };
        if buyer.is_some_and(|l| t(l, "CT_Sommeil") == "1" || !["0", ""].contains(&t(l, "CT_Type"))) {
            return None;
        }
        let or_one =
            |text: &str| if text.is_empty() || text == "0" { "1".to_owned() } else { text.to_owned() };
        let category = buyer.map_or("1".to_owned(), |l| or_one(t(l, "N_CatTarif")));
        let accounts = buyer.map_or("1".to_owned(), |l| or_one(t(l, "N_CatCompta")));
        let family = t(article, "FA_CodeFamille");
        let rate = self.rate(article, &accounts)?;
        let default = self
            .one("P_CATTARIF", "", |l| t(l, "cbIndice") == category)
            .is_some_and(|l| t(l, "CT_PrixTTC") == "1");
        let list = format!("a{category:0>2}");
        let group = buyer.map_or("", |l| t(l, "CT_NumCentrale"));
        let people: Vec<&str> =
            [group, customer.unwrap_or("")].into_iter().filter(|c| !c.is_empty()).collect();
        let numbers: Vec<String> = item
            .key
            .iter()
            .skip(1)
            .map(|v| match v {
                Value::Int(n) => n.to_string(),
                _ => String::new(),
            })
            .collect();

        let mut places: Vec<Place> = Vec::new();
        for person in &people {
            let row = self
                .one("F_ARTCLIENT", reference, |l| t(l, "AR_Ref") == reference && t(l, "CT_Num") == *person);
            let place = self.of_article(item, person, row, default);
            if places.is_empty() && place.says_something() {
                places.push(place);
            }
        }
        let row = self.one("F_ARTCLIENT", reference, |l| {
            t(l, "AR_Ref") == reference && t(l, "CT_Num").is_empty() && t(l, "AC_Categorie") == category
        });
        let place = self.of_article(item, &list, row, default);
        if place.says_something() {
            places.push(place);
        }
        if places.is_empty() {
            let row = self.one("F_FAMTARIF", family, |l| {
                t(l, "FA_CodeFamille") == family && t(l, "FT_Categorie") == category
            });
            let steps = self.all("F_FAMTARIFQTE", family, |l| {
                t(l, "FA_CodeFamille") == family && t(l, "FQ_RefCF") == list
            });
            let place = Place {
                row,
                own: Decimal::ZERO,
                steps,
                price: "none",
                coefficient: "FT_Coef",
                discount: "FT_Remise",
                regime: "FT_TypeRem",
                prefix: "FQ",
                gross: row.and_then(|l| l.get("FT_PrixTTC")).map_or(default, |flag| flag == "1"),
            };
            if place.says_something() {
                places.push(place);
            }
        }

        let (mut units, mut purchase) = (Decimal::ONE, n(article, "AR_PrixAch"));
        if &*item.rows == "packagings" {
            let pack = self.one("F_CONDITION", reference, |l| {
                t(l, "AR_Ref") == reference && t(l, "CO_No") == numbers[0]
            })?;
            units = n(pack, "EC_Quantite");
        } else if &*item.rows == "variants" {
            let fits = |l: &Line| {
                t(l, "AR_Ref") == reference && t(l, "AG_No1") == numbers[0] && t(l, "AG_No2") == numbers[1]
            };
            let own = n(self.one("F_ARTENUMREF", reference, fits)?, "AE_PrixAch");
            if own > Decimal::ZERO {
                purchase = own;
            }
        }

        let mut start = None;
        for place in &places {
            let (price, coefficient) = (place.number(place.price), place.number(place.coefficient));
            let found = if place.own > Decimal::ZERO {
                place.own
            } else if price > Decimal::ZERO {
                price * units
            } else {
                round(purchase * coefficient, 6) * units
            };
            if found > Decimal::ZERO {
                let stored = place.own > Decimal::ZERO || (price > Decimal::ZERO && units == Decimal::ONE);
                start = Some((found, place.gross, stored));
                break;
            }
        }
        let start = start.or_else(|| {
            let (price, coefficient) = (n(article, "AR_PrixVen"), n(article, "AR_Coef"));
            let found = if price > Decimal::ZERO { price } else { round(purchase * coefficient, 6) };
            let stored = price > Decimal::ZERO && units == Decimal::ONE;
            (found > Decimal::ZERO).then_some((found * units, t(article, "AR_PrixTTC") == "1", stored))
        });

        let first = places.first();
        let step = first.and_then(|place| place.step(quantity * units));
        let net_price = step.map_or(Decimal::ZERO, |l| n(l, "TQ_PrixNet"));
        let (mut amount, gross, stored) = if net_price > Decimal::ZERO {
            (net_price * units, first?.gross, units == Decimal::ONE)
        } else {
            start?
        };
        let before = amount;
        let mut taken = net_price > Decimal::ZERO;
        if let (false, Some(place)) = (taken, first) {
            if place.steps.is_empty() {
                let percent = place.number(place.discount);
                amount = off(amount, percent);
                taken = !percent.is_zero();
            } else if let Some(line) = step {
                for rank in ["01", "02", "03"] {
                    let value = n(line, &format!("{}_Remise{rank}REM_Valeur", place.prefix));
                    taken |= !value.is_zero();
                    amount = match t(line, &format!("{}_Remise{rank}REM_Type", place.prefix)) {
                        "1" => off(amount, value),
                        "2" => amount - value * units,
                        _ => amount - value / quantity,
                    };
                }
            }
        }
        let alone = first.is_some_and(|place| place.row.is_some_and(|row| t(row, place.regime) == "1"));
        if !taken && !alone {
            let family = people.iter().find_map(|person| {
                let row = self.one("F_FAMCLIENT", family, |l| {
                    t(l, "FA_CodeFamille") == family && t(l, "CT_Num") == *person
                })?;
                Some(n(row, "FC_Remise")).filter(|percent| !percent.is_zero())
            });
            let percent = family.unwrap_or_else(|| buyer.map_or(Decimal::ZERO, |l| n(l, "CT_Taux01")));
            amount = off(amount, percent);
        }
        // What the ERP stores stands as it is; what is taken off it is rounded.
        let amount = if stored && amount == before { amount } else { round(amount, 2) };
        let factor = Decimal::ONE + rate / Decimal::ONE_HUNDRED;
        (amount > Decimal::ZERO).then(|| {
            if gross { (round(amount / factor, 6), amount) } else { (amount, round(amount * factor, 2)) }
        })
    }
}
