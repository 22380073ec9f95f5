"""Takes providers' answers: authenticates, reads and records each one, whatever else is down."""
