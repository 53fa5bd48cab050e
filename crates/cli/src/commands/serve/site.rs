//! The files of the pages, which are read once: what is asked for is looked up among them, so that no request reaches another file.

use std::collections::BTreeMap;
use std::path::Path;

use axum::body::Bytes;

use crate::failure::Failure;

/// What ends the head of a page, before which it is told of its server.
const HEAD: &str = "</head>";

/// The files, by their paths.
pub struct Site {
    files: BTreeMap<String, File>,
}

/// One of them.
#[derive(Clone)]
pub struct File {
    /// Its content type.
    pub kind: &'static str,
    /// Its bytes.
    pub bytes: Bytes,
}

impl Site {
    /// The files of a folder. `index.html` is given what the server can do, as JSON in an element that it looks for.
    pub fn read(folder: &Path, host: &str) -> Result<Site, Failure> {
        let unusable = |e: &dyn std::fmt::Display| {
            Failure::unusable(format!("{}: {e}; scripts/web.sh builds the pages, and --web names their folder", folder.display()))
        };
        let mut files = BTreeMap::new();
        read(folder, "/", &mut files).map_err(|e| unusable(&e))?;
        let index = files.get_mut("/index.html").ok_or_else(|| unusable(&"there is no index.html"))?;
        let text = std::str::from_utf8(&index.bytes).map_err(|e| unusable(&format_args!("index.html: {e}")))?;
        let (head, rest) = text.split_once(HEAD).ok_or_else(|| unusable(&"index.html has no head"))?;
        // In a script's element only `</` would end it.
        let host = host.replace("</", "<\\/");
        index.bytes = format!("{head}<script id=\"host\" type=\"application/json\">{host}</script>{HEAD}{rest}").into();
        Ok(Site { files })
    }

    /// The file at a path.
    pub fn file(&self, path: &str) -> Option<File> {
        self.files.get(if path == "/" { "/index.html" } else { path }).cloned()
    }
}

/// Reads a folder, whose files are reached below `path`.
fn read(folder: &Path, path: &str, files: &mut BTreeMap<String, File>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            read(&entry.path(), &format!("{path}{name}/"), files)?;
        } else if kind.is_file() {
            let bytes = std::fs::read(entry.path())?.into();
            files.insert(format!("{path}{name}"), File { kind: content_type(&name), bytes });
        }
    }
    Ok(())
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript",
        "css" => "text/css",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}
