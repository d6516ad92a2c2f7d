//! Serial numbers that the server gives out.

use super::decode::records;
use super::record::record;
use crate::client::{Answer, Call};
use crate::{Client, Failure};
use serde_json::{Value, json};

/// Serial numbers.
#[derive(Debug)]
pub struct SerialNumbers<'a>(pub(super) &'a Client);

record! {
    /// A kind of serial numbers.
    SerialNumberType {
        /// Name.
        name: String = "name",
        /// What it is for.
        description: String = "description",
        /// What its numbers are made like.
        format: String = "format",
        /// What its numbers look like: a regular expression.
        pattern: String = "regEx" | "regex",
        /// 0 serial number, 1 MAC address, 2 IMEI.
        identifier: i64 = "identifier",
        /// The same in words.
        identifier_name: String = "identifierName",
    }
}

record! {
    /// A serial number that the server knows.
    SerialNumber {
        /// The number.
        number: String = "serialNumber" | "id",
        /// Its kind.
        type_name: String = "serialNumberType" | "typeName",
        /// The unit it was taken for.
        reference_serial_number: String = "refSN" | "referenceSerialNumber",
        /// The product it was taken for.
        reference_part_number: String = "refPN" | "referencePartNumber",
        /// Station that took it.
        station_name: String = "stationName",
        /// When it was taken: ISO 8601.
        taken: String = "taken",
    }
}

/// How many numbers are taken, and what for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Take<'a> {
    /// Name of the kind.
    pub type_name: &'a str,
    /// How many.
    pub quantity: u32,
    /// The unit they are for.
    pub reference_serial_number: Option<&'a str>,
    /// The product they are for.
    pub reference_part_number: Option<&'a str>,
    /// The station that takes them.
    pub station_name: Option<&'a str>,
}

/// A supply of numbers for a time without the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reservation {
    /// Name of the kind.
    pub type_name: String,
    /// How many new numbers.
    pub quantity: u32,
    /// Only numbers that follow each other.
    pub only_in_sequence: bool,
    /// The station that takes them.
    pub station_name: String,
    /// What the server tells clients apart by, where it wants that. It becomes part of an address: never the API token.
    pub token_id: Option<String>,
    /// First number wanted.
    pub from: Option<String>,
    /// What came with the supply before.
    pub receipt: Option<String>,
    /// Numbers of the supply before that were used.
    pub taken: Vec<Taken>,
}

/// A reserved number that was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The number.
    pub number: String,
    /// When: ISO 8601.
    pub time: String,
}

/// What a reservation gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reserved {
    /// The numbers.
    pub numbers: Vec<String>,
    /// To be given back with the next reservation.
    pub receipt: Option<String>,
}

/// A row of numbers, with both ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberRange {
    /// Name of the kind.
    pub type_name: String,
    /// The first.
    pub from: String,
    /// The last.
    pub to: String,
}

/// The form of a list of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Values with commas between them.
    Csv,
    /// XML.
    Xml,
}

impl Format {
    fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xml => "xml",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Xml => "application/xml",
        }
    }
}

