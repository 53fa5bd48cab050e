//! The machine code of a module, as text.

use std::fmt::Write;

use capstone::prelude::*;
use wasmtime::{Module, ModuleFunction};

use crate::config::{Compiler, Setup};

/// The functions of a module with their instructions. Addresses are counted from the beginning of the module's code, so the text is the
/// same in every process; what leads into and out of WebAssembly (the trampolines) is not in it.
pub(crate) fn text(setup: Setup, module: &Module) -> Result<String, String> {
    let mut disassembler = disassembler()?;
    // Constants stand behind the instructions that read them.
    disassembler.set_skipdata(true).map_err(|e| e.to_string())?;
    let by = match setup.compiler {
        Compiler::Cranelift => "Cranelift",
        Compiler::Winch => "Winch",
    };
    let functions: Vec<ModuleFunction> = module.functions().collect();
    let mut text = format!("; {} code that {by} makes of the module\n", std::env::consts::ARCH);
    for function in &functions {
        let code = module.text().get(function.offset..function.offset + function.len).ok_or("a function outside of the code")?;
        let instructions = disassembler.disasm_all(code, function.offset as u64).map_err(|e| e.to_string())?;
        let _ = writeln!(text, "\n; {}: {} bytes", name(function), function.len);
        for instruction in instructions.iter() {
            let (mnemonic, operands) = (instruction.mnemonic().unwrap_or_default(), instruction.op_str().unwrap_or_default());
            let line = format!("{:>6x}:  {mnemonic:<10} {operands}", instruction.address());
            let _ = match target(operands, &functions).filter(|f| f.offset != function.offset) {
                Some(callee) => writeln!(text, "{line}  ; {}", name(callee)),
                None => writeln!(text, "{}", line.trim_end()),
            };
        }
    }
    Ok(text)
}

/// What a function is called.
fn name(function: &ModuleFunction) -> &str {
    function.name.as_deref().unwrap_or("a function without a name")
}

/// The function that begins where these operands of a call or jump lead.
fn target<'f>(operands: &str, functions: &'f [ModuleFunction]) -> Option<&'f ModuleFunction> {
    let operands = operands.trim_start_matches('#');
    // Numbers below ten stand without a prefix.
    let address = match operands.strip_prefix("0x") {
        Some(digits) => usize::from_str_radix(digits, 16).ok()?,
        None => operands.parse().ok()?,
    };
    functions.iter().find(|f| f.offset == address)
}

/// Capstone for the machine that this runs on, in the style of the texts that Cranelift makes.
fn disassembler() -> Result<Capstone, String> {
    let capstone = Capstone::new();
    let built = match std::env::consts::ARCH {
        "x86_64" => capstone.x86().mode(arch::x86::ArchMode::Mode64).syntax(arch::x86::ArchSyntax::Att).build(),
        "aarch64" => capstone.arm64().mode(arch::arm64::ArchMode::Arm).build(),
        "s390x" => capstone.sysz().mode(arch::sysz::ArchMode::Default).build(),
        "riscv64" => {
            let compressed = [arch::riscv::ArchExtraMode::RiscVC];
            capstone.riscv().mode(arch::riscv::ArchMode::RiscV64).extra_mode(compressed.into_iter()).build()
        }
        other => return Err(format!("there is no disassembler for {other}")),
    };
    built.map_err(|e| e.to_string())
}
