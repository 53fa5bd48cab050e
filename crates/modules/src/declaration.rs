//! What a module says that it has.

use std::collections::BTreeSet;
use std::fmt;

use quintet_lang::Type;
use quintet_lang::signature::{NilRule, Param, Pattern, Signature};
use quintet_lang::stdlib::ARGUMENTS_MOST;

use crate::text::Cursor;

/// The version of the contract between modules and this loader, which every declaration begins with.
pub(crate) const VERSION: &str = "1";

/// Bytes of a declaration, at most.
pub(crate) const TEXT_MOST: usize = 64 << 10;

/// Fields of a parser, at most.
const FIELDS_MOST: usize = 64;

/// Bytes of a name, at most.
const NAME_MOST: usize = 100;

/// What a module has: functions, parsers and formatters, in the order of its text. The text begins with the version, and holds a line each:
///
/// ```text
/// quintet 1
/// /// The Shannon entropy in bits per byte.
/// fn bits(s: Bytes) -> Float
/// fn first(a: Int?, b: Int?) -> Int?
/// parser mqtt(tcp.payload) -> { mqtt.type: Int, mqtt.topic: Bytes } on tcp.port in {1883}
/// formatter cef(rule: Bytes, ip.src: Array<Ip>?) -> Bytes
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Declaration {
    items: Vec<Item>,
}

/// One thing that a module has.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its name, and that of the export that it is.
    pub name: String,
    /// What it takes and answers.
    pub shape: Shape,
    /// What it does, for people.
    pub doc: String,
}

/// What an item takes and answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A function that rules may call.
    Function {
        /// What it takes; a field is a name and a type here.
        params: Vec<Field>,
        /// The type of its results.
        result: Type,
        /// Whether it answers nil although no argument is.
        may_be_nil: bool,
    },
    /// A parser of a field of Bytes, whose results are fields themselves.
    Parser {
        /// The field that it parses.
        input: String,
        /// The fields that it sets; a record may lack any of them.
        fields: Vec<Field>,
        /// The rule that says which records it parses; all that have the input where there is none.
        condition: Option<String>,
    },
    /// A formatter of what rules found, for outputs.
    Formatter {
        /// Fields of the record, and `rule`, the name of the rule.
        params: Vec<Field>,
    },
}

/// A parameter, or a field that a parser sets.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Of a parameter, whether it may be nil; of a field, nothing: a record may lack it.
    pub nullable: bool,
}

/// Why a text is no declaration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the declaration: {message}")]
pub struct DeclarationError {
    line: usize,
    message: String,
}

impl DeclarationError {
    /// The line that is at fault, from 1.
    pub fn line(&self) -> usize {
        self.line
    }
}

impl Declaration {
    /// Reads the text of a declaration. A text may be several after one another, each of which begins with the version.
    ///
    /// # Errors
    /// Names the line that is at fault.
    pub fn parse(text: &str) -> Result<Declaration, DeclarationError> {
        if text.len() > TEXT_MOST {
            return Err(DeclarationError { line: 1, message: format!("it has {} bytes; at most {TEXT_MOST} are allowed", text.len()) });
        }
        let mut reader = Reader { cursor: Cursor::new(text), items: Vec::new() };
        let read = reader.read();
        let line = reader.cursor.line();
        read.map_err(|message| DeclarationError { line, message })?;
        let mut declaration = Declaration { items: reader.items };
        declaration.distinct().map_err(|message| DeclarationError { line, message })?;
        // The linker that puts pieces together says nothing about their order.
        declaration.items.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(declaration)
    }

    /// All that it has, by name.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Whether all names of functions, fields and items are of one thing each.
    fn distinct(&self) -> Result<(), String> {
        let mut names = BTreeSet::new();
        for item in &self.items {
            if !names.insert(item.name.as_str()) {
                return Err(format!("`{}` is declared twice", item.name));
            }
        }
        for item in &self.items {
            let fields = if let Shape::Parser { fields, .. } = &item.shape { fields.as_slice() } else { &[] };
            if let Some(twice) = fields.iter().find(|field| !names.insert(field.name.as_str())) {
                return Err(format!("the field `{}` of parser `{}` has a name that is taken", twice.name, item.name));
            }
        }
        Ok(())
    }
}

