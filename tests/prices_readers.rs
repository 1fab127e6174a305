//! The readers of Cegid's and IsoShop's prices on the companies of the examples, on every database.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use comptoir::{
    config::Promotions,
    connectors::{
        cegid::tariff::{CegidTariff, article_key},
        isoshop::{
            tariff::IsoshopTariff,
            web_prices::{WebBuyer, WebPrices},
        },
        tariff::{Buyer, Item, Sheet, Tariff, TariffAsk},
    },
    sources::Moment,
    value::Value,
};
use rust_decimal::Decimal;

use crate::{
    prices_cegid::{day, decimal, shown},
    support::{
        block_on, postgres,
        shops::{self, Engine, Folder, Recipe},
        sources::{Opened, opened},
        sqlserver,
    },
};

/// A price asked for: the row source of the map, the key's parts by `/`, the quantity, and what comes.
type Asked<'a> = (&'a str, &'a str, &'a str, &'a str);

fn item(rows: &str, key: &str) -> Item {
    let key: Box<[Value]> = key.split('/').map(Value::text).collect();
    Item { code: key[0].as_str().unwrap_or_default().into(), rows: rows.into(), key }
}

fn now() -> DateTime<Utc> {
    "2026-06-15T10:00:00Z".parse().expect("a moment")
}

async fn sheet(tariff: &dyn Tariff, at: &Opened, buyer: &Buyer, items: &[Item]) -> Box<dyn Sheet> {
    let ask = TariffAsk { items, buyer, day: day("2026-06-15"), now: now(), currency: "EUR" };
    tariff.read(&*at.source, ask, &Moment::now(None)).await.expect("an answer")
}

