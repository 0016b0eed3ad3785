//! Sealing with XChaCha20-Poly1305: a random nonce of 24 bytes, then the ciphertext with its tag.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use domain::{ConnectionId, TenantId};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{DataKey, fill_random};
use crate::error::{Error, Result};

const NONCE: usize = 24;

/// Seals a credential for its place; base64, as `connections.credentials_sealed` holds it field by field.
///
/// # Errors
/// When the system gives no random numbers.
pub fn seal(
    key: &DataKey,
    tenant: TenantId,
    connection: ConnectionId,
    field: &str,
    secret: &SecretString,
) -> Result<String> {
    let sealed = seal_bytes(key, tenant, connection.0, field, secret.expose_secret().as_bytes())?;
    Ok(STANDARD.encode(sealed))
}

/// Opens what [`seal`] sealed.
///
/// # Errors
/// [`Error::Unsealing`] when it was sealed for another place or under another key, or was changed.
pub fn open(
    key: &DataKey,
    tenant: TenantId,
    connection: ConnectionId,
    field: &str,
    sealed: &str,
) -> Result<SecretString> {
    let sealed = STANDARD.decode(sealed).map_err(|_| Error::Unsealing)?;
    let opened = open_bytes(key, tenant, connection.0, field, &sealed)?;
    let text = std::str::from_utf8(&opened).map_err(|_| Error::Unsealing)?;
    Ok(SecretString::from(text))
}

/// Seals bytes for their place: the tenant's, in the row `owner`, in `field`.
///
/// # Errors
/// When the system gives no random numbers.
pub fn seal_bytes(key: &DataKey, tenant: TenantId, owner: Uuid, field: &str, plain: &[u8]) -> Result<Vec<u8>> {
    encrypt(&key.cipher(), &place(tenant, owner, field), plain)
}

/// Opens what [`seal_bytes`] sealed; the bytes are wiped when dropped.
///
/// # Errors
/// [`Error::Unsealing`] when they were sealed for another place or under another key, or were changed.
pub fn open_bytes(
    key: &DataKey,
    tenant: TenantId,
    owner: Uuid,
    field: &str,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>> {
    decrypt(&key.cipher(), &place(tenant, owner, field), sealed)
}

/// Ids have a fixed length and the field comes last, so no two places give the same bytes.
fn place(tenant: TenantId, owner: Uuid, field: &str) -> Vec<u8> {
    [b"field", tenant.0.as_bytes().as_slice(), owner.as_bytes(), field.as_bytes()].concat()
}

/// Where a tenant's data key belongs.
pub(super) fn wrapping_place(tenant: TenantId, version: i32) -> Vec<u8> {
    [b"data-key".as_slice(), tenant.0.as_bytes(), &version.to_be_bytes()].concat()
}

pub(super) fn encrypt(cipher: &XChaCha20Poly1305, place: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
    let mut nonce = [0; NONCE];
    fill_random(&mut nonce)?;
    let payload = Payload { msg: plain, aad: place };
    let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| Error::Unsealing)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

pub(super) fn decrypt(cipher: &XChaCha20Poly1305, place: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(Error::Unsealing)?;
    let payload = Payload { msg: sealed, aad: place };
    cipher.decrypt(&XNonce::from(*nonce), payload).map(Zeroizing::new).map_err(|_| Error::Unsealing)
}

#[cfg(test)]
mod tests {
    use super::super::Keys;
    use super::*;

    fn ids() -> (TenantId, ConnectionId) {
        (TenantId(Uuid::from_u128(1)), ConnectionId(Uuid::from_u128(2)))
    }

    fn data_key(keys: &Keys, tenant: TenantId) -> DataKey {
        let (wrapped, version) = keys.new_data_key(tenant).unwrap();
        keys.data_key(tenant, &wrapped, version).unwrap()
    }

    #[test]
    fn a_secret_opens_in_its_own_place_only() {
        let keys = Keys::generate().unwrap();
        let (tenant, connection) = ids();
        let key = data_key(&keys, tenant);
        let sealed = seal(&key, tenant, connection, "password", &SecretString::from("s3cret")).unwrap();
        let opened = open(&key, tenant, connection, "password", &sealed).unwrap();
        assert_eq!(opened.expose_secret(), "s3cret");
        let other = Uuid::from_u128(3);
        assert!(open(&key, TenantId(other), connection, "password", &sealed).is_err());
        assert!(open(&key, tenant, ConnectionId(other), "password", &sealed).is_err());
        assert!(open(&key, tenant, connection, "token", &sealed).is_err());
        assert!(open(&data_key(&keys, tenant), tenant, connection, "password", &sealed).is_err());
    }

    #[test]
    fn a_data_key_unwraps_for_its_own_tenant_and_version_only() {
        let keys = Keys::generate().unwrap();
        let (tenant, _) = ids();
        let (wrapped, version) = keys.new_data_key(tenant).unwrap();
        assert!(keys.data_key(TenantId(Uuid::from_u128(9)), &wrapped, version).is_err());
        assert!(keys.data_key(tenant, &wrapped, version + 1).is_err());
        assert!(Keys::generate().unwrap().data_key(tenant, &wrapped, version).is_err());
    }

    proptest::proptest! {
        #[test]
        fn whatever_stands_in_the_database_is_opened_or_refused(sealed in ".*", bytes: Vec<u8>) {
            let keys = Keys::generate().unwrap();
            let (tenant, connection) = ids();
            let key = data_key(&keys, tenant);
            assert!(open(&key, tenant, connection, "password", &sealed).is_err());
            assert!(keys.data_key(tenant, &bytes, 1).is_err());
        }
    }
}
