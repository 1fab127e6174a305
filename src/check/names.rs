//! From a database's names and types to GraphQL's.

use crate::value::fold;

/// What kind of value a column of a type holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Integer,
    Decimal,
    Boolean,
    Date,
    DateTime,
    Text,
    Binary,
    /// A type that says nothing, or that is not known.
    Other,
}

/// The class of a type as a database spells it.
pub(super) fn class(type_name: &str) -> Class {
    let lower = type_name.to_lowercase();
    let word = lower.split(['(', ' ', '[']).next().unwrap_or("");
    if lower.contains("[]") {
        return Class::Other;
    }
    match word {
        "int" | "integer" | "bigint" | "smallint" | "tinyint" | "mediumint" | "int2" | "int4" | "int8"
        | "serial" | "bigserial" => Class::Integer,
        "decimal" | "numeric" | "money" | "smallmoney" | "real" | "float" | "float4" | "float8"
        | "double" => Class::Decimal,
        "bit" | "bool" | "boolean" => Class::Boolean,
        "date" => Class::Date,
        "datetime" | "datetime2" | "smalldatetime" | "datetimeoffset" | "timestamp" | "timestamptz" => {
            Class::DateTime
        }
        "bytea" | "blob" | "binary" | "varbinary" | "image" | "rowversion" => Class::Binary,
        "text" | "char" | "varchar" | "nchar" | "nvarchar" | "ntext" | "character" | "bpchar" | "citext"
        | "clob" | "uuid" | "uniqueidentifier" | "name" => Class::Text,
        _ => Class::Other,
    }
}

/// The scalar that a declared field would have.
pub(super) fn scalar(class: Class) -> &'static str {
    match class {
        Class::Integer => "Int",
        Class::Decimal => "Decimal",
        Class::Boolean => "Boolean",
        Class::Date => "Date",
        Class::DateTime => "DateTime",
        Class::Text | Class::Binary | Class::Other => "String",
    }
}

/// A field's name made of a column's: camelCase, without accents, blanks and punctuation.
pub(super) fn field(column: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut lower_before = false;
    for c in column.chars() {
        if !c.is_alphanumeric() {
            words.push(std::mem::take(&mut word));
        } else if c.is_uppercase() && lower_before {
            words.push(std::mem::replace(&mut word, c.to_string()));
        } else {
            word.push(c);
        }
        lower_before = c.is_lowercase();
    }
    words.push(word);
    let mut name = String::new();
    for word in words {
        // What folding leaves beyond ASCII has no place in a GraphQL name.
        let plain: String = fold(&word).chars().filter(char::is_ascii_alphanumeric).collect();
        let mut letters = plain.chars();
        match letters.next() {
            Some(first) if name.is_empty() => name.push(first),
            Some(first) => name.push(first.to_ascii_uppercase()),
            None => continue,
        }
        name.extend(letters);
    }
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name.insert_str(0, "field");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns() {
        for (column, name) in [
            ("Durée garantie", "dureeGarantie"),
            ("UPN (code catalogue)", "upnCodeCatalogue"),
            ("Total points fidélité", "totalPointsFidelite"),
            ("warranty_months", "warrantyMonths"),
            ("GA_LIBREART1", "gaLibreart1"),
            ("DureeGarantie", "dureeGarantie"),
            ("NATURE BL", "natureBl"),
            ("2e prix", "field2ePrix"),
            ("Œuvre n°", "oeuvreN"),
            ("日", "field"),
        ] {
            assert_eq!(field(column), name);
        }
    }

    #[test]
    fn types_as_databases_spell_them() {
        for (spelt, wanted) in [
            ("character varying(19)", "String"),
            ("numeric(24,6)", "Decimal"),
            ("timestamp without time zone", "DateTime"),
            ("SMALLINT", "Int"),
            ("bit", "Boolean"),
            ("text[]", "String"),
            ("", "String"),
        ] {
            assert_eq!(scalar(class(spelt)), wanted, "{spelt}");
        }
    }
}
