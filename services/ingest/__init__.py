"""Takes every command a person gives: clients, workflows, settings, pipelines, files, batches.

consumes: ClientRegistered, WorkflowRegistered, WorkflowConfigured, PipelineSaved, UploadReceived, RowsStaged,
          BatchLaunched, LaunchContinued
emits:    the same, and CustomersListed, ItemAdded, BatchPaused, BatchResumed, BatchCancelled, DeadLetterResolved
owns:     tenant, client, workflow, config, pipeline, upload, row, batch (schema `ingest`)
<<<<<<< HEAD
extras:   registry.py (the workflows that ship), workstreams/ (one file each), file_kind.py, workbook.py, encoding.py,
          records.py, layout.py, table_checks.py and reading.py (from a file to rows), mapping.py (from rows to
          fields), staging.py (from a file to events), artifacts.py, uploads.py (what is said of a file), lookups.py
          (is it there?), listings.py (reading back), letters.py (dead letters of all services), bodies.py
=======
extras:   registry.py (the workflows that ship), workstreams/ (one file each), vocabulary/ (what files call the fields),
          file_kind.py, workbook.py, encoding.py, records.py, layout.py, table_checks.py and reading.py (from a file to
          rows), candidates.py, evidence.py, mapping.py and mapping_questions.py (which column is which field),
          proposals.py (which workstream), staging.py (from a file to events), preview.py, artifacts.py, uploads.py
          (what is said of a file), lookups.py (is it there?), listings.py (reading back), bodies.py
>>>>>>> 5096548 (Ingest: four workstreams over one vocabulary; a mapping is scored, explained and previewed)
"""
