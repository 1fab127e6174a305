-- Addresses and contacts of customers that were made here, until the ERP knows them, and what contacts may.

CREATE TABLE customer_address (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The customer's code, folded as the ERP compares its keys.
    customer TEXT NOT NULL,
    code TEXT NOT NULL,
    billing BOOLEAN NOT NULL,
    name TEXT,
    company TEXT,
    contact_name TEXT,
    line1 TEXT,
    line2 TEXT,
    line3 TEXT,
    postal_code TEXT,
    city TEXT,
    region TEXT,
    country TEXT,
    phone TEXT,
    email TEXT,
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    UNIQUE (customer, code)
);

CREATE TABLE customer_contact (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer TEXT NOT NULL,
    code TEXT NOT NULL,
    title TEXT,
    first_name TEXT,
    last_name TEXT,
    role TEXT,
    email TEXT,
    phone TEXT,
    mobile TEXT,
    -- Words separated by blanks (PRICES ORDER MANAGE); NULL: what is usual.
    rights TEXT,
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    UNIQUE (customer, code)
);

-- What contacts of the ERP may, where it was said here.
CREATE TABLE contact_rights (
    customer TEXT NOT NULL,
    contact TEXT NOT NULL,
    rights TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    PRIMARY KEY (customer, contact)
);
