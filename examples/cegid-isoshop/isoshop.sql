-- What the shop adds to Papeterie du Canal, for tables made by migrations/isoshop/. Portable SQL.

ALTER TABLE "article" ADD COLUMN maker TEXT;

INSERT INTO "department" (code, parent_code, title, "position", published, updated_at) VALUES
    ('ECR', NULL, 'Écrire', 1, NULL, '2026-03-12 10:00:00'),
    ('ECR/STY', NULL, 'Stylos et plumes', NULL, NULL, '2026-03-12 10:00:00'),
    ('w-cadeaux', 'LOI', 'Idées cadeaux', 9, 1, '2026-03-12 10:00:00');

INSERT INTO "article" (code, title, subtitle, description, published, maker, updated_at) VALUES
    ('GEL-CANAL', 'Stylo gel « Canal »', NULL, '<p>Sèche en <b>une seconde</b>.</p>', NULL, NULL, '2026-03-12 10:00:00'),
    ('PLU-QUAI', NULL, 'Laiton laqué', NULL, NULL, 'Quai & fils', '2026-03-12 10:00:00'),
    ('CAH-96', NULL, NULL, NULL, 0, NULL, '2026-03-12 10:00:00'),
    ('SOUS-MAIN', NULL, NULL, NULL, 1, NULL, '2026-03-12 10:00:00');

-- A row that names the ERP's own key (34 characters) speaks of that variant, whatever its code is.
INSERT INTO "reference" (code, erp_key, article_code, title, weight_kg, published, updated_at) VALUES
    ('canal-bleu', 'GEL-CANAL         002            X', 'GEL-CANAL', 'Canal, encre bleue', NULL, NULL, '2026-03-12 10:00:00'),
    ('TABLIER~001.002', NULL, 'TABLIER', NULL, 0.4, NULL, '2026-03-12 10:00:00'),
    ('PLU-QUAI', 'PLU-QUAI                         X', 'PLU-QUAI', 'Plume Quai, la pièce', NULL, NULL, '2026-03-12 10:00:00');

INSERT INTO "text" (entity, code, language, field, "value") VALUES
    ('article', 'GEL-CANAL', 'en', 'title', 'Canal gel pen'),
    ('department', 'ECR/STY', 'en', 'title', 'Pens');

INSERT INTO "marker" (entity, code, field, language) VALUES ('article', 'LET-VELIN', 'description', NULL);

INSERT INTO "article_department" (article_code, department_code, "position", is_main, removed) VALUES
    ('PLU-QUAI', 'w-cadeaux', 1, 0, 0),
    ('SANS-RAYON', 'w-cadeaux', 2, 1, 0),
    ('FEU-POINTE', 'LOI/STY', NULL, NULL, 1);

INSERT INTO "article_relation" (article_code, related_code, kind, "position", removed) VALUES
    ('PLU-QUAI', 'CARNET', 'accessory', 1, 0);

INSERT INTO "document" (entity, code, usage, "position", file, title, language, removed) VALUES
    ('article', 'GEL-CANAL', 'gallery', 1, 'gel/pointe.webp', 'La pointe', NULL, 0);

-- Web prices: a promotion with VAT, one from three on, one of a customer, and one that is over.
INSERT INTO "web_price" (reference_code, price_category, customer_code, minimum_quantity, amount, tax_included, valid_from, valid_until) VALUES
    ('FEU-POINTE', NULL, NULL, NULL, 3.30, 1, '2026-01-01 00:00:00', '2097-12-31 23:59:59'),
    ('LET-VELIN', NULL, NULL, 3, 7.00, 0, NULL, NULL),
    ('LET-VELIN', NULL, 'CANAL', NULL, 6.90, NULL, NULL, NULL),
    ('PLU-QUAI', NULL, NULL, NULL, 9.90, 1, '2025-01-01 00:00:00', '2025-01-31 23:59:59');
