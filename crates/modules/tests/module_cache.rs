//! Compiled modules that are kept.
#![cfg(unix)]

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use common::module;
use quintet::modules::{Cache, Loader, Looked, ModuleLimits};

/// Bytes of what files end with.
const END: usize = 44;

fn wasm() -> Vec<u8> {
    module("fn f(s: Bytes) -> Int", "unreachable", "")
}

fn looked(loader: &Loader) -> Looked {
    loader.load_looking("m", &wasm()).unwrap().1
}

/// The one file of a cache.
fn file(cache: &Cache) -> PathBuf {
    let files: Vec<_> = fs::read_dir(cache.directory()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[test]
fn what_is_kept_is_found_and_what_is_not_whole_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(&folder.path().join("new/cache")).unwrap();
    let loader = Loader::new().with_cache(cache.clone());
    assert_eq!(Loader::new().load_looking("m", &wasm()).unwrap().1, Looked::Nowhere);
    assert_eq!(looked(&loader), Looked::New);
    assert_eq!(looked(&loader), Looked::Found);
    let path = file(&cache);
    let whole = fs::read(&path).unwrap();
    let other = loader.clone().with_limits(ModuleLimits { memory_bytes: 1 << 20, ..ModuleLimits::default() });
    let made = |why: &str| Looked::Replaced(why.into());
    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let mut of_another = whole.clone();
    of_another[whole.len() - END - wasm().len() / 2] ^= 1;
    let mut longer = whole.clone();
    longer.push(0);
    for (bytes, why) in [
        (whole[..whole.len() / 2].to_vec(), "it is cut off"),
        (whole[..20].to_vec(), "it is cut off"),
        (Vec::new(), "it is cut off"),
        (longer, "it is cut off"),
        (damaged, "it is damaged"),
        (of_another, "it is of another module"),
        (vec![b'x'; whole.len()], "it is none of ours"),
    ] {
        fs::write(&path, &bytes).unwrap();
        assert_eq!(looked(&loader), made(why));
        assert_eq!(looked(&loader), Looked::Found);
    }
    // Every place of the end and some of the rest.
    let end = whole.len() - END;
    for at in (end..whole.len()).chain((0..end).step_by(997)) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x40;
        fs::write(&path, &bytes).unwrap();
        assert!(matches!(looked(&loader), Looked::Replaced(_)), "byte {at}");
    }
    assert_eq!(looked(&other), made("it was compiled by another version or with other settings"));
    assert_eq!(looked(&other), Looked::Found);
}

#[test]
fn what_others_can_write_to_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let open = folder.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
    let error = Cache::open(&open).unwrap_err().to_string();
    assert!(error.contains("the cache is open to others (its permissions are 777)"), "{error}");
    let link = folder.path().join("link");
    symlink(folder.path(), &link).unwrap();
    assert!(Cache::open(&link).unwrap_err().to_string().contains("the cache is no directory"));
    let plain = folder.path().join("file");
    fs::write(&plain, "").unwrap();
    assert!(Cache::open(&plain).is_err());

    let cache = Cache::open(&folder.path().join("cache")).unwrap();
    let loader = Loader::new().with_cache(cache.clone());
    assert_eq!(looked(&loader), Looked::New);
    let path = file(&cache);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(looked(&loader), Looked::Replaced("is open to others (its permissions are 666)".into()));
    assert_eq!(looked(&loader), Looked::Found);
    // A link to a file that would do otherwise.
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    symlink(&elsewhere, &path).unwrap();
    assert!(matches!(looked(&loader), Looked::Replaced(_)));
    assert_eq!(looked(&loader), Looked::Found);
    assert!(fs::symlink_metadata(file(&cache)).unwrap().is_file());
    // A cache that cannot be written to: what was compiled is used all the same.
    fs::remove_dir_all(cache.directory()).unwrap();
    assert!(matches!(looked(&loader), Looked::NotKept(_)));
}
