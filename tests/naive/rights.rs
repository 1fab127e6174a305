//! Rights, written a second time as simply as possible: every record and every field is judged for itself, grant by
//! grant, on the whole shop in memory.

use super::records::{Entity, Twin};

/// One right and how far it reaches, as the words of a grant.
#[derive(Clone, Debug, Default)]
pub struct Granted {
    pub right: &'static str,
    pub entity: Option<&'static str>,
    pub fields: Option<&'static str>,
    pub department: Option<&'static str>,
}

impl Granted {
    /// The grant in the words of the test's viewers.
    pub fn words(&self) -> String {
        let part =
            |word: &str, value: Option<&str>| value.map_or_else(String::new, |v| format!(" {word} {v}"));
        let narrowed = [("on", self.entity), ("fields", self.fields), ("below", self.department)];
        let narrowed: String = narrowed.into_iter().map(|(word, value)| part(word, value)).collect();
        format!("{}{narrowed}", self.right)
    }
}

/// A viewer: all that it is granted.
#[derive(Clone, Debug, Default)]
pub struct Sees(pub Vec<Granted>);

impl Sees {
    /// Whether some grant gives a right on a record, for the fields of a group.
    pub fn may(&self, twin: &Twin, right: &str, entity: Entity, group: &str, code: &str) -> bool {
        self.given(right, entity, group)
            .any(|g| g.department.is_none_or(|top| hangs(twin, entity, code, top)))
    }

    fn given<'a>(
        &'a self,
        right: &'a str,
        entity: Entity,
        group: &'a str,
    ) -> impl Iterator<Item = &'a Granted> {
        self.0.iter().filter(move |g| {
            g.right == right
                && g.entity.is_none_or(|e| e == entity.name())
                && g.fields.is_none_or(|f| f == group)
        })
    }

    /// Whether a record is seen at all.
    pub fn sees(&self, twin: &Twin, entity: Entity, code: &str) -> bool {
        let on_web = match entity {
            Entity::Article => twin.article_on_web(code),
            Entity::Department => twin.department_on_web(code),
            Entity::Reference => twin.reference(code).is_some_and(|r| twin.reference_on_web(&r)),
        };
        self.may(twin, "read", entity, "base", code)
            && (on_web || self.may(twin, "hidden", entity, "base", code))
    }

    /// Whether any record of an entity may be read, wherever it hangs.
    pub fn reads(&self, entity: Entity) -> bool {
        self.given("read", entity, "base").next().is_some()
    }

    /// Whether a list may be filtered and sorted by fields of a group: its grants hold wherever those hold by which
    /// records are seen, as far as their words tell.
    pub fn leans(&self, right: &str, entity: Entity, group: &str) -> bool {
        let whole = |g: &Granted| g.department.is_none();
        let wide = self.given(right, entity, group).any(whole);
        let narrow = |code: &Option<&str>| self.given(right, entity, group).any(|g| g.department == *code);
        let any = self.given(right, entity, group).next().is_some();
        let mut seen = self.given("read", entity, "base");
        wide || (any && seen.all(|g| g.department.is_some() && narrow(&g.department)))
    }
}

/// Whether a record hangs in a department or anywhere below it, on the web or not.
fn hangs(twin: &Twin, entity: Entity, code: &str, top: &str) -> bool {
    let below = |d: &str| twin.is_department(d) && twin.path(d).iter().any(|above| above == top);
    match entity {
        Entity::Department => below(code),
        Entity::Article => twin.placements(code).iter().any(|p| below(&p.department)),
        Entity::Reference => {
            twin.reference(code).is_some_and(|r| hangs(twin, Entity::Article, &r.article, top))
        }
    }
}
