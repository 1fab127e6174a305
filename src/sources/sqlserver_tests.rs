//! The driver against a real server, when `COMPTOIR_TEST_SQLSERVER_URL` names one.
