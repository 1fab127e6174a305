//! Customers of the demo's ERP: delivery places, contacts, buying group, family discounts.

use super::DemoError;
use super::erp::{day, minute};
use super::load::{Cell, Loader, row};
use super::rng::{Rng, mix};
use super::trade::GROUP;
use super::vocabulary::Vocabulary;

/// How many customers the company has.
const CUSTOMERS: u32 = 60;

pub(crate) fn customer_code(n: u32) -> String {
    format!("C{n:05}")
}

/// A French VAT number that passes its check, for an invented SIREN that passes its own.
fn company_numbers(n: u32) -> (String, String) {
    let body = format!("{:08}", 51_000_000 + n * 7_919);
    let digits = |s: &str| s.bytes().map(|b| u32::from(b - b'0')).collect::<Vec<_>>();
    let luhn = |s: &str| -> u32 {
        let sum: u32 = digits(s)
            .iter()
            .rev()
            .enumerate()
            .map(|(i, d)| if i % 2 == 0 { if d * 2 > 9 { d * 2 - 9 } else { d * 2 } } else { *d })
            .sum();
        (10 - sum % 10) % 10
    };
    let siren = format!("{body}{}", luhn(&body));
    let number: u64 = siren.parse().unwrap_or(0);
    let vat = format!("FR{:02}{siren}", (12 + 3 * (number % 97)) % 97);
    let office = format!("{siren}0001");
    let full = format!("{office}{}", luhn(&office));
    (vat, full)
}

/// Writes customers, delivery places, contacts and family discounts.
pub(crate) async fn write(erp: &mut Loader, vocabulary: &Vocabulary, seed: u64) -> Result<(), DemoError> {
    let customer = erp.table(
        "F_COMPTET",
        &[
            "CT_Num",
            "CT_Intitule",
            "CT_Type",
            "CT_Qualite",
            "CT_Classement",
            "CT_Contact",
            "CT_Adresse",
            "CT_CodePostal",
            "CT_Ville",
            "CT_Pays",
            "N_Devise",
            "CT_Identifiant",
            "CT_Siret",
            "CT_NumPayeur",
            "N_CatTarif",
            "CT_Taux01",
            "N_CatCompta",
            "CT_LangueISO2",
            "CT_Sommeil",
            "CT_ControlEnc",
            "CT_Telephone",
            "CT_EMail",
            "CT_NumCentrale",
            "CT_DateCreate",
            "CT_Prospect",
            "cbModification",
        ],
        &[
            ("CG_NumPrinc", "'4110000'"),
            ("CT_Complement", "''"),
            ("CT_CodeRegion", "''"),
            ("CT_Taux02", "0"),
            ("N_Period", "1"),
            ("CT_Facture", "1"),
            ("CT_BLFact", "0"),
            ("CT_Langue", "0"),
            ("N_Expedition", "2"),
            ("N_Condition", "1"),
            ("DE_No", "1"),
        ],
    );
    let place = erp.table(
        "F_LIVRAISON",
        &[
            "LI_No",
            "CT_Num",
            "LI_Intitule",
            "LI_Adresse",
            "LI_CodePostal",
            "LI_Ville",
            "LI_Pays",
            "LI_Contact",
            "LI_Principal",
            "LI_EMail",
            "cbModification",
        ],
        &[
            ("LI_Complement", "''"),
            ("LI_CodeRegion", "''"),
            ("N_Expedition", "2"),
            ("N_Condition", "1"),
            ("LI_Telephone", "''"),
        ],
    );
    let contact = erp.table(
        "F_CONTACTT",
        &[
            "CT_Num",
            "CT_No",
            "CT_Nom",
            "CT_Prenom",
            "CT_Fonction",
            "CT_Civilite",
            "CT_EMail",
            "cbModification",
        ],
        &[("N_Service", "1"), ("CT_Telephone", "''"), ("CT_TelPortable", "''")],
    );
    let family = erp.table("F_FAMCLIENT", &["FA_CodeFamille", "CT_Num", "FC_Remise", "cbModification"], &[]);
    let p = &vocabulary.people;
    let (mut places, mut contacts) = (0, 0);
    for n in 1..=CUSTOMERS {
        let code = customer_code(n);
        let mut rng = Rng::of(seed, u64::from(n), 40);
        let when = minute(mix(seed, u64::from(n), 41));
        let consumer = n % 3 == 0 && code != GROUP;
        let (first, last) = (rng.pick(&p.first), rng.pick(&p.last));
        let name = if code == GROUP {
            "Centrale des Quincailliers de l'Ouest".chars().take(35).collect()
        } else if consumer {
            format!("{last} {first}")
        } else {
            format!("{} {}", rng.pick(&p.shops), rng.pick(&p.shop_names))
        };
        let sort: String = name.to_uppercase().chars().take(17).collect();
        let (postal, town) = rng.pick(&p.towns);
        let (country, tax, language) = match n {
            25 | 26 => ("Allemagne", 2, "DE"),
            27 => ("Suisse", 3, "FR"),
            28 => ("États-Unis", 3, "EN"),
            _ => ("France", 1, "FR"),
        };
        let (vat, siret) = company_numbers(n);
        let (vat, siret) =
            if consumer || country != "France" { (String::new(), String::new()) } else { (vat, siret) };
        let street = format!("{} {}", rng.between(1, 120), rng.pick(&p.streets));
        // A group pays for its members, who buy under their own codes.
        let member = matches!(n, 11 | 12);
        let central: Cell = if member { GROUP.into() } else { Cell::Null };
        let email = if n % 7 == 0 { String::new() } else { format!("achats{n}@client.example") };
        erp.add(
            customer,
            row![
                &code,
                name,
                0,
                if consumer { "" } else { "SARL" },
                sort,
                format!("{first} {last}"),
                &street,
                postal,
                town,
                country,
                i64::from(n == 27) * 2,
                vat,
                siret,
                if member { GROUP } else { code.as_str() },
                if consumer { 3 } else { 1 + i64::from(n % 2) },
                if n % 10 == 4 { "3" } else { "0" },
                tax,
                language,
                n % 20 == 19,
                if n == 33 { 2 } else { 0 },
                format!("+33 1 99 00 {:02} {:02}", n / 10, n % 10),
                email,
                central,
                format!("{} 00:00:00", day(mix(seed, u64::from(n), 42)).replace("2026", "2021")),
                n == 58,
                &when,
            ],
        )
        .await?;
        for k in 0..[1, 0, 3, 1, 2][n as usize % 5] {
            places += 1;
            let (postal, town) = rng.pick(&p.towns);
            let label = ["Siège", "Dépôt", "Chantier"][k % 3];
            let street = format!("{} {}", rng.between(1, 90), rng.pick(&p.streets));
            erp.add(place, row![places, &code, label, street, postal, town, country, "", k == 0, "", &when])
                .await?;
        }
        for k in 0..=n % 3 {
            contacts += 1;
            let first = &p.first[(n + 5 * k) as usize % p.first.len()];
            let role = ["Achats", "Comptabilité", "Direction"][k as usize];
            let email = format!("contact{contacts}@client.example");
            erp.add(
                contact,
                row![&code, contacts, rng.pick(&p.last), first, role, i64::from(k), email, &when],
            )
            .await?;
        }
        if n % 4 == 1 {
            for family_row in vocabulary.families.detail.iter().skip(n as usize % 5).step_by(9) {
                erp.add(family, row![&family_row.0, &code, rng.between(2, 8), &when]).await?;
            }
        }
    }
    Ok(())
}
