//! What is synchronised, and where it is.

crate::text_enum! {
    /// A kind of record that both systems know.
    Entity {
        Order = "order", "Orders";
        Customer = "customer", "Customers";
        Product = "product", "Products";
    }
}

impl Entity {
    /// One of them, for sentences.
    #[must_use]
    pub const fn singular(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Customer => "customer",
            Self::Product => "product",
        }
    }

    /// The entities whose records must exist at the destination before one of these can be written there.
    #[must_use]
    pub const fn prerequisites(self) -> &'static [Self] {
        match self {
            Self::Order => &[Self::Customer, Self::Product],
            Self::Customer | Self::Product => &[],
        }
    }
}

crate::text_enum! {
    /// One of the two ends of a sync.
    Side {
        Source = "source", "Source";
        Destination = "destination", "Destination";
    }
}

crate::text_enum! {
    /// What a vendor's system is in the business.
    SystemKind {
        Shop = "shop", "Shop";
        Erp = "erp", "ERP";
    }
}
