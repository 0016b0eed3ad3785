//! Customers.

use domain::Entity;
use domain::canonical::{Address, Canonical, Customer};
use serde_json::{Map, Value, json};

use super::{Outcome, address_input, names};
use crate::shopify::{Shopify, queries};
use crate::vendor::Save;

impl Shopify {
    pub(super) async fn insert_customer(&self, save: &Save, customer: &Customer) -> Outcome {
        let mut input = differing(customer, &Customer::default());
        if let Some(address) = &customer.address {
            input.insert("addresses".into(), json!([address_input(address)]));
        }
        input.insert("metafields".into(), Self::own_id(save));
        self.insert(save, &queries::CUSTOMER_CREATE, Value::Object(input)).await
    }

    pub(super) async fn update_customer(&self, id: &str, customer: &Customer, current: Option<&Canonical>) -> Outcome {
        let known = match current {
            Some(Canonical::Customer(current)) => Some(current),
            _ => None,
        };
        let blank = Customer::default();
        let mut input = differing(customer, known.unwrap_or(&blank));
        let moved = known.is_none_or(|known| known.address != customer.address);
        if input.is_empty() && !moved {
            return self.as_it_is(Entity::Customer, id).await;
        }
        let own = if moved { self.address_id(id).await? } else { None };
        let (add, change, drop) = match (&customer.address, &own) {
            _ if !moved => (false, false, false),
            (Some(_), None) => (true, false, false),
            (Some(_), Some(_)) => (false, true, false),
            (None, own) => (false, false, own.is_some()),
        };
        input.insert("id".into(), json!(id));
        let address = address_input(customer.address.as_ref().unwrap_or(&Address::default()));
        let variables = json!({
            "input": input, "id": id, "address": address, "addressId": own.unwrap_or_default(),
            "add": add, "change": change, "drop": drop,
        });
        self.update(Entity::Customer, id, &queries::CUSTOMER_UPDATE, variables).await
    }

    /// The id of the default address, which is the one that we keep.
    async fn address_id(&self, id: &str) -> crate::Result<Option<String>> {
        let answer = self.api.query(&queries::CUSTOMER_ADDRESS, 1, json!({"id": id})).await?;
        let own = answer.data.pointer("/customer/defaultAddress/id").and_then(Value::as_str);
        Ok(own.map(ToOwned::to_owned))
    }
}

/// The fields that differ. A name that is only the e-mail address or the phone number is none.
fn differing(customer: &Customer, current: &Customer) -> Map<String, Value> {
    let mut input = Map::new();
    let is_own = Some(&customer.name) != customer.email.as_ref() && Some(&customer.name) != customer.phone.as_ref();
    if customer.name != current.name {
        let (first, last) = names(if is_own { &customer.name } else { "" });
        input.insert("firstName".into(), json!(first));
        input.insert("lastName".into(), json!(last));
    }
    if customer.email != current.email {
        input.insert("email".into(), json!(customer.email));
    }
    if customer.phone != current.phone {
        input.insert("phone".into(), json!(customer.phone));
    }
    input
}
