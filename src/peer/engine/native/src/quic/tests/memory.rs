//! The memory of the running test.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

thread_local! {
    static BYTES: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

fn count(bytes: isize) {
    // A thread that ends frees what it has after its counters.
    let _ = BYTES.try_with(|total| {
        total.set(total.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(total.get())));
    });
}

// Safety: the system's allocator does all of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // Safety: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // Safety: as the caller promises.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// Returns the bytes that this thread keeps of `work` as long as its result lives.
pub fn kept<T>(work: impl FnOnce() -> T) -> (T, isize) {
    let before = BYTES.get();
    let result = work();
    (result, BYTES.get() - before)
}

/// Returns by how many bytes the memory of this thread grows at most during `work`.
pub fn growth(work: impl FnOnce()) -> usize {
    let before = BYTES.get();
    PEAK.set(before);
    work();
    (PEAK.get() - before).max(0) as usize
}
