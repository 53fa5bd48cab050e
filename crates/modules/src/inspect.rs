//! Reading a module's declaration without running code.

use wasm_encoder::{CustomSection, RawSection};
use wasmparser::{DataKind, ExternalKind, Operator, Parser, Payload};

use crate::declaration::{Declaration, TEXT_MOST};
use crate::error::ModuleError;

/// The custom section that holds a declaration.
pub const SECTION: &str = "quintet";

/// The exported global that holds the address of a declaration's text, ended by a zero, where there is no such section. The text is UTF-8 or
/// UTF-16.
const EXPORT: &str = "quintet_declaration";

/// What of a module is looked at.
#[derive(Default)]
struct Seen<'w> {
    sections: Vec<&'w [u8]>,
    /// The constant that each immutable global begins with.
    globals: Vec<Option<u32>>,
    export: Option<u32>,
    /// The data that has a constant address.
    data: Vec<(u32, &'w [u8])>,
}

impl<'w> Seen<'w> {
    fn of(wasm: &'w [u8]) -> Result<Seen<'w>, wasmparser::Error> {
        let mut seen = Seen::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::CustomSection(section) if section.name() == SECTION => seen.sections.push(section.data()),
                Payload::GlobalSection(globals) => {
                    for global in globals {
                        let global = global?;
                        seen.globals.push(if global.ty.mutable { None } else { constant(&global.init_expr) });
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        if export.name == EXPORT && export.kind == ExternalKind::Global {
                            seen.export = Some(export.index);
                        }
                    }
                }
                Payload::DataSection(data) => {
                    for segment in data {
                        let segment = segment?;
                        if let DataKind::Active { offset_expr, .. } = &segment.kind
                            && let Some(at) = constant(offset_expr)
                        {
                            seen.data.push((at, segment.data));
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(seen)
    }

    /// The text at an address, up to the zero that ends it.
    fn text_at(&self, address: u32) -> Option<String> {
        let (at, data) = self.data.iter().find(|(at, data)| address >= *at && u64::from(address) < u64::from(*at) + data.len() as u64)?;
        let rest = &data[(address - at) as usize..];
        // Memory after the data is zero, and linkers leave out zeros at its end.
        let mut bytes = rest[..rest.len().min(2 * TEXT_MOST)].to_vec();
        bytes.extend([0; 2]);
        if bytes.get(1) == Some(&0) {
            let units: Vec<u16> =
                bytes.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).take_while(|unit| *unit != 0).collect();
            return String::from_utf16(&units).ok();
        }
        bytes.truncate(bytes.iter().position(|byte| *byte == 0)?);
        String::from_utf8(bytes).ok()
    }
}

/// The constant that an expression is.
pub(crate) fn constant(expr: &wasmparser::ConstExpr<'_>) -> Option<u32> {
    let mut operators = expr.get_operators_reader();
    match (operators.read().ok()?, operators.read().ok()?) {
        (Operator::I32Const { value }, Operator::End) => Some(value as u32),
        _ => None,
    }
}

/// The declaration of a module: what its custom sections `quintet` hold, or else the text that its exported global `quintet_declaration`
/// leads to. No code is run. `name` is what messages call it.
///
/// # Errors
/// It is no module, has no declaration, or a malformed one.
pub fn declaration(name: &str, wasm: &[u8]) -> Result<Declaration, ModuleError> {
    let error = |message: String| ModuleError::new(name, message);
    let seen = Seen::of(wasm).map_err(|e| error(format!("it is no WebAssembly module: {e}")))?;
    let text = if seen.sections.is_empty() {
        let global = seen.export.ok_or_else(|| {
            error(format!("it declares nothing: it has neither a custom section `{SECTION}` nor an exported global `{EXPORT}`"))
        })?;
        let address = seen.globals.get(global as usize).copied().flatten();
        let address = address.ok_or_else(|| error(format!("its `{EXPORT}` is not a constant address")))?;
        let text = seen.text_at(address);
        text.ok_or_else(|| error(format!("its `{EXPORT}` leads to no text that a zero ends")))?
    } else {
        let bytes = seen.sections.concat();
        String::from_utf8(bytes).map_err(|_| error(format!("its custom section `{SECTION}` is not UTF-8")))?
    };
    Declaration::parse(&text).map_err(|e| error(e.to_string()))
}

/// The same module with its declaration as one custom section, checked and in the one form. Other custom sections, which are for debuggers,
/// are left out.
///
/// # Errors
/// As [`declaration`].
pub fn normalise(name: &str, wasm: &[u8]) -> Result<Vec<u8>, ModuleError> {
    let declaration = declaration(name, wasm)?;
    let error = |e: &dyn std::fmt::Display| ModuleError::new(name, format!("it is no WebAssembly module: {e}"));
    let mut module = wasm_encoder::Module::new();
    module.section(&CustomSection { name: SECTION.into(), data: declaration.to_string().into_bytes().into() });
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(|e| error(&e))?;
        if let Some((id, range)) = payload.as_section().filter(|_| !matches!(payload, Payload::CustomSection(_))) {
            let data = wasm.get(range.start as usize..range.end as usize).ok_or_else(|| error(&"a section is too long"))?;
            module.section(&RawSection { id, data });
        }
    }
    Ok(module.finish())
}
