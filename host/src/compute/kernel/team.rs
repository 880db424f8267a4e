//! A persistent team of threads: it works on the tasks of a list, spins briefly between two lists, then parks.
//!
//! A task belongs to one thread by its position in the list, so that its data stays in that core's cache; a thread that
//! finishes early takes tasks that their owner has not begun. If the caller has finished and then waits for the others
//! for a large part of the time, or has to do their tasks as well, another process has taken a core: the caller then
//! works alone for a while.
//!
//! It is kept because it is faster than rayon: with rayon 1's `in_place_scope`, an epoch of the notebook's models takes
//! 1.36 (`after`) and 1.39 (`before`) times as long on two threads, with the same results (medians of 7 alternating
//! rounds of `train --threads 2`, AMD EPYC, 2026-11-30).

use std::any::Any;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Maximum number of tasks in one list: those with a bit in the lower half of [`Shared::open`].
const MOST_TASKS: usize = 32;
/// How often a thread without work checks for some before it parks, which takes about 50 to 100 microseconds.
const SPINS: u32 = 2_000;
/// Waiting longer than the time of the caller's own share plus this means that a thread has lost its core.
const PATIENCE: Duration = Duration::from_micros(200);
/// If the time lost by such waits, minus a quarter of the time that the team has worked, exceeds this, the caller works
/// alone. A thread next to a busy one loses milliseconds every few milliseconds; the system's own activity costs less
/// and is rare.
const TOO_MUCH: Duration = Duration::from_millis(2);
/// Minimum time that the team works before that is decided. A helper that was started on the caller's core must stay
/// runnable for some scheduler ticks before it is migrated to a free core; if it parked, it would stay there.
const TRIAL: Duration = Duration::from_millis(10);
/// How long the caller then works alone at first; longer each time it happens again soon.
const ALONE: Duration = Duration::from_millis(10);
/// Maximum time that the caller works alone.
const LONGEST_ALONE: Duration = Duration::from_millis(320);

/// The payload of a task's panic.
type Payload = Box<dyn Any + Send>;

/// One list of tasks, with its types erased.
#[derive(Clone, Copy)]
struct Job {
    batch: *const (),
    /// Executes task `index` of `batch`.
    run: unsafe fn(batch: *const (), index: usize),
}

/// The data that a [`Job`] points to.
struct Batch<T, F> {
    tasks: *mut T,
    work: F,
}

unsafe fn nothing(_: *const (), _: usize) {}

/// Executes task `index` of a `Batch<T, F>`.
///
/// # Safety
/// `batch` must point to a live `Batch<T, F>` with more than `index` tasks, and nothing else may access that task.
unsafe fn run<T, F: Fn(&mut T)>(batch: *const (), index: usize) {
    // SAFETY: guaranteed by the caller, see `# Safety`.
    let (batch, task) = unsafe {
        let batch = &*batch.cast::<Batch<T, F>>();
        (batch, &mut *batch.tasks.add(index))
    };
    (batch.work)(task);
}

struct Shared {
    /// The list's number in the upper half, and a bit for every task not taken yet in the lower half.
    open: AtomicU64,
    /// Number of unfinished tasks in the list.
    left: AtomicUsize,
    /// The list. Only written while `left` is 0; only read by a thread that holds one of its tasks.
    job: UnsafeCell<Job>,
    /// The first panic in a task of the list.
    panic: Mutex<Option<Payload>>,
    /// Which of the helpers are parked, or about to park.
    parked: Vec<AtomicBool>,
    stop: AtomicBool,
}

// SAFETY: `job` is written before `open` publishes it and read by threads that took a task from `open`; the list
// cannot change before that task is finished. What it points to is shared under the bounds of `Team::each`.
unsafe impl Sync for Shared {}
// SAFETY: as above; the pointers are used only while the caller of `Team::each` waits for the list.
unsafe impl Send for Shared {}

impl Shared {
    /// Opens a list of `tasks` tasks. Only allowed once the last list is finished.
    fn publish(&self, job: Job, tasks: usize) {
        // SAFETY: `left` is 0, so no thread holds a task or reads `job`.
        unsafe { *self.job.get() = job };
        self.left.store(tasks, Ordering::Relaxed);
        let list = (self.open.load(Ordering::Relaxed) >> 32) + 1;
        let bits = u64::from(u32::MAX) >> (MOST_TASKS - tasks);
        self.open.store(list << 32 | bits, Ordering::SeqCst);
    }

