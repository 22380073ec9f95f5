"""The machinery every service runs on: settings, database, log, relay, reader, skeleton, rebuild and verify."""
