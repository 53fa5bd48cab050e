//! The command line.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use quintet::Passes;

use crate::limits::LimitArgs;
use crate::lists::ListArgs;
use crate::modules::ModuleArgs;
use crate::pick::RuleArgs;

use crate::commands::report::ReportArgs;

use crate::commands::compare::CompareArgs;

use crate::commands::expressions::ExpressionArgs;
use crate::commands::fmt::FmtArgs;
use crate::commands::shell::{CompletionsArgs, ManArgs};

/// One rule language, one typed AST, five ways to run it, and the numbers that say which one to ship.
#[derive(Parser)]
#[command(name = "quintet", version, max_term_width = 110)]
pub struct Args {
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Subcommand)]
pub enum Verb {
    Compare(CompareArgs),
    /// A process that `compare` measures in.
    #[command(name = crate::commands::compare::SAMPLE, hide = true)]
    Sample,
    Choose(crate::commands::choose::ChooseArgs),
    Diff(crate::commands::diff::DiffArgs),
    Run(crate::commands::run::RunArgs),
    Profile(crate::commands::profile::ProfileArgs),
    Compile(crate::commands::compile::CompileArgs),
    Module(crate::commands::module::ModuleVerbArgs),
    Check(CheckArgs),
    Fields(FieldsArgs),
    Functions(crate::commands::functions::FunctionsArgs),
    Explain(ExplainArgs),
    Eval(crate::commands::eval::EvalArgs),
    Conform(ConformArgs),
    Report(ReportArgs),
    Fmt(FmtArgs),
    Lsp(crate::commands::lsp::LspArgs),
    #[cfg(feature = "serve")]
    Serve(crate::commands::serve::ServeArgs),
    Completions(CompletionsArgs),
    #[command(hide = true)]
    Man(ManArgs),
}

/// Where records and their fields come from.
#[derive(ClapArgs, Clone)]
pub struct SchemeArgs {
    /// The form of the input [default: found out from it].
    #[arg(long, value_enum)]
    pub format: Option<FormatArg>,
    /// The fields that rules may use: `cloudflare`, `http`, `packets`, or a scheme's TOML file [default: those of the format].
    #[arg(long, value_name = "NAME|FILE")]
    pub scheme: Option<String>,
}

/// Which optimising passes run. They change what rules cost, never what they answer.
#[derive(ClapArgs)]
pub struct PassesArgs {
    /// The optimising passes: all, none, or those of these names joined by commas (fold, flatten, negate, ranges, sets, order, inline, caseless,
    /// literals, share, prefilter).
    #[arg(long, value_name = "on|off|NAMES", default_value = "on")]
    pub passes: Passes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    /// Packets of a pcap or pcapng capture, also gzipped.
    Pcap,
    /// HTTP requests, one JSON object a line.
    Http,
    /// JSON objects of any kind, one a line; needs a scheme.
    Jsonl,
    /// Rows of Parquet, or of CSV with a header.
    #[cfg(feature = "tables")]
    Table,
}

/// Say what is wrong with rules, if anything.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  quintet check edge.rules
  quintet check *.rules                                      each, and how many errors there are in all
  quintet check 'cf.bot_management.score < 30' --scheme cloudflare
  quintet check edge.rules --output json
  quintet check --scheme cloudflare --expressions collected.jsonl --origin docs --exceptions known.toml

