//! A team with many lists, panics, and members that do nothing.

use super::*;
use std::collections::HashSet;

fn check(members: usize, tasks: usize) {
    let team = Team::new(members);
    assert_eq!(team.members(), members);
    for round in 0..300 {
        let mut values: Vec<usize> = (0..tasks).collect();
        team.each(&mut values, |value| *value += round);
        assert!(values.iter().enumerate().all(|(i, value)| *value == i + round), "{members} {tasks} {round}");
    }
}

#[test]
fn every_task_is_done_once() {
    for (members, tasks) in [(1, 5), (2, 0), (2, 1), (2, 2), (2, 4), (3, 8), (4, 32), (4, 33), (5, 100)] {
        check(members, tasks);
    }
}

#[test]
fn helpers_wake_from_parking_and_share_the_work() {
    let team = Team::new(2);
    for _ in 0..3 {
        let mut ids = [None, None];
        thread::sleep(Duration::from_millis(20));
        let both = std::sync::Barrier::new(2);
        team.each(&mut ids, |id| {
            both.wait();
            *id = Some(thread::current().id());
        });
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 2);
        thread::sleep(LONGEST_ALONE);
    }
}

#[test]
fn a_panic_reaches_the_caller_and_the_team_goes_on() {
    let team = Team::new(2);
    for round in 0..20 {
        if round == 10 {
            team.alone.lock().expect("no panic").until = Instant::now() + LONGEST_ALONE;
        }
        let mut done = [false; 8];
        let mut tasks: Vec<(usize, &mut bool)> = done.iter_mut().enumerate().collect();
        let result = catch_unwind(AssertUnwindSafe(|| {
            team.each(&mut tasks, |(index, done)| {
                assert!(*index != 3, "task three");
                **done = true;
            })
        }));
        let panic = result.expect_err("the panic of a task");
        assert_eq!(panic.downcast_ref(), Some(&"task three"));
        assert_eq!(done, [true, true, true, false, true, true, true, true]);
    }
    check(2, 4);
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("a payload that panics when it is dropped");
    }
}

/// Every task panics with a [`Bomb`], on any thread; no task is still running when the call returns.
#[test]
fn payloads_that_panic_when_dropped_do_not_end_a_list_early() {
    for members in [1, 2] {
        let team = Team::new(members);
        for _ in 0..20 {
            *team.alone.lock().expect("no panic") = Alone::new(ALONE);
            let (both, done) = (std::sync::Barrier::new(members), AtomicUsize::new(0));
            let result = catch_unwind(AssertUnwindSafe(|| {
                team.each(&mut [0; MOST_TASKS + 2], |_| {
                    if done.fetch_add(1, Ordering::SeqCst) < members {
                        both.wait();
                    }
                    std::panic::panic_any(Bomb);
                })
            }));
            let payload = result.expect_err("the panic of a task");
            assert!(payload.is::<Bomb>());
            std::mem::forget(payload);
            assert_eq!(done.into_inner(), MOST_TASKS + 2, "a task was not begun");
            assert_eq!(team.shared.left.load(Ordering::SeqCst), 0, "a task is still at work");
        }
        check(members, 4);
    }
}

#[test]
fn a_task_may_use_the_team() {
    let team = Team::new(2);
    let mut sums = [0; 4];
    team.each(&mut sums, |sum| {
        let mut parts = [1, 2, 3];
        team.each(&mut parts, |part| *part *= 2);
        *sum = parts.iter().sum();
    });
    assert_eq!(sums, [12; 4]);
}

#[test]
fn a_caller_kept_waiting_works_alone_for_a_while() {
    let team = Team::new(2);
    *team.alone.lock().expect("no panic") = Alone::new(LONGEST_ALONE);
    let caller = thread::current().id();
    let (both, mut ids) = (std::sync::Barrier::new(2), [None, None]);
    team.each(&mut ids, |id| {
        both.wait();
        *id = Some(thread::current().id());
        if *id != Some(caller) {
            thread::sleep(100 * PATIENCE);
        }
    });
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 2);
    team.each(&mut ids, |id| *id = Some(thread::current().id()));
    assert_eq!(ids, [Some(caller); 2]);
}

#[test]
fn the_time_alone_grows_while_it_does_not_help() {
    let mut alone = Alone { until: Instant::now() - Duration::from_secs(9), ..Alone::new(ALONE) };
    for expected in [1, 2, 4, 8, 16, 32, 32] {
        alone.extend();
        assert_eq!(alone.length, expected * ALONE);
    }
    alone.until -= Duration::from_secs(9);
    alone.extend();
    assert_eq!(alone.length, ALONE);
}

/// Whether waits of `late` milliseconds, per `every` milliseconds of the team's work, make the caller work alone.
fn leads_to_being_alone(late: u32, every: u32) -> bool {
    let (millisecond, start) = (Duration::from_millis(1), Instant::now());
    let mut alone = Alone { until: start, ..Alone::new(ALONE) };
    for _ in 0..100 {
        alone.account((every - late) * millisecond, Duration::ZERO);
        alone.account(late * millisecond, late * millisecond);
    }
    alone.until > start
}

#[test]
fn only_waits_that_cost_more_than_the_team_gains_lead_to_being_alone() {
    for (late, every, expected) in
        [(4, 8, true), (3, 6, true), (1, 2, true), (1, 4, false), (1, 8, false), (2, 100, false)]
    {
        assert_eq!(leads_to_being_alone(late, every), expected, "{late} ms in {every}");
    }
}

#[test]
fn the_team_is_given_a_trial() {
    let (millisecond, mut alone) = (Duration::from_millis(1), Alone::new(ALONE));
    let start = alone.until;
    alone.account(TRIAL - millisecond, TRIAL - millisecond);
    assert_eq!(alone.until, start, "too early to tell");
    alone.account(2 * millisecond, Duration::ZERO);
    assert!(alone.until > start);
    let again = alone.until;
    alone.account(TRIAL - millisecond, TRIAL - millisecond);
    assert_eq!(alone.until, again, "every trial is as long");
}

/// As with a busy core: the helper never gets to a task, and the caller does not wait for it.
#[test]
fn helpers_that_do_nothing_lead_to_being_alone() {
    let mut team = Team::new(1);
    let shared = Arc::clone(&team.shared);
    team.helpers.push(thread::spawn(move || {
        while !shared.stop.load(Ordering::Acquire) {
            thread::sleep(Duration::from_millis(1));
        }
    }));
    let start = Instant::now();
    while start.elapsed() <= TRIAL {
        team.each(&mut [0; 2], |_| thread::sleep(TRIAL / 8));
    }
    team.each(&mut [0; 2], |_| thread::sleep(TRIAL / 8));
    assert!(team.alone.lock().expect("no panic").until > start + TRIAL);
}

#[test]
fn threads_end_with_the_team() {
    let team = Team::new(3);
    let shared = Arc::downgrade(&team.shared);
    team.each(&mut [0; 4], |task| *task += 1);
    drop(team);
    assert!(shared.upgrade().is_none(), "a thread still holds the team");
}
