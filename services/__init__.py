"""The services. Each is a state machine over the event log; none imports another."""