    /// Takes an open task, preferably one of the `own` ones.
    fn take(&self, own: u32) -> Option<(Job, usize)> {
        let mut open = self.open.load(Ordering::Acquire);
        loop {
            let bits = open as u32;
            if bits == 0 {
                return None;
            }
            let index = if bits & own != 0 { (bits & own).trailing_zeros() } else { 31 - bits.leading_zeros() };
            match self.open.compare_exchange_weak(open, open & !(1 << index), Ordering::SeqCst, Ordering::Acquire) {
                // SAFETY: this thread holds an unfinished task of the current list, so `job` cannot change.
                Ok(_) => return Some((unsafe { *self.job.get() }, index as usize)),
                Err(now) => open = now,
            }
        }
    }

    /// Takes tasks until none is open; returns their number.
    fn work(&self, own: u32) -> usize {
        let mut count = 0;
        while let Some((job, index)) = self.take(own) {
            count += 1;
            // SAFETY: `Team::each` keeps the batch alive until `left` is 0, and the bit in `open` gave us the task.
            let result = catch_unwind(AssertUnwindSafe(|| unsafe { (job.run)(job.batch, index) }));
            // Nothing from here to `fetch_sub` may panic, or the caller would wait forever.
            keep_first(&mut self.panic(), result.err());
            self.left.fetch_sub(1, Ordering::Release);
        }
        count
    }

    fn panic(&self) -> MutexGuard<'_, Option<Payload>> {
        self.panic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The main loop of a helper.
    fn help(&self, helper: usize, own: u32) {
        let mut idle = 0;
        while !self.stop.load(Ordering::Acquire) {
            if self.work(own) > 0 {
                idle = 0;
            } else if idle < SPINS {
                idle += 1;
                std::hint::spin_loop();
            } else {
                self.park(&self.parked[helper]);
                idle = 0;
            }
        }
    }

    fn park(&self, parked: &AtomicBool) {
        parked.store(true, Ordering::SeqCst);
        while parked.load(Ordering::SeqCst) {
            if self.open.load(Ordering::SeqCst) as u32 != 0 || self.stop.load(Ordering::SeqCst) {
                parked.store(false, Ordering::SeqCst);
            } else {
                thread::park();
            }
        }
    }
}

/// Threads that work on lists of tasks together with the thread that calls [`each`](Self::each).
pub(crate) struct Team {
    shared: Arc<Shared>,
    helpers: Vec<JoinHandle<()>>,
    /// Locked while a list is worked on.
    alone: Mutex<Alone>,
}

impl Team {
    /// A team of `members` threads, including the caller. If the system refuses a thread, it is smaller.
    pub(crate) fn new(members: usize) -> Self {
        let helpers = members.clamp(1, MOST_TASKS) - 1;
        let shared = Arc::new(Shared {
            open: AtomicU64::new(0),
            left: AtomicUsize::new(0),
            job: UnsafeCell::new(Job { batch: std::ptr::null(), run: nothing }),
            panic: Mutex::new(None),
            parked: (0..helpers).map(|_| AtomicBool::new(false)).collect(),
            stop: AtomicBool::new(false),
        });
        let spawn = |helper| {
            let (shared, own) = (Arc::clone(&shared), own_tasks(helper + 1, helpers + 1));
            thread::Builder::new().name(format!("compute-{helper}")).spawn(move || shared.help(helper, own)).ok()
        };
        let helpers = (0..helpers).map_while(spawn).collect();
        Self { shared, helpers, alone: Mutex::new(Alone::new(ALONE)) }
    }

    /// Number of threads, including the caller.
    pub(crate) fn members(&self) -> usize {
        self.helpers.len() + 1
    }

    /// Calls `work` once for every task, on any thread of the team, and returns when all are done.
    ///
    /// If called from within a task, or while another thread's list is being processed, it works only on the caller's
    /// thread.
    ///
    /// # Panics
    /// If a task panicked, with the first panic, after all other tasks are done.
    pub(crate) fn each<T: Send>(&self, tasks: &mut [T], work: impl Fn(&mut T) + Sync) {
        let Ok(mut alone) = self.alone.try_lock() else {
            return one_by_one(tasks, work);
        };
        if self.helpers.is_empty() || tasks.len() < 2 || Instant::now() < alone.until {
            drop(alone);
            return one_by_one(tasks, work);
        }
        let mut panic = None;
        for tasks in tasks.chunks_mut(MOST_TASKS) {
            let start = Instant::now();
            let late = self.list(tasks, &work, start);
            alone.account(start.elapsed(), late);
            keep_first(&mut panic, self.shared.panic().take());
        }
        drop(alone);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }

