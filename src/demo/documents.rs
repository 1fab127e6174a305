//! Sales documents of the demo's ERP: few, chosen for the cases a connector must survive
//! (orders that moved, split and vanished; deposits; transfers).

use super::DemoError;
use super::article::{Article, Kind};
use super::customers::customer_code;
use super::erp::{day, euros};
use super::load::{Cell, Loader, Table, row};
use super::traps::at;
use super::vocabulary::Vocabulary;

/// A line of a document to write: what, how many, and where it came from.
#[derive(Debug, Clone, Default)]
struct Line {
    article: Option<usize>,
    text: Option<&'static str>,
    quantity: i64,
    /// A detail of this kit: carries no value of its own.
    of_kit: bool,
    order: &'static str,
    quote: &'static str,
    delivery: &'static str,
}

/// A document to write.
#[derive(Debug, Clone, Default)]
struct Document {
    kind: i64,
    piece: &'static str,
    customer: u32,
    web: &'static str,
    status: i64,
    provenance: i64,
    remainder: bool,
    transfer: bool,
    lines: Vec<Line>,
}

fn line(article: usize, quantity: i64) -> Line {
    Line { article: Some(article), quantity, ..Line::default() }
}

fn document(kind: i64, piece: &'static str, customer: u32, lines: Vec<Line>) -> Document {
    Document { kind, piece, customer, lines, ..Document::default() }
}

/// The cases, one by one. Article positions are those of the show-case.
fn cases() -> Vec<Document> {
    let from = |order, l: Line| Line { order, ..l };
    let delivered = |order, delivery, l: Line| Line { order, delivery, ..l };
    let comment = |text| Line { text: Some(text), ..Line::default() };
    let (kit, parts) = (at::KIT as usize, [at::OVERRIDDEN as usize, at::COMPLETED as usize]);
    vec![
        // Quotes: open, accepted, and one that an order took over.
        document(0, "DE00001", 1, vec![line(0, 2), line(9, 1)]),
        Document {
            status: 2,
            ..document(0, "DE00002", 2, vec![line(3, 4), comment("Validité : trente jours.")])
        },
        document(0, "DE00003", 7, vec![line(11, 1)]),
        // Orders at each status; from the web and from the counter.
        document(1, "BC00001", 1, vec![Line { quote: "DE00009", ..line(1, 3) }]),
        Document { status: 1, ..document(1, "BC00002", 4, vec![line(4, 12), line(20, 1)]) },
        Document { status: 2, web: "W26-000101", ..document(1, "WBC00001", 3, vec![line(5, 6)]) },
        Document { web: "W26-000102", ..document(1, "WBC00002", 6, vec![line(16, 1), line(48, 1)]) },
        // A kit with its details, which count for nothing, and a comment.
        document(
            1,
            "BC00003",
            8,
            vec![
                line(kit, 1),
                Line { of_kit: true, ..line(parts[0], 1) },
                Line { of_kit: true, ..line(parts[1], 2) },
                comment("Emballage cadeau, carte jointe."),
            ],
        ),
        document(1, "BC00004", 10, vec![line(7, 24)]),
        document(1, "BC00005", 11, vec![line(28, 2), line(36, 2)]),
        // One order split three ways: prepared, delivered, and what is left.
        Document { web: "W26-000103", remainder: true, ..document(1, "WBC00003", 9, vec![line(8, 1)]) },
        Document { web: "W26-000103", ..document(2, "WPL00001", 9, vec![from("WBC00003", line(9, 1))]) },
        Document {
            web: "W26-000103",
            ..document(3, "WBL00001", 9, vec![delivered("WBC00003", "WBL00001", line(10, 1))])
        },
        // Wholly prepared, wholly delivered: no order left under its number.
        Document { web: "W26-000104", ..document(2, "WPL00002", 12, vec![from("WBC00004", line(14, 2))]) },
        Document {
            web: "W26-000105",
            ..document(3, "WBL00002", 15, vec![delivered("WBC00005", "WBL00002", line(15, 1))])
        },
        document(3, "BL00001", 2, vec![delivered("BC00006", "BL00001", line(30, 3))]),
        document(
            3,
            "BL00002",
            5,
            vec![delivered("BC00007", "BL00002", line(31, 8)), comment("Livré au chantier.")],
        ),
        // Wholly invoiced: no order, no delivery left.
        Document {
            web: "W26-000106",
            ..document(6, "FA00001", 18, vec![delivered("WBC00006", "WBL00003", line(42, 2))])
        },
        document(6, "FA00002", 13, vec![delivered("BC00008", "BL00003", line(43, 10))]),
        document(7, "FA00003", 14, vec![delivered("BC00009", "BL00004", line(44, 6))]),
        document(7, "FA00004", 16, vec![delivered("BC00010", "BL00005", line(46, 1))]),
        document(7, "FA00005", 17, vec![delivered("BC00011", "BL00006", line(55, 2))]),
        // A deposit, a return, two credits. FA00006 and BA00001 would clash without the type.
        Document { provenance: 4, ..document(6, "FA00006", 1, vec![line(at::DEPOSIT as usize, 1)]) },
        document(4, "BR00001", 14, vec![line(44, 1)]),
        document(5, "BA00001", 14, vec![line(44, 1)]),
        Document { provenance: 2, ..document(6, "BA00001", 16, vec![line(46, 1)]) },
        // Abroad, and a customer under its group.
        document(1, "BC00012", 25, vec![line(50, 4)]),
        document(1, "BC00013", 28, vec![line(51, 10)]),
        document(1, "BC00014", 12, vec![line(53, 20), line(54, 10)]),
        // A transfer between depots: DO_Tiers is a depot, not a customer.
        Document { transfer: true, ..document(23, "MT00001", 2, vec![line(0, 5)]) },
    ]
}

