//! Gives the program for Windows the sentences of its events.

fn main() -> std::io::Result<()> {
    landfall_message_table::MessageTable::default().link()
}
