//! XML as a tree, with bounds. Names are local names; entities other than XML's own five are refused, so that no
//! document type definition expands to anything.

use crate::{Refusal, limits};
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::collections::HashSet;
use std::fmt;
use std::rc::Rc;

/// A local name. A document has few of them and many elements, so they are shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name(Rc<str>);

impl Name {
    /// As text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == **other
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// An element with its attributes, its children, and its own text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Element {
    /// Local name.
    pub(crate) name: Name,
    attributes: Box<[(Name, String)]>,
    pub(crate) children: Vec<Element>,
    /// All text directly in the element, joined.
    pub(crate) text: String,
}

impl Element {
    /// Reads a whole document and gives its root.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        Parser::new(text).run()
    }

    /// The value of an attribute by its local name, when it is not blank.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.raw(name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// The value of an attribute by its local name, blank or not, as it stands.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| *own == *name).map(|(_, value)| value.as_str())
    }

    /// As [`Element::get`]; case makes no difference.
    pub(crate) fn get_any_case(&self, name: &str) -> Option<&str> {
        let own = self.attributes.iter().find(|(own, _)| own.as_str().eq_ignore_ascii_case(name));
        own.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// The first child of this name.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of this name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// A descendant by the names on the way to it.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Element> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    /// The text of a child, trimmed, when it is not blank.
    pub(crate) fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim()).filter(|text| !text.is_empty())
    }

    /// This element and all below it, in document order.
    pub(crate) fn descendants(&self) -> Descendants<'_> {
        Descendants { open: vec![self] }
    }
}

/// See [`Element::descendants`].
pub(crate) struct Descendants<'a> {
    open: Vec<&'a Element>,
}

impl<'a> Iterator for Descendants<'a> {
    type Item = &'a Element;

    fn next(&mut self) -> Option<&'a Element> {
        let element = self.open.pop()?;
        self.open.extend(element.children.iter().rev());
        Some(element)
    }
}

/// The first elements of a document, for telling one format from another.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    /// Local names of the first start tags, the root's first.
    pub(crate) elements: Vec<String>,
    /// All name spaces that the root declares.
    pub(crate) namespaces: Vec<String>,
    /// The name space of the root itself.
    pub(crate) root_namespace: String,
    /// The attributes of the root's first child.
    pub(crate) first_child: Vec<(String, String)>,
}

impl Outline {
    /// Reads what it can of the start of a document.
    pub(crate) fn of(head: &str) -> Self {
        let mut outline = Self::default();
        if !head.trim_start().starts_with('<') {
            return outline;
        }
        let mut reader = Reader::from_str(head);
        while let Ok(event) = reader.read_event() {
            let start = match event {
                Event::Eof => break,
                Event::Start(start) | Event::Empty(start) => start,
                _ => continue,
            };
            let Ok(attributes) = attributes(&start) else { break };
            match outline.elements.len() {
                0 => outline.root(&start, attributes),
                1 => {
                    outline.first_child =
                        attributes.into_iter().map(|(name, value)| (local(&name).to_owned(), value)).collect()
                }
                _ => {}
            }
            outline.elements.push(local(start.name().as_ref()).to_owned());
            if outline.elements.len() == 64 {
                break;
            }
        }
        outline
    }

    fn root(&mut self, start: &BytesStart<'_>, attributes: Vec<(String, String)>) {
        let own = start.name();
        let declaration = match own.as_ref().split_once(':') {
            Some((prefix, _)) => format!("xmlns:{prefix}"),
            None => "xmlns".to_owned(),
        };
        for (name, value) in attributes {
            if name == declaration {
                self.root_namespace.clone_from(&value);
            }
            if name.starts_with("xmlns") {
                self.namespaces.push(value);
            }
        }
    }

    /// Local name of the root; empty when this is no XML.
    pub(crate) fn root_name(&self) -> &str {
        self.elements.first().map_or("", String::as_str)
    }

    /// Whether one of the first elements has this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.elements.iter().any(|element| element == name)
    }
}

