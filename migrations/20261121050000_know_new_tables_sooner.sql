-- A first large sync fills these tables from nothing. Until they have been analysed, plans are made for empty ones, and
-- a statement about a hundred records reads all of them: by default that lasts until a tenth of a table has changed and
-- autovacuum comes by.
ALTER TABLE records SET (autovacuum_analyze_threshold = 200, autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE record_versions SET (autovacuum_analyze_threshold = 200, autovacuum_analyze_scale_factor = 0.05);
