-- The IsoShop model: the simplified shop, as external source beside an ERP or as pivot.
--
-- * NULL and '' say nothing; only a row of marker means "empty on purpose".
-- * Flags are 0, 1 or NULL. Decimals hold six places. Moments are UTC without zone, as text.
-- * Codes are compared case-insensitively, as the ERPs do; each main key also has a
--   binary index, which gives the order of pages.
-- * A shop adds its complementary columns to article and reference with ALTER TABLE.

-- rayons, completing the ERPs or the shops own
CREATE TABLE "department" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT COLLATE NOCASE NOT NULL,
    parent_code TEXT COLLATE NOCASE,
    title TEXT,
    description TEXT,
    "position" INTEGER,
    published SMALLINT,
    slug TEXT,
    seo_title TEXT,
    seo_description TEXT,
    seo_keywords TEXT,
    updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX department_code_key ON "department" (code);
CREATE INDEX department_parent_code_idx ON "department" (parent_code);
CREATE INDEX department_slug_idx ON "department" (slug);
CREATE INDEX department_code_order ON "department" (code COLLATE BINARY);
CREATE INDEX department_updated_at_idx ON "department" (updated_at);

-- articles; complementary columns are added by each shop
CREATE TABLE "article" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT COLLATE NOCASE NOT NULL,
    title TEXT,
    subtitle TEXT,
    description TEXT,
    summary TEXT,
    brand TEXT,
    unit TEXT,
    weight_kg NUMERIC(18,6),
    vat_class TEXT COLLATE NOCASE,
    published SMALLINT,
    slug TEXT,
    seo_title TEXT,
    seo_description TEXT,
    seo_keywords TEXT,
    updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX article_code_key ON "article" (code);
CREATE INDEX article_slug_idx ON "article" (slug);
CREATE INDEX article_published_idx ON "article" (published);
CREATE INDEX article_code_order ON "article" (code COLLATE BINARY);
CREATE INDEX article_code_upper ON "article" (UPPER(code));
CREATE INDEX article_updated_at_idx ON "article" (updated_at);

-- what one can order; complementary columns are added by each shop
CREATE TABLE "reference" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT COLLATE NOCASE NOT NULL,
    erp_key TEXT,
    article_code TEXT COLLATE NOCASE,
    title TEXT,
    barcode TEXT COLLATE NOCASE,
    weight_kg NUMERIC(18,6),
    unit TEXT,
    published SMALLINT,
    option1_name TEXT,
    option1_value TEXT,
    option2_name TEXT,
    option2_value TEXT,
    updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX reference_code_key ON "reference" (code);
CREATE INDEX reference_article_code_idx ON "reference" (article_code);
CREATE INDEX reference_erp_key_idx ON "reference" (erp_key);
CREATE INDEX reference_barcode_idx ON "reference" (barcode);
CREATE INDEX reference_code_order ON "reference" (code COLLATE BINARY);
CREATE INDEX reference_updated_at_idx ON "reference" (updated_at);

-- translations of any text field
CREATE TABLE "text" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    entity TEXT NOT NULL,
    code TEXT COLLATE NOCASE NOT NULL,
    language TEXT NOT NULL,
    field TEXT NOT NULL,
    "value" TEXT,
    updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX text_entity_code_language_field_key ON "text" (entity, code, language, field);
CREATE INDEX text_entity_code_idx ON "text" (entity, code);
CREATE INDEX text_updated_at_idx ON "text" (updated_at);

-- placements; removed = 1 takes one of the ERPs away
CREATE TABLE "article_department" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    article_code TEXT COLLATE NOCASE NOT NULL,
    department_code TEXT COLLATE NOCASE NOT NULL,
    "position" INTEGER,
    is_main SMALLINT,
    removed SMALLINT,
    updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX article_department_article_code_department_code_key ON "article_department" (article_code, department_code);
CREATE INDEX article_department_department_code_position_idx ON "article_department" (department_code, "position");
CREATE INDEX article_department_updated_at_idx ON "article_department" (updated_at);