impl SerialNumbers<'_> {
    /// The kinds of serial numbers.
    pub async fn types(&self) -> Result<Vec<SerialNumberType>, Failure> {
        self.0.list(Call::get("/api/Production/SerialNumbers/Types")).await
    }

    /// Takes numbers for good. Each call takes others, and so it is made only once: after a failure without an answer
    /// it is not known whether the server has counted them as taken.
    pub async fn take(&self, take: Take<'_>) -> Result<Vec<String>, Failure> {
        let call = Call::post("/api/Production/SerialNumbers/Take")
            .query("serialNumberType", take.type_name)
            .query("quantity", take.quantity)
            .query_some("refSN", take.reference_serial_number)
            .query_some("refPN", take.reference_part_number)
            .query_some("stationName", take.station_name);
        let answer = self.0.done(call).await?;
        if answer.text().contains("<SN ") {
            return Ok(numbers_in(&answer.text()));
        }
        let texts = records(&answer)?.into_iter().map(|value| match value {
            Value::String(number) => Ok(number),
            Value::Number(number) => Ok(number.to_string()),
            other => Err(answer.not_understood(&format!("{other} is no serial number"))),
        });
        texts.collect()
    }

    /// Reserves numbers for a time without the server, and reports those that were used.
    pub async fn reserve(&self, reservation: &Reservation) -> Result<Reserved, Failure> {
        let taken: Vec<Value> = reservation
            .taken
            .iter()
            .map(|taken| json!({"id": taken.number, "taken": taken.time, "takenSpecified": true}))
            .collect();
        let mut body = json!({"sn": taken});
        if let Some(receipt) = &reservation.receipt {
            body["receipt"] = receipt.as_str().into();
        }
        let call = Call::post("/api/internal/Production/GetAndReserveNewSerialNumbers")
            .query("serialNumberType", &reservation.type_name)
            .query("batchSize", reservation.quantity)
            .query("requestType", "Reserve")
            .query("onlyInSequence", reservation.only_in_sequence)
            .query("stationName", &reservation.station_name)
            .query("tokenId", reservation.token_id.as_deref().unwrap_or_default())
            .query("url", format!("{}/api/internal/Production/", self.0.server()))
            .query("fromSerialNumber", reservation.from.as_deref().unwrap_or_default())
            .json(&body);
        reserved(&self.0.done(call).await?)
    }

    /// The numbers from one to another.
    pub async fn by_range(&self, range: &NumberRange) -> Result<Vec<SerialNumber>, Failure> {
        let call = Call::get("/api/Production/SerialNumbers/ByRange")
            .query("typeName", &range.type_name)
            .query("from", &range.from)
            .query("to", &range.to);
        self.0.list(call).await
    }

    /// The numbers that were taken for a unit or a product.
    pub async fn by_reference(
        &self,
        type_name: &str,
        serial_number: Option<&str>,
        part_number: Option<&str>,
    ) -> Result<Vec<SerialNumber>, Failure> {
        let call = Call::get("/api/Production/SerialNumbers/ByReference")
            .query("typeName", type_name)
            .query_some("referenceSerialNumber", serial_number)
            .query_some("referencePartNumber", part_number);
        self.0.list(call).await
    }

    /// Gives numbers of your own to the server.
    pub async fn upload(&self, format: Format, file: Vec<u8>) -> Result<(), Failure> {
        let call = Call::put("/api/Production/SerialNumbers").body(format.content_type(), file);
        self.0.done(call).await.map(drop)
    }

    /// The numbers of a kind, as a file. `state` is a word of the server's, such as `Free` or `Taken`.
    pub async fn export(
        &self,
        type_name: &str,
        state: Option<&str>,
        format: Format,
    ) -> Result<Vec<u8>, Failure> {
        let call = Call::get("/api/Production/SerialNumbers")
            .accept("*/*")
            .query("typeName", type_name)
            .query_some("state", state)
            .query("format", format.word());
        Ok(self.0.done(call).await?.into_bytes())
    }

    /// How many numbers of a kind there are.
    pub async fn count(&self, type_name: &str) -> Result<u64, Failure> {
        let call =
            Call::get("/api/internal/Production/SerialNumbers/Count").query("serialNumberType", type_name);
        let answer = self.0.done(call).await?;
        let value = answer.value()?.unwrap_or_default();
        let member = value.as_object().and_then(|members| members.values().next());
        member
            .unwrap_or(&value)
            .as_u64()
            .ok_or_else(|| answer.not_understood(&format!("{value} is no number of serial numbers")))
    }

    /// The rows of numbers that are free. The form of the answer is the server's own.
    pub async fn free(&self, type_name: &str) -> Result<Vec<Value>, Failure> {
        let call =
            Call::get("/api/internal/Production/SerialNumbers/Free").query("serialNumberType", type_name);
        self.0.list(call).await
    }

    /// Gives rows of reserved numbers free.
    pub async fn release(&self, ranges: &[NumberRange]) -> Result<(), Failure> {
        let call = Call::put("/api/internal/Production/SerialNumbers/Free").json(&ranges_json(ranges));
        self.0.done(call).await.map(drop)
    }

    /// Deletes rows of free numbers.
    pub async fn delete_free(&self, ranges: &[NumberRange]) -> Result<(), Failure> {
        let call = Call::delete("/api/internal/Production/SerialNumbers/Free").json(&ranges_json(ranges));
        self.0.done(call).await.map(drop)
    }

    /// The rows of numbers of one kind, or of all. The form of the answer is the server's own.
    pub async fn ranges(&self, type_name: Option<&str>) -> Result<Vec<Value>, Failure> {
        let call = Call::get("/api/internal/Production/SerialNumbers/Ranges");
        self.0.list(call.query_some("serialNumberType", type_name)).await
    }

    /// How many numbers were taken when. The form of the answer is the server's own.
    pub async fn statistics(&self, type_name: Option<&str>) -> Result<Vec<Value>, Failure> {
        let call = Call::get("/api/internal/Production/SerialNumbers/Statistics");
        self.0.list(call.query_some("serialNumberType", type_name)).await
    }
}

