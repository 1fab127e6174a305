//! The model of the built-in schema, and every rule that cannot be kept.

use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf};

use super::*;
use crate::{
    config::{
        AccessConfig, DepartmentsConfig, HttpConfig, Limits, MediaConfig, ReferencesConfig, Secret,
        ShopConfig, SourceConfig, SourceKind, SourceLimits, TelemetryConfig, WebConfig,
    },
    connectors::map::{ChangeColumn, CodeRule, EntityMap, RowSource},
    diagnostics::Place,
    sources::{Expr, select::Table},
};

fn config(sources: &[&str]) -> Config {
    let source = |name: &str| SourceConfig {
        name: name.to_owned(),
        kind: SourceKind::Sqlite,
        connector: name.to_owned(),
        url: Secret(String::new()),
        settings: BTreeMap::new(),
        setting_places: BTreeMap::new(),
        writer: None,
        limits: SourceLimits::default(),
        place: Place::default(),
    };
    Config {
        dir: PathBuf::new(),
        shop: ShopConfig {
            name: "Cycles".to_owned(),
            currency: "EUR".to_owned(),
            languages: vec!["fr".to_owned(), "en".to_owned()],
            timezone: chrono_tz::Europe::Paris,
        },
        sources: sources.iter().map(|s| ((*s).to_owned(), source(s))).collect(),
        http: HttpConfig {
            bind: ([127, 0, 0, 1], 0).into(),
            public_url: String::new(),
            graphiql: true,
            introspection: true,
            batch: 0,
            ..HttpConfig::default()
        },
        limits: Limits::default(),
        web: WebConfig::default(),
        departments: DepartmentsConfig {
            tree: Tree::Merged,
            own_codes: Vec::new(),
            own_prefix: "w-".to_owned(),
            hide_empty: false,
        },
        references: ReferencesConfig::default(),
        media: MediaConfig::default(),
        access: AccessConfig::default(),
        auth: crate::auth::tokens::settings::AuthConfig::default(),
        site: crate::config::SiteConfig::default(),
        public: crate::config::PublicConfig::default(),
        customers: crate::config::CustomersConfig::default(),
        prices: crate::config::PricesConfig::default(),
        stock: crate::config::StockConfig::default(),
        redis: None,
        cache: crate::config::CacheConfig::default(),
        rate: crate::config::RateConfig::default(),
        documents: crate::config::DocumentsConfig::default(),
        telemetry: TelemetryConfig::default(),
        cursor_keys: crate::config::CursorKeys::default(),
    }
}

fn map(name: &str, exists: bool, trusted: bool) -> ConnectorMap {
    let column = |name: &str| Expr::Column { table: Some("t".to_owned()), name: name.to_owned() };
    let entity = |table: &str| EntityMap {
        exists,
        rows: vec![RowSource {
            name: table.to_owned(),
            table: Table { prefix: None, name: table.to_owned(), alias: "t".to_owned() },
            joins: Vec::new(),
            filter: None,
            distinct: false,
            key: Vec::new(),
            code: CodeRule::default(),
            parent: None,
            native: None,
            repeats: None,
            defaults: crate::connectors::map::AbsentWhen::default(),
            order: None,
            visible: None,
            closed: None,
            change: Some(ChangeColumn {
                expr: column("changed"),
                zone: chrono_tz::UTC,
                trusted,
                precision: "minute".to_owned(),
            }),
            fields: IndexMap::new(),
            place: Place::default(),
        }],
        ..EntityMap::default()
    };
    ConnectorMap {
        name: name.to_owned(),
        entities: ["Department", "Article", "Reference"]
            .map(|e| (e.to_owned(), entity(e)))
            .into_iter()
            .collect(),
        zone: chrono_tz::UTC,
        ..ConnectorMap::default()
    }
}

fn declared(sources: &[&str], shop: &str) -> (Option<Model>, Diagnostics) {
    let mut diags = Diagnostics::default();
    let types = sdl::build(&[("schema/shop.graphql".to_owned(), shop.to_owned())], &mut diags)
        .unwrap_or_else(|| panic!("{:#?}", diags.items));
    let maps = sources.iter().map(|s| ((*s).to_owned(), map(s, *s == "erp", *s != "erp"))).collect();
    let ground = Ground {
        types: &types,
        unread: &HashSet::new(),
        config: &config(sources),
        sources_known: true,
        maps: &maps,
    };
    let model = model(ground, &mut diags);
    (model, diags)
}

