//! Programs as JSON, with a version.
//!
//! Fields and functions are written by name, so a program can be read against any scheme that has them with the same types. What is
//! read is [validated](crate::validate) in full.
//!
//! Expressions are taken apart into a list of `nodes`: each stands after its parts and refers to them as `{"node": place}`, and a rule's
//! `expr` is the place of its last node. So the JSON is flat however deep a rule nests. Statements stand as they are, with places of nodes
//! for their expressions.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ast::{Expr, ExprKind, Frame, Function, ListRef, LocalId, Program, Regex, Rule, Set, Site, Span, Stmt, Table, Wildcard};
use crate::scheme::{FieldId, FunctionId, Scheme};
use crate::state::{Meta, Stateful, fields};
use crate::types::Type;
use crate::validate::{HARD_DEPTH, Invalid, validate};

const FORMAT: &str = "quintet-ast";
const VERSION: u32 = 4;

/// Why a text is no program for a scheme.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The text is not JSON of this form.
    #[error("this is no program: {0}")]
    Malformed(String),
    /// The text says that it is something else, or of another version.
    #[error("this is `{format}`, version {version}; only `quintet-ast`, version 4 can be read")]
    Version {
        /// The format that it names.
        format: String,
        /// Its version.
        version: u32,
    },
    /// The scheme lacks what the program uses.
    #[error("the scheme has no {0}")]
    Missing(String),
    /// The program breaks a rule of the AST.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

#[derive(Serialize, Deserialize)]
struct UsedField {
    name: String,
    #[serde(rename = "type")]
    ty: Type,
}

#[derive(Serialize, Deserialize)]
struct Document {
    format: String,
    version: u32,
    /// Fields and functions that are used: ids in the rules are places in here.
    fields: Vec<UsedField>,
    functions: Vec<String>,
    /// Expressions, each after its parts.
    nodes: Vec<Value>,
    rules: Vec<FlatRule>,
    script: Vec<FlatFunction>,
    tables: Vec<Table>,
    sets: Vec<Set>,
    lists: Vec<ListRef>,
    regexes: Vec<Regex>,
    wildcards: Vec<Wildcard>,
    needles: Vec<Vec<u8>>,
    sites: Vec<Site>,
    /// Tables, whose fields are among those above, and what is done with them.
    state: Stateful,
}

#[derive(Serialize, Deserialize)]
struct FlatRule {
    name: String,
    meta: Vec<Meta>,
    frame: Frame,
    /// Statements, whose expressions are places in `nodes`.
    before: Vec<Value>,
    /// A place in `nodes`.
    expr: usize,
    span: Span,
}

#[derive(Serialize, Deserialize)]
struct FlatFunction {
    /// The function without its statements.
    head: Function,
    /// Statements, whose expressions are places in `nodes`.
    body: Vec<Value>,
}

/// Only what tells whether the rest can be read.
#[derive(Deserialize)]
struct Header {
    format: String,
    version: u32,
}

impl Program {
    /// The program as JSON that [`Program::from_json`] reads.
    pub fn to_json(&self) -> String {
        let used = self.used_fields();
        let mut functions: Vec<FunctionId> = self.sites.iter().map(|s| s.function).collect();
        functions.sort();
        functions.dedup();
        let mut nodes = Vec::new();
        let mut taken = |expr: &Expr| {
            let mut expr = expr.clone();
            expr.remap_fields(&mut |id| used.binary_search(&id).ok().map(|i| FieldId(i as u32)));
            take_apart(expr, &mut nodes)
        };
        let flat = |rule: &Rule| FlatRule {
            name: rule.name.clone(),
            meta: rule.meta.clone(),
            frame: rule.frame.clone(),
            before: flat_block(&rule.before, &mut taken),
            expr: taken(&rule.expr),
            span: rule.span,
        };
        let rules = self.rules.iter().map(flat).collect();
        let flat = |function: &Function| FlatFunction {
            head: Function { body: Vec::new(), ..function.clone() },
            body: flat_block(&function.body, &mut taken),
        };
        let script = self.functions.iter().map(flat).collect();
        let mut sites = self.sites.clone();
        for site in &mut sites {
            site.function = FunctionId(functions.binary_search(&site.function).unwrap_or_default() as u32);
        }
        let field = |id: &FieldId| UsedField { name: self.scheme.field(*id).name.clone(), ty: self.scheme.field(*id).ty.clone() };
        let document = Document {
            format: FORMAT.into(),
            version: VERSION,
            fields: used.iter().map(field).collect(),
            functions: functions.iter().map(|id| self.scheme.function(*id).name.clone()).collect(),
            nodes,
            rules,
            script,
            tables: self.tables.clone(),
            sets: self.sets.clone(),
            lists: self.lists.clone(),
            regexes: self.regexes.clone(),
            wildcards: self.wildcards.clone(),
            needles: self.needles.clone(),
            sites,
            state: self.state.clone(),
        };
        // Nothing in it can fail to be written: all keys are strings.
        let mut value = serde_json::to_value(&document).unwrap_or_default();
        floats(&mut value, &|float| float.as_f64().map(|f| Value::String(format!("{f:?}"))));
        value.to_string()
    }

