//! Tidying a checked program: loops that were merged leave behind locals, calls and constants that nothing uses. Here everything
//! is numbered anew by first use, so that equal rules make equal programs.

use std::collections::HashMap;

use crate::ast::{
    Clause, Each, Expr, ExprKind, Frame, ListId, Local, LocalId, Needle, NeedleId, Program, RegexId, SetId, SiteId, WildcardId,
};

/// Renames locals that are used, not those that are bound.
pub(super) fn rename(expr: &mut Expr, renamed: &HashMap<LocalId, LocalId>) {
    if renamed.is_empty() {
        return;
    }
    if let ExprKind::Local(id) = &mut expr.kind
        && let Some(new) = renamed.get(id)
    {
        *id = *new;
    }
    expr.children_mut(&mut |e| rename(e, renamed));
}

/// New ids for the entries of one table.
struct Renumber<T> {
    old: Vec<Option<T>>,
    new: Vec<T>,
    /// By old id, once the entry was met.
    ids: Vec<u32>,
}

impl<T> Renumber<T> {
    fn new(table: Vec<T>) -> Self {
        Renumber {
            new: Vec::with_capacity(table.len()),
            ids: (0..table.len() as u32).collect(),
            old: table.into_iter().map(Some).collect(),
        }
    }

    fn id(&mut self, old: u32) -> u32 {
        if let Some(entry) = self.old.get_mut(old as usize).and_then(Option::take) {
            self.ids[old as usize] = self.new.len() as u32;
            self.new.push(entry);
        }
        self.ids.get(old as usize).copied().unwrap_or(old)
    }
}

struct Compact {
    locals: HashMap<LocalId, LocalId>,
    /// The locals as they were.
    old: Vec<Local>,
    frame: Vec<Local>,
    sets: Renumber<crate::ast::Set>,
    lists: Renumber<crate::ast::ListRef>,
    regexes: Renumber<crate::ast::Regex>,
    wildcards: Renumber<crate::ast::Wildcard>,
    needles: Renumber<Vec<u8>>,
    sites: Renumber<crate::ast::Site>,
}

/// The same program without what is not used.
pub(crate) fn compact(program: Program) -> Program {
    let mut c = Compact {
        locals: HashMap::new(),
        old: Vec::new(),
        frame: Vec::new(),
        sets: Renumber::new(program.sets),
        lists: Renumber::new(program.lists),
        regexes: Renumber::new(program.regexes),
        wildcards: Renumber::new(program.wildcards),
        needles: Renumber::new(program.needles),
        sites: Renumber::new(program.sites),
    };
    let mut rules = program.rules;
    for rule in &mut rules {
        c.locals.clear();
        if !rule.is_expression() {
            // What statements set is not bound anywhere, so locals stay as they are.
            for stmt in &mut rule.before {
                stmt.exprs_mut(&mut |e| c.expr(e));
            }
            c.expr(&mut rule.expr);
            continue;
        }
        c.old = std::mem::take(&mut rule.frame.locals);
        c.expr(&mut rule.expr);
        rule.frame = Frame { locals: std::mem::take(&mut c.frame) };
        c.old.clear();
    }
    let mut functions = program.functions;
    for function in &mut functions {
        c.locals.clear();
        for stmt in &mut function.body {
            stmt.exprs_mut(&mut |e| c.expr(e));
        }
    }
    Program {
        scheme: program.scheme,
        rules,
        sets: c.sets.new,
        lists: c.lists.new,
        regexes: c.regexes.new,
        wildcards: c.wildcards.new,
        needles: c.needles.new,
        sites: c.sites.new,
        functions,
        tables: program.tables,
    }
}

impl Compact {
    fn expr(&mut self, expr: &mut Expr) {
        match &mut expr.kind {
            ExprKind::Local(id) => *id = self.locals.get(id).copied().unwrap_or(*id),
            ExprKind::Call { site, .. } => *site = SiteId(self.sites.id(site.0)),
            ExprKind::In { set, .. } => *set = SetId(self.sets.id(set.0)),
            ExprKind::InList { list, .. } => *list = ListId(self.lists.id(list.0)),
            ExprKind::Matches { regex, .. } => *regex = RegexId(self.regexes.id(regex.0)),
            ExprKind::Wildcard { pattern, .. } => *pattern = WildcardId(self.wildcards.id(pattern.0)),
            ExprKind::Contains { needle: Needle::Const(needle), .. } => *needle = NeedleId(self.needles.id(needle.0)),
            ExprKind::Quantifier { each, .. } | ExprKind::Collect(each) => return self.each(each),
            _ => {}
        }
        expr.children_mut(&mut |e| self.expr(e));
    }

    fn each(&mut self, each: &mut Each) {
        for clause in &mut each.clauses {
            match clause {
                Clause::For(sources) => {
                    sources.iter_mut().for_each(|(_, s)| self.expr(s));
                    sources.iter_mut().for_each(|(id, _)| self.bind(id));
                }
                Clause::Let(id, value) => {
                    self.expr(value);
                    self.bind(id);
                }
            }
        }
        self.expr(&mut each.body);
    }

    fn bind(&mut self, id: &mut LocalId) {
        let Some(local) = self.old.get(id.index()) else { return };
        let new = LocalId(self.frame.len() as u32);
        self.frame.push(local.clone());
        self.locals.insert(*id, new);
        *id = new;
    }
}
