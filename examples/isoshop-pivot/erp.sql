-- A small soap works. The tables are those of `comptoir isoshop create`; two columns are the shop's own.
ALTER TABLE "article" ADD COLUMN cure_weeks INTEGER;
ALTER TABLE "article" ADD COLUMN peau TEXT;

INSERT INTO "department" (code, parent_code, title, "position", published, description, updated_at) VALUES
    ('SAVONS', NULL, 'Savons', 1, NULL, '<p>Coulés à la main, <em>séchés</em> à l''air.</p>', '2026-01-05 08:00:00'),
    ('SURGRAS', 'SAVONS', 'Savons surgras', 2, 1, NULL, '2026-01-05 08:00:00'),
    ('MENAGE', 'SAVONS', 'Savons de ménage', 1, NULL, NULL, '2026-01-05 08:00:00'),
    ('BAIN', NULL, 'Bain et rasage', 2, 1, NULL, '2026-01-05 08:00:00'),
    ('ATELIER', NULL, 'Fournitures de l''atelier', 3, 0, NULL, '2026-01-05 08:00:00'),
    ('PERDU', 'NULLE-PART', 'Bacs à savon', 9, NULL, NULL, '2026-01-05 08:00:00');

INSERT INTO "vat" (tax_category, vat_class, rate) VALUES
    ('FR', 'NORMAL', 20), ('FR', 'REDUIT', 5.5), ('CH', 'NORMAL', 8.1);

INSERT INTO "customer" (code, name, tax_category, list_code, currency, updated_at) VALUES
    ('PHARMA', 'Pharmacie des Sources', 'FR', 'PRO', NULL, '2026-01-05 08:00:00'),
    ('BERNE', 'Drogerie Aare', 'CH', 'PRO', 'CHF', '2026-01-05 08:00:00'),
    ('SIMPLE', 'Chambres d''hôtes du Lac', NULL, NULL, NULL, '2026-01-05 08:00:00');

-- Prices: for everybody (with VAT), of the list PRO (without), of one customer; steps; one that is over, one to come; in francs.
-- 0 is a value: it cannot be ordered.
INSERT INTO "price" (reference_code, list_code, customer_code, currency, minimum_quantity, amount, tax_included, valid_from, valid_until) VALUES
    ('LAVANDE-100-B', NULL, NULL, NULL, NULL, 6.50, 1, NULL, NULL),
    ('LAVANDE-100-B', 'PRO', NULL, NULL, NULL, 4.00, 0, NULL, NULL),
    ('LAVANDE-100-B', 'pro', NULL, NULL, 12, 3.60, NULL, NULL, NULL),
    ('LAVANDE-100-B', NULL, 'PHARMA', NULL, 24, 3.20, 0, NULL, NULL),
    ('LAVANDE-100-B', NULL, NULL, 'CHF', NULL, 7.80, 1, NULL, NULL),
    ('LAVANDE-100-B', NULL, NULL, NULL, NULL, 1.00, 1, '2025-01-01 00:00:00', '2025-01-31 23:59:59'),
    ('LAVANDE-100-N', NULL, NULL, NULL, NULL, 5.90, 1, NULL, NULL),
    ('LAVANDE-250-N', NULL, NULL, NULL, NULL, 12.00, 1, NULL, NULL),
    ('LAVANDE-250-N', NULL, NULL, NULL, NULL, 9.00, 1, '2098-01-01 00:00:00', NULL),
    ('olive-72-300', NULL, NULL, 'EUR', NULL, 5.90, 1, NULL, NULL),
    ('OLIVE-72-600', NULL, NULL, NULL, NULL, 0, 1, NULL, NULL),
    ('NOIR-1L', NULL, NULL, NULL, NULL, 9.50, 1, NULL, NULL),
    ('BLAIREAU', NULL, NULL, NULL, NULL, 25.00, 1, NULL, NULL);

INSERT INTO "article" (code, title, subtitle, description, brand, unit, weight_kg, vat_class, published, slug, cure_weeks, peau, updated_at) VALUES
    ('LAVANDE', 'Savon à la lavande', 'Lavande fine de Valensole', '<p>Le plus ancien.</p><script>alert(1)</script>', 'Les Sources', 'pièce', 0.1, 'NORMAL', 1, NULL, 6, 'normale', '2026-02-01 09:00:00'),
    ('OLIVE-72', 'Savon à l''huile d''olive 72 %', NULL, NULL, 'Les Sources', 'cube', 0.3, 'NORMAL', 1, 'savon-olive', 8, 'sèche', '2026-02-02 09:00:00'),
    ('NOIR-1L', 'Savon noir', 'À l''huile de lin', NULL, '', 'bidon', 1.05, 'REDUIT', 1, NULL, 0, 'inconnue', '2026-02-03 09:00:00'),
    ('BLAIREAU', 'Blaireau en soies', NULL, NULL, NULL, 'pièce', NULL, NULL, 1, NULL, NULL, NULL, '2026-02-04 09:00:00'),
    ('ESSAI', 'Savon à l''essai', NULL, NULL, NULL, 'pièce', 0.1, 'NORMAL', NULL, NULL, 2, NULL, '2026-02-05 09:00:00'),
    ('RETIRE', 'Savon au miel', NULL, NULL, NULL, 'pièce', 0.1, 'NORMAL', 0, NULL, 4, 'sensible', '2026-02-06 09:00:00');

