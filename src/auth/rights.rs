//! Rights: what a viewer may do, on which entity, which fields of it and which rayons. Every question
//! about a right is answered here.

use std::sync::Arc;

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
}

impl Right {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Read,
        Self::Hidden,
        Self::Provenance,
        Self::Plan,
        Self::Sources,
        Self::StaffManage,
        Self::AuditRead,
    ];

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
