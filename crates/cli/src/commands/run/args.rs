//! The command line of `quintet run`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use crate::args::{PassesArgs, SchemeArgs};
use crate::failure::Failure;
use crate::limits::LimitArgs;
use crate::lists::ListArgs;
use crate::parallel::ThreadArgs;

/// Print which records rules match, what they hold, or the records themselves.
///
/// Malformed packets and lines, values that do not fit their field and an input that is cut off are counted on standard error and stop
/// nothing; so are rules that trapped. With --strict the exit status tells. The last line on standard error says how many records there were,
/// how many of them any rule matches, how long it took, and what part of the work was reading, compiling, matching and printing.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  quintet run 'tcp.port == 443' --input capture.pcapng --output count
  quintet run edge.rules --input requests.jsonl --backend closures --output json
  quintet run edge.rules --rule login --input monday.pcap --input tuesday.pcap --output count      of each input, and in total
  quintet run edge.rules --input captures/ --output csv --field ip.src --field http.host > found.csv
  quintet run 'dns' --input capture.pcapng --output fields --field dns.qry.name | sort | uniq -c
  quintet run 'http.request.method == \"POST\"' --input requests.jsonl --output records | jq .
  quintet run 'tcp.port == 443' --input capture.pcap --write matching.pcapng
  quintet run 'tcp.port == 443' --input capture.pcap --write - | tshark -r -
  quintet run edge.rules --input access.jsonl --follow                                         until Ctrl-C
  quintet run 'ip.src in $blocked' --list blocked=blocked.csv --input capture.pcapng
  tcpdump -U -w - | quintet run edge.rules --input -                           answers while the capture goes on

Several inputs: --input is repeated; of a directory its files are read in order of their names, without folders in it. All are of the form
of the first. Files of a directory whose form is unknown or another are counted on standard error. Record numbers begin at 1 in each input,
and the input's name stands first in each answer (but for --output records).

Values: json holds them as JSON: nil is null, a Float a string, bytes that are not UTF-8 {\"hex\":\"00ff\"}, an array an array, a map an
object (with a key that is not UTF-8 an array of pairs). csv has the header `input` (of several), `record`, `rules` (names, with a blank
between), then the fields; fields has the rules only if there are several, no number and no header. In both, nil is empty, text is as it
is, a multi-valued field with one value is that value, and arrays, maps and bytes that are not UTF-8 are JSON as above. csv quotes as
RFC 4180; fields stand between tabs, and a tab, line end, backslash or other control character in a text is \\t, \\n, \\r, \\\\, \\u{1b}.

Exit status: 0 ran (with or without a match, and however much of the input was malformed or cut off: a truncated capture too exits 0);
1 the rules have errors; 2 the input cannot be used; 3 with --strict: ran, and the input was not all in order.")]
pub struct RunArgs {
    /// A rule file, an expression, or `-` for standard input.
    #[arg(allow_hyphen_values = true, value_parser = crate::source::rules)]
    pub rules: String,
    /// The records: a capture, JSON lines, or a directory of them; repeat it for several. `-` is standard input; from a pipe answers come
    /// while it goes on.
    #[arg(long, value_name = "FILE|DIR", required = true)]
    pub input: Vec<PathBuf>,
    /// Only the rule of this name; repeat it for several [default: all rules].
    #[arg(long, value_name = "NAME")]
    pub rule: Vec<String>,
    /// What is printed [default: numbers, or nothing with --write].
    #[arg(long, value_enum)]
    pub output: Option<OutputArg>,
    /// A field that json, csv and fields print of each matching record; repeat it for several.
    #[arg(long, value_name = "NAME")]
    pub field: Vec<String>,
    /// Write the matching packets as a capture (pcapng), or the matching lines; compressed where the name ends in .gz. The file is there
    /// when all is read, or not at all. `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// Go on reading as the file grows, until Ctrl-C or SIGTERM.
    #[arg(long)]
    pub follow: bool,
    /// No progress and no totals on standard error.
    #[arg(long)]
    pub quiet: bool,
    /// Exit with status 3 if anything of the input was malformed, cut off, passed over, or did not fit its field.
    #[arg(long)]
    pub strict: bool,
    #[command(flatten)]
    pub scheme: SchemeArgs,
    #[command(flatten)]
    pub lists: ListArgs,
    #[command(flatten)]
    pub limits: LimitArgs,
    /// The backend that runs the rules.
    #[arg(long, value_name = "ID", default_value = "closures")]
    pub backend: String,
    #[command(flatten)]
    pub passes: PassesArgs,
    #[command(flatten)]
    pub threads: ThreadArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputArg {
    /// The numbers of the matching records, from 1, one a line; with several rules: rule, tab, number.
    Numbers,
    /// One JSON object per record that a rule matches or traps on, and where in the rules it trapped; with --field its values too.
    Json,
    /// How many records match; with several rules: rule, tab, count.
    Count,
    /// A table with a header: number, rules and fields of each matching record.
    Csv,
    /// The fields of each matching record, between tabs.
    Fields,
    /// The lines of the matching records, byte for byte.
    Records,
}

impl RunArgs {
    /// What is printed, if anything is.
    pub fn printed(&self) -> Option<OutputArg> {
        self.output.or(self.write.is_none().then_some(OutputArg::Numbers))
    }

    /// Whether what is written goes to standard output.
    pub fn writes_out(&self) -> bool {
        self.write.as_deref().is_some_and(|path| path.as_os_str() == "-")
    }

    /// Refuses flags that do not go together.
    pub fn consistent(&self) -> Result<(), Failure> {
        let printed = self.printed();
        if !self.field.is_empty() && !matches!(printed, Some(OutputArg::Json | OutputArg::Csv | OutputArg::Fields)) {
            return Err(Failure::unusable("--field chooses what --output json, csv or fields prints; name one of them"));
        }
        if printed == Some(OutputArg::Fields) && self.field.is_empty() {
            return Err(Failure::unusable("--output fields needs --field NAME; `quintet fields` lists them"));
        }
        if self.writes_out() && printed.is_some() {
            return Err(Failure::unusable("--write - and --output both go to standard output; leave one out or name a file"));
        }
        Ok(())
    }
}