impl Item {
    /// The signature of a function; none of the others, which rules do not call.
    pub fn signature(&self) -> Option<Signature> {
        let Shape::Function { params, result, may_be_nil } = &self.shape else { return None };
        let handled = params.iter().any(|param| param.nullable);
        let params = params.iter().map(|param| Param::new(&param.name, param.ty.clone())).collect();
        let mut signature = Signature::new(&self.name, params, result.clone()).doc(&self.doc);
        if handled {
            signature.nil = NilRule::Handled;
        }
        signature.may_be_nil = *may_be_nil;
        signature.result = Pattern::Exact(result.clone());
        Some(signature)
    }

    /// What it is given.
    pub(crate) fn params(&self) -> &[Field] {
        match &self.shape {
            Shape::Function { params, .. } | Shape::Formatter { params } => params,
            Shape::Parser { .. } => &[],
        }
    }
}

/// Reads a text.
struct Reader<'t> {
    cursor: Cursor<'t>,
    items: Vec<Item>,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), String> {
        let mut version = false;
        loop {
            let doc = self.cursor.between();
            if self.cursor.is_done() {
                let missing = || "it is empty; it begins with the version: `quintet 1`".to_owned();
                return if version { Ok(()) } else { Err(missing()) };
            }
            let word = self.cursor.name();
            self.cursor.blanks();
            match word {
                "quintet" => {
                    let it = self.cursor.name();
                    if it != VERSION {
                        return Err(format!("it is of version `{it}` of the contract, and this loader knows version {VERSION}"));
                    }
                    version = true;
                }
                _ if !version => return Err("it begins with the version: `quintet 1`".into()),
                "fn" => self.function(doc)?,
                "parser" => self.parser(doc)?,
                "formatter" => self.formatter(doc)?,
                _ => return Err(format!("it has `{}`, where `fn`, `parser` or `formatter` should be", word.escape_debug())),
            }
            let rest = self.cursor.line_rest();
            if !rest.is_empty() && !rest.starts_with('#') {
                return Err("a line goes on where it should end".into());
            }
        }
    }

    fn function(&mut self, doc: String) -> Result<(), String> {
        let name = self.named()?;
        let params = self.fields('(', ')')?;
        if params.len() > ARGUMENTS_MOST {
            return Err(format!("`{name}` has {} parameters; at most {ARGUMENTS_MOST} are allowed", params.len()));
        }
        self.arrow()?;
        let (result, nullable) = self.ty(&[' ', '\t', '\r', '\n', '#'])?;
        if !(result.is_primitive() || matches!(&result, Type::Array(element) if element.is_primitive())) {
            return Err(format!("`{name}` answers {result}; results are Bool, Int, Float, Bytes, Ip, or an array of one of these"));
        }
        // Where it is called with nil for what may be nil, it may be given nil for what may not.
        let may_be_nil = nullable || params.iter().any(|param| param.nullable);
        self.items.push(Item { name, shape: Shape::Function { params, result, may_be_nil }, doc });
        Ok(())
    }

    fn parser(&mut self, doc: String) -> Result<(), String> {
        let name = self.named()?;
        self.expect("(")?;
        self.cursor.blanks();
        let input = self.word("the field that it parses")?;
        self.cursor.blanks();
        self.expect(")")?;
        self.arrow()?;
        let fields = self.fields('{', '}')?;
        if fields.is_empty() || fields.len() > FIELDS_MOST {
            return Err(format!("parser `{name}` has {} fields; it must have 1 to {FIELDS_MOST}", fields.len()));
        }
        if let Some(field) = fields.iter().find(|field| field.nullable || !answered(&field.ty)) {
            let it = format!("the field `{}` is {}{}", field.name, field.ty, if field.nullable { "?" } else { "" });
            return Err(format!("{it}; fields are Bool, Int, Float, Bytes, Ip, or an array of one of these, and a record may lack any"));
        }
        self.cursor.blanks();
        let condition = self.cursor.takes("on ").then(|| self.cursor.line_rest().to_owned());
        if condition.as_ref().is_some_and(String::is_empty) {
            return Err(format!("parser `{name}` has no condition after `on`"));
        }
        self.items.push(Item { name, shape: Shape::Parser { input, fields, condition }, doc });
        Ok(())
    }

    fn formatter(&mut self, doc: String) -> Result<(), String> {
        let name = self.named()?;
        let params = self.fields('(', ')')?;
        if params.len() > ARGUMENTS_MOST {
            return Err(format!("formatter `{name}` has {} parameters; at most {ARGUMENTS_MOST} are allowed", params.len()));
        }
        self.arrow()?;
        match self.ty(&[' ', '\t', '\r', '\n', '#'])? {
            (Type::Bytes, false) => {}
            (ty, _) => return Err(format!("formatter `{name}` answers {ty}; a formatter answers Bytes")),
        }
        self.items.push(Item { name, shape: Shape::Formatter { params }, doc });
        Ok(())
    }

    /// Names with their types, between two brackets.
    fn fields(&mut self, open: char, close: char) -> Result<Vec<Field>, String> {
        self.cursor.blanks();
        self.expect(&open.to_string())?;
        let mut fields: Vec<Field> = Vec::new();
        loop {
            self.cursor.between();
            if self.cursor.takes(&close.to_string()) {
                return Ok(fields);
            }
            let name = self.word("a name")?;
            self.cursor.blanks();
            self.expect(":")?;
            self.cursor.blanks();
            let (ty, nullable) = self.ty(&[',', close, '\n', '#'])?;
            if fields.iter().any(|field| field.name == name) {
                return Err(format!("`{name}` is there twice"));
            }
            fields.push(Field { name, ty, nullable });
            self.cursor.between();
            if self.cursor.takes(&close.to_string()) {
                return Ok(fields);
            }
            if !self.cursor.takes(",") {
                return Err(format!("there is {}, where `,` or `{close}` should be", self.cursor.shown()));
            }
        }
    }

    fn ty(&mut self, ends: &[char]) -> Result<(Type, bool), String> {
        let text = self.cursor.until(ends);
        let (text, nullable) = text.strip_suffix('?').map_or((text, false), |text| (text.trim_end(), true));
        Ok((text.parse::<Type>().map_err(|e| e.to_string())?, nullable))
    }

    fn arrow(&mut self) -> Result<(), String> {
        self.cursor.blanks();
        self.expect("->")?;
        self.cursor.blanks();
        Ok(())
    }

    fn named(&mut self) -> Result<String, String> {
        let name = self.word("a name")?;
        self.cursor.blanks();
        Ok(name)
    }

    /// A name as a scheme takes it.
    fn word(&mut self, what: &str) -> Result<String, String> {
        let name = self.cursor.name();
        if name.is_empty() || name.split('.').any(str::is_empty) {
            return Err(format!("there is {}, where {what} should be", self.cursor.shown()));
        }
        if name.len() > NAME_MOST {
            return Err(format!("a name has {} bytes; at most {NAME_MOST} are allowed", name.len()));
        }
        Ok(name.to_owned())
    }

    fn expect(&mut self, what: &str) -> Result<(), String> {
        if self.cursor.takes(what) { Ok(()) } else { Err(format!("there is {}, where `{what}` should be", self.cursor.shown())) }
    }
}

