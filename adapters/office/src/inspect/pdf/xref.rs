//! The table of objects of a PDF (ISO 32000-1, 7.5.4 to 7.5.8), and looking objects up in it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::inspect::damage::Damage;

use super::lex::{Lexer, Work, is_space, unsigned};
use super::stream::{Predictor, Room, undo};
use super::value::{Piece, Value, read};

/// Parts of tables in a file: some more for each time that it was changed.
const MAX_SECTIONS: usize = 16_384;
/// References that lead to references.
const MAX_STEPS: usize = 16;
/// Where the last table is named: the last kilobyte (ISO 32000-1, annex H, note 18), and some room for junk.
const TAIL_BYTES: usize = 2048;
/// Bytes of an entry of a table.
const ENTRY_BYTES: usize = 20;
/// Most bytes of a row of a table in a stream.
const MAX_COLUMNS: usize = 64;
/// Most objects in one stream.
const MAX_OBJECTS: usize = 100_000;

/// An opened file.
pub(super) struct Pdf {
    bytes: Rc<Vec<u8>>,
    sections: Vec<Section>,
    pub(super) trailer: Trailer,
    unpacked: RefCell<BTreeMap<u32, Rc<Objects>>>,
    work: Work,
    room: Room,
}

/// What the newest trailer says.
#[derive(Default)]
pub(super) struct Trailer {
    root: Option<Value>,
    info: Option<Value>,
    pub(super) encrypted: bool,
}

enum Section {
    Table { first: u64, count: u64, at: usize },
    Stream { first: u64, count: u64, widths: [usize; 3], rows: Rc<Vec<u8>>, from: usize },
}

/// Objects that lie in a stream: number and place of each.
struct Objects {
    bytes: Rc<Vec<u8>>,
    places: Vec<(u64, usize)>,
}

enum Place {
    At(usize),
    In { stream: u32, index: usize },
}

impl Pdf {
    pub(super) fn open(bytes: Vec<u8>) -> Result<Self, Damage> {
        let mut pdf = Self {
            bytes: Rc::new(bytes),
            sections: Vec::new(),
            trailer: Trailer::default(),
            unpacked: RefCell::default(),
            work: Work::new(),
            room: Room::new(),
        };
        let tail = pdf.bytes.len().saturating_sub(TAIL_BYTES);
        let mark = b"startxref";
        let last = pdf.bytes[tail..].windows(mark.len()).rposition(|window| window == mark);
        let Some(last) = last else {
            return Err(Damage::broken("its end is missing: no `startxref` in the last 2048 bytes"));
        };
        let start = Lexer::new(&pdf.bytes, tail + last + mark.len(), &pdf.work).number()?;
        let mut open = vec![start.ok_or_else(|| Damage::broken("`startxref` names no place"))?];
        let mut seen = BTreeSet::new();
        while let Some(at) = open.pop() {
            if !seen.insert(at) {
                continue;
            }
            if seen.len() > MAX_SECTIONS {
                return Err(Damage::bomb(format!("more than {MAX_SECTIONS} parts of tables of objects")));
            }
            let at = usize::try_from(at).ok().filter(|at| *at < pdf.bytes.len());
            let at = at.ok_or_else(|| Damage::broken("a table of objects lies behind the end"))?;
            open.extend(pdf.section(at)?);
        }
        Ok(pdf)
    }

    /// Reads the table at a place, and says where older ones are; the last is to be read first.
    fn section(&mut self, at: usize) -> Result<Vec<u64>, Damage> {
        let bytes = Rc::clone(&self.bytes);
        let is_table = bytes[at..].iter().find(|byte| !is_space(**byte)) == Some(&b'x');
        let dict = if is_table { self.table(&bytes, at)? } else { self.stream_table(&bytes, at)? };
        let newest = &mut self.trailer;
        let value = |key: &[u8]| dict.get(key, &self.work);
        newest.root = newest.root.take().or(value(b"Root")?);
        newest.info = newest.info.take().or(value(b"Info")?);
        newest.encrypted |= value(b"Encrypt")?.is_some();
        let mut older = Vec::new();
        for key in [b"Prev".as_slice(), b"XRefStm"] {
            if let Some(Value::Number(at)) = value(key)? {
                older.extend(u64::try_from(at));
            }
        }
        Ok(older)
    }

