//! Reads an answer's JSON into our types.
//!
//! `serde_json` parses the text once into a tree; what it would generate to read each of our types straight from the
//! text was a tenth of the wasm. This reads them from the tree: objects by name only, and nothing that our own types
//! do not have.

use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

/// Why a text was not read.
#[derive(Debug)]
pub(crate) struct Unread(String);

/// What `text` says.
///
/// # Errors
/// When it is no JSON, or says something else than a `T`.
pub(crate) fn from_text<T: DeserializeOwned>(text: &str) -> Result<T, Unread> {
    let tree = serde_json::from_str::<Value>(text).map_err(|error| Unread(error.to_string()))?;
    T::deserialize(Tree(&tree))
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unread {}

impl de::Error for Unread {
    fn custom<M: fmt::Display>(message: M) -> Self {
        Self(message.to_string())
    }
}

/// A place in the tree.
#[derive(Clone, Copy)]
struct Tree<'de>(&'de Value);

impl<'de> de::Deserializer<'de> for Tree<'de> {
    type Error = Unread;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => visitor.visit_seq(Items(items.iter())),
            Value::Object(fields) => visitor.visit_map(Fields::of(fields)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Unread> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(Items(items.iter())),
            _ => Err(other("a list")),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unread> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        match self.0 {
            Value::Object(fields) => visitor.visit_map(Fields::of(fields)),
            _ => Err(other("an object")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unread> {
        self.deserialize_map(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        match self.0 {
            Value::String(text) => visitor.visit_borrowed_str(text),
            _ => Err(other("a text")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        self.deserialize_str(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unread> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(Variant { name, content: None }),
            Value::Object(fields) => match fields.iter().next() {
                Some((name, content)) => visitor.visit_enum(Variant { name, content: Some(Tree(content)) }),
                None => Err(other("a variant")),
            },
            _ => Err(other("a variant")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unread> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char bytes byte_buf unit unit_struct tuple_struct identifier
    }
}

/// The items of a list that are left.
struct Items<'de>(std::slice::Iter<'de, Value>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Unread;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Unread> {
        self.0.next().map(|item| seed.deserialize(Tree(item))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The fields of an object that are left, and the value of the one that was named last.
struct Fields<'de> {
    left: serde_json::map::Iter<'de>,
    value: Option<&'de Value>,
}

impl<'de> Fields<'de> {
    fn of(fields: &'de Map<String, Value>) -> Self {
        Self { left: fields.iter(), value: None }
    }
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Unread;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Unread> {
        let Some((name, value)) = self.left.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Unread> {
        seed.deserialize(Tree(self.value.take().unwrap_or(&Value::Null)))
    }
}

/// A variant of an enum, with what it holds.
struct Variant<'de> {
    name: &'de str,
    content: Option<Tree<'de>>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Unread;
    type Variant = Content<'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), Unread> {
        let name = seed.deserialize(BorrowedStrDeserializer::new(self.name))?;
        Ok((name, Content(self.content)))
    }
}

struct Content<'de>(Option<Tree<'de>>);

impl<'de> VariantAccess<'de> for Content<'de> {
    type Error = Unread;

    fn unit_variant(self) -> Result<(), Unread> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Unread> {
        seed.deserialize(self.0.unwrap_or(Tree(&Value::Null)))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unread> {
        de::Deserializer::deserialize_seq(self.0.unwrap_or(Tree(&Value::Null)), visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Unread> {
        de::Deserializer::deserialize_map(self.0.unwrap_or(Tree(&Value::Null)), visitor)
    }
}

fn other(expected: &str) -> Unread {
    Unread(format!("expected {expected}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::{DateTime, Utc};
    use domain::activity::{Event, EventBody, Line, Tone};
    use domain::connection::{Reached, TestOutcome};
    use domain::run::{Phase, RunCounts, RunState, RunView, Trigger};
    use domain::{ActivityId, RecordStatus, RunId};

    use super::*;
    use crate::error::AppError;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 123_000_000).unwrap()
    }

    fn survives<T: serde::Serialize + DeserializeOwned + PartialEq + fmt::Debug>(value: &T) {
        let text = serde_json::to_string(value).unwrap();
        assert_eq!(&from_text::<T>(&text).unwrap(), value, "{text}");
    }

    #[test]
    fn what_the_server_writes_is_what_the_browser_reads() {
        let run = RunView {
            id: RunId::new(now()),
            sync: None,
            sync_name: Some("Orders".into()),
            connection: None,
            phase: Phase::Test,
            state: RunState::Succeeded,
            trigger: Trigger::Manual,
            actor: None,
            counts: RunCounts { total: Some(-1), done: 5_000, ..RunCounts::default() },
            created_at: now(),
            started_at: Some(now()),
            finished_at: None,
            wake_at: None,
            message: Some("a \"quoted\" é".into()),
            outcome: Some(TestOutcome::Reached(Reached {
                name: "Shop".into(),
                facts: vec![("Plan".into(), "Basic".into())],
            })),
        };
        let event = |body| Event { id: ActivityId::new(now()), at: now(), body };
        survives(&event(EventBody::Run { run: Box::new(run) }));
        let line = Line { tone: Tone::Info, text: String::new(), actor: None, link: None };
        survives(&event(EventBody::Line { line }));
        survives(&AppError::InvalidFields { fields: vec![("email".into(), "Taken.".into())] });
        survives(&AppError::SignedOut);
        survives(&Ok::<Option<RecordStatus>, AppError>(Some(RecordStatus::Failed)));
        survives(&BTreeMap::from([("a".to_owned(), (1_u8, -2_i64, true))]));
        survives(&());
    }

    #[test]
    fn what_is_something_else_is_refused() {
        assert!(from_text::<RunView>("[]").is_err());
        assert!(from_text::<RunView>("{").is_err());
        assert!(from_text::<Vec<String>>("{}").is_err());
        assert!(from_text::<RecordStatus>("\"no such\"").is_err());
        assert!(from_text::<AppError>("{}").is_err());
    }
}
