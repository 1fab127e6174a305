//! Sage's tariff on real databases: the accountants' table of cases (`tests/spec/prices/sage100.md`), batches against one by
//! one, the statements that are sent, and prices of AdventureWorks that were worked out by hand.

mod case;
mod naive;
mod twin;

use std::{collections::BTreeSet, sync::Arc};

use chrono::NaiveDate;
use comptoir::{
    connectors::{
        self,
        map::ConnectorMap,
        sage100::Sage100Tariff,
        tariff::{Buyer, Discount, Item, Off, Priced, Refusal, Tariff, TariffAsk},
    },
    diagnostics::Diagnostics,
    sources::{Moment, SharedSource},
    value::Value,
};
use rust_decimal::Decimal;

use self::case::{Case, Expected};
use crate::support::{
    adventureworks, block_on,
    gateway::{Gateway, Sent},
    postgres,
    shops::{self, Engine, Folder, Recipe},
    sqlserver,
};

/// The day of cases that name none.
const DAY: &str = "2026-03-01";

fn engines(test: &str) -> Vec<Engine> {
    let mut engines = vec![Engine::Sqlite];
    if postgres::available(test) {
        engines.push(Engine::Postgres);
    }
    if sqlserver::available(test) {
        engines.push(Engine::SqlServer);
    }
    engines
}

/// A shop's ERP, its map, and what is sent to it.
struct Erp {
    gateway: Gateway,
    source: SharedSource,
    map: ConnectorMap,
}

impl Erp {
    fn of(folder: &Folder) -> Self {
        let gateway = Gateway::open(folder.path()).expect("a shop");
        let engine = &gateway.shop.catalog().engine;
        let at = engine.model.sources.iter().position(|s| s.name == "erp").expect("an ERP");
        let source = engine.sources[at].clone();
        let config = gateway.shop.config();
        let mut found = Diagnostics::default();
        let map = connectors::load(
            "sage100",
            folder.path(),
            &config.sources["erp"],
            &config.shop,
            &config.references,
            &mut found,
        );
        let map = map.expect("a map");
        Self { gateway, source, map }
    }

    fn tariff(&self, settings: &[(String, Value)]) -> Sage100Tariff {
        let mut map = self.map.clone();
        let values = Arc::make_mut(&mut map.settings);
        for (name, value) in settings {
            let known = values.insert(name.clone(), value.clone());
            assert!(known.is_some(), "no setting {name}");
        }
        Sage100Tariff::new(&map)
    }

    async fn prices(
        &self,
        tariff: &Sage100Tariff,
        items: &[Item],
        buyer: &Buyer,
        day: &str,
        quantity: Decimal,
    ) -> Vec<(Result<Priced, Refusal>, Vec<Decimal>)> {
        let day: NaiveDate = day.parse().expect("a day");
        let moment = Moment::now(None);
        let ask = TariffAsk { items, buyer, day, now: moment.now, currency: "EUR" };
        let sheet = tariff.read(&*self.source, ask, &moment).await.expect("rows");
        (0..items.len()).map(|n| (sheet.price(n, quantity), sheet.breaks(n))).collect()
    }
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no number"))
}

