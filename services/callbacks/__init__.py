"""Takes providers' answers: authenticates, reads and records each one, whatever else is down.

consumes: WorkflowConfigured, ConfigurationRemoved, CallbackRejected
emits:    EnrichmentReceived, CallbackRejected
owns:     secret, rejected (schema `callbacks`)
extras:   body.py (what a provider's POST body says), verdict.py (whether that is more than that nothing was found),
          receipt.py (from a body to events), inbox.py (the way round a database that is away), secrets.py (digests
          of the static secrets, in memory), rejections.py (what could not be used, read again)
"""
