//! A log filter: lines of JSON, read by serde, become records by the names of their fields; lines that a rule matches are printed.
//!
//! ```text
//! cargo run --release --example log_filter
//! ```

use std::error::Error;

use quintet::{Engine, EvaluationError, ToRecordError, Type, to_record};

const LINES: &str = r#"
{"level":"info","service":"web","request":{"ip":"192.0.2.7","ms":12}}
{"level":"error","service":"web","request":{"ip":"192.0.2.7","ms":7}}
{"level":"info","service":"db","request":{"ip":"10.0.0.3","ms":2400}}
"#;

/// Why a line is not judged.
#[derive(Debug, thiserror::Error)]
enum LineError {
    #[error(transparent)]
    Record(#[from] ToRecordError),
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
}

/// Filters three lines.
pub fn main() -> Result<(), Box<dyn Error>> {
    let engine = Engine::new();
    let scheme = engine
        .scheme()
        .mandatory("level", Type::Bytes)
        .optional("service", Type::Bytes)
        .optional("request.ip", Type::Ip)
        .optional("request.ms", Type::Int)
        .build()?;
    let source = r#"
        rule error = level == "error"
        rule slow  = request.ms > 1000 and request.ip in {10.0.0.0/8}
    "#;
    let mut filter = engine.compile(source, &scheme, "closures")?.evaluator()?;
    let mut found = Vec::new();
    for line in LINES.lines().filter(|line| !line.is_empty()) {
        let value: serde_json::Value = serde_json::from_str(line)?;
        let answers = filter.evaluate_with(|record| to_record(&value, record).map_err(LineError::from))?;
        for name in answers.names() {
            println!("{name}: {line}");
            found.push(name.to_owned());
        }
    }
    assert_eq!(found, ["error", "slow"]);
    Ok(())
}
