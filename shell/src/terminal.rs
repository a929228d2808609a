//! The terminal that standard input is: its modes, and the keys that are pressed at it.
//!
//! From the first prompt or question to the end of the program the terminal is ours: it echoes nothing by
//! itself, and hands on each byte at once. Bytes are taken from it one at a time, so that what was typed ahead
//! waits in its queue, in order, for the command, the question or the program that it is meant for.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::io::Errno;
use rustix::process::{Signal, kill_current_process_group};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush,
    tcgetattr, tcgetwinsize, tcsetattr,
};
use signal_hook::consts::{SIGHUP, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::keys::{Decoder, Key};

/// The terminal, until it is dropped.
pub(crate) struct Terminal {
    modes: Arc<Modes>,
    decoder: Decoder,
}

impl Terminal {
    /// Takes the terminal; `None` if standard input is none.
    pub(crate) fn take() -> Option<Terminal> {
        let modes = Arc::new(Modes { before: tcgetattr(io::stdin()).ok()?, now: Mutex::default() });
        modes.set(Mode::Running);
        give_back_on_signals(Arc::clone(&modes));
        Some(Terminal { modes, decoder: Decoder::default() })
    }

    /// Whether what is typed is to be shown: who started the program may have turned that off.
    pub(crate) fn echoes(&self) -> bool {
        self.modes.before.local_modes.contains(LocalModes::ECHO)
    }

    /// How many columns it has, if it says so.
    pub(crate) fn columns(&self) -> Option<usize> {
        let size = tcgetwinsize(io::stdin()).ok()?;
        Some(size.ws_col.into()).filter(|columns| *columns > 0)
    }

    /// From here on Ctrl-C and Ctrl-Z are keys.
    pub(crate) fn start_typing(&mut self) {
        self.modes.set(Mode::Typing);
    }

    /// From here on they send their signals, which also drops what was typed ahead.
    pub(crate) fn stop_typing(&mut self) {
        self.modes.set(Mode::Running);
    }

    /// Drops what was typed ahead.
    pub(crate) fn discard(&mut self) {
        self.decoder = Decoder::default();
        // An error means that the terminal has gone away.
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
    }

    /// Waits for a key; `None` if the terminal has gone away.
    pub(crate) fn key(&mut self) -> Option<Key> {
        match self.decoder.key(&mut next_byte)? {
            Key::Control('z') => {
                self.stop();
                Some(Key::Resumed)
            }
            key => Some(key),
        }
    }

    /// Stops the program as Ctrl-Z does, until it is made to go on.
    fn stop(&self) {
        self.modes.give_back();
        // Without somebody who could make it go on, the system does not stop it.
        let _ = kill_current_process_group(Signal::TSTP);
        self.modes.set(Mode::Typing);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.modes.give_back();
    }
}

/// One byte, so that all others stay in the terminal's queue.
fn next_byte() -> Option<u8> {
    let mut byte = [0];
    loop {
        match rustix::io::read(io::stdin(), &mut byte) {
            Ok(1) => return Some(byte[0]),
            Err(Errno::INTR) => {}
            Ok(_) | Err(_) => return None,
        }
    }
}

/// How the terminal is set while it is ours.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// A command runs.
    Running,
    /// A line is read.
    Typing,
}

/// The modes of the terminal, which have to be given back however the program ends.
struct Modes {
    before: Termios,
    /// `None` before it is taken, and after it was given back.
    now: Mutex<Option<Mode>>,
}

impl Modes {
    fn set(&self, mode: Mode) {
        // Even if it is set already: another program may have had the terminal meanwhile.
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = Some(mode);
        self.apply(mode);
    }

    fn give_back(&self) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if now.take().is_some() {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
        }
    }

    fn apply(&self, mode: Mode) {
        let mut ours = self.before.clone();
        // Ctrl-S and Ctrl-Q are keys, Enter is told from Ctrl-J.
        ours.input_modes.remove(InputModes::IXON | InputModes::ICRNL | InputModes::ISTRIP);
        ours.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN);
        ours.special_codes[SpecialCodeIndex::VMIN] = 1;
        ours.special_codes[SpecialCodeIndex::VTIME] = 0;
        if mode == Mode::Typing {
            // No key sends their signals.
            ours.special_codes[SpecialCodeIndex::VINTR] = 0;
            ours.special_codes[SpecialCodeIndex::VSUSP] = 0;
        }
        // Never so that input is dropped. An error means that the terminal has gone away.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &ours);
    }
}

/// Gives the terminal back before a signal ends the program.
fn give_back_on_signals(modes: Arc<Modes>) {
    // Without this the terminal stays as it is after such an end.
    let Ok(mut signals) = Signals::new([SIGHUP, SIGQUIT, SIGTERM]) else { return };
    thread::spawn(move || {
        for signal in signals.forever() {
            modes.give_back();
            let _ = emulate_default_handler(signal);
        }
    });
}
