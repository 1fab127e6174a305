//! Cursors and node ids. A cursor is sealed (AEAD) with the shop's key: clients can neither read nor
//! forge it, and one of another list is refused. Sealing is deterministic, so that the same record
//! has the same cursor in every process. While the shop changes its key, cursors of the old one open
//! as well.

use aws_lc_rs::{
    aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey},
    hmac,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Datelike, NaiveDate};

use crate::{
    config::CursorKeys,
    federation::{order::Spot, page::Position},
    value::Value,
};

/// Seals and opens cursors.
pub struct Sealer {
    seals: LessSafeKey,
    nonces: hmac::Key,
    /// The key that seals, and the one it takes the place of, if any.
    opens: Vec<LessSafeKey>,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer")
    }
}

const VERSION: u8 = 1;
const NONCE: usize = 12;

impl Sealer {
    /// With the shop's keys: the first seals, both open. `None` only if the crypto library refuses one.
    pub fn new(keys: &CursorKeys) -> Option<Self> {
        let key = |key: &[u8; 32]| UnboundKey::new(&AES_256_GCM_SIV, key).ok().map(LessSafeKey::new);
        let opens = std::iter::once(&keys.first).chain(&keys.second).map(key).collect::<Option<_>>()?;
        let nonces = hmac::Key::new(hmac::HMAC_SHA256, &keys.first);
        Some(Self { seals: key(&keys.first)?, nonces, opens })
    }

    /// Seals a place of a list; `list` names the list and its order.
    pub fn seal(&self, list: &str, spot: &Spot) -> String {
        let mut bytes = vec![VERSION, u8::try_from(spot.position.row).unwrap_or(u8::MAX)];
        for value in spot.values.iter().chain(&spot.position.key) {
            write_value(&mut bytes, value);
        }
        let tag = hmac::sign(&self.nonces, &[list.as_bytes(), &bytes].concat());
        let mut nonce = [0; NONCE];
        nonce.copy_from_slice(&tag.as_ref()[..NONCE]);
        let mut sealed = nonce.to_vec();
        let aad = Aad::from(list.as_bytes());
        if self.seals.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut bytes).is_err()
        {
            return String::new();
        }
        sealed.extend_from_slice(&bytes);
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// Opens a cursor of a list whose order has `width` values; `None` when it is not one of ours, or of
    /// another list. A cursor holds the texts that the list is sorted by, however long: only the request's
    /// own limit bounds it.
    pub fn open(&self, list: &str, width: usize, cursor: &str) -> Option<Spot> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
        // What a key cannot open it leaves unusable: each has its own copy.
        let plain = self.opens.iter().find_map(|key| {
            let mut bytes = sealed.to_vec();
            let aad = Aad::from(list.as_bytes());
            let plain = key.open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut bytes).ok()?.len();
            bytes.truncate(plain);
            Some(bytes)
        })?;
        let [VERSION, row, rest @ ..] = &*plain else { return None };
        let mut rest = rest;
        let mut values = Vec::new();
        while !rest.is_empty() {
            values.push(read_value(&mut rest)?);
        }
        if values.len() < width {
            return None;
        }
        let key = values.split_off(width);
        Some(Spot { values, position: Position { row: usize::from(*row), key } })
    }
}

fn write_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Int(n) => {
            out.push(b'i');
            out.extend_from_slice(&n.to_be_bytes());
        }
        Value::Text(text) => {
            out.push(b't');
            out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(0).to_be_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        Value::Decimal(d) => {
            out.push(b'd');
            out.extend_from_slice(&d.serialize());
        }
        Value::Bool(b) => out.extend([b'b', u8::from(*b)]),
        Value::Date(day) => {
            out.push(b'y');
            out.extend_from_slice(&day.num_days_from_ce().to_be_bytes());
        }
        Value::DateTime(at) => {
            out.push(b'm');
            out.extend_from_slice(&at.timestamp().to_be_bytes());
            out.extend_from_slice(&at.timestamp_subsec_nanos().to_be_bytes());
        }
        Value::Null | Value::List(_) | Value::Bad(_) => out.push(b'n'),
    }
}

