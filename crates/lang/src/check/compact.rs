//! Tidying a checked program: loops that were merged leave behind locals, calls and constants that nothing uses. Here everything
//! is numbered anew by first use, so that equal rules make equal programs.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::ast::{
    Clause, Each, Expr, ExprKind, Filling, Frame, ListId, Local, LocalId, Needle, NeedleId, Over, Place, Program, RegexId, SetId, SiteId,
    Stmt, StmtKind, WildcardId,
};

/// New ids of locals.
pub(super) type Renamed = HashMap<LocalId, LocalId, RandomState>;

/// Renames locals that are used, not those that are bound.
pub(super) fn rename(expr: &mut Expr, renamed: &Renamed) {
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
struct Renumber<'t, T> {
    /// The entries, as long as they are met in order of their ids: these stay as they are.
    table: &'t mut Vec<T>,
    met: u32,
    /// From the first on that was met out of order.
    anew: Option<Anew<T>>,
}

struct Anew<T> {
    old: Vec<Option<T>>,
    new: Vec<T>,
    /// By old id, once the entry was met.
    ids: Vec<u32>,
}

impl<'t, T> Renumber<'t, T> {
    fn new(table: &'t mut Vec<T>) -> Self {
        Renumber { table, met: 0, anew: None }
    }

    fn id(&mut self, old: u32) -> u32 {
        if self.anew.is_none() {
            if old < self.met {
                return old;
            }
            if old == self.met && (old as usize) < self.table.len() {
                self.met += 1;
                return old;
            }
        }
        let (table, met) = (&mut self.table, self.met);
        self.anew.get_or_insert_with(|| Anew::new(std::mem::take(*table), met)).id(old)
    }

    /// Leaves the entries that were met, in order of their new ids.
    fn finish(self) {
        match self.anew {
            Some(anew) => *self.table = anew.new,
            None => self.table.truncate(self.met as usize),
        }
    }
}

impl<T> Anew<T> {
    /// The first `met` entries keep their ids.
    fn new(table: Vec<T>, met: u32) -> Self {
        let mut anew = Anew {
            new: Vec::with_capacity(table.len()),
            ids: (0..table.len() as u32).collect(),
            old: table.into_iter().map(Some).collect(),
        };
        (0..met).for_each(|old| {
            anew.id(old);
        });
        anew
    }

    fn id(&mut self, old: u32) -> u32 {
        if let Some(entry) = self.old.get_mut(old as usize).and_then(Option::take) {
            self.ids[old as usize] = self.new.len() as u32;
            self.new.push(entry);
        }
        self.ids.get(old as usize).copied().unwrap_or(old)
    }
}

/// The locals of a frame, renumbered.
struct Locals {
    /// The new ids of those that were met, by old id.
    ids: Vec<Option<LocalId>>,
    frame: Vec<Local>,
}

impl Locals {
    /// The first `met` keep their ids.
    fn new(old: &[Local], met: usize) -> Locals {
        let mut locals = Locals { ids: vec![None; old.len()], frame: Vec::with_capacity(old.len()) };
        (0..met).for_each(|id| locals.bind(old, &mut LocalId(id as u32)));
        locals
    }

    fn bind(&mut self, old: &[Local], id: &mut LocalId) {
        let (Some(local), Some(met)) = (old.get(id.index()), self.ids.get_mut(id.index())) else { return };
        let new = LocalId(self.frame.len() as u32);
        self.frame.push(local.clone());
        *met = Some(new);
        *id = new;
    }
}

struct Compact<'t> {
    /// The locals as they were.
    old: Vec<Local>,
    /// How many locals were met in order of their ids, which stay as they are.
    met: usize,
    /// From the first on that was met out of order.
    locals: Option<Locals>,
    sets: Renumber<'t, crate::ast::Set>,
    lists: Renumber<'t, crate::ast::ListRef>,
    regexes: Renumber<'t, crate::ast::Regex>,
    wildcards: Renumber<'t, crate::ast::Wildcard>,
    needles: Renumber<'t, Vec<u8>>,
    sites: Renumber<'t, crate::ast::Site>,
}

