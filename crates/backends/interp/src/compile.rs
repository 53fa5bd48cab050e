//! From a linked program to something that can be instantiated: all there is to find out is how much room each rule needs.

use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashSet;

use quintet_lang::Limits;
use quintet_lang::ast::{Block, Clause, Each, Expr, ExprKind, Frame, Rule, Stmt, StmtKind};
use quintet_runtime::{
    Artifact, Backend, BackendId, CompileError, Compiled, Emit, EmitError, Instance, InstantiateError, Isolation, Linked, Traits,
    Unsupported, is_leaf,
};

use crate::config::ID;
use crate::instance::Runner;

/// The backend.
///
/// ```
/// use quintet_runtime::Backend;
///
/// assert_eq!(quintet_interp::Interp::new().id().to_string(), "interp");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Interp;

impl Interp {
    /// The backend.
    pub fn new() -> Interp {
        Interp
    }
}

impl Backend for Interp {
    fn id(&self) -> BackendId {
        ID
    }

    fn traits(&self) -> Traits {
        Traits { executable_memory: false, isolation: Isolation::SafeRust }
    }

    fn supports(&self, _: &Linked) -> Result<(), Unsupported> {
        Ok(())
    }

    fn compile(&self, program: &Arc<Linked>) -> Result<Arc<dyn Compiled>, CompileError> {
        let (rules, functions) = (&program.program().rules, &program.program().functions);
        let of_rule = |rule: &Rule| room(&rule.frame, &rule.before).max(rule.frame.locals.len() + stack(&rule.expr));
        let rooms = rules.iter().map(of_rule).chain(functions.iter().map(|f| room(&f.frame, &f.body))).collect();
        let (mut nodes, mut leaves) = (0, Leaves::default());
        program.program().roots(&mut |root| {
            root.walk(&mut |e| {
                nodes += 1;
                if let ExprKind::Quantifier { each, .. } | ExprKind::Collect(each) = &e.kind
                    && is_leaf(program, each)
                {
                    leaves.insert(address(each));
                }
            });
        });
        let data_bytes = nodes * size_of::<Expr>() + leaves.capacity() * size_of::<usize>();
        Ok(Arc::new(Executable { program: program.clone(), rooms, leaves: leaves.into(), data_bytes }))
    }

    fn emits(&self) -> &'static [Emit] {
        &[]
    }

    fn emit(&self, _: &Arc<Linked>, form: Emit) -> Result<String, EmitError> {
        Err(EmitError::new(ID, format_args!("it walks the AST and makes no {} of it", form.name())))
    }
}

/// The compiled program: the program.
struct Executable {
    program: Arc<Linked>,
    /// The [`room`] of each rule.
    rooms: Arc<[usize]>,
    leaves: Arc<Leaves>,
    data_bytes: usize,
}

/// The loops that count no step for each element, by their [`address`] in the program, where they stay.
pub(crate) type Leaves = HashSet<usize, FixedState>;

/// What a loop is known by.
pub(crate) fn address(each: &Each) -> usize {
    std::ptr::from_ref(each).addr()
}

impl Compiled for Executable {
    fn instantiate(&self, limits: &Limits) -> Result<Box<dyn Instance>, InstantiateError> {
        Ok(Box::new(Runner::new(self.program.clone(), self.rooms.clone(), self.leaves.clone(), limits)))
    }

    fn artifact(&self) -> Artifact {
        Artifact { code_bytes: 0, data_bytes: self.data_bytes }
    }
}

/// How many values running statements holds at a time: the locals, then a stack of call arguments and loop sources.
fn room(frame: &Frame, block: &Block) -> usize {
    frame.locals.len() + block.iter().map(statement).max().unwrap_or(0)
}

/// The part of the [`room`] that is a stack, of a statement.
fn statement(stmt: &Stmt) -> usize {
    let mut most = 0;
    stmt.exprs(&mut |e| most = most.max(stack(e)));
    most + arguments(stmt)
}

/// The most arguments of a call of a function of the script, in a statement and those in its blocks.
fn arguments(stmt: &Stmt) -> usize {
    let mut most = 0;
    stmt.walk(&mut |stmt| {
        if let StmtKind::Call { args, .. } = &stmt.kind {
            most = most.max(args.len());
        }
    });
    most
}

/// The part of the [`room`] that is a stack. An upper bound: what stands below one another is added, what stands side by side is not.
fn stack(expr: &Expr) -> usize {
    if let ExprKind::Quantifier { each, .. } | ExprKind::Collect(each) = &expr.kind {
        return loop_stack(each);
    }
    let mut most = 0;
    expr.children(&mut |child| most = most.max(stack(child)));
    most + if let ExprKind::Call { args, .. } = &expr.kind { args.len() } else { 0 }
}

fn loop_stack(each: &Each) -> usize {
    let (mut held, mut most) = (0, 0);
    for clause in &each.clauses {
        match clause {
            Clause::For(sources) => {
                held += sources.len();
                most = most.max(held + sources.iter().map(|(_, s)| stack(s)).max().unwrap_or(0));
            }
            Clause::Let(_, value) => most = most.max(held + stack(value)),
        }
    }
    most.max(held + stack(&each.body))
}