INSERT INTO "reference" (code, article_code, title, barcode, weight_kg, unit, published, option1_name, option1_value, option2_name, option2_value, updated_at) VALUES
    ('LAVANDE-100-B', 'LAVANDE', NULL, '3760000000017', NULL, NULL, 1, 'Poids', '100 g', 'Emballage', 'Boîte', '2026-02-01 09:00:00'),
    ('LAVANDE-100-N', 'LAVANDE', NULL, '3760000000024', NULL, NULL, NULL, 'Poids', '100 g', 'Emballage', 'Nu', '2026-02-01 09:00:00'),
    ('LAVANDE-250-N', 'LAVANDE', 'Savon à la lavande, le grand', NULL, 0.25, NULL, NULL, 'Poids', '250 g', 'Emballage', 'Nu', '2026-02-01 09:00:00'),
    ('LAVANDE-500-N', 'LAVANDE', NULL, NULL, 0.5, NULL, 0, 'Poids', '500 g', 'Emballage', 'Nu', '2026-02-01 09:00:00'),
    ('OLIVE-72-300', 'OLIVE-72', NULL, '3760000000031', NULL, NULL, NULL, 'Poids', '300 g', NULL, NULL, '2026-02-02 09:00:00'),
    ('OLIVE-72-600', 'olive-72', NULL, NULL, 0.6, 'double cube', NULL, 'Poids', '600 g', NULL, NULL, '2026-02-02 09:00:00'),
    ('ESSAI-1', 'ESSAI', NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL, '2026-02-05 09:00:00');

INSERT INTO "article_department" (article_code, department_code, "position", is_main, removed) VALUES
    ('LAVANDE', 'SURGRAS', 1, 1, NULL), ('LAVANDE', 'BAIN', 2, NULL, NULL), ('OLIVE-72', 'SAVONS', 1, NULL, NULL),
    ('NOIR-1L', 'MENAGE', 1, NULL, NULL), ('BLAIREAU', 'BAIN', 1, NULL, NULL), ('BLAIREAU', 'SAVONS', 9, NULL, 1),
    ('ESSAI', 'SURGRAS', 2, NULL, NULL), ('RETIRE', 'SURGRAS', 3, NULL, NULL);

INSERT INTO "article_relation" (article_code, related_code, kind, "position", removed) VALUES
    ('LAVANDE', 'BLAIREAU', 'accessory', 1, NULL), ('LAVANDE', 'RETIRE', 'similar', 1, NULL), ('LAVANDE', 'OLIVE-72', 'similar', 2, NULL);

INSERT INTO "document" (entity, code, usage, "position", file, title, language, removed) VALUES
    ('article', 'LAVANDE', 'principal', 1, 'savons/lavande.jpg', 'Le savon à la lavande', NULL, NULL),
    ('article', 'LAVANDE', 'gallery', 1, 'savons/lavande-coupe.jpg', NULL, NULL, NULL),
    ('article', 'NOIR-1L', 'datasheet', 1, 'fds/savon-noir.pdf', 'Fiche de données de sécurité', 'fr', NULL),
    ('reference', 'LAVANDE-250-N', 'principal', 1, 'savons/lavande-250.jpg', NULL, NULL, NULL);

INSERT INTO "text" (entity, code, language, field, "value") VALUES
    ('article', 'LAVANDE', 'en', 'title', 'Lavender soap'), ('department', 'SAVONS', 'en', 'title', 'Soaps');

INSERT INTO "marker" (entity, code, field, language) VALUES ('article', 'OLIVE-72', 'brand', NULL);

-- Quantities by depot: a reference with less than nothing, one without a row, half a can.
INSERT INTO "stock" (reference_code, depot_code, physical, reserved, incoming) VALUES
    ('LAVANDE-100-B', 'SOURCE', 40, 4, 0), ('LAVANDE-100-B', 'ATELIER', 2, NULL, 60), ('LAVANDE-100-N', 'SOURCE', 1, 3, 0),
    ('LAVANDE-250-N', 'ATELIER', 7, 1, NULL), ('OLIVE-72-300', 'SOURCE', 120, 20, 0), ('NOIR-1L', 'SOURCE', 7.5, 0, 12);
