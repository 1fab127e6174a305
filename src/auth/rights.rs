//! Rights: what a viewer may do, on which entity, which fields of it and which rayons. Every question
//! about a right is answered here.

use std::sync::{Arc, LazyLock};

use super::viewer::{Viewer, ViewerKind};
use crate::config::Anonymous;

/// The field group of all fields for which the schema names no other.
pub const BASE: &str = "base";
/// The field group of prices: `access.anonymous = "catalogue"` keeps it from who has no token.
pub const PRICES: &str = "prices";

/// The entities of the catalogue, by their names in the schema.
const CATALOGUE: [&str; 3] = ["Department", "Article", "Reference"];
/// Customers, by their name in the schema: reading them is a right of its own.
const CUSTOMER: &str = "Customer";

/// What can be granted. Further rights enter with the fields they guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Right {
    /// Read the catalogue.
    Read,
    /// See what is off the web, and why (`hiddenReason`).
    Hidden,
    /// See what each source says: `provenance`, `explain`, `rules`.
    Provenance,
    /// See plans and statements.
    Plan,
    /// See how the sources are.
    Sources,
    /// Manage staff, groups and grants.
    StaffManage,
    /// Read the audit log.
    AuditRead,
    /// Read customers, their addresses and contacts.
    CustomerRead,
    /// Make and change addresses and contacts of customers.
    CustomerWrite,
    /// See how prices come to be, for any customer.
    PricesExplain,
    /// See how many are left, and in which depots.
    StockRead,
}

impl Right {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Read,
        Self::Hidden,
        Self::Provenance,
        Self::Plan,
        Self::Sources,
        Self::StaffManage,
        Self::AuditRead,
        Self::CustomerRead,
        Self::CustomerWrite,
        Self::PricesExplain,
        Self::StockRead,
    ];

    /// The right to read records of an entity.
    pub fn reading(entity: &str) -> Self {
        if entity == CUSTOMER { Self::CustomerRead } else { Self::Read }
    }

    /// The word in grants, scopes, `@requires` and errors.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Hidden => "hidden",
            Self::Provenance => "provenance",
            Self::Plan => "plan",
            Self::Sources => "sources",
            Self::StaffManage => "staff.manage",
            Self::AuditRead => "audit.read",
            Self::CustomerRead => "customer.read",
            Self::CustomerWrite => "customer.write",
            Self::PricesExplain => "prices.explain",
            Self::StockRead => "stock.read",
        }
    }

    /// By its word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.word() == word)
    }
}

/// One right, and how far it reaches. What is `None` is not narrowed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Grant {
    /// The right.
    pub right: Right,
    /// On this entity alone (`Article`).
    pub entity: Option<Arc<str>>,
    /// On the fields of this group alone; fields in no group are in `base`.
    pub fields: Option<Arc<str>>,
    /// On this rayon and everything below it alone, by code.
    pub department: Option<Arc<str>>,
}

impl Grant {
    /// A right that is not narrowed.
    pub fn whole(right: Right) -> Self {
        Self { right, entity: None, fields: None, department: None }
    }
}

/// All that a viewer is granted: the union of its grants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rights(pub Arc<[Grant]>);

/// On which records of an entity a right holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// On none.
    Nowhere,
    /// On those in or below one of these rayons, by code as granted; in order, each once.
    Below(Vec<Arc<str>>),
    /// On all.
    Everywhere,
}

impl Reach {
    /// Whether it surely holds wherever another does. Rayons are compared by their codes: that one lies below
    /// another is not looked up.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Everywhere, _) | (_, Self::Nowhere) => true,
            (Self::Below(mine), Self::Below(theirs)) => theirs.iter().all(|code| mine.contains(code)),
            _ => false,
        }
    }
}

impl Rights {
    /// All that a viewer may: what everybody of its kind may, and what it is granted. Staff and other programs
    /// have what they are granted alone.
    pub fn of(viewer: &Viewer, anonymous: Anonymous) -> Self {
        let baseline = match viewer.kind {
            ViewerKind::Customer => Self::customer(Anonymous::Prices),
            ViewerKind::Anonymous => Self::baseline(anonymous),
            ViewerKind::Staff | ViewerKind::Integration => return viewer.rights.clone(),
        };
        Self::with(baseline, viewer)
    }

    /// All that a contact may who may not see its customer's prices: the catalogue without them, and what it is granted.
    pub fn without_prices(viewer: &Viewer) -> Self {
        Self::with(Self::customer(Anonymous::Catalogue), viewer)
    }

    fn with(baseline: Self, viewer: &Viewer) -> Self {
        if viewer.rights.0.is_empty() {
            return baseline;
        }
        Self(baseline.0.iter().chain(&*viewer.rights.0).cloned().collect())
    }

    /// What a customer may who is granted nothing: of customers it reads, only itself is there for it.
    fn customer(sees: Anonymous) -> Self {
        let own = Grant {
            right: Right::CustomerRead,
            entity: Some(CUSTOMER.into()),
            fields: Some(BASE.into()),
            department: None,
        };
        Self(Self::baseline(sees).0.iter().cloned().chain([own]).collect())
    }

    /// What a viewer may who is granted nothing.
    fn baseline(anonymous: Anonymous) -> Self {
        fn read(groups: &[&str]) -> Rights {
            let read = |entity: &str, group: &str| Grant {
                right: Right::Read,
                entity: Some(entity.into()),
                fields: Some(group.into()),
                department: None,
            };
            Rights(CATALOGUE.iter().flat_map(|e| groups.iter().map(move |g| read(e, g))).collect())
        }
        static READ: LazyLock<[Rights; 2]> = LazyLock::new(|| [read(&[BASE]), read(&[BASE, PRICES])]);
        match anonymous {
            Anonymous::None => Self::default(),
            Anonymous::Catalogue => READ[0].clone(),
            Anonymous::Prices => READ[1].clone(),
        }
    }

    /// Whether a right is granted without being narrowed: what rights need that are on no entity (`plan`,
    /// `sources`, `staff.manage`, `audit.read`…).
    pub fn allows(&self, right: Right) -> bool {
        let whole = |g: &Grant| g.entity.is_none() && g.fields.is_none() && g.department.is_none();
        self.0.iter().any(|grant| grant.right == right && whole(grant))
    }

    /// On which records of an entity a right holds for the fields of a group; `None`: for some field.
    pub fn reach(&self, right: Right, entity: &str, group: Option<&str>) -> Reach {
        // Whoever asks: the catalogue's `read` shows no customer.
        let right = if right == Right::Read { Right::reading(entity) } else { right };
        let mut below: Vec<Arc<str>> = Vec::new();
        for grant in self.0.iter().filter(|grant| grant.right == right) {
            let on_entity = grant.entity.as_deref().is_none_or(|e| e == entity);
            let on_group = match (grant.fields.as_deref(), group) {
                (None, _) | (_, None) => true,
                (Some(granted), Some(asked)) => granted == asked,
            };
            if !on_entity || !on_group {
                continue;
            }
            match &grant.department {
                None => return Reach::Everywhere,
                Some(code) => below.push(code.clone()),
            }
        }
        below.sort_unstable();
        below.dedup();
        if below.is_empty() { Reach::Nowhere } else { Reach::Below(below) }
    }
}

#[cfg(test)]
#[path = "rights_tests.rs"]
mod tests;