-- related articles; removed = 1 takes one of the ERPs away
CREATE TABLE "article_relation" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    article_code TEXT COLLATE NOCASE NOT NULL,
    related_code TEXT COLLATE NOCASE NOT NULL,
    kind TEXT NOT NULL,
    "position" INTEGER,
    removed SMALLINT,
    updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX article_relation_article_code_related_code_kind_key ON "article_relation" (article_code, related_code, kind);
CREATE INDEX article_relation_related_code_idx ON "article_relation" (related_code);
CREATE INDEX article_relation_updated_at_idx ON "article_relation" (updated_at);

-- images and documents, whose files live outside the database
CREATE TABLE "document" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    entity TEXT NOT NULL,
    code TEXT COLLATE NOCASE NOT NULL,
    usage TEXT NOT NULL,
    "position" INTEGER,
    file TEXT,
    title TEXT,
    language TEXT,
    removed SMALLINT,
    updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX document_entity_code_usage_position_idx ON "document" (entity, code, usage, "position");
CREATE INDEX document_updated_at_idx ON "document" (updated_at);

-- web promotions and price lists
CREATE TABLE "web_price" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    reference_code TEXT COLLATE NOCASE NOT NULL,
    price_category INTEGER,
    customer_code TEXT COLLATE NOCASE,
    minimum_quantity NUMERIC(18,6),
    amount NUMERIC(18,6),
    tax_included SMALLINT,
    valid_from DATETIME,
    valid_until DATETIME,
    updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX web_price_reference_code_idx ON "web_price" (reference_code);
CREATE INDEX web_price_customer_code_idx ON "web_price" (customer_code);
CREATE INDEX web_price_updated_at_idx ON "web_price" (updated_at);

-- what the shop says of stock: mode is erp, always or never
CREATE TABLE "stock_rule" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    reference_code TEXT COLLATE NOCASE NOT NULL,
    buffer NUMERIC(18,6),
    mode TEXT,
    lead_time_days INTEGER,
    restock_date DATE,
    updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX stock_rule_reference_code_key ON "stock_rule" (reference_code);
CREATE INDEX stock_rule_updated_at_idx ON "stock_rule" (updated_at);

-- fields that are empty on purpose
CREATE TABLE "marker" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    entity TEXT NOT NULL,
    code TEXT COLLATE NOCASE NOT NULL,
    field TEXT NOT NULL,
    language TEXT,
    updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX marker_entity_code_field_idx ON "marker" (entity, code, field);
CREATE INDEX marker_updated_at_idx ON "marker" (updated_at);
CREATE UNIQUE INDEX marker_key ON "marker" (entity, code, field, COALESCE(language, ''));

-- pivot: the tariff
CREATE TABLE "price" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    reference_code TEXT COLLATE NOCASE NOT NULL,
    list_code TEXT COLLATE NOCASE,
    customer_code TEXT COLLATE NOCASE,
    currency TEXT,
    minimum_quantity NUMERIC(18,6),
    amount NUMERIC(18,6),
    tax_included SMALLINT,
    valid_from DATETIME,
    valid_until DATETIME,
    updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX price_reference_code_idx ON "price" (reference_code);
CREATE INDEX price_list_code_idx ON "price" (list_code);
CREATE INDEX price_customer_code_idx ON "price" (customer_code);
CREATE INDEX price_updated_at_idx ON "price" (updated_at);

-- pivot: quantities by depot
CREATE TABLE "stock" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    reference_code TEXT COLLATE NOCASE NOT NULL,
    depot_code TEXT COLLATE NOCASE NOT NULL,
    physical NUMERIC(18,6),
    reserved NUMERIC(18,6),
    incoming NUMERIC(18,6),
    updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX stock_reference_code_depot_code_key ON "stock" (reference_code, depot_code);
CREATE INDEX stock_depot_code_idx ON "stock" (depot_code);
CREATE INDEX stock_updated_at_idx ON "stock" (updated_at);

-- pivot: rates in percent
CREATE TABLE "vat" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tax_category TEXT COLLATE NOCASE NOT NULL,
    vat_class TEXT COLLATE NOCASE NOT NULL,
    rate NUMERIC(18,6) NOT NULL,
    updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX vat_tax_category_vat_class_key ON "vat" (tax_category, vat_class);