    /// Processes one list, begun at `start`. Returns the time lost by late helpers: the caller's waiting time, or all
    /// of it if they did nothing.
    fn list<T: Send>(&self, tasks: &mut [T], work: impl Fn(&mut T) + Sync, start: Instant) -> Duration {
        let count = tasks.len();
        let batch = Batch { tasks: tasks.as_mut_ptr(), work };
        self.shared.publish(Job { batch: (&raw const batch).cast(), run: runner(&batch) }, count);
        // Declared after `batch`, so that it is dropped first, even when unwinding.
        let unfinished = Unfinished(&self.shared.left);
        for (parked, helper) in self.shared.parked.iter().zip(&self.helpers) {
            if parked.swap(false, Ordering::SeqCst) {
                helper.thread().unpark();
            }
        }
        let own = self.shared.work(own_tasks(0, self.members()));
        let done = Instant::now();
        if own == count {
            return done - start;
        }
        let late = done + (done - start) + PATIENCE;
        unfinished.wait(late).map_or(Duration::ZERO, |finished| finished - done)
    }
}

/// The unfinished tasks of a list, whose data must live until they are finished.
struct Unfinished<'a>(&'a AtomicUsize);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        while self.0.load(Ordering::Acquire) != 0 {
            thread::yield_now();
        }
    }
}

impl Unfinished<'_> {
    /// Returns when every task of the list is finished; returns that time if it is later than `late`.
    fn wait(&self, late: Instant) -> Option<Instant> {
        let mut spins = 0u32;
        let mut is_late = false;
        while self.0.load(Ordering::Acquire) != 0 {
            spins = spins.wrapping_add(1);
            if is_late {
                thread::yield_now();
            } else if spins % 64 == 0 && Instant::now() > late {
                is_late = true;
            } else {
                std::hint::spin_loop();
            }
        }
        is_late.then(Instant::now)
    }
}

/// Decides when the caller works alone.
struct Alone {
    until: Instant,
    length: Duration,
    /// Time lost by waiting, minus a quarter of the time that the team has worked.
    lost: Duration,
    /// How long the team has worked since the caller was last alone.
    worked: Duration,
}

impl Alone {
    /// Initially not alone; the first solo period lasts `length`.
    fn new(length: Duration) -> Self {
        Self { until: Instant::now(), length, lost: Duration::ZERO, worked: Duration::ZERO }
    }

    /// Accounts for a list that took the team `took`, of which late helpers lost `late`.
    fn account(&mut self, took: Duration, late: Duration) {
        self.worked += took;
        self.lost = (self.lost + late).saturating_sub(took / 4);
        if self.worked > TRIAL && self.lost > TOO_MUCH {
            (self.lost, self.worked) = (Duration::ZERO, Duration::ZERO);
            self.extend();
        }
    }

    /// Starts working alone now, twice as long as the last time if that was recent.
    fn extend(&mut self) {
        let now = Instant::now();
        let again = now < self.until + 4 * self.length;
        self.length = if again { (2 * self.length).min(LONGEST_ALONE) } else { ALONE };
        self.until = now + self.length;
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        for helper in self.helpers.drain(..) {
            helper.thread().unpark();
            // A helper catches what its tasks panic with; there is nothing to pass on.
            let _ = helper.join();
        }
    }
}

/// Executes all tasks on the caller's thread; a panic waits for the others to finish, as with helpers.
fn one_by_one<T>(tasks: &mut [T], work: impl Fn(&mut T)) {
    let mut panic = None;
    for task in tasks {
        keep_first(&mut panic, catch_unwind(AssertUnwindSafe(|| work(task))).err());
    }
    if let Some(panic) = panic {
        resume_unwind(panic);
    }
}

/// Keeps the first panic. A later one is forgotten rather than dropped, because dropping a foreign panic's payload may
/// panic.
fn keep_first(first: &mut Option<Payload>, next: Option<Payload>) {
    match first {
        None => *first = next,
        Some(_) => std::mem::forget(next),
    }
}

/// The tasks of `member` among `members`, as bits.
fn own_tasks(member: usize, members: usize) -> u32 {
    (member..MOST_TASKS).step_by(members).fold(0, |bits, task| bits | 1 << task)
}

/// [`run`] for the types of a batch.
fn runner<T, F: Fn(&mut T)>(_: &Batch<T, F>) -> unsafe fn(*const (), usize) {
    run::<T, F>
}

#[cfg(test)]
mod tests;
