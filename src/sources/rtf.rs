//! Rich Text Format to plain text: what ERPs keep their notes in. Only the text is wanted: line
//! breaks and tabs stay, everything that is no text (fonts, colours, styles, pictures, fields'
//! instructions, hidden and deleted text) goes.
//!
//! One pass over the input, in linear time and with a bounded depth; nothing in the input can make it fail.
//! Bytes written as `\'xx` are read in the code page of the font in use, else of the document, else
//! in Windows-1252; `\uN` skips its fallback as `\ucN` says. Groups left open are closed by the end
//! of the text, closing braces without a group are dropped; where damage leaves nothing, the document comes back as it is.

use encoding_rs::Encoding;

/// Deeper groups than this are read as if they were not nested.
const DEPTH: usize = 256;

/// Fonts with their own code page that are remembered.
const FONTS: usize = 1024;

/// Whether a text is RTF: it begins so, after blanks.
pub(super) fn is_rtf(text: &str) -> bool {
    text.trim_start_matches(PADDING).starts_with("{\\rtf")
}

/// What may stand before a document.
const PADDING: [char; 6] = ['\u{feff}', ' ', '\t', '\r', '\n', '\0'];

/// The text of an RTF document, without trailing blanks and line breaks. What is no RTF comes back as it is.
pub(super) fn to_text(rtf: &str) -> String {
    if !is_rtf(rtf) {
        return rtf.to_owned();
    }
    let mut reader = Reader::new(rtf.trim_start_matches(PADDING));
    reader.read();
    let damaged = reader.swallowed && !reader.stack.is_empty();
    let text = reader.finish();
    // A group that is never closed may have swallowed all there is: better seen than lost.
    if damaged && text.is_empty() { rtf.to_owned() } else { text }
}

/// What holds inside a group, and comes back after it.
#[derive(Clone, Copy)]
struct State {
    /// Nothing here is text.
    skip: bool,
    /// `\v`: hidden text; `\deleted`.
    hidden: bool,
    /// Characters that stand for one `\uN`, for readers that do not know it.
    fallback: u32,
    /// The font in use.
    font: Option<i32>,
    /// In the font table, whose entries are fonts.
    fonts: bool,
}

