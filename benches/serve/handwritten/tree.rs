//! Departments: the ERP's, completed by IsoShop, and IsoShop's own.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::{
    Shop, json,
    read::{Markers, Result, fold, int, keys, rows, slug, text, truth},
};
use crate::sql;

const FIELDS: &str = r#"["title","parentCode","position","slug","published"]"#;
const OWN: [&str; 2] = ["PROMOTIONS", "NOUVEAUTES"];

pub struct Department {
    pub code: String,
    pub title: String,
    pub slug: String,
    position: Option<i64>,
    parent: Option<usize>,
    children: Vec<usize>,
    level: usize,
    /// It, and everything above it, is on the web.
    pub shown: bool,
}

pub struct Tree {
    pub all: Vec<Department>,
    roots: Vec<usize>,
    by_code: HashMap<String, usize>,
}

struct Overlay {
    code: String,
    title: Option<String>,
    slug: Option<String>,
    parent: Option<String>,
    position: Option<i64>,
    published: Option<bool>,
}

impl Tree {
    pub async fn read(shop: &Shop) -> Result<Self> {
        let erp = rows(&shop.erp, sqlx::query(sql::DEPARTMENTS), |row| {
            Ok((int(row, 1)?.unwrap_or(0), text(row, 3)?, text(row, 4)?))
        });
        let overlay = rows(&shop.overlay, sqlx::query(sql::OVERLAY_DEPARTMENTS), |row| {
            Ok(Overlay {
                code: text(row, 1)?.unwrap_or_default(),
                title: text(row, 3)?,
                slug: text(row, 4)?,
                parent: text(row, 5)?,
                position: int(row, 6)?,
                published: truth(row, 7)?,
            })
        });
        let (erp, overlay) = futures::try_join!(erp, overlay)?;
        let codes: Vec<String> = erp.iter().map(|(number, ..)| number.to_string()).collect();
        let known: HashSet<&str> = codes.iter().map(String::as_str).collect();
        let mut overlay: HashMap<String, Overlay> = overlay.into_iter().map(|d| (fold(&d.code), d)).collect();
        let mut own: Vec<String> = overlay
            .iter()
            .filter(|(folded, d)| {
                !known.contains(d.code.as_str())
                    && (folded.starts_with("W-") || OWN.contains(&folded.as_str()))
            })
            .map(|(_, d)| d.code.clone())
            .collect();
        own.sort();
        let all = keys(codes.iter().chain(&own).map(String::as_str))?;
        let markers = Markers::read(&shop.overlay, sql::MARKERS_DEPARTMENT, all, FIELDS).await?;

        let numbers: Vec<i64> = erp.iter().map(|(number, ..)| *number).collect();
        let mut departments = Vec::with_capacity(codes.len() + own.len());
        let mut parents = Vec::with_capacity(departments.capacity());
        let mut order = Vec::with_capacity(departments.capacity());
        let by_code: HashMap<String, usize> =
            codes.iter().chain(&own).enumerate().map(|(i, code)| (fold(code), i)).collect();
        let erp_says = erp.iter().map(|(_, title, parent)| (title.clone(), parent.clone()));
        let says: Vec<_> = erp_says.chain(own.iter().map(|_| (None, None))).collect();
        for ((i, code), (title, parent)) in codes.into_iter().chain(own).enumerate().zip(says) {
            let number = numbers.get(i).copied();
            let o = overlay.remove(&fold(&code));
            let (o_title, o_slug, o_parent, o_position, published) = match o {
                Some(o) => (o.title, o.slug, o.parent, o.position, o.published),
                None => (None, None, None, None, None),
            };
            // Whoever says what is above says where it stands there.
            let position = if o_parent.is_none() && parent.is_some() { None } else { o_position };
            let above = markers.choose(&code, "parentCode", o_parent, parent);
            let title = markers.choose(&code, "title", o_title, title).unwrap_or_else(|| code.clone());
            let slug = markers.choose(&code, "slug", o_slug, None).unwrap_or_else(|| slug(&title, &code));
            parents.push(above.and_then(|p| by_code.get(&fold(&p)).copied()).filter(|p| *p != i));
            order.push((position.unwrap_or(i64::MAX), number.is_none(), number, i));
            departments.push(Department {
                code,
                title,
                slug,
                position,
                parent: None,
                children: Vec::new(),
                level: 0,
                shown: published != Some(false),
            });
        }
        order.sort_by(|a, b| {
            (a.0, a.1, a.2)
                .cmp(&(b.0, b.1, b.2))
                .then_with(|| departments[a.3].code.cmp(&departments[b.3].code))
        });
        let mut roots = Vec::new();
        for (.., i) in order {
            departments[i].parent = parents[i];
            match parents[i] {
                Some(parent) => departments[parent].children.push(i),
                None => roots.push(i),
            }
        }
        let mut tree = Self { all: departments, roots, by_code };
        for root in tree.roots.clone() {
            tree.settle(root, 1, true);
        }
        Ok(tree)
    }

    fn settle(&mut self, at: usize, level: usize, shown: bool) {
        let shown = shown && self.all[at].shown;
        self.all[at].shown = shown;
        self.all[at].level = level;
        for child in self.all[at].children.clone() {
            self.settle(child, level + 1, shown);
        }
    }

    /// A department on the web.
    pub fn find(&self, code: &str) -> Option<usize> {
        self.by_code.get(&fold(code)).copied().filter(|d| self.all[*d].shown)
    }

    pub fn brief(&self, at: usize) -> Brief<'_> {
        let Department { code, title, slug, .. } = &self.all[at];
        Brief { code, title, slug }
    }

    /// Root first, itself last.
    pub fn path(&self, at: usize) -> Vec<Brief<'_>> {
        let mut path = vec![self.brief(at)];
        let mut above = self.all[at].parent;
        while let Some(d) = above {
            path.push(self.brief(d));
            above = self.all[d].parent;
        }
        path.reverse();
        path
    }

    fn shown<'a>(&'a self, of: &'a [usize]) -> impl Iterator<Item = &'a Department> {
        of.iter().map(|d| &self.all[*d]).filter(|d| d.shown)
    }
}

/// A department in short.
#[derive(Serialize, Clone, Copy)]
pub struct Brief<'a> {
    code: &'a str,
    title: &'a str,
    slug: &'a str,
}

#[derive(Serialize)]
struct Menu<T> {
    departments: T,
}

#[derive(Serialize)]
struct Leaf<'a> {
    code: &'a str,
    title: &'a str,
    slug: &'a str,
    position: Option<i64>,
    level: usize,
}

#[derive(Serialize)]
struct Branch<'a, T> {
    code: &'a str,
    title: &'a str,
    slug: &'a str,
    position: Option<i64>,
    level: usize,
    children: Vec<T>,
}

impl Department {
    fn leaf(&self) -> Leaf<'_> {
        let Self { code, title, slug, position, level, .. } = self;
        Leaf { code, title, slug, position: *position, level: *level }
    }

    fn branch<T>(&self, children: Vec<T>) -> Branch<'_, T> {
        let Leaf { code, title, slug, position, level } = self.leaf();
        Branch { code, title, slug, position, level, children }
    }
}

/// Three levels of departments.
pub async fn menu(shop: &Shop) -> Result<Vec<u8>> {
    let tree = Tree::read(shop).await?;
    let departments: Vec<_> = tree
        .shown(&tree.roots)
        .map(|d| {
            let children = tree.shown(&d.children);
            d.branch(
                children.map(|c| c.branch(tree.shown(&c.children).map(Department::leaf).collect())).collect(),
            )
        })
        .collect();
    json(Menu { departments })
}
