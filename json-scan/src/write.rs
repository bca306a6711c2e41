//! Writing: text that grows by a few bytes at a time, and JSON.
//!
//! A wasm engine leaves the module to copy bytes, whatever their number (`memory.copy`), and most of what is written here is
//! shorter than that takes. So short text is copied in words.

use std::fmt;

use serde::ser::{self, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, Serializer};

use crate::block::{Block, SIZE};

/// JSON, which is written as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raw<'a>(pub &'a str);

/// The name under which a newtype struct says that its string is JSON.
const RAW: &str = "json";

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(RAW, self.0)
    }
}

/// Longer text is copied by the engine.
const LONG: usize = 16 * SIZE;

/// A value that has no place in this JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsupported;

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("neither a string, an integer, a boolean, a list nor a map of these")
    }
}

impl std::error::Error for Unsupported {}

impl ser::Error for Unsupported {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// `value` as JSON, as serde_json writes it.
///
/// # Errors
/// A value of a type that nothing here writes: a number with a fraction, bytes, an enum with fields.
pub fn to_vec(value: &impl Serialize) -> Result<Vec<u8>, Unsupported> {
    let mut writer = Writer { json: Vec::with_capacity(1024), is_raw: false };
    value.serialize(&mut writer)?;
    Ok(writer.json)
}

/// The text that `value` makes.
pub fn to_text(value: &dyn fmt::Display) -> String {
    let mut text = TextWriter(String::with_capacity(512));
    // Only the value itself could fail, and has no reason to.
    let _ = fmt::write(&mut text, format_args!("{value}"));
    text.0
}

struct TextWriter(String);

impl fmt::Write for TextWriter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        append(&mut self.0, text);
        Ok(())
    }
}

/// A copy of a text, which is short, mostly.
pub fn owned(text: &str) -> String {
    let mut owned = String::new();
    append(&mut owned, text);
    owned
}

/// Appends text, which is short, mostly.
pub fn append(to: &mut String, text: &str) {
    /// Appends the first `N` bytes, where so many are whole characters, and returns the others.
    #[inline(always)]
    fn start<'t, const N: usize>(to: &mut String, text: &'t str) -> Option<&'t str> {
        let (start, rest) = text.split_at_checked(N)?;
        to.push_str(start);
        Some(rest)
    }

    to.reserve(text.len());
    let mut rest = text;
    if rest.len() <= LONG {
        while let Some(behind) = start::<SIZE>(to, rest) {
            rest = behind;
        }
        rest = start::<8>(to, rest).unwrap_or(rest);
        rest = start::<4>(to, rest).unwrap_or(rest);
        rest = start::<2>(to, rest).unwrap_or(rest);
        rest = start::<1>(to, rest).unwrap_or(rest);
    }
    if !rest.is_empty() {
        to.push_str(rest);
    }
}

/// Appends bytes, which are few, mostly.
pub fn copy(out: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.len() > LONG {
        out.extend_from_slice(bytes);
        return;
    }
    out.reserve(bytes.len());
    let (blocks, rest) = bytes.as_chunks::<SIZE>();
    for block in blocks {
        out.extend_from_slice(block);
    }
    let rest = first::<8>(out, rest);
    let rest = first::<4>(out, rest);
    let rest = first::<2>(out, rest);
    first::<1>(out, rest);
}

/// Appends the first `N` bytes, where there are so many, and returns the others.
#[inline(always)]
fn first<'b, const N: usize>(out: &mut Vec<u8>, bytes: &'b [u8]) -> &'b [u8] {
    match bytes.split_first_chunk::<N>() {
        Some((first, rest)) => {
            out.extend_from_slice(first);
            rest
        }
        None => bytes,
    }
}

/// JSON that is being written.
struct Writer {
    json: Vec<u8>,
    /// Whether the next string is JSON.
    is_raw: bool,
}

