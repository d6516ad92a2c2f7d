//! A light reading of shell scripts: which commands there are, and under what conditions they run.
//!
//! This is no shell: expansions are left as they stand, and what is too clever to be understood gives
//! commands without conditions. Checks that build on it say what a person should look at.

use std::collections::HashMap;

/// How much of a script is read, in bytes: the largest of Debian's have half of it.
const MOST_TEXT: usize = 256 << 10;
/// Conditions that are known at one place: around it, joined to it, and from earlier ends of the script, each.
const MOST_CONDITIONS: usize = 32;
/// The text of one condition that is kept, in bytes.
const MOST_CONDITION: usize = 1000;
/// What the conditions of all commands of a script may take together, in bytes: far above what a script needs that is
/// not made to be large. Commands after that have none.
const MOST_MEMORY: usize = 32 << 20;

/// A command of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// Line, from 1.
    pub(crate) line: usize,
    /// Its words, quotes taken off. A redirection is one word: `>/etc/demo.conf`, `2>/dev/null`.
    pub(crate) words: Vec<String>,
    /// What must hold for it to run: the conditions and case patterns around it.
    pub(crate) guards: Vec<String>,
}

impl Command {
    /// The program's name, without its folder.
    pub(crate) fn name(&self) -> &str {
        let first = self.words.first().map_or("", String::as_str);
        first.rsplit('/').next().unwrap_or(first)
    }

    /// The words after the program that are no options and no redirections.
    pub(crate) fn operands(&self) -> impl Iterator<Item = &str> {
        let word = |w: &&str| !w.starts_with('-') && !w.contains('>');
        self.words.iter().skip(1).map(String::as_str).filter(word)
    }

    /// Whether a condition around it mentions `text`.
    pub(crate) fn is_guarded_by(&self, text: &str) -> bool {
        self.guards.iter().any(|guard| guard.contains(text))
    }

    /// Whether a condition around it looks at the script's first argument.
    pub(crate) fn depends_on_argument(&self) -> bool {
        ["$1", "${1"].iter().any(|argument| self.is_guarded_by(argument))
    }

