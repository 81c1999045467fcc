//! The allocator of a plugin.
//!
//! An instance serves one request and is thrown away with its memory, so
//! nothing is gained by finding freed blocks again; the general allocator
//! would be a tenth of a small component. Only the block that was handed out
//! last is given back or grown in place, which is what text that is being
//! built needs. The host bounds the memory as a whole.

use std::{
    alloc::{GlobalAlloc, Layout},
    cell::Cell,
};

const PAGE: usize = 1 << 16;

struct Bump {
    next: Cell<usize>,
    end: Cell<usize>,
}

#[global_allocator]
static ALLOCATOR: Bump = Bump {
    next: Cell::new(0),
    end: Cell::new(0),
};

// SAFETY: a component's instance has one thread.
unsafe impl Sync for Bump {}

impl Bump {
    /// Makes room for `size` more bytes, in pages that nobody else has; those
    /// that follow the present ones make these longer.
    fn grow(&self, size: usize) -> Option<()> {
        let pages = size.checked_add(PAGE - 1)? / PAGE;
        let before = core::arch::wasm32::memory_grow(0, pages);
        if before == usize::MAX {
            return None;
        }
        let start = before.checked_mul(PAGE)?;
        if start != self.end.get() {
            self.next.set(start);
        }
        // The very last byte of the address space stays unused.
        self.end.set(start.saturating_add(pages * PAGE));
        Some(())
    }

    fn place(&self, size: usize, align: usize) -> Option<usize> {
        let start = self.next.get().checked_next_multiple_of(align)?;
        let end = start.checked_add(size)?;
        if end > self.end.get() {
            return None;
        }
        self.next.set(end);
        Some(start)
    }
}

// SAFETY: blocks come from pages that this allocator grew, and `next` only
// falls back over the last of them when its owner gives it up.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let (size, align) = (layout.size(), layout.align());
        let place = self.place(size, align).or_else(|| {
            self.grow(size.checked_add(align)?)?;
            self.place(size, align)
        });
        std::ptr::with_exposed_provenance_mut(place.unwrap_or(0))
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let start = block.expose_provenance();
        if start + layout.size() == self.next.get() {
            self.next.set(start);
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let start = block.expose_provenance();
        if start + layout.size() == self.next.get() {
            self.next.set(start);
            if self.place(size, 1).is_some() {
                return block;
            }
            self.next.set(start + layout.size());
        }
        if size <= layout.size() {
            return block;
        }
        // SAFETY: the caller gives a size that makes a layout with this
        // alignment, and a block of the old layout's size.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                std::ptr::copy_nonoverlapping(block, new, layout.size());
            }
            new
        }
    }
}
