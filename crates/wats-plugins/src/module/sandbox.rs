//! Runs the functions of a module within limits.
//!
//! Every call has an instance of its own: no file leaves a trace for the next one. Work is counted in fuel, about one
//! unit an instruction, which gives the same result on every machine; the clock is read between slices of it, for
//! machines that are slow or busy.

use super::PluginError;
use crate::Limits;
use std::time::{Duration, Instant};
use wasmi::{
    CompilationMode, Config, EnforcedLimits, Engine, Instance, Linker, Memory, Module, Store, StoreLimits,
    StoreLimitsBuilder, TrapCode, TypedFunc, TypedResumableCall, WasmParams, WasmResults,
};

/// Fuel for each second of the time limit: about what the interpreter burns in one.
const FUEL_PER_SECOND: u64 = 500_000_000;
/// How many times as long it may take by the clock, on a machine that is slow or busy.
const PATIENCE: u32 = 10;
/// Where that ends, unless the time limit itself is longer.
const LONGEST: Duration = Duration::from_secs(120);
/// Fuel between two looks at the clock: some milliseconds.
const SLICE: u64 = 5_000_000;
/// Deepest calls of functions in each other.
const CALLS: usize = 8192;
/// Largest stack, in bytes.
const STACK: usize = 4 << 20;
/// Most elements of a table.
const TABLE: usize = 100_000;

const ALLOC: &str = "wats_alloc";
const DESCRIBE: &str = "wats_describe";
const CONFIDENCE: &str = "wats_confidence";
const CONVERT: &str = "wats_convert";
const MEMORY: &str = "memory";

/// What goes wrong with a module, as the end of a sentence about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Trouble {
    /// The clock says so.
    #[error("ran for more than {0:?}")]
    Time(Duration),
    /// The fuel is used up.
    #[error("ran for more than the {1} million instructions of its time limit of {0:?}")]
    Fuel(Duration, u64),
    /// It stopped by itself, or tried what it must not.
    #[error("crashed: {0}")]
    Trap(String),
    /// It has no room for what it is to read.
    #[error("has no room for {0} bytes within its limit of {1} MiB of memory")]
    NoRoom(usize, u64),
    /// What it gives lies elsewhere.
    #[error("gave an answer that does not lie in its memory")]
    Outside,
    /// What it gives is too long.
    #[error("gave an answer of {0} bytes; {1} are allowed")]
    TooLong(u64, u64),
}

impl Trouble {
    fn trap(error: wasmi::Error) -> Self {
        let hint = match error.as_trap_code() {
            Some(TrapCode::UnreachableCodeReached) => ", which is how a panic ends",
            _ => "",
        };
        Self::Trap(format!("{error}{hint}"))
    }
}

/// A module that is ready to run.
#[derive(Debug)]
pub(super) struct Sandbox {
    module: Module,
    judges: bool,
}

/// Whether a section of code says that it has no functions, and has content all the same. The interpreter divides the
/// one by the other before it looks any closer.
fn has_code_without_functions(module: &[u8]) -> bool {
    const HEADER: usize = 8;
    const CODE: u8 = 10;
    let mut rest = module.get(HEADER..).unwrap_or_default();
    while let Some((id, after)) = rest.split_first() {
        let Some((size, content)) = number(after) else { return false };
        if *id == CODE && number(content).is_some_and(|(count, _)| count == 0 && size > 5) {
            return true;
        }
        rest = content.get(size as usize..).unwrap_or_default();
    }
    false
}

/// A number of at most 32 bits in LEB128, and what follows it.
fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let mut value = 0_u64;
    for (at, byte) in bytes.iter().enumerate().take(5) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((u32::try_from(value).ok()?, &bytes[at + 1..]));
        }
    }
    None
}

/// A running module.
struct Running {
    store: Store<StoreLimits>,
    instance: Instance,
    memory: Memory,
    deadline: Instant,
    fuel: u64,
    limits: Limits,
}

