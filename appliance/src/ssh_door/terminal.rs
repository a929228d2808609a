//! A pseudo-terminal, set as its user asked.

use std::io;
use std::os::fd::OwnedFd;

use russh::Pty;
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, Winsize, tcgetattr,
    tcsetattr, tcsetwinsize,
};

/// The longest name of a kind of terminal.
const NAME: usize = 32;
/// The largest size of a window; larger ones are nonsense.
const LARGEST: u32 = 4096;

/// How large a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    columns: u16,
    rows: u16,
}

impl Size {
    pub(super) fn new(columns: u32, rows: u32) -> Size {
        let bound = |number: u32| u16::try_from(number.min(LARGEST)).unwrap_or_default();
        Size { columns: bound(columns), rows: bound(rows) }
    }

    fn of_window(self) -> Winsize {
        Winsize { ws_row: self.rows, ws_col: self.columns, ws_xpixel: 0, ws_ypixel: 0 }
    }
}

/// A terminal that somebody asked for.
pub(super) struct Wanted {
    /// Its kind: `xterm`.
    pub(super) name: String,
    pub(super) size: Size,
    /// Its modes; what is not named stays as the system has it.
    pub(super) modes: Vec<(Pty, u32)>,
}

impl Wanted {
    /// The kind of terminal, unless it is a name that none has.
    pub(super) fn kind(&self) -> &str {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-+._".contains(c);
        let good = self.name.len() <= NAME && self.name.chars().all(plain);
        if good { &self.name } else { "dumb" }
    }

    /// Opens it: our side and that of the program.
    pub(super) fn open(&self) -> io::Result<(OwnedFd, OwnedFd)> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let ours = openpt(flags | OpenptFlags::from_bits_retain(OFlags::NONBLOCK.bits()))?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let name = ptsname(&ours, Vec::new())?;
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let theirs = rustix::fs::open(name.as_c_str(), flags, Mode::empty())?;
        tcsetwinsize(&ours, self.size.of_window())?;
        let mut attributes = tcgetattr(&theirs)?;
        for (mode, value) in &self.modes {
            let on = *value != 0;
            match MODES.iter().find(|(name, _)| name == mode).map(|(_, mode)| *mode) {
                Some(Setting::Local(flag)) => attributes.local_modes.set(flag, on),
                Some(Setting::Input(flag)) => attributes.input_modes.set(flag, on),
                Some(Setting::Output(flag)) => attributes.output_modes.set(flag, on),
                Some(Setting::Key(index)) => {
                    attributes.special_codes[index] = u8::try_from(*value).unwrap_or_default();
                }
                None => {}
            }
        }
        tcsetattr(&theirs, OptionalActions::Now, &attributes)?;
        Ok((ours, theirs))
    }
}

/// Gives the window of a terminal another size.
pub(super) fn resize(terminal: &OwnedFd, size: Size) {
    // The program may have ended.
    let _ = tcsetwinsize(terminal, size.of_window());
}

/// Whether a program takes each key from a terminal as it comes, not line by line.
pub(super) fn takes_keys(terminal: &OwnedFd) -> bool {
    tcgetattr(terminal).is_ok_and(|now| !now.local_modes.contains(LocalModes::ICANON))
}

/// What a mode of the protocol is on the system.
#[derive(Clone, Copy)]
enum Setting {
    Local(LocalModes),
    Input(InputModes),
    Output(OutputModes),
    Key(SpecialCodeIndex),
}

const MODES: &[(Pty, Setting)] = &[
    (Pty::ECHO, Setting::Local(LocalModes::ECHO)),
    (Pty::ECHOE, Setting::Local(LocalModes::ECHOE)),
    (Pty::ECHOK, Setting::Local(LocalModes::ECHOK)),
    (Pty::ECHONL, Setting::Local(LocalModes::ECHONL)),
    (Pty::ICANON, Setting::Local(LocalModes::ICANON)),
    (Pty::ISIG, Setting::Local(LocalModes::ISIG)),
    (Pty::IEXTEN, Setting::Local(LocalModes::IEXTEN)),
    (Pty::NOFLSH, Setting::Local(LocalModes::NOFLSH)),
    (Pty::TOSTOP, Setting::Local(LocalModes::TOSTOP)),
    (Pty::ICRNL, Setting::Input(InputModes::ICRNL)),
    (Pty::INLCR, Setting::Input(InputModes::INLCR)),
    (Pty::IGNCR, Setting::Input(InputModes::IGNCR)),
    (Pty::ISTRIP, Setting::Input(InputModes::ISTRIP)),
    (Pty::IXON, Setting::Input(InputModes::IXON)),
    (Pty::IXANY, Setting::Input(InputModes::IXANY)),
    (Pty::IXOFF, Setting::Input(InputModes::IXOFF)),
    (Pty::OPOST, Setting::Output(OutputModes::OPOST)),
    (Pty::ONLCR, Setting::Output(OutputModes::ONLCR)),
    (Pty::OCRNL, Setting::Output(OutputModes::OCRNL)),
    (Pty::ONOCR, Setting::Output(OutputModes::ONOCR)),
    (Pty::ONLRET, Setting::Output(OutputModes::ONLRET)),
    (Pty::VINTR, Setting::Key(SpecialCodeIndex::VINTR)),
    (Pty::VQUIT, Setting::Key(SpecialCodeIndex::VQUIT)),
    (Pty::VERASE, Setting::Key(SpecialCodeIndex::VERASE)),
    (Pty::VKILL, Setting::Key(SpecialCodeIndex::VKILL)),
    (Pty::VEOF, Setting::Key(SpecialCodeIndex::VEOF)),
    (Pty::VSUSP, Setting::Key(SpecialCodeIndex::VSUSP)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_as_it_was_asked_for() {
        let size = Size::new(132, 1_000_000);
        let modes = vec![(Pty::ECHO, 0), (Pty::VINTR, 7)];
        let wanted = Wanted { name: "xterm".into(), size, modes };
        let (ours, theirs) = wanted.open().unwrap();
        let attributes = tcgetattr(&theirs).unwrap();
        assert!(!attributes.local_modes.contains(LocalModes::ECHO));
        assert!(attributes.local_modes.contains(LocalModes::ISIG));
        assert_eq!(attributes.special_codes[SpecialCodeIndex::VINTR], 7);
        let window = rustix::termios::tcgetwinsize(&theirs).unwrap();
        assert_eq!((window.ws_col, window.ws_row), (132, 4096));
        resize(&ours, Size::new(80, 24));
        assert_eq!(rustix::termios::tcgetwinsize(&theirs).unwrap().ws_col, 80);
    }

    #[test]
    fn a_name_that_no_terminal_has_is_none() {
        let named = |name: &str| {
            let (name, size) = (name.to_owned(), Size::new(80, 24));
            Wanted { name, size, modes: Vec::new() }.kind().to_owned()
        };
        assert_eq!(named("xterm-256color"), "xterm-256color");
        for name in ["../../x", "a\0b", "x y", &"x".repeat(33)] {
            assert_eq!(named(name), "dumb", "{name:?}");
        }
    }
}