    /// The program that a JSON text holds, for this scheme.
    ///
    /// # Errors
    /// See [`JsonError`].
    pub fn from_json(text: &str, scheme: &Scheme) -> Result<Program, JsonError> {
        let malformed = |e: serde_json::Error| JsonError::Malformed(e.to_string());
        let mut value: Value = serde_json::from_str(text).map_err(malformed)?;
        let Header { format, version } = Header::deserialize(&value).map_err(malformed)?;
        if format != FORMAT || version != VERSION {
            return Err(JsonError::Version { format, version });
        }
        // Texts keep every bit of a float; numbers of JSON may not.
        floats(&mut value, &|text| text.as_str()?.parse().ok().and_then(serde_json::Number::from_f64).map(Value::Number));
        let mut document: Document = serde_json::from_value(value).map_err(malformed)?;
        let tables = document.state.states.iter().map(|state| state.kind.field(&state.name));
        if let Some(state) = document.state.states.iter().find(|state| scheme.field_id(&state.name).is_some()) {
            return Err(JsonError::Malformed(format!("the table `{}` has the name of a field", state.name)));
        }
        let scheme = &match document.state.states.is_empty() {
            true => scheme.clone(),
            false => scheme.records().with_tables(fields(tables, document.rules.iter().map(|rule| rule.name.as_str()))),
        };
        let field = |used: &UsedField| {
            let id = scheme.field_id(&used.name).filter(|id| scheme.field(*id).ty == used.ty);
            id.ok_or_else(|| JsonError::Missing(format!("field `{}` of type {}", used.name, used.ty)))
        };
        let used: Vec<FieldId> = document.fields.iter().map(field).collect::<Result<_, _>>()?;
        let function = |name: &String| scheme.function_id(name).ok_or_else(|| JsonError::Missing(format!("function `{name}`")));
        let functions: Vec<FunctionId> = document.functions.iter().map(function).collect::<Result<_, _>>()?;
        let unlisted = || JsonError::Malformed("an id stands for no field or function of the text".into());
        let mut nodes = put_together(document.nodes)?;
        let mut rules = Vec::with_capacity(document.rules.len());
        let mut put = |place: usize| {
            let mut expr = nodes.get_mut(place).and_then(Option::take).ok_or_else(misplaced)?;
            if !expr.remap_fields(&mut |id| used.get(id.0 as usize).copied()) {
                return Err(unlisted());
            }
            Ok(expr)
        };
        for FlatRule { name, meta, frame, before, expr, span } in document.rules {
            rules.push(Rule { name, meta, frame, before: read_block(before, &mut put)?, expr: put(expr)?, span });
        }
        let mut script = Vec::with_capacity(document.script.len());
        for FlatFunction { head, body } in document.script {
            script.push(Function { body: read_block(body, &mut put)?, ..head });
        }
        for site in &mut document.sites {
            site.function = *functions.get(site.function.0 as usize).ok_or_else(unlisted)?;
        }
        let program = Program {
            scheme: scheme.clone(),
            rules,
            sets: document.sets,
            lists: document.lists,
            regexes: document.regexes,
            wildcards: document.wildcards,
            needles: document.needles,
            sites: document.sites,
            functions: script,
            tables: document.tables,
            state: document.state,
        };
        validate(&program)?;
        Ok(program)
    }
}

/// Statements with the places of their expressions.
fn flat_block(block: &[Stmt], taken: &mut dyn FnMut(&Expr) -> usize) -> Vec<Value> {
    let flat = |stmt: &Stmt| {
        let mut stmt = stmt.clone();
        stmt.exprs_mut(&mut |e| *e = reference(taken(e)));
        // Nothing in it can fail to be written: all keys are strings.
        let mut value = serde_json::to_value(&stmt).unwrap_or_default();
        replace(&mut value["kind"], &mut |value| is_part(value).then(|| json!({ "node": value["kind"]["Local"] })));
        value
    };
    block.iter().map(flat).collect()
}

