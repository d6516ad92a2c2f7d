//! Dialogs under construction.

use crate::{Database, Error, Value, row};

// Dialog attributes.
pub(super) const VISIBLE: i32 = 1;
pub(super) const MODAL: i32 = 2;
pub(super) const MINIMIZE: i32 = 4;
pub(super) const KEEP_MODELESS: i32 = 16;
pub(super) const TRACK_DISK_SPACE: i32 = 32;
pub(super) const ERROR: i32 = 0x1_0000;

// Control attributes.
const SHOWN: i32 = 1;
const ENABLED: i32 = 2;
const SUNKEN: i32 = 4;
const INDIRECT: i32 = 8;
const TRANSPARENT: i32 = 0x1_0000;
const NO_PREFIX: i32 = 0x2_0000;
const PASSWORD: i32 = 0x20_0000;
const PROGRESS95: i32 = 0x1_0000;
const SHIELD: i32 = 0x80_0000;

/// A place in dialog units: left, top, width, height.
pub(super) type Place = (i32, i32, i32, i32);

/// All dialogs.
#[derive(Debug, Default)]
pub(super) struct Dialogs {
    pub(super) dialogs: Vec<Dialog>,
}

/// A dialog.
#[derive(Debug)]
pub(super) struct Dialog {
    name: &'static str,
    size: (i32, i32),
    attributes: i32,
    default: Option<&'static str>,
    cancel: Option<&'static str>,
    controls: Vec<Control>,
    events: Vec<Event>,
    conditions: Vec<(String, &'static str, String)>,
    mappings: Vec<(&'static str, &'static str, &'static str)>,
    radio: Vec<(&'static str, i32, &'static str, Place, &'static str)>,
}

#[derive(Debug)]
struct Control {
    name: String,
    kind: &'static str,
    place: Place,
    attributes: i32,
    property: Option<String>,
    text: Option<String>,
    /// Whether the Tab key stops here, or an access key leads from here to the next control.
    in_order: bool,
}

#[derive(Debug)]
struct Event {
    control: &'static str,
    event: String,
    argument: String,
    condition: String,
}

impl Dialog {
    /// A dialog of this size that waits for an answer.
    pub(super) fn new(name: &'static str, size: (i32, i32), attributes: i32) -> Self {
        Self {
            name,
            size,
            attributes,
            default: None,
            cancel: None,
            controls: Vec::new(),
            events: Vec::new(),
            conditions: Vec::new(),
            mappings: Vec::new(),
            radio: Vec::new(),
        }
    }

    fn control(
        &mut self,
        name: impl Into<String>,
        kind: &'static str,
        place: Place,
        attributes: i32,
    ) -> &mut Control {
        let control = Control {
            name: name.into(),
            kind,
            place,
            attributes: SHOWN | ENABLED | attributes,
            property: None,
            text: None,
            in_order: false,
        };
        self.controls.push(control);
        let last = self.controls.len() - 1;
        &mut self.controls[last]
    }

    /// Text that is only read. `{\Title}` at its beginning chooses a style.
    pub(super) fn text(&mut self, name: &str, place: Place, text: impl Into<String>) {
        let control = self.control(name, "Text", place, TRANSPARENT | NO_PREFIX);
        control.text = Some(text.into());
    }

    /// Text whose access key leads to the control that follows.
    pub(super) fn label(&mut self, name: impl Into<String>, place: Place, text: impl Into<String>) {
        let control = self.control(name, "Text", place, TRANSPARENT);
        control.text = Some(text.into());
        control.in_order = true;
    }

    /// A line across.
    pub(super) fn line(&mut self, name: &str, place: Place) {
        self.control(name, "Line", place, 0);
    }

    /// A field for one line of text.
    pub(super) fn edit(&mut self, name: impl Into<String>, place: Place, property: &str, secret: bool) {
        let control = self.control(name, "Edit", place, SUNKEN | if secret { PASSWORD } else { 0 });
        control.property = Some(property.to_owned());
        control.text = Some("{255}".to_owned());
        control.in_order = true;
    }

    /// A control for the folder that the property `property` names; `indirect`: that the property which it names, names.
    pub(super) fn folder(
        &mut self,
        (name, kind): (&str, &'static str),
        place: Place,
        property: &str,
        indirect: bool,
    ) {
        let control = self.control(name, kind, place, SUNKEN | if indirect { INDIRECT } else { 0 });
        control.property = Some(property.to_owned());
        control.in_order = true;
    }

    /// A list that Windows fills.
    pub(super) fn list(&mut self, name: &str, place: Place, property: &str) {
        let control = self.control(name, "ListBox", place, SUNKEN);
        control.property = Some(property.to_owned());
        control.in_order = true;
    }

    /// Formatted text that scrolls.
    pub(super) fn scrolling(&mut self, name: &str, place: Place, rtf: String) {
        let control = self.control(name, "ScrollableText", place, SUNKEN);
        control.text = Some(rtf);
        control.in_order = true;
    }

    /// A box to tick.
    pub(super) fn check_box(&mut self, name: &str, place: Place, property: &str, text: &str) {
        let control = self.control(name, "CheckBox", place, 0);
        control.property = Some(property.to_owned());
        control.text = Some(text.to_owned());
        control.in_order = true;
    }

    /// Choices that exclude each other: value and text each.
    pub(super) fn choices(
        &mut self,
        name: &str,
        place: Place,
        property: &'static str,
        choices: &[(&'static str, &'static str)],
    ) {
        let control = self.control(name, "RadioButtonGroup", place, 0);
        control.property = Some(property.to_owned());
        control.in_order = true;
        for ((order, (value, text)), top) in (1..).zip(choices).zip((0..).step_by(18)) {
            self.radio.push((property, order, value, (0, top, place.2, 17), text));
        }
    }

    /// A bar that shows how far the installation is.
    pub(super) fn progress(&mut self, name: &str, place: Place) {
        let control = self.control(name, "ProgressBar", place, PROGRESS95);
        control.text = Some("Progress".to_owned());
    }

    /// A button.
    pub(super) fn button(&mut self, name: &'static str, place: Place, text: &str) {
        let control = self.control(name, "PushButton", place, 0);
        control.text = Some(text.to_owned());
        control.in_order = true;
    }

    /// A button that shows that it asks for elevation.
    pub(super) fn shield_button(&mut self, name: &'static str, place: Place, text: &str) {
        self.button(name, place, text);
        if let Some(button) = self.controls.last_mut() {
            button.attributes |= SHIELD;
        }
    }

    /// A button that cannot be pressed.
    pub(super) fn disabled_button(&mut self, name: &'static str, place: Place, text: &str) {
        self.button(name, place, text);
        if let Some(button) = self.controls.last_mut() {
            button.attributes &= !ENABLED;
        }
    }

    /// What the Enter and the Escape key press.
    pub(super) fn keys(&mut self, default: &'static str, cancel: &'static str) {
        (self.default, self.cancel) = (Some(default), Some(cancel));
    }

    /// What a control does, one after the other.
    pub(super) fn on(&mut self, control: &'static str, event: &str, argument: &str) {
        self.on_if(control, event, argument, "1");
    }

    /// What a control does where a condition holds.
    pub(super) fn on_if(&mut self, control: &'static str, event: &str, argument: &str, condition: &str) {
        self.events.push(Event {
            control,
            event: event.to_owned(),
            argument: argument.to_owned(),
            condition: condition.to_owned(),
        });
    }

    /// Lets a control be used only where a condition holds.
    pub(super) fn enable_if(&mut self, control: &str, condition: &str) {
        self.conditions.push((control.to_owned(), "Enable", condition.to_owned()));
        self.conditions.push((control.to_owned(), "Disable", format!("NOT ({condition})")));
    }

    /// Shows in a control what the installer tells.
    pub(super) fn follow(&mut self, control: &'static str, event: &'static str, attribute: &'static str) {
        self.mappings.push((control, event, attribute));
    }
}

impl Dialogs {
    /// Adds a dialog.
    pub(super) fn add(&mut self, dialog: Dialog) {
        self.dialogs.push(dialog);
    }

    /// Writes the tables.
    pub(super) fn write(self, database: &mut Database) -> Result<(), Error> {
        self.dialogs.into_iter().try_for_each(|dialog| dialog.write(database))
    }
}

impl Dialog {
    fn write(self, database: &mut Database) -> Result<(), Error> {
        let name = self.name;
        // The Tab key goes round in the order in which the controls were added.
        let order: Vec<&str> = self
            .controls
            .iter()
            .filter(|control| control.in_order)
            .map(|control| control.name.as_str())
            .collect();
        let first = order.first().copied().or(self.controls.first().map(|control| control.name.as_str()));
        let first = first.unwrap_or_default();
        database.insert(
            "Dialog",
            row![
                name,
                50,
                50,
                self.size.0,
                self.size.1,
                self.attributes,
                "[ProductName]",
                first,
                self.default,
                self.cancel
            ],
        )?;
        for control in &self.controls {
            let place = order.iter().position(|other| *other == control.name);
            let next = place.map(|place| order[(place + 1) % order.len()]);
            let (x, y, width, height) = control.place;
            database.insert(
                "Control",
                row![
                    name,
                    &control.name,
                    control.kind,
                    x,
                    y,
                    width,
                    height,
                    control.attributes,
                    control.property.as_ref(),
                    control.text.as_ref(),
                    next,
                    Value::Null
                ],
            )?;
            if control.kind == "CheckBox"
                && let Some(property) = &control.property
            {
                database.insert("CheckBox", row![property, "1"])?;
            }
        }
        for (number, event) in (1..).zip(self.events) {
            database.insert(
                "ControlEvent",
                row![name, event.control, event.event, event.argument, event.condition, number],
            )?;
        }
        for (control, action, condition) in self.conditions {
            database.insert("ControlCondition", row![name, control, action, condition])?;
        }
        for (control, event, attribute) in self.mappings {
            database.insert("EventMapping", row![name, control, event, attribute])?;
        }
        for (property, order, value, (x, y, width, height), text) in self.radio {
            database.insert(
                "RadioButton",
                row![property, order, value, x, y, width, height, text, Value::Null],
            )?;
        }
        Ok(())
    }
}
