"""Takes every command a person gives: clients, workflows, settings, pipelines, files, batches.

consumes: TenantConfigured, ClientRegistered, WorkflowRegistered, WorkflowRetired, WorkflowConfigured,
          ConfigurationRemoved, PipelineSaved, PipelineRemoved, MappingChosen, UploadReceived, RowsStaged,
          BatchLaunched, LaunchContinued
emits:    the same, and CustomersListed, CustomersRemoved, ItemAdded, BatchPaused, BatchResumed, BatchCancelled,
          BudgetSet, FailedItemsRetried, DeadLetterResolved
owns:     tenant, client, workflow, config, chosen_column, pipeline, upload, row, batch (schema `ingest`)
extras:   registry.py (the workflows that ship), configuration.py (what settings may be),
          blueprints.py (what a launch freezes), workstreams/ (one file each), vocabulary/ (what files call the fields),
          files/ (from a file to rows), columns/ (which column is which field), staging.py (from rows to events),
          preview.py, bad_rows.py, artifacts.py, uploads.py (what is made of a file), lookups.py (is it there?),
          listings.py (reading back), letters.py (dead letters of all services), needed.py (events that none of them
          goes on without), commands.py (who gives one, and its events), bodies.py and requests.py (what a request
          says), setup_api.py (its other routes)
"""
