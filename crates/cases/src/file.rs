//! Case files: expressions, contexts, and what a reference (wirefilter) made of them.
//!
//! A file has one JSON object a line. Each has `id` and `expr`, and either brings its own `scheme`, `lists` and `settings`, or uses those
//! of a first line with `"header": true`, which may name contexts for the cases to refer to.
//!
//! ```no_run
//! for case in quintet_cases::cases("wirefilter_cases.jsonl")? {
//!     let case = case?;
//!     println!("{}: {} on {} contexts", case.id, case.expr, case.runs.len());
//! }
//! # Ok::<(), quintet_cases::CaseError>(())
//! ```
//!
//! # Mandatory fields
//! In wirefilter a mandatory field that a context lacks is a panic when it is evaluated, and goes unnoticed when short-circuiting hides
//! it. Here such a record could not be finished. So a field that some context of a case lacks, although the case has a result for that
//! context, is declared optional; what wirefilter lets pass can then be run. Contexts on which wirefilter panics are kept with the
//! field that is missing ([`Run::lacks`]): refusing the record is the right answer there.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use quintet_lang::signature::{Param, Signature};
use quintet_lang::{Limits, Scheme, Type};
use quintet_runtime::{ArenaKind, ArrayRef, Batch, BytesSet, IntSet, IpSet, Library, Lists, OwnedValue, RecordError, SetMatcher, Value};
use serde_json::Value as Json;

use crate::record::{Record, batch};

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its line in the file, from 1.
    pub line: usize,
    /// Its name.
    pub id: String,
    /// The expression.
    pub expr: String,
    /// What it is about.
    pub note: String,
    /// Whether wirefilter accepts it.
    pub parse_ok: bool,
    /// What it is checked and linked with.
    pub setting: Arc<Setting>,
    /// The contexts and what wirefilter makes of the expression there.
    pub runs: Vec<Run>,
}

/// What cases are checked and linked with; cases with the same share one.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The scheme.
    pub scheme: Scheme,
    /// The lists.
    pub lists: Lists,
    /// The limits.
    pub limits: Limits,
}

/// One context.
#[derive(Clone, Debug)]
pub struct Run {
    /// The context's name, or its place in the case.
    pub context: String,
    /// The context as a record.
    pub record: Record,
    /// A mandatory field that it lacks, if it does and wirefilter panics on it.
    pub lacks: Option<String>,
    /// What wirefilter makes of it.
    pub expected: Expected,
}

/// What wirefilter makes of an expression in a context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// A result.
    Result(bool),
    /// A panic with this message.
    Panic(String),
}

/// Why a file cannot be read on.
#[derive(Debug, thiserror::Error)]
#[error("{}:{line}: {message}", path.display())]
pub struct CaseError {
    path: PathBuf,
    line: usize,
    message: String,
}

impl CaseError {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The line, from 1; 0 where the file cannot be opened.
    pub fn line(&self) -> usize {
        self.line
    }
}

impl Setting {
    /// The record of a run as a batch.
    ///
    /// # Errors
    /// A mandatory field is missing.
    pub fn batch<'r>(&self, records: impl IntoIterator<Item = &'r Record>, kind: ArenaKind) -> Result<Batch, RecordError> {
        batch(&self.scheme, records, kind)
    }

    /// Declares the lists that an expression names. In wirefilter an expression may name any list where there are lists of the type; one
    /// that nobody filled holds nothing.
    fn declare_lists(&self, expr: &str) {
        let program = if expr.contains('$') { quintet_lang::compile(expr, &self.scheme, &self.limits).ok() } else { None };
        for list in program.into_iter().flat_map(|p| p.lists) {
            // The language's names of lists are those that can be declared.
            let _ = self.lists.declare(&list.name, list.ty);
        }
    }
}

/// The functions that the corpus uses: `concat` is the standard one, the others are defined by the corpus.
pub fn library() -> Library {
    let (standard, mut library) = (Library::standard(), Library::empty());
    let bytes = |name: &str| Param::new(name, Type::Bytes);
    let dynamic = |name: &str| bytes(name).dynamic();
    // The bodies of these are the standard functions'; but for `concat` the forms of their arguments are narrower.
    let concat = standard.signatures().into_iter().find(|s| s.name == "concat");
    let narrow = [
        Signature::new("lower", vec![dynamic("text")], Type::Bytes),
        Signature::new("upper", vec![dynamic("text")], Type::Bytes),
        Signature::new("len", vec![dynamic("text")], Type::Int),
        Signature::new("starts_with", vec![dynamic("text"), bytes("prefix")], Type::Bool),
        Signature::new("ends_with", vec![dynamic("text"), bytes("suffix").literal()], Type::Bool),
    ];
    for signature in narrow.into_iter().chain(concat) {
        if let Some(bind) = standard.get(&signature.name).cloned() {
            library.bind(signature, Shared(bind));
        }
    }
    let constant = |i| quintet_lang::ast::Const::Int(i);
    let optional = |name: &str| Param::new(name, Type::Int).literal().default(constant(0));
    library
        .function(Signature::new("echo", vec![dynamic("text"), optional("a"), optional("b")], Type::Bytes), |args, _| {
            Ok(args.first().copied().unwrap_or(Value::Nil))
        })
        .function(Signature::new("array", vec![dynamic("text")], Type::array(Type::Bytes)), |args, scratch| {
            Ok(Value::Array(ArrayRef::Built(scratch.values(args)?)))
        })
        .function(Signature::new("add", vec![Param::new("a", Type::Int).dynamic(), Param::new("b", Type::Int)], Type::Int), |args, _| {
            Ok(match args {
                [Value::Int(a), Value::Int(b)] => Value::Int(a.wrapping_add(*b)),
                _ => Value::Nil,
            })
        });
    library
}

