-- Addresses and contacts of customers that were made here, until the ERP knows them, and what contacts may.

CREATE TABLE customer_address (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The customer's code, folded as the ERP compares its keys.
    customer TEXT COLLATE "C" NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    billing BOOLEAN NOT NULL,
    name TEXT COLLATE "C",
    company TEXT COLLATE "C",
    contact_name TEXT COLLATE "C",
    line1 TEXT COLLATE "C",
    line2 TEXT COLLATE "C",
    line3 TEXT COLLATE "C",
    postal_code TEXT COLLATE "C",
    city TEXT COLLATE "C",
    region TEXT COLLATE "C",
    country TEXT COLLATE "C",
    phone TEXT COLLATE "C",
    email TEXT COLLATE "C",
    created_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    UNIQUE (customer, code)
);

CREATE TABLE customer_contact (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer TEXT COLLATE "C" NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C",
    first_name TEXT COLLATE "C",
    last_name TEXT COLLATE "C",
    role TEXT COLLATE "C",
    email TEXT COLLATE "C",
    phone TEXT COLLATE "C",
    mobile TEXT COLLATE "C",
    -- Words separated by blanks (PRICES ORDER MANAGE); NULL: what is usual.
    rights TEXT COLLATE "C",
    created_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    UNIQUE (customer, code)
);

-- What contacts of the ERP may, where it was said here.
CREATE TABLE contact_rights (
    customer TEXT COLLATE "C" NOT NULL,
    contact TEXT COLLATE "C" NOT NULL,
    rights TEXT COLLATE "C" NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (customer, contact)
);
