"""Turns what was uploaded and what was answered into leads and work histories, the same way every time.

consumes: WorkflowConfigured, ConfigurationRemoved, CustomersListed, CustomersRemoved, BatchLaunched, BatchCancelled,
          FailedItemsRetried, ItemAdded, ItemCompleted, StepFailed, EnrichmentReceived, AnswerReused, ReprojectionDue,
          PushRequested, ParcelPushed, ParcelRefused, PushCompleted, PushResumed, PushCancelled
emits:    ReprojectionDue, PushRequested, ParcelPushed, ParcelRefused, PushCompleted, PushResumed, PushCancelled
owns:     batch, item, answer, answer_mapping, customer, final_leads, person_work_history, push, pushing (schema
          `projector`)
extras:   lead.py (one lead), contradictions.py (what in it cannot all be true), customers.py (which employer is one),
          flags.py (what follows from dates and employers), extractors/ (from an answer to columns), tables.py,
          making.py (a lead's row), endings.py (how items end), reprojection.py (what changes all of a client's leads),
          filters.py (which leads), parameters.py (as a request says it), facets.py (which filters have data), formats/
          (leads as files), work.py (who worked where), pushes.py (leads on their way to a webhook), parcels.py (some of
          them, sent), pushing.py (all of them), push_api.py (its routes)
"""
