//! JSON that is written member by member, without a copy of it in memory that is ten times as large.

use crate::text;
use serde_json::Value;

/// An object in the making. [`Object::close`] ends it.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl<'a> Object<'a> {
    pub(crate) fn open(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, empty: true }
    }

    pub(crate) fn close(self) {
        self.out.push(b'}');
    }

    /// Where the value of this member is to be written.
    pub(crate) fn member(&mut self, name: &str) -> &mut Vec<u8> {
        if !std::mem::replace(&mut self.empty, false) {
            self.out.push(b',');
        }
        write_text(self.out, name);
        self.out.push(b':');
        self.out
    }

    pub(crate) fn text(&mut self, name: &str, value: &str) {
        write_text(self.member(name), value);
    }

    pub(crate) fn number(&mut self, name: &str, value: u64) {
        self.member(name).extend_from_slice(value.to_string().as_bytes());
    }

    /// Something that is so.
    pub(crate) fn yes(&mut self, name: &str) {
        self.member(name).extend_from_slice(b"true");
    }

    pub(crate) fn value(&mut self, name: &str, value: &Value) {
        serde_json::to_writer(self.member(name), value).expect("a value can always be written to memory");
    }

    /// A text, cut to what WATS takes, unless it is blank.
    pub(crate) fn put(&mut self, name: &str, value: &str, limit: usize) {
        if !value.trim().is_empty() {
            self.text(name, text::cut(value.trim(), limit));
        }
    }

    /// A value that is there.
    pub(crate) fn put_value(&mut self, name: &str, value: Option<&Value>) {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            self.value(name, value);
        }
    }
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("a text can always be written to memory");
}
