//! Shop folders made of SQL fixtures: a Sage-shaped ERP and an IsoShop base, each on SQLite,
//! PostgreSQL or SQL Server, with `comptoir.toml` and `schema/`.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use super::{postgres, sqlserver, tsql};

/// Where a source of a shop lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
    SqlServer,
}

impl Engine {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::SqlServer => "sqlserver",
        }
    }
}

/// A shop to be made.
#[derive(Clone, Debug, Default)]
pub struct Recipe {
    /// How many of the first scripts of each source other shops share.
    pub shared: usize,
    /// Makes the ERP's tables; Sage's when left out.
    pub tables: Option<String>,
    /// Scripts for the ERP after its tables; portable SQL.
    pub erp: Vec<String>,
    /// Scripts for the IsoShop base after its tables; portable SQL.
    pub isoshop: Vec<String>,
    /// The ERP is an IsoShop base: a pivot.
    pub pivot: bool,
    /// TOML merged, table by table, into the fixture's `comptoir.toml`.
    pub settings: Vec<String>,
    /// Sources that `comptoir.toml` does not declare.
    pub without: Vec<String>,
    /// Files below the shop's folder, name and content.
    pub files: Vec<(String, String)>,
}

/// A shop folder; its databases are gone after [`Folder::remove`].
pub struct Folder {
    pub dir: tempfile::TempDir,
    /// The ERP's engine.
    pub engine: Engine,
    databases: Vec<(String, Engine, String)>,
    /// The databases are a shelf's: they stay.
    lent: bool,
}

/// The server databases of shops that only read: what the same scripts make is made once. A shop
/// whose databases are changed, or taken away, has its own.
#[derive(Default)]
pub struct Shelf(Mutex<HashMap<String, Lent>>);

/// A database that is being made, or is there.
type Lent = Arc<tokio::sync::OnceCell<(Engine, String)>>;

impl Shelf {
    async fn database(&self, engine: Engine, scripts: &[String], shared: usize) -> String {
        let key = format!("{} {scripts:?}", engine.name());
        let cell = Arc::clone(self.0.lock().expect("lock").entry(key).or_default());
        cell.get_or_init(async || (engine, server_database(engine, scripts, shared).await)).await.1.clone()
    }

    /// Removes the databases.
    pub async fn remove(self) {
        for cell in self.0.into_inner().expect("lock").into_values() {
            if let Some((engine, name)) = cell.get() {
                drop_if_there(*engine, name).await;
            }
        }
    }
}

async fn drop_if_there(engine: Engine, name: &str) {
    match engine {
        Engine::Sqlite => {}
        Engine::Postgres => postgres::drop_database(name).await,
        Engine::SqlServer => sqlserver::drop_if_there(name).await,
    }
}

/// A fresh database of a server; the first of the scripts makes the tables, and the next `shared` ones
/// are those of other shops too.
async fn server_database(engine: Engine, scripts: &[String], shared: usize) -> String {
    if engine == Engine::Postgres {
        let (shared, own) = scripts.split_at((1 + shared).min(scripts.len()));
        return postgres::database(shared, own).await;
    }
    let batches: Vec<String> = scripts
        .iter()
        .enumerate()
        // The tables' own script may be T-SQL already; then it is one batch.
        .flat_map(
            |(n, s)| {
                if n == 0 && s.contains("IDENTITY(1,1)") { vec![s.clone()] } else { tsql::batches(s) }
            },
        )
        .collect();
    let batches: Vec<&str> = batches.iter().map(String::as_str).collect();
    sqlserver::database("French_CI_AS", &batches).await
}