#[derive(Debug)]
struct Tables {
    header: Table,
    line: Table,
    due: Table,
}

fn declare(erp: &mut Loader) -> Tables {
    Tables {
        header: erp.table(
            "F_DOCENTETE",
            &[
                "DO_Domaine",
                "DO_Type",
                "DO_Piece",
                "DO_Date",
                "DO_Tiers",
                "CT_NumPayeur",
                "DO_Souche",
                "DO_DateLivr",
                "DO_Tarif",
                "DO_Transaction",
                "DO_Regime",
                "N_CatCompta",
                "DO_Statut",
                "DO_Heure",
                "DO_NoWeb",
                "DO_Provenance",
                "DO_Reliquat",
                "DO_ValFrais",
                "DO_TotalHT",
                "DO_DocType",
                "cbModification",
            ],
            &[
                ("DO_Ref", "''"),
                ("CO_No", "0"),
                ("DO_Period", "1"),
                ("DO_Devise", "0"),
                ("DO_Cours", "0"),
                ("DE_No", "1"),
                ("cbDE_No", "1"),
                ("LI_No", "0"),
                ("cbLI_No", "NULL"),
                ("DO_Expedit", "2"),
                ("DO_NbFacture", "1"),
                ("DO_BLFact", "0"),
                ("DO_TxEscompte", "0"),
                ("DO_Imprim", "0"),
                ("DO_Coord01", "''"),
                ("DO_Condition", "1"),
                ("DO_Colisage", "1"),
                ("DO_TypeColis", "1"),
                ("DO_Langue", "0"),
                ("CG_Num", "'4110000'"),
                ("DO_Cloture", "0"),
                ("DO_TypeFrais", "0"),
                ("DO_TypeLigneFrais", "0"),
                ("DO_ValFranco", "0"),
                ("DO_Taxe1", "20"),
                ("DO_CodeTaxe1", "'D20'"),
                ("DO_Contact", "''"),
                ("DO_DateLivrRealisee", "'1753-01-01 00:00:00'"),
                ("DO_DateExpedition", "'1753-01-01 00:00:00'"),
                ("DO_Valide", "0"),
            ],
        ),
        line: erp.table(
            "F_DOCLIGNE",
            &[
                "DO_Domaine",
                "DO_Type",
                "CT_Num",
                "DO_Piece",
                "DL_PieceBC",
                "DL_PieceBL",
                "DL_PieceDE",
                "DO_Date",
                "DL_Ligne",
                "AR_Ref",
                "DL_Design",
                "DL_Qte",
                "DL_PoidsNet",
                "DL_PrixUnitaire",
                "DL_PUTTC",
                "DL_Taxe1",
                "DL_CodeTaxe1",
                "AG_No1",
                "AG_No2",
                "EU_Enumere",
                "EU_Qte",
                "DL_No",
                "DL_Valorise",
                "AR_RefCompose",
                "DL_MontantHT",
                "DL_MontantTTC",
                "DO_DocType",
                "cbModification",
            ],
            &[
                ("DL_PiecePL", "''"),
                ("DL_DateBC", "'1753-01-01 00:00:00'"),
                ("DL_DateBL", "'1753-01-01 00:00:00'"),
                ("DO_Ref", "''"),
                ("DL_TNomencl", "0"),
                ("DL_TRemPied", "0"),
                ("DL_TRemExep", "0"),
                ("DL_Remise01REM_Valeur", "0"),
                ("DL_Remise01REM_Type", "0"),
                ("DL_TTC", "0"),
                ("DL_TypeTaux1", "0"),
                ("DL_TypeTaxe1", "0"),
                ("DL_MvtStock", "0"),
                ("DT_No", "0"),
                ("DE_No", "1"),
                ("cbDE_No", "1"),
                ("DO_DateLivr", "'1753-01-01 00:00:00'"),
                ("DL_NonLivre", "0"),
                ("AC_RefClient", "''"),
                ("DL_Escompte", "0"),
                ("DL_NoColis", "''"),
                ("PF_Num", "''"),
            ],
        ),
        due: erp.table(
            "F_DOCREGL",
            &["DR_No", "DO_Domaine", "DO_Type", "DO_Piece", "DR_Date", "DR_Montant", "cbModification"],
            &[
                ("DR_TypeRegl", "2"),
                ("DR_Pourcent", "0"),
                ("DR_Equil", "1"),
                ("DR_Regle", "0"),
                ("N_Reglement", "1"),
            ],
        ),
    }
}

