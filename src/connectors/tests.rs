//! Maps in, findings out; the built-in maps under every setting.

use std::{collections::BTreeMap, fs, path::Path};

use super::{load, map::*};
use crate::{
    config::{ReferencesConfig, Secret, ShopConfig, SourceConfig, SourceKind, SourceLimits},
    diagnostics::{Diagnostics, Place},
    sources::Expr,
    value::Value,
};

fn shop() -> ShopConfig {
    ShopConfig {
        name: "Cycles".into(),
        currency: "EUR".into(),
        languages: vec!["fr".into(), "en".into(), "de".into()],
        timezone: chrono_tz::Europe::Paris,
    }
}

fn source(connector: &str, settings: &[(&str, Value)]) -> SourceConfig {
    SourceConfig {
        name: "erp".into(),
        kind: SourceKind::Sqlite,
        connector: connector.into(),
        url: Secret("sqlite::memory:".into()),
        settings: settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        setting_places: BTreeMap::new(),
        writer: None,
        limits: SourceLimits::default(),
        place: Place::new("comptoir.toml", 5, 10),
    }
}

fn read(connector: &str, dir: &Path, settings: &[(&str, Value)]) -> Result<ConnectorMap, Vec<String>> {
    let mut diags = Diagnostics::default();
    let source = source(connector, settings);
    let map = load(connector, dir, &source, &shop(), &ReferencesConfig::default(), &mut diags);
    match map {
        Some(map) if diags.items.is_empty() => Ok(map),
        _ => {
            assert!(diags.items.iter().all(|d| !d.help.is_empty()), "{diags:?}");
            Err(diags.items.iter().map(|d| format!("{} {} {}", d.place, d.code, d.message)).collect())
        }
    }
}

/// A built-in map with these settings.
pub(super) fn built_in(connector: &str, settings: &[(&str, Value)]) -> ConnectorMap {
    let nowhere = tempfile::tempdir().unwrap();
    read(connector, nowhere.path(), settings).unwrap()
}

/// A shop folder whose map `own` is the given text.
fn with_map(name: &str, text: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("schema/connectors");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{name}.toml")), text).unwrap();
    dir
}

fn findings(text: &str) -> Vec<String> {
    let dir = with_map("own", text);
    match read("own", dir.path(), &[]) {
        Ok(_) => Vec::new(),
        Err(found) => found.into_iter().map(|line| line.replace("schema/connectors/own.toml:", "")).collect(),
    }
}

fn names(entity: &EntityMap) -> Vec<&str> {
    entity.rows.iter().map(|row| row.name.as_str()).collect()
}

#[test]
fn the_built_in_maps_load_under_every_setting() {
    let nowhere = tempfile::tempdir().unwrap();
    read("isoshop", nowhere.path(), &[]).unwrap();
    let brands = ["none", "AR_Stat01", "AR_Stat02", "AR_Stat03", "AR_Stat04", "AR_Stat05"];
    for rayons in ["catalogue", "families", "AR_Stat03", "own"] {
        for packagings in [true, false] {
            for exclusions in [true, false] {
                for brand in brands {
                    for (one, two) in [("", ""), ("en", ""), ("", "de"), ("en", "de")] {
                        let settings = [
                            ("rayons", Value::text(rayons)),
                            ("packagings", Value::Bool(packagings)),
                            ("exclusions", Value::Bool(exclusions)),
                            ("brand", Value::text(brand)),
                            ("language1", Value::text(one)),
                            ("language2", Value::text(two)),
                            ("tax_category", Value::Int(2)),
                        ];
                        let map = read("sage100", nowhere.path(), &settings).unwrap();
                        let article = &map.entities["Article"].rows[0];
                        assert_eq!(article.fields.contains_key("brand"), brand != "none");
                        let spoken = usize::from(!one.is_empty()) + usize::from(!two.is_empty());
                        assert_eq!(article.fields["title"].languages.len(), spoken);
                        let references = names(&map.entities["Reference"]).len();
                        assert_eq!(references, if packagings { 3 } else { 2 });
                        let departments = names(&map.entities["Department"]).len();
                        assert_eq!(departments, if rayons == "families" { 2 } else { 1 });
                    }
                }
            }
        }
    }
}