/// The project's own folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the project.
pub fn read(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The hand-written fixture: twelve articles with every trap the spec cases need.
pub fn base() -> Recipe {
    Recipe {
        shared: 1,
        tables: None,
        pivot: false,
        erp: vec![read("tests/fixtures/base/erp.sql")],
        isoshop: vec![read("tests/fixtures/base/isoshop.sql")],
        settings: vec![read("tests/fixtures/base/comptoir.toml")],
        without: Vec::new(),
        files: vec![("schema/shop.graphql".into(), read("tests/fixtures/base/shop.graphql"))],
    }
}

/// The hand-written company on another version of Sage: `old`, `mid` (as it is) or `new`.
pub fn sage(flavour: &str) -> Recipe {
    let mut recipe = base();
    if flavour != "mid" {
        recipe.erp.push(read(&format!("tests/fixtures/sage/{flavour}.sql")));
    }
    recipe
}

/// The Cegid company of the examples.
pub fn cegid() -> Recipe {
    let example = |name: &str| read(&format!("examples/cegid-isoshop/{name}"));
    let files = ["schema/shop.graphql", "schema/connectors/cegid.toml"];
    Recipe {
        shared: 0,
        tables: Some(example("erp.sql")),
        isoshop: vec![example("isoshop.sql")],
        settings: vec![example("comptoir.toml"), "media.base_url = \"https://media.example.com\"".into()],
        files: files.iter().map(|name| ((*name).to_owned(), example(name))).collect(),
        ..Recipe::default()
    }
}

/// The pivot shop of the examples: one IsoShop base, under the name `erp`.
pub fn pivot() -> Recipe {
    let example = |name: &str| read(&format!("examples/isoshop-pivot/{name}"));
    Recipe {
        shared: 1,
        pivot: true,
        erp: vec![example("erp.sql")],
        settings: vec![example("comptoir.toml"), "media.base_url = \"https://media.example.com\"".into()],
        files: vec![("schema/shop.graphql".into(), example("schema/shop.graphql"))],
        ..Recipe::default()
    }
}

impl Recipe {
    /// Makes the folder and the databases, both on one engine.
    pub async fn make(&self, engine: Engine) -> Folder {
        self.make_on(engine, engine).await
    }

    /// Makes the folder and the databases: the ERP on one engine, the IsoShop base on another.
    pub async fn make_on(&self, engine: Engine, isoshop_engine: Engine) -> Folder {
        self.make_from(None, engine, isoshop_engine).await
    }

    /// As [`Recipe::make_on`], for a shop that only reads: a server's databases are the shelf's.
    pub async fn make_shelved(&self, shelf: &Shelf, engine: Engine, isoshop_engine: Engine) -> Folder {
        self.make_from(Some(shelf), engine, isoshop_engine).await
    }

    async fn make_from(&self, shelf: Option<&Shelf>, engine: Engine, isoshop_engine: Engine) -> Folder {
        let dir = tempfile::Builder::new().prefix("comptoir-shop").tempdir().expect("a folder");
        let built_in = || {
            let file = if self.pivot {
                "migrations/isoshop/{}/0001_isoshop.sql"
            } else {
                "src/demo/ddl/sage100.{}.sql"
            };
            read(&file.replace("{}", engine.name()))
        };
        let mut erp = vec![self.tables.clone().unwrap_or_else(built_in)];
        erp.extend(self.erp.iter().cloned());
        let mut isoshop =
            vec![read(&format!("migrations/isoshop/{}/0001_isoshop.sql", isoshop_engine.name()))];
        isoshop.extend(self.isoshop.iter().cloned());
        let mut databases = Vec::new();
        for (source, engine, scripts) in [("erp", engine, erp), ("isoshop", isoshop_engine, isoshop)] {
            let name = match engine {
                Engine::Sqlite => {
                    let file = dir.path().join(format!("{source}.db"));
                    sqlite(&file, &scripts).await;
                    format!("{source}.db")
                }
                engine => match shelf {
                    Some(shelf) => shelf.database(engine, &scripts, self.shared).await,
                    None => server_database(engine, &scripts, self.shared).await,
                },
            };
            databases.push((source.to_owned(), engine, name));
        }
        let mut config = toml::Table::new();
        for text in &self.settings {
            merge(&mut config, text.parse().unwrap_or_else(|e| panic!("{e}\nin: {text}")));
        }
        if let Some(toml::Value::Table(sources)) = config.get_mut("sources") {
            sources.retain(|name, _| !self.without.iter().any(|w| w == name));
        }
        for (source, engine, name) in &databases {
            let mut table = toml::Table::new();
            table.insert("kind".into(), engine.name().into());
            // A login's password has no place in comptoir.toml, and `check` says so.
            let (key, value) = match engine {
                Engine::Sqlite => ("url", format!("sqlite:{name}")),
                Engine::Postgres => ("url", postgres::url_of(name)),
                Engine::SqlServer => {
                    write(dir.path(), &format!("{source}.url"), &sqlserver::url_of(name));
                    ("url_file", format!("{source}.url"))
                }
            };
            if let Some(toml::Value::Table(written)) =
                config.get_mut("sources").and_then(|sources| sources.get_mut(source.as_str()))
            {
                written.remove("url");
            }
            table.insert(key.into(), value.into());
            let mut sources = toml::Table::new();
            sources.insert(source.clone(), table.into());
            let mut own = toml::Table::new();
            own.insert("sources".into(), sources.into());
            if config.get("sources").and_then(|s| s.get(source)).is_some() {
                merge(&mut config, own);
            }
        }
        write(dir.path(), "comptoir.toml", &toml::to_string(&config).expect("TOML"));
        write(dir.path(), "cursor.key", &"5a".repeat(32));
        for (name, content) in &self.files {
            write(dir.path(), name, content);
        }
        Folder { dir, engine, databases, lent: shelf.is_some() }
    }
}

impl Folder {
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The SQLite file or the PostgreSQL database of a source.
    pub fn database(&self, source: &str) -> &str {
        &self.found(source).2
    }

    fn found(&self, source: &str) -> &(String, Engine, String) {
        self.databases.iter().find(|(s, ..)| s == source).expect("a source")
    }

    pub fn sqlite_file(&self, source: &str) -> PathBuf {
        self.path().join(self.database(source))
    }

    /// Runs more SQL in a source.
    pub async fn execute(&self, source: &str, script: &str) {
        match self.found(source).1 {
            Engine::Sqlite => sqlite(&self.sqlite_file(source), &[script.to_owned()]).await,
            Engine::Postgres => postgres::execute(self.database(source), script).await,
            Engine::SqlServer => {
                let batches = tsql::batches(script);
                let batches: Vec<&str> = batches.iter().map(String::as_str).collect();
                sqlserver::execute(self.database(source), &batches).await;
            }
        }
    }

    /// Takes a source away, as an outage would.
    pub async fn break_source(&self, source: &str) {
        assert!(!self.lent, "a shelf's database is others' too");
        match self.found(source).1 {
            Engine::Sqlite => std::fs::remove_file(self.sqlite_file(source)).expect("its file"),
            Engine::Postgres => postgres::drop_database(self.database(source)).await,
            Engine::SqlServer => sqlserver::drop_database(self.database(source)).await,
        }
    }

    /// Removes folder and databases.
    pub async fn remove(self) {
        for (_, engine, name) in self.databases.iter().filter(|_| !self.lent) {
            drop_if_there(*engine, name).await;
        }
    }
}

fn write(dir: &Path, name: &str, content: &str) {
    let path = dir.join(name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).expect("a folder");
    }
    std::fs::write(&path, content).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
}