    fn table(&mut self, bytes: &Rc<Vec<u8>>, at: usize) -> Result<Piece, Damage> {
        let broken = || Damage::broken("the table of objects is damaged");
        let mut lexer = Lexer::new(bytes, at, &self.work);
        if !lexer.is_word(b"xref")? {
            return Err(broken());
        }
        loop {
            let before = lexer.at;
            let Some(first) = lexer.number()? else {
                lexer.at = before;
                if !lexer.is_word(b"trailer")? {
                    return Err(broken());
                }
                return match read(bytes, lexer.at, &self.work)?.0 {
                    Value::Dict(dict) => Ok(dict),
                    _ => Err(broken()),
                };
            };
            let count = lexer.number()?.ok_or_else(broken)?;
            let gap = bytes[lexer.at..].iter().take_while(|byte| is_space(**byte)).count();
            let at = lexer.at + gap;
            let end = usize::try_from(count)
                .ok()
                .and_then(|count| count.checked_mul(ENTRY_BYTES)?.checked_add(at))
                .filter(|end| *end <= bytes.len())
                .ok_or_else(broken)?;
            if self.sections.len() == MAX_SECTIONS {
                return Err(Damage::bomb(format!("more than {MAX_SECTIONS} parts of tables of objects")));
            }
            self.sections.push(Section::Table { first, count, at });
            lexer.at = end;
        }
    }

    fn stream_table(&mut self, bytes: &Rc<Vec<u8>>, at: usize) -> Result<Piece, Damage> {
        let broken = || Damage::broken("the stream with the table of objects is damaged");
        let (value, end) = self.object_at(bytes, at, None)?;
        let Value::Dict(dict) = value else { return Err(broken()) };
        let numbers = |key: &[u8]| -> Result<Option<Vec<u64>>, Damage> {
            let Some(Value::List(list)) = dict.get(key, &self.work)? else { return Ok(None) };
            let items = list.items(&self.work)?;
            let number = |item: &Value| match item {
                Value::Number(number) => u64::try_from(*number).ok(),
                _ => None,
            };
            items.iter().map(number).collect::<Option<Vec<_>>>().map(Some).ok_or_else(broken)
        };
        let widths = numbers(b"W")?.ok_or_else(broken)?;
        let [one, two, three] = widths[..] else { return Err(broken()) };
        if [one, two, three].iter().any(|width| *width > 8) {
            return Err(broken());
        }
        let widths = [one as usize, two as usize, three as usize];
        let row: usize = widths.iter().sum();
        let size = match dict.get(b"Size", &self.work)? {
            Some(Value::Number(size)) => u64::try_from(size).map_err(|_| broken())?,
            _ => return Err(broken()),
        };
        let index = numbers(b"Index")?.unwrap_or_else(|| vec![0, size]);
        let rows = Rc::new(self.unpack(&dict, end)?);
        let mut from = 0;
        for pair in index.chunks_exact(2) {
            if row == 0 || self.sections.len() >= MAX_SECTIONS {
                return Err(broken());
            }
            let (first, count) = (pair[0], pair[1]);
            self.sections.push(Section::Stream { first, count, widths, rows: Rc::clone(&rows), from });
            let bytes = usize::try_from(count).ok().and_then(|count| count.checked_mul(row));
            from = bytes.and_then(|bytes| from.checked_add(bytes)).ok_or_else(broken)?;
        }
        Ok(dict)
    }

    /// The value of the object that begins at a place, and where it ends; with this number, if one is given.
    fn object_at(
        &self,
        bytes: &Rc<Vec<u8>>,
        at: usize,
        number: Option<u32>,
    ) -> Result<(Value, usize), Damage> {
        let mut lexer = Lexer::new(bytes, at, &self.work);
        let found = lexer.number()?;
        let is_object = found.is_some() && lexer.number()?.is_some() && lexer.is_word(b"obj")?;
        if !is_object || number.is_some_and(|number| found != Some(u64::from(number))) {
            return Err(Damage::broken("an object is not where the table of objects says"));
        }
        read(bytes, lexer.at, &self.work)
    }