--output json prints for each file a line {\"file\", \"diagnostics\": [{severity, code, message, label, help, mend, start, end}], \"left_out\"};
mend is null or {start, end, text}, what to put in the place of what; start and end (exclusive) are {line, column, character, byte}: line and column count from 1, character and byte from 0 at the start of the text;
columns are characters. left_out counts errors beyond the first 200.
--expressions prints `N check, M fail, K listed` in its last line.

Exit status: 0 nothing is wrong; 1 the rules have errors; 2 a file cannot be read.")]
pub struct CheckArgs {
    /// A rule file, an expression, or `-` for standard input.
    #[arg(required_unless_present = "expressions", allow_hyphen_values = true, value_parser = crate::source::rules)]
    pub rules: Option<String>,
    /// More of them.
    #[arg(value_name = "MORE", conflicts_with = "expressions")]
    pub more: Vec<String>,
    #[command(flatten)]
    pub scheme: SchemeArgs,
    #[command(flatten)]
    pub lists: ListArgs,
    #[command(flatten)]
    pub modules: ModuleArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
    /// Text for people on standard error, or JSON for editors on standard output.
    #[arg(long, value_enum, default_value_t = CheckOutput::Text)]
    pub output: CheckOutput,
    #[command(flatten)]
    pub expressions: ExpressionArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckOutput {
    Text,
    Json,
}

/// List the fields that rules may use.
#[derive(ClapArgs)]
pub struct FieldsArgs {
    #[command(flatten)]
    pub scheme: SchemeArgs,
    #[command(flatten)]
    pub modules: ModuleArgs,
    /// A table for people, or JSON for programs.
    #[arg(long, value_enum, default_value_t = FieldsOutput::Table)]
    pub output: FieldsOutput,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FieldsOutput {
    Table,
    Json,
}

/// Show what a backend makes of rules.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  quintet explain 'tcp.port == 443' --emit ast
  quintet explain 'tcp.port == 443 or tcp.port == 80' --emit ast --passes off      what the passes were given
  quintet explain edge.rules --emit plan                                           what is decided once for all backends
  quintet explain 'tcp.port == 443' --emit clif                                    by jit; wat is by wasm, lua by lua
  quintet explain 'tcp.port == 443' --emit asm --backend jit                       or jit-fast, jit-stencil, wasm, wasm-winch
  quintet explain edge.rules --rule login --rule tls --emit lua
  quintet explain 'http.host contains \"example\"' --format http --emit wat

The machine code of wasm is that of the module's functions, with addresses from the beginning of the module's code; that of jit has the names
of what it calls. Rules are named as they are in the file.")]
pub struct ExplainArgs {
    /// An expression, a rule file, or `-` for standard input.
    #[arg(allow_hyphen_values = true, value_parser = crate::source::rules)]
    pub rules: String,
    /// The backend, where several make the form (asm); `ast` and `plan` need none, and the others have one each.
    #[arg(long, value_name = "ID")]
    pub backend: Option<String>,
    /// The form that is shown.
    #[arg(long, value_enum)]
    pub emit: EmitArg,
    #[command(flatten)]
    pub rule: RuleArgs,
    #[command(flatten)]
    pub scheme: SchemeArgs,
    #[command(flatten)]
    pub passes: PassesArgs,
    #[command(flatten)]
    pub lists: ListArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EmitArg {
    /// The typed AST.
    Ast,
    /// What is decided once for all backends: what each rule may do, how sets are looked into, how texts are searched for.
    Plan,
    /// Cranelift's intermediate representation.
    Clif,
    /// Machine code.
    Asm,
    /// WebAssembly text.
    Wat,
    /// Lua source.
    Lua,
}

/// Run case files and print each case that is answered otherwise than the file says.
///
/// The last line is `N passed, M failed, K skipped`. Exit status: 0 none failed; 1 some failed; 2 a file is malformed.
#[derive(ClapArgs)]
pub struct ConformArgs {
    /// Case files: JSON lines of expression, scheme, contexts and expected answers; `-` is standard input.
    #[arg(required = true, value_name = "FILE.jsonl")]
    pub files: Vec<PathBuf>,
    /// The backend, or `all` of them.
    #[arg(long, value_name = "ID|all", default_value = "all")]
    pub backend: String,
    /// TOML with `[[exception]]` entries of `id` or `expr`, and `reason`: cases that are counted as skipped.
    #[arg(long, value_name = "FILE")]
    pub exceptions: Option<PathBuf>,
    #[command(flatten)]
    pub passes: PassesArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
}
