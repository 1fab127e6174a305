-- The IsoShop model: the simplified shop, as external source beside an ERP or as pivot.
--
-- * NULL and '' say nothing; only a row of marker means "empty on purpose".
-- * Flags are 0, 1 or NULL. Decimals hold six places. Moments are UTC without zone.
-- * Codes are compared case-insensitively, as the ERPs do; each main key is unique.
-- * A shop adds its complementary columns to article and reference with ALTER TABLE.


-- rayons, completing the ERPs or the shops own
CREATE TABLE "department" (
    id int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "code" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    "parent_code" nvarchar(100) COLLATE French_CI_AS,
    "title" nvarchar(400),
    "description" nvarchar(max),
    "position" int,
    published smallint,
    "slug" nvarchar(200),
    "seo_title" nvarchar(400),
    "seo_description" nvarchar(max),
    "seo_keywords" nvarchar(max),
    updated_at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
);
CREATE UNIQUE INDEX department_code_key ON "department" (code);
CREATE INDEX department_parent_code_idx ON "department" (parent_code);
CREATE INDEX department_slug_idx ON "department" (slug);
CREATE INDEX department_updated_at_idx ON "department" (updated_at);

-- articles; complementary columns are added by each shop
CREATE TABLE "article" (
    id int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "code" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    "title" nvarchar(400),
    "subtitle" nvarchar(400),
    "description" nvarchar(max),
    "summary" nvarchar(max),
    "brand" nvarchar(400),
    "unit" nvarchar(400),
    weight_kg numeric(18,6),
    "vat_class" nvarchar(100) COLLATE French_CI_AS,
    published smallint,
    "slug" nvarchar(200),
    "seo_title" nvarchar(400),
    "seo_description" nvarchar(max),
    "seo_keywords" nvarchar(max),
    updated_at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
);
CREATE UNIQUE INDEX article_code_key ON "article" (code);
CREATE INDEX article_slug_idx ON "article" (slug);
CREATE INDEX article_published_idx ON "article" (published);
CREATE INDEX article_updated_at_idx ON "article" (updated_at);

-- what one can order; complementary columns are added by each shop
CREATE TABLE "reference" (
    id int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "code" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    "erp_key" nvarchar(200),
    "article_code" nvarchar(100) COLLATE French_CI_AS,
    "title" nvarchar(400),
    "barcode" nvarchar(100) COLLATE French_CI_AS,
    weight_kg numeric(18,6),
    "unit" nvarchar(400),
    published smallint,
    "option1_name" nvarchar(400),
    "option1_value" nvarchar(400),
    "option2_name" nvarchar(400),
    "option2_value" nvarchar(400),
    updated_at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
);
CREATE UNIQUE INDEX reference_code_key ON "reference" (code);
CREATE INDEX reference_article_code_idx ON "reference" (article_code);
CREATE INDEX reference_erp_key_idx ON "reference" (erp_key);
CREATE INDEX reference_barcode_idx ON "reference" (barcode);
CREATE INDEX reference_updated_at_idx ON "reference" (updated_at);

-- translations of any text field
CREATE TABLE "text" (
    id int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "entity" nvarchar(50) NOT NULL,
    "code" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    "language" nvarchar(50) NOT NULL,
    "field" nvarchar(50) NOT NULL,
    "value" nvarchar(max),
    updated_at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
);
CREATE UNIQUE INDEX text_entity_code_language_field_key ON "text" (entity, code, language, field);
CREATE INDEX text_entity_code_idx ON "text" (entity, code);
CREATE INDEX text_updated_at_idx ON "text" (updated_at);

-- placements; removed = 1 takes one of the ERPs away
CREATE TABLE "article_department" (
    id int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "article_code" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    "department_code" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    "position" int,
    is_main smallint,
    removed smallint,
    updated_at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
);
CREATE UNIQUE INDEX article_department_article_code_department_code_key ON "article_department" (article_code, department_code);
CREATE INDEX article_department_department_code_position_idx ON "article_department" (department_code, "position");
CREATE INDEX article_department_updated_at_idx ON "article_department" (updated_at);