/// Writes the documents; `articles` are the first of the shop, by position.
pub(crate) async fn documents(erp: &mut Loader, articles: &[Article<'_>]) -> Result<(), DemoError> {
    let t = declare(erp);
    let (mut line_number, mut due) = (0, 0);
    for (n, d) in (0..).zip(cases()) {
        let date = day(180 + n);
        let when = format!("{date} {:02}:{:02}:00", 8 + n % 10, (n * 7) % 60);
        let (domain, party) = if d.transfer { (2, "2".to_owned()) } else { (0, customer_code(d.customer)) };
        let tax = match d.customer {
            25 | 26 => 2,
            27 | 28 => 3,
            _ => 1,
        };
        let (mut net_total, mut gross_total) = (0, 0);
        let mut kit_code: Option<&str> = None;
        for (rank, l) in (1..).zip(&d.lines) {
            line_number += 1;
            let article = l.article.and_then(|a| articles.get(a));
            let mut cells = (Cell::Null, 0, 0, String::new(), 0, 0);
            let mut rate = 0;
            if let Some(a) = article {
                let (mut label, mut g1, mut g2) = (a.title.clone(), 0, 0);
                if let Kind::Variants { rows, .. } = &a.kind
                    && let Some(v) = rows.first()
                {
                    (g1, g2) = (v.first.number, v.second_number());
                    label = format!("{label} {}", v.first.label);
                }
                rate = if tax == 1 { Vocabulary::rate_tenths(a.vat) } else { 0 };
                let price = if a.i == at::DEPOSIT { 5_000 } else { a.net };
                let net = if l.of_kit { 0 } else { price * l.quantity };
                cells = (a.code.as_str().into(), g1, g2, label.chars().take(69).collect(), price, net);
                if matches!(a.kind, Kind::Kit(_)) {
                    kit_code = Some(a.code.as_str());
                }
            } else if let Some(text) = l.text {
                text.clone_into(&mut cells.3);
            }
            let (reference, g1, g2, label, price, net) = cells;
            let gross = |v: i64| (v * (1000 + rate) + 500) / 1000;
            net_total += net;
            gross_total += gross(net);
            let code: Cell = match (article, tax) {
                (None, _) => Cell::Null,
                (Some(_), 2 | 3) => "D00".into(),
                (Some(a), _) => a.vat.into(),
            };
            let quantity = l.quantity;
            let weight = article.map_or(0, |a| a.grams * quantity);
            erp.add(
                t.line,
                row![
                    domain,
                    d.kind,
                    &party,
                    d.piece,
                    l.order,
                    l.delivery,
                    l.quote,
                    format!("{date} 00:00:00"),
                    rank * 1000,
                    reference,
                    label,
                    quantity,
                    weight,
                    euros(price),
                    euros(gross(price)),
                    euros(rate * 10),
                    code,
                    g1,
                    g2,
                    if article.is_some() { "Pièce" } else { "" },
                    quantity,
                    line_number,
                    article.is_some() && !l.of_kit,
                    kit_code.filter(|_| l.of_kit),
                    euros(net),
                    euros(gross(net)),
                    d.kind,
                    &when,
                ],
            )
            .await?;
        }
        let returned = matches!(d.kind, 4 | 5) || d.provenance == 2;
        let wanted = if n % 2 == 0 { "1753-01-01 00:00:00" } else { "1900-01-01 00:00:00" };
        erp.add(
            t.header,
            row![
                domain,
                d.kind,
                d.piece,
                format!("{date} 00:00:00"),
                &party,
                &party,
                i64::from(!d.web.is_empty()),
                wanted,
                1,
                if returned { 21 } else { 11 },
                if returned { 25 } else { 21 },
                tax,
                d.status,
                format!("000{:02}{:02}00", 8 + n % 10, (n * 7) % 60),
                d.web,
                d.provenance,
                d.remainder,
                if d.web.is_empty() { "0" } else { "8.9" },
                euros(net_total),
                d.kind,
                &when,
            ],
        )
        .await?;
        if !d.transfer {
            due += 1;
            let total = gross_total + if d.web.is_empty() { 0 } else { 1068 };
            let row =
                row![due, domain, d.kind, d.piece, format!("{} 00:00:00", day(210 + n)), euros(total), &when];
            erp.add(t.due, row).await?;
        }
    }
    let columns = ["DC_IdCol", "DC_Souche", "DC_Piece", "cbModification"];
    let next = erp.table("F_DOCCURRENTPIECE", &columns, &[("DC_Domaine", "0")]);
    // Every time stands in the shop, none is the clock's: the same seed gives the same shop.
    let when = format!("{} 18:00:00", day(270));
    for (kind, counter, web) in [
        (0, "DE00010", "WDE00001"),
        (1, "BC00015", "WBC00007"),
        (2, "PL00001", "WPL00003"),
        (3, "BL00007", "WBL00004"),
        (4, "BR00002", "WBR00001"),
        (5, "BA00002", "WBA00001"),
        (6, "FA00007", "WFA00001"),
    ] {
        erp.add(next, row![kind, 0, counter, &when]).await?;
        erp.add(next, row![kind, 1, web, &when]).await?;
    }
    Ok(())
}