    /// The unpacked bytes of the stream whose dictionary ends at a place of the file.
    fn unpack(&self, dict: &Piece, end: usize) -> Result<Vec<u8>, Damage> {
        let broken = || Damage::broken("a stream of objects is damaged");
        let mut lexer = Lexer::new(&self.bytes, end, &self.work);
        if !lexer.is_word(b"stream")? {
            return Err(broken());
        }
        let rest = &self.bytes[lexer.at..];
        let rest = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).ok_or_else(broken)?;
        let length = match self.get_outside(dict, b"Length")? {
            Some(Value::Number(length)) => usize::try_from(length).ok(),
            _ => None,
        };
        let packed = length.and_then(|length| rest.get(..length)).ok_or_else(broken)?;
        let filter = match self.get_outside(dict, b"Filter")? {
            Some(Value::List(list)) => match &self.items(&list)?[..] {
                [] => None,
                [Value::Name(one)] => Some(Value::Name(one.clone())),
                _ => return Err(Damage::broken("a stream of objects is packed in a way that is not read")),
            },
            filter => filter,
        };
        let bytes = match filter {
            Some(Value::Name(name)) if matches!(&*name, b"FlateDecode" | b"Fl") => {
                self.room.inflate(packed)?
            }
            None => packed.to_vec(),
            _ => return Err(Damage::broken("a stream of objects is packed in a way that is not read")),
        };
        match self.predictor(dict)? {
            Some(predictor) => undo(&bytes, predictor),
            None => Ok(bytes),
        }
    }

    fn predictor(&self, dict: &Piece) -> Result<Option<Predictor>, Damage> {
        let parameters = match self.get_outside(dict, b"DecodeParms")? {
            Some(Value::Dict(parameters)) => parameters,
            Some(Value::List(list)) => match self.items(&list)?.first() {
                Some(Value::Dict(parameters)) => parameters.clone(),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        let number = |key: &[u8], default| match self.get_outside(&parameters, key)? {
            Some(Value::Number(number)) => Ok(usize::try_from(number).unwrap_or_default()),
            _ => Ok(default),
        };
        let columns = number(b"Columns", 1)?;
        match number(b"Predictor", 1)? {
            0 | 1 => Ok(None),
            10.. if (1..=MAX_COLUMNS).contains(&columns) => Ok(Some(Predictor { columns })),
            _ => Err(Damage::broken("a stream of objects has a predictor that is not read")),
        }
    }

    fn place(&self, number: u32) -> Result<Option<Place>, Damage> {
        let wanted = u64::from(number);
        self.work.spend(self.sections.len())?;
        for section in &self.sections {
            let (first, count) = match section {
                Section::Table { first, count, .. } | Section::Stream { first, count, .. } => {
                    (*first, *count)
                }
            };
            let Some(index) = wanted.checked_sub(first).filter(|index| *index < count) else { continue };
            let Ok(index) = usize::try_from(index) else { continue };
            match section {
                Section::Table { at, .. } => {
                    let entry = at + index * ENTRY_BYTES;
                    let offset = self.bytes.get(entry..entry + 10).and_then(unsigned);
                    let used = self.bytes.get(entry + 17) == Some(&b'n');
                    return Ok(offset
                        .filter(|_| used)
                        .and_then(|at| Some(Place::At(usize::try_from(at).ok()?))));
                }
                Section::Stream { widths, rows, from, .. } => {
                    let row: usize = widths.iter().sum();
                    let at = index.checked_mul(row).and_then(|at| at.checked_add(*from));
                    let Some(row) = at.and_then(|at| rows.get(at..at.checked_add(row)?)) else { continue };
                    return Ok(place_in(row, *widths));
                }
            }
        }
        Ok(None)
    }

    /// The objects of a stream, unpacked once.
    fn objects(&self, stream: u32) -> Result<Rc<Objects>, Damage> {
        if let Some(known) = self.unpacked.borrow().get(&stream) {
            return Ok(Rc::clone(known));
        }
        let broken = || Damage::broken("a stream of objects is damaged");
        if self.trailer.encrypted {
            return Err(Damage::broken("a stream of objects is encrypted"));
        }
        // A stream of objects lies in no other.
        let Some(Place::At(at)) = self.place(stream)? else { return Err(broken()) };
        let (Value::Dict(dict), end) = self.object_at(&self.bytes, at, Some(stream))? else {
            return Err(broken());
        };
        let number = |key: &[u8]| match dict.get(key, &self.work)? {
            Some(Value::Number(number)) => usize::try_from(number).map_err(|_| broken()),
            _ => Err(broken()),
        };
        let (count, first) = (number(b"N")?, number(b"First")?);
        if count > MAX_OBJECTS {
            return Err(Damage::bomb(format!("a stream of more than {MAX_OBJECTS} objects")));
        }
        let bytes = Rc::new(self.unpack(&dict, end)?);
        let mut lexer = Lexer::new(&bytes, 0, &self.work);
        let mut places = Vec::with_capacity(count.min(bytes.len() / 4));
        for _ in 0..count {
            let (Some(number), Some(at)) = (lexer.number()?, lexer.number()?) else { return Err(broken()) };
            let at = usize::try_from(at).ok().and_then(|at| first.checked_add(at)).ok_or_else(broken)?;
            places.push((number, at));
        }
        let objects = Rc::new(Objects { bytes, places });
        self.unpacked.borrow_mut().insert(stream, Rc::clone(&objects));
        Ok(objects)
    }

    /// The value, after following references.
    pub(super) fn resolved(&self, value: Value) -> Result<Value, Damage> {
        self.followed(value, |stream, index, number| {
            let objects = self.objects(stream)?;
            match objects.places.get(index) {
                Some((found, at)) if *found == u64::from(number) => {
                    Ok(read(&objects.bytes, *at, &self.work)?.0)
                }
                _ => Err(Damage::broken("an object is not where the table of objects says")),
            }
        })
    }

    /// The value of a key of a stream that holds objects. It lies in no such stream itself (ISO 32000-1, 7.5.7), and
    /// following it there could go on for ever.
    fn get_outside(&self, dict: &Piece, key: &[u8]) -> Result<Option<Value>, Damage> {
        let inside =
            |_, _, _| Err(Damage::broken("what describes a stream of objects lies in such a stream"));
        dict.get(key, &self.work)?.map(|value| self.followed(value, inside)).transpose()
    }

    fn followed(
        &self,
        mut value: Value,
        in_stream: impl Fn(u32, usize, u32) -> Result<Value, Damage>,
    ) -> Result<Value, Damage> {
        for _ in 0..MAX_STEPS {
            let Value::Ref(number) = value else { return Ok(value) };
            value = match self.place(number)? {
                // ISO 32000-1, 7.3.10: a reference to an object that is not there is null.
                None => return Ok(Value::Other),
                Some(Place::At(at)) => self.object_at(&self.bytes, at, Some(number))?.0,
                Some(Place::In { stream, index }) => in_stream(stream, index, number)?,
            };
        }
        Err(Damage::broken("references lead in a circle"))
    }

    /// The value of a key, after following references.
    pub(super) fn get(&self, dict: &Piece, key: &[u8]) -> Result<Option<Value>, Damage> {
        dict.get(key, &self.work)?.map(|value| self.resolved(value)).transpose()
    }

    /// The items of a list, as they stand there.
    pub(super) fn items(&self, list: &Piece) -> Result<Vec<Value>, Damage> {
        list.items(&self.work)
    }

    pub(super) fn root(&self) -> Result<Piece, Damage> {
        match self.trailer.root.clone().map(|root| self.resolved(root)).transpose()? {
            Some(Value::Dict(root)) => Ok(root),
            _ => Err(Damage::broken("it has no catalog")),
        }
    }

    pub(super) fn info(&self) -> Result<Option<Value>, Damage> {
        self.trailer.info.clone().map(|info| self.resolved(info)).transpose()
    }
}

/// ISO 32000-1, table 18: type, then offset or stream, then generation or index.
fn place_in(row: &[u8], widths: [usize; 3]) -> Option<Place> {
    let field = |from: usize, width: usize| {
        row[from..from + width].iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte))
    };
    let kind = if widths[0] == 0 { 1 } else { field(0, widths[0]) };
    let (second, third) = (field(widths[0], widths[1]), field(widths[0] + widths[1], widths[2]));
    match kind {
        1 => Some(Place::At(usize::try_from(second).ok()?)),
        2 => Some(Place::In { stream: u32::try_from(second).ok()?, index: usize::try_from(third).ok()? }),
        _ => None,
    }
}
