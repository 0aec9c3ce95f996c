//! A line on the terminal while something takes longer than a second.

use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const BAR_CELLS: u64 = 20;

#[derive(Debug, Default)]
struct State {
    done: AtomicU64,
    total: AtomicU64,
    note: Mutex<Option<(Option<f64>, String)>>,
}

/// Drawn from the first second on, and removed when it is dropped.
#[derive(Debug)]
pub(crate) struct Spinner {
    state: Arc<State>,
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Spinner {
    /// `name` is what runs.
    pub(crate) fn start(name: String) -> Self {
        let state = Arc::new(State::default());
        let (stop, stopped) = mpsc::channel();
        let shared = state.clone();
        let thread = std::thread::spawn(move || draw(&name, &shared, &stopped));
        Self { state, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn serving(&self, calls: u64) {
        self.state.total.store(calls, Ordering::Relaxed);
    }

    pub(crate) fn answered(&self) {
        self.state.done.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn note(&self, fraction: Option<f64>, message: &str) {
        if let Ok(mut note) = self.state.note.lock() {
            *note = Some((fraction, crate::style::tame(message)));
        }
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn draw(name: &str, state: &State, stopped: &mpsc::Receiver<()>) {
    let started = Instant::now();
    let mut wait = Duration::from_secs(1);
    let mut drawn = false;
    for frame in FRAMES.iter().cycle() {
        if stopped.recv_timeout(wait) != Err(mpsc::RecvTimeoutError::Timeout) {
            break;
        }
        wait = Duration::from_millis(100);
        drawn = true;
        let line = line(name, state, started.elapsed());
        let _ = write!(std::io::stderr(), "\r\x1b[K{frame} {line}");
    }
    if drawn {
        let _ = write!(std::io::stderr(), "\r\x1b[K");
    }
}

fn line(name: &str, state: &State, elapsed: Duration) -> String {
    let (done, total) = (state.done.load(Ordering::Relaxed), state.total.load(Ordering::Relaxed));
    let note = state.note.lock().ok().and_then(|note| note.clone());
    let (fraction, message) = note.map_or((None, String::new()), |(fraction, message)| (fraction, message));
    let mut line = format!("{name} {:.0} s", elapsed.as_secs_f64());
    if total > 1 {
        line.push_str(&format!(" {} {done}/{total}", bar(done, total)));
    } else if let Some(fraction) = fraction {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1, so 0 to 1000")]
        let parts = (fraction.clamp(0.0, 1.0) * 1000.0) as u64;
        line.push_str(&format!(" {} {} %", bar(parts, 1000), parts / 10));
    }
    if !message.is_empty() {
        line.push(' ');
        line.extend(message.chars().take(60));
    }
    line
}

fn bar(done: u64, total: u64) -> String {
    let full = usize::try_from((done.min(total) * BAR_CELLS).checked_div(total).unwrap_or(0)).unwrap_or(0);
    let cells = usize::try_from(BAR_CELLS).unwrap_or(0);
    format!("[{}{}]", "#".repeat(full), ".".repeat(cells - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_and_a_fraction_is_a_bar() {
        let state = State::default();
        state.total.store(4, Ordering::Relaxed);
        state.done.store(1, Ordering::Relaxed);
        assert_eq!(line("x", &state, Duration::from_secs(3)), "x 3 s [#####...............] 1/4");
        state.total.store(1, Ordering::Relaxed);
        *state.note.lock().unwrap() = Some((Some(0.5), "loading".to_owned()));
        assert_eq!(line("x", &state, Duration::from_secs(3)), "x 3 s [##########..........] 50 % loading");
    }
}