impl Sandbox {
    /// Checks a module in its binary form.
    pub(super) fn new(bytes: &[u8]) -> Result<Self, PluginError> {
        if has_code_without_functions(bytes) {
            return Err(PluginError::Module("its section of code has no functions, but is not empty".into()));
        }
        let mut config = Config::default();
        config
            .consume_fuel(true)
            .allow_start_fn(false)
            .ignore_custom_sections(true)
            .compilation_mode(CompilationMode::LazyTranslation)
            .enforced_limits(EnforcedLimits::strict())
            .set_max_recursion_depth(CALLS)
            .set_max_stack_height(STACK)
            .set_max_cached_stacks(1);
        // An engine keeps the code of its modules as long as it lives: each module has one of its own.
        let engine = Engine::new(&config);
        let module = Module::new(&engine, bytes).map_err(|error| PluginError::Module(error.to_string()))?;
        if let Some(import) = module.imports().next() {
            return Err(PluginError::Import { module: import.module().into(), name: import.name().into() });
        }
        for name in [MEMORY, ALLOC, DESCRIBE, CONVERT] {
            if module.get_export(name).is_none() {
                return Err(PluginError::Export(name));
            }
        }
        let judges = module.get_export(CONFIDENCE).is_some();
        let sandbox = Self { module, judges };
        sandbox.check_types()?;
        Ok(sandbox)
    }

    /// Whether it can say how sure it is.
    pub(super) fn judges(&self) -> bool {
        self.judges
    }

    /// The module's description of itself.
    pub(super) fn describe(&self, limits: &Limits) -> Result<Vec<u8>, Trouble> {
        let mut running = self.start(limits)?;
        let answer: i64 = running.call(DESCRIBE, ())?;
        running.answer(answer)
    }

    /// How sure the module is that a file is its own, in percent.
    pub(super) fn confidence(&self, request: &[u8], head: &[u8], limits: &Limits) -> Result<i32, Trouble> {
        let mut running = self.start(limits)?;
        let (request, file) = (running.put(request)?, running.put(head)?);
        running.call(CONFIDENCE, (request.0, request.1, file.0, file.1))
    }

    /// The module's answer to a file.
    pub(super) fn convert(&self, request: &[u8], file: &[u8], limits: &Limits) -> Result<Vec<u8>, Trouble> {
        let mut running = self.start(limits)?;
        let (request, file) = (running.put(request)?, running.put(file)?);
        let answer: i64 = running.call(CONVERT, (request.0, request.1, file.0, file.1))?;
        running.answer(answer)
    }

    fn start(&self, limits: &Limits) -> Result<Running, Trouble> {
        let memory = usize::try_from(limits.memory).unwrap_or(usize::MAX);
        let bounds = StoreLimitsBuilder::new()
            .memory_size(memory)
            .table_elements(TABLE)
            .instances(1)
            .tables(16)
            .memories(1);
        let mut store = Store::new(self.module.engine(), bounds.build());
        store.limiter(|bounds| bounds);
        let _ = store.set_fuel(SLICE);
        let instance = Linker::new(self.module.engine())
            .instantiate_and_start(&mut store, &self.module)
            .map_err(Trouble::trap)?;
        let memory = instance.get_memory(&store, MEMORY).ok_or(Trouble::Outside)?;
        Ok(Running {
            store,
            instance,
            memory,
            deadline: Instant::now() + clock(limits),
            fuel: fuel(limits),
            limits: *limits,
        })
    }

    /// The functions must have the parameters and results of the interface.
    fn check_types(&self) -> Result<(), PluginError> {
        // An instance of its own tells; what else is wrong with it shows when it describes itself.
        let Ok(running) = self.start(&super::BRIEF) else { return Ok(()) };
        let (store, instance) = (&running.store, &running.instance);
        let wrong = |name: &str, error: wasmi::Error| PluginError::Module(format!("{name}: {error}"));
        instance.get_typed_func::<i32, i32>(store, ALLOC).map_err(|error| wrong(ALLOC, error))?;
        instance.get_typed_func::<(), i64>(store, DESCRIBE).map_err(|error| wrong(DESCRIBE, error))?;
        instance.get_typed_func::<Two, i64>(store, CONVERT).map_err(|error| wrong(CONVERT, error))?;
        if self.judges {
            instance
                .get_typed_func::<Two, i32>(store, CONFIDENCE)
                .map_err(|error| wrong(CONFIDENCE, error))?;
        }
        Ok(())
    }
}

/// Fuel for a file.
fn fuel(limits: &Limits) -> u64 {
    u64::try_from(limits.time.as_millis())
        .unwrap_or(u64::MAX)
        .saturating_mul(FUEL_PER_SECOND / 1000)
        .max(SLICE)
}

