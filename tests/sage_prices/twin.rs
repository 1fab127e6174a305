//! The rules against a naive second tariff ([`super::naive`]): on the demo as it is, and with rows of every kind thrown at it.
//! `COMPTOIR_SEED` chooses others.

use std::collections::BTreeSet;

use comptoir::{
    connectors::{
        sage100::Sage100Tariff,
        tariff::{Buyer, Tariff, TariffAsk},
    },
    demo,
    sources::Moment,
};

use super::{DAY, naive::Base, number};
use crate::support::{block_on, shops, sources::opened};

/// Rows of every kind thrown at the demo: what its own do not meet, in an order that only the seed decides.
fn thrown(articles: &[String], families: &[String], customers: &[String], seed: u64) -> String {
    let mut state = seed;
    let mut dice = move |sides: u64| {
        // Knuth's multiplier: any row may follow any other.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % sides
    };
    let mut sql = String::new();
    let mut seen = BTreeSet::new();
    for _ in 0..900 {
        let article = &articles[usize::try_from(dice(articles.len() as u64)).expect("small")];
        let customer = &customers[usize::try_from(dice(customers.len() as u64)).expect("small")];
        let category = 1 + dice(3);
        let (of, who) =
            if dice(2) == 0 { (category, "NULL".to_owned()) } else { (0, format!("'{customer}'")) };
        let list = if of == 0 { customer.clone() } else { format!("a{of:02}") };
        let price = match dice(4) {
            0 | 1 => "0".to_owned(),
            2 => (1 + dice(300)).to_string(),
            // Of more decimals than prices are rounded to.
            _ => format!("{}.{:03}", dice(300), 1 + dice(999)),
        };
        let percent = if dice(2) == 0 { 0 } else { dice(60) };
        if seen.insert(format!("{article} {list}")) {
            sql += &format!(
                "DELETE FROM F_ARTCLIENT WHERE AR_Ref = '{article}' AND COALESCE(CT_Num, '') = COALESCE({who}, '') AND AC_Categorie = {of};\n\
                 INSERT INTO F_ARTCLIENT (AR_Ref, AC_Categorie, CT_Num, AC_PrixVen, AC_Coef, AC_PrixTTC, AC_Remise, AC_TypeRem, \
                 AC_QteMont, EG_Champ, AC_PrixDev, AC_Devise) VALUES ('{article}', {of}, {who}, {price}, {}, {}, {percent}, {}, 0, 0, 0, 0);\n",
                if dice(3) == 0 { "1.35" } else { "0" },
                if dice(4) == 0 {
                    "NULL"
                } else if dice(2) == 0 {
                    "1"
                } else {
                    "0"
                },
                u64::from(dice(5) == 0),
            );
        }
        if dice(3) == 0 && seen.insert(format!("steps {article} {list}")) {
            sql += &format!("DELETE FROM F_TARIFQTE WHERE AR_Ref = '{article}' AND TQ_RefCF = '{list}';\n");
            for bound in [1 + dice(9), 10 + dice(20), if dice(2) == 0 { 0 } else { 99_999 }] {
                sql += &format!(
                    "INSERT INTO F_TARIFQTE (AR_Ref, TQ_RefCF, TQ_BorneSup, TQ_Remise01REM_Valeur, TQ_Remise01REM_Type, \
                     TQ_Remise02REM_Valeur, TQ_Remise02REM_Type, TQ_Remise03REM_Valeur, TQ_Remise03REM_Type, TQ_PrixNet) \
                     VALUES ('{article}', '{list}', {bound}, {}, {}, {}, 1, 0, 0, {});\n",
                    dice(30),
                    [1, 1, 1, 0, 2][usize::try_from(dice(5)).expect("small")],
                    dice(9),
                    if dice(6) == 0 { 1 + dice(90) } else { 0 },
                );
            }
        }
        let family = &families[usize::try_from(dice(families.len() as u64)).expect("small")];
        if dice(9) == 0 && seen.insert(format!("family {family} {customer}")) {
            sql += &format!(
                "DELETE FROM F_FAMCLIENT WHERE FA_CodeFamille = '{family}' AND CT_Num = '{customer}';\n\
                 INSERT INTO F_FAMCLIENT (FA_CodeFamille, CT_Num, FC_Remise) VALUES ('{family}', '{customer}', {});\n",
                dice(20),
            );
        }
    }
    sql
}

/// Every reference of the demo, for the public and for customers of every kind, is priced as a naive second implementation
/// prices it that reads the whole base.
#[test]
fn the_demos_prices_are_what_the_naive_tariff_says() {
    let seed = std::env::var("COMPTOIR_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_201);
    block_on(async {
        let dir = tempfile::tempdir().expect("a folder");
        let options = demo::DemoOptions { articles: 260, ..demo::DemoOptions::default() };
        demo::create(dir.path(), &options, &mut |_| {}).await.expect("a demo");
        let file = dir.path().join("erp.db");
        for round in 0..2 {
            if round == 1 {
                let base = Base::read(&file).await;
                let mut customers: Vec<String> = base.customers().into_iter().take(12).collect();
                customers.push("C00010".into());
                let articles = base.texts("F_ARTICLE", "AR_Ref");
                let families = base.texts("F_FAMTARIF", "FA_CodeFamille");
                shops::sqlite(&file, &[thrown(&articles, &families, &customers, seed)]).await;
            }
            let base = Base::read(&file).await;
            let at = opened(dir.path(), "erp");
            let tariff = Sage100Tariff::new(&at.map);
            let items = base.items();
            assert!(items.len() > 400, "{}", items.len());
            let mut buyers = vec![None];
            buyers.extend(base.customers().into_iter().take(14).map(Some));
            let (mut priced, mut refused, mut differences) = (0, 0, Vec::new());
            for customer in &buyers {
                let buyer = Buyer { customer: customer.as_deref().map(Into::into), ..Buyer::default() };
                let moment = Moment::now(None);
                let day = DAY.parse().expect("a day");
                let ask = TariffAsk { items: &items, buyer: &buyer, day, now: moment.now, currency: "EUR" };
                let sheet = tariff.read(&*at.source, ask, &moment).await.expect("rows");
                for (n, item) in items.iter().enumerate() {
                    for quantity in ["1", "7", "10.5", "30", "200"].map(number) {
                        let found = sheet.price(n, quantity);
                        let mine = found.as_ref().ok().map(|p| (p.net, p.gross));
                        let naive = base.price(item, customer.as_deref(), quantity);
                        priced += usize::from(mine.is_some());
                        refused += usize::from(mine.is_none());
                        if mine != naive {
                            differences.push(format!(
                                "{customer:?} {} × {quantity}: {naive:?}, not {found:#?}",
                                item.code
                            ));
                        }
                    }
                }
            }
            assert!(
                differences.is_empty(),
                "round {round}, seed {seed}: {} differences:\n{}",
                differences.len(),
                differences.iter().take(3).cloned().collect::<Vec<_>>().join("\n")
            );
            assert!(priced > 20_000 && refused > 20, "{priced} priced, {refused} refused");
        }
    });
}
