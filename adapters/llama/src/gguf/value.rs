//! The values of metadata.

use std::io::Read;

use serde_json::{Number, Value};

use super::GgufFault;
use super::cursor::Cursor;

/// Longest text in bytes; the longest that are in use are chat templates.
const LONGEST_TEXT: u64 = 16 * 1024 * 1024;
/// Most elements of an array; the largest in use are merges of vocabularies.
const MOST_ELEMENTS: u64 = 8 * 1024 * 1024;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum MetaValue {
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    F32(f32),
    Flag(bool),
    Text(String),
    U64(u64),
    I64(i64),
    F64(f64),
    Array(Array),
}

/// An array: all its elements are of one type, and none is an array, which llama.cpp cannot read either.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Array {
    Texts(Vec<String>),
    /// Values that are no texts.
    Values(Vec<MetaValue>),
}

const TEXT: u32 = 8;
const ARRAY: u32 = 9;

impl MetaValue {
    /// Reads type and value.
    pub(super) fn read<R: Read>(cursor: &mut Cursor<R>) -> Result<Self, GgufFault> {
        match cursor.u32()? {
            ARRAY => {
                let kind = cursor.u32()?;
                Ok(Self::Array(Array::read(cursor, kind)?))
            }
            kind => Self::read_one(cursor, kind),
        }
    }

    fn read_one<R: Read>(cursor: &mut Cursor<R>, kind: u32) -> Result<Self, GgufFault> {
        if kind == TEXT {
            return Ok(Self::Text(cursor.string(LONGEST_TEXT)?));
        }
        let mut bytes = [0; 8];
        let width = width(kind).ok_or_else(|| unknown(cursor, kind))?;
        cursor.exactly(&mut bytes[..width])?;
        let [a, b, c, d, ..] = bytes;
        Ok(match kind {
            0 => Self::U8(a),
            1 => Self::I8(i8::from_le_bytes([a])),
            2 => Self::U16(u16::from_le_bytes([a, b])),
            3 => Self::I16(i16::from_le_bytes([a, b])),
            4 => Self::U32(u32::from_le_bytes([a, b, c, d])),
            5 => Self::I32(i32::from_le_bytes([a, b, c, d])),
            6 => Self::F32(f32::from_le_bytes([a, b, c, d])),
            7 if a <= 1 => Self::Flag(a == 1),
            7 => return Err(cursor.fault(format!("a truth value is {a}; it is 0 or 1"))),
            10 => Self::U64(u64::from_le_bytes(bytes)),
            11 => Self::I64(i64::from_le_bytes(bytes)),
            _ => Self::F64(f64::from_le_bytes(bytes)),
        })
    }

    /// As a whole number that is not negative.
    pub(crate) fn number(&self) -> Option<u64> {
        match *self {
            Self::U8(value) => Some(value.into()),
            Self::U16(value) => Some(value.into()),
            Self::U32(value) => Some(value.into()),
            Self::U64(value) => Some(value),
            Self::I8(value) => u64::try_from(value).ok(),
            Self::I16(value) => u64::try_from(value).ok(),
            Self::I32(value) => u64::try_from(value).ok(),
            Self::I64(value) => u64::try_from(value).ok(),
            _ => None,
        }
    }

    /// As JSON. Numbers that JSON has no exact form for are texts.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::U8(value) => (*value).into(),
            Self::I8(value) => (*value).into(),
            Self::U16(value) => (*value).into(),
            Self::I16(value) => (*value).into(),
            Self::U32(value) => (*value).into(),
            Self::I32(value) => (*value).into(),
            Self::F32(value) => float(f64::from(*value)),
            Self::Flag(value) => (*value).into(),
            Self::Text(value) => value.as_str().into(),
            Self::U64(value) if *value > EXACT => value.to_string().into(),
            Self::U64(value) => (*value).into(),
            Self::I64(value) if value.unsigned_abs() > EXACT => value.to_string().into(),
            Self::I64(value) => (*value).into(),
            Self::F64(value) => float(*value),
            Self::Array(array) => array.to_json(),
        }
    }
}

/// The largest whole number up to which every JSON reader is exact, 2^53.
const EXACT: u64 = 1 << 53;

fn float(value: f64) -> Value {
    Number::from_f64(value).map_or_else(|| value.to_string().into(), Value::Number)
}

impl Array {
    fn read<R: Read>(cursor: &mut Cursor<R>, kind: u32) -> Result<Self, GgufFault> {
        if kind == ARRAY {
            return Err(cursor.fault("it is an array of arrays, which is not read"));
        }
        let count = cursor.count("elements", MOST_ELEMENTS)?;
        if kind == TEXT {
            // The shortest text is its length.
            cursor.expect(count.saturating_mul(8))?;
            return (0..count)
                .map(|_| cursor.string(LONGEST_TEXT))
                .collect::<Result<_, _>>()
                .map(Self::Texts);
        }
        let width = width(kind).ok_or_else(|| unknown(cursor, kind))?;
        cursor.expect(count.saturating_mul(width as u64))?;
        (0..count).map(|_| MetaValue::read_one(cursor, kind)).collect::<Result<_, _>>().map(Self::Values)
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Values(values) => values.len(),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Texts(texts) => texts.iter().map(|text| Value::from(text.as_str())).collect(),
            Self::Values(values) => values.iter().map(MetaValue::to_json).collect(),
        }
    }
}

/// Bytes of a value that is neither text nor array.
fn width(kind: u32) -> Option<usize> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

fn unknown<R: Read>(cursor: &Cursor<R>, kind: u32) -> GgufFault {
    cursor.fault(format!("it is of type {kind}, which the format does not have"))
}