impl Writer {
    fn string(&mut self, text: &str) {
        self.json.reserve(text.len() + 2);
        self.json.push(b'"');
        let text = text.as_bytes();
        let (blocks, rest) = text.as_chunks::<SIZE>();
        for block in blocks {
            if has_escapes(block) {
                self.escaped(block);
            } else {
                self.json.extend_from_slice(block);
            }
        }
        // Nothing is to be escaped in the rest where that is so in the last block, of which it is the end.
        if ends(text).is_some_and(|ends| !has_escapes(&ends)) {
            copy(&mut self.json, rest);
        } else {
            self.escaped(rest);
        }
        self.json.push(b'"');
    }

    fn escaped(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let letter = match byte {
                b'"' | b'\\' => *byte,
                0x08 => b'b',
                0x09 => b't',
                0x0a => b'n',
                0x0c => b'f',
                0x0d => b'r',
                0x00..0x20 => {
                    let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' + value - 10 };
                    self.json.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 0xf)]);
                    continue;
                }
                other => {
                    self.json.push(*other);
                    continue;
                }
            };
            self.json.extend_from_slice(&[b'\\', letter]);
        }
    }

    fn integer(&mut self, integer: i32) {
        copy(&mut self.json, integer.to_string().as_bytes());
    }
}

/// A block with the last bytes of a text; with all of them, where they are fewer.
#[inline(always)]
fn ends(text: &[u8]) -> Option<[u8; SIZE]> {
    if let Some(last) = text.last_chunk() {
        return Some(*last);
    }
    let ends = |first: u64, last: u64| (u128::from(first) | u128::from(last) << 64).to_le_bytes();
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return Some(ends(u64::from_le_bytes(*first), u64::from_le_bytes(*last)));
    }
    let twice = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes)) * 0x1_0000_0001;
    Some(ends(twice(text.first_chunk()?), twice(text.last_chunk()?)))
}

fn has_escapes(bytes: &[u8; SIZE]) -> bool {
    Block::new(bytes).no_plain_text() != 0
}

/// A list or map whose items are being written.
struct Container<'w> {
    writer: &'w mut Writer,
    is_first: bool,
    end: u8,
}

impl<'w> Container<'w> {
    fn begin(writer: &'w mut Writer, start: u8, end: u8) -> Self {
        writer.json.push(start);
        Self { writer, is_first: true, end }
    }

    fn next(&mut self) {
        if !std::mem::take(&mut self.is_first) {
            self.writer.json.push(b',');
        }
    }

    /// The name of a field, which needs no escapes.
    fn name(&mut self, name: &'static str) {
        self.next();
        self.writer.json.push(b'"');
        copy(&mut self.writer.json, name.as_bytes());
        self.writer.json.extend_from_slice(b"\":");
    }

    fn close(self) {
        self.writer.json.push(self.end);
    }
}

/// What nothing that is written here is.
macro_rules! unsupported {
    ($($method:ident: $type:ty,)*) => {
        $(fn $method(self, _: $type) -> Result<(), Unsupported> {
            Err(Unsupported)
        })*
    };
}

impl<'w> Serializer for &'w mut Writer {
    type Ok = ();
    type Error = Unsupported;
    type SerializeSeq = Container<'w>;
    type SerializeTuple = Impossible<(), Unsupported>;
    type SerializeTupleStruct = Impossible<(), Unsupported>;
    type SerializeTupleVariant = Impossible<(), Unsupported>;
    type SerializeMap = Container<'w>;
    type SerializeStruct = Container<'w>;
    type SerializeStructVariant = Impossible<(), Unsupported>;