struct Parser<'a> {
    reader: Reader<&'a [u8]>,
    text: &'a str,
    open: Vec<Element>,
    root: Option<Element>,
    names: HashSet<Rc<str>>,
    count: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        let text = text.trim_start_matches('\u{feff}').trim_start();
        Self {
            reader: Reader::from_str(text),
            text,
            open: Vec::new(),
            root: None,
            names: HashSet::new(),
            count: 0,
        }
    }

    fn run(mut self) -> Result<Element, Refusal> {
        loop {
            let event = match self.reader.read_event() {
                Ok(event) => event,
                Err(error) => return Err(self.refusal(format!("this is not well-formed XML: {error}"))),
            };
            match event {
                Event::Start(start) => {
                    let element = self.element(&start)?;
                    self.open.push(element);
                    if self.open.len() > limits::XML_DEPTH {
                        return Err(
                            self.refusal(format!("more than {} elements in each other", limits::XML_DEPTH))
                        );
                    }
                }
                Event::Empty(start) => {
                    let element = self.element(&start)?;
                    self.close(element);
                }
                Event::End(_) => {
                    if let Some(element) = self.open.pop() {
                        self.close(element);
                    }
                }
                Event::Text(text) => {
                    if let Some(element) = self.open.last_mut() {
                        element.text.push_str(&text.xml10_content());
                    }
                }
                Event::CData(text) => {
                    if let Some(element) = self.open.last_mut() {
                        element.text.push_str(&text.xml10_content());
                    }
                }
                Event::GeneralRef(reference) => {
                    let resolved = match reference.resolve_char_ref() {
                        Ok(Some(character)) => Some(character.to_string()),
                        Ok(None) => resolve_predefined_entity(&reference.xml10_content()).map(str::to_owned),
                        Err(_) => None,
                    };
                    let Some(resolved) = resolved else {
                        let name = reference.xml10_content().into_owned();
                        return Err(self.refusal(format!(
                            "&{name}; is none of XML's own entities; others are not expanded"
                        )));
                    };
                    if let Some(element) = self.open.last_mut() {
                        element.text.push_str(&resolved);
                    }
                }
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
        if let Some(element) = self.open.last() {
            let message = format!("the file ends inside of the element {}: it is not complete", element.name);
            return Err(self.refusal(message));
        }
        self.root.ok_or_else(|| Refusal::malformed("the file holds no XML element"))
    }

    fn element(&mut self, start: &BytesStart<'_>) -> Result<Element, Refusal> {
        if self.open.is_empty() && self.root.is_some() {
            return Err(self.refusal("a second root element; a file holds one document".to_owned()));
        }
        let attributes = attributes(start).map_err(|message| self.refusal(message))?;
        self.count += 1 + attributes.len();
        if self.count > limits::XML_NODES {
            let message = format!("it has more than {} XML elements and attributes", limits::XML_NODES);
            return Err(Refusal::TooLarge(message));
        }
        Ok(Element {
            name: self.name(start.name().as_ref()),
            attributes: attributes.into_iter().map(|(name, value)| (self.name(&name), value)).collect(),
            children: Vec::new(),
            text: String::new(),
        })
    }

    fn name(&mut self, name: &str) -> Name {
        let name = local(name);
        match self.names.get(name) {
            Some(known) => Name(Rc::clone(known)),
            None => {
                let new: Rc<str> = name.into();
                self.names.insert(Rc::clone(&new));
                Name(new)
            }
        }
    }

    fn close(&mut self, element: Element) {
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
    }

    fn refusal(&self, message: String) -> Refusal {
        let at = (self.reader.buffer_position() as usize).min(self.text.len());
        let line = self.text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        Refusal::at(line, message)
    }
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or_default()
}

/// Attributes with their values; names with their prefixes.
fn attributes(start: &BytesStart<'_>) -> Result<Vec<(String, String)>, String> {
    let mut all = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| format!("an attribute is not well-formed: {error}"))?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| format!("the value of an attribute is not well-formed: {error}"))?;
        all.push((attribute.key.as_ref().to_owned(), value.into_owned()));
        if all.len() > limits::XML_ATTRIBUTES {
            return Err(format!("an element has more than {} attributes", limits::XML_ATTRIBUTES));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        Element::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn names_are_local_and_text_is_whole() {
        let root = Element::parse(
            "\u{feff}<?xml version='1.0'?><t:a xmlns:t='u' t:x = \" 1&lt;2 \"><b>one &amp;<![CDATA[<two>]]>&#33;</b><b/></t:a>",
        )
        .unwrap();
        assert_eq!((root.name.as_str(), root.get("x"), root.raw("x")), ("a", Some("1<2"), Some(" 1<2 ")));
        assert_eq!(root.child_text("b"), Some("one &<two>!"));
        assert_eq!(root.all("b").count(), 2);
        assert_eq!(root.descendants().count(), 3);
    }

    #[test]
    fn damaged_documents_are_refused_with_their_line() {
        assert_eq!(refusal("<a>\n<b>\n</a>").split(':').next(), Some("line 3"));
        assert!(
            refusal("<a>\n<b></b>").contains("the file ends inside of the element a"),
            "{}",
            refusal("<a>\n<b></b>")
        );
        assert!(refusal("<a/><b/>").contains("second root"));
        assert!(refusal("").contains("no XML element"));
    }

    #[test]
    fn bombs_are_refused() {
        let entities = "<!DOCTYPE a [<!ENTITY x 'ha'><!ENTITY y '&x;&x;&x;'>]><a>&y;</a>";
        assert!(refusal(entities).contains("&y; is none of XML's own entities"), "{}", refusal(entities));
        assert!(refusal(&entities.replace("<a>", "<a b='&y;'>")).contains("not well-formed"));
        assert!(refusal(&"<a>".repeat(1_000_000)).contains("more than 256 elements in each other"));
        let attributes: String = (0..100_000).map(|number| format!(" a{number}='1'")).collect();
        assert!(refusal(&format!("<a{attributes}/>")).contains("more than 256 attributes"));
        let many = format!("<a>{}", "<b c='' d='' e=''/>".repeat(limits::XML_NODES / 4));
        assert!(refusal(&many).contains("more than 3000000 XML elements and attributes"));
    }

    #[test]
    fn outlines_tell_formats() {
        let outline = Outline::of("<?xml version='1.0'?><t:a xmlns:t='u' xmlns='v'><b c='d'/><e><unfinished");
        assert_eq!(outline.elements, ["a", "b", "e"]);
        assert_eq!((outline.root_namespace.as_str(), outline.namespaces.len()), ("u", 2));
        assert_eq!(outline.first_child, [("c".to_owned(), "d".to_owned())]);
        assert_eq!(Outline::of("{\"a\":1}").root_name(), "");
    }
}
