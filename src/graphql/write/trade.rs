//! Prices and stock of a record.

use rust_decimal::Decimal;

use super::{Writer, Written};
use crate::{
    auth::rights::Right,
    catalog::levels::Level,
    connectors::tariff::Refusal,
    graphql::{
        error::{Code, GraphqlError},
        faults::fault,
        plan::{Out, OutKind, PlainOut},
        trade::{self, NotOrderable, PriceObject, PriceRange, PriceTier, StockObject, explain::quantity},
    },
};

impl Writer<'_> {
    pub(super) fn price(&mut self, out: &Out, level: &Level, record: u32) -> Written {
        let prices = match &level.trade.prices {
            Some(Ok(prices)) => prices,
            Some(Err(f)) => return self.fail(out.place, fault(f)),
            None => {
                return self.fail(out.place, GraphqlError::new(Code::Internal, "Prices were not read."));
            }
        };
        let as_of = prices.prices.as_of;
        let object = |price| PriceObject { price, as_of };
        match &out.kind {
            OutKind::Price(plain) => {
                let quantity = match quantity(self.args(out.slot)) {
                    Ok(quantity) => quantity,
                    Err(error) => return self.fail(out.place, error),
                };
                match prices.lowest(record, quantity) {
                    Ok(Some(price)) => self.plain_object(&object(price), plain),
                    Ok(None) => self.absent(out.place, out.non_null),
                    Err(refusal) => self.no_price(out, &refusal),
                }
            }
            OutKind::PriceRange(plain) => match prices.range(record, Decimal::ONE) {
                Ok(Some((low, high))) => {
                    let range = PriceRange { minimum: object(low), maximum: object(high) };
                    self.plain_object(&range, plain)
                }
                Ok(None) => self.absent(out.place, out.non_null),
                Err(refusal) => self.no_price(out, &refusal),
            },
            OutKind::Prices(plain) => {
                let Some(item) = prices.of.get(&record).and_then(|items| items.first()) else {
                    return self.absent(out.place, out.non_null);
                };
                let mut tiers: Vec<PriceTier> = Vec::new();
                for from in prices.prices.breaks(*item) {
                    match prices.prices.at(*item, from) {
                        // A step that changes nothing is none.
                        Ok(price) if tiers.last().is_some_and(|t| t.price.price.net == price.net) => {}
                        Ok(price) => tiers.push(PriceTier { from, price: object(price) }),
                        // Less than some quantity may not be sold at all.
                        Err(refusal) if trade::refused(&refusal, false).is_none() => {}
                        Err(refusal) => return self.no_price(out, &refusal),
                    }
                }
                if tiers.is_empty() {
                    return self.absent(out.place, out.non_null);
                }
                self.list(tiers.iter(), true, |w, tier| w.plain_object(tier, plain))
            }
            OutKind::NotOrderable(plain) => {
                let refusal = match prices.of.get(&record).and_then(|items| items.first()) {
                    None => Some(Refusal::new("NO_ARTICLE", "The ERP does not have it any more.")),
                    Some(item) => prices.prices.at(*item, Decimal::ONE).err(),
                };
                match refusal {
                    Some(refusal) => {
                        let staff = self.explains_prices();
                        self.plain_object(&NotOrderable { refusal, staff }, plain)
                    }
                    None => self.absent(out.place, out.non_null),
                }
            }
            _ => self.fail(out.place, GraphqlError::new(Code::Internal, "This field was not read.")),
        }
    }

    /// How it stands with a record's stock. Numbers are for those whom the shop lets see them.
    pub(super) fn stock(&mut self, out: &Out, level: &Level, record: u32, plain: &PlainOut) -> Written {
        let stock = match &level.trade.stock {
            Some(Ok(stock)) => stock,
            Some(Err(f)) => return self.fail(out.place, fault(f)),
            None => {
                return self.fail(out.place, GraphqlError::new(Code::Internal, "Stock was not read."));
            }
        };
        let Some(told) = stock.told.get(&record) else { return self.absent(out.place, out.non_null) };
        let staff = self.run.sight.rights().allows(Right::StockRead);
        let numbers = staff || self.run.catalog.trade.stock.settings.quantities;
        self.plain_object(&StockObject { told, numbers, depots: staff }, plain)
    }

    /// Whether the viewer sees how prices come to be.
    fn explains_prices(&self) -> bool {
        self.run.sight.rights().allows(Right::PricesExplain)
    }

    /// A price that cannot be told is an error, one that is 0 is null.
    fn no_price(&mut self, out: &Out, refusal: &Refusal) -> Written {
        match trade::refused(refusal, self.explains_prices()) {
            Some(error) => self.fail(out.place, error),
            None => self.absent(out.place, out.non_null),
        }
    }
}
