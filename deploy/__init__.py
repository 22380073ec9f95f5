"""Deployment files that the programs themselves need: log migrations and the NATS configuration."""
