//! Types and rules that the browser and the server share.
//!
//! No I/O and no clock: whatever depends on the time takes it as an argument, so that a test can play a week in a
//! second. Compiles to wasm.

pub mod account;
pub mod activity;
pub mod backoff;
pub mod canonical;
pub mod connection;
pub mod entity;
pub mod filter;
pub mod history;
pub mod ids;
pub mod matching;
pub mod money;
pub mod overview;
pub mod reconcile;
pub mod run;
pub mod schedule;
pub mod status;
pub mod sync;
pub mod vendor;

pub use entity::{Entity, Side};
pub use ids::*;
pub use money::Money;
pub use status::{LastOperation, RecordStatus};
pub use vendor::Vendor;

/// Declares an enum that is text in the database, in URLs and in JSON, with its label for people.
#[macro_export]
macro_rules! text_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal, $label:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            /// Every variant, in the order in which screens list them.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The text that stands in the database, in URLs and in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }

            /// The words that a person reads.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $($name::$variant => $label,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownText;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok($name::$variant),)+
                    _ => Err($crate::UnknownText { expected: stringify!($name) }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::UnknownText;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }
    };
}

/// A text that none of an enum's variants has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a known {expected}")]
pub struct UnknownText {
    pub expected: &'static str,
}
