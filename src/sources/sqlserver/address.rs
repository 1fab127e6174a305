//! Where a SQL Server is, and how to log in: read from
//! `sqlserver://user:password@host:port/database?instance=…&tls=…&ca_file=…&isolation=…&intent=…`.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use tiberius::{AuthMethod, Config, EncryptionLevel, SqlBrowser};
use tokio::net::TcpStream;

use super::Isolation;
use crate::sources::SourceError;

/// How the connection is kept from other eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sources) enum Tls {
    /// TLS 1.2 or 1.3 inside TDS; the certificate is checked.
    Required,
    /// TLS before anything else (TDS 8.0, SQL Server 2022).
    Strict,
    /// None: password and data are readable on the way.
    None,
}

/// Where a database is.
pub(super) struct Address {
    host: String,
    port: Option<u16>,
    instance: Option<String>,
    pub(super) database: String,
    pub(super) user: String,
    password: String,
    pub(super) tls: Tls,
    ca_file: Option<PathBuf>,
    pub(super) isolation: Isolation,
    read_only: bool,
}

impl Address {
    /// Reads a URL; what is wrong with it never shows it.
    pub(super) fn read(url: &str, dir: &Path) -> Result<Self, String> {
        let rest = url.strip_prefix("sqlserver://").ok_or("it starts with sqlserver://")?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, place) = authority.rsplit_once('@').ok_or("it names no user")?;
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let (host, port) = match place.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
        };
        let port = port.map(str::parse).transpose().map_err(|_| "its port is no number")?;
        let decoded = |text: &str| {
            percent_decode_str(text)
                .decode_utf8()
                .map(|t| t.into_owned())
                .map_err(|_| "it is not UTF-8".to_owned())
        };
        let mut address = Self {
            host: decoded(host)?,
            port,
            instance: None,
            database: decoded(database)?,
            user: decoded(user)?,
            password: decoded(password)?,
            tls: Tls::Required,
            ca_file: None,
            isolation: Isolation::ReadCommitted,
            read_only: true,
        };
        if address.host.is_empty() || address.user.is_empty() || address.database.is_empty() {
            return Err("it names no host, no user or no database".into());
        }
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decoded(&value.replace('+', " "))?;
            match (key, value.as_str()) {
                ("instance", _) => address.instance = Some(value),
                ("tls", "required") => address.tls = Tls::Required,
                ("tls", "strict") => address.tls = Tls::Strict,
                ("tls", "none") => address.tls = Tls::None,
                ("ca_file", _) => address.ca_file = Some(dir.join(value)),
                ("isolation", "read committed") => address.isolation = Isolation::ReadCommitted,
                ("isolation", "snapshot") => address.isolation = Isolation::Snapshot,
                ("isolation", "nolock") => address.isolation = Isolation::NoLock,
                ("intent", "read-only") => address.read_only = true,
                ("intent", "read-write") => address.read_only = false,
                ("tls" | "isolation" | "intent", _) => return Err(format!("`{key}` cannot be that")),
                _ => return Err(format!("it knows no `{}`", key.chars().take(20).collect::<String>())),
            }
        }
        Ok(address)
    }

    /// The server's name in messages.
    pub(super) fn place(&self) -> String {
        match (&self.instance, self.port) {
            (Some(instance), None) => format!("{}\\{instance}", self.host),
            (_, port) => format!("{}:{}", self.host, port.unwrap_or(1433)),
        }
    }

    /// What tiberius needs to go there, or where the server sent us. Fresh each time: a certificate
    /// file may have been replaced.
    pub(super) fn config(&self, sent: Option<(&str, u16)>) -> Result<Config, SourceError> {
        let mut config = Config::new();
        if let Some((host, port)) = sent {
            config.host(host);
            config.port(port);
        } else {
            config.host(&self.host);
            match (&self.instance, self.port) {
                // A port that is given needs nobody to ask for it.
                (Some(instance), None) => config.instance_name(instance),
                (_, port) => config.port(port.unwrap_or(1433)),
            }
        }
        // The whole of connecting has its own limit.
        config.handshake_timeout(None);
        config.database(&self.database);
        config.authentication(AuthMethod::sql_server(&self.user, &self.password));
        config.application_name("comptoir");
        config.readonly(self.read_only);
        config.encryption(match self.tls {
            Tls::Required => EncryptionLevel::Required,
            Tls::Strict => EncryptionLevel::Strict,
            Tls::None => EncryptionLevel::NotSupported,
        });
        if let Some(file) = self.ca_file.as_ref().filter(|_| self.tls != Tls::None) {
            let shown = file.file_name().map_or_else(String::new, |f| f.to_string_lossy().into_owned());
            let bundle = std::fs::read(file)
                .map_err(|e| SourceError::Connect(format!("cannot read ca_file {shown}: {}", e.kind())))?;
            config.trust_cert_ca_bundle(bundle);
        }
        Ok(config)
    }

    pub(super) async fn tcp(&self, config: &Config) -> Result<TcpStream, SourceError> {
        TcpStream::connect_named(config).await.map_err(|error| {
            let place = self.place();
            SourceError::Connect(match (&self.instance, self.port, error) {
                (Some(instance), None, tiberius::error::Error::Conversion(_)) => format!(
                    "the SQL Browser on {} does not tell the port of the instance {instance}: start the service \
                     \"SQL Server Browser\" and open UDP port 1434, or write the instance's port",
                    self.host
                ),
                (_, _, tiberius::error::Error::Io { message, .. }) => format!("{place}: {message}"),
                (_, _, other) => format!("{place}: {other}"),
            })
        })
    }
}
