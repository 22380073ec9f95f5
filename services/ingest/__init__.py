"""Takes every command a person gives: clients, workflows, settings, pipelines, files, batches.

consumes: ClientRegistered, WorkflowRegistered, WorkflowConfigured, PipelineSaved, UploadReceived, RowsStaged,
          BatchLaunched, LaunchContinued
emits:    the same, and ItemAdded, BatchPaused, BatchResumed, BatchCancelled, DeadLetterResolved
owns:     tenant, client, workflow, config, pipeline, upload, row, batch (schema `ingest`)
extras:   registry.py (the workflows that ship), workstreams/ (one file each), file_kind.py, workbook.py, encoding.py,
          records.py, layout.py, table_checks.py and reading.py (from a file to rows), mapping.py (from rows to
          fields), staging.py (from a file to events), artifacts.py, uploads.py (what is said of a file), lookups.py
          (is it there?), listings.py (reading back), letters.py (dead letters of all services), bodies.py
"""
