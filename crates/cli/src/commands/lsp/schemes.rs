//! Which scheme the rules of a text are written for.

use std::collections::HashMap;
use std::path::Path;
use std::time::SystemTime;

use clap::ValueEnum;
use quintet::Engine;
use quintet_inputs::schemes::{NAMES, named as ready_made};
use quintet_lsp::Schemes;
use quintet_syntax::service::Service;
use serde_json::Value;

use crate::args::{FormatArg, SchemeArgs};
use crate::failure::Failure;
use crate::source;

/// The largest file of a scheme that is read.
const SCHEME_MOST: u64 = 16 << 20;

/// The services over the schemes that texts named so far.
pub struct Ready {
    engine: Engine,
    /// What the command line or the editor says, for texts that say nothing themselves.
    usual: SchemeArgs,
    services: HashMap<String, (Option<SystemTime>, Service)>,
}

/// The scheme that a text names in its first line: `# scheme: NAME|FILE`.
pub fn named(text: &str) -> Option<&str> {
    let line = text.strip_prefix('\u{feff}').unwrap_or(text).lines().next()?;
    let name = line.trim().strip_prefix('#')?.trim_start().strip_prefix("scheme:")?.trim();
    (!name.is_empty()).then_some(name)
}

impl Schemes for Ready {
    /// Over the scheme that the text names, or the usual one, or else the ready-made one that its rules fit best. A scheme that the text names
    /// by a relative path lies beside it.
    fn service(&mut self, text: &str, file: Option<&Path>) -> Result<&Service, String> {
        let args = match named(text) {
            Some(name) => {
                let beside = file.and_then(Path::parent).map(|folder| folder.join(name)).filter(|path| path.is_file());
                let name = beside.map_or_else(|| name.to_owned(), |path| path.display().to_string());
                SchemeArgs { format: None, scheme: Some(name) }
            }
            None => self.usual.clone(),
        };
        if args.format.is_none() && args.scheme.is_none() {
            return self.fitting(text);
        }
        self.over(&args)
    }

    fn options(&mut self, options: &Value) {
        let format = options["format"].as_str().and_then(|name| FormatArg::from_str(name, true).ok());
        let scheme = options["scheme"].as_str().map(str::to_owned);
        if format.is_some() || scheme.is_some() {
            self.usual = SchemeArgs { format, scheme };
        }
    }
}

impl Ready {
    pub fn new(engine: Engine, usual: SchemeArgs) -> Ready {
        Ready { engine, usual, services: HashMap::new() }
    }

    /// The service over the ready-made scheme that finds least wrong with a text.
    fn fitting(&mut self, text: &str) -> Result<&Service, String> {
        let mut best: Option<(usize, SchemeArgs)> = None;
        for name in ["packets", "http", "cloudflare"] {
            let args = SchemeArgs { format: None, scheme: Some(name.into()) };
            let wrong = self.over(&args)?.check(text).iter().filter(|finding| finding.severity == "error").count();
            if best.as_ref().is_none_or(|(least, _)| wrong < *least) {
                best = Some((wrong, args));
            }
            if wrong == 0 {
                break;
            }
        }
        let (_, args) = best.ok_or_else(|| format!("there is no scheme; name one of {}", NAMES.join(", ")))?;
        self.over(&args)
    }

    fn over(&mut self, args: &SchemeArgs) -> Result<&Service, String> {
        let key = format!("{:?} {:?}", args.format, args.scheme);
        let file = args.scheme.as_deref().filter(|name| ready_made(name).is_none()).map(Path::new);
        let metadata = file.and_then(|path| path.metadata().ok());
        // Devices and pipes may never end.
        if metadata.as_ref().is_some_and(|m| !m.is_file() || m.len() > SCHEME_MOST) {
            return Err(format!("{} is no file of a scheme", args.scheme.as_deref().unwrap_or_default()));
        }
        // A file that was changed is read again.
        let changed = metadata.and_then(|m| m.modified().ok());
        if self.services.get(&key).is_none_or(|(time, _)| *time != changed) {
            let format = source::format(args).ok_or("neither a scheme nor a format is named")?;
            let scheme = source::scheme(&self.engine, args, format).map_err(Failure::into_message)?;
            self.services.insert(key.clone(), (changed, Service::new(scheme, self.engine.limits().clone())));
        }
        self.services.get(&key).map(|(_, service)| service).ok_or_else(|| "there is no such scheme".into())
    }
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn first_lines() {
        for (text, name) in [
            ("# scheme: packets\nssl", Some("packets")),
            ("\u{feff}#scheme:my schemes/a.toml \r\n", Some("my schemes/a.toml")),
            ("# scheme:\n", None),
            ("\n# scheme: http", None),
            ("ssl # scheme: http", None),
            ("", None),
        ] {
            assert_eq!(named(text), name, "{text:?}");
        }
    }
}