    fn serialize_bool(self, value: bool) -> Result<(), Unsupported> {
        copy(&mut self.json, if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Unsupported> {
        self.integer(value);
        Ok(())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Unsupported> {
        self.integer(value.into());
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), Unsupported> {
        if self.is_raw {
            copy(&mut self.json, value.as_bytes());
        } else {
            self.string(value);
        }
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Unsupported> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unsupported> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Unsupported> {
        copy(&mut self.json, b"null");
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Unsupported> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<(), Unsupported> {
        self.is_raw = name == RAW;
        value.serialize(&mut *self)?;
        self.is_raw = false;
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Container<'w>, Unsupported> {
        Ok(Container::begin(self, b'[', b']'))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Container<'w>, Unsupported> {
        Ok(Container::begin(self, b'{', b'}'))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Container<'w>, Unsupported> {
        self.serialize_map(None)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Unsupported> {
        Err(Unsupported)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Unsupported> {
        Err(Unsupported)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Unsupported> {
        Err(Unsupported)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unsupported> {
        Err(Unsupported)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Unsupported> {
        Err(Unsupported)
    }

    unsupported! {
        serialize_i8: i8, serialize_i16: i16, serialize_i64: i64, serialize_u8: u8, serialize_u32: u32,
        serialize_u64: u64, serialize_f32: f32, serialize_f64: f64, serialize_char: char, serialize_bytes: &[u8],
        serialize_unit_struct: &'static str,
    }
}

impl SerializeSeq for Container<'_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
        self.next();
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Unsupported> {
        self.close();
        Ok(())
    }
}

impl SerializeMap for Container<'_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unsupported> {
        self.next();
        key.serialize(&mut *self.writer)?;
        self.writer.json.push(b':');
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Unsupported> {
        self.close();
        Ok(())
    }
}

impl SerializeStruct for Container<'_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Unsupported> {
        self.name(key);
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Unsupported> {
        self.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(serde::Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Everything<'a> {
        a_boolean: bool,
        an_integer: i32,
        a_code: u16,
        a_text: &'a str,
        nothing: Option<&'a str>,
        something: Option<&'a str>,
        unit: (),
        variant: Variant,
        list: Vec<Variant>,
        empty: Vec<Variant>,
        map: BTreeMap<&'a str, i32>,
    }

    #[derive(serde::Serialize)]
    #[serde(rename_all = "camelCase")]
    enum Variant {
        OneOfThem,
        Another,
    }

    #[test]
    fn values_are_written_as_serde_json_writes_them() {
        let value = Everything {
            a_boolean: true,
            an_integer: -80,
            a_code: 403,
            a_text: "\"\\",
            nothing: None,
            something: Some(""),
            unit: (),
            variant: Variant::OneOfThem,
            list: vec![Variant::Another, Variant::OneOfThem],
            empty: vec![],
            map: BTreeMap::from([("a", 1), ("b\n", 2)]),
        };
        assert_eq!(to_vec(&value), Ok(serde_json::to_vec(&value).unwrap()));
    }

    /// Every character that is escaped, and some that are not, at every place of strings of every length around it.
    #[test]
    fn strings_are_escaped_as_serde_json_escapes_them() {
        let characters: String = ('\0'..'\u{80}').chain(['ä', '\u{2028}', '😀']).collect();
        assert_eq!(to_vec(&characters), Ok(serde_json::to_vec(&characters).unwrap()));
        for character in ['x', '"', '\\', '\n', '\u{1}', '\u{1f}', '\u{7f}', 'ä'] {
            for before in 0..36 {
                for after in 0..36 {
                    let text = format!("{}{character}{}", "x".repeat(before), "y".repeat(after));
                    assert_eq!(to_vec(&text), Ok(serde_json::to_vec(&text).unwrap()), "{text}");
                }
            }
        }
    }

    #[test]
    fn json_is_written_as_it_is() {
        #[derive(serde::Serialize)]
        struct Named(&'static str);

        assert_eq!(to_vec(&vec![Raw(r#"{"a": [1.50]}"#)]).unwrap(), br#"[{"a": [1.50]}]"#);
        assert_eq!(to_vec(&Named("{}")).unwrap(), br#""{}""#);
    }

    #[test]
    fn what_has_no_place_is_an_error() {
        assert_eq!(to_vec(&1.5), Err(Unsupported));
        assert_eq!(to_vec(&vec![("a", 1)]), Err(Unsupported));
    }

    #[test]
    fn text_is_put_together_whatever_its_length() {
        for length in 0..600 {
            let part = "xy".repeat(length);
            assert_eq!(to_text(&format_args!("{part}ä{part}")), format!("{part}ä{part}"));
            assert_eq!((owned(&part), owned(&format!("x{part}ä"))), (part.clone(), format!("x{part}ä")));
        }
    }
}
