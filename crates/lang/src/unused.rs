//! Names that a text defines and never uses. What is read is found in the syntax tree, as a writer sees it: the checker makes locals of its
//! own and leaves out what is never reached.

use std::collections::{BTreeSet, HashMap};

use crate::diagnostic::Diagnostic;
use crate::syntax::{Block, Expr, ExprKind, File, Function, Item, Name, Over, RuleBody, Stmt, StmtKind, TypeKind, TypeName};

/// The constants, functions, parameters and locals that nothing uses, but for those whose names begin with `_`.
pub(crate) fn unused(file: &File) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    // What each item uses of the others, so that what only unused functions use is found too.
    let uses: Vec<BTreeSet<&str>> = file.items.iter().map(|item| Scan::item(item, &mut found)).collect();
    let rules = file.rules().next().is_some();
    let defined: HashMap<&str, usize> =
        file.items.iter().enumerate().filter(|(_, item)| !is_rule(item)).map(|(at, item)| (name(item), at)).collect();
    // In a text without rules, the host is to call the functions.
    let entry = |item: &Item| is_rule(item) || !rules && matches!(item, Item::Function(_));
    let mut used: Vec<bool> = file.items.iter().map(entry).collect();
    let mut open: Vec<usize> = (0..used.len()).filter(|at| used[*at]).collect();
    while let Some(at) = open.pop() {
        for next in uses[at].iter().filter_map(|name| defined.get(name)) {
            if !std::mem::replace(&mut used[*next], true) {
                open.push(*next);
            }
        }
    }
    let idle = file.items.iter().zip(used).filter(|(_, used)| !used).map(|(item, _)| item);
    found.extend(idle.filter(|item| reported(item.name())).map(|item| {
        let Name { text, span } = item.name();
        match item {
            Item::Constant(_) => Diagnostic::warning("unused-constant", *span, format!("no rule uses the constant `{text}`")),
            Item::Function(_) | Item::Rule(_) => {
                Diagnostic::warning("unused-function", *span, format!("no rule uses the function `{text}`"))
            }
        }
        .help(format!("remove it, or name it `_{text}`"))
    }));
    found
}

fn is_rule(item: &Item) -> bool {
    matches!(item, Item::Rule(_))
}

fn name<'s>(item: &Item<'s>) -> &'s str {
    item.name().text
}

fn reported(name: &Name) -> bool {
    !name.text.starts_with('_')
}

/// What a local was made by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Parameter,
    Let,
    Loop,
}

struct Local<'f> {
    name: &'f Name<'f>,
    kind: Kind,
    read: bool,
    set: bool,
}

/// What one item uses.
#[derive(Default)]
struct Scan<'f> {
    locals: Vec<Local<'f>>,
    /// The locals that can be named, outermost block first.
    scopes: Vec<HashMap<&'f str, usize>>,
    /// Names that are no locals'.
    uses: BTreeSet<&'f str>,
}

impl<'f> Scan<'f> {
    /// The names beside its own locals that an item uses; locals that are never read are put among the findings.
    fn item(item: &'f Item, found: &mut Vec<Diagnostic>) -> BTreeSet<&'f str> {
        let mut scan = Scan::default();
        match item {
            Item::Constant(constant) => {
                scan.ty(&constant.ty);
                scan.expr(&constant.value);
            }
            Item::Function(function) => scan.function(function),
            Item::Rule(rule) => match &rule.body {
                RuleBody::Expr(e) => scan.expr(e),
                RuleBody::Block(block) => scan.block(block),
            },
        }
        found.extend(scan.locals.iter().filter(|local| !local.read && reported(local.name)).map(finding));
        scan.uses
    }

    fn function(&mut self, function: &'f Function) {
        self.scopes.push(HashMap::new());
        for (name, ty) in &function.params {
            self.ty(ty);
            self.declare(name, Kind::Parameter);
        }
        function.results.iter().for_each(|ty| self.ty(ty));
        self.block(&function.body);
    }

    fn declare(&mut self, name: &'f Name<'f>, kind: Kind) {
        self.locals.push(Local { name, kind, read: false, set: false });
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.text, self.locals.len() - 1);
        }
    }

    fn local(&mut self, name: &str) -> Option<&mut Local<'f>> {
        let at = *self.scopes.iter().rev().find_map(|scope| scope.get(name))?;
        self.locals.get_mut(at)
    }

    fn ty(&mut self, ty: &'f TypeName) {
        if let TypeKind::List(element, len) = &ty.kind {
            self.ty(element);
            len.iter().for_each(|len| self.expr(len));
        }
    }

    fn expr(&mut self, e: &'f Expr) {
        e.walk(&mut |e| match &e.kind {
            ExprKind::Word(word) => match self.local(word) {
                Some(local) => local.read = true,
                None => drop(self.uses.insert(word)),
            },
            ExprKind::Call { name, .. } => drop(self.uses.insert(name.text)),
            // What looks like bytes may be a difference of names.
            ExprKind::Sequence { other: Some(other), .. } => self.expr(other),
            _ => {}
        });
    }

    fn block(&mut self, block: &'f Block) {
        self.scopes.push(HashMap::new());
        block.stmts.iter().for_each(|stmt| self.stmt(stmt));
        self.scopes.pop();
    }

    fn stmt(&mut self, stmt: &'f Stmt) {
        match &stmt.kind {
            StmtKind::Let { names, ty, value } => {
                ty.iter().for_each(|ty| self.ty(ty));
                self.expr(value);
                names.iter().for_each(|name| self.declare(name, Kind::Let));
            }
            StmtKind::Assign { targets, value, .. } => {
                self.expr(value);
                for target in targets {
                    match &target.kind {
                        ExprKind::Word(word) => self.local(word).into_iter().for_each(|local| local.set = true),
                        // An array whose element is set may be its caller's.
                        _ => self.expr(target),
                    }
                }
            }
            StmtKind::Call(call) => self.expr(call),
            StmtKind::If { arms, otherwise } => {
                for (condition, body) in arms {
                    self.expr(condition);
                    self.block(body);
                }
                otherwise.iter().for_each(|body| self.block(body));
            }
            StmtKind::While { condition, body } => {
                self.expr(condition);
                self.block(body);
            }
            StmtKind::For { name, over, body } => {
                match over {
                    Over::Range { start, end, .. } => [start, end].into_iter().for_each(|e| self.expr(e)),
                    Over::Each(e) => self.expr(e),
                }
                self.scopes.push(HashMap::new());
                self.declare(name, Kind::Loop);
                self.block(body);
                self.scopes.pop();
            }
            StmtKind::Break | StmtKind::Continue => {}
            StmtKind::Return(values) => values.iter().for_each(|value| self.expr(value)),
        }
    }
}

fn finding(local: &Local<'_>) -> Diagnostic {
    let Name { text, span } = local.name;
    let (code, what, mend) = match local.kind {
        Kind::Parameter => ("unused-parameter", format!("the parameter `{text}` is never read"), "remove it here and from the calls, or"),
        Kind::Loop => ("unused-local", format!("`{text}` is never read"), "where only the turns count,"),
        Kind::Let if local.set => ("unused-local", format!("`{text}` is set, but never read"), "remove it and what sets it, or"),
        Kind::Let => ("unused-local", format!("`{text}` is never read"), "remove it, or"),
    };
    Diagnostic::warning(code, *span, what).help(format!("{mend} name it `_{text}`"))
}
