//! What the ERP's tariff holds and the rules of prices leave out: a price that the ERP's own order entry would say
//! otherwise is told, never served in silence.

use super::{Finding, Level, Live};

impl Live<'_> {
    /// Tells of promotions in force that are not applied.
    pub(super) async fn tariff(&mut self) {
        let Some((source, tariff)) = self.shop.catalog().trade.pricing.tariff.clone() else { return };
        if !self.up.get(source).copied().unwrap_or(false) || !self.looks_at(source) {
            return;
        }
        let Some(asked) = self.source(source).cloned() else { return };
        let name = self.name(source).to_owned();
        match tariff.unapplied(&*asked, &self.ask.moment).await {
            Ok(None) => {}
            Ok(Some(found)) => {
                let count = found.each.len();
                let message =
                    format!("{count} of the {} in force today {} not applied", found.what, are(count));
                let help = "prices are served without them: end them in the ERP, or keep them as web prices in IsoShop \
                            (`prices.promotions`)";
                self.found(
                    Finding::new(Level::Warning, "PROMOTIONS_NOT_APPLIED", message, help)
                        .source(&name)
                        .table(found.table)
                        .examples(found.each),
                );
            }
            Err(error) => {
                let message = format!("the promotions of the tariff cannot be read: {error}");
                let help = "prices are served without promotions; let the source's user read their table";
                self.found(
                    Finding::new(Level::Warning, "PROMOTIONS_UNREADABLE", message, help).source(&name),
                );
            }
        }
    }
}

fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}