fn ranges_json(ranges: &[NumberRange]) -> Value {
    ranges
        .iter()
        .map(|range| {
            json!({
                "serialNumberType": range.type_name,
                "startAddress": range.from,
                "endAddress": range.to,
            })
        })
        .collect()
}

/// New numbers come as XML inside of JSON, `<SerialNumbers receipt="…"><SN id="…"/>…`, or as a plain list.
fn reserved(answer: &Answer) -> Result<Reserved, Failure> {
    let Some(value) = answer.value()? else { return Ok(Reserved::default()) };
    let member = |name: &str| value.as_object().and_then(|members| members.get(name));
    let receipt = member("receipt").and_then(Value::as_str).map(str::to_owned);
    match member("sn").or_else(|| member("SN")).unwrap_or(&value) {
        Value::String(xml) => Ok(Reserved {
            numbers: numbers_in(xml),
            receipt: receipt.or_else(|| attribute(xml, "receipt").map(unescaped)),
        }),
        Value::Array(values) => {
            let number =
                |value: &Value| Some(value.as_str().or_else(|| value.get("id")?.as_str())?.to_owned());
            Ok(Reserved { numbers: values.iter().filter_map(number).collect(), receipt })
        }
        other => Err(answer.not_understood(&format!("{other} is no list of serial numbers"))),
    }
}

/// The ids of all `SN` elements.
fn numbers_in(xml: &str) -> Vec<String> {
    xml.split("<SN ")
        .skip(1)
        .filter_map(|rest| attribute(rest.split('>').next()?, "id").map(unescaped))
        .collect()
}

/// The value of the first attribute of this name.
fn attribute<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = xml;
    loop {
        let at = rest.find(name)?;
        let alone = at == 0 || rest[..at].ends_with(char::is_whitespace);
        let after = &rest[at + name.len()..];
        if let Some(value) = after.trim_start().strip_prefix('=').filter(|_| alone) {
            let value = value.trim_start();
            let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            return value[1..].split(quote).next();
        }
        rest = after;
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_in_xml() {
        let xml = r#"<SerialNumbers grid="x" receipt = 'r1'><SN grid="0" id="A&amp;1" /><SN id="B2"/></SerialNumbers>"#;
        assert_eq!(numbers_in(xml), ["A&1", "B2"]);
        assert_eq!(attribute(xml, "receipt"), Some("r1"));
        assert!(numbers_in("<SerialNumbers/>").is_empty());
    }
}