/// A function of another library under a signature of its own.
struct Shared(Arc<dyn quintet_runtime::Bind>);

impl quintet_runtime::Bind for Shared {
    fn bind(&self, site: &quintet_lang::ast::Site) -> Result<Arc<dyn quintet_runtime::Function>, String> {
        self.0.bind(site)
    }
}

/// The cases of a file, in order.
///
/// # Errors
/// When the file cannot be opened. Lines that are malformed are errors of the iterator.
pub fn cases(path: impl AsRef<Path>) -> Result<Cases, CaseError> {
    let path = path.as_ref().to_owned();
    match File::open(&path) {
        Ok(file) => Ok(Cases {
            path,
            lines: BufReader::new(file).lines(),
            line: 0,
            library: library(),
            header: None,
            contexts: HashMap::new(),
            settings: HashMap::new(),
        }),
        Err(e) => Err(CaseError { path, line: 0, message: e.to_string() }),
    }
}

/// The cases of a file.
pub struct Cases {
    path: PathBuf,
    lines: io::Lines<BufReader<File>>,
    line: usize,
    library: Library,
    /// The first line, where it says what all cases share.
    header: Option<Json>,
    /// The contexts of the header.
    contexts: HashMap<String, Json>,
    /// The settings so far, by what they are made of.
    settings: HashMap<String, Arc<Setting>>,
}

impl fmt::Debug for Cases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cases").field("path", &self.path).field("line", &self.line).finish_non_exhaustive()
    }
}

impl Iterator for Cases {
    type Item = Result<Case, CaseError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = self.lines.next()?;
            self.line += 1;
            // A byte order mark may stand before the first line.
            let case = line.map_err(|e| e.to_string()).and_then(|line| match line.strip_prefix('\u{feff}') {
                Some(line) if self.line == 1 => self.read(line),
                _ => self.read(&line),
            });
            match case {
                Ok(None) => {}
                Ok(Some(case)) => return Some(Ok(case)),
                Err(message) => return Some(Err(CaseError { path: self.path.clone(), line: self.line, message })),
            }
        }
    }
}

/// A field as the file declares it.
struct Declared {
    name: String,
    ty: Type,
    optional: bool,
}

impl Cases {
    /// The case in a line, if it is none of the others.
    fn read(&mut self, line: &str) -> Result<Option<Case>, String> {
        if line.trim().is_empty() {
            return Ok(None);
        }
        let mut json: Json = serde_json::from_str(line).map_err(|e| e.to_string())?;
        if json.get("header").and_then(Json::as_bool) == Some(true) {
            if let Some(Json::Object(contexts)) = json.get_mut("contexts").map(Json::take) {
                self.contexts = contexts.into_iter().collect();
            }
            self.header = Some(json);
            return Ok(None);
        }
        let text = |key: &str| json.get(key).and_then(Json::as_str);
        let source =
            if json.get("scheme").is_some() { &json } else { self.header.as_ref().ok_or("neither a scheme nor a header before")? };
        let declared = declared(source.get("scheme").unwrap_or(&Json::Null))?;
        let mut runs = Vec::new();
        for (i, run) in json.get("runs").and_then(Json::as_array).into_iter().flatten().enumerate() {
            let context = run.get("ctx").unwrap_or(&Json::Null);
            let (name, values) = match context.as_str() {
                Some(name) => (name.to_owned(), self.contexts.get(name).ok_or_else(|| format!("there is no context `{name}`"))?),
                None => (format!("#{i}"), context),
            };
            let expected = match (run.get("result").and_then(Json::as_bool), run.get("panic")) {
                (Some(result), _) => Expected::Result(result),
                (None, Some(message)) => Expected::Panic(message.as_str().map_or_else(|| message.to_string(), str::to_owned)),
                (None, None) => return Err(format!("run {i} has neither `result` nor `panic`")),
            };
            let record = record(&declared, values)?;
            let lacks = declared.iter().find(|f| !f.optional && !record.contains_key(&f.name)).map(|f| f.name.clone());
            runs.push(Run { context: name, record, lacks, expected });
        }
        // See the module's documentation.
        let mut hidden = BTreeSet::new();
        for run in &mut runs {
            if matches!(run.expected, Expected::Result(_)) {
                run.lacks = None;
                let missing = declared.iter().filter(|f| !f.optional && !run.record.contains_key(&f.name));
                hidden.extend(missing.map(|f| f.name.clone()));
            }
        }
        let (lists, settings) = (source.get("lists"), json.get("settings").or_else(|| source.get("settings")));
        let key = format!("{}\n{:?}\n{:?}\n{hidden:?}", source.get("scheme").unwrap_or(&Json::Null), lists, settings);
        let setting = match self.settings.get(&key) {
            Some(setting) => setting.clone(),
            None => {
                let setting = Arc::new(setting(&declared, &hidden, lists, settings, &self.library)?);
                self.settings.insert(key, setting.clone());
                setting
            }
        };
        let expr = text("expr").ok_or("there is no `expr`")?.to_owned();
        setting.declare_lists(&expr);
        Ok(Some(Case {
            line: self.line,
            id: text("id").ok_or("there is no `id`")?.to_owned(),
            expr,
            note: text("note").unwrap_or_default().to_owned(),
            parse_ok: json.get("parse_ok").and_then(Json::as_bool).ok_or("there is no `parse_ok`")?,
            setting,
            runs,
        }))
    }
}