fn shown(model: &Model) -> String {
    let mut out = String::new();
    for entity in &model.entities {
        let inherits = entity.inherits.and_then(|id| model.entities.get(id)).map(|e| e.name.as_str());
        let _ = writeln!(
            out,
            "{} decides={} any={} inherits={inherits:?}",
            entity.name, entity.decides, entity.any
        );
        for field in entity.fields.values() {
            let _ = write!(
                out,
                "  {} {:?} {:?} {:?} {:?}",
                field.name, field.ty, field.rule, field.sources, field.on_unknown
            );
            let group =
                field.group.as_ref().and_then(|g| entity.fields.get_index(g.leader)).map(|(n, _)| n.as_str());
            for (mark, on) in [
                ("localized", field.localized),
                ("zero-absent", field.zero_is_absent),
                ("complement", field.complement),
                ("non-null", field.non_null),
                ("locked", field.lock.is_some()),
                ("inherits", field.inherit.is_some()),
                ("default", field.default.is_some()),
            ] {
                if on {
                    let _ = write!(out, " {mark}");
                }
            }
            let _ = writeln!(out, "{}", group.map(|g| format!(" led by {g}")).unwrap_or_default());
        }
        for list in entity.lists.values() {
            let columns: Vec<&str> = list.columns.keys().map(String::as_str).collect();
            let _ = writeln!(
                out,
                "  [{}] {:?} {:?} key={:?} columns={columns:?} inherit={}",
                list.name, list.rule, list.sources, list.key, list.inherit
            );
        }
    }
    out
}

#[test]
fn the_built_in_schema_has_its_model() {
    let (model, diags) = declared(&["erp", "isoshop"], "");
    let model = model.unwrap_or_else(|| panic!("{:#?}", diags.items));
    assert!(diags.items.is_empty(), "{:#?}", diags.items);
    insta::assert_snapshot!("model", shown(&model));
}

#[test]
fn a_shop_without_overlay_keeps_its_model_and_is_told() {
    let (model, diags) = declared(&["erp"], "");
    assert!(model.is_some(), "{:#?}", diags.items);
    assert!(!diags.has_errors());
}

#[test]
fn complementary_fields_reach_the_maps() {
    let (model, diags) = declared(
        &["erp", "isoshop"],
        r#"
extend type Article @precedence(field: "documents", sources: ["erp", "isoshop"]) {
  warrantyMonths: Int @complement(columns: { erp: "Durée garantie", isoshop: "warranty_months" })
  tags: [String!] @complement
  grade: Grade! @complement @default(value: GOOD)
  weight2: Decimal @complement(columns: { erp: "W" }) @precedence(sources: ["erp"], zero: ABSENT)
}
extend type Reference { warrantyMonths: Int @complement @inherit(from: "article") }
enum Grade { GOOD @value(raw: "bon") BAD @value(raw: "mauvais") }
"#,
    );
    let model = model.unwrap_or_else(|| panic!("{:#?}", diags.items));
    let article = &model.entities[1];
    assert_eq!(article.fields["warrantyMonths"].sources, [1, 0]);
    assert_eq!(article.fields["tags"].sources, [1]);
    assert_eq!(article.fields["grade"].enumeration["bon"], "GOOD");
    assert_eq!(article.lists["documents"].rule, Rule::Union);
    assert_eq!(article.lists["documents"].sources, [0, 1]);
    let column = |source: usize, field: &str| {
        article.maps[source].as_ref().unwrap().rows[0].fields[field].expr.clone().unwrap()
    };
    assert!(matches!(column(0, "warrantyMonths"), Expr::Column { name, .. } if name == "Durée garantie"));
    assert!(matches!(column(1, "tags"), Expr::Column { name, .. } if name == "tags"));
    assert!(matches!(column(0, "updatedAt"), Expr::Column { name, .. } if name == "changed"));
    assert!(model.entities[2].fields["warrantyMonths"].inherit.is_some());
}

#[test]
fn rules_that_cannot_be_kept_are_all_told() {
    let (model, diags) = declared(
        &["erp", "isoshop"],
        r#"
extend type Article
  @precedence(field: "title", sources: ["erp", "pim", "site"])
  @precedence(field: "brand", rule: RECENT)
  @precedence(field: "subtitle", rule: ONLY, sources: ["erp", "isoshop"])
  @precedence(field: "unit", rule: UNION)
  @precedence(field: "summary", onUnknown: STALE)
  @precedence(field: "description", rule: MIN)
  @precedence(field: "vatRate", sources: ["isoshop"])
  @precedence(field: "nope", sources: ["erp"])
  @precedence(field: "weight", maxAge: "PT5M")
  @precedence(field: "images", rule: MAX) {
  a: String @complement @default(field: "b")
  b: String @complement @default(field: "a")
  n: Int! @complement
  d: Int @complement @default(value: "x")
  both: Int @complement @default(value: 1, field: "n")
  far: Int @complement(columns: { pmi: "x" })
  unlisted: Int @complement(columns: { erp: "x" }) @precedence(sources: ["isoshop"])
  grade: Grade @complement @default(value: UGLY)
  up: Int @complement @inherit(from: "departments")
}
extend type Department @precedence(field: "parent", sources: ["erp"])
extend type Reference { only: Int @complement @inherit(from: "article") }
enum Grade { GOOD @value(raw: "x") BAD @value(raw: "x") }
"#,
    );
    assert!(model.is_none());
    let all: Vec<String> = diags.items.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!("rules", all.join("\n\n"));
}
