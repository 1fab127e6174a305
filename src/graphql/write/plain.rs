//! Objects that are not entities, and the lists of a record that are made of them: media, options.

use super::{Writer, Written};
use crate::{
    federation::{batch::Batch, lists::MergedList, media::Files, model::Model},
    graphql::{
        arguments,
        error::Location,
        execute::Spoken,
        objects::{Medium, OptionAxis, file_url},
        plain::{Plain, PlainObject},
        plan::{Out, PlainOut, Target},
    },
    value::Value,
};

impl Writer<'_> {
    #[allow(clippy::too_many_arguments)]
    pub(super) fn media(
        &mut self,
        out: &Out,
        batch: &Batch,
        list: usize,
        merged: &MergedList<'_>,
        images: bool,
        single: bool,
        plain: &PlainOut,
    ) -> Written {
        let catalog = self.run.catalog;
        let columns = &catalog.engine.model.entities[batch.shape.entity].lists[list].columns;
        let column = |name: &str| columns.get_index_of(name);
        let (title, usage, position, language) =
            (column("title"), column("usage"), column("position"), column("language"));
        let wanted = arguments::text(self.args(out.slot), "usage");
        let files = Files::of(&catalog.engine.model, batch, list, images);
        let mut found: Vec<Medium<'_>> = merged
            .items
            .iter()
            .filter_map(|item| {
                let text = |c: Option<usize>| c.and_then(|c| item.fields.get(c)).and_then(Value::as_str);
                let medium = Medium {
                    file: files.served(item)?,
                    url: String::new(),
                    title: text(title),
                    usage: text(usage).unwrap_or("gallery"),
                    position: match position.and_then(|c| item.fields.get(c)) {
                        Some(Value::Int(n)) => *n,
                        _ => 1,
                    },
                    language: text(language),
                };
                wanted.as_deref().is_none_or(|w| w == medium.usage).then_some(medium)
            })
            .collect();
        found.sort_by_key(|m| (m.usage != "principal", m.position));
        if single {
            let principal = found.into_iter().find(|m| m.usage == "principal");
            return match principal {
                Some(mut medium) => {
                    medium.url = file_url(&catalog.media_base, medium.file);
                    self.plain_object(&medium, plain)
                }
                None => self.absent(out.place, out.non_null),
            };
        }
        self.list(found.into_iter(), true, |w, mut medium| {
            medium.url = file_url(&catalog.media_base, medium.file);
            w.plain_object(&medium, plain)
        })
    }

    pub(super) fn plain_object(&mut self, object: &dyn PlainObject, plain: &PlainOut) -> Written {
        self.payload(object, plain, &[], &[])
    }

    /// A plain object, some fields of which may be records of the catalogue.
    pub(super) fn payload(
        &mut self,
        object: &dyn PlainObject,
        plain: &PlainOut,
        records: &[Target],
        spoken: &[Spoken],
    ) -> Written {
        self.buf.push(b'{');
        for (i, f) in plain.fields.iter().enumerate() {
            self.key(i, &f.json);
            if let Some(name) = &f.typename {
                self.text(name);
                continue;
            }
            if let Some(Err(error)) = f.slot.and_then(|s| self.slots.get(s)) {
                let error = error.clone();
                self.field(f.non_null.first() == Some(&true), &f.key, |w| w.fail(f.place, error))?;
                continue;
            }
            let non_null = f.non_null.first() == Some(&true);
            if let Some(record) = f.record {
                let (target, spoken) = (records.get(record), spoken.get(record));
                self.field(non_null, &f.key, |w| match (target, spoken) {
                    (Some(target), Some(Ok(Some((level, record))))) => {
                        w.record(&target.outs, level, *record, f.place)
                    }
                    (_, Some(Err(error))) => w.fail(f.place, error.clone()),
                    _ => w.absent(f.place, non_null),
                })?;
                continue;
            }
            let value = object.field(&f.name, self.args(f.slot));
            self.field(non_null, &f.key, |w| w.plain(&value, f.sub.as_ref(), &f.non_null, f.place))?;
        }
        self.buf.push(b'}');
        Ok(())
    }

    pub(super) fn plain(
        &mut self,
        value: &Plain<'_>,
        sub: Option<&PlainOut>,
        non_null: &[bool],
        place: Location,
    ) -> Written {
        match value {
            Plain::Null => return self.absent(place, non_null.first() == Some(&true)),
            Plain::Bool(b) => self.bool(*b),
            Plain::Int(n) => self.scalar(&Value::Int(*n)),
            Plain::Text(text) => self.text(text),
            Plain::Json(json) => {
                let _ = serde_json::to_writer(&mut self.buf, json);
            }
            Plain::List(items) => {
                let inner = non_null.get(1..).unwrap_or(&[]);
                let items_non_null = inner.first() == Some(&true);
                return self.list(items.iter(), items_non_null, |w, item| w.plain(item, sub, inner, place));
            }
            // Written by what is selected of it; nowhere else does one stand.
            Plain::Record(_) => self.null(),
            Plain::Object(object) => match sub {
                Some(sub) => return self.plain_object(object.as_ref(), sub),
                None => self.null(),
            },
        }
        Ok(())
    }
}

/// The option axes of an article: values grouped by name, in order.
pub(super) fn options(model: &Model, batch: &Batch, list: usize, merged: &MergedList<'_>) -> Vec<OptionAxis> {
    let columns = &model.entities[batch.shape.entity].lists[list].columns;
    let (name, value) = (columns.get_index_of("name"), columns.get_index_of("value"));
    let mut axes: Vec<OptionAxis> = Vec::new();
    for item in &merged.items {
        let text = |c: Option<usize>| c.and_then(|c| item.fields.get(c)).and_then(Value::as_str);
        let (name, Some(value)) = (text(name).unwrap_or(""), text(value)) else { continue };
        match axes.iter_mut().find(|a| a.name == name) {
            Some(axis) if axis.values.iter().any(|v| v == value) => {}
            Some(axis) => axis.values.push(value.to_owned()),
            None => axes.push(OptionAxis { name: name.to_owned(), values: vec![value.to_owned()] }),
        }
    }
    axes
}