/// Whether values of a type can be answered.
fn answered(ty: &Type) -> bool {
    ty.is_primitive() || matches!(ty, Type::Array(element) if element.is_primitive())
}

/// The text that reads back as the same: one line an item, by name, with what is for people above.
impl fmt::Display for Declaration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "quintet {VERSION}")?;
        self.items.iter().try_for_each(|item| write!(f, "{item}"))
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |fields: &[Field]| fields.iter().map(Field::to_string).collect::<Vec<_>>().join(", ");
        if !self.doc.is_empty() {
            writeln!(f, "/// {}", self.doc)?;
        }
        let name = &self.name;
        match &self.shape {
            Shape::Function { params, result, may_be_nil } => {
                writeln!(f, "fn {name}({}) -> {result}{}", joined(params), if *may_be_nil { "?" } else { "" })
            }
            Shape::Parser { input, fields, condition } => {
                write!(f, "parser {name}({input}) -> {{ {} }}", joined(fields))?;
                condition.iter().try_for_each(|condition| write!(f, " on {condition}"))?;
                writeln!(f)
            }
            Shape::Formatter { params } => writeln!(f, "formatter {name}({}) -> Bytes", joined(params)),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}{}", self.name, self.ty, if self.nullable { "?" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_prints_as_what_reads_back() {
        let text = "
            # a comment
            quintet 1
            /// The Shannon entropy.
            /// In bits per byte.
            fn bits(s: Bytes) -> Float
            quintet 1
            fn first(a: Int?, b: Array<Map<Ip>>) -> Array<Bytes>   # and a comment here
            fn none() -> Bool
            parser mqtt(tcp.payload) -> {
                mqtt.type: Int,
                mqtt.topics: Array<Bytes>,
            } on tcp.port in {1883 8883}
            parser all(udp.payload) -> { all.x: Ip }
            formatter cef(rule: Bytes, ip.src: Array<Ip>?) -> Bytes";
        let declaration = Declaration::parse(text).unwrap();
        let printed = "quintet 1\n\
            parser all(udp.payload) -> { all.x: Ip }\n\
            /// The Shannon entropy. In bits per byte.\n\
            fn bits(s: Bytes) -> Float\n\
            formatter cef(rule: Bytes, ip.src: Array<Ip>?) -> Bytes\n\
            fn first(a: Int?, b: Array<Map<Ip>>) -> Array<Bytes>?\n\
            parser mqtt(tcp.payload) -> { mqtt.type: Int, mqtt.topics: Array<Bytes> } on tcp.port in {1883 8883}\n\
            fn none() -> Bool\n";
        assert_eq!(declaration.to_string(), printed);
        assert_eq!(Declaration::parse(printed), Ok(declaration));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let many = format!("quintet 1\nfn f({}) -> Int", (0..40).map(|i| format!("p{i}: Int, ")).collect::<String>());
        for (text, message) in [
            ("", "line 1 of the declaration: it is empty; it begins with the version: `quintet 1`"),
            ("fn f() -> Int", "line 1 of the declaration: it begins with the version: `quintet 1`"),
            ("quintet 2", "line 1 of the declaration: it is of version `2` of the contract, and this loader knows version 1"),
            ("quintet 1\nfunction f", "line 2 of the declaration: it has `function`, where `fn`, `parser` or `formatter` should be"),
            (
                "quintet 1\nfn f(a: Str) -> Int",
                "line 2 of the declaration: `Str` is no type; types are Bool, Int, Float, Bytes, Ip, Array<...> and Map<...>",
            ),
            ("quintet 1\nfn f(a: Int, a: Int) -> Int", "line 2 of the declaration: `a` is there twice"),
            ("quintet 1\nfn f(a Int) -> Int", "line 2 of the declaration: there is `Int)`, where `:` should be"),
            (
                "quintet 1\nfn f(a: Int -> Int",
                "line 2 of the declaration: `Int -> Int` is no type; types are Bool, Int, Float, Bytes, Ip, Array<...> and Map<...>",
            ),
            (
                "quintet 1\nfn f() -> Map<Int>",
                "line 2 of the declaration: `f` answers Map<Int>; results are Bool, Int, Float, Bytes, Ip, or an array of one of these",
            ),
            ("quintet 1\nfn f() -> Int Int", "line 2 of the declaration: a line goes on where it should end"),
            ("quintet 1\nfn f() -> Int\nfn f() -> Int", "line 3 of the declaration: `f` is declared twice"),
            ("quintet 1\nparser p(a) -> { }", "line 2 of the declaration: parser `p` has 0 fields; it must have 1 to 64"),
            ("quintet 1\nparser p(a) -> { a: Int } on ", "line 2 of the declaration: parser `p` has no condition after `on`"),
            ("quintet 1\nformatter f() -> Int", "line 2 of the declaration: formatter `f` answers Int; a formatter answers Bytes"),
            (&many, "line 2 of the declaration: `f` has 40 parameters; at most 32 are allowed"),
        ] {
            assert_eq!(Declaration::parse(text).map_err(|e| e.to_string()), Err(message.to_owned()), "{text}");
        }
    }
}
