//! The fixtures' portable SQL as T-SQL: batches of one statement, other names for a few types.

/// The statements of a script, each a batch of its own: a column that one adds is known to the next.
pub fn batches(script: &str) -> Vec<String> {
    let mut batches = Vec::new();
    let mut batch = String::new();
    let mut rest = script;
    while let Some(at) = rest.find(['\'', '"', ';', '-']) {
        let (plain, from) = rest.split_at(at);
        batch.push_str(&words(plain));
        let taken = match from.as_bytes()[0] {
            b'\'' => {
                let end = text_end(from);
                // A plain literal holds only what the code page has.
                batch.push_str(if from[..end].is_ascii() { "" } else { "N" });
                batch.push_str(&from[..end]);
                end
            }
            b'"' => {
                let end = 2 + from[1..].find('"').expect("a closing quote");
                batch.push_str(&from[..end]);
                end
            }
            b'-' if from.starts_with("--") => from.find('\n').unwrap_or(from.len()),
            b';' => {
                batches.push(std::mem::take(&mut batch));
                1
            }
            _ => {
                batch.push('-');
                1
            }
        };
        rest = &from[taken..];
    }
    batch.push_str(&words(rest));
    batches.push(batch);
    batches.into_iter().map(|b| rename(&drop_index(b.trim()))).filter(|b| !b.is_empty()).collect()
}

/// Where a literal ends; a doubled quote does not end it.
fn text_end(from: &str) -> usize {
    let bytes = from.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        if bytes[at] == b'\'' {
            if bytes.get(at + 1) != Some(&b'\'') {
                return at + 1;
            }
            at += 1;
        }
        at += 1;
    }
    panic!("a literal without end")
}

fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        out.push_str(match &*word {
            "text" => "nvarchar(max)",
            "timestamp" => "datetime",
            "TEXT" => "nvarchar(400)",
            "INTEGER" => "int",
            "REAL" => "float",
            "TIMESTAMP" => "datetime2(3)",
            "COLUMN" if out.ends_with("ADD ") => "",
            "TRUE" => "1",
            "FALSE" => "0",
            // A word of the language.
            "file" => "[file]",
            word => word,
        });
        word.clear();
        if c != '\0' {
            out.push(c);
        }
    }
    out.replace("||", "+")
}

/// Elsewhere an index has its name to itself; here it is its table's.
fn drop_index(batch: &str) -> String {
    const TABLES: [&str; 5] =
        ["article_department", "article_relation", "department", "reference", "article"];
    match batch.strip_prefix("DROP INDEX ") {
        Some(index) if !batch.contains(" ON ") => {
            let table = TABLES.iter().find(|t| index.starts_with(**t)).expect("an index of a known table");
            format!("{batch} ON \"{table}\"")
        }
        _ => batch.to_owned(),
    }
}

/// `ALTER TABLE … RENAME`, which is a procedure here.
fn rename(batch: &str) -> String {
    let Some((table, how)) = batch.strip_prefix("ALTER TABLE ").and_then(|rest| rest.split_once(" RENAME "))
    else {
        return batch.to_owned();
    };
    let bare = |name: &str| name.trim().trim_matches('"').replace('\'', "''");
    match how.strip_prefix("COLUMN ").and_then(|rest| rest.split_once(" TO ")) {
        Some((from, to)) => {
            format!("EXEC sp_rename N'{}.{}', N'{}', 'COLUMN'", bare(table), bare(from), bare(to))
        }
        None => format!("EXEC sp_rename N'{}', N'{}'", bare(table), bare(how.trim_start_matches("TO "))),
    }
}
