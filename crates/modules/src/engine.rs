//! The engine that all modules share: wasmtime's, apart from the one of the WebAssembly backend.

use std::sync::OnceLock;
use std::time::Duration;

use quintet_cache::EngineHash;
use wasmtime::{Config, Engine, OptLevel, Strategy};

use crate::places::Kind;

/// Bytes of native stack that a call of a module may take.
const STACK: usize = 256 << 10;

/// Milliseconds between two ticks of the clock that ends calls which take too long.
pub(crate) const TICK: u64 = 100;

/// The engine for memories of a kind, made when it is first asked for, and what it compiles with.
pub(crate) fn engine(kind: Kind) -> Result<&'static (Engine, EngineHash), String> {
    static ENGINES: [OnceLock<Result<(Engine, EngineHash), String>>; 2] = [const { OnceLock::new() }; 2];
    let made = || make(kind).map(|engine| (engine.clone(), EngineHash::of(&engine)));
    ENGINES[usize::from(kind == Kind::Copied)].get_or_init(made).as_ref().map_err(String::clone)
}

fn make(kind: Kind) -> Result<Engine, String> {
    // That a module writes to a batch is noticed by a fault.
    if !quintet_region::has_signals() {
        return Err("modules need wasmtime's signal handlers, which this process does without".into());
    }
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        // What a NaN looks like must not depend on the processor.
        .cranelift_nan_canonicalization(true)
        .consume_fuel(true)
        .epoch_interruption(true)
        .memory_init_cow(false)
        .max_wasm_stack(STACK)
        .signals_based_traps(true)
        .generate_address_map(false)
        .native_unwind_info(cfg!(windows));
    match kind {
        #[cfg(target_os = "linux")]
        Kind::Mapped => {
            // With 4 GiB reserved and a guard behind them no 32-bit address needs a check.
            config.memory_reservation(4 << 30).memory_guard_size(32 << 20).memory_may_move(false);
            config.with_host_memory(std::sync::Arc::new(quintet_region::Regions { own: crate::places::WINDOW as usize }));
        }
        Kind::Copied => {
            // No more addresses than bytes.
            config.memory_reservation(0).memory_reservation_for_growth(0).memory_guard_size(0);
        }
    }
    let engine = Engine::new(&config).map_err(|e| format!("{e:#}"))?;
    tick(&engine)?;
    Ok(engine)
}

/// Has a thread move the engine's clock on.
fn tick(engine: &Engine) -> Result<(), String> {
    let engine = engine.weak();
    let ticker = std::thread::Builder::new().name("quintet-modules".into()).stack_size(64 << 10);
    let ticking = ticker.spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(Duration::from_millis(TICK));
        }
    });
    ticking.map(drop).map_err(|e| format!("no thread for the clock that ends calls: {e}"))
}