#[test]
fn the_sage_map_says_what_it_should() {
    let nowhere = tempfile::tempdir().unwrap();
    let map = read("sage100", nowhere.path(), &[]).unwrap();
    assert_eq!(map.zone, chrono_tz::Europe::Paris);
    let article = &map.entities["Article"];
    assert!(article.exists);
    assert_eq!(
        article.children.keys().collect::<Vec<_>>(),
        ["glossary", "images", "placements", "related", "options", "documents"]
    );
    assert_eq!(article.children["images"].len(), 2);
    assert_eq!(article.children["documents"].len(), 2);
    let row = &article.rows[0];
    assert_eq!(row.defaults.dates.len(), 2);
    assert_eq!(row.fields["weight"].absent_when.zero, Some(true));
    assert_eq!(row.fields["description"].child.as_ref().unwrap().join, "\n\n");
    // The accounting category travels as a parameter.
    let mut bound = Vec::new();
    row.joins[1].on.walk(&mut |part| {
        if let Expr::Constant(value) = part {
            bound.push(value.clone());
        }
    });
    assert_eq!(bound, [Value::Int(1)]);
    let variants = &map.entities["Reference"].rows[1];
    assert_eq!(variants.key.len(), 3);
    assert_eq!(variants.code.encode(None, &[Value::text("VTT"), Value::Int(3), Value::Int(0)]), "VTT~3");
    let packs = &map.entities["Reference"].rows[2];
    assert_eq!(packs.code.decode("VTT~c12", &packs.key), Some(vec![Value::text("VTT"), Value::Int(12)]));
    assert_eq!(packs.code.decode("VTT~12", &packs.key), None);
    assert_eq!(variants.code.decode("VTT~c12", &variants.key), None);
    // A parent column is typed as the key it points at.
    let image = &article.children["images"][1];
    assert_eq!((image.parent[0].ty, image.parent[0].compare), (row.key[0].ty, row.key[0].compare));
    assert_eq!(image.fields["position"].expr, Some(Expr::Rank));
    let complement = row.complement("Durée garantie", Place::default());
    assert_eq!(complement.expr, Some(Expr::column("a", "Durée garantie")));
    assert!(complement.complement);
}

#[test]
fn the_cegid_map_says_what_it_should() {
    let map = built_in("cegid", &[("level2", Value::text("LIBREART2")), ("level3", Value::text("none"))]);
    assert_eq!(map.detect.len(), 3);
    assert_eq!(map.detect[0].refused_when, Presence::Present);
    let departments = &map.entities["Department"];
    assert_eq!(names(departments), ["level1", "level2"]);
    let second = &departments.rows[1];
    assert!(second.distinct && second.change.is_none());
    // Settings choose the columns: no other classification is named.
    assert_eq!(second.key[1].expr.to_string(), "RTRIM(a.GA_LIBREART2)");
    assert_eq!(second.fields["title"].expr.as_ref().unwrap().to_string(), "level2_x.YX_LIBELLE");
    assert_eq!(second.code.encode(None, &[Value::text("ECR"), Value::text("ECOLE")]), "ECR/ECOLE");
    let variants = &map.entities["Reference"].rows[1];
    assert_eq!(variants.native.as_ref().unwrap().to_string(), "d.GA_ARTICLE");
    let key = variants.code.decode("CARNET~002..002", &variants.key).unwrap();
    assert_eq!(key, ["CARNET", "002", "", "002", "", ""].map(Value::text));
    assert_eq!(variants.code.encode(None, &key), "CARNET~002..002");
    let article = &map.entities["Article"].rows[0];
    assert!(!article.fields.contains_key("brand"));
    assert_eq!(article.fields["description"].format, Format::Rtf);
    assert_eq!(article.fields["vatRate"].absent_when.zero, Some(false));
    // A free field says nothing with 0, '-' and the days that mean none.
    let free = &article.complement("GA_VALLIBRE1", Place::default()).absent_when;
    assert_eq!((free.zero, free.false_, free.dates.len()), (Some(true), Some(true), 2));
}

#[test]
fn generated_codes_leave_the_row_s_own_aside() {
    let nowhere = tempfile::tempdir().unwrap();
    let mut diags = Diagnostics::default();
    let generated = ReferencesConfig { generated_codes: true };
    let source = source("sage100", &[]);
    let map = load("sage100", nowhere.path(), &source, &shop(), &generated, &mut diags).unwrap();
    assert!(map.entities["Reference"].rows.iter().all(|row| row.code.own.is_none()));
}

