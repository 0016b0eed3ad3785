//! Switches that break the engine on purpose, so that a simulation can prove that it would notice. They exist only with
//! the feature `testing`, which the server never has; without it every question here is answered with a constant no.

/// A safeguard that can be taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safeguard {
    /// What is about to be written is not written down before.
    Intent,
    /// What a worker commits whose run was taken over is not refused.
    Epoch,
    /// A change that arrives while its record is being processed does not make it due again.
    Version,
}

#[cfg(feature = "testing")]
mod switches {
    use std::cell::RefCell;

    use super::Safeguard;

    thread_local! {
        static MISSING: RefCell<Vec<Safeguard>> = const { RefCell::new(Vec::new()) };
    }

    /// The switches of the current thread, on which a simulation plays the whole engine.
    #[derive(Debug, Clone, Copy, Default)]
    pub struct Switches;

    impl Switches {
        /// Takes a safeguard away, from now on, for what this thread does.
        pub fn take_away(self, safeguard: Safeguard) {
            MISSING.with_borrow_mut(|missing| missing.push(safeguard));
        }

        /// Puts all safeguards back.
        pub fn restore(self) {
            MISSING.with_borrow_mut(Vec::clear);
        }
    }

    pub(crate) fn lacks(safeguard: Safeguard) -> bool {
        MISSING.with_borrow(|missing| missing.contains(&safeguard))
    }
}

#[cfg(feature = "testing")]
pub use switches::Switches;
#[cfg(feature = "testing")]
pub(crate) use switches::lacks;

#[cfg(not(feature = "testing"))]
pub(crate) const fn lacks(_: Safeguard) -> bool {
    false
}
