//! Names, places and goods.

/// First and last names.
pub const PEOPLE: [(&str, &str); 24] = [
    ("Anna", "Leitner"),
    ("Oliver", "Hughes"),
    ("Sofia", "Marino"),
    ("Lukas", "Novák"),
    ("Emma", "Dubois"),
    ("Henrik", "Lindqvist"),
    ("Marta", "Kowalska"),
    ("James", "O'Connor"),
    ("Clara", "Fischer"),
    ("Tomás", "Pereira"),
    ("Ingrid", "Haugen"),
    ("William", "Parker"),
    ("Elena", "Popescu"),
    ("Matteo", "Ricci"),
    ("Freya", "Nielsen"),
    ("Jakub", "Horák"),
    ("Charlotte", "Evans"),
    ("Pieter", "de Vries"),
    ("Zsófia", "Nagy"),
    ("George", "Whitfield"),
    ("Léa", "Moreau"),
    ("Stefan", "Gruber"),
    ("Aoife", "Byrne"),
    ("Nikos", "Papadakis"),
];

/// City, postal code, country code, country, street.
pub const PLACES: [(&str, &str, &str, &str, &str); 12] = [
    ("Wien", "1070", "AT", "Austria", "Neubaugasse"),
    ("London", "E2 8DD", "GB", "United Kingdom", "Columbia Road"),
    ("Milano", "20121", "IT", "Italy", "Via Brera"),
    ("Praha", "110 00", "CZ", "Czechia", "Dlouhá"),
    ("Lyon", "69001", "FR", "France", "Rue Romarin"),
    ("Göteborg", "411 06", "SE", "Sweden", "Vallgatan"),
    ("Kraków", "31-001", "PL", "Poland", "Ulica Bracka"),
    ("Dublin", "D02 YX88", "IE", "Ireland", "South William Street"),
    ("Hamburg", "20354", "DE", "Germany", "Colonnaden"),
    ("Porto", "4050-253", "PT", "Portugal", "Rua das Flores"),
    ("Bergen", "5014", "NO", "Norway", "Skostredet"),
    ("Utrecht", "3511 AX", "NL", "Netherlands", "Oudegracht"),
];

/// SKU, title, kind, price.
pub const GOODS: [(&str, &str, &str, &str); 12] = [
    ("TEA-EARL-100", "Earl Grey tea, 100 g", "Tea", "9.90"),
    ("TEA-SENCHA-100", "Sencha green tea, 100 g", "Tea", "12.50"),
    ("TEA-ROOIBOS-250", "Rooibos, 250 g", "Tea", "11.20"),
    ("TEA-ASSAM-250", "Assam second flush, 250 g", "Tea", "16.80"),
    ("COF-ETH-250", "Ethiopia Yirgacheffe, 250 g", "Coffee", "13.90"),
    ("COF-HOUSE-1000", "House espresso, 1 kg", "Coffee", "29.50"),
    ("MUG-STONE-300", "Stoneware mug, 300 ml", "Tableware", "18.00"),
    ("POT-IRON-800", "Cast iron teapot, 0.8 l", "Tableware", "64.00"),
    ("KET-GOOSE-1000", "Gooseneck kettle, 1 l", "Equipment", "79.00"),
    ("FIL-PAPER-100", "Paper filters, 100 pieces", "Equipment", "6.40"),
    ("GRI-HAND-01", "Hand grinder", "Equipment", "119.00"),
    ("HON-LIME-500", "Lime blossom honey, 500 g", "Pantry", "14.30"),
];

/// Notes that customers leave.
pub const NOTES: [&str; 6] = [
    "Please leave with the neighbour.",
    "Gift: no invoice in the parcel, please.",
    "Ring twice.",
    "Delivery after 5 pm if possible.",
    "",
    "",
];