CREATE INDEX vat_updated_at_idx ON "vat" (updated_at);

-- pivot: customers
CREATE TABLE "customer" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT COLLATE NOCASE NOT NULL,
    name TEXT,
    tax_category TEXT COLLATE NOCASE,
    list_code TEXT COLLATE NOCASE,
    currency TEXT,
    blocked SMALLINT,
    email TEXT COLLATE NOCASE,
    phone TEXT,
    vat_number TEXT,
    language TEXT,
    updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX customer_code_key ON "customer" (code);
CREATE INDEX customer_email_idx ON "customer" (email);
CREATE INDEX customer_code_order ON "customer" (code COLLATE BINARY);
CREATE INDEX customer_updated_at_idx ON "customer" (updated_at);

-- pivot: addresses of customers
CREATE TABLE "address" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT COLLATE NOCASE NOT NULL,
    customer_code TEXT COLLATE NOCASE NOT NULL,
    kind TEXT,
    name TEXT,
    company TEXT,
    line1 TEXT,
    line2 TEXT,
    postal_code TEXT,
    city TEXT,
    region TEXT,
    country TEXT,
    phone TEXT,
    email TEXT,
    is_main SMALLINT,
    updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX address_code_key ON "address" (code);
CREATE INDEX address_customer_code_idx ON "address" (customer_code);
CREATE INDEX address_updated_at_idx ON "address" (updated_at);

-- pivot: people of a customer
CREATE TABLE "contact" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT COLLATE NOCASE NOT NULL,
    customer_code TEXT COLLATE NOCASE NOT NULL,
    first_name TEXT,
    last_name TEXT,
    role TEXT,
    email TEXT COLLATE NOCASE,
    phone TEXT,
    is_main SMALLINT,
    updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX contact_code_key ON "contact" (code);
CREATE INDEX contact_customer_code_idx ON "contact" (customer_code);
CREATE INDEX contact_email_idx ON "contact" (email);
CREATE INDEX contact_updated_at_idx ON "contact" (updated_at);

-- pivot: where orders are written
CREATE TABLE "sales_order" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    number TEXT COLLATE NOCASE NOT NULL,
    web_number TEXT COLLATE NOCASE,
    kind TEXT,
    customer_code TEXT COLLATE NOCASE NOT NULL,
    customer_reference TEXT,
    placed_at DATETIME NOT NULL,
    currency TEXT NOT NULL,
    total_net NUMERIC(18,6),
    total_gross NUMERIC(18,6),
    shipping_net NUMERIC(18,6),
    shipping_vat_rate NUMERIC(18,6),
    shipping_method TEXT,
    status TEXT NOT NULL,
    note TEXT,
    shipping_address_code TEXT COLLATE NOCASE,
    ship_name TEXT,
    ship_line1 TEXT,
    ship_line2 TEXT,
    ship_postal_code TEXT,
    ship_city TEXT,
    ship_country TEXT,
    updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX sales_order_number_key ON "sales_order" (number);
CREATE UNIQUE INDEX sales_order_web_number_key ON "sales_order" (web_number);
CREATE INDEX sales_order_customer_code_placed_at_idx ON "sales_order" (customer_code, placed_at);
CREATE INDEX sales_order_status_idx ON "sales_order" (status);
CREATE INDEX sales_order_updated_at_idx ON "sales_order" (updated_at);

-- pivot: lines of orders
CREATE TABLE "sales_order_line" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    order_number TEXT COLLATE NOCASE NOT NULL,
    "position" INTEGER NOT NULL,
    reference_code TEXT COLLATE NOCASE,
    label TEXT,
    quantity NUMERIC(18,6) NOT NULL,
    unit_net NUMERIC(18,6),
    vat_rate NUMERIC(18,6),
    discount_percent NUMERIC(18,6),
    total_net NUMERIC(18,6),
    note TEXT,
    updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX sales_order_line_order_number_position_key ON "sales_order_line" (order_number, "position");
CREATE INDEX sales_order_line_reference_code_idx ON "sales_order_line" (reference_code);
CREATE INDEX sales_order_line_updated_at_idx ON "sales_order_line" (updated_at);
