//! The vendors whose systems can be connected, and what their connection forms ask.

use crate::entity::SystemKind;

crate::text_enum! {
    /// Whose system a connection leads to.
    Vendor {
        Shopify = "shopify", "Shopify";
        Acumatica = "acumatica", "Acumatica";
    }
}

/// One field of a vendor's connection form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldSpec {
    /// The key in the settings or in the credentials.
    pub name: &'static str,
    pub label: &'static str,
    /// Where a person finds the value.
    pub help: &'static str,
    pub placeholder: &'static str,
    /// What stands there before anything is typed.
    pub default: &'static str,
    pub required: bool,
    pub kind: FieldKind,
}

/// How a field is typed and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    Text,
    /// An `https://` address; `http://` only for the demo's sandbox.
    Url,
    /// Sealed, and never shown again.
    Secret,
    /// A whole number within these bounds.
    Number {
        min: u32,
        max: u32,
    },
}

impl Vendor {
    #[must_use]
    pub const fn system(self) -> SystemKind {
        match self {
            Self::Shopify => SystemKind::Shop,
            Self::Acumatica => SystemKind::Erp,
        }
    }

    /// What the card of the vendor says that it can do.
    #[must_use]
    pub const fn pitch(self) -> &'static str {
        match self {
            Self::Shopify => {
                "Reads orders and payments, reads and writes customers, products, shipments and stock levels through the Admin GraphQL API."
            }
            Self::Acumatica => {
                "Reads and writes sales orders, customers, stock items and payments, and reads shipments and stock levels, through the contract-based REST API."
            }
        }
    }

    /// The fields of its connection form, in order.
    #[must_use]
    pub const fn fields(self) -> &'static [FieldSpec] {
        match self {
            Self::Shopify => SHOPIFY,
            Self::Acumatica => ACUMATICA,
        }
    }
}

const SHOPIFY: &[FieldSpec] = &[
    FieldSpec {
        name: "shop_url",
        label: "Shop address",
        help: "The address that ends in .myshopify.com: Shopify admin, Settings, Domains.",
        placeholder: "https://your-shop.myshopify.com",
        default: "",
        required: true,
        kind: FieldKind::Url,
    },
    FieldSpec {
        name: "api_version",
        label: "API version",
        help: "A quarterly version, such as 2026-10.",
        placeholder: "2026-10",
        default: "2026-10",
        required: true,
        kind: FieldKind::Text,
    },
    FieldSpec {
        name: "access_token",
        label: "Admin API access token",
        help: "Shopify admin, Settings, Apps, Develop apps, your app, API credentials. Needs read_orders, read_customers, read_products and read_inventory; for writing also write_customers, write_products, write_orders, write_inventory and read/write_merchant_managed_fulfillment_orders.",
        placeholder: "shpat_…",
        default: "",
        required: true,
        kind: FieldKind::Secret,
    },
    FieldSpec {
        name: "location_id",
        label: "Location for stock",
        help: "The number at the end of the location's address: Shopify admin, Settings, Locations. Empty for the primary one.",
        placeholder: "61234567890",
        default: "",
        required: false,
        kind: FieldKind::Text,
    },
];

const ACUMATICA: &[FieldSpec] = &[
    FieldSpec {
        name: "instance_url",
        label: "Instance address",
        help: "What stands in the browser before /Main when you are signed in.",
        placeholder: "https://your-company.acumatica.com",
        default: "",
        required: true,
        kind: FieldKind::Url,
    },
    FieldSpec {
        name: "endpoint_version",
        label: "Endpoint version",
        help: "Screen Web Service Endpoints (SM207060): the version of the endpoint named Default.",
        placeholder: "24.200.001",
        default: "24.200.001",
        required: true,
        kind: FieldKind::Text,
    },
    FieldSpec {
        name: "company",
        label: "Tenant",
        help: "The tenant that you choose when signing in; empty when there is only one.",
        placeholder: "Company",
        default: "",
        required: false,
        kind: FieldKind::Text,
    },
    FieldSpec {
        name: "branch",
        label: "Branch",
        help: "Empty for the user's default branch.",
        placeholder: "MAIN",
        default: "",
        required: false,
        kind: FieldKind::Text,
    },
    FieldSpec {
        name: "user_name",
        label: "User name",
        help: "A user of its own for Syncline, with the rights to sales orders, customers, stock items, payments, shipments and inventory.",
        placeholder: "syncline",
        default: "",
        required: true,
        kind: FieldKind::Text,
    },
    FieldSpec {
        name: "password",
        label: "Password",
        help: "That user's password. Stored sealed and never shown again.",
        placeholder: "",
        default: "",
        required: true,
        kind: FieldKind::Secret,
    },
    FieldSpec {
        name: "base_currency",
        label: "Base currency",
        help: "Screen Companies (CS101500): the currency of the items' prices, such as EUR.",
        placeholder: "EUR",
        default: "",
        required: true,
        kind: FieldKind::Text,
    },
    FieldSpec {
        name: "warehouse",
        label: "Warehouse",
        help: "Whose stock levels are read (screen Warehouses, IN204000); empty for all warehouses together.",
        placeholder: "MAIN",
        default: "",
        required: false,
        kind: FieldKind::Text,
    },
    FieldSpec {
        name: "payment_method",
        label: "Payment method",
        help: "Of the payments that Syncline enters (screen Payment Methods, CA204000); empty for the customer's own.",
        placeholder: "ONLINE",
        default: "",
        required: false,
        kind: FieldKind::Text,
    },
    FieldSpec {
        name: "cash_account",
        label: "Cash account",
        help: "Where that money goes (screen Cash Accounts, CA202000); empty for the payment method's own.",
        placeholder: "10200",
        default: "",
        required: false,
        kind: FieldKind::Text,
    },
    FieldSpec {
        name: "max_sessions",
        label: "Sessions at most",
        help: "How many API sessions of your licence Syncline may use at once (a trial has 2 in all).",
        placeholder: "1",
        default: "1",
        required: true,
        kind: FieldKind::Number { min: 1, max: 50 },
    },
    FieldSpec {
        name: "max_concurrent",
        label: "Requests at once",
        help: "How many requests one session may have under way (see Licence Monitoring Console).",
        placeholder: "4",
        default: "4",
        required: true,
        kind: FieldKind::Number { min: 1, max: 32 },
    },
];
