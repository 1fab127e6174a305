-- What PostgreSQL is taught so that translated T-SQL means the same. One database for the whole
-- stand-in; every SQL Server database is a schema in it.

CREATE SCHEMA tds;

CREATE COLLATION tds.ci_as (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION tds.ci_ai (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
CREATE COLLATION tds.cs_as (provider = icu, locale = 'und');
CREATE COLLATION tds.cs_ai (provider = icu, locale = 'und-u-ks-level1-kc-true', deterministic = false);
CREATE COLLATION tds.bin (provider = libc, locale = 'C');

CREATE DOMAIN tds."bit" AS smallint CONSTRAINT bit_check CHECK (VALUE IN (0, 1));
CREATE DOMAIN tds.tinyint AS smallint CONSTRAINT tinyint_check CHECK (VALUE BETWEEN 0 AND 255);

CREATE TABLE tds.databases (
    database_id integer GENERATED ALWAYS AS IDENTITY (START WITH 5) PRIMARY KEY,
    key text NOT NULL UNIQUE,
    name text NOT NULL,
    collation_name text NOT NULL,
    snapshot boolean NOT NULL DEFAULT false,
    read_committed_snapshot boolean NOT NULL DEFAULT false,
    create_date timestamp(3) NOT NULL DEFAULT localtimestamp
);
CREATE TABLE tds.schemas (
    key text PRIMARY KEY, -- the PostgreSQL schema
    database text NOT NULL,
    name text NOT NULL
);

-- ----- text

CREATE FUNCTION tds.concat(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT a || b';
CREATE OPERATOR tds.+ (LEFTARG = text, RIGHTARG = text, FUNCTION = tds.concat);
CREATE FUNCTION tds.concat(a bytea, b bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS 'SELECT a || b';
CREATE OPERATOR tds.+ (LEFTARG = bytea, RIGHTARG = bytea, FUNCTION = tds.concat);

-- PostgreSQL strips a char(n) on its way to text; T-SQL keeps its blanks.
CREATE FUNCTION tds.padded(x bpchar) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT convert_from(bpcharsend(x), 'UTF8') $$;
CREATE FUNCTION tds.concat(a bpchar, b bpchar) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT tds.padded(a) || tds.padded(b)';
CREATE FUNCTION tds.concat(a bpchar, b text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT tds.padded(a) || b';
CREATE FUNCTION tds.concat(a text, b bpchar) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT a || tds.padded(b)';
CREATE OPERATOR tds.+ (LEFTARG = bpchar, RIGHTARG = bpchar, FUNCTION = tds.concat);
CREATE OPERATOR tds.+ (LEFTARG = bpchar, RIGHTARG = text, FUNCTION = tds.concat);
CREATE OPERATOR tds.+ (LEFTARG = text, RIGHTARG = bpchar, FUNCTION = tds.concat);

-- 0: binary or case-sensitive; 1: case-insensitive (also what has no collation of its own).
CREATE FUNCTION tds.insensitive(x text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN coalesce(COLLATION FOR (x), 'default') NOT IN ('bin', 'cs_as', 'cs_ai', 'tds.bin', 'tds.cs_as', 'tds.cs_ai', '"C"', '"POSIX"');
END $$;

CREATE FUNCTION tds.like_regex(pattern text, esc text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    result text := '^';
    p text := pattern COLLATE "C";
    e text := esc COLLATE "C";
    c text;
    i integer := 1;
    inside boolean := false;
BEGIN
    IF p IS NULL THEN RETURN NULL; END IF;
    WHILE i <= length(p) LOOP
        c := substr(p, i, 1);
        IF e IS NOT NULL AND c = e AND i < length(p) THEN
            i := i + 1;
            result := result || '\' || substr(p, i, 1);
            IF substr(p, i, 1) ~ '[[:alnum:][:space:]]' OR ascii(substr(p, i, 1)) > 127 THEN
                result := left(result, -2) || substr(p, i, 1);
            END IF;
        ELSIF inside THEN
            IF c = ']' THEN
                inside := false;
                result := result || ']';
            ELSIF c IN ('\', '[') THEN
                result := result || '\' || c;
            ELSE
                result := result || c;
            END IF;
        ELSIF c = '%' THEN
            result := result || '.*';
        ELSIF c = '_' THEN
            result := result || '.';
        ELSIF c = '[' AND strpos(substr(p, i + 1), ']') > 0 THEN
            IF substr(p, i + 1, 2) = '[]' THEN
                result := result || '\[';
                i := i + 2;
            ELSE
                inside := true;
                result := result || '[';
            END IF;
        ELSIF c ~ '[][().*+?{}|^$\\]' THEN
            result := result || '\' || c;
        ELSE
            result := result || c;
        END IF;
        i := i + 1;
    END LOOP;
    RETURN result || '$';
END $$;

CREATE FUNCTION tds."like"(x text, regex text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    IF tds.insensitive(x) THEN
        RETURN x COLLATE tds.cs_as ~* regex;
    END IF;
    RETURN x COLLATE "C" ~ regex;
END $$;

CREATE FUNCTION tds.charindex(what text, x text, start bigint DEFAULT 1) RETURNS integer LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    at bigint := greatest(start, 1);
    found integer;
BEGIN
    IF what = '' THEN RETURN 0; END IF;
    IF tds.insensitive(x) THEN
        found := strpos(lower(substr(x, at::integer) COLLATE tds.cs_as) COLLATE "C", lower(what COLLATE tds.cs_as) COLLATE "C");
    ELSE
        found := strpos(substr(x, at::integer) COLLATE "C", what COLLATE "C");
    END IF;
    RETURN CASE WHEN found = 0 THEN 0 ELSE found + at - 1 END;
END $$;
CREATE FUNCTION tds.patindex(pattern text, x text) RETURNS integer LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    FOR i IN 1 .. length(x) LOOP
        IF tds."like"(substr(x, i), tds.like_regex(ltrim(pattern, '%'), NULL)) THEN RETURN i; END IF;
    END LOOP;
    RETURN 0;
END $$;

CREATE FUNCTION tds.replace(x text, what text, by text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    quoted text;
    new text := replace(by COLLATE "C", '\', '\\');
BEGIN
    IF what = '' THEN RETURN x; END IF;
    IF tds.insensitive(x) THEN
        quoted := regexp_replace(what COLLATE "C", '([][().*+?{}|^$\\])', '\\\1', 'g');
        RETURN regexp_replace(x COLLATE tds.cs_as, quoted, new, 'gi');
    END IF;
    RETURN replace(x COLLATE "C", what, by);
END $$;

CREATE FUNCTION tds.len(x text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT length(rtrim(x, ' ')) $$;
CREATE FUNCTION tds.len(x bytea) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT length(x) $$;
CREATE FUNCTION tds.datalength(x text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT length(x) $$;
CREATE FUNCTION tds.datalength(x bytea) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT length(x) $$;
CREATE FUNCTION tds.upper(x text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$ BEGIN RETURN upper(x COLLATE tds.cs_as); END $$;
CREATE FUNCTION tds.lower(x text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$ BEGIN RETURN lower(x COLLATE tds.cs_as); END $$;
CREATE FUNCTION tds.ltrim(x text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT ltrim(x, ' ') $$;
CREATE FUNCTION tds.rtrim(x text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT rtrim(x, ' ') $$;
CREATE FUNCTION tds.trim(x text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT btrim(x, ' ') $$;
CREATE FUNCTION tds.substring(x text, start bigint, count bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT substr(x, start::integer, count::integer) $$;
CREATE FUNCTION tds.substring(x bytea, start bigint, count bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT substr(x, start::integer, count::integer) $$;
CREATE FUNCTION tds."left"(x text, n bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    IF n < 0 THEN RAISE EXCEPTION USING ERRCODE = '22011', MESSAGE = 'negative length'; END IF;
    RETURN left(x, n::integer);
END $$;
CREATE FUNCTION tds."right"(x text, n bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    IF n < 0 THEN RAISE EXCEPTION USING ERRCODE = '22011', MESSAGE = 'negative length'; END IF;
    RETURN CASE WHEN n = 0 THEN '' ELSE right(x, n::integer) END;
END $$;
CREATE FUNCTION tds.replicate(x text, n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT repeat(x, n::integer) $$;
CREATE FUNCTION tds.space(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT repeat(' ', n::integer) $$;
CREATE FUNCTION tds.stuff(x text, start bigint, n bigint, y text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN start < 1 OR start > length(x) OR n < 0 THEN NULL
        ELSE left(x, start::integer - 1) || coalesce(y, '') || substr(x, (start + n)::integer) END $$;
CREATE FUNCTION tds."char"(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN n BETWEEN 1 AND 255 THEN convert_from(set_byte('\x00', 0, n::integer), 'WIN1252') END $$;
CREATE FUNCTION tds.nchar(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT chr(n::integer) $$;
CREATE FUNCTION tds.ascii(x text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN x = '' THEN NULL ELSE get_byte(convert_to(left(x, 1), 'WIN1252'), 0) END $$;
CREATE FUNCTION tds.unicode(x text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN x = '' THEN NULL ELSE ascii(left(x, 1)) END $$;
CREATE FUNCTION tds.reverse(x text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT reverse(x) $$;
CREATE FUNCTION tds.quotename(x text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '[' || replace(x COLLATE "C", ']', ']]') || ']' $$;
CREATE FUNCTION tds.isnumeric(x text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT (coalesce(x, '') ~ '^ *[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)? *$')::integer $$;

-- ----- conversion to text (a bare length applies afterwards)

CREATE FUNCTION tds.str(x text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT x';
CREATE FUNCTION tds.str(x bpchar) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT tds.padded(x)';
CREATE FUNCTION tds.str(x smallint) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT x::text';
CREATE FUNCTION tds.str(x integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT x::text';
CREATE FUNCTION tds.str(x bigint) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT x::text';
CREATE FUNCTION tds.str(x numeric) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT x::text';
CREATE FUNCTION tds.str(x double precision) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN x = 0 THEN '0' WHEN abs(x) >= 1e6 OR abs(x) < 1e-4 THEN x::real::text ELSE trim_scale(round(x::numeric, 6 - greatest(1, floor(log(abs(x)))::integer + 1)))::text END $$;
CREATE FUNCTION tds.str(x real) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT tds.str(x::double precision)';
CREATE FUNCTION tds.str(x uuid) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper(x::text)';
CREATE FUNCTION tds.str(x date) RETURNS text LANGUAGE sql STABLE AS $$ SELECT to_char(x, 'YYYY-MM-DD') $$;
CREATE FUNCTION tds.str(x time) RETURNS text LANGUAGE sql STABLE AS 'SELECT x::text';
CREATE FUNCTION tds.str(x timestamp) RETURNS text LANGUAGE sql STABLE AS $$ SELECT to_char(x, 'Mon ') || lpad(ltrim(to_char(x, 'DD'), '0'), 2) || to_char(x, ' YYYY ') || lpad(ltrim(to_char(x, 'HH12'), '0'), 2) || to_char(x, ':MIAM') $$;
CREATE FUNCTION tds.str(x timestamptz) RETURNS text LANGUAGE sql STABLE AS $$ SELECT to_char(x, 'YYYY-MM-DD HH24:MI:SS.US TZH:TZM') $$;
CREATE FUNCTION tds.str(x bytea) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT convert_from(x, 'WIN1252') $$;
CREATE FUNCTION tds.nstr(x bytea) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    result text := '';
BEGIN
    FOR i IN 0 .. length(x) / 2 - 1 LOOP
        result := result || chr(get_byte(x, 2 * i) + 256 * get_byte(x, 2 * i + 1));
    END LOOP;
    RETURN result;
END $$;
CREATE FUNCTION tds.styled(x timestamp, style integer) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE style
        WHEN 100 THEN tds.str(x) WHEN 0 THEN tds.str(x)
        WHEN 1 THEN to_char(x, 'MM/DD/YY') WHEN 101 THEN to_char(x, 'MM/DD/YYYY')
        WHEN 2 THEN to_char(x, 'YY.MM.DD') WHEN 102 THEN to_char(x, 'YYYY.MM.DD')
        WHEN 3 THEN to_char(x, 'DD/MM/YY') WHEN 103 THEN to_char(x, 'DD/MM/YYYY')
        WHEN 4 THEN to_char(x, 'DD.MM.YY') WHEN 104 THEN to_char(x, 'DD.MM.YYYY')
        WHEN 5 THEN to_char(x, 'DD-MM-YY') WHEN 105 THEN to_char(x, 'DD-MM-YYYY')
        WHEN 8 THEN to_char(x, 'HH24:MI:SS') WHEN 108 THEN to_char(x, 'HH24:MI:SS')
        WHEN 10 THEN to_char(x, 'MM-DD-YY') WHEN 110 THEN to_char(x, 'MM-DD-YYYY')
        WHEN 11 THEN to_char(x, 'YY/MM/DD') WHEN 111 THEN to_char(x, 'YYYY/MM/DD')
        WHEN 12 THEN to_char(x, 'YYMMDD') WHEN 112 THEN to_char(x, 'YYYYMMDD')
        WHEN 20 THEN to_char(x, 'YYYY-MM-DD HH24:MI:SS') WHEN 120 THEN to_char(x, 'YYYY-MM-DD HH24:MI:SS')
        WHEN 21 THEN to_char(x, 'YYYY-MM-DD HH24:MI:SS.MS') WHEN 121 THEN to_char(x, 'YYYY-MM-DD HH24:MI:SS.MS')
        WHEN 23 THEN to_char(x, 'YYYY-MM-DD')
        WHEN 126 THEN regexp_replace(to_char(x, 'YYYY-MM-DD"T"HH24:MI:SS.MS'), '[.]000$', '')
        WHEN 127 THEN regexp_replace(to_char(x, 'YYYY-MM-DD"T"HH24:MI:SS.MS'), '[.]000$', '') || 'Z'
        ELSE tds.str(x) END $$;
CREATE FUNCTION tds.styled(x date, style integer) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN style IN (120, 121, 126, 20, 21, 127) THEN to_char(x, 'YYYY-MM-DD') ELSE tds.styled(x::timestamp, style) END $$;
CREATE FUNCTION tds.styled(x timestamptz, style integer) RETURNS text LANGUAGE sql STABLE AS $$ SELECT tds.styled(x AT TIME ZONE 'UTC', style) $$;
CREATE FUNCTION tds.styled(x time, style integer) RETURNS text LANGUAGE sql STABLE AS $$ SELECT CASE WHEN style IN (8, 108) THEN to_char(x, 'HH24:MI:SS') ELSE x::text END $$;
CREATE FUNCTION tds.styled(x text, style integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT x';
CREATE FUNCTION tds.styled(x integer, style integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT x::text';
CREATE FUNCTION tds.styled(x bigint, style integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT x::text';
CREATE FUNCTION tds.styled(x numeric, style integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT x::text';
CREATE FUNCTION tds.styled(x double precision, style integer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT tds.str(x)';
CREATE FUNCTION tds.styled(x bytea, style integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE style WHEN 1 THEN '0x' || upper(encode(x, 'hex')) WHEN 2 THEN upper(encode(x, 'hex')) ELSE tds.str(x) END $$;

-- ----- conversion to numbers: a fraction is cut off, not rounded

CREATE FUNCTION tds.to_bigint(x bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT x';
CREATE FUNCTION tds.to_bigint(x integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT x::bigint';
CREATE FUNCTION tds.to_bigint(x smallint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT x::bigint';
CREATE FUNCTION tds.to_bigint(x numeric) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT trunc(x)::bigint';
CREATE FUNCTION tds.to_bigint(x double precision) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT trunc(x)::bigint';
CREATE FUNCTION tds.to_bigint(x real) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT trunc(x::double precision)::bigint';
CREATE FUNCTION tds.to_bigint(x text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN btrim(x, ' ') = '' THEN 0 ELSE x::bigint END $$;
CREATE FUNCTION tds.to_bigint(x timestamp) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT round(extract(epoch FROM x - '1900-01-01'::timestamp) / 86400)::bigint $$;
CREATE FUNCTION tds.to_bigint(x bytea) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT ('x' || lpad(right(encode(x, 'hex'), 16), 16, '0'))::bit(64)::bigint $$;
CREATE FUNCTION tds.to_int(x bigint) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT x::integer';
CREATE FUNCTION tds.to_int(x integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT x';
CREATE FUNCTION tds.to_int(x smallint) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT x::integer';
CREATE FUNCTION tds.to_int(x numeric) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT trunc(x)::integer';
CREATE FUNCTION tds.to_int(x double precision) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT trunc(x)::integer';
CREATE FUNCTION tds.to_int(x real) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT trunc(x::double precision)::integer';
CREATE FUNCTION tds.to_int(x text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN btrim(x, ' ') = '' THEN 0 ELSE x::integer END $$;
CREATE FUNCTION tds.to_int(x timestamp) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT tds.to_bigint(x)::integer';
CREATE FUNCTION tds.to_int(x bytea) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT ('x' || lpad(right(encode(x, 'hex'), 8), 8, '0'))::bit(32)::integer $$;
CREATE FUNCTION tds.to_bit(x bigint) RETURNS smallint LANGUAGE sql IMMUTABLE AS 'SELECT (x <> 0)::integer::smallint';
CREATE FUNCTION tds.to_bit(x integer) RETURNS smallint LANGUAGE sql IMMUTABLE AS 'SELECT (x <> 0)::integer::smallint';
CREATE FUNCTION tds.to_bit(x smallint) RETURNS smallint LANGUAGE sql IMMUTABLE AS 'SELECT (x <> 0)::integer::smallint';
CREATE FUNCTION tds.to_bit(x numeric) RETURNS smallint LANGUAGE sql IMMUTABLE AS 'SELECT (x <> 0)::integer::smallint';
CREATE FUNCTION tds.to_bit(x double precision) RETURNS smallint LANGUAGE sql IMMUTABLE AS 'SELECT (x <> 0)::integer::smallint';
CREATE FUNCTION tds.to_bit(x text) RETURNS smallint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE lower(btrim(x COLLATE "C", ' ')) WHEN 'true' THEN 1 WHEN 'false' THEN 0 WHEN '' THEN 0 ELSE (x::bigint <> 0)::integer END::smallint $$;
CREATE FUNCTION tds.to_numeric(x text) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT x::numeric';
CREATE FUNCTION tds.to_numeric(x smallint) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT x::numeric';
CREATE FUNCTION tds.to_numeric(x integer) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT x::numeric';
CREATE FUNCTION tds.to_numeric(x bigint) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT x::numeric';
CREATE FUNCTION tds.to_numeric(x numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT x';
CREATE FUNCTION tds.to_numeric(x real) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT x::double precision::numeric';
CREATE FUNCTION tds.to_numeric(x double precision) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT x::numeric';
-- T-SQL's average of whole numbers is a whole number.
CREATE FUNCTION tds.average(total bigint, count bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT total / nullif(count, 0)';
CREATE FUNCTION tds.average(total numeric, count bigint) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT total / nullif(count, 0)';
CREATE FUNCTION tds.average(total double precision, count bigint) RETURNS double precision LANGUAGE sql IMMUTABLE AS 'SELECT total / nullif(count, 0)';
CREATE FUNCTION tds.round(x numeric, n bigint) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT round(x, n::integer)';
CREATE FUNCTION tds.round(x double precision, n bigint) RETURNS double precision LANGUAGE sql IMMUTABLE AS 'SELECT round(x::numeric, n::integer)::double precision';
CREATE FUNCTION tds.round(x bigint, n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT round(x::numeric, n::integer)::bigint';
CREATE FUNCTION tds.round(x integer, n bigint) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT round(x::numeric, n::integer)::integer';
CREATE FUNCTION tds.round(x smallint, n bigint) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT round(x::numeric, n::integer)::integer';
CREATE FUNCTION tds.round(x numeric, n bigint, cut bigint) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT CASE WHEN cut = 0 THEN round(x, n::integer) ELSE trunc(x, n::integer) END';

-- ----- conversion to dates

CREATE FUNCTION tds.to_ts(x text) RETURNS timestamp LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN btrim(x, ' ') = '' THEN '1900-01-01'::timestamp
        WHEN x ~ '^ *[0-9]{1,2}:' THEN ('1900-01-01 ' || x)::timestamp
        ELSE x::timestamp END $$;
CREATE FUNCTION tds.to_ts(x timestamp) RETURNS timestamp LANGUAGE sql IMMUTABLE AS 'SELECT x';
CREATE FUNCTION tds.to_ts(x date) RETURNS timestamp LANGUAGE sql IMMUTABLE AS 'SELECT x::timestamp';
CREATE FUNCTION tds.to_ts(x time) RETURNS timestamp LANGUAGE sql IMMUTABLE AS $$ SELECT '1900-01-01'::timestamp + x $$;
CREATE FUNCTION tds.to_ts(x timestamptz) RETURNS timestamp LANGUAGE sql IMMUTABLE AS $$ SELECT x AT TIME ZONE 'UTC' $$;
CREATE FUNCTION tds.to_ts(x integer) RETURNS timestamp LANGUAGE sql IMMUTABLE AS $$ SELECT '1900-01-01'::timestamp + x * interval '1 day' $$;
CREATE FUNCTION tds.to_ts(x numeric) RETURNS timestamp LANGUAGE sql IMMUTABLE AS $$ SELECT '1900-01-01'::timestamp + x::double precision * interval '1 day' $$;
-- A datetime counts three-hundredths of a second, a smalldatetime minutes.
CREATE FUNCTION tds.datetime(x timestamp) RETURNS timestamp LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    whole timestamp := date_trunc('second', x);
    ticks integer := round(extract(microseconds FROM x - whole) * 3 / 10000);
BEGIN
    IF x < '1753-01-01' THEN RAISE EXCEPTION USING ERRCODE = '22008', MESSAGE = 'out of range'; END IF;
    RETURN whole + round(ticks * 10 / 3.0) * interval '1 millisecond';
END $$;
CREATE FUNCTION tds.smalldatetime(x timestamp) RETURNS timestamp LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    IF x < '1900-01-01' OR x >= '2079-06-06 23:59:30' THEN RAISE EXCEPTION USING ERRCODE = '22008', MESSAGE = 'out of range'; END IF;
    RETURN date_trunc('minute', x + interval '30 seconds 2 milliseconds');
END $$;
CREATE FUNCTION tds.to_tz(x timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS 'SELECT x';
CREATE FUNCTION tds.to_tz(x timestamp) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$ SELECT x AT TIME ZONE 'UTC' $$;
CREATE FUNCTION tds.to_tz(x date) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$ SELECT x::timestamp AT TIME ZONE 'UTC' $$;
CREATE FUNCTION tds.to_tz(x text) RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT x::timestamptz';
CREATE FUNCTION tds.to_time(x text) RETURNS time LANGUAGE sql STABLE AS 'SELECT tds.to_ts(x)::time';
CREATE FUNCTION tds.to_time(x time) RETURNS time LANGUAGE sql IMMUTABLE AS 'SELECT x';
CREATE FUNCTION tds.to_time(x timestamp) RETURNS time LANGUAGE sql IMMUTABLE AS 'SELECT x::time';
CREATE FUNCTION tds.to_time(x timestamptz) RETURNS time LANGUAGE sql IMMUTABLE AS $$ SELECT (x AT TIME ZONE 'UTC')::time $$;

CREATE FUNCTION tds.getdate() RETURNS timestamp LANGUAGE sql STABLE AS 'SELECT tds.datetime(statement_timestamp()::timestamp)';
CREATE FUNCTION tds.getutcdate() RETURNS timestamp LANGUAGE sql STABLE AS $$ SELECT tds.datetime(statement_timestamp() AT TIME ZONE 'UTC') $$;
CREATE FUNCTION tds.sysdatetime() RETURNS timestamp LANGUAGE sql STABLE AS 'SELECT statement_timestamp()::timestamp';
CREATE FUNCTION tds.sysutcdatetime() RETURNS timestamp LANGUAGE sql STABLE AS $$ SELECT statement_timestamp() AT TIME ZONE 'UTC' $$;
CREATE FUNCTION tds.sysdatetimeoffset() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT statement_timestamp()';

CREATE FUNCTION tds.dateadd(part text, n bigint, x timestamp) RETURNS timestamp LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE part
        WHEN 'year' THEN x + n * interval '1 year' WHEN 'quarter' THEN x + n * interval '3 months'
        WHEN 'month' THEN x + n * interval '1 month' WHEN 'week' THEN x + n * interval '7 days'
        WHEN 'day' THEN x + n * interval '1 day' WHEN 'hour' THEN x + n * interval '1 hour'
        WHEN 'minute' THEN x + n * interval '1 minute' WHEN 'second' THEN x + n * interval '1 second'
        WHEN 'millisecond' THEN x + n * interval '1 millisecond' WHEN 'microsecond' THEN x + n * interval '1 microsecond' END $$;
CREATE FUNCTION tds.dateadd(part text, n bigint, x date) RETURNS date LANGUAGE sql IMMUTABLE AS 'SELECT tds.dateadd(part, n, x::timestamp)::date';
CREATE FUNCTION tds.dateadd(part text, n bigint, x time) RETURNS time LANGUAGE sql IMMUTABLE AS $$ SELECT tds.dateadd(part, n, '1900-01-01'::timestamp + x)::time $$;
CREATE FUNCTION tds.dateadd(part text, n bigint, x timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$ SELECT tds.dateadd(part, n, x AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' $$;
CREATE FUNCTION tds.dateadd(part text, n bigint, x text) RETURNS timestamp LANGUAGE sql STABLE AS 'SELECT tds.dateadd(part, n, tds.to_ts(x))';
CREATE FUNCTION tds.datediff_ts(part text, a timestamp, b timestamp) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE part
        WHEN 'year' THEN extract(year FROM b)::bigint - extract(year FROM a)::bigint
        WHEN 'quarter' THEN (extract(year FROM b)::bigint * 4 + extract(quarter FROM b)::bigint) - (extract(year FROM a)::bigint * 4 + extract(quarter FROM a)::bigint)
        WHEN 'month' THEN (extract(year FROM b)::bigint * 12 + extract(month FROM b)::bigint) - (extract(year FROM a)::bigint * 12 + extract(month FROM a)::bigint)
        WHEN 'week' THEN ((b::date - '1899-12-31'::date) / 7) - ((a::date - '1899-12-31'::date) / 7)
        WHEN 'day' THEN b::date - a::date
        WHEN 'hour' THEN (extract(epoch FROM date_trunc('hour', b) - date_trunc('hour', a)) / 3600)::bigint
        WHEN 'minute' THEN (extract(epoch FROM date_trunc('minute', b) - date_trunc('minute', a)) / 60)::bigint
        WHEN 'second' THEN extract(epoch FROM date_trunc('second', b) - date_trunc('second', a))::bigint
        WHEN 'millisecond' THEN (extract(epoch FROM date_trunc('milliseconds', b) - date_trunc('milliseconds', a)) * 1000)::bigint
        WHEN 'microsecond' THEN (extract(epoch FROM b - a) * 1000000)::bigint END $$;
CREATE FUNCTION tds.weekday(x timestamp) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT extract(dow FROM x)::integer + 1';
CREATE FUNCTION tds.datepart_ts(part text, x timestamp) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE part WHEN 'weekday' THEN tds.weekday(x)
        WHEN 'dayofyear' THEN extract(doy FROM x)::integer
        WHEN 'iso_week' THEN extract(week FROM x)::integer
        WHEN 'week' THEN ((extract(doy FROM x)::integer + extract(dow FROM date_trunc('year', x))::integer - 1) / 7) + 1
        WHEN 'second' THEN floor(extract(second FROM x))::integer
        WHEN 'millisecond' THEN (extract(milliseconds FROM x)::integer % 1000)
        WHEN 'microsecond' THEN (extract(microseconds FROM x)::integer % 1000000)
        WHEN 'year' THEN extract(year FROM x)::integer WHEN 'quarter' THEN extract(quarter FROM x)::integer
        WHEN 'month' THEN extract(month FROM x)::integer WHEN 'day' THEN extract(day FROM x)::integer
        WHEN 'hour' THEN extract(hour FROM x)::integer WHEN 'minute' THEN extract(minute FROM x)::integer END $$;
CREATE FUNCTION tds.datename_ts(part text, x timestamp) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE part WHEN 'month' THEN to_char(x, 'FMMonth') WHEN 'weekday' THEN to_char(x, 'FMDay') ELSE tds.datepart_ts(part, x)::text END $$;
CREATE FUNCTION tds.eomonth_ts(x timestamp) RETURNS date LANGUAGE sql IMMUTABLE AS $$ SELECT (date_trunc('month', x) + interval '1 month - 1 day')::date $$;
CREATE FUNCTION tds.isdate(x text) RETURNS integer LANGUAGE plpgsql STABLE AS $$
BEGIN
    PERFORM x::timestamp;
    RETURN CASE WHEN x IS NULL THEN 0 ELSE 1 END;
EXCEPTION WHEN OTHERS THEN RETURN 0;
END $$;

-- ----- conversion to binary; n = -1: max

CREATE FUNCTION tds.cut(x bytea, n integer) RETURNS bytea LANGUAGE sql IMMUTABLE AS 'SELECT CASE WHEN n < 0 OR length(x) <= n THEN x ELSE substr(x, 1, n) END';
CREATE FUNCTION tds.pad(x bytea, n integer) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN length(x) >= n THEN x ELSE x || decode(repeat('00', n - length(x)), 'hex') END $$;
CREATE FUNCTION tds.bin(x text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    result bytea := '';
BEGIN
    RETURN convert_to(x, 'WIN1252');
EXCEPTION WHEN untranslatable_character THEN
    FOR i IN 1 .. length(x) LOOP
        BEGIN
            result := result || convert_to(substr(x, i, 1), 'WIN1252');
        EXCEPTION WHEN untranslatable_character THEN result := result || '\x3f'::bytea;
        END;
    END LOOP;
    RETURN result;
END $$;
CREATE FUNCTION tds.bin(x bpchar) RETURNS bytea LANGUAGE sql IMMUTABLE AS 'SELECT tds.bin(tds.padded(x))';
CREATE FUNCTION tds.nbin(x text) RETURNS bytea LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    result bytea := '';
    c integer;
BEGIN
    FOR i IN 1 .. length(x) LOOP
        c := ascii(substr(x, i, 1));
        IF c > 65535 THEN
            c := c - 65536;
            result := result || set_byte(set_byte('\x0000', 0, (55296 + c / 1024) % 256), 1, (55296 + c / 1024) / 256);
            c := 56320 + c % 1024;
        END IF;
        result := result || set_byte(set_byte('\x0000', 0, c % 256), 1, c / 256);
    END LOOP;
    RETURN result;
END $$;
CREATE FUNCTION tds.bin(x bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS 'SELECT x';
CREATE FUNCTION tds.bin(x smallint) RETURNS bytea LANGUAGE sql IMMUTABLE AS 'SELECT int2send(x)';
CREATE FUNCTION tds.bin(x integer) RETURNS bytea LANGUAGE sql IMMUTABLE AS 'SELECT int4send(x)';
CREATE FUNCTION tds.bin(x bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS 'SELECT int8send(x)';
CREATE FUNCTION tds.bin(x uuid) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT reverse_bytes FROM (SELECT decode(
        substr(h, 7, 2) || substr(h, 5, 2) || substr(h, 3, 2) || substr(h, 1, 2) || substr(h, 11, 2) || substr(h, 9, 2)
        || substr(h, 15, 2) || substr(h, 13, 2) || substr(h, 17), 'hex') AS reverse_bytes
        FROM (SELECT encode(uuid_send(x), 'hex') AS h) AS hex) AS swapped $$;
CREATE FUNCTION tds.varbinary(x bytea, n integer) RETURNS bytea LANGUAGE sql IMMUTABLE AS 'SELECT tds.cut(x, n)';
CREATE FUNCTION tds."binary"(x bytea, n integer) RETURNS bytea LANGUAGE sql IMMUTABLE AS 'SELECT tds.pad(tds.cut(x, n), n)';
CREATE SEQUENCE tds.row_version;
CREATE FUNCTION tds.next_row_version() RETURNS bytea LANGUAGE sql VOLATILE AS $$ SELECT int8send(nextval('tds.row_version')) $$;

-- ----- the session

CREATE FUNCTION tds.scope_identity() RETURNS numeric LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN lastval()::numeric;
EXCEPTION WHEN object_not_in_prerequisite_state THEN RETURN NULL;
END $$;

-- ----- the catalogue. A column's comment is JSON: n its name, t its type, c its collation, i identity,
-- b max_length, p precision, s scale, l characters, r radix. A table's: n its name.

CREATE FUNCTION tds.note(class regclass, id oid, sub integer) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT description::json FROM pg_description WHERE objoid = id AND classoid = class AND objsubid = sub AND description LIKE '{%' $$;

CREATE VIEW tds.v_tables AS
    SELECT s.database AS tds_db, coalesce(d.description::json ->> 'n', c.relname::text) COLLATE tds.ci_as AS name,
        c.oid::bigint::integer AS object_id, s.name COLLATE tds.ci_as AS schema_name, c.relkind,
        hashtext(s.key)::integer AS schema_id
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN tds.schemas AS s ON s.key = n.nspname
    LEFT JOIN pg_description AS d ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
    WHERE c.relkind IN ('r', 'v');

-- Numbers keep the gaps that dropped columns leave, as SQL Server's do; and nothing here may keep a
-- condition on the table from being applied first.
CREATE VIEW tds.v_columns AS
    SELECT t.tds_db, t.object_id, t.name AS table_name, t.schema_name, t.relkind,
        a.attnum::integer AS column_id, a.attnum,
        coalesce(j.note ->> 'n', a.attname::text) COLLATE tds.ci_as AS name,
        coalesce(j.note ->> 't', 'nvarchar(max)') AS type,
        regexp_replace(coalesce(j.note ->> 't', 'nvarchar(max)'), '[(].*', '') COLLATE tds.ci_as AS type_name,
        (j.note ->> 'y')::integer AS type_id, (j.note ->> 'b')::smallint AS max_length,
        (j.note ->> 'p')::smallint AS precision, (j.note ->> 's')::smallint AS scale, (j.note ->> 'l')::integer AS chars,
        (j.note ->> 'r')::smallint AS radix, (j.note ->> 'c') COLLATE tds.ci_as AS collation_name,
        coalesce((j.note ->> 'i')::integer, 0)::smallint AS is_identity, (NOT a.attnotnull)::integer::smallint AS is_nullable,
        (j.note ->> 'd') AS default_text
    FROM tds.v_tables AS t
    JOIN pg_attribute AS a ON a.attrelid = t.object_id::oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN LATERAL (SELECT tds.note('pg_class', t.object_id::oid, a.attnum) AS note) AS j ON true;

CREATE FUNCTION tds.object_key(name text, current text, OUT pg_schema text, OUT pg_table text) LANGUAGE plpgsql STABLE AS $$
DECLARE
    parts text[] := '{}';
    part text;
    rest text := name;
BEGIN
    -- [a b].dbo."c": parts by dots outside quotes.
    WHILE rest <> '' LOOP
        part := substring(rest FROM '^\s*(\[(?:[^]]|\]\])*\]|"(?:[^"]|"")*"|[^.]*)');
        rest := substr(rest, length(substring(rest FROM '^\s*(?:\[(?:[^]]|\]\])*\]|"(?:[^"]|"")*"|[^.]*)')) + 1);
        IF left(rest, 1) = '.' THEN rest := substr(rest, 2); END IF;
        IF left(part, 1) = '[' THEN part := replace(substr(part, 2, length(part) - 2), ']]', ']');
        ELSIF left(part, 1) = '"' THEN part := replace(substr(part, 2, length(part) - 2), '""', '"');
        END IF;
        parts := parts || part;
    END LOOP;
    pg_table := lower(parts[array_length(parts, 1)] COLLATE tds.cs_as);
    pg_schema := lower(coalesce(nullif(parts[array_length(parts, 1) - 2], ''), current) COLLATE tds.cs_as);
    part := lower(coalesce(nullif(parts[array_length(parts, 1) - 1], ''), 'dbo'));
    pg_schema := 'db:' || pg_schema;
    IF part <> 'dbo' THEN pg_schema := pg_schema || '.' || part; END IF;
END $$;
CREATE FUNCTION tds.object_id(name text, kind text, current text) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT c.oid::bigint::integer FROM tds.object_key(name, current) AS k
    JOIN pg_namespace AS n ON n.nspname = k.pg_schema
    JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = k.pg_table AND c.relkind IN ('r', 'v')
    WHERE kind IS NULL OR upper(btrim(kind)) = CASE c.relkind WHEN 'r' THEN 'U' ELSE 'V' END $$;
CREATE FUNCTION tds.object_name(id integer) RETURNS text LANGUAGE sql STABLE AS 'SELECT name::text FROM tds.v_tables WHERE object_id = id';
CREATE FUNCTION tds.object_schema_name(id integer) RETURNS text LANGUAGE sql STABLE AS 'SELECT schema_name::text FROM tds.v_tables WHERE object_id = id';
CREATE FUNCTION tds.col_length(t text, c text, current text) RETURNS smallint LANGUAGE sql STABLE AS
    'SELECT max_length FROM tds.v_columns WHERE object_id = tds.object_id(t, NULL, current) AND name = c';
CREATE FUNCTION tds.col_name(id integer, n integer) RETURNS text LANGUAGE sql STABLE AS
    'SELECT name::text FROM tds.v_columns WHERE object_id = id AND column_id = n';
CREATE FUNCTION tds.columnproperty(id integer, c text, property text) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT CASE lower(property) WHEN 'isidentity' THEN is_identity WHEN 'allowsnull' THEN is_nullable WHEN 'precision' THEN coalesce(chars, precision)
        WHEN 'scale' THEN scale WHEN 'columnid' THEN column_id WHEN 'iscomputed' THEN 0 END::integer
    FROM tds.v_columns WHERE object_id = id AND name = c $$;

CREATE VIEW tds.databases_all AS
    SELECT database_id, key, name, collation_name, snapshot, read_committed_snapshot, create_date FROM tds.databases
    UNION ALL
    SELECT i, n, n, current_setting('tds.collation'), n <> 'model', false, '2024-01-01'::timestamp(3)
    FROM (VALUES (1, 'master'), (2, 'tempdb'), (3, 'model'), (4, 'msdb')) AS system (i, n);

CREATE TABLE tds.types (
    name text COLLATE tds.ci_as, system_type_id smallint, user_type_id integer, max_length smallint, precision smallint, scale smallint,
    is_nullable smallint DEFAULT 1, is_user_defined smallint DEFAULT 0
);

-- What `sys.x` and `INFORMATION_SCHEMA.x` read; tds_db says whose row it is (NULL: everybody's).
CREATE VIEW tds."sys.databases" AS
    SELECT NULL::text AS tds_db, name COLLATE tds.ci_as AS name, database_id, create_date, 100::smallint AS compatibility_level,
        collation_name COLLATE tds.ci_as AS collation_name, 0::smallint AS state, 'ONLINE'::text COLLATE tds.ci_as AS state_desc,
        snapshot::integer::smallint AS snapshot_isolation_state, (CASE WHEN snapshot THEN 'ON' ELSE 'OFF' END) COLLATE tds.ci_as AS snapshot_isolation_state_desc,
        read_committed_snapshot::integer::smallint AS is_read_committed_snapshot_on, 0::smallint AS is_read_only,
        'SIMPLE'::text COLLATE tds.ci_as AS recovery_model_desc, 0::smallint AS user_access
    FROM tds.databases_all;
CREATE VIEW tds."sys.schemas" AS
    SELECT database AS tds_db, name COLLATE tds.ci_as AS name, hashtext(key)::integer AS schema_id, 1 AS principal_id FROM tds.schemas;
CREATE VIEW tds."sys.objects" AS
    SELECT tds_db, name, object_id, schema_id, (CASE relkind WHEN 'r' THEN 'U ' ELSE 'V ' END) COLLATE tds.ci_as AS type,
        (CASE relkind WHEN 'r' THEN 'USER_TABLE' ELSE 'VIEW' END) COLLATE tds.ci_as AS type_desc, 0::smallint AS is_ms_shipped
    FROM tds.v_tables;
CREATE VIEW tds."sys.tables" AS SELECT * FROM tds."sys.objects" WHERE type = 'U ';
CREATE VIEW tds."sys.views" AS SELECT * FROM tds."sys.objects" WHERE type = 'V ';
CREATE VIEW tds."sys.columns" AS
    SELECT tds_db, object_id, name, column_id, coalesce(type_id, 231)::smallint AS system_type_id, (CASE WHEN type_name = 'sysname' THEN 256 ELSE coalesce(type_id, 231) END)::integer AS user_type_id,
        max_length, precision, scale, collation_name, is_nullable, is_identity, 0::smallint AS is_computed
    FROM tds.v_columns;
CREATE VIEW tds."sys.types" AS SELECT NULL::text AS tds_db, * FROM tds.types;
CREATE VIEW tds."sys.systypes" AS SELECT NULL::text AS tds_db, name, system_type_id AS xtype, user_type_id AS xusertype FROM tds.types;
CREATE VIEW tds."sys.indexes" AS
    SELECT t.tds_db, t.object_id, coalesce(d.description::json ->> 'n', c.relname::text) COLLATE tds.ci_as AS name, i.indexrelid::bigint::integer AS index_id,
        (CASE WHEN i.indisprimary THEN 1 ELSE 2 END)::smallint AS type, (CASE WHEN i.indisprimary THEN 'CLUSTERED' ELSE 'NONCLUSTERED' END) COLLATE tds.ci_as AS type_desc,
        i.indisunique::integer::smallint AS is_unique, i.indisprimary::integer::smallint AS is_primary_key,
        (EXISTS (SELECT 1 FROM pg_constraint AS k WHERE k.conindid = i.indexrelid AND k.contype = 'u'))::integer::smallint AS is_unique_constraint,
        0::smallint AS is_disabled, (i.indpred IS NOT NULL)::integer::smallint AS has_filter
    FROM tds.v_tables AS t JOIN pg_index AS i ON i.indrelid = t.object_id::oid JOIN pg_class AS c ON c.oid = i.indexrelid
    LEFT JOIN pg_description AS d ON d.objoid = i.indexrelid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0 AND d.description LIKE '{%';
CREATE VIEW tds."sys.index_columns" AS
    SELECT t.tds_db, t.object_id, i.indexrelid::bigint::integer AS index_id, k.n::integer AS index_column_id, col.column_id,
        (CASE WHEN k.n <= i.indnkeyatts THEN k.n ELSE 0 END)::smallint AS key_ordinal,
        (CASE WHEN k.n <= i.indnkeyatts THEN i.indoption[k.n - 1] & 1 ELSE 0 END)::smallint AS is_descending_key, (k.n > i.indnkeyatts)::integer::smallint AS is_included_column
    FROM tds.v_tables AS t JOIN pg_index AS i ON i.indrelid = t.object_id::oid
    CROSS JOIN LATERAL unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, n)
    JOIN tds.v_columns AS col ON col.object_id = t.object_id AND col.attnum = k.attnum;
CREATE VIEW tds."sys.partitions" AS
    SELECT t.tds_db, t.object_id, 1 AS index_id, 1 AS partition_number, greatest(c.reltuples, 0)::bigint AS rows
    FROM tds.v_tables AS t JOIN pg_class AS c ON c.oid = t.object_id::oid WHERE t.relkind = 'r';
CREATE VIEW tds."sys.key_constraints" AS
    SELECT t.tds_db, coalesce(d.description::json ->> 'n', k.conname::text) COLLATE tds.ci_as AS name, k.oid::bigint::integer AS object_id, t.object_id AS parent_object_id,
        (CASE k.contype WHEN 'p' THEN 'PK' ELSE 'UQ' END) COLLATE tds.ci_as AS type, k.conindid::bigint::integer AS unique_index_id
    FROM tds.v_tables AS t JOIN pg_constraint AS k ON k.conrelid = t.object_id::oid AND k.contype IN ('p', 'u')
    LEFT JOIN pg_description AS d ON d.objoid = k.conindid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0 AND d.description LIKE '{%';
CREATE VIEW tds."information_schema.tables" AS
    SELECT t.tds_db, b.name COLLATE tds.ci_as AS table_catalog, t.schema_name AS table_schema, t.name AS table_name,
        (CASE t.relkind WHEN 'r' THEN 'BASE TABLE' ELSE 'VIEW' END) COLLATE tds.ci_as AS table_type
    FROM tds.v_tables AS t JOIN tds.databases_all AS b ON b.key = t.tds_db;
CREATE VIEW tds."information_schema.views" AS
    SELECT tds_db, table_catalog, table_schema, table_name FROM tds."information_schema.tables" WHERE table_type = 'VIEW';
CREATE VIEW tds."information_schema.columns" AS
    SELECT c.tds_db, b.name COLLATE tds.ci_as AS table_catalog, c.schema_name AS table_schema, c.table_name, c.name AS column_name, c.column_id AS ordinal_position,
        c.default_text COLLATE tds.ci_as AS column_default, (CASE c.is_nullable WHEN 1 THEN 'YES' ELSE 'NO' END) COLLATE tds.ci_as AS is_nullable,
        (CASE c.type_name WHEN 'sysname' THEN 'nvarchar' WHEN 'rowversion' THEN 'timestamp' ELSE c.type_name END) COLLATE tds.ci_as AS data_type,
        c.chars AS character_maximum_length,
        CASE WHEN c.chars < 0 THEN -1 WHEN c.type_name IN ('nchar', 'nvarchar', 'sysname') THEN c.chars * 2 ELSE c.chars END AS character_octet_length,
        (CASE WHEN c.radix IS NOT NULL THEN c.precision END)::smallint AS numeric_precision, c.radix AS numeric_precision_radix,
        (CASE WHEN c.radix = 10 THEN c.scale END)::integer AS numeric_scale,
        (CASE WHEN c.type_name IN ('date', 'time', 'datetime', 'smalldatetime', 'datetime2', 'datetimeoffset') THEN c.scale END)::smallint AS datetime_precision,
        (CASE WHEN c.type_name IN ('nchar', 'nvarchar', 'sysname', 'ntext') THEN 'UNICODE' WHEN c.collation_name IS NOT NULL THEN 'iso_1' END) COLLATE tds.ci_as AS character_set_name,
        c.collation_name
    FROM tds.v_columns AS c JOIN tds.databases_all AS b ON b.key = c.tds_db;
CREATE VIEW tds."information_schema.table_constraints" AS
    SELECT t.tds_db, b.name COLLATE tds.ci_as AS constraint_catalog, t.schema_name AS constraint_schema,
        coalesce(d.description::json ->> 'n', k.conname::text) COLLATE tds.ci_as AS constraint_name, b.name COLLATE tds.ci_as AS table_catalog, t.schema_name AS table_schema, t.name AS table_name,
        (CASE k.contype WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' WHEN 'f' THEN 'FOREIGN KEY' ELSE 'CHECK' END) COLLATE tds.ci_as AS constraint_type
    FROM tds.v_tables AS t JOIN pg_constraint AS k ON k.conrelid = t.object_id::oid JOIN tds.databases_all AS b ON b.key = t.tds_db
    LEFT JOIN pg_description AS d ON d.objoid = k.conindid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0 AND d.description LIKE '{%' AND k.contype IN ('p', 'u')
    WHERE k.conname NOT LIKE 'tds\_len\_%';
CREATE VIEW tds."information_schema.key_column_usage" AS
    SELECT t.tds_db, b.name COLLATE tds.ci_as AS constraint_catalog, t.schema_name AS constraint_schema,
        coalesce(d.description::json ->> 'n', k.conname::text) COLLATE tds.ci_as AS constraint_name, t.schema_name AS table_schema, t.name AS table_name, c.name AS column_name, p.n::integer AS ordinal_position
    FROM tds.v_tables AS t JOIN pg_constraint AS k ON k.conrelid = t.object_id::oid AND k.contype IN ('p', 'u', 'f') JOIN tds.databases_all AS b ON b.key = t.tds_db
    CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY AS p (attnum, n) JOIN tds.v_columns AS c ON c.object_id = t.object_id AND c.attnum = p.attnum
    LEFT JOIN pg_description AS d ON d.objoid = k.conindid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0 AND d.description LIKE '{%' AND k.contype IN ('p', 'u');

CREATE FUNCTION tds.type_name(id integer) RETURNS text LANGUAGE sql STABLE AS 'SELECT name::text FROM tds.types WHERE user_type_id = id';
CREATE FUNCTION tds.db_id(wanted text) RETURNS smallint LANGUAGE sql STABLE AS $$ SELECT database_id::smallint FROM tds.databases_all WHERE key = lower(wanted COLLATE tds.cs_as) $$;
CREATE FUNCTION tds.databasepropertyex(db text, property text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE lower(property) WHEN 'collation' THEN collation_name WHEN 'status' THEN 'ONLINE' WHEN 'updateability' THEN 'READ_WRITE'
        WHEN 'recovery' THEN 'SIMPLE' WHEN 'useraccess' THEN 'MULTI_USER' END
    FROM tds.databases_all WHERE key = lower(db COLLATE tds.cs_as) $$;