/// Statements whose expressions stand at places.
fn read_block(block: Vec<Value>, put: &mut dyn FnMut(usize) -> Result<Expr, JsonError>) -> Result<Vec<Stmt>, JsonError> {
    let read = |mut value: Value| {
        replace(&mut value, &mut |value| referred(value));
        let mut stmt: Stmt = serde_json::from_value(value).map_err(|e| JsonError::Malformed(e.to_string()))?;
        let mut all = Ok(());
        stmt.exprs_mut(&mut |e| {
            let found = match e.kind {
                ExprKind::Local(LocalId(place)) => put(place as usize),
                _ => Err(misplaced()),
            };
            match found {
                Ok(found) => *e = found,
                Err(error) => all = Err(error),
            }
        });
        all.map(|()| stmt)
    };
    block.into_iter().map(read).collect()
}

/// Whether a value is an expression.
fn is_part(value: &Value) -> bool {
    value.get("nullable").is_some() && value.get("kind").is_some()
}

/// The stand-in for the node that a value refers to.
fn referred(value: &Value) -> Option<Value> {
    let place = value.get("node").and_then(Value::as_u64).filter(|place| *place <= u64::from(u32::MAX))?;
    serde_json::to_value(reference(place as usize)).ok()
}

fn misplaced() -> JsonError {
    JsonError::Malformed("a part of an expression is the place of an earlier node that nothing else refers to".into())
}

/// Stands in an expression for the part at this place in `nodes`.
fn reference(place: usize) -> Expr {
    Expr { kind: ExprKind::Local(LocalId(place as u32)), ty: Type::Bool, nullable: false, span: Span::default() }
}

/// Appends an expression to `nodes`, after its parts, and answers its place.
fn take_apart(mut e: Expr, nodes: &mut Vec<Value>) -> usize {
    e.children_mut(&mut |child| {
        let part = std::mem::replace(child, reference(0));
        *child = reference(take_apart(part, nodes));
    });
    // Nothing in it can fail to be written: all keys are strings.
    let mut node = serde_json::to_value(&e).unwrap_or_default();
    replace(&mut node["kind"], &mut |value| is_part(value).then(|| json!({ "node": value["kind"]["Local"] })));
    nodes.push(node);
    nodes.len() - 1
}

/// The expressions of `nodes`, by place; what is a part of another is no longer there.
fn put_together(nodes: Vec<Value>) -> Result<Vec<Option<Expr>>, JsonError> {
    let malformed = |e: serde_json::Error| JsonError::Malformed(e.to_string());
    let mut whole: Vec<Option<Expr>> = Vec::with_capacity(nodes.len());
    let mut depths: Vec<usize> = Vec::with_capacity(nodes.len());
    for mut node in nodes {
        replace(&mut node, &mut |value| referred(value));
        let mut e: Expr = serde_json::from_value(node).map_err(malformed)?;
        let (mut depth, mut found) = (1, true);
        e.children_mut(&mut |child| {
            let ExprKind::Local(LocalId(place)) = child.kind else {
                found = false;
                return;
            };
            match whole.get_mut(place as usize).and_then(Option::take) {
                Some(part) => {
                    depth = depth.max(depths[place as usize] + 1);
                    *child = part;
                }
                None => found = false,
            }
        });
        if !found {
            return Err(misplaced());
        }
        if depth > HARD_DEPTH {
            return Err(JsonError::Malformed(format!("more than {HARD_DEPTH} expressions stand inside one another")));
        }
        whole.push(Some(e));
        depths.push(depth);
    }
    Ok(whole)
}

/// Replaces every value, outermost first, for which there is another.
fn replace(value: &mut Value, new: &mut dyn FnMut(&Value) -> Option<Value>) {
    if let Some(replaced) = new(value) {
        *value = replaced;
        return;
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|v| replace(v, new)),
        Value::Object(entries) => entries.values_mut().for_each(|v| replace(v, new)),
        _ => {}
    }
}

/// Replaces what stands in `{"Float": ...}`.
fn floats(value: &mut Value, new: &dyn Fn(&Value) -> Option<Value>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|v| floats(v, new)),
        Value::Object(entries) => {
            let single = entries.len() == 1;
            for (key, value) in entries.iter_mut() {
                match new(value).filter(|_| single && key == "Float") {
                    Some(replaced) => *value = replaced,
                    None => floats(value, new),
                }
            }
        }
        _ => {}
    }
}