/// Longest time by the clock.
fn clock(limits: &Limits) -> Duration {
    limits.time.saturating_mul(PATIENCE).min(LONGEST).max(limits.time)
}

/// Address and length, twice.
type Two = (i32, i32, i32, i32);

impl Running {
    /// Calls a function of the module.
    fn call<P: WasmParams, R: WasmResults>(&mut self, name: &str, parameters: P) -> Result<R, Trouble> {
        let function: TypedFunc<P, R> =
            self.instance.get_typed_func(&self.store, name).map_err(Trouble::trap)?;
        self.fill_up(SLICE)?;
        let mut state = function.call_resumable(&mut self.store, parameters).map_err(Trouble::trap)?;
        loop {
            state = match state {
                TypedResumableCall::Finished(result) => {
                    self.fuel = self.fuel.saturating_add(self.store.get_fuel().unwrap_or(0));
                    return Ok(result);
                }
                TypedResumableCall::OutOfFuel(call) => {
                    self.fill_up(call.required_fuel().max(SLICE))?;
                    call.resume(&mut self.store).map_err(Trouble::trap)?
                }
                // There are no functions of ours that could fail.
                TypedResumableCall::HostTrap(call) => {
                    return Err(Trouble::Trap(call.host_error().to_string()));
                }
            };
        }
    }

    /// Gives fuel for some more work, if there is time.
    fn fill_up(&mut self, wanted: u64) -> Result<(), Trouble> {
        if Instant::now() >= self.deadline {
            return Err(Trouble::Time(clock(&self.limits)));
        }
        self.fuel = self
            .fuel
            .checked_sub(wanted)
            .ok_or_else(|| Trouble::Fuel(self.limits.time, fuel(&self.limits) / 1_000_000))?;
        self.store.set_fuel(wanted).map_err(Trouble::trap)
    }

    /// Copies bytes into memory that the module gives. Where that is: address and length.
    fn put(&mut self, bytes: &[u8]) -> Result<(i32, i32), Trouble> {
        let no_room = || Trouble::NoRoom(bytes.len(), self.limits.memory >> 20);
        let length = i32::try_from(bytes.len()).map_err(|_| no_room())?;
        if self.limits.memory < bytes.len() as u64 {
            return Err(no_room());
        }
        let address: i32 = self.call(ALLOC, length)?;
        if address == 0 && length > 0 {
            return Err(Trouble::NoRoom(bytes.len(), self.limits.memory >> 20));
        }
        // Addresses have no sign.
        self.memory.write(&mut self.store, address as u32 as usize, bytes).map_err(|_| Trouble::Outside)?;
        Ok((address, length))
    }

    /// The bytes that an answer stands for: address in the upper half, length in the lower one.
    fn answer(&self, answer: i64) -> Result<Vec<u8>, Trouble> {
        let (address, length) = ((answer as u64 >> 32) as usize, u64::from(answer as u64 as u32));
        if length > self.limits.output {
            return Err(Trouble::TooLong(length, self.limits.output));
        }
        let end = address.checked_add(length as usize).ok_or(Trouble::Outside)?;
        self.memory.data(&self.store).get(address..end).map(<[u8]>::to_vec).ok_or(Trouble::Outside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_without_functions_is_refused() {
        let mut module = b"\0asm\x01\0\0\0\x0a".to_vec();
        module.extend([0x80 | (2000 & 0x7f) as u8, (2000 >> 7) as u8, 0]);
        module.resize(module.len() + 1999, 0);
        let refusal = Sandbox::new(&module).unwrap_err().to_string();
        assert!(refusal.ends_with("its section of code has no functions, but is not empty"), "{refusal}");
        // Also where the file ends before the section does, and where the number is longer than it needs to be.
        assert!(has_code_without_functions(&module[..20]));
        assert!(has_code_without_functions(b"\0asm\x01\0\0\0\x01\x01\0\x0a\xd0\x8f\0\x80\x80\0"));
        assert!(!has_code_without_functions(b"\0asm\x01\0\0\0\x0a\x01\0"));
        assert!(!has_code_without_functions(b"\0asm\x01\0\0\0\x0a\xff\xff\xff\xff\xff\x01\0"));
        assert_eq!(number(&[0xe5, 0x8e, 0x26, 1]), Some((624_485, &[1][..])));
    }
}
