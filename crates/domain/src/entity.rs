//! What is synchronised, and where it is.

crate::text_enum! {
    /// A kind of record that both systems know.
    Entity {
        Order = "order", "Orders";
        Customer = "customer", "Customers";
        Product = "product", "Products";
        /// Money that a buyer paid towards an order.
        Payment = "payment", "Payments";
        /// Goods of an order that left the house.
        Shipment = "shipment", "Shipments";
        /// How much of a product can be sold at one location.
        Stock = "stock", "Stock levels";
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
            Self::Payment => "payment",
            Self::Shipment => "shipment",
            Self::Stock => "stock level",
        }
    }

    /// The entities whose records must exist at the destination before one of these can be written there.
    #[must_use]
    pub const fn prerequisites(self) -> &'static [Self] {
        match self {
            Self::Order => &[Self::Customer, Self::Product],
            Self::Payment => &[Self::Order, Self::Customer],
            Self::Shipment => &[Self::Order, Self::Product],
            Self::Stock => &[Self::Product],
            Self::Customer | Self::Product => &[],
        }
    }

    /// What its unique key is called: that by which a record is found at the other side.
    #[must_use]
    pub const fn key_label(self) -> &'static str {
        match self {
            Self::Order | Self::Shipment => "number",
            Self::Customer => "e-mail address",
            Self::Product | Self::Stock => "SKU",
            Self::Payment => "reference",
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

impl Side {
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Source => Self::Destination,
            Self::Destination => Self::Source,
        }
    }
}

crate::text_enum! {
    /// What a vendor's system is in the business.
    SystemKind {
        Shop = "shop", "Shop";
        Erp = "erp", "ERP";
    }
}