-- related articles; removed = 1 takes one of the ERPs away
CREATE TABLE "article_relation" (
    id int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "article_code" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    "related_code" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    "kind" nvarchar(50) NOT NULL,
    "position" int,
    removed smallint,
    updated_at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
);
CREATE UNIQUE INDEX article_relation_article_code_related_code_kind_key ON "article_relation" (article_code, related_code, kind);
CREATE INDEX article_relation_related_code_idx ON "article_relation" (related_code);
CREATE INDEX article_relation_updated_at_idx ON "article_relation" (updated_at);

-- images and documents, whose files live outside the database
CREATE TABLE "document" (
    id int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "entity" nvarchar(50) NOT NULL,
    "code" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    "usage" nvarchar(50) NOT NULL,
    "position" int,
    "file" nvarchar(400),
    "title" nvarchar(400),
    "language" nvarchar(50),
    removed smallint,
    updated_at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
);
CREATE INDEX document_entity_code_usage_position_idx ON "document" (entity, code, usage, "position");
CREATE INDEX document_updated_at_idx ON "document" (updated_at);

-- web promotions and price lists
CREATE TABLE "web_price" (
    id int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "reference_code" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    price_category int,
    "customer_code" nvarchar(100) COLLATE French_CI_AS,
    minimum_quantity numeric(18,6),
    amount numeric(18,6),
    tax_included smallint,
    valid_from datetime2(3),
    valid_until datetime2(3),
    updated_at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
);
CREATE INDEX web_price_reference_code_idx ON "web_price" (reference_code);
CREATE INDEX web_price_customer_code_idx ON "web_price" (customer_code);
CREATE INDEX web_price_updated_at_idx ON "web_price" (updated_at);

-- what the shop says of stock: mode is erp, always or never
CREATE TABLE "stock_rule" (
    id int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "reference_code" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    buffer numeric(18,6),
    "mode" nvarchar(50),
    lead_time_days int,
    restock_date date,
    updated_at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
);
CREATE UNIQUE INDEX stock_rule_reference_code_key ON "stock_rule" (reference_code);
CREATE INDEX stock_rule_updated_at_idx ON "stock_rule" (updated_at);

-- fields that are empty on purpose
CREATE TABLE "marker" (
    id int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "entity" nvarchar(50) NOT NULL,
    "code" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    "field" nvarchar(50) NOT NULL,
    "language" nvarchar(50),
    language_key AS COALESCE("language", N''),
    updated_at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
);
CREATE INDEX marker_entity_code_field_idx ON "marker" (entity, code, field);
CREATE INDEX marker_updated_at_idx ON "marker" (updated_at);
CREATE UNIQUE INDEX marker_key ON "marker" (entity, code, field, language_key);

-- pivot: the tariff
CREATE TABLE "price" (
    id int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "reference_code" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    "list_code" nvarchar(100) COLLATE French_CI_AS,
    "customer_code" nvarchar(100) COLLATE French_CI_AS,
    "currency" nvarchar(50),
    minimum_quantity numeric(18,6),
    amount numeric(18,6),
    tax_included smallint,
    valid_from datetime2(3),
    valid_until datetime2(3),
    updated_at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
);
CREATE INDEX price_reference_code_idx ON "price" (reference_code);
CREATE INDEX price_list_code_idx ON "price" (list_code);
CREATE INDEX price_customer_code_idx ON "price" (customer_code);
CREATE INDEX price_updated_at_idx ON "price" (updated_at);

-- pivot: quantities by depot
CREATE TABLE "stock" (
    id int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "reference_code" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    "depot_code" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    physical numeric(18,6),
    reserved numeric(18,6),
    incoming numeric(18,6),
    updated_at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
);
CREATE UNIQUE INDEX stock_reference_code_depot_code_key ON "stock" (reference_code, depot_code);
CREATE INDEX stock_depot_code_idx ON "stock" (depot_code);
CREATE INDEX stock_updated_at_idx ON "stock" (updated_at);

-- pivot: rates in percent
CREATE TABLE "vat" (
    id int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "tax_category" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    "vat_class" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    rate numeric(18,6) NOT NULL,
    updated_at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
);
CREATE UNIQUE INDEX vat_tax_category_vat_class_key ON "vat" (tax_category, vat_class);
CREATE INDEX vat_updated_at_idx ON "vat" (updated_at);

