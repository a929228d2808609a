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
            let local = LOCAL.iter().find(|(name, _)| name == mode);
            let input = INPUT.iter().find(|(name, _)| name == mode);
            let output = OUTPUT.iter().find(|(name, _)| name == mode);
            let special = SPECIAL.iter().find(|(name, _)| name == mode);
            match (local, input, output, special) {
                (Some((_, flag)), ..) => attributes.local_modes.set(*flag, on),
                (_, Some((_, flag)), ..) => attributes.input_modes.set(*flag, on),
                (_, _, Some((_, flag)), _) => attributes.output_modes.set(*flag, on),
                (.., Some((_, index))) => {
                    attributes.special_codes[*index] = u8::try_from(*value).unwrap_or_default();
                }
                _ => {}
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

const LOCAL: &[(Pty, LocalModes)] = &[
    (Pty::ECHO, LocalModes::ECHO),
    (Pty::ECHOE, LocalModes::ECHOE),
    (Pty::ECHOK, LocalModes::ECHOK),
    (Pty::ECHONL, LocalModes::ECHONL),
    (Pty::ICANON, LocalModes::ICANON),
    (Pty::ISIG, LocalModes::ISIG),
    (Pty::IEXTEN, LocalModes::IEXTEN),
    (Pty::NOFLSH, LocalModes::NOFLSH),
    (Pty::TOSTOP, LocalModes::TOSTOP),
];

const INPUT: &[(Pty, InputModes)] = &[
    (Pty::ICRNL, InputModes::ICRNL),
    (Pty::INLCR, InputModes::INLCR),
    (Pty::IGNCR, InputModes::IGNCR),
    (Pty::ISTRIP, InputModes::ISTRIP),
    (Pty::IXON, InputModes::IXON),
    (Pty::IXANY, InputModes::IXANY),
    (Pty::IXOFF, InputModes::IXOFF),
];

const OUTPUT: &[(Pty, OutputModes)] = &[
    (Pty::OPOST, OutputModes::OPOST),
    (Pty::ONLCR, OutputModes::ONLCR),
    (Pty::OCRNL, OutputModes::OCRNL),
    (Pty::ONOCR, OutputModes::ONOCR),
    (Pty::ONLRET, OutputModes::ONLRET),
];

const SPECIAL: &[(Pty, SpecialCodeIndex)] = &[
    (Pty::VINTR, SpecialCodeIndex::VINTR),
    (Pty::VQUIT, SpecialCodeIndex::VQUIT),
    (Pty::VERASE, SpecialCodeIndex::VERASE),
    (Pty::VKILL, SpecialCodeIndex::VKILL),
    (Pty::VEOF, SpecialCodeIndex::VEOF),
    (Pty::VSUSP, SpecialCodeIndex::VSUSP),
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