#[test]
fn a_shop_changes_a_built_in_map_field_by_field() {
    let dir = with_map(
        "sage100",
        r#"
[settings.season]
type = "text"
default = "ETE"
description = "The season on sale."
[[entity.Article.rows]]
joins = [
    { table = "P_UNITE", as = "u", on = "u.cbIndice = a.AR_UniteVen AND u.U_Intitule <> ''" },
    { table = "F_FAMILLE", as = "f", on = "f.FA_CodeFamille = a.FA_CodeFamille AND f.FA_Type = 0" },
]
filter = "a.AR_Stat02 = :season"
[entity.Article.rows.fields]
brand = "f.FA_Intitule"
family = false
[[entity.Reference.rows]]
name = "variants"
[entity.Reference.rows.fields]
title = "e.AE_Ref"
[[entity.Article.children.related]]
table = "SIDE"
parent = "CODE"
fields = { article = "OTHER", kind = "'accessory'" }
[entity.Supplier]
[[entity.Supplier.rows]]
table = "F_COMPTET"
key.code = "CT_Num"
"#,
    );
    let map = read("sage100", dir.path(), &[("season", Value::text("HIVER"))]).unwrap();
    let article = &map.entities["Article"].rows[0];
    assert_eq!(article.fields["brand"].expr, Some(Expr::column("f", "FA_Intitule")));
    assert!(!article.fields.contains_key("family"));
    assert!(article.fields.contains_key("title"));
    assert_eq!(article.joins.len(), 5);
    assert_eq!(article.joins[0].table.alias, "u");
    assert!(matches!(article.joins[0].on, Expr::And(_)));
    assert!(format!("{:?}", article.filter).contains("HIVER"));
    assert!(map.entities["Reference"].rows[1].fields.contains_key("title"));
    assert!(map.entities["Reference"].rows[1].fields.contains_key("barcode"));
    let related = &map.entities["Article"].children["related"];
    assert_eq!(related.len(), 1);
    assert_eq!(related[0].parent[0].expr, Expr::column("SIDE", "CODE"));
    assert_eq!(names(&map.entities["Supplier"]), ["F_COMPTET"]);
    assert!(!map.entities["Supplier"].exists);
}

#[test]
fn rows_that_could_be_several_must_be_named() {
    let dir = with_map("sage100", "[[entity.Reference.rows]]\nfields = { title = \"AR_Design\" }\n");
    assert_eq!(
        read("sage100", dir.path(), &[]).unwrap_err(),
        [
            "schema/connectors/sage100.toml:1:1 AMBIGUOUS_ROWS these rows could be any of several row sources of the built-in map"
        ]
    );
}

#[test]
fn settings_are_checked_where_the_shop_gives_them() {
    let nowhere = tempfile::tempdir().unwrap();
    for (name, value, expected) in [
        ("rayon", Value::text("x"), "UNKNOWN_SETTING connector \"sage100\" has no setting `rayon`"),
        ("rayons", Value::text("x"), "BAD_VALUE setting `rayons` cannot be \"x\""),
        ("rayons", Value::Int(1), "WRONG_TYPE setting `rayons` is 1, not text"),
        ("tax_category", Value::Int(51), "BAD_VALUE setting `tax_category` cannot be 51"),
        ("vat_slot", Value::Int(4), "BAD_VALUE setting `vat_slot` cannot be 4"),
        ("language1", Value::text("it"), "BAD_VALUE setting `language1`: the shop has no language \"it\""),
        (
            "language2",
            Value::text("fr"),
            "BAD_VALUE setting `language2`: \"fr\" is the shop's first language",
        ),
    ] {
        let found = read("sage100", nowhere.path(), &[(name, value)]).unwrap_err();
        assert_eq!(found, [format!("comptoir.toml:5:10 {expected}")]);
    }
    let found = read("sage10", nowhere.path(), &[]).unwrap_err();
    assert_eq!(found, ["comptoir.toml:5:10 UNKNOWN_CONNECTOR there is no connector map \"sage10\""]);
}

