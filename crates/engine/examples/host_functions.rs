//! Functions of the host, one of which sees the context of the record at hand: who asks, here.
//!
//! ```text
//! cargo run --release --example host_functions
//! ```

use std::error::Error;
use std::sync::Arc;

use quintet::lang::signature::{Param, Signature};
use quintet::{Engine, Library, Record, Type, Value, context};

#[derive(Record)]
struct Upload<'a> {
    name: &'a str,
    bytes: u64,
}

/// What the host knows of whoever sends a record.
struct Tenant {
    quota: i64,
}

/// Asks about one upload for two tenants.
pub fn main() -> Result<(), Box<dyn Error>> {
    let mut library = Library::standard();
    let megabytes = Signature::new("megabytes", vec![Param::new("bytes", Type::Int)], Type::Int).doc("Bytes as whole MB.");
    library.function(megabytes, |args, _scratch| match args {
        [Value::Int(bytes)] => Ok(Value::Int(bytes / 1_000_000)),
        _ => Ok(Value::Nil), // never: the signature says Int
    });
    let quota = Signature { may_be_nil: true, ..Signature::new("quota_left", vec![Param::new("used", Type::Int)], Type::Int) };
    library.function(quota.doc("What the tenant's quota leaves after so many MB."), |args, _scratch| match (args, context::<Tenant>()) {
        ([Value::Int(used)], Some(tenant)) => Ok(Value::Int(tenant.quota.saturating_sub(*used))),
        _ => Ok(Value::Nil), // evaluated without a tenant
    });
    let engine = Engine::new().with_library(library);
    let source = r#"
        rule over_quota = quota_left(megabytes(bytes)) < 0
        rule program    = ends_with(lower(name), ".exe")
    "#;
    let rules = engine.compile(source, &engine.scheme_of::<Upload>()?, "closures")?;
    let mut evaluator = rules.evaluator()?;
    let upload = Upload { name: "Setup.EXE", bytes: 7_500_000 };
    for (quota, expected) in [(5, vec!["over_quota", "program"]), (50, vec!["program"])] {
        let names: Vec<_> = evaluator.evaluate_in(&upload, Arc::new(Tenant { quota }))?.names().collect();
        println!("a quota of {quota} MB: {names:?}");
        assert_eq!(names, expected);
    }
    Ok(())
}