/// One piece of the input.
enum Token<'a> {
    Open,
    Close,
    /// A control word and its number.
    Word(&'a str, Option<i32>),
    /// A control symbol.
    Symbol(char),
    /// `\'xx`
    Byte(u8),
    /// `\bin`'s bytes, already skipped.
    Binary,
    Text(&'a str),
}

struct Reader<'a> {
    rest: &'a str,
    out: String,
    state: State,
    stack: Vec<State>,
    /// Groups beyond [`DEPTH`].
    deeper: usize,
    page: &'static Encoding,
    fonts: Vec<(i32, &'static Encoding)>,
    /// Bytes of `\'xx` that may belong together.
    bytes: Vec<u8>,
    /// The first half of a character of two UTF-16 units.
    high: Option<u16>,
    /// Characters still to be skipped after `\uN`.
    skipping: u32,
    /// The next control word is a destination that may be unknown.
    starred: bool,
    /// The group has just been opened.
    opened: bool,
    /// Something that reads like text stood in a group without text.
    swallowed: bool,
}

impl<'a> Reader<'a> {
    fn new(rtf: &'a str) -> Self {
        Self {
            rest: rtf,
            out: String::with_capacity(rtf.len() / 2),
            state: State { skip: false, hidden: false, fallback: 1, font: None, fonts: false },
            stack: Vec::new(),
            deeper: 0,
            page: encoding_rs::WINDOWS_1252,
            fonts: Vec::new(),
            bytes: Vec::new(),
            high: None,
            skipping: 0,
            starred: false,
            opened: false,
            swallowed: false,
        }
    }

    fn read(&mut self) {
        let mut begun = false;
        while let Some(token) = self.next() {
            if !matches!(token, Token::Byte(_)) {
                self.flush();
            }
            let opened = std::mem::take(&mut self.opened);
            let starred = std::mem::take(&mut self.starred);
            match token {
                Token::Open => self.open(),
                Token::Close => {
                    self.close();
                    // The document is over: what follows is not its text.
                    if begun && self.stack.is_empty() && self.deeper == 0 && self.closes_document() {
                        return;
                    }
                }
                Token::Word(word, number) => {
                    begun = true;
                    self.word(word, number, opened, starred);
                }
                Token::Symbol('*') => self.starred = true,
                Token::Symbol(symbol) => self.symbol(symbol),
                Token::Byte(byte) => self.byte(byte),
                Token::Binary => self.skipping = self.skipping.saturating_sub(1),
                Token::Text(text) => self.text(text),
            }
        }
    }

    /// After the last closing brace: whether nothing but padding follows. Text behind a brace too many is
    /// text that somebody wrote.
    fn closes_document(&self) -> bool {
        self.rest.trim_matches(|c: char| c.is_whitespace() || c == '\0' || c == '}').is_empty()
    }

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let mut chars = self.rest.chars();
            let first = chars.next()?;
            match first {
                '{' => {
                    self.rest = chars.as_str();
                    return Some(Token::Open);
                }
                '}' => {
                    self.rest = chars.as_str();
                    return Some(Token::Close);
                }
                // Line breaks of the file are none of the text's.
                '\r' | '\n' | '\0' => self.rest = chars.as_str(),
                '\\' => {
                    self.rest = chars.as_str();
                    return self.control();
                }
                _ => {
                    let end = self.rest.find(['{', '}', '\\', '\r', '\n', '\0']).unwrap_or(self.rest.len());
                    let (text, rest) = self.rest.split_at(end);
                    self.rest = rest;
                    return Some(Token::Text(text));
                }
            }
        }
    }

    /// What follows a backslash.
    fn control(&mut self) -> Option<Token<'a>> {
        let mut chars = self.rest.chars();
        let first = chars.next()?;
        if first == '\'' {
            let digits = chars.as_str().as_bytes();
            let hex = |at: usize| digits.get(at).and_then(|d| char::from(*d).to_digit(16));
            if let (Some(high), Some(low)) = (hex(0), hex(1)) {
                self.rest = &chars.as_str()[2..];
                return Some(Token::Byte(u8::try_from(high * 16 + low).unwrap_or(b'?')));
            }
            self.rest = chars.as_str();
            return Some(Token::Symbol('\''));
        }
        if !first.is_ascii_alphabetic() {
            self.rest = chars.as_str();
            return Some(Token::Symbol(first));
        }
        let end = self.rest.bytes().position(|b| !b.is_ascii_alphabetic()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        let sign = usize::from(rest.starts_with('-'));
        let digits = rest[sign..].bytes().take_while(u8::is_ascii_digit).count();
        let mut number = None;
        self.rest = rest;
        if digits > 0 {
            let (text, rest) = rest.split_at(sign + digits);
            number = Some(text.parse().unwrap_or(if sign > 0 { i32::MIN } else { i32::MAX }));
            self.rest = rest;
        }
        self.rest = self.rest.strip_prefix(' ').unwrap_or(self.rest);
        if word == "bin" {
            // So many raw bytes follow; a text that was decoded has so many characters.
            let count = usize::try_from(number.unwrap_or(0)).unwrap_or(0);
            self.rest = self.rest.char_indices().nth(count).map_or("", |(at, _)| &self.rest[at..]);
            return Some(Token::Binary);
        }
        Some(Token::Word(word, number))
    }

    fn open(&mut self) {
        self.skipping = 0;
        if self.stack.len() < DEPTH {
            self.stack.push(self.state);
        } else {
            self.deeper += 1;
        }
        self.opened = true;
    }

    fn close(&mut self) {
        self.skipping = 0;
        if self.deeper > 0 {
            self.deeper -= 1;
        } else if let Some(state) = self.stack.pop() {
            self.state = state;
        }
    }

    fn word(&mut self, word: &str, number: Option<i32>, opened: bool, starred: bool) {
        if self.skipping > 0 && word != "u" {
            // A control word is one character of a fallback.
            self.skipping -= 1;
            return;
        }
        if starred && !matches!(word, "shptxt") {
            // A destination that a reader need not know: none that it does not know is text.
            self.state.skip = true;
            return;
        }
        let on = number != Some(0);
        match word {
            "fonttbl" => {
                self.state.skip = true;
                self.state.fonts = true;
            }
            _ if opened && is_destination(word) => self.state.skip = true,
            "ansicpg" => {
                if let Some(page) = number.and_then(code_page) {
                    self.page = page;
                }
            }
            "mac" => self.page = encoding_rs::MACINTOSH,
            "f" => self.state.font = number,
            "plain" => self.state.hidden = false,
            "fcharset" if self.state.fonts => {
                if let (Some(font), Some(page)) = (self.state.font, number.and_then(charset))
                    && self.fonts.len() < FONTS
                {
                    self.fonts.push((font, page));
                }
            }
            "v" | "deleted" => self.state.hidden = on,
            "uc" => self.state.fallback = number.and_then(|n| u32::try_from(n).ok()).unwrap_or(1).min(64),
            "u" => {
                if let Some(unit) = number {
                    self.unit(unit);
                }
                self.skipping = self.state.fallback;
            }
            "par" | "line" | "sect" | "page" | "row" | "column" => self.put('\n'),
            "tab" | "cell" | "nestcell" => self.put('\t'),
            "nestrow" => self.put('\n'),
            "emdash" => self.put('—'),
            "endash" => self.put('–'),
            "emspace" | "enspace" | "qmspace" => self.put(' '),
            "bullet" => self.put('•'),
            "lquote" => self.put('‘'),
            "rquote" => self.put('’'),
            "ldblquote" => self.put('“'),
            "rdblquote" => self.put('”'),
            _ => {}
        }
    }

    fn symbol(&mut self, symbol: char) {
        if self.skipping > 0 {
            self.skipping -= 1;
            return;
        }
        match symbol {
            '\\' | '{' | '}' => self.put(symbol),
            '~' => self.put('\u{a0}'),
            '_' => self.put('\u{2011}'),
            '\r' => {
                self.put('\n');
                self.rest = self.rest.strip_prefix('\n').unwrap_or(self.rest);
            }
            '\n' => self.put('\n'),
            '\t' => self.put('\t'),
            // Where a word may be broken; index entries; formulas; anything unknown.
            _ => {}
        }
    }

    /// One UTF-16 unit, written as a signed number.
    fn unit(&mut self, number: i32) {
        let Ok(unit) = u16::try_from(if number < 0 { number.saturating_add(65536) } else { number }) else {
            return;
        };
        let units = match (self.high.take(), unit) {
            (_, 0xd800..=0xdbff) => {
                self.high = Some(unit);
                return;
            }
            (Some(high), _) => vec![high, unit],
            (None, _) => vec![unit],
        };
        for c in char::decode_utf16(units).flatten() {
            self.put(c);
        }
    }

    fn byte(&mut self, byte: u8) {
        if self.skipping > 0 {
            self.skipping -= 1;
        } else if !self.state.skip && !self.state.hidden {
            self.bytes.push(byte);
        }
    }

    /// Decodes the bytes collected so far.
    fn flush(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        let of_font = self.state.font.and_then(|f| self.fonts.iter().rfind(|(font, _)| *font == f));
        let page = of_font.map_or(self.page, |(_, page)| *page);
        let (text, _) = page.decode_without_bom_handling(&self.bytes);
        self.out.push_str(&text);
        self.bytes.clear();
    }

    fn text(&mut self, text: &str) {
        let mut text = text;
        while self.skipping > 0 {
            let mut chars = text.chars();
            if chars.next().is_none() {
                return;
            }
            self.skipping -= 1;
            text = chars.as_str();
        }
        if !self.state.skip && !self.state.hidden {
            self.out.push_str(text);
        } else if text.contains(char::is_alphanumeric) {
            self.swallowed = true;
        }
    }

    fn put(&mut self, c: char) {
        if !self.state.skip && !self.state.hidden {
            self.out.push(c);
        }
    }

    fn finish(mut self) -> String {
        self.flush();
        let kept = self.out.trim_end().len();
        self.out.truncate(kept);
        self.out
    }
}

