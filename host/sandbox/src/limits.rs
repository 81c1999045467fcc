use wasmtime::ResourceLimiter;

/// Tables and memories of an instance, each.
const TABLES: usize = 32;
const MEMORIES: usize = 32;

/// What one instance of a component may use. A chain's members each have
/// their own.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of linear memory, all memories together.
    pub memory: usize,
    /// Elements of each table.
    pub table_elements: usize,
    /// Core instances that the component is made of.
    pub instances: usize,
    /// Handles of host objects held at once.
    pub handles: usize,
    /// Calls of host functions.
    pub host_calls: u32,
    /// Changes of the kernel and of records: each may have to be undone.
    pub changes: u32,
    /// Links made. The kernel takes some 20 ms to delete one.
    pub links: u32,
    /// Datagrams sent.
    pub datagrams: u32,
    /// HTTP requests sent.
    pub requests: u32,
    /// Bytes that one host call or result may bring out of the guest.
    pub transfer: usize,
    /// Bytes of messages and of standard error that are kept.
    pub log: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 32 << 20,
            table_elements: 20_000,
            instances: 32,
            handles: 1_000,
            host_calls: 20_000,
            changes: 2_000,
            links: 64,
            datagrams: 256,
            requests: 64,
            transfer: 2 << 20,
            log: 64 << 10,
        }
    }
}

/// Watches growth and remembers when it had to refuse, so that the trap which
/// follows can be explained.
#[derive(Debug)]
pub struct MemoryGuard {
    limits: Limits,
    memory: usize,
    refused: bool,
}

impl MemoryGuard {
    /// A guard for one instance.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            memory: 0,
            refused: false,
        }
    }

    /// Whether more memory was wanted than there may be.
    #[must_use]
    pub fn refused(&self) -> bool {
        self.refused
    }
}

impl ResourceLimiter for MemoryGuard {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.memory.saturating_add(desired.saturating_sub(current));
        if total > self.limits.memory {
            self.refused = true;
            return Ok(false);
        }
        self.memory = total;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= self.limits.table_elements)
    }

    fn instances(&self) -> usize {
        self.limits.instances
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}