async fn expect(tariff: &dyn Tariff, at: &Opened, buyer: &Buyer, asked: &[Asked<'_>]) {
    let items: Vec<Item> = asked.iter().map(|(rows, key, ..)| item(rows, key)).collect();
    let all = sheet(tariff, at, buyer, &items).await;
    for (n, (rows, key, quantity, wanted)) in asked.iter().enumerate() {
        let price = all.price(n, decimal(quantity));
        assert_eq!(shown(&price), *wanted, "{rows} {key} × {quantity} for {buyer:?}: {price:#?}");
        // One by one is as in a batch.
        let alone = sheet(tariff, at, buyer, &items[n..=n]).await;
        assert_eq!(alone.price(0, decimal(quantity)), price, "{key} alone");
        assert_eq!(alone.breaks(0), all.breaks(n), "{key} alone");
    }
}

/// Runs a test on a company on every database there is.
fn everywhere(test: &str, recipe: &Recipe, run: &impl AsyncFn(&Folder)) {
    for engine in [Engine::Sqlite, Engine::Postgres, Engine::SqlServer] {
        let there = match engine {
            Engine::Sqlite => true,
            Engine::Postgres => postgres::available(test),
            Engine::SqlServer => sqlserver::available(test),
        };
        if there {
            block_on(async {
                let folder = recipe.make(engine).await;
                eprintln!("{test} on {}", engine.name());
                run(&folder).await;
                folder.remove().await;
            });
        }
    }
}

const CUSTOMERS: &str = r#"
INSERT INTO "TIERS" ("T_AUXILIAIRE", "T_TIERS", "T_NATUREAUXI", "T_REGIMETVA", "T_FACTUREHT", "T_TARIFTIERS", "T_REMISE", "T_DEVISE") VALUES
    ('0411BUREAU', 'BUREAU', 'CLI', 'FRA', 'X', 'GRO', 5, 'EUR'), ('4011BUREAU', 'BUREAU', 'FOU', 'FRA', 'X', 'XXX', 0, 'EUR'),
    ('0411EXPORT', 'EXPORT', 'CLI', 'EXP', 'X', '', 0, 'EUR'), ('0411GENEVE', 'GENEVE', 'CLI', 'EXP', 'X', '', 0, 'CHF'),
    ('0411DETAIL', 'DETAIL', 'CLI', 'FRA', '-', '', 0, 'EUR'), ('0411DEUX', 'DEUX', 'CLI', 'FRA', '-', '', 0, 'EUR'),
    ('0412DEUX', 'DEUX', 'CLI', 'FRA', '-', '', 0, 'EUR'), ('0411CESSATION', 'CESSATION', 'CLI', 'FRA', '-', '', 0, 'EUR');
UPDATE "TIERS" SET "T_FERME" = 'X' WHERE "T_TIERS" = 'CESSATION';
"#;

fn cegid(settings: &str) -> Recipe {
    let mut recipe = shops::cegid();
    let tables = recipe.tables.as_deref().unwrap_or_default();
    if !tables.contains("CREATE TABLE \"TIERS\"") {
        recipe.erp.push(TIERS.into());
    }
    recipe.erp.push(CUSTOMERS.into());
    recipe.settings.push(settings.into());
    recipe
}

fn customer(code: &str) -> Buyer {
    Buyer { customer: Some(code.into()), ..Buyer::default() }
}

#[test]
fn cegid_prices() {
    everywhere("Cegid's prices", &cegid(""), &async |folder| {
        let at = opened(folder.path(), "erp");
        let tariff = CegidTariff::new(&at.map);
        let public = Buyer { gross: true, ..Buyer::default() };
        expect(
            &tariff,
            &at,
            &public,
            &[
                ("plain", "PLU-QUAI", "1", "20 / 24 Base"),
                ("plain", "FEU-POINTE", "1", "3.1 / 3.72 Base"),
                ("plain", "CAH-96", "1", "1.083333 / 1.3 Base"),
                ("plain", "CRAY-2B", "1", "NO_PRICE"),
                ("plain", "BIL-PONT", "1", "0.95 / 1.14 Base"),
                // The variant's own gross price, which its net one and the rate do not give.
                ("variants", "GEL-CANAL/002", "1", "2.708333 / 3.25 Base"),
                ("variants", "GEL-CANAL/001///", "1", "2.5 / 3 Base"),
                ("variants", "CARNET/001/001/001//", "1", "12 / 14.4 Base"),
                ("variants", "CARNET/002//002", "1", "12 / 14.4 Base"),
                ("variants", "TABLIER/001/001", "1", "25 / 30 Base, TX2 0.25"),
                ("articles", "GEL-CANAL", "1", "2.5 / 3 Base"),
                ("plain", "ENV-50", "1", "UNSUPPORTED_TARIFF"),
                ("plain", "TIMBRE", "1", "11.6 / 11.6 Base"),
                ("plain", "GOM", "1", "NO_VAT_RATE"),
                ("plain", "NOUVEAU", "1", "NO_PRICE"),
                ("plain", "NE-EXISTE-PAS", "1", "NO_ARTICLE"),
            ],
        )
        .await;
        let web = Buyer { price_category: Some("WEB".into()), ..public.clone() };
        let less = "18 / 21.6 Base, list 20 / 24, Category 10 %";
        expect(&tariff, &at, &web, &[("plain", "PLU-QUAI", "1", less)]).await;
        let abroad = Buyer { tax_category: Some("EXP".into()), ..Buyer::default() };
        expect(&tariff, &at, &abroad, &[("plain", "PLU-QUAI", "1", "20 / 20 Base")]).await;
        let net = Buyer::default();
        expect(
            &tariff,
            &at,
            &net,
            &[
                ("plain", "PLU-QUAI", "9.99", "20 / 24 Base"),
                ("plain", "PLU-QUAI", "10", "18 / 21.6 Base"),
                ("plain", "PLU-QUAI", "50", "17 / 20.4 Base"),
                ("plain", "CAH-96", "1", "1.2 / 1.44 Base"),
                ("plain", "LET-VELIN", "1", "7.5 / 9 Base"),
                ("variants", "GEL-CANAL/002", "1", "2.6 / 3.12 Base"),
                ("variants", "GEL-CANAL/001", "1", "2.5 / 3 Base"),
            ],
        )
        .await;
        let items = [item("plain", "PLU-QUAI"), item("plain", "TIMBRE")];
        let read = sheet(&tariff, &at, &net, &items).await;
        assert_eq!(read.breaks(0), [1, 10, 50].map(Decimal::from));
        assert_eq!(read.breaks(1), [Decimal::ONE]);
    });
}

#[test]
fn cegid_prices_of_customers() {
    everywhere("Cegid's prices of customers", &cegid(""), &async |folder| {
        let at = opened(folder.path(), "erp");
        let tariff = CegidTariff::new(&at.map);
        // Net documents, class GRO; the supplier of the same code is not looked at.
        expect(
            &tariff,
            &at,
            &customer("BUREAU"),
            &[
                ("plain", "CRAY-HB", "1", "0.64 / 0.768 Base, list 0.75 / 0.9, Category 15 %"),
                ("plain", "PLU-QUAI", "1", "20 / 24 Base"),
                ("variants", "GEL-CANAL/001", "1", "2.1 / 2.52 Category"),
                ("variants", "GEL-CANAL/002", "1", "2.6 / 3.12 Base"),
            ],
        )
        .await;
        expect(&tariff, &at, &customer("EXPORT"), &[("plain", "PLU-QUAI", "1", "20 / 20 Base")]).await;
        expect(&tariff, &at, &customer("DETAIL"), &[("plain", "CAH-96", "1", "1.083333 / 1.3 Base")]).await;
        expect(&tariff, &at, &customer("GENEVE"), &[("plain", "PLU-QUAI", "1", "UNSUPPORTED_TARIFF")]).await;
        expect(&tariff, &at, &customer("NOBODY"), &[("plain", "PLU-QUAI", "1", "NO_CUSTOMER")]).await;
        expect(&tariff, &at, &customer("CESSATION"), &[("plain", "PLU-QUAI", "1", "NO_CUSTOMER")]).await;
        expect(&tariff, &at, &customer("DEUX"), &[("plain", "PLU-QUAI", "1", "BAD_VALUE")]).await;
        let read = sheet(&tariff, &at, &customer("BUREAU"), &[]).await;
        assert_eq!(read.price_category(), Some("GRO"));
        // Another customer's rows are not even read.
        let items = [item("plain", "PLU-QUAI")];
        let told = format!("{:?}", sheet(&tariff, &at, &customer("BUREAU"), &items).await);
        assert!(told.contains("Par dix") && !told.contains("Accord du Canal"), "{told}");
    });
}

#[test]
fn cegid_settings_and_unsupported_modules() {
    let mut recipe =
        cegid("[sources.erp.settings]\ncustomer_discount = \"unit\"\nvariant_rows = \"together\"");
    recipe.erp.push(
        "CREATE TABLE \"YTARIFS\" (\"YTS_CODE\" int PRIMARY KEY); INSERT INTO \"YTARIFS\" VALUES (1); INSERT INTO \"YTARIFS\" VALUES (2);"
            .into(),
    );
    everywhere("Cegid's settings", &recipe, &async |folder| {
        let at = opened(folder.path(), "erp");
        let refused = [("plain", "PLU-QUAI", "1", "UNSUPPORTED_TARIFF")];
        expect(&CegidTariff::new(&at.map), &at, &customer("BUREAU"), &refused).await;
        let mut map = at.map.clone();
        let mut settings = (*map.settings).clone();
        settings.insert("ytarifs".into(), Value::text("unused"));
        map.settings = Arc::new(settings);
        expect(
            &CegidTariff::new(&map),
            &at,
            &customer("BUREAU"),
            &[
                ("plain", "PLU-QUAI", "1", "19 / 22.8 Base, list 20 / 24, Customer 5 %"),
                // Class + generic article (45) over the variant (40): 2.10 − 5 % is 1.995.
                ("variants", "GEL-CANAL/002", "1", "2 / 2.4 Category, list 2.1 / 2.52, Customer 5 %"),
            ],
        )
        .await;
    });
}

#[test]
fn cegid_asks_each_table_once() {
    everywhere("Cegid's statements", &cegid(""), &async |folder| {
        let at = opened(folder.path(), "erp");
        let tariff = CegidTariff::new(&at.map);
        let items: Vec<Item> =
            ["PLU-QUAI", "CAH-96", "CRAY-HB", "GOM", "TIMBRE"].map(|c| item("plain", c)).into();
        sheet(&tariff, &at, &customer("BUREAU"), &items).await;
        let sent = at.sent();
        for table in ["TIERS", "ARTICLE", "TARIF", "TXCPTTVA", "PARAMSOC"] {
            let from =
                |sql: &&String| ["\"", "["].iter().any(|quote| sql.contains(&format!("FROM {quote}{table}")));
            assert_eq!(sent.iter().filter(from).count(), 1, "{table}: {sent:#?}");
        }
        assert_eq!(sent.len(), 5, "{sent:#?}");
        // The company's parameters are known by now; the public is no row of TIERS.
        sheet(&tariff, &at, &Buyer::default(), &items).await;
        assert_eq!(at.sent().len(), 3);
    });
}

#[test]
fn the_34_characters_of_an_article() {
    let key = |parts: &str| article_key(&item("variants", parts).key);
    assert_eq!(key("PLU-QUAI").as_deref(), Some("PLU-QUAI                         X"));
    assert_eq!(key("CARNET/002//002").as_deref(), Some("CARNET            002   002      X"));
    assert_eq!(key("REGLE-PLATE-30CM-A/001").as_deref(), Some("REGLE-PLATE-30CM-A001            X"));
    assert_eq!(key("LONGER-THAN-EIGHTEEN"), None);
    assert_eq!(article_key(&[]), None);
}

#[test]
fn pivot_prices() {
    everywhere("a pivot's prices", &shops::pivot(), &async |folder| {
        let at = opened(folder.path(), "erp");
        let tariff = IsoshopTariff::new(&at.map);
        let public = Buyer::default();
        expect(
            &tariff,
            &at,
            &public,
            &[
                ("references", "LAVANDE-100-B", "1", "5.416667 / 6.5 Base"),
                ("references", "LAVANDE-250-N", "1", "10 / 12 Base"),
                ("references", "OLIVE-72-300", "1", "4.916667 / 5.9 Base"),
                ("references", "OLIVE-72-600", "1", "NO_PRICE"),
                ("references", "ESSAI-1", "1", "NO_PRICE"),
                ("plain", "NOIR-1L", "1", "9.004739 / 9.5 Base"),
                ("plain", "BLAIREAU", "1", "NO_VAT_RATE"),
                ("references", "NONE", "1", "NO_ARTICLE"),
            ],
        )
        .await;
        let list = Buyer { price_category: Some("PRO".into()), ..Buyer::default() };
        expect(&tariff, &at, &list, &[("references", "LAVANDE-100-B", "1", "4 / 4.8 Category")]).await;
        expect(
            &tariff,
            &at,
            &customer("PHARMA"),
            &[
                ("references", "LAVANDE-100-B", "11.5", "4 / 4.8 Category"),
                ("references", "LAVANDE-100-B", "12", "3.6 / 4.32 Category"),
                ("references", "LAVANDE-100-B", "24", "3.2 / 3.84 Customer"),
                ("references", "LAVANDE-100-N", "1", "4.916667 / 5.9 Base"),
            ],
        )
        .await;
        expect(
            &tariff,
            &at,
            &customer("BERNE"),
            &[
                ("references", "LAVANDE-100-B", "1", "7.215541 / 7.8 Base, CHF"),
                ("references", "LAVANDE-100-N", "1", "NO_PRICE"),
            ],
        )
        .await;
        expect(
            &tariff,
            &at,
            &customer("simple"),
            &[("references", "LAVANDE-100-B", "24", "5.416667 / 6.5 Base")],
        )
        .await;
        expect(&tariff, &at, &customer("NOBODY"), &[("references", "LAVANDE-100-B", "1", "NO_CUSTOMER")])
            .await;
        at.sent();
        let items = [
            item("references", "LAVANDE-100-B"),
            item("references", "LAVANDE-100-N"),
            item("plain", "NOIR-1L"),
        ];
        let read = sheet(&tariff, &at, &customer("PHARMA"), &items).await;
        assert_eq!(at.sent().len(), 5);
        assert_eq!(read.breaks(0), [1, 12, 24].map(Decimal::from));
        assert_eq!(read.price_category(), Some("PRO"));
    });
}

#[test]
fn web_prices_after_the_erps() {
    let mut recipe = cegid("");
    recipe.isoshop.push(
        "INSERT INTO \"web_price\" (reference_code, price_category, amount, tax_included) VALUES ('plu-quai', 7, 15.00, 0);".into(),
    );
    everywhere("web prices", &recipe, &async |folder| {
        let erp = opened(folder.path(), "erp");
        let isoshop = opened(folder.path(), "isoshop");
        let tariff = CegidTariff::new(&erp.map);
        let web = WebPrices::new(&isoshop.map, Promotions::Lowest);
        let codes = ["FEU-POINTE", "LET-VELIN", "PLU-QUAI", "GOM"].map(Arc::<str>::from);
        let items: Vec<Item> = codes.iter().map(|code| item("plain", code)).collect();
        let read = sheet(&tariff, &erp, &Buyer { gross: true, ..Buyer::default() }, &items).await;
        let of =
            |customer, price_category| WebBuyer { customer, price_category, currency: "EUR", now: now() };
        let moment = Moment::now(None);
        let public = web.read(&*isoshop.source, &codes, of(None, None), &moment).await.expect("an answer");
        let price = |n: usize, quantity: u32| {
            shown(&public.promoted(&codes[n], read.price(n, quantity.into()), quantity.into()))
        };
        assert_eq!(price(0, 1), "2.75 / 3.3 Promotion, list 3.1 / 3.72, Promotion 0.42");
        assert_eq!(price(1, 2), "8 / 9.6 Base");
        assert_eq!(price(1, 3), "7 / 8.4 Promotion, list 8 / 9.6, Promotion 1");
        assert_eq!(price(2, 1), "20 / 24 Base");
        assert_eq!(price(3, 1), "NO_VAT_RATE");
        assert_eq!(public.breaks(&codes[1], read.breaks(1)), [1, 3].map(Decimal::from));
        assert_eq!(isoshop.sent().len(), 1);
        let told = format!("{public:?}");
        assert!(told.contains("3.3") && !told.contains("CANAL"), "another customer's row was read: {told}");
        let seventh =
            web.read(&*isoshop.source, &codes, of(None, Some("7")), &moment).await.expect("an answer");
        let cheaper = seventh.promoted(&codes[2], read.price(2, Decimal::ONE), Decimal::ONE);
        assert_eq!(shown(&cheaper), "15 / 18 Promotion, list 20 / 24, Promotion 5");
        let canal =
            web.read(&*isoshop.source, &codes, of(Some("CANAL"), None), &moment).await.expect("an answer");
        let own = canal.promoted(&codes[1], read.price(1, Decimal::ONE), Decimal::ONE);
        assert_eq!(shown(&own), "6.9 / 8.28 Promotion, list 8 / 9.6, Promotion 1.1");
    });
}

/// Cegid's customers, where the example has none yet.
const TIERS: &str = r#"
CREATE TABLE "TIERS" ("T_AUXILIAIRE" varchar(17) PRIMARY KEY, "T_TIERS" varchar(17) NOT NULL DEFAULT '', "T_NATUREAUXI" varchar(3) NOT NULL DEFAULT '',
    "T_REGIMETVA" varchar(3) NOT NULL DEFAULT 'FRA', "T_FACTUREHT" varchar(1) NOT NULL DEFAULT 'X', "T_TARIFTIERS" varchar(3) NOT NULL DEFAULT '',
    "T_REMISE" numeric(19,4) NOT NULL DEFAULT 0, "T_DEVISE" varchar(3) NOT NULL DEFAULT 'EUR', "T_FERME" varchar(1) DEFAULT '-');
"#;
