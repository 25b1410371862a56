//! JSON objects read member by member: what is known is typed, all the rest stays as it came, and both together
//! make the object again. Knows nothing of any protocol.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object in the order they came, their values raw.
#[derive(Clone, Debug, Default)]
pub struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(map.size_hint().unwrap_or(8));
                while let Some((key, value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    members.push((key.0, value));
                }
                Ok(Fields(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

impl<'a> Fields<'a> {
    /// Reads an object.
    pub fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The member of that name; where a name occurs twice, the last.
    pub fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| *value)
    }

    /// All members, first to last.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), *value))
    }

    /// Appends a member.
    pub(crate) fn push(&mut self, key: Cow<'a, str>, value: &'a RawValue) {
        self.0.push((key, value));
    }

    /// Takes every member with its place in the object out.
    pub(crate) fn into_members(self) -> Vec<(Cow<'a, str>, &'a RawValue)> {
        self.0
    }

    /// Writes all members; `first` says whether none was written before.
    pub(crate) fn write(&self, out: &mut String, first: &mut bool) {
        for (key, value) in &self.0 {
            member(out, first, key);
            out.push_str(value.get());
        }
    }

    /// Length of its text, about.
    pub(crate) fn size(&self) -> usize {
        self.0.iter().map(|(key, value)| key.len() + value.get().len() + 4).sum()
    }
}

/// Writes the comma, the key and the colon of the next member.
pub(crate) fn member(out: &mut String, first: &mut bool, key: &str) {
    if !std::mem::take(first) {
        out.push(',');
    }
    string(out, key);
    out.push(':');
}

/// Writes a string as JSON.
pub(crate) fn string(out: &mut String, text: &str) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// The texts of an array's values; nothing where it is no array.
pub(crate) fn elements(raw: &RawValue) -> Option<Vec<&RawValue>> {
    if raw.get().starts_with('[') { serde_json::from_str(raw.get()).ok() } else { None }
}

/// A value that can be read from a member and written again without loss. What cannot is left among the rest.
pub(crate) trait Field<'a>: Sized {
    fn read(raw: &'a RawValue) -> Option<Self>;
    fn write(&self, out: &mut String);
}

impl<'a> Field<'a> for Cow<'a, str> {
    fn read(raw: &'a RawValue) -> Option<Self> {
        serde_json::from_str::<Text<'a>>(raw.get()).ok().map(|text| text.0)
    }

    fn write(&self, out: &mut String) {
        string(out, self);
    }
}

impl<'a> Field<'a> for u64 {
    fn read(raw: &'a RawValue) -> Option<Self> {
        raw.get().parse().ok().filter(|number: &u64| number.to_string() == raw.get())
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.to_string());
    }
}

impl<'a> Field<'a> for &'a RawValue {
    fn read(raw: &'a RawValue) -> Option<Self> {
        (raw.get() != "null").then_some(raw)
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.get());
    }
}

impl<'a, T: Field<'a>> Field<'a> for Vec<T> {
    fn read(raw: &'a RawValue) -> Option<Self> {
        elements(raw)?.into_iter().map(T::read).collect()
    }

    fn write(&self, out: &mut String) {
        out.push('[');
        for (index, value) in self.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            value.write(out);
        }
        out.push(']');
    }
}

/// A struct of known members, each of which may be absent, and the rest. A member that is null, or not of the type
/// that is known for it, stays among the rest.
macro_rules! typed {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty = $key:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default)]
        pub struct $name<'a> {
            $($(#[$field_meta])* pub $field: Option<$type>,)*
            /// Every other member, as it came.
            pub rest: $crate::Fields<'a>,
        }

        impl<'a> $name<'a> {
            /// Reads the object; fails only where the text is no JSON object.
            pub fn decode(text: &'a str) -> Result<Self, serde_json::Error> {
                $crate::Fields::parse(text).map(Self::of)
            }

            /// The object again: JSON equal to what was read.
            pub fn encode(&self) -> String {
                let mut out = String::with_capacity(self.rest.size() + 64);
                $crate::fields::Field::write(self, &mut out);
                out
            }

            fn of(fields: $crate::Fields<'a>) -> Self {
                let mut out = Self::default();
                for (key, raw) in fields.into_members() {
                    let unread = match key.as_ref() {
                        $($key if out.$field.is_none() && out.rest.get($key).is_none() => {
                            out.$field = $crate::fields::Field::read(raw);
                            out.$field.is_none()
                        })*
                        _ => true,
                    };
                    if unread {
                        out.rest.push(key, raw);
                    }
                }
                out
            }
        }

        impl<'a> $crate::fields::Field<'a> for $name<'a> {
            fn read(raw: &'a serde_json::value::RawValue) -> Option<Self> {
                Self::decode(raw.get()).ok()
            }

            fn write(&self, out: &mut String) {
                out.push('{');
                let mut first = true;
                $(if let Some(value) = &self.$field {
                    $crate::fields::member(out, &mut first, $key);
                    $crate::fields::Field::write(value, out);
                })*
                self.rest.write(out, &mut first);
                out.push('}');
            }
        }
    };
}
pub(crate) use typed;

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macro makes public structs")]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    typed! {
        /// An inner object.
        Inner { text: Cow<'a, str> = "text", }
    }
    typed! {
        /// An object of every kind of field.
        Outer {
            kind: Cow<'a, str> = "type",
            count: u64 = "count",
            raw: &'a RawValue = "raw",
            inner: Inner<'a> = "inner",
            list: Vec<Inner<'a>> = "list",
        }
    }

    #[test]
    fn what_is_known_is_typed_and_the_rest_is_kept() {
        let text = r#"{"new":[1.0,{"x":null}],"type":"a\n\"b","count":3,"raw": 1e2 ,"inner":{"text":"t","y":{}},
            "list":[{"text":"é","text2":1}]}"#;
        let outer = Outer::decode(text).unwrap();
        assert_eq!((outer.kind.as_deref(), outer.count), (Some("a\n\"b"), Some(3)));
        assert_eq!(outer.inner.as_ref().and_then(|inner| inner.text.as_deref()), Some("t"));
        assert_eq!(outer.rest.get("new").map(RawValue::get), Some(r#"[1.0,{"x":null}]"#));
        assert_eq!(crate::canonical(&outer.encode()).unwrap(), crate::canonical(text).unwrap());
        let inner = outer.inner.unwrap_or_default().encode();
        assert_eq!(crate::canonical(&inner).unwrap(), r#"{"text":"t","y":{}}"#);
    }

    #[test]
    fn a_member_of_another_type_null_or_named_twice_is_no_loss() {
        for text in [
            r#"{"type":null,"count":-1,"raw":null,"inner":[],"list":[1]}"#,
            r#"{"count":1.0,"list":{},"inner":"x","type":7}"#,
            r#"{"count":"x","count":2,"count":3,"type":"a","type":"b"}"#,
            "{}",
        ] {
            let again = Outer::decode(text).unwrap().encode();
            let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            assert_eq!(value(&again), value(text), "{again}");
        }
        assert!(Outer::decode("[1]").is_err());
        assert_eq!(Inner::decode(r#"{"text":null}"#).unwrap().encode(), r#"{"text":null}"#);
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_kept(text in "\\{(\"(type|count|inner|z)\":(1|-0|\"\\\\u00e9\"|\\{\\}|null|\\[\\]),){0,4}\"a\":1\\}") {
            if let Ok(outer) = Outer::decode(&text) {
                let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
                prop_assert_eq!(value(&outer.encode()), value(&text));
            }
        }
    }
}
