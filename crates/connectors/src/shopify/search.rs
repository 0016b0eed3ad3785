//! Shopify's search syntax, for looking a record up by its key.

use domain::Entity;

/// `name:'#1042'`, the quotes and backslashes in the key escaped.
pub(super) fn by_key(entity: Entity, key: &str) -> String {
    let field = match entity {
        Entity::Order => "name",
        Entity::Customer => "email",
        Entity::Product | Entity::Payment | Entity::Shipment | Entity::Stock => "sku",
    };
    let escaped = key.trim().replace('\\', "\\\\").replace('\'', "\\'");
    format!("{field}:'{escaped}'")
}

/// E-mail addresses and SKUs are the same in any case.
pub(super) fn same_key(entity: Entity, ours: &str, theirs: &str) -> bool {
    let (ours, theirs) = (ours.trim(), theirs.trim());
    match entity {
        Entity::Order => ours == theirs,
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
