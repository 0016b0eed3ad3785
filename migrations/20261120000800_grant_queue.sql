-- The queue's tables are apalis' own (its migrations run before these). The application may put a job in, on its own
-- transaction; only the system role takes jobs out.
GRANT USAGE ON SCHEMA apalis TO syncline_app, syncline_system;
GRANT INSERT ON apalis.jobs TO syncline_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA apalis TO syncline_system;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA apalis TO syncline_system;