/// Runs scripts in a SQLite file. Where there is none yet the first script makes its tables: what that gives is kept, and
/// copied for the next file with the same tables.
pub async fn sqlite(file: &Path, scripts: &[String]) {
    static MADE: Mutex<Option<HashMap<String, Vec<u8>>>> = Mutex::new(None);
    let mut scripts = scripts;
    if let Some((tables, rest)) = scripts.split_first()
        && !file.exists()
    {
        let known = MADE.lock().expect("lock").get_or_insert_default().get(tables).cloned();
        if let Some(known) = known {
            std::fs::write(file, known).expect("a SQLite file");
        } else {
            run_sqlite(file, std::slice::from_ref(tables)).await;
            let made = std::fs::read(file).expect("a SQLite file");
            MADE.lock().expect("lock").get_or_insert_default().insert(tables.clone(), made);
        }
        scripts = rest;
    }
    run_sqlite(file, scripts).await;
}

async fn run_sqlite(file: &Path, scripts: &[String]) {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Memory)
        .synchronous(sqlx::sqlite::SqliteSynchronous::Off);
    let mut connection = SqliteConnection::connect_with(&options).await.expect("a SQLite file");
    for script in scripts {
        sqlx::raw_sql(AssertSqlSafe(format!("BEGIN; {script}; COMMIT;")))
            .execute(&mut connection)
            .await
            .unwrap_or_else(|e| panic!("{e}\nin: {}", script.chars().take(400).collect::<String>()));
    }
    connection.close().await.expect("close");
}

/// Merges `other` into `table`: tables key by key, everything else replaced.
pub fn merge(table: &mut toml::Table, other: toml::Table) {
    for (key, value) in other {
        match (table.get_mut(&key), value) {
            (Some(toml::Value::Table(mine)), toml::Value::Table(theirs)) => merge(mine, theirs),
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}