fn declared(scheme: &Json) -> Result<Vec<Declared>, String> {
    let fields = scheme.as_object().ok_or("the scheme is no object")?;
    let field = |(name, json): (&String, &Json)| {
        let optional = json.get("optional").and_then(Json::as_bool).unwrap_or(false);
        Ok(Declared { name: name.clone(), ty: ty(json.get("type").unwrap_or(json))?, optional })
    };
    fields.iter().map(field).collect()
}

fn ty(json: &Json) -> Result<Type, String> {
    Ok(match json {
        Json::String(name) => match name.as_str() {
            "Bool" => Type::Bool,
            "Int" => Type::Int,
            "Float" => Type::Float,
            "Bytes" => Type::Bytes,
            "Ip" => Type::Ip,
            _ => return Err(format!("`{name}` is no type")),
        },
        _ => match (json.get("Array"), json.get("Map")) {
            (Some(element), None) => Type::array(ty(element)?),
            (None, Some(element)) => Type::map(ty(element)?),
            _ => return Err(format!("{json} is no type")),
        },
    })
}

fn record(declared: &[Declared], values: &Json) -> Result<Record, String> {
    let mut record = Record::new();
    for (name, value) in values.as_object().ok_or("a context is no object")? {
        let field = declared.iter().find(|f| f.name == *name).ok_or_else(|| format!("the scheme has no field `{name}`"))?;
        record.insert(name.clone(), OwnedValue::from_json(&field.ty, value).map_err(|e| format!("{name}: {e}"))?);
    }
    Ok(record)
}

fn setting(
    declared: &[Declared],
    hidden: &BTreeSet<String>,
    lists: Option<&Json>,
    settings: Option<&Json>,
    library: &Library,
) -> Result<Setting, String> {
    let mut builder = Scheme::builder().functions(library.signatures());
    for field in declared {
        builder = match field.optional || hidden.contains(&field.name) {
            true => builder.optional(&field.name, field.ty.clone()),
            false => builder.mandatory(&field.name, field.ty.clone()),
        };
    }
    let filled = Lists::new();
    for (name, named) in lists.and_then(Json::as_object).into_iter().flatten() {
        let ty = ty(&Json::String(name.clone()))?;
        builder = builder.lists(ty.clone());
        for (name, members) in named.as_object().into_iter().flatten() {
            filled.replace(name, members_of(&ty, members)?).map_err(|e| e.to_string())?;
        }
    }
    let mut limits = Limits::default();
    let number = |key: &str| settings.and_then(|s| s.get(key)).and_then(Json::as_u64).map(|n| n as usize);
    limits.nesting = number("max_nesting_depth").unwrap_or(limits.nesting);
    limits.wildcard_stars = number("wildcard_star_limit").unwrap_or(limits.wildcard_stars);
    limits.regex_bytes = number("regex_compiled_size_limit").unwrap_or(limits.regex_bytes);
    if let Some(value) = settings.and_then(|s| s.get("nil_not_equal")).and_then(Json::as_bool) {
        builder = builder.nil_not_equal(value);
    }
    Ok(Setting { scheme: builder.build().map_err(|e| e.to_string())?, lists: filled, limits })
}

fn members_of(ty: &Type, members: &Json) -> Result<SetMatcher, String> {
    let members = members.as_array().ok_or("a list is no array")?.iter();
    let members = members.map(|m| OwnedValue::from_json(ty, m)).collect::<Result<Vec<_>, _>>().map_err(|e| e.to_string())?;
    let ints = || members.iter().filter_map(|m| if let OwnedValue::Int(i) = m { Some((*i, *i)) } else { None });
    let ips = || members.iter().filter_map(|m| if let OwnedValue::Ip(ip) = m { Some((*ip, *ip)) } else { None });
    let bytes = || members.iter().filter_map(|m| if let OwnedValue::Bytes(b) = m { Some(b.as_slice()) } else { None });
    Ok(match ty {
        Type::Int => SetMatcher::Int(IntSet::new(ints())),
        Type::Ip => SetMatcher::Ip(IpSet::new(ips())),
        Type::Bytes => SetMatcher::Bytes(BytesSet::new(bytes())),
        _ => return Err(format!("there are no lists of {ty}")),
    })
}
