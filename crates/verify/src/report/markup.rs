//! Writing HTML that is well-formed by construction: every element closes itself, every text is escaped.

use super::readable::{beginning, readable};

/// The most characters of one text that stands in the page, the output of commands apart.
const MOST: usize = 4_000;

/// An attribute: its name and its value, which is escaped.
pub(super) type Attribute<'a> = (&'static str, &'a str);

/// A piece of HTML in the making. It is well-formed XML too, so that anything can read it.
#[derive(Debug, Default)]
pub(super) struct Markup(String);

impl Markup {
    /// Text, made readable, bounded and escaped.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.long_text(&beginning(text, MOST))
    }

    /// Text that was bounded already; made readable and escaped.
    pub(super) fn long_text(&mut self, text: &str) -> &mut Self {
        for character in readable(text).chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                _ => self.0.push(character),
            }
        }
        self
    }

    /// Markup that is part of this program.
    pub(super) fn literal(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// An element with what `content` writes in it.
    pub(super) fn element(
        &mut self,
        name: &'static str,
        attributes: &[Attribute<'_>],
        content: impl FnOnce(&mut Self),
    ) -> &mut Self {
        self.open(name, attributes);
        content(self);
        self.literal("</").literal(name).literal(">");
        if is_block(name) {
            self.0.push('\n');
        }
        self
    }

    /// An element with a text in it.
    pub(super) fn leaf(&mut self, name: &'static str, attributes: &[Attribute<'_>], text: &str) -> &mut Self {
        self.element(name, attributes, |inside| {
            inside.text(text);
        })
    }

    /// The markup.
    pub(super) fn finish(self) -> String {
        self.0
    }

    fn open(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.literal("<").literal(name);
        for (attribute, value) in attributes {
            self.literal(" ").literal(attribute).literal("=\"").text(value).literal("\"");
        }
        self.literal(">");
    }
}

/// Whether a line may end after an element without changing what is seen.
fn is_block(name: &str) -> bool {
    const INLINE: &[&str] = &["a", "abbr", "code", "span", "strong", "svg", "time", "use"];
    !INLINE.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_attributes_cannot_break_out() {
        let mut markup = Markup::default();
        markup.leaf("a", &[("href", "\"><script>x</script>")], "</a>&amp;'\u{1b}[31m\0");
        assert_eq!(
            markup.finish(),
            "<a href=\"&quot;&gt;&lt;script&gt;x&lt;/script&gt;\">&lt;/a&gt;&amp;amp;&#39;⟨U+0000⟩</a>"
        );
    }

    #[test]
    fn elements_nest_and_close() {
        let mut markup = Markup::default();
        markup.element("ul", &[], |ul| {
            ul.leaf("li", &[], "one").element("li", &[("class", "x")], |li| {
                li.leaf("code", &[], "two");
            });
        });
        assert_eq!(markup.finish(), "<ul><li>one</li>\n<li class=\"x\"><code>two</code></li>\n</ul>\n");
    }

    #[test]
    fn long_text_is_bounded() {
        let mut markup = Markup::default();
        markup.text(&"x".repeat(1_000_000));
        let text = markup.finish();
        assert!(
            text.len() < MOST + 200 && text.contains("996,000 characters are left out"),
            "{}",
            text.len()
        );
    }
}