/// Removes from a program what is not used.
pub(crate) fn compact(program: &mut Program) {
    let entries = program.sets.len()
        + program.lists.len()
        + program.regexes.len()
        + program.wildcards.len()
        + program.needles.len()
        + program.sites.len();
    if entries == 0 && program.functions.is_empty() && program.rules.iter().all(|rule| rule.frame.locals.is_empty()) {
        return;
    }
    let mut c = Compact {
        old: Vec::new(),
        met: 0,
        locals: None,
        sets: Renumber::new(&mut program.sets),
        lists: Renumber::new(&mut program.lists),
        regexes: Renumber::new(&mut program.regexes),
        wildcards: Renumber::new(&mut program.wildcards),
        needles: Renumber::new(&mut program.needles),
        sites: Renumber::new(&mut program.sites),
    };
    for rule in &mut program.rules {
        c.begin(&mut rule.frame);
        c.block(&mut rule.before);
        c.expr(&mut rule.expr);
        rule.frame = c.end();
    }
    for function in &mut program.functions {
        c.begin(&mut function.frame);
        (0..function.params).for_each(|param| c.meet(&mut LocalId(param)));
        c.block(&mut function.body);
        function.frame = c.end();
    }
    c.sets.finish();
    c.lists.finish();
    c.regexes.finish();
    c.wildcards.finish();
    c.needles.finish();
    c.sites.finish();
}

impl Compact<'_> {
    fn begin(&mut self, frame: &mut Frame) {
        self.old = std::mem::take(&mut frame.locals);
        (self.met, self.locals) = (0, None);
    }

    fn end(&mut self) -> Frame {
        let mut old = std::mem::take(&mut self.old);
        old.truncate(self.met);
        Frame { locals: self.locals.take().map_or(old, |locals| locals.frame) }
    }

    /// The locals, from now on by number anew.
    fn anew(&mut self) -> (&[Local], &mut Locals) {
        let (old, met) = (&self.old, self.met);
        (old, self.locals.get_or_insert_with(|| Locals::new(old, met)))
    }

    fn block(&mut self, block: &mut [Stmt]) {
        block.iter_mut().for_each(|stmt| self.stmt(stmt));
    }

    /// Meets locals in the order in which the printed text does.
    fn stmt(&mut self, stmt: &mut Stmt) {
        match &mut stmt.kind {
            StmtKind::Set { local, value } => {
                self.expr(value);
                self.meet(local);
            }
            StmtKind::Fill { array, with } => {
                match with {
                    Filling::Items(items) => items.iter_mut().for_each(|item| self.expr(item)),
                    Filling::Repeat(value, count) => {
                        self.expr(value);
                        self.expr(count);
                    }
                    Filling::Each(value) => self.expr(value),
                    Filling::Copy(place) => self.place(place),
                }
                self.meet(array);
            }
            StmtKind::Store { array, index, value } => {
                self.meet(array);
                self.expr(index);
                self.expr(value);
            }
            StmtKind::Push { array, value } => {
                self.meet(array);
                self.expr(value);
            }
            StmtKind::Pop { local, array } => {
                self.meet(array);
                local.iter_mut().for_each(|local| self.meet(local));
            }
            StmtKind::Call { results, args, .. } => {
                args.iter_mut().for_each(|arg| self.expr(arg));
                results.iter_mut().for_each(|result| self.meet(result));
            }
            StmtKind::If { arms, otherwise } => {
                for (condition, body) in arms {
                    self.expr(condition);
                    self.block(body);
                }
                self.block(otherwise);
            }
            StmtKind::While { condition, body } => {
                self.expr(condition);
                self.block(body);
            }
            StmtKind::For { local, over, body } => {
                match over {
                    Over::Range { start, end, .. } => {
                        self.expr(start);
                        self.expr(end);
                    }
                    Over::Value(value) => self.expr(value),
                    Over::Array(place) => self.place(place),
                }
                self.meet(local);
                self.block(body);
            }
            StmtKind::Break | StmtKind::Continue => {}
            StmtKind::Return(values) => values.iter_mut().for_each(|value| self.expr(value)),
        }
    }

    fn place(&mut self, place: &mut Place) {
        match place {
            Place::Local(local) => self.meet(local),
            Place::Table(_) => {}
        }
    }

    /// A local, for the first time or not.
    fn meet(&mut self, id: &mut LocalId) {
        if self.locals.is_none() && id.index() < self.met {
            return;
        }
        if self.locals.is_none() && id.index() == self.met {
            return self.bind(id);
        }
        match self.anew().1.ids.get(id.index()) {
            Some(Some(new)) => *id = *new,
            _ => self.bind(id),
        }
    }

    fn expr(&mut self, expr: &mut Expr) {
        match &mut expr.kind {
            ExprKind::Local(id) => self.meet(id),
            ExprKind::Element { array, .. } => self.place(array),
            ExprKind::Count(array) | ExprKind::Packed(array) => self.place(array),
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
        if id.index() >= self.old.len() {
            return;
        }
        if self.locals.is_none() && id.index() == self.met {
            self.met += 1;
            return;
        }
        let (old, locals) = self.anew();
        locals.bind(old, id);
    }
}
