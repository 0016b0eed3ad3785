//! Keys: the master key in a file outside the database, a data key per tenant that it wraps, and the sealing of secrets
//! under a data key.
//!
//! A sealed value is bound to its place: it opens only for the same tenant, owner and field, so that nobody who can write
//! to the database makes one value stand in for another.

mod file;
mod seal;

use std::path::Path;

use chacha20poly1305::{Key, KeyInit, XChaCha20Poly1305};
use domain::TenantId;
use zeroize::Zeroizing;

pub use seal::{open, open_bytes, seal, seal_bytes};

use crate::error::{Error, Result};

/// The bytes of a key of XChaCha20-Poly1305.
type Secret = Zeroizing<[u8; 32]>;

/// The master keys by version; the newest wraps what is new.
pub struct Keys {
    masters: Vec<(i32, Secret)>,
}

/// One tenant's key, unwrapped: as short-lived as the transaction that needs it.
pub struct DataKey {
    secret: Secret,
}

impl Keys {
    /// Reads the master key file; makes it, for nobody else to read, when there is none.
    ///
    /// # Errors
    /// [`Error::Internal`] when others may read the file, or it cannot be read, written or understood.
    pub fn load_or_create(path: &Path) -> Result<Self> {
        let masters = file::read_or_make(path)?;
        Ok(Self { masters })
    }

    /// Keys that nothing keeps: for tests.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn generate() -> Result<Self> {
        Ok(Self { masters: vec![(1, random_secret()?)] })
    }

    /// A new data key for a tenant, wrapped, with the version of the master key that wraps it.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn new_data_key(&self, tenant: TenantId) -> Result<(Vec<u8>, i32)> {
        let (version, master) = self.masters.last().ok_or(Error::Unsealing)?;
        let fresh = random_secret()?;
        let wrapped = seal::encrypt(&cipher(master), &seal::wrapping_place(tenant, *version), fresh.as_slice())?;
        Ok((wrapped, *version))
    }

    /// Unwraps a tenant's data key.
    ///
    /// # Errors
    /// [`Error::Unsealing`] when it is another tenant's, or was wrapped by a key that the file does not have.
    pub fn data_key(&self, tenant: TenantId, wrapped: &[u8], version: i32) -> Result<DataKey> {
        let (_, master) = self.masters.iter().find(|(known, _)| *known == version).ok_or(Error::Unsealing)?;
        let opened = seal::decrypt(&cipher(master), &seal::wrapping_place(tenant, version), wrapped)?;
        let mut secret = Secret::default();
        if opened.len() != secret.len() {
            return Err(Error::Unsealing);
        }
        secret.copy_from_slice(&opened);
        Ok(DataKey { secret })
    }
}

impl DataKey {
    fn cipher(&self) -> XChaCha20Poly1305 {
        cipher(&self.secret)
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("versions", &self.masters.len()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey(…)")
    }
}

fn cipher(secret: &Secret) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(**secret))
}

fn random_secret() -> Result<Secret> {
    let mut secret = Secret::default();
    fill_random(secret.as_mut_slice())?;
    Ok(secret)
}

fn fill_random(buffer: &mut [u8]) -> Result<()> {
    getrandom::fill(buffer).map_err(|error| Error::Internal(format!("the system gives no random numbers: {error}")))
}
