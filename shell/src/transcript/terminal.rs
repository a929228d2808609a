//! A scripted terminal: what is typed goes in, what the screen shows comes out.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::device::{Device, Input};
use crate::editor::LineAssistant;

/// What will be typed in one session, and what its screen shows.
#[derive(Default)]
pub struct Script {
    typed: VecDeque<String>,
    /// What the screen shows.
    pub screen: String,
}

/// A terminal at which a script is typed; clones share one [`Script`].
#[derive(Clone)]
pub struct ScriptedTerminal {
    script: Rc<RefCell<Script>>,
    attended: bool,
    recorded: bool,
}

impl ScriptedTerminal {
    /// A terminal where `lines` will be typed. Lines that begin with `> ` answer questions.
    ///
    /// With `attended` false the lines come from a pipe: no prompt, no echo.
    pub fn new(lines: impl IntoIterator<Item = String>, attended: bool) -> ScriptedTerminal {
        let script = Script { typed: lines.into_iter().collect(), screen: String::new() };
        ScriptedTerminal { script: Rc::new(RefCell::new(script)), attended, recorded: false }
    }

    /// The same terminal as recordings show it: lines as they were typed, secrets included, and
    /// nothing of what goes to standard error.
    pub fn as_recorded(self) -> ScriptedTerminal {
        ScriptedTerminal { recorded: true, ..self }
    }

    /// Everything the screen has shown, leaving it empty.
    pub fn take_screen(&self) -> String {
        std::mem::take(&mut self.script.borrow_mut().screen)
    }

    /// Lines that were not asked for.
    pub fn left(&self) -> Vec<String> {
        self.script.borrow().typed.iter().cloned().collect()
    }

    fn show(&self, text: &str) {
        self.script.borrow_mut().screen.push_str(text);
    }

    fn next_answer(&self) -> Option<String> {
        let mut script = self.script.borrow_mut();
        let answer = script.typed.front()?.strip_prefix("> ").map(str::to_owned)?;
        script.typed.pop_front();
        Some(answer)
    }

    /// A line with Tabs in it: each Tab completes what is before it, as the editor does.
    fn complete(&self, prompt: &str, typed: &str, words: &Rc<dyn LineAssistant>) -> String {
        let mut line = String::new();
        let mut parts = typed.split('\t').peekable();
        while let Some(part) = parts.next() {
            line.push_str(part);
            if parts.peek().is_none() {
                break;
            }
            let (start, found) = patiently(words, &line);
            match &found[..] {
                [] => {}
                [only] => {
                    line.truncate(start);
                    line.push_str(only);
                    line.push(' ');
                }
                several => {
                    let common = common_start(several);
                    if common.len() > line.len() - start {
                        line.truncate(start);
                        line.push_str(common);
                    } else {
                        self.show(&format!("{prompt}{line}\n{}\n", several.join("  ")));
                    }
                }
            }
        }
        line
    }
}

/// Completion gives up after a moment, and has found what was late when it is asked again.
fn patiently(words: &Rc<dyn LineAssistant>, line: &str) -> (usize, Vec<String>) {
    const TIMES: usize = 100;
    let mut found = words.complete(line, line.len());
    for _ in 1..TIMES {
        if !found.1.is_empty() {
            break;
        }
        found = words.complete(line, line.len());
    }
    found
}

fn common_start(words: &[String]) -> &str {
    let Some(first) = words.first() else { return "" };
    let shared = words.iter().skip(1).fold(first.len(), |shared, word| {
        first.bytes().zip(word.bytes()).take(shared).take_while(|(a, b)| a == b).count()
    });
    first.get(..shared).unwrap_or("")
}

impl Device for ScriptedTerminal {
    fn command(&mut self, prompt: &str, words: &Rc<dyn LineAssistant>) -> Input {
        let Some(typed) = self.script.borrow_mut().typed.pop_front() else { return Input::End };
        let line = if typed.contains('\t') { self.complete(prompt, &typed, words) } else { typed };
        if self.attended {
            // A terminal shows what is typed; a transcript is kept.
            let shown = if self.recorded { line.clone() } else { words.masked(&line) };
            self.show(&format!("{prompt}{shown}\n"));
        }
        Input::Line(line)
    }

    fn answer(&mut self, question: &str) -> Input {
        self.show(question);
        match self.next_answer() {
            Some(answer) => {
                let echo = if self.attended { answer.as_str() } else { "" };
                self.show(&format!("{echo}\n"));
                Input::Line(answer)
            }
            None => {
                self.show("\n");
                Input::End
            }
        }
    }

    fn secret(&mut self, question: &str) -> Input {
        self.show(question);
        let answer = self.next_answer();
        if self.attended {
            self.show(&"*".repeat(answer.as_deref().unwrap_or_default().chars().count()));
        }
        self.show("\n");
        answer.map_or(Input::End, Input::Line)
    }

    fn hidden(&mut self, question: &str) -> Input {
        self.show(&format!("{question}\n"));
        self.next_answer().map_or(Input::End, Input::Line)
    }

    fn print(&mut self, text: &str) {
        self.show(text);
    }

    fn note(&mut self, text: &str) {
        if !self.recorded {
            self.show(&format!("{text}\n"));
        }
    }

    fn flush(&mut self) {}

    fn attended(&self) -> bool {
        self.attended
    }
}