#[test]
fn findings_come_all_at_once_with_their_places() {
    let text = r#"
[settings.side]
type = "text"
default = 1
description = "…"
[entity.Article]
exist = true
[[entity.Article.rows]]
table = "A"
as = "a"
key = { one = { expr = "a.ONE", type = "varchar(10" }, two = { expr = "b.TWO", type = "date" } }
visible = "a.V = = 1"
closed = "COALESCE(x.C, :nope) = 1"
joins = [{ table = "B", as = "a", on = "a.X = 1" }]
[entity.Article.rows.fields]
title = "\u0041a.\"T\" + :rank"
text = { child = "notes", column = "t" }
zero = { expr = "Z", absent_when = ["zeroo", 1753-01-01] }
kind = { when = { sidd = "x" }, expr = "K", formatt = "html" }
"#;
    assert_eq!(
        findings(text),
        [
            "4:11 WRONG_TYPE 1 in setting `side` is not text",
            "7:1 UNKNOWN_KEY unknown key `exist` in [entity.Article]",
            "14:10 DUPLICATE two tables are called `a`",
            "11:48 BAD_TYPE unbalanced parenthesis",
            "11:72 UNKNOWN_TABLE `expr` names no table of these rows: `b`",
            "11:87 BAD_TYPE a key column cannot be of type \"date\"",
            "12:18 BAD_EXPRESSION expected a value, found `=`",
            "13:20 UNKNOWN_TABLE `closed` names no table of these rows: `x`",
            "13:25 UNKNOWN_SETTING `closed` uses no setting of this map: `:nope`",
            "16:10 UNKNOWN_TABLE `title` names no table of these rows: `Aa`",
            "16:26 MISPLACED_RANK `:rank` means nothing in `title`",
            "18:37 BAD_VALUE `absent_when` does not know \"zeroo\"",
            "19:45 UNKNOWN_KEY unknown key `formatt` in field `kind`",
            "19:19 UNKNOWN_SETTING `when` names no setting: `sidd`",
            "17:18 UNKNOWN_CHILD `child` names no child list: \"notes\"",
        ]
    );
}

