//! XML as a tree, with bounds. No document type definition expands to anything.

use super::{DEPTH_LIMIT, WsxfError};
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// An element with its attributes, its children, and its own text. Names are local names.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    pub(super) children: Vec<Element>,
    /// All text directly in the element, joined.
    pub(super) text: String,
}

impl Element {
    /// Reads a whole document and gives its root.
    pub(super) fn parse(text: &str) -> Result<Self, WsxfError> {
        let mut parser = Parser { reader: Reader::from_str(text), text, open: Vec::new(), root: None };
        parser.run().map_err(|message| WsxfError::Malformed { line: parser.line(), message })
    }

    /// The value of an attribute, as it stands.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The first child of this name.
    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

struct Parser<'a> {
    reader: Reader<&'a [u8]>,
    text: &'a str,
    open: Vec<Element>,
    root: Option<Element>,
}

impl Parser<'_> {
    fn run(&mut self) -> Result<Element, String> {
        loop {
            let event = self.reader.read_event().map_err(|error| format!("not well-formed XML: {error}"))?;
            match event {
                Event::Start(start) => {
                    let element = self.element(&start)?;
                    self.open.push(element);
                    if self.open.len() > DEPTH_LIMIT {
                        return Err(format!("more than {DEPTH_LIMIT} elements inside of each other"));
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
                Event::Text(text) => self.append(&text.xml10_content()),
                Event::CData(text) => self.append(&text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let name = reference.xml10_content();
                    let resolved = match reference.resolve_char_ref() {
                        Ok(Some(character)) => Some(character.to_string()),
                        Ok(None) => resolve_predefined_entity(&name).map(str::to_owned),
                        Err(_) => None,
                    };
                    match resolved {
                        Some(text) => self.append(&text),
                        None => return Err(format!("&{name}; is none of XML's own entities")),
                    }
                }
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
        match (self.open.last(), self.root.take()) {
            (Some(element), _) => Err(format!("the document ends inside of the element {}", element.name)),
            (None, root) => root.ok_or_else(|| "there is no XML element".to_owned()),
        }
    }

    fn element(&self, start: &BytesStart<'_>) -> Result<Element, String> {
        if self.open.is_empty() && self.root.is_some() {
            return Err("a second root element".to_owned());
        }
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| format!("an attribute is not well-formed: {error}"))?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| format!("the value of an attribute is not well-formed: {error}"))?;
            let name = attribute.key.as_ref();
            // The one of a name space keeps its prefix.
            let name = if name.starts_with("xmlns") { name.to_owned() } else { local(name) };
            attributes.push((name, value.into_owned()));
        }
        Ok(Element { name: local(start.name().as_ref()), attributes, ..Element::default() })
    }

    fn append(&mut self, text: &str) {
        if let Some(element) = self.open.last_mut() {
            element.text.push_str(text);
        }
    }

    fn close(&mut self, element: Element) {
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
    }

    fn line(&self) -> usize {
        let at = (self.reader.buffer_position() as usize).min(self.text.len());
        self.text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1
    }
}

fn local(name: &str) -> String {
    name.rsplit(':').next().unwrap_or_default().to_owned()
}
