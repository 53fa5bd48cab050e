//! The rules of a file that a command line names.

use clap::Args;
use quintet::Program;
use quintet::lang::diagnostic::nearest;

use crate::failure::Failure;
use crate::source::Source;

/// Which of the rules.
#[derive(Args)]
pub struct RuleArgs {
    /// Only the rule of this name; repeat for several [default: all].
    #[arg(long = "rule", value_name = "NAME")]
    picked: Vec<String>,
}

impl RuleArgs {
    /// The names; none stand for all rules.
    pub fn names(&self) -> &[String] {
        &self.picked
    }
}

/// The text with only the rules of these names, or with all of them where no name is given. What stands in it stands where it stood, so that
/// messages show the right places. `program` is what the whole text was checked to be.
///
/// # Errors
/// There is no rule of a name.
pub fn rules(text: &str, program: &Program, names: &[String]) -> Result<String, Failure> {
    if let Some(name) = names.iter().find(|name| !program.rules.iter().any(|r| r.name == **name)) {
        if let [only] = program.rules.as_slice()
            && only.name.is_empty()
        {
            return Err(Failure::unusable(format!(
                "there is no rule `{name}`: the rules are one expression without a name; leave out --rule"
            )));
        }
        let there = || program.rules.iter().map(|r| r.name.as_str());
        let help = match nearest(name, there()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => match there().collect::<Vec<_>>().as_slice() {
                all @ ([] | [_] | [_, _] | [_, _, _]) => format!("there is `{}`", all.join("`, `")),
                [a, b, c, rest @ ..] => format!("there are `{a}`, `{b}`, `{c}` and {} more", rest.len()),
            },
        };
        return Err(Failure::unusable(format!("there is no rule `{name}`; {help}")));
    }
    if names.is_empty() {
        return Ok(text.to_owned());
    }
    let mut bytes = text.as_bytes().to_vec();
    for rule in program.rules.iter().filter(|r| !names.contains(&r.name)) {
        let rest = bytes.get_mut(rule.span.start as usize..rule.span.end as usize).unwrap_or_default();
        rest.iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = b' ');
    }
    String::from_utf8(bytes).map_err(Failure::unusable)
}

/// A source with only the rules of these names.
///
/// # Errors
/// There is no rule of a name.
pub fn pick(source: &Source, program: &Program, names: &[String]) -> Result<Source, Failure> {
    Ok(Source { name: source.name.clone(), text: rules(&source.text, program, names)? })
}
