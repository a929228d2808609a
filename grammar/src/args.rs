//! Deserializes a resolved line into the arguments struct of its command, with serde.

use std::borrow::Cow;
use std::fmt::Display;

use serde::de::value::{BorrowedStrDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::invocation::Invocation;
use crate::matching::Argument;
use crate::notation::Slot;

/// A value that is not valid for its option or positional.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadArgument {
    /// The option or positional as declared, such as `-ip`; empty if not known.
    pub option: String,
    /// Why it is not valid, for the user.
    pub reason: String,
}

impl Display for BadArgument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.option.is_empty() {
            write!(f, "{}", self.reason)
        } else {
            write!(f, "{}: {}", self.option, self.reason)
        }
    }
}

impl std::error::Error for BadArgument {}

impl de::Error for BadArgument {
    fn custom<T: Display>(message: T) -> Self {
        BadArgument { option: String::new(), reason: message.to_string() }
    }

    fn missing_field(field: &'static str) -> Self {
        BadArgument { option: format!("-{field}"), reason: "was not given".to_owned() }
    }
}

/// The names of the fields of an arguments struct.
pub fn fields_of<'de, T: serde::Deserialize<'de>>() -> &'static [&'static str] {
    struct Names<'n>(&'n mut &'static [&'static str]);

    impl<'de> Deserializer<'de> for Names<'_> {
        type Error = BadArgument;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, BadArgument> {
            Err(de::Error::custom("only the names are wanted"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, BadArgument> {
            *self.0 = fields;
            self.deserialize_any(visitor)
        }

        fn deserialize_newtype_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            visitor: V,
        ) -> Result<V::Value, BadArgument> {
            visitor.visit_newtype_struct(self)
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
            unit unit_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    let mut names: &'static [&'static str] = &[];
    // Always fails, but only after it has stored the names.
    let _ = T::deserialize(Names(&mut names));
    names
}

/// Whether two names are the same but for dashes, underscores and letter case.
pub(crate) fn same_name(one: &str, other: &str) -> bool {
    let letters = |name: &'_ str| {
        let kept = name.chars().filter(|c| !matches!(c, '-' | '_' | ' ' | '/' | '#' | '<' | '>'));
        kept.map(|c| c.to_ascii_lowercase()).collect::<Vec<_>>()
    };
    letters(one) == letters(other)
}

pub(crate) fn arguments<T: de::DeserializeOwned>(line: &Invocation<'_>) -> Result<T, BadArgument> {
    T::deserialize(LineDeserializer { line }).map_err(|error| {
        // serde names the field; the user knows the option.
        let slot = line.spec.slots.iter().find(|slot| same_name(slot.field(), &error.option));
        BadArgument { option: slot.map_or(error.option.clone(), Slot::shown), reason: error.reason }
    })
}

struct LineDeserializer<'i> {
    line: &'i Invocation<'i>,
}

impl<'de> Deserializer<'de> for LineDeserializer<'_> {
    type Error = BadArgument;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadArgument> {
        self.deserialize_struct("", &[], visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BadArgument> {
        visitor.visit_map(FieldAccess { line: self.line, fields, next: 0, slot: 0 })
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadArgument> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, BadArgument> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, BadArgument> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The fields of the struct that the command has an option or positional for.
struct FieldAccess<'i> {
    line: &'i Invocation<'i>,
    fields: &'static [&'static str],
    next: usize,
    slot: usize,
}

impl<'de> de::MapAccess<'de> for FieldAccess<'_> {
    type Error = BadArgument;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, BadArgument> {
        while let Some(field) = self.fields.get(self.next) {
            self.next += 1;
            let slots = &self.line.spec.slots;
            let Some(slot) = slots.iter().position(|slot| same_name(slot.field(), field)) else {
                continue;
            };
            let given =
                self.line.arguments.iter().any(|argument| usize::from(argument.slot) == slot);
            let list = slots[slot].is_positional()
                && slots[slot].value.as_ref().is_some_and(|value| value.many);
            if given || slots[slot].is_flag() || list {
                self.slot = slot;
                let key: BorrowedStrDeserializer<'_, BadArgument> =
                    BorrowedStrDeserializer::new(field);
                return seed.deserialize(key).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, BadArgument> {
        let slot = &self.line.spec.slots[self.slot];
        let arguments =
            self.line.arguments.iter().filter(|argument| usize::from(argument.slot) == self.slot);
        let value = ValueDeserializer {
            line: self.line,
            flag: slot.is_flag(),
            arguments: arguments.collect(),
        };
        seed.deserialize(value).map_err(|error| BadArgument {
            option: slot.shown(),
            // The message of serde repeats the value.
            reason: if slot.secret { "does not fit".to_owned() } else { error.reason },
        })
    }
}

/// The value of one option or positional.
struct ValueDeserializer<'i> {
    line: &'i Invocation<'i>,
    flag: bool,
    arguments: Vec<&'i Argument>,
}

impl<'i> ValueDeserializer<'i> {
    fn text(&self) -> Cow<'i, str> {
        match self.arguments[..] {
            [one] => self.line.text(one),
            _ => Cow::Owned(
                self.arguments.iter().map(|f| self.line.text(f)).collect::<Vec<_>>().join(" "),
            ),
        }
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadArgument> {
            let text = self.text();
            match text.parse::<$type>() {
                Ok(number) => visitor.$visit(number),
                Err(_) => Err(de::Error::custom(format!("{text} is not a number that can stand here"))),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for ValueDeserializer<'_> {
    type Error = BadArgument;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadArgument> {
        if self.flag {
            visitor.visit_bool(!self.arguments.is_empty())
        } else {
            visitor.visit_str(&self.text())
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadArgument> {
        if self.flag {
            return visitor.visit_bool(!self.arguments.is_empty());
        }
        let text = self.text();
        match text.to_ascii_lowercase().as_str() {
            "1" | "on" | "yes" | "true" | "enable" => visitor.visit_bool(true),
            "0" | "off" | "no" | "false" | "disable" => visitor.visit_bool(false),
            _ => Err(de::Error::custom(format!("{text} is neither on nor off"))),
        }
    }

    numbers! {
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64, deserialize_f32 visit_f32 f32,
        deserialize_f64 visit_f64 f64,
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadArgument> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, BadArgument> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadArgument> {
        let texts = self.arguments.iter().flat_map(|argument| self.line.texts(argument));
        visitor.visit_seq(SeqDeserializer::new(texts.map(ElementDeserializer)))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BadArgument> {
        visitor.visit_enum(self.text().as_ref().into_deserializer())
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadArgument> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadArgument> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit_struct tuple tuple_struct map struct identifier
    }
}

/// One element of a list.
struct ElementDeserializer<'i>(Cow<'i, str>);

impl<'de> IntoDeserializer<'de, BadArgument> for ElementDeserializer<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! word_numbers {
    ($($method:ident $visit:ident $type:ty,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadArgument> {
            match self.0.parse::<$type>() {
                Ok(number) => visitor.$visit(number),
                Err(_) => Err(de::Error::custom(format!("{} is not a number that can stand here", self.0))),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for ElementDeserializer<'_> {
    type Error = BadArgument;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadArgument> {
        visitor.visit_str(&self.0)
    }

    word_numbers! {
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64, deserialize_f32 visit_f32 f32,
        deserialize_f64 visit_f64 f64,
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, BadArgument> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BadArgument> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, BadArgument> {
        visitor.visit_enum(self.0.as_ref().into_deserializer())
    }

    forward_to_deserialize_any! {
        bool i128 u128 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        struct identifier ignored_any
    }
}