#[test]
fn each_mistake_has_its_finding() {
    let mut wrong = Vec::new();
    let head = "[[entity.Article.rows]]\ntable = 'A'\nas = 'a'\n";
    let key = "key.code = 'a.C'\n";
    let child = "[[entity.Article.children.images]]\ntable = 'I'\n";
    for (text, expected) in [
        (String::new(), "1:1 MISSING_KEY this map has no entity"),
        ("[entity.Article]\n".into(), "1:9 MISSING_KEY Article has no row source"),
        (head.into(), "1:1 MISSING_KEY `key` is missing"),
        (format!("{head}{key}visible = 'a.V = = 1'\n"), "5:18 BAD_EXPRESSION "),
        (
            format!("{head}{key}closed = 'x.C = 1'\n"),
            "5:11 UNKNOWN_TABLE `closed` names no table of these rows: `x`",
        ),
        (
            format!("{head}{key}closed = 'C = :nope'\n"),
            "5:15 UNKNOWN_SETTING `closed` uses no setting of this map: `:nope`",
        ),
        (format!("{head}{key}fields.t = ':rank'\n"), "5:13 MISPLACED_RANK `:rank` means nothing in `t`"),
        (
            format!("{head}{key}fields.t = {{ child = 'n', column = 'c' }}\n"),
            "5:22 UNKNOWN_CHILD `child` names no child list: \"n\"",
        ),
        (
            format!("{head}{key}fields.t = {{ format = 'html' }}\n"),
            "5:12 MISSING_KEY field `t` has neither `expr` nor `child`",
        ),
        (
            format!("{head}{key}fields.t = {{ expr = 'T', absent_when = ['zeroo'] }}\n"),
            "5:41 BAD_VALUE `absent_when` does not know \"zeroo\"",
        ),
        (
            format!("{head}{key}fields.t = {{ expr = 'T', format = 'htm' }}\n"),
            "5:35 BAD_VALUE `format` cannot be \"htm\"",
        ),
        (
            format!("{head}{key}fields.t = {{ expr = 'T', languages = {{ ':l' = 'E' }} }}\n"),
            "5:40 UNKNOWN_SETTING `:l` is no setting of type \"language\"",
        ),
        (format!("{head}{key}when = {{ s = 1 }}\n"), "5:10 UNKNOWN_SETTING `when` names no setting: `s`"),
        (format!("{head}{key}prefix = 's'\n"), "5:10 UNKNOWN_SETTING `prefix` names no setting: `s`"),
        (
            format!("{head}key.c = {{ expr = 'a.C', compare = 'ci_as', spelling = 'uper' }}\n"),
            "4:55 BAD_VALUE `spelling` cannot be \"uper\"",
        ),
        (
            format!("{head}key.c = {{ expr = 'a.C', compare = 'ci_as', spelling = {{ setting = 's' }} }}\n"),
            "4:67 UNKNOWN_SETTING `spelling` names no setting: `s`",
        ),
        (
            format!("{head}key.c = {{ expr = 'a.C', compare = 'ci_ai', spelling = 'upper' }}\n"),
            "4:55 CONFLICT keys of upper-case ASCII letters have no accents",
        ),
        (
            format!("{head}key = {{ a = 'a.A', b = {{ expr = 'a.B', type = 'int' }} }}\n"),
            "1:1 MISSING_KEY `code` is missing",
        ),
        (
            format!("{head}key = {{ a = 'a.A', b = 'a.B' }}\ncode.generated = '{{a}}~{{c}}'\n"),
            "5:24 BAD_CODE_TEMPLATE `{c}` names no key column",
        ),
        (format!("{head}{key}{head}{key}"), "5:1 DUPLICATE Article has two row sources called `A`"),
        (format!("{head}{key}{child}fields.f = 'F'\n"), "5:1 MISSING_KEY `parent` is missing"),
        (
            format!("{head}{key}{child}parent = ['P', 'Q']\nfields.f = 'F'\n"),
            "7:10 BAD_VALUE `parent` has 2 columns, the key 1",
        ),
        (
            format!("{head}{key}{child}parent = 'P'\nrows = ['B']\nfields.f = 'F'\n"),
            "8:9 UNKNOWN_ROWS `rows` names no row source: \"B\"",
        ),
        (format!("{head}{key}{child}parent = 'P'\n"), "5:1 MISSING_KEY `fields` is missing"),
        (
            format!(
                "{head}{key}{child}parent = 'P'\nfields.f = 'F'\n[entity.Article.children]\ndocuments = 'image'\n"
            ),
            "10:13 UNKNOWN_CHILD `documents` names no child list: \"image\"",
        ),
        (format!("defaults.zone = 'Here'\n{head}{key}"), "1:17 BAD_VALUE `zone` \"Here\" is no time zone"),
        (
            format!("settings.today = {{ type = 'text', default = '', description = '' }}\n{head}{key}"),
            "1:10 RESERVED_NAME a setting cannot be called `today`",
        ),
        (
            format!("settings.s = {{ type = 'txt', default = '', description = '' }}\n{head}{key}"),
            "1:23 BAD_VALUE `type` cannot be \"txt\"",
        ),
        (
            format!("expressions.e = 'x.N'\n{head}{key}visible = ':e = 1'\n"),
            "6:12 UNKNOWN_TABLE `visible` names no table of these rows: `x`",
        ),
        (format!("expressions.e = 'a.N +'\n{head}{key}"), "1:23 BAD_EXPRESSION "),
        (
            format!("expressions.rank = 'a.N'\n{head}{key}"),
            "1:13 RESERVED_NAME an expression cannot be called `rank`",
        ),
        (
            format!("{head}{key}distinct = true\nchange = {{ expr = 'a.M' }}\n"),
            "6:10 CONFLICT rows that are taken once have no change column",
        ),
        (
            format!("[[detect]]\ntable = 'T'\nmessage = 'm'\n{head}{key}"),
            "1:1 MISSING_KEY [[detect]] has no `help`",
        ),
        (
            format!("[[detect]]\ntable = 'T'\nmessage = 'm'\nhelp = 'h'\nrefused_when = 'gone'\n{head}{key}"),
            "5:16 BAD_VALUE `refused_when` cannot be \"gone\"",
        ),
        (
            format!("{head}{key}when = {{ s = {{ not = 1 }} }}\n"),
            "5:10 UNKNOWN_SETTING `when` names no setting: `s`",
        ),
    ] {
        let found = findings(&text);
        if found.len() != 1 || !found[0].starts_with(expected) {
            wrong.push(format!("{text}wanted {expected}\n found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn an_entity_can_be_replaced_whole_and_lists_follow_their_rows() {
    let dir = with_map(
        "sage100",
        r#"
[entity.Article]
replace = true
exists = true
[[entity.Article.rows]]
name = "on"
table = "A"
key.code = "C"
[[entity.Article.rows]]
name = "off"
when = { rayons = "families" }
table = "B"
key.code = "C"
[entity.Article.children]
images = [
    { table = "I", parent = "P", rows = ["on"], fields = { file = "F" } },
    { table = "J", parent = "P", rows = ["off"], fields = { file = "F" } },
]
"#,
    );
    let map = read("sage100", dir.path(), &[]).unwrap();
    let article = &map.entities["Article"];
    assert_eq!(names(article), ["on"]);
    assert!(article.rows[0].fields.is_empty());
    assert_eq!(article.children.len(), 1);
    let images = &article.children["images"];
    assert_eq!(images.len(), 1);
    assert_eq!(images[0].of_rows, ["on"]);
    assert_eq!(names(&map.entities["Reference"]), ["plain", "variants", "packagings"]);
}
