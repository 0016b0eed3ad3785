//! Shopify's search syntax, for looking a record up by its key.

use domain::Entity;

use crate::text::line;

/// `name:'#1042'`, the quotes and backslashes in the key escaped.
pub(super) fn by_key(entity: Entity, key: &str) -> String {
    let key = key.trim();
    match entity {
        Entity::Order => term("name", key),
        Entity::Customer => term("email", key),
        Entity::Product | Entity::Payment | Entity::Stock => term("sku", key),
        Entity::Shipment => match order_of(key) {
            // The shop's own name of a fulfilment begins with its order's.
            Some(order) => term("name", order),
            None => term("tag", &shipment_tag(key)),
        },
    }
}

/// Any of several keys.
pub(super) fn by_keys(entity: Entity, keys: &[String]) -> String {
    keys.iter().map(|key| by_key(entity, key)).collect::<Vec<_>>().join(" OR ")
}

/// The tag of an order one of whose shipments has this number in the ERP.
pub(super) fn shipment_tag(number: &str) -> String {
    // A tag of an order has 40 characters at most.
    line(&format!("shipment {number}"), 40)
}

/// `#1042` of `#1042-F1`.
fn order_of(key: &str) -> Option<&str> {
    let (order, count) = key.rsplit_once("-F")?;
    (!count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit())).then_some(order)
}

fn term(field: &str, value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('\'', "\\'");
    format!("{field}:'{escaped}'")
}

/// E-mail addresses and SKUs are the same in any case.
pub(super) fn same_key(entity: Entity, ours: &str, theirs: &str) -> bool {
    let (ours, theirs) = (ours.trim(), theirs.trim());
    match entity {
        Entity::Order | Entity::Payment => ours == theirs,
        _ => ours.to_lowercase() == theirs.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_cannot_leave_its_quotes() {
        assert_eq!(by_key(Entity::Order, " #1'OR name:* \\"), r"name:'#1\'OR name:* \\'");
    }
}
