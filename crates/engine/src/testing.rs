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
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::Safeguard;

    static MISSING: [AtomicBool; 3] = [AtomicBool::new(false), AtomicBool::new(false), AtomicBool::new(false)];

    /// The process-wide switches.
    #[derive(Debug, Clone, Copy, Default)]
    pub struct Switches;

    impl Switches {
        /// Takes a safeguard away, from now on and everywhere in this process.
        pub fn take_away(self, safeguard: Safeguard) {
            MISSING[safeguard as usize].store(true, Ordering::SeqCst);
        }

        /// Puts all safeguards back.
        pub fn restore(self) {
            MISSING.iter().for_each(|missing| missing.store(false, Ordering::SeqCst));
        }
    }

    pub(crate) fn lacks(safeguard: Safeguard) -> bool {
        MISSING[safeguard as usize].load(Ordering::SeqCst)
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
