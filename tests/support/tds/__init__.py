"""The tests' stand-in for SQL Server: TDS in front, PostgreSQL behind. See README.md."""