    /// The files that it writes through redirections.
    pub(crate) fn written(&self) -> impl Iterator<Item = &str> {
        self.words.iter().filter_map(|word| {
            let (from, to) = word.split_once('>')?;
            let number = from.chars().all(|c| c.is_ascii_digit() || c == '&');
            Some(to.trim_start_matches(['>', '|', '&'])).filter(|to| number && !to.is_empty())
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    /// An operator: a line break, `;`, `;;`, `&`, `&&`, `|`, `||`, `(` or `)`.
    Operator(&'static str),
}

/// The commands of a script, in order.
pub(crate) fn commands(text: &str) -> Vec<Command> {
    let mut parser = Parser::default();
    let tokens = tokens(text);
    for (at, (line, token)) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1).map(|(_, token)| token);
        parser.take(*line, token, next);
    }
    parser.end_command("\n");
    resolve_functions(parser.commands, parser.memory)
}

/// What these conditions take, in bytes, with what each text takes beside its letters.
fn memory(guards: &[String]) -> usize {
    guards.iter().map(|guard| guard.len() + 40).sum()
}

/// The patterns of the `case` that looks at the script's first argument; `None` where there is none.
pub(crate) fn argument_patterns(text: &str) -> Option<Vec<String>> {
    let mut parser = Parser::default();
    let tokens = tokens(text);
    for (at, (line, token)) in tokens.iter().enumerate() {
        parser.take(*line, token, tokens.get(at + 1).map(|(_, token)| token));
    }
    parser.argument_patterns
}

fn tokens(text: &str) -> Vec<(usize, Token)> {
    let text = &text[..text.floor_char_boundary(MOST_TEXT)];
    let mut tokens = Vec::new();
    let mut chars = text.char_indices().peekable();
    let mut line = 1;
    let mut word: Option<String> = None;
    let mut heredocs: Vec<String> = Vec::new();
    macro_rules! flush {
        () => {
            if let Some(word) = word.take() {
                tokens.push((line, Token::Word(word)));
            }
        };
    }
    while let Some((at, c)) = chars.next() {
        let follows = |text: &mut std::iter::Peekable<std::str::CharIndices<'_>>, wanted: char| {
            text.next_if(|(_, c)| *c == wanted).is_some()
        };
        match c {
            '\\' => match chars.next() {
                Some((_, '\n')) => line += 1,
                Some((_, c)) => word.get_or_insert_default().push(c),
                None => {}
            },
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                while let Some((_, inner)) = chars.next() {
                    if inner == c {
                        break;
                    }
                    line += usize::from(inner == '\n');
                    if inner == '\\' && c == '"' {
                        word.extend(chars.next().map(|(_, c)| c));
                    } else {
                        word.push(inner);
                    }
                }
            }
            '#' if word.is_none() => while chars.next_if(|(_, c)| *c != '\n').is_some() {},
            '\n' => {
                flush!();
                tokens.push((line, Token::Operator("\n")));
                line += 1;
                for mark in heredocs.drain(..) {
                    let mut body = String::new();
                    for (_, c) in chars.by_ref() {
                        if c != '\n' {
                            body.push(c);
                            continue;
                        }
                        line += 1;
                        if body.trim_start_matches('\t') == mark {
                            break;
                        }
                        body.clear();
                    }
                }
            }
            ';' => {
                flush!();
                let two = follows(&mut chars, ';');
                tokens.push((line, Token::Operator(if two { ";;" } else { ";" })));
            }
            '&' if word.as_deref().is_some_and(|w| w.ends_with('>')) => {
                word.get_or_insert_default().push('&')
            }
            '&' => {
                flush!();
                let two = follows(&mut chars, '&');
                tokens.push((line, Token::Operator(if two { "&&" } else { "&" })));
            }
            '|' => {
                flush!();
                let two = follows(&mut chars, '|');
                tokens.push((line, Token::Operator(if two { "||" } else { "|" })));
            }
            '$' if text[at + 1..].starts_with(['(', '{']) => {
                // An expansion stays in its word, whatever is in it.
                let word = word.get_or_insert_default();
                word.push('$');
                let mut depth = 0;
                for (_, c) in chars.by_ref() {
                    word.push(c);
                    line += usize::from(c == '\n');
                    match c {
                        '(' | '{' => depth += 1,
                        ')' | '}' => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
            '(' | ')' => {
                flush!();
                tokens.push((line, Token::Operator(if c == '(' { "(" } else { ")" })));
            }
            '<' if text[at..].starts_with("<<") && !text[at..].starts_with("<<<") => {
                flush!();
                chars.next();
                follows(&mut chars, '-');
                while chars.next_if(|(_, c)| *c == ' ').is_some() {}
                let mut mark = String::new();
                while let Some((_, c)) = chars.next_if(|(_, c)| !c.is_whitespace() && !";|&)".contains(*c)) {
                    mark.push(c);
                }
                heredocs.push(mark.trim_matches(['\'', '"']).replace('\\', ""));
            }
            '>' => {
                if word.as_deref().is_some_and(|w| !w.chars().all(|c| c.is_ascii_digit() || c == '>')) {
                    flush!();
                }
                word.get_or_insert_default().push('>');
                while chars.next_if(|(_, c)| *c == ' ').is_some() {}
            }
            c if c.is_whitespace() => flush!(),
            c => word.get_or_insert_default().push(c),
        }
    }
    if let Some(word) = word {
        tokens.push((line, Token::Word(word)));
    }
    tokens
}

#[derive(Debug)]
enum Frame {
    If {
        condition: String,
        in_condition: bool,
    },
    Case {
        subject: String,
        pattern: String,
        expecting: bool,
    },
    Function(String),
    /// A loop, a group or a subshell.
    Group,
}

#[derive(Debug, Default)]
struct Parser {
    commands: Vec<Command>,
    frames: Vec<Frame>,
    /// Conditions that hold from here on, because the script ends otherwise; with the depth at which they
    /// stand.
    from_here: Vec<(usize, String)>,
    words: Vec<String>,
    line: usize,
    /// Commands joined to this one by `&&` and `||`.
    chain: Vec<String>,
    argument_patterns: Option<Vec<String>>,
    /// The name of a function whose body comes next.
    function: Option<String>,
    /// What the conditions of the commands take so far, in bytes.
    memory: usize,
}

impl Parser {
    fn take(&mut self, line: usize, token: &Token, next: Option<&Token>) {
        if let Some(Frame::Case { subject, pattern, expecting: expecting @ true }) = self.frames.last_mut() {
            match token {
                Token::Word(word) if word == "esac" => {
                    self.frames.pop();
                }
                Token::Word(_) if pattern.len() > MOST_CONDITION => {}
                Token::Word(word) => {
                    pattern.push_str(if pattern.is_empty() { "" } else { "|" });
                    pattern.push_str(word);
                }
                Token::Operator(")") => {
                    *expecting = false;
                    if subject.contains("$1") || subject.contains("${1") {
                        let all = self.argument_patterns.get_or_insert_default();
                        all.extend(pattern.split('|').map(str::to_owned));
                    }
                }
                Token::Operator(_) => {}
            }
            return;
        }
        match token {
            Token::Operator("(") => match (self.words.as_slice(), next) {
                ([name], Some(Token::Operator(")"))) => {
                    self.function = Some(name.clone());
                    self.words.clear();
                }
                _ => self.open(Frame::Group),
            },
            // The end of `name()`.
            Token::Operator(")") if self.function.is_some() => {}
            Token::Operator(")") => {
                self.end_command(")");
                self.frames.pop();
            }
            Token::Operator(";;") => {
                self.end_command(";;");
                if let Some(Frame::Case { pattern, expecting, .. }) = self.frames.last_mut() {
                    pattern.clear();
                    *expecting = true;
                }
            }
            Token::Operator("\n") if self.words.is_empty() && self.chain_is_open() => {}
            Token::Operator(operator) => self.end_command(operator),
            Token::Word(word) if self.words.is_empty() => self.first_word(line, word),
            Token::Word(word) if word == "in" && self.words[0] == "case" => {
                let subject = std::mem::take(&mut self.words).get(1).cloned().unwrap_or_default();
                self.frames.push(Frame::Case { subject, pattern: String::new(), expecting: true });
            }
            Token::Word(word) => self.words.push(word.clone()),
        }
    }

    /// Whether `&&` or `||` stood at the end of the line before.
    fn chain_is_open(&self) -> bool {
        !self.chain.is_empty()
    }

    fn open(&mut self, frame: Frame) {
        let frame = self.function.take().map_or(frame, Frame::Function);
        self.frames.push(frame);
    }

    fn first_word(&mut self, line: usize, word: &str) {
        match word {
            "if" => self.frames.push(Frame::If { condition: String::new(), in_condition: true }),
            "elif" => {
                if let Some(Frame::If { condition, in_condition }) = self.frames.last_mut() {
                    condition.clear();
                    *in_condition = true;
                }
            }
            "then" => {
                if let Some(Frame::If { in_condition, .. }) = self.frames.last_mut() {
                    *in_condition = false;
                }
            }
            "else" => {
                if let Some(Frame::If { condition, in_condition }) = self.frames.last_mut() {
                    // What holds otherwise: only that something was asked, and of what.
                    let about = if condition.contains("$1") || condition.contains("${1") {
                        "else $1"
                    } else {
                        "else"
                    };
                    *condition = about.to_owned();
                    *in_condition = false;
                }
            }
            "while" | "until" | "for" | "{" => self.open(Frame::Group),
            "fi" | "done" | "}" | "esac" => {
                self.frames.pop();
                let depth = self.frames.len();
                self.from_here.retain(|(at, _)| *at <= depth);
            }
            "do" | "!" | "time" => {}
            _ => {
                self.line = line;
                self.words.push(word.to_owned());
            }
        }
    }

    fn end_command(&mut self, operator: &str) {
        let words = std::mem::take(&mut self.words);
        if !words.is_empty() {
            let mut text = words.join(" ");
            text.truncate(text.floor_char_boundary(MOST_CONDITION));
            // The nearest ones.
            let near = |all: usize| all.saturating_sub(MOST_CONDITIONS);
            let frames = &self.frames[near(self.frames.len())..];
            let mut guards: Vec<String> = frames.iter().filter_map(guard).collect();
            guards.extend(self.from_here[near(self.from_here.len())..].iter().map(|(_, text)| text.clone()));
            guards.extend(self.chain[near(self.chain.len())..].iter().cloned());
            if self.memory + memory(&guards) > MOST_MEMORY {
                guards = Vec::new();
            }
            self.memory += memory(&guards);
            if matches!(words[0].as_str(), "exit" | "return") {
                self.ends_here();
            }
            if let Some(Frame::If { condition, in_condition: true }) = self.frames.last_mut()
                && condition.len() < MOST_CONDITION
            {
                condition.push(' ');
                condition.push_str(&text);
            }
            self.commands.push(Command { line: self.line, words, guards });
            if matches!(operator, "&&" | "||") {
                self.chain.push(text);
                return;
            }
        }
        if !matches!(operator, "&&" | "||") {
            self.chain.clear();
        }
    }

    /// The script ends under a condition: from here on, something about it holds.
    fn ends_here(&mut self) {
        if let Some(condition) = self.chain.last() {
            self.from_here.push((self.frames.len(), condition.clone()));
        } else if let Some(Frame::If { condition, .. }) = self.frames.last() {
            self.from_here.push((self.frames.len() - 1, condition.clone()));
        }
    }
}

fn guard(frame: &Frame) -> Option<String> {
    match frame {
        Frame::If { condition, in_condition: false } => Some(condition.clone()),
        Frame::Case { subject, pattern, .. } => Some(format!("{subject} {pattern}")),
        Frame::Function(name) => Some(format!("function {name}")),
        _ => None,
    }
}

/// What a function does is done where it is called: its commands get the conditions of its first call.
fn resolve_functions(commands: Vec<Command>, mut all: usize) -> Vec<Command> {
    let mut first_calls: HashMap<String, Vec<String>> = HashMap::new();
    for command in &commands {
        first_calls.entry(command.words[0].clone()).or_insert_with(|| command.guards.clone());
    }
    let called = |guard: &String| guard.strip_prefix("function ").and_then(|name| first_calls.get(name));
    let with_calls = |mut command: Command| {
        let more: Vec<String> = command.guards.iter().filter_map(called).flatten().cloned().collect();
        if all + memory(&more) <= MOST_MEMORY {
            all += memory(&more);
            command.guards.extend(more);
        }
        command
    };
    commands.into_iter().map(with_calls).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str, name: &str) -> Command {
        commands(text)
            .into_iter()
            .find(|c| c.name() == name)
            .unwrap_or_else(|| panic!("{:?}", commands(text)))
    }

    #[test]
    fn words_are_taken_apart() {
        let all = commands("#!/bin/sh\n# rm -r /\necho 'a b' \"c $d\" >>/etc/x 2>/dev/null; /bin/true\n");
        assert_eq!(all[0].words, ["echo", "a b", "c $d", ">>/etc/x", "2>/dev/null"]);
        assert_eq!(all[0].written().collect::<Vec<_>>(), ["/etc/x", "/dev/null"]);
        assert_eq!((all[0].line, all[1].name()), (3, "true"));
        assert_eq!(find("cat > /etc/x <<EOF\nrm -r /\nEOF\ntrue\n", "true").line, 4);
        assert_eq!(commands("cat <<EOF\nrm -r /\nEOF\n").len(), 1);
    }

    #[test]
    fn conditions_are_known() {
        let purge =
            "case \"$1\" in\n  purge)\n    rm -rf /var/lib/x\n    ;;\n  remove|upgrade) : ;;\nesac\nls\n";
        assert!(find(purge, "rm").is_guarded_by("purge"));
        assert!(find(purge, "rm").depends_on_argument());
        assert!(!find(purge, "ls").depends_on_argument());
        assert!(find("if [ $1 -eq 0 ]; then\n stop\nfi\n", "stop").depends_on_argument());
        assert!(!find("if [ $1 -eq 0 ]; then\n start\nfi\nstop\n", "stop").depends_on_argument());
        assert!(find("[ \"$1\" = purge ] || exit 0\nrm x\n", "rm").is_guarded_by("purge"));
        assert!(find("if [ \"$1\" != purge ]; then\n exit 0\nfi\nrm x\n", "rm").is_guarded_by("purge"));
        assert!(find("[ \"$1\" = 0 ] &&\n  stop\n", "stop").depends_on_argument());
        assert!(
            find("f() {\n stop\n}\nif [ \"$1\" = remove ]; then\n f\nfi\n", "stop").is_guarded_by("remove")
        );
        assert!(!find("f() {\n stop\n}\nf\n", "stop").depends_on_argument());
        let one_line = "if [ \"$1\" = purge ]; then rm x; else stop; fi; ls";
        assert!(find(one_line, "rm").is_guarded_by("purge"));
        assert!(
            !find(one_line, "stop").is_guarded_by("purge") && find(one_line, "stop").depends_on_argument()
        );
        assert!(find(one_line, "ls").guards.is_empty());
        assert!(find("x=$(case a in b) echo;; esac)\nls\n", "ls").guards.is_empty());
    }

    /// What is kept of conditions is bounded: without that, each of these would take gigabytes.
    #[test]
    fn scripts_made_to_be_slow_are_read() {
        for text in [
            "a && ",
            "if a; then\n",
            "if a\na\n",
            "f() {\nf\n",
            "a || exit\n",
            "case $1 in a|b|",
            "[ a ] && {\n",
        ] {
            let all = commands(&text.repeat(200_000 / text.len()));
            assert!(all.iter().all(|command| command.guards.len() <= 6 * MOST_CONDITIONS), "{text}");
        }
        let long = format!("if {}; then\n", "a".repeat(MOST_CONDITION)).repeat(MOST_CONDITIONS);
        let all = commands(&(long + &"a\n".repeat(100_000)));
        assert!(all.iter().map(|command| memory(&command.guards)).sum::<usize>() <= MOST_MEMORY);
    }

    #[test]
    fn patterns_of_the_argument_are_known() {
        let text = "case \"$1\" in\n  configure|abort-upgrade)\n  case $2 in x) ;; esac\n ;;\n  (triggered) ;;\n *)\n exit 1 ;;\nesac\n";
        assert_eq!(argument_patterns(text).unwrap(), ["configure", "abort-upgrade", "triggered", "*"]);
        assert_eq!(argument_patterns("case $1 in configure) ls ;; *) ;; esac").unwrap(), ["configure", "*"]);
        assert_eq!(argument_patterns("case $2 in x) ;; esac"), None);
        assert!(find(text, "exit").is_guarded_by("*"));
    }
}
