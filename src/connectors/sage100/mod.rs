//! What a table cannot say of Sage 100: its tariff, as its own order entry would price a line. [`rules`] is pure: rows in
//! ([`rows`]), a price or a refusal with its account out; [`tariff`] reads the rows.
//!
//! # The order of everything
//!
//! 1. **Terms** ([`terms`]): the customer's price category, accounting category, currency, overall discount (F_COMPTET);
//!    without a customer the shop's public categories. A customer that is missing or dormant has no price.
//! 2. **Levels** ([`levels`]), from the most to the least particular: the customer's row (the buying group's; where that has
//!    nothing for the item, the customer's own), the category's row, the family's tariff for the category (only without any
//!    row of the article), the article. A level that carries no price, coefficient, discount, step or price of the very
//!    variant or packaging counts as none.
//! 3. **Starting price**: at each level in turn the own price of the variant or packaging (F_TARIFGAM, F_TARIFCOND), else the
//!    price, else purchase price × coefficient, else the price in the buyer's foreign currency; all 0: the next level. Of a
//!    packaging without a price of its own it is so many units' price. Whether it is net or gross is the level's flag.
//! 4. **Discounts of the first level that counts**, though the price come from below it: its steps, which replace its own
//!    discount; else its discount. A step's net price ends it.
//! 5. **The customer's discounts**: on the family (F_FAMCLIENT), then overall (CT_Taux01), each only when nothing was taken
//!    off before; never from a row that is « hors remise ».
//! 6. **Rounding** to the ERP's format, half up, of what was discounted or derived; then VAT ([`vat`]): a net made of a
//!    gross keeps 6 decimals. The other two tax slots are told apart from it.
//!
//! Each « only », « first » and « replace » is a setting ([`settings`]). Prepared new prices (AC_PrixVenNouv…) are not in
//! force before the company applies them, and not read. Dated promotions (F_TARIF) are not applied: `comptoir check` tells
//! of those in force.

mod account;
mod cells;
pub mod customer_codes;
mod levels;
pub mod rows;
pub mod rules;
pub mod settings;
mod statements;
mod steps;
pub mod stock;
pub mod tariff;
pub mod terms;
mod trace;
mod vat;

pub use tariff::Sage100Tariff;

#[cfg(test)]
mod rules_tests;