/// Groups that hold no text of the document, whether or not they are starred.
fn is_destination(word: &str) -> bool {
    matches!(
        word,
        "colortbl"
            | "stylesheet"
            | "info"
            | "pict"
            | "nonshppict"
            | "object"
            | "objdata"
            | "fldinst"
            | "header"
            | "headerl"
            | "headerr"
            | "headerf"
            | "footer"
            | "footerl"
            | "footerr"
            | "footerf"
            | "footnote"
            | "ftnsep"
            | "ftnsepc"
            | "ftncn"
            | "annotation"
            | "atnid"
            | "atnauthor"
            | "listtable"
            | "listoverridetable"
            | "listtext"
            | "pntext"
            | "pntxta"
            | "pntxtb"
            | "revtbl"
            | "rsidtbl"
            | "generator"
            | "filetbl"
            | "xmlnstbl"
            | "themedata"
            | "datastore"
            | "latentstyles"
            | "tc"
            | "xe"
            | "bkmkstart"
            | "bkmkend"
    )
}

/// The encoding of a Windows code page.
fn code_page(page: i32) -> Option<&'static Encoding> {
    Some(match page {
        1252 | 850 | 437 | 28591 | 28605 => encoding_rs::WINDOWS_1252,
        10000 => encoding_rs::MACINTOSH,
        65001 => encoding_rs::UTF_8,
        932 => encoding_rs::SHIFT_JIS,
        936 => encoding_rs::GBK,
        949 => encoding_rs::EUC_KR,
        950 => encoding_rs::BIG5,
        866 => encoding_rs::IBM866,
        874 | 1250 | 1251 | 1253..=1258 => Encoding::for_label(format!("windows-{page}").as_bytes())?,
        _ => return None,
    })
}

/// The encoding of a font's character set. The default one (1) and symbols (2) say nothing.
fn charset(set: i32) -> Option<&'static Encoding> {
    code_page(match set {
        0 => 1252,
        77 => 10000,
        128 => 932,
        129 => 949,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        _ => return None,
    })
}

#[cfg(test)]
#[path = "rtf_tests.rs"]
mod tests;