-- pivot: customers
CREATE TABLE "customer" (
    id int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "code" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    "name" nvarchar(400),
    "tax_category" nvarchar(100) COLLATE French_CI_AS,
    "list_code" nvarchar(100) COLLATE French_CI_AS,
    "currency" nvarchar(50),
    blocked smallint,
    "email" nvarchar(100) COLLATE French_CI_AS,
    "phone" nvarchar(400),
    "vat_number" nvarchar(400),
    "language" nvarchar(50),
    updated_at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
);
CREATE UNIQUE INDEX customer_code_key ON "customer" (code);
CREATE INDEX customer_email_idx ON "customer" (email);
CREATE INDEX customer_updated_at_idx ON "customer" (updated_at);

-- pivot: addresses of customers
CREATE TABLE "address" (
    id int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "code" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    "customer_code" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    "kind" nvarchar(50),
    "name" nvarchar(400),
    "company" nvarchar(400),
    "line1" nvarchar(400),
    "line2" nvarchar(400),
    "postal_code" nvarchar(400),
    "city" nvarchar(400),
    "region" nvarchar(400),
    "country" nvarchar(400),
    "phone" nvarchar(400),
    "email" nvarchar(400),
    is_main smallint,
    updated_at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
);
CREATE UNIQUE INDEX address_code_key ON "address" (code);
CREATE INDEX address_customer_code_idx ON "address" (customer_code);
CREATE INDEX address_updated_at_idx ON "address" (updated_at);

-- pivot: people of a customer
CREATE TABLE "contact" (
    id int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "code" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    "customer_code" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    "first_name" nvarchar(400),
    "last_name" nvarchar(400),
    "role" nvarchar(400),
    "email" nvarchar(100) COLLATE French_CI_AS,
    "phone" nvarchar(400),
    is_main smallint,
    updated_at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
);
CREATE UNIQUE INDEX contact_code_key ON "contact" (code);
CREATE INDEX contact_customer_code_idx ON "contact" (customer_code);
CREATE INDEX contact_email_idx ON "contact" (email);
CREATE INDEX contact_updated_at_idx ON "contact" (updated_at);

-- pivot: where orders are written
CREATE TABLE "sales_order" (
    id int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "number" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    "web_number" nvarchar(100) COLLATE French_CI_AS,
    "kind" nvarchar(50),
    "customer_code" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    "customer_reference" nvarchar(400),
    placed_at datetime2(3) NOT NULL,
    "currency" nvarchar(50) NOT NULL,
    total_net numeric(18,6),
    total_gross numeric(18,6),
    shipping_net numeric(18,6),
    shipping_vat_rate numeric(18,6),
    "shipping_method" nvarchar(400),
    "status" nvarchar(400) NOT NULL,
    "note" nvarchar(400),
    "shipping_address_code" nvarchar(100) COLLATE French_CI_AS,
    "ship_name" nvarchar(400),
    "ship_line1" nvarchar(400),
    "ship_line2" nvarchar(400),
    "ship_postal_code" nvarchar(400),
    "ship_city" nvarchar(400),
    "ship_country" nvarchar(400),
    updated_at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
);
CREATE UNIQUE INDEX sales_order_number_key ON "sales_order" (number);
CREATE UNIQUE INDEX sales_order_web_number_key ON "sales_order" (web_number);
CREATE INDEX sales_order_customer_code_placed_at_idx ON "sales_order" (customer_code, placed_at);
CREATE INDEX sales_order_status_idx ON "sales_order" (status);
CREATE INDEX sales_order_updated_at_idx ON "sales_order" (updated_at);

-- pivot: lines of orders
CREATE TABLE "sales_order_line" (
    id int IDENTITY(1,1) NOT NULL PRIMARY KEY,
    "order_number" nvarchar(100) COLLATE French_CI_AS NOT NULL,
    "position" int NOT NULL,
    "reference_code" nvarchar(100) COLLATE French_CI_AS,
    "label" nvarchar(400),
    quantity numeric(18,6) NOT NULL,
    unit_net numeric(18,6),
    vat_rate numeric(18,6),
    discount_percent numeric(18,6),
    total_net numeric(18,6),
    "note" nvarchar(400),
    updated_at datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
);
CREATE UNIQUE INDEX sales_order_line_order_number_position_key ON "sales_order_line" (order_number, "position");
CREATE INDEX sales_order_line_reference_code_idx ON "sales_order_line" (reference_code);
CREATE INDEX sales_order_line_updated_at_idx ON "sales_order_line" (updated_at);
