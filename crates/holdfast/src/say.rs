//! What the command line says to whoever sits in front of it.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Says a line.
pub fn line(words: impl Display) {
    // Whoever reads it may have gone; that is no reason to end.
    let _ = writeln!(io::stdout(), "{words}");
}

/// Says what went wrong.
pub fn wrong(words: impl Display) {
    // As above.
    let _ = writeln!(io::stderr(), "{words}");
}

/// Shows that something longer is going on, and says what it was when it is over.
///
/// # Errors
/// What `work` answers.
pub async fn during<T, E>(
    what: &'static str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}");
    let bar = ProgressBar::new_spinner().with_message(what);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(Duration::from_millis(100));
    let done = work.await;
    bar.finish_and_clear();
    if done.is_ok() {
        line(format_args!(
            "  {what}: {:.1} s",
            bar.elapsed().as_secs_f64()
        ));
    }
    done
}