fn read_value(bytes: &mut &[u8]) -> Option<Value> {
    let (kind, rest) = bytes.split_first()?;
    let (value, rest) = match kind {
        b'i' => {
            let (n, rest) = rest.split_first_chunk::<8>()?;
            (Value::Int(i64::from_be_bytes(*n)), rest)
        }
        b't' => {
            let (len, rest) = rest.split_first_chunk::<4>()?;
            let (text, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
            (Value::text(std::str::from_utf8(text).ok()?), rest)
        }
        b'd' => {
            let (d, rest) = rest.split_first_chunk::<16>()?;
            (Value::Decimal(rust_decimal::Decimal::deserialize(*d)), rest)
        }
        b'b' => {
            let (b, rest) = rest.split_first()?;
            (Value::Bool(*b == 1), rest)
        }
        b'y' => {
            let (days, rest) = rest.split_first_chunk::<4>()?;
            (Value::Date(NaiveDate::from_num_days_from_ce_opt(i32::from_be_bytes(*days))?), rest)
        }
        b'm' => {
            let (seconds, rest) = rest.split_first_chunk::<8>()?;
            let (nanos, rest) = rest.split_first_chunk::<4>()?;
            let at = DateTime::from_timestamp(i64::from_be_bytes(*seconds), u32::from_be_bytes(*nanos))?;
            (Value::DateTime(at), rest)
        }
        b'n' => (Value::Null, rest),
        _ => return None,
    };
    *bytes = rest;
    Some(value)
}

/// The global id of a record: opaque, over type and code.
pub fn node_id(entity: &str, code: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{entity}:{code}"))
}

/// What a global id names: type and code; `None` when it is not one of ours.
pub fn read_node_id(id: &str) -> Option<(String, String)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
    let (entity, code) = text.split_once(':')?;
    Some((entity.into(), code.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_in_its_own_list() {
        let sealer = sealer(7, None);
        let position = Position { row: 2, key: vec![Value::text("CVM001"), Value::Int(3), Value::Null] };
        let day = NaiveDate::from_ymd_opt(2026, 11, 24).expect("a day");
        let at = DateTime::from_timestamp(1_764_000_000, 5).expect("a moment");
        let price = rust_decimal::Decimal::new(1250, 2);
        let values = vec![
            Value::text("Œuvre"),
            Value::Bool(true),
            Value::Date(day),
            Value::DateTime(at),
            Value::Decimal(price),
            Value::Null,
        ];
        let spot = Spot { values, position };
        let cursor = sealer.seal("Article/title+", &spot);
        assert_eq!(sealer.open("Article/title+", 6, &cursor), Some(spot.clone()));
        assert_eq!(sealer.open("Article/title-", 6, &cursor), None);
        assert_eq!(cursor, sealer.seal("Article/title+", &spot));
        for at in 0..cursor.len() {
            let mut forged = cursor.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).expect("ascii");
            assert!(forged == cursor || sealer.open("Article/title+", 6, &forged).is_none());
        }
    }

    fn sealer(first: u8, second: Option<u8>) -> Sealer {
        Sealer::new(&CursorKeys { first: [first; 32], second: second.map(|key| [key; 32]) }).expect("keys")
    }

    /// Whatever text a list is sorted by, its cursor is taken back.
    #[test]
    fn a_long_text_opens_as_it_was_sealed() {
        let sealer = sealer(7, None);
        let values = vec![Value::text("œ".repeat(300_000))];
        let spot = Spot { values, position: Position { row: 0, key: vec![Value::text("CVM001")] } };
        assert_eq!(sealer.open("Article/summary+", 1, &sealer.seal("Article/summary+", &spot)), Some(spot));
    }

    #[test]
    fn the_first_key_seals_and_both_open() {
        let position = Position { row: 0, key: vec![Value::text("CVM001")] };
        let spot = Spot { values: Vec::new(), position };
        let of = |sealer: &Sealer| sealer.seal("Article", &spot);
        let opens = |sealer: &Sealer, cursor: &str| sealer.open("Article", 0, cursor) == Some(spot.clone());
        let (old, both, new) = (sealer(1, None), sealer(2, Some(1)), sealer(2, None));
        assert_eq!(of(&both), of(&new));
        assert!(opens(&both, &of(&old)) && opens(&both, &of(&new)) && !opens(&new, &of(&old)));
        // The step before: the new key only opens, while others may seal with it already.
        let ahead = sealer(1, Some(2));
        assert!(of(&ahead) == of(&old) && opens(&ahead, &of(&new)));
        assert!(both.open("Reference", 0, &of(&old)).is_none());
        assert_eq!(format!("{both:?}"), "Sealer");
    }
}
