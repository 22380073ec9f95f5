"""Turns what was uploaded and what was answered into leads and work histories, the same way every time.

consumes: BatchLaunched, BatchCancelled, ItemAdded, ItemCompleted, StepFailed, EnrichmentReceived
emits:    nothing
owns:     batch, item, answer, final_leads, person_work_history (schema `projector`)
extras:   lead.py (one lead), extractors/ (from an answer to columns), rows.py (the tables' rows), export.py (CSV)
"""