fn off(discounts: &[Discount]) -> String {
    let one = |d: &Discount| match d.off {
        Off::Percent(percent) => format!("{:?} {} %", d.cause, percent.normalize()),
        Off::Amount(amount) => format!("{:?} {}", d.cause, amount.normalize()),
    };
    discounts.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn both((net, gross): (Decimal, Decimal)) -> String {
    format!("{} / {}", net.normalize(), gross.normalize())
}

/// A price in the words of the table.
fn shown(found: &(Result<Priced, Refusal>, Vec<Decimal>)) -> Expected {
    let from: Vec<String> = found.1.iter().map(|n| n.normalize().to_string()).collect();
    let mut shown = Expected { from: Some(from.join(", ")), ..Expected::default() };
    match &found.0 {
        Err(refusal) => refusal.code.clone_into(&mut shown.net),
        Ok(priced) => {
            let currency = if &*priced.currency == "EUR" { "" } else { &*format!(" {}", priced.currency) };
            shown.net = format!("{}{currency}", priced.net.normalize());
            shown.gross = priced.gross.normalize().to_string();
            shown.kept = String::from(if priced.tax_included { "gross" } else { "net" });
            shown.before = priced.list.map(both).unwrap_or_default();
            shown.taken_off = off(&priced.discounts);
            shown.own = Some(String::from(if priced.own_terms { "yes" } else { "no" }));
            shown.basis = format!("{:?}", priced.basis);
            let apart = priced.taxes.iter().map(|tax| {
                let rate = tax.rate.map(|rate| format!("{} % ", rate.normalize())).unwrap_or_default();
                format!("{} {rate}{}", tax.code, tax.amount.normalize())
            });
            shown.apart = Some(apart.collect::<Vec<_>>().join(", "));
        }
    }
    if found.0.is_err() {
        shown.apart = Some(String::new());
    }
    shown
}

/// What must hold of every account, whatever the case.
fn judge_account(case: &Case, found: &Result<Priced, Refusal>, problems: &mut Vec<String>) {
    let steps = match found {
        Ok(priced) => &priced.steps,
        Err(refusal) => {
            if !Refusal::CODES.contains(&refusal.code) || refusal.reason.is_empty() {
                problems.push(format!("{}: a refusal of an unknown code {refusal:?}", case.title));
            }
            return;
        }
    };
    let unit = steps.iter().find(|step| step.what == "unit price").and_then(|step| step.price);
    let priced = found.as_ref().ok().map(|p| if p.tax_included { p.gross } else { p.net });
    if unit != priced {
        problems.push(format!("{}: the account ends with {unit:?}, the price is {priced:?}", case.title));
    }
    // Every row that the case gives, of tables that have a bearing, is told.
    for (table, count) in case.told() {
        let told = steps.iter().filter(|step| step.table == Some(table)).count();
        if told < count {
            problems.push(format!("{}: {count} rows of {table}, {told} in the account", case.title));
        }
    }
    for step in steps {
        if step.note.trim().is_empty() || step.what.trim().is_empty() {
            problems.push(format!("{}: a step without words {step:?}", case.title));
        }
    }
}

#[test]
fn the_accountants_cases_hold() {
    let cases = case::read("tests/spec/prices/sage100.md");
    assert!(cases.len() >= 140, "{} cases", cases.len());
    let mut recipe = shops::base();
    recipe.erp = vec![case::script(&cases)];
    recipe.shared = 0;
    block_on(async {
        let mut problems = Vec::new();
        for engine in engines("Sage's prices") {
            let folder = recipe.make_on(engine, Engine::Sqlite).await;
            let erp = Erp::of(&folder);
            for case in &cases {
                let tariff = erp.tariff(&case.settings);
                let found = erp
                    .prices(
                        &tariff,
                        &[case.item()],
                        &case.buyer,
                        case.day.as_deref().unwrap_or(DAY),
                        case.quantity,
                    )
                    .await;
                let mut own = Vec::new();
                let actual = shown(&found[0]);
                if !case.expected.agrees(&actual) {
                    let why = match &found[0].0 {
                        Err(refusal) => refusal.reason.clone(),
                        Ok(_) => String::new(),
                    };
                    own.push(format!(
                        "{}\n    expected {:?}\n    found    {actual:?} {why}",
                        case.title, case.expected
                    ));
                }
                judge_account(case, &found[0].0, &mut own);
                problems.extend(
                    own.into_iter().map(|text| format!("{} line {}: {text}", engine.name(), case.line)),
                );
            }
            drop(erp);
            folder.remove().await;
        }
        assert!(problems.is_empty(), "{} problems:\n  {}", problems.len(), problems.join("\n  "));
    });
}

/// All items in one batch, for one buyer, are priced as each is alone.
#[test]
fn a_batch_is_one_by_one() {
    let cases = case::read("tests/spec/prices/sage100.md");
    let mut recipe = shops::base();
    recipe.erp = vec![case::script(&cases)];
    recipe.shared = 0;
    block_on(async {
        for engine in engines("Sage's prices in batches") {
            let folder = recipe.make_on(engine, Engine::Sqlite).await;
            let erp = Erp::of(&folder);
            let tariff = erp.tariff(&[]);
            let items: Vec<Item> = cases.iter().map(Case::item).collect();
            let discounted = cases.iter().find(|case| case.title == "all three: 82.935").expect("a case");
            let public = Buyer { price_category: Some("2".into()), ..Buyer::default() };
            for buyer in [&Buyer::default(), &public, &discounted.buyer] {
                let quantity = Decimal::from(11);
                erp.gateway.statements();
                let together = erp.prices(&tariff, &items, buyer, DAY, quantity).await;
                let sent = erp.gateway.statements();
                let mut tables = BTreeSet::new();
                for statement in &sent {
                    // What stands first is what is read: keys of SQL Server are looked up through their home table.
                    let from = statement.sql.split("FROM ").nth(1).unwrap_or_default();
                    let table = from.split([' ', '\n']).next().unwrap_or_default().to_owned();
                    assert!(
                        !table.is_empty() && tables.insert(table.clone()),
                        "{table} is read twice: {}",
                        statement.sql
                    );
                }
                let mut priced = 0;
                for (n, item) in items.iter().enumerate() {
                    let alone = erp.prices(&tariff, std::slice::from_ref(item), buyer, DAY, quantity).await;
                    assert_eq!(together[n], alone[0], "{} line {}", engine.name(), cases[n].line);
                    priced += usize::from(alone[0].0.is_ok());
                }
                assert!(priced > 60, "{priced} of {} have a price", items.len());
            }
            drop(erp);
            folder.remove().await;
        }
    });
}

/// What cannot matter is not read: no variants, no packs, nobody's rows.
#[test]
fn only_tables_that_matter_are_read() {
    let cases = case::read("tests/spec/prices/sage100.md");
    let mut recipe = shops::base();
    recipe.erp = vec![case::script(&cases)];
    recipe.shared = 0;
    let of = |title: &str| cases.iter().find(|case| case.title == title).expect("a case");
    block_on(async {
        let folder = recipe.make(Engine::Sqlite).await;
        let erp = Erp::of(&folder);
        let tariff = erp.tariff(&[]);
        let read = async |case: &Case, buyer: &Buyer| {
            erp.gateway.statements();
            erp.prices(&tariff, &[case.item()], buyer, DAY, Decimal::ONE).await;
            let sent = erp.gateway.statements();
            sent.iter().flat_map(Sent::tables).collect::<BTreeSet<String>>()
        };
        let public = read(of("a net price"), &Buyer::default()).await;
        let expected = [
            "F_ARTCLIENT",
            "F_ARTCOMPTA",
            "F_ARTICLE",
            "F_FAMCOMPTA",
            "F_FAMTARIF",
            "F_FAMTARIFQTE",
            "F_TARIFQTE",
            "F_TAXE",
            "P_DEVISE",
            "P_DOSSIERCIAL",
        ];
        assert_eq!(public, expected.map(str::to_owned).into_iter().collect());
        let variant = of("two gammes");
        let mine = read(variant, &variant.buyer).await;
        assert!(mine.contains("F_TARIFGAM") && mine.contains("F_ARTENUMREF"), "{mine:?}");
        assert!(!mine.contains("F_TARIFCOND") && !mine.contains("F_COMPTET"), "{mine:?}");
        let known = of("on the family");
        let mine = read(known, &known.buyer).await;
        assert!(mine.contains("F_FAMCLIENT") && mine.contains("F_COMPTET"), "{mine:?}");
        // A customer that may buy nothing costs no further question.
        let stranger = Buyer { customer: Some("STRANGER".into()), ..Buyer::default() };
        let none = read(known, &stranger).await;
        assert!(!none.contains("F_ARTCLIENT"), "{none:?}");
        drop(erp);
        folder.remove().await;
    });
}

/// An older Sage: no former taxes, no other tax slots, no steps of families, no packaging prices, no numbers of rows.
#[test]
fn an_older_base_lacks_tables_and_columns() {
    let cases = case::read("tests/spec/prices/sage100.md");
    let mut recipe: Recipe = shops::base();
    let mut script = case::script(&cases);
    for table in ["F_FAMTARIFQTE", "F_TARIFCOND"] {
        script.push_str(&format!("DROP TABLE \"{table}\";\n"));
    }
    for (table, prefix) in [("F_ARTCOMPTA", "ACP"), ("F_FAMCOMPTA", "FCP")] {
        for column in ["Date1", "TaxeAnc1", "Taxe2", "Taxe3"] {
            script
                .push_str(&format!("ALTER TABLE \"{table}\" DROP COLUMN \"{prefix}_ComptaCPT_{column}\";\n"));
        }
    }
    script.push_str("ALTER TABLE \"P_DOSSIERCIAL\" DROP COLUMN \"D_FormatPrix\";\n");
    recipe.erp = vec![script];
    recipe.shared = 0;
    block_on(async {
        for engine in engines("an older Sage's prices") {
            let folder = recipe.make_on(engine, Engine::Sqlite).await;
            let erp = Erp::of(&folder);
            let tariff = erp.tariff(&[]);
            for (title, net, gross) in [
                ("a net price", "100", "120"),
                ("two gammes", "95", "114"),
                ("the article's row goes before the family's", "100", "105.5"),
                // Its own price is in the table that is gone.
                ("its own price", "1200", "1440"),
                ("the day before a change", "100", "110"),
                ("an eco-participation", "100", "120"),
            ] {
                let case = cases.iter().find(|case| case.title == title).expect(title);
                let found = erp.prices(&tariff, &[case.item()], &case.buyer, DAY, Decimal::ONE).await;
                let priced = found[0].0.as_ref().unwrap_or_else(|e| panic!("{title}: {e}"));
                let name = engine.name();
                assert_eq!((priced.net, priced.gross), (number(net), number(gross)), "{name} {title}");
                assert!(priced.taxes.is_empty(), "{name} {title}");
            }
            drop(erp);
            folder.remove().await;
        }
    });
}

/// A company that keeps prices with four decimals (D_FormatPrix), though it names no currency.
#[test]
fn prices_are_rounded_as_the_erps_format_says() {
    let cases = case::read("tests/spec/prices/sage100.md");
    let mut recipe: Recipe = shops::base();
    let format = "UPDATE \"P_DOSSIERCIAL\" SET \"D_FormatPrix\" = '# ##0,0000'";
    recipe.shared = 0;
    block_on(async {
        for engine in engines("Sage's format of prices") {
            for named in ["", ", \"N_DeviseCompte\" = 0"] {
                recipe.erp = vec![case::script(&cases), format!("{format}{named};\n")];
                let folder = recipe.make_on(engine, Engine::Sqlite).await;
                let erp = Erp::of(&folder);
                let two = [("price_decimals".to_owned(), Value::Int(2))];
                for (title, settings, net, gross) in [
                    ("3.333 × 1.7 = 5.6661, rounded", &[][..], "5.6661", "6.7993"),
                    ("half a cent goes up", &[], "10.005", "12.006"),
                    ("3.333 × 1.7 = 5.6661, rounded", &two, "5.67", "6.8"),
                ] {
                    let case = cases.iter().find(|case| case.title == title).expect(title);
                    let tariff = erp.tariff(settings);
                    let found = erp.prices(&tariff, &[case.item()], &case.buyer, DAY, Decimal::ONE).await;
                    let priced = found[0].0.as_ref().unwrap_or_else(|e| panic!("{title}: {e}"));
                    let name = engine.name();
                    assert_eq!((priced.net, priced.gross), (number(net), number(gross)), "{name} {title}");
                    assert_eq!(&*priced.currency, "EUR", "{name} {title}");
                }
                drop(erp);
                folder.remove().await;
            }
        }
    });
}

/// What cannot be read refuses the prices that lean on it, and names table and row; it is never 0.
#[test]
fn cells_that_cannot_be_read_are_no_zero() {
    let cases = case::read("tests/spec/prices/sage100.md");
    let mut recipe: Recipe = shops::base();
    // SQLite keeps any text in a column of numbers, and bytes that are no text.
    let broken = "UPDATE \"F_TAXE\" SET \"TA_Taux\" = 'abc' WHERE \"TA_Code\" = 'T55';\n\
                  UPDATE \"P_CATTARIF\" SET \"CT_PrixTTC\" = 'abc' WHERE \"cbIndice\" = 3;\n\
                  UPDATE \"P_DEVISE\" SET \"D_CodeISO\" = x'ff' WHERE \"cbIndice\" = 2;\n";
    recipe.erp = vec![case::script(&cases), broken.to_owned()];
    recipe.shared = 0;
    block_on(async {
        let folder = recipe.make(Engine::Sqlite).await;
        let erp = Erp::of(&folder);
        let tariff = erp.tariff(&[]);
        for (title, named) in [
            ("the article's row goes before the family's", Err(["F_TAXE", "T55"])),
            ("a net price", Ok("100")),
            ("a flag that was never filled is the category's default", Err(["P_CATTARIF", "3"])),
            ("a row's own flag goes before the default", Ok("90")),
            ("a price in the buyer's currency", Err(["P_DEVISE", "2"])),
            ("the company's price goes before it", Ok("90")),
        ] {
            let case = cases.iter().find(|case| case.title == title).expect(title);
            let found = erp.prices(&tariff, &[case.item()], &case.buyer, DAY, Decimal::ONE).await;
            match (&found[0].0, named) {
                (Ok(priced), Ok(net)) => assert_eq!(priced.net, number(net), "{title}"),
                (Err(refusal), Err(words)) => {
                    assert_eq!(refusal.code, "BAD_VALUE", "{title}: {refusal:?}");
                    assert!(words.iter().all(|word| refusal.reason.contains(word)), "{title}: {refusal:?}");
                }
                (found, _) => panic!("{title}: {found:?}"),
            }
        }
        drop(erp);
        folder.remove().await;
    });
}

/// Prices of AdventureWorks, each worked out from its rows.
#[test]
fn prices_of_adventureworks() {
    let Some(data) = adventureworks::folder("Sage's prices of AdventureWorks") else { return };
    let mut recipe = adventureworks::recipe(&data);
    recipe.isoshop.clear();
    let plain =
        |code: &str| Item { code: code.into(), rows: "plain".into(), key: [Value::text(code)].into() };
    let by = |code: &str| Buyer { customer: Some(code.into()), ..Buyer::default() };
    let public = |category: &str| Buyer { price_category: Some(category.into()), ..Buyer::default() };
    let variant = |code: &str, first: i64, second: i64| Item {
        code: format!("{code}~{first}~{second}").into(),
        rows: "variants".into(),
        key: [Value::text(code), Value::Int(first), Value::Int(second)].into(),
    };
    let pack = |code: &str, number: i64| Item {
        code: format!("{code}~c{number}").into(),
        rows: "packagings".into(),
        key: [Value::text(code), Value::Int(number)].into(),
    };
    // Item, buyer, quantity; net, what was taken off, basis.
    let cases: &[(Item, Buyer, i64, &str, &str, &str)] = &[
        // A group's row goes before its member's (5.39).
        (plain("CA-1098"), by("CAW00372"), 1, "5.84", "", "Customer"),
        (plain("CA-1098"), public("2"), 1, "7.19", "", "Category"),
        (pack("CA-1098", 12), public("2"), 1, "158.4", "", "Category"),
        // 6 × 7.19.
        (pack("CA-1098", 11), public("2"), 1, "43.14", "", "Category"),
        // The group has nothing for it: the member's own 7.5 % on 300.215.
        (plain("FW-M928"), by("CAW00372"), 1, "277.7", "Customer 7.5 %", "Base"),
        (plain("FW-M928"), public("2"), 1, "285.2", "Category 5 %", "Base"),
        // « Hors remise »: not the customer's 2 %, which others of its articles bear.
        (plain("R550WM029"), by("CAW00334"), 1, "784.34", "", "Customer"),
        (plain("BC-R205"), by("CAW00334"), 1, "8.81", "Customer 2 %", "Base"),
        (plain("PD-T852"), by("CAW00374"), 1, "56.69", "", "Customer"),
        // 120 less 4 % on the family.
        (plain("RA-H123"), by("CAW00370"), 1, "115.2", "Family 4 %", "Base"),
        // A variant's price of category 1, on a row at price 0.
        (variant("HLMFM005", 11, 13), public("1"), 1, "1364.5", "", "Category"),
        // Steps: 63.50 × 0.9 × 0.95, and of a customer.
        (plain("CVM001"), public("2"), 10, "63.5", "", "Base"),
        (plain("CVM001"), public("2"), 11, "62.23", "Quantity 2 %", "Base"),
        (plain("CVM001"), public("2"), 40, "54.29", "Quantity 10 %, Quantity 5 %", "Base"),
        (plain("CVM001"), by("CAW00592"), 6, "55.88", "Quantity 12 %", "Base"),
        // Steps and AC_Remise 5 on one row: steps replace it.
        (plain("S100M033"), public("2"), 1, "34.99", "", "Base"),
        (plain("S100M033"), public("2"), 25, "31.49", "Quantity 10 %", "Base"),
        // The last step is a net price: 769.49 − 307.80.
        (plain("M400WM022"), public("2"), 61, "461.69", "Quantity 307.8", "Category"),
        // No row of category 2: the family's coefficient (23.3722 × 1.9), the family's discount.
        (plain("SE-T924"), public("2"), 1, "44.41", "", "Category"),
        (plain("FFGM003"), public("2"), 1, "32.29", "Family 15 %", "Base"),
        // 38.4923 × 1.298701 = 49.98998…
        (plain("LSLJM011"), public("1"), 1, "49.99", "", "Base"),
        // Category 3 is gross: 59.99 / 1.2.
        (plain("LSLJM011"), public("3"), 1, "49.991667", "", "Category"),
        // Packs: one with a price of its own, one that is 24 × 4.99, one that is 6 × 4.99 less 8 %.
        (pack("WB-H098", 1), public("1"), 1, "27", "", "Category"),
        (pack("WB-H098", 2), public("1"), 1, "119.76", "", "Base"),
        (pack("WB-H098", 1), public("2"), 1, "27.54", "Category 8 %", "Base"),
    ];
    block_on(async {
        let folder = recipe.make_on(Engine::Sqlite, Engine::Sqlite).await;
        let erp = Erp::of(&folder);
        let tariff = erp.tariff(&[]);
        for (item, buyer, quantity, net, taken, basis) in cases {
            let found =
                erp.prices(&tariff, std::slice::from_ref(item), buyer, DAY, Decimal::from(*quantity)).await;
            let priced = found[0].0.as_ref().unwrap_or_else(|e| panic!("{}: {e}", item.code));
            let shown = (priced.net, off(&priced.discounts), format!("{:?}", priced.basis));
            assert_eq!(
                shown,
                (number(net), (*taken).to_owned(), (*basis).to_owned()),
                "{} {buyer:?}",
                item.code
            );
        }
        drop(erp);
        folder.remove().await;
    });
}
